# The monitor of the PCI VGA as SeaBIOS' video BIOS hands it on (4F15h): supported, no failure, a block whose bytes
# sum up to 0, and, where edid-decode is installed, one that it finds nothing wrong with.
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
"$VITRINE" doctor | grep -q 'SeaBIOS .* yes$' || { echo "SeaBIOS is not installed here"; exit 77; }
"$VITRINE" doctor | grep -q 'VGA BIOS .* yes$' || { echo "its video BIOS is not installed here"; exit 77; }
${NASM:-nasm} -f bin -o monitor.img "$SRCDIR/tests/guest/monitor.asm" || { echo "no nasm"; exit 77; }
truncate -s 1474560 monitor.img
status=0
"$VITRINE" run --display none --max-speed --rtc 1700000000 --timeout 60 --floppy monitor.img,ro \
    --debug-console file:said >messages.txt 2>&1 || status=$?
[ $status -eq 1 ] || { echo "status $status"; cat messages.txt; exit 1; }

# The firmware speaks at port 402h into the same file; the guest's 134 bytes are the last.
tail -c 134 said >answers.bin
answer() { od -An -v -tx1 -j"$1" -N2 answers.bin | tr -d ' '; }
[ "$(answer 0) $(answer 4)" = '4f00 4f00' ] || { echo "4F15h failed"; od -tx1 answers.bin; exit 1; }
tail -c 128 answers.bin >edid.bin
od -An -v -tu1 edid.bin | awk '{ for (i = 1; i <= NF; i++) sum += $i }
    END { if (sum == 0 || sum % 256) { print "the checksum is wrong: the bytes sum up to " sum; exit 1 } }'
[ "$(od -An -v -tx1 -N8 edid.bin)" = ' 00 ff ff ff ff ff ff 00' ] || { echo "no EDID"; exit 1; }
command -v edid-decode >/dev/null || exit 0
edid-decode --check edid.bin >decoded.txt || true
grep -q 'conformity: PASS' decoded.txt || { cat decoded.txt; exit 1; }

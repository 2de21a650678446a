# What boot loaders ask a firmware (INT 10h to 1Ah) is answered by the firmware of our own as SeaBIOS answers
# it: bios_answers.asm asks, and the answers are compared line by line.
# timeout: 120
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
"$VITRINE" doctor | grep -q 'SeaBIOS .* yes$' || { echo "SeaBIOS is not installed here"; exit 77; }
${NASM:-nasm} -f bin -o answers.bin "$SRCDIR/tests/guest/bios_answers.asm" || { echo "no nasm"; exit 77; }
for firmware in seabios embedded; do
    bios=
    [ $firmware = seabios ] || bios="--bios $firmware"
    cp answers.bin disk.img
    truncate -s $((40 * 16 * 63 * 512)) disk.img
    head -c 1474560 /dev/zero >floppy.img
    LC_ALL=C awk 'BEGIN { for (i = 0; i < 64; i++) printf "%-2047s\n", i " block" }' >disc.iso
    status=0
    # shellcheck disable=SC2086
    "$VITRINE" run $bios --disk disk.img,geometry=40/16/63 --floppy floppy.img --cdrom disc.iso --nic ne2k-pci \
        --memory 32M --display none --serial file:serial-$firmware \
        --parallel file:printed-$firmware --rtc 1700000000 --timeout 60 --debug-console "file:$firmware.e9" || status=$?
    [ $status -eq 1 ] || { echo "$firmware: status $status"; tail -n 5 $firmware.e9; exit 1; }
    grep -a '^> ' $firmware.e9 | tr -d '\r' >$firmware.txt
done
[ "$(wc -l <seabios.txt)" -gt 95 ] || { echo "only $(wc -l <seabios.txt) answers"; exit 1; }
diff seabios.txt embedded.txt || exit 1
# A of INT 14h went over the line, A of INT 17h to the printer.
[ "$(cat serial-embedded)" = A ] && [ "$(cat printed-embedded)" = A ]

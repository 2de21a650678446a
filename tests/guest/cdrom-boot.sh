# GRUB's rescue CD boots by El Torito through SeaBIOS and shows its menu: what it writes into text
# memory is read from the trace.
# timeout: 200
set -e
. "$SRCDIR/tests/guest/guests.inc"
iso=$GUESTS/native/usr/lib/grub-rescue/grub-rescue-cdrom.iso
status=0
"$VITRINE" run "$iso" --display none --max-instructions 600000000 \
    --trace io:dev=vga:space=mmio:dir=write --trace-out vga.jsonl 2>run.log || status=$?
[ $status -eq 8 ] || { cat run.log; echo "status $status"; exit 1; }
LC_ALL=C awk '
    function hex(digits, value, i) {
        for (i = 1; i <= length(digits); i++)
            value = value * 16 + index("0123456789abcdef", substr(digits, i, 1)) - 1
        return value
    }
    /"addr":"0xb8/ && match($0, /"value":"0x[0-9a-f]*"/) {
        character = hex(substr($0, RSTART + 11, RLENGTH - 12)) % 256
        if (character >= 32 && character < 127) printf "%c", character
    }' vga.jsonl >screen.txt
for words in 'GNU GRUB  version 2\.' 'GNU/Linux' 'Memtest86+' 'Press enter to boot the selected OS'; do
    grep -q "$words" screen.txt || { echo "the menu has no '$words'"; tail -c 2000 screen.txt; exit 1; }
done

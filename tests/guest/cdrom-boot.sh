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
text_written vga.jsonl >screen.txt
for words in 'GNU GRUB  version 2\.' 'GNU/Linux' 'Memtest86+' 'Press enter to boot the selected OS'; do
    grep -q "$words" screen.txt || { echo "the menu has no '$words'"; tail -c 2000 screen.txt; exit 1; }
done

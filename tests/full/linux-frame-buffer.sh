# Linux draws its console into the VGA's linear frame buffer: the loader's vga= chooses a VBE mode, vesafb
# finds the memory, and the screenshot has white letters on black.
# timeout: 200
set -e
. "$SRCDIR/tests/guest/guests.inc"
cp --sparse=always "$GUESTS/selftest.img" disk.img
"$VITRINE" run --memory 64M --disk disk.img,geometry=400/16/63 --nic ne2k-pci,mac=52:54:00:56:00:01 \
    --serial file:serial.log --display none --screenshot screen.png --kernel "$GUESTS/vmlinuz" \
    --initrd "$GUESTS/initramfs.gz" \
    --append "$(cat "$SRCDIR/tests/guests/command-line") vga=0x314 vitrine.job=selftest"
expect serial.log 'vesafb: mode is 800x600x16, linelength=1600' \
    'Console: switching to colour frame buffer device 100x37' '^VITRINE-DONE$' 'reboot: Power down'
# Width and height in the header; a picture of one colour would be a few kilobytes at most.
size=$(od -An -tx1 -j16 -N8 screen.png | tr -d ' \n')
[ "$size" = 0000032000000258 ] || { echo "the screenshot is not 800x600: $size"; exit 1; }
bytes=$(wc -c <screen.png)
[ "$bytes" -gt 8000 ] || { echo "the screenshot has only $bytes bytes"; exit 1; }

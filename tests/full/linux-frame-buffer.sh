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

# The same by DISPI registers: bochs-drm, from a second archive with an init of its own behind the first.
modules=$(echo "$GUESTS"/i386/lib/modules/6.1.*/kernel)
mkdir -p root/modules
load() { # load MODULE: into the archive, after what it depends on
    file=$(find "$modules" -name "$(echo "$1" | sed 's/[-_]/[-_]/g').ko" | head -n 1)
    for needed in $(tr '\0' '\n' <"$file" | sed -n 's/^depends=//p' | tr , ' '); do
        (load "$needed")
    done
    name=$(basename "$file")
    [ -f "root/modules/$name" ] || { cp "$file" root/modules/ && echo "$name" >>root/drm; }
}
load bochs
cat >root/init <<'INIT'
#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox --install -s /bin
while read -r module; do insmod "/modules/$module"; done </drm
echo "VITRINE-FB $(cat /sys/class/graphics/fb0/name /sys/class/graphics/fb0/virtual_size)" >/dev/ttyS0
seq 1 30 >/dev/tty1
sleep 1
poweroff -f
INIT
chmod 755 root/init
(cd root && find . | cpio -o -H newc --quiet | gzip -n) >drm.gz
cat "$GUESTS/initramfs.gz" drm.gz >initrd.gz
"$VITRINE" run --memory 96M --serial file:drm.log --display none --screenshot drm.png --kernel "$GUESTS/vmlinuz" \
    --initrd initrd.gz --append "$(cat "$SRCDIR/tests/guests/command-line")"
expect drm.log 'bochs-drm 0000:00:02.0: vgaarb: deactivate vga console' 'Found bochs VGA, ID 0xb0c5\.' \
    'Framebuffer size 16384 kB @ 0x' 'Initialized bochs-drm' 'Console: switching to colour frame buffer device 128x48' \
    '^VITRINE-FB bochs-drm' 'reboot: Power down'
size=$(od -An -tx1 -j16 -N8 drm.png | tr -d ' \n')
[ "$size" = 0000040000000300 ] || { echo "the screenshot is not 1024x768: $size"; exit 1; }
bytes=$(wc -c <drm.png)
[ "$bytes" -gt 8000 ] || { echo "the screenshot has only $bytes bytes"; exit 1; }

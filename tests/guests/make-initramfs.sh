#!/bin/sh
# Makes the initial RAM disk of the Linux test guest: tests/guests/make-initramfs.sh FOLDER
# FOLDER is what fetch.sh filled; writes FOLDER/initramfs.gz and the link FOLDER/vmlinuz.
#
# It holds busybox, the drivers for Vitrine's devices with what they need, and the script init. The
# same packages give the same bytes.
set -eu
folder=$(cd "${1:?usage: make-initramfs.sh FOLDER}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
release=$(basename "$folder"/i386/lib/modules/6.1.*)
modules=$folder/i386/lib/modules/$release
root=$folder/initramfs.tmp
rm -rf "$root"
mkdir -p "$root/bin" "$root/modules"
trap 'rm -rf "$root"' EXIT

# file_of MODULE: its file; a module's name has _ where its file may have -.
file_of() {
    find "$modules/kernel" -name "$(echo "$1" | sed 's/[-_]/[-_]/g').ko*" | head -n 1
}

# add MODULE [LIST]: copy it after what it depends on. What is on the list `order` is loaded at the start,
# on `virtio` where there is such a device; with `no` the module itself is on none.
add() {
    list=${2:-order}
    [ "$list" != no ] || list=order
    for m in $(tr '\0' '\n' <"$(file_of "$1")" | sed -n 's/^depends=//p' | tr , ' '); do
        (add "$m" $list)
    done
    f=$(file_of "$1")
    name=$(basename "$f")
    [ ! -f "$root/modules/$name" ] || return 0
    cp "$f" "$root/modules/$name"
    [ "${2:-}" = no ] || echo "$name" >>"$root/modules/$list"
}

# crc32c_generic is not a dependency on paper: ext4 asks the crypto core for "crc32c" by name; the
# same goes for sd_mod, which asks for the two checksums of protected disks.
for m in crc32c_generic crct10dif_generic crc64_rocksoft_generic \
    ata_piix ata_generic sd_mod sr_mod isofs ext4 ne2k_pci psmouse; do
    add $m
done
for m in virtio_pci virtio_blk virtio_net; do
    add $m virtio
done
add pata_legacy no
add ne no
add lp no
add evdev no
add floppy no
add parport_pc no

cp "$folder/i386/bin/busybox" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
if command -v nasm >/dev/null; then nasm -f bin -o "$root/bin/fdformat" "$here/fdformat.asm" && chmod 755 "$root/bin/fdformat"; fi
cp "$here/init" "$root/init"
chmod 755 "$root/init" "$root/bin/busybox"
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . | LC_ALL=C sort | cpio --quiet --reproducible -R 0:0 -o -H newc) | gzip -9n >"$folder/initramfs.gz.tmp"
mv "$folder/initramfs.gz.tmp" "$folder/initramfs.gz"
ln -sf "i386/boot/vmlinuz-$release" "$folder/vmlinuz"

#!/bin/sh
# Makes a bootable disk image of the Linux test guest:
#   tests/guests/make-disk.sh FOLDER IMAGE CYLINDERS [KERNEL-WORD...]
# FOLDER is what fetch.sh and make-initramfs.sh filled. The KERNEL-WORDs (vitrine.job=selftest, ...)
# are added to the kernel's command line.
#
# Geometry CYLINDERS/16/63, 100 to 1000 cylinders. No root and no loop device: everything is written
# into the file.
#
#   cylinder 0 head 0      MBR: SYSLINUX's boot code and the partition table
#   cylinder 0 head 1 ..39 partition 1, FAT16: SYSLINUX, kernel, initial RAM disk (active)
#   cylinder 40 .. last    partition 2, ext4: hello, boots, and room for the tests
#
# Both partitions end on cylinder boundaries, and the table's C/H/S and LBA fields agree, so that a
# system that asks for either finds the same sectors. The same packages give the same bytes.
set -eu
usage="usage: make-disk.sh FOLDER IMAGE CYLINDERS [KERNEL-WORD...]"
folder=$(cd "${1:?$usage}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
image=${2:?$usage}
cylinders=${3:?$usage}
shift 3
[ "$cylinders" -ge 100 ] && [ "$cylinders" -le 1000 ] || { echo "make-disk.sh: 100 to 1000 cylinders, not $cylinders" >&2; exit 2; }

heads=16 sectors=63 fat_cylinders=40
per_cylinder=$((heads * sectors))
fat_start=$sectors
fat_size=$((fat_cylinders * per_cylinder - fat_start))
ext_start=$((fat_cylinders * per_cylinder))
ext_size=$(((cylinders - fat_cylinders) * per_cylinder))

# The tools from the fetched packages where this machine has none of its own.
PATH=$PATH:/sbin:/usr/sbin:$folder/native/usr/bin
export PATH
export MTOOLS_SKIP_CHECK=1 MTOOLSRC=/dev/null
export SOURCE_DATE_EPOCH=1000000000 E2FSPROGS_FAKE_TIME=1000000000 TZ=UTC0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp" "$image.tmp"' EXIT

# byte VALUE...: the bytes themselves.
byte() { for b; do printf "\\$(printf %03o "$b")"; done; }
# chs LBA: the three bytes of a table entry: head, sector and cylinder bits 9-8, cylinder bits 7-0.
chs() {
    c=$(($1 / per_cylinder)) h=$(($1 / sectors % heads)) s=$(($1 % sectors + 1))
    byte $h $((s | c >> 2 & 0xc0)) $((c & 0xff))
}
le32() { byte $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)); }
# entry ACTIVE TYPE START SIZE: 16 bytes of the partition table.
entry() { byte "$1"; chs "$3"; byte "$2"; chs $(($3 + $4 - 1)); le32 "$3"; le32 "$4"; }

rm -f "$image.tmp"
dd if=/dev/zero of="$image.tmp" bs=512 count=0 seek=$((cylinders * per_cylinder)) 2>/dev/null
{
    head -c 440 "$folder/native/usr/lib/syslinux/mbr/mbr.bin"
    # The boot code may be shorter than its field.
    head -c $((440 - $(head -c 440 "$folder/native/usr/lib/syslinux/mbr/mbr.bin" | wc -c))) /dev/zero
    le32 0x56545231
    byte 0 0
    entry 0x80 0x06 $fat_start $fat_size
    entry 0 0x83 $ext_start $ext_size
    head -c 32 /dev/zero
    byte 0x55 0xaa
} >"$tmp/mbr"
[ "$(wc -c <"$tmp/mbr")" -eq 512 ] || { echo "make-disk.sh: the MBR is not 512 bytes" >&2; exit 1; }
dd if="$tmp/mbr" of="$image.tmp" conv=notrunc 2>/dev/null

# Partition 1. The number of hidden sectors is what makes the boot sector find itself on the disk.
fat=$image.tmp@@$((fat_start * 512))
mformat -i "$fat" -T $fat_size -h $heads -s $sectors -H $fat_start -N 56545231 -v VITRINE ::
cat >"$tmp/syslinux.cfg" <<CFG
SERIAL 0 115200
PROMPT 0
TIMEOUT 0
DEFAULT linux
LABEL linux
  KERNEL vmlinuz
  INITRD initrd.gz
  APPEND $(cat "$here/command-line") $*
CFG
mcopy -i "$fat" "$tmp/syslinux.cfg" ::syslinux.cfg
mcopy -i "$fat" "$folder/vmlinuz" ::vmlinuz
mcopy -i "$fat" "$folder/initramfs.gz" ::initrd.gz
syslinux --install --offset $((fat_start * 512)) "$image.tmp"

# Partition 2. Fixed identifiers instead of random ones, plain features, 4 KiB blocks.
mke2fs -q -t ext4 -b 4096 -L vitrine -U 56495452-494e-4500-8000-000000000001 \
    -E offset=$((ext_start * 512)),hash_seed=56495452-494e-4500-8000-000000000002,root_owner=0:0,lazy_itable_init=0,nodiscard \
    "$image.tmp" $((ext_size / 2))k
echo "hello from the file system" >"$tmp/hello"
echo 0 >"$tmp/boots"
{
    # mke2fs -d would keep the owner and the times of these files.
    for f in hello boots; do
        echo "write $tmp/$f $f"
        for field in uid gid; do echo "set_inode_field $f $field 0"; done
        for field in atime ctime mtime crtime; do
            echo "set_inode_field $f $field 20010909014640"
            echo "set_inode_field $f ${field}_extra 0"
        done
    done
} >"$tmp/commands"
debugfs -w -f "$tmp/commands" "$image.tmp?offset=$((ext_start * 512))" >"$tmp/debugfs.log" 2>&1
if grep -v -e '^debugfs' -e '^Allocated inode' "$tmp/debugfs.log"; then
    echo "make-disk.sh: debugfs failed (above)" >&2
    exit 1
fi
mv "$image.tmp" "$image"

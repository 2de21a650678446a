#!/bin/sh
# Everything for the Linux guests: tests/guests/build.sh FOLDER
# Fetches the packages (once) and makes in FOLDER what is not there or older than these scripts:
#
#   vmlinuz, initramfs.gz   for vitrine run --kernel --initrd
#   linux.img               400 cylinders, a shell on the serial line and on the screen
#   selftest.img            400 cylinders, tests its devices and powers off
#   two-linux.img, .ini     the host with two guests
#
# Tests that write to an image work on a copy. Exit status: 0, 77 when the packages cannot be had
# here (the last line says why), else an error.
set -eu
folder=${1:?usage: build.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
sh "$here/fetch.sh" "$folder" || exit $?
command -v cpio >/dev/null || { echo "no cpio here"; exit 77; }
PATH=$PATH:/sbin:/usr/sbin
command -v mke2fs >/dev/null || { echo "no mke2fs here"; exit 77; }

if command -v flock >/dev/null; then
    exec 8>"$folder/.lock"
    flock 8
fi
newer=$(find "$here" -type f -newer "$folder/made" 2>/dev/null || echo all)
[ -n "$newer" ] || exit 0
sh "$here/make-initramfs.sh" "$folder"
sh "$here/make-disk.sh" "$folder" "$folder/linux.img" 400
sh "$here/make-disk.sh" "$folder" "$folder/selftest.img" 400 vitrine.job=selftest
sh "$here/make-disk.sh" "$folder" "$folder/a.tmp" 400 vitrine.job=ping vitrine.ip=10.0.0.1 vitrine.peer=10.0.0.2
sh "$here/make-disk.sh" "$folder" "$folder/b.tmp" 400 vitrine.job=ping vitrine.ip=10.0.0.2 vitrine.peer=10.0.0.1
sh "$here/make-host-disk.sh" "$folder/two-linux.img" "$folder/a.tmp" "$folder/b.tmp"
rm -f "$folder/a.tmp" "$folder/b.tmp"
cp "$here/two-linux.ini" "$folder/two-linux.ini"
touch "$folder/made"

#!/bin/sh
# Fetches the packages that the Linux test guests are made of: tests/guests/fetch.sh FOLDER
#
#   FOLDER/i386/    Debian's non-PAE kernel (linux-image-6.1.*-686) and busybox-static, unpacked
#   FOLDER/native/  syslinux, syslinux-common and mtools for this machine, GRUB's rescue images (package
#                   grub-rescue-pc), unpacked
#
# ../packages.inc says how. A second call finds everything there and does nothing.
#
# Exit status: 0 there, 77 cannot be had here (the last line says why), else an error.
set -u
folder=${1:?usage: fetch.sh FOLDER}
mkdir -p "$folder" && folder=$(cd "$folder" && pwd) || exit 1

. "$(dirname "$0")/../packages.inc"

# Two tests may ask at the same time.
if command -v flock >/dev/null; then
    exec 9>"$folder/.lock"
    flock 9
fi
[ ! -f "$folder/fetched" ] || [ ! -d "$folder/native/usr/lib/grub-rescue" ] || exit 0
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
    skip "no apt-get and dpkg-deb here: the Linux guests are Debian packages"

rm -rf "$folder/apt" "$folder/i386" "$folder/native"
make_state i386 i386
kernel=$(apt_cache i386 depends linux-image-686 2>/dev/null | sed -n 's/.*Depends: \(linux-image-6\.1\..*-686\)$/\1/p')
[ -n "$kernel" ] || skip "no package linux-image-6.1.*-686 in this machine's package sources (Debian 12 has it)"
unpack i386 "$kernel" busybox-static
make_state native "$(dpkg --print-architecture)"
unpack native syslinux syslinux-common mtools grub-rescue-pc
rm -rf "$folder/apt"
echo "$kernel" >"$folder/fetched"
echo "fetched $kernel"

#!/bin/sh
# Fetches what building and running for other processors takes: tests/cross/fetch.sh FOLDER
#
#   FOLDER/bin/               TRIPLET-gcc, -ar, -nm, -objdump, -pkg-config and qemu-TRIPLET, to be put in
#                             front of PATH; then `configure --host=TRIPLET LDFLAGS=-static` finds all it needs
#   FOLDER/native/            the compilers, and qemu's user mode, unpacked
#   FOLDER/i386/ arm64/ ...   Check and zlib for the target, unpacked
#
# The triplets are i686-linux-gnu, aarch64-linux-gnu and s390x-linux-gnu (big endian). ../packages.inc
# says how. A second call finds everything there and does nothing.
#
# Exit status: 0 there, 77 cannot be had here (the last line says why), else an error.
set -u
folder=${1:?usage: fetch.sh FOLDER}
mkdir -p "$folder" && folder=$(cd "$folder" && pwd) || exit 1

. "$(dirname "$0")/../packages.inc"

# triplet | Debian's architecture | folder of its libraries | qemu's name
targets='
i686-linux-gnu    i386  i386-linux-gnu    i386
aarch64-linux-gnu arm64 aarch64-linux-gnu aarch64
s390x-linux-gnu   s390x s390x-linux-gnu   s390x
'
each_target() { printf '%s' "$targets" | sed '/^$/d'; }

[ ! -f "$folder/fetched" ] || exit 0
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
    skip "no apt-get and dpkg-deb here: the cross compilers are Debian packages"
command -v pkg-config >/dev/null || skip "no pkg-config here"

# The compiler of a target and its C library: all that they depend on and that is only for this target.
# The compiler's own libraries are those of the native compiler.
cross_packages() { # cross_packages TRIPLET ARCHITECTURE
    LC_ALL=C apt_cache native depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
        --no-replaces --no-enhances "gcc-$1" "libc6-dev-$2-cross" 2>/dev/null |
        grep -E "^[a-z0-9.-]+-($1|$2-cross)\$" | sort -u
}

rm -rf "$folder/apt" "$folder/bin" "$folder/native" "$folder/i386" "$folder/arm64" "$folder/s390x"
make_state native "$(dpkg --print-architecture)"
packages=$(each_target | while read -r triplet arch rest; do cross_packages "$triplet" "$arch"; done)
for triplet in $(each_target | cut -d' ' -f1); do
    echo "$packages" | grep -q "^gcc-.*-$triplet\$" || skip "no package gcc-$triplet in this machine's package sources"
done
unpack native qemu-user-static $packages
each_target | while read -r triplet arch libraries qemu; do
    make_state "$arch" "$arch"
    unpack "$arch" check libsubunit-dev zlib1g-dev
done || exit $?

mkdir "$folder/bin"
each_target | while read -r triplet arch libraries qemu; do
    # The unversioned names are links into /usr/bin, or relative ones that the versioned packages lack.
    for tool in gcc ar nm objdump; do
        found=$(ls "$folder/native/usr/bin/$triplet-$tool" "$folder/native/usr/bin/$triplet-$tool"-[0-9]* 2>/dev/null | head -n 1)
        [ -n "$found" ] || skip "the packages have no $triplet-$tool"
        cat >"$folder/bin/$triplet-$tool" <<TOOL
#!/bin/sh
LD_LIBRARY_PATH=$(echo "$folder"/native/usr/lib/*-linux-gnu | tr ' ' :) exec "$found" "\$@"
TOOL
    done
    cat >"$folder/bin/$triplet-pkg-config" <<TOOL
#!/bin/sh
PKG_CONFIG_LIBDIR="$folder/$arch/usr/lib/$libraries/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$folder/$arch" exec pkg-config "\$@"
TOOL
    ln -s "$folder/native/usr/bin/qemu-$qemu-static" "$folder/bin/qemu-$triplet"
done || exit $?
chmod +x "$folder"/bin/*-gcc "$folder"/bin/*-ar "$folder"/bin/*-nm "$folder"/bin/*-objdump "$folder"/bin/*-pkg-config
rm -rf "$folder/apt"
echo yes >"$folder/fetched"
echo "fetched"

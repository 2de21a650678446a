#!/bin/sh
# Fetches what others test their x86 emulation with, as Debian's source packages: tests/guests/fetch-suites.sh FOLDER
#
#   FOLDER/suites/qemu/      tests/tcg/i386 of QEMU
#   FOLDER/suites/valgrind/  none/tests/x86 of Valgrind, and the headers that it wants
#
# Exit status: as fetch.sh's.
set -u
folder=${1:?usage: fetch-suites.sh FOLDER}
mkdir -p "$folder" && folder=$(cd "$folder" && pwd) || exit 1
. "$(dirname "$0")/../packages.inc"

# fetch.sh has its package state in the same place.
if command -v flock >/dev/null; then
    exec 9>"$folder/.lock"
    flock 9
fi
[ ! -d "$folder/suites/valgrind" ] || exit 0
command -v apt-get >/dev/null || skip "no apt-get here: the suites are Debian's source packages"
make_state archives "$(dpkg --print-architecture)"
sources archives qemu valgrind
rm -rf "$folder/suites.tmp"
mkdir -p "$folder/suites.tmp/qemu" "$folder/suites.tmp/valgrind"
tar xf "$folder"/archives/qemu_*.orig.tar.* -C "$folder/suites.tmp/qemu" --strip-components=1 --wildcards '*/tests/tcg/i386/*' &&
    tar xf "$folder"/archives/valgrind_*.orig.tar.* -C "$folder/suites.tmp/valgrind" --strip-components=1 \
        --wildcards '*/none/tests/x86/*' '*/tests/*.h' || skip "the source packages are not as expected"
rm -rf "$folder/apt" "$folder/archives"
mv "$folder/suites.tmp" "$folder/suites"
echo "fetched the suites of QEMU and Valgrind"

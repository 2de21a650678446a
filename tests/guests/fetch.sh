#!/bin/sh
# Fetches the packages that the Linux test guests are made of: tests/guests/fetch.sh FOLDER
#
#   FOLDER/i386/    Debian's non-PAE kernel (linux-image-6.1.*-686) and busybox-static, unpacked
#   FOLDER/native/  syslinux, syslinux-common and mtools for this machine, unpacked
#
# The system's own package client fetches them, from the system's own sources, but with a package
# state of its own below FOLDER/apt: nothing is added to this machine, no foreign architecture to its
# dpkg, and no root is needed. A second call finds everything there and does nothing.
#
# Exit status: 0 there, 77 cannot be had here (the last line says why), else an error.
set -u
folder=${1:?usage: fetch.sh FOLDER}
mkdir -p "$folder" && folder=$(cd "$folder" && pwd) || exit 1

skip() { echo "$*"; exit 77; }

# Two tests may ask at the same time.
if command -v flock >/dev/null; then
    exec 9>"$folder/.lock"
    flock 9
fi
[ ! -f "$folder/fetched" ] || exit 0
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
    skip "no apt-get and dpkg-deb here: the Linux guests are Debian packages"

# A package client that sees only its own state. The hooks that some systems hang on apt (cleaning
# caches) are for the system's state and are taken off.
apt_get() { state=$1; shift; LC_ALL=C apt-get -q -c "$folder/apt/$state.conf" "$@"; }
apt_cache() { state=$1; shift; LC_ALL=C apt-cache -q -c "$folder/apt/$state.conf" "$@"; }

# make_state NAME ARCHITECTURE
make_state() {
    top=$folder/apt/$1
    mkdir -p "$top/state/lists/partial" "$top/cache/archives/partial" "$top/log"
    : >"$top/state/status"
    cat >"$folder/apt/$1.conf" <<CONF
Dir::State "$top/state";
Dir::State::status "$top/state/status";
Dir::Cache "$top/cache";
Dir::Log "$top/log";
APT::Architecture "$2";
APT::Architectures { "$2"; };
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
CONF
    # A source that does not answer need not be the one that matters.
    apt_get "$1" update >"$top/update.log" 2>&1 || true
}

# unpack STATE PACKAGE...: download and unpack below FOLDER/STATE.
unpack() {
    state=$1
    shift
    (cd "$folder/apt/$state/cache/archives" && apt_get "$state" download "$@") >>"$folder/apt/$state/update.log" 2>&1 ||
        skip "cannot download $* (see $folder/apt/$state/update.log)"
    mkdir -p "$folder/$state"
    for deb in "$folder/apt/$state/cache/archives"/*.deb; do
        dpkg-deb -x "$deb" "$folder/$state" || exit 1
    done
}

rm -rf "$folder/apt" "$folder/i386" "$folder/native"
make_state i386 i386
kernel=$(apt_cache i386 depends linux-image-686 2>/dev/null | sed -n 's/.*Depends: \(linux-image-6\.1\..*-686\)$/\1/p')
[ -n "$kernel" ] || skip "no package linux-image-6.1.*-686 in this machine's package sources (Debian 12 has it)"
unpack i386 "$kernel" busybox-static
make_state native "$(dpkg --print-architecture)"
unpack native syslinux syslinux-common mtools
rm -rf "$folder/apt"
echo "$kernel" >"$folder/fetched"
echo "fetched $kernel"

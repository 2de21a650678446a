# Eight Linux guests at once on a host of 4 GiB: Debian's kernel with busybox from an initrd, each to a shell on
# its own serial line, where it is asked who it is, how much memory it has and to power off.
# timeout: 1800
set -e
. "$SRCDIR/tests/guest/guests.inc"
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
ln -s "$GUESTS/vmlinuz" "$GUESTS/initramfs.gz" .
python3 "$SRCDIR/tests/full/eight_linux.py" "$VITRINE" "$(cat "$SRCDIR/tests/guests/command-line")"

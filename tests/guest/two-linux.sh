# One host, two Linux guests: both boot from their own cylinders of one disk, write ext4 there, ping
# each other and power off; no sector outside their ranges changes and both file systems are clean.
# timeout: 500
set -e
. "$SRCDIR/tests/guest/guests.inc"
"$VITRINE" host --help >/dev/null 2>&1 || { echo "the program has no command 'host'"; exit 77; }
cp --sparse=always "$GUESTS/two-linux.img" two-linux.img
cp "$SRCDIR/tests/guests/two-linux.ini" .

"$VITRINE" host two-linux.ini

two_guests_are_well

# One host, two Linux guests: both boot from their own cylinders of one disk, write ext4 there, ping
# each other and power off; no sector outside their ranges changes and both file systems are clean.
# timeout: 500
set -e
. "$SRCDIR/tests/guest/guests.inc"
"$VITRINE" host --help >/dev/null 2>&1 || { echo "the program has no command 'host'"; exit 77; }
cp --sparse=always "$GUESTS/two-linux.img" two-linux.img
cp "$SRCDIR/tests/guests/two-linux.ini" .

"$VITRINE" host two-linux.ini

for guest in alpha:1:2 beta:2:1; do
    name=${guest%%:*} peer=${guest##*:} own=${guest#*:}
    expect "serial-$name.log" '^VITRINE-GUEST-READY 6\.1' '^VITRINE-DISK-SECTORS 403200$' \
        '^VITRINE-DISK-OK boots 1 md5 2a7d578c819206ee09e07daba9b526b2$' \
        "^VITRINE-NET-OK 52:54:00:56:00:0${own%:*} 10\\.0\\.0\\.${own%:*}\$" \
        "^VITRINE-PING-OK 10\\.0\\.0\\.$peer 3 answers\$" '^VITRINE-DONE$'
done
sh "$SRCDIR/tests/guests/make-host-disk.sh" --check two-linux.img
sh "$SRCDIR/tests/guests/make-host-disk.sh" --fsck two-linux.img

# tests/guest/nat.sh with 64 MiB each way.
# timeout: 1200
set -e
. "$SRCDIR/tests/guest/guests.inc"
. "$SRCDIR/tests/guests/nat.inc"
nat_run 64 256M

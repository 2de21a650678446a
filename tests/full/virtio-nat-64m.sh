# tests/guest/nat.sh with 64 MiB each way, through a virtio card.
# timeout: 1200
set -e
. "$SRCDIR/tests/guest/guests.inc"
. "$SRCDIR/tests/guests/nat.inc"
nat_run 64 256M virtio-net

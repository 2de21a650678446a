# tests/guest/nat.sh with the ISA card and Linux's ne, which finds its interrupt out by itself.
# timeout: 400
set -e
. "$SRCDIR/tests/guest/guests.inc"
. "$SRCDIR/tests/guests/nat.inc"
nat_run 4 128M ne2k-isa
expect serial.log 'ne.*NE2000 found at 0x300, using IRQ 5'

# What a guest without interrupts dumps agrees with QEMU's and Bochs', or the manual says who is right.
set --
. "$SRCDIR/tests/oracle/dumps.sh"

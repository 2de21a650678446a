#!/bin/sh
# The 80-bit arithmetic against the workstation's x87, ten million cases an operation.
# timeout: 1800
[ "$(uname -m)" = x86_64 ] || { echo "the workstation is no x86-64"; exit 77; }
"${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -I"$SRCDIR" \
    -o f80_silicon "$SRCDIR/tests/fuzz/f80_silicon.c" \
    "$SRCDIR"/cpu/f80_*.c || exit 1
./f80_silicon 10000000 "$(date +%s)"

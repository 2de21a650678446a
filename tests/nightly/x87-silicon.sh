#!/bin/sh
# Every x87 instruction on random states against the workstation's own unit, half a million cases
# each.
# timeout: 1800
[ "$(uname -m)" = x86_64 ] || { echo "the workstation is no x86-64"; exit 77; }
"${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -I"$SRCDIR" \
    -o x87_silicon "$SRCDIR/tests/fuzz/x87_silicon.c" \
    "$SRCDIR"/cpu/f80_*.c "$SRCDIR"/cpu/x87*.c || exit 1
./x87_silicon 500000 "$(date +%s)"

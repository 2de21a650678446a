#!/bin/sh
# Every MMX and SSE instruction on random operands against the workstation's own units, half a million
# cases each.
# timeout: 3600
[ "$(uname -m)" = x86_64 ] || { echo "the workstation is no x86-64"; exit 77; }
${CC:-cc} -std=c11 -D_GNU_SOURCE -O2 -I"$SRCDIR" -I"$BUILDDIR" -o simd_silicon \
    "$SRCDIR/tests/fuzz/simd_silicon.c" "$BUILDDIR/libvitrine.a" -lz -lm -lpthread \
    $([ "$SANITIZE" = yes ] && echo -fsanitize=address,undefined) || exit 1
./simd_silicon 500000 "$(date +%s)"

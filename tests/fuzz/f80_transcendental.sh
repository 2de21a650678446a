# f80_transcendental.sh CASES SEED: builds f80_transcendental.c in the current folder and runs it. Ends
# with 77 where MPFR is missing.
printf '#include <mpfr.h>\nint main(void) { return mpfr_get_version() == 0; }\n' >has_mpfr.c
$CC -o has_mpfr has_mpfr.c -lmpfr -lgmp 2>has_mpfr.log ||
    { echo "MPFR is missing (Debian: libmpfr-dev)"; exit 77; }
$CC -std=c11 -D_GNU_SOURCE -O2 -I"$SRCDIR" -o f80_transcendental \
    "$SRCDIR/tests/fuzz/f80_transcendental.c" "$SRCDIR"/cpu/f80_*.c -lmpfr -lgmp || exit 1
exec ./f80_transcendental "$1" "$2"

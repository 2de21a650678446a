# The transcendental functions of the x87 are within 1 ulp of MPFR's values: 20,000 cases each.
set -- 20000 1
. "$SRCDIR/tests/fuzz/f80_transcendental.sh"

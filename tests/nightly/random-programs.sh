# The same as the unit tests' suite cpu_twins with 3,000 random programs of a million instructions, and seeds of the day.
# timeout: 7200
make -C "$BUILDDIR" unit-tests >make.log 2>&1 || { tail -n 20 make.log; exit 1; }
VITRINE_PROGRAMS=3000 VITRINE_SEED=$(date +%Y%m%d) CK_RUN_SUITE=cpu_twins "$BUILDDIR/unit-tests"

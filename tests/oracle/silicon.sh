# silicon.sh: builds both halves of the silicon oracle in the current folder and runs $tests streams of
# integer and system instructions, and as many with x87, MMX and SSE among them.
# Ends with 77 where the workstation cannot run 32-bit x86 programs.
. "$SRCDIR/tests/oracle/build.sh"
build_native
build_silicon || exit 1
for has_fpu in 0 1; do
    ./silicon -n "$tests" -s "${SILICON_SEED:-1}" -x $has_fpu -v 5 ./native || exit $?
done

# silicon.sh: builds both halves of the silicon oracle in the current folder and runs $tests streams of
# integer and system instructions, and as many with x87, MMX and SSE among them.
# Ends with 77 where the workstation cannot run 32-bit x86 programs.
case $(uname -m) in
x86_64 | i?86) ;;
*) echo "not an x86 workstation"; exit 77 ;;
esac
gcc -m32 -static -O2 -fno-stack-protector -std=gnu11 -I"$SRCDIR" -o native \
    "$SRCDIR/tests/oracle/native.c" 2>native.log ||
    { echo "gcc -m32 does not link here"; exit 77; }
. "$SRCDIR/tests/oracle/build.sh"
build_silicon || exit 1
for has_fpu in 0 1; do
    ./silicon -n "$tests" -s "${SILICON_SEED:-1}" -x $has_fpu -v 5 ./native || exit $?
done

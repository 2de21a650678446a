# silicon.sh TESTS: builds both halves of the silicon oracle in the current folder and runs it.
# Ends with 77 where the workstation cannot run 32-bit x86 programs.
case $(uname -m) in
x86_64 | i?86) ;;
*) echo "not an x86 workstation"; exit 77 ;;
esac
gcc -m32 -static -O2 -fno-stack-protector -std=gnu11 -I"$SRCDIR" -o native \
    "$SRCDIR/tests/oracle/native.c" 2>native.log ||
    { echo "gcc -m32 does not link here"; exit 77; }
$CC -std=c11 -D_GNU_SOURCE -O2 -I"$SRCDIR" -I"$BUILDDIR" -o silicon \
    "$SRCDIR/tests/oracle/silicon.c" "$SRCDIR/tests/oracle/generate.c" \
    "$SRCDIR/tests/unit/cpu_box.c" "$BUILDDIR/libvitrine.a" -lz -lm \
    $([ "$SANITIZE" = yes ] && echo -fsanitize=address,undefined) || exit 1
exec ./silicon -n "${1:-$tests}" -s "${SILICON_SEED:-1}" -v 5 ./native

# The core, the bus and the CPU are read by the compiler for a workstation with pointers of 32 bits, where sizes and
# alignments are others. That programs run there too is full/portability's to see.
# Ends with 77 where the compiler cannot do that.
CC=${CC:-cc}
echo '#include <stdio.h>' >probe.c
$CC -m32 -fsyntax-only probe.c 2>/dev/null || { echo "$CC -m32 has no headers here"; exit 77; }
wrong=0
for source in "$SRCDIR"/base/*.c "$SRCDIR"/bus/*.c "$SRCDIR"/cpu/*.c; do
    $CC -m32 -fsyntax-only -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I"$SRCDIR" -I"$BUILDDIR" "$source" ||
        wrong=$((wrong + 1))
done
[ "$(ls "$SRCDIR"/cpu/*.c | wc -l)" -gt 50 ] || { echo "no sources in $SRCDIR/cpu"; exit 1; }
echo "$wrong files do not compile"
[ $wrong = 0 ]

# The 80286's published captures (single instructions, real mode) on our core.
# timeout: 300
vectors=${VITRINE_VECTORS:-}
for folder in "$vectors" "$SRCDIR/../shared/vectors" "$SRCDIR/../../shared/vectors"; do
    [ -n "$folder" ] && [ -f "$folder/metadata.json" ] && vectors=$folder && break
done
[ -n "$vectors" ] && [ -f "$vectors/metadata.json" ] ||
    { echo "no captures found: set VITRINE_VECTORS to the folder of the 80286 set"; exit 77; }
$CC -std=c11 -D_GNU_SOURCE -O2 -I"$SRCDIR" -I"$BUILDDIR" -o vectors \
    "$SRCDIR/tests/oracle/vectors.c" "$SRCDIR/tests/unit/cpu_box.c" "$BUILDDIR/libvitrine.a" \
    -lz -lm $([ "$SANITIZE" = yes ] && echo -fsanitize=address,undefined) || exit 1
./vectors -v 3 "$vectors"

# No writable object in the library.
[ "$SANITIZE" = no ] || { echo "the sanitizers add writable objects of their own"; exit 77; }
command -v "$OBJDUMP" >/dev/null || { echo "no objdump"; exit 77; }
exec sh "$SRCDIR/scripts/check-globals.sh" "$BUILDDIR/libvitrine.a"

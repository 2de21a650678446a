# The sources keep the floors.
exec sh "$SRCDIR/scripts/check-floors.sh" "$SRCDIR"

# docs/devices says what the devices' tables say.
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
mkdir pages
"$VITRINE" doctor --device-pages pages
diff -ru "$SRCDIR/docs/devices" pages || { echo "fix: make docs, and look at the change"; exit 1; }
[ "$(ls pages | wc -l)" -ge 20 ]

# `make labs`: each lab shows what it is there to show, and the page stands alone.
# timeout: 200
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
[ -f "$BUILDDIR/obj/roms/experiment.elf" ] || { echo "the lab guests are not built here"; exit 77; }
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
python3 "$SRCDIR/scripts/labs.py" --vitrine "$VITRINE" --roms "$BUILDDIR/obj/roms" --out labs >said.txt ||
    { cat said.txt; exit 1; }
[ "$(grep -c '<svg' labs/labs.html)" -ge 1 ] && ! grep -E 'https?://|<script|<link|<img' labs/labs.html ||
    { echo "the page is none, or wants something from outside"; exit 1; }

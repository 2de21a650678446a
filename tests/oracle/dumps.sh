# dumps.sh: compares the dumps of roms/dumps with QEMU's and Bochs'; "$@": options of dumps.py.
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
[ -f "$BUILDDIR/obj/roms/dumps.img" ] || { echo "the dumping guest is not built here (nasm is missing)"; exit 77; }
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
exec python3 "$SRCDIR/tests/oracle/dumps.py" --vitrine "$VITRINE" --image "$BUILDDIR/obj/roms/dumps.img" \
    --table "$SRCDIR/tests/oracle/dumps.txt" "$@"

# Some 90,000 attempts of a guest (roms/matrix), of all rings, descriptors, modes and reasons to fault at once, end as on
# Bochs: call gates with every CPL, RPL, DPL and type of target, far transfers, RET and IRET, tasks, INT n, loads of
# segments, VME and PVI, ports, and which of several exceptions, traps and interrupts comes first.
# tests/oracle/matrix.txt has the differences in which the manual is followed.
# timeout: 600
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
[ -f "$BUILDDIR/obj/roms/matrix.img" ] || { echo "the guest is not built here (nasm or gcc -m32 is missing)"; exit 77; }
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
exec python3 "$SRCDIR/tests/oracle/matrix.py" --vitrine "$VITRINE" --image "$BUILDDIR/obj/roms/matrix.img" \
    --table "$SRCDIR/tests/oracle/matrix.txt"

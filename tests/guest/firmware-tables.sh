# The DSDT of the firmware of our own, bytes written by hand, is AML: ACPICA's disassembler reads it whole, and the
# compiler takes that back without an error or a warning.
rom=$BUILDDIR/obj/roms/firmware.bin
[ -f "$rom" ] || { echo "the firmware is not built here (nasm is missing)"; exit 77; }
command -v iasl >/dev/null || { echo "no iasl here (acpica-tools)"; exit 77; }
at=$(LC_ALL=C grep -abo DSDT "$rom" | head -n 1 | cut -d: -f1)
length=$(($(od -An -tu2 -j $((at + 4)) -N 2 "$rom")))
[ "$length" -gt 2000 ] || { echo "a DSDT of $length bytes"; exit 1; }
tail -c +$((at + 1)) "$rom" | head -c "$length" >dsdt.aml
iasl -d dsdt.aml >iasl.log 2>&1 && iasl -tc -p again dsdt.dsl >>iasl.log 2>&1 || { cat iasl.log; exit 1; }
grep -q '0 Errors, 0 Warnings' iasl.log || { cat iasl.log; exit 1; }
for words in 'Name (\\_S5, Package' 'EisaId ("PNP0A03")' 'EisaId ("PNP0C0F")' 'Name (_PRT, Package (0x7C)'; do
    grep -q "$words" dsdt.dsl || { echo "no $words"; exit 1; }
done

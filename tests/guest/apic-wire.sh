# The 8259's interrupts reach the processor by LINT0 or by the I/O APIC's input 0, whichever the guest opens, and INIT
# to itself starts it anew: apic_wire.asm, by the firmware of our own and by SeaBIOS.
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
seabios=$("$VITRINE" doctor | sed -n 's/^ *SeaBIOS (\(.*\)) *yes$/\1/p')
for firmware in embedded $seabios; do
    define=
    [ "$firmware" = embedded ] || define=-DNO_INIT
    # shellcheck disable=SC2086
    ${NASM:-nasm} -f bin $define -o wire.bin "$SRCDIR/tests/guest/apic_wire.asm" || { echo "no nasm"; exit 77; }
    truncate -s $((4 * 16 * 63 * 512)) wire.bin
    status=0
    "$VITRINE" run --bios "$firmware" --board pc-apic --disk wire.bin --display none --overlay --max-speed --timeout 60 ||
        status=$?
    [ $status -eq 33 ] || { echo "$firmware: step $((status / 2)), status $status"; exit 1; }
done

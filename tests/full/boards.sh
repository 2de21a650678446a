# Each board boots SYSLINUX and Debian's kernel. The one without PCI has pata_legacy for its disk, ne for its
# network card, the 8250's driver and parport, by ISA interrupts, through the firmware of our own and through
# SeaBIOS, which keeps variables in its ROM's shadow; it has no ACPI, so the guest asks port 8900h for power-off. The
# full one has what the others have, and COM3, COM4 and LPT2; its APICs and its HPET are found by the ACPI tables of
# the firmware of our own, and without ACPI by its MP table.
# timeout: 300
set -e
. "$SRCDIR/tests/guest/guests.inc"
seabios=$("$VITRINE" doctor | sed -n 's/^ *SeaBIOS (\(.*\)) *yes$/\1/p')
cp --sparse=always "$GUESTS/selftest.img" disk.img
mac=52:54:00:56:00:01

# run LOG STATUS WORD...
run() {
    log=$1 wanted=$2 status=0
    shift 2
    "$VITRINE" run --memory 64M --serial "file:$log" --display none --max-instructions 9000000000 "$@" || status=$?
    [ $status -eq "$wanted" ] || { echo "$log: status $status instead of $wanted"; tail -n 5 "$log"; exit 1; }
}
isa="--board isa --nic ne2k-isa,iobase=0x300,irq=10,mac=$mac"
boots=0
for firmware in embedded $seabios; do
    boots=$((boots + 1))
    # shellcheck disable=SC2086
    run isa.log 0 $isa --bios "$firmware" --disk disk.img,geometry=400/16/63
    expect isa.log 'ttyS0 at I/O 0x3f8 (irq = 4, base_baud = 115200) is a 16550A' 'scsi host0: pata_legacy' \
        '^VITRINE-GUEST-READY' "^VITRINE-DISK-OK boots $boots md5 " "^VITRINE-NET-OK $mac 10\\.0\\.0\\.1$" \
        '^VITRINE-DONE$'
done
kernel="--kernel $GUESTS/vmlinuz --initrd $GUESTS/initramfs.gz"
# shellcheck disable=SC2086
run isa.log 0 $isa $kernel --disk disk.img,geometry=400/16/63 --parallel file:printed \
    --append "$(cat "$SRCDIR/tests/guests/command-line") vitrine.job=selftest vitrine.print=Gutenberg"
expect isa.log ' lp0: using parport0 (interrupt-driven)\.$' '^VITRINE-PRINT-OK 3[0-9]\{3\} interrupts$' '^VITRINE-DONE$'
{ echo Gutenberg && seq 1 1000; } | cmp - printed

full="--board full --bios embedded $kernel --disk disk.img,geometry=400/16/63 --nic ne2k-pci,mac=$mac"
append="$(cat "$SRCDIR/tests/guests/command-line") vitrine.job"
# shellcheck disable=SC2086
run full.log 0 $full --append "$append=selftest"
expect full.log 'ttyS1 at I/O 0x2f8' 'ttyS2 at I/O 0x3e8 (irq = 4' 'ttyS3 at I/O 0x2e8 (irq = 3' \
    "^VITRINE-NET-OK $mac" '^VITRINE-DONE$' 'reboot: Power down'
expect full.log 'ACPI: Using ACPI (MADT) for SMP configuration' 'ACPI: HPET id: 0x8086a201 base: 0xfed00000' \
    'ACPI: Using IOAPIC for interrupt routing' 'hpet0: 3 comparators, 64-bit 14.318182 MHz counter'
# shellcheck disable=SC2086
run full.log 0 $full --append "$append=drivers acpi=off"
expect full.log 'MPTABLE: OEM ID: VITRINE' 'ttyS3 at I/O 0x2e8 (irq = 3' '^IRQ .* IO-APIC .*4-edge  *ttyS0' \
    '^IRQ LOC: *[1-9]' '^VITRINE-DONE$'

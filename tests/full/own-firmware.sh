# The firmware of our own is enough for systems nobody here wrote: GRUB's rescue CD boots from a disc to its menu;
# SYSLINUX loads Debian's kernel from a disk; the kernel finds interrupts, timers and PCI by the ACPI tables, uses
# both APICs and the HPET, powers off by ACPI, and without ACPI finds the same by the MP table.
# timeout: 400
set -e
. "$SRCDIR/tests/guest/guests.inc"
mac=52:54:00:56:00:01
nic=ne2k-pci,mac=$mac

status=0
"$VITRINE" run --bios embedded "$GUESTS/native/usr/lib/grub-rescue/grub-rescue-cdrom.iso" --display none \
    --max-instructions 600000000 --trace io:dev=vga:space=mmio:dir=write --trace-out vga.jsonl || status=$?
[ $status -eq 8 ] || { echo "GRUB: status $status"; exit 1; }
text_written vga.jsonl >screen.txt
for words in 'disc: a CD-ROM drive' 'GNU GRUB  version 2\.' 'Press enter to boot the selected OS'; do
    grep -q "$words" screen.txt || { echo "the menu has no '$words'"; tail -c 2000 screen.txt; exit 1; }
done

# boot LOG BOARD OPTION...
boot() {
    log=$1 board=$2
    shift 2
    "$VITRINE" run --bios embedded --board "$board" --memory 64M --nic $nic --rtc 1700000000 \
        --serial "file:$log" --display none "$@"
}
for board in pc pc-apic; do
    cp --sparse=always "$GUESTS/selftest.img" disk.img
    boot $board.log $board --disk disk.img,geometry=400/16/63
    expect $board.log 'ACPI: RSDP .*VITRIN' 'ACPI: PM-Timer IO Port: 0x608' \
        'ACPI: PCI: Interrupt link LNKA configured for IRQ 10' 'ACPI: PCI Root Bridge \[PCI0\]' \
        '0000:00:02.0: BAR 0 \[mem 0xf0000000-0xf0ffffff pref\]' 'PCI: Using ACPI for IRQ routing' \
        'eth0: RealTek RTL-8029(AS) found at 0xc0[0-9a-f]*, IRQ 11' '^VITRINE-DISK-OK boots 1 md5 ' \
        "^VITRINE-NET-OK $mac" '^VITRINE-DONE$' 'reboot: Power down'
done
expect pc-apic.log 'ACPI: Using ACPI (MADT) for SMP configuration' 'ACPI: HPET id: 0x8086a201 base: 0xfed00000' \
    'ACPI: Using IOAPIC for interrupt routing' 'hpet0: 3 comparators, 64-bit 14.318182 MHz counter'

append="$(cat "$SRCDIR/tests/guests/command-line") vitrine.job=drivers"
boot acpi.log pc-apic --kernel "$GUESTS/vmlinuz" --initrd "$GUESTS/initramfs.gz" --append "$append clocksource=hpet"
expect acpi.log 'IOAPIC\[0\]: apic_id 1, version 17' '^IRQ .* IO-APIC .*4-edge  *ttyS0' \
    '^IRQ .* IO-APIC .*8-edge  *rtc0' '^IRQ .* IO-APIC .*9-fasteoi  *acpi' '^IRQ LOC: *[1-9]' \
    '^CLOCKSOURCE hpet$' '^VITRINE-ALARM-OK' '^VITRINE-DONE$' 'reboot: Power down'
boot mp.log pc-apic --kernel "$GUESTS/vmlinuz" --initrd "$GUESTS/initramfs.gz" --append "$append acpi=off"
expect mp.log 'MPTABLE: OEM ID: VITRINE' 'IOAPIC\[0\]: apic_id 1, version 17' 'apic1=0 pin1=2 apic2=-1 pin2=-1' \
    'eth0: RealTek RTL-8029(AS) found at 0xc0[0-9a-f]*, IRQ 11' '^IRQ .* IO-APIC .*4-edge  *ttyS0' '^VITRINE-DONE$'
! grep -i 'MP.table.*\(error\|bug\)\|reported by MP table' mp.log || exit 1

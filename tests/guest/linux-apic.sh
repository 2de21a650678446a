# Debian's kernel on the board pc-apic: interrupts by local and I/O APIC, the HPET as a clock, the local
# APIC's timer; the default board has none of them; at level full also without the I/O APIC and without either.
# timeout: 400
set -e
. "$SRCDIR/tests/guest/guests.inc"
append="$(cat "$SRCDIR/tests/guests/command-line") vitrine.job=drivers"

boot() { # boot LOG BOARD OPTION...
    log=$1 board=$2
    shift 2
    "$VITRINE" run --memory 64M --board "$board" --rtc 1700000000 --serial "file:$log" --display none \
        --kernel "$GUESTS/vmlinuz" --initrd "$GUESTS/initramfs.gz" --append "$append $*"
    expect "$log" '^VITRINE-DONE$' 'reboot: Power down'
}
has_not() { # has_not LOG TEXT
    ! grep -q -e "$2" "$1" || { echo "$1 has '$2'"; exit 1; }
}

boot apic.log pc-apic clocksource=hpet
expect apic.log 'IOAPIC\[0\]: apic_id [0-9]*, version 17, address 0xfec00000, GSI 0-23' \
    'ACPI: HPET id: 0x8086a201 base: 0xfed00000' 'Enabling APIC mode:  Flat.  Using 1 I/O APICs' \
    'hpet0: 3 comparators, 64-bit 14.318182 MHz counter' \
    '^IRQ .* IO-APIC .*4-edge  *ttyS0' '^IRQ .* IO-APIC .*8-edge  *rtc0' \
    '^IRQ .* IO-APIC .*9-fasteoi  *acpi' '^IRQ LOC: *[1-9][0-9]* '
expect apic.log '^CLOCKSOURCE hpet$' '^INPUT N: Name="AT Translated Set 2 keyboard"$' \
    '^INPUT N: Name="ImExPS/2 Generic Explorer Mouse"$' '^VITRINE-RTC rtc_cmos .* 2023-11-14 22:13:' \
    '^VITRINE-ALARM-OK [23] s; Tue Nov 14 22:13:'
has_not apic.log XT-PIC

boot pc.log pc
expect pc.log 'Console: colour VGA+ 80x25' 'serio: i8042 AUX port at 0x60,0x64 irq 12' \
    'rtc_cmos .*alarms up to one day' '^IRQ .* XT-PIC .* ttyS0' '^VITRINE-ALARM-OK [23] s; Tue Nov 14 22:13:'
has_not pc.log 'ACPI: HPET id'

case $LEVEL in
full | nightly) ;;
*) exit 0 ;;
esac
boot noapic.log pc-apic noapic
expect noapic.log '^IRQ .* XT-PIC .* ttyS0' '^IRQ LOC: *[1-9][0-9]* '
has_not noapic.log '^IRQ .*IO-APIC'

boot nolapic.log pc-apic nolapic
expect nolapic.log '^IRQ .* XT-PIC .* ttyS0'
has_not nolapic.log '^IRQ .*IO-APIC'

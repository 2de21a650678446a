; mp.asm: the same for systems before ACPI: the processor, the buses, and which I/O APIC input an interrupt is at.
; Intel MultiProcessor Specification 1.4, chapter 4. Found by "_MP_", at a multiple of 16 in F0000h-FFFFFh.

MP_BUS_PCI          equ 0
MP_BUS_ISA          equ 1
MP_INT              equ 0                       ; kinds of interrupts, table 4-10
MP_NMI              equ 1
MP_EXTINT           equ 3

; The board has an I/O APIC. DS = the firmware's copy. Changes EAX, BX, CX, DX, SI.
mp_fill:
    mov eax, 1
    cpuid
    mov [mp_table.signature], eax
    mov [mp_table.features], edx
    mov si, mp_table
    mov cx, mp_table.end - mp_table
    mov bx, 7
    call table_sum
    mov byte [mp_pointer], '_'
    mov si, mp_pointer
    mov cx, 16
    mov bx, 10
    jmp table_sum

    align 16
mp_pointer:                                     ; §4.1
    db 0, "MP_"
    dd FIRMWARE_BASE + mp_table
    db 1, 4, 0                                  ; one paragraph, version 1.4, the sum
    db 0, 0, 0, 0, 0                            ; there is a table; virtual wire mode

%assign mp_entries 0
%macro mp_entry 1+
    db %1
    %assign mp_entries mp_entries + 1
%endmacro
; Kind, flags, bus, IRQ, input of the I/O APIC: §4.3.4.
%macro mp_interrupt 5
    mp_entry 3, %1, %2, 0, %3, %4, IO_APIC_ID, %5
%endmacro
%macro mp_local_interrupt 2                     ; kind, LINT of all processors: §4.3.5
    mp_entry 4, %1, 0, 0, MP_BUS_ISA, 0, 0xFF, %2
%endmacro

    align 4
mp_table:
    db "PCMP"
    dw .end - mp_table
    db 4, 0                                     ; version 1.4, the sum
    db "VITRINE FIRMWARE    "
    dd 0
    dw 0, mp_count
    dd 0xFEE00000
    dd 0
    mp_entry 0, 0, 0x11, 3                      ; the processor: id 0, enabled, it boots (§4.3.1)
.signature:
    dd 0
.features:
    dd 0, 0, 0
    mp_entry 1, MP_BUS_PCI, "PCI   "
    mp_entry 1, MP_BUS_ISA, "ISA   "
    mp_entry 2, IO_APIC_ID, 0x11, 1
    dd IO_APIC
    ; The 8259A's INT is at input 0 as well. It has no entry: virtual wire mode is by LINT0 here (§3.6.2.2), and
    ; systems take an ExtINT entry to say that the input is open.
    mp_interrupt MP_INT, 0, MP_BUS_ISA, 0, 2
%assign irq 1
%rep 15
%if irq = SCI_IRQ
    mp_interrupt MP_INT, LEVEL_HIGH, MP_BUS_ISA, irq, irq
%elif irq <> 2 && irq <> PIRQ_AB_IRQ && irq <> PIRQ_CD_IRQ
    mp_interrupt MP_INT, 0, MP_BUS_ISA, irq, irq
%endif
%assign irq irq + 1
%endrep
%assign slot 1
%rep 31
    mp_interrupt MP_INT, LEVEL_HIGH, MP_BUS_PCI, slot << 2 | (1 - slot & 3), PIRQ_AB_IRQ
    mp_interrupt MP_INT, LEVEL_HIGH, MP_BUS_PCI, slot << 2 | (2 - slot & 3), PIRQ_AB_IRQ
    mp_interrupt MP_INT, LEVEL_HIGH, MP_BUS_PCI, slot << 2 | (3 - slot & 3), PIRQ_CD_IRQ
    mp_interrupt MP_INT, LEVEL_HIGH, MP_BUS_PCI, slot << 2 | (4 - slot & 3), PIRQ_CD_IRQ
%assign slot slot + 1
%endrep
    mp_local_interrupt MP_EXTINT, 0
    mp_local_interrupt MP_NMI, 1
.end:
mp_count equ mp_entries

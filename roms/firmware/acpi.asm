; acpi.asm: what ACPI asks a firmware for: tables that tell an operating system of interrupts, timers and power.
; ACPI 1.0b, §5.2 (tables), §16 (AML); ACPI 6.5, §5.2.12 (MADT), §6.4 (resources), §20.2 (AML); IA-PC HPET 1.0a,
; §3.2.4; MultiProcessor Specification 1.4, chapter 4 (mp.asm, made known from here).
;
;   RSDP (F0000h-FFFFFh) ──> RSDT ──┬─> FADT ──┬─> FACS, in the extended BIOS data area
;                                   │          └─> DSDT (dsdt.asm)
;                                   ├─> MADT     where there is an I/O APIC
;                                   └─> HPET     where there is one
;
; All of it is data of this file, and lies where the firmware lies. The start copies the firmware into the RAM behind
; it, writes what the board has and the sums, and makes that RAM read-only. A table whose first letter is
; missing is for a board that has no such chip.

FIRMWARE_BASE       equ FIRMWARE_SEGMENT * 16
EBDA_FACS           equ 0x180                   ; 64 bytes, at a multiple of 64
FACS_BYTES          equ 64
ACPI_SUM            equ 9                       ; of a table: makes the sum of its bytes 0
RSDP_SUM            equ 8
RSDP_BYTES          equ 20
SCI_IRQ             equ 9
SMI_COMMAND         equ 0xB2                    ; SMM or not, the board's chip obeys these (piix4-pm)
ACPI_ON             equ 0xF1
ACPI_OFF            equ 0xF0
GPE0_BASE           equ 0xAFE0
HPET_BASE           equ 0xFED00000
LEVEL_HIGH          equ 0x0D                    ; trigger and polarity of the MADT and of MP tables

; Where the board has a host bridge with shadow RAM and ACPI's registers. Interrupts are off.
tables_init:
    mov eax, PIIX4_PM
    call pci_find
    jc .end
    mov eax, I440FX
    call pci_find
    jc .end
    mov eax, 2 << 12                            ; read ROM, write RAM
    call shadow_set
    push word FIRMWARE_SEGMENT
    pop es
    push es
    pop ds
    xor si, si
    xor di, di
    mov cx, 0x10000 / 4
    rep movsd
    mov eax, 3 << 12
    call shadow_set
    call tables_fill
    mov eax, 1 << 12
    call shadow_set
    mov ax, BDA_SEGMENT
    mov ds, ax
.end:
    ret

; PAM0 of the host bridge, function BX: who answers at F0000h-FFFFFh.
shadow_set:
    mov dl, PAM0
    mov ecx, eax
    call pci_read
    and ax, 0x0FFF
    or ecx, eax
    jmp pci_write

; DS = the firmware's copy.
tables_fill:
    push bx
    call flat_gs
    call apic_is_absent
    jc .no_apic
    call io_apic_is_absent
    jc .no_apic
    call mp_fill
    mov si, madt
    call .add
    mov si, hpet_table
    mov eax, HPET_BASE
    mov ecx, [gs:eax]                           ; capabilities: vendor in bits 31-16
    cmp ecx, 0xFFFFFFFF
    je .no_apic
    mov [hpet_table.id], ecx
    call .add
.no_apic:
    xor ax, ax
    mov gs, ax
    mov si, fadt
    call acpi_sum
    mov si, dsdt
    call acpi_sum
    mov si, rsdt
    call acpi_sum
    mov byte [rsdp], 'R'
    mov si, rsdp
    mov cx, RSDP_BYTES
    mov bx, RSDP_SUM
    call table_sum
    call facs_fill
    pop bx
    ret

; The table SI becomes the RSDT's last entry.
.add:
    call acpi_sum
    mov di, [rsdt + 4]
    movzx eax, si
    add eax, FIRMWARE_BASE
    mov [rsdt + di], eax
    add word [rsdt + 4], 4
    ret

facs_fill:
    mov ax, EBDA_SEGMENT
    mov es, ax
    mov di, EBDA_FACS
    mov dword [es:di], 'FACS'
    mov dword [es:di + 4], FACS_BYTES
    ret

; The sum of the ACPI table SI. Changes AX, BX, CX.
acpi_sum:
    mov cx, [si + 4]
    mov bx, ACPI_SUM
; The byte SI + BX makes the sum of the CX bytes at SI 0.
table_sum:
    push si
    mov byte [si + bx], 0
    add bx, si
    mov ah, 0
.next:
    lodsb
    sub ah, al
    loop .next
    mov [bx], ah
    pop si
    ret

; --- The tables ------------------------------------------------------------------------------------------

; Name, length, revision.
%macro acpi_header 3
    db %1
    dd %2
    db %3, 0                                    ; the sum
    db "VITRIN", "FIRMWARE"
    dd 1
    db "VITR"
    dd 1
%endmacro

    align 16
rsdp:
    db 0, "SD PTR ", 0, "VITRIN", 0
    dd FIRMWARE_BASE + rsdt

    align 4
rsdt:
    acpi_header "RSDT", 36 + 4, 1
    dd FIRMWARE_BASE + fadt
    dd 0, 0                                     ; room for .add

    align 4
fadt:                                           ; ACPI 1.0b, §5.2.5
    acpi_header "FACP", .end - fadt, 1
    dd EBDA_SEGMENT * 16 + EBDA_FACS
    dd FIRMWARE_BASE + dsdt
    db 1, 0                                     ; a board with APICs, or none of them
    dw SCI_IRQ
    dd SMI_COMMAND
    db ACPI_ON, ACPI_OFF, 0, 0
    dd PM_BASE, 0                               ; PM1 events
    dd PM_BASE + 4, 0                           ; PM1 control
    dd 0                                        ; PM2 control
    dd PM_BASE + 8                              ; PM timer
    dd GPE0_BASE, 0
    db 4, 2, 0, 4, 4, 0, 0, 0                   ; their lengths
    dw 0xFFF, 0xFFF                             ; no C2, no C3
    dw 0, 0                                     ; WBINVD flushes the caches
    db 0, 0                                     ; no throttling
    db 0, 0, 0x32                               ; of the clock: no day and month of the alarm; the century
    db 0, 0, 0
    dd 0x65                                     ; WBINVD, C1, no sleep button, the clock wakes nobody
.end:

    align 4
madt:                                           ; ACPI 6.5, §5.2.12
    acpi_header "APIC", .end - madt, 1
    dd 0xFEE00000
    dd 1                                        ; there are two 8259A
    db 0, 8, 0, 0                               ; a processor, its APIC's id 0
    dd 1
    db 1, 12, IO_APIC_ID, 0
    dd IO_APIC, 0                               ; its inputs are interrupts 0-23
%macro madt_override 3                          ; IRQ, input, flags
    db 2, 10, 0, %1
    dd %2
    dw %3
%endmacro
    madt_override 0, 2, 0
    madt_override SCI_IRQ, SCI_IRQ, LEVEL_HIGH
    madt_override PIRQ_AB_IRQ, PIRQ_AB_IRQ, LEVEL_HIGH
    madt_override PIRQ_CD_IRQ, PIRQ_CD_IRQ, LEVEL_HIGH
    db 4, 6, 0xFF, 0, 0, 1                      ; NMI is LINT1 of all
.end:

    align 4
hpet_table:                                     ; IA-PC HPET 1.0a, §3.2.4
    acpi_header "HPET", .end - hpet_table, 1
.id:
    dd 0
    db 0, 0, 0, 0                               ; in memory
    dd HPET_BASE, 0
    db 0                                        ; the first
    dw 0x1000                                   ; ticks that a period has at least
    db 0
.end:

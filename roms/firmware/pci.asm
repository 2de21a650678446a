; pci.asm: gives each PCI function its addresses and its interrupt, and answers the PCI BIOS calls.
; PCI Local Bus Specification 2.2, §3.2.2.3.2 (configuration mechanism #1), §6.2.2 (command register), §6.2.5
; (base addresses); PCI BIOS Specification 2.1, §2; Intel 82371SB data sheet (290550), PIRQRC, IDETIM, ELCR;
; 82371AB (290562), PMBA, PMREGMISC; 82441FX (290549), PAM0.
; A board without PCI answers FFFFFFFFh and is left alone. One bus. MISSING: bridges, the 32-bit entry (BIOS32),
; special cycles, the interrupt routing calls 0Eh and 0Fh.

PCI_ADDRESS         equ 0xCF8
PCI_DATA            equ 0xCFC
PCI_COMMAND         equ 0x04
PCI_CLASS           equ 0x08
PCI_FIRST_BAR       equ 0x10
PCI_LAST_BAR        equ 0x24
PCI_INTERRUPT       equ 0x3C                    ; line, pin
COMMAND_PORTS       equ 0x01
COMMAND_MEMORY      equ 0x02
BAR_IS_PORTS        equ 0x01
BAR_IS_64_BITS      equ 0x04

I440FX              equ 0x12378086
PIIX3_ISA           equ 0x70008086
PIIX3_IDE           equ 0x70108086
PIIX4_IDE           equ 0x71118086
PIIX4_PM            equ 0x71138086
PAM0                equ 0x58                    ; its bits 15-12 are F0000h-FFFFFh: 1 read DRAM, 2 write DRAM
PIRQRC              equ 0x60                    ; a byte for each of PIRQA#-PIRQD#
IDETIM              equ 0x40                    ; both channels: bit 15 of each half enables the ports
PMBA                equ 0x40
PMREGMISC           equ 0x80
PM_BASE             equ 0x600
ELCR_SLAVE          equ 0x4D1

; Where base addresses are given, upwards; acpi.asm tells operating systems of the same places.
PCI_PORTS_FIRST     equ 0xC000
PCI_MEMORY_FIRST    equ 0xF0000000
PCI_MEMORY_LAST     equ 0xFEBFFFFF

; PIRQA# and B# at IRQ 10, C# and D# at 11, for good. Pin P of slot S is wired to PIRQ (S - 1 + P) mod 4.
PIRQ_AB_IRQ         equ 10
PIRQ_CD_IRQ         equ 11

; Points the data port DX at register DL of function BX (bus 15:8, device 7:3, function 2:0). Changes EAX.
pci_select:
    movzx eax, bx
    shl eax, 8
    mov al, dl
    and al, 0xFC
    or eax, 0x80000000
    push dx
    mov dx, PCI_ADDRESS
    out dx, eax
    pop dx
    and dx, 3
    add dx, PCI_DATA
    ret

; EAX = register DL of function BX.
pci_read:
    push dx
    call pci_select
    in eax, dx
    pop dx
    ret

; Register DL of function BX = ECX.
pci_write:
    push dx
    push eax
    call pci_select
    mov eax, ecx
    out dx, eax
    pop eax
    pop dx
    ret

; Sets the bits CL of the command register of function BX; 0 is written to the status bits above, which
; only a 1 would clear.
pci_enable:
    mov dl, PCI_COMMAND
    call pci_read
    and eax, 0xFFFF
    or al, cl
    mov ecx, eax
    jmp pci_write

; Zero flag: the board has PCI. Changes EAX, DX.
pci_is_there:
    mov eax, 0x80000000
    mov dx, PCI_ADDRESS
    out dx, eax
    in eax, dx
    cmp eax, 0x80000000
    ret

; --- The start: all functions of bus 0 ------------------------------------------------------------------

; Steps through the functions; ESI the next free address in memory, DI the next free port.
pci_init:
    call pci_is_there
    jne .end
    mov esi, PCI_MEMORY_FIRST
    mov di, PCI_PORTS_FIRST
    xor bx, bx
.next:
    mov dl, 0
    call pci_read
    cmp eax, 0xFFFFFFFF
    je .absent
    push eax
    call pci_place
    call pci_give_irq
    pop eax
    call pci_chip
.absent:
    inc bl
    jnz .next
    mov dx, ELCR_SLAVE                          ; PCI's interrupts and ACPI's, 9, are levels
    mov al, (1 << (9 - 8)) | (1 << (PIRQ_AB_IRQ - 8)) | (1 << (PIRQ_CD_IRQ - 8))
    out dx, al
.end:
    ret

; Base addresses of function BX, which answers there when it has them all. A range's size is what a base
; address of all ones leaves as zeros (§6.2.5.1). BP collects the command register's bits.
pci_place:
    xor bp, bp
    mov dl, PCI_FIRST_BAR
.next:
    mov ecx, 0xFFFFFFFF
    call pci_write
    call pci_read
    test eax, eax
    jz .skip
    test al, BAR_IS_PORTS
    jnz .ports
    mov ecx, eax
    and ecx, 0xFFFFFFF0
    neg ecx                                     ; ECX the size: a power of two
    dec ecx
    add esi, ecx
    not ecx
    and esi, ecx                                ; rounded up to a multiple of it
    not ecx
    inc ecx
    push ecx
    mov ecx, esi
    call pci_write
    pop ecx
    add esi, ecx
    or bp, COMMAND_MEMORY
    test al, BAR_IS_64_BITS
    jz .skip
    add dl, 4                                   ; its upper half
    xor ecx, ecx
    call pci_write
    jmp .skip
.ports:
    and ax, 0xFFFC
    neg ax
    dec ax
    add di, ax
    not ax
    and di, ax
    not ax
    inc ax
    movzx ecx, di
    call pci_write
    add di, ax
    or bp, COMMAND_PORTS
.skip:
    add dl, 4
    cmp dl, PCI_LAST_BAR
    jbe .next
    mov cx, bp
    jmp pci_enable

; Writes into function BX which IRQ its pin leads to; no pin, no IRQ.
pci_give_irq:
    mov dl, PCI_INTERRUPT
    call pci_read
    test ah, ah
    jz .end
    push bx
    shr bl, 3                                   ; the slot
    add bl, ah
    sub bl, 2                                   ; pins count from 1
    and bx, 3
    mov al, [cs:pirq_irqs + bx]
    pop bx
    mov ecx, eax
    call pci_write
.end:
    ret

pirq_irqs: db PIRQ_AB_IRQ, PIRQ_AB_IRQ, PIRQ_CD_IRQ, PIRQ_CD_IRQ

; What a chip needs besides: function BX is EAX. Changes EAX, ECX, DX.
pci_chip:
    cmp eax, PIIX3_ISA
    je .isa
    cmp eax, PIIX3_IDE
    je .ide
    cmp eax, PIIX4_IDE
    je .ide
    cmp eax, PIIX4_PM
    je .power
    mov dl, PCI_CLASS
    call pci_read
    shr eax, 24
    cmp al, 0x03                                ; a display
    jne .end
    mov cl, COMMAND_PORTS | COMMAND_MEMORY      ; it answers at its old places as well
    call pci_enable
.end:
    ret
.isa:
    mov dl, PIRQRC
    mov ecx, [cs:pirq_irqs]
    jmp pci_write
.ide:
    mov dl, IDETIM
    mov ecx, 0x80008000
    call pci_write
    mov cl, COMMAND_PORTS
    jmp pci_enable
.power:
    mov dl, PMBA
    mov ecx, PM_BASE | 1
    call pci_write
    mov dl, PMREGMISC
    mov ecx, 1
    call pci_write
    mov dl, PCI_INTERRUPT
    call pci_read
    mov al, SCI_IRQ                             ; wired, whatever its pin says
    mov ecx, eax
    call pci_write
    mov cl, COMMAND_PORTS
    jmp pci_enable

; BX = the function that is EAX; carry: there is none. Changes DX, SI.
pci_find:
    xor bx, bx
    mov ecx, eax
    push ecx
    call pci_is_there
    pop ecx
    jne .none
.next:
    mov dl, 0
    call pci_read
    cmp eax, ecx
    je .found
    inc bl
    jnz .next
.none:
    stc
    ret
.found:
    clc
    ret

; --- INT 1Ah AH = B1h ------------------------------------------------------------------------------------

PCI_UNSUPPORTED     equ 0x81
PCI_BAD_VENDOR      equ 0x83
PCI_NOT_FOUND       equ 0x86
PCI_BAD_REGISTER    equ 0x87

pci_service:
    mov cl, al
    call pci_is_there
    jne .unsupported
    mov al, cl
    mov ecx, [bp + F_CX]
    mov dx, [bp + F_DX]
    cmp al, 0x01
    je .installed
    cmp al, 0x02
    je .find_device
    cmp al, 0x03
    je .find_class
    sub al, 0x08
    cmp al, 6
    jb .register
.unsupported:
    mov ah, PCI_UNSUPPORTED
.fail:
    mov [bp + F_AH], ah
    set_carry
    leave_service
.success:
    mov byte [bp + F_AH], 0
    clear_carry
    leave_service

.installed:                                     ; version 2.10, mechanism #1, the last bus is 0
    mov dword [bp + F_DX], 'PCI '
    mov byte [bp + F_AL], 1
    mov word [bp + F_BX], 0x0210
    mov byte [bp + F_CL], 0
    jmp .success

; The function number SI of those whose register DI, shifted right by DH, is ECX; then BX.
.find_device:
    mov ah, PCI_BAD_VENDOR
    cmp dx, 0xFFFF
    je .fail
    shl ecx, 16
    mov cx, dx                                  ; device, vendor
    mov dx, 0                                   ; DL the register, DH what to leave out of it
    jmp .find
.find_class:
    and ecx, 0x00FFFFFF
    mov dx, PCI_CLASS | 8 << 8                  ; above the revision
.find:
    mov si, [bp + F_SI]
    xor bx, bx
.next:
    call pci_read
    cmp eax, 0xFFFFFFFF
    je .other
    xchg cl, dh
    shr eax, cl
    xchg cl, dh
    cmp eax, ecx
    jne .other
    dec si
    js .found
.other:
    inc bl
    jnz .next
    mov ah, PCI_NOT_FOUND
    jmp .fail
.found:
    mov [bp + F_BX], bx
    jmp .success

; AL: 0-2 read, 3-5 write a byte, a word, a double word.
.register:
    movzx si, al
    mov dx, [bp + F_DI]
    mov ah, PCI_BAD_REGISTER
    cmp dx, 0xFF
    ja .fail
    test dl, [cs:.unaligned + si]
    jnz .fail
    call pci_select
    mov eax, ecx
    shl si, 1
    call [cs:.accesses + si]
    cmp si, 3 << 1
    jae .success
    mov [bp + F_CX], ecx
    jmp .success
.unaligned: db 0, 1, 3, 0, 1, 3
.accesses:  dw .read_byte, .read_word, .read_dword, .write_byte, .write_word, .write_dword
.read_byte:
    in al, dx
    mov cl, al
    ret
.read_word:
    in ax, dx
    mov cx, ax
    ret
.read_dword:
    in eax, dx
    mov ecx, eax
    ret
.write_byte:
    out dx, al
    ret
.write_word:
    out dx, ax
    ret
.write_dword:
    out dx, eax
    ret

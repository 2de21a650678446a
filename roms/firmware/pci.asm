; pci.asm: the least that PCI functions need before the old ports work behind them.
; PCI Local Bus Specification 2.2, §3.2.2.3.2 (configuration mechanism #1), §6.2.2 (command register);
; Intel 82371SB data sheet (290550), IDETIM; 82371AB (290562), PMBA, PMREGMISC.
; A board without PCI answers FFFFFFFFh and is left alone. MISSING: addresses for BARs, interrupt routing.

PCI_ADDRESS         equ 0xCF8
PCI_DATA            equ 0xCFC
PCI_COMMAND         equ 0x04
PCI_CLASS           equ 0x08
PIIX3_IDE           equ 0x70108086
PIIX4_IDE           equ 0x71118086
PIIX4_PM            equ 0x71138086
IDETIM              equ 0x40                    ; both channels: bit 15 of each half enables the ports
PMBA                equ 0x40
PMREGMISC           equ 0x80
PM_BASE             equ 0x600

; Points the data port at register DL of function BL (device 7:3, function 2:0). Changes EAX, leaves DX at
; the data port.
pci_select:
    movzx eax, bl
    shl eax, 8
    mov al, dl
    or eax, 0x80000000
    mov dx, PCI_ADDRESS
    out dx, eax
    mov dx, PCI_DATA
    ret

; EAX = register DL of function BL.
pci_read:
    push dx
    call pci_select
    in eax, dx
    pop dx
    ret

; Register DL of function BL = ECX.
pci_write:
    push dx
    push eax
    call pci_select
    mov eax, ecx
    out dx, eax
    pop eax
    pop dx
    ret

; Sets the bits CL of the command register of function BL; 0 is written to the status bits above, which
; only a 1 would clear.
pci_enable:
    mov dl, PCI_COMMAND
    call pci_read
    and eax, 0xFFFF
    or al, cl
    mov ecx, eax
    jmp pci_write

pci_init:
    mov eax, 0x80000000
    mov dx, PCI_ADDRESS
    out dx, eax
    in eax, dx
    cmp eax, 0x80000000
    jne .end                                    ; no PCI
    xor bx, bx
.next:
    mov dl, 0
    call pci_read
    cmp eax, 0xFFFFFFFF
    je .absent
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
    jne .absent
    mov cl, 0x03                                ; it answers at its ports and in memory
    call pci_enable
.absent:
    inc bl
    jnz .next
.end:
    ret
.ide:
    mov dl, IDETIM
    mov ecx, 0x80008000
    call pci_write
    mov cl, 0x01
    call pci_enable
    jmp .absent
.power:
    mov dl, PMBA
    mov ecx, PM_BASE | 1
    call pci_write
    mov dl, PMREGMISC
    mov ecx, 1
    call pci_write
    mov cl, 0x01
    call pci_enable
    jmp .absent

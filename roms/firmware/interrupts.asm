; interrupts.asm: the vector table and the two 8259A.
; Intel 8259A data sheet (231468, 1988), p.10-15; PC/AT TR, section 5: lines 0-7 at vectors 08h-0Fh, lines 8-15
; at 70h-77h.

MASTER_COMMAND  equ 0x20
MASTER_DATA     equ 0x21
SLAVE_COMMAND   equ 0xA0
SLAVE_DATA      equ 0xA1
EOI             equ 0x20

; All 256 vectors lead to an IRET, then those of `services` to their code.
vectors_init:
    xor ax, ax
    mov es, ax
    xor di, di
    mov cx, 256
.next_vector:
    mov ax, unused_interrupt
    stosw
    mov ax, FIRMWARE_SEGMENT
    stosw
    loop .next_vector

    mov si, services
.next_service:
    cs lodsw                                    ; vector
    cmp ax, 0xFFFF
    je .end
    mov di, ax
    shl di, 2
    cs lodsw                                    ; offset of its code
    mov [es:di], ax
    jmp .next_service
.end:
    xor ax, ax
    mov [es:0x60 * 4], ax                       ; 60h-67h are the user's: null
    mov [es:0x60 * 4 + 2], ax
    ret

services:
    dw 0x05, unused_interrupt
    dw 0x08, irq0
    dw 0x09, irq1
    dw 0x0A, unused_master_line, 0x0B, unused_master_line, 0x0C, unused_master_line
    dw 0x0D, unused_master_line, 0x0E, irq6, 0x0F, unused_master_line
    dw 0x10, int10, 0x11, int11, 0x12, int12, 0x13, int13, 0x14, int14
    dw 0x15, int15, 0x16, int16, 0x17, int17, 0x18, int18, 0x19, int19, 0x1A, int1a
    dw 0x70, unused_slave_line, 0x71, unused_slave_line, 0x72, unused_slave_line
    dw 0x73, unused_slave_line, 0x74, unused_slave_line, 0x75, unused_slave_line
    dw 0x76, unused_slave_line, 0x77, unused_slave_line
    dw 0x1E, diskette_parameters
    dw 0x1F, font_8x16 + 128 * 16               ; the upper half of a font, for graphics modes
    dw 0xFFFF

unused_interrupt:
    iret

unused_slave_line:
    push ax
    mov al, EOI
    out SLAVE_COMMAND, al
    out MASTER_COMMAND, al
    pop ax
    iret

unused_master_line:
    push ax
    mov al, EOI
    out MASTER_COMMAND, al
    pop ax
    iret

pic_init:
    mov al, 0x11                                ; ICW1: edges, cascade, ICW4 follows
    out MASTER_COMMAND, al
    out SLAVE_COMMAND, al
    mov al, 0x08                                ; ICW2: first vector
    out MASTER_DATA, al
    mov al, 0x70
    out SLAVE_DATA, al
    mov al, 0x04                                ; ICW3: the slave is on line 2
    out MASTER_DATA, al
    mov al, 0x02
    out SLAVE_DATA, al
    mov al, 0x01                                ; ICW4: 8086 mode
    out MASTER_DATA, al
    out SLAVE_DATA, al
    mov al, 0xB8                                ; OCW1: timer, keyboard, cascade and diskette are open
    out MASTER_DATA, al
    mov al, 0x8F                                ; line 14, the first disk channel, and 12, 13
    out SLAVE_DATA, al
    ret

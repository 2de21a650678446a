; Asks a firmware's services and writes their answers to port E9h, a line a call:
;   > name AX=.... BX=.... CX=.... DX=.... CF=. ZF=.
; with dots where a row's mask says that firmwares may differ: SeaBIOS keeps a
; disk's last cylinder and the last 32 KiB of memory to itself, and leaves alone what it has no answer for. Boots from a hard disk (80h); drive A: holds a
; 1.44M diskette, the CD-ROM drive a disc. Ends with isa-debug-exit.
bits 16
org 0x7C00

SECTORS equ 16

    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x7C00
    sti
    cld
    mov ax, 0x0200 | (SECTORS - 1)
    mov bx, 0x7E00
    mov cx, 0x0002
    mov dx, 0x0080
    int 0x13
    jc $
    jmp main
    times 510 - ($ - $$) db 0
    dw 0xAA55

main:
    mov si, rows
.next:
    cmp byte [si], 0
    je .done
    mov [place], si
    call ask
    jmp .next
.done:
    call memory_map
    call move_block
    call pci_routing
    call read_disc
    mov al, 0
    out 0xF4, al
    jmp $

; A row: name and a zero, vector, AX BX CX DX, masks of the answer's AX BX CX DX, and of CF (1) and ZF (2).
ask:
.name:
    lodsb
    test al, al
    jnz .name
    lodsb
    mov [.vector], al
    lodsw
    mov [registers], ax
    lodsw
    mov bx, ax
    lodsw
    mov cx, ax
    lodsw
    mov dx, ax
    push si
    mov ax, buffer / 16                         ; ES:BX, ES:DI and DS:SI where a call wants memory
    mov es, ax
    xor di, di
    xor si, si
    mov ax, [registers]
    db 0xCD                                     ; INT
.vector:
    db 0
    mov [cs:registers], ax
    pushf
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov [registers + 2], bx
    mov [registers + 4], cx
    mov [registers + 6], dx
    pop ax
    mov [flags], ax
    sti
    cld
    pop si
    push si
    mov si, prompt
    call print
    mov si, [place]
    call print
    pop si
    mov di, registers
    mov bx, names
.register:
    push si
    mov si, bx
    call print
    add bx, 5
    pop si
    lodsw                                       ; the mask
    mov dx, [di]
    add di, 2
    call print_masked
    cmp di, registers + 8
    jb .register
    lodsb
    mov ah, al
    test ah, 1
    jz .no_carry
    mov al, 'c'
    test byte [flags], 0x01
    jz .put_carry
    mov al, 'C'
.put_carry:
    call put_flag
.no_carry:
    test ah, 2
    jz .no_zero
    mov al, 'z'
    test byte [flags], 0x40
    jz .put_zero
    mov al, 'Z'
.put_zero:
    call put_flag
.no_zero:
    mov al, 10
    out 0xE9, al
    ret

put_flag:
    push ax
    mov al, ' '
    out 0xE9, al
    pop ax
    out 0xE9, al
    ret

; The digits of DX where the mask AX has its four bits; dots elsewhere.
print_masked:
    mov cx, 4
.digit:
    rol ax, 4
    rol dx, 4
    push ax
    test al, 0x0F
    mov al, '.'
    jz .put
    mov al, dl
    and al, 0x0F
    add al, '0'
    cmp al, '9'
    jbe .put
    add al, 'A' - '0' - 10
.put:
    out 0xE9, al
    pop ax
    loop .digit
    ret

print:
    lodsb
    test al, al
    jz .done
    out 0xE9, al
    jmp print
.done:
    ret

; INT 15h E820h: the sum of what is usable below 1 MiB, and how the call ends.
memory_map:
    xor ebx, ebx
    mov dword [sum], 0
.next:
    mov eax, 0xE820
    mov edx, 0x534D4150
    mov ecx, 20
    mov di, buffer
    int 0x15
    jc .bad
    cmp eax, 0x534D4150
    jne .bad
    cmp dword [buffer + 16], 1
    jne .not_this
    cmp dword [buffer], 0x100000
    jae .not_this
    mov eax, [buffer + 8]
    add [sum], eax
.not_this:
    test ebx, ebx
    jnz .next
    mov si, text_map
    call print
    mov dx, [sum + 2]
    mov ax, 0xFFFF
    call print_masked
    mov dx, [sum]
    mov ax, 0xFFFF
    call print_masked
    jmp .end
.bad:
    mov si, text_no_map
    call print
.end:
    mov al, 10
    out 0xE9, al
    ret

; INT 15h 87h: a word goes above 1 MiB and comes back.
move_block:
    mov word [buffer], 0xC0DE
    mov eax, buffer
    mov ebx, 0x200000
    call .move
    mov word [buffer], 0
    mov eax, 0x200000
    mov ebx, buffer
    call .move
    mov si, text_move
    call print
    mov dx, [buffer]
    mov ax, 0xFFFF
    call print_masked
    mov al, 10
    out 0xE9, al
    ret
.move:
    mov [table + 16 + 2], eax
    mov byte [table + 16 + 5], 0x93
    mov word [table + 16], 0xFFFF
    mov [table + 24 + 2], ebx
    mov byte [table + 24 + 5], 0x93
    mov word [table + 24], 0xFFFF
    mov si, table
    mov cx, 1
    mov ah, 0x87
    int 0x15
    ret

; PIIX3's routing, and the interrupt line of each function that has a pin.
pci_routing:
    mov bx, 0x0008
    mov di, 0x60
    mov si, text_pirq
    call .say
    xor bx, bx
.next:
    mov di, 0
    mov ax, 0xB109
    int 0x1A
    cmp cx, 0xFFFF
    je .absent
    mov di, 0x3D
    mov ax, 0xB108
    int 0x1A
    test cl, cl
    jz .absent
    mov di, 0x3C
    mov si, text_line
    call .say
.absent:
    inc bl
    jnz .next
    ret
; The text SI, the function BX and its registers DI to DI + 3, the first two last.
.say:
    call print
    mov dx, bx
    mov ax, 0xFFFF
    call print_masked
    mov al, ' '
    out 0xE9, al
    mov ax, 0xB10A
    int 0x1A
    mov edx, ecx
    shr edx, 16
    mov ax, 0xFFFF
    push cx
    call print_masked
    pop dx
    mov ax, 0xFFFF
    call print_masked
    mov al, 10
    out 0xE9, al
    ret

; INT 13h 42h and 48h of the CD-ROM drive: a word of block 3, what a block past the end gives, a block's size.
read_disc:
    mov dword [buffer + 8], 3
    call .read
    mov dword [buffer + 8], 0x00FFFFFF
    call .read
    mov word [buffer], 26
    mov si, buffer
    mov dl, 0xE0
    mov ah, 0x48
    int 0x13
    mov dx, [buffer + 24]
    jmp .say
.read:
    mov dword [buffer], 0x00010010              ; one block
    mov dword [buffer + 4], buffer + 0x1000
    mov dword [buffer + 12], 0
    mov si, buffer
    mov dl, 0xE0
    mov ah, 0x42
    int 0x13
    setc dh
    mov dl, dh
    call .say
    mov dx, [buffer + 0x1000]
.say:
    mov si, text_disc
    call print
    mov ax, 0xFFFF
    call print_masked
    mov al, 10
    out 0xE9, al
    ret

text_pirq: db "> PIRQ routing ", 0
text_line: db "> interrupt line of ", 0
text_disc: db "> disc ", 0
prompt: db "> ", 0
names: db " AX=", 0, " BX=", 0, " CX=", 0, " DX=", 0
text_map: db "> usable below 1 MiB ", 0
text_no_map: db "> no memory map", 0
text_move: db "> there and back ", 0

; row name, vector, AX, BX, CX, DX, masks of AX, BX, CX, DX, flags
%macro row 11
    db %1, 0, %2
    dw %3, %4, %5, %6, %7, %8, %9, %10
    db %11
%endmacro
rows:
    row "equipment",            0x11, 0, 0, 0, 0,                0xFFFF, 0, 0, 0, 0
    row "memory",               0x12, 0, 0, 0, 0,                0xFFFF, 0, 0, 0, 0
    row "video mode",           0x10, 0x0F00, 0, 0, 0,           0xFFFF, 0xFF00, 0, 0, 0
    row "set mode",             0x10, 0x0003, 0, 0, 0,           0, 0, 0, 0, 0
    row "cursor",               0x10, 0x0300, 0, 0, 0,           0, 0, 0xFFFF, 0xFFFF, 0
    row "set cursor",           0x10, 0x0200, 0, 0, 0x0507,      0, 0, 0, 0, 0
    row "cursor again",         0x10, 0x0300, 0, 0, 0,           0, 0, 0xFFFF, 0xFFFF, 0
    row "put character",        0x10, 0x0941, 0x001E, 0x0003, 0, 0, 0, 0, 0, 0
    row "read character",       0x10, 0x0800, 0, 0, 0,           0xFFFF, 0, 0, 0, 0
    row "teletype",             0x10, 0x0E0D, 0x0007, 0, 0,      0, 0, 0, 0, 0
    row "cursor at 0",          0x10, 0x0300, 0, 0, 0,           0, 0, 0xFFFF, 0xFFFF, 0
    row "EGA information",      0x10, 0x1200, 0x0010, 0, 0,      0, 0xFFFF, 0x00FF, 0, 0
    row "display combination",  0x10, 0x1A00, 0, 0, 0,           0x00FF, 0xFFFF, 0, 0, 0
    row "font",                 0x10, 0x1130, 0x0600, 0, 0,      0, 0, 0xFFFF, 0x00FF, 0
    row "disk reset",           0x13, 0x0000, 0, 0, 0x0080,      0xFF00, 0, 0, 0, 1
    row "disk status",          0x13, 0x0100, 0, 0, 0x0080,      0xFF00, 0, 0, 0, 1
    row "disk parameters",      0x13, 0x0800, 0, 0, 0x0080,      0xFF00, 0, 0x00FF, 0xFFFF, 1
    row "disk type",            0x13, 0x1500, 0, 0, 0x0080,      0xFF00, 0, 0xFFFF, 0, 1
    row "disk ready",           0x13, 0x1000, 0, 0, 0x0080,      0xFF00, 0, 0, 0, 1
    row "disk recalibrate",     0x13, 0x1100, 0, 0, 0x0080,      0xFF00, 0, 0, 0, 1
    row "disk seek",            0x13, 0x0C00, 0, 0x0101, 0x0080, 0xFF00, 0, 0, 0, 1
    row "read sector",          0x13, 0x0201, 0, 0x0001, 0x0080, 0xFFFF, 0, 0, 0, 1
    row "read sector 0",        0x13, 0x0201, 0, 0x0000, 0x0080, 0xFF00, 0, 0, 0, 1
    row "read past the end",    0x13, 0x0201, 0, 0xFF01, 0x0080, 0xFF00, 0, 0, 0, 1
    row "read no sector",       0x13, 0x0200, 0, 0x0001, 0x0080, 0xFF00, 0, 0, 0, 1
    row "verify",               0x13, 0x0401, 0, 0x0001, 0x0080, 0xFF00, 0, 0, 0, 1
    row "no such disk",         0x13, 0x0201, 0, 0x0001, 0x0087, 0xFF00, 0, 0, 0, 1
    row "unknown function",     0x13, 0x7700, 0, 0, 0x0080,      0xFF00, 0, 0, 0, 1
    row "extensions",           0x13, 0x4100, 0x55AA, 0, 0x0080, 0, 0xFFFF, 0, 0, 1
    row "A: reset",             0x13, 0x0000, 0, 0, 0x0000,      0xFF00, 0, 0, 0, 1
    row "A: parameters",        0x13, 0x0800, 0, 0, 0x0000,      0xFF00, 0x00FF, 0xFFFF, 0xFFFF, 1
    row "A: type",              0x13, 0x1500, 0, 0, 0x0000,      0xF000, 0, 0, 0, 1
    row "A: read",              0x13, 0x0202, 0, 0x0001, 0x0000, 0xFFFF, 0, 0, 0, 1
    row "A: read last",         0x13, 0x0201, 0, 0x4F12, 0x0100, 0xFFFF, 0, 0, 0, 1
    row "A: write",             0x13, 0x0301, 0, 0x0102, 0x0100, 0xFFFF, 0, 0, 0, 1
    row "A: verify",            0x13, 0x0401, 0, 0x0102, 0x0100, 0xFF00, 0, 0, 0, 1
    row "A: extensions",        0x13, 0x4100, 0x55AA, 0, 0x0000, 0xFF00, 0, 0, 0, 1
    row "B: parameters",        0x13, 0x0800, 0, 0, 0x0001,      0xFF00, 0xFFFF, 0xFFFF, 0xFFFF, 1
    row "B: read",              0x13, 0x0201, 0, 0x0001, 0x0001, 0xFF00, 0, 0, 0, 1
    row "serial initialise",    0x14, 0x00E3, 0, 0, 0x0000,      0xFF00, 0, 0, 0, 0
    row "serial status",        0x14, 0x0300, 0, 0, 0x0000,      0xFF00, 0, 0, 0, 0
    row "serial send",          0x14, 0x0141, 0, 0, 0x0000,      0xFF00, 0, 0, 0, 0
    row "no serial port",       0x14, 0x0300, 0, 0, 0x0003,      0xFFFF, 0, 0, 0, 0
    row "printer initialise",   0x17, 0x0100, 0, 0, 0x0000,      0xF000, 0, 0, 0, 0
    row "print",                0x17, 0x0041, 0, 0, 0x0000,      0, 0, 0, 0, 0
    row "no printer",           0x17, 0x0200, 0, 0, 0x0002,      0xFFFF, 0, 0, 0, 0
    row "A20 support",          0x15, 0x2403, 0, 0, 0,           0xFF00, 0x000F, 0, 0, 1
    row "A20 on",               0x15, 0x2401, 0, 0, 0,           0xFF00, 0, 0, 0, 1
    row "A20 state",            0x15, 0x2402, 0, 0, 0,           0xFFFF, 0, 0, 0, 1
    row "key intercept",        0x15, 0x4F1E, 0, 0, 0,           0x00FF, 0, 0, 0, 0
    row "wait",                 0x15, 0x8600, 0, 0, 1000,        0, 0, 0, 0, 1
    row "extended memory",      0x15, 0x8800, 0, 0, 0,           0xF000, 0, 0, 0, 1
    row "busy",                 0x15, 0x9000, 0, 0, 0,           0, 0, 0, 0, 1
    row "done",                 0x15, 0x9100, 0, 0, 0,           0, 0, 0, 0, 1
    row "configuration",        0x15, 0xC000, 0, 0, 0,           0xFF00, 0, 0, 0, 1
    row "memory by E801",       0x15, 0xE801, 0, 0, 0,           0xFFFF, 0, 0xFFFF, 0, 1
    row "joystick",             0x15, 0x8400, 0, 0, 0,           0xFF00, 0, 0, 0, 1
    row "unknown system call",  0x15, 0x7700, 0, 0, 0,           0xFF00, 0, 0, 0, 1
    row "no key",               0x16, 0x0100, 0, 0, 0,           0, 0, 0, 0, 2
    row "shift state",          0x16, 0x0200, 0, 0, 0,           0x00FF, 0, 0, 0, 0
    row "push a key",           0x16, 0x0500, 0, 0x1E61, 0,      0x00FF, 0, 0, 0, 0
    row "a key",                0x16, 0x0100, 0, 0, 0,           0xFFFF, 0, 0, 0, 2
    row "take it",              0x16, 0x0000, 0, 0, 0,           0xFFFF, 0, 0, 0, 0
    row "push a grey key",      0x16, 0x0500, 0, 0x48E0, 0,      0x00FF, 0, 0, 0, 0
    row "take it extended",     0x16, 0x1000, 0, 0, 0,           0xFFFF, 0, 0, 0, 0
    row "push it again",        0x16, 0x0500, 0, 0x48E0, 0,      0x00FF, 0, 0, 0, 0
    row "take it plain",        0x16, 0x0000, 0, 0, 0,           0xFFFF, 0, 0, 0, 0
    row "extended shift state", 0x16, 0x1200, 0, 0, 0,           0xFFFF, 0, 0, 0, 0
    row "set ticks",            0x1A, 0x0100, 0, 0x0001, 0x2345, 0, 0, 0, 0, 0
    row "ticks",                0x1A, 0x0000, 0, 0, 0,           0x00FF, 0, 0xFFFF, 0xFFF0, 0
    row "time",                 0x1A, 0x0200, 0, 0, 0,           0, 0, 0xFFFF, 0, 1
    row "date",                 0x1A, 0x0400, 0, 0, 0,           0, 0, 0xFFFF, 0xFFFF, 1
    row "unknown time call",    0x1A, 0x7700, 0, 0, 0,           0, 0, 0, 0, 1
    row "PCI",                  0x1A, 0xB101, 0, 0, 0,           0xFFFF, 0xFFFF, 0x00FF, 0xFFFF, 1
    row "host bridge",          0x1A, 0xB102, 0, 0x1237, 0x8086, 0xFF00, 0xFFFF, 0, 0, 1
    row "no such function",     0x1A, 0xB102, 0, 0x4321, 0x8086, 0xFF00, 0, 0, 0, 1
    row "bad vendor",           0x1A, 0xB102, 0, 0x1237, 0xFFFF, 0, 0, 0, 0, 1
    row "read word",            0x1A, 0xB109, 0x0008, 0, 0,      0xFF00, 0, 0xFFFF, 0, 1
    row "read byte",            0x1A, 0xB108, 0x0008, 0, 0,      0xFF00, 0, 0xFFFF, 0, 1
    row "read double word",     0x1A, 0xB10A, 0x0008, 0, 0,      0xFF00, 0, 0xFFFF, 0, 1
    row "read nothing",         0x1A, 0xB109, 0x00F8, 0, 0,      0xFF00, 0, 0xFFFF, 0, 1
    row "write byte",           0x1A, 0xB10B, 0x0018, 0x0055, 0, 0xFF00, 0, 0, 0, 1
    row "unknown PCI call",     0x1A, 0xB144, 0, 0, 0,           0xFF00, 0, 0, 0, 1
    row "CD extensions",        0x13, 0x4100, 0x55AA, 0, 0x00E0, 0, 0xFFFF, 0, 0, 1
    row "CD reset",             0x13, 0x0000, 0, 0, 0x00E0,      0xFF00, 0, 0, 0, 1
    row "CD status",            0x13, 0x0100, 0, 0, 0x00E0,      0xFF00, 0, 0, 0, 1
    row "CD sectors",           0x13, 0x0201, 0, 0x0001, 0x00E0, 0xFF00, 0, 0, 0, 1
    row "CD write",             0x13, 0x4300, 0, 0, 0x00E0,      0, 0, 0, 0, 1
    row "CD unknown",           0x13, 0x7700, 0, 0, 0x00E0,      0xFF00, 0, 0, 0, 1
    row "no such CD",           0x13, 0x4200, 0, 0, 0x00E1,      0xFF00, 0, 0, 0, 1
    db 0

    times (SECTORS * 512) - ($ - $$) db 0

place equ 0xC000
registers equ 0xC010
flags equ 0xC020
sum equ 0xC030
table equ 0xC040                                ; six descriptors
buffer equ 0xD000

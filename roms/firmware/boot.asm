; boot.asm: INT 19h, which loads the first sector of a disk, and INT 18h, for when there is none.
; BIOS Boot Specification 1.01 (1996), §6.5.1: 0000:7C00, DL the drive, signature AA55h at offset 510.

int19:
    xor ax, ax
    mov ss, ax
    mov sp, 0x7C00
    sti
    mov dl, 0x80
.next_drive:
    push dx
    xor ax, ax
    mov es, ax
    mov bx, 0x7C00
    mov ax, 0x0201
    mov cx, 0x0001
    mov dh, 0
    int 0x13
    pop dx
    jc .not_this
    cmp word [es:0x7DFE], 0xAA55
    je .start
.not_this:
    inc dl
    cmp dl, 0x80 + DRIVES_MAX
    jb .next_drive
    int 0x18
    jmp int19

.start:
    xor ax, ax
    mov ds, ax
    mov dh, 0
    jmp 0:0x7C00

int18:
    sti
    mov si, text_no_disk
    call print_text
    mov ah, 0                                   ; a key tries again
    int 0x16
    iret

text_no_disk: db "no disk to boot from; press a key to try again", 13, 10, 0

; What the video BIOS knows of the monitor (VBE/DDC 1.1, 4F15h): AX and BX of "report capabilities", then
; AX of "read EDID" and the block, as bytes at port E9h. Then it ends the run.
bits 16
org 0x7C00

start:
    cli
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x7C00
    sti
    mov ax, 0x4F15
    mov bl, 0
    xor cx, cx
    int 0x10
    call word_out
    mov ax, bx
    call word_out
    mov ax, 0x4F15
    mov bl, 1
    xor cx, cx
    xor dx, dx
    mov di, block
    int 0x10
    call word_out
    mov si, block
    mov cx, 128
next:
    lodsb
    out 0xE9, al
    loop next
    mov al, 0
    out 0xF4, al
    hlt

word_out:
    out 0xE9, al
    mov al, ah
    out 0xE9, al
    ret

    times 510 - ($ - $$) db 0
    dw 0xAA55
block equ 0x8000

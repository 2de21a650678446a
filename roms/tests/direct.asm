; direct.asm: the screen without a firmware: mode 3 by its registers, text memory, cursor, palette.
; IBM PS/2 Hardware Interface Technical Reference, Video Subsystems (1992): VGA registers; CRTC 0Eh, 0Fh
; (cursor location); the values are those of BIOS mode 3.

%define TEST_NAME "direct"
%include "test.inc"

test_main:
    mov dx, 0x3C2
    mov al, 0x67
    out dx, al
    mov si, sequencer
    mov dx, 0x3C4
    mov cx, 5
    call set_registers
    mov dx, 0x3D4
    mov ax, 0x0E11                              ; index 11h bit 7 protects 0-7: off
    out dx, ax
    mov si, crtc
    mov cx, 25
    call set_registers
    mov si, graphics
    mov dx, 0x3CE
    mov cx, 9
    call set_registers

    step "text memory at B8000h keeps what is written"
    mov ax, 0xB800
    mov es, ax
    xor di, di
    mov si, text
    mov ah, 0x1F
.next:
    lodsb
    test al, al
    jz .written
    stosw
    jmp .next
.written:
    check_equal word [es:0], 0x1F00 | 'T'
    check_equal word [es:di - 2], 0x1F00 | '.'

    step "a byte write changes only the attribute"
    mov byte [es:1], 0x2E
    check_equal word [es:0], 0x2E00 | 'T'

    step "CRTC cursor location can be read back"
    mov dx, 0x3D4
    mov ax, 0x050E                              ; index 0Eh, value 05h: one 16-bit OUT does both
    out dx, ax
    mov ax, 0xA50F
    out dx, ax
    mov al, 0x0E
    out dx, al
    inc dx
    in al, dx
    check_equal al, 0x05
    dec dx
    mov al, 0x0F
    out dx, al
    inc dx
    in al, dx
    check_equal al, 0xA5

    step "the DAC gives back six bits of a colour"
    mov dx, 0x3C8
    mov al, 200
    out dx, al
    inc dx
    mov al, 0x11
    out dx, al
    mov al, 0x22
    out dx, al
    mov al, 0x33
    out dx, al
    mov dx, 0x3C7
    mov al, 200
    out dx, al
    mov dx, 0x3C9
    in al, dx
    check_equal al, 0x11
    in al, dx
    check_equal al, 0x22
    in al, dx
    check_equal al, 0x33
    test_pass

; CX registers behind index port DX, from the bytes at SI.
set_registers:
    xor bx, bx
.next:
    mov al, bl
    mov ah, [si + bx]
    out dx, ax
    inc bx
    loop .next
    ret

section .data
sequencer: db 0x03, 0x00, 0x03, 0x00, 0x02
crtc: db 0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0x00, 0x4F, 0x0D, 0x0E, 0x00
      db 0x00, 0x00, 0x00, 0x9C, 0x8E, 0x8F, 0x28, 0x1F, 0x96, 0xB9, 0xA3, 0xFF
graphics: db 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0E, 0x00, 0xFF
text: db "Text without a BIOS.", 0
section .text

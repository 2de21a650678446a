; hello.asm: a boot sector's usual start: text by the BIOS. Needs a firmware with INT 10h.

%define TEST_NAME "hello"
%include "test.inc"

test_main:
    sti
    step "INT 10h function 0Fh: an 80-column text mode"
    mov ah, 0x0F
    int 0x10
    check_equal ah, 80

    step "INT 10h function 0Eh: teletype moves the cursor"
    mov bh, 0
    mov ah, 0x03
    int 0x10                                    ; DH row, DL column
    push dx
    mov si, text
.next:
    lodsb
    test al, al
    jz .shown
    mov ah, 0x0E
    mov bx, 0x0007
    int 0x10
    jmp .next
.shown:
    mov bh, 0
    mov ah, 0x03
    int 0x10
    pop ax
    add al, text_end - text - 1
    check_equal al, dl

    step "the text is in the text memory"
    mov al, dh                                  ; offset = (row * 80 + column of the last letter) * 2
    mov bl, 80
    mul bl
    xor dh, dh
    add ax, dx
    dec ax
    shl ax, 1
    mov di, ax
    mov ax, 0xB800
    mov es, ax
    check_equal byte [es:di], '!'
    test_pass

section .data
text: db "Hello from a glass case!", 0
text_end:
section .text

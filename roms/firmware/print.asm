; print.asm: what the firmware itself says: on the screen by INT 10h, and on port E9h.

; The character in AL.
print_char:
    pusha
    out 0xE9, al
    mov ah, 0x0E
    mov bx, 0x0007
    int 0x10
    popa
    ret

; The text at CS:SI, ended by a zero.
print_text:
    cs lodsb
    test al, al
    jz .end
    call print_char
    jmp print_text
.end:
    ret

; EAX in decimal.
print_number:
    pushad
    mov ebx, 10
    xor cx, cx
.divide:
    xor edx, edx
    div ebx
    push dx
    inc cx
    test eax, eax
    jnz .divide
.print:
    pop ax
    add al, '0'
    call print_char
    loop .print
    popad
    ret

print_end_of_line:
    mov al, 13
    call print_char
    mov al, 10
    jmp print_char

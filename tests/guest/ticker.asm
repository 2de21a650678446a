; A boot sector that says a letter at COM1 every 2 ms (400,000 instructions), for ever. With QUIET it makes one
; access and then only computes.
org 0x7C00
    cli
    mov dx, 0x3F8
    mov al, '.'
again:
    out dx, al
rest:
    mov ecx, 400000
    a32 loop $
%ifdef QUIET
    jmp rest
%else
    jmp again
%endif
times 510 - ($ - $$) db 0
dw 0xAA55

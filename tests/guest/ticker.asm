; A boot sector that says a letter at COM1 every 2 ms (400,000 instructions), for ever. With QUIET it makes one
; access and then only computes. With WAITS it looks every 2 ms whether a letter has come there, which none does, and
; says each time at COM2 that it has.
org 0x7C00
    cli
    mov dx, 0x3F8
    mov al, '.'
%ifdef WAITS
look:
    mov dx, 0x3FD
    in al, dx
    mov bl, al
    mov dx, 0x2F8
    mov al, '.'
    out dx, al
    mov ecx, 400000
    a32 loop $
    test bl, 1
    jz look
%endif
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

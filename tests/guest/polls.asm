; A boot sector that waits as drivers do: by a function that is called for one register after the other.
; Nothing is ever ready: it gives up after 1,204 rounds.
org 0x7C00
    cli
    mov cx, 1204
again:
    mov dx, 0x1F7
    call status
    jc ready
    mov dx, 0x3FD
    call status
    jc ready
    loop again
ready:
    mov al, 0
    out 0xF4, al                ; ends the run with status 1

status:                         ; carry: bit 0 of port DX is set
    in al, dx
    test al, 1
    jz no
    stc
    ret
no: clc
    ret
times 510 - ($ - $$) db 0
dw 0xAA55

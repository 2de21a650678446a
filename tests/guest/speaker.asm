; A boot sector: a tone of 1193182 / 1193 = 1000 Hz for half a second, a quarter of silence, then of 440 Hz; the
; time is counted by the refresh bit of port 61h, which changes every 18 ticks of the timer.
org 0x7C00
bits 16
    xor ax, ax
    mov ds, ax
    cli
    mov bx, 1193
    mov cx, 33144               ; half a second
    call tone
    mov cx, 16572
    call wait_refreshes
    mov bx, 2712                ; 440 Hz
    mov cx, 33144
    call tone
    mov al, 0
    out 0xF4, al                ; ends the run with status 1

tone:                           ; BX: count, CX: refreshes
    mov al, 0xB6                ; counter 2, both bytes, mode 3
    out 0x43, al
    mov al, bl
    out 0x42, al
    mov al, bh
    out 0x42, al
    in al, 0x61
    or al, 3
    out 0x61, al
    call wait_refreshes
    in al, 0x61
    and al, 0xFC
    out 0x61, al
    ret

wait_refreshes:
    in al, 0x61
    and al, 0x10
    mov ah, al
.same:
    in al, 0x61
    and al, 0x10
    cmp al, ah
    je .same
    mov ah, al
    loop .same
    ret

times 510 - ($ - $$) db 0
dw 0xAA55

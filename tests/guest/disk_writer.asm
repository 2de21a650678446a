; A boot sector that writes sectors of the first disk for ever, for tests/guest/disk-durability.sh.
;
; Write n (1, 2, ...) fills sector 64 + 37 n mod 1500 with the number n. After every eighth it says FLUSH
; CACHE, and then the number of the last write in a line of its own on port E9h. An error ends the run by port F4h
; with the error register.
org 0x7C00
bits 16
cpu 386
BUFFER equ 0x8000

    cli
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x7C00
    cld
    mov dx, 0x3F6
    mov al, 2               ; nIEN: it polls
    out dx, al
    xor ebx, ebx            ; n
next:
    inc ebx
    mov di, BUFFER
    mov eax, ebx
    mov cx, 128
    rep stosd
    imul eax, ebx, 37
    xor edx, edx
    mov ecx, 1500
    div ecx
    lea ecx, [edx + 64]     ; the sector
    mov dx, 0x1F6
    mov al, 0xE0            ; LBA, drive 0
    out dx, al
    call wait_ready
    mov dx, 0x1F2
    mov al, 1
    out dx, al
    inc dx
    mov al, cl
    out dx, al
    inc dx
    mov al, ch
    out dx, al
    inc dx
    mov al, 0
    out dx, al
    mov dx, 0x1F7
    mov al, 0x30            ; WRITE SECTORS
    out dx, al
    call wait_ready         ; BSY goes, DRQ comes
    mov si, BUFFER
    mov cx, 256
    mov dx, 0x1F0
    rep outsw
    call wait_ready
    test bl, 7
    jnz next
    mov dx, 0x1F7
    mov al, 0xE7            ; FLUSH CACHE
    out dx, al
    call wait_ready
    mov al, 10
    out 0xE9, al
    mov eax, ebx
    xor bp, bp
    mov ecx, 10
digit:
    xor edx, edx
    div ecx
    push dx
    inc bp
    test eax, eax
    jnz digit
say:
    pop ax
    add al, '0'
    out 0xE9, al
    dec bp
    jnz say
    mov al, 10
    out 0xE9, al
    jmp next

wait_ready:
    mov dx, 0x1F7
    in al, dx
    test al, 0x80
    jnz wait_ready
    test al, 0x21           ; DF, ERR
    jz done
    mov dx, 0x1F1
    in al, dx
    out 0xF4, al
    hlt
done:
    ret

    times 510 - ($ - $$) db 0
    dw 0xAA55

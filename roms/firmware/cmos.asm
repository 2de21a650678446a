; cmos.asm: the battery-backed registers of the MC146818 at ports 70h/71h.
; Motorola MC146818A data sheet (1988); PC/AT Technical Reference, section 1 "Real-time clock/CMOS RAM".
; Bit 7 of port 70h masks the NMI; it is kept set.

CMOS_INDEX  equ 0x70
CMOS_DATA   equ 0x71

; AL = register AL.
cmos_read:
    or al, 0x80
    out CMOS_INDEX, al
    in al, CMOS_DATA
    ret

; Register AL = AH.
cmos_write:
    or al, 0x80
    out CMOS_INDEX, al
    mov al, ah
    out CMOS_DATA, al
    ret

; AX = the pair of registers AL (low) and AL + 1 (high).
cmos_read_word:
    push bx
    mov bl, al
    inc al
    call cmos_read
    mov bh, al
    mov al, bl
    call cmos_read
    mov ah, bh
    pop bx
    ret

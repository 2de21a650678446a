; timer.asm: the tick, 18.2 times a second, and INT 1Ah.
; Intel 8254 data sheet (231164, 1993), mode 3 p.13; PC/AT TR, section 5, INT 1Ah; MC146818A, registers 0-9, 0Ah
; (UIP), 0Bh.

TICKS_PER_DAY   equ 0x1800B0                    ; 1193182 / 65536 * 86400

timer_init:
    mov al, 0x36                                ; counter 0, both bytes, mode 3, binary
    out 0x43, al
    xor al, al                                  ; 0 stands for 65536
    out 0x40, al
    out 0x40, al

    ; Ticks since midnight from the clock: (hours * 3600 + minutes * 60 + seconds) * 18.2065
    call rtc_wait
    mov al, 4
    call cmos_read_bcd
    imul ecx, eax, 3600
    mov al, 2
    call cmos_read_bcd
    imul eax, eax, 60
    add ecx, eax
    mov al, 0
    call cmos_read_bcd
    add eax, ecx
    mov edx, 1193182
    mul edx
    shrd eax, edx, 16
    mov [BDA_TICKS], eax
    ret

; EAX = register AL, which holds two BCD digits.
cmos_read_bcd:
    call cmos_read
    mov ah, al
    and al, 0x0F
    shr ah, 4
    aad                                         ; AL = AH * 10 + AL
    movzx eax, al
    ret

; Waits until the clock is not being updated (at most 2 ms, MC146818A Table 5), bounded.
rtc_wait:
    push cx
    mov cx, 0xFFFF
.wait:
    mov al, 0x0A
    call cmos_read
    test al, 0x80
    loopnz .wait
    pop cx
    ret

; Line 0.
irq0:
    push ds
    push eax
    push word BDA_SEGMENT
    pop ds
    inc dword [BDA_TICKS]
    cmp dword [BDA_TICKS], TICKS_PER_DAY
    jb .same_day
    mov dword [BDA_TICKS], 0
    mov byte [BDA_MIDNIGHT], 1
.same_day:
    call floppy_tick
    int 0x1C                                    ; whoever wants to know
    cli
    mov al, EOI
    out MASTER_COMMAND, al
    pop eax
    pop ds
    iret

int1a:
    enter_service
    on_function 0x00, .get_ticks
    on_function 0x01, .set_ticks
    on_function 0x02, .get_time
    on_function 0x03, .set_time
    on_function 0x04, .get_date
    on_function 0x05, .set_date
    on_function 0xB1, pci_service
    set_carry
    leave_service

.get_ticks:
    cli
    mov eax, [BDA_TICKS]
    mov [bp + F_DX], ax
    shr eax, 16
    mov [bp + F_CX], ax
    mov al, [BDA_MIDNIGHT]
    mov [bp + F_AL], al
    mov byte [BDA_MIDNIGHT], 0
    clear_carry
    leave_service

.set_ticks:
    cli
    mov ax, [bp + F_DX]
    mov [BDA_TICKS], ax
    mov ax, [bp + F_CX]
    mov [BDA_TICKS + 2], ax
    mov byte [BDA_MIDNIGHT], 0
    clear_carry
    leave_service

.get_time:                                      ; CH hours, CL minutes, DH seconds: BCD
    call rtc_wait
    mov al, 4
    call cmos_read
    mov [bp + F_CH], al
    mov al, 2
    call cmos_read
    mov [bp + F_CL], al
    mov al, 0
    call cmos_read
    mov [bp + F_DH], al
    mov byte [bp + F_DL], 0
    clear_carry
    leave_service

.set_time:
    call rtc_wait
    mov ah, [bp + F_CH]
    mov al, 4
    call cmos_write
    mov ah, [bp + F_CL]
    mov al, 2
    call cmos_write
    mov ah, [bp + F_DH]
    mov al, 0
    call cmos_write
    clear_carry
    leave_service

.get_date:                                      ; CH century, CL year, DH month, DL day: BCD
    call rtc_wait
    mov al, 0x32
    call cmos_read
    mov [bp + F_CH], al
    mov al, 9
    call cmos_read
    mov [bp + F_CL], al
    mov al, 8
    call cmos_read
    mov [bp + F_DH], al
    mov al, 7
    call cmos_read
    mov [bp + F_DL], al
    clear_carry
    leave_service

.set_date:
    call rtc_wait
    mov ah, [bp + F_CH]
    mov al, 0x32
    call cmos_write
    mov ah, [bp + F_CL]
    mov al, 9
    call cmos_write
    mov ah, [bp + F_DH]
    mov al, 8
    call cmos_write
    mov ah, [bp + F_DL]
    mov al, 7
    call cmos_write
    clear_carry
    leave_service

; ports.asm: INT 14h and INT 17h: a byte at a time to and from the serial and parallel ports.
; PC/AT TR, section 5, INT 14h, INT 17h, and the data area: 00h-0Fh, 78h-7Fh; 16550D data sheet (TL/C/8652), §8.
; A port is found by what it keeps: of a serial one the scratch register, of a parallel one the data latch.

SERIAL_IER          equ 1                       ; offsets from the port's base
SERIAL_LCR          equ 3
SERIAL_MCR          equ 4
SERIAL_LSR          equ 5
SERIAL_MSR          equ 6
SERIAL_SCRATCH      equ 7
PORT_TIMEOUT        equ 40                      ; ticks: two seconds
SERIAL_FAILED       equ 0x80
PRINTER_FAILED      equ 0x01

; The ports that answer go into the data area, their numbers into the equipment word. DS = BDA.
ports_init:
    mov si, serial_ports
    mov di, BDA_COM1
    call .find
    shl ax, 9                                   ; bits 11-9
    or [BDA_EQUIPMENT], ax
    mov si, parallel_ports
    mov di, BDA_LPT1
    call .find
    shl ax, 14                                  ; bits 15-14
    or [BDA_EQUIPMENT], ax
    ret

; Tries the ports of the list CS:SI, which says which register keeps a byte; AX = how many are there.
.find:
    xor bx, bx
    cs lodsw
    mov cx, ax
.next:
    cs lodsw
    test ax, ax
    jz .found
    mov dx, ax
    add dx, cx
    mov al, 0x55
    out dx, al
    in al, dx
    cmp al, 0x55
    jne .next
    mov al, 0xAA
    out dx, al
    in al, dx
    cmp al, 0xAA
    jne .next
    sub dx, cx
    mov [di], dx
    add di, 2
    inc bx
    jmp .next
.found:
    mov ax, bx
    ret

serial_ports:   dw SERIAL_SCRATCH, 0x3F8, 0x2F8, 0x3E8, 0x2E8, 0
parallel_ports: dw 0, 0x378, 0x278, 0

; Waits until (port DX and AH) is AH; carry: it does not come. Keeps DX; changes AL, CX.
port_wait:
    mov cx, [BDA_TICKS]
    sti
.wait:
    in al, dx
    and al, ah
    cmp al, ah
    je .came
    push ax
    mov ax, [BDA_TICKS]
    sub ax, cx
    cmp ax, PORT_TIMEOUT
    pop ax
    jb .wait
    stc
    ret
.came:
    clc
    ret

; --- INT 14h: DX the port's number ----------------------------------------------------------------------

int14:
    enter_service
    cmp dx, 4
    jae .leave
    mov si, dx
    shl si, 1
    mov dx, [BDA_COM1 + si]
    test dx, dx
    jz .leave                                   ; not there: nothing is changed
    on_function 0x00, .initialise
    on_function 0x01, .send
    on_function 0x02, .receive
    on_function 0x03, .status
.leave:
    leave_service

; AL: rate (7-5), parity (4-3), stop bits (2), length (1-0).
.initialise:
    mov bl, al
    add dx, SERIAL_LCR
    mov al, 0x80                                ; DLAB: the divisor
    out dx, al
    sub dx, SERIAL_LCR
    movzx si, bl
    shr si, 5
    shl si, 1
    mov ax, [cs:.divisors + si]
    out dx, al
    inc dx
    mov al, ah
    out dx, al
    add dx, SERIAL_LCR - SERIAL_IER
    mov al, bl
    and al, 0x1F
    out dx, al
    sub dx, SERIAL_LCR - SERIAL_IER
    mov al, 0
    out dx, al                                  ; no interrupts
    dec dx
    jmp .status

.send:
    mov bl, al
    add dx, SERIAL_MCR
    mov al, 0x03                                ; DTR, RTS
    out dx, al
    inc dx
    mov ah, 0x20                                ; room for a byte
    call port_wait
    jc .late
    sub dx, SERIAL_LSR
    mov al, bl
    out dx, al
    add dx, SERIAL_LSR
    in al, dx
    mov [bp + F_AH], al
    leave_service

.receive:
    add dx, SERIAL_MCR
    mov al, 0x01                                ; DTR
    out dx, al
    inc dx
    mov ah, 0x01                                ; a byte is there
    call port_wait
    jc .late
    in al, dx
    and al, 0x1E
    mov [bp + F_AH], al
    sub dx, SERIAL_LSR
    in al, dx
    mov [bp + F_AL], al
    leave_service

.late:
    in al, dx
    or al, SERIAL_FAILED
    mov [bp + F_AH], al
    leave_service

.status:
    add dx, SERIAL_LSR
    in al, dx
    mov [bp + F_AH], al
    inc dx
    in al, dx
    mov [bp + F_AL], al
    leave_service

.divisors: dw 1047, 768, 384, 192, 96, 48, 24, 12 ; 110, 150, 300 ... 9,600 bit/s

; --- INT 17h: DX the printer's number -------------------------------------------------------------------

int17:
    enter_service
    cmp dx, 3
    jae .leave
    mov si, dx
    shl si, 1
    mov dx, [BDA_LPT1 + si]
    test dx, dx
    jz .leave
    on_function 0x00, .print
    on_function 0x01, .initialise
    on_function 0x02, .status
.leave:
    leave_service

.print:
    out dx, al
    inc dx
    mov ah, 0x80                                ; not BUSY
    call port_wait
    jc .late
    inc dx
    mov al, 0x0D                                ; STROBE, and back
    out dx, al
    mov al, 0x0C
    out dx, al
    sub dx, 2
    jmp .status

.late:
    dec dx
    call .read_status
    or al, PRINTER_FAILED
    mov [bp + F_AH], al
    leave_service

.initialise:
    add dx, 2
    mov al, 0x08                                ; INIT
    out dx, al
    mov cx, 1000
    loop $
    mov al, 0x0C
    out dx, al
    sub dx, 2
.status:
    call .read_status
    mov [bp + F_AH], al
    leave_service

; AL = the status of the port at DX as INT 17h tells it: ACK and ERROR the other way round than on their pins.
.read_status:
    push dx
    inc dx
    in al, dx
    and al, 0xF8
    xor al, 0x48
    pop dx
    ret

; A boot sector of 512 bytes that makes seven accesses to ports, with interrupts on and a screen full of
; work for the firmware in between.
org 0x7C00
    cli
    xor ax, ax
    mov ds, ax
    mov ss, ax
    mov sp, 0x7C00
    sti
    mov al, 0x36
    out 0x43, al                ; 1: counter 0, lo/hi, mode 3
    mov ax, 0x0E41              ; the firmware writes a letter, by ports of its own
    int 0x10
    mov ax, 11932
    out 0x40, al                ; 2
    mov al, ah
    out 0x40, al                ; 3: 100.0 Hz
    mov cx, 3
ticks:
    hlt                         ; the firmware's handler of IRQ 0 ends each by an EOI
    loop ticks
    mov ax, 0x0201              ; the firmware reads a sector
    mov bx, 0x8000
    mov cx, 1
    mov dx, 0x0080
    int 0x13
    mov dx, 0x3FB
    mov al, 0x03
    xchg bx, bx                 ; a magic breakpoint
    out dx, al                  ; 4: eight bits, no parity, one stop bit
    mov dx, 0x1F7
    in al, dx                   ; 5: the disk's status
    in al, 0x64                 ; 6: the keyboard controller's
    mov al, 0
    out 0xF4, al                ; 7: ends the run
times 510 - ($ - $$) db 0
dw 0xAA55

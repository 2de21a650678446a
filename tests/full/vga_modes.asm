; A boot sector for vga-like-qemu.sh: sets MODE by the video BIOS and fills the screen with a pattern.
; Above FFh it is a VBE mode, filled through its 64 KiB window. Pictures that depend on the time
; (cursor, blinking) are avoided, and characters B0-B2, whose ninth dot QEMU repeats and the manual
; does not. PIXELS is the mask of colours, COLUMNS and ROWS the size, for the modes drawn by int 10h.
        bits 16
        org 0x7c00
start:  xor ax, ax
        mov ds, ax
        mov ss, ax
        mov sp, 0x7c00
%if MODE > 0xff
        mov ax, 0x4f02
        mov bx, MODE
        int 0x10
        mov ax, 0xa000
        mov es, ax
        xor dx, dx
        mov cx, 7                       ; 448 KiB, in banks of 64 KiB
.bank:  push cx
        push dx
        mov ax, 0x4f05
        xor bx, bx
        int 0x10
        pop dx
        xor di, di
.fill:  mov ax, di
        add ax, dx
        ror ax, 3
        xor ax, di
        stosb
        test di, di
        jnz .fill
        inc dx
        pop cx
        loop .bank
%elif MODE = 3 || MODE = 7
        mov ax, MODE
        int 0x10
%ifdef FONT8
        mov ax, 0x1112
        xor bx, bx
        int 0x10
%endif
        mov ah, 1
        mov cx, 0x2000                  ; no cursor
        int 0x10
%if MODE = 7
        mov ax, 0xb000
%else
        mov ax, 0xb800
%endif
        mov es, ax
        xor di, di
.cell:  mov ax, di
        shr ax, 1
        mov ah, al
        rol ah, 3
        and ah, 0x7f                    ; no blinking
        cmp al, 0xb0
        jb .store
        cmp al, 0xb2
        ja .store
        mov al, 'A'
.store: stosw
        cmp di, 8000
        jb .cell
%else
        mov ax, MODE
        int 0x10
%if MODE = 0x13
        mov ax, 0xa000
        mov es, ax
        xor di, di
.dot:   mov ax, di
        ror ax, 5
        xor ax, di
        stosb
        cmp di, 64000
        jb .dot
%else
        xor dx, dx
.row:   xor cx, cx
.col:   mov ax, cx
        shr ax, 3
        xor ax, dx
        and al, PIXELS
        mov ah, 0x0c
        xor bx, bx
        int 0x10
        add cx, 3
        cmp cx, COLUMNS
        jb .col
        add dx, 5
        cmp dx, ROWS
        jb .row
        mov ax, 0x0e41
        mov bx, 3
.char:  push ax
        int 0x10
        pop ax
        inc al
        cmp al, 'Z'
        jbe .char
%endif
%endif
.halt:  hlt
        jmp .halt
        times 510-($-$$) db 0
        dw 0xaa55

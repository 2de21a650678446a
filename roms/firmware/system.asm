; system.asm: INT 15h: memory map, A20, the block move above 1 MiB, waiting.
; PC/AT TR, section 5, INT 15h; ACPI 6.5, §15.1 (E820h); IBM PS/2 and PC BIOS Interface Technical Reference (88h,
; 24h, C0h); Phoenix/Compaq E801h as described in Ralf Brown's interrupt list, INT 15/AX=E801.

SMAP            equ 0x534D4150
E820_USABLE     equ 1
E820_RESERVED   equ 2

int15:
    on_function 0x4F, .keyboard                 ; it answers in the carry alone: first, and without a frame
    enter_service
    on_function 0x24, .a20
    on_function 0x86, .wait
    on_function 0x87, .block_move
    on_function 0x88, .extended_memory
    on_function 0x90, .success                  ; "device is busy": the operating system's business
    on_function 0x91, .success
    on_function 0xC0, .configuration
    on_function 0xC1, .ebda
    cmp ax, 0xE801
    je .e801
    cmp ax, 0xE820
    je .e820
.unsupported:
    mov byte [bp + F_AH], 0x86
    set_carry
    leave_service

.success:
    mov byte [bp + F_AH], 0
    clear_carry
    leave_service

.keyboard:                                      ; carry stays set: handle the key as usual
    iret

.a20:
    cmp al, 0
    je .a20_off
    cmp al, 1
    je .a20_on
    cmp al, 2
    je .a20_state
    cmp al, 3
    jne .unsupported
    mov word [bp + F_BX], 0x0003                ; it can be switched by the keyboard controller and by port 92h
    jmp .success
.a20_off:
    in al, 0x92
    and al, 0xFC                                ; bit 1 A20, bit 0 would reset
    out 0x92, al
    jmp .success
.a20_on:
    call a20_enable
    jmp .success
.a20_state:
    in al, 0x92
    shr al, 1
    and al, 1
    mov [bp + F_AL], al
    jmp .success

; CX:DX microseconds, counted by the refresh request bit (port 61h bit 4), which changes every 15.085 us.
.wait:
    sti
    mov ax, [bp + F_CX]
    shl eax, 16
    mov ax, [bp + F_DX]
    xor edx, edx
    mov ecx, 15
    div ecx
    mov ecx, eax
    jecxz .success
    in al, 0x61
    and al, 0x10
    mov ah, al
.wait_change:
    in al, 0x61
    and al, 0x10
    cmp al, ah
    je .wait_change
    mov ah, al
    dec ecx
    jnz .wait_change
    jmp .success

.extended_memory:                               ; AX = KiB from 1 MiB on, at most 63 MiB
    call memory_extended_kb
    cmp eax, 0xFC00
    jbe .fits_88
    mov eax, 0xFC00
.fits_88:
    mov [bp + F_AX], ax
    clear_carry
    leave_service

.e801:                                          ; AX = CX = KiB in 1-16 MiB, BX = DX = 64 KiB units above
    call memory_extended_kb
    xor edx, edx
    cmp eax, 15 * 1024
    jbe .below_16m
    lea edx, [eax - 15 * 1024]
    shr edx, 6
    mov eax, 15 * 1024
.below_16m:
    mov [bp + F_AX], ax
    mov [bp + F_CX], ax
    mov [bp + F_BX], dx
    mov [bp + F_DX], dx
    clear_carry
    leave_service

.configuration:                                 ; ES:BX = the table
    mov word [bp + F_ES], FIRMWARE_SEGMENT
    mov word [bp + F_BX], configuration_table
    jmp .success

.ebda:
    mov word [bp + F_ES], EBDA_SEGMENT
    clear_carry
    leave_service

.e820:
    cmp dword [bp + F_DX], SMAP
    jne .unsupported
    cmp dword [bp + F_CX], 20
    jb .unsupported
    mov ebx, [bp + F_BX]                        ; the row to give
    cmp ebx, E820_ROWS
    jae .unsupported
    imul si, bx, 20
    mov es, [bp + F_ES]
    mov di, [bp + F_DI]
    push cs
    pop ds
    lea si, [e820_map + si]
    push di
    mov cx, 20 / 2
    rep movsw
    pop di
    cmp ebx, E820_EXTENDED_ROW
    jne .e820_filled
    push word BDA_SEGMENT
    pop ds
    call memory_extended_kb
    shl eax, 10
    mov [es:di + 8], eax
.e820_filled:
    inc ebx
    cmp ebx, E820_ROWS
    jb .e820_more
    xor ebx, ebx
.e820_more:
    mov [bp + F_BX], ebx
    mov dword [bp + F_AX], SMAP
    mov dword [bp + F_CX], 20
    clear_carry
    leave_service

; CX words from descriptor 2 to descriptor 3 of the table of six at ES:SI (PC/AT TR, INT 15h 87h). Descriptors 1
; (the table itself), 4 (code) and 5 (stack) are ours to fill in; 5 also brings the limits of real mode back.
.block_move:
    cli
    in al, 0x92
    push ax
    call a20_enable
    mov es, [bp + F_ES]
    mov bx, [bp + F_SI]
    xor eax, eax
    mov ax, es
    shl eax, 4
    movzx edx, bx
    add eax, edx                                ; EAX = linear address of the table
    mov word [es:bx + 0x08], 6 * 8 - 1
    mov [es:bx + 0x0A], eax
    mov dword [es:bx + 0x20], 0x0000FFFF        ; code: base F0000h, 64 KiB
    mov dword [es:bx + 0x24], 0x00009B0F
    mov dword [es:bx + 0x28], 0x0000FFFF        ; data: base 0, 64 KiB
    mov dword [es:bx + 0x2C], 0x00009300
    lgdt [es:bx + 0x08]
    mov cx, [bp + F_CX]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp 0x20:.block_protected
.block_protected:
    mov ax, 0x10
    mov ds, ax
    mov ax, 0x18
    mov es, ax
    xor si, si
    xor di, di
    rep movsw
    mov ax, 0x28
    mov ds, ax
    mov es, ax
    mov eax, cr0
    and al, 0xFE
    mov cr0, eax
    jmp FIRMWARE_SEGMENT:.block_real
.block_real:
    pop ax
    and al, 0xFE
    out 0x92, al                                ; A20 as it was
    jmp .success

a20_enable:
    in al, 0x92
    or al, 2
    and al, 0xFE
    out 0x92, al
    ret

E820_EXTENDED_ROW equ 3                         ; its length is found out at run time
e820_map:                                       ; base, length, type
    dd 0, 0, EBDA_SEGMENT * 16, 0, E820_USABLE
    dd EBDA_SEGMENT * 16, 0, 0xA0000 - EBDA_SEGMENT * 16, 0, E820_RESERVED
    dd 0xF0000, 0, 0x10000, 0, E820_RESERVED
    dd 0x100000, 0, 0, 0, E820_USABLE
    dd 0xFFFF0000, 0, 0x10000, 0, E820_RESERVED
E820_ROWS equ ($ - e820_map) / 20

configuration_table:
    dw 8                                        ; bytes that follow
    db 0xFC, 0x01, 0x00                         ; model, submodel, revision
    db 0x74                                     ; second 8259, clock, INT 15h 4Fh, EBDA
    db 0, 0, 0, 0

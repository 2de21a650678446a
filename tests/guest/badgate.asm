; A boot sector that enters protected mode with an IDT whose entry 3 is not present, by a mistake in
; set_gate, and makes a breakpoint exception: a triple fault. First it reads a sector, so that the disk
; has taken part; with WRITES it counts the runs there.
org 0x7C00
    cli
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x7C00
    mov ax, 0x0201
    mov bx, 0x9000
    mov cx, 2
    mov dx, 0x0080
    int 0x13
%ifdef WRITES
    inc byte [bx]               ; a run that finds another sector than the one before
    mov ax, 0x0301
    int 0x13
%endif
    cli
    lgdt [gdtr]
    lidt [idtr]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp 8:start

bits 32
set_gate:                       ; eax: handler; edi: the entry's address
    mov [edi], ax
    mov word [edi + 2], 8
    shr eax, 16
    mov [edi + 6], ax
wrong:
    mov word [edi + 4], 0x0E00  ; 8E00h would be present
    ret

start:
    mov ax, 16
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov esp, 0x7000
    mov edi, 0x8000
    xor eax, eax
    mov ecx, 64
    rep stosd
    mov eax, handler
    mov edi, 0x8000 + 3 * 8
    call set_gate
    mov ecx, 1000
    loop $
    int3
handler:
    hlt

align 8
gdt:
    dq 0, 0x00CF9A000000FFFF, 0x00CF92000000FFFF
gdtr:
    dw 23
    dd gdt
idtr:
    dw 255
    dd 0x8000
times 510 - ($ - $$) db 0
dw 0xAA55

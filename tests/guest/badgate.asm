; A boot sector that enters protected mode with an IDT whose entry 3 is not present, by a mistake in
; set_gate, and makes a breakpoint exception: a triple fault. First it reads a sector of the disk or diskette that it
; was booted from, so that the disk has taken part.
;   WRITES   it counts its runs in that sector
;   TWO      and in that of the second disk
;   LISTENS  it waits for a letter at COM1 and a key, and keeps both in memory
;   HANGS    it masks all interrupts at the end and halts to wait for the timer's
;   PAGES    the IDT is right; the mistake is in a page table: its entry for the code is 0
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
    xor dh, dh                  ; DL as the firmware left it
    int 0x13
%ifdef WRITES
    inc byte [bx]               ; a run that finds another sector than the one before
    mov ax, 0x0301
    int 0x13
%endif
%ifdef TWO
    mov ax, 0x0201
    mov dl, 0x81
    int 0x13
    inc byte [bx]
    mov ax, 0x0301
    int 0x13
%endif
%ifdef LISTENS
    mov dx, 0x3FD
letter:
    in al, dx
    test al, 1
    jz letter
    mov dx, 0x3F8
    in al, dx
    mov [0x9200], al
    out dx, al                  ; so that its sender knows
key:
    in al, 0x64
    test al, 1
    jz key
    in al, 0x60
    mov [0x9201], al
%endif
%ifdef HANGS
    cli
    mov al, 0xFF
masked:
    out 0x21, al                ; the mistake: it means FEh
    sti
wait_for_tick:
    hlt
    jmp wait_for_tick
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
%ifdef PAGES
    mov word [edi + 4], 0x8E00
%else
    mov word [edi + 4], 0x0E00  ; 8E00h would be present
%endif
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
%ifdef PAGES
    mov edi, 0x10000            ; the page directory, and the only table behind it
    mov dword [edi], 0x11003
    lea edi, [edi + 0x1000]
    mov eax, 3
    mov ecx, 1024
    cld
fill:
    stosd                       ; page n is page n, present and writable
    add eax, 0x1000
    loop fill
hole:
    mov dword [0x11000 + 7 * 4], 0
    mov eax, 0x10000
    mov cr3, eax
    mov ecx, 1000
    loop $
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax                ; the next fetch finds no page
%endif
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

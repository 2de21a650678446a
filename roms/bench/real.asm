; real.asm: the real-mode kernel: one unit of 16-bit work as programs of the time do it: near calls and
; a frame, far data through ES, segment registers loaded in the loop, string instructions, a byte table.
; Assembled flat for 0000:8000h; start.asm jumps to its first byte through a 16-bit code segment.
; The stack lies below 7C00h, in the page in which the boot sector's code is, as under DOS loaders.
;
; Specification: Intel SDM vol. 3, §9.9.2 (protected mode to real mode), §9.9.1 (and back).

bits 16
org 0x8000

DATA16_SELECTOR equ 0x38        ; start.asm's
WAY_BACK        equ 0x7E00      ; offset and selector of the code to go on with; limit and base of the GDT
NEAR_DATA       equ 0x2000
FAR_DATA        equ 0x3000
ROUNDS          equ 300
WORDS           equ 1024

enter_real:
    mov ax, DATA16_SELECTOR
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    mov eax, cr0
    and al, 0xFE                ; PE off
    mov cr0, eax
    jmp 0:.real
.real:
    xor ax, ax
    mov ss, ax
    mov sp, 0x7C00
    call work
    movzx eax, ax
    xor bx, bx
    mov ds, bx
    o32 lgdt [WAY_BACK + 6]
    mov ecx, cr0
    or cl, 1                    ; PE on
    mov cr0, ecx
    jmp dword far [WAY_BACK]

; AX: a checksum of the work.
work:
    push bp
    mov bp, sp
    sub sp, 4
    mov word [bp - 2], ROUNDS
    mov word [bp - 4], 1        ; the generator's state
    mov ax, NEAR_DATA
    mov ds, ax
    mov ax, FAR_DATA
    mov es, ax
.round:
    xor si, si
    mov cx, WORDS
.word:
    mov ax, [bp - 4]
    call step
    mov [bp - 4], ax
    add [si], ax
    mov dx, [si]
    mov bx, dx
    and bx, 0xFF
    mov dl, [bx]
    xor [es:si], dx
    test dl, 4
    jz .even
    inc byte [es:bx + 0x1000]
.even:
    add si, 2
    loop .word
    ; The two segments change places; a line is copied from one to the other.
    mov ax, ds
    push es
    pop ds
    mov es, ax
    cld
    mov si, 0x40
    mov di, 0x80
    mov cx, 48
    rep movsw
    dec word [bp - 2]
    jnz .round
    ; A checksum, and everything back to zero, so that each unit is the same.
    xor dx, dx
    xor si, si
    mov cx, 0x2000
.sum:
    lodsb
    xor ah, ah
    add dx, ax
    rol dx, 1
    add dl, [es:si - 1]
    mov byte [si - 1], 0
    mov byte [es:si - 1], 0
    loop .sum
    mov ax, dx
    mov sp, bp
    pop bp
    ret

; AX: the next number of a 16-bit xorshift generator.
step:
    push bx
    mov bx, ax
    shl bx, 7
    xor ax, bx
    mov bx, ax
    shr bx, 9
    xor ax, bx
    mov bx, ax
    shl bx, 8
    xor ax, bx
    pop bx
    ret

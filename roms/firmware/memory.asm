; memory.asm: how much memory there is, as the board's CMOS says, and INT 12h.
;
; CMOS (PC/AT TR, section 1, and the same registers in all later machines): 15h/16h KiB below 640 KiB;
; 30h/31h KiB from 1 MiB on, at most 64 MiB - 1 KiB; 34h/35h units of 64 KiB from 16 MiB on.

CMOS_EXTENDED_KB        equ 0x30
CMOS_ABOVE_16M          equ 0x34

; EAX = KiB from 1 MiB on.
memory_extended_kb:
    mov al, CMOS_ABOVE_16M
    call cmos_read_word
    movzx eax, ax
    test eax, eax
    jz .small
    shl eax, 6
    add eax, 15 * 1024
    ret
.small:
    mov al, CMOS_EXTENDED_KB
    call cmos_read_word
    movzx eax, ax
    ret

memory_report:
    mov si, text_memory
    call print_text
    mov eax, BASE_MEMORY_KB + EBDA_KB
    call print_number
    mov al, '+'
    call print_char
    call memory_extended_kb
    call print_number
    mov si, text_kb
    jmp print_text

; INT 12h: AX = KiB of contiguous memory from 0.
int12:
    push ds
    push word BDA_SEGMENT
    pop ds
    mov ax, [BDA_MEMORY_KB]
    pop ds
    iret

; INT 11h: AX = the equipment word.
int11:
    push ds
    push word BDA_SEGMENT
    pop ds
    mov ax, [BDA_EQUIPMENT]
    pop ds
    iret

text_memory:    db "memory: ", 0
text_kb:        db " KiB", 13, 10, 0

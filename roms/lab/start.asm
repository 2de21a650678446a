; start.asm: the first instructions of a lab kernel.
;
; Specification: Multiboot Specification 0.6.96, §3.1 (header) and §3.2 (machine state at entry):
; EAX = 2BADB002h, EBX = address of the information structure, 32-bit flat segments, A20 on,
; interrupts off, ESP and the tables undefined. The boot sector (boot.asm) hands over the same state.
; The linker script puts this file first, so that the flat form of the kernel starts at its first byte.

bits 32

MULTIBOOT_HEADER_MAGIC  equ 0x1BADB002
MULTIBOOT_PAGE_ALIGN    equ 1 << 0
MULTIBOOT_MEMORY_INFO   equ 1 << 1
MULTIBOOT_FLAGS         equ MULTIBOOT_PAGE_ALIGN | MULTIBOOT_MEMORY_INFO

extern lab_main
extern lab_bss_start, lab_bss_end

section .start progbits alloc exec nowrite align=4
global _start
_start:
    jmp short setup

    align 4
    dd MULTIBOOT_HEADER_MAGIC
    dd MULTIBOOT_FLAGS
    dd -(MULTIBOOT_HEADER_MAGIC + MULTIBOOT_FLAGS)

setup:
    cli
    cld
    lgdt [gdt_pointer]          ; our own table: the loader's may lie anywhere (§3.2, 'GDTR')
    jmp CODE_SELECTOR:.segments
.segments:
    mov cx, DATA_SELECTOR
    mov ds, cx
    mov es, cx
    mov fs, cx
    mov gs, cx
    mov ss, cx
    mov esp, stack_top

    mov edx, eax                ; keep the magic value while STOSD uses EAX
    mov edi, lab_bss_start      ; a multiboot loader has cleared it, a boot sector has not
    mov ecx, lab_bss_end
    sub ecx, edi
    shr ecx, 2
    xor eax, eax
    rep stosd

    push ebx                    ; lab_main(magic, information), i386 calling convention
    push edx
    call lab_main
.stop:
    cli                         ; lab_main powers off; this is the end where that's not possible
    hlt
    jmp .stop

; Flat segments: base 0, limit 4 GiB (Intel SDM vol. 3, §3.4.5, Figure 3-8).
section .rodata align=8
gdt:
    dq 0
CODE_SELECTOR equ $ - gdt
    dq 0x00CF9B000000FFFF       ; code, readable, ring 0, 32-bit, 4 KiB granularity
DATA_SELECTOR equ $ - gdt
    dq 0x00CF93000000FFFF       ; data, writable, ring 0
gdt_end:
gdt_pointer:
    dw gdt_end - gdt - 1
    dd gdt

section .stack nobits alloc noexec write align=16
    resb 16384
stack_top:
section .note.GNU-stack noalloc noexec nowrite progbits

; start.asm: entry of the benchmark guest, its descriptor tables, and the ways between its modes.
;
; Specification: Multiboot Specification 0.6.96, §3.1 and §3.2 for the entry (lab/boot.asm hands over
; the same state); Intel SDM vol. 3, §3.4.5 (descriptors), §6.11 (gates), §7.2 (TSS), §9.9 (switching
; between protected and real mode).
; The linker script puts this file first, so that the flat form of the kernel starts at its first byte.

bits 32

MULTIBOOT_HEADER_MAGIC  equ 0x1BADB002
PAGE_DIRECTORY          equ 0x200000            ; 16 page tables behind it map the first 64 MiB
PAGED_BYTES             equ 64 << 20
KERNEL_STACK            equ 0x3F0000            ; grows down
USER_STACK              equ 0x3E0000
REAL_CODE               equ 0x8000              ; the real-mode part runs here, its stack below 7C00h
WAY_BACK                equ 0x7E00              ; what it needs to come back

extern bench_main, page_fault, unexpected
extern bench_bss_start, bench_bss_end

section .start progbits alloc exec nowrite align=4
global _start
_start:
    jmp short setup

    align 4
    dd MULTIBOOT_HEADER_MAGIC
    dd 0
    dd -MULTIBOOT_HEADER_MAGIC

setup:
    cli
    cld
    lgdt [gdt_pointer]
    jmp CODE_SELECTOR:.segments
.segments:
    mov ax, DATA_SELECTOR
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    mov esp, KERNEL_STACK

    mov edi, bench_bss_start
    mov ecx, bench_bss_end
    sub ecx, edi
    shr ecx, 2
    xor eax, eax
    rep stosd

    call fill_idt
    lidt [idt_pointer]
    call fill_tss
    call page_identically
    mov esi, real_code
    mov edi, REAL_CODE
    mov ecx, (real_code_end - real_code + 3) / 4
    rep movsd
    mov esi, way_back
    mov edi, WAY_BACK
    mov ecx, 3
    rep movsd
    fninit
    push dword [ebx + 16]       ; multiboot information: the command line
    call bench_main
.stop:
    hlt
    jmp .stop

; Every vector leads to `unexpected`; 14 and the two system calls have their own.
fill_idt:
    mov edi, idt
    mov ecx, 256
.next:
    mov eax, trap_unexpected
    call put_gate
    loop .next
    mov edi, idt + 14 * 8
    mov eax, trap_page_fault
    call put_gate
    mov edi, idt + 0x80 * 8
    mov eax, trap_call
    call put_gate
    or byte [edi - 3], 0x60     ; DPL 3
    mov eax, trap_leave
    call put_gate
    or byte [edi - 3], 0x60
    ret
put_gate:                       ; EAX handler, EDI where: a 32-bit interrupt gate
    mov [edi], ax
    mov word [edi + 2], CODE_SELECTOR
    mov dword [edi + 4], eax
    mov word [edi + 4], 0x8E00
    add edi, 8
    ret

fill_tss:
    mov eax, tss
    mov [gdt + TSS_SELECTOR + 2], ax
    shr eax, 16
    mov [gdt + TSS_SELECTOR + 4], al
    mov [gdt + TSS_SELECTOR + 7], ah
    mov dword [tss + 4], KERNEL_STACK - 0x8000  ; ESP0: below what k_system_call's caller uses
    mov dword [tss + 8], DATA_SELECTOR
    mov word [tss + 102], 104                   ; no I/O map
    mov ax, TSS_SELECTOR
    ltr ax
    ret

; Linear = physical for 64 MiB in pages of 4 KiB, all present, writable, for user code too.
page_identically:
    mov edi, PAGE_DIRECTORY
    mov ecx, 1024
    xor eax, eax
    rep stosd
    mov edi, PAGE_DIRECTORY
    mov eax, PAGE_DIRECTORY + 0x1000 + 7
    mov ecx, PAGED_BYTES >> 22
.table:
    stosd
    add eax, 0x1000
    loop .table
    mov edi, PAGE_DIRECTORY + 0x1000
    mov eax, 7
    mov ecx, PAGED_BYTES >> 12
.page:
    stosd
    add eax, 0x1000
    loop .page
    mov eax, PAGE_DIRECTORY
    mov cr3, eax
    mov eax, cr0
    or eax, 0x80000000          ; PG
    mov cr0, eax
    jmp .on
.on:
    ret

; --- traps -----------------------------------------------------------------------------------------

trap_unexpected:
    push dword [esp]            ; EIP, or an error code
    call unexpected
    hlt

trap_page_fault:
    pushad
    mov eax, cr2
    push eax
    call page_fault
    add esp, 4
    popad
    add esp, 4                  ; the error code
    iret

; INT 80h: as a small kernel does it: save, load its data segment, count, restore.
trap_call:
    push ds
    push ecx
    push edx
    mov dx, DATA_SELECTOR
    mov ds, dx
    mov ecx, [call_count]
    inc ecx
    mov [call_count], ecx
    mov eax, ecx
    pop edx
    pop ecx
    pop ds
    iret

; INT 81h: back to the caller of k_system_calls, on its stack.
trap_leave:
    mov ax, DATA_SELECTOR
    mov ds, ax
    mov es, ax
    mov esp, [kernel_esp]
    popad
    mov eax, [call_count]
    ret

; uint32_t k_system_calls(uint32_t count): at privilege level 3.
global k_system_calls
k_system_calls:
    mov ecx, [esp + 4]
    pushad
    mov [kernel_esp], esp
    push dword USER_DATA_SELECTOR
    push dword USER_STACK
    pushfd
    push dword USER_CODE_SELECTOR
    push dword .user
    mov ax, USER_DATA_SELECTOR
    mov ds, ax
    mov es, ax
    iret
.user:
    int 0x80
    dec ecx
    jnz .user
    int 0x81

; --- real mode and back ------------------------------------------------------------------------------

; uint32_t k_real_mode(void): one unit of real.asm's work.
global k_real_mode
k_real_mode:
    pushad
    mov [kernel_esp], esp
    mov eax, cr0
    and eax, 0x7FFFFFFF
    mov cr0, eax
    lidt [real_idt_pointer]
    jmp CODE16_SELECTOR:REAL_CODE
real_mode_is_over:              ; in CODE_SELECTOR; EAX result
    mov cx, DATA_SELECTOR
    mov ds, cx
    mov es, cx
    mov fs, cx
    mov gs, cx
    mov ss, cx
    mov esp, [kernel_esp]
    mov [esp + 28], eax         ; POPAD's EAX
    lidt [idt_pointer]
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    jmp .on
.on:
    popad
    ret

section .rodata align=4
real_code:
    incbin REAL_BIN             ; real.asm, assembled for REAL_CODE
real_code_end:

; --- tables -------------------------------------------------------------------------------------------

section .data align=8
gdt:
    dq 0
CODE_SELECTOR       equ $ - gdt
    dq 0x00CF9B000000FFFF
DATA_SELECTOR       equ $ - gdt
    dq 0x00CF93000000FFFF
USER_CODE_SELECTOR  equ $ - gdt + 3
    dq 0x00CFFB000000FFFF
USER_DATA_SELECTOR  equ $ - gdt + 3
    dq 0x00CFF3000000FFFF
TSS_SELECTOR        equ $ - gdt
    dq 0x0000890000000067       ; 104 bytes; fill_tss adds the base
CODE16_SELECTOR     equ $ - gdt ; base 0, limit 64 KiB: as real mode has it
    dq 0x00009B000000FFFF
    dq 0x000093000000FFFF       ; real.asm's DATA16_SELECTOR
gdt_end:
gdt_pointer:
    dw gdt_end - gdt - 1
    dd gdt
idt_pointer:
    dw 256 * 8 - 1
    dd idt
real_idt_pointer:
    dw 0x3FF
    dd 0
way_back:                       ; for real.asm, which is assembled apart: copied to WAY_BACK
    dd real_mode_is_over
    dw CODE_SELECTOR
    dw gdt_end - gdt - 1
    dd gdt

section .bss align=8
idt:        resb 256 * 8
tss:        resb 104
call_count: resd 1
kernel_esp: resd 1
section .note.GNU-stack noalloc noexec nowrite progbits

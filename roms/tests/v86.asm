; v86.asm: virtual-8086 mode: entering by IRETD, what is trapped, the I/O permission bitmap, the way out.
; Intel SDM vol. 3, §20.2 (virtual-8086 mode), §20.2.7 (sensitive instructions), §20.3 (interrupts); vol. 1,
; §19.5.2 (I/O permission bitmap).

%define TEST_NAME "v86"
%include "test.inc"

V86_CODE        equ 0x30000                     ; where the 8086 program is put: 3000:0000
V86_STACK       equ 0x4000                      ; 4000:1000
BITMAP_OFFSET   equ 0x2000                      ; from the TSS's start, behind the image
bitmap          equ test_tss + BITMAP_OFFSET
EFLAGS_VM       equ 1 << 17
EFLAGS_IOPL3    equ 3 << 12

; Starts the 8086 program at 3000:%1 with EFLAGS %2 (VM is added).
%macro enter_v86 2
    push dword 0                                ; GS
    push dword 0                                ; FS
    push dword 0x5000                           ; DS
    push dword 0                                ; ES
    push dword V86_STACK                        ; SS
    push dword 0x1000                           ; ESP
    push dword EFLAGS_VM | (%2) | 2
    push dword V86_CODE / 16                    ; CS
    push dword %1
    iretd
%endmacro

; The exception came from the 8086 program at offset %1.
%macro check_v86_at 1
    check_equal dword [fault_eip], %1
    check_equal dword [fault_cs], V86_CODE / 16
    test dword [fault_eflags], EFLAGS_VM
    jz test_fail32
%endmacro

test_main:
    enter_protected
    mov esi, program
    mov edi, V86_CODE
    mov ecx, program_end - program
    rep movsb
    mov dword [0x50010], 0
    mov word [test_tss + 102], BITMAP_OFFSET
    mov word [test_gdt + TSS_SELECTOR], BITMAP_OFFSET + 128 ; the limit: ports up to 3FFh, and a byte FFh
    mov edi, bitmap
    mov ecx, 129
    mov al, 0xFF                                ; a set bit denies
    rep stosb
    and byte [bitmap + 0xE9 / 8], ~(1 << (0xE9 & 7))
    and byte [test_gdt + TSS_SELECTOR + 5], 0xFD ; available again, to load the new limit
    mov ax, TSS_SELECTOR
    ltr ax

    step "segments are paragraphs, HLT ends it with #GP"
    expect_fault 13, .halted
    enter_v86 at_memory, 0
.halted:
    check_v86_at at_memory.hlt
    check_equal dword [0x50010], 0x8086BEEF
    check_equal dword [fault_error], 0

    step "the stack is SS * 16 + SP"
    check_equal word [V86_STACK * 16 + 0xFFE], 0x1234

    step "CLI with IOPL 0 is #GP"
    expect_fault 13, .cli
    enter_v86 at_cli, 0
.cli:
    check_v86_at at_cli

    step "CLI with IOPL 3 is allowed"
    expect_fault 13, .cli_allowed
    enter_v86 at_cli, EFLAGS_IOPL3
.cli_allowed:
    check_v86_at at_cli.hlt

    step "INT with IOPL 0 is #GP"
    expect_fault 13, .int
    enter_v86 at_int, 0
.int:
    check_v86_at at_int

    step "INT with IOPL 3 goes through the gate, if ring 3 may use it"
    mov word [test_idt_more], on_int20
    mov word [test_idt_more + 2], CODE32
    mov word [test_idt_more + 4], 0xEE00        ; vector 20h, DPL 3
    expect_fault 13, .int_done
    enter_v86 at_int, EFLAGS_IOPL3
.int_done:
    check_v86_at at_int.hlt
    check_equal dword [int20_ds], 0             ; the CPU clears the segment registers ...
    check_equal dword [int20_saved_ds], 0x5000  ; ... after it has saved them on the ring 0 stack
    check_equal dword [fault_eax], 0x20

    step "PUSHF with IOPL 0 is #GP"
    expect_fault 13, .pushf
    enter_v86 at_pushf, 0
.pushf:
    check_v86_at at_pushf

    step "OUT to a port that the bitmap allows"
    expect_fault 13, .out_allowed
    enter_v86 at_out_allowed, 0
.out_allowed:
    check_v86_at at_out_allowed.hlt

    step "OUT to a port that it does not allow"
    expect_fault 13, .out_denied
    enter_v86 at_out_denied, EFLAGS_IOPL3       ; IOPL does not count here
.out_denied:
    check_v86_at at_out_denied.out

    step "an IN that touches one allowed and one denied port"
    expect_fault 13, .in_denied
    enter_v86 at_in_word, 0
.in_denied:
    check_v86_at at_in_word

    step "LLDT does not exist here"
    expect_fault 6, .lldt
    enter_v86 at_lldt, 0
.lldt:
    check_v86_at at_lldt
    test_pass

; Comes from virtual-8086 mode: the stack holds EIP CS EFLAGS ESP SS ES DS FS GS.
on_int20:
    push eax
    mov ax, ds
    movzx eax, ax
    push ebx
    mov bx, DATA32
    mov ds, bx
    mov [int20_ds], eax
    mov eax, [esp + 8 + 6 * 4]
    mov [int20_saved_ds], eax
    pop ebx
    pop eax
    mov eax, 0x20
    iretd

; The 8086 program; offsets are from its start.
bits 16
program:
at_memory equ $ - program
    mov ax, 0x1234
    push ax
    mov dword [0x10], 0x8086BEEF
at_memory.hlt equ $ - program
    hlt
at_cli equ $ - program
    cli
at_cli.hlt equ $ - program
    hlt
at_int equ $ - program
    int 0x20
at_int.hlt equ $ - program
    hlt
at_pushf equ $ - program
    pushf
    hlt
at_out_allowed equ $ - program
    mov al, ' '
    out 0xE9, al
at_out_allowed.hlt equ $ - program
    hlt
at_out_denied equ $ - program
    mov dx, 0x3F8
at_out_denied.out equ $ - program
    out dx, al
    hlt
at_in_word equ $ - program
    in ax, 0xE9                                 ; ports E9h and EAh
    hlt
at_lldt equ $ - program
    db 0x0F, 0x00, 0xD0                         ; LLDT AX
    hlt
program_end:
bits 32

section .data
int20_ds:       dd -1
int20_saved_ds: dd -1

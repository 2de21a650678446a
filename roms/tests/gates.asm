; gates.asm: ring 3 and the ways into ring 0: call gates, interrupt gates, and what is refused.
; Intel SDM vol. 3, §5.8.3-5.8.6 (call gates, stack switch, return), §5.9 (privileged instructions),
; §6.12.1 (interrupts from ring 3); vol. 1, §19.5.1 (IOPL).

%define TEST_NAME "gates"
%include "test.inc"

CALL_GATE       equ FREE_SELECTOR               ; DPL 3, two parameters
CLOSED_GATE     equ FREE_SELECTOR + 8           ; DPL 0
CONFORMING      equ FREE_SELECTOR + 16          ; conforming code, ring 0

; Continues at %1 in ring 3 with EFLAGS %2.
%macro enter_ring3 2
    push dword USER_DATA32
    push dword USER_STACK
    push dword (%2) | 2
    push dword USER_CODE32
    push dword %1
    iretd
%endmacro

; Executes the line of ring 3 code at %2 and expects exception %1 there, error code %3.
%macro refused_in_ring3 3
    expect_fault %1, %%caught
    enter_ring3 %2, 0
%%caught:
    check_equal dword [fault_eip], %2
    check_equal dword [fault_cs], USER_CODE32
    check_equal dword [fault_error], %3
%endmacro

test_main:
    enter_protected
    mov word [test_gdt + CALL_GATE], gate_entry
    mov word [test_gdt + CALL_GATE + 2], CODE32
    mov dword [test_gdt + CALL_GATE + 4], 0xEC02
    mov word [test_gdt + CLOSED_GATE], gate_entry
    mov word [test_gdt + CLOSED_GATE + 2], CODE32
    mov dword [test_gdt + CLOSED_GATE + 4], 0x8C02
    mov dword [test_gdt + CONFORMING], 0x0000FFFF
    mov dword [test_gdt + CONFORMING + 4], 0x00CF9F00
    mov word [test_idt_more], on_int20          ; vector 20h: DPL 3
    mov word [test_idt_more + 2], CODE32
    mov word [test_idt_more + 4], 0xEE00

    step "a call gate switches the stack and copies parameters"
    expect_fault 13, .called
    enter_ring3 user_calls, 0
.called:
    check_equal dword [fault_eip], user_calls.end
    check_equal dword [fault_eax], 0x11110000 + 0x2222
    check_equal dword [seen_esp], KERNEL_STACK - 6 * 4
    check_equal dword [seen_cs], USER_CODE32

    step "RETF 8 has taken the parameters from both stacks"
    check_equal dword [fault_ebx], USER_STACK

    step "an interrupt gate of DPL 3"
    expect_fault 13, .interrupted
    enter_ring3 user_int20, 0x200
.interrupted:
    check_equal dword [fault_eip], user_int20.end
    check_equal dword [fault_eax], 0x1515
    check_equal dword [seen_esp], KERNEL_STACK - 5 * 4
    test dword [seen_eflags], 0x200             ; an interrupt gate clears IF
    jnz test_fail32

    step "an interrupt gate of DPL 0 is refused"
    refused_in_ring3 13, user_int6, 6 * 8 + 2

    step "a call gate of DPL 0 is refused"
    refused_in_ring3 13, user_closed_gate, CLOSED_GATE

    step "a far jump to ring 0's code is refused"
    refused_in_ring3 13, user_jumps, CODE32

    step "conforming code runs with the caller's privilege"
    expect_fault 13, .conforming
    enter_ring3 user_conforming, 0
.conforming:
    check_equal dword [fault_eip], user_hlt
    check_equal dword [fault_cs], CONFORMING | 3

    step "HLT is refused"
    refused_in_ring3 13, user_hlt, 0
    step "CLI is refused with IOPL 0"
    refused_in_ring3 13, user_cli, 0
    step "IN is refused without a bitmap"
    refused_in_ring3 13, user_in, 0
    step "MOV from CR0 is refused"
    refused_in_ring3 13, user_cr0, 0
    step "LGDT is refused"
    refused_in_ring3 13, user_lgdt, 0
    step "a segment of ring 0 is refused"
    refused_in_ring3 13, user_ds, DATA32

    step "CLI and IN are allowed with IOPL 3"
    expect_fault 13, .iopl3
    enter_ring3 user_iopl3, 3 << 12
.iopl3:
    check_equal dword [fault_eip], user_iopl3.end

    step "POPFD in ring 3 changes neither IOPL nor IF"
    expect_fault 13, .popfd
    enter_ring3 user_popfd, 0
.popfd:
    mov eax, [fault_eflags]
    and eax, 0x3200
    check_equal eax, 0
    test_pass

gate_entry:                                     ; stack: EIP CS parameter1 parameter2 ESP SS
    mov [seen_esp], esp
    mov eax, [esp + 4]
    mov [seen_cs], eax
    mov eax, [esp + 8]
    add eax, [esp + 12]
    retf 8

on_int20:
    mov [seen_esp], esp
    pushfd
    pop dword [seen_eflags]
    mov eax, 0x1515
    iretd

user_calls:
    mov ax, USER_DATA32
    mov ds, ax
    push dword 0x11110000
    push dword 0x2222
    call CALL_GATE:0
    mov ebx, esp
.end:
    hlt
user_int20:
    mov ax, USER_DATA32
    mov ds, ax
    int 0x20
.end:
    hlt
user_int6:
    int 6
user_closed_gate:
    call CLOSED_GATE:0
user_jumps:
    jmp CODE32:0
user_conforming:
    jmp CONFORMING:user_hlt
user_hlt:
    hlt
user_cli:
    cli
user_in:
    in al, 0x61
user_cr0:
    mov eax, cr0
user_lgdt:
    lgdt [esp]
user_ds:
    mov ds, [cs:selector_of_ring0]              ; DS itself is null: the return to ring 3 has cleared it
user_iopl3:
    cli
    in al, 0x61
    sti
    cli
.end:
    hlt
user_popfd:
    push dword 0x3202
    popfd
    hlt

section .data
seen_esp:           dd 0
seen_cs:            dd 0
seen_eflags:        dd -1
selector_of_ring0:  dd DATA32

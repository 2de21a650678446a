; task.asm: task switches by JMP, CALL, IRET and through a task gate.
; Intel SDM vol. 3, §7.2.1 (TSS), §7.3 (task switching), Table 7-2 (busy flag, NT, back link).

%define TEST_NAME "task"
%include "test.inc"

OTHER_SELECTOR  equ FREE_SELECTOR               ; the second task
GATE_SELECTOR   equ FREE_SELECTOR + 8           ; a task gate to it
OTHER_STACK     equ 0x4C00
TSS_LINK        equ 0
TSS_EIP         equ 32
TSS_EFLAGS      equ 36
TSS_EAX         equ 40
TSS_EBX         equ 52

%macro check_type 2                             ; the type field of selector %1's descriptor
    mov al, [test_gdt + %1 + 5]
    and al, 0x0F
    check_equal al, %2
%endmacro

TSS_AVAILABLE   equ 9
TSS_BUSY        equ 11

test_main:
    enter_protected
    mov word [test_gdt + OTHER_SELECTOR], 103
    mov word [test_gdt + OTHER_SELECTOR + 2], other_tss
    mov dword [test_gdt + OTHER_SELECTOR + 4], 0x8900
    mov word [test_gdt + GATE_SELECTOR + 2], OTHER_SELECTOR
    mov dword [test_gdt + GATE_SELECTOR + 4], 0x8500

    step "LTR has made the first task busy"
    check_type TSS_SELECTOR, TSS_BUSY

    step "JMP to a task: registers come from its TSS"
    mov eax, 0x11111111
    jmp OTHER_SELECTOR:0
.back_from_jump:
    step "back by JMP: registers as they were"
    check_equal eax, 0x11111111
    check_type OTHER_SELECTOR, TSS_AVAILABLE
    check_type TSS_SELECTOR, TSS_BUSY

    step "CR0.TS is set by a task switch"
    mov eax, cr0
    test al, 8
    jz test_fail32
    clts

    step "CALL to a task links back"
    mov dword [other_tss + TSS_EIP], called_task
    mov ebx, 0x22222222
    call OTHER_SELECTOR:0
    step "IRET with NT returns to the caller"
    check_equal ebx, 0x22222222
    check_equal dword [seen_link], TSS_SELECTOR
    check_type OTHER_SELECTOR, TSS_AVAILABLE
    pushfd
    test dword [esp], 1 << 14
    jnz test_fail32
    popfd

    step "a called task goes on behind its IRET when called again"
    call GATE_SELECTOR:0                        ; through the task gate this time
    check_equal dword [rounds], 2

    step "an exception through a task gate: the error code is on the new task's stack"
    mov word [test_idt + 13 * 8], 0
    mov word [test_idt + 13 * 8 + 2], OTHER_SELECTOR
    mov dword [test_idt + 13 * 8 + 4], 0x8500
    mov dword [other_tss + TSS_EIP], exception_task
    mov ax, 0x7F8                               ; beyond the table: #GP
    mov gs, ax
.behind:
    check_equal dword [seen_error], 0x7F8

    step "a busy task cannot be called"
    mov word [test_idt + 13 * 8], fault_entry_13
    mov word [test_idt + 13 * 8 + 2], CODE32
    mov dword [test_idt + 13 * 8 + 4], 0x8E00
    expect_fault 13, .busy
    jmp TSS_SELECTOR:0                          ; this very task
    jmp test_fail32
.busy:
    check_equal dword [fault_error], TSS_SELECTOR

    step "a TSS that is too small is #TS"
    mov word [test_gdt + OTHER_SELECTOR], 102
    expect_fault 10, .small
    jmp OTHER_SELECTOR:0
    jmp test_fail32
.small:
    check_equal dword [fault_error], OTHER_SELECTOR
    test_pass

jumped_task:
    step "the second task's registers"
    check_equal eax, 0x0A0A0A0A
    check_equal esp, OTHER_STACK
    check_type OTHER_SELECTOR, TSS_BUSY
    check_type TSS_SELECTOR, TSS_AVAILABLE
    step "the first task's registers were saved"
    check_equal dword [test_tss + TSS_EAX], 0x11111111
    check_equal dword [test_tss + TSS_EIP], test_main.back_from_jump
    jmp TSS_SELECTOR:0

called_task:
    step "the called task: NT, back link, both busy"
    movzx eax, word [other_tss + TSS_LINK]
    mov [seen_link], eax
    pushfd
    test dword [esp], 1 << 14
    jz test_fail32
    popfd
    check_type TSS_SELECTOR, TSS_BUSY
    check_type OTHER_SELECTOR, TSS_BUSY
    mov ebx, 0x33333333
    inc dword [rounds]
    iretd
    inc dword [rounds]                          ; the second call starts here
    iretd

exception_task:
    pop dword [seen_error]
    mov dword [test_tss + TSS_EIP], test_main.behind
    iretd

section .data
seen_link:  dd 0
seen_error: dd 0
rounds:     dd 0
    align 4
other_tss:
    dd 0                                        ; back link
    times 6 dd 0                                ; stacks of rings 0-2
    dd 0                                        ; CR3
    dd jumped_task, 2                           ; EIP, EFLAGS
    dd 0x0A0A0A0A, 0, 0, 0                      ; EAX ECX EDX EBX
    dd OTHER_STACK, 0, 0, 0                     ; ESP EBP ESI EDI
    dd DATA32, CODE32, DATA32, DATA32, DATA32, DATA32 ; ES CS SS DS FS GS
    dd 0                                        ; LDT
    dw 0, 104

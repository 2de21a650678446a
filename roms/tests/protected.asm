; protected.asm: to protected mode and back. Intel SDM vol. 3, §9.9 (switching), §5.4 (loading segment registers).

%define TEST_NAME "protected"
%include "test.inc"

test_main:
    enter_protected
    step "CR0.PE is set"
    mov eax, cr0
    and eax, 1
    check_equal eax, 1

    step "SMSW agrees with CR0"
    smsw ax
    test al, 1
    jz test_fail32

    step "32-bit registers and addresses"
    mov eax, 0x12345678
    mov [0x20000], eax
    mov ebx, 0x1FFF0
    mov ecx, 4
    check_equal word [ebx + ecx * 4 + 2], 0x1234

    step "a selector beyond the table is #GP(selector)"
    expect_fault 13, .beyond_table
    mov ax, 0x7F8
    mov gs, ax
    jmp test_fail32
.beyond_table:
    check_equal dword [fault_error], 0x7F8

    step "a descriptor that is not present is #NP(selector)"
    mov dword [test_gdt_free], 0x0000FFFF
    mov dword [test_gdt_free + 4], 0x00CF1300   ; data, P = 0
    expect_fault 11, .not_present
    mov ax, FREE_SELECTOR
    mov gs, ax
    jmp test_fail32
.not_present:
    check_equal dword [fault_error], FREE_SELECTOR

    step "back to real mode"
    jmp CODE16:.sixteen
bits 16
.sixteen:
    mov ax, DATA16
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    mov eax, cr0
    and al, 0xFE
    mov cr0, eax
    jmp 0:.real
.real:
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, LOAD_ADDRESS
    lidt [real_idt_pointer]

    step "real mode again: segment times sixteen"
    mov ax, 0x2000
    mov fs, ax
    check_equal dword [fs:0], 0x12345678

    step "an interrupt through the vector table"
    mov word [0x60 * 4], .handler
    mov word [0x60 * 4 + 2], 0
    xor ax, ax
    int 0x60
    check_equal ax, 0x6060
    test_pass
.handler:
    mov ax, 0x6060
    iret

; segments.asm: segment limits and rights at each access. Intel SDM vol. 3, §5.3 (limits), §5.4.1 (null
; selectors), §5.5 (types). Bochs is the reference here: QEMU's TCG does not check limits.

%define TEST_NAME "segments"
%include "test.inc"

test_main:
    step "real mode: a word at FFFFh is #GP"
    mov word [13 * 4], .real_limit
    mov word [13 * 4 + 2], 0
    mov bx, 0xFFFF
    mov ax, [bx]
    jmp test_fail16
.real_limit:
    mov sp, LOAD_ADDRESS

    step "real mode: an offset above FFFFh is #GP"
    mov word [13 * 4], .real_offset
    mov ebx, 0x10000
    mov al, [ebx]
    jmp test_fail16
.real_offset:

    enter_protected
    mov dword [0x20000], 0x12345678
    step "a null selector loads, its use is #GP(0)"
    xor eax, eax
    mov fs, ax
    expect_fault 13, .null_used
    mov eax, [fs:0]
    jmp test_fail32
.null_used:
    check_equal dword [fault_error], 0

    step "base and limit of a small segment"
    mov dword [test_gdt_free], 0x0000000F       ; limit 15, base 20000h
    mov dword [test_gdt_free + 4], 0x00409302
    mov ax, FREE_SELECTOR
    mov gs, ax
    check_equal dword [gs:0], 0x12345678
    lsl eax, [selector_operand]
    check_equal eax, 15
    expect_fault 13, .limit_violated
    mov eax, [gs:13]                            ; bytes 13-16: one too far
    jmp test_fail32
.limit_violated:
    check_equal dword [fault_error], 0

    step "a segment that grows down has its limit below"
    mov dword [test_gdt_free], 0x00000FFF
    mov dword [test_gdt_free + 4], 0x00409702   ; data, expand down, base 20000h: offsets from 1000h
    mov ax, FREE_SELECTOR
    mov gs, ax
    mov eax, [gs:0x1000]
    expect_fault 13, .below_limit
    mov eax, [gs:0xFFF]
    jmp test_fail32
.below_limit:

    step "writing to a code segment is #GP"
    expect_fault 13, .code_written
    mov [cs:0x20000], eax
    jmp test_fail32
.code_written:

    step "an execute-only segment cannot be read"
    mov dword [test_gdt_free], 0x0000FFFF
    mov dword [test_gdt_free + 4], 0x00CF9900   ; code, not readable
    expect_fault 13, .not_readable
    jmp FREE_SELECTOR:.execute_only
.execute_only:
    mov eax, [cs:0x20000]
    jmp test_fail32
.not_readable:

    step "a read-only segment cannot be written"
    mov dword [test_gdt_free + 4], 0x00CF9100
    mov ax, FREE_SELECTOR
    mov gs, ax
    mov eax, [gs:0x20000]
    expect_fault 13, .not_writable
    mov [gs:0x20000], eax
    jmp test_fail32
.not_writable:

    step "a stack beyond its limit is #SS"
    mov dword [test_gdt_free], 0x00006FFF
    mov dword [test_gdt_free + 4], 0x00409300
    expect_fault 12, .stack
    mov ax, FREE_SELECTOR
    mov ss, ax
    mov esp, 0x6FFE                             ; the exception itself still has room below
    pop eax
    jmp test_fail32
.stack:
    check_equal dword [fault_error], 0

    step "code beyond its limit is #GP"
    mov dword [test_gdt_free], 0x0000FFFF
    mov dword [test_gdt_free + 4], 0x00409B00   ; 64 KiB of code
    expect_fault 13, .code
    mov byte [0xFFFF], 0x90                     ; NOP as its last byte
    jmp FREE_SELECTOR:0xFFFF
.code:
    check_equal dword [fault_eip], 0x10000
    test_pass

section .data
selector_operand: dd FREE_SELECTOR

; fpustack.asm: overflow and underflow of the floating-point stack. Intel SDM vol. 1, §8.1.3.3 (C1), §8.5.1.1
; (stack fault), §4.8.3.7 (indefinite). Bochs is the reference here: QEMU does not flag them.

%define TEST_NAME "fpustack"
%include "test.inc"

test_main:
    enter_protected
    fninit
    mov ecx, 8
.push:
    fld1
    loop .push

    step "one more is a stack overflow: IE, SF, C1"
    fld1
    fnstsw ax
    and ax, 0x0241
    check_equal ax, 0x0241
    fstp dword [long_at]
    check_equal dword [long_at], 0xFFC00000     ; the masked answer: the indefinite NaN
    fninit

    step "an empty register is a stack underflow: IE, SF, not C1"
    fstp dword [long_at]
    fnstsw ax
    and ax, 0x0241
    check_equal ax, 0x0041
    fninit
    check_equal dword [long_at], 0xFFC00000
    test_pass

section .data
long_at: dd 0

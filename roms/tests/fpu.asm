; fpu.asm: a first look at the floating-point unit. Intel SDM vol. 1, chapter 8 (x87), §8.1.3 (status word),
; §8.1.5 (control word), §8.2 (formats), §8.5 (exceptions); Table 8-2 (comparison).

%define TEST_NAME "fpu"
%include "test.inc"

test_main:
    enter_protected
    mov eax, cr0
    and eax, ~0x0C                              ; EM and TS clear
    or eax, 0x22                                ; MP and NE set
    mov cr0, eax

    step "FNINIT: control word 037Fh, status word 0"
    fninit
    fnstcw [word_at]
    check_equal word [word_at], 0x037F
    fnstsw ax
    check_equal ax, 0

    step "1 + 1 = 2, as an integer"
    fld1
    fld1
    faddp
    fistp dword [long_at]
    check_equal dword [long_at], 2

    step "pi in all 80 bits"
    fldpi
    fstp tword [ten_at]
    check_equal dword [ten_at], 0x2168C235
    check_equal dword [ten_at + 4], 0xC90FDAA2
    check_equal word [ten_at + 8], 0x4000

    step "the square root of 2 in all 80 bits"
    fild dword [two]
    fsqrt
    fstp tword [ten_at]
    check_equal dword [ten_at], 0xF9DE6484
    check_equal dword [ten_at + 4], 0xB504F333
    check_equal word [ten_at + 8], 0x3FFF

    step "one third, rounded to double and to single"
    fld1
    fidiv dword [three]
    fst qword [ten_at]
    check_equal dword [ten_at], 0x55555555
    check_equal dword [ten_at + 4], 0x3FD55555
    fstp dword [long_at]
    check_equal dword [long_at], 0x3EAAAAAB

    step "the precision exception is flagged"
    fnstsw ax
    test al, 0x20
    jz test_fail32
    fnclex
    fnstsw ax
    test al, 0x7F
    jnz test_fail32

    step "1 / 0 is infinity, and ZE is set"
    fld1
    fldz
    fdivp
    fnstsw ax
    test al, 4
    jz test_fail32
    fstp dword [long_at]
    check_equal dword [long_at], 0x7F800000
    fnclex

    step "0 / 0 is the indefinite NaN, and IE is set"
    fldz
    fldz
    fdivp
    fnstsw ax
    test al, 1
    jz test_fail32
    fstp dword [long_at]
    check_equal dword [long_at], 0xFFC00000
    fnclex

    step "comparison: greater, less, equal, unordered"
    fld1
    fldz                                        ; ST0 = 0, ST1 = 1
    fcom
    fnstsw ax
    and ah, 0x45
    check_equal ah, 0x01                        ; ST0 < source: C0
    fxch
    fcom
    fnstsw ax
    and ah, 0x45
    check_equal ah, 0x00
    fcompp
    fld1
    fcom st0
    fnstsw ax
    and ah, 0x45
    check_equal ah, 0x40                        ; equal: C3
    fcomp dword [not_a_number]
    fnstsw ax
    and ah, 0x45
    check_equal ah, 0x45                        ; unordered
    fnclex

    step "the stack's top moves, eight deep"
    fninit
    mov ecx, 8
.push:
    fld1
    loop .push
    fnstsw ax
    and ah, 0x38
    check_equal ah, 0
    fnstenv [environment]
    check_equal word [environment + 8], 0       ; tag word: all valid

    fninit

    step "rounding: to nearest even, down, up, to zero"
    fild dword [five]
    fidiv dword [two]                           ; 2.5
    fist dword [long_at]
    check_equal dword [long_at], 2
    mov word [word_at], 0x077F
    fldcw [word_at]
    fist dword [long_at]
    check_equal dword [long_at], 2
    mov word [word_at], 0x0B7F
    fldcw [word_at]
    fist dword [long_at]
    check_equal dword [long_at], 3
    fchs
    mov word [word_at], 0x0F7F
    fldcw [word_at]
    fistp dword [long_at]
    check_equal dword [long_at], -2
    fninit

    step "packed decimal there and back"
    fild dword [decimal]
    fbstp [ten_at]
    check_equal dword [ten_at], 0x01234567
    check_equal word [ten_at + 8], 0x8000
    fbld [ten_at]
    fistp dword [long_at]
    check_equal dword [long_at], -1234567

    step "FNSAVE and FRSTOR keep the registers"
    fninit
    fldpi
    fnsave [saved]
    fnstsw ax
    test ah, 0x38
    jnz test_fail32
    frstor [saved]
    fldpi
    fcompp
    fnstsw ax
    test ah, 0x40
    jz test_fail32

    step "an unmasked exception is #MF at the next instruction"
    fninit
    mov word [word_at], 0x037B                  ; ZM clear
    fldcw [word_at]
    fld1
    fldz
    expect_fault 16, .unmasked
    fdivp
.waiting:
    fwait
    jmp test_fail32
.unmasked:
    check_equal dword [fault_eip], .waiting
    fnclex
    test_pass

section .data
    align 8
two:            dd 2
three:          dd 3
five:           dd 5
decimal:        dd -1234567
not_a_number:   dd 0x7FC00000
word_at:        dd 0
long_at:        dd 0
    align 16
ten_at:         times 16 db 0
environment:    times 28 db 0
saved:          times 108 db 0

; exceptions.asm: the exceptions that an instruction can raise, and what they leave on the stack.
; Intel SDM vol. 3, Table 6-1; §6.5 (faults point at the instruction, traps behind it), §17.3.1 (debug
; exceptions; here only single step and DR6.BS).

%define TEST_NAME "exceptions"
%include "test.inc"

test_main:
    enter_protected

    step "#DE: division by zero, a fault"
    mov eax, 1
    xor edx, edx
    xor ecx, ecx
    expect_fault 0, .divided
.div:
    div ecx
    jmp test_fail32
.divided:
    check_equal dword [fault_eip], .div

    step "#DE: quotient too large"
    mov edx, 5
    mov ecx, 5
    expect_fault 0, .overflowed
    div ecx
    jmp test_fail32
.overflowed:

    step "#DE: IDIV of the smallest number by -1"
    mov ax, 0x8000
    cwd
    mov cx, -1
    expect_fault 0, .idiv_overflowed
    idiv cx
    jmp test_fail32
.idiv_overflowed:

    step "#DB: single step, a trap behind the next instruction"
    expect_fault 1, .stepped
    pushfd
    or dword [esp], 0x100                       ; EFLAGS.TF
    popfd
    nop
.behind_nop:
    jmp test_fail32
.stepped:
    check_equal dword [fault_eip], .behind_nop
    mov eax, dr6
    test eax, 1 << 14                           ; BS
    jz test_fail32

    step "#BP: INT3, a trap"
    expect_fault 3, .breakpoint
    int3
.behind_int3:
    jmp test_fail32
.breakpoint:
    check_equal dword [fault_eip], .behind_int3

    step "INTO does nothing without overflow"
    xor eax, eax
    into
    step "#OF: INTO after an overflow"
    mov al, 0x7F
    expect_fault 4, .overflow
    add al, 1
    into
    jmp test_fail32
.overflow:

    step "#BR: BOUND"
    mov eax, 10
    bound eax, [bounds]
    mov eax, 11
    expect_fault 5, .bounds_exceeded
.bound:
    bound eax, [bounds]
    jmp test_fail32
.bounds_exceeded:
    check_equal dword [fault_eip], .bound

    step "#UD: UD2"
    expect_fault 6, .undefined
.ud2:
    ud2
    jmp test_fail32
.undefined:
    check_equal dword [fault_eip], .ud2

    step "#UD: LEA of a register"
    expect_fault 6, .lea
    db 0x8D, 0xC0
    jmp test_fail32
.lea:

    step "#UD: MOV to CS"
    expect_fault 6, .mov_cs
    db 0x8E, 0xC8
    jmp test_fail32
.mov_cs:

    step "#NM: floating point while CR0.TS is set"
    mov eax, cr0
    or eax, 8
    mov cr0, eax
    expect_fault 7, .not_available
    fninit
    jmp test_fail32
.not_available:
    clts

    step "#GP: an instruction longer than 15 bytes"
    expect_fault 13, .too_long
    times 15 db 0x66
    nop
    jmp test_fail32
.too_long:

    step "#GP: an interrupt beyond the table, with its number in the error code"
    expect_fault 13, .no_vector
    int 0x80
    jmp test_fail32
.no_vector:
    check_equal dword [fault_error], 0x80 * 8 + 2

    step "#NP: a gate that is not present"
    mov dword [test_idt_more + 16 * 8 + 4], 0x0E00 ; a 32-bit interrupt gate, P = 0
    expect_fault 11, .no_gate
    int 0x30
    jmp test_fail32
.no_gate:
    check_equal dword [fault_error], 0x30 * 8 + 2

    step "#DF: a fault while delivering #GP"
    mov word [test_idt + 13 * 8 + 2], 0         ; the gate of #GP gets a null code segment
    expect_fault 8, .double
    mov ax, 0x7F8                               ; beyond the table
    mov fs, ax
    jmp test_fail32
.double:
    check_equal dword [fault_error], 0
    test_pass

section .data
    align 4
bounds: dd -10, 10

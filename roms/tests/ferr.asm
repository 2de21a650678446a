; ferr.asm: x87 errors with CR0.NE = 0: FERR#, IRQ 13, IGNNE# and port F0h, as on an AT.
; Intel SDM 1 (2023), 8.7.2 and appendix D.2; 82371AB (PIIX4) data sheet, CERR.

%define TEST_NAME "ferr"
%include "test.inc"

test_main:
    enter_protected
    mov word [test_idt_more + 8 * 13 + 0], on_irq13     ; vector 2Dh: a 32-bit interrupt gate
    mov word [test_idt_more + 8 * 13 + 2], CODE32
    mov word [test_idt_more + 8 * 13 + 4], 0x8E00

    mov al, 0x11                                ; ICW1-ICW4, master then slave
    out 0x20, al
    out 0xA0, al
    mov al, 0x20
    out 0x21, al
    mov al, 0x28
    out 0xA1, al
    mov al, 4
    out 0x21, al
    mov al, 2
    out 0xA1, al
    mov al, 1
    out 0x21, al
    out 0xA1, al
    mov al, 0xFB                                ; the cascade, and IRQ 13 alone
    out 0x21, al
    mov al, 0xDF
    out 0xA1, al

    mov eax, cr0
    and eax, ~0x2C                              ; NE, EM, TS
    or eax, 2                                   ; MP
    mov cr0, eax
    fninit
    sti

    step "no error, no interrupt"
    fldcw [without_zero_divide]
    fld1
    fwait
    check_equal dword [interrupts], 0

    step "a division by zero interrupts before FWAIT is over"
    fldz
    fdivp st1, st0
    fwait
    check_equal dword [interrupts], 1
    test word [status], 0x84                    ; ES and ZE
    jz test_fail32

    step "once only, and the unit goes on"
    fninit
    fld1
    fwait
    check_equal dword [interrupts], 1

    step "instructions without waiting do not wait"
    cli
    fldcw [without_zero_divide]
    fldz
    fdivp st1, st0
    fnstsw ax
    test al, 0x80
    jz test_fail32
    check_equal dword [interrupts], 1

    step "the frozen processor takes the interrupt and tries the instruction again"
    sti
    nop                                         ; STI's shadow
    fld1
    check_equal dword [interrupts], 2

    step "IGNNE# does not outlast the error"
    fninit
    out 0xF0, al
    fldcw [without_zero_divide]
    fld1
    fldz
    fdivp st1, st0
    fwait
    check_equal dword [interrupts], 3
    jmp test_pass32

; Port F0h clears the request and asserts IGNNE#, so that FLD below, which waits, is not frozen.
on_irq13:
    push eax
    out 0xF0, al
    fld1
    fstp st0
    fnstsw [status]
    fnclex
    inc dword [interrupts]
    mov al, 0x20
    out 0xA0, al
    out 0x20, al
    pop eax
    iret

section .data
without_zero_divide: dw 0x037B
status: dw 0
interrupts: dd 0

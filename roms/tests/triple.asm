; triple.asm: a fault, the fault of its delivery, the fault of that delivery: the CPU shuts down and a PC's
; chip set answers with a reset. Intel SDM vol. 3, §6.15 (#DF): shutdown. Prints "triple: BEGIN"; the end
; is the reset, so whoever runs it must stop at the first one.

%define TEST_NAME "triple"
%include "test.inc"

test_main:
    enter_protected
    mov esi, text
    call print_text32
    lidt [empty_idt]
    int3                                        ; no gate: #GP; no gate: #DF; no gate: shutdown
    jmp test_fail32

section .data
text:       db "triple: BEGIN", 13, 10, 0
empty_idt:  dw 0
            dd 0

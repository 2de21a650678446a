; vectors.asm: one entry for each of the 49 vectors in use, all leading to interrupt_dispatch().
;
; Specification: Intel SDM vol. 3, §6.12.1 and Figure 6-4 (stack after an interrupt without a change of
; privilege), §6.13 (which exceptions push an error code). Entries without one push 0, so that the
; stack always looks like struct interrupt_frame (interrupts.h).

bits 32
extern interrupt_dispatch
global vector_entries

; The exceptions that push an error code: #DF 8, #TS 10, #NP 11, #SS 12, #GP 13, #PF 14, #AC 17.
%define HAS_ERROR_CODE(n) ((n) == 8 || ((n) >= 10 && (n) <= 14) || (n) == 17)

section .text
%assign vector 0
%rep 49
vector_%+vector:
    %if !HAS_ERROR_CODE(vector)
    push dword 0
    %endif
    push dword vector
    jmp vector_common
    %assign vector vector + 1
%endrep

vector_common:
    pushad
    cld
    push esp                    ; the frame: what PUSHAD, the entry and the CPU have stacked
    call interrupt_dispatch
    add esp, 4
    popad
    add esp, 8                  ; vector and error code
    iretd

section .rodata align=4
vector_entries:
%assign vector 0
%rep 49
    dd vector_%+vector
    %assign vector vector + 1
%endrep

section .note.GNU-stack noalloc noexec nowrite progbits

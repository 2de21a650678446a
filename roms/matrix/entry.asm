; entry.asm: attempt(), and the exceptions that end it.
;
; attempt(state) leaves ring 0's C for the state of matrix.h: any ring, or virtual-8086 mode. Whatever is
; raised there, INT 30h of the landing among it, comes back by the vectors below: outcome_take() gets the
; frame, and attempt() returns. Intel SDM vol. 3, 6.12 (frames), 6.13 (error codes).

bits 32
global attempt, vector_entries, fault_task_entry
extern outcome_take, outcome_of_task, state_busy

KDATA   equ 0x10
VM      equ 0x20000
VECTORS equ 0x31

struc state
.eip: resd 1
.cs: resd 1
.eflags: resd 1
.esp: resd 1
.ss: resd 1
.es: resd 1
.ds: resd 1
.fs: resd 1
.gs: resd 1
.eax: resd 1
.ebx: resd 1
.ecx: resd 1
.edx: resd 1
endstruc

section .text
attempt:
    pushfd
    pushad
    mov [kernel_esp], esp
    mov ebp, [esp + 40]
    test dword [ebp + state.eflags], VM
    jnz .v86
    test byte [ebp + state.cs], 3
    jnz .outer
    mov ss, [ebp + state.ss]                    ; the same ring: its stack first
    mov esp, [ebp + state.esp]
    jmp .frame
.v86:
    push dword [ebp + state.gs]
    push dword [ebp + state.fs]
    push dword [ebp + state.ds]
    push dword [ebp + state.es]
    push dword [ebp + state.ss]
    push dword [ebp + state.esp]
    push dword [ebp + state.eflags]
    push dword [ebp + state.cs]
    push dword [ebp + state.eip]
    jmp .registers
.outer:
    push dword [ebp + state.ss]
    push dword [ebp + state.esp]
.frame:
    push dword [ebp + state.eflags]
    push dword [ebp + state.cs]
    push dword [ebp + state.eip]
    mov es, [ebp + state.es]
    mov fs, [ebp + state.fs]
    mov gs, [ebp + state.gs]
.registers:
    mov eax, [ebp + state.eax]
    mov ebx, [ebp + state.ebx]
    mov ecx, [ebp + state.ecx]
    mov edx, [ebp + state.edx]
    test dword [ebp + state.eflags], VM
    jnz .leave
    mov ds, [ebp + state.ds]
.leave:
    mov esi, 0x51525354
    mov edi, 0x71727374
    mov ebp, 0xE1E2E3E4
    iretd

%macro entry 1
    align 16
  %if !((%1) == 8 || ((%1) >= 10 && (%1) <= 14) || (%1) == 17)
    push dword 0                                ; these push no error code
  %endif
    push dword %1
    jmp raised
%endmacro
    align 16
vector_entries:                                 ; sixteen bytes each
%assign n 0
%rep VECTORS
    entry n
  %assign n n + 1
%endrep

raised:
    pushad
    push ds
    push es
    push fs
    push gs
    mov ax, KDATA
    mov ds, ax
    mov es, ax
    cld
    mov eax, esp
    push dword 2                                ; TF, NT and AC of the attempt end here
    popfd
    push eax
    call outcome_take
back:
    mov ax, KDATA
    mov ss, ax
    mov es, ax
    mov ds, ax
    mov esp, [kernel_esp]
    popad
    popfd
    ret

; A task of its own takes what cannot be delivered on the attempt's stack.
fault_task_entry:
    cld
    pop eax                                     ; the error code
    push eax
    call outcome_of_task
    clts                                        ; the switch has set TS
    jmp back

section .bss
kernel_esp: resd 1
section .note.GNU-stack noalloc noexec nowrite progbits

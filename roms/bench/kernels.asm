; kernels.asm: the kernels that are about single instructions, so that no compiler chooses them.
; All are i386 C functions: arguments on the stack, EBX, ESI, EDI, EBP kept.

bits 32
section .text

; uint32_t k_alu(uint32_t count): 20 instructions a turn on registers only, each result used.
global k_alu
k_alu:
    push ebx
    push esi
    push edi
    push ebp
    mov ecx, [esp + 20]
    mov eax, 0x2545F491
    mov ebx, 0x9E3779B9
    mov edx, 11
    mov esi, 13
    mov edi, 17
    mov ebp, 19
    align 16
.turn:
    xor eax, ebx
    rol eax, 7
    add eax, edx
    lea ebx, [ebx + eax * 4 + 1]
    sub esi, ebx
    mov ebp, esi
    shr ebp, 11
    xor edi, ebp
    imul edi, eax
    movzx ebp, dl
    add edx, edi
    and ebp, esi
    or edx, 1
    not esi
    cmp edx, ebx
    sbb ebp, edi
    add esi, ebp
    test esi, 0x10
    dec ecx
    jnz .turn
    add eax, ebx
    xor eax, edx
    add eax, esi
    xor eax, edi
    pop ebp
    pop edi
    pop esi
    pop ebx
    ret

; void k_copy(from, to, lines): lines of 16 bytes, by loads and stores.
global k_copy
k_copy:
    push esi
    push edi
    push ebx
    mov esi, [esp + 16]
    mov edi, [esp + 20]
    mov ecx, [esp + 24]
    align 16
.line:
    mov eax, [esi]
    mov ebx, [esi + 4]
    mov edx, [esi + 8]
    mov [edi], eax
    mov eax, [esi + 12]
    mov [edi + 4], ebx
    mov [edi + 8], edx
    mov [edi + 12], eax
    add esi, 16
    add edi, 16
    sub ecx, 1
    jnz .line
    pop ebx
    pop edi
    pop esi
    ret

; const void *k_chase(from, count): follows 8 * count pointers.
global k_chase
k_chase:
    mov eax, [esp + 4]
    mov ecx, [esp + 8]
    align 16
.turn:
%rep 8
    mov eax, [eax]
%endrep
    sub ecx, 1
    jnz .turn
    ret

global k_rep_movs
k_rep_movs:
    push esi
    push edi
    mov esi, [esp + 12]
    mov edi, [esp + 16]
    mov ecx, [esp + 20]
    rep movsd
    pop edi
    pop esi
    ret

global k_rep_stos
k_rep_stos:
    push edi
    mov edi, [esp + 8]
    mov eax, [esp + 12]
    mov ecx, [esp + 16]
    rep stosd
    pop edi
    ret

; Port 80h is the diagnostic port of the PC: nothing hears it.
global k_out
k_out:
    mov ecx, [esp + 4]
.turn:
    out 0x80, al
    dec ecx
    jnz .turn
    ret

; Port 3FDh is the line status register of COM1.
global k_in
k_in:
    mov ecx, [esp + 4]
    mov edx, 0x3FD
.turn:
    in al, dx
    dec ecx
    jnz .turn
    ret

; uint32_t k_patch(uint32_t count): each turn changes an instruction of the next lines, then runs it.
global k_patch
k_patch:
    mov ecx, [esp + 4]
    xor eax, eax
    mov dword [.patched + 1], 3
    align 16
.turn:
    add dword [.patched + 1], 5
.patched:
    mov edx, 3
    xor eax, edx
    dec ecx
    jnz .turn
    ret

; uint32_t k_call_generated(function, data): for bigcode.c: registers loaded, EBX = data.
global k_call_generated
k_call_generated:
    push ebx
    push esi
    push edi
    push ebp
    mov ebx, [esp + 24]
    mov eax, 1
    mov ecx, 2
    mov edx, 3
    mov esi, 4
    mov edi, 5
    mov ebp, 6
    call [esp + 20]
    pop ebp
    pop edi
    pop esi
    pop ebx
    ret
section .note.GNU-stack noalloc noexec nowrite progbits

; smc.asm: code that changes itself. Intel SDM vol. 3, §8.1.3 (self-modifying code: a jump or a serialising
; instruction between the write and the execution) and §11.6 (P6 family: the prefetched instructions are
; checked, so that even without one the new code is executed).

%define TEST_NAME "smc"
%include "test.inc"
%include "paging.inc"

COPY    equ 0x30000

test_main:
    enter_protected

    step "an immediate is patched, then reached by a jump"
    mov dword [.patched + 1], 0x11223344
    jmp .patched
.patched:
    mov eax, 0
    check_equal eax, 0x11223344

    step "a loop patches its own body each time round"
    xor ebx, ebx
    mov ecx, 1000
.again:
    mov [.operand + 1], ecx
    jmp .operand
.operand:
    mov eax, 0
    add ebx, eax
    loop .again
    check_equal ebx, 1000 * 1001 / 2

    step "the very next instruction is patched"
    mov byte [.next], 0x42                      ; INC EDX in the place of NOP
    xor edx, edx
    mov byte [.next2], 0x42
.next2:
    nop
.next:
    nop
    check_equal edx, 2

    step "code copied by REP MOVSB runs, and runs again when replaced"
    mov esi, .first
    mov edi, COPY
    mov ecx, .second - .first
    rep movsb
    mov ebx, COPY
    call ebx
    check_equal eax, 1
    mov esi, .second
    mov edi, COPY
    mov ecx, .end - .second
    rep movsb
    call ebx
    check_equal eax, 2

    step "data beside code may be written at any time"
    mov ecx, 10000
.beside:
    inc dword [.data_beside]
    jmp .over
.data_beside: dd 0
.over:
    loop .beside
    check_equal dword [.data_beside], 10000

    step "an instruction across a page border is patched on the second page"
    mov byte [COPY + 0xFFD], 0xB8               ; MOV EAX, imm32: FFDh-1001h
    mov dword [COPY + 0xFFE], 0x01010101
    mov byte [COPY + 0x1002], 0xC3              ; RET
    mov ebx, COPY + 0xFFD
    call ebx
    check_equal eax, 0x01010101
    mov byte [COPY + 0x1001], 0x7F
    call ebx
    check_equal eax, 0x7F010101

    step "code is patched through another linear address"
    enter_paging
    mov dword [pte(COPY + 0x8000)], COPY | PTE_P | PTE_W
    mov dword [pte(COPY + 0x9000)], (COPY + 0x1000) | PTE_P | PTE_W
    mov eax, cr3
    mov cr3, eax
    call ebx
    mov byte [COPY + 0x8000 + 0x1000], 0x55     ; third byte of the immediate, by the alias
    call ebx
    check_equal eax, 0x7F550101

    step "REP STOS runs over code that has been executed"
    mov edi, COPY
    mov al, 0x90
    mov ecx, 0x1002
    rep stosb
    mov ebx, COPY
    mov eax, 7
    call ebx
    check_equal eax, 7                          ; nothing but NOPs before the RET
    test_pass

.first:
    mov eax, 1
    ret
.second:
    mov eax, 2
    ret
.end:

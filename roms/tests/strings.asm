; strings.asm: the string instructions with REP: counts, directions, page borders, faults in the middle.
; Intel SDM vol. 2, REP/REPE/REPNE: registers are updated after each element, so that an exception or
; interrupt in the middle can be followed by a restart.

%define TEST_NAME "strings"
%include "test.inc"
%include "paging.inc"

SOURCE  equ 0x30000
TARGET  equ 0x34000

test_main:
    enter_protected
    mov edi, SOURCE                             ; a pattern in four pages
    xor eax, eax
    mov ecx, 4096
.fill:
    stosd
    add eax, 0x01010105
    loop .fill
    enter_paging

    step "REP with a count of zero does nothing"
    mov esi, SOURCE
    mov edi, 0xFFFFF000                         ; not mapped: nobody may look
    xor ecx, ecx
    rep movsb
    check_equal edi, 0xFFFFF000
    check_equal esi, SOURCE

    step "REP MOVSD over page borders"
    mov edi, TARGET
    mov ecx, 4096
    rep movsd
    check_equal esi, SOURCE + 16384
    check_equal edi, TARGET + 16384
    check_equal ecx, 0

    step "REPE CMPSD finds both alike"
    mov esi, SOURCE
    mov edi, TARGET
    mov ecx, 4096
    repe cmpsd
    jne test_fail32
    check_equal ecx, 0

    step "REPE CMPSB stops behind the first difference"
    xor byte [TARGET + 5000], 0x80
    mov esi, SOURCE
    mov edi, TARGET
    mov ecx, 16384
    repe cmpsb
    je test_fail32
    check_equal esi, SOURCE + 5001
    check_equal ecx, 16384 - 5001

    step "unaligned REP MOVSD, elements across the border"
    mov esi, SOURCE + 1
    mov edi, TARGET + 3
    mov ecx, 2048
    rep movsd
    mov esi, SOURCE + 1
    mov edi, TARGET + 3
    mov ecx, 8192
    repe cmpsb
    jne test_fail32

    step "backwards with DF"
    std
    mov esi, SOURCE + 8191
    mov edi, TARGET + 8191
    mov ecx, 8192
    rep movsb
    cld
    check_equal esi, SOURCE - 1
    check_equal edi, TARGET - 1
    mov esi, SOURCE
    mov edi, TARGET
    mov ecx, 8192
    repe cmpsb
    jne test_fail32

    step "overlapping forward copy repeats the first bytes"
    mov dword [TARGET], 0x44332211
    mov esi, TARGET
    mov edi, TARGET + 1
    mov ecx, 5000
    rep movsb
    check_equal dword [TARGET + 4996], 0x11111111

    step "REPNE SCASB finds a byte on the next page"
    mov edi, TARGET
    mov ecx, 8192
    mov al, 0
    rep stosb
    mov byte [TARGET + 4100], 0x77
    mov edi, TARGET
    mov ecx, 8192
    mov al, 0x77
    repne scasb
    jne test_fail32
    check_equal edi, TARGET + 4101
    check_equal ecx, 8192 - 4101

    step "a fault in the middle leaves exact registers"
    mov dword [pte(TARGET + 4096)], 0
    invlpg [TARGET + 4096]
    mov esi, SOURCE
    mov edi, TARGET + 4096 - 10
    mov ecx, 100
    expect_fault 14, .in_the_middle
.faulting:
    rep movsb
    jmp test_fail32
.in_the_middle:
    check_equal dword [fault_eip], .faulting
    check_equal dword [fault_cr2], TARGET + 4096
    check_equal dword [fault_error], PF_WRITE
    check_equal dword [fault_ecx], 90
    check_equal dword [fault_esi], SOURCE + 10
    check_equal dword [fault_edi], TARGET + 4096

    step "and goes on from there"
    mov dword [pte(TARGET + 4096)], (TARGET + 4096) | PTE_P | PTE_W
    mov ecx, [fault_ecx]
    mov esi, [fault_esi]
    mov edi, [fault_edi]
    rep movsb
    mov esi, SOURCE
    mov edi, TARGET + 4096 - 10
    mov ecx, 100
    repe cmpsb
    jne test_fail32

    step "an element across a missing page writes none of its bytes"
    mov dword [pte(TARGET + 4096)], 0
    invlpg [TARGET + 4096]
    mov dword [TARGET + 4092], 0
    mov eax, 0xFFFFFFFF
    mov edi, TARGET + 4094
    mov ecx, 1
    expect_fault 14, .element
    rep stosd
    jmp test_fail32
.element:
    check_equal dword [TARGET + 4092], 0
    check_equal dword [fault_ecx], 1
    check_equal dword [fault_edi], TARGET + 4094

    step "16-bit addresses use SI, DI and CX"
    mov dword [pte(TARGET + 4096)], (TARGET + 4096) | PTE_P | PTE_W
    mov esi, 0xABCD5000
    mov edi, 0xABCD5800
    mov ecx, 0xABCD0010
    mov dword [0x5000], 0x5EED5EED
    mov dword [0x5800], 0
    a16 rep movsb
    check_equal dword [0x5800], 0x5EED5EED
    check_equal esi, 0xABCD5010
    check_equal edi, 0xABCD5810
    check_equal ecx, 0xABCD0000

    step "LODS, STOS and SCAS without REP"
    mov esi, 0x5000
    lodsw
    check_equal ax, 0x5EED
    check_equal esi, 0x5002
    mov edi, 0x5800
    scasw
    jne test_fail32
    test_pass

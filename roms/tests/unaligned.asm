; unaligned.asm: accesses at any address, and over the border between two pages that do not lie side by
; side in memory. Intel SDM vol. 1, §4.1.1 (alignment); vol. 3, §4.7 (page faults).

%define TEST_NAME "unaligned"
%include "test.inc"
%include "paging.inc"

LOW_PAGE    equ 0x30000                         ; linear: two neighbours ...
HIGH_PAGE   equ 0x31000
LOW_FRAME   equ 0x45000                         ; ... physical: the other way round, and apart
HIGH_FRAME  equ 0x42000
BORDER      equ HIGH_PAGE

test_main:
    enter_protected
    enter_paging
    mov dword [pte(LOW_PAGE)], LOW_FRAME | PTE_P | PTE_W
    mov dword [pte(HIGH_PAGE)], HIGH_FRAME | PTE_P | PTE_W
    mov eax, cr3
    mov cr3, eax

    step "dwords at all four alignments"
    mov dword [0x50000], 0x44332211
    mov dword [0x50004], 0x88776655
    check_equal dword [0x50001], 0x55443322
    check_equal dword [0x50002], 0x66554433
    check_equal dword [0x50003], 0x77665544
    check_equal word [0x50003], 0x5544

    step "a dword written over the border, seen in both frames"
    mov dword [BORDER - 1], 0xD3D2D1D0
    check_equal byte [LOW_FRAME + 0xFFF], 0xD0
    check_equal word [HIGH_FRAME], 0xD2D1
    check_equal byte [HIGH_FRAME + 2], 0xD3
    step "and read back"
    check_equal dword [BORDER - 1], 0xD3D2D1D0
    mov dword [BORDER - 3], 0x13121110
    check_equal dword [BORDER - 3], 0x13121110
    check_equal byte [HIGH_FRAME], 0x13

    step "words over the border"
    mov word [BORDER - 1], 0xA5B6
    check_equal byte [LOW_FRAME + 0xFFF], 0xB6
    check_equal byte [HIGH_FRAME], 0xA5

    step "read, modify, write over the border"
    mov dword [BORDER - 2], 0x0000FFFF
    inc dword [BORDER - 2]
    check_equal dword [BORDER - 2], 0x00010000
    lock xadd [BORDER - 2], eax
    check_equal eax, 0x00010000

    step "PUSH and POP over the border"
    mov ebx, esp
    mov esp, BORDER + 2
    push dword 0x0F1E2D3C
    check_equal dword [BORDER - 2], 0x0F1E2D3C
    pop ecx
    mov esp, ebx
    check_equal ecx, 0x0F1E2D3C

    step "a quadword by CMPXCHG8B over the border, where CPUID has it"
    mov eax, 1
    cpuid
    test edx, 1 << 8
    jz .no_cmpxchg8b
    mov dword [BORDER - 4], 0x01020304
    mov dword [BORDER], 0x05060708
    mov eax, 0x01020304
    mov edx, 0x05060708
    mov ebx, 0x11121314
    mov ecx, 0x15161718
    cmpxchg8b [BORDER - 4]
    jnz test_fail32
    check_equal dword [BORDER - 4], 0x11121314
    check_equal dword [BORDER], 0x15161718
.no_cmpxchg8b:

    step "the second page is missing: CR2 is its first byte"
    mov dword [LOW_PAGE + 0xFFC], 0x77777777
    mov dword [pte(HIGH_PAGE)], 0
    invlpg [HIGH_PAGE]
    expect_fault 14, .write_faulted
    mov dword [BORDER - 2], 0x12345678
    jmp test_fail32
.write_faulted:
    check_equal dword [fault_cr2], BORDER
    check_equal dword [fault_error], PF_WRITE
    step "and nothing has been written on the first"
    check_equal dword [LOW_PAGE + 0xFFC], 0x77777777

    step "the first page is missing: CR2 is the address itself"
    mov dword [pte(HIGH_PAGE)], HIGH_FRAME | PTE_P | PTE_W
    mov dword [pte(LOW_PAGE)], 0
    invlpg [LOW_PAGE]
    invlpg [HIGH_PAGE]
    expect_fault 14, .read_faulted
    mov eax, [BORDER - 2]
    jmp test_fail32
.read_faulted:
    check_equal dword [fault_cr2], BORDER - 2
    check_equal dword [fault_error], 0

    step "a read-modify-write that faults changes no flags and no registers"
    mov eax, 5
    stc
    expect_fault 14, .modify_faulted
    adc [LOW_PAGE], eax
    jmp test_fail32
.modify_faulted:
    check_equal dword [fault_eax], 5
    test dword [fault_eflags], 1
    jz test_fail32

    step "POP into a missing page leaves ESP"
    push dword 1
    mov ebx, esp
    expect_fault 14, .pop_faulted
    pop dword [LOW_PAGE]
    jmp test_fail32
.pop_faulted:
    check_equal esp, ebx

    step "an instruction over the border between two frames"
    mov dword [pte(LOW_PAGE)], LOW_FRAME | PTE_P | PTE_W
    invlpg [LOW_PAGE]
    mov byte [LOW_FRAME + 0xFFE], 0xB8          ; MOV EAX, 04030201h
    mov byte [LOW_FRAME + 0xFFF], 0x01
    mov dword [HIGH_FRAME], 0xC3040302          ; ... RET
    mov ebx, BORDER - 2
    call ebx
    check_equal eax, 0x04030201

    step "its second page missing: CR2 is the border, EIP the instruction"
    mov dword [pte(HIGH_PAGE)], 0
    invlpg [HIGH_PAGE]
    expect_fault 14, .fetch_faulted
    call ebx
.fetch_faulted:
    check_equal dword [fault_eip], BORDER - 2
    check_equal dword [fault_cr2], BORDER
    test_pass

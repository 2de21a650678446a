; paging.asm: page tables, page faults, accessed and dirty bits, write protection, the TLB.
; Intel SDM vol. 3, §4.3 (32-bit paging), §4.6 (access rights), §4.7 (page faults), §4.8 (A and D),
; §4.10 (TLB).

%define TEST_NAME "paging"
%include "test.inc"
%include "paging.inc"

HOLE    equ 0x30000                             ; pages for experiments
FRAME   equ 0x40000

test_main:
    enter_protected
    mov dword [FRAME], 0xCAFEF00D
    enter_paging

    step "a read sets A and leaves D"
    and dword [pte(HOLE)], ~(PTE_A | PTE_D)
    invlpg [HOLE]
    mov eax, [HOLE]
    mov eax, [pte(HOLE)]
    and eax, PTE_A | PTE_D
    check_equal eax, PTE_A

    step "a write sets D"
    mov dword [HOLE], 1
    mov eax, [pte(HOLE)]
    and eax, PTE_A | PTE_D
    check_equal eax, PTE_A | PTE_D

    step "the directory's entry has A"
    test dword [PAGE_DIRECTORY], PTE_A
    jz test_fail32

    step "a page that is not present is #PF, CR2 holds the address"
    mov dword [pte(HOLE)], 0
    invlpg [HOLE]
    expect_fault 14, .read_missing
    mov eax, [HOLE + 0x123]
    jmp test_fail32
.read_missing:
    check_equal dword [fault_cr2], HOLE + 0x123
    check_equal dword [fault_error], 0

    step "a write says so in the error code"
    expect_fault 14, .write_missing
    mov byte [HOLE + 0xFFF], 1
    jmp test_fail32
.write_missing:
    check_equal dword [fault_cr2], HOLE + 0xFFF
    check_equal dword [fault_error], PF_WRITE

    step "the page can be mapped elsewhere"
    mov dword [pte(HOLE)], FRAME | PTE_P | PTE_W
    invlpg [HOLE]
    check_equal dword [HOLE], 0xCAFEF00D

    step "two addresses of one frame see the same bytes"
    mov dword [HOLE + 4], 0x600DD06E
    check_equal dword [FRAME + 4], 0x600DD06E

    step "a change takes effect with INVLPG"
    mov dword [pte(HOLE)], (FRAME + 4096) | PTE_P | PTE_W
    mov dword [FRAME + 4096], 0x0BADBEEF
    invlpg [HOLE]
    check_equal dword [HOLE], 0x0BADBEEF

    step "a change takes effect with a load of CR3"
    mov dword [pte(HOLE)], FRAME | PTE_P | PTE_W
    mov eax, cr3
    mov cr3, eax
    check_equal dword [HOLE], 0xCAFEF00D

    step "ring 0 may write to a read-only page while CR0.WP is clear"
    mov dword [pte(HOLE)], FRAME | PTE_P
    invlpg [HOLE]
    mov dword [HOLE + 8], 5
    check_equal dword [FRAME + 8], 5

    step "with CR0.WP it may not"
    mov eax, cr0
    or eax, CR0_WP
    mov cr0, eax
    expect_fault 14, .write_protected
    mov dword [HOLE + 8], 6
    jmp test_fail32
.write_protected:
    check_equal dword [fault_error], PF_PRESENT | PF_WRITE
    check_equal dword [FRAME + 8], 5

    step "ring 3 may not read a supervisor's page"
    expect_fault 14, .user_read
    push dword USER_DATA32
    push dword USER_STACK
    push dword 2                                ; EFLAGS
    push dword USER_CODE32
    push dword user_reads
    iretd
.user_read:
    check_equal dword [fault_error], PF_PRESENT | PF_USER
    check_equal dword [fault_cr2], HOLE
    check_equal dword [fault_cs], USER_CODE32

    step "the directory's rights count too"
    mov dword [pte(HOLE)], FRAME | PTE_P | PTE_W | PTE_U
    mov dword [PAGE_DIRECTORY + 4], PAGE_TABLE | PTE_P | PTE_U  ; 4-8 MiB: the same table, read only
    mov eax, cr3
    mov cr3, eax
    check_equal dword [0x400000 + HOLE], 0xCAFEF00D
    expect_fault 14, .directory_read_only
    mov dword [0x400000 + HOLE], 7
    jmp test_fail32
.directory_read_only:
    check_equal dword [fault_error], PF_PRESENT | PF_WRITE
    check_equal dword [fault_cr2], 0x400000 + HOLE

    step "code is fetched through the tables"
    mov dword [FRAME], 0xC3585040               ; INC EAX, PUSH EAX, POP EAX, RET
    mov eax, 41
    mov ebx, HOLE
    call ebx
    check_equal eax, 42

    step "a fetch from a missing page faults at the target"
    mov dword [pte(HOLE)], 0
    invlpg [HOLE]
    expect_fault 14, .fetched
    call ebx
.fetched:
    check_equal dword [fault_eip], HOLE
    check_equal dword [fault_cr2], HOLE
    check_equal dword [fault_error], 0

    step "a 4 MiB page where CPUID has PSE"
    mov eax, 1
    cpuid
    test edx, 1 << 3
    jz .done
    mov eax, cr4
    or eax, 1 << 4                              ; CR4.PSE
    mov cr4, eax
    mov dword [PAGE_DIRECTORY + 8], 0x83        ; 8-12 MiB onto 0: present, writable, PS
    mov eax, cr3
    mov cr3, eax
    mov dword [FRAME], 0x4D4D4D4D
    check_equal dword [0x800000 + FRAME], 0x4D4D4D4D
    test dword [PAGE_DIRECTORY + 8], PTE_A
    jz test_fail32
    test dword [PAGE_DIRECTORY + 8], PTE_D
    jnz test_fail32
    mov dword [0x800000 + FRAME], 0
    test dword [PAGE_DIRECTORY + 8], PTE_D
    jz test_fail32
.done:
    test_pass

user_reads:
    mov eax, [cs:HOLE]                          ; DS is null: the return to ring 3 has cleared it
    jmp $

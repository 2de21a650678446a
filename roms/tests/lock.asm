; lock.asm: where the LOCK prefix is allowed and where it is #UD. Intel SDM vol. 2, LOCK. Bochs is the reference
; here: QEMU ignores some of the forbidden ones.

%define TEST_NAME "lock"
%include "test.inc"

%macro refused 1                                ; the instruction's bytes behind the prefix
    step "LOCK is refused before these bytes"
    expect_fault 6, %%caught
    db 0xF0
    db %1
    jmp test_fail32
%%caught:
%endmacro

test_main:
    enter_protected
    mov ebx, 0x20000
    mov dword [ebx], 5

    step "allowed with a destination in memory"
    lock add dword [ebx], 1
    lock inc dword [ebx]
    lock xadd [ebx], eax
    lock bts dword [ebx], 31
    lock xchg [ebx], eax
    lock not dword [ebx]
    lock cmpxchg [ebx], ecx

    refused {0x89, 0xD8}                        ; MOV EAX, EBX
    refused {0x89, 0x03}                        ; MOV [EBX], EAX
    refused {0x01, 0xD8}                        ; ADD EAX, EBX
    refused {0x03, 0x03}                        ; ADD EAX, [EBX]
    refused {0x39, 0x03}                        ; CMP [EBX], EAX
    refused {0x0F, 0xA3, 0x03}                  ; BT [EBX], EAX
    refused {0x40}                              ; INC EAX
    refused {0xA4}                              ; MOVSB
    refused {0x90}                              ; NOP
    refused {0x84, 0x03}                        ; TEST [EBX], AL
    test_pass

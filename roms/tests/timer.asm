; timer.asm: the 8254 and the 8259A: interrupts at 100 Hz, masks, end of interrupt, the counter's latch.
; Intel 8259A data sheet: IMR and OCW1 p.13, IRR/ISR by OCW3 p.16; Intel 8254 data sheet: counter latch
; command p.7, read-back p.8, mode 2 p.12.

%define TEST_NAME "timer"
%include "test.inc"

IRQ0_VECTOR     equ 0x20

test_main:
    enter_protected
    mov word [test_idt_more + 0], on_tick       ; vector 20h: a 32-bit interrupt gate
    mov word [test_idt_more + 2], CODE32
    mov word [test_idt_more + 4], 0x8E00

    mov al, 0x11                                ; ICW1-ICW4, master then slave
    out 0x20, al
    out 0xA0, al
    mov al, IRQ0_VECTOR
    out 0x21, al
    mov al, IRQ0_VECTOR + 8
    out 0xA1, al
    mov al, 4
    out 0x21, al
    mov al, 2
    out 0xA1, al
    mov al, 1
    out 0x21, al
    out 0xA1, al
    mov al, 0xFF
    out 0x21, al
    out 0xA1, al

    step "IMR can be read back"
    in al, 0x21
    check_equal al, 0xFF

    mov al, 0x34                                ; counter 0, LSB then MSB, mode 2
    out 0x43, al
    mov al, 11932 & 0xFF
    out 0x40, al
    mov al, 11932 >> 8
    out 0x40, al

    step "a masked line does not interrupt, but IRR shows it"
    sti
    mov ecx, 100000000
.wait_request:
    mov al, 0x0A                                ; OCW3: read IRR
    out 0x20, al
    in al, 0x20
    test al, 1
    loopz .wait_request
    test al, 1
    jz test_fail32
    check_equal dword [ticks], 0

    step "unmasked, five ticks wake five HLTs"
    cli
    mov al, 0xFE
    out 0x21, al
.wait_tick:
    sti
    hlt
    cli
    cmp dword [ticks], 5
    jb .wait_tick

    step "IF clear holds interrupts back"
    mov eax, [ticks]
    mov ecx, 100000000
.wait_pending:
    in al, 0x20                                 ; OCW3 above: still IRR
    test al, 1
    loopz .wait_pending
    test al, 1
    jz test_fail32
    check_equal dword [ticks], 5

    step "without an end of interrupt nothing of the same level comes"
    mov byte [is_eoi_kept], 1
    sti
    hlt                                         ; the pending one: in service from now on
    cli
    check_equal dword [ticks], 6
    mov al, 0x0B                                ; OCW3: read ISR
    out 0x20, al
    in al, 0x20
    check_equal al, 1
    mov al, 0x0A
    out 0x20, al
    mov ecx, 100000000
.wait_blocked:
    in al, 0x20
    test al, 1
    loopz .wait_blocked
    sti
    nop
    nop
    cli
    check_equal dword [ticks], 6
    mov byte [is_eoi_kept], 0
    mov al, 0x20
    out 0x20, al                                ; now it may come
    sti
    nop
    nop
    cli
    check_equal dword [ticks], 7

    step "the counter counts down between two latches"
    call latch
    mov ebx, eax
    mov ecx, 2000
.delay:
    in al, 0x61
    loop .delay
    call latch
    cmp eax, 11932
    ja test_fail32
    cmp ebx, 11932
    ja test_fail32
    cmp eax, ebx
    je test_fail32

    step "a latched count stands still until both bytes are read"
    mov al, 0x00
    out 0x43, al
    in al, 0x40
    mov bl, al
    mov al, 0x00                                ; a second latch command is ignored
    out 0x43, al
    in al, 0x40
    mov bh, al
    movzx eax, bx
    cmp eax, 11932
    ja test_fail32

    step "read-back tells the mode"
    mov al, 0xE2                                ; status of counter 0
    out 0x43, al
    in al, 0x40
    and al, 0x3F
    check_equal al, 0x34
    test_pass

; The current count of counter 0 in EAX.
latch:
    xor eax, eax
    out 0x43, al
    in al, 0x40
    mov ah, al
    in al, 0x40
    xchg al, ah
    ret

on_tick:
    push eax
    inc dword [ticks]
    cmp byte [is_eoi_kept], 0
    jne .kept
    mov al, 0x20
    out 0x20, al
.kept:
    pop eax
    iretd

section .data
ticks:          dd 0
is_eoi_kept:    db 0
section .text

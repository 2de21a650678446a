; Virtual wire mode by the I/O APIC (MultiProcessor Specification 1.4, §3.6.2.2): LINT0 is masked, input 0 is opened
; as ExtINT, and the timer's ticks still come by the 8259A. Then the same with both closed: none come. In the end the
; processor sends INIT to itself and goes on where CMOS register 0Fh and 40:67 say (PC/AT TR, section 5); not with
; -DNO_INIT, for SeaBIOS, which forgets with its shadow RAM that it ran before.
; Ends with isa-debug-exit: 10h when all that was so, else the step that was not.
bits 16
org 0x7C00

APIC    equ 0xFEE00000
IO_APIC equ 0xFEC00000

    xor ax, ax
    mov ds, ax
    mov ss, ax
    mov sp, 0x7C00
    cli
    lgdt [gdt_pointer]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    mov bx, 8
    mov es, bx                                  ; 4 GiB for ES
    and al, 0xFE
    mov cr0, eax
    xor ax, ax
    mov es, ax
    mov esi, APIC
    mov edi, IO_APIC

    mov dl, 1                                   ; as the firmware left it: by LINT0
    call ticks
    jz end
    mov dl, 2                                   ; nobody hands it on
    mov dword [es:esi + 0x350], 0x10700
    call ticks
    jnz end
    mov dl, 3                                   ; by the I/O APIC, to APIC id 0
    mov dword [es:edi], 0x11
    mov dword [es:edi + 0x10], 0
    mov dword [es:edi], 0x10
    mov dword [es:edi + 0x10], 0x700
    in al, 0x20                                 ; a tick that waits has had its edge: take it away
    mov al, 0x0C                                ; poll
    out 0x20, al
    in al, 0x20
    mov al, 0x20
    out 0x20, al
    call ticks
    jz end
    mov dl, 4                                   ; masked again
    mov dword [es:edi + 0x10], 0x10700
    call ticks
    jnz end

%ifndef NO_INIT
    mov dl, 5
    mov word [0x467], resumed
    mov word [0x469], 0
    mov al, 0x0F
    out 0x70, al
    mov al, 0x0A
    out 0x71, al
    mov dword [es:esi + 0x310], 0
    mov dword [es:esi + 0x300], 0x4500          ; INIT, assert, to id 0
    mov ecx, 10000000
    a32 loop $
    jmp end
resumed:
%endif
    mov dl, 0x10
end:
    mov al, dl
    out 0xF4, al
    jmp $

; Zero flag: no tick of 18.2 a second comes while the counter 0 goes round three times.
ticks:
    mov bx, [0x46C]
    sti
    mov ecx, 40000000 / 2                       ; 0.2 s at 200 million instructions a second
    a32 loop $
    cli
    cmp bx, [0x46C]
    ret

    align 8
gdt:
    dq 0
    dq 0x00CF93000000FFFF
gdt_pointer:
    dw 15
    dd gdt
    times 510 - ($ - $$) db 0
    dw 0xAA55

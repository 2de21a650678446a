; apic.asm: where the CPU has a local APIC, the 8259A's interrupts pass through it ("virtual wire mode"). An I/O
; APIC stays masked, but gets an id of its own: 0 is the CPU's (82093AA, 3.2.1).
; Intel SDM vol. 3, §10.4.3 (enabling), §10.5.1 (LVT), §10.9 (SVR); MultiProcessor Specification 1.4, §3.6.2.2.
; After a reset all its inputs are masked, and with them the 8259A.

EFLAGS_ID               equ 1 << 21
CPUID_EDX_APIC          equ 1 << 9
APIC_SPURIOUS           equ 0xFEE000F0
APIC_LVT_LINT0          equ 0xFEE00350
APIC_LVT_LINT1          equ 0xFEE00360
APIC_ENABLED            equ 0x100
APIC_EXTINT             equ 0x700
APIC_NMI                equ 0x400
IO_APIC                 equ 0xFEC00000
IO_APIC_WINDOW          equ 0x10
IO_APIC_VERSION         equ 1
IO_APIC_ID              equ 1

; Carry: there is no local APIC. Changes EAX, EBX, ECX, EDX.
apic_is_absent:
    pushfd
    pop eax
    mov ecx, eax
    xor eax, EFLAGS_ID                          ; a CPU with CPUID lets this bit be changed
    push eax
    popfd
    pushfd
    pop eax
    push ecx
    popfd
    cmp eax, ecx
    je .absent
    mov eax, 1
    cpuid
    test edx, CPUID_EDX_APIC
    jz .absent
    clc
    ret
.absent:
    stc
    ret

; Interrupts are off. GS gets base 0 and a limit of 4 GiB by a moment in protected mode, and keeps them in real
; mode until somebody loads it again: for what lies above 1 MiB. Changes EAX, BX.
flat_gs:
    lgdt [cs:apic_gdt_pointer]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    mov bx, 0x08
    mov gs, bx
    and al, 0xFE
    mov cr0, eax
    ret

apic_init:
    call apic_is_absent
    jc .end
    call flat_gs
    mov eax, APIC_SPURIOUS
    mov dword [gs:eax], APIC_ENABLED | 0xFF
    mov eax, APIC_LVT_LINT0
    mov dword [gs:eax], APIC_EXTINT
    mov eax, APIC_LVT_LINT1
    mov dword [gs:eax], APIC_NMI
    call io_apic_is_absent
    jc .real
    mov dword [gs:eax], 0                       ; register 0, the id
    mov dword [gs:eax + IO_APIC_WINDOW], IO_APIC_ID << 24
.real:
    xor ax, ax
    mov gs, ax
.end:
    ret

; Carry: there is none. With GS flat; EAX = where it is.
io_apic_is_absent:
    mov eax, IO_APIC
    mov dword [gs:eax], IO_APIC_VERSION
    cmp byte [gs:eax + IO_APIC_WINDOW], 0xFF    ; nobody drives the bus
    je .absent
    clc
    ret
.absent:
    stc
    ret

    align 8
apic_gdt:
    dq 0
    dq 0x00CF93000000FFFF                       ; data, base 0, 4 GiB
apic_gdt_pointer:
    dw 15
    dd FIRMWARE_SEGMENT * 16 + apic_gdt

; apic.asm: where the CPU has a local APIC, the 8259A's interrupts pass through it ("virtual wire mode").
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

; Interrupts are off. The APIC lies above 1 MiB: GS gets a limit of 4 GiB by a moment in protected mode and
; keeps it in real mode, until somebody loads it again there in protected mode.
apic_init:
    call apic_is_absent
    jc .end
    lgdt [cs:apic_gdt_pointer]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    mov bx, 0x08
    mov gs, bx
    and al, 0xFE
    mov cr0, eax
    mov eax, APIC_SPURIOUS
    mov dword [gs:eax], APIC_ENABLED | 0xFF
    mov eax, APIC_LVT_LINT0
    mov dword [gs:eax], APIC_EXTINT
    mov eax, APIC_LVT_LINT1
    mov dword [gs:eax], APIC_NMI
    xor ax, ax
    mov gs, ax
.end:
    ret

    align 8
apic_gdt:
    dq 0
    dq 0x00CF93000000FFFF                       ; data, base 0, 4 GiB
apic_gdt_pointer:
    dw 15
    dd FIRMWARE_SEGMENT * 16 + apic_gdt

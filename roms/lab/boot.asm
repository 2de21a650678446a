; boot.asm: a boot sector that starts a lab kernel the way a multiboot loader would.
;
; The BIOS loads the first sector of the disk to 0000:7C00 and jumps there, with the drive's number in DL
; (BIOS Boot Specification 1.01, §6.5.1). This one reads the kernel that follows it on the disk, switches
; to protected mode (Intel SDM vol. 3, §9.9.1), copies the kernel to 1 MiB and jumps to it.
;
; Assembled with -DKERNEL='"file"': the flat form of the kernel becomes a part of the image; and, where
; the kernel is to get other words, with -DCOMMAND_LINE='"words"'.

bits 16
org 0x7C00

%ifndef COMMAND_LINE
%define COMMAND_LINE "name=alpha peer=beta"
%endif

LOAD_SEGMENT    equ 0x1000                      ; the kernel waits at 10000h ...
KERNEL_ADDRESS  equ 0x100000                    ; ... until it can be copied above the first megabyte
KERNEL_SECTORS  equ (kernel_end - kernel) / 512

start:
    cli
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x7C00
    sti
    cld
    mov [drive], dl

    mov ah, 0x08                                ; INT 13h function 08h: the drive's geometry
    int 0x13
    jc disk_error
    and cx, 0x003F                              ; CL 5:0 sectors of a track
    mov [sectors], cx
    mov dl, dh                                  ; DH highest head
    xor dh, dh
    inc dx
    mov [heads], dx

    mov ax, LOAD_SEGMENT
    mov es, ax
    mov si, 1                                   ; the next sector's number, from 0; this one was 0
.next_sector:
    mov ax, si
    xor dx, dx
    div word [sectors]                          ; AX track, DX sector from 0
    mov cx, dx
    inc cx
    xor dx, dx
    div word [heads]                            ; AX cylinder, DX head
    mov dh, dl
    mov ch, al                                  ; CH cylinder 7:0, CL 7:6 cylinder 9:8
    shl ah, 6
    or cl, ah
    mov dl, [drive]
    xor bx, bx
    mov ax, 0x0201                              ; INT 13h function 02h: read one sector to ES:BX
    int 0x13
    jc disk_error
    mov ax, es
    add ax, 512 / 16
    mov es, ax
    inc si
    cmp si, KERNEL_SECTORS
    jbe .next_sector

    mov ax, 0x2401                              ; INT 15h function 2401h: A20 on; else by port 92h
    int 0x15
    jnc .a20_is_on
    in al, 0x92
    or al, 2
    and al, 0xFE                                ; bit 0 would reset the machine
    out 0x92, al
.a20_is_on:
    cli
    lgdt [gdt_pointer]
    mov eax, cr0
    or al, 1                                    ; CR0.PE
    mov cr0, eax
    jmp 0x08:protected_mode

disk_error:
    mov si, message
.next_character:
    lodsb
    mov ah, 0x0E                                ; INT 10h function 0Eh: teletype
    mov bx, 7
    test al, al
    jz .stop
    int 0x10
    jmp .next_character
.stop:
    cli
    hlt
    jmp .stop

bits 32
protected_mode:
    mov ax, 0x10
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov esp, 0x7C00
    mov esi, LOAD_SEGMENT * 16
    mov edi, KERNEL_ADDRESS
    mov ecx, KERNEL_SECTORS * 512 / 4
    rep movsd
    mov eax, 0x2BADB002                         ; as a multiboot loader would (start.asm)
    mov ebx, information
    jmp 0x08:KERNEL_ADDRESS

drive:      db 0
sectors:    dw 0
heads:      dw 0
message:    db "boot: the disk cannot be read", 13, 10, 0

    align 8
gdt:
    dq 0
    dq 0x00CF9B000000FFFF                       ; 08h: flat code
    dq 0x00CF93000000FFFF                       ; 10h: flat data
gdt_pointer:
    dw gdt_pointer - gdt - 1
    dd gdt

    align 4
information:                                    ; multiboot: only `cmdline` is valid
    dd 1 << 2, 0, 0, 0, command_line
command_line:
    db COMMAND_LINE, 0

    times 510 - ($ - $$) db 0
    dw 0xAA55

kernel:
    incbin KERNEL
    align 512, db 0
kernel_end:

; fdformat: formats the diskette in /dev/fd0, 80 cylinders of 2 heads, by the Linux driver's ioctls (linux/fd.h).
; A static ELF program for i386 in one piece (System V ABI, chapter 4); exit status 0, or 1.
;   nasm -f bin -o fdformat fdformat.asm
bits 32
org 0x10000

SYS_EXIT    equ 1
SYS_OPEN    equ 5
SYS_IOCTL   equ 54
O_RDWR      equ 2
FDFMTBEG    equ 0x00000247
FDFMTTRK    equ 0x400C0248
FDFMTEND    equ 0x00000249
CYLINDERS   equ 80

elf:
    db 0x7F, "ELF", 1, 1, 1, 0
    dq 0
    dw 2, 3                                     ; executable, i386
    dd 1, start, header - elf, 0, 0
    dw header - elf, 32, 1, 0, 0, 0
header:
    dd 1, 0, elf, elf, end - elf, end - elf, 7, 0x1000

start:
    mov eax, SYS_OPEN
    mov ebx, path
    mov ecx, O_RDWR
    int 0x80
    test eax, eax
    js failed
    mov ebx, eax
    mov ecx, FDFMTBEG
    call ioctl
next:
    mov ecx, FDFMTTRK
    call ioctl
    xor dword [descriptor.head], 1
    jnz next
    inc dword [descriptor.track]
    cmp dword [descriptor.track], CYLINDERS
    jb next
    mov ecx, FDFMTEND
    call ioctl
    xor ebx, ebx
    jmp leave_with_it

ioctl:                                          ; ECX the request, EBX the file
    mov eax, SYS_IOCTL
    mov edx, descriptor
    int 0x80
    test eax, eax
    js failed
    ret

failed:
    mov ebx, 1
leave_with_it:
    mov eax, SYS_EXIT
    int 0x80

path: db "/dev/fd0", 0
    align 4
descriptor:
    dd 0                                        ; the device: unused
.head: dd 0
.track: dd 0
end:

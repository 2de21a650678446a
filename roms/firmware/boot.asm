; boot.asm: INT 19h, which loads the first sector of a disk, or what a CD-ROM's catalogue says (cdrom.asm), and INT
; 18h, for when there is none.
; BIOS Boot Specification 1.01 (1996), §6.5.1: 0000:7C00, DL the drive, signature AA55h at offset 510.

BOOT_ORDER          equ 0x3D                    ; CMOS: first device in bits 3-0, second in 7-4 (SeaBIOS rtc.h)
BOOT_ORDER_THIRD    equ 0x38                    ; bits 7-4
BOOT_FLOPPY         equ 1
BOOT_DISK           equ 2
BOOT_CDROM          equ 3

int19:
    xor ax, ax
    mov ss, ax
    mov sp, 0x7C00
    sti
    mov al, BOOT_ORDER
    call cmos_read
    mov bl, al
    mov al, BOOT_ORDER_THIRD
    call cmos_read
    shr al, 4
    mov bh, al                                  ; BX: three devices, the first in bits 3-0
    test bx, bx
    jnz .next_device
    mov bl, BOOT_FLOPPY | BOOT_DISK << 4        ; nobody set it: as PCs always did
.next_device:
    test bx, bx
    jz .none
    mov al, bl
    and al, 0x0F
    shr bx, 4
    mov dx, 1 << 8                              ; DL the drive, DH how many follow each other
    cmp al, BOOT_FLOPPY
    je .try_drive
    mov dx, CD_FIRST_DRIVE | DRIVES_MAX << 8
    cmp al, BOOT_CDROM
    je .try_cdrom
    mov dx, 0x80 | DRIVES_MAX << 8
    cmp al, BOOT_DISK
    jne .next_device
.try_drive:
    call boot_try
    je .start
    inc dl
    dec dh
    jnz .try_drive
    jmp .next_device
.try_cdrom:
    call cd_boot
    inc dl
    dec dh
    jnz .try_cdrom
    jmp .next_device
.none:
    int 0x18
    jmp int19

.start:
    xor ax, ax
    mov ds, ax
    mov dh, 0
    jmp 0:0x7C00

; Zero flag: drive DL has a boot sector, and it is at 0000:7C00. Keeps BX and DX. A diskette's motor may be slow
; to turn: it has three tries.
boot_try:
    push bx
    push dx
    xor ax, ax
    mov es, ax
    mov si, 3
.again:
    mov bx, 0x7C00
    mov ax, 0x0201
    mov cx, 0x0001
    mov dh, 0
    int 0x13
    jnc .read
    dec si
    jnz .again
    jmp .failed
.read:
    cmp word [es:0x7DFE], 0xAA55
    jmp .done
.failed:
    or sp, sp                                   ; not zero
.done:
    pop dx
    pop bx
    ret

int18:
    sti
    mov si, text_no_disk
    call print_text
    mov ah, 0                                   ; a key tries again
    int 0x16
    iret

text_no_disk: db "no disk to boot from; press a key to try again", 13, 10, 0

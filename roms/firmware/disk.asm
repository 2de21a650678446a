; disk.asm: INT 13h: sectors by cylinder, head and sector, and by number.
; PC/AT TR, section 5, INT 13h; Enhanced Disk Drive Specification 3.0 (1998), §3 (41h-48h).
; A request in cylinders is passed on in cylinders wherever the drive's geometry fits into INT 13h, so that a
; trace shows what the program asked for; a translated drive and functions 42h-44h use LBA.
; Diskettes (DL below 80h): floppy.asm; CD-ROMs (E0h and above): cdrom.asm.

PACKET_BYTES    equ 0                           ; the disk address packet of 42h-44h
PACKET_COUNT    equ 2
PACKET_OFFSET   equ 4
PACKET_SEGMENT  equ 6
PACKET_LBA      equ 8
LBA28_LIMIT     equ 0x10000000
SECTORS_A_TIME  equ 127

int13:
    enter_service
    sti
    cmp dl, 0x80
    jb floppy_service
    cmp dl, CD_FIRST_DRIVE
    jae cd_service
    call disk_find
    jc .no_drive
    on_function 0x00, .success
    on_function 0x01, .last_status
    on_function 0x02, .read
    on_function 0x03, .write
    on_function 0x04, .verify
    on_function 0x08, .parameters
    on_function 0x09, .success
    on_function 0x0C, .success
    on_function 0x0D, .success
    on_function 0x10, .success
    on_function 0x11, .success
    on_function 0x14, .success
    on_function 0x15, .type
    on_function 0x41, .extensions
    on_function 0x42, .read_extended
    on_function 0x43, .write_extended
    on_function 0x44, .verify_extended
    on_function 0x47, .success
    on_function 0x48, .parameters_extended
    mov ah, DISK_BAD_COMMAND
    jmp .fail

.no_drive:
    cmp ah, 0x15
    je .no_type
    mov ah, DISK_BAD_COMMAND
    jmp .fail
.no_type:
    mov byte [bp + F_AH], 0
    jmp .return_success

.success:
    mov byte [bp + F_AH], 0
.return_success:
    mov ah, 0
    call disk_set_status
    clear_carry
    leave_service

; The error AH.
.fail:
    mov [bp + F_AH], ah
    call disk_set_status
    set_carry
    leave_service

.last_status:
    push ds
    push word BDA_SEGMENT
    pop ds
    mov ah, [BDA_DISK_STATUS]
    pop ds
    mov [bp + F_AH], ah
    clear_carry
    leave_service

.read:
    mov byte [R_COMMAND], COMMAND_READ
    jmp .by_cylinder
.write:
    mov byte [R_COMMAND], COMMAND_WRITE
    jmp .by_cylinder
.verify:
    mov byte [R_COMMAND], COMMAND_VERIFY
.by_cylinder:
    call disk_prepare_chs
    jc .fail
    mov di, [bp + F_BX]
    mov es, [bp + F_ES]
    call disk_normalise
    call ata_transfer
    jc .fail
    jmp .success

.parameters:                                    ; CH, CL 7:6 last cylinder, CL 5:0 sectors, DH last head, DL drives
    mov ax, [si + D_LOGICAL_CYLINDERS]
    cmp ax, 1024
    jbe .cylinders_fit
    mov ax, 1024
.cylinders_fit:
    dec ax
    mov [bp + F_CH], al
    shl ah, 6
    or ah, [si + D_LOGICAL_SECTORS]
    mov [bp + F_CL], ah
    mov ax, [si + D_LOGICAL_HEADS]
    dec ax
    mov [bp + F_DH], al
    push ds
    push word BDA_SEGMENT
    pop ds
    mov al, [BDA_DISK_COUNT]
    pop ds
    mov [bp + F_DL], al
    mov byte [bp + F_AL], 0
    mov byte [bp + F_BL], 0
    jmp .success

.type:                                          ; AH = 3: a fixed disk, CX:DX its sectors
    movzx eax, word [si + D_LOGICAL_CYLINDERS]
    movzx ecx, word [si + D_LOGICAL_HEADS]
    imul eax, ecx
    movzx ecx, word [si + D_LOGICAL_SECTORS]
    imul eax, ecx
    mov [bp + F_DX], ax
    shr eax, 16
    mov [bp + F_CX], ax
    mov byte [bp + F_AH], 3
    jmp .return_success

.extensions:
    cmp bx, 0x55AA
    jne .bad_command
    mov word [bp + F_BX], 0xAA55
    mov byte [bp + F_AH], 0x21                  ; version 1.1
    mov word [bp + F_CX], 0x0001                ; 42h-44h, 47h, 48h
    jmp .return_success
.bad_command:
    mov ah, DISK_BAD_COMMAND
    jmp .fail

.read_extended:
    mov byte [R_COMMAND], COMMAND_READ
    jmp .by_number
.write_extended:
    mov byte [R_COMMAND], COMMAND_WRITE
    jmp .by_number
.verify_extended:
    mov byte [R_COMMAND], COMMAND_VERIFY
.by_number:
    push fs
    call disk_extended
    pop fs
    jc .fail
    jmp .success

.parameters_extended:                           ; the caller's DS:SI: a buffer of at least 26 bytes
    mov es, [bp + F_DS]
    mov di, [bp + F_SI]
    cmp word [es:di], 26
    jb .bad_command
    mov ax, 26
    stosw
    mov ax, 0x0002                              ; the geometry is valid
    stosw
    movzx eax, word [si + D_CYLINDERS]
    stosd
    movzx eax, word [si + D_HEADS]
    stosd
    movzx eax, word [si + D_SECTORS]
    stosd
    mov eax, [si + D_TOTAL]
    stosd
    xor eax, eax
    stosd
    mov ax, 512
    stosw
    jmp .success

; SI = the drive DL in the EBDA, DS = EBDA; carry: there is none. Keeps AX, BX, CX, DX.
disk_find:
    push ax
    mov al, dl
    sub al, 0x80
    mov ah, [BDA_DISK_COUNT]
    mov si, DRIVE_TABLE
    call drive_entry
    pop ax
    ret

; SI = entry AL of the table SI, which has AH of them, DS = EBDA; carry: it has no such. Changes AX.
drive_entry:
    cmp al, ah
    cmc
    jc .end
    push word EBDA_SEGMENT
    pop ds
    mov ah, DRIVE_BYTES
    mul ah
    add si, ax
    clc
.end:
    ret

; The status of the last request, AH, for function 01h.
disk_set_status:
    push ds
    push word BDA_SEGMENT
    pop ds
    mov [BDA_DISK_STATUS], ah
    pop ds
    ret

; ES:DI with DI below 16: the same address.
disk_normalise:
    push ax
    push bx
    mov ax, di
    shr ax, 4
    mov bx, es
    add bx, ax
    mov es, bx
    and di, 0x0F
    pop bx
    pop ax
    ret

; The registers for the caller's AL sectors at CH, CL, DH; carry and AH when that place does not exist.
disk_prepare_chs:
    mov al, [bp + F_AL]
    mov [R_COUNT], al
    dec al
    cmp al, 128
    jae .bad                                    ; 0, or more than 64 KiB
    mov bl, cl
    and bl, 0x3F                                ; BL sector, from 1
    jz .bad
    cmp bl, [si + D_LOGICAL_SECTORS]
    ja .bad
    movzx ax, dh                                ; AX head
    cmp ax, [si + D_LOGICAL_HEADS]
    jae .bad
    xchg ch, cl
    shr ch, 6                                   ; CX cylinder
    cmp cx, [si + D_LOGICAL_CYLINDERS]
    jae .bad
    test byte [si + D_FLAGS], DRIVE_IS_TRANSLATED
    jnz .by_lba
    mov [R_SECTOR], bl
    mov [R_CYLINDER], cx
    mov [R_DEVICE_HEAD], al
    clc
    ret
.by_lba:                                        ; (cylinder * heads + head) * sectors + sector - 1
    movzx eax, ax
    movzx ecx, cx
    movzx edx, word [si + D_LOGICAL_HEADS]
    imul ecx, edx
    add eax, ecx
    movzx edx, word [si + D_LOGICAL_SECTORS]
    imul eax, edx
    movzx ecx, bl
    lea eax, [eax + ecx - 1]
    call disk_set_lba
    clc
    ret
.bad:
    mov ah, DISK_BAD_COMMAND
    stc
    ret

; The registers for the sector with number EAX, below 2^28. Changes EAX.
disk_set_lba:
    mov [R_SECTOR], al
    shr eax, 8
    mov [R_CYLINDER], ax
    shr eax, 16
    or al, 0x40                                 ; LBA
    mov [R_DEVICE_HEAD], al
    ret

; Carries out the packet at the caller's DS:SI in requests of at most 127 sectors; its count becomes what was
; moved. Carry and AH: the error.
disk_extended:
    test byte [si + D_FLAGS], DRIVE_HAS_LBA
    jz .bad
    mov fs, [bp + F_DS]                         ; FS:BX the packet
    mov bx, [bp + F_SI]
    cmp byte [fs:bx + PACKET_BYTES], 16
    jb .bad
    cmp dword [fs:bx + PACKET_LBA + 4], 0
    jne .bad
    mov edx, [fs:bx + PACKET_LBA]
    les di, [fs:bx + PACKET_OFFSET]
    call disk_normalise
    movzx ecx, word [fs:bx + PACKET_COUNT]
    mov word [fs:bx + PACKET_COUNT], 0
.next:
    jcxz .done
    lea eax, [edx + ecx]
    cmp edx, [si + D_TOTAL]
    jae .bad
    cmp eax, [si + D_TOTAL]
    ja .bad
    cmp eax, LBA28_LIMIT
    ja .bad
    mov ax, SECTORS_A_TIME
    cmp cx, ax
    jae .have_count
    mov ax, cx
.have_count:
    mov [R_COUNT], al
    mov eax, edx
    call disk_set_lba
    push edx
    push cx
    call ata_transfer
    movzx ecx, cl
    pop ax
    pop edx
    jc .failed
    movzx ecx, byte [R_COUNT]                   ; VERIFY moves none
    add [fs:bx + PACKET_COUNT], cx
    add edx, ecx
    sub ax, cx
    movzx ecx, ax
    jmp .next
.done:
    clc
    ret
.failed:
    add [fs:bx + PACKET_COUNT], cx
    mov ah, DISK_NOT_FOUND
    stc
    ret
.bad:
    mov ah, DISK_BAD_COMMAND
    stc
    ret

; ata.asm: finds the drives of the two ATA channels and moves sectors by programmed I/O.
; ATA/ATAPI-4 (T13/1153D r18): §7 registers, §8.12 IDENTIFY DEVICE, §9.5 and §9.6 PIO protocols.
; CD-ROM drives: cdrom.asm. MISSING: LBA48.

; The table of drives in the extended BIOS data area.
DRIVES_MAX          equ 4
DRIVE_TABLE         equ 0x20
D_BASE              equ 0                       ; word: first port
D_SELECT            equ 2                       ; A0h or B0h
D_FLAGS             equ 3
D_CYLINDERS         equ 4                       ; words: the geometry of the drive itself
D_HEADS             equ 6
D_SECTORS           equ 8
D_LOGICAL_CYLINDERS equ 10                      ; words: the geometry that INT 13h shows (at most 1024/255/63)
D_LOGICAL_HEADS     equ 12
D_LOGICAL_SECTORS   equ 14
D_TOTAL             equ 16                      ; dword: sectors
DRIVE_BYTES         equ 20

DRIVE_HAS_LBA       equ 0x01
DRIVE_IS_TRANSLATED equ 0x02                    ; the two geometries differ

; The request at work: what goes into the registers.
REQUEST             equ 0xE0
R_COMMAND           equ REQUEST + 0
R_COUNT             equ REQUEST + 1
R_SECTOR            equ REQUEST + 2
R_CYLINDER          equ REQUEST + 3             ; word
R_DEVICE_HEAD       equ REQUEST + 5
IDENTIFY_BUFFER     equ 0x200

ATA_COUNT           equ 2                       ; offsets from the channel's first port
ATA_DEVICE_HEAD     equ 6
ATA_STATUS          equ 7
ATA_COMMAND         equ 7
ATA_CONTROL         equ 0x206

STATUS_ERR          equ 0x01
STATUS_DRQ          equ 0x08
STATUS_DF           equ 0x20
STATUS_BSY          equ 0x80

COMMAND_READ        equ 0x20
COMMAND_WRITE       equ 0x30
COMMAND_VERIFY      equ 0x40
COMMAND_IDENTIFY    equ 0xEC

; Errors of INT 13h (PC/AT TR, section 5).
DISK_BAD_COMMAND    equ 0x01
DISK_NOT_FOUND      equ 0x04
DISK_BAD_SECTOR     equ 0x0A
DISK_UNCORRECTABLE  equ 0x10
DISK_CONTROLLER     equ 0x20
DISK_TIMEOUT        equ 0x80
DISK_UNDEFINED      equ 0xBB

; AL = status of the drive SI once it is not busy; carry when it stays busy. DS = EBDA. Changes DX.
ata_wait:
    push ecx
    mov ecx, 4000000                            ; some seconds: a real drive may have to spin up
    mov dx, [si + D_BASE]
    add dx, ATA_STATUS
.wait:
    in al, dx
    test al, STATUS_BSY
    jz .ready
    dec ecx
    jnz .wait
    pop ecx
    stc
    ret
.ready:
    pop ecx
    clc
    ret

; Carries the request in the EBDA out: R_COUNT sectors from or to ES:DI. Returns AH = error of INT 13h (carry
; set) or 0, and CL = sectors moved. Changes AX, CX, DX, DI, ES.
ata_transfer:
    xor cl, cl
    mov dx, [si + D_BASE]
    add dx, ATA_DEVICE_HEAD
    mov al, [R_DEVICE_HEAD]
    or al, [si + D_SELECT]
    out dx, al
    call ata_wait
    jc .timeout
    push si
    mov dx, [si + D_BASE]
    add dx, ATA_COUNT
    mov si, R_COUNT
    mov ch, 4                                   ; count, sector, cylinder low and high
.next_register:
    lodsb
    out dx, al
    inc dx
    dec ch
    jnz .next_register
    pop si
    inc dx                                      ; over device/head, which is written
    mov al, [R_COMMAND]
    out dx, al
    mov dx, [si + D_BASE]
    add dx, ATA_CONTROL
    in al, dx                                   ; 400 ns: four reads of the alternate status
    in al, dx
    in al, dx
    in al, dx
    cmp byte [R_COMMAND], COMMAND_VERIFY
    je .finish

.next_sector:
    call ata_wait
    jc .timeout
    test al, STATUS_ERR | STATUS_DF
    jnz .error
    test al, STATUS_DRQ
    jz .undefined
    call ata_move_sector
    inc cl
    cmp cl, [R_COUNT]
    jne .next_sector
    cmp byte [R_COMMAND], COMMAND_WRITE
    jne .success
.finish:                                        ; a write has still to reach the medium
    call ata_wait
    jc .timeout
    test al, STATUS_ERR | STATUS_DF
    jnz .error
.success:
    xor ah, ah
    clc
    ret
.timeout:
    mov ah, DISK_TIMEOUT
    stc
    ret
.undefined:
    mov ah, DISK_UNDEFINED
    stc
    ret
.error:                                         ; the error register behind the data port
    mov dx, [si + D_BASE]
    inc dx
    in al, dx
    mov ah, DISK_NOT_FOUND
    test al, 0x10                               ; IDNF
    jnz .have_error
    mov ah, DISK_UNCORRECTABLE
    test al, 0x40                               ; UNC
    jnz .have_error
    mov ah, DISK_BAD_COMMAND
    test al, 0x04                               ; ABRT
    jnz .have_error
    mov ah, DISK_CONTROLLER
.have_error:
    stc
    ret

; One sector between the data port and ES:DI; ES moves on, so that DI never wraps.
ata_move_sector:
    push cx
    mov dx, [si + D_BASE]
    mov cx, 256
    cmp byte [R_COMMAND], COMMAND_WRITE
    je .write
    rep insw
    jmp .moved
.write:
    push ds
    push si
    push es
    pop ds
    mov si, di
    rep outsw
    mov di, si
    pop si
    pop ds
.moved:
    sub di, 512
    mov ax, es
    add ax, 512 / 16
    mov es, ax
    pop cx
    ret

; --- Finding drives -------------------------------------------------------------------------------------

disks_init:
    push ds
    push word EBDA_SEGMENT
    pop ds
    mov si, DRIVE_TABLE
    mov bx, places
    mov cx, DRIVES_MAX
.next:
    push cx
    mov ax, [cs:bx]
    mov [si + D_BASE], ax
    mov al, [cs:bx + 2]
    mov [si + D_SELECT], al
    add bx, 3
    push bx
    call ata_identify
    jnc .disk
    call cd_identify
    jmp .absent
.disk:
    call disk_announce
    push ds
    push word BDA_SEGMENT
    pop ds
    inc byte [BDA_DISK_COUNT]
    pop ds
    add si, DRIVE_BYTES
.absent:
    pop bx
    pop cx
    loop .next
    pop ds
    ret

places:
    dw 0x1F0
    db 0xA0
    dw 0x1F0
    db 0xB0
    dw 0x170
    db 0xA0
    dw 0x170
    db 0xB0

; Asks the drive SI for its geometry; carry: no drive. Changes AX, BX, CX, DX, DI, ES.
ata_identify:
    mov byte [si + D_FLAGS], 0
    mov dx, [si + D_BASE]
    add dx, ATA_CONTROL
    mov al, 0x0A                                ; nIEN: the firmware polls
    out dx, al
    mov dx, [si + D_BASE]
    add dx, ATA_STATUS
    in al, dx
    cmp al, 0xFF                                ; nothing drives the bus
    je .none
    mov dx, [si + D_BASE]
    add dx, ATA_DEVICE_HEAD
    mov al, [si + D_SELECT]
    out dx, al
    call ata_wait
    jc .none
    test al, 0x50                               ; an ATA drive that is there is ready or seeking is done
    jz .none
    mov al, COMMAND_IDENTIFY
    call ata_ask
    jc .none
    mov ax, [IDENTIFY_BUFFER + 1 * 2]
    mov [si + D_CYLINDERS], ax
    mov ax, [IDENTIFY_BUFFER + 3 * 2]
    mov [si + D_HEADS], ax
    mov ax, [IDENTIFY_BUFFER + 6 * 2]
    mov [si + D_SECTORS], ax
    movzx eax, word [si + D_CYLINDERS]
    movzx ecx, word [si + D_HEADS]
    imul eax, ecx
    movzx ecx, word [si + D_SECTORS]
    imul eax, ecx
    test eax, eax
    jz .none
    test byte [IDENTIFY_BUFFER + 49 * 2 + 1], 0x02
    jz .have_total
    or byte [si + D_FLAGS], DRIVE_HAS_LBA
    mov eax, [IDENTIFY_BUFFER + 60 * 2]
.have_total:
    mov [si + D_TOTAL], eax
    call disk_translate
    clc
    ret
.none:
    stc
    ret

; Carries out AL, one of the IDENTIFY commands, into IDENTIFY_BUFFER; carry and AH: the error.
ata_ask:
    mov [R_COMMAND], al
    mov dword [R_COUNT], 1
    mov byte [R_DEVICE_HEAD], 0
    push ds
    pop es
    mov di, IDENTIFY_BUFFER
    jmp ata_transfer

; INT 13h has 10 bits for the cylinder: a drive with more is shown with more heads instead (the "assisted"
; translation: 63 sectors, 16 to 255 heads), and reached by LBA.
disk_translate:
    mov ax, [si + D_CYLINDERS]
    mov [si + D_LOGICAL_CYLINDERS], ax
    mov bx, [si + D_HEADS]
    mov [si + D_LOGICAL_HEADS], bx
    mov cx, [si + D_SECTORS]
    mov [si + D_LOGICAL_SECTORS], cx
    cmp ax, 1024
    jbe .end
    mov word [si + D_LOGICAL_CYLINDERS], 1024
    test byte [si + D_FLAGS], DRIVE_HAS_LBA
    jz .end                                     ; only its first 1024 cylinders can be reached
    or byte [si + D_FLAGS], DRIVE_IS_TRANSLATED
    mov word [si + D_LOGICAL_SECTORS], 63
    mov ecx, 16 * 63
    mov bx, 16
.more_heads:
    mov eax, [si + D_TOTAL]
    xor edx, edx
    div ecx                                     ; EAX = cylinders with BX heads
    cmp eax, 1024
    jbe .found
    cmp bx, 255
    je .clip
    shl bx, 1
    cmp bx, 255
    jbe .heads_fit
    mov bx, 255
.heads_fit:
    movzx ecx, bx
    imul ecx, ecx, 63
    jmp .more_heads
.clip:
    mov eax, 1024
.found:
    mov [si + D_LOGICAL_CYLINDERS], ax
    mov [si + D_LOGICAL_HEADS], bx
.end:
    ret

; Says on the screen what drive SI is.
disk_announce:
    push si
    push si
    mov si, text_disk
    call print_text
    pop si
    movzx eax, word [si + D_CYLINDERS]
    call print_number
    mov al, '/'
    call print_char
    movzx eax, word [si + D_HEADS]
    call print_number
    mov al, '/'
    call print_char
    movzx eax, word [si + D_SECTORS]
    call print_number
    mov si, text_cylinders
    call print_text
    pop si
    ret

text_disk:      db "disk: ", 0
text_cylinders: db " cylinders/heads/sectors", 13, 10, 0

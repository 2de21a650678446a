; cdrom.asm: CD-ROM drives: packets by programmed I/O, INT 13h for drives E0h and above, booting from a disc.
; ATA/ATAPI-4 (T13/1153D r18), §9.7 (PACKET, PIO); MMC-1: READ (10), TEST UNIT READY; "El Torito" Bootable CD-ROM
; Format Specification 1.0 (1995), §2 (catalogue), §4 (INT 13h 4Bh); Enhanced Disk Drive Specification 3.0.
; A block has 2048 bytes. MISSING: emulation of a diskette or a disk, function 4Ah and 4Ch.

CD_FIRST_DRIVE      equ 0xE0
CD_TABLE            equ DRIVE_TABLE + DRIVES_MAX * DRIVE_BYTES ; as that of the disks, behind it
CD_COUNT            equ 0xC0                    ; in the extended BIOS data area
CD_PACKET           equ 0xC4                    ; 12 bytes
CD_SPECIFICATION    equ 0x100                   ; 13h bytes: what 4B01h answers
CD_SPECIFICATION_BYTES equ 0x13
CD_BLOCK            equ 2048

ATA_FEATURES        equ 1
ATA_BYTE_COUNT      equ 4
COMMAND_PACKET      equ 0xA0
COMMAND_IDENTIFY_PACKET equ 0xA1
PACKET_READ         equ 0x28

DISK_NOT_READY      equ 0xAA

; Carry: drive SI is no CD-ROM drive; else it is the next of the table. DS = EBDA.
cd_identify:
    mov dx, [si + D_BASE]
    add dx, ATA_DEVICE_HEAD
    mov al, [si + D_SELECT]
    out dx, al
    sub dx, ATA_DEVICE_HEAD - ATA_BYTE_COUNT
    in ax, dx                                   ; §9.12: who takes packets signs so, having refused IDENTIFY;
    cmp ax, 0xEB14                              ; where nobody is the bus floats, as busy as can be
    jne .none
    mov al, COMMAND_IDENTIFY_PACKET
    call ata_ask
    jc .end
    mov al, [IDENTIFY_BUFFER + 1]
    and al, 0x1F
    cmp al, 5                                   ; the kind of device: a CD-ROM drive
    jne .none
    mov al, DRIVE_BYTES
    mul byte [CD_COUNT]
    add ax, CD_TABLE
    mov di, ax
    mov ax, [si + D_BASE]
    mov [di + D_BASE], ax
    mov al, [si + D_SELECT]
    mov [di + D_SELECT], al
    inc byte [CD_COUNT]
    push si
    mov si, text_cdrom
    call print_text
    pop si
    clc
    ret
.none:
    stc
.end:
    ret

text_cdrom: db "disc: a CD-ROM drive", 13, 10, 0

; Sends the packet in the EBDA to drive SI; what it answers goes to ES:DI. Carry and AH: the error. Changes AX, CX,
; DX, DI, ES.
cd_packet:
    mov dx, [si + D_BASE]
    add dx, ATA_DEVICE_HEAD
    mov al, [si + D_SELECT]
    out dx, al
    call ata_wait
    jc .timeout
    mov dx, [si + D_BASE]
    inc dx                                      ; features: no DMA, no overlap
    mov al, 0
    out dx, al
    add dx, ATA_BYTE_COUNT - ATA_FEATURES       ; at most so many bytes at a time
    mov al, CD_BLOCK & 0xFF
    out dx, al
    inc dx
    mov al, CD_BLOCK >> 8
    out dx, al
    add dx, ATA_COMMAND - ATA_BYTE_COUNT - 1
    mov al, COMMAND_PACKET
    out dx, al
    call .wait
    jc .end
    jz .error                                   ; it wants no packet
    push si
    mov dx, [si + D_BASE]
    mov si, CD_PACKET
    mov cx, 12 / 2
    rep outsw
    pop si
.next:
    call .wait
    jc .end
    jz .done
    mov dx, [si + D_BASE]
    add dx, ATA_BYTE_COUNT
    in al, dx
    mov cl, al
    inc dx
    in al, dx
    mov ch, al
    shr cx, 1
    mov dx, [si + D_BASE]
    rep insw
    call disk_normalise
    jmp .next
.done:
    mov ah, 0
.end:
    ret
; Carry and AH: an error; zero flag: no data are asked for.
.wait:
    mov dx, [si + D_BASE]
    add dx, ATA_CONTROL
    in al, dx                                   ; 400 ns
    in al, dx
    in al, dx
    in al, dx
    call ata_wait
    jc .timeout
    test al, STATUS_ERR | STATUS_DF
    jnz .error
    test al, STATUS_DRQ
    ret
.timeout:
    mov ah, DISK_TIMEOUT
    stc
    ret
.error:
    mov ah, DISK_NOT_READY
    stc
    ret

; The same, and again when it failed: a new disc is told once, as an error, to whoever asks first.
cd_command:
    push es
    push di
    call cd_packet
    pop di
    pop es
    jc cd_packet
    ret

; CX blocks from block EAX on, to ES:DI. Carry and AH: the error. Changes EAX, CX, DX, DI, ES.
cd_read:
    mov dword [CD_PACKET], PACKET_READ
    bswap eax                                   ; numbers are big-endian
    mov [CD_PACKET + 2], eax
    xchg cl, ch
    mov byte [CD_PACKET + 6], 0
    mov [CD_PACKET + 7], cx
    mov word [CD_PACKET + 9], 0
    mov byte [CD_PACKET + 11], 0
    jmp cd_command

; Carry and AH: drive SI has no disc, or does not turn it yet. Changes EAX, CX, DX.
cd_ready:
    xor eax, eax
    mov [CD_PACKET], eax                        ; TEST UNIT READY
    mov [CD_PACKET + 4], eax
    mov [CD_PACKET + 8], eax
    jmp cd_command

; SI = the drive DL in the EBDA, DS = EBDA; carry: there is none. Keeps AX, BX, CX, DX.
cd_find:
    push ax
    push word EBDA_SEGMENT
    pop ds
    mov al, dl
    sub al, CD_FIRST_DRIVE
    mov ah, [CD_COUNT]
    mov si, CD_TABLE
    call drive_entry
    pop ax
    ret

; --- INT 13h ----------------------------------------------------------------------------------------------

cd_service:
    call cd_find
    jc int13.no_drive
    on_function 0x00, int13.success
    on_function 0x01, int13.last_status
    on_function 0x0D, int13.success
    on_function 0x10, .ready
    on_function 0x11, int13.success
    on_function 0x41, .extensions
    on_function 0x42, .read
    on_function 0x44, int13.success
    on_function 0x47, int13.success
    on_function 0x48, .parameters
    on_function 0x4B, .emulation
.bad_command:
    mov ah, DISK_BAD_COMMAND
    jmp int13.fail

.ready:
    call cd_ready
    jc int13.fail
    jmp int13.success

.extensions:
    cmp bx, 0x55AA
    jne .bad_command
    mov word [bp + F_BX], 0xAA55
    mov byte [bp + F_AH], 0x21
    mov word [bp + F_CX], 0x0001
    jmp int13.return_success

.read:                                          ; the disk address packet counts in blocks
    push fs
    mov fs, [bp + F_DS]
    mov bx, [bp + F_SI]
    call .read_packet
    pop fs
    jc int13.fail
    jmp int13.success
.read_packet:
    mov ah, DISK_BAD_COMMAND
    cmp byte [fs:bx + PACKET_BYTES], 16
    jb .refused
    cmp dword [fs:bx + PACKET_LBA + 4], 0
    jne .refused
    les di, [fs:bx + PACKET_OFFSET]
    call disk_normalise
    mov eax, [fs:bx + PACKET_LBA]
    mov cx, [fs:bx + PACKET_COUNT]
    call cd_read
    jnc .read_end
    mov word [fs:bx + PACKET_COUNT], 0
.refused:
    stc
.read_end:
    ret

.parameters:                                    ; the caller's DS:SI: a buffer of at least 26 bytes
    mov es, [bp + F_DS]
    mov di, [bp + F_SI]
    cmp word [es:di], 26
    jb .bad_command
    mov ax, 26
    stosw
    mov ax, 0x0074                              ; removable, says when it changed, lockable; no geometry
    stosw
    mov eax, 0xFFFFFFFF
    mov cx, 5                                   ; cylinders, heads, sectors, and the total's two halves
    rep stosd
    mov ax, CD_BLOCK
    stosw
    jmp int13.success

.emulation:                                     ; AL = 1: what was booted from; 0: the same, and no emulation from now on
    cmp al, 1
    ja .bad_command
    mov es, [bp + F_DS]
    mov di, [bp + F_SI]
    mov si, CD_SPECIFICATION
    mov cx, CD_SPECIFICATION_BYTES
    rep movsb
    jmp int13.success

; --- Booting ----------------------------------------------------------------------------------------------

CD_BUFFER           equ 0x7C00
BOOT_RECORD_BLOCK   equ 17
CATALOGUE_POINTER   equ 0x47
INITIAL_ENTRY       equ 0x20
ENTRY_MEDIUM        equ 1
ENTRY_SEGMENT       equ 2
ENTRY_COUNT         equ 6                       ; in 512 bytes
ENTRY_BLOCK         equ 8

; Drive DL: starts what its disc's catalogue says; returns when there is nothing. Keeps BX, DX.
cd_boot:
    push ds
    pushad
    call cd_find
    jc .end
    mov eax, BOOT_RECORD_BLOCK
    call .block
    jc .end
    push si
    mov si, cd_record                           ; §2.0
    mov di, CD_BUFFER
    mov cx, cd_record_end - cd_record
    repe cs cmpsb
    pop si
    jne .end
    mov eax, [es:CD_BUFFER + CATALOGUE_POINTER]
    call .block
    jc .end
    cmp byte [es:CD_BUFFER], 1                  ; §2.1, the validation entry
    jne .end
    cmp word [es:CD_BUFFER + 0x1E], 0xAA55
    jne .end
    cmp byte [es:CD_BUFFER + INITIAL_ENTRY], 0x88 ; §2.2: bootable
    jne .end
    test byte [es:CD_BUFFER + INITIAL_ENTRY + ENTRY_MEDIUM], 0x0F
    jz .load
    mov si, text_emulation
    call print_text
.end:
    popad
    pop ds
    ret

.load:
    mov byte [CD_SPECIFICATION], CD_SPECIFICATION_BYTES
    mov byte [CD_SPECIFICATION + 1], 0          ; no emulation
    mov [CD_SPECIFICATION + 2], dl
    mov eax, [es:CD_BUFFER + INITIAL_ENTRY + ENTRY_BLOCK]
    mov [CD_SPECIFICATION + 4], eax
    mov cx, [es:CD_BUFFER + INITIAL_ENTRY + ENTRY_COUNT]
    mov [CD_SPECIFICATION + 14], cx
    mov bx, [es:CD_BUFFER + INITIAL_ENTRY + ENTRY_SEGMENT]
    test bx, bx
    jnz .have_segment
    mov bx, CD_BUFFER / 16
.have_segment:
    mov [CD_SPECIFICATION + 12], bx
    push dx
    mov es, bx
    xor di, di
    add cx, CD_BLOCK / 512 - 1
    shr cx, 2
    call cd_read
    pop dx
    jc .end
    mov ax, bx                                  ; segment:0 as it would be without the segment, as far as that goes
    shl bx, 4
    and ax, 0xF000
    xor cx, cx
    mov ss, cx
    mov sp, CD_BUFFER
    mov ds, cx
    mov es, cx
    mov dh, 0
    push ax
    push bx
    retf

; Block EAX to 0000:CD_BUFFER; ES = 0. Carry: it can't be read.
.block:
    push dx
    push word 0
    pop es
    mov di, CD_BUFFER
    mov cx, 1
    call cd_read
    pop dx
    push word 0
    pop es
    ret

cd_record: db 0, "CD001", 1, "EL TORITO SPECIFICATION"
cd_record_end:
text_emulation: db "its disc wants to be a diskette or a disk, which is not supported", 13, 10, 0

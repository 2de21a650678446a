; floppy.asm: INT 13h for diskettes: drives 00h and 01h.
; Intel 82077AA (290166-007), §5 commands; Intel 8237A (231466-005); PC/AT TR, section 5, INT 13h, and the data
; area: 3Eh-48h, 90h-95h. Data go by DMA channel 2, so a buffer may not cross a multiple of 64 KiB.
; What is in a drive is found out by trying: the data rate at which an ID field can be read. The motor runs on
; for two seconds after each request; the tick switches it off.
; MISSING: the caller's diskette parameters (vector 1Eh) are not obeyed but for those who read them.

FLOPPY_DOR          equ 0x3F2
FLOPPY_MSR          equ 0x3F4
FLOPPY_FIFO         equ 0x3F5
FLOPPY_DIR          equ 0x3F7                   ; and CCR, written

CMOS_FLOPPIES       equ 0x10                    ; types: A in bits 7-4, B in 3-0
MEDIA_KNOWN         equ 0x10                    ; 90h, 91h: bits 7-6 are the rate
MEDIA_DOUBLE_STEP   equ 0x20
FLOPPY_TIMEOUT      equ 40                      ; ticks
MOTOR_RUNS_ON       equ 37

FLOPPY_ADDRESS_MARK equ 0x02
FLOPPY_PROTECTED    equ 0x03
FLOPPY_OVERRUN      equ 0x08
FLOPPY_BOUNDARY     equ 0x09
FLOPPY_MEDIA        equ 0x0C

; The drives of the CMOS registers: equipment word, reset, one after the other.
floppy_init:
    mov al, CMOS_FLOPPIES
    call cmos_read
    test al, al
    jz .none
    mov ah, 0x01                                ; bit 0: there are some; bits 7-6: their number less one
    test al, 0x0F
    jz .count_known
    or ah, 0x40
.count_known:
    or [BDA_EQUIPMENT], ah
    out 0x0D, al                                ; both DMA controllers cleared
    out 0xDA, al
    mov al, 0xC0                                ; channel 4 is the cascade, and open
    out 0xD6, al
    mov al, 0
    out 0xD4, al
    call floppy_reset
.none:
    ret

; AL = type of drive DL; zero flag: there is none.
floppy_type:
    mov al, 0
    cmp dl, 2
    jae .tested
    mov al, CMOS_FLOPPIES
    call cmos_read
    test dl, dl
    jnz .drive_b
    shr al, 4
.drive_b:
    and al, 0x0F
.tested:
    test al, al
    ret

; Line 6: the controller has finished something.
irq6:
    push ds
    push ax
    push word BDA_SEGMENT
    pop ds
    or byte [BDA_FLOPPY_SEEK], 0x80
    mov al, EOI
    out MASTER_COMMAND, al
    pop ax
    pop ds
    iret

; Called by the tick, with DS = BDA. Changes AX.
floppy_tick:
    cmp byte [BDA_FLOPPY_MOTOR_TICKS], 0
    je .done
    dec byte [BDA_FLOPPY_MOTOR_TICKS]
    jnz .done
    and byte [BDA_FLOPPY_MOTORS], 0xF0
    push dx
    mov dx, FLOPPY_DOR
    mov al, 0x0C
    out dx, al
    pop dx
.done:
    ret

; --- the controller ----------------------------------------------------------------------------------

; Writes AL when the controller asks for it; carry: it does not. Changes CX.
floppy_send:
    push dx
    push ax
    mov dx, FLOPPY_MSR
    mov cx, 0xFFFF
.wait:
    in al, dx
    and al, 0xC0
    cmp al, 0x80                                ; RQM, to the controller
    loopne .wait
    pop ax
    jne .failed
    inc dx
    out dx, al
    pop dx
    clc
    ret
.failed:
    pop dx
    stc
    ret

; Reads the results into the data area until there are no more; AL = the first. Changes CX.
floppy_results:
    push dx
    push di
    xor di, di
.next:
    mov dx, FLOPPY_MSR
    mov cx, 0xFFFF
.wait:
    in al, dx
    test al, 0x80
    loopz .wait
    and al, 0x50                                ; DIO and BUSY: a byte for us
    cmp al, 0x50
    jne .done
    inc dx
    in al, dx
    mov [BDA_FLOPPY_RESULTS + di], al
    inc di
    cmp di, 7
    jb .next
.done:
    mov al, [BDA_FLOPPY_RESULTS]
    pop di
    pop dx
    ret

; Waits for line 6; carry: it did not come. Changes AX, CX.
floppy_wait:
    mov cx, [BDA_TICKS]
.wait:
    cli
    test byte [BDA_FLOPPY_SEEK], 0x80
    jnz .came
    sti
    hlt
    mov ax, [BDA_TICKS]
    sub ax, cx
    cmp ax, FLOPPY_TIMEOUT
    jb .wait
    stc
    ret
.came:
    and byte [BDA_FLOPPY_SEEK], 0x7F
    sti
    clc
    ret

; Resets the controller; all drives have to be recalibrated. Carry: it does not answer.
floppy_reset:
    push dx
    and byte [BDA_FLOPPY_SEEK], 0x70
    mov dx, FLOPPY_DOR
    mov al, [BDA_FLOPPY_MOTORS]
    shl al, 4
    or al, 0x08                                 ; DMA and interrupts on, RESET# low
    out dx, al
    or al, 0x04
    out dx, al
    pop dx
    call floppy_wait
    jc .failed
    mov ah, 4
.sense:                                         ; each drive has a status to be taken
    call floppy_sense
    dec ah
    jnz .sense
    mov al, 0x03                                ; SPECIFY: the table's first two bytes
    call floppy_send
    mov al, [cs:diskette_parameters]
    call floppy_send
    mov al, [cs:diskette_parameters + 1]
    call floppy_send
    clc
    ret
.failed:
    stc
    ret

; SENSE INTERRUPT STATUS: AL = ST0. Changes CX.
floppy_sense:
    mov al, 0x08
    call floppy_send
    call floppy_results
    ret

; The arm of drive DL goes to cylinder AL. Carry: it did not arrive. Changes AX, CX.
floppy_seek:
    push ax
    mov al, 0x0F
    call floppy_send
    mov al, dl
    call floppy_send
    pop ax
    call floppy_send
    jc floppy_arrive.failed
floppy_arrive:
    call floppy_wait
    jc .failed
    call floppy_sense
    and al, 0xF0
    cmp al, 0x20                                ; seek end, and nothing wrong
    jne .failed
    clc
    ret
.failed:
    stc
    ret

; The arm of drive DL goes out until track 0, by a second try if it was beyond step 79. Changes AX, CX.
floppy_recalibrate:
    call .once
    jnc .done
.once:
    mov al, 0x07
    call floppy_send
    mov al, dl
    call floppy_send
    call floppy_arrive
.done:
    ret

; --- what is in the drive --------------------------------------------------------------------------------

; Makes drive DL ready: motor on, arm known, medium known, its rate set. Carry and AH: why it is not.
; Changes AX, BX, CX.
floppy_ready:
    movzx bx, dl
    mov al, 1
    mov cl, dl
    shl al, cl
    mov byte [BDA_FLOPPY_MOTOR_TICKS], 0xFF
    mov ah, [BDA_FLOPPY_MOTORS]
    test ah, al
    setz ch                                     ; it stood still until now
    or al, ah
    mov [BDA_FLOPPY_MOTORS], al
    shl al, 4
    or al, dl
    or al, 0x0C
    push dx
    mov dx, FLOPPY_DOR
    out dx, al
    pop dx
    test ch, ch
    jz .at_speed
    call floppy_spin_up
.at_speed:
    bt [BDA_FLOPPY_SEEK], bx
    jc .arm_known
    call floppy_recalibrate
    jc .controller
    bts [BDA_FLOPPY_SEEK], bx
.arm_known:
    call floppy_is_changed
    jz .same_disk
    mov byte [BDA_FLOPPY_MEDIA + bx], 0
    mov al, 1                                   ; a step takes the line back, if there is a diskette
    call floppy_seek
    mov al, 0
    call floppy_seek
    call floppy_is_changed
    jnz .empty
.same_disk:
    test byte [BDA_FLOPPY_MEDIA + bx], MEDIA_KNOWN
    jnz .known
    call floppy_try_rates
    jc .medium
.known:
    mov al, [BDA_FLOPPY_MEDIA + bx]
    shr al, 6
    call floppy_set_rate
    clc
    ret
.controller:
    mov ah, DISK_CONTROLLER
    stc
    ret
.empty:
    mov ah, DISK_TIMEOUT
    stc
    ret
.medium:
    mov ah, FLOPPY_MEDIA
    stc
    ret

; Half a second, as the parameter table says. Changes AX, CX.
floppy_spin_up:
    mov cx, [BDA_TICKS]
.wait:
    sti
    hlt
    mov ax, [BDA_TICKS]
    sub ax, cx
    cmp ax, 9
    jb .wait
    ret

; Zero flag: the disk change line of the selected drive is quiet. Changes AL.
floppy_is_changed:
    push dx
    mov dx, FLOPPY_DIR
    in al, dx
    test al, 0x80
    pop dx
    ret

floppy_set_rate:
    push dx
    mov dx, FLOPPY_DIR
    out dx, al
    pop dx
    ret

; Tries the rates of drive BX's type until an ID field can be read. Carry: none fits. Changes AX, CX.
floppy_try_rates:
    push si
    call floppy_type
    movzx si, al
    cmp si, FLOPPY_TYPES
    jae .failed
    shl si, 2
    add si, floppy_rates
.next:
    cs lodsb
    cmp al, 0xFF
    je .failed
    push ax
    call floppy_set_rate
    mov al, 0x4A                                ; READ ID
    call floppy_send
    mov al, dl
    call floppy_send
    call floppy_wait
    jc .lost
    call floppy_results
    mov ah, al
    pop ax
    test byte [BDA_FLOPPY_RESULTS], 0xC0
    jnz .next
    mov ah, al
    shl al, 6
    or al, MEDIA_KNOWN
    cmp ah, 1                                   ; 300 kbit/s: 40 cylinders below an arm that knows 80
    jne .set
    or al, MEDIA_DOUBLE_STEP
.set:
    mov [BDA_FLOPPY_MEDIA + bx], al
    pop si
    clc
    ret
.lost:                                          ; it locks up when nothing turns
    pop ax
    call floppy_reset
.failed:
    pop si
    stc
    ret

; --- requests ----------------------------------------------------------------------------------------------

; Opens channel 2 in mode AL: ESI the linear address, DI the bytes less one. Changes EAX.
floppy_dma:
    cli
    out 0x0C, al                                ; the byte pointer
    out 0x0B, al                                ; mode
    mov eax, esi
    out 0x04, al
    mov al, ah
    out 0x04, al
    shr eax, 16
    out 0x81, al
    mov ax, di
    out 0x05, al
    mov al, ah
    out 0x05, al
    mov al, 0x02                                ; open
    out 0x0A, al
    sti
    ret

; ESI = linear address of ES:BX of the caller, DI = AX bytes less one; carry: a multiple of 64 KiB is crossed.
floppy_buffer:
    movzx esi, word [bp + F_ES]
    shl esi, 4
    movzx edi, word [bp + F_BX]
    add esi, edi
    lea di, [eax - 1]
    mov ax, si
    add ax, di
    ret

; Sends the command AL with the caller's head and drive as its second byte. Changes AX, CX.
floppy_begin:
    call floppy_send
    mov al, [bp + F_DH]
    shl al, 2
    and al, 0x04
    or al, dl
    call floppy_send
    ret

; The end of a command with seven results; carry and AH: what was wrong (PC/AT TR, section 5).
floppy_end:
    call floppy_wait
    mov ah, DISK_TIMEOUT
    jc .lost
    call floppy_results
    test al, 0xC0
    jz .good
    mov al, [BDA_FLOPPY_RESULTS + 1]
    mov ah, DISK_NOT_FOUND
    test al, 0x84                               ; EN, ND
    jnz .failed
    mov ah, FLOPPY_ADDRESS_MARK
    test al, 0x01
    jnz .failed
    mov ah, FLOPPY_PROTECTED
    test al, 0x02
    jnz .failed
    mov ah, FLOPPY_OVERRUN
    test al, 0x10
    jnz .failed
    mov ah, DISK_UNCORRECTABLE
    test al, 0x20
    jnz .failed
    mov ah, DISK_CONTROLLER
.failed:
    stc
    ret
.lost:
    push ax
    call floppy_reset
    pop ax
    stc
    ret
.good:
    clc
    ret

; The arm to the caller's cylinder. Changes AX, CX.
floppy_to_cylinder:
    mov al, [bp + F_CH]
    test byte [BDA_FLOPPY_MEDIA + bx], MEDIA_DOUBLE_STEP
    jz .single
    shl al, 1
.single:
    call floppy_seek
    mov ah, DISK_CONTROLLER
    ret

; Command AL (AH: the channel's mode) for the caller's sectors. Carry and AH: what was wrong.
floppy_transfer:
    push ax
    call floppy_ready
    jc .failed
    movzx ax, byte [bp + F_AL]
    test al, al
    jz .bad
    cmp al, 127
    ja .bad
    shl ax, 9
    movzx eax, ax
    call floppy_buffer
    jc .boundary
    call floppy_to_cylinder
    jc .failed
    pop ax
    push ax
    mov al, ah
    call floppy_dma
    pop ax
    call floppy_begin
    mov al, [bp + F_CH]                         ; C, H, R, N
    call floppy_send
    mov al, [bp + F_DH]
    call floppy_send
    mov al, [bp + F_CL]
    call floppy_send
    mov al, 2
    call floppy_send
    mov al, [bp + F_CL]                         ; EOT: the last one
    add al, [bp + F_AL]
    dec al
    call floppy_send
    mov al, 0x1B                                ; GPL, DTL
    call floppy_send
    mov al, 0xFF
    call floppy_send
    jmp floppy_end
.bad:
    mov ah, DISK_BAD_COMMAND
    jmp .failed
.boundary:
    mov ah, FLOPPY_BOUNDARY
.failed:
    pop cx
    stc
    ret

; The track of the caller's CH and DH, with AL sectors whose IDs lie at ES:BX.
floppy_format:
    call floppy_ready
    jc .failed
    movzx eax, byte [bp + F_AL]
    shl ax, 2
    jz .bad
    call floppy_buffer
    jc .boundary
    call floppy_to_cylinder
    jc .failed
    mov al, 0x4A
    call floppy_dma
    mov al, 0x4D
    call floppy_begin
    mov al, 2                                   ; N, SC, GPL, D
    call floppy_send
    mov al, [bp + F_AL]
    call floppy_send
    mov al, [cs:diskette_parameters + 7]
    call floppy_send
    mov al, [cs:diskette_parameters + 8]
    call floppy_send
    jmp floppy_end
.bad:
    mov ah, DISK_BAD_COMMAND
    jmp .failed
.boundary:
    mov ah, FLOPPY_BOUNDARY
.failed:
    stc
    ret

; --- INT 13h, DL below 80h. DS = BDA, the caller's registers at BP -----------------------------------------

floppy_service:
    call floppy_type
    mov ah, [bp + F_AH]
    jz .no_drive
    on_function 0x00, .reset
    on_function 0x01, .last_status
    on_function 0x02, .read
    on_function 0x03, .write
    on_function 0x04, .verify
    on_function 0x05, .format
    on_function 0x08, .parameters
    on_function 0x15, .type
    on_function 0x16, .changed
    on_function 0x17, .success
    on_function 0x18, .set_media
.bad_command:
    mov ah, DISK_BAD_COMMAND
    jmp .fail

.no_drive:
    cmp ah, 0x15
    je .no_type
    cmp ah, 0x08
    jne .bad_command
    xor ax, ax                                  ; of a drive that is not there: all zero
    mov [bp + F_CX], ax
    mov [bp + F_BX], ax
    mov [bp + F_DH], al
    call .count
    jmp .bad_command
.no_type:
    mov byte [bp + F_AH], 0
    jmp .return

.reset:
    call floppy_reset
    mov ah, DISK_CONTROLLER
    jc .fail
.success:
    mov byte [bp + F_AH], 0
.return:
    mov byte [BDA_FLOPPY_STATUS], 0
    clear_carry
    jmp .leave
.fail:
    mov [bp + F_AH], ah
    mov [BDA_FLOPPY_STATUS], ah
    set_carry
.leave:
    cmp byte [BDA_FLOPPY_MOTOR_TICKS], 0
    je .motor_off
    mov byte [BDA_FLOPPY_MOTOR_TICKS], MOTOR_RUNS_ON
.motor_off:
    leave_service

.last_status:
    mov al, [BDA_FLOPPY_STATUS]
    mov [bp + F_AH], al
    clear_carry
    jmp .leave

.read:
    mov ax, 0x46E6                              ; to memory; READ DATA with MT, MFM, SK
    jmp .transfer
.write:
    mov ax, 0x4AC5
    jmp .transfer
.verify:
    mov ax, 0x42E6                              ; the channel only counts
.transfer:
    call floppy_transfer
    jnc .success
.nothing_moved:
    mov byte [bp + F_AL], 0
    jmp .fail
.format:
    call floppy_format
    jnc .success
    jmp .fail

.parameters:                                    ; as for disks, and BL the type, ES:DI the table
    movzx si, al
    cmp si, FLOPPY_TYPES
    jae .bad_command
    mov [bp + F_BX], si
    shl si, 1
    mov ax, [cs:floppy_tracks + si]             ; AL sectors, AH last cylinder
    mov [bp + F_CL], al
    mov [bp + F_CH], ah
    mov byte [bp + F_DH], 1
    mov word [bp + F_ES], FIRMWARE_SEGMENT
    mov word [bp + F_DI], diskette_parameters
    call .count
    mov byte [bp + F_AL], 0
    jmp .success
.count:                                         ; DL = drives
    mov al, [BDA_EQUIPMENT]
    test al, 0x01
    mov ah, 0
    jz .counted
    shr al, 6
    inc al
    mov ah, al
.counted:
    mov [bp + F_DL], ah
    ret

.type:                                          ; AH = 1: without, 2: with a disk change line
    cmp al, 1
    mov ah, 1
    je .have_type
    inc ah
.have_type:
    mov [bp + F_AH], ah
    jmp .return

.changed:
    call floppy_ready
    jc .fail
    jmp .success

.set_media:                                     ; CH last cylinder, CL sectors: what this drive can format
    movzx si, al
    cmp si, FLOPPY_TYPES
    jae .bad_command
    shl si, 1
    mov ax, [cs:floppy_tracks + si]
    cmp ax, [bp + F_CX]
    mov ah, FLOPPY_MEDIA
    jne .fail
    mov word [bp + F_ES], FIRMWARE_SEGMENT
    mov word [bp + F_DI], diskette_parameters
    jmp .success

FLOPPY_TYPES        equ 6
; By type, for the highest density it knows: sectors of a track, last cylinder.
floppy_tracks: db 0, 0,  9, 39,  15, 79,  9, 79,  18, 79,  36, 79
; By type: data rates to try, as the CCR has them.
floppy_rates:  db 0xFF, 0xFF, 0xFF, 0xFF
               db 2, 0xFF, 0xFF, 0xFF
               db 0, 1, 0xFF, 0xFF
               db 2, 0xFF, 0xFF, 0xFF
               db 0, 2, 0xFF, 0xFF
               db 3, 0, 2, 0xFF

; Vector 1Eh: SRT and HUT, HLT and DMA, ticks until the motor stops, N, EOT, gap, DTL, gap of FORMAT, its byte,
; head settle time in ms, motor start time in 1/8 s.
diskette_parameters: db 0xAF, 0x02, MOTOR_RUNS_ON, 2, 18, 0x1B, 0xFF, 0x6C, 0xF6, 15, 4

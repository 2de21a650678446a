; video.asm: INT 10h for text mode 3: 80 x 25 characters, 16 colours, one page.
; IBM PS/2 and PC BIOS Interface Technical Reference (1991), INT 10h; IBM PS/2 Hardware Interface Technical
; Reference, Video Subsystems (1992): registers and the values of mode 3.
; MISSING: graphics modes (a request for one gives mode 3), further pages, loading of fonts.

TEXT_SEGMENT    equ 0xB800
COLUMNS         equ 80
ROWS            equ 25
CRTC            equ 0x3D4

sequencer_mode3:    db 0x03, 0x00, 0x03, 0x00, 0x02
sequencer_end:
crtc_mode3:         db 0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0x00, 0x4F, 0x0D, 0x0E, 0x00
                    db 0x00, 0x00, 0x00, 0x9C, 0x8E, 0x8F, 0x28, 0x1F, 0x96, 0xB9, 0xA3, 0xFF
crtc_end:
graphics_mode3:     db 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0E, 0x00, 0xFF
graphics_end:
attribute_mode3:    db 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3A
                    db 0x3B, 0x3C, 0x3D, 0x3E, 0x3F, 0x0C, 0x00, 0x0F, 0x08, 0x00
attribute_end:

; Writes the bytes CS:SI up to CX to the registers 0, 1, 2 ... behind index port DX.
%macro write_registers 3                        ; port, table, its end
    mov dx, %1
    mov si, %2
    mov cx, %3 - %2
    call video_write_registers
%endmacro

video_write_registers:
    xor bl, bl
.next:
    cs lodsb
    mov ah, al
    mov al, bl
    out dx, ax                                  ; index and data port lie side by side
    inc bl
    loop .next
    ret

; Programs mode 3 and the font, and clears the screen. DS is the BIOS data area.
video_init:
    mov al, 0x67                                ; 28 MHz, colour addresses, 400 lines
    mov dx, 0x3C2
    out dx, al
    write_registers 0x3C4, sequencer_mode3, sequencer_end
    mov dx, CRTC
    mov ax, 0x0E11                              ; register 11h bit 7 protects 0-7: clear it first
    out dx, ax
    write_registers CRTC, crtc_mode3, crtc_end
    write_registers 0x3CE, graphics_mode3, graphics_end
    call video_write_attributes
    call video_write_palette
    call video_load_font

    mov byte [BDA_VIDEO_MODE], 3
    mov word [BDA_COLUMNS], COLUMNS
    mov word [BDA_PAGE_BYTES], 0x1000
    mov word [BDA_PAGE_START], 0
    mov word [BDA_CURSOR_SHAPE], 0x0607         ; as programs for 8 lines know it; the CRTC has 0Dh-0Eh
    mov byte [BDA_VIDEO_PAGE], 0
    mov word [BDA_CRTC_PORT], CRTC
    mov byte [BDA_ROWS_MINUS_1], ROWS - 1
    mov word [BDA_CHARACTER_ROWS], 16
    mov byte [BDA_VIDEO_CONTROL], 0x60          ; 256 KiB of video memory
    jmp video_clear

video_write_attributes:
    mov dx, 0x3DA                               ; a read makes the next write to 3C0h an index
    in al, dx
    mov dx, 0x3C0
    mov si, attribute_mode3
    xor bl, bl
.next:
    mov al, bl
    out dx, al
    cs lodsb
    out dx, al
    inc bl
    cmp bl, attribute_end - attribute_mode3
    jb .next
    mov al, 0x20                                ; give the palette back to the display
    out dx, al
    ret

; The first 64 entries of the DAC are the EGA's colours, bits rgbRGB: a small letter is worth 15h, a capital
; one 2Ah.
video_write_palette:
    mov dx, 0x3C8
    xor al, al
    out dx, al
    inc dx
    xor cl, cl
.next:
    mov bl, cl
    mov ch, 3                                   ; red (bits 5, 2), green (4, 1), blue (3, 0)
.component:
    xor al, al
    test bl, 0x04
    jz .no_capital
    mov al, 0x2A
.no_capital:
    test bl, 0x20
    jz .no_small
    add al, 0x15
.no_small:
    out dx, al
    shl bl, 1
    dec ch
    jnz .component
    inc cl
    cmp cl, 64
    jb .next
    mov al, 0xFF
    mov dx, 0x3C6                               ; all bits of a colour count
    out dx, al
    ret

; The font lies in plane 2, 32 bytes a character; for the copy that plane is made visible at A0000h.
video_load_font:
    mov dx, 0x3C4
    mov ax, 0x0402                              ; map mask: plane 2
    out dx, ax
    mov ax, 0x0604                              ; memory mode: odd/even off
    out dx, ax
    mov dx, 0x3CE
    mov ax, 0x0005                              ; write mode 0
    out dx, ax
    mov ax, 0x0406                              ; 64 KiB at A0000h
    out dx, ax

    mov ax, 0xA000
    mov es, ax
    xor di, di
    mov si, font_8x16
    mov dx, 256
.next:
    mov cx, 16 / 2
    cs rep movsw
    add di, 16
    dec dx
    jnz .next

    write_registers 0x3C4, sequencer_mode3, sequencer_end
    write_registers 0x3CE, graphics_mode3, graphics_end
    ret

video_clear:
    mov ax, TEXT_SEGMENT
    mov es, ax
    xor di, di
    mov ax, 0x0720
    mov cx, COLUMNS * ROWS
    rep stosw
    mov word [BDA_CURSOR], 0
    jmp video_show_cursor

; Moves the hardware cursor to BDA_CURSOR. Changes AX, BX, DX.
video_show_cursor:
    call video_cursor_cell
    mov dx, CRTC
    mov al, 0x0E
    mov ah, bh
    out dx, ax
    mov al, 0x0F
    mov ah, bl
    out dx, ax
    ret

; BX = number of the cursor's cell. Changes AX.
video_cursor_cell:
    mov al, COLUMNS
    mul byte [BDA_CURSOR + 1]
    movzx bx, byte [BDA_CURSOR]
    add bx, ax
    ret

int10:
    enter_service
    on_function 0x0E, .teletype
    on_function 0x00, .set_mode
    on_function 0x01, .set_cursor_shape
    on_function 0x02, .set_cursor
    on_function 0x03, .get_cursor
    on_function 0x06, .scroll_up
    on_function 0x07, .scroll_down
    on_function 0x08, .read_cell
    on_function 0x09, .write_cells
    on_function 0x0A, .write_characters
    on_function 0x0F, .get_mode
    on_function 0x10, .palette
    on_function 0x11, .font
    on_function 0x12, .configuration
    on_function 0x13, .write_string
    on_function 0x1A, .combination
.done:
    leave_service

.teletype:
    call video_teletype
    call video_show_cursor
    jmp .done

.set_mode:
    push ax
    call video_init
    pop ax
    mov byte [bp + F_AL], 0x30                  ; what a VGA answers for text modes
    jmp .done

.set_cursor_shape:
    mov [BDA_CURSOR_SHAPE], cx
    mov dx, CRTC
    mov al, 0x0A
    mov ah, ch
    out dx, ax
    mov al, 0x0B
    mov ah, cl
    out dx, ax
    jmp .done

.set_cursor:
    mov [BDA_CURSOR], dx                        ; it may lie off the screen: that hides it
    call video_show_cursor
    jmp .done

.get_cursor:
    mov ax, [BDA_CURSOR]
    mov [bp + F_DX], ax
    mov ax, [BDA_CURSOR_SHAPE]
    mov [bp + F_CX], ax
    jmp .done

.scroll_up:
    call video_scroll_up
    jmp .done

.scroll_down:
    call video_scroll_down
    jmp .done

.read_cell:
    call video_cell_pointer
    mov ax, [es:di]
    mov [bp + F_AX], ax
    jmp .done

.write_cells:                                   ; AL character, BL attribute, CX times
    call video_cell_pointer
    mov al, [bp + F_AL]
    mov ah, [bp + F_BL]
    mov cx, [bp + F_CX]
    call video_limit_count
    rep stosw
    jmp .done

.write_characters:
    call video_cell_pointer
    mov al, [bp + F_AL]
    mov cx, [bp + F_CX]
    call video_limit_count
    jcxz .done
.next_character:
    stosb
    inc di
    loop .next_character
    jmp .done

.get_mode:
    mov byte [bp + F_AL], 3
    mov byte [bp + F_AH], COLUMNS
    mov byte [bp + F_BH], 0
    jmp .done

.palette:
    call video_palette_function
    jmp .done

.font:
    cmp al, 0x30                                ; where the font is
    jne .done
    mov word [bp + F_CX], 16
    mov byte [bp + F_DL], ROWS - 1
    mov word [bp + F_BP], font_8x16
    mov word [bp + F_ES], FIRMWARE_SEGMENT
    jmp .done

.configuration:
    cmp bl, 0x10                                ; EGA information: colour, 256 KiB
    jne .done
    mov byte [bp + F_BH], 0
    mov byte [bp + F_BL], 3
    mov word [bp + F_CX], 0x0009
    jmp .done

.write_string:
    call video_write_string
    jmp .done

.combination:
    cmp al, 0
    jne .done
    mov byte [bp + F_AL], 0x1A
    mov word [bp + F_BX], 0x0008                ; a VGA with a colour display, and no other
    jmp .done

; ES:DI = the cell under the cursor. Changes AX, BX.
video_cell_pointer:
    call video_cursor_cell
    mov di, bx
    and di, 0x07FF                              ; a hidden cursor stays within the page
    shl di, 1
    mov bx, TEXT_SEGMENT
    mov es, bx
    ret

; CX = at most the cells from ES:DI to the end of text memory.
video_limit_count:
    push dx
    mov dx, 0x8000
    sub dx, di
    shr dx, 1
    cmp cx, dx
    jbe .fits
    mov cx, dx
.fits:
    pop dx
    ret

; Writes the character AL at the cursor and moves the cursor, scrolling at the bottom. Bell, backspace, line
; feed and carriage return act. Keeps all but AX, BX, DI, ES.
video_teletype:
    cmp al, 7
    je .end
    cmp al, 8
    je .backspace
    cmp al, 10
    je .line_feed
    cmp al, 13
    je .carriage_return
    push ax
    call video_cell_pointer
    pop ax
    mov [es:di], al                             ; the attribute stays
    inc byte [BDA_CURSOR]
    cmp byte [BDA_CURSOR], COLUMNS
    jb .end
    mov byte [BDA_CURSOR], 0
.line_feed:
    cmp byte [BDA_CURSOR + 1], ROWS - 1
    jae .scroll
    inc byte [BDA_CURSOR + 1]
.end:
    ret
.backspace:
    cmp byte [BDA_CURSOR], 0
    je .end
    dec byte [BDA_CURSOR]
    ret
.carriage_return:
    mov byte [BDA_CURSOR], 0
    ret
.scroll:
    pusha
    call video_cell_pointer
    mov bh, [es:di + 1]                         ; the new row has the attribute of the cell left behind
    mov ax, 0x0601
    xor cx, cx
    mov dx, (ROWS - 1) << 8 | (COLUMNS - 1)
    call video_scroll_up
    popa
    ret

; Brings the window (CH, CL)-(DH, DL) within the screen, and AL = 0 to "all rows". SI = columns.
; Carry: there is no such window.
video_window:
    cmp dh, ROWS
    jb .rows_fit
    mov dh, ROWS - 1
.rows_fit:
    cmp dl, COLUMNS
    jb .columns_fit
    mov dl, COLUMNS - 1
.columns_fit:
    cmp ch, dh
    ja .none
    cmp cl, dl
    ja .none
    mov ah, dh
    sub ah, ch
    inc ah                                      ; rows of the window
    test al, al
    jz .all
    cmp al, ah
    jbe .lines_fit
.all:
    mov al, ah
.lines_fit:
    push ax
    mov al, dl
    sub al, cl
    xor ah, ah
    inc ax
    mov si, ax
    pop ax
    clc
    ret
.none:
    stc
    ret

; DI = offset of the cell in column CL of row AH. Keeps the rest.
video_row_pointer:
    push ax
    mov al, COLUMNS
    mul ah
    mov di, ax
    movzx ax, cl
    add di, ax
    shl di, 1
    pop ax
    ret

; Copies the SI cells from row DL to row AH, columns from CL on. ES = DS = text. Keeps all.
video_copy_row:
    pusha
    call video_row_pointer
    push di
    mov ah, dl
    call video_row_pointer
    mov cx, si
    mov si, di
    pop di
    rep movsw
    popa
    ret

; Fills the SI cells of row AH, columns from CL on, with blanks of attribute BH. Keeps all.
video_blank_row:
    pusha
    call video_row_pointer
    mov ah, bh
    mov al, ' '
    mov cx, si
    rep stosw
    popa
    ret

; Scrolls the window (CH, CL)-(DH, DL) up by AL rows (0: all); new rows have attribute BH.
video_scroll_up:
    call video_window
    jc .end
    push ds
    push word TEXT_SEGMENT
    pop ds
    push word TEXT_SEGMENT
    pop es
    mov ah, ch                                  ; the row to fill, from the top
.next:
    mov dl, ah
    add dl, al                                  ; from this one
    cmp dl, dh
    ja .blank
    call video_copy_row
    jmp .filled
.blank:
    call video_blank_row
.filled:
    inc ah
    cmp ah, dh
    jbe .next
    pop ds
.end:
    ret

video_scroll_down:
    call video_window
    jc .end
    push ds
    push word TEXT_SEGMENT
    pop ds
    push word TEXT_SEGMENT
    pop es
    mov ah, dh                                  ; the row to fill, from the bottom
.next:
    mov dl, ah
    sub dl, al
    jc .blank
    cmp dl, ch
    jb .blank
    call video_copy_row
    jmp .filled
.blank:
    call video_blank_row
.filled:
    cmp ah, ch
    je .done
    dec ah
    jmp .next
.done:
    pop ds
.end:
    ret

; INT 10h function 10h: the attribute controller and the DAC, as far as text mode needs them.
video_palette_function:
    cmp al, 0x00
    je .set_register
    cmp al, 0x03
    je .set_blink
    cmp al, 0x10
    je .set_colour
    cmp al, 0x12
    je .set_colours
    cmp al, 0x15
    je .get_colour
    ret
.set_register:                                  ; register BL = BH
    mov dx, 0x3DA
    in al, dx
    mov dx, 0x3C0
    mov al, bl
    and al, 0x1F
    out dx, al
    mov al, bh
    out dx, al
    mov al, 0x20
    out dx, al
    ret
.set_blink:                                     ; BL = 1: bit 7 of an attribute blinks; 0: bright background
    shl bl, 3
    mov bh, 0x04
    or bh, bl
    mov bl, 0x10
    jmp .set_register
.set_colour:                                    ; entry BX = DH, CH, CL
    mov al, bl
    mov ah, dh
    mov dx, 0x3C8
    out dx, al
    inc dx
    mov al, ah
    out dx, al
    mov al, ch
    out dx, al
    mov al, cl
    out dx, al
    ret
.set_colours:                                   ; CX entries from BX on, from ES:DX
    mov ds, [bp + F_ES]
    mov si, dx
    mov dx, 0x3C8
    mov al, bl
    out dx, al
    inc dx
    imul cx, cx, 3
    rep outsb
    ret
.get_colour:
    mov dx, 0x3C7
    mov al, bl
    out dx, al
    mov dx, 0x3C9
    in al, dx
    mov [bp + F_DH], al
    in al, dx
    mov [bp + F_CH], al
    in al, dx
    mov [bp + F_CL], al
    ret

; INT 10h function 13h: CX characters at ES:BP from (DH, DL) on; AL bit 0: the cursor stays behind the text,
; bit 1: attributes stand between the characters; BL the attribute otherwise.
video_write_string:
    push word [BDA_CURSOR]
    mov [BDA_CURSOR], dx
    mov si, [bp + F_BP]
    jcxz .end
.next:
    mov es, [bp + F_ES]
    mov al, [es:si]
    inc si
    mov bl, [bp + F_BL]
    test byte [bp + F_AL], 2
    jz .have_attribute
    mov bl, [es:si]
    inc si
.have_attribute:
    cmp al, 13                                  ; characters that act have no attribute
    ja .paint
    cmp al, 7
    jae .print
.paint:
    push ax
    push bx
    call video_cell_pointer
    pop bx
    mov [es:di + 1], bl
    pop ax
.print:
    call video_teletype
    loop .next
.end:
    pop ax
    test byte [bp + F_AL], 1
    jnz .cursor_stays
    mov [BDA_CURSOR], ax
.cursor_stays:
    jmp video_show_cursor

; keyboard.asm: the 8042, interrupt line 1, and INT 16h.
; IBM PS/2 Hardware Interface Technical Reference (1990), Keyboard and Auxiliary Device Controller p.8-14; PC/AT
; TR, section 5: keyboard encoding, INT 09h and 16h; section 4: scan code set 1.

KBD_DATA            equ 0x60
KBD_STATUS          equ 0x64
KBD_COMMAND         equ 0x64
STATUS_OBF          equ 0x01
STATUS_IBF          equ 0x02

SHIFT_RIGHT         equ 0x01                    ; BDA_SHIFT_FLAGS
SHIFT_LEFT          equ 0x02
SHIFT_CTRL          equ 0x04
SHIFT_ALT           equ 0x08
LOCK_SCROLL         equ 0x10
LOCK_NUM            equ 0x20
LOCK_CAPS           equ 0x40
LOCK_INSERT         equ 0x80

LAST_CODE_WAS_E0    equ 0x02                    ; BDA_KEYBOARD_3
KEYBOARD_101        equ 0x10

; Waits until the controller takes a byte; bounded.
kbd_wait_input:
    push cx
    xor cx, cx
.wait:
    in al, KBD_STATUS
    test al, STATUS_IBF
    loopnz .wait
    pop cx
    ret

; AL = the next byte of the controller; carry when none comes. Bounded: about half a second at 1 us an IN.
kbd_wait_output:
    push ecx
    mov ecx, 500000
.wait:
    in al, KBD_STATUS
    test al, STATUS_OBF
    jnz .there
    dec ecx
    jnz .wait
    pop ecx
    stc
    ret
.there:
    in al, KBD_DATA
    pop ecx
    clc
    ret

; Sends AH to the controller, or to the keyboard.
kbd_command:
    call kbd_wait_input
    mov al, ah
    out KBD_COMMAND, al
    ret
kbd_send:
    call kbd_wait_input
    mov al, ah
    out KBD_DATA, al
    ret

keyboard_init:
    mov word [BDA_KEY_HEAD], BDA_KEY_BUFFER
    mov word [BDA_KEY_TAIL], BDA_KEY_BUFFER
    mov word [BDA_KEY_START], BDA_KEY_BUFFER
    mov word [BDA_KEY_END], BDA_KEY_BUFFER_END
    mov byte [BDA_KEYBOARD_3], KEYBOARD_101

    in al, KBD_STATUS
    cmp al, 0xFF
    je .absent
    mov cx, 16
.drain:                                         ; whatever still lies there
    in al, KBD_STATUS
    test al, STATUS_OBF
    jz .drained
    in al, KBD_DATA
    loop .drain
.drained:
    mov ah, 0xAA                                ; self test of the controller
    call kbd_command
    call kbd_wait_output
    jc .absent
    cmp al, 0x55
    jne .absent
    mov ah, 0x60                                ; command byte: no interrupts yet, set 1
    call kbd_command
    mov ah, 0x64
    call kbd_send
    mov ah, 0xAE                                ; enable the keyboard
    call kbd_command
    mov ah, 0xFF                                ; reset it: FAh, then AAh
    call kbd_send
    call kbd_wait_output
    call kbd_wait_output
    mov ah, 0x60                                ; command byte: interrupt of the keyboard, set 1, no mouse
    call kbd_command
    mov ah, 0x65
    call kbd_send
    call kbd_wait_input
    ret
.absent:
    mov si, text_no_keyboard
    jmp print_text

text_no_keyboard: db "no keyboard controller", 13, 10, 0

; --- Line 1 ------------------------------------------------------------------------------------------

irq1:
    pushad
    push ds
    push es
    cld
    push word BDA_SEGMENT
    pop ds
    in al, KBD_DATA
    mov ah, 0x4F                                ; INT 15h 4Fh may change or take the code
    stc
    int 0x15
    jnc .end
    call key_event
.end:
    mov al, EOI
    out MASTER_COMMAND, al
    pop es
    pop ds
    popad
    iret

; The scan code AL: shift keys change the flags, others go into the buffer.
key_event:
    cmp al, 0xE0
    jne .not_e0
    or byte [BDA_KEYBOARD_3], LAST_CODE_WAS_E0
    ret
.not_e0:
    mov dl, [BDA_KEYBOARD_3]
    and dl, LAST_CODE_WAS_E0                    ; DL: this is a key of the grey blocks
    and byte [BDA_KEYBOARD_3], ~LAST_CODE_WAS_E0
    cmp al, 0xE1                                ; Pause: its codes change nothing
    je .end
    mov ah, al
    and ah, 0x7F                                ; AH: the key; AL bit 7: let go

    mov bl, SHIFT_CTRL
    cmp ah, 0x1D
    je .shift_key
    mov bl, SHIFT_ALT
    cmp ah, 0x38
    je .shift_key
    mov bl, SHIFT_LEFT
    cmp ah, 0x2A
    je .real_shift_key
    mov bl, SHIFT_RIGHT
    cmp ah, 0x36
    je .real_shift_key
    mov bl, LOCK_CAPS
    cmp ah, 0x3A
    je .lock_key
    mov bl, LOCK_NUM
    cmp ah, 0x45
    je .lock_key
    mov bl, LOCK_SCROLL
    cmp ah, 0x46
    je .lock_key
    test al, 0x80
    jnz .end
    cmp ah, 0x53                                ; Ctrl + Alt + Delete
    jne .character
    mov bl, [BDA_SHIFT_FLAGS]
    and bl, SHIFT_CTRL | SHIFT_ALT
    cmp bl, SHIFT_CTRL | SHIFT_ALT
    jne .character
    mov word [BDA_RESET_FLAG], WARM_START
    jmp FIRMWARE_SEGMENT:post
.character:
    jmp key_character
.end:
    ret

.real_shift_key:                                ; E0 2A and E0 36 only accompany the grey keys
    test dl, dl
    jnz .end
.shift_key:
    test al, 0x80
    jnz .let_go
    or [BDA_SHIFT_FLAGS], bl
    ret
.let_go:
    not bl
    and [BDA_SHIFT_FLAGS], bl
    ret
.lock_key:
    test al, 0x80
    jnz .end
    xor [BDA_SHIFT_FLAGS], bl
    ret

; Finds the word of key AH (DL: grey) under the shift flags and puts it into the buffer.
key_character:
    movzx bx, ah
    cmp bl, KEYS
    jae .end
    mov cl, [BDA_SHIFT_FLAGS]
    test cl, SHIFT_ALT
    jnz .alt
    test cl, SHIFT_CTRL
    jnz .ctrl
    test dl, dl
    jnz .grey

    mov al, [cs:keys_plain + bx]
    cmp ah, 0x47                                ; 47h-53h: the numeric keypad
    jb .no_keypad
    cmp ah, 0x53
    ja .no_keypad
    mov ch, cl                                  ; digits with NumLock or with Shift, not with both
    and ch, SHIFT_LEFT | SHIFT_RIGHT
    jz .keypad_unshifted
    xor cl, LOCK_NUM
.keypad_unshifted:
    test cl, LOCK_NUM
    jz .put
    mov al, [cs:keys_shift + bx]
    jmp .put
.no_keypad:
    mov ch, cl
    and ch, SHIFT_LEFT | SHIFT_RIGHT
    jz .caps
    mov al, [cs:keys_shift + bx]
    cmp ah, 0x3B                                ; Shift + F1-F10: 54h-5Dh
    jb .caps
    cmp ah, 0x44
    ja .caps
    add ah, 0x54 - 0x3B
.caps:
    test cl, LOCK_CAPS
    jz .put
    mov ch, al                                  ; CapsLock exchanges the cases of letters
    or ch, 0x20
    cmp ch, 'a'
    jb .put
    cmp ch, 'z'
    ja .put
    xor al, 0x20
.put:
    test ax, ax
    jz .end
    jmp key_store
.end:
    ret

.grey:
    mov al, 0xE0                                ; arrows and their like
    cmp ah, 0x1C                                ; but Enter and / are what they say
    je .grey_enter
    cmp ah, 0x35
    jne .put
    mov ax, 0xE02F
    jmp .put
.grey_enter:
    mov ax, 0xE00D
    jmp .put

.ctrl:
    mov al, [cs:keys_plain + bx]
    mov ch, al
    sub ch, 'a'
    cmp ch, 26
    jae .ctrl_other
    and al, 0x1F                                ; Ctrl + letter
    jmp .put
.ctrl_other:
    mov al, 0x1B                                ; [ \ ]
    cmp ah, 0x1A
    je .put
    mov al, 0x1D
    cmp ah, 0x1B
    je .put
    mov al, 0x1C
    cmp ah, 0x2B
    je .put
    mov al, 0x0A                                ; Enter
    cmp ah, 0x1C
    je .put
    mov al, 0x7F                                ; Backspace
    cmp ah, 0x0E
    je .put
    mov al, 0x1B                                ; Esc
    cmp ah, 0x01
    je .put
    mov al, 0
    cmp ah, 0x3B                                ; Ctrl + F1-F10: 5Eh-67h
    jb .end
    cmp ah, 0x44
    ja .end
    add ah, 0x5E - 0x3B
    jmp .put

.alt:
    mov al, 0
    cmp ah, 0x02                                ; Alt + 1 ... =: 78h-83h
    jb .end
    cmp ah, 0x0D
    ja .alt_other
    add ah, 0x78 - 0x02
    jmp .put
.alt_other:
    cmp ah, 0x3B                                ; Alt + F1-F10: 68h-71h; letters keep their code
    jb .put
    cmp ah, 0x44
    ja .end
    add ah, 0x68 - 0x3B
    jmp .put

; Puts AX (scan code, character) into the buffer; carry when it is full.
key_store:
    mov bx, [BDA_KEY_TAIL]
    mov di, bx
    add bx, 2
    cmp bx, [BDA_KEY_END]
    jb .no_wrap
    mov bx, [BDA_KEY_START]
.no_wrap:
    cmp bx, [BDA_KEY_HEAD]
    je .full
    mov [di], ax
    mov [BDA_KEY_TAIL], bx
    clc
    ret
.full:
    stc
    ret

; Characters by scan code of set 1; 0: the key has none.
keys_plain:
    db 0, 27, '1234567890-=', 8, 9
    db 'qwertyuiop[]', 13, 0, 'as'
    db "dfghjkl;'`", 0, '\zxcv'
    db 'bnm,./', 0, '*', 0, ' ', 0, 0, 0, 0, 0, 0
    db 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '-', 0, 0, 0, '+', 0
    db 0, 0, 0, 0, 0, 0, '\', 0, 0
KEYS equ $ - keys_plain
keys_shift:
    db 0, 27, '!@#$%^&*()_+', 8, 0
    db 'QWERTYUIOP{}', 13, 0, 'AS'
    db 'DFGHJKL:"~', 0, '|ZXCV'
    db 'BNM<>?', 0, '*', 0, ' ', 0, 0, 0, 0, 0, 0
    db 0, 0, 0, 0, 0, 0, 0, '789-456+1'
    db '230.', 0, 0, '|', 0, 0

; --- INT 16h -----------------------------------------------------------------------------------------

int16:
    enter_service
    sti
    on_function 0x00, .read
    on_function 0x01, .look
    on_function 0x02, .flags
    on_function 0x05, .store
    on_function 0x10, .read_enhanced
    on_function 0x11, .look_enhanced
    on_function 0x12, .flags_enhanced
.done:
    leave_service

.read:
    call key_take
    call key_as_84
    mov [bp + F_AX], ax
    leave_service

.read_enhanced:
    call key_take
    mov [bp + F_AX], ax
    leave_service

.look:
    call key_peek
    jz .nothing
    call key_as_84
    jmp .something
.look_enhanced:
    call key_peek
    jz .nothing
.something:
    mov [bp + F_AX], ax
    and byte [bp + F_FLAGS], ~FLAG_ZERO
    leave_service
.nothing:
    or byte [bp + F_FLAGS], FLAG_ZERO
    leave_service

.flags:
    mov al, [BDA_SHIFT_FLAGS]
    mov [bp + F_AL], al
    leave_service

.flags_enhanced:
    mov ax, [BDA_SHIFT_FLAGS]
    mov [bp + F_AX], ax
    leave_service

.store:                                         ; CX as if it had been typed; AL = 1 when there is no room
    cli
    mov ax, cx
    call key_store
    setc [bp + F_AL]
    leave_service

; AX = the next key, waiting for it.
key_take:
    cli
    call key_peek
    jnz .there
    sti
    hlt
    jmp key_take
.there:
    mov bx, [BDA_KEY_HEAD]
    add bx, 2
    cmp bx, [BDA_KEY_END]
    jb .no_wrap
    mov bx, [BDA_KEY_START]
.no_wrap:
    mov [BDA_KEY_HEAD], bx
    sti
    ret

; AX = the next key, which stays; ZF: none.
key_peek:
    mov bx, [BDA_KEY_HEAD]
    mov ax, [bx]
    cmp bx, [BDA_KEY_TAIL]
    ret

; Functions 00h and 01h know no E0h: grey keys look like those of the old keyboard.
key_as_84:
    cmp al, 0xE0
    jne .not_e0
    mov al, 0
    ret
.not_e0:
    cmp ah, 0xE0
    jne .end
    mov ah, 0x1C
    cmp al, 13
    je .end
    mov ah, 0x35
.end:
    ret

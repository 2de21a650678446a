; post.asm: from the reset vector to the boot sector.

CMOS_EQUIPMENT          equ 0x14
SHUTDOWN_REGISTER       equ 0x0F                ; CMOS: why the CPU was reset (PC/AT TR, section 5)
SHUTDOWN_JUMP_WITH_EOI  equ 0x05
SHUTDOWN_JUMP           equ 0x0A
WARM_START              equ 0x1234

post:
    cli
    cld
    mov al, SHUTDOWN_REGISTER
    call cmos_read
    mov bl, al
    mov al, SHUTDOWN_REGISTER
    mov ah, 0
    call cmos_write
    ; A 286 could leave protected mode only by a reset: these codes say "go on where I was".
    cmp bl, SHUTDOWN_JUMP_WITH_EOI
    je .go_on_with_eoi
    cmp bl, SHUTDOWN_JUMP
    je .go_on

    post_code 0x01                              ; stack and data area
    xor ax, ax
    mov ss, ax
    mov sp, 0x7C00
    call bda_init
    post_code 0x02
    call vectors_init
    post_code 0x03
    call pic_init
    call apic_init
    post_code 0x04
    call pci_init
    call tables_init
    post_code 0x05
    call video_init
    mov si, text_banner
    call print_text
    post_code 0x06
    call a20_enable
    call memory_report
    post_code 0x07
    call timer_init
    post_code 0x08
    call keyboard_init
    sti
    post_code 0x09
    call disks_init
    call floppy_init
    call ports_init
    post_code 0x0A
    int 0x19
    jmp $                                       ; INT 19h does not return

.go_on_with_eoi:
    mov al, 0x20
    out 0xA0, al
    out 0x20, al
.go_on:
    mov ax, BDA_SEGMENT
    mov ds, ax
    jmp far [BDA_RESET_ENTRY]

; Clears the data areas and fills in what no other part does.
bda_init:
    mov ax, BDA_SEGMENT
    mov es, ax
    xor di, di
    xor ax, ax
    mov cx, 256 / 2
    rep stosw
    mov ax, EBDA_SEGMENT
    mov es, ax
    xor di, di
    xor ax, ax
    mov cx, 1024 / 2
    rep stosw
    mov byte [es:0], EBDA_KB                    ; its first byte is its size in KiB
    mov ax, BDA_SEGMENT
    mov ds, ax
    mov word [BDA_EBDA_SEGMENT], EBDA_SEGMENT
    mov word [BDA_MEMORY_KB], BASE_MEMORY_KB
    mov al, CMOS_EQUIPMENT                      ; coprocessor (1) and mouse (2), as the battery keeps them
    call cmos_read
    and ax, 0x0006
    or al, 0x20                                 ; 80x25 colour (5:4 = 10)
    mov [BDA_EQUIPMENT], ax
    ret

text_banner: db "Vitrine firmware", 13, 10, 0

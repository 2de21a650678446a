; A boot sector with two tasks, as an operating system would keep them: a pointer to the one that runs, and a
; record of each with its name. Each makes accesses to ports.
org 0x7C00
    cli
    xor ax, ax
    mov ds, ax
    mov dword [0x600], idle
    in al, 0x64                 ; idle
    mov dword [0x600], shell
    in al, 0x61                 ; shell
    in al, 0x61
    mov dword [0x600], idle
    in al, 0x64                 ; idle
    mov dword [0x600], 0        ; nobody: what is there is no name
    mov al, 0
    out 0xF4, al                ; ends the run with status 1
align 4
idle:
    dd 0, 0
    db 'idle', 0
    times 11 db 0xFF
shell:
    dd 1, 0
    db 'a shell', 0
times 510 - ($ - $$) db 0
dw 0xAA55

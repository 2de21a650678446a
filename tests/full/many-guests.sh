# 64 guests on one host for 10 minutes of virtual time. Each counts its timer's ticks in HLT, and every 256th tick
# counts in a sector of its cylinders as well. All come to their end, each after 10 minutes; the sectors say what
# they should, no other sector has changed; and a guest costs less than 4 MiB of memory (wanted is that beyond its
# RAM, its video memory and the pool of decoded code; what is measured has what it touched of them in it).
# timeout: 3000
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
cat >guest.asm <<'ASM'
TICKS equ 10923                 ; of 18.2065 Hz: 600 s
org 0x7C00
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x7C00
    sti
    xor bp, bp
tick:
    hlt
    inc bp
    test bp, 255
    jnz more
    mov ax, 0x0201              ; cylinder 1, head 0, sector 5
    call disk
    inc word [0x8000]
    mov ax, 0x0301
    call disk
more:
    cmp bp, TICKS
    jb tick
    mov al, 21
    out 0xF4, al                ; ends with status 43
disk:
    mov cx, 0x0105
    mov dx, 0x0080
    mov bx, 0x8000
    int 0x13
    ret
times 510 - ($ - $$) db 0
dw 0xAA55
ASM
nasm -f bin -o guest.bin guest.asm
python3 "$SRCDIR/tests/full/many_guests.py" "$VITRINE" guest.bin "${MANY_GUESTS:-64}"

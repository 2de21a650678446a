# `arbiter = off`: guest a writes past its last cylinder into b's sectors, and the trace says who wrote whose.
# Without that line the write is refused, whatever the driver model and the schedule. a is a boot sector that
# writes sector 5 of cylinder 4 by ports; it has cylinders 0 to 3. A second one writes six sectors from the last of
# its own on.
# timeout: 100
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
cat >a.asm <<'ASM'
org 0x7C00
    cli
    xor ax, ax
    mov ds, ax
    mov dx, 0x3F6
    mov al, 2               ; nIEN: asked by polling alone
    out dx, al
    mov dx, 0x1F6
    mov al, 0xA0
    out dx, al
    call ready
    mov si, registers
    mov dx, 0x1F2
    mov cx, 6               ; 1F2h to 1F7h, the command last
    cld
next:
    outsb
    inc dx
    loop next
    call ready
    test al, 1
    jnz refused
    mov bx, COUNT
more:
    mov dx, 0x1F0
    mov cx, 256
    mov ax, 'AA'
fill:
    out dx, ax
    loop fill
    call ready
    test al, 1
    jnz refused
    dec bx
    jnz more
    mov al, 21
    out 0xF4, al            ; ends with status 43
refused:
    mov al, 22
    out 0xF4, al            ; ends with status 45
ready:
    mov dx, 0x1F7
    in al, dx
    test al, 0x80
    jnz ready
    ret
registers: db COUNT, SECTOR, CYLINDER, 0, 0xA0, 0x30
times 510 - ($ - $$) db 0
dw 0xAA55
ASM
nasm -f bin -DCOUNT=1 -DSECTOR=5 -DCYLINDER=4 -o past.bin a.asm
nasm -f bin -DCOUNT=6 -DSECTOR=63 -DCYLINDER=3 -o across.bin a.asm
cp past.bin a.bin
lab() { # lab LINES: a fresh disk, and the run
    dd if=/dev/zero of=disk.img bs=512 count=504 2>/dev/null
    dd if=a.bin of=disk.img conv=notrunc 2>/dev/null
    { echo "[host]"; echo "memory = 32M"; echo "disk = disk.img,geometry=8/1/63"; echo "$1" | tr ';' '\n'
      printf '[guest a]\nmemory = 4M\nnic = none\ncylinders = 0-3\n'
      printf '[guest b]\nmemory = 4M\nnic = none\ncylinders = 4-7\n'; } >lab.ini
    "$VITRINE" host lab.ini --bios embedded --display none --rtc 1 --max-instructions 40000000 --clock 20000000 \
        --trace io:machine=a --trace-out a.jsonl >out.txt 2>err.txt || [ $? = 8 ] || { cat err.txt; exit 1; }
}
# What stands in sector 5 of b's first cylinder (4 * 63 + 4).
sector() { dd if=disk.img bs=512 skip=256 count=1 2>/dev/null | tr -d '\0' | cut -c 1-4; }
for lines in '' 'disk_driver = hosted' 'disk_driver = split' 'schedule = partitioned' 'arbiter = on' \
    'disk_order = elevator'; do
    lab "$lines"
    grep -q 'guest a: ended, status 45' out.txt && [ -z "$(sector)" ] ||
        { echo "'$lines': not refused: '$(sector)'"; cat out.txt; exit 1; }
    grep -q 'disk owners: .* 0 of foreign' out.txt || { echo "'$lines': a foreign sector was reached"; exit 1; }
    if grep -q 'arbiter off' a.jsonl; then echo "'$lines' turned the arbiter off"; exit 1; fi
done
for guest in past across; do
    cp $guest.bin a.bin
    lab 'arbiter = off'
    grep -q 'guest a: ended, status 43' out.txt && [ "$(sector)" = AAAA ] ||
        { echo "arbiter = off, $guest: b's sector holds '$(sector)'"; cat out.txt; exit 1; }
    grep -q "write [0-9]* sectors by a up to physical C/H/S 4/0/5, which is b's" a.jsonl ||
        { echo "$guest: the trace does not say who wrote"; grep arbiter a.jsonl | tail -3; exit 1; }
    grep -q 'disk owners: .* [1-9][0-9]* of foreign' out.txt ||
        { echo "$guest: the look at the medium has not seen it"; grep owners out.txt; exit 1; }
done

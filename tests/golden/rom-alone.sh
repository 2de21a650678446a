#!/bin/sh
# A firmware of one's own needs nothing to boot from: test ROMs are run so. Its exit status comes through;
# without one, an empty machine is an error.
# timeout: 30
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
cat >rom.asm <<'ASM'
org 0
bits 16
start:
    mov dx, 0xF4
    mov al, 0x15
    out dx, al
    hlt
times 0xFFF0 - ($ - $$) db 0x90
    jmp 0xF000:start
times 0x10000 - ($ - $$) db 0
ASM
nasm -f bin -o rom.bin rom.asm
for cpu in 8086 80286 286 80386 386 max; do
    status=0
    "$VITRINE" run --bios rom.bin --cpu $cpu --display none --max-instructions 1000 >out.txt 2>&1 || status=$?
    [ $status = 43 ] || { echo "--cpu $cpu: status $status, not 43 (15h * 2 + 1)"; cat out.txt; exit 1; }
done
status=0
"$VITRINE" run --display none >out.txt 2>&1 || status=$?
[ $status = 2 ] && grep -q -- '--bios FILE' out.txt || { echo "nothing at all: status $status"; cat out.txt; exit 1; }

# With `schedule = partitioned` a guest's I/O trace is the same whatever another does: it measures with
# its timer, its clock, its TSC and its disk. tests/fuzz/isolation.py makes the others of noise, and tags
# each sector of the physical disk with its owner. And it executes as many instructions in two seconds, to the last one,
# however much the VMM has to do for another: what takes longer than the VMM's part of a slot goes on in its next part.
# timeout: 600
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
cat >victim.asm <<'ASM'
; RAM from 20000h to 5FFFFh has a pattern; 10 rounds: timer, clock, TSC, a sector read and written, a tick; what it saw goes to port 80h.
org 0x7C00
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x7C00
    sti
    call each_segment
    mov bp, 10
next:
    xor al, al
    out 0x43, al            ; latch the timer
    in al, 0x40
    in al, 0x40
    out 0x80, al
    mov al, 0x00
    out 0x70, al            ; seconds
    in al, 0x71
    rdtsc
    out 0x80, ax            ; its low word
    mov ax, 0x0201          ; read 1 sector, cylinder bp % 4, head 0, sector 5
    mov cx, bp
    and cx, 3
    mov ch, cl
    mov cl, 5
    mov dx, 0x80
    mov bx, 0x8000
    int 0x13
    mov al, ah
    out 0x80, al
    add word [0x8000], bp
    mov ax, 0x0301          ; and write it
    int 0x13
    mov al, [0x8000]
    out 0x80, al
    hlt
    dec bp
    jnz next
    mov byte [operation], 0xAF  ; SCASW instead of STOSW
    call each_segment
    jne harmed
    mov al, 21
    out 0xF4, al            ; ends with status 43
harmed:
    mov al, 22
    out 0xF4, al            ; ends with status 45
each_segment:               ; ZF: all of it was the pattern
    mov dx, 0x2000
    cld
fill:
    mov es, dx
    xor di, di
    mov cx, 0x8000
    mov ax, dx
    xor ax, 0x5A69
    cmp ax, ax
    db 0xF3                 ; REP, REPE
operation: db 0xAB
    jne seen
    add dx, 0x1000
    cmp dx, 0x6000
    jne fill
seen:
    mov ax, 0
    mov es, ax
    ret
times 510 - ($ - $$) db 0
dw 0xAA55
ASM
nasm -f bin -o victim.bin victim.asm
python3 "$SRCDIR/tests/fuzz/isolation.py" "$VITRINE" victim.bin partitioned 1 "${ISOLATION_GUESTS:-10}" 4
for schedule in ${ISOLATION_SCHEDULES:-credit}; do
    python3 "$SRCDIR/tests/fuzz/isolation.py" "$VITRINE" victim.bin $schedule 1 "${ISOLATION_BESIDE:-3}"
done

. "$SRCDIR/tests/golden/trouble.inc"
guest disk <<'ASM'
    xor ax, ax
    mov es, ax
next: mov ax, 0x0210            ; INT 13h: 16 sectors, without end
    mov bx, 0x8000
    mov cx, 1
    mov dx, 0x80
    int 0x13
    jmp next
ASM
guest scroll <<'ASM'
next: mov ax, 0x0E41            ; INT 10h: a character, without end
    int 0x10
    jmp next
ASM
# A copy of 4 KiB is longer than the VMM's 62.5 us.
for driver in ${ISOLATION_DRIVERS:-hosted}; do
    HOST="disk_driver = $driver
slice_us = 500
[costs]
copy_kib = 20000"
    for trouble in halt disk scroll triple; do
        lab slots partitioned '0s = focus g0' $trouble spin
        set -- $(line slots g1)
        [ $trouble != halt ] || wanted=$2
        check "partitioned, $driver, beside $trouble: as many instructions" "$2" -eq "$wanted"
    done
    check "partitioned, $driver: its slots are 7/16 of the time, less switches" "$wanted" -gt 6000000
done
[ $wrong = 0 ]

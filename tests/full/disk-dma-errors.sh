# The VMM's disk driver by the host's bus master, and a medium that fails: what DMA does not carry through is given again by
# PIO, which finds out how far the drive comes. The guest reads 16 sectors and writes 16, and sees the same as with PIO
# alone: 7 sectors, then an error at the eighth (ATA-3, 7.7.5: UNC; where it cannot be written: ABRT), and its number.
# timeout: 60
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
[ "$SANITIZE" != yes ] || { echo "a preloaded library does not go with the sanitizer's"; exit 77; }
${CC:-cc} -shared -fPIC -O1 -o failing.so "$SRCDIR/tests/full/failing_file.c" -ldl
cat >errors.asm <<'ASM'
org 0x7C00
    cli
    cld
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov bl, 0x20                ; READ SECTORS
    call command
    mov bl, 0x30                ; WRITE SECTORS
    call command
    mov al, 21
    out 0xF4, al                ; ends with status 43
command:                        ; 16 sectors from C/H/S 1/0/1 on; what became of it goes to port 80h
    mov dx, 0x1F2
    mov al, 16
    out dx, al
    inc dx
    mov al, 1
    out dx, al
    inc dx
    out dx, al
    inc dx
    mov al, 0
    out dx, al
    inc dx
    mov al, 0xA0
    out dx, al
    inc dx
    mov al, bl
    out dx, al
    xor bh, bh                  ; sectors moved
next:
    mov dx, 0x3F6
    in al, dx
    in al, dx
    in al, dx
    in al, dx
    mov dx, 0x1F7
busy:
    in al, dx
    test al, 0x80
    jnz busy
    test al, 0x01
    jnz over
    test al, 0x08
    jz over
    mov dx, 0x1F0
    mov cx, 256
    mov di, 0x8000
    mov si, 0x8000
    cmp bl, 0x20
    jne put
    rep insw
    jmp moved
put:
    rep outsw
moved:
    inc bh
    jmp next
over:
    out 0x80, al                ; status
    mov al, bh
    out 0x80, al
    mov dx, 0x1F1               ; error, count, sector, cylinder
each:
    in al, dx
    out 0x80, al
    inc dx
    cmp dx, 0x1F6
    jne each
    ret
times 510 - ($ - $$) db 0
dw 0xAA55
ASM
nasm -f bin -o errors.bin errors.asm
# C/H/S 1/0/8 of the guest is sector 2 * 63 + 63 + 7 of the host: it has cylinders 2 to 5.
for dma in off on; do
    yes filled | head -c $((504 * 512)) >disk.img # holes are not read
    dd if=errors.bin of=disk.img bs=512 seek=126 conv=notrunc 2>/dev/null
    printf '[host]\nmemory = 32M\ndisk = disk.img,geometry=8/1/63\ndisk_dma = %s\n[guest a]\nmemory = 4M\nnic = none\ncylinders = 2-5\n' \
        $dma >lab.ini
    for medium in UNREADABLE UNWRITABLE; do
        status=0
        (export LD_PRELOAD=$PWD/failing.so FAILING_FILE=$PWD/disk.img $medium=$((196 * 512))
         exec "$VITRINE" host lab.ini --bios embedded --display none --rtc 1 --clock 20000000 --max-instructions 80000000 \
             --trace io:machine=a --trace-out trace.jsonl) >$medium.txt 2>err.txt || status=$?
        [ $status = 43 ] || { echo "$medium, dma = $dma: status $status"; cat err.txt $medium.txt; exit 1; }
        sed -n 's/.*"cs":"0x0".*"dir":"out","space":"port","addr":"0x80",.*"value":"0x\([0-9a-f]*\)".*/\1/p' trace.jsonl |
            tr '\n' ' ' >$medium-$dma.seen
        echo "$medium, disk_dma = $dma: $(cat $medium-$dma.seen)"
        grep "by DMA" $medium.txt || [ $dma = off ]
    done
    # Status, sectors moved (a write's include the one that fails), error, sectors left, sector, cylinder; first of the
    # read, then of the write.
    [ "$(cat UNREADABLE-$dma.seen)" = "51 7 40 9 8 1 0 50 10 0 0 10 1 0 " ]
    [ "$(cat UNWRITABLE-$dma.seen)" = "50 10 0 0 10 1 0 51 8 4 9 8 1 0 " ]
done

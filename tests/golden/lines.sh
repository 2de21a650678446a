# The host's printer and serial line: handed over between guests in time (share), or given to one guest (pass).
# Two guests print 600 bytes each by polling, at once, and end: what comes out is one text behind the other, not mixed.
# A guest that has the ports themselves sends by interrupts and echoes what comes in; another that tries is denied.
# timeout: 200
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
cat >print.inc <<'ASM'
org 0x7C00
    cli
    xor ax, ax
    mov ds, ax
    mov si, 600
ASM
cat >lpt.asm <<'ASM'
%include "print.inc"
    mov dx, 0x37A
    mov al, 0x0C
    out dx, al
next:
    mov dx, 0x379
wait_ready:
    in al, dx
    test al, 0x80
    jz wait_ready
    dec dx
    mov al, LETTER
    out dx, al
    mov dx, 0x37A
    mov al, 0x0D
    out dx, al
    mov al, 0x0C
    out dx, al
    dec si
    jnz next
    mov al, 21
    out 0xF4, al
times 510 - ($ - $$) db 0
dw 0xAA55
ASM
cat >com.asm <<'ASM'
%include "print.inc"
    mov dx, 0x3FB
    mov al, 3               ; 8 bits
    out dx, al
next:
    mov dx, 0x3FD
wait_empty:
    in al, dx
    test al, 0x20
    jz wait_empty
    mov dx, 0x3F8
    mov al, LETTER
    out dx, al
    dec si
    jnz next
    mov dx, 0x3FD
wait_sent:
    in al, dx
    test al, 0x40
    jz wait_sent
    mov al, 21
    out 0xF4, al
times 510 - ($ - $$) db 0
dw 0xAA55
ASM
# By interrupts alone: after a '!' 600 times the letter, then what comes in until a dot, then the end.
cat >irq.asm <<'ASM'
%include "print.inc"
    xor si, si
    mov ss, ax
    mov sp, 0x7C00
    mov word [12 * 4], handler
    mov word [12 * 4 + 2], ax
    mov dx, 0x3FB
    mov al, 3               ; 8 bits
    out dx, al
    mov dx, 0x3F9
    mov al, 3               ; received data, transmitter empty
    out dx, al
    mov dx, 0x3FC
    mov al, 0x0B
    out dx, al
    in al, 0x21
    and al, 0xEF
    out 0x21, al
    sti
idle:
    hlt
    jmp idle
handler:
    mov dx, 0x3FA
    in al, dx
    test al, 1
    jnz served
    and al, 6
    cmp al, 4
    je received
    test si, si
    jz handler
send:
    dec si
    mov dx, 0x3F8
    mov al, LETTER
    out dx, al
    jmp handler
received:
    mov dx, 0x3F8
    in al, dx
    cmp al, '.'
    je over
    cmp al, '!'
    mov si, 600
    je send
    xor si, si
    out dx, al
    jmp handler
served:
    mov al, 0x20
    out 0x20, al
    iret
over:
    mov al, 21
    out 0xF4, al
times 510 - ($ - $$) db 0
dw 0xAA55
ASM
lab() { # lab HOST-LINE GUEST-LINE-A PROGRAM-A GUEST-LINE-B PROGRAM-B
    rm -f out.txt disk.img
    { echo "[host]"; echo "memory = 32M"; echo "disk = disk.img,geometry=8/1/63"; echo "handover_us = 20000"; echo "$1"
      printf '[guest a]\nmemory = 4M\nnic = none\ncylinders = 0-3\n%s\n' "$2"
      printf '[guest b]\nmemory = 4M\nnic = none\ncylinders = 4-7\n%s\n' "$4"; } >lab.ini
    nasm -f bin "-DLETTER='a'" -o a.bin "$3.asm"
    nasm -f bin "-DLETTER='b'" -o b.bin "$5.asm"
    truncate -s $((504 * 512)) disk.img
    dd if=a.bin of=disk.img conv=notrunc 2>/dev/null
    dd if=b.bin of=disk.img bs=512 seek=252 conv=notrunc 2>/dev/null
}
run() { # run OPTIONS...
    "$VITRINE" host lab.ini --bios embedded --display none --rtc 1 --clock 20000000 --max-instructions 80000000 \
        "$@" --trace io:machine=a,b --trace-out trace.jsonl >report.txt 2>err.txt && status=0 || status=$?
    [ $status = 43 ] || { echo "status $status"; cat err.txt report.txt; exit 1; }
}
# Whose came first is the scheduler's affair; neither is cut.
whole() { tr -s ab <out.txt | grep -qxE 'ab|ba' && [ "$(wc -c <out.txt)" = 1200 ]; }
said() { grep "\"machine\":\"$1\"" trace.jsonl | grep -q "$2" || { echo "not in the trace of $1: $2"; exit 1; }; }

lab 'printer = file:out.txt' 'printer = share' lpt 'printer = share' lpt
run
whole || { echo "printer: mixed or lost:"; fold -w 100 out.txt; exit 1; }
said a '"decision":"share","note":"LPT1 of the host, which a holds"'
said b '"decision":"share","note":"waits for LPT1 of the host, which a holds"'
grep -q 'LPT1 of the host: a sent 600, .*; b sent 600' report.txt || { cat report.txt; exit 1; }

lab 'serial = file:out.txt' 'serial = share' com 'serial = share' com
run
whole || { echo "serial: mixed or lost:"; fold -w 100 out.txt; exit 1; }

# The printer's ports are b's: a has none, and is told so.
sed 's/jz wait_ready/nop/' lpt.asm >blind.asm # no printer: nBUSY never comes
lab 'printer = file:out.txt' '' blind 'printer = pass' lpt
run
[ "$(cat out.txt)" = "$(printf 'b%.0s' $(seq 600))" ] || { echo "pass: $(cat out.txt)"; exit 1; }
said a '"decision":"deny","note":"the host.s LPT1 belongs to b"'
said b '"decision":"pass","note":"to the host.s LPT1"'
grep '"machine":"host"' trace.jsonl >/dev/null && { echo "the filter lets the host in"; exit 1; }

# The line by interrupts, and what is typed on it.
lab 'serial = unix:line.sock' 'serial = pass' irq '' blind
"$VITRINE" host lab.ini --bios embedded --display none --rtc 1 --clock 20000000 --timeout 60 \
    --trace io:machine=a --trace-out trace.jsonl >report.txt 2>err.txt &
host=$!
python3 - <<'PY' || { cat err.txt; kill $host; exit 1; }
import socket, sys, time
line = socket.socket(socket.AF_UNIX)
for _ in range(100):
    try:
        line.connect("line.sock")
        break
    except OSError:
        time.sleep(0.1)
line.settimeout(30)
got = b""
line.sendall(b"!")
while len(got) < 600:
    got += line.recv(4096)
if got != b"a" * 600:
    sys.exit(f"the guest sent {got!r}")
typed = b"0123456789" * 30
line.sendall(typed)
got = b""
while len(got) < len(typed):
    part = line.recv(4096)
    if not part:
        break
    got += part
if got != typed:
    sys.exit(f"the echo of {len(typed)} bytes is {len(got)}: {got!r}")
line.sendall(b".")
PY
wait $host && status=0 || status=$?
[ $status = 43 ] || { echo "status $status"; cat err.txt report.txt; exit 1; }
said a '"decision":"pass","note":"to the host.s COM1"'

# What cannot be.
refused() { # refused WORDS: lab.ini is not accepted
    "$VITRINE" host lab.ini --display none >/dev/null 2>err.txt && status=0 || status=$?
    [ $status = 2 ] && [ "$(wc -l <err.txt)" = 1 ] && grep -q "$1" err.txt || { echo "status $status: $1"; cat err.txt; exit 1; }
}
lab '' 'serial = share' com '' com
refused "guest 'a' would have the host's serial, and it has none; fix: serial = file:PATH"
lab 'serial = null' 'serial = pass' com 'serial = share' com
refused "guests 'a' and 'b' both want the host's serial"

# COM1 on a UNIX socket and on TCP of the loopback, seen from both ends: a peer raises DSR and DCD, every byte
# value goes there and back, DTR's fall hangs up, a second peer is taken, and when it goes MSR tells of it.
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }

cat >modem.asm <<'A'
org 0x7C00
bits 16
%macro set 2                    ; COM1's register, value
    mov dx, 0x3F8 + %1
    mov al, %2
    out dx, al
%endmacro
    cli
    xor ax, ax
    mov ds, ax
    mov sp, 0x7000
    set 3, 0x83
    set 0, 1                    ; 115,200 baud
    set 1, 0
    set 3, 0x03
    set 2, 0x07
    set 4, 0x03                 ; DTR, RTS
    call connected
    call echo                   ; until '.'
    set 4, 0x02                 ; DTR falls
    call gone
    mov al, 'H'
    out 0xE9, al
    set 4, 0x03
    call connected
    call gone                   ; the peer's doing
    out 0xE9, al                ; 'D': both have changed
    mov al, 3
    out 0xF4, al                ; status 7
connected:                      ; DSR and DCD, not before
    mov dx, 0x3FE
    in al, dx
    and al, 0xB0
    cmp al, 0xB0                ; DCD, DSR, CTS
    jne connected
    mov al, 'C'
    out 0xE9, al
    mov dx, 0x3F8
    out dx, al
    ret
gone:                           ; AL: 'D' when DDCD and DDSR were seen, else '?'
    xor bl, bl
.again:
    mov dx, 0x3FE
    in al, dx
    or bl, al
    test al, 0xA0
    jnz .again
    mov al, '?'
    and bl, 0x0A
    cmp bl, 0x0A
    jne .said
    mov al, 'D'
.said:
    ret
echo:
    mov dx, 0x3FD
    in al, dx
    test al, 1
    jz echo
    mov dx, 0x3F8
    in al, dx
    mov bl, al
.ready:
    mov dx, 0x3FD
    in al, dx
    test al, 0x20
    jz .ready
    mov dx, 0x3F8
    mov al, bl
    out dx, al
    cmp bl, '.'
    jne echo
    ret
    times 510 - ($ - $$) db 0
    dw 0xAA55
A
nasm -f bin -o modem.img modem.asm

cat >peer.py <<'P'
import socket, sys, time

def call(where):
    for _ in range(200):
        try:
            if where.isdigit():
                return socket.create_connection(("127.0.0.1", int(where)), timeout=30)
            line = socket.socket(socket.AF_UNIX)
            line.settimeout(30)
            line.connect(where)
            return line
        except OSError:
            time.sleep(0.05)
    sys.exit("nobody listens at " + where)

def take(line, count):
    got = b""
    while len(got) < count:
        part = line.recv(count - len(got))
        if not part:
            sys.exit(f"the line ended after {got!r}")
        got += part
    return got

line = call(sys.argv[1])
assert take(line, 1) == b"C"
sent = bytes(b for b in range(256) if b != ord(".")) * 8 + b"."
line.sendall(sent)
got = take(line, len(sent))
assert got == sent, f"{len(sent)} bytes came back as {got!r}"
assert line.recv(1) == b"", "DTR's fall did not hang up"
line.close()
line = call(sys.argv[1])
assert take(line, 1) == b"C"
line.close()
P

check() { # check OPTION WHERE
    "$VITRINE" run --display none --max-speed --overlay --rtc 1 --timeout 60 --serial "$1" \
        --debug-console file:said.txt modem.img >out.txt 2>err.txt &
    program=$!
    python3 peer.py "$2" || { kill $program; cat err.txt; exit 1; }
    status=0
    wait $program || status=$?
    [ $status = 7 ] || { echo "$1: status $status: $(cat err.txt)"; exit 1; }
    [ "$(tail -c 4 said.txt)" = CHCD ] || { echo "$1: the guest said $(tail -c 4 said.txt)"; exit 1; }
}
check unix:line.sock line.sock
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
check "tcp:$port" "$port"

#!/bin/sh
# The real gdb on the lab kernel alpha, with its symbols: connect, break, step, watch, registers,
# memory, monitor commands, on to the end; and what a port of the workstation has to withstand.
. "$SRCDIR/tests/guest/debug.inc"
command -v gdb >/dev/null || { echo "gdb is not installed"; exit 77; }
gdb -nx -batch -ex 'set architecture i386' >/dev/null 2>&1 || { echo "this gdb does not know i386"; exit 77; }

start_with_gdb() {
    rm -f run.err
    : >run.err
    $RUN --gdb 0 "$@" >run.out 2>run.err &
    run=$!
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        port=$(sed -n 's/.*localhost:\([0-9]*\)$/\1/p' run.err)
        [ -z "$port" ] || return 0
        sleep 0.2
    done
    fail "no port was announced: $(cat run.err)"
}

ended_with() {
    wait "$run"
    status=$?
    [ $status = "$1" ] || fail "exit status $status instead of $1: $(cat run.err)"
}

# ---- a session ---------------------------------------------------------------------------------
start_with_gdb --stopped --hash
cat >script <<END
set pagination off
set confirm off
set tcp connect-timeout 20
file $ALPHA
target remote 127.0.0.1:$port
printf "reset: %x:%x\n", \$cs, \$eip
break lab_main
continue
printf "entered: %d\n", \$eip == (unsigned)&lab_main
bt 1
stepi
printf "stepped: %d\n", \$eip == (unsigned)&lab_main + 1
info registers eflags cr0 cs_base
print/x *(unsigned char *)&lab_main
set var \$ecx = 0x1234
print/x \$ecx
set *(unsigned int *)0x600 = 0xcafe
print/x *(unsigned int *)0x600
x/2i &lab_main
monitor info devices
watch ticks_so_far
continue
continue
printf "ticks: %d\n", ticks_so_far
delete
hbreak ata_identify
continue
tbreak power_off
info breakpoints
monitor frobnicate
delete
continue
END
timeout 60 gdb -nx -batch -x script >gdb.out 2>&1
cat gdb.out
ended_with 0
says gdb.out 'reset: f000:fff0'
says gdb.out 'Breakpoint 1, lab_main'
says gdb.out 'entered: 1'
says gdb.out '#0  lab_main .*alpha.c'
says gdb.out 'stepped: 1'
says gdb.out '^cs_base  *0x0 '
says gdb.out '^cr0 .*\[ PE '
says gdb.out '= 0x1234'
says gdb.out '= 0xcafe'
says gdb.out '^pit  *i8254 '
says gdb.out 'Hardware watchpoint 2: ticks_so_far'
says gdb.out '^Old value = '
says gdb.out 'Breakpoint 3, ata_identify'
says gdb.out 'monitor commands: reset'
says gdb.out 'exited normally'
with_gdb=$(sed -n 's/^hash //p' run.out)
[ -n "$with_gdb" ] || fail "no hash"

# ---- breakpoints and steps never change the run: another session that only looks ---------------
$RUN --hash >plain.out 2>&1 || fail "the plain run: $(cat plain.out)"
start_with_gdb --stopped --hash
cat >script <<END
set pagination off
set tcp connect-timeout 20
file $ALPHA
target remote 127.0.0.1:$port
break ata_identify
watch ticks_so_far
continue
stepi 50
next
continue
delete
detach
END
timeout 60 gdb -nx -batch -x script >look.out 2>&1
ended_with 0
[ "$(sed -n 's/^hash //p' run.out)" = "$(sed -n 's/^hash //p' plain.out)" ] ||
    fail "gdb changed the run: $(cat run.out) instead of $(cat plain.out)"

# ---- breakpoints in real mode: where CS' base is not 0, EIP is not the address; gdb stops all the same -------
for how in break hbreak; do
    start_with_gdb --stopped
    cat >script <<END
set tcp connect-timeout 20
set architecture i8086
target remote 127.0.0.1:$port
set var \$at = *(unsigned short *)0xffff1
$how *(0xf0000 + \$at)
continue
printf "at %x:%d\n", \$cs, \$eip == \$at
detach
END
    timeout 60 gdb -nx -batch -x script >real.out 2>&1
    ended_with 0
    says real.out 'Program received signal SIGTRAP'
    says real.out 'at f000:1'
done

# ---- the magic breakpoint: xchg bx,bx stops in gdb by SIGTRAP where it was asked for, and only there ----
if command -v nasm >/dev/null; then
    nasm -f bin -o seven.img "$SRCDIR/tests/guest/seven.asm" && truncate -s 2M seven.img || exit 1
    lab_run=$RUN
    RUN="timeout 100 $VITRINE run --display none --bios embedded --rtc 0 --overlay seven.img"
    for magic in --magic-break ""; do
        start_with_gdb --stopped $magic
        cat >script <<END
set tcp connect-timeout 20
set architecture i8086
target remote 127.0.0.1:$port
continue
printf "magic at %x: %x %x\n", \$eip, *(unsigned char *)\$eip, *((unsigned char *)\$eip + 1)
continue
END
        timeout 60 gdb -nx -batch -x script >magic$magic.out 2>&1
        ended_with 1
    done
    RUN=$lab_run
    says magic--magic-break.out 'Program received signal SIGTRAP'
    says magic--magic-break.out 'magic at 7c36: 87 db'
    says magic--magic-break.out 'exited with code 01'
    grep -q SIGTRAP magic.out && fail "it stops without --magic-break"
    says magic.out 'exited with code 01'
fi

# ---- an interrupt, a lost connection, a second client, a web page ------------------------------
command -v python3 >/dev/null || { echo "python3 is not installed: no hostile clients"; exit 0; }
start_with_gdb --stopped
python3 - "$port" <<'END' || fail "hostile clients: $(cat run.err)"
import socket, sys, time

port = int(sys.argv[1])

def connect():
    s = socket.create_connection(("127.0.0.1", port), 10)
    s.settimeout(10)
    return s

def packet(body):
    return b"$" + body + b"#%02x" % (sum(body) & 255)

def ask(s, body):
    s.sendall(packet(body))
    data = b""
    while data.count(b"#") < 1 or len(data) < data.rindex(b"#") + 3:
        part = s.recv(65536)
        assert part, (body, data)
        data += part
    return data[data.index(b"$") + 1:data.rindex(b"#")]

web = connect()
web.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n" + packet(b"k"))
try:
    assert web.recv(100) == b"", "a web page got an answer"
except ConnectionResetError:
    pass
web.close()
time.sleep(0.3)

first = connect()
assert ask(first, b"?") == b"T02thread:1;"
assert ask(first, b"p8") == b"f0ff0000"
second = connect()
try:
    assert second.recv(100) == b"", "two clients"
except ConnectionResetError:
    pass
assert ask(first, b"P0=78563412") == b"OK"
first.sendall(packet(b"m0,4")[:3])  # gone within a packet
first.close()
time.sleep(0.3)

third = connect()                   # what the first one did is kept
assert ask(third, b"p0") == b"78563412"
assert ask(third, b"P0=00000000") == b"OK"
assert ask(third, b"m0,ffffffff")[:1] != b"E"
third.sendall(b"\x03" * 100000)
third.sendall(b"$" + b"A" * (1 << 20))
assert ask(third, b"?") == b"T02thread:1;"
third.sendall(packet(b"c"))
time.sleep(0.3)
third.sendall(b"\x03")
data = b""
while b"T02" not in data and b"W00" not in data:
    part = third.recv(1000)
    assert part, data
    data += part
if b"T02" in data:
    assert ask(third, b"D") == b"OK"
END
ended_with 0

# ---- refusals ------------------------------------------------------------------------------------
$RUN --gdb 0.0.0.0:1234 >refused 2>&1 && fail "listens on every address"
says refused 'not this workstation.s loopback'
$RUN --stopped >refused 2>&1 && fail "--stopped without --gdb"
says refused 'stopped goes with --gdb'
exit 0

#!/bin/sh
# The card of a triple fault names the entry at fault and the instruction that wrote it last, found by a
# second run; also where the machine then reboots, where disks were written, and where something came from outside.
[ -x "$VITRINE" ] || { echo "no vitrine in this build"; exit 77; }
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }

fail() {
    echo "FAILED: $*"
    exit 1
}
says() {
    grep -q "$2" "$1" || fail "$1 does not say '$2': $(cat "$1")"
}

nasm -f bin -o badgate.bin -l badgate.lst "$SRCDIR/tests/guest/badgate.asm" || exit 1
dd if=/dev/zero of=badgate.img bs=1024 count=2048 2>/dev/null
dd if=badgate.bin of=badgate.img conv=notrunc 2>/dev/null
# Where nasm put the wrong instruction: the listing's offset behind 7C00h.
offset=$(awk '/0x0E00/ { print $2; exit }' badgate.lst)
wrong=$(printf %08x $((0x7C00 + 0x$offset)))

for firmware in "--bios embedded" ""; do
    timeout 100 "$VITRINE" run --display none --no-reboot --overlay $firmware badgate.img >out 2>&1
    [ $? = 4 ] || fail "the status: $(cat out)"
    says out '1. #NP segment not present'
    says out 'IDT entry 3h at 00008018: 00000e00 .*not present, DPL 0, type 0Eh'
    says out "IDT entry 3h was last written 1002 instructions before, at 0008, linear $wrong"
    says out 'IDT entry 8h was last written .* linear'
done

# It reboots, again and again: printed each time, the second run is made once.
timeout 100 "$VITRINE" run --display none --overlay --bios embedded --max-instructions 60000000 badgate.img >out 2>&1
[ $? = 8 ] || fail "the status of an endless reboot: $(cat out)"
[ "$(grep -c 'triple fault: the processor has shut down' out)" -gt 1 ] || fail "not each fault is explained"
[ "$(grep -c "IDT entry 3h was last written" out)" = 1 ] || fail "the second run: $(cat out)"
says out 'next: the chip set resets the machine'
# Firmware that faults at once: explained eight times, not a million times.
printf 'org 0\nnone: dw 0, 0, 0\ntimes 0xFFF0 - ($ - $$) db 0\ncs lidt [none]\nint3\ntimes 0x10000 - ($ - $$) db 0\n' >rom.asm
nasm -f bin -o rom.bin rom.asm || exit 1
timeout 100 "$VITRINE" run --display none --bios rom.bin --max-instructions 100000 >out 2>&1
[ $? = 8 ] || fail "the status of firmware that faults: $(head out)"
[ "$(grep -c 'triple fault: the processor has shut down' out)" = 8 ] || fail "$(wc -l <out) lines of triple faults"
[ "$(grep -c '8 triple faults: further ones .*fix: --no-reboot' out)" = 1 ] || fail "it ends without a word: $(tail -n 1 out)"

# Without --overlay: the second run finds the disks as the first found them, and leaves them as the first left them.
make_image() { # flags, name, size
    nasm -f bin $1 -l $2.lst -o $2.img "$SRCDIR/tests/guest/badgate.asm" && truncate -s $3 $2.img || exit 1
    # (A line that is not assembled has no offset.)
    offset=$(awk '/0x0E00/ && $2 ~ /^[0-9A-F]+$/ { print $2; exit }' $2.lst)
    wrong=$(printf %08x $((0x7C00 + 0x${offset:-0})))
}
count() { # name: how often a run has written it
    od -A n -t u1 -j 512 -N 1 $1 | tr -d ' '
}
timeout 100 "$VITRINE" run --display none --no-reboot --bios embedded --serial file:serial.log badgate.img >out 2>&1
[ $? = 4 ] || fail "the status without overlay: $(cat out)"
says out "IDT entry 3h was last written 1002 instructions before, at 0008, linear $wrong"
make_image -DWRITES writes 2M
cp writes.img before.img
for turn in 1 2; do
    timeout 100 "$VITRINE" run --display none --no-reboot --bios embedded writes.img >out 2>&1
    [ $? = 4 ] || fail "the status without overlay: $(cat out)"
    says out "IDT entry 3h was last written 1002 instructions before, at 0008, linear $wrong"
    [ "$(cmp -l before.img writes.img | wc -l)" = 1 ] && [ "$(count writes.img)" = $turn ] ||
        fail "the disk after run $turn: $(cmp -l before.img writes.img)"
done
make_image "-DWRITES -DTWO" two 2M
truncate -s 3M second.img
truncate -s 1440K writes.img && mv writes.img floppy.img
"$VITRINE" disk convert before.img disk.qcow2 >/dev/null || fail "disk convert"
timeout 100 "$VITRINE" run --display none --no-reboot --bios embedded two.img --disk second.img >out 2>&1
says out "IDT entry 3h was last written 1002 instructions before, at 0008, linear $wrong"
[ "$(count two.img) $(count second.img)" = "1 1" ] || fail "two disks: $(count two.img) $(count second.img)"
for image in floppy.img disk.qcow2; do
    timeout 100 "$VITRINE" run --display none --no-reboot --bios embedded $image >out 2>&1
    says out 'IDT entry 3h was last written 1002 instructions before'
done
[ "$(count floppy.img)" = 3 ] || fail "a diskette: $(count floppy.img)"
make_image "-DWRITES -DPAGES" pages 2M
hole=$(awk '/mov dword \[0x11000 \+ 7/ { print $2; exit }' pages.lst)
timeout 100 "$VITRINE" run --display none --no-reboot --bios embedded pages.img >out 2>&1
says out 'page table entry 7h at physical 0001101c: 00000000: not present$'
says out "page table entry 7h was last written 1006 instructions before, at 0008, linear $(printf %08x $((0x7C00 + 0x$hole)))"
# A hang: who masked what is waited for.
make_image "-DWRITES -DHANGS" hangs 2M
mask=$(awk '/out 0x21, al/ { print $2; exit }' hangs.lst)
timeout 100 "$VITRINE" run --display none --bios embedded --max-instructions 900000000 hangs.img >out 2>&1
[ $? = 8 ] && [ "$(count hangs.img)" = 1 ] || fail "a hang: $(cat out)"
halt=$(awk '/ hlt$/ { print $2; exit }' hangs.lst)
says out "halted at $(printf %08x $((0x7C00 + 0x$halt))) .* IRQ 0 is requested and masked: bit 0 of the IMR at port 21h"
says out "the IMR at port 21h was last written [0-9]* instructions before, at 0000, linear $(printf %08x $((0x7C00 + 0x$mask)))"
# Where the folder for temporary files is none, it says so and the first run is as ever.
TMPDIR=/nowhere timeout 100 "$VITRINE" run --display none --no-reboot --bios embedded pages.img >out 2>&1
[ $? = 4 ] && [ "$(count pages.img)" = 2 ] || fail "no folder for temporary files: $(cat out)"
says out 'who wrote it is not known: pages.img: .*fix: set TMPDIR'

# What came from outside comes again: a letter from a socket, a key from a terminal.
if command -v python3 >/dev/null; then
    make_image "-DLISTENS -DWRITES" listens 2M
    timeout 100 python3 "$SRCDIR/tests/guest/typed.py" line.sock "$VITRINE" run --display terminal --no-reboot \
        --bios embedded --serial unix:line.sock listens.img
    [ $? = 4 ] || fail "a run with a letter and a key: $(cat typed.err)"
    says typed.err "IDT entry 3h was last written 1002 instructions before, at 0008, linear $wrong"
fi

# Guests of a host: each has its own card, by a second run of the whole lab that touches no file.
make_image -DWRITES listing 512
dd if=/dev/zero of=lab.img bs=516096 count=4 2>/dev/null
for cylinder in 1 2; do
    dd if=listing.img of=lab.img bs=516096 seek=$cylinder conv=notrunc 2>/dev/null
done
printf '\001' >one
cat >lab.ini <<'END'
[host]
memory = 64M
disk = lab.img,geometry=4/16/63
[guest alpha]
memory = 16M
cylinders = 1-1
serial = file:alpha.log
[guest beta]
memory = 16M
cylinders = 2-2
END
timeout 100 "$VITRINE" host --display none --no-reboot --bios embedded --rtc 0 --hash lab.ini >lab.out 2>out
[ "$(grep -c "IDT entry 3h was last written 1002 instructions before, at 0008, linear $wrong" out)" = 2 ] ||
    fail "the cards of two guests: $(cat out)"
cmp -s -i 516608:0 -n 1 lab.img one && cmp -s -i 1032704:0 -n 1 lab.img one || fail "the guests' counts"
[ -f alpha.log ] || fail "the guest's serial line"

# The second run changes nothing of the first.
timeout 100 "$VITRINE" run --display none --no-reboot --overlay --rtc 0 --hash badgate.img >a 2>/dev/null
timeout 100 "$VITRINE" run --display none --no-reboot --rtc 0 --hash badgate.img >b 2>/dev/null
cmp a b || fail "the second run changed the first"
exit 0

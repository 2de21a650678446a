#!/bin/sh
# The card of a triple fault names the entry at fault and the instruction that wrote it last, found by a
# second run; also where the machine then reboots; and says so where there can be no second run.
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

# Without --overlay: a disk that is only read is the same for the second run. One that was written is not: the card
# says why it knows nothing; with --overlay it knows.
timeout 100 "$VITRINE" run --display none --no-reboot --bios embedded --serial file:serial.log badgate.img >out 2>&1
[ $? = 4 ] || fail "the status without overlay: $(cat out)"
says out "IDT entry 3h was last written 1002 instructions before, at 0008, linear $wrong"
nasm -f bin -DWRITES -o writes.bin "$SRCDIR/tests/guest/badgate.asm" || exit 1
cp badgate.img writes.img && dd if=writes.bin of=writes.img conv=notrunc 2>/dev/null
timeout 100 "$VITRINE" run --display none --no-reboot --bios embedded writes.img >out 2>&1
[ $? = 4 ] || fail "the status without overlay: $(cat out)"
says out 'who wrote it is not known: .*a disk was written.*fix: --overlay'
timeout 100 "$VITRINE" run --display none --no-reboot --bios embedded --overlay writes.img >out 2>&1
says out 'IDT entry 3h was last written 1002 instructions before'

# Guests of a host: each has its own card, by a second run of the whole lab that touches no file.
dd if=/dev/zero of=lab.img bs=516096 count=4 2>/dev/null
for cylinder in 1 2; do
    dd if=badgate.bin of=lab.img bs=516096 seek=$cylinder conv=notrunc 2>/dev/null
done
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
[ -f alpha.log ] || fail "the guest's serial line"

# The second run changes nothing of the first.
timeout 100 "$VITRINE" run --display none --no-reboot --overlay --rtc 0 --hash badgate.img >a 2>/dev/null
timeout 100 "$VITRINE" run --display none --no-reboot --rtc 0 --hash badgate.img >b 2>/dev/null
cmp a b || fail "the second run changed the first"
exit 0

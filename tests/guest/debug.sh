#!/bin/sh
# vitrine debug: the prompt on a real kernel with symbols, on a boot sector, and at a triple fault.
. "$SRCDIR/tests/guest/debug.inc"

$DEBUG --sym "$ALPHA" >out 2>err <<'END' || fail "the session: $(cat out err)"
break lab_main
continue
bt
step 3
break ata_identify
c
x/4xw $esp
device ide0
info breakpoints
delete
c
END
cat out
says out '=> 00100000 <_start> at start.asm:[0-9]*: '
says out 'breakpoint 2 at [0-9a-f]* <lab_main>'
says out '#0  [0-9a-f]* <lab_main> at alpha.c:[0-9]*'
says out '=> [0-9a-f]* <ata_identify> at ata.c:[0-9]*: '
says out 'registers of '
says out 'hit 1 times'
says out 'the run is over, exit status 0'

# A multiboot kernel's memory map: the firmware's tables at the top of RAM are not free, and what is free ends before.
printf 'x/12xw 0x9130\nx/1xw 0x9008\nquit\n' | timeout 100 "$VITRINE" debug --display none --memory 16M "$ALPHA" >out 2>err ||
    fail "the memory map: $(cat out err)"
says out '00009130: 00000014 00100000 00000000 00ec0000'
says out '00009140: 00000000 00000001 00000014 00fc0000'
says out '00009150: 00000000 00040000 00000000 00000002'
says out '00009008: 00003b00'

# The boot sector is the first stop of a disk.
printf 'x/2xb 0x7dfe\nquit\n' | timeout 100 "$VITRINE" debug --display none --bios embedded \
    --disk "$BUILDDIR/obj/roms/alpha-boot.img,overlay" >out 2>err || fail "the boot sector: $(cat out err)"
says out '=> 00007c00: '
says out '00007dfe: 55 aa'

# A ROM that boots nothing is the guest: the first stop is where the processor begins, and its accesses are traced.
head -c 65536 /dev/zero | tr '\000' '\220' >rom.bin
printf '\346\200\372\364' | dd of=rom.bin bs=1 seek=65520 conv=notrunc 2>/dev/null # out 80h,al; cli; hlt
printf 'trace on\nc\n' | timeout 100 "$VITRINE" debug --display none --bios rom.bin --timeout 5 >out 2>&1
says out '=> fffffff0: '
says out '"device":"post"'

# A triple fault is explained, stops at the prompt, then does what it would have done.
dd if=/dev/zero of=triple.img bs=1024 count=2048 2>/dev/null
dd if="$BUILDDIR/obj/roms/tests/triple.bin" of=triple.img conv=notrunc 2>/dev/null
printf 'c\ninfo cr\nc\n' | timeout 100 "$VITRINE" debug --display none --bios embedded --no-reboot \
    --disk triple.img,overlay >out 2>&1
[ $? = 4 ] || fail "the status of a triple fault: $(cat out)"
says out 'triple fault (explained above)'
says out '1. #GP general protection.*int3'
says out 'while that was delivered: #DF double fault'
says out 'cr0 .*protected'
says out 'next: the run ends'

# A breakpoint that is never met changes nothing: the same run, disk and all.
printf 'c\n' | $DEBUG --hash >plain.out 2>&1 || fail "the plain run: $(cat plain.out)"
printf 'break 0x12345\nc\n' | $DEBUG --hash >watched.out 2>&1 || fail "with a breakpoint: $(cat watched.out)"
grep '^hash' plain.out >a && grep '^hash' watched.out | cmp a - || fail "a breakpoint changed the run"

# What does not go together is refused.
$DEBUG --gdb 0 >out 2>&1 </dev/null && fail "two debuggers"
says out 'vitrine run --gdb'
$DEBUG --serial stdio >out 2>&1 </dev/null && fail "stdio twice"
says out 'prompt'
$DEBUG --sym disk.img >out 2>&1 </dev/null
[ $? = 6 ] || fail "the status of symbols in a file that has none"
says out 'sym: disk.img: no little-endian ELF'
exit 0

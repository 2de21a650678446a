# SeaBIOS' larger image, bios-256k.bin, moves SMBASE by an SMI# of its own and waits for it; later it enters
# its 32-bit code through system management mode. It boots a test guest with both firmware paths seen.
# timeout: 120
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
guest=$BUILDDIR/obj/roms/tests/fpu.bin
[ -f "$guest" ] || { echo "the test guests are not built here (nasm is missing)"; exit 77; }
bios=
for folder in /usr/share/seabios /usr/share/qemu /usr/local/share/qemu; do
    [ -n "$bios" ] || [ ! -r $folder/bios-256k.bin ] || bios=$folder/bios-256k.bin
done
[ -n "$bios" ] || { echo "no bios-256k.bin here (package seabios)"; exit 77; }

"$VITRINE" run --bios "$bios" --overlay --display none --max-speed --timeout 60 --trace io:dev=pm \
    --trace-out smm.jsonl --serial file:smm.com1 "$guest" >smm.out 2>smm.err
status=$?
[ $status = 33 ] || { echo "status $status instead of 33"; tail -n 5 smm.err smm.com1; exit 1; }
tr -d '\000\r' <smm.com1 | grep -aq 'fpu: PASS$' || { echo "no line 'fpu: PASS'"; exit 1; }

# field NAME: its values at the ports B2h and B3h, one a line, with the direction.
accesses() {
    grep '"addr":"0xb[23]"' smm.jsonl |
        sed 's/.*"dir":"\([a-z]*\)".*"addr":"0x\([a-z0-9]*\)".*"value":"0x\([0-9a-f]*\)".*/\1 \2 \3/'
}
# APMS = 1, APMC = 0: the handler reads the command, sets APMS = 0, and the firmware sees that.
expected='out b3 1
out b2 0
in b2 0
out b3 0
in b3 0'
seen=$(accesses | head -n 5)
[ "$seen" = "$expected" ] || { echo "the relocation of SMBASE was: $seen"; exit 1; }
accesses | grep -q '^out b2 b5$' || { echo "no call of 32-bit code through SMM"; exit 1; }

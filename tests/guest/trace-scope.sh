#!/bin/sh
# Which part of a run a trace shows: a boot sector's seven accesses among the firmware's thousands, in
# words, whatever the firmware; from a place on; by registers, fields and instructions. And the magic
# breakpoint.
# timeout: 300
. "$SRCDIR/tests/guest/debug.inc"
command -v jq >/dev/null || { echo "jq is not installed"; exit 77; }
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
nasm -f bin -o seven.bin "$SRCDIR/tests/guest/seven.asm" || exit 1
[ "$(wc -c <seven.bin)" = 512 ] || fail "the boot sector has not 512 bytes"
dd if=/dev/zero of=seven.img bs=1024 count=2048 2>/dev/null
dd if=seven.bin of=seven.img conv=notrunc 2>/dev/null

# seven OUTPUT [OPTIONS]: the boot sector's run, which ends with status 1.
seven() {
    output=$1
    shift
    timeout 100 "$VITRINE" run --display none --rtc 0 --overlay --hash "$@" seven.img >"$output" 2>"$output.err"
    [ $? = 1 ] || fail "the status with $*: $(cat "$output" "$output.err")"
}

cat >expected.txt <<'END'
out 0x43 0x36 pit CONTROL channel 0: mode 3 square wave, low+high bytes, binary
out 0x40 0x9c pit COUNT0 channel 0 low byte
out 0x40 0x2e pit COUNT0 channel 0 high byte: reload 11932 → 100.0 Hz
out 0x3fb 0x3 com1 LCR line control: WLS=8 STB=1 parity=none BREAK=0 DLAB=0
in 0x1f7 0x50 ide0 STATUS drive 0: DRDY DSC
END
cat >last.txt <<'END'
out 0xf4 0x0 debug-exit EXIT ends the run with status 1
END
firmwares=embedded
"$VITRINE" doctor 2>/dev/null | grep -qi 'seabios.*/' && firmwares="embedded seabios"
for firmware in $firmwares; do
    bios=
    [ $firmware = embedded ] && bios="--bios embedded"
    seven plain $bios
    seven traced $bios --trace io --no-firmware --trace-out seven.jsonl
    cmp plain traced || fail "$firmware: the trace changed the run"
    jq -r 'select(has("kind") | not) | [.dir, .addr, .value, .device, .reg, .meaning] | join(" ")' \
        <seven.jsonl >seven.txt
    [ "$(wc -l <seven.txt)" = 7 ] || fail "$firmware: not seven lines: $(cat seven.txt)"
    head -n 5 seven.txt | cmp - expected.txt || fail "$firmware: other lines: $(cat seven.txt)"
    sed -n 6p seven.txt | grep -q '^in 0x64 0x1[04] kbc STATUS OBF=0 IBF=0' || fail "$firmware: $(cat seven.txt)"
    sed -n 7p seven.txt | cmp - last.txt || fail "$firmware: the last: $(cat seven.txt)"
    seven traced $bios --trace io --trace-out all.jsonl
    [ "$(wc -l <all.jsonl)" -gt 1000 ] || fail "$firmware: the whole trace has $(wc -l <all.jsonl) lines"
done
echo "7 lines of $(wc -l <all.jsonl)"

# From a place on: with the firmware's work behind it; and without that.
seven traced --bios embedded --trace io --from 0x7c3c --trace-out from.jsonl
jq -e -n '[inputs | select(has("kind") | not)] | .[0].eip == "0x7c3c" and (map(.addr) == ["0x1f7", "0x64", "0xf4"])' \
    <from.jsonl >/dev/null || fail "--from an address: $(cat from.jsonl)"
$RUN --sym "$ALPHA" --trace io:machine=pc --from lab_main --trace-out from.jsonl >out 2>&1 || fail "--from a symbol: $(cat out)"
$RUN --sym "$ALPHA" --trace io --trace-out whole.jsonl >/dev/null 2>&1
[ "$(wc -l <from.jsonl)" -gt 100 ] && [ "$(wc -l <from.jsonl)" -lt "$(wc -l <whole.jsonl)" ] ||
    fail "--from lab_main shows $(wc -l <from.jsonl) of $(wc -l <whole.jsonl) lines"
tail -n 50 whole.jsonl >a && tail -n 50 from.jsonl | cmp - a || fail "--from lab_main ends otherwise"

# The name of the process that asks, where the system's layout is told; nothing where there is none.
nasm -f bin -l tasks.lst -o tasks.bin "$SRCDIR/tests/guest/tasks.asm" || exit 1
cp seven.img tasks.img && dd if=tasks.bin of=tasks.img conv=notrunc 2>/dev/null
tasks() {
    timeout 100 "$VITRINE" run --display none --bios embedded --rtc 0 --overlay --trace io --no-firmware --trace-out tasks.jsonl \
        "$@" tasks.img >out 2>&1
    [ $? = "$status" ] || fail "the tasks with $*: $(cat out)"
}
status=1 && tasks --process current=0x600,name=8
[ "$(jq -r '.addr + " " + (.process // "-")' tasks.jsonl | tr '\n' ,)" = "0x64 idle,0x61 a shell,0x61 a shell,0x64 idle,0xf4 -," ] ||
    fail "--process: $(cat tasks.jsonl)"
tasks
grep -q '"process"' tasks.jsonl && fail "a process without --process"
status=2
for layout in current=0x600 name=8 current=nowhere,name=8 current=0x600,nmae=8 current=0x600,name=8,bytes=999; do
    tasks --process "$layout"
    says out 'process.*fix: '
done

# A field's value, a register, instructions by number and by place.
seven traced --trace io --trace-out all.jsonl
first=$(jq -s '[.[] | select(.eip == "0x7c0d")][0].icount' <all.jsonl)
for filter in "dev=pit:field=M=3" reg=LCR "icount=$first-$((first + 3))" ip=0x7c00-0x7dff:dir=out; do
    case $filter in
    dev=pit*) select='.device == "pit" and .reg == "CONTROL" and (.value | IN("0x36", "0xb6", "0x76"))' ;;
    reg=*) select='.reg == "LCR"' ;;
    icount=*) select=".icount >= $first and .icount <= $first + 3" ;;
    *) select='.linear // .eip | . >= "0x7c00" and . <= "0x7dff" and (length == 6)' ;;
    esac
    [ "$filter" = "ip=0x7c00-0x7dff:dir=out" ] && select="($select) and .dir == \"out\""
    seven traced --trace "io:$filter" --trace-out part.jsonl
    [ -s part.jsonl ] || fail "io:$filter shows nothing"
    jq -c "select(has(\"kind\") | not) | select($select)" <all.jsonl >expected.jsonl
    jq -c 'select(has("kind") | not)' <part.jsonl | cmp - expected.jsonl || fail "io:$filter shows other lines"
done

# Two runs of disks that differ in one byte, an operand: where they part, in words.
cp seven.img other.img
printf '\004' | dd of=other.img bs=1 seek=64 conv=notrunc 2>/dev/null
[ "$(cmp -l seven.img other.img | wc -l)" = 1 ] || fail "the disks differ in more than a byte"
for disk in seven other; do
    timeout 100 "$VITRINE" run --display none --bios embedded --rtc 0 --overlay --trace all --no-firmware --trace-out $disk.vtr \
        $disk.img >/dev/null 2>&1
done
"$VITRINE" trace diff seven.vtr other.vtr >parted
[ $? = 1 ] || fail "the status of runs that part: $(cat parted)"
says parted '^[0-9]* records are the same; then value, meaning$'
says parted '^  value (of the first element): 0x0 in the first, 0x4 in the second$'
says parted '^  meaning (in words): "ends the run with status 1" in the first, "ends the run with status 9" in the second$'
says parted '^- .* 0000:00007c41 out f4 <- 0 '

# The prompt hides the firmware, unless it is told otherwise.
printf 'trace on io part.jsonl\nc\n' | timeout 100 "$VITRINE" debug --display none --bios embedded --rtc 0 \
    --disk seven.img,overlay >out 2>&1
[ "$(jq -s '[.[] | select(has("kind") | not)] | length' <part.jsonl)" = 7 ] || fail "the prompt's trace: $(cat out part.jsonl)"
printf 'trace on io part.jsonl\nc\n' | timeout 100 "$VITRINE" debug --firmware --display none --bios embedded --rtc 0 \
    --disk seven.img,overlay >out 2>&1
[ "$(wc -l <part.jsonl)" -gt 20 ] || fail "debug --firmware: $(cat out part.jsonl)"

# What a guest's access led to on the host belongs to it.
timeout 100 "$VITRINE" host --display none --rtc 0 --trace io --no-firmware --trace-out host.jsonl "$BUILDDIR/obj/roms/demo.ini" \
    >out 2>&1 || fail "host: $(cat out)"
jq -n -e '[inputs | select(has("kind") | not)] |
    (map(select(.machine != "host" and has("eip"))) | length > 100 and all(.eip | test("^0x(1|0?7c)"))) and
    (map(select(.machine == "host" and .reg == "COMMAND" and .cause > 0)) | length > 2)' <host.jsonl >/dev/null ||
    fail "host: the firmware shows, or no cause"

for name in alpha host; do
    timeout 100 "$VITRINE" host --display none --rtc 0 --trace io:machine=$name --no-firmware --trace-out part.jsonl "$BUILDDIR/obj/roms/demo.ini" \
        >out 2>&1 || fail "io:machine=$name: $(cat out)"
    [ -s part.jsonl ] || fail "io:machine=$name shows nothing"
    grep "\"machine\":\"$name\"" host.jsonl | cmp - part.jsonl || fail "io:machine=$name shows other lines"
done

# The loops that wait for a status are one record each: the same run in fewer lines, nothing lost.
$RUN --hash --trace io:dir=in --trace-out loops.jsonl >loops.out 2>&1 || fail "the loops: $(cat loops.out)"
$RUN --hash --trace io:dir=in --fold-polls --trace-out folded.jsonl >folded.out 2>&1 || fail "--fold-polls: $(cat folded.out)"
cmp loops.out folded.out || fail "--fold-polls changed the run"
all=$(wc -l <loops.jsonl)
jq -n -e "reduce inputs as \$r (0; . + 1 + (\$r.folded // 0)) == $all" <folded.jsonl >/dev/null ||
    fail "--fold-polls lost some of $all"
[ $(($(wc -l <folded.jsonl) * 2)) -lt "$all" ] || fail "$(wc -l <folded.jsonl) lines of $all"
echo "$(wc -l <folded.jsonl) folded lines of $all"

# Two registers in turns, by a function that is called: still one line, however long it goes on.
nasm -f bin -o polls.bin "$SRCDIR/tests/guest/polls.asm" || exit 1
cp seven.img polls.img && dd if=polls.bin of=polls.img conv=notrunc 2>/dev/null
timeout 100 "$VITRINE" run --display none --bios embedded --rtc 0 --overlay --trace io --no-firmware --fold-polls --trace-format text \
    --trace-out polls.txt polls.img >out 2>&1
[ $? = 1 ] || fail "the polls: $(cat out)"
grep -v '^#' polls.txt >lines
[ "$(wc -l <lines)" = 2 ] && grep -q ' in 1f7 = 50 ide0 STATUS: .* \[with: in 0x3fd = 0x60 com1 LSR\] ×1,204 #' lines ||
    fail "not one line of 1,204 rounds: $(cat polls.txt)"

# The magic breakpoint: opt-in, stops at the prompt, is said where nobody stands ready.
printf 'c\nc\n' | timeout 100 "$VITRINE" debug --magic-break --display none --bios embedded --rtc 0 \
    --disk seven.img,overlay >out 2>&1
says out 'magic breakpoint'
says out '=> 00007c36: '
seven plain --bios embedded
grep -q magic plain.err && fail "magic without --magic-break"
seven magic --bios embedded --magic-break
says magic.err 'magic breakpoint at 00007c36.*no debugger stands ready; fix:'
cmp plain magic || fail "--magic-break changed the run"

# Bad words.
seven_refused() {
    timeout 100 "$VITRINE" run --display none --overlay "$@" seven.img >refused 2>&1
    [ $? = 2 ] || fail "the status of $*: $(cat refused)"
    says refused 'fix:'
}
seven_refused --trace io:field=MODE
seven_refused --trace io:icount=9-3
seven_refused --trace io:firmware=no
seven_refused --trace io --from nowhere
seven_refused --trace io --firmware
exit 0

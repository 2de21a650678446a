#!/bin/sh
# The I/O trace of a whole run: jq reads every line, filters hold, and the run stays the same.
# timeout: 300
. "$SRCDIR/tests/guest/debug.inc"
command -v jq >/dev/null || { echo "jq is not installed"; exit 77; }

# Without the firmware's waiting, which is nine tenths of the lines.
plain_run=$RUN
RUN="$RUN --no-firmware"
$plain_run --hash >plain.out 2>&1 || fail "the plain run: $(cat plain.out)"
$RUN --hash --trace io --trace-out all.jsonl >traced.out 2>&1 || fail "the traced run: $(cat traced.out)"
cmp plain.out traced.out || fail "the trace changed the run"
$RUN --trace io --trace-out again.jsonl >/dev/null 2>&1 || fail "the second traced run"
cmp all.jsonl again.jsonl || fail "two runs, two traces"

lines=$(wc -l <all.jsonl)
[ "$lines" -gt 10000 ] || fail "only $lines lines"
jq -es "length == $lines and (map(.seq) | unique | length) == $lines" <all.jsonl >/dev/null ||
    fail "jq does not see $lines objects with numbers of their own"
# The fields of each line, the time never runs back, sizes and spaces are what a PC has.
jq -n -e 'reduce inputs as $r ({time: 0, ok: true};
    {time: $r.time, ok: (.ok and $r.time >= .time and $r.machine == "pc" and $r.cause == 0 and
        ($r.ns == $r.time * 5) and ($r.size | IN(1, 2, 4)) and
        (if $r.space == "port" then ($r.dir | IN("in", "out")) else ($r.dir | IN("read", "write")) end) and
        ($r.addr | test("^0x[0-9a-f]+$")) and ($r.value | test("^0x[0-9a-f]+$")) and
        (if $r.space == "dma" then true else ($r.icount <= $r.time and $r.cpl == 0 and
            ($r.cs | test("^0x")) and ($r.eip | test("^0x"))) end))}) | .ok' <all.jsonl >/dev/null ||
    fail "a line is not as documented"

# What was done, in words: the kernel sets the timer, reads a sector, draws on the screen.
has() {
    jq -n -e "first(inputs | select($1))" <all.jsonl >/dev/null || fail "no line with $1"
}
has '.device == "pit" and .dir == "out" and .addr == "0x43" and (.meaning | length) > 5'
has '.device == "ide0" and .reg == "COMMAND" and .value == "0x20"'
has '.device == "ide0" and .addr == "0x1f0" and .count == 256 and .size == 2 and .dir == "in"'
has '.space == "mmio" and .device == "vga" and .dir == "write"'
has '.addr == "0x300" and (has("device") | not) and .value == "0xff"'

# Who asked: mode, page directory, instruction, symbol and source line, as binutils find them; what changed
# in the register, and what the access did at once.
$RUN --sym "$ALPHA" --trace io --trace-out own.jsonl >/dev/null 2>&1 || fail "with --sym"
jq -n -e 'all(inputs; .space == "dma" or (.mode == "protected32" and (.cr3 // "0x0") == "0x0" and (.symbol | length > 0) and
    (.line | test("^[a-z_0-9]+[.][chsS]:[0-9]+$"))))' <own.jsonl >/dev/null || fail "not every line has its place"
jq -r 'select(has("eip")) | "\(.linear) \(.line)"' <own.jsonl | sort -u >places
[ "$(wc -l <places)" -gt 30 ] || fail "accesses from $(wc -l <places) places"
if command -v addr2line >/dev/null; then
    cut -d' ' -f1 places | addr2line -e "$ALPHA" | sed 's|.*/||; s| (discriminator.*||' >lines
    cut -d' ' -f2 places | cmp - lines || fail "addr2line knows other lines: $(cut -d' ' -f2 places | diff - lines | head -n 4)"
fi
if "$VITRINE" doctor 2>/dev/null | grep -qi 'disassembl.*yes\|capstone.*yes' && command -v objdump >/dev/null; then
    # The operands are written alike but for objdump's DWORD PTR in capitals and decimal numbers.
    jq -r 'select(has("eip")) | "\(.linear) \(.instruction | split(" ")[0])"' <own.jsonl | sort -u | sed 's/^0x//' >instructions
    objdump -d -M intel "$ALPHA" | awk -F'\t' 'NF == 3 { sub(/^ */, "", $1); sub(/:.*/, "", $1); split($3, word, " ")
        print $1 " " word[1] }' >known
    grep -vxF -f known instructions >unknown && fail "objdump knows other instructions: $(head -n 3 unknown)"
    [ "$(wc -l <instructions)" -gt 30 ] || fail "$(wc -l <instructions) instructions"
fi
own() {
    jq -n -e "first(inputs | select($1))" <own.jsonl >/dev/null || fail "no line with $1"
}
own '.reg == "LCR" and .old == "0x0" and .new == "0x83" and .changed == "WLS 5→8 DLAB 0→1"'
own '.device == "pic0" and .effects == "pic0 irq0 ended"'
own '.reg == "PMCNTRL" and .effects == "power off"'

# Filters: the same lines, fewer of them.
for filter in dev=pit,ide dir=out port=0x1f0-0x1f7 space=mmio addr=0xb8000-0xb809f dev=ide0:dir=in:port=0x1f7; do
    case $filter in
    dev=pit,ide) select='.device == "pit" or (.device // "" | test("^ide[0-9]*$"))' ;;
    dir=out) select='.dir == "out"' ;;
    port=*) select='.space == "port" and (.addr as $a | .size as $s |
        ["0x1f0", "0x1f1", "0x1f2", "0x1f3", "0x1f4", "0x1f5", "0x1f6", "0x1f7"] | index($a) != null)' ;;
    space=mmio) select='.space == "mmio"' ;;
    addr=*) select='.space == "mmio" and (.addr | . >= "0xb8000" and . <= "0xb809f" and length == 7)' ;;
    *) select='.device == "ide0" and .dir == "in" and .addr == "0x1f7"' ;;
    esac
    $RUN --trace "io:$filter" --trace-out part.jsonl >/dev/null 2>&1 || fail "io:$filter"
    [ -s part.jsonl ] || fail "io:$filter shows nothing"
    jq -c "select($select)" <all.jsonl >expected.jsonl
    jq -c . <part.jsonl | cmp - expected.jsonl || fail "io:$filter shows other lines"
done

# Bad words, a file that cannot be made, a full disk, a reader that goes away.
$RUN --trace io:dev=pti >refused 2>&1 && fail "an unknown device"
says refused 'did you mean pit'
$RUN --trace io --trace-out /no/such/folder/x >refused 2>&1
[ $? = 6 ] || fail "the status of a file that cannot be made"
says refused '/no/such/folder/x'
if [ -c /dev/full ]; then
    $RUN --hash --trace io --trace-out /dev/full >full.out 2>full.err || fail "a full disk ended the run"
    cmp plain.out full.out || fail "a full disk changed the run"
    [ "$(grep -c 'No space left' full.err)" = 1 ] || fail "a full disk is not said once: $(cat full.err)"
fi
mkfifo pipe
head -n 1 <pipe >first &
$plain_run --hash --trace io --trace-out pipe >pipe.out 2>pipe.err || fail "a closed pipe ended the run: $(cat pipe.err)"
wait $!
cmp plain.out pipe.out || fail "a closed pipe changed the run"
says first '"seq":1,'

# A run that is ended by a signal leaves whole lines.
$VITRINE run --display none --bios embedded --rtc 0 --kernel "$ALPHA" --trace io --trace-out cut.jsonl \
    >/dev/null 2>&1 &
run=$!
sleep 1
kill -TERM $run
wait $run
[ $? = 143 ] || fail "the status after SIGTERM"
jq -n -e 'reduce inputs as $r (0; . + 1) > 100' <cut.jsonl >/dev/null || fail "a cut trace is no JSON"
exit 0

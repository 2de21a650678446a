#!/bin/sh
# One guest's OUT is followed by `cause`: through the VMM's map, the native driver's accesses of the host's ports, the
# physical disk, the host's interrupt, to the guest's. Text said at port E9h is in the trace, and every kind of record.
command -v jq >/dev/null || { echo "jq is not installed"; exit 77; }
DEMO="host --display none --rtc 0 $BUILDDIR/obj/roms/demo.ini"
fail() {
    echo "$*"
    exit 1
}

"$VITRINE" $DEMO --hash >plain.out 2>&1 || fail "the demo: $(cat plain.out)"
"$VITRINE" $DEMO --hash --trace all --trace-out all.jsonl >traced.out 2>&1 || fail "traced: $(cat traced.out)"
cmp plain.out traced.out || fail "the trace changed the run"
jq -se '(map(.seq) | unique | length) == length and
    (map(.kind // "access") | unique) == ["access", "disk", "effect", "frame", "interrupt", "schedule", "text"]' \
    all.jsonl >/dev/null || fail "numbers twice, or kinds of records are missing"

# A command of which the guest's interrupt handler was told.
seq=$(jq -n 'first(inputs | select(.kind == "interrupt" and .step == "entered" and .machine == "beta" and
    .irq == 14 and .cause != 0)) | .cause' all.jsonl)
[ -n "$seq" ] || fail "no guest's interrupt has a cause"
jq -c "select(.seq == $seq or .cause == $seq)" all.jsonl >chain.jsonl
chain() {
    jq -se "any($1)" chain.jsonl >/dev/null || fail "the chain of $seq lacks: $1; it is: $(cat chain.jsonl)"
}
chain '.[]; .seq == '"$seq"' and .machine == "beta" and .dir == "out" and .addr == "0x1f7" and .decision == "map"'
chain '.[]; .kind == "disk" and .source == "vdisk" and .target == "beta" and .cylinder >= 200'
chain '.[]; .machine == "host" and .dir == "out" and .addr == "0x1f7" and .device == "ide0"'
chain '.[]; .machine == "host" and .kind == "disk" and .source == "ide0" and .cylinder >= 200'
for step in raised requested acknowledged ended; do
    chain '.[]; .machine == "host" and .kind == "interrupt" and .irq == 14 and .step == "'$step'"'
done
for step in raised acknowledged entered; do
    chain '.[]; .machine == "beta" and .kind == "interrupt" and .irq == 14 and .step == "'$step'"'
done

# The filter's words, and the same thing as text.
"$VITRINE" $DEMO --trace text,net:machine=alpha --trace-out words.txt >/dev/null 2>&1 || fail "text,net"
grep -q ' alpha says "' words.txt || fail "alpha says nothing"
grep -q ' alpha nic0 -> wire, [0-9]* bytes: ' words.txt || fail "alpha sends no frame"
grep -v '^#' words.txt | grep -Ev ' alpha (says|nic0 ->|wire ->)' && fail "other things are shown, too"
"$VITRINE" $DEMO --trace irq:machine=beta:dev=pic --trace-out irq.txt --trace-format json >/dev/null 2>&1 || fail "irq"
jq -se 'length > 10 and all(.[]; .machine == "beta" and .kind == "interrupt" and (.source | test("^pic[01]$")))' irq.txt \
    >/dev/null || fail "irq:dev=pic shows other things"
exit 0

#!/bin/sh
# A .vtr becomes every other form, and each is read by a program that is not ours. What is missing here is
# named, and the rest still looked at. A run that is killed leaves a file that opens; a full disk is said once.
# timeout: 600
DEMO="host --display none --rtc 1700000000 $BUILDDIR/obj/roms/demo.ini"
skipped=
fail() {
    echo "$*"
    exit 1
}
has() {
    command -v "$1" >/dev/null || { skipped="$skipped $1"; false; }
}
convert() {
    "$VITRINE" trace convert run.vtr "$@" 2>convert.err || fail "trace convert $*: $(cat convert.err)"
    [ ! -s convert.err ] || fail "trace convert $* says: $(cat convert.err)"
}

"$VITRINE" $DEMO --hash >plain.out 2>&1 || fail "the demo: $(cat plain.out)"
"$VITRINE" $DEMO --hash --trace all --trace-out run.vtr >traced.out 2>&1 || fail "traced: $(cat traced.out)"
cmp plain.out traced.out || fail "the trace changed the run"

# What is written at once and what is converted is the same, byte by byte; a file is its own equal.
for form in json text csv; do
    "$VITRINE" $DEMO --trace all --trace-format $form --trace-out direct.$form >/dev/null 2>&1 || fail "$form"
    convert run.$form --format $form
    cmp direct.$form run.$form || fail "$form: converted and direct differ"
done
records=$(wc -l <run.json)
[ "$records" -gt 100000 ] || fail "only $records records"
"$VITRINE" trace diff run.vtr run.vtr || fail "a trace differs from itself"

if has jq; then
    jq -es "length == $records and all(.[]; .seq > 0 and .ns >= 0)" run.json >/dev/null || fail "jq on JSON Lines"
fi
# What the hypervisor made of the guests' screens: a rectangle of the host's display for each window, and then the
# writes into its video memory.
grep '"source":"vdisplay","target":"alpha"' run.json | grep '"meaning":"map: window alpha, 720x400 pixels -> rectangle 720x400 at ' \
    >mapped || fail "no window of alpha is mapped to a rectangle"
if has python3; then
    python3 - "$records" <<'PY' || fail "csv or sqlite3 of Python"
import csv, json, sqlite3, sys
rows = list(csv.DictReader(open("run.csv", newline="")))
lines = [json.loads(line) for line in open("run.json")]
assert len(rows) == len(lines) == int(sys.argv[1])
for row, line in zip(rows, lines):
    assert {key: value for key, value in row.items() if value} == {key: str(value) for key, value in line.items()}, line
base = sqlite3.connect(":memory:")
base.execute("create table t (machine, device, addr, dir)")
base.executemany("insert into t values (:machine, :device, :addr, :dir)", rows)
ports = base.execute("select count(*) from t where machine = 'beta' and device = 'ide0' and dir = 'out' and addr = '0x1f7'")
assert ports.fetchone()[0] == sum(1 for l in lines if l.get("machine") == "beta" and l.get("addr") == "0x1f7" and
                                  l.get("dir") == "out" and l.get("device") == "ide0") > 0
PY
fi
if has sqlite3; then
    sqlite3 base.db '.mode csv' '.import run.csv t' 'select count(*) from t' >count
    [ "$(tr -d '\r' <count)" = "$records" ] || fail "sqlite3 counts $(cat count) of $records rows"
fi

convert frames.pcapng
convert io.pcapng --format pcapng-io
if has tshark && has jq; then
    jq -r 'select(.kind == "frame") | .bytes' run.json >frames.hex
    tshark -r frames.pcapng -T json -x 2>/dev/null | jq -r '.[]._source.layers.frame_raw[0]' | cmp - frames.hex ||
        fail "tshark sees other frames"
    # Absolute times: the guests' real-time clock at the start, and virtual time from there on.
    tshark -r frames.pcapng -T fields -e frame.time_epoch 2>/dev/null >times
    jq -r 'select(.kind == "frame") | (1700000000 + (.ns / 1000000000 | floor) | tostring) + "." +
        (1000000000 + .ns % 1000000000 | tostring | .[1:])' run.json | cmp - times ||
        fail "frames have other times: $(head -n 2 times)"
    tshark -r frames.pcapng -T fields -e frame.interface_name 2>/dev/null | sort -u >interfaces
    grep -q '^beta nic0$' interfaces && grep -q '^host switch port beta$' interfaces || fail "interfaces: $(cat interfaces)"
    shark() {
        tshark -X "lua_script:$SRCDIR/scripts/vitrine.lua" -r io.pcapng "$@" 2>shark.err
        ! grep -i 'lua.*error' shark.err || fail "the dissector: $(cat shark.err)"
    }
    shark -Y 'vitrine.device == "ide0" && vitrine.dir == "out" && vitrine.addr == 0x1f7' -T fields -e vitrine.seq \
        -e vitrine.meaning >shark.out
    jq -r 'select(.device == "ide0" and .dir == "out" and .addr == "0x1f7") | "\(.seq)\t\(.meaning)"' run.json |
        cmp - shark.out || fail "the dissector shows other commands"
    [ "$(shark -Y 'vitrine && !vitrine.malformed' | wc -l)" = "$records" ] || fail "the dissector does not know all records"
fi

convert run.ctf
if has babeltrace2; then
    babeltrace2 run.ctf >ctf.out 2>ctf.err || fail "babeltrace2: $(head -n 3 ctf.err)"
    [ "$(wc -l <ctf.out)" = "$records" ] || fail "babeltrace2 sees $(wc -l <ctf.out) of $records events"
    grep ' access: ' ctf.out | grep 'machine = "beta"' | grep 'addr = 0x1F7' | grep 'device = "ide0"' |
        sed -n 's/.*seq = \([0-9]*\),.*meaning = "\([^"]*\)".*/\1 \2/p' >ctf.seen
    ! has jq || jq -r 'select(.machine == "beta" and .addr == "0x1f7" and .device == "ide0") | "\(.seq) \(.meaning)"' \
        run.json | cmp - ctf.seen || fail "babeltrace2 sees other accesses"
fi

convert run.vcd
if has vcd2fst && has fst2vcd; then
    vcd2fst run.vcd run.fst >fst.out 2>&1 || fail "vcd2fst: $(cat fst.out)"
    fst2vcd run.fst >back.vcd 2>fst.out || fail "fst2vcd: $(cat fst.out)"
    # Rising edges of the host's IRQ 14, as another program sees them, are the raised interrupts.
    for file in run.vcd back.vcd; do
        awk '/^\$scope/ { path = path "." $3 } /^\$upscope/ { sub(/\.[^.]*$/, "", path) }
            /^\$var/ && path ~ /\.host\.pic1$/ && $5 == "irq14" { id = $4 }
            /^#/ { now = $1 } $0 == "1" id { print now }' $file >$file.edges
    done
    cmp run.vcd.edges back.vcd.edges || fail "other edges after vcd2fst and back"
    ! has jq || jq -r 'select(.machine == "host" and .kind == "interrupt" and .irq == 14 and .step == "raised") | "#\(.ns)"' \
        run.json | cmp - run.vcd.edges || fail "IRQ 14 of the host rises at other times"
fi

if has sigrok-cli; then
    # A logic analyser's samples, one a microsecond: the host's wires, whose VMM takes no time, are up for less.
    sigrok-cli -I vcd:downsample=1000 -i run.vcd -O vcd >sampled.vcd 2>sigrok.err || fail "sigrok-cli: $(cat sigrok.err)"
    awk '/^\$var/ && $5 == "irq0_service" && !id { id = $4 }
        /^#/ { for (i = 2; i <= NF; i++) rises += $i == "1" id } END { print rises + 0 }' sampled.vcd >rises
    ! has jq || [ "$(jq -n '[inputs | select(.machine == "alpha" and .source == "pic0" and .irq == 0 and .step == "acknowledged")] |
        length' run.json)" = "$(cat rises)" ] || fail "sigrok-cli sees $(cat rises) services of alpha's IRQ 0"
    [ "$(cat rises)" -gt 100 ] || fail "sigrok-cli sees $(cat rises) services of alpha's IRQ 0"
fi

convert run.perfetto.json
if has python3; then
    python3 - "$records" <<'PY' || fail "Chrome's trace events"
import json, sys
events = json.load(open("run.perfetto.json"))["traceEvents"]
assert all(type(e["pid"]) is int and type(e["tid"]) is int and e["ph"] in "XMsf" for e in events)
whole = [e for e in events if e["ph"] == "X"]
assert len(whole) == int(sys.argv[1]) and all(e["dur"] > 0 and e["name"] for e in whole)
starts = {e["id"]: e for e in events if e["ph"] == "s"}
ends = [e for e in events if e["ph"] == "f"]
places = {(e["pid"], e["tid"], e["ts"]) for e in whole}
assert ends and all(e["id"] in starts for e in ends)
assert all((e["pid"], e["tid"], e["ts"]) in places for e in list(starts.values()) + ends)
named = {(e["pid"], e["tid"]) for e in events if e["ph"] == "M" and e["name"] == "thread_name"}
assert {(e["pid"], e["tid"]) for e in whole} <= named
PY
fi

# Two runs that part: the clock differs.
"$VITRINE" host --display none --rtc 1 --trace all --trace-out other.vtr "$BUILDDIR/obj/roms/demo.ini" >/dev/null 2>&1
"$VITRINE" trace diff run.vtr other.vtr >diff.out
[ $? = 1 ] || fail "the status of traces that differ"
grep -q '^- .* rtc ' diff.out && grep -q '^+ .* rtc ' diff.out || fail "not the clock? $(cat diff.out)"
"$VITRINE" trace diff run.vtr other.vtr --ignore vlaue >diff.out 2>&1
[ $? = 2 ] && grep -q 'did you mean value' diff.out || fail "a field that is none: $(cat diff.out)"

# Killed: the file opens, and is the beginning of the whole one. Two seconds of wall time must be more than 100 ms.
"$VITRINE" run --display none --bios embedded --rtc 0 --kernel "$BUILDDIR/obj/roms/alpha.elf" --trace all \
    --trace-out killed.vtr >/dev/null 2>&1 &
run=$!
sleep 2
kill -9 $run
wait $run 2>/dev/null
"$VITRINE" trace convert killed.vtr killed.json 2>killed.err
status=$?
[ $status = 0 ] && grep -q 'has no end' killed.err || [ $status = 6 ] || fail "killed: $status $(cat killed.err)"
[ "$(wc -l <killed.json)" -gt 1000 ] || fail "killed: only $(wc -l <killed.json) records"

# Cut, foreign and missing files; a full disk.
head -c 100000 run.vtr >cut.vtr
for bad in cut.vtr run.json missing.vtr "$SRCDIR"; do
    "$VITRINE" trace convert "$bad" out.txt >bad.out 2>bad.err
    [ $? = 6 ] && [ "$(grep -c 'error: .*fix: ' bad.err)" = 1 ] || fail "$bad: $(cat bad.err)"
done
cp run.vtr newer.vtr && printf '\143' | dd of=newer.vtr bs=1 seek=8 conv=notrunc 2>/dev/null
"$VITRINE" trace convert newer.vtr out.txt 2>bad.err
[ $? = 6 ] && grep -q 'newer.vtr: has version 99, .*; fix: a newer Vitrine' bad.err || fail "a later version: $(cat bad.err)"
# Nothing of what a form shows: an empty file that is one, and a note.
"$VITRINE" $DEMO --trace disk --trace-out disk.vtr >/dev/null 2>&1 || fail "--trace disk"
for form in pcapng:net vcd:irq,wire; do
    "$VITRINE" trace convert disk.vtr none.${form%:*} 2>bad.err || fail "a trace without ${form#*:}: $(cat bad.err)"
    grep -q "nothing that ${form%:*} shows; fix: .*--trace ${form#*:}" bad.err || fail "no note: $(cat bad.err)"
done
if has tshark; then
    [ "$(tshark -r none.pcapng 2>/dev/null | wc -l)" = 0 ] || fail "tshark sees packets where there are none"
    tshark -r none.pcapng >/dev/null 2>&1 || fail "tshark does not read a capture without packets"
fi
"$VITRINE" trace convert cut.vtr cut.json 2>/dev/null
head -n "$(wc -l <cut.json)" run.json | cmp - cut.json || fail "a cut file has other records"
[ -s cut.json ] || fail "a cut file has no records"
if [ -c /dev/full ]; then
    for form in vtr json; do
        "$VITRINE" $DEMO --hash --trace all --trace-out /dev/full --trace-format $form >full.out 2>full.err ||
            fail "a full disk ended the run ($form): $(cat full.err)"
        cmp plain.out full.out || fail "a full disk changed the run ($form)"
        [ "$(grep -c 'No space left' full.err)" = 1 ] || fail "a full disk is not said once ($form): $(cat full.err)"
    done
    "$VITRINE" trace convert run.vtr /dev/full --format text 2>full.err
    [ $? = 6 ] && grep -q 'No space left' full.err || fail "convert to a full disk: $(cat full.err)"
fi
[ -z "$skipped" ] || echo "not here, so that its part was left out:$skipped"
exit 0

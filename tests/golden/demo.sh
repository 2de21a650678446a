# The demonstration: two teaching guests on one host do their disk, network, screen and keyboard work,
# power off, and the table says what each asked for; the trace shows their slices interleaved, a
# mapped and a denied request, and the chain from a guest's OUT to the host's ports.
# timeout: 120
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
mkdir -p lab
cp "$BUILDDIR"/obj/roms/alpha.elf "$BUILDDIR"/obj/roms/beta.elf "$BUILDDIR"/obj/roms/demo.ini lab/
cp --sparse=always "$BUILDDIR/obj/roms/demo.img" lab/
sed -e 's/^\[guest alpha\]/&\nserial = file:alpha.log/' -e 's/^\[guest beta\]/&\nserial = file:beta.log/' \
    lab/demo.ini >lab/serial.ini
"$VITRINE" host lab/serial.ini --display none --trace io --trace-out demo.jsonl --screenshot demo.png \
    >table.txt

for name in alpha beta; do
    tr -d '\r' <$name.log >$name.txt
    for line in 'disk: .*poll ok' 'disk: .*interrupt ok' 'disk: .*block ok' 'IDNF' 'nic: poll round' \
        'keyboard: leds ok' 'end: power off'; do
        grep -q "$line" $name.txt || { echo "$name does not say '$line':"; cat $name.txt; exit 1; }
    done
    grep -q "^guest $name: ended, status 0" table.txt || { cat table.txt; exit 1; }
done
# The announcements went out by the host's card, and each was acknowledged by its interrupt.
grep -q 'network driver: \([1-9][0-9]*\) frames sent, .*, \1 interrupts' table.txt || { cat table.txt; exit 1; }
grep -q 'denied 1' table.txt || { echo "no request was denied"; cat table.txt; exit 1; }
command -v jq >/dev/null || { echo "the trace is not looked at: no jq"; exit 0; }

# Every line is one object; both guests and the host are in it, alternating.
jq -e -n 'reduce inputs as $a ({}; .[$a.machine] += 1) | .alpha > 1000 and .beta > 1000 and .host > 100' \
    demo.jsonl >/dev/null
turns=$(jq -r '.machine' demo.jsonl | grep -v host | uniq | wc -l)
[ "$turns" -ge 10 ] || { echo "the guests took only $turns turns"; exit 1; }
jq -e -n '[inputs | select(.decision == "map" and (.note // "" | test("virtual C/H/S .* -> physical C/H/S")))] |
    length > 3' demo.jsonl >/dev/null || { echo "no mapped request in the trace"; exit 1; }
jq -e -n '[inputs | select(.decision == "deny" and (.note // "" | test("IDNF")))] | length == 2' \
    demo.jsonl >/dev/null || { echo "not each guest was denied once"; exit 1; }
# The host's command to its drive names the guest's access that led to it.
cause=$(jq -r 'select(.machine == "host" and .device == "ide0" and .dir == "out" and .addr == "0x1f7") | .cause' \
    demo.jsonl | head -n 1)
[ -n "$cause" ] && [ "$cause" != 0 ] || { echo "the host's command has no cause"; exit 1; }
jq -r --argjson cause "$cause" 'select(.seq == $cause) | .machine' demo.jsonl | grep -q -x 'alpha\|beta' ||
    { echo "the cause $cause is no access of a guest"; exit 1; }

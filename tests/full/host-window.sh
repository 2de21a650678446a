# The keys that a host's window takes, from a real X server's keyboard to its screen: Ctrl+Alt and N (focus), Shift and
# arrows (move), = (scale), H (hide). The bar of the guest in focus is the only blue one with text in white; where it
# stands on the screenshots is what each key must have done.
# timeout: 120
set -e
for tool in Xvfb xdotool import python3; do
    command -v $tool >/dev/null || { echo "no $tool (packages xvfb, xdotool, imagemagick, python3)"; exit 77; }
done
"$VITRINE" disk create disk.img --geometry 16/16/63 >/dev/null
cat >lab.ini <<'INI'
[host]
memory = 32M
disk = disk.img,geometry=16/16/63
[guest left]
memory = 8M
cylinders = 0-7
[guest right]
memory = 8M
cylinders = 8-15
INI

Xvfb -displayfd 3 -screen 0 1100x900x24 3>display 2>xvfb.log &
server=$!
trap 'kill $host $server 2>/dev/null || :' EXIT
for _ in 1 2 3 4 5 6 7 8 9 10; do [ -s display ] || sleep 0.5; done
DISPLAY=:$(cat display)
export DISPLAY
"$VITRINE" host lab.ini --bios embedded --display sdl --rtc 0 >host.log 2>&1 &
host=$!

# bar: "x y width" of the bar in the colour of the focus, above the line at the bottom; nothing where there is none.
bar() {
    sleep 2
    import -window root -depth 8 "$1.ppm"
    python3 - "$1.ppm" <<'PY'
import sys
data = open(sys.argv[1], "rb").read()
_, width, height, _, pixels = data[:2], *map(int, data.split(None, 4)[1:4]), data[-3 * 1100 * 900:]
focus = bytes((0x2D, 0x6C, 0xDF))
for y in range(height):
    row = pixels[3 * y * width:3 * (y + 1) * width]
    found = [x for x in range(width) if row[3 * x:3 * x + 3] == focus]
    if len(found) > 300:
        print(found[0], y, found[-1] - found[0] + 1)
        break
PY
}
key() { # key KEYS [TIMES]
    for _ in $(seq "${2:-1}"); do xdotool key --delay 50 "$1"; done
}
fail() {
    echo "FAILED: $*"
    cat host.log
    exit 1
}
for _ in 1 2 3 4 5 6 7 8 9 10; do
    window=$(xdotool search --name Vitrine | head -n 1)
    [ -z "$window" ] || break
    sleep 1
done
[ -n "$window" ] || fail "no window"
xdotool windowfocus "$window"

set -- $(bar first)
x=$1 y=$2 width=$3
[ "$x" -lt 300 ] || fail "the first guest's bar is at $*"
key ctrl+alt+n
set -- $(bar next)
[ "$1" -gt $((x + width / 2)) ] && [ "$2" = "$y" ] || fail "N: the bar is at $*, was at $x $y"
key ctrl+alt+p
set -- $(bar back)
[ "$1 $2 $3" = "$x $y $width" ] || fail "P: the bar is at $*"
key ctrl+alt+shift+Right 3
key ctrl+alt+shift+Down 2
set -- $(bar moved)
# The server's window is not a whole multiple of the host's screen: edges round.
[ "$1" -gt $((x + 20)) ] && [ "$2" -gt $((y + 20)) ] && [ "$3" -gt $((width - 5)) ] ||
    fail "moved: the bar is at $*, was at $x $y $width"
x=$1 y=$2
key ctrl+alt+equal
set -- $(bar scaled)
[ "$3" -gt $((width + 20)) ] || fail "scaled: $*, was $x $y $width"
key ctrl+alt+h
[ -z "$(bar hidden)" ] || fail "hidden: the bar is still there"
key ctrl+alt+h
[ -n "$(bar shown)" ] || fail "shown again: no bar"
kill -TERM $host
status=0
wait $host || status=$?
[ $status = 143 ] || fail "status $status"
grep -q 'keyboard: .* 1[01] hot keys' host.log || fail "the report counts other hot keys"

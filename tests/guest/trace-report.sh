#!/bin/sh
# vitrine trace report: one page without network whose script draws lanes, arrows, cylinders, packets and
# tables in a browser; a picture of it is not empty. Of a host with two guests, and of one machine.
# timeout: 300
[ -x "$VITRINE" ] || { echo "no vitrine in this build"; exit 77; }
[ -f "$BUILDDIR/obj/roms/demo.ini" ] || { echo "the lab kernels were not built (gcc -m32 is missing)"; exit 77; }

fail() {
    echo "FAILED: $*"
    exit 1
}

# page NAME: what the browser has after the script ran.
page() {
    timeout 100 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$PWD/profile" --dump-dom \
        "file://$PWD/$1.html" >"$1.dom" 2>"$1.err"
    grep -q 'data-drawn="yes"' "$1.dom" || fail "$1: the script did not reach its end: $(grep -i uncaught "$1.err")"
}

# at_least NAME NUMBER PATTERN: so many elements.
at_least() {
    found=$(grep -o "$3" "$1.dom" | wc -l)
    [ "$found" -ge "$2" ] || fail "$1: $found of '$3', not $2"
}

timeout 100 "$VITRINE" host --display none --trace all --trace-out demo.vtr "$BUILDDIR/obj/roms/demo.ini" >run.out 2>&1 ||
    fail "the demo: $(cat run.out)"
"$VITRINE" trace report demo.vtr 2>said || fail "the report: $(cat said)"
grep -q 'demo.html is written' said || fail "nothing is said"
[ "$(wc -c <demo.html)" -lt 4000000 ] || fail "the page has $(wc -c <demo.html) bytes"
# Self-contained: the only address is the name of SVG's elements.
grep -o '[a-z]*://[^"]*' demo.html | grep -v '^http://www.w3.org/2000/svg$' && fail "an address outside"
grep -qE '<(link|img|iframe)|src=|@import|fetch\(|XMLHttpRequest' demo.html && fail "something is loaded"
"$VITRINE" trace report none.vtr 2>said && fail "a trace that is not there"
grep -q 'none.vtr' said || fail "which file: $(cat said)"

for browser in chromium chromium-browser google-chrome; do
    command -v $browser >/dev/null && break
done
command -v $browser >/dev/null || { echo "the pages are written; no chromium to look at them"; exit 77; }
page demo
for lane in alpha beta 'host ide0' 'host nic0' 'host vdisk' 'host switch' 'host interrupts'; do
    at_least demo 1 "class=\"lane\" data-name=\"$lane\""
done
at_least demo 20 '<path class="arrow"'
at_least demo 20 '<rect class="slice"'
at_least demo 1 'class="cylinder"[^>]*data-guest="alpha" data-cylinder="1[0-9][0-9]"'
at_least demo 1 'class="cylinder"[^>]*data-guest="beta" data-cylinder="2[0-9][0-9]"'
at_least demo 2 '<polyline class="head-path"'
at_least demo 1 'class="packet"[^>]*data-from="alpha" data-to="beta"'
at_least demo 1 'class="packet"[^>]*data-from="nic0" data-to="wire"'
at_least demo 1 'READ MULTIPLE [0-9]* at C/H/S 200/0/1\|READ SECTORS [0-9]* at C/H/S'
at_least demo 30 '<tr>'
timeout 100 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$PWD/profile" --window-size=1320,2400 \
    --screenshot=demo.png "file://$PWD/demo.html" >/dev/null 2>&1
[ "$(wc -c <demo.png)" -gt 60000 ] || fail "the picture has $(wc -c <demo.png) bytes"

# One machine: its processor and its devices have the lanes, its disk the surface.
cp "$BUILDDIR/obj/roms/demo.img" disk.img
timeout 100 "$VITRINE" run --display none --bios embedded --rtc 0 --disk disk.img,overlay --kernel "$BUILDDIR/obj/roms/alpha.elf" \
    --trace all --trace-out pc.vtr >run.out 2>&1 || fail "the machine: $(cat run.out)"
"$VITRINE" trace report pc.vtr pc.html 2>/dev/null || fail "the machine's report"
page pc
at_least pc 1 'class="lane" data-name="pc"'
at_least pc 1 'class="lane" data-name="ide0"'
at_least pc 1 'class="cylinder"[^>]*data-guest="pc"'
at_least pc 5 '<path class="arrow"'
exit 0

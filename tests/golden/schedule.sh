# The vCPU schedulers with guests that run: weights give shares within 2 %, a cap holds, BOOST decides
# how long a guest that wakes for its timer waits beside hogs, and the picture of it all is drawn.
# The guests are boot sectors: a hog counts for ever, a clerk halts until each tick of its timer.
# timeout: 300
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
cat >hog.asm <<'ASM'
org 0x7C00
    cli
next:
    inc eax
    jmp next
times 510 - ($ - $$) db 0
dw 0xAA55
ASM
# Halts until the next tick (1 kHz), works a little, and so on.
cat >clerk.asm <<'ASM'
org 0x7C00
    cli
    xor ax, ax
    mov ds, ax
    mov word [8 * 4], tick
    mov word [8 * 4 + 2], ax
    mov al, 0x34
    out 0x43, al
    mov ax, 1193
    out 0x40, al
    mov al, ah
    out 0x40, al
    mov al, 0xFE            ; IRQ 0 alone
    out 0x21, al
    sti
next:
    hlt
    jmp next
tick:
    mov cx, 500
work:
    loop work
    mov al, 0x20
    out 0x20, al
    iret
times 510 - ($ - $$) db 0
dw 0xAA55
ASM
for guest in hog clerk; do nasm -f bin -o $guest.bin $guest.asm; done
# Each guest's disk is 4 cylinders of 1 head and 63 sectors, its first sector a guest.
disk() { # disk GUEST...
    rm -f disk.img
    at=0
    for guest; do
        dd if=$guest.bin of=disk.img bs=512 seek=$((at * 252)) conv=notrunc 2>/dev/null
        at=$((at + 1))
    done
    truncate -s $((at * 252 * 512)) disk.img
}
# run NAME SCHEDULE-LINES GUEST:LINES...: 8 virtual seconds
run() {
    name=$1
    { echo "[host]"; echo "memory = 64M"; echo "$2" | tr ';' '\n'; } >"$name.ini"
    shift 2
    guests= at=0
    for spec; do
        guests="$guests ${spec%%:*}"
        printf '[guest g%d]\nmemory = 2M\nnic = none\ncylinders = %d-%d\n%s\n' $at $((at * 4)) $((at * 4 + 3)) \
            "$(echo "${spec#*:}" | tr ';' '\n')" >>"$name.ini"
        at=$((at + 1))
    done
    disk $guests
    sed -i "s/^\[host\]/&\ndisk = disk.img,geometry=$((at * 4))\/1\/63/" "$name.ini"
    "$VITRINE" host "$name.ini" --bios embedded --display none --rtc 1 --max-instructions 400000000 --clock 50000000 \
        --gantt "$name.svg,from=6000,to=6200" >"$name.txt" 2>"$name.err" || [ $? = 8 ] ||
        { cat "$name.err"; exit 1; }
}
# share NAME GUEST: tenths of a percent of the host's time
share() { awk -v g="guest $2:" 'index($0, g) == 1 { on = 1 } on && / cpu: / { for (i = 1; i < NF; i++)
    if ($(i + 1) == "%") { print int($i * 10 + 0.5); exit } }' "$1.txt"; }
wrong=0
within() { # within WHAT VALUE WANTED TOLERANCE, in tenths of a percent
    echo "$1: $2 (wanted $3 +- $4) tenths of a percent"
    [ "$2" -ge $(($3 - $4)) ] && [ "$2" -le $(($3 + $4)) ] || wrong=$((wrong + 1))
}
for schedule in credit bvt; do
    run weights-$schedule "schedule = $schedule" hog:weight=128 hog:weight=256 hog:weight=512
    within "$schedule, weight 128" "$(share weights-$schedule g0)" 143 20
    within "$schedule, weight 256" "$(share weights-$schedule g1)" 286 20
    within "$schedule, weight 512" "$(share weights-$schedule g2)" 571 20
done
run turns "schedule = round-robin" hog: hog: hog: hog:
for guest in g0 g1 g2 g3; do within "round-robin" "$(share turns $guest)" 250 20; done
run cap "schedule = credit" hog:cap=20 hog:
within "capped at 20 %" "$(share cap g0)" 200 20
within "beside it" "$(share cap g1)" 800 20
run slots "schedule = partitioned;slice_us = 4000" hog: clerk: hog:
within "a slot of three, less the VMM's eighth" "$(share slots g0)" 292 20
within "the same" "$(share slots g2)" 292 20

# The clerk's steal time is what it waited after each wake. (One hog alone has always taken more than
# its part: then BOOST changes nothing.)
steal() { awk -v g="guest $2:" 'index($0, g) == 1 { on = 1 } on && / cpu: / { for (i = 1; i < NF; i++)
    if ($(i + 2) == "stolen,") { print int($i * 10 + 0.5); exit } }' "$1.txt"; }
run boost "schedule = credit" clerk: hog: hog: hog: hog:
run no-boost "schedule = credit;boost = off" clerk: hog: hog: hog: hog:
with=$(steal boost g0) without=$(steal no-boost g0)
echo "the clerk waits: $with tenths of a percent of the time with BOOST, $without without"
[ "$with" -lt 50 ] && [ "$without" -gt 200 ] || wrong=$((wrong + 1))
for name in boost no-boost weights-bvt; do
    grep -q 'halted\|slice over' $name.svg && grep -q '</svg>' $name.svg || { echo "$name.svg is none"; wrong=$((wrong + 1)); }
done
[ $wrong = 0 ]

# Pause, resume, reset, kill and restart one guest by [actions]: it stops and goes on as told, and a guest
# beside it under `schedule = partitioned` has its slots whatever happens to it. One
# that faults three times over and over, one that spins and one that storms with interrupts cost others
# their own share at most.
# timeout: 200
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
guest() { # guest NAME: a boot sector from standard input
    { echo 'org 0x7C00'; cat; echo 'times 510 - ($ - $$) db 0'; echo 'dw 0xAA55'; } >"$1.asm"
    nasm -f bin -o "$1.bin" "$1.asm"
}
guest spin <<'ASM'
    cli
next: inc eax
    jmp next
ASM
guest triple <<'ASM'
    cli
    lidt [none]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    int3
none: dw 0
    dd 0
ASM
guest storm <<'ASM'
    cli                         ; the timer as fast as it goes, and a handler that only ends it
    xor ax, ax
    mov ds, ax
    mov word [8 * 4], tick
    mov word [8 * 4 + 2], ax
    mov al, 0x34
    out 0x43, al
    mov al, 2
    out 0x40, al
    mov al, 0
    out 0x40, al
    mov al, 0xFE
    out 0x21, al
    sti
next: hlt
    jmp next
tick: mov al, 0x20
    out 0x20, al
    iret
ASM
lab() { # lab NAME SCHEDULE ACTIONS GUEST...: 2 virtual seconds
    name=$1 actions=$3
    { echo "[host]"; echo "memory = 32M"; echo "schedule = $2"; } >"$name.ini"
    shift 3
    rm -f disk.img
    at=0
    for g; do
        dd if=$g.bin of=disk.img bs=512 seek=$((at * 252)) conv=notrunc 2>/dev/null
        printf '[guest g%d]\nmemory = 2M\nnic = none\ncylinders = %d-%d\n' $at $((at * 4)) $((at * 4 + 3)) >>"$name.ini"
        at=$((at + 1))
    done
    truncate -s $((at * 252 * 512)) disk.img
    sed -i "s/^\[host\]/&\ndisk = disk.img,geometry=$((at * 4))\/1\/63/" "$name.ini"
    { echo "[actions]"; echo "$actions" | tr ';' '\n'; } >>"$name.ini"
    "$VITRINE" host "$name.ini" --bios embedded --display none --rtc 1 --clock 10000000 --max-instructions 20000000 \
        >"$name.txt" 2>"$name.err" || [ $? = 8 ] || { cat "$name.err"; exit 1; }
}
# line NAME GUEST: "state instructions tenths-of-a-percent"
line() { awk -v g="guest $2:" 'index($0, g) == 1 { on = 1; state = $3 } on && / cpu: / {
    sub(",", "", state); print state, $2, int($4 * 10 + 0.5); exit }' "$1.txt"; }
wrong=0
check() { # check WHAT CONDITION...
    what=$1
    shift
    [ "$@" ] || { echo "wrong: $what: $*"; wrong=$((wrong + 1)); }
}
lab none round-robin '0s = focus g0' spin spin
lab pause round-robin '1s = pause g0' spin spin
lab resume round-robin '500ms = pause g0;1500ms = resume g0' spin spin
lab kill round-robin '1s = kill g0' spin spin
lab restart round-robin '500ms = kill g0;1s = restart g0' spin spin
lab reset round-robin '1s = reset g0' spin spin
for name in none pause resume kill restart reset; do
    set -- $(line $name g0) $(line $name g1)
    echo "$name: g0 $1 $2 ($3), g1 $4 $5 ($6)"
    eval "state_$name=$1 share_$name=$3 other_$name=$6"
done
check "paused" "$state_pause" = paused
check "resumed" "$state_resume" = running
check "killed" "$state_kill" = ended
check "restarted" "$state_restart" = running
check "reset" "$state_reset" = running
check "half, then none" "$share_pause" -le 260 -a "$share_pause" -ge 220
check "the rest goes to the other" "$other_pause" -ge 720
check "a quarter, none, a quarter" "$share_resume" -le 260 -a "$share_resume" -ge 220
check "killed at half time" "$share_kill" -le 260
check "the other has the rest" "$other_kill" -ge 720
check "on again for the last half" "$share_restart" -le 400 -a "$share_restart" -ge 320

# Partitioned: the other one has the time of its slots (what the VMM's eighth overruns is some us).
for actions in '0s = focus g0' '1s = kill g0' '300ms = pause g0;900ms = resume g0' '1s = reset g0;1200ms = restart g0'; do
    lab slots partitioned "$actions" spin spin
    set -- $(line slots g1)
    : "${reference:=$2}"
    check "partitioned, $actions" "$2" -ge $((reference - reference / 500)) -a "$2" -le $((reference + reference / 500))
done
for trouble in triple storm spin; do
    for schedule in round-robin credit bvt; do
        lab trouble $schedule '0s = focus g0' $trouble spin
        set -- $(line trouble g1)
        echo "$schedule, beside $trouble: $3 tenths of a percent"
        check "a half of the host is left" "$3" -ge 475
    done
done
[ $wrong = 0 ]

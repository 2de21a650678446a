# Pause, resume, reset, kill and restart one guest by [actions]: it stops and goes on as told, and a guest
# beside it under `schedule = partitioned` has its slots whatever happens to it. One
# that faults three times over and over, one that spins, one that storms with interrupts and one that executes nothing cost others
# their own share at most.
# timeout: 200
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
. "$SRCDIR/tests/golden/trouble.inc"
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
for trouble in triple storm spin nowhere; do
    for schedule in round-robin credit bvt; do
        lab trouble $schedule '0s = focus g0' $trouble spin
        set -- $(line trouble g1)
        echo "$schedule, beside $trouble: $3 tenths of a percent"
        check "a half of the host is left" "$3" -ge 475
    done
done
[ $wrong = 0 ]

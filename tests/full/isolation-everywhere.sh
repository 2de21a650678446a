# What tests/golden/isolation.sh shows for one scheduler and one driver model, for the others; and a share of the host beside
# random programs: a guest that only computes has its half, and waits for the slices below at most.
# timeout: 1200
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
ISOLATION_GUESTS=20 ISOLATION_SCHEDULES="round-robin bvt credit" ISOLATION_BESIDE=10 ISOLATION_DRIVERS="native split" \
    sh "$SRCDIR/tests/golden/isolation.sh"

. "$SRCDIR/tests/golden/trouble.inc"
HOST='nic = ne2k-isa
serial = null
printer = null' EACH='nic = ne2k-isa
serial = share
printer = share'
for number in $(seq 1 20); do
    PYTHONPATH=$SRCDIR/tests/fuzz python3 -B -c 'import isolation, sys
sys.stdout.buffer.write(isolation.hostile_guest(int(sys.argv[1])))' "$number" >noise.bin
    # The VMM's own work (2.4 ms for the first frame of the display) comes to the other's slice.
    for row in round-robin:4000 credit:60000 bvt:20000; do
        schedule=${row%:*}
        lab noise $schedule '0s = focus g0' noise spin
        set -- $(line noise g1) $(sed -n '/^guest g1:/,$s/.*at most \([0-9]*\) us.*/\1/p' noise.txt)
        echo "$schedule, beside program $number: $3 tenths of a percent, waited at most $4 us"
        check "$schedule, beside program $number: a half of the host is left" "$3" -ge 470
        check "$schedule, beside program $number: waits" "$4" -le "${row#*:}"
    done
done
[ $wrong = 0 ]

# A guest's back-end is paused, killed and started again while its ring has 512 blocks to write: what waited in the
# ring is done, what was under way is done or answered with an error, and what the other guest sees is the same, also
# when the back-end never comes again.
# timeout: 120
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
ln -s "$BUILDDIR/obj/roms/demo.img" "$BUILDDIR/obj/roms/experiment.elf" .

lab() { # lab GUESTS HOST-LINE ACTION...
    guests=$1
    printf '[host]\nmemory = 64M\ndisk = demo.img,geometry=1000/16/63\ndisk_driver = split\nbackend_batch = 4\n%s\n' "$2"
    shift 2
    for guest in $guests; do
        printf '[guest %s]\nmemory = 8M\nnic = none\nkernel = experiment.elf\nappend = lab=batch\nserial = file:%s.txt\n' \
            "$guest" "$guest"
        [ "$guest" = alpha ] && echo 'cylinders = 100-199' || echo 'cylinders = 200-299'
    done
    printf '[actions]\n'
    printf '%s\n' "$@"
}
run() {
    "$VITRINE" host --rtc 1 --overlay --display none "$@" lab.ini >table.txt || { cat table.txt; exit 1; }
}
says() { # says FILE PATTERN
    grep -q "$2" "$1" || { echo "$1 does not say: $2"; cat "$1"; exit 1; }
}

# The guest begins to write in its 60th millisecond, and needs some 20.
lab alpha 'schedule = round-robin' '65ms = pause alpha disk' '200ms = resume alpha disk' >lab.ini
run
says alpha.txt '^batch: ok blocks=512'
says table.txt 'block ring: 512 requests, 4096 sectors, 0 errors, .* 0 restarts'
says table.txt '^host: 0.2'

# The guest does not ask again; it says that it was told.
lab alpha 'schedule = round-robin' '70ms = kill alpha disk' '200ms = restart alpha disk' >lab.ini
run
says alpha.txt '^batch: FAILED'
says table.txt '^host: 0.2'
set -- $(sed -n 's/.*block ring: \([0-9]*\) requests, \([0-9]*\) sectors, \([0-9]*\) errors.* 1 restarts/\1 \2 \3/p' table.txt)
[ "$3" -gt 0 ] && [ $(($2 + 8 * $3)) = $((8 * $1)) ] || { echo "requests, sectors, errors: $*"; exit 1; }

number=0
for actions in '1us = focus alpha' '120ms = kill alpha disk|900ms = kill alpha' \
    '120ms = restart alpha disk|125ms = pause alpha disk|300ms = resume alpha disk'; do
    number=$((number + 1))
    lab 'alpha beta' 'schedule = partitioned' "$(echo "$actions" | tr '|' '\n')" >lab.ini
    run --trace io:machine=beta --trace-out "beta$number.jsonl"
    says beta.txt '^batch: ok blocks=512'
    [ "$(wc -l <"beta$number.jsonl")" -gt 1000 ] || { echo "no trace of beta"; exit 1; }
    # Its instructions, places, values; the host's time and numbering are not the guest's.
    sed 's/"seq":[0-9]*,"cause":[0-9]*,"ns":[0-9]*,"time":[0-9]*,//' "beta$number.jsonl" >"seen$number"
    cmp seen1 "seen$number"
done
[ ! -s alpha.txt ] || says alpha.txt '^batch: ok blocks=512'

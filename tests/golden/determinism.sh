# The same inputs give the same run, to the last bit: twice over, watched by a trace or not, and in two
# halves with a snapshot between them. Damaged snapshots are refused.
# timeout: 300
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
roms=$BUILDDIR/obj/roms
[ -f "$roms/tests/timer.bin" ] || { echo "the test guests are not built here (nasm is missing)"; exit 77; }
wrong=0
complain() {
    echo "$1"
    wrong=$((wrong + 1))
}

# run NAME GUEST OPTION...: prints its hash line, the exit status behind it.
run() {
    image=$roms/tests/$1.bin
    shift
    "$VITRINE" run --display none --max-speed --rtc 1700000000 --overlay --timeout 100 --hash "$@" "$image" \
        2>err
    echo "status $?"
}

# expect WHAT A B: two outputs that must be equal.
expect() {
    [ "$2" = "$3" ] || complain "$1: '$2' is not '$3'"
}

# --- twice, watched, with the other firmware's own run different --------------------------------------
for guest in timer smc task fpu; do
    once=$(run $guest)
    expect "$guest, the second time" "$(run $guest)" "$once"
    expect "$guest, traced" "$(run $guest --trace io --trace-out $guest-1.jsonl)" "$once"
    expect "$guest, traced again" "$(run $guest --trace io --trace-out $guest-2.jsonl)" "$once"
    cmp $guest-1.jsonl $guest-2.jsonl || complain "$guest: the traces differ"
    [ -s $guest-1.jsonl ] || complain "$guest: the trace is empty"
    case $once in
    hash*status\ 33) ;;
    *) complain "$guest: '$once' is no run that passed" ;;
    esac
    [ "$(run $guest --bios embedded)" != "$once" ] || complain "$guest: another firmware, the same hash"
done

# A diskette, stopped while it is read: what a trace notes of causes is not part of the machine.
head -c 1474560 /dev/zero >diskette.img
dd if="$roms/tests/timer.bin" of=diskette.img conv=notrunc 2>/dev/null
diskette() { # diskette UNITS-OF-TIME OPTION...
    units=$1
    shift
    "$VITRINE" run --display none --max-speed --rtc 1700000000 --bios embedded --hash \
        --floppy diskette.img,ro --max-instructions "$units" "$@" 2>err
}
diskette 200000000 --trace io:dev=fdc --trace-out diskette.txt >diskette.out
# Text begins with milliseconds; the clock has 200,000 units in one. Just behind the command's last byte:
stop=$(awk '/READ DATA \(/ { printf "%d", $1 * 200000 + 500; exit }' diskette.txt)
[ -n "$stop" ] || complain "nobody has read the diskette"
for more in 0 300 1500; do
    expect "a diskette, traced" "$(diskette $((stop + more)) --trace all --trace-out diskette.txt)" \
        "$(diskette $((stop + more)))"
done

# --- halves ----------------------------------------------------------------------------------------------
# At the reset vector, in the firmware, in the guest: going on from a snapshot gives, byte for byte, the
# state of the run that was never interrupted; and so does saving what was loaded, one instruction on.
for first in 1 100000 3000000 9999999; do
    run timer --max-instructions $first --snapshot-save half.snap >half.out
    for more in 1 2345678; do
        whole=$(run timer --max-instructions $((first + more)) --snapshot-save whole.snap)
        again=$(run timer --max-instructions $more --snapshot-load half.snap --snapshot-save again.snap)
        expect "$first and $more instructions" "$again" "$whole"
        cmp again.snap whole.snap || complain "$first and $more instructions: the states differ"
    done
    traced=$(run timer --max-instructions 2345678 --snapshot-load half.snap --trace io --trace-out half.jsonl)
    expect "$first instructions, the rest traced" "$traced" "$whole"
done

# --- the board with APICs and HPET -------------------------------------------------------------------------
once=$(run timer --board pc-apic)
expect "pc-apic, traced" "$(run timer --board pc-apic --trace io --trace-out apic.jsonl)" "$once"
grep -q '"device":"lapic","reg":"LVT LINT0"' apic.jsonl || complain "pc-apic: nobody has set up the local APIC"
run timer --board pc-apic --max-instructions 3000000 --snapshot-save apic-half.snap >half.out
whole=$(run timer --board pc-apic --max-instructions 5345678)
again=$(run timer --board pc-apic --max-instructions 2345678 --snapshot-load apic-half.snap)
expect "pc-apic in halves" "$again" "$whole"

# --- damage ----------------------------------------------------------------------------------------------
refused() { # refused STATUS PART OPTION...
    wanted=$1 part=$2
    shift 2
    "$VITRINE" run --display none --overlay --max-instructions 1 "$@" "$roms/tests/timer.bin" >out 2>err
    status=$?
    [ $status = "$wanted" ] || complain "$*: status $status instead of $wanted"
    grep -qF -- "$part" err || complain "$*: no '$part' in '$(cat err)'"
    [ "$(wc -l <err)" = 1 ] || complain "$*: more than one line"
}
size=$(stat -c %s half.snap)
for cut in 7 8 20 1000 $((size / 2)) $((size - 1)); do
    head -c "$cut" half.snap >cut.snap
    refused 6 cut.snap --snapshot-load cut.snap
done
for at in 40 5000 $((size / 2)) $((size - 10)); do
    cp half.snap damaged.snap
    byte=$(od -An -tu1 -j "$at" -N 1 half.snap)
    printf "$(printf '\\%03o' $((byte ^ 16)))" | dd of=damaged.snap bs=1 seek="$at" conv=notrunc 2>/dev/null
    refused 6 "damaged (CRC)" --snapshot-load damaged.snap
done
refused 6 "fix: --memory 131072K" --memory 64M --snapshot-load half.snap
refused 2 "fix: --clock 200000000" --clock 50000000 --snapshot-load half.snap
refused 6 "where 'ide0' is expected" --board isa --snapshot-load half.snap

# --- two guests on one host ------------------------------------------------------------------------------
if [ -f "$roms/demo.ini" ]; then
    lab() {
        cp "$roms/demo.img" "$roms/demo.ini" "$roms/alpha.elf" "$roms/beta.elf" .
        "$VITRINE" host --display none --max-speed --rtc 1700000000 --timeout 100 "$@" demo.ini
        echo "status $?"
        cksum demo.img
    }
    lab >lab-1
    lab >lab-2
    lab --trace io:dev=ide0 --trace-out lab.jsonl >lab-3
    cmp lab-1 lab-2 || complain "the demo differs the second time"
    cmp lab-1 lab-3 || complain "the demo differs when it is traced"
    grep -q '^status 0$' lab-1 || complain "the demo ended with $(grep ^status lab-1)"
fi
echo "$wrong wrong"
[ $wrong = 0 ]

# A host and its guests: the same hashes twice, with and without a trace.
mkdir host && cp "$BUILDDIR"/obj/roms/alpha.elf "$BUILDDIR"/obj/roms/beta.elf "$BUILDDIR"/obj/roms/demo.ini host/
cp --sparse=always "$BUILDDIR/obj/roms/demo.img" host/
for turn in 1 2 3; do
    [ $turn != 3 ] || set -- --trace io --trace-out host.jsonl
    "$VITRINE" host host/demo.ini --overlay --rtc 1000000000 --display none --hash "$@" >host-$turn.txt
    grep '^hash' host-$turn.txt >host-$turn.hash
done
[ "$(wc -l <host-1.hash)" = 3 ]
cmp host-1.hash host-2.hash && cmp host-1.hash host-3.hash

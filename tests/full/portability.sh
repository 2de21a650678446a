# The program also works compiled for other processors: 32 bits (i386), other instructions with weaker
# ordering and unsigned char (aarch64), and the other byte order (s390x, also unsigned char). There
# the CPU's unit tests pass and those of what it stands on, the oracles' random streams give the same results and the
# 80286's captures pass, the test guests give the same hash and some of them the same trace to the byte, a snapshot
# from within SeaBIOS' run goes on where it was not made, and the demonstration says the same.
#
# It takes half an hour of two processors: code runs some twenty times slower here, so that each thing is done once. All targets
# are looked at at the same time; what one says stands in TARGET.report.
#
# The programs are linked statically and run by qemu's user mode. Compilers, qemu and libraries come
# from the system's package sources into BUILDDIR/cross, or VITRINE_CROSS (tests/cross/fetch.sh).
# VITRINE_TARGETS chooses among the targets; VITRINE_SUITES=all runs every suite of the unit tests.
# timeout: 3600
cross=${VITRINE_CROSS:-$BUILDDIR/cross}
targets=${VITRINE_TARGETS:-i686-linux-gnu aarch64-linux-gnu s390x-linux-gnu}
roms=$BUILDDIR/obj/roms
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
[ -f "$roms/tests/hello.bin" ] || { echo "the test guests are not built here (nasm is missing)"; exit 77; }
sh "$SRCDIR/tests/cross/fetch.sh" "$cross" || exit $?
cross=$(cd "$cross" && pwd)
PATH=$cross/bin:$PATH
native_cc=${CC:-cc} native_sanitize=$SANITIZE native_build=$BUILDDIR
unset CC AR NM OBJDUMP # the native ones: the runner's
wrong=0
complain() {
    echo "$1"
    wrong=$((wrong + 1))
}

# run TARGET PROGRAM ARGUMENT...: natively, or under qemu.
run() {
    target=$1
    shift
    case $target in
    native) "$@" ;;
    *) "qemu-$target" "$@" ;;
    esac
}

# guest TARGET GUEST OPTION...: its hash line and exit status.
guest() {
    target=$1 name=$2
    shift 2
    run "$target" "$(program "$target")" run --display none --max-speed --rtc 1700000000 --overlay \
        --no-reboot --timeout 900 --hash "$@" "$roms/tests/$name.bin" 2>"$target.err"
    echo "status $?"
}
program() { [ "$1" = native ] && echo "$VITRINE" || echo "./$1/vitrine"; }

# lab TARGET: what the demonstration says, and what is on its disk afterwards.
lab() {
    mkdir -p "$1-lab"
    cp "$roms/demo.img" "$roms/demo.ini" "$roms/alpha.elf" "$roms/beta.elf" "$1-lab"
    vitrine=$(program "$1")
    case $vitrine in ./*) vitrine=.$vitrine ;; esac
    (cd "$1-lab" && run "$1" "$vitrine" host --display none --max-speed --rtc 1700000000 --timeout 900 demo.ini)
    echo "status $?"
    (cd "$1-lab" && cksum demo.img)
}

# oracles TARGET: the hashes of the random streams, and how many captures pass (where the set is here).
oracles() {
    (
        cd "$1" || exit 1
        case $1 in native) CC=$native_cc SANITIZE=$native_sanitize BUILDDIR=$native_build ;;
        *) CC="$1-gcc -static" SANITIZE=no BUILDDIR=. ;; esac
        . "$SRCDIR/tests/oracle/build.sh"
        build_silicon || exit 1
        run "$1" ./silicon -H -n 5000 -s 1 -x 0
        run "$1" ./silicon -H -n 5000 -s 1 -x 1
        [ -z "$vectors" ] || { build_vectors && run "$1" ./vectors -v 1 -u 1 "$vectors" | tail -n 1; }
    ) 2>"$1-oracles.err"
}
vectors=$(. "$SRCDIR/tests/oracle/build.sh" && find_vectors >/dev/null && cd "$vectors" && pwd)
[ -n "$vectors" ] || echo "no captures of the 80286 here: left out"

# same_trace NATIVE FILE: but for the instruction, in words or bytes: the targets are built without Capstone. All that is
# made has FILE's name, as several targets compare at the same time.
same_trace() {
    for kind in native plain; do
        [ $kind = native ] && trace=$1 || trace=$2
        sed -e 's/"instruction":"[^"]*",//' -e 's/"code":"[^"]*",//' "$trace" >"$2.$kind"
    done
    cmp "$2.native" "$2.plain"
}

# --- what is expected: the native program's answers ------------------------------------------------------
# A trace of the firmware's accesses is 400,000 lines.
trace() { # trace TARGET GUEST
    case $2 in hello | v86) echo "--trace io --trace-out $1-$2.jsonl" ;; esac
}
guests=
for image in "$roms"/tests/*.bin; do
    name=$(basename "$image" .bin)
    guests="$guests $name"
    # shellcheck disable=SC2046
    guest native "$name" --bios embedded $(trace native "$name") >"native-$name.out"
    grep -q '^hash ' "native-$name.out" || complain "native: $name: $(cat native.err)"
done
guest native timer --max-instructions 9999999 --snapshot-save native.snap >native-half.out
guest native timer --max-instructions 2345678 --snapshot-load native.snap >native-rest.out
lab native >native-lab.out
mkdir native
oracles native >native-oracles.out
[ "$(grep -c hash native-oracles.out)" = 2 ] || complain "native: the oracles: $(cat native-oracles.err)"

# Of the CPU and what it stands on: the rest is the same C, and takes long.
suites=
if [ "${VITRINE_SUITES:-}" != all ]; then
    for source in "$SRCDIR"/tests/unit/test_*.c; do
        name=$(basename "$source" .c)
        case ${name#test_} in
        cpu_* | decode | f80 | ferr | moo | ops_* | simd | x87 | bits | clock | door | ram | regs | rings | space | state | string | \
            i8254 | i8259 | local_apic | pci) suites="$suites ${name#test_}" ;;
        esac
    done
fi

# --- each target ---------------------------------------------------------------------------------------------
check_target() {
    t=$1
    mkdir -p "$t"
    (cd "$t" && "$SRCDIR/configure" --host="$t" --enable-werror LDFLAGS=-static && make vitrine unit-tests) \
        >"$t.log" 2>&1 || {
        tail -n 30 "$t.log"
        complain "$t: cannot be built"
        return
    }
    # Emulated code is slow: Check's limits of time are made longer.
    # shellcheck disable=SC2086
    (cd "$t" && CK_TIMEOUT_MULTIPLIER=60 run "$t" ./unit-tests $suites) >"$t-unit.log" 2>&1 || {
        grep -aE ':[FE]:' "$t-unit.log"
        complain "$t: unit tests: $(tail -n 1 "$t-unit.log")"
    }
    echo "$t: $(grep -a 'Checks:' "$t-unit.log")"
    oracles "$t" >"$t-oracles.out"
    cmp native-oracles.out "$t-oracles.out" || {
        cat "$t-oracles.out" "$t-oracles.err"
        complain "$t: the oracles differ"
    }
    for name in $guests; do
        # shellcheck disable=SC2046
        guest "$t" "$name" --bios embedded $(trace "$t" "$name") >"$t-$name.out"
        cmp "native-$name.out" "$t-$name.out" || complain "$t: $name: $(cat "$t-$name.out" "$t.err")"
        [ ! -f "native-$name.jsonl" ] || same_trace "native-$name.jsonl" "$t-$name.jsonl" || complain "$t: $name: another trace"
        rm -f "$t-$name.jsonl" "$t-$name.jsonl.plain" "$t-$name.jsonl.native"
    done
    guest "$t" timer --max-instructions 9999999 --snapshot-save "$t.snap" >"$t-half.out"
    cmp native-half.out "$t-half.out" || complain "$t: half a run differs"
    cmp native.snap "$t.snap" || complain "$t: another snapshot"
    guest "$t" timer --max-instructions 2345678 --snapshot-load native.snap >"$t-rest.out"
    cmp native-rest.out "$t-rest.out" || complain "$t: the native snapshot goes on otherwise"
    lab "$t" >"$t-lab.out"
    cmp native-lab.out "$t-lab.out" || complain "$t: the demonstration differs"
    echo "$t: $(echo $guests | wc -w) guests, $(sed -n 's/^total //p' "$t-oracles.out") captures, a snapshot, the demonstration: compared"
}
# A target's report ends in how many things were wrong.
for t in $targets; do
    (wrong=0; check_target "$t"; echo "wrong $wrong") >"$t.report" 2>&1 &
done
wait
for t in $targets; do
    cat "$t.report"
    wrong=$((wrong + $(sed -n 's/^wrong //p' "$t.report" | tail -n 1)))
done
echo "$wrong wrong"
[ $wrong = 0 ]

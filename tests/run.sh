#!/bin/sh
# Runs tests and adds them up: sh tests/run.sh LEVEL [NAME...], from the build folder (make does it).
#
# LEVEL    runs
# quick    unit-tests, tests/scripts/*.sh
# check    those and tests/guest/*.sh, tests/golden/*.sh
# full     those and tests/full/*.sh
# nightly  those and tests/nightly/*.sh
# bench    tests/bench/*.sh alone, whose output is shown
# With NAMEs only the scripts of those names run (and no unit tests).
#
# A test script ends with 0 (passed), 77 (skipped; its last line says why) or anything else (failed).
# It runs in an empty folder of its own, BUILDDIR/test-out/KIND/NAME, and finds SRCDIR, BUILDDIR,
# VITRINE (the program) and LEVEL in its environment. It has 120 seconds, or what a line
# '# timeout: SECONDS' in it says. JOBS scripts run at once (default 2; benches run alone).
#
# The last line is 'N passed, N failed, N skipped'; the exit status is 0 when nothing failed.

run_one() {
    kind=$(basename "$(dirname "$1")")
    name=$(basename "$1" .sh)
    work=$BUILDDIR/test-out/$kind/$name
    rm -rf "$work"
    mkdir -p "$work" || exit 1
    limit=$(sed -n 's/^# timeout: \([0-9][0-9]*\)$/\1/p' "$1" | head -n 1)
    : "${limit:=120}"
    [ "$SANITIZE" != yes ] || limit=$((limit * 5))
    start=$(date +%s)
    (cd "$work" && exec timeout -k 5 "$limit" sh "$1") >"$work.log" 2>&1 </dev/null
    status=$?
    seconds=$(($(date +%s) - start))
    case $status in
    0) result=PASS note="(${seconds}s)" ;;
    77) result=SKIP note="($(tail -n 1 "$work.log"))" ;;
    124 | 137) result=FAIL note="(stopped after $limit s)" ;;
    *) result=FAIL note="(status $status)" ;;
    esac
    {
        echo "$result $kind: $name $note"
        if [ $kind = bench ]; then
            sed 's/^/    | /' "$work.log"
        elif [ $result = FAIL ]; then
            tail -n 40 "$work.log" | sed 's/^/    | /'
        fi
    } >"$work.result"
    cat "$work.result"
}

BUILDDIR=$(pwd)
SRCDIR=$(cd "$SRCDIR" && pwd) || exit 2
VITRINE=$BUILDDIR/vitrine
export BUILDDIR SRCDIR VITRINE
if [ "$1" = --one ]; then
    run_one "$2"
    exit 0
fi

LEVEL=$1
shift
export LEVEL
case $LEVEL in
quick) kinds="scripts" ;;
check) kinds="scripts guest golden" ;;
full) kinds="scripts guest golden full" ;;
nightly) kinds="scripts guest golden full nightly" ;;
bench) kinds="bench" JOBS=1 ;;
*) echo "run.sh: unknown level '$LEVEL'; quick, check, full, nightly or bench" >&2; exit 2 ;;
esac

out=$BUILDDIR/test-out
rm -rf "$out"
mkdir -p "$out" || exit 1
passed=0 failed=0 skipped=0

# Check prints file:line:P|F|E:case:test:iteration: message for each test, then its summary.
if [ "$LEVEL" != bench ] && [ $# = 0 ]; then
    limit=300
    [ "$SANITIZE" != yes ] || limit=2400
    CK_VERBOSITY=verbose timeout -k 5 $limit ./unit-tests >"$out/unit.log" 2>&1 </dev/null
    status=$?
    sed -n -e 's/^[^:]*test_\([^:]*\)\.c:[0-9]*:P:\([^:]*\):\([^:]*\):.*/PASS unit: \1: \2: \3/p' \
        -e 's/^[^:]*test_\([^:]*\)\.c:[0-9]*:[FE]:\([^:]*\):\([^:]*\):[0-9]*:\(.*\)/FAIL unit: \1: \2: \3:\4/p' \
        "$out/unit.log"
    summary=$(grep -o '[0-9]*%: Checks: .*' "$out/unit.log" | tail -n 1)
    if [ -n "$summary" ]; then
        checks=$(echo "$summary" | sed 's/.*Checks: \([0-9]*\),.*/\1/')
        bad=$(echo "$summary" | sed 's/.*Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 + \2/')
        failed=$(($bad))
        passed=$((checks - failed))
        echo "$summary"
    fi
    # A runner that died before its summary, or disagrees with it, is a failure of its own.
    if [ -z "$summary" ] || { [ $status != 0 ] && [ $failed = 0 ]; }; then
        tail -n 20 "$out/unit.log" | sed 's/^/    | /'
        echo "FAIL unit: unit-tests ended with status $status"
        failed=$((failed + 1))
    fi
fi

list=$out/list
for kind in $kinds; do
    for t in "$SRCDIR/tests/$kind"/*.sh; do
        [ -f "$t" ] || continue
        if [ $# = 0 ]; then echo "$t"; fi
        for n; do
            [ "$n" != "$(basename "$t" .sh)" ] || echo "$t"
        done
    done
done >"$list"
if [ -s "$list" ]; then
    xargs -n 1 -P "${JOBS:-2}" sh "$SRCDIR/tests/run.sh" --one <"$list"
fi
for kind in $kinds; do
    for r in "$out/$kind"/*.result; do
        [ -f "$r" ] || continue
        case $(head -n 1 "$r") in
        PASS*) passed=$((passed + 1)) ;;
        SKIP*) skipped=$((skipped + 1)) ;;
        *) failed=$((failed + 1)) ;;
        esac
    done
done
ran=$(find "$out" -maxdepth 2 -name '*.result' | wc -l)
if [ "$ran" -ne "$(wc -l <"$list")" ]; then
    echo "FAIL run.sh: $(wc -l <"$list") scripts to run, $ran have a result"
    failed=$((failed + 1))
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]

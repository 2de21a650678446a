#!/bin/sh
# Runs tests and adds them up: sh tests/run.sh LEVEL [NAME...], from the build folder (make does it).
#
# LEVEL    runs
# quick    the suites of unit-tests, tests/scripts/*.sh
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
# A suite of unit tests is a process of its own with the same limit; each of its checks counts. Under the
# sanitizers, where limits are five times as long, its tests share that process, not one each: the search
# for leaks and the fork of the sanitizers' tables for every test took more time than the tests.
#
# The last line is 'N passed, N failed, N skipped'; the exit status is 0 when nothing failed.

# Check prints file:line:P|F|E:case:test:iteration: message for each test behind its summary. A suite that
# died before its summary, or disagrees with it, is a failure of its own.
run_suite() {
    log=$out/unit/$1.log result=$out/unit/$1.result
    limit=120
    [ "$SANITIZE" != yes ] || limit=600 CK_FORK=no
    export CK_FORK CK_DEFAULT_TIMEOUT=60 CK_VERBOSITY=verbose
    timeout -k 5 $limit "$BUILDDIR/unit-tests" "$1" >"$log" 2>&1 </dev/null
    status=$?
    sed -n -e "s/^[^ :]*:[0-9]*:P:\([^:]*\):\([^:]*\):.*/PASS unit: $1: \1: \2/p" \
        -e "s/^[^ :]*:[0-9]*:[FE]:\([^:]*\):\([^:]*\):[0-9]*:\(.*\)/FAIL unit: $1: \1: \2:\3/p" "$log" >"$result"
    checks=$(sed -n 's/^[0-9]*%: Checks: \([0-9]*\),.*/\1/p' "$log" | tail -n 1)
    if [ "$checks" != "$(wc -l <"$result")" ] || { [ $status != 0 ] && ! grep -q '^FAIL' "$result"; }; then
        echo "FAIL unit: $1: ended with status $status after ${checks:-no} checks" >>"$result"
        tail -n 40 "$log" | sed 's/^/    | /' >>"$result"
    fi
    cat "$result"
}

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
out=$BUILDDIR/test-out
if [ "$1" = --one ]; then
    case $2 in
    suite:*) run_suite "${2#suite:}" ;;
    *) run_one "$2" ;;
    esac
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

rm -rf "$out"
mkdir -p "$out/unit" || exit 1

list=$out/list
{
    [ "$LEVEL" = bench ] || [ $# != 0 ] || ./unit-tests --list | sed 's/^/suite:/'
    for kind in $kinds; do
        for t in "$SRCDIR/tests/$kind"/*.sh; do
            [ -f "$t" ] || continue
            if [ $# = 0 ]; then echo "$t"; fi
            for n; do
                [ "$n" != "$(basename "$t" .sh)" ] || echo "$t"
            done
        done
    done
} >"$list"
if [ -s "$list" ]; then
    xargs -n 1 -P "${JOBS:-2}" sh "$SRCDIR/tests/run.sh" --one <"$list"
fi
count() { cat "$out"/*/*.result 2>/dev/null | grep -c "^$1 "; }
passed=$(count PASS) failed=$(count FAIL) skipped=$(count SKIP)
ran=$(find "$out" -maxdepth 2 -name '*.result' | wc -l)
if [ "$ran" -ne "$(wc -l <"$list")" ]; then
    echo "FAIL run.sh: $(wc -l <"$list") suites and scripts to run, $ran have a result"
    failed=$((failed + 1))
fi
if [ "$LEVEL" != bench ] && [ $# = 0 ] && ! grep -q '^suite:' "$list"; then
    echo "FAIL run.sh: unit-tests --list names no suite"
    failed=$((failed + 1))
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]

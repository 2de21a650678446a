# tests/run.sh tells passed, failed, skipped and hanging scripts apart, adds them up, and fails when
# one fails, or when a suite of unit tests dies before its summary or disagrees with it.
set -e
mkdir -p top/tests/scripts build
cp "$SRCDIR/tests/run.sh" top/tests
cd build
# suites 'BODY': unit-tests has two suites, of two checks and of one; BODY runs in front of their output.
suites() {
    cat >unit-tests <<END
#!/bin/sh
[ "\$1" != --list ] || { printf 'cups\nmugs\n'; exit 0; }
$1
[ "\$1" != cups ] || printf '100%%: Checks: 2, Failures: 0, Errors: 0\nx/test_cups.c:8:P:c:full:0: Passed\nx/test_cups.c:9:P:c:empty:0: Passed\n'
[ "\$1" != mugs ] || printf '100%%: Checks: 1, Failures: 0, Errors: 0\nx/test_mugs.c:8:P:m:full:0: Passed\n'
END
    chmod +x unit-tests
}
suites :
t=../top/tests/scripts
run() { status=0; SRCDIR=../top SANITIZE=no sh ../top/tests/run.sh quick >out.txt 2>&1 || status=$?; }
expect() { # expect STATUS LAST-LINE
    run
    [ $status = "$1" ] && [ "$(tail -n 1 out.txt)" = "$2" ] || { echo "wanted $1, $2; got $status:"; cat out.txt; exit 1; }
}
expect 0 '3 passed, 0 failed, 0 skipped'
echo 'exit 0' >$t/good.sh
expect 0 '4 passed, 0 failed, 0 skipped'
echo 'echo no network; exit 77' >$t/idle.sh
expect 0 '4 passed, 0 failed, 1 skipped'
grep -q '^SKIP scripts: idle (no network)$' out.txt
echo 'echo reason; exit 3' >$t/bad.sh
expect 1 '4 passed, 1 failed, 1 skipped'
grep -q '| reason' out.txt
rm $t/bad.sh
printf '# timeout: 1\nsleep 60\n' >$t/hangs.sh
expect 1 '4 passed, 1 failed, 1 skipped'
rm $t/hangs.sh
failing_mug='[ $1 != mugs ] || { printf "0%%: Checks: 1, Failures: 1, Errors: 0\nx/test_mugs.c:8:F:m:full:0: leaks\n"; exit 1; }'
suites "$failing_mug"
expect 1 '3 passed, 1 failed, 1 skipped'
grep -q '^FAIL unit: mugs: m: full: leaks$' out.txt
suites '[ $1 != cups ] || kill -SEGV $$'
expect 1 '2 passed, 1 failed, 1 skipped'
suites '[ $1 != cups ] || { printf "100%%: Checks: 2, Failures: 0, Errors: 0\nx/test_cups.c:8:P:c:full:0: Passed\n"; exit 0; }'
expect 1 '3 passed, 1 failed, 1 skipped' # one of two checks was not told
suites '[ $1 != mugs ] || { printf "100%%: Checks: 1, Failures: 0, Errors: 0\nx/test_mugs.c:8:P:m:full:0: Passed\n"; exit 3; }'
expect 1 '4 passed, 1 failed, 1 skipped' # a leak is found behind the last check
suites 'exit 0'
expect 1 '1 passed, 2 failed, 1 skipped'
printf '#!/bin/sh\nkill -SEGV $$\n' >unit-tests
expect 1 '1 passed, 1 failed, 1 skipped'

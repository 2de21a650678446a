# tests/run.sh tells passed, failed, skipped and hanging scripts apart, adds them up, and fails when
# one fails, or when the unit tests die before their summary.
set -e
mkdir -p top/tests/scripts build
cp "$SRCDIR/tests/run.sh" top/tests
cd build
printf '#!/bin/sh\necho "100%%: Checks: 3, Failures: 0, Errors: 0"\n' >unit-tests
chmod +x unit-tests
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
printf '#!/bin/sh\necho "66%%: Checks: 3, Failures: 1, Errors: 0"; exit 1\n' >unit-tests
expect 1 '3 passed, 1 failed, 1 skipped'
printf '#!/bin/sh\nkill -SEGV $$\n' >unit-tests
expect 1 '1 passed, 1 failed, 1 skipped'

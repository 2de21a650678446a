# Ring, event channel and scheduler as a model (tests/models/ring.pml): Spin finds no lost wake-up and no
# deadlock in any order of steps; and it finds each of five seeded mistakes.
# timeout: 300
command -v spin >/dev/null || { echo "spin is not installed (package spin)"; exit 77; }
cc=${CC:-cc}
command -v $cc >/dev/null || { echo "no C compiler here"; exit 77; }
model=$SRCDIR/tests/models/ring.pml
# verdict FLAGS...: "errors: N"
verdict() {
    spin -a "$@" "$model" >spin.txt 2>&1 && $cc -O2 -DSAFETY -DVECTORSZ=2048 -o pan pan.c 2>cc.txt ||
        { cat spin.txt cc.txt >&2; exit 1; }
    timeout 100 ./pan -m100000 >pan.txt 2>&1
    grep -q 'max search depth too small\|out of memory' pan.txt || ! grep -q 'elapsed time' pan.txt && { echo "cut short"; return; }
    grep -o 'errors: [0-9]*' pan.txt
}
wrong=0
right=$(verdict)
echo "as it is: $right, $(grep -o '[0-9.e+]* states, stored' pan.txt)"
[ "$right" = "errors: 0" ] || { cat pan.txt; wrong=1; }
for mistake in NO_FINAL_CHECK NO_FRONT_CHECK HALT_IN_TWO NO_WAKE EARLY_EVENT; do
    found=$(verdict -D$mistake)
    echo "$mistake: $found"
    [ "$found" = "errors: 1" ] && grep -q 'invalid end state' pan.txt || { echo "not found"; wrong=1; }
done
exit $wrong

# What a trace of all I/O of a Linux boot costs: the same run without one, as text and as .vtr in turns; CPU
# seconds (user and system, the writing thread's too), medians of BENCH_PASSES turns (5). Below 10 % of the run's
# time for .vtr and 30 % for text is wanted. The table is also in the build folder's bench/trace-cost.txt.
# timeout: 3000
set -e
. "$SRCDIR/tests/guest/guests.inc"
command -v python3 >/dev/null || { echo "no python3 for scripts/bench_trace.py"; exit 77; }
mkdir -p "$BUILDDIR/bench"
python3 "$SRCDIR/scripts/bench_trace.py" --vitrine "$VITRINE" --guests "$(cd "$GUESTS" && pwd)" \
    --command-line "$SRCDIR/tests/guests/command-line" --passes "${BENCH_PASSES:-5}" | tee "$BUILDDIR/bench/trace-cost.txt"
! grep -q 'above the goal' "$BUILDDIR/bench/trace-cost.txt"

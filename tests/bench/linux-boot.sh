# Debian's kernel from reset to the first shell command, then jobs in its shell, on Vitrine and on
# qemu-system-i386 -accel tcg in turns: CPU and wall seconds, instructions of the boot. BENCH_PASSES
# chooses the number of turns. The table is also in bench/linux.json of the build folder.
# timeout: 1200
set -e
. "$SRCDIR/tests/guest/guests.inc"
command -v python3 >/dev/null || { echo "no python3 for scripts/bench_linux.py"; exit 77; }
mkdir -p "$BUILDDIR/bench"
python3 "$SRCDIR/scripts/bench_linux.py" --vitrine "$VITRINE" --guests "$(cd "$GUESTS" && pwd)" \
    --passes "${BENCH_PASSES:-2}" --json "$BUILDDIR/bench/linux.json"

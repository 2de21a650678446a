# What each technique of the interpreter gives (docs/performance.md): programs that lack one each
# (cpu/techniques.h) are built below obj/without and run in turns with the program as it is. The table
# is also in the build folder's bench/techniques.json. BENCH_KERNELS (a,b), BENCH_PASSES and
# BENCH_SECONDS choose less or more of it.
# timeout: 5400
set -e
command -v python3 >/dev/null || { echo "no python3 for scripts/bench_techniques.py"; exit 77; }
image=$BUILDDIR/obj/roms/bench.img
[ -f "$image" ] || { echo "no $image: the guest code was not built here"; exit 77; }
make -C "$BUILDDIR" -j2 techniques >make.log 2>&1 || { tail -n 20 make.log; exit 1; }
mkdir -p "$BUILDDIR/bench"
python3 "$SRCDIR/scripts/bench_techniques.py" --image "$image" --program "$VITRINE" \
    --without "$BUILDDIR/obj/without" --passes "${BENCH_PASSES:-3}" --seconds "${BENCH_SECONDS:-0.3}" \
    ${BENCH_KERNELS:+--kernels "$BENCH_KERNELS"} --json "$BUILDDIR/bench/techniques.json"
echo "written: $BUILDDIR/bench/techniques.json"

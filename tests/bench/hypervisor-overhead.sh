# What the hypervisor layer costs a guest that only computes: the same kernels of the benchmark guest as a single
# machine and as the one guest of a host, in turns. Wanted: below 2 % (the median over the kernels of the medians of
# the passes' ratios of CPU time). BENCH_KERNELS, BENCH_PASSES and BENCH_SECONDS choose less or more.
# timeout: 1800
set -e
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
[ -f "$BUILDDIR/obj/roms/bench.elf" ] || { echo "no bench.elf: the guest code was not built here"; exit 77; }
mkdir -p "$BUILDDIR/bench"
python3 "$SRCDIR/tests/bench/hypervisor_overhead.py" "$VITRINE" "$BUILDDIR/obj/roms/bench.elf" \
    "${BENCH_KERNELS:-alu,copy,sieve,qsort,sha256,mix,records,mandel}" "${BENCH_PASSES:-7}" "${BENCH_SECONDS:-1.5}" |
    tee "$BUILDDIR/bench/hypervisor-overhead.txt"

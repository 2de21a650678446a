# The benchmark guest (roms/bench) on Vitrine and on the peers that this machine has, in turns: guest
# MIPS per CPU second by kernel, as a table, kernels.json and kernels.svg in the build folder's bench/.
# BENCH_KERNELS (a,b), BENCH_PASSES and BENCH_SECONDS choose less or more of it; BENCH_FOREIGN names a
# folder with another guest of the same protocol, measured after it (scripts/bench.py says how).
# timeout: 3000
set -e
command -v python3 >/dev/null || { echo "no python3 for scripts/bench.py"; exit 77; }
"$VITRINE" run --help >/dev/null 2>&1 || { echo "the program has no command 'run'"; exit 77; }
image=$BUILDDIR/obj/roms/bench.img
[ -f "$image" ] || { echo "no $image: the guest code was not built here"; exit 77; }
out=$BUILDDIR/bench
mkdir -p "$out"

measure() { # measure NAME OPTION...
    name=$1
    shift
    python3 "$SRCDIR/scripts/bench.py" "$@" --peers --goals "$SRCDIR/tests/bench/goals.json" \
        --emulator "vitrine=$VITRINE run --disk {image} --memory 64M --display none --serial stdio --max-speed" \
        --passes "${BENCH_PASSES:-3}" --seconds "${BENCH_SECONDS:-0.6}" \
        ${BENCH_KERNELS:+--kernels "$BENCH_KERNELS"} --json "$out/$name.json" --svg "$out/$name.svg"
    echo "written: $out/$name.json, $out/$name.svg"
}
measure kernels --image "$image"
[ -z "$BENCH_FOREIGN" ] || measure foreign --foreign "$BENCH_FOREIGN"

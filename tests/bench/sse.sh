# The benchmark guest's kernels with SSE2 (roms/bench/sse.c, float.c) on the CPU model max, and on qemu-system-i386 -accel tcg
# -cpu max: guest MIPS per CPU second as a table, and sse.json and sse.svg in the build folder's bench/. BENCH_PASSES and
# BENCH_SECONDS choose less or more of it.
# timeout: 600
set -e
command -v python3 >/dev/null || { echo "no python3 for scripts/bench.py"; exit 77; }
image=$BUILDDIR/obj/roms/bench.img
[ -f "$image" ] || { echo "no $image: the guest code was not built here"; exit 77; }
out=$BUILDDIR/bench
mkdir -p "$out"
peer=
if command -v qemu-system-i386 >/dev/null; then
    peer="qemu-tcg=qemu-system-i386 -accel tcg -cpu max -m 64 -display none -nodefaults -vga std -no-reboot -monitor none"
    peer="$peer -serial stdio -drive file={image},format=raw,if=ide"
else
    echo "qemu-tcg: not found on this machine, left out"
fi
python3 "$SRCDIR/scripts/bench.py" --image "$image" \
    --emulator "vitrine=$VITRINE run --cpu max --disk {image} --memory 64M --display none --serial stdio --max-speed" \
    ${peer:+--emulator "$peer"} --kernels sse-mandel,sse-nbody,sse-scan,sse-copy,sse-pixels \
    --passes "${BENCH_PASSES:-3}" --seconds "${BENCH_SECONDS:-0.6}" --json "$out/sse.json" --svg "$out/sse.svg"

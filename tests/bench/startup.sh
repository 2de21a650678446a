# What a machine costs besides its instructions: time to the first one, memory beyond guest RAM, and
# what the hypervisor takes of a CPU-bound guest. Linux' memory is measured where `make guests` has been.
# timeout: 900
set -e
command -v python3 >/dev/null || { echo "no python3 for scripts/bench_startup.py"; exit 77; }
[ -d /proc/self ] || { echo "no /proc here"; exit 77; }
roms=$BUILDDIR/obj/roms
[ -f "$roms/bench.elf" ] || { echo "no $roms/bench.elf: the guest code was not built here"; exit 77; }
guests=${VITRINE_GUESTS:-$BUILDDIR/guests}
[ -f "$guests/linux.img" ] || { echo "no $guests/linux.img: Linux' memory is left out"; guests=; }
mkdir -p "$BUILDDIR/bench"
python3 "$SRCDIR/scripts/bench_startup.py" --vitrine "$VITRINE" --kernel "$roms/bench.elf" \
    --image "$roms/bench.img" ${guests:+--guests "$guests"} --json "$BUILDDIR/bench/startup.json"

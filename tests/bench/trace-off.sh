#!/bin/sh
# A trace that is off costs nothing measurable: instructions of the workstation's processor for the same
# runs, by the program as it is and by one without the door's looking (DOOR_IS_BUILT in bus/door.h). Counted by
# perf where the processor's counters can be had, else by valgrind; below 0.5 % is wanted. The table is also in
# the build folder's bench/trace-off.txt.
# timeout: 1800
set -e
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
if perf stat -x, -e instructions:u true 2>&1 | grep -q '^[0-9]'; then
    count() { perf stat -x, -o counted -e instructions:u "$@" >/dev/null 2>&1 || true; awk -F, '/instructions/ { print $1 }' counted; }
elif command -v valgrind >/dev/null; then
    count() { valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" >/dev/null 2>counted || true; awk '/Collected/ { print $4 }' counted; }
else
    echo "neither counters for perf nor valgrind"
    exit 77
fi
mkdir -p "$BUILDDIR/bench"
make -C "$BUILDDIR" -j2 obj/without/trace/vitrine >make.log 2>&1 || { tail -n 20 make.log; exit 1; }
nasm -f bin -o seven.bin "$SRCDIR/tests/guest/seven.asm"
dd if=/dev/zero of=seven.img bs=1024 count=2048 2>/dev/null
dd if=seven.bin of=seven.img conv=notrunc 2>/dev/null

# A boot (the firmware waits by reading port 61h: an access for some 40 instructions), and work without accesses.
run() { # run PROGRAM NAME
    case $2 in
    boot) set -- "$1" run --bios embedded --overlay seven.img ;;
    work) set -- "$1" run --kernel "$BUILDDIR/obj/roms/bench.elf" --append "kernel=records units=1" ;;
    esac
    program=$1
    shift
    count "$program" "$@" --memory 64M --display none --max-speed --rtc 1000000000
}
status=0
: >"$BUILDDIR/bench/trace-off.txt"
for name in boot work; do
    [ $name = work ] && [ ! -f "$BUILDDIR/obj/roms/bench.elf" ] && continue
    with=$(run "$VITRINE" $name)
    less=$(run "$BUILDDIR/obj/without/trace/vitrine" $name)
    [ "${with:-0}" -gt 1000000 ] && [ "${less:-0}" -gt 1000000 ] || { echo "nothing was counted: $(cat counted)"; exit 1; }
    awk -v name=$name -v with="$with" -v less="$less" 'BEGIN { more = (with - less) * 100 / less
        printf "%s: %d instructions with the trace built in and off, %d without: %+.3f %%\n", name, with, less, more
        exit more >= 0.5 }' >>"$BUILDDIR/bench/trace-off.txt" || status=1
done
cat "$BUILDDIR/bench/trace-off.txt"
[ $status = 0 ] || echo "0.5 % or more"
exit $status

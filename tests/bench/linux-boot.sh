# How long the selftest image takes: to the kernel's marker READY and to power-off, in seconds of wall
# time, with Vitrine and with qemu-system-i386 -accel tcg, one after the other in one run.
# timeout: 600
set -e
. "$SRCDIR/tests/guest/guests.inc"
command -v qemu-system-i386 >/dev/null || { echo "no qemu-system-i386 to compare with"; exit 77; }

now() { date +%s.%N; }
# measure NAME COMMAND...: runs it; NAME.log is its serial line.
measure() {
    name=$1
    shift
    cp --sparse=always "$GUESTS/selftest.img" disk.img
    rm -f "$name.log"
    start=$(now)
    "$@" &
    pid=$!
    ready=
    while kill -0 $pid 2>/dev/null; do
        if [ -z "$ready" ] && grep -q -a VITRINE-GUEST-READY "$name.log" 2>/dev/null; then ready=$(now); fi
        sleep 0.05
    done
    wait $pid
    end=$(now)
    grep -q -a VITRINE-DONE "$name.log"
    echo "$name $start $ready $end" | awk '{ printf "%-8s READY after %6.2f s, power-off after %6.2f s\n", $1, $3 - $2, $4 - $2 }'
    echo "$start $end" | awk '{ print $2 - $1 }' >"$name.seconds"
}

measure vitrine "$VITRINE" run --memory 64M --disk disk.img,geometry=400/16/63 --nic ne2k-pci \
    --serial file:vitrine.log --display none --max-speed
measure qemu qemu-system-i386 -accel tcg -machine pc,hpet=off -cpu pentium3,-apic -m 64 -no-reboot \
    -drive file=disk.img,format=raw,if=none,id=d -device ide-hd,drive=d,cyls=400,heads=16,secs=63,bus=ide.0 \
    -netdev user,id=n -device ne2k_pci,netdev=n -serial file:qemu.log -display none -monitor none
paste vitrine.seconds qemu.seconds | awk '{ printf "vitrine / qemu: %.2f\n", $1 / $2 }'

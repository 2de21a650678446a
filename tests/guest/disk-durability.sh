# What disks must keep: a guest writes and flushes for ever (disk_writer.asm), and the program is killed at
# any time, finds no room, or has its image cut.
# timeout: 300
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
fail() { echo "disk-durability: $*"; tail -n 3 err 2>/dev/null; exit 1; }
${NASM:-nasm} -f bin -o writer.bin "$SRCDIR/tests/guest/disk_writer.asm" || { echo "no nasm"; exit 77; }
sectors=2000
{ cat writer.bin; head -c $(((sectors - 1) * 512)) /dev/zero; } >fresh.img
"$VITRINE" disk convert fresh.img fresh.qcow2 >/dev/null || fail "no qcow2 image"

start() { # start IMAGE: runs the guest on it; sets pid
    : >said
    "$VITRINE" run --bios embedded --display none --max-speed --timeout 120 --debug-console file:said "$1" \
        >out 2>err &
    pid=$!
}
flushed() { # the number of the last write that the guest knows to be stable; its last line may be cut
    sed '$d' said | awk '/^[0-9]+$/ { n = $1 } END { print n + 0 }'
}
wait_for() { # wait_for N: until the guest has flushed its write N
    tries=0
    while [ "$(flushed)" -lt "$1" ]; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] && kill -0 $pid 2>/dev/null || fail "the guest does not get to write $1"
        sleep 0.05
    done
}
# Every sector holds one number throughout (none is torn), one that belongs there, and none is older than the
# last one that was flushed.
judge() { # judge RAW-IMAGE LAST
    [ "$2" -gt 0 ] || fail "nothing was flushed"
    od -A d -v -t u4 -w512 "$1" | awk -v last="$2" '
        BEGIN { for (n = 1; n <= last; n++) oldest[64 + 37 * n % 1500] = n }
        NF > 1 && $1 >= 64 * 512 {
            lba = $1 / 512
            for (i = 3; i <= NF; i++)
                if ($i != $2) { print "sector " lba " is torn: " $2 " and " $i; bad = 1; exit }
            if ($2 < oldest[lba] + 0 || ($2 && 64 + 37 * $2 % 1500 != lba)) {
                print "sector " lba " holds " $2 ", flushed was " oldest[lba] + 0; bad = 1; exit
            }
        }
        END { exit bad }' || fail "$1 after write $2"
}

# --- kill -9 at any time ------------------------------------------------------------------------
kills=0
for format in img qcow2; do
    for round in 1 2 3 4 5 6; do
        cp fresh.$format disk.$format
        start disk.$format
        wait_for $((round * 40))
        sleep 0.0$(((round * 7 + $$) % 10))
        kill -9 $pid
        wait $pid 2>/dev/null
        last=$(flushed)
        if [ $format = qcow2 ]; then
            "$VITRINE" disk check disk.qcow2 >check.out 2>&1 || fail "$(cat check.out)"
            # 3: clusters that were taken and not used yet; all else is a fault.
            ! command -v qemu-img >/dev/null || qemu-img check -q disk.qcow2 >check.out 2>&1 ||
                [ $? = 3 ] || fail "qemu-img: $(cat check.out)"
            "$VITRINE" disk convert --force disk.qcow2 disk.img >/dev/null || fail "it does not open any more"
        fi
        judge disk.img "$last"
        kills=$((kills + 1))
    done
done

# --- no room: the guest waits, and goes on when there is some -------------------------------------
paused=skipped
if command -v prlimit >/dev/null; then
    for format in img qcow2; do
        cp fresh.$format disk.$format
        room=$(($(wc -c <disk.$format) + 200000))
        [ $format = qcow2 ] || room=500000 # a raw image does not grow: its upper half is out of reach
        : >said
        : >err # what the run before has said
        (ulimit -S -f $((room / 512)) && exec "$VITRINE" run --bios embedded --display none --max-speed \
            --timeout 120 --debug-console file:said disk.$format >out 2>err) &
        pid=$!
        tries=0
        until grep -q 'no room' err; do
            tries=$((tries + 1))
            [ $tries -lt 400 ] && kill -0 $pid 2>/dev/null || fail "$format: no room is not said"
            sleep 0.05
        done
        grep -q "disk.$format: no room for 512 bytes; the guest waits; fix: " err || fail "the message: $(cat err)"
        before=$(flushed)
        prlimit --pid $pid --fsize=unlimited
        wait_for $((before + 1600)) # once around all sectors
        kill $pid
        wait $pid
        [ $? = 143 ] || fail "$format: it did not end well"
        [ "$(grep -c 'no room' err)" -lt 5 ] || fail "$format: said too often"
        last=$(flushed)
        [ $format = img ] || "$VITRINE" disk convert --force disk.qcow2 disk.img >/dev/null || fail "it does not open"
        judge disk.img "$last"
    done
    paused=held
fi

# --- shortened while it runs: IDNF (10h → status 33), no signal -----------------------------------
# A write that has seen the old length may land behind the cut and make the file longer: once, not always.
for turn in 1 2 3; do
    cp fresh.img disk.img
    start disk.img
    wait_for 40
    "${TRUNCATE:-truncate}" -s 102400 disk.img 2>/dev/null || dd if=/dev/null of=disk.img bs=1 seek=102400 2>/dev/null
    wait $pid
    status=$?
    [ $status = 33 ] || fail "status $status instead of 33 after the image was cut"
    grep -q 'disk.img: the image has become shorter' err || fail "it is not said: $(cat err)"
    [ "$(wc -c <disk.img)" -ne 102400 ] || break
    [ $turn -lt 3 ] || fail "the image grew again"
done
echo "disk-durability: $kills kills, no room $paused, cut once: all held"

# Each access of a guest does bounded work, counted and not timed: the devices are compiled so that each basic
# block counts itself, every board is given 400,000 accesses, programs and rings of any bytes, and no device does more
# than devices/work_bounds.c says; and a device with a loop that it must not have is found.
# timeout: 600
CC=${CC:-cc}
include="-I$BUILDDIR -I$SRCDIR"
echo 'int main(void) { return 0; }' >probe.c
$CC -fsanitize-coverage=trace-pc -c probe.c -o probe.o 2>/dev/null || {
    echo "the compiler has no -fsanitize-coverage=trace-pc"
    exit 77
}
[ "$SANITIZE" != yes ] || { echo "counts are taken without sanitizers"; exit 77; }
[ -f "$BUILDDIR/libvitrine.a" ] || { echo "the library is not built here"; exit 77; }
# count FILE OBJECT: compiles it so that its blocks count themselves.
count() {
    $CC -std=gnu11 -O1 -w -fsanitize-coverage=trace-pc $include -c "$1" -o "$2"
}
mkdir counted
for folder in base bus devices machine; do
    for file in "$SRCDIR/$folder"/*.c; do
        count "$file" "counted/$folder-$(basename "$file" .c).o" || exit 1
    done
done
libraries="$BUILDDIR/libvitrine.a $(sed -n 's/^lib_libs = //p' "$BUILDDIR/Makefile") -lpthread -lm"
$CC -std=gnu11 -O1 $include -o bounded-work "$SRCDIR/tests/fuzz/bounded_work.c" counted/*.o $libraries || exit 1
for board in pc isa full pc-apic; do
    for seed in ${SEEDS:-1 2}; do
        ./bounded-work "$board" "$seed" 200000 >"$board-$seed.txt" || { cat "$board-$seed.txt"; exit 1; }
    done
done
cat pc-1.txt

sed 's/->code = (uint8_t)value;/& for (volatile int i = 0; i < 5000; i++) { }/' "$SRCDIR/devices/post_port.c" >endless.c
count endless.c counted/devices-post_port.o || exit 1
$CC -std=gnu11 -O1 $include -o bounded-work "$SRCDIR/tests/fuzz/bounded_work.c" counted/*.o $libraries || exit 1
if ./bounded-work pc 1 20000 >endless.txt; then
    echo "a loop of 5,000 rounds was not seen"
    exit 1
fi
grep '^MORE post-port: ' endless.txt

# Every (C,H,S) of every guest of random partition tables maps inside of its own cylinders and nowhere else: 805
# million addresses a table, through the map that the hypervisor uses. A map that is off by one is found.
# timeout: 300
set -e
cc=${CC:-cc}
command -v $cc >/dev/null || { echo "no C compiler here"; exit 77; }
build() { $cc -std=c11 -O3 -I"$SRCDIR" "$@"; }
build -o disk-map "$SRCDIR/tests/golden/disk_map.c"
./disk-map "${DISK_TABLES:-1}"
mkdir -p wrong/hypervisor
cp "$SRCDIR/tests/golden/disk_map.c" wrong/
sed 's/lba >= g.total/lba > g.total/; s/physical->cylinder += range->first_cylinder/& + (physical->head == 3)/' \
    "$SRCDIR/hypervisor/vdisk_map.c" >wrong/hypervisor/vdisk_map.c
$cc -std=c11 -O3 -Iwrong -I"$SRCDIR" -o wrong-map wrong/disk_map.c
if ./wrong-map 1; then
    echo "a wrong map was not found"
    exit 1
fi

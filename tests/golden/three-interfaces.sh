# One block of the disk is read by port accesses, through a ring in shared memory and by system calls served below the
# guest's kernel: the same bytes, whoever holds the disk's driver, by PIO or by the host's bus master; the ring costs one
# hypercall and one upcall.
# timeout: 120
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
cp --sparse=always "$BUILDDIR/obj/roms/demo.img" .
cp "$BUILDDIR/obj/roms/experiment.elf" .
for model in native hosted split; do
for dma in off on; do
    cat >lab.ini <<EOF
[host]
memory = 64M
disk = demo.img,geometry=1000/16/63
disk_driver = $model
disk_dma = $dma
[guest alpha]
memory = 8M
nic = none
cylinders = 100-199
kernel = experiment.elf
append = lab=ways
serial = file:out.txt
syscalls = 3=disk
EOF
    "$VITRINE" host --display none lab.ini >table.txt
    tr -d '\r' <out.txt >said.txt
    for line in 'ways: ports ok' 'ways: ring ok accesses=0 hypercalls=1 upcalls=1' \
        'ways: int80h ok' 'ways: sysenter ok'; do
        grep -q "$line" said.txt || { echo "$model: not said: $line"; cat said.txt; exit 1; }
    done
    grep -q 'system calls: 4 decoded, 4 served: 8192 bytes read' table.txt || { cat table.txt; exit 1; }
    transfers=$(awk '/of its commands by DMA/ { print $3 }' table.txt)
    [ $dma = off ] && [ -z "$transfers" ] || [ "${transfers:-0}" -gt 10 ] || { cat table.txt; exit 1; }
    rm out.txt
done
done
# What is written by the host's bus master lies where PIO puts it.
for dma in off on; do
    cp --sparse=always "$BUILDDIR/obj/roms/demo.img" $dma.img
    sed -e "s/demo.img/$dma.img/" -e "s/^disk_dma.*/disk_dma = $dma/" -e 's/lab=ways/lab=batch/' lab.ini >$dma.ini
    "$VITRINE" host --display none $dma.ini >table.txt
    grep -q '4096 written' table.txt || { cat table.txt; exit 1; }
done
cmp off.img on.img
! cmp -s off.img "$BUILDDIR/obj/roms/demo.img"

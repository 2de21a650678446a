# How many accesses of ports and registers a read of 4 KiB costs Linux, by interface: PIO (a board without
# PCI; 2,048 words of 16 bits are its data), DMA, and virtio; counted in the trace, over 200 reads of a block
# each. Accesses by DMA, the device's own, don't count.
# timeout: 900
set -e
. "$SRCDIR/tests/guest/guests.inc"
LC_ALL=C awk 'BEGIN { for (i = 0; i < 2048; i++) printf "%-511s\n", "sector " i }' >disk.img
blocks=200

# count NAME DEVICE BOARD MODEL DISK BLOCKS: accesses of a run with so many reads.
count() {
    "$VITRINE" run --memory 64M --board "$3" --disk "disk.img,$4" --serial "file:$1.log" --display none \
        --trace "io:dev=$2" --trace-out "$1.jsonl" --kernel "$GUESTS/vmlinuz" --initrd "$GUESTS/initramfs.gz" \
        --append "$(cat "$SRCDIR/tests/guests/command-line") vitrine.job=read vitrine.root=$5 vitrine.from=$5 vitrine.blocks=$6"
    expect "$1.log" "^VITRINE-READ-OK $6 blocks\$" '^VITRINE-DONE$'
    grep -v '"space":"dma"' "$1.jsonl" |
        awk '{ n += match($0, /"count":[0-9]+/) ? substr($0, RSTART + 8, RLENGTH - 8) : 1 } END { print n + 0 }'
}
# reads NAME DEVICE BOARD MODEL DISK: for each of the reads. What a run with one does is taken off.
reads() {
    with=$(count "$1" "$2" "$3" "$4" "$5" $blocks)
    without=$(count "$1-none" "$2" "$3" "$4" "$5" 1)
    awk -v name="$1" -v n=$((with - without)) -v blocks=$((blocks - 1)) \
        'BEGIN { printf "%-8s %7.1f accesses for each read of 4 KiB\n", name, n / blocks }'
}
{
    reads pio ide isa model=ata /dev/sda
    reads dma ide pc model=ata /dev/sda
    reads legacy vdisk pc model=virtio-blk,transport=legacy /dev/vda
    reads modern vdisk pc model=virtio-blk,transport=modern /dev/vda
} | tee table
awk '{ n[$1] = $2 }
     END { exit !(n["pio"] > 900 && n["pio"] < 2200 && n["dma"] > 15 && n["dma"] < 40 &&
                  n["legacy"] > 1.5 && n["legacy"] < 2.5 && n["modern"] > 1.5 && n["modern"] < 2.5) }' table

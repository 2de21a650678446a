#!/bin/sh
# Requests a second for each interface: a guest reads the same 4 KiB of its disk again and again, by PIO (words, a
# command a sector; double words, one command), bus-master DMA, virtio, a ring and system calls; with the host's
# disk driven by PIO and by DMA. First of the modelled time, in which each crossing and copy costs what [costs]
# says (the order of the interfaces is checked), then of the workstation's processor. The table is also in the build
# folder's bench/interfaces.txt.
# timeout: 600
set -e
[ -f "$BUILDDIR/obj/roms/experiment.elf" ] || { echo "the lab guests are not built here"; exit 77; }
cp --sparse=always "$BUILDDIR/obj/roms/demo.img" .
mkdir -p "$BUILDDIR/bench"

# lab WAY DMA BLOCKS: the LAB.ini.
lab() {
    model=ata
    [ "$1" = virtio ] && model=virtio-blk
    cat <<INI
[host]
memory = 64M
disk = demo.img,geometry=1000/16/63,overlay
disk_dma = $2
clock = 733000000
[guest alpha]
memory = 8M
nic = none
cylinders = 100-199
disk_model = $model
kernel = $BUILDDIR/obj/roms/experiment.elf
append = lab=rate way=$1 blocks=$3
serial = file:said.txt
syscalls = 3=disk
INI
}
# run WAY DMA BLOCKS: seconds of the modelled time between the marks, and of the workstation's processor.
run() {
    lab "$1" "$2" "$3" >lab.ini
    rm -f said.txt
    (
        "$VITRINE" host --display none --max-speed lab.ini >table.txt
        times >times.txt
    )
    grep -q "rate: .* ok blocks=$3" said.txt || { cat said.txt; exit 1; }
    awk '/^measured:/ { sub(",", "", $2); seconds = $2 }
         FILENAME == "times.txt" && FNR == 2 { split($1, t, /[ms]/); cpu = t[1] * 60 + t[2] }
         END { print seconds, cpu }' table.txt times.txt
}
: >rows.txt
for dma in off on; do
    for row in words:2000 wide:2000 dma:10000 virtio:10000 ring:10000 call:10000; do
        way=${row%:*}
        blocks=${row#*:}
        run $way $dma $blocks >full.txt
        run $way $dma 1 >one.txt
        paste -d ' ' full.txt one.txt | awk -v way=$way -v dma=$dma -v blocks=$blocks '{
            cpu = $2 - $4
            host = dma == "on" ? "DMA" : "PIO"
            speed = "-"
            if (cpu > 0)
                speed = sprintf("%.0f", (blocks - 1) / cpu)
            printf "%-7s host %-4s %8.0f /s modelled %8s /s of the workstation\n", way, host, blocks / $1, speed
        }' >>rows.txt
    done
done
tee "$BUILDDIR/bench/interfaces.txt" <rows.txt
# Fewer crossings, more requests: of accesses one by one, the most; of a string or a DMA transfer, a dozen or two;
# of a ring, virtio or calls, two. (REP INS traps once, so that PIO by one block costs no more than DMA's registers.)
awk '{ n[$3, $1] = $4 }
     END { split("PIO DMA", host, " ")
           for (i in host) {
               h = host[i]
               for (some in n) {
                   split(some, key, SUBSEP)
                   if (key[1] != h || key[2] == "words")
                       continue
                   is_few = key[2] == "virtio" || key[2] == "ring" || key[2] == "call"
                   if (n[some] < 4 * n[h, "words"] || (is_few && n[some] < 1.5 * n[h, "dma"]))
                       bad = 1
               }
           }
           exit bad }' rows.txt || { echo "the order of the interfaces is not that of their crossings"; exit 1; }

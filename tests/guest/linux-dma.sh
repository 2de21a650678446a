# Debian's kernel drives the PIIX3's bus master with ata_piix: 64 MiB go from one disk to another,
# slave of the first channel to master of the second, and compare equal; the data went by DMA.
# timeout: 300
set -e
. "$SRCDIR/tests/guest/guests.inc"
cp --sparse=always "$GUESTS/linux.img" boot.img
# No two sectors are the same, and none is the same in two runs of the test.
LC_ALL=C awk -v salt="$$" 'BEGIN { for (i = 0; i < 131072; i++) printf "%-511s\n", salt " sector " i }' >from.img
"$VITRINE" disk create to.img --size 64M

"$VITRINE" run --memory 64M --disk boot.img,geometry=400/16/63 --disk from.img --disk to.img \
    --serial file:dma.log --display none --trace io:space=dma:dev=ide --trace-out dma.jsonl \
    --kernel "$GUESTS/vmlinuz" --initrd "$GUESTS/initramfs.gz" \
    --append "$(cat "$SRCDIR/tests/guests/command-line") vitrine.job=copy"
expect dma.log '^ata1: PATA max MWDMA2 .* bmdma 0x' '^ata1.00: ATA-6: VITRINE HARD DISK, 1.0, max UDMA/33' \
    '^VITRINE-COPY-OK 64 MiB$' '^VITRINE-DONE$'
cmp from.img to.img

# 64 MiB each way, and their tables; in pieces of a page or more.
moved=$(sed -n 's/.*"dir":"write".*"count":\([0-9]*\).*/\1/p' dma.jsonl | awk '{ n += $1 } END { print n }')
[ "$moved" -ge 67108864 ] || { echo "only $moved bytes came into memory by DMA"; exit 1; }
lines=$(wc -l <dma.jsonl)
[ "$lines" -lt 100000 ] || { echo "$lines DMA accesses for 128 MiB"; exit 1; }

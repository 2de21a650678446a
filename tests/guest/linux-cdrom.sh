# Debian's kernel reads CD-ROMs with sr_mod: the whole disc and a file of its ISO 9660 file system have
# the sums that they have outside, and the data go by DMA; after an eject the next disc of the pile is
# there.
# timeout: 300
set -e
. "$SRCDIR/tests/guest/guests.inc"
iso=$GUESTS/native/usr/lib/grub-rescue/grub-rescue-cdrom.iso
LC_ALL=C awk 'BEGIN { for (i = 0; i < 2000; i++) printf "%-2047s\n", "second disc, block " i }' >second.iso
"$VITRINE" run --memory 64M --cdrom "$iso" --cdrom second.iso --serial file:disc.log --display none \
    --trace io:space=dma:dev=ide:dir=write --trace-out dma.jsonl \
    --kernel "$GUESTS/vmlinuz" --initrd "$GUESTS/initramfs.gz" \
    --append "$(cat "$SRCDIR/tests/guests/command-line") vitrine.job=disc"
sum() { md5sum | cut -d' ' -f1; }
# ECMA-119 9.1: 33 bytes before its name a file's directory record has where it lies and how long it is.
record=$(($(LC_ALL=C grep -abo 'grub.cfg;1' "$iso" | head -n 1 | cut -d: -f1) - 33))
number() { od -An -tu1 -j $((record + $1)) -N 4 "$iso" | awk '{ print $1 + 256 * ($2 + 256 * ($3 + 256 * $4)) }'; }
file=$(tail -c +$(($(number 2) * 2048 + 1)) "$iso" | head -c "$(number 10)" | sum)
expect disc.log '^ata2.00: ATAPI: VITRINE CD-ROM, 1.0, max UDMA/33' "^VITRINE-DISC-SUM $(sum <"$iso")" \
    "^VITRINE-DISC-FILE $file" "^VITRINE-DISC-SUM $(sum <second.iso)" '^VITRINE-DONE$'
moved=$(sed -n 's/.*"count":\([0-9]*\).*/\1/p' dma.jsonl | awk '{ n += $1 } END { print n }')
[ "$moved" -ge "$(wc -c <"$iso")" ] || { echo "only $moved bytes came by DMA"; exit 1; }

# Debian's kernel drives virtio-blk and virtio-net: SeaBIOS and SYSLINUX boot from a virtio disk whose
# driver is transitional; 64 MiB go from a disk with the legacy interface to one with the modern one and
# compare equal.
# timeout: 900
set -e
. "$SRCDIR/tests/guest/guests.inc"

# SeaBIOS has a driver of its own. Linux mounts its disk and finds its card.
sh "$SRCDIR/tests/guests/make-disk.sh" "$GUESTS" boot.img 100 vitrine.job=selftest vitrine.root=/dev/vda2
"$VITRINE" run --memory 64M --disk boot.img,geometry=100/16/63,model=virtio-blk \
    --nic virtio-net,mac=52:54:00:56:00:07,net=switch --serial file:boot.log --display none \
    --trace io:dev=vdisk --trace-out boot.jsonl
expect boot.log '^VITRINE-GUEST-READY 6\.1' '^VITRINE-DISK-SECTORS 100800$' \
    '^VITRINE-DISK-OK boots 1 md5 2a7d578c819206ee09e07daba9b526b2$' \
    '^VITRINE-NET-OK 52:54:00:56:00:07 10\.0\.0\.1$' '^VITRINE-DONE$'
grep -q '"meaning":"queue 0 (requests) notified: 1 chain: READ 1 sector at 0"' boot.jsonl ||
    { echo "SeaBIOS did not read the boot sector"; exit 1; }
grep -q '"meaning":"SEG_MAX GEOMETRY BLK_SIZE FLUSH .* EVENT_IDX"' boot.jsonl || { echo "no feature in words"; exit 1; }

# No two sectors are the same, and none is the same in two runs of the test.
LC_ALL=C awk -v salt="$$" 'BEGIN { for (i = 0; i < 131072; i++) printf "%-511s\n", salt " sector " i }' >from.img
"$VITRINE" disk create to.img --size 64M
"$VITRINE" run --memory 64M --disk from.img,model=virtio-blk,transport=legacy \
    --disk to.img,model=virtio-blk,transport=modern --serial file:copy.log --display none \
    --kernel "$GUESTS/vmlinuz" --initrd "$GUESTS/initramfs.gz" \
    --append "$(cat "$SRCDIR/tests/guests/command-line") vitrine.job=copy vitrine.root=/dev/vdb vitrine.from=/dev/vda vitrine.to=/dev/vdb"
expect copy.log 'virtio_blk virtio0: \[vda\] 131072 512-byte logical blocks' \
    '^VITRINE-COPY-OK 64 MiB$' '^VITRINE-DONE$'
cmp from.img to.img

# One host, two Linux guests with virtio disks and cards, one modern, one legacy: each writes ext4 on its own
# cylinders, they ping each other and power off; what is outside their ranges does not change.
# timeout: 900
set -e
. "$SRCDIR/tests/guest/guests.inc"
cp --sparse=always "$GUESTS/two-linux.img" two-linux.img
ln -s "$GUESTS/vmlinuz" "$GUESTS/initramfs.gz" .
sed "s/@WORDS@/$(cat "$SRCDIR/tests/guests/command-line")/" "$SRCDIR/tests/guests/two-linux-virtio.ini" >lab.ini

"$VITRINE" host --display none --trace io:dev=vdisk --trace-out trace.jsonl lab.ini >report
cat report

two_guests_are_well
# The notification carries the arbiter's decision.
grep -q '"meaning":"queue 0 (requests) notified: 1 chain: READ 8 sectors at .*"decision":"map","note":"LBA read 8 sectors at virtual' trace.jsonl ||
    { echo "no read of a block is mapped in the trace"; exit 1; }

# Debian's kernel finds the same in our virtio devices as in QEMU's, with those of QEMU's features off that are
# MISSING here: identities, features of both sides, status, sizes, limits and data.
# timeout: 900
set -e
command -v qemu-system-i386 >/dev/null || { echo "no qemu-system-i386 here"; exit 77; }
. "$SRCDIR/tests/guest/guests.inc"
LC_ALL=C awk 'BEGIN { for (i = 0; i < 8064; i++) printf "%-511s\n", "sector " i }' >disk.img
words="$(cat "$SRCDIR/tests/guests/command-line") vitrine.job=virtio vitrine.root=/dev/vda"
found() { tr -d '\r' <"$1" | grep -a '^VIRTIO'; }

for transport in legacy modern; do
    case $transport in
    legacy) qemu=disable-modern=on,disable-legacy=off ;;
    modern) qemu=disable-modern=off,disable-legacy=on ;;
    esac
    cp disk.img ours.img
    "$VITRINE" run --memory 64M --display none --serial file:ours.log \
        --disk "ours.img,geometry=8/16/63,model=virtio-blk,transport=$transport" \
        --nic "virtio-net,mac=52:54:00:56:00:07,net=switch,transport=$transport" \
        --kernel "$GUESTS/vmlinuz" --initrd "$GUESTS/initramfs.gz" --append "$words"
    timeout 150 qemu-system-i386 -accel tcg -m 64 -display none -serial file:theirs.log -no-reboot -nodefaults \
        -drive "file=disk.img,format=raw,if=none,id=d,snapshot=on,discard=unmap" \
        -device "virtio-net-pci,addr=3,vectors=0,$qemu,mac=52:54:00:56:00:07,netdev=n,csum=off,gso=off,guest_csum=off,guest_tso4=off,guest_tso6=off,guest_ecn=off,guest_ufo=off,guest_announce=off,host_tso4=off,host_tso6=off,host_ecn=off,host_ufo=off,ctrl_vlan=off,ctrl_guest_offloads=off,queue_reset=off" \
        -device "virtio-blk-pci,addr=7,vectors=0,$qemu,drive=d,serial=vdisk0,cyls=8,heads=16,secs=63,discard=on,write-zeroes=on,max-discard-sectors=65536,max-write-zeroes-sectors=65536,discard_granularity=4096,num-queues=1,queue-size=128,queue_reset=off" \
        -netdev hubport,id=n,hubid=0 -kernel "$GUESTS/vmlinuz" -initrd "$GUESTS/initramfs.gz" -append "$words"
    expect ours.log '^VITRINE-DONE$'
    expect theirs.log '^VITRINE-DONE$'
    # blkdiscard of 2 MiB: zeros, and the file has given their room back.
    dd if=ours.img bs=1M skip=1 count=2 2>/dev/null | cmp -n 2097152 - /dev/zero
    [ $(($(stat -c %b disk.img) - $(stat -c %b ours.img))) -ge 4096 ] || { echo "the file is as large as before"; exit 1; }
    found ours.log >ours
    found theirs.log >theirs
    cat ours
    [ "$(wc -l <ours)" -ge 10 ] || { echo "too little was found"; exit 1; }
    diff theirs ours || { echo "$transport: QEMU's are < lines, ours > lines"; exit 1; }
done

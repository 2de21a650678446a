# Frames over a UNIX socket: two machines ping each other, and at level full one pings the same guest
# in QEMU (-netdev stream), which is connected the other way round. An ISA card and a PCI card take part.
# timeout: 500
set -e
. "$SRCDIR/tests/guest/guests.inc"

append() { # append OWN PEER
    echo "$(cat "$SRCDIR/tests/guests/command-line") vitrine.job=peer vitrine.ip=10.0.0.$1 vitrine.peer=10.0.0.$2 vitrine.tries=400"
}
machine() { # machine OWN PEER NIC: one of ours
    "$VITRINE" run --memory 64M --display none --verbose --serial "file:serial-$1.log" \
        --nic "$3,mac=52:54:00:56:00:0$1" --kernel "$GUESTS/vmlinuz" --initrd "$GUESTS/initramfs.gz" \
        --append "$(append "$1" "$2")" 2>"run-$1.log"
}
pinged() { # pinged OWN PEER
    expect "serial-$1.log" "^VITRINE-NET-OK 52:54:00:56:00:0$1 10\\.0\\.0\\.$1\$" \
        "^VITRINE-PING-OK 10\\.0\\.0\\.$2 3 answers\$" '^VITRINE-DONE$'
}

machine 1 2 ne2k-pci,net=stream:wire,listen=on,pcap=wire.pcapng &
machine 2 1 ne2k-isa,net=stream:wire,irq=10
wait
pinged 1 2
pinged 2 1
cat run-1.log run-2.log
! grep -q '[1-9][0-9]* malformed' run-1.log
[ ! -e wire ]

case $LEVEL in
full | nightly) ;;
*) exit 0 ;; # QEMU needs as long again
esac
qemu=$(command -v qemu-system-i386) || { echo "no qemu-system-i386 here: it was not asked"; exit 0; }
"$qemu" -netdev help | grep -qx stream || { echo "this QEMU has no -netdev stream"; exit 0; }
machine 3 4 ne2k-pci,net=stream:wire &
"$qemu" -m 64 -display none -serial file:serial-4.log -kernel "$GUESTS/vmlinuz" \
    -initrd "$GUESTS/initramfs.gz" -append "$(append 4 3)" -no-reboot \
    -netdev stream,id=n,server=on,addr.type=unix,addr.path=wire \
    -device ne2k_pci,netdev=n,mac=52:54:00:56:00:04
wait
pinged 3 4
pinged 4 3

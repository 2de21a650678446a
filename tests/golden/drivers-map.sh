# `vitrine host --drivers` says who holds the disk's driver, for each model, and builds and writes nothing.
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
lab() { # lab DISK NIC: who has their drivers; the disk need not be there
    cat >lab.ini <<EOF
[host]
memory = 64M
disk = absent.img,geometry=1000/16/63
nic = ne2k-isa
disk_driver = $1
nic_driver = ${2:-native}
serial = null
printer = null
[guest alpha]
memory = 8M
cylinders = 100-199
nic = ne2k-isa
syscalls = 3=disk
serial = share
[guest beta]
memory = 8M
cylinders = 200-299
disk_model = virtio-blk
serial = share
printer = pass
EOF
}
says() { grep -qF -- "$1" map.txt || { echo "not said: $1"; cat map.txt; exit 1; }; }
for model in native hosted split; do
    case $model in
        native) holder='the VMM' ;;
        hosted) holder='the host operating system' ;;
        split) holder='the driver domain' ;;
    esac
    for nic in native hosted split; do
        lab $model $nic
        "$VITRINE" host --drivers lab.ini >map.txt
        says "ata_driver by PIO runs in $holder ($model)"
        says "($nic); the way to it"
        says 'its driver for ATA -> cylinders 100-199'
        says 'descriptor 3 are served below its kernel'
        says 'its driver for virtio-blk -> cylinders 200-299'
        says 'its driver for ne2k-isa -> a port of the switch; or its front-end: rings -> netback'
    done
    lab native $model
    sed -i '/^disk_driver/a disk_dma = on' lab.ini
    "$VITRINE" host --drivers lab.ini >map.txt
    says "ne2000_driver runs in $holder ($model)"
    says 'ata_driver by DMA runs in the VMM (native)'
done
lab native && sed -i 's/disk_driver/disk_drivre/' lab.ini
status=0 && "$VITRINE" host --drivers lab.ini 2>message.txt || status=$?
[ "$status" = 2 ] && grep -q "disk_driver" message.txt || { cat message.txt; exit 1; }
status=0 && "$VITRINE" run --drivers 2>message.txt || status=$?
[ "$status" = 2 ] || { cat message.txt; exit 1; }

# The host's printer and serial line from unmodified Linux, by /dev/lp0 and /dev/ttyS0: two guests that share them (what
# each sends stays together, the device goes from one to the other and back), and one that has the ports themselves.
# timeout: 200
set -e
. "$SRCDIR/tests/guest/guests.inc"
"$VITRINE" host --help >/dev/null 2>&1 || { echo "the program has no command 'host'"; exit 77; }
# The first process: 3 times 40 lines to each of the two, with a second between.
mkdir -p root
cat >root/lines <<'SH'
#!/bin/busybox sh
export PATH=/bin
/bin/busybox mkdir -p /proc /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox --install -s /bin
grep -q who=nobody /proc/cmdline && poweroff -f
insmod /modules/parport.ko
insmod /modules/parport_pc.ko io=0x378 irq=7 && insmod /modules/lp.ko
for word in $(cat /proc/cmdline); do
    case $word in who=*) who=${word#who=} ;; esac
done
exec 7>/dev/lp0 8>/dev/ttyS0
stty raw 115200 <&8
for turn in 1 2 3; do
    text=$(seq 40 | sed "s/.*/$who $turn &, and some words behind it/")
    echo "$text" >&7
    echo "$text" >&8
    sleep 1
done
sleep 2
exec 7>&- 8>&-
echo "interrupts: $(grep -E 'parport0|ttyS0' /proc/interrupts)" >/dev/tty1
poweroff -f
SH
chmod 755 root/lines
(cd root && find . | cpio --quiet -o -H newc -R 0:0) | gzip >lines.gz
cat "$GUESTS/initramfs.gz" lines.gz >initrd.gz
lab() { # lab ALPHA BETA: a line for each guest, for both devices
    rm -f lpt.txt com.txt
    printf '[host]\nmemory = 256M\nprinter = file:lpt.txt\nserial = file:com.txt\nhandover_us = 50000\n' >lab.ini
    for guest in alpha beta; do
        who=$guest
        [ $guest = alpha ] && line=$1 || line=$2
        [ -n "$line" ] || who=nobody
        printf '[guest %s]\nmemory = 96M\nnic = none\nkernel = %s\ninitrd = initrd.gz\n' $guest "$GUESTS/vmlinuz"
        printf 'append = console=tty0 nokaslr mitigations=off cryptomgr.notests rdinit=/lines who=%s\n' $who
        [ -z "$line" ] || printf 'printer = %s\nserial = %s\n' $line $line
    done >>lab.ini
    "$VITRINE" host --display none lab.ini >report.txt 2>err.txt || { cat err.txt report.txt; exit 1; }
}
lines() { for turn in 1 2 3; do seq -f "$1 $turn %g, and some words behind it" 40; done; }
wrong() { echo "$1"; head -n 60 lpt.txt com.txt; grep -E 'of the host' report.txt; exit 1; }

lab share share
for device in lpt com; do
    [ "$(wc -l <$device.txt)" = 240 ] || wrong "$device: $(wc -l <$device.txt) lines, not 240"
    for guest in alpha beta; do
        lines $guest >wanted.txt
        grep "^$guest " $device.txt | cmp - wanted.txt || wrong "$device: lines of $guest are missing or cut"
    done
    # A turn's lines follow each other: six runs at most, and both came to their turns again.
    runs=$(cut -d' ' -f1 $device.txt | uniq | wc -l)
    echo "$device: $runs times another"
    [ "$runs" -ge 2 ] && [ "$runs" -le 6 ] || wrong "$device: handed over $runs times"
done

lab pass ''
for device in lpt com; do
    lines alpha | cmp - $device.txt || wrong "$device: not what alpha sent by the ports themselves"
done

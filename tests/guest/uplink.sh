# The host's NIC has a cable: two Linux guests reach the workstation through the hypervisor's switch,
# its driver and the host's NE2000; both get addresses by DHCP, and one fetches a file over HTTP.
# Captures of the uplink and of a port of the switch agree about it, and so does the report.
# timeout: 400
set -e
. "$SRCDIR/tests/guest/guests.inc"
busybox=$GUESTS/i386/bin/busybox
"$busybox" true || { echo "no i386 programs run here: busybox serves the file"; exit 77; }
"$VITRINE" doctor | grep -q 'network (libslirp) *yes' || { echo "built without libslirp"; exit 77; }
mkdir -p www
head -c 300000 /dev/urandom >www/file
port=$((20000 + $$ % 20000))
"$busybox" httpd -f -p 127.0.0.1:$port -h www &
server=$!
trap 'kill $server' EXIT
command_line="$(cat "$SRCDIR/tests/guests/command-line") vitrine.job=nat vitrine.http=10.0.2.2:$port vitrine.linger=0"
cat >lab.ini <<LAB
[host]
memory = 256M
nic = ne2k-isa,net=user,loopback=on,hostfwd=tcp::$((port + 1))-10.0.2.15:80,hostfwd=tcp::$((port + 2))-10.0.2.16:80,pcap=uplink.pcapng
[guest alpha]
memory = 96M
nic = ne2k-pci,mac=52:54:00:56:00:01,pcap=alpha.pcapng
serial = file:serial-alpha.log
kernel = $GUESTS/vmlinuz
initrd = $GUESTS/initramfs.gz
append = $command_line
[guest beta]
memory = 96M
nic = ne2k-isa,mac=52:54:00:56:00:02
serial = file:serial-beta.log
kernel = $GUESTS/vmlinuz
initrd = $GUESTS/initramfs.gz
append = $command_line
LAB
"$VITRINE" host --display none --verbose lab.ini >run.log 2>&1 &
machine=$!
until grep -q VITRINE-SERVING serial-alpha.log && grep -q VITRINE-SERVING serial-beta.log; do
    kill -0 $machine 2>/dev/null || { cat run.log; exit 1; }
    sleep 0.5
done 2>/dev/null
for n in 1 2; do
    "$busybox" wget -q -O back$n "http://127.0.0.1:$((port + n))/file"
    "$busybox" wget -q -O off "http://127.0.0.1:$((port + n))/cgi-bin/off"
    cmp www/file back$n
done
wait $machine
grep -e '^vitrine: host' -e network run.log
sum=$(md5sum <www/file)
cat serial-alpha.log serial-beta.log | tr -d '\r' >both.log
[ "$(grep -c "^VITRINE-FETCHED 300000 md5 ${sum%% *}" both.log)" = 2 ]
grep '^VITRINE-DHCP-OK' both.log | cut -d' ' -f2 | sort >addresses
printf '10.0.2.15\n10.0.2.16\n' | cmp - addresses
if command -v tshark >/dev/null; then
    for capture in uplink alpha; do
        tshark -r $capture.pcapng -Y 'eth.addr == 52:54:00:56:00:01 && tcp.len > 0' -T fields -e tcp.len \
            2>/dev/null | awk '{ n += $1 } END { print n }' >$capture.bytes
    done
    cmp uplink.bytes alpha.bytes
    # The report's line about the uplink is what the wire saw.
    count() { tshark -r uplink.pcapng -Y "$1" -T fields -e frame.number 2>/dev/null | wc -l; }
    guests='eth.src == 52:54:00:56:00:01 || eth.src == 52:54:00:56:00:02'
    grep -qx "  uplink: $(count "!($guests)") frames from outside, $(count "$guests") to it, 0 dropped" run.log ||
        { echo "the wire saw $(count "!($guests)") frames from outside, $(count "$guests") to it; the report:"; grep uplink run.log; exit 1; }
fi

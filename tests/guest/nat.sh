# A Linux guest behind the workstation's address: DHCP, HTTP both ways through libslirp, 4 MiB each;
# what passed its cable is a capture that Wireshark's own tools read.
# timeout: 300
set -e
. "$SRCDIR/tests/guest/guests.inc"
. "$SRCDIR/tests/guests/nat.inc"
nat_run 4 128M
if command -v capinfos >/dev/null && command -v tshark >/dev/null; then
    capinfos nat.pcapng | grep -q 'File type: *Wireshark/... - pcapng'
    frames=$(sed -n 's/.*net=user: \([0-9]*\) frames sent, \([0-9]*\) received.*/\1 \2/p' run.log)
    [ "$(tshark -r nat.pcapng 2>/dev/null | wc -l)" -ge $((${frames% *} + ${frames#* })) ]
    tshark -r nat.pcapng -Y 'dhcp.option.dhcp == 5' -T fields -e dhcp.ip.your 2>/dev/null | grep -qx 10.0.2.15
    tshark -r nat.pcapng -Y 'http.request.uri == "/file"' -T fields -e ip.src 2>/dev/null | sort -u >requests
    printf '10.0.2.15\n10.0.2.2\n' | cmp - requests
else
    echo "no tshark here: the capture is not read"
fi

# The workstation's disk fails below a booted guest, of which the user learns by a line:
# EIO   Linux' ata_piix sees an uncorrectable sector on a read and an aborted command on a write, at that sector
#       alone, and goes on with those beside it.
# ENOSPC   the run stands still until there is room; the guest sees nothing of it, and all that it wrote is there.
# timeout: 900
set -e
. "$SRCDIR/tests/guest/guests.inc"
[ "$SANITIZE" != yes ] || { echo "a preloaded library does not go with the sanitizer's"; exit 77; }
${CC:-cc} -shared -fPIC -O1 -o failing.so "$SRCDIR/tests/full/failing_file.c" -ldl

LC_ALL=C awk -v salt="$$" 'BEGIN { for (i = 0; i < 16384; i++) printf "%-511s\n", salt " sector " i }' >from.img

# run NAME JOB DISK...: Linux with a disk of its own and others.
run() {
    name=$1 job=$2
    shift 2
    LD_PRELOAD=$PWD/failing.so FAILING_FILE=$PWD/worn.img "$VITRINE" run --memory 64M --disk "$GUESTS/linux.img,overlay" \
        "$@" --serial "file:$name.log" --display none --kernel "$GUESTS/vmlinuz" --initrd "$GUESTS/initramfs.gz" \
        --append "$(cat "$SRCDIR/tests/guests/command-line") vitrine.job=$job" 2>"$name.err"
}
# said NAME TEXT...: what the user reads is a line for each trouble, and no more.
said() {
    said=$1.err
    shift
    cat "$said"
    [ "$(wc -l <"$said")" = $# ]
    for text; do
        grep -q "$text" "$said"
    done
}

# Sector 1000 can't be read, sector 2000 can't be written: each the first of a block of 4 KiB.
cp from.img worn.img
(export UNREADABLE=512000 UNWRITABLE=1024000 && run eio errors --disk worn.img)
expect eio.log '^VITRINE-READ 124$' '^VITRINE-UNREAD 125$' '^VITRINE-READ 126$' \
    '^VITRINE-WRITTEN 249$' '^VITRINE-UNWRITTEN 250$' '^VITRINE-WRITTEN 251$' '^VITRINE-DONE$'
for line in '^I/O error, dev sdb, sector 1000 op 0x0:(READ)' '^I/O error, dev sdb, sector 2000 op 0x1:(WRITE)' \
    '^ata1\.01: error: { UNC }' '^ata1\.01: error: { ABRT }'; do
    expect eio.log "$line"
done
if grep 'I/O error, dev' eio.log | grep -v 'sector [12]000 '; then
    echo "other sectors failed too"
    exit 1
fi
said eio 'worn.img: can.t be read: Input/output error' 'worn.img: can.t be written: Input/output error'

# There is no room until somebody has read the line and makes some.
rm -f worn.img
"$VITRINE" disk create worn.img --size 8M >/dev/null
touch no-room
: >enospc.err
while [ -e no-room ]; do
    sleep 1
    ! grep -q 'no room' enospc.err || { sleep 3; rm no-room; }
done &
(export NO_ROOM=$PWD/no-room && run enospc copy --disk from.img,ro --disk worn.img)
wait
expect enospc.log '^VITRINE-COPY-OK 8 MiB$' '^VITRINE-DONE$'
said enospc 'worn.img: no room for [0-9]* bytes; the guest waits; fix: free some space'
cmp from.img worn.img

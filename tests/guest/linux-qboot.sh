# Debian's kernel started by QEMU's qboot, which takes it from fw_cfg and never calls INT 19h.
# timeout: 200
set -e
. "$SRCDIR/tests/guest/guests.inc"
rom=
for folder in /usr/share/qemu /usr/local/share/qemu /usr/share/qboot; do
    [ ! -f "$folder/qboot.rom" ] || rom=$folder/qboot.rom
done
[ -n "$rom" ] || { echo "no qboot.rom here (package qemu-system-data)"; exit 77; }
timeout 150 "$VITRINE" run --memory 64M --bios "$rom" --rtc 1700000000 --serial file:qboot.log --display none \
    --kernel "$GUESTS/vmlinuz" --initrd "$GUESTS/initramfs.gz" \
    --append "$(cat "$SRCDIR/tests/guests/command-line") vitrine.job=drivers"
tr -cd '[:print:]\n' <qboot.log >plain.log # with 5 data bits, as after reset, its own text is none
expect plain.log '^VITRINE-GUEST-READY' 'ImExPS/2 Generic Explorer Mouse' '^VITRINE-DONE$'

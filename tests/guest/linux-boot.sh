# Debian's kernel boots from an IDE disk through SeaBIOS and SYSLINUX, reads and writes its ext4 file
# system, sees its NE2000 and powers off with status 0; then the same kernel boots directly, and
# vgacon's screen at the end shows what the serial line got.
# timeout: 400
set -e
. "$SRCDIR/tests/guest/guests.inc"
cp --sparse=always "$GUESTS/selftest.img" disk.img

steps='^VITRINE-GUEST-READY 6\.1
^VITRINE-DISK-SECTORS 403200$
^400 cylinders, 16 heads, 63 sectors/track$
^VITRINE-DISK-OK boots BOOTS md5 2a7d578c819206ee09e07daba9b526b2$
^VITRINE-NET-OK 52:54:00:56:00:01 10\.0\.0\.1$
^VITRINE-DONE$
reboot: Power down'

expect_steps() { # expect_steps LOG BOOTS
    set -- "$1" "$(echo "$steps" | sed "s/BOOTS/$2/")"
    log=$1
    IFS='
'
    set -f
    # shellcheck disable=SC2086
    expect "$log" $2
    set +f
    unset IFS
}

"$VITRINE" run --memory 64M --disk disk.img,geometry=400/16/63 --nic ne2k-pci,mac=52:54:00:56:00:01 \
    --serial file:bios.log --display none
expect_steps bios.log 1

"$VITRINE" run --memory 64M --disk disk.img,geometry=400/16/63 --nic ne2k-pci,mac=52:54:00:56:00:01 \
    --serial file:direct.log --display none --kernel "$GUESTS/vmlinuz" --initrd "$GUESTS/initramfs.gz" \
    --append "$(cat "$SRCDIR/tests/guests/command-line") vitrine.job=selftest vitrine.print=Gutenberg" \
    --parallel file:printed --screenshot screen.png
expect_steps direct.log 2
# lp prints 3,903 bytes by interrupts, about one for each.
expect direct.log ' lp0: using parport0 (interrupt-driven)\.$' '^VITRINE-PRINT-OK 3[0-9]\{3\} interrupts$'
{ echo Gutenberg && seq 1 1000; } | cmp - printed
expect direct.log 'Console: colour VGA+ 80x25'
if command -v python3 >/dev/null; then
    python3 "$SRCDIR/tests/guest/screen_text.py" screen.png direct.log
else
    echo "python3 is missing: the screen is not compared"
fi

PATH=$PATH:/sbin:/usr/sbin
e2fsck -f -n "disk.img?offset=$((40 * 16 * 63 * 512))"

# Diskettes boot through SeaBIOS and through the firmware of our own, from each size that there is: a boot
# sector that knows its drive, SYSLINUX with a program that it loads, GRUB's rescue floppy to its menu.
# timeout: 300
set -e
. "$SRCDIR/tests/guest/guests.inc"
command -v nasm >/dev/null || { echo "no nasm here"; exit 77; }
PATH=$PATH:$GUESTS/native/usr/bin
export MTOOLS_SKIP_CHECK=1 MTOOLSRC=/dev/null
cat >drive.asm <<'ASM'
    org 0x7C00              ; the drive that the firmware gives, 0, by isa-debug-exit: 2 * 5 + 1
    lea ax, [edx + 5]
    out 0xF4, al
    times 510 - ($ - $$) db 0
    dw 0xAA55
ASM
nasm -f bin -o drive.bin drive.asm

# boots WORD...: the run's words; sets status.
boots() {
    status=0
    "$VITRINE" run --display none --max-instructions 6000000000 "$@" 2>run.log || status=$?
}
wrong() {
    echo "$*"
    cat run.log
    exit 1
}

# The prompt is the hand that changes diskettes.
for n in 1 2; do head -c 1474560 /dev/zero >disk$n.img; done
printf 'floppy\nfloppy a 2\nfloppy a none\nfloppy a 3\nquit\n' | "$VITRINE" debug --stopped --display none \
    --floppy disk1.img,next=disk2.img 2>&1 | grep '^[AB]: \|diskettes' >hand.txt
printf 'A: disk1.img\nB: -\nA: disk2.img\nB: -\nA: -\nB: -\n' >wanted.txt
echo 'drive A has 2 diskettes: --floppy FILE,next=FILE gives it more' >>wanted.txt
printf 'A: -\nB: -\n' >>wanted.txt
diff wanted.txt hand.txt || exit 1

for firmware in "" "--bios embedded"; do
    for size in 160 180 320 360 720 1200 1440 2880; do
        cp drive.bin drive.img
        truncate -s ${size}K drive.img
        # shellcheck disable=SC2086
        boots $firmware drive.img
        [ $status -eq 11 ] || wrong "${size}K, firmware '$firmware': status $status instead of 11"
    done
    for size in 360 720 1440; do
        rm -f sys.img
        mformat -C -i sys.img -f $size ::
        printf 'PROMPT 0\nTIMEOUT 0\nSAY loaded from a diskette\nDEFAULT drive\nLABEL drive\n  KERNEL drive.bss\n' >syslinux.cfg
        mcopy -i sys.img syslinux.cfg ::syslinux.cfg
        mcopy -i sys.img drive.bin ::drive.bss
        syslinux --install sys.img
        # shellcheck disable=SC2086
        boots $firmware --overlay sys.img
        [ $status -eq 11 ] || wrong "SYSLINUX on ${size}K, firmware '$firmware': status $status instead of 11"
    done
    # The package's image ends where its data do; a diskette is longer.
    cp "$GUESTS/native/usr/lib/grub-rescue/grub-rescue-floppy.img" grub.img
    chmod u+w grub.img
    truncate -s 1440K grub.img
    # shellcheck disable=SC2086
    "$VITRINE" run $firmware grub.img --overlay --display none --max-instructions 1200000000 \
        --trace io:dev=vga:space=mmio:dir=write --trace-out vga.jsonl 2>run.log || status=$?
    [ $status -eq 8 ] || wrong "GRUB, firmware '$firmware': status $status"
    text_written vga.jsonl >screen.txt
    for words in 'GNU GRUB  version 2\.' 'GNU/Linux' 'Memtest86+' 'Press enter to boot the selected OS'; do
        grep -q "$words" screen.txt || wrong "firmware '$firmware': the menu has no '$words'"
    done
done

# Debian's kernel drives the diskette controller with its own driver (floppy.ko): it knows the chip, reads
# and writes two drives by DMA, and formats a diskette; the sums are those that the images have outside.
# timeout: 300
set -e
command -v nasm >/dev/null || { echo "no nasm here: the guest has no program that formats"; exit 77; }
. "$SRCDIR/tests/guest/guests.inc"
sum() { md5sum "$1" | cut -d' ' -f1; }
LC_ALL=C awk 'BEGIN { for (i = 0; i < 2880; i++) printf "%-511s\n", "diskette A, sector " i }' >a.img
LC_ALL=C awk 'BEGIN { for (i = 0; i < 1440; i++) printf "%-511s\n", "diskette B, sector " i }' >b.img
cp a.img written.img
seq 1 200000 | head -c 737280 | dd of=written.img bs=18k seek=20 conv=notrunc 2>/dev/null
head -c 1474560 /dev/zero | tr '\0' '\366' >formatted.img
cp a.img run.img
"$VITRINE" run --memory 64M --floppy run.img --floppy b.img,ro --serial file:floppy.log --display none \
    --kernel "$GUESTS/vmlinuz" --initrd "$GUESTS/initramfs.gz" \
    --append "$(cat "$SRCDIR/tests/guests/command-line") vitrine.job=floppy"
expect floppy.log 'Floppy drive(s): fd0 is 1.44M, fd1 is 1.44M' 'FDC 0 is a post-1991 82077' \
    "^VITRINE-FLOPPY-SUM fd0 $(sum a.img)" "^VITRINE-FLOPPY-SUM fd0 $(sum written.img)" \
    "^VITRINE-FLOPPY-SUM fd1 $(sum b.img)" "^VITRINE-FLOPPY-SUM fd0 $(sum formatted.img)" '^VITRINE-DONE$'
cmp run.img formatted.img

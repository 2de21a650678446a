# The programs that QEMU and Valgrind test their x86 emulation with (from Debian's source packages) say in a Linux guest what
# they say on the workstation's own processor: integer instructions with their flags, real and virtual 8086 mode code, x87
# with 66 MB of partial remainders, MMX, SSE to SSE4.2. About fifty of them; each is compiled here for i386.
#
# Left out, or not compared:
#   allexec, int, smc1, yield   print the program's name, a shell's words, what a stack that can be run does, and times
#   lzcnt32, movbe              instructions that no model has
#   shldw, shrdw by 17 to 31    undefined (SDM 2, SHLD and SHRD: the count is greater than the operand's size)
#
# Ends with 77 where the packages cannot be had, or i386 programs can be neither made nor run.
# timeout: 3600
set -u
CC=${CC:-cc}
command -v perl >/dev/null || { echo "no perl here"; exit 77; }
. "$SRCDIR/tests/guest/guests.inc"
sh "$SRCDIR/tests/guests/fetch-suites.sh" "$GUESTS" || exit $?
suites=$(cd "$GUESTS/suites" && pwd)
program() { # program NAME OPTION...: sources and options behind the common ones
    name=$1
    shift
    $CC -m32 -static -w -fcommon -fno-pie -no-pie -fno-stack-protector -o "programs/$name" "$@" -lm -lpthread >"$name.log" 2>&1
}
mkdir -p programs native guest
echo 'int main(void) { return 0; }' >empty.c
program empty empty.c && ./programs/empty || { echo "no static i386 programs here: $(head -n 1 empty.log)"; exit 77; }
rm programs/empty

qemu=$suites/qemu/tests/tcg/i386 built=0
for source in "$qemu"/test-i386-*.c; do
    name=$(basename "$source" .c) options=
    case $name in
    *-bmi2 | *-ssse3 | *-adcox) continue ;;
    *-sse-exceptions) options="-msse4.1 -mfpmath=sse" ;;
    *-pcmpistri) options=-msse4.2 ;;
    esac
    program "$name" -O2 $options "$source" && built=$((built + 1))
done
program test-i386 -O2 "$qemu/test-i386.c" "$qemu/test-i386-code16.S" "$qemu/test-i386-vm86.S" && built=$((built + 1))
cp -r "$suites/valgrind" valgrind
: >valgrind/config.h
x86=valgrind/none/tests/x86
for source in "$x86"/*.def; do perl "$x86/gen_insn_test.pl" <"$source" >"${source%.def}.c" 2>/dev/null; done
for source in "$x86"/*.c; do
    name=$(basename "$source" .c)
    case $name in allexec | int | smc1 | yield | lzcnt32 | movbe) continue ;; insn_basic | insn_cmov) options=-mno-sse ;; *) options=-mssse3 ;; esac
    program "$name" -O1 $options -I"$x86" -Ivalgrind "$source" && built=$((built + 1))
done
echo "$built programs"
[ "$built" -ge 50 ] || { echo "too few: see the .log files"; grep -l error ./*.log; exit 1; }

# all FOLDER: runs each program, its words and its exit status into FOLDER.
cat >all <<'ALL'
cd "$1" || exit 1
for program in ../programs/*; do
    name=${program##*/}
    echo "$name" >"$2"
    case $name in
    *-fprem) timeout 1200 $program 2>&1 | md5sum >"$name" ;;
    *) timeout 300 $program >"$name.all" 2>&1; status=$?
       grep -v '^sh[lr]dw .* C=000000\(1[1-9a-f]\) ' "$name.all" >"$name"; echo "status $status" >>"$name"; rm "$name.all" ;;
    esac
done
ALL
sh all native /dev/null 2>/dev/null
mkdir root
(cd root && gzip -dc "$GUESTS/initramfs.gz" | cpio -id --quiet) || exit 1
cp -r programs all root/
cat >root/init <<'INIT'
#!/bin/busybox sh
export PATH=/bin:/sbin
/bin/busybox mkdir -p /proc /sys /dev /tmp /guest /sbin
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox --install -s /bin
while read -r module; do insmod "/modules/$module"; done </modules/order 2>/dev/null
sh /all /guest /dev/ttyS0
tar -cf /dev/sda -C / guest
sync
echo ALL-DONE >/dev/ttyS0
poweroff -f
INIT
(cd root && find . | cpio -o -H newc --quiet | gzip -1) >suites.gz
truncate -s 32M out.img
"$VITRINE" run --kernel "$GUESTS/vmlinuz" --initrd suites.gz --append "console=ttyS0 rdinit=/init" --memory 512M \
    --disk out.img --cpu max --display none --serial stdio --max-speed --max-instructions 300000000000 >console 2>&1 </dev/null
grep -q ALL-DONE console || { echo "the guest did not come to its end:"; tail -n 5 console; exit 1; }
tar -xf out.img --warning=no-timestamp
wrong=0
for said in native/*; do
    name=$(basename "$said")
    cmp -s "$said" "guest/$name" || { echo "$name: silicon and guest say"; diff "$said" "guest/$name" | head -n 8; wrong=$((wrong + 1)); }
done
echo "$(find native -type f | wc -l) programs compared, $wrong differ"
rm -rf root suites.gz out.img programs valgrind
[ "$wrong" = 0 ]

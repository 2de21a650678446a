# The techniques of the interpreter change its speed and nothing else: programs that lack one each
# (cpu/techniques.h) end in the same state, by hash and number of instructions, as the program itself.
# timeout: 2400
set -e
elf=$BUILDDIR/obj/roms/bench.elf
[ -f "$elf" ] || { echo "no $elf: the guest code was not built here"; exit 77; }
make -C "$BUILDDIR" -j2 techniques >make.log 2>&1 || { tail -n 20 make.log; exit 1; }

end_of() { # end_of PROGRAM KERNEL
    "$1" run --kernel "$elf" --append "kernel=$2 units=2" --memory 64M --display none --max-speed \
        --rtc 1000000000 --timeout 300 --hash 2>&1 | grep '^hash'
}
for kernel in mix records mandel real smc syscall pagefault repsmall in3fd; do
    end_of "$VITRINE" $kernel >$kernel.whole
    grep -q 'instructions [1-9]' $kernel.whole || { echo "$kernel: no hash:"; cat $kernel.whole; exit 1; }
    for program in "$BUILDDIR"/obj/without/*/vitrine; do
        end_of "$program" $kernel >$kernel.less
        cmp -s $kernel.whole $kernel.less || {
            echo "$kernel ends elsewhere with $program:"
            diff $kernel.whole $kernel.less
            exit 1
        }
    done
done

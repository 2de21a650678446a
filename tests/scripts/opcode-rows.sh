# Every row of cpu/ops.def, ops_simd.def, ops_8086.def, ops_286.def and ops_386.def is executed by an oracle: the random streams
# that are compared with silicon, the dumping guest that is compared with QEMU and Bochs, or the CPU's unit tests.
# tests/oracle/excuses.txt has the others, with reasons. A run with counters (tests/oracle/coverage.c) shows what was
# executed. A row that nobody executes, or an excuse for one that somebody does, fails.
# timeout: 300
[ -f "$BUILDDIR/obj/frontends/main.o" ] || { echo "the program is not built here"; exit 77; }
roms=$BUILDDIR/obj/roms
[ -f "$roms/dumps.img" ] || { echo "the guests are not built here (nasm is missing)"; exit 77; }
. "$SRCDIR/tests/oracle/build.sh"
ORACLE_CFLAGS="$SRCDIR/tests/oracle/coverage.c -Wl,--wrap=decode,--wrap=block_build"
printf 'int main(void) { return 0; }\n' >wrap.c
$CC -Wl,--wrap=decode -o wrap wrap.c 2>/dev/null || { echo "the linker has no --wrap"; exit 77; }

build_silicon || exit 1
flags='-std=c11 -D_GNU_SOURCE'
[ "$SANITIZE" != yes ] || flags="$flags -fsanitize=address,undefined"
libraries=$(sed -n 's/^lib_libs = //p' "$BUILDDIR/Makefile")
# shellcheck disable=SC2086
link_counting() { # link_counting PROGRAM OBJECT-OR-LIBRARY...
    program=$1
    shift
    $CC $flags $ORACLE_CFLAGS -I"$SRCDIR" -I"$BUILDDIR" -o "$program" "$@" $libraries -lpthread -lm
}
# shellcheck disable=SC2046
link_counting vitrine-counting "$BUILDDIR/obj/frontends/main.o" "$BUILDDIR/libvitrine.a" &&
    link_counting unit-tests-counting \
        $(for source in "$SRCDIR"/tests/unit/*.c; do echo "$BUILDDIR/obj/tests/unit/$(basename "$source" .c).o"; done) \
        "$BUILDDIR/libvitrine.a" \
        $(sed -n 's/^check_libs = //p' "$BUILDDIR/Makefile") || exit 1

VITRINE_COVERAGE=streams.counts ./silicon -H -n 6000 -s 1 >streams.log || exit 1
VITRINE_COVERAGE=streams-fpu.counts ./silicon -H -n 12000 -s 1 -x 1 >>streams.log || exit 1
for suite in cpu_core cpu_loop cpu_code cpu_models cpu_simd cpu_system cpu_8086 cpu_8086_rows cpu_8086_flags \
    cpu_286 cpu_386 cpu_386_flags cpu_386_real; do
    CK_FORK=no VITRINE_COVERAGE=$suite.counts ./unit-tests-counting $suite >$suite.log 2>&1
done
VITRINE_COVERAGE=dumps.counts timeout 200 ./vitrine-counting run --bios embedded --cpu max --overlay --display none \
    --max-speed --no-reboot "$roms/dumps.img" >dumps.log 2>&1

# check FILE...: what is wrong with the rows of the first file, counted in all
check() {
    awk '
        FILENAME ~ /excuses/ {
            if (!/^#/ && NF) {
                row = $0; sub(/ *\|.*/, "", row); reason = $0; sub(/^[^|]*\| */, "", reason)
                if (reason == $0 || reason == "") print row ": an excuse without a reason"
                excused[row] = 1
            }
            next
        }
        { row = $1 " " $2 " " $3 " " $4 " " $5; rows[row] = 1; count[row] += $6 }
        END {
            for (row in rows) {
                total++
                if (count[row] == 0 && !excused[row]) print row ": no oracle executes it, and no excuse is listed"
                if (count[row] > 0 && excused[row]) print row ": is executed; its excuse can go"
                executed += count[row] > 0
            }
            for (row in excused) if (!(row in rows)) print row ": an excuse for a row that is not there"
            print total " rows, " executed " executed by " (ARGC - 2) " runs" >"summary"
        }' "$SRCDIR/tests/oracle/excuses.txt" "$@" | sort
}
check ./*.counts >wrong
cat wrong summary
# The check itself: a row more is found.
mkdir invented
echo "ops 0f04 8 - invented 0" >invented/invented.counts
check ./*.counts invented/invented.counts | grep -q "^ops 0f04 8 - invented: no oracle" ||
    { echo "a new row without a test would pass"; exit 1; }
[ ! -s wrong ] && [ "$(cut -d' ' -f1 summary)" -gt 700 ]

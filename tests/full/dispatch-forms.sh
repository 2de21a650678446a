# Every form of dispatch, at every level of optimisation where it is valid, with gcc and clang and with the
# sanitizers, is the same machine: the same results of the oracle's random streams, the same hash of a guest's run.
# And with tail calls no handler calls the next one where it should jump; with computed goto most places jump on by
# themselves (gcc joins their jumps into one where it optimises less).
#
# Only cpu/ is compiled for each form; the other folders come from the first form of the same compiler.
#
# A new form is one more line: NAME | COMPILER | CONFIGURE-OPTIONS, by commas | CFLAGS. VITRINE_FORMS chooses among the names.
# timeout: 7200
forms='
tail-gcc-O2    | gcc   | --dispatch=tail | -O2
tail-gcc-O3    | gcc   | --dispatch=tail | -O3
tail-gcc-Os    | gcc   | --dispatch=tail | -Os
tail-clang-O2  | clang | --dispatch=tail | -O2
tail-clang-O3  | clang | --dispatch=tail | -O3
tail-clang-Os  | clang | --dispatch=tail | -Os
goto-gcc-O0    | gcc   | --dispatch=goto | -O0
goto-gcc-O1    | gcc   | --dispatch=goto | -O1
goto-gcc-O2    | gcc   | --dispatch=goto | -O2
goto-gcc-O3    | gcc   | --dispatch=goto | -O3
goto-gcc-Os    | gcc   | --dispatch=goto | -Os
goto-clang-O0  | clang | --dispatch=goto | -O0
goto-clang-O1  | clang | --dispatch=goto | -O1
goto-clang-O2  | clang | --dispatch=goto | -O2
goto-clang-O3  | clang | --dispatch=goto | -O3
goto-clang-Os  | clang | --dispatch=goto | -Os
loop-gcc-O0    | gcc   | --dispatch=loop | -O0
loop-gcc-O1    | gcc   | --dispatch=loop | -O1
loop-gcc-O2    | gcc   | --dispatch=loop | -O2
loop-gcc-O3    | gcc   | --dispatch=loop | -O3
loop-gcc-Os    | gcc   | --dispatch=loop | -Os
loop-clang-O0  | clang | --dispatch=loop | -O0
loop-clang-O1  | clang | --dispatch=loop | -O1
loop-clang-O2  | clang | --dispatch=loop | -O2
loop-clang-O3  | clang | --dispatch=loop | -O3
loop-clang-Os  | clang | --dispatch=loop | -Os
sanitized-goto | gcc   | --enable-sanitize,--dispatch=goto | -O1
sanitized-loop | gcc   | --enable-sanitize,--dispatch=loop | -O1
'
# These call through a pointer for another reason: the loop and its catch, the plain handlers, conversions that a
# store takes as an argument, a read that hands on by the slow way, a port's device (where the compiler does not
# inline bus/space.h). The plain handlers of the x87, ops_x87.o, are no links of the chain. Those of SIMD that call
# their row's function, x_from_m and the like, have to jump as well. Whatever else holds such a call is a handler that
# lost its jump.
may_call='cpu_run op_give_apart call_function cpu_try step_through op_execute op_system run_system fist16 fist32 fist64 fst32 fst64 fpu_update_ferr space_port_read space_port_write'
for bits in 8 16 32; do
    may_call="$may_call in${bits}_imm in${bits}_dx out${bits}_imm out${bits}_dx"
done

roms=$BUILDDIR/obj/roms/tests
[ -f "$roms/timer.bin" ] || { echo "the test guests are not built here (nasm is missing)"; exit 77; }
unset NM OBJDUMP AR # the runner's
wrong=0 ran=0
complain() { echo "$1"; wrong=$((wrong + 1)); }

build() { # build NAME COMPILER OPTIONS CFLAGS
    mkdir "$1" || return 1
    # shellcheck disable=SC2086
    (
        cd "$1" && "$SRCDIR/configure" --enable-werror CC="$2" CFLAGS="$4" $3 || exit 1
        case $3 in *sanitize*) rest= ;; *) rest=../rest-$2 ;; esac
        [ -z "$rest" ] || [ ! -d "$rest" ] || { cp -r "$rest" obj && find obj -type f -exec touch {} +; }
        make -j2 vitrine || exit 1
        [ -z "$rest" ] || [ -d "$rest" ] || { cp -r obj "$rest" && rm -rf "$rest/cpu"; }
    ) >"$1.log" 2>&1
}

# answers NAME COMPILER SANITIZE: hashes of streams and of guests, in NAME.answers
answers() {
    (
        cd "$1" || exit 1
        CC=$2 SANITIZE=$3 BUILDDIR=. ORACLE_CFLAGS=-I.
        . "$SRCDIR/tests/oracle/build.sh"
        build_silicon || exit 1
        for has_fpu in 0 1; do
            ./silicon -H -n 20000 -s 1 -x $has_fpu
        done
        for guest in timer smc task paging; do
            ./vitrine run --bios embedded --display none --max-speed --rtc 1700000000 --overlay --no-reboot \
                --timeout 300 --hash "$roms/$guest.bin"
            echo "$guest: status $?"
        done
    ) >"$1.answers" 2>"$1.err"
}

calls_in_handlers() { # of the objects in NAME
    for object in "$1"/obj/cpu/ops*.o "$1"/obj/cpu/run.o; do
        [ "$(basename "$object")" != ops_x87.o ] || continue
        objdump -d --no-show-raw-insn "$object"
    done | awk -v may=" $may_call " '
        /^[0-9a-f]+ <.*>:/ { name = $2; gsub(/[<>:]/, "", name); sub(/\..*/, "", name) }
        /\tjmpq? +\*/ { jumps[name] = 1 }
        /\tcallq? +\*/ && !index(may, " " name " ") { calls[name] = 1 }
        END { for (name in calls) if (!(name ~ /^[xqmr]_from_[xqmri]$/ && name in jumps)) print name }'
}

jumps_of_places() { # in NAME
    objdump -d --no-show-raw-insn "$1/obj/cpu/ops_goto.o" |
        awk '/^[0-9a-f]+ <.*>:/ { is_it = $2 == "<ops_go>:" } is_it && /\tjmpq? +\*/ { n++ } END { print n + 0 }'
}

while IFS='| ' read -r name compiler options flags; do
    [ -n "$name" ] || continue
    case " ${VITRINE_FORMS:-$name} " in *" $name "*) ;; *) continue ;; esac
    command -v "$compiler" >/dev/null || { echo "$name: no $compiler: left out"; continue; }
    build "$name" "$compiler" "$(echo "$options" | tr , ' ')" "$flags" || { tail -n 20 "$name.log"; complain "$name: cannot be built"; continue; }
    case $options in *sanitize*) sanitize=yes ;; *) sanitize=no ;; esac
    answers "$name" "$compiler" $sanitize
    [ "$(grep -c hash "$name.answers")" = 6 ] || { cat "$name.err" "$name.answers"; complain "$name: a hash is missing"; }
    [ -f expected ] || { cp "$name.answers" expected; cat expected; }
    cmp -s expected "$name.answers" || { diff expected "$name.answers"; complain "$name: not the same machine"; }
    case $name in
    tail-*)
        found=$(calls_in_handlers "$name")
        [ -z "$found" ] || complain "$name: calls where a jump should be: $found"
        ;;
    goto-*-O[23])
        found=$(jumps_of_places "$name")
        [ "$found" -gt 150 ] || complain "$name: $found jumps for all places"
        ;;
    esac
    ran=$((ran + 1))
    echo "$name: done"
    rm -rf "$name"
done <<FORMS
$forms
FORMS
echo "$ran forms, $wrong wrong"
[ $ran -gt 1 ] && [ $wrong = 0 ]

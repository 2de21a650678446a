#!/bin/sh
# Symbols and source lines as `vitrine debug` tells them, against addr2line and nm: the lab kernels (C
# and NASM), and small programs with DWARF 2 to 5, of 32 and 64 bits, by gcc and, where it is, clang.
# timeout: 300
. "$SRCDIR/tests/guest/debug.inc"
for tool in addr2line nm objdump gcc; do
    command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done

# compare NAME ELF [OFFSET]: each instruction's line, and each symbol's address.
compare() {
    objdump -d "$2" | sed -n 's/^ *\([0-9a-f]*\):	.*/\1/p' >addresses
    [ -s addresses ] || fail "$1 has no code"
    addr2line -s -e "$2" <addresses | sed 's/ (.*//' >theirs
    awk -v offset="${3:-0}" '{ print "info line 0x" $1 "+" offset } END { print "quit" }' addresses |
        timeout 100 "$VITRINE" debug --stopped --display none --bios embedded --sym "$2${3:+,offset=$3}" \
            "$ALPHA" 2>/dev/null | sed -n '2,$p' | grep -v '^the run' |
        sed 's/.* at \([^ ]*:[0-9]*\)$/\1/; t; s/.*/??:0/' >ours
    sed -i 's|.*:[?0]$|??:0|' theirs
    paste addresses theirs ours | awk '$2 != $3' >differ
    # addr2line takes the file of a function's body for what the compiler put in line at its start (power.c
    # 104, of 77 lines): gdb is asked about what differs.
    if [ -s differ ] && command -v gdb >/dev/null; then
        awk '{ print "info line *0x" $1 }' differ >ask
        gdb -batch -x ask "$2" 2>/dev/null |
            sed -n 's/^Line \([0-9]*\) of "\(.*\/\)*\([^"]*\)".*/\3:\1/p' >answers
        paste differ answers | awk '$3 != $4' >rest
        mv rest differ
    fi
    [ -s differ ] && fail "$1: $(wc -l <differ) of $(wc -l <addresses) lines differ: $(head -3 differ)"
    grep -qv '^??:0$' ours || fail "$1: no address has a line"
    nm "$2" | awk '$2 ~ /[Tt]/ { seen[$3]++; at[$3] = $1 }
        END { for (name in seen) if (seen[name] == 1) print name, at[name] }' | sort >names
    { sed 's/\(.*\) .*/info line \1/' names; echo quit; } | timeout 100 "$VITRINE" debug --stopped \
        --display none --bios embedded --sym "$2" "$ALPHA" 2>/dev/null | sed -n '2,$p' |
        grep -v '^the run' | sed 's/ .*//; s/^0*//' >found
    sed 's/.* 0*//' names | cmp - found || fail "$1: other symbols than nm's: $(head -3 names found)"
    echo "$1: $(wc -l <addresses) instructions, $(wc -l <names) symbols"
}

compare alpha "$ALPHA"
compare beta "$BUILDDIR/obj/roms/beta.elf"
compare moved "$ALPHA" 0x100000

mkdir -p sub
cat >sub/inner.h <<'END'
static inline int inner(int x) {
    return x > 3 ? x * 7 : x - 1;
}
END
cat >one.c <<'END'
#include "sub/inner.h"
int other(int);
int _start(int argc) {
    int sum = 0;
    for (int i = 0; i < argc; i++)
        sum += inner(i)
            + other(i);
    return sum;
}
END
cat >two.c <<'END'
int other(int x) {
#line 4000 "generated.y"
    x ^= 5;
#line 3 "two.c"
    return x + 1;
}
END
for compiler in gcc clang; do
    command -v $compiler >/dev/null || continue
    for version in 2 3 4 5; do
        for bits in 32 64; do
            $compiler -m$bits -gdwarf-$version -O1 -nostdlib -static -ffreestanding \
                -Wl,--build-id=none -o small.elf one.c two.c 2>log ||
                { echo "$compiler -m$bits does not build here: skipped"; continue; }
            compare "$compiler-dwarf-$version-$bits" small.elf
        done
    done
done

# What is no such file is one message; nothing is guessed.
refused() {
    part=$1
    shift
    $DEBUG "$@" >out 2>err </dev/null
    status=$?
    [ $status = 6 ] || [ $status = 2 ] || fail "$*: status $status"
    [ "$(wc -l <err)" = 1 ] || fail "$*: more than one line: $(cat err)"
    says err "$part"
    says err 'fix: '
}
gcc -m32 -c -o object.o two.c
head -c 3000 "$ALPHA" >cut.elf
refused 'no little-endian ELF' --sym one.c
refused 'an object file' --sym object.o
refused 'no symbol table' --sym cut.elf
refused 'no option of it' --sym "$ALPHA,ofset=3"
refused 'no file.s name' --sym ,offset=3
refused 'more than 4 times' --sym a --sym a --sym a --sym a --sym a
exit 0

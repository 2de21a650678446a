#!/bin/sh
# Proves from the object files that the library owns no writable object outside memory that a
# machine owns: scripts/check-globals.sh FILE.o|FILE.a...
#
# A writable object is what lies in a section that is loaded and may be written: .data, .bss, .tdata,
# .tbss, .init_array (constructors) and the like, or in no section yet (COMMON). .data.rel.ro is
# written by the dynamic linker only, then read-only. A section whose name is a C identifier makes
# the linker define __start_NAME, which is how linker sets are made: refused as well.
#
# Prints one line for each offender with the symbols in it; exit status 0 when there is none, 1
# otherwise, 2 when the tools do not work. OBJDUMP and NM name the tools.
: "${OBJDUMP:=objdump}" "${NM:=nm}"
[ $# -gt 0 ] || { echo "usage: $0 FILE.o|FILE.a..." >&2; exit 2; }

status=0
for file; do
    sections=$(LC_ALL=C "$OBJDUMP" -h "$file") || exit 2
    symbols=$(LC_ALL=C "$NM" -f posix -A "$file" 2>/dev/null) || exit 2
    printf '%s\n' "$sections" | awk '
        / file format / { member = $1; sub(/:$/, "", member); next }
        $1 ~ /^[0-9]+$/ { name = $2; size = $3; next }
        /ALLOC/ {
            if (size ~ /^0+$/ || name ~ /^\.data\.rel\.ro/) next
            if ($0 !~ /READONLY/) { print member ": writable section " name ", 0x" size " bytes"; bad = 1 }
            else if (name ~ /^[A-Za-z_][A-Za-z0-9_]*$/) { print member ": linker set " name; bad = 1 }
        }
        END { exit bad }' || status=1
    # Types of nm: D data, B bss, C common, upper case for global; small ones (G, S) on some machines.
    # d also stands for .data.rel.ro, which objdump above has told apart; so only C counts here, and
    # the others are named to help when something was found.
    if printf '%s\n' "$symbols" | grep -E ' C [0-9a-f]'; then
        echo "$file: common symbols (above)"
        status=1
    fi
    if [ $status = 1 ]; then
        printf '%s\n' "$symbols" | grep -E ' [bBdDgGsS] ' | sed 's/^/    candidate: /'
    fi
done
exit $status

#!/bin/sh
# Proves from the #include lines that each folder includes only downwards or inside itself:
# scripts/check-floors.sh [TOP]. The floors are ARCHITECTURE.md's.
#
# Also: includes are written from the top folder, and POSIX and SDL2 stay behind backends/ and
# frontends/: the other folders see ISO C's headers and the few libraries named below.
#
# Prints one line for each broken rule; exit status 0 when there is none, 1 otherwise.
top=${1:-$(dirname "$0")/..}
cd "$top" || exit 2
[ -d base ] || [ -d bus ] || [ -f configure ] || { echo "check-floors: no sources in $(pwd)" >&2; exit 2; }

files=$(find base bus cpu devices backends machine hypervisor debugger frontends \
    -name '*.[ch]' -o -name '*.def' -o -name '*.inc' 2>/dev/null | sort)
[ -n "$files" ] || exit 0

# shellcheck disable=SC2086
awk '
BEGIN {
    split("base 0 bus 1 cpu 2 devices 2 backends 2 machine 3 hypervisor 4 debugger 5 frontends 6", w)
    for (i = 1; i in w; i += 2) floor[w[i]] = w[i + 1]
    n = split("assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal " \
              "stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath " \
              "threads time uchar wchar wctype", iso)
    for (i = 1; i <= n; i++) is_iso[iso[i] ".h"] = 1
    is_iso["zlib.h"] = 1 # required, the same everywhere: as good as ISO C
    # folder header: libraries that ISO C floors may use, and where.
    allowed["debugger capstone/capstone.h"] = 1
    allowed["debugger capstone.h"] = 1
}
function broken(why) {
    printf "%s:%d: %s: %s\n", FILENAME, FNR, $0, why
    bad++
}
/^[ \t]*#[ \t]*include/ {
    folder = FILENAME
    sub(/\/.*/, "", folder)
    line = $0
    sub(/^[ \t]*#[ \t]*include[ \t]*/, "", line)
    if (line ~ /^"/) {
        name = substr(line, 2)
        sub(/".*/, "", name)
        if (name == "config.h") next
        into = name
        if (name !~ /\// || name ~ /^\.\.?\//) { broken("write it from the top folder"); next }
        sub(/\/.*/, "", into)
        if (!(into in floor)) broken("no floor has that folder")
        else if (into != folder && floor[into] >= floor[folder])
            broken(folder " is on floor " floor[folder] ", " into " on floor " floor[into])
    } else if (line ~ /^</) {
        name = substr(line, 2)
        sub(/>.*/, "", name)
        if (folder != "backends" && folder != "frontends" && !(name in is_iso) && !((folder " " name) in allowed))
            broken("only backends/ and frontends/ go beyond ISO C")
    }
}
END { exit bad ? 1 : 0 }
' $files

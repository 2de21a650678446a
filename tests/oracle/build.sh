# Functions that build the oracles with $CC, from the library in BUILDDIR, into the current folder.
: "${CC:=cc}"

build_oracle() { # build_oracle NAME SOURCE...
    name=$1
    shift
    # shellcheck disable=SC2046,SC2086
    $CC -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -O2 $ORACLE_CFLAGS -I"$SRCDIR" -I"$BUILDDIR" -o "$name" "$@" \
        "$SRCDIR/tests/unit/cpu_box.c" "$BUILDDIR/libvitrine.a" -lm \
        $(sed -n -e 's/^lib_cflags = //p' -e 's/^lib_libs = //p' "$BUILDDIR/Makefile") \
        $([ "$SANITIZE" = yes ] && echo -fsanitize=address,undefined)
}
oracle=$SRCDIR/tests/oracle
build_silicon() {
    build_oracle silicon "$oracle/silicon.c" "$oracle/halves.c" "$oracle/generate.c" "$oracle/generate_fpu.c" \
        "$oracle/compare_fpu.c"
}
build_opcodes() {
    build_oracle opcodes "$oracle/opcodes.c" "$oracle/halves.c" "$oracle/compare_fpu.c"
}
build_vectors() {
    build_oracle vectors "$oracle/vectors.c" "$oracle/captures.c" "$SRCDIR/tests/unit/moo.c" \
        "$SRCDIR/tests/unit/capture_json.c"
}

# The silicon's half, a 32-bit program; ends with 77 where the workstation cannot run one.
build_native() {
    case $(uname -m) in
    x86_64 | i?86) ;;
    *) echo "not an x86 workstation"; exit 77 ;;
    esac
    gcc -m32 -static -O2 -fno-stack-protector -std=gnu11 -I"$SRCDIR" -o native "$oracle/native.c" 2>native.log ||
        { echo "gcc -m32 does not link here"; exit 77; }
}

# find_vectors: sets vectors to the folder of a set of captures, or ends with 77.
find_vectors() {
    vectors=${VITRINE_VECTORS:-}
    for folder in "$vectors" "$SRCDIR/../shared/vectors" "$SRCDIR/../../shared/vectors"; do
        [ -n "$folder" ] && { vectors=$folder; is_set_of_vectors; } && return
    done
    echo "no captures found: set VITRINE_VECTORS to the folder of a set (8088, 80286, 80386 …)"
    exit 77
}

# A set has its table beside it or one folder up.
is_set_of_vectors() {
    for table in metadata.json ../metadata.json 80386.csv ../80386.csv; do
        [ ! -f "$vectors/$table" ] || return 0
    done
    return 1
}

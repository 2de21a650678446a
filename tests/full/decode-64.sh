# The decoder's third mode: lengths of 64-bit instructions are objdump's (binutils), for all opcodes, prefixes, REX, ModRM
# and SIB of every kind. tests/unit/test_decode.c has registers and sizes.
# timeout: 600
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
objdump --help 2>/dev/null | grep -q i386:x86-64 || { echo "no objdump for x86-64"; exit 77; }
. "$SRCDIR/tests/oracle/build.sh"
build_oracle decode64 "$oracle/decode64.c" || exit 1
python3 "$oracle/decode64.py" ./decode64

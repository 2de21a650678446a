# Published captures of processors (single instructions, real mode) on our core.
# timeout: 300
. "$SRCDIR/tests/oracle/build.sh"
find_vectors
build_vectors || exit 1
./vectors -v 3 "$vectors"

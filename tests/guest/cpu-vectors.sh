# Published captures of processors (single instructions, real mode) on our core: the flags that the set marks
# as undefined are left out, but with the 80286, whose model has them too.
# timeout: 300
. "$SRCDIR/tests/oracle/build.sh"
find_vectors
build_vectors || exit 1
undefined=0
! grep -q '"cpu": "286"' "$vectors/metadata.json" || undefined=1
./vectors -v 3 -u $undefined "$vectors"

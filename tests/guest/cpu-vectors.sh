# Published captures of processors (single instructions, real mode) on our core: the flags that the set marks
# as undefined are left out, but with the 80286 and the 8086, whose models have them too.
# timeout: 300
. "$SRCDIR/tests/oracle/build.sh"
find_vectors
build_vectors || exit 1
undefined=0
! cat "$vectors/metadata.json" "$vectors/../metadata.json" 2>/dev/null | grep -qE '"cpu": *"(286|808[68])"' || undefined=1
./vectors -v 3 -u $undefined "$vectors"

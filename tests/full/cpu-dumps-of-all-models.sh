# The same as tests/guest/cpu-dumps.sh with every CPU model that the peers have too.
# timeout: 900
set -- --matrix
. "$SRCDIR/tests/oracle/dumps.sh"

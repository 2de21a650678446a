# The same as tests/guest/cpu-silicon.sh with at least 10^8 instructions and a seed of the day.
# timeout: 7200
SILICON_SEED=$(date +%Y%m%d)
tests=23000000
. "$SRCDIR/tests/oracle/silicon.sh"

# The same as tests/guest/f80-transcendental.sh with five million cases each and a seed of the day.
# timeout: 3600
set -- 5000000 "$(date +%Y%m%d)"
. "$SRCDIR/tests/fuzz/f80_transcendental.sh"

# Guests made of noise, a thousand new ones every night, on a build with sanitizers.
# timeout: 14400
set -e
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
mkdir build
(cd build && "$SRCDIR/configure" --enable-sanitize CC="$CC" >configure.log && make vitrine >make.log 2>&1) ||
    { tail -n 20 build/make.log; exit 1; }
first=$(($(date +%s) / 86400 * 1000))
python3 "$SRCDIR/tests/fuzz/hostile_guests.py" build/vitrine "$first" 1000

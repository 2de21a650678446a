# Guests made of noise: the machine lives. make nightly runs many more of them under sanitizers.
# timeout: 300
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
python3 "$SRCDIR/tests/fuzz/hostile_guests.py" "$VITRINE" 1 24

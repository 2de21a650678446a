# The worked example of HACKING.md is true: its blocks, put where their headings say, build without
# warnings, pass their test and every device's tests, and the guest's first access reads as printed.
# timeout: 900
set -e
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
mkdir src
(cd "$SRCDIR" && tar cf - --exclude=./build --exclude='./build-*' --exclude=./obj --exclude=./guests \
    --exclude=./test-out --exclude=./.git .) | tar xf - -C src
cd src
# `PATH` on a line of its own, then a block: its text into block.N, its path into block.N.path.
awk '
/^`[^` ]+`$/ { path = substr($0, 2, length($0) - 2); next }
/^```/ && !inside && path != "" { inside = 1; n++; print path >("block." n ".path"); printf "" >("block." n); next }
/^```/ && inside { inside = 0; path = ""; next }
inside { print >("block." n) }' HACKING.md
for n in 1 2 3 4 5 6 7 8; do
    path=$(cat block.$n.path)
    case $path in
    devices/types.h) sed -i "/^extern const struct device_type POST_PORT_TYPE;/r block.$n" "$path" ;;
    devices/table.c) sed -i "/^    &POST_PORT_TYPE,/r block.$n" "$path" ;;
    devices/features.c) sed -i "/^    {\"post-port\", /r block.$n" "$path" ;;
    tests/unit/test_guest_errors.c) sed -i "/CAN_DO_NO_WRONG\[\] = {/r block.$n" "$path" ;;
    machine/board.c) sed -i "s/{\"post-port\", \"post\", NULL},/& $(cat block.$n | tr -d '\n' | sed 's/[&\/]/\\&/g')/" "$path" ;;
    *) cp block.$n "$path" ;;
    esac
done
grep -q lamps machine/board.c && grep -q LAMPS devices/table.c && grep -q LAMPS devices/types.h
mkdir -p build && cd build
../configure --enable-werror >configure.log
make -j2 all unit-tests >make.log 2>&1 || { tail -n 20 make.log; exit 1; }
./unit-tests lamps device device_tables device_pages guest_errors
nasm -f bin -o lamps.img ../lamps.asm
status=0
./vitrine run --display none --overlay --trace io:dev=lamps --trace-out lamps.jsonl lamps.img || status=$?
[ $status = 1 ] || { echo "status $status instead of 1"; exit 1; }
head -n 1 lamps.jsonl
head -n 1 lamps.jsonl | grep -q '"eip":"0x7c05".*"addr":"0x319",.*"device":"lamps","reg":"BLINK".*"meaning":"blinks at 1.00 Hz"'
grep -q '"eip":"0x7c05".*"meaning":"blinks at 1.00 Hz"' ../HACKING.md

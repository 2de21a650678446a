# vitrine disk: creates, shows, pads and checks images; says what is wrong with bad ones.
fail() { echo "disk-command: $*"; exit 1; }
disk() { "$VITRINE" disk "$@" >out 2>err; }
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }

disk create a.img --geometry 20/4/17 || fail "create: $(cat err)"
[ "$(wc -c <a.img)" -eq 696320 ] || fail "create made $(wc -c <a.img) bytes"
disk create a.img --size 1M && fail "create overwrote an image"
grep -q -e --force err || fail "no way out named: $(cat err)"
[ "$(wc -c <a.img)" -eq 696320 ] || fail "the refused create changed the file"
disk create a.img --size 1M --force || fail "create --force: $(cat err)"
[ "$(wc -c <a.img)" -eq 1048576 ] || fail "create --force made $(wc -c <a.img) bytes"

disk create b.img --size 1000; [ $? = 2 ] || fail "half a sector was accepted"
disk create b.img --geometry 70000/17/63; [ $? = 2 ] || fail "an absurd geometry was accepted"
disk create b.img; [ $? = 2 ] || fail "create without a size was accepted"
[ ! -e b.img ] || fail "a refused create left a file"
disk craete b.img; [ $? = 2 ] && grep -q create err || fail "no nearest word: $(cat err)"

printf 'abc' >short.img
disk info short.img; [ $? = 6 ] || fail "info of 3 bytes ended with $?"
grep -q "disk pad" err || fail "pad is not named: $(cat err)"
disk pad short.img || fail "pad: $(cat err)"
[ "$(wc -c <short.img)" -eq 512 ] || fail "pad made $(wc -c <short.img) bytes"
[ "$(head -c 3 short.img)" = abc ] || fail "pad changed what was there"
disk pad a.img --geometry 20/4/17; [ $? = 6 ] || fail "pad shortened an image"
[ "$(wc -c <a.img)" -eq 1048576 ] || fail "pad changed the size"

disk create p.img --geometry 20/4/17 || fail "create: $(cat err)"
# One partition, type 83h, sectors 17-1359, ending at head 3, sector 17: octal bytes at 446.
printf '\200\001\001\000\203\003\021\023\021\000\000\000\077\005\000\000' |
    dd of=p.img bs=1 seek=446 conv=notrunc 2>/dev/null
printf '\125\252' | dd of=p.img bs=1 seek=510 conv=notrunc 2>/dev/null
disk info p.img || fail "info: $(cat err)"
grep -q "geometry 20/4/17" out || fail "geometry not recognised: $(cat out)"
grep -q "partition 1: type 83, active, sectors 17-1359" out || fail "partition: $(cat out)"
disk check p.img || fail "check: $(cat err)"
printf '\100' | dd of=p.img bs=1 seek=458 conv=notrunc 2>/dev/null # one sector too many
disk check p.img; [ $? = 6 ] || fail "check accepted a partition past the end"
disk info .; [ $? = 6 ] && grep -q directory err || fail "a directory: $(cat err)"
disk info missing.img; [ $? = 6 ] || fail "a missing file"
echo "disk-command: all held"

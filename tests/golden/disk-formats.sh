# Formats of disk images: converted there and back, and judged by QEMU's qemu-img where it is there.
# timeout: 120
fail() { echo "disk-formats: $*"; exit 1; }
disk() { "$VITRINE" disk "$@" >out 2>err; }
same() { cmp "$1" "$2" || fail "$1 and $2 differ"; }
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }

# Sectors of all kinds: packed well and badly, zeros between, an odd end.
{ head -c 700000 "$VITRINE"; head -c 3000000 /dev/zero; gzip -c "$VITRINE" | head -c 900000; } >data.img
disk pad data.img || fail "pad: $(cat err)"

# --- our own ways -------------------------------------------------------------------------------
disk convert data.img a.qcow2 || fail "to qcow2: $(cat err)"
disk convert a.qcow2 b.img || fail "from qcow2: $(cat err)"
same data.img b.img
disk convert a.qcow2 c.gz || fail "to gz: $(cat err)"
gzip -t c.gz || fail "gzip refuses what was written"
gzip -dc c.gz | cmp - data.img || fail "gzip unpacks something else"
disk convert c.gz d.qcow2 || fail "gz to qcow2: $(cat err)"
disk convert d.qcow2 e.img && same data.img e.img
gzip -9 <data.img >f.gz
disk convert f.gz g.img || fail "from gzip's own: $(cat err)"
same data.img g.img
for f in data.img a.qcow2 c.gz; do
    disk check $f || fail "check $f: $(cat out err)"
    disk info $f || fail "info $f: $(cat err)"
done
grep -q 'access points' out || fail "info of a gz: $(cat out)"
[ "$(wc -c <a.qcow2)" -lt 2500000 ] || fail "zeros take room in a qcow2 image"

# Nothing is left behind when it fails, and nothing is overwritten unasked.
cp b.img before
disk convert a.qcow2 b.img; [ $? = 6 ] || fail "an image was overwritten"
same b.img before
disk convert a.qcow2 nowhere/b.img; [ $? = 6 ] || fail "a missing folder"
dd if=/dev/zero of=cut.gz bs=1 seek=1000 count=0 2>/dev/null; head -c 100000 c.gz >cut.gz
disk convert cut.gz h.img; [ $? = 6 ] || fail "a cut gz was converted"
(ulimit -f 2000; "$VITRINE" disk convert a.qcow2 h.img >out 2>err); [ $? = 6 ] || fail "no room: $(cat err)"
grep -q 'no room' err && [ "$(wc -l <err)" = 1 ] || fail "no room is not said: $(cat err)"
[ ! -e h.img ] && [ ! -e h.img.part ] || fail "something was left behind"
disk convert --force a.qcow2 b.img || fail "--force: $(cat err)"
head -c 60000000 /dev/urandom >random.img
disk pad random.img
"$VITRINE" disk convert random.img k.gz >out 2>err &
pid=$!
tries=0
while [ ! -s k.gz.part ] && [ $tries -lt 200 ]; do
    tries=$((tries + 1))
    sleep 0.02
done
kill $pid
wait $pid
[ $? = 143 ] || fail "SIGTERM did not end it"
[ ! -e k.gz ] || fail "half an image has the name of a whole one"
rm random.img
ls -- *.part 2>/dev/null && fail "a part was left behind"

# --- a format is stated, or the name's -----------------------------------------------------------
cp a.qcow2 guest-wrote-it.img
disk info guest-wrote-it.img || fail "info: $(cat err)"
grep -q 'format raw' out || fail "the bytes of a raw image chose its format: $(cat out)"
disk info --format qcow2 guest-wrote-it.img && grep -q 'format qcow2' out || fail "stated: $(cat out err)"
cp data.img named.qcow2
disk info named.qcow2; [ $? = 6 ] && grep -q 'format raw' err || fail "raw as qcow2: $(cat err)"
disk info --format raw named.qcow2 || fail "stated raw: $(cat err)"

# --- backing files ------------------------------------------------------------------------------
mkdir -p in/side
cp data.img in/base.img
disk create in/over.qcow2 --backing base.img || fail "create: $(cat err)"
disk info in/over.qcow2 && grep -q 'backing file base.img (raw)' out || fail "info: $(cat out err)"
disk convert in/over.qcow2 i.img && same data.img i.img
disk create in/side/out.qcow2 --backing ../base.img
[ $? = 6 ] && grep -q outside err || fail "a backing file outside: $(cat err)"
[ ! -e in/side/out.qcow2 ] || fail "it was left behind"
disk create in/side/out.qcow2 --backing ../base.img --any-backing || fail "any backing: $(cat err)"
disk convert in/side/out.qcow2 j.img; [ $? = 6 ] || fail "a backing file outside was opened"
disk convert --any-backing in/side/out.qcow2 j.img || fail "--any-backing: $(cat err)"
same data.img j.img
ln -s ../base.img in/side/link.img
disk create in/side/out2.qcow2 --backing link.img; [ $? = 6 ] || fail "a link led outside"

# --- QEMU's own program judges --------------------------------------------------------------------
command -v qemu-img >/dev/null || { echo "disk-formats: held, but no qemu-img (package qemu-utils) to judge"; exit 77; }
judge() { qemu-img check -q "$1" || fail "qemu-img check $1"; }
judge a.qcow2
judge d.qcow2
qemu-img compare -q -f qcow2 -F raw a.qcow2 data.img || fail "qemu-img reads something else"
judge in/over.qcow2
qemu-img compare -q -f qcow2 -F raw in/over.qcow2 data.img || fail "the backing file is not what we say"

n=0
while read -r options; do
    n=$((n + 1))
    # shellcheck disable=SC2086
    qemu-img convert -q -f raw -O qcow2 $options data.img q$n.qcow2 || fail "qemu-img convert $options"
    disk check q$n.qcow2 || fail "check of $options: $(cat out err)"
    disk convert q$n.qcow2 q$n.img || fail "$options: $(cat err)"
    cmp data.img q$n.img || fail "$options: read wrongly"
    rm q$n.img
done <<'END'
-o compat=0.10
-o compat=1.1
-c
-c -o cluster_size=512
-c -o cluster_size=2M
-o cluster_size=512,refcount_bits=64
-o refcount_bits=1
-o preallocation=metadata
-o lazy_refcounts=on
END
qemu-img create -q -f qcow2 -o encrypt.format=luks,encrypt.key-secret=s --object secret,id=s,data=x l.qcow2 1M 2>/dev/null && {
    disk info l.qcow2; [ $? = 6 ] && grep -q encrypted err || fail "encrypted: $(cat err)"
}
qemu-img convert -q -O qcow2 -c -o compression_type=zstd data.img z.qcow2 2>/dev/null && {
    disk info z.qcow2; [ $? = 6 ] && grep -q zstd err || fail "zstd: $(cat err)"
}
qemu-img create -q -f qcow2 -o data_file=x.data,data_file_raw=on x.qcow2 1M 2>/dev/null && {
    disk info x.qcow2; [ $? = 6 ] && grep -q 'another file' err || fail "external data: $(cat err)"
}
qemu-img snapshot -c one q1.qcow2 && disk check q1.qcow2 || fail "with a snapshot: $(cat out err)"
disk info q1.qcow2 && grep -q '1 internal snapshot' out || fail "info: $(cat out)"
# Ours sees what is wrong where QEMU does: a refcount that is too low.
cp a.qcow2 bad.qcow2
printf '\000\000' | dd of=bad.qcow2 bs=1 seek=$((131072 + 10)) conv=notrunc 2>/dev/null
qemu-img check -q bad.qcow2 2>/dev/null && fail "qemu-img finds nothing wrong"
disk check bad.qcow2; [ $? = 6 ] && grep -q 'more often' out || fail "nothing found: $(cat out err)"
echo "disk-formats: all held, $n of QEMU's images"

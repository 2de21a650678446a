# What users get wrong: each command line ends with its status (2: usage or configuration, 6: a file),
# says one line on stderr that names the place, what is wrong and a fix, and leaves every file as it
# was. A row: STATUS | WORDS | PART OF THE MESSAGE (a word '_' is empty).
# timeout: 120
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }

# --- files that are wrong, each in its own way -----------------------------------------------------
mkdir files && cd files || exit 1
bytes() { head -c "$2" /dev/zero >"$1"; }
bytes good.img 1048576
bytes other.img 1048576
bytes big.img 2949632
bytes fd.img 1474560 && cp fd.img fd2.img && cp fd.img fd3.img
: >empty.img
bytes odd.img 700
bytes odd.iso 1536
mkdir folder.img
mkfifo fifo.img
ln -s loop2 loop1 && ln -s loop1 loop2
ln good.img hard.img
ln -s good.img soft.img
bytes rom0 0
bytes rom65537 65537
bytes rom17M 17825792
bytes unreadable.img 512 && chmod 0 unreadable.img
printf 'a line\n' >text
{ printf '\177ELF\001\001\001'; head -c 60 /dev/zero; } >short.elf
{ printf '\177ELF\002\001\001'; head -c 9000 /dev/zero; } >long.elf
{ head -c 514 /dev/zero; printf HdrS; head -c 2000 /dev/zero; } >cut.bzimage
cp good.img raw.qcow2 && cp good.img raw.gz && cp good.img long.qcow2
gzip -c "$VITRINE" | head -c 10000 >cut.gz
printf 'QFI\373' >cut.qcow2
# A qcow2 image of 1 MiB whose header names a backing file of a format: backing NAME FORMAT FILE.
number() { printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)))"; }
backing() {
    "$VITRINE" disk create "$3" --size 1M >/dev/null || exit 1
    { number 0xE2792ACA; number ${#2}; printf '%s' "$2"; head -c $((8 - ${#2})) /dev/zero; head -c 8 /dev/zero; printf '%s' "$1"; } |
        dd of="$3" bs=1 seek=104 conv=notrunc 2>/dev/null
    { number 0; number 128; number ${#1}; } | dd of="$3" bs=1 seek=8 conv=notrunc 2>/dev/null
}
backing ../before raw away.qcow2
backing lost.img raw lost.qcow2
backing circle.qcow2 qcow2 circle.qcow2
host='[host]\nmemory = 64M\ndisk = good.img,geometry=1/16/63\n'
lab() { printf "$2" >"$1.ini"; }
lab nohost '[guest a]\nmemory = 8M\n[guest b]\nmemory = 400M\n'
lab unknown "$host[guest a]\nmemry = 8M\n"
lab section '[hots]\n'
lab twice "$host[guest a]\nmemory = 8M\nmemory = 8M\n"
lab past "$host[guest a]\nmemory = 8M\ncylinders = 0-1\n"
lab same "$host[guest a]\nmemory = 8M\n[guest a]\nmemory = 8M\n"
lab macs "$host[guest a]\nmemory = 8M\nnic = ne2k-isa,mac=52:54:00:00:00:01\n[guest b]\nmemory = 8M\nnic = ne2k-isa,mac=52:54:00:00:00:01\n"
lab uplink '[host]\nnic = ne2k-isa,net=usr\n[guest a]\nmemory = 8M\n'
lab diskmodel '[host]\nmemory = 64M\n[guest a]\ndisk_model = virtio\nmemory = 8M\n'
lab guestnet '[host]\nmemory = 64M\n[guest a]\nnic = ne2k-isa,net=user\nmemory = 8M\n'
lab geometry '[host]\ndisk = good.img,geometry=70000/17/63\n[guest a]\nmemory = 8M\n'
lab overlap '[host]\nmemory = 64M\ndisk = good.img,geometry=2/16/63\n[guest a]\nmemory = 8M\ncylinders = 0-1\n[guest b]\nmemory = 8M\ncylinders = 1-1\n'
lab format '[host]\nmemory = 64M\ndisk = good.img,geometry=1/16/63,format=vmdk\n[guest a]\nmemory = 8M\n'
lab qcow2 '[host]\nmemory = 64M\ndisk = good.img,geometry=1/16/63,format=qcow2\n[guest a]\nmemory = 8M\n'
lab nodisk '[host]\nmemory = 64M\ndisk = missing.img,geometry=2/16/63\n[guest a]\nmemory = 8M\n'
lab wrongsize '[host]\nmemory = 64M\ndisk = good.img,geometry=1000/16/63\n[guest a]\nmemory = 8M\n'
lab kernel '[host]\nmemory = 64M\n[guest a]\nmemory = 8M\nkernel = text\n'
printf '[host]\nmemory\000 = 8M\n' >nul.ini
printf '[host]\nmemory = \377\n' >utf8.ini
{ printf '[host]\nmemory = '; head -c 10000000 /dev/zero | tr '\000' 9; } >line.ini
head -c 100000 line.ini >long.ini
cd .. || exit 1

state() { # every file's kind, mode, size, time and sum
    find files -printf '%p %y %m %s %T@ %n\n' | sort
    find files -type f -readable | sort | xargs cksum
}
state >before

cat >table <<'END'
2 | rnu | unknown command 'rnu'; fix: did you mean 'run'?
2 | run | nothing to boot from
2 | run --memroy 16M good.img | unknown option --memroy; fix: did you mean --memory?
2 | run --xyzzyplugh good.img | unknown option --xyzzyplugh
2 | run good.img -m | options have two dashes
2 | run good.img other.img | two images: good.img and other.img
2 | run --memory | --memory needs a value
2 | run --memory --overlay good.img | --memory needs a value
2 | run --memory 16M --memory 16M good.img | --memory is given twice
2 | run --memory 0 good.img | --memory 0 is not
2 | run --memory -1M good.img | --memory -1M is not
2 | run --memory 99999999G good.img | --memory 99999999G is not
2 | run --memory 16Mx good.img | --memory 16Mx is not
2 | run --memory _ good.img | --memory
2 | run --overlay=yes good.img | --overlay takes no value
2 | run --timeout 0 good.img | --timeout 0
2 | run --clock 5 good.img | --clock 5
2 | run --realtime --max-speed good.img | exclude each other
2 | run --cpu z80 good.img | 'z80'
2 | run --board mca good.img | --board mca
2 | run --rtc tomorrow good.img | --rtc tomorrow
2 | run --display vga good.img | --display vga
2 | run --gdb 70000 good.img | '70000' is no port
2 | run --gdb 0.0.0.0:1234 good.img | loopback
2 | run --stopped good.img | --stopped goes with --gdb
2 | run --trace foo good.img | no kind of trace 'foo'
2 | run --trace io:dev=foo good.img | no device 'foo'
2 | run --trace-out x good.img | --trace-out goes with --trace
6 | run --trace io --trace-out nowhere/x good.img | nowhere/x
2 | run --initrd text good.img | --initrd goes with --kernel
2 | run --append quiet good.img | --append goes with --kernel
2 | run --nic ne3000 good.img | 'ne3000'
2 | run --board isa --nic virtio-net good.img | the board isa has no PCI
2 | run --nic virtio-net,transport=old good.img | transport=transitional, legacy or modern
2 | run --nic virtio-net,mac=1 good.img | mac=1 is not the address
2 | run --disk good.img,model=virtio | model=ata or model=virtio-blk
2 | run --disk good.img,transport=legacy | goes with model=virtio-blk
2 | run --disk good.img,model=virtio-blk,mechanics=realistic | has no arm
2 | run --disk good.img,model=virtio-blk,transport=new | transport=transitional, legacy or modern
2 | run --board isa --disk good.img,model=virtio-blk | virtio-blk on a board without PCI
2 | run --nic ne2k-isa,iobse=0x300 good.img | did you mean 'iobase'
2 | run --nic ne2k-isa,irq good.img | 'irq' is not option=value
2 | run --nic ne2k-isa,irq=9,irq=9 good.img | irq is given twice
2 | run --nic ne2k-isa,irq=99 good.img | irq=99
2 | run --nic ne2k-isa,irq=3 good.img | irq=3 belongs to com2 already
2 | run --nic ne2k-isa,irq=14 good.img | irq=14 belongs to ide0 already
2 | run --nic ne2k-isa,iobase=0x2e0 good.img | port 0x2f8 belongs to com2 already
2 | run --nic ne2k-isa,mac=52:54:00:00:00:01 --nic ne2k-isa,irq=10,mac=52:54:00:00:00:02 good.img | port 0x300 belongs to nic0 already
2 | run --nic ne2k-isa,mac=52:54:00:00:00:01 --nic ne2k-isa,iobase=0x320,mac=52:54:00:00:00:02 good.img | irq=5 belongs to another card
2 | run --nic ne2k-isa,irq=2 good.img | irq=9 belongs to ACPI
2 | run --nic ne2k-isa,mac=52:54:00:00:00:01 --nic ne2k-pci,mac=52:54:00:00:00:01 good.img | one MAC
2 | run --nic ne2k-isa,mac=53:54:00:00:00:01 good.img | mac=53:54:00:00:00:01
2 | run --nic ne2k-isa,mac=5 good.img | mac=5
2 | run --parallel lpt good.img | --parallel: 'lpt' is no byte stream
6 | run --parallel file:nowhere/out good.img | --parallel: nowhere/out
2 | run --nic ne2k-isa,irq=7 good.img | irq=7 belongs to lpt1 already
2 | run --nic ne2k-pci,net=usr good.img | net=usr
2 | run --nic ne2k-pci,net=stream: good.img | net=stream:
2 | run --nic ne2k-pci,net=user,net=switch good.img | net= is given twice
2 | run --nic ne2k-pci,net=switch,hostfwd=tcp::80-:80 good.img | go with net=user
2 | run --nic ne2k-pci,net=tap:a-name-of-20-letters good.img | at most 15
6 | run --nic ne2k-pci,net=stream:nowhere/sock,listen=on good.img | net=stream:nowhere/sock
6 | run --nic ne2k-pci,pcap=nowhere/file good.img | pcap=nowhere/file
2 | run --nic ne2k-pci,mac=52:54:00:00:00:01,net=switch,pcap=/dev/null --nic ne2k-pci,net=switch,pcap=/dev/null good.img | nic0's already
2 | host uplink.ini | uplink.ini:2: error: nic: net=usr
2 | host diskmodel.ini | diskmodel.ini:4: error: disk_model = virtio
2 | host guestnet.ini | guestnet.ini:4: error: nic: net= is the host's
2 | run --serial foo good.img | 'foo'
6 | run --serial file:nowhere/x good.img | nowhere/x
2 | run --disk good.img,geometry=70000/17/63 | geometry=70000/17/63
2 | run good.img,geometry=0/0/0 | geometry=0/0/0
2 | run good.img,geometri=1/1/1 | 'geometri=1/1/1'
6 | run good.img,geometry=3/16/63 | good.img
6 | run missing.img | missing.img: No such file
6 | run folder.img | folder.img: is a directory
6 | run fifo.img | fifo.img: is a FIFO
6 | run /dev/null | /dev/null
6 | run loop1 | loop1: Too many levels
6 | run empty.img | empty.img: is empty
6 | run odd.img | 188 too many, or 324 missing
6 | run --disk good.img --disk good.img | is the same file as good.img
6 | run --disk good.img --disk hard.img | hard.img: is the same file as good.img
6 | run --disk good.img --disk soft.img | soft.img: is the same file as good.img
6 | run --bios missing.rom good.img | missing.rom: No such file
6 | run --bios rom0 good.img | rom0
6 | run --bios rom65537 good.img | rom65537: 65537 bytes
6 | run --bios rom17M good.img | rom17M
6 | run --bios folder.img good.img | folder.img: is a directory
6 | run --kernel missing | missing: No such file
6 | run --kernel text | text: neither a bzImage
6 | run --kernel empty.img | empty.img
6 | run --kernel folder.img | folder.img: is a directory
6 | run --kernel fifo.img | fifo.img
6 | run short.elf | short.elf
6 | run long.elf | long.elf
6 | run cut.bzimage | cut.bzimage
6 | run --snapshot-load missing good.img | missing
6 | run --snapshot-load text good.img | not a snapshot
6 | run --snapshot-load empty.img good.img | empty.img
6 | run --floppy good.img | disk pad good.img --size 1200K
6 | run --floppy big.img | more than any diskette
6 | run --floppy missing.img | missing.img
2 | run --floppy fd.img,rx | unknown option 'rx'
2 | run --floppy fd.img --floppy fd2.img --floppy fd3.img | two drives
6 | run --floppy fd.img --floppy fd.img | fd.img
6 | run --floppy fd.img,next=good.img | no diskette does
2 | run --disk ,ro | no image file is named
2 | run --disk good.img,mechanics=slow | mechanics=realistic or mechanics=immediate
6 | run --cdrom missing.iso | missing.iso: 
6 | run --cdrom empty.img | empty.img: 
6 | run --cdrom odd.iso | odd.iso: 1536 bytes are not a CD-ROM's
2 | run --cdrom good.img --cdrom good.img --cdrom good.img --cdrom good.img --cdrom good.img | --cdrom is given more than 4 times
2 | host | no LAB.ini
6 | host missing.ini | missing.ini: No such file
6 | host folder.img | folder.img: is a directory
2 | host --memory | --memory needs a value
2 | host --kernel text unknown.ini | --kernel does not go with host
2 | host nohost.ini | nohost.ini:3: error: the guests' RAM
2 | host unknown.ini | unknown.ini:5: error: unknown key 'memry'
2 | host section.ini | section.ini:1: error: unknown section [hots]
2 | host twice.ini | twice.ini:6: error: 'memory' is given twice (line 5)
2 | host past.ini | past.ini:4: error: guest 'a': cylinder 1 is past
2 | host same.ini | same.ini:6: error: there is a guest 'a' already
2 | host macs.ini | macs.ini:7: error: guests 'a' and 'b' have one MAC
2 | host geometry.ini | geometry.ini:2: error
2 | host overlap.ini | overlap.ini:7: error: guests 'a' (0-1) and 'b' (1-1) overlap
6 | host nodisk.ini | missing.img: No such file
2 | host format.ini | format=vmdk; fix: format=raw
6 | host qcow2.ini | good.img: is no qcow2 image
6 | host wrongsize.ini | good.img
6 | host kernel.ini | text: neither a bzImage
2 | host nul.ini | nul.ini:2: error: a NUL byte
2 | host utf8.ini | utf8.ini:2: error: not UTF-8
6 | host line.ini | line.ini: 10000016 bytes are too many
2 | host long.ini | long.ini:2: error: the line is longer
2 | run good.img,format=vmdk | format=vmdk; fix: format=raw
6 | run good.img,format=qcow2 | good.img: is no qcow2 image
6 | run good.img,format=gz | good.img: is no gz image
6 | run raw.qcow2 | raw.qcow2: is no qcow2 image
6 | run raw.gz | raw.gz: is no gz image
6 | run cut.gz | cut.gz: is damaged at byte
6 | run cut.qcow2 | cut.qcow2: is too short
6 | run away.qcow2 | lies outside of its folder
6 | run lost.qcow2 | its backing file lost.img: No such file
6 | run circle.qcow2,overlay | circle
2 | disk creat good.img | 'creat'
2 | disk convert good.img | the new image has no name
2 | disk convert good.img new.img third.img | one image at a time
6 | disk convert good.img other.img | other.img: is there already
6 | disk convert missing.img new.img | missing.img: No such file
6 | disk convert good.img good.img --force | good.img: is read just now, and can't be replaced by itself
6 | disk convert good.img folder.img | folder.img: is not a regular file
2 | disk convert good.img new.img --size 1M | --size does not go with convert
2 | disk create new.img --size 1M --format vmdk | raw, qcow2 or gz
2 | disk create new.vmdk --size 1M | the format vmdk are not written here
2 | disk create NEW.VDI --size 1M | --format raw
2 | disk convert good.img new.vhdx | the format vhdx are not written here
2 | disk create new.img --size 1M --backing good.img | only qcow2 has a backing file
2 | disk create new.gz --size 1M | a gzip'd image is only read
6 | disk create new.qcow2 --backing missing.img | missing.img: No such file
2 | disk pad long.qcow2 | is no raw image
2 | disk info good.img --sizes | did you mean '--size'?
2 | disk create | no image
6 | disk create good.img --size 1M | good.img
2 | disk create new.img | --size
2 | disk create new.img --size 0 | --size
6 | disk info missing.img | missing.img
6 | disk info folder.img | folder.img
6 | disk check empty.img | empty.img
2 | doctor now | now
END

cd files || exit 1
rows=0 wrong=0
complain() {
    echo "vitrine $words: $1"
    head -n 3 ../err | cut -c 1-300
    wrong=$((wrong + 1))
}
check_row() { # check_row STATUS WORDS PART
    words=$2
    rows=$((rows + 1))
    set -f
    # shellcheck disable=SC2086
    set -- "$1" "$3" $2
    set +f
    wanted=$1 part=$2
    shift 2
    for word; do
        shift
        [ "$word" = _ ] && word=
        set -- "$@" "$word"
    done
    timeout 20 "$VITRINE" "$@" </dev/null >../out 2>../err
    status=$?
    [ $status = "$wanted" ] || complain "status $status instead of $wanted"
    [ "$(wc -l <../err)" = 1 ] || complain "$(wc -l <../err) lines on stderr instead of one"
    [ ! -s ../out ] || complain "something was said on stdout"
    grep -qF -- "$part" ../err || complain "the message lacks '$part'"
    grep -q 'fix: ' ../err || complain "the message names no fix"
}
while IFS='|' read -r status words part; do
    words=${words# } words=${words% }
    check_row "${status% }" "$words" "${part# }"
done <../table
[ "$(id -u)" = 0 ] || check_row 6 "run unreadable.img" "Permission denied"

# An image that another program uses: the second is refused and the first one's process named.
# Its serial log appears after the image is locked.
"$VITRINE" run --display none --realtime --timeout 60 --serial file:../first.log other.img \
    >/dev/null 2>&1 </dev/null &
first=$!
tries=0
while [ ! -e ../first.log ] && [ $tries -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
check_row 6 "run other.img" "$first"
kill $first
wait $first
status=$?
[ $status = 143 ] || { echo "SIGTERM ended the first with status $status instead of 143"; wrong=$((wrong + 1)); }
cd .. || exit 1

state >after
cmp before after || { diff before after; wrong=$((wrong + 1)); }
echo "$rows command lines, $wrong wrong"
[ $wrong = 0 ]

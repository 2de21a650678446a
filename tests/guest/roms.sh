# Every guest of roms/tests runs as a boot disk, through the system's SeaBIOS and through the firmware
# of our own, and says PASS (status 33) on COM1 and on port E9h; the triple fault ends with status 4
# and is explained. What each tests, and which emulators agree, is in roms/tests/README.md.
# timeout: 300
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
roms=$BUILDDIR/obj/roms/tests
[ -f "$roms/hello.bin" ] || { echo "the test guests are not built here (nasm is missing)"; exit 77; }
failed=0 ran=0

# run FIRMWARE GUEST OPTION...: its output in FIRMWARE-GUEST.*; sets status.
run() {
    base=$1-$2
    guest=$2
    bios=
    [ "$1" = seabios ] || bios="--bios $1"
    shift 2
    # shellcheck disable=SC2086
    "$VITRINE" run $bios --overlay --display none --max-speed --timeout 60 --serial "file:$base.com1" \
        --debug-console "file:$base.e9" "$@" "$roms/$guest.bin" >"$base.out" 2>"$base.err"
    status=$?
    ran=$((ran + 1))
}

wrong() {
    echo "$base: $1"
    tail -n 5 "$base.err" "$base.com1" "$base.e9" 2>/dev/null | tr -d '\000'
    failed=$((failed + 1))
}

for firmware in seabios embedded; do
    for image in "$roms"/*.bin; do
        name=$(basename "$image" .bin)
        if [ "$name" = triple ]; then
            run $firmware triple --no-reboot
            [ $status = 4 ] || wrong "status $status instead of 4"
            grep -q '#DF double fault, error 0000, at 0008:' "$base.err" || wrong "the chain lacks the double fault"
            grep -q "IDT entry 8h is beyond the IDT's limit" "$base.err" || wrong "the entry is not named"
            continue
        fi
        run $firmware "$name"
        [ $status = 33 ] || wrong "status $status instead of 33"
        for log in "$base.com1" "$base.e9"; do
            tr -d '\000\r' <"$log" | grep -aq "$name: PASS\$" || wrong "no line '$name: PASS' in $log"
        done
        [ ! -s "$base.err" ] || wrong "something was said on stderr"
    done
done
echo "$ran runs, $failed wrong"
[ $ran -ge 36 ] && [ $failed = 0 ]

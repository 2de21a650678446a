#!/bin/sh
# run-reference.sh qemu|bochs IMAGE...: runs test guests on another emulator, to see what they print there.
# Prints what each of them printed; ends with 1 when one of them did not pass. A guest called "triple" has
# passed when it began and the machine was then reset.
emulator=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

run_in_qemu() {
    timeout 20 qemu-system-i386 -accel tcg -machine pc -m 16 -display none -nodefaults -vga std \
        -no-reboot -net none -serial null -monitor none \
        -drive if=ide,format=raw,snapshot=on,file="$1" \
        -chardev file,id=out,path="$work/out" -device isa-debugcon,chardev=out,iobase=0xe9 \
        -device isa-debug-exit,iobase=0xf4 >"$work/log" 2>&1
}

run_in_bochs() {
    cp "$1" "$work/disk.img"
    cat >"$work/bochsrc" <<END
megs: 16
romimage: file=/usr/share/seabios/bios.bin
vgaromimage: file=/usr/share/seabios/vgabios-stdvga.bin
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path=$work/disk.img, mode=flat, cylinders=1, heads=1, spt=16
boot: disk
port_e9_hack: enabled=1
cpu: count=1, reset_on_triple_fault=0
com1: enabled=1, mode=null
log: $work/log
panic: action=fatal
display_library: rfb, options="timeout=0"
sound: driver=dummy
speaker: enabled=0
END
    printf 'c\nq\n' >"$work/commands"        # for builds with the debugger: continue
    timeout 60 bochs -q -f "$work/bochsrc" -rc "$work/commands" </dev/null >"$work/out" 2>/dev/null
}

for image in "$@"; do
    name=$(basename "$image" .bin)
    : >"$work/out"
    run_in_$emulator "$image"
    if result=$(grep -a -o "$name: \(PASS\|FAIL.*\|BEGIN\)" "$work/out" | head -1) && [ -n "$result" ]; then
        echo "$emulator: $result"
    else
        echo "$emulator: $name: nothing printed"
        result=none
    fi
    case $result in
    *PASS | *BEGIN) ;;
    *) failures=1; grep -a "exception, error" "$work/out" ;;
    esac
done
exit $failures

# Charges are time: a guest that waits for nothing takes, with [costs], exactly as much longer as was charged; each
# unit of an item costs what LAB.ini says; by item and by interface and device the sums are the same. The guest is
# a ROM that makes accesses, loads CR3 and powers off.
# timeout: 60
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
cat >guest.asm <<'ASM'
bits 16
org 0
start:
    cli
    mov cx, 1000
next:
    out 0x80, al
    in al, 0x61
    loop next
    mov cx, 100
switch:
    mov eax, 0x1000
    mov cr3, eax
    loop switch
    mov dx, 0x8900          ; a PC of Bochs' kind: these letters switch it off
    mov si, word_off
    mov cx, 8
off:
    cs lodsb
    out dx, al
    loop off
    hlt
word_off db 'Shutdown'
times 0xFFF0 - ($ - $$) db 0x90
    jmp 0xF000:start
times 0x10000 - ($ - $$) db 0
ASM
nasm -f bin -o guest.rom guest.asm
# lab COSTS...: microseconds of host time, and microseconds charged to all.
lab() {
    {
        printf '[host]\nmemory = 32M\nnic = none\n[guest alpha]\nmemory = 4M\nnic = none\n[costs]\n'
        for item in trap world_switch hypercall copy_kib interrupt context_switch host_io host_select vmapp guest_switch; do
            value=0
            for word in "$@"; do [ "${word%%=*}" = $item ] && value=${word#*=}; done
            echo "$item = $value"
        done
    } >lab.ini
    "$VITRINE" host --bios guest.rom --display none --clock 100000000 lab.ini >table.txt
    awk '/^host:/ { time = $2 * 1e6 }
         /^  charged:/ { sum = $2 * 1e3; all += sum }
         /^    .* ms:/ { split($0, half, " ms:"); n = split(half[1], word, " "); by += word[n] * 1e3 }
         END { if (by < all - 0.01 || by > all + 0.01) print "by interface and device:", by, "by item:", all > "/dev/stderr"
               printf "%.0f %.0f\n", time, all; exit by < all - 0.01 || by > all + 0.01 }' table.txt
}
lab >zero.txt
for row in 'trap=700 1405.6' 'trap=700,guest_switch=2000 1605.6' 'trap=0,guest_switch=10000 1000'; do
    lab $(echo "${row% *}" | tr , ' ') >row.txt
    read -r before none <zero.txt
    read -r after charged <row.txt
    [ "$none" = 0 ] && [ $((after - before)) = "$charged" ] ||
        { echo "$row: $((after - before)) us longer, $charged us charged"; cat table.txt; exit 1; }
    awk -v got="$charged" -v wanted="${row#* }" 'BEGIN { exit got < wanted - 1 || got > wanted + 1 }' ||
        { echo "$row: charged $charged us"; exit 1; }
done

# The video BIOS' modes give the same pictures here and in QEMU, pixel for pixel: text, CGA, planar,
# 256 colours, VBE. QEMU doubles small pictures and scales colours to 8 bits in its own way, so that
# sizes may differ by whole factors and components by 8.
# timeout: 400
set -e
for tool in qemu-system-i386 python3 "${NASM:-nasm}"; do
    command -v "$tool" >/dev/null || { echo "no $tool"; exit 77; }
done
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }

cat >compare.py <<'END'
import struct, sys, zlib

def png(path):
    data, at, packed = open(path, 'rb').read(), 8, b''
    while at < len(data):
        length, kind = struct.unpack('>I4s', data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b'IHDR':
            width, height = struct.unpack('>II', body[:8])
        if kind == b'IDAT':
            packed += body
        at += 12 + length
    rows, stride = zlib.decompress(packed), width * 3 + 1
    return width, height, [rows[y * stride + 1:(y + 1) * stride] for y in range(height)]

def ppm(path):
    data = open(path, 'rb').read()
    kind, size, depth, body = data.split(b'\n', 3)
    width, height = map(int, size.split())
    return width, height, [body[y * width * 3:(y + 1) * width * 3] for y in range(height)]

w, h, ours = png(sys.argv[1])
qw, qh, theirs = ppm(sys.argv[2])
if qw % w or qh % h:
    sys.exit('%dx%d here, %dx%d there' % (w, h, qw, qh))
fx, fy = qw // w, qh // h
lit = 0
for y in range(h):
    for x in range(w):
        a = ours[y][x * 3:x * 3 + 3]
        b = theirs[y * fy][x * fx * 3:x * fx * 3 + 3]
        lit += any(a)
        if any(abs(p - q) > 8 for p, q in zip(a, b)):
            sys.exit('pixel %d,%d is %s here, %s there' % (x, y, a.hex(), b.hex()))
if lit < w * h // 100:
    sys.exit('the picture is black')
END

compare() { # compare NAME NASM-OPTION...
    name=$1
    shift
    "${NASM:-nasm}" -f bin "$@" -o "$name.img" "$SRCDIR/tests/full/vga_modes.asm"
    truncate -s 1032192 "$name.img"
    "$VITRINE" run --disk "$name.img" --display none --max-instructions 900000000 \
        --screenshot "$name.png" >"$name.log" 2>&1 || [ $? = 8 ]
    for seconds in 2 6 20; do # a slow machine gets more time
        (sleep $seconds; echo "screendump $name.ppm"; sleep 1; echo quit) |
            timeout 60 qemu-system-i386 -display none -vga std -net none -monitor stdio \
                -drive "file=$name.img,format=raw" >/dev/null 2>&1
        ! python3 compare.py "$name.png" "$name.ppm" >"$name.difference" 2>&1 || { echo "$name ok"; return; }
    done
    echo "$name: $(cat "$name.difference")"
    exit 1
}

compare text -DMODE=3
compare text-8x8 -DMODE=3 -DFONT8
compare mono -DMODE=7
compare cga4 -DMODE=4 -DPIXELS=3 -DCOLUMNS=320 -DROWS=200
compare cga6 -DMODE=6 -DPIXELS=1 -DCOLUMNS=640 -DROWS=200
compare ega-0d -DMODE=0x0d -DPIXELS=15 -DCOLUMNS=320 -DROWS=200
compare ega-10 -DMODE=0x10 -DPIXELS=15 -DCOLUMNS=640 -DROWS=350
compare vga-11 -DMODE=0x11 -DPIXELS=1 -DCOLUMNS=640 -DROWS=480
compare vga-12 -DMODE=0x12 -DPIXELS=15 -DCOLUMNS=640 -DROWS=480
compare vga-13 -DMODE=0x13
compare vbe-8 -DMODE=0x101
compare vbe-15 -DMODE=0x110
compare vbe-16 -DMODE=0x111
compare vbe-24 -DMODE=0x112

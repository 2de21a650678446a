# make-font.awk: turns font.txt into 256 characters of 8x16 dots, as C or (-v form=nasm) as NASM source.
#
# A character of 5 x 8 dots is shifted one dot to the right and shows each row twice; strokes become two dots
# wide, except where that would close a gap of one dot.
# The line-drawing and block characters of code page 437 are built from strokes: a letter each for the
# arms that leave the cell's centre (l r u d, doubled LRUD), or an area.

function line_drawing(code, arms,    y, v) {
    for (y = 0; y < 16; y++) {
        v = 0
        if (arms ~ /u/ && y <= 7 || arms ~ /d/ && y >= 7) v = 24
        if (arms ~ /U/ && y <= 8 || arms ~ /D/ && y >= 6) v = 102
        if (y == 7 && arms ~ /l/) v = bit_or(v, 248)
        if (y == 7 && arms ~ /r/) v = bit_or(v, 31)
        if ((y == 6 || y == 8) && arms ~ /L/) v = bit_or(v, 254)
        if ((y == 6 || y == 8) && arms ~ /R/) v = bit_or(v, 127)
        rows[code, y] = v
    }
}

function area(code, from, to, value,    y) {
    for (y = from; y <= to; y++) rows[code, y] = value
}

function shade(code, even, odd,    y) {
    for (y = 0; y < 16; y++) rows[code, y] = y % 2 ? odd : even
}

# Adds a dot to the right of each dot, unless the place behind that one is taken.
function widen(value,    result, bit) {
    result = value
    for (bit = 128; bit >= 2; bit /= 2)
        if (int(value / bit) % 2 && !(int(value / (bit / 2)) % 2) && !(bit >= 4 && int(value / (bit / 4)) % 2))
            result += bit / 2
    return result
}

function bit_or(a, b,    result, bit) {
    for (bit = 1; bit < 256; bit *= 2)
        if (int(a / bit) % 2 || int(b / bit) % 2) result += bit
    return result + 0
}

/^[.#][.#][.#][.#][.#] / {
    if (drawn % 8 == 0) band = int(drawn / 8)
    for (i = 1; i <= NF; i++) {
        value = 0
        for (dot = 1; dot <= 5; dot++)
            value = value * 2 + (substr($i, dot, 1) == "#")
        value = widen(value * 4)         # one empty column left, two right
        code = 32 + band * 16 + i - 1
        rows[code, drawn % 8 * 2] = value
        rows[code, drawn % 8 * 2 + 1] = value
    }
    drawn++
}

END {
    shade(176, 34, 136); shade(177, 85, 170); shade(178, 221, 119)
    area(219, 0, 15, 255); area(220, 8, 15, 255); area(221, 0, 15, 240)
    area(222, 0, 15, 15);  area(223, 0, 7, 255);  area(254, 4, 11, 126)
    area(4, 5, 9, 60); area(7, 6, 9, 60); area(250, 7, 8, 24)
    count = split("179 ud 180 udl 191 ld 192 ur 193 lru 194 lrd 195 udr 196 lr 197 udlr 217 ul 218 rd " \
                  "185 UDL 186 UD 187 LD 188 UL 200 UR 201 RD 202 LRU 203 LRD 204 UDR 205 LR 206 UDLR", word)
    for (i = 1; i < count; i += 2) line_drawing(word[i], word[i + 1])
    if (form != "nasm") {
        print "#include \"lab/font.h\""
        print "const uint8_t font_8x16[256][16] = {"
    }
    for (code = 0; code < 256; code++) {
        line = ""
        for (y = 0; y < 16; y++) line = line sprintf("%s0x%02X", y ? "," : "", rows[code, y])
        print form == "nasm" ? "db " line : "{" line "},"
    }
    if (form != "nasm") print "};"
}

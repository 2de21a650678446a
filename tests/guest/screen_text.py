#!/usr/bin/env python3
"""Whether a screenshot of an 80x25 text mode shows the end of a log.

screen_text.py SCREEN.png LOG: no font is known here. The log's lines, broken after 80 characters, lie above
the cursor's row; each character has to look the same wherever it stands, and unlike all others.
"""
import struct
import sys
import zlib

COLUMNS, ROWS, WIDTH, HEIGHT = 80, 25, 9, 16


def pixels(path):
    """The lines of a picture of mode 3, three bytes a pixel."""
    with open(path, "rb") as file:
        png = file.read()
    at, data, size = 8, b"", None
    while at < len(png):
        (length,), kind = struct.unpack(">I", png[at:at + 4]), png[at + 4:at + 8]
        body = png[at + 8:at + 8 + length]
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
        elif kind == b"IDAT":
            data += body
        at += 12 + length
    if size != (COLUMNS * WIDTH, ROWS * HEIGHT):
        sys.exit(f"{path}: {size}, not 80x25 characters of 9x16 dots")
    data, stride = zlib.decompress(data), 3 * size[0]
    lines = []
    for y in range(size[1]):
        row = data[y * (stride + 1):(y + 1) * (stride + 1)]
        if row[0] != 0:
            sys.exit(f"{path}: line {y} has filter {row[0]}, and vitrine writes none")
        lines.append(row[1:])
    return lines


def glyph(lines, row, column):
    """Which dots of a cell are not black."""
    left = 3 * WIDTH * column
    return tuple(bool(any(line[left + 3 * x:left + 3 * x + 3]))
                 for line in lines[row * HEIGHT:(row + 1) * HEIGHT] for x in range(WIDTH))


def screen_rows(log):
    """What a console of 80 columns has above the cursor after the log."""
    with open(log, encoding="ascii", errors="replace") as file:
        text = file.read().replace("\r", "").rstrip("\n")
    rows = []
    for line in text.split("\n"):
        rows += [line[i:i + COLUMNS] for i in range(0, len(line), COLUMNS)] or [""]
    return [row.ljust(COLUMNS) for row in rows[-(ROWS - 1):]]


def main():
    lines, characters, glyphs = pixels(sys.argv[1]), {}, {}
    for row, text in enumerate(screen_rows(sys.argv[2])):
        for column, character in enumerate(text):
            seen = glyph(lines, row, column)
            if characters.setdefault(seen, character) != character or glyphs.setdefault(character, seen) != seen:
                sys.exit(f"row {row} column {column}: not the '{character}' of \"{text.rstrip()}\"")
    if any(glyphs[" "]) or len(glyphs) < 40:
        sys.exit(f"only {len(glyphs)} characters, or a space that is not empty")
    print(f"{len(glyphs)} characters, each with a shape of its own")


main()

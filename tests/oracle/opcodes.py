#!/usr/bin/env python3
"""Compares what opcodes.c prints (standard input) with opcodes.txt: opcodes.py opcodes.txt

Each line that only the silicon carries out must be covered by rows of the list; a line that only we carry out is an
error. Status 1 when something is not covered, or nothing was compared."""
import fnmatch, sys


def modrms(words):
    chosen = set(range(256))
    for word in words.split():
        if word == "mem":
            chosen &= set(range(0xC0))
        elif word == "reg":
            chosen &= set(range(0xC0, 0x100))
        elif word.startswith("/"):
            chosen &= {m for m in range(256) if m >> 3 & 7 == int(word[1:])}
        elif word != "any":
            first, last = (int(end, 16) for end in word.split("-"))
            chosen &= set(range(first, last + 1))
    return chosen


def read_rows(path):
    rows = []
    with open(path) as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                prefixes, opcodes, modrm, _ = (field.strip() for field in line.split("|", 3))
                first, _, last = opcodes.partition("-")
                rows.append((prefixes, first, last or first, modrms(modrm)))
    return rows


def excused(rows, prefix, opcode):
    covered = set()
    for prefixes, first, last, chosen in rows:
        if fnmatch.fnmatchcase(prefix, prefixes) and len(opcode) == len(first) and first <= opcode <= last:
            covered |= chosen
    return covered


def main():
    rows, wrong, compared = read_rows(sys.argv[1]), 0, 0
    for line in sys.stdin:
        words = line.split()
        if words[1:] == ["opcodes"]:
            compared = int(words[0])
            continue
        prefix, opcode, modrm, who = words
        if who == "silicon" and modrms(modrm) <= excused(rows, prefix, opcode):
            continue
        print(f"{prefix} {opcode} ModRM {modrm}: only {who} carries it out")
        wrong += 1
    print(f"{compared} opcodes, {wrong} wrong")
    return 1 if wrong or compared < 1000000 else 0


sys.exit(main())

#!/usr/bin/env python3
"""Compares the lengths of 64-bit instructions with objdump's: decode64.py DECODE64-PROGRAM

All opcodes of the four maps with the prefixes and REX bytes below, and ModRM and SIB bytes of every kind. What our
rows have must be an instruction of the same length to objdump; what objdump knows more is counted."""
import re, subprocess, sys

PREFIXES = [b"", b"\x66", b"\x67", b"\xf3", b"\xf2", b"\x48", b"\x41", b"\x66\x48", b"\x67\x4f", b"\x65"]
MAPS = [b"", b"\x0f", b"\x0f\x38", b"\x0f\x3a"]
MODRMS = sorted({0x04, 0x05, 0x0C, 0x40, 0x44, 0x45, 0x80, 0x84, 0xC4, 0xC5} |
                {top | digit << 3 for top in (0x00, 0xC0) for digit in range(8)})
SIBS = [0x25, 0x90, 0x64]  # base 5 without index; base, index, scale; RSP as base, no index
PREFIX_BYTES = {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3} | set(range(0x40, 0x50))


def slots():
    for prefix in PREFIXES:
        for opcode_map in MAPS:
            for opcode in range(256):
                if (not opcode_map and (opcode in PREFIX_BYTES or opcode in (0x0F, 0x9B))) or \
                        (opcode_map == b"\x0f" and opcode in (0x38, 0x3A)):
                    continue  # FWAIT is shown as a part of what follows
                for modrm in MODRMS:
                    sibs = SIBS if modrm < 0xC0 and modrm & 7 == 4 else [0x90]
                    for sib in sibs:
                        code = prefix + opcode_map + bytes([opcode, modrm, sib])
                        yield code + b"\x90" * (16 - len(code))


def objdump(blob):
    """Slot -> (length, text); a slot begins a new instruction, for its last bytes are NOPs."""
    with open("slots.bin", "wb") as out:
        out.write(blob)
    command = "objdump -D -z -b binary -m i386:x86-64 -M intel,intel64 --insn-width=16 slots.bin".split()
    found = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            match = re.match(r"\s*([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*\t?(.*)", line)
            if match and int(match[1], 16) % 16 == 0:
                found[int(match[1], 16) // 16] = (len(match[2].split()), match[3].strip())
    return found


def decided_later(code):
    """x87 opcodes are sorted out when they run; of the NOPs 0F 18-1F objdump knows later meanings; WBINVD, BSF and BSR
    have later meanings with some prefixes (opcodes.c shows that the silicon takes all of these)."""
    code = code.lstrip(bytes(PREFIX_BYTES))
    return 0xD8 <= code[0] <= 0xDF or (code[0] == 0x0F and (0x18 <= code[1] <= 0x1F or code[1] in (0x09, 0xBC, 0xBD)))


def main():
    codes = list(slots())
    theirs = objdump(b"".join(codes))
    ours = subprocess.run([sys.argv[1]], input=b"".join(codes), stdout=subprocess.PIPE, check=True)
    lengths = [int(word) for word in ours.stdout.split()]
    compared = wrong = more = 0
    for index, (code, length) in enumerate(zip(codes, lengths)):
        their_length, text = theirs.get(index, (0, "(none)"))
        is_bad = text == "(none)" or "(bad)" in text
        if is_bad and decided_later(code):
            continue
        if length == 0:
            more += not is_bad
            continue
        compared += 1
        if is_bad or their_length != length:
            wrong += 1
            if wrong <= 40:
                print(f"{code[:max(length, 4)].hex()}: {length} bytes, objdump {their_length}: {text}")
    print(f"{compared} instructions compared, {wrong} wrong, {more} that only objdump has")
    return 1 if wrong or compared < 10000 else 0


sys.exit(main())

#!/usr/bin/env python3
"""Boots guests that do what no driver would and sees that the machine lives.

usage: hostile_guests.py VITRINE FIRST COUNT

Guest number N is made from the random seed N, so that a failure can be made again. Kinds: random
bytes as code; storms of IN, OUT, INS and OUTS on the ports of every device; random bytes in
protected mode with a random GDT. A guest fails when the program dies of a signal, a sanitizer
speaks, the exit status is none of the documented ones, or the run hangs."""
import os
import random
import subprocess
import sys

PORTS = [0x00, 0x08, 0x0b, 0x0d, 0x20, 0x21, 0x40, 0x43, 0x60, 0x61, 0x64, 0x70, 0x71, 0x87, 0x92, 0xa0,
         0xa1, 0x170, 0x177, 0x1ce, 0x1cf, 0x1f0, 0x1f1, 0x1f2, 0x1f3, 0x1f4, 0x1f5, 0x1f6, 0x1f7, 0x300,
         0x307, 0x310, 0x31f, 0x3c0, 0x3c4, 0x3c5, 0x3ce, 0x3cf, 0x3d4, 0x3d5, 0x3f2, 0x3f4, 0x3f5, 0x3f6,
         0x3f7, 0x3f8, 0x3f9, 0x3fb, 0x4d0, 0x510, 0x511, 0x514, 0xcf8, 0xcfc]
PROLOGUE = bytes.fromhex("31c08ed88ec08ed0bc007c")  # xor ax,ax; ds = es = ss = 0; sp = 7C00h
CODE_BYTES = 510 - len(PROLOGUE)


def random_code(r):
    return bytes(r.getrandbits(8) for _ in range(CODE_BYTES))


def port_storm(r):
    code = bytearray()
    while len(code) < 480:
        code += b"\xba" + (r.choice(PORTS) + r.choice([0, 0, 0, 1])).to_bytes(2, "little")  # mov dx
        kind = r.randrange(6)
        if kind < 3:
            code += b"\xb0" + bytes([r.getrandbits(8)]) + b"\xee"  # mov al; out dx,al
        elif kind == 3:
            code += b"\xec"  # in al,dx
        elif kind == 4:
            code += b"\xb8" + r.getrandbits(16).to_bytes(2, "little") + b"\xef"  # out dx,ax
        else:
            code += b"\xb9\x40\x00\xf3" + r.choice([b"\x6c", b"\x6d", b"\x6e", b"\x6f"])  # rep ins/outs
    return bytes(code) + b"\xe9" + (-len(code) - 3 & 0xffff).to_bytes(2, "little")


def protected_mode(r):
    enter = bytes.fromhex("fa0f0116") + (0x7c00 + 300).to_bytes(2, "little")  # cli; lgdt [7D2Ch]
    enter += bytes.fromhex("0f20c06683c8010f22c0")  # cr0 |= PE
    return enter + random_code(r)[len(enter):]


def guest(number):
    r = random.Random(number)
    code = r.choice([random_code, random_code, port_storm, protected_mode])(r)
    return (PROLOGUE + code + bytes(510))[:510] + b"\x55\xaa" + bytes(1007 * 512)


def verdict(vitrine, number):
    """What went wrong with this guest, or None."""
    with open("hostile.img", "wb") as image:
        image.write(guest(number))
    command = [vitrine, "run", "--disk", "hostile.img", "--disk", "second.img", "--nic", "ne2k-isa",
               "--display", "none", "--memory", "4M", "--rtc", "1", "--bios", "embedded",
               "--max-instructions", "3000000"]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    except subprocess.TimeoutExpired:
        return "hangs"
    said = done.stderr.decode(errors="replace")
    if done.returncode not in (0, 8) and not done.returncode % 2:
        return f"exit status {done.returncode}: {said[-1000:]}"
    if done.returncode < 0 or "Sanitizer" in said or "runtime error" in said:
        return f"exit status {done.returncode}: {said[-3000:]}"
    return None


def main():
    vitrine, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with open("second.img", "wb") as image:
        image.truncate(10080 * 512)
    failed = 0
    for number in range(first, first + count):
        wrong = verdict(vitrine, number)
        if wrong:
            failed += 1
            print(f"guest {number}: {wrong}")
    os.remove("hostile.img")
    print(f"{count} hostile guests, {failed} harmed the machine")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

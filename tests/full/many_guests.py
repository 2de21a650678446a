#!/usr/bin/env python3
"""Many guests on one host: many_guests.py VITRINE GUEST.bin COUNT (tests/full/many-guests.sh says what they do)."""
import re
import resource
import subprocess
import sys

SECTORS, HEADS, CYLINDERS, EACH = 63, 2, 1000, 15
TRACK = HEADS * SECTORS
COUNTED = 10923 // 256
TAG = b"owner %4d sector %6d"


def make_disk(guest, count):
    sectors = [(TAG % (n // TRACK // EACH, n)).ljust(512, b".") for n in range(CYLINDERS * TRACK)]
    for number in range(count):
        first = number * EACH * TRACK
        sectors[first] = guest
        sectors[first + TRACK + 4] = bytes(512)
    return sectors


def run(vitrine, guest, count):
    before = make_disk(guest, count)
    with open("disk.img", "wb") as image:
        image.write(b"".join(before))
    with open("lab.ini", "w") as lab:
        lab.write(f"[host]\nmemory = {count * 2 + 32}M\ndisk = disk.img,geometry={CYLINDERS}/{HEADS}/{SECTORS}\n")
        for n in range(count):
            lab.write(f"[guest g{n}]\nmemory = 2M\nnic = none\ncylinders = {n * EACH}-{n * EACH + EACH - 1}\n")
    done = subprocess.run([vitrine, "host", "lab.ini", "--bios", "embedded", "--display", "none", "--rtc", "1",
                           "--clock", "20000000", "--max-speed"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=2800, check=False)
    said = done.stdout.decode() + done.stderr.decode()
    ended = len(re.findall(r"guest g\d+: ended, status 43", said))
    if ended != count:
        sys.exit(f"{ended} of {count} guests came to their end:\n{said[-3000:]}")
    with open("disk.img", "rb") as image:
        after = [image.read(512) for _ in before]
    for n, sector in enumerate(after):
        counter = n // TRACK // EACH < count and n % (EACH * TRACK) == TRACK + 4
        if counter and int.from_bytes(sector[:2], "little") != COUNTED:
            sys.exit(f"guest {n // TRACK // EACH} counted to {int.from_bytes(sector[:2], 'little')}, not {COUNTED}")
        if not counter and sector != before[n]:
            sys.exit(f"sector {n} has changed")
    return said


def main():
    vitrine, count = sys.argv[1], int(sys.argv[3])
    with open(sys.argv[2], "rb") as image:
        guest = image.read()
    run(vitrine, guest, count // 2)
    half = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(vitrine, guest, count)
    whole = resource.getrusage(resource.RUSAGE_CHILDREN)
    each = (whole.ru_maxrss - half.ru_maxrss) / (count - count // 2) / 1024
    seconds = whole.ru_utime + whole.ru_stime - half.ru_utime - half.ru_stime
    print(f"{count} guests for 10 minutes of virtual time: {seconds:.0f} CPU seconds, "
          f"{whole.ru_maxrss / 1024:.0f} MiB in all, {each:.2f} MiB for each guest more")
    if each > 2 + 16 + 4:  # RAM, video memory, the rest
        sys.exit("a guest costs more than 4 MiB beyond its RAM and its video memory")


main()

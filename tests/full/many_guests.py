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


def sector_before(guest, count, n):
    number, place = divmod(n, EACH * TRACK)
    if number < count and place == 0:
        return guest
    if number < count and place == TRACK + 4:
        return bytes(512)
    return (TAG % (number, n)).ljust(512, b".")


def make_lab(guest, count):
    # One sector at a time: what this program has in memory would count as its children's.
    with open("disk.img", "wb") as image:
        for n in range(CYLINDERS * TRACK):
            image.write(sector_before(guest, count, n))
    with open("lab.ini", "w") as lab:
        lab.write(f"[host]\nmemory = {count * 2 + 32}M\ndisk = disk.img,geometry={CYLINDERS}/{HEADS}/{SECTORS}\n")
        for n in range(count):
            lab.write(f"[guest g{n}]\nmemory = 2M\nnic = none\ncylinders = {n * EACH}-{n * EACH + EACH - 1}\n")


def check_disk(guest, count):
    with open("disk.img", "rb") as image:
        for n in range(CYLINDERS * TRACK):
            sector, (number, place) = image.read(512), divmod(n, EACH * TRACK)
            if number < count and place == TRACK + 4:
                if int.from_bytes(sector[:2], "little") != COUNTED:
                    sys.exit(f"guest {number} counted to {int.from_bytes(sector[:2], 'little')}, not {COUNTED}")
            elif sector != sector_before(guest, count, n):
                sys.exit(f"sector {n} has changed")


def run(vitrine, guest, count):
    make_lab(guest, count)
    done = subprocess.run([vitrine, "host", "lab.ini", "--bios", "embedded", "--display", "none", "--rtc", "1",
                           "--clock", "20000000", "--max-speed"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=2800, check=False)
    said = done.stdout.decode() + done.stderr.decode()
    ended = len(re.findall(r"guest g\d+: ended, status 43", said))
    if ended != count:
        sys.exit(f"{ended} of {count} guests came to their end:\n{said[-3000:]}")
    check_disk(guest, count)


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
    if each > 4:  # the touched part of its RAM and video memory is in it
        sys.exit("a guest costs more than 4 MiB")


main()

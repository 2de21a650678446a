#!/usr/bin/env python3
"""What one guest does is not seen by another: random hostile guests beside one that measures.

usage: isolation.py VITRINE VICTIM.bin SCHEDULE FIRST COUNT [ACTIONS]

The victim (tests/golden/isolation.sh) fills RAM, reads its timer, clock, TSC and disk, writes its disk,
halts, and looks whether its RAM is as it was. With the schedule `partitioned` each line of its I/O
trace (instructions executed so far, place, address, value, meaning) must be the same beside each
hostile guest, and when that guest is paused, reset, killed or restarted (ACTIONS: some of them). With
the others the host's time is shared and seen; then its sectors, its RAM and its wire are compared. In
every run each sector of the physical disk carries its owner and number beforehand: what changed outside
of the range of who may write there is a failure."""
import hashlib
import json
import os
import random
import subprocess
import sys

import hostile_guests

SECTORS, HEADS, CYLINDERS = 63, 2, 30
RANGES = {"hostile": (5, 9), "victim": (12, 15)}
LAB = """[host]
memory = 32M
disk = disk.img,geometry={c}/{h}/{s}
schedule = {schedule}
slice_us = 500
latency_us = 700
nic = ne2k-isa
[guest hostile]
memory = 4M
nic = ne2k-isa
vlan = 2
cylinders = {a[0]}-{a[1]}
[guest victim]
memory = 4M
nic = ne2k-isa
vlan = 3
cylinders = {b[0]}-{b[1]}
[actions]
{actions}
"""
FIELDS = ("icount", "cs", "eip", "dir", "space", "addr", "size", "value", "device", "reg", "meaning")

# A hostile guest, and what is done with it meanwhile.
LIVES = [(1, "50ms = kill hostile"), (4, "40ms = reset hostile;200ms = reset hostile"),
         (1, "30ms = pause hostile;300ms = resume hostile"), (4, "60ms = kill hostile;90ms = restart hostile")]


def owner_of(sector):
    cylinder = sector // (HEADS * SECTORS)
    return next((name for name, (first, last) in RANGES.items() if first <= cylinder <= last), "nobody")


def make_disk(victim, hostile):
    boot = {name: first * HEADS * SECTORS for name, (first, _) in RANGES.items()}
    tags = [f"{owner_of(n)} {n} ".encode().ljust(512, b".") for n in range(CYLINDERS * HEADS * SECTORS)]
    tags[boot["victim"]] = victim.ljust(512, b"\0")
    tags[boot["hostile"]] = hostile[:512]
    return tags


def run(vitrine, victim, hostile, schedule, actions=""):
    """The victim's trace as a hash, its sectors at the end, and what was changed that nobody may change."""
    before = make_disk(victim, hostile)
    with open("disk.img", "wb") as image:
        image.write(b"".join(before))
    with open("lab.ini", "w") as lab:
        lab.write(LAB.format(c=CYLINDERS, h=HEADS, s=SECTORS, schedule=schedule, a=RANGES["hostile"],
                             b=RANGES["victim"], actions=actions))
    done = subprocess.run([vitrine, "host", "lab.ini", "--bios", "embedded", "--display", "none", "--rtc", "1",
                           "--clock", "5000000", "--max-instructions", "15000000", "--trace",
                           "io:machine=victim", "--trace-out", "victim.jsonl"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600)
    said = done.stderr.decode(errors="replace")
    if done.returncode < 0 or "Sanitizer" in said or "runtime error" in said or done.returncode in (2, 6, 70):
        return None, f"exit status {done.returncode}: {said[-2000:]}"
    if b"guest victim: ended, status 43" not in done.stdout:
        return None, "the victim did not come to its end: " + done.stdout.decode()[:2000]
    if b"network: 0 frames sent, 0 received" not in done.stdout[done.stdout.index(b"guest victim:"):]:
        return None, "a frame came over to the victim: " + done.stdout.decode()[-2000:]
    digest = hashlib.sha256()
    lines, last = 0, None
    with open("victim.jsonl") as trace:
        for line in trace:
            access = json.loads(line)
            # A string instruction may be cut anywhere: one line in two, of one access.
            goes_on = last and all(last[f] == access[f] for f in ("eip", "dir", "addr")) and \
                0 < access["icount"] - last["icount"] <= last.get("count", 1)
            last = access
            if goes_on:
                continue
            if "count" in access:  # how many bytes this part moves
                access["meaning"] = None
            digest.update(repr([access.get(f) for f in FIELDS]).encode())
            lines += 1
    with open("disk.img", "rb") as image:
        after = [image.read(512) for _ in before]
    wrong = [n for n in range(len(before)) if before[n] != after[n] and owner_of(n) == "nobody"]
    if wrong:
        return None, f"sectors {wrong[:10]} changed that belong to nobody"
    own = b"".join(after[n] for n in range(len(after)) if owner_of(n) == "victim")
    return (lines, digest.hexdigest(), hashlib.sha256(own).hexdigest()), None


def hostile_guest(number):
    if number == 0:  # no trouble at all: it halts for ever
        return bytes.fromhex("faf4ebfd").ljust(510, b"\0") + b"\x55\xaa"
    if number == 1:  # a storm on the disk: INT 13h, sector after sector, also past its end
        code = bytes.fromhex("31c08ec0b90100ba8000bb0080b80102cd13fec580fd0a75f230ed80f601b8010331dbcd13ebe8")
        return code.ljust(510, b"\0") + b"\x55\xaa"
    r = random.Random(number)
    kind = (hostile_guests.port_storm, hostile_guests.port_storm, hostile_guests.random_code,
            hostile_guests.protected_mode)[number % 4]
    return (hostile_guests.PROLOGUE + kind(r) + bytes(510))[:510] + b"\x55\xaa"


def main():
    vitrine, victim_path, schedule, first, count = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
    lives = LIVES[:int(sys.argv[6])] if len(sys.argv) > 6 else []
    with open(victim_path, "rb") as image:
        victim = image.read()
    reference, wrong = run(vitrine, victim, hostile_guest(0), schedule)
    failed = 0
    if wrong:
        sys.exit(wrong)
    if reference[0] < 200:
        sys.exit(f"the victim's trace has only {reference[0]} lines")
    for number, actions in [(n, "") for n in range(first, first + count)] + lives:
        seen, wrong = run(vitrine, victim, hostile_guest(number), schedule, actions.replace(";", "\n"))
        if not wrong and schedule == "partitioned" and seen != reference:
            wrong = f"the victim saw something: {seen}, not {reference}"
            os.rename("victim.jsonl", f"victim-{number}.jsonl")
        if not wrong and seen[2] != reference[2]:
            wrong = "the victim's sectors differ"
        if wrong:
            failed += 1
            print(f"hostile guest {number} {actions}: {wrong}")
    print(f"{schedule}: {count} hostile guests and {len(lives)} lives of them beside one whose trace has {reference[0]} lines, {failed} were seen")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

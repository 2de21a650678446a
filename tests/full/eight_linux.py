#!/usr/bin/env python3
"""Several Linux guests, each with a shell: eight_linux.py VITRINE WORDS (tests/full/eight-linux.sh)."""
import re
import resource
import select
import socket
import subprocess
import sys
import time

GUESTS, MEBIBYTES, LIMIT = 8, 504, 1700
ASK = b"echo GUEST $(sed 's/.*vitrine.ip=10.0.0.\\([0-9]*\\).*/\\1/' /proc/cmdline) $(grep MemTotal /proc/meminfo); poweroff -f\n"


def connect(number):
    for _ in range(100):
        line = socket.socket(socket.AF_UNIX)
        try:
            line.connect(f"g{number}.sock")
            return line
        except OSError:
            line.close()
            time.sleep(0.1)
    sys.exit(f"guest {number} has no serial line")


def talk(lines):
    """Answers each guest's prompt, until all lines are closed; returns what each said."""
    said, asked, start = {line: b"" for line in lines}, set(), time.monotonic()
    at_once, is_open = 0, set(lines)
    while is_open and time.monotonic() - start < LIMIT:
        for line in select.select(list(is_open), [], [], 5)[0]:
            part = line.recv(65536)
            if not part:
                is_open.discard(line)
            said[line] += part
        at_once = max(at_once, sum(b"VITRINE-GUEST-READY" in s for s in said.values()))
        # They are asked only when all have come so far: eight at once.
        if all(b"/ # " in s for s in said.values()) and not asked:
            asked = set(lines)
            for line in lines:
                line.sendall(ASK)
    return [said[line] for line in lines], at_once


def main():
    vitrine, words = sys.argv[1:3]
    with open("lab.ini", "w") as lab:
        lab.write("[host]\nmemory = 4096M\n")
        for n in range(GUESTS):
            lab.write(f"[guest g{n}]\nmemory = {MEBIBYTES}M\nnic = none\nserial = unix:g{n}.sock\n"
                      f"kernel = vmlinuz\ninitrd = initramfs.gz\nappend = {words} vitrine.ip=10.0.0.{n} vitrine.ne=\n")
    with open("report.txt", "wb") as report:
        host = subprocess.Popen([vitrine, "host", "lab.ini", "--display", "none", "--max-speed"], stdout=report,
                                stderr=subprocess.STDOUT)
        said, at_once = talk([connect(n) for n in range(GUESTS)])
        status = host.wait(60)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    for n, text in enumerate(said):
        answer = re.search(rb"GUEST (\d+) MemTotal: +(\d+) kB", text)
        if not answer or int(answer[1]) != n or not MEBIBYTES - 64 < int(answer[2]) // 1024 <= MEBIBYTES:
            sys.exit(f"guest {n}: {answer and answer[0]}: {text[-1500:].decode(errors='replace')}")
        if b"reboot: Power down" not in text:
            sys.exit(f"guest {n} was not powered off: {text[-500:].decode(errors='replace')}")
    if status != 0 or at_once != GUESTS:
        sys.exit(f"status {status}, {at_once} guests at once; report.txt says more")
    print(f"{GUESTS} Linux guests at once: {used.ru_utime + used.ru_stime:.0f} CPU seconds, "
          f"{used.ru_maxrss / 1024:.0f} MiB in all")


main()

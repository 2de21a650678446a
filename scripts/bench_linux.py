#!/usr/bin/env python3
"""Measures a Linux guest on Vitrine and on QEMU, in turns: the way to the first shell command, and jobs
that the shell then does.

    bench_linux.py --vitrine PROGRAM --guests FOLDER [--passes 2] [--json FILE] [--boot-only]

linux.img is booted by both through SeaBIOS and SYSLINUX (one serial line, IDE disk, NE2000, 64 MiB).
The serial line is standard input and output; each job's command prints a line when it begins and one
when it ends, and the process' CPU clock (user + system, all threads) is read when they arrive. Outputs
that depend on the machine's work (md5 sums) must agree.

The instructions of the boot are Vitrine's own count (icount in the trace of the serial line's last
access before the marker's end), taken in a run of its own."""
import argparse
import json
import os
import re
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from bench import cell, circumstances, cpu_seconds, stop

GEOMETRY = "400/16/63"
VITRINE = ("{program} run --memory 64M --disk {image},geometry=" + GEOMETRY + " --nic ne2k-pci "
           "--serial stdio --display none --max-speed")
QEMU = ("qemu-system-i386 -accel tcg -machine pc,hpet=off -cpu pentium3,-apic -m 64 -no-reboot "
        "-drive file={image},format=raw,if=none,id=d "
        "-device ide-hd,drive=d,cyls=400,heads=16,secs=63,bus=ide.0 "
        "-nic none -device ne2k_pci -serial stdio -display none -monitor none")
READY = b"VITRINE-GUEST-READY"
JOBS = [  # name, preparation, job; what the job prints is compared
    ("loop", ":", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo $i"),
    ("md5sum", ":", "dd if=/dev/zero bs=65536 count=320 2>/dev/null | md5sum"),
    ("gzip", "seq 1 300000 >/tmp/s; for i in 1 2 3 4 5; do cat /tmp/s; done >/tmp/f", "gzip -c </tmp/f | wc -c"),
    ("pipe", "rm -f /tmp/s /tmp/f", "seq 1 4000 | wc -c"),  # a write and a switch of processes a line
    ("fork", ":", "i=0; while [ $i -lt 200 ]; do /bin/busybox true; i=$((i+1)); done; echo $i"),
    ("disk", ":", "dd if=/dev/sda bs=65536 count=480 2>/dev/null | wc -c"),
]
LIMIT_SECONDS = 400


class Session:
    """A running emulator whose serial line is a pair of pipes."""

    def __init__(self, command, folder):
        with open(f"{folder}/messages", "wb") as messages:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=messages, cwd=folder, start_new_session=True)
        self.text, self.at = b"", 0
        self.deadline = time.monotonic() + LIMIT_SECONDS

    def clocks(self):
        return cpu_seconds(self.process.pid), time.monotonic()

    def wait_for(self, words):
        """Reads until `words` have come behind what was found before; returns the clocks and the text."""
        while words not in self.text[self.at:]:
            ready, _, _ = select.select([self.process.stdout], [], [], 1)
            chunk = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if (ready and not chunk) or time.monotonic() > self.deadline:
                raise RuntimeError(f"no {words!r}; the serial line ends with {self.text[-400:]!r}")
            self.text += chunk
        end = self.text.index(words, self.at)
        between, self.at = self.text[self.at:end], end + len(words)
        return self.clocks(), between

    def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()


def do_job(session, name, preparation, job):
    """Types a job; its markers are put together by the shell, so that the echo does not show them."""
    session.type(preparation + "; k=KEY; echo $k-begin; " + job + "; echo $k-end")
    (cpu, wall), _ = session.wait_for(b"KEY-begin")
    (cpu_end, wall_end), said = session.wait_for(b"KEY-end")
    words = [line for line in said.decode("latin1").splitlines() if line and not line.startswith("[")]
    return {"cpu": cpu_end - cpu, "wall": wall_end - wall, "said": words}


def run_once(command, folder, boot_only):
    session = Session(command, folder)
    start = time.monotonic()
    try:
        (cpu, wall), _ = session.wait_for(READY)
        result = {"boot": {"cpu": cpu, "wall": wall - start, "said": []}}
        session.wait_for(b"# ")
        session.type("echo $((6*7))first")
        (cpu, wall), _ = session.wait_for(b"42first")
        result["first command"] = {"cpu": cpu, "wall": wall - start, "said": []}
        session.type("sleep 2; echo $((6*7))rested")  # drivers go on after the first command
        session.wait_for(b"42rested")
        for job in () if boot_only else JOBS:
            result[job[0]] = do_job(session, *job)
        return result
    finally:
        stop(session.process)


def with_image(guests, work):
    folder = tempfile.mkdtemp(prefix="bench-linux-")
    try:
        image = f"{folder}/disk.img"
        subprocess.run(["cp", "--sparse=always", f"{guests}/linux.img", image], check=True)
        return work(folder, image)
    finally:
        shutil.rmtree(folder)


def boot_instructions(program, guests):
    """Instructions from reset to the last byte of READY's word on the serial line."""
    def work(folder, image):
        command = VITRINE.format(program=program, image=image).split()
        command += ["--trace", "io:dev=com1", "--trace-out", f"{folder}/trace"]
        session = Session(command, folder)
        try:
            session.wait_for(READY + b" ")
        finally:
            stop(session.process)
        sent, at = b"", 0
        with open(f"{folder}/trace", "rb") as trace:
            for line in trace:
                found = re.search(rb'"icount":(\d+).*"dir":"out".*"addr":"0x3f8".*"value":"0x([0-9a-f]+)"', line)
                if not found:
                    continue
                sent, at = (sent + bytes([int(found[2], 16)]))[-len(READY):], int(found[1])
                if sent == READY:
                    return at
        return None
    return with_image(guests, work)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vitrine", required=True)
    parser.add_argument("--guests", required=True)
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--json")
    parser.add_argument("--boot-only", action="store_true")
    return parser.parse_args()


def medians(runs):
    return {key: {"cpu": statistics.median(r[key]["cpu"] for r in runs),
                  "wall": statistics.median(r[key]["wall"] for r in runs),
                  "said": runs[0][key]["said"]} for key in runs[0]}


def print_table(table):
    names = list(table)
    print("seconds, medians; CPU = user + system of the emulator's process")
    print("| | " + " | ".join(f"{n} CPU | {n} wall" for n in names) + " | CPU ratio |")
    print("|-|" + "-|-|" * len(names) + "-|")
    for key in table[names[0]]:
        row = [f"{table[n][key][c]:.2f}" for n in names for c in ("cpu", "wall")]
        ratio = table[names[0]][key]["cpu"] / table[names[1]][key]["cpu"] if len(names) > 1 else None
        print(f"| {key} | " + " | ".join(row) + f" | {cell(ratio, '{:.2f}')} |")


def main():
    arguments = parse()
    commands = {"vitrine": VITRINE.replace("{program}", arguments.vitrine)}
    if shutil.which("qemu-system-i386"):
        commands["qemu-tcg"] = QEMU
    else:
        print("qemu-tcg: not found on this machine, left out")
    runs = {name: [] for name in commands}
    for _ in range(arguments.passes):
        for name, command in commands.items():
            runs[name].append(with_image(arguments.guests, lambda folder, image: run_once(
                command.format(image=image).split(), folder, arguments.boot_only)))
    table = {name: medians(r) for name, r in runs.items()}
    print_table(table)
    instructions = boot_instructions(arguments.vitrine, arguments.guests)
    if instructions:
        print(f"boot: {instructions / 1e9:.2f} thousand million instructions to {READY.decode()}, "
              f"{instructions / table['vitrine']['boot']['cpu'] / 1e6:.0f} MIPS per CPU second")
    when = circumstances()
    if arguments.json:
        with open(arguments.json, "w") as out:
            json.dump({**when, "runs": runs, "boot_instructions": instructions}, out, indent=1)
    differing = [key for key in table["vitrine"] if len({tuple(t[key]["said"]) for t in table.values()}) > 1]
    for key in differing:
        print(f"{key}: the outputs differ: " + ", ".join(f"{n} {t[key]['said']}" for n, t in table.items()))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Measures what Vitrine costs besides executing instructions.

    bench_startup.py --vitrine PROGRAM --kernel bench.elf --image bench.img [--guests FOLDER] [--json FILE]

start      wall and CPU time of a run that ends after its first instruction: from the start of the
           process to its end, so an upper bound of the time to the first instruction
memory     resident memory that is not guest RAM, while a kernel runs whose code fills the pool of
           decoded code, and (with --guests) when Linux has booted
hypervisor a CPU-bound kernel as a single machine, as the only guest of a host, and as two guests that
           share the host's CPU (both guests' work counted): MIPS per CPU second, and what is lost"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import shutil
import time

from bench import Emulator, Guest, cell, circumstances, count_instructions, in_folder, read_run, stop

GUEST_BYTES = 64 << 20
RUNS = 15
HOST = """[host]
memory = 256M
disk = {folder}/host.img,geometry=1000/16/63
"""
HOST_GUEST = """
[guest g{number}]
memory = 64M
cylinders = {first}-{last}
kernel = {elf}
append = kernel={kernel} units=0
serial = {serial}
"""


def time_start(program, image):
    """Each run: fork, exec, build the machine, load the firmware, one instruction, free everything."""
    walls, cpus = [], []
    for _ in range(RUNS):
        begin = time.monotonic()
        process = subprocess.Popen([program, "run", "--disk", image, "--memory", "64M", "--display", "none",
                                    "--max-instructions", "1", "--overlay"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        walls.append((time.monotonic() - begin) * 1e3)
        process.returncode = 0
        cpus.append((usage.ru_utime + usage.ru_stime) * 1e3)
    result = {"wall_ms": statistics.median(walls), "wall_ms_least": min(walls), "cpu_ms": statistics.median(cpus)}
    print(f"start to the end of a run of one instruction: wall {result['wall_ms']:.1f} ms (least "
          f"{result['wall_ms_least']:.1f}), CPU {result['cpu_ms']:.1f} ms, medians of {RUNS}")
    return result


def beyond_guest_ram(pid):
    """Bytes: what is resident outside the mapping that holds the guest's RAM, and the size by which that
    mapping is larger than the guest's RAM."""
    beyond, size = 0, 0
    with open(f"/proc/{pid}/smaps") as maps:
        for line in maps:
            head = re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line)
            if head:
                size = int(head[2], 16) - int(head[1], 16)
                beyond += size - GUEST_BYTES if size >= GUEST_BYTES else 0
            elif line.startswith("Rss:") and size < GUEST_BYTES:
                beyond += int(line.split()[1]) * 1024
    return beyond


def memory_while(words, seconds, until=None):
    """Runs a command until `until` is on its standard output, then for `seconds`, and looks."""
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    try:
        seen, deadline = b"", time.monotonic() + 300
        while until and until not in seen and time.monotonic() < deadline:
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                return None
            seen = (seen + chunk)[-4096:]
        time.sleep(seconds)
        return beyond_guest_ram(process.pid)
    finally:
        stop(process)


def measure_memory(program, image, guests):
    result = {}

    def big_code(folder):
        guest = Guest(image)
        guest.write(f"{folder}/disk.img", "bigcode", 0)
        return memory_while([program, "run", "--disk", f"{folder}/disk.img", "--memory", "64M", "--display",
                             "none", "--serial", f"file:{folder}/serial", "--max-speed"], 3)

    def linux(folder):
        shutil.copyfile(f"{guests}/linux.img", f"{folder}/disk.img")
        return memory_while([program, "run", "--disk", f"{folder}/disk.img,geometry=400/16/63", "--memory", "64M",
                             "--display", "none", "--serial", "stdio", "--max-speed", "--nic", "ne2k-pci"], 0,
                            b"VITRINE-GUEST-READY")

    for name, work in (("big code", big_code), ("linux", linux if guests else None)):
        found = in_folder(work) if work else None
        if found is not None:
            result[name] = found
            print(f"memory beyond guest RAM, {name}: {found / 2**20:.1f} MiB")
    return result


class Nothing:
    """A guest that needs no image of its own: bench.elf is loaded by its command."""
    counts = {}

    def write(self, path, kernel, units):
        del path, kernel, units

    def is_start(self, line, kernel):
        return line == f"S {kernel}".encode()


class Machines(Emulator):
    """bench.elf as a single machine (guests 0) or on a host with that many guests."""

    def __init__(self, name, program, elf, kernel, guests):
        super().__init__(name, "")
        self.program, self.elf, self.kernel, self.guests = program, elf, kernel, guests

    def start(self, folder, image):
        if self.guests == 0:
            argv = [self.program, "run", "--kernel", self.elf, "--append", f"kernel={self.kernel} units=0",
                    "--memory", "64M", "--serial", "stdio"]
        else:
            with open(f"{folder}/host.img", "wb") as disk:
                disk.truncate(1000 * 16 * 63 * 512)
            with open(f"{folder}/lab.ini", "w") as lab:
                lab.write(HOST.format(folder=folder))
                for number in range(self.guests):
                    lab.write(HOST_GUEST.format(number=number, first=100 + 200 * number, last=299 + 200 * number,
                                                elf=self.elf, kernel=self.kernel,
                                                serial="null" if number else "stdio"))
            argv = [self.program, "host", f"{folder}/lab.ini"]
        with open(f"{folder}/messages", "wb") as messages:
            process = subprocess.Popen(argv + ["--display", "none", "--max-speed"], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=messages, cwd=folder, start_new_session=True)
        return process, process.stdout.fileno()


def measure_hypervisor(program, elf, image, kernels=("mix", "sieve", "out80"), passes=3):
    plain = Emulator("vitrine", program + " run --disk {image} --memory 64M --display none --serial stdio --max-speed")
    result = {}
    print("| kernel | single, MIPS | one guest | lost | two guests | lost |\n|-|-|-|-|-|-|")
    for kernel in kernels:
        instructions = count_instructions(Guest(image), plain, kernel)
        speeds = {0: [], 1: [], 2: []}
        for _ in range(passes):
            for guests in speeds:
                r = in_folder(lambda f: read_run(Nothing(), Machines(f"{guests} guests", program, elf, kernel, guests),
                                                 kernel, 0, 1.0, f))
                if r.cpu() > 0:
                    speeds[guests].append(max(guests, 1) * r.counted * instructions / r.cpu() / 1e6)
        middle = {g: statistics.median(s) if s else None for g, s in speeds.items()}
        lost = {g: 1 - middle[g] / middle[0] if middle[g] and middle[0] else None for g in (1, 2)}
        result[kernel] = {"mips": speeds}
        print(f"| {kernel} | {cell(middle[0])} | {cell(middle[1])} | {cell(lost[1], '{:.1%}')} | "
              f"{cell(middle[2])} | {cell(lost[2], '{:.1%}')} |")
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--vitrine", "--kernel", "--image"):
        parser.add_argument(name, required=True)
    parser.add_argument("--guests", help="a folder with linux.img")
    parser.add_argument("--json")
    a = parser.parse_args()
    result = {"start": time_start(a.vitrine, a.image), "memory": measure_memory(a.vitrine, a.image, a.guests),
              "hypervisor": measure_hypervisor(a.vitrine, a.kernel, a.image)}
    when = circumstances()
    if a.json:
        with open(a.json, "w") as out:
            json.dump({**when, **result}, out, indent=1)
    return 0 if result["memory"] and all(h["mips"][1] for h in result["hypervisor"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())

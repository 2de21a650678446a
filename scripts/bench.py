#!/usr/bin/env python3
"""Measures emulators with the benchmark guest (roms/bench), side by side in one run.

    bench.py --image obj/roms/bench.img --emulator 'vitrine=./vitrine run {image} --memory 64M ...'
             [--emulator NAME=COMMAND]... [--peers] [--kernels A,B] [--passes 3] [--seconds 0.6]
             [--json FILE] [--svg FILE] [--goals FILE] [--foreign FOLDER]

A kernel's speed is guest instructions per CPU second (user + system, all threads of the emulator)
between its first unit of work and its last: the guest prints a line after each, and the process'
CPU clock is read when the line arrives. Emulators take turns within each pass; the table has medians
over the passes. Instructions of a unit are counted by Vitrine (--hash): two runs of different numbers
of units, subtracted. The checksums that the guest prints must agree, or the exit status is 1.

--foreign FOLDER measures with another guest of the same protocol instead: FOLDER/counts.json has its
kernels and their instructions, FOLDER/src/bench.img is its disk, which has 'BNCH', the kernel's number
and the units at byte 520."""
import argparse
import json
import math
import os
import platform
import re
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import bench_plot

KERNELS = ("alu copy chase8m chase16k sieve qsort crc32 sha256 recursion mix records bigcode mandel nbody "
           "repbig repsmall out80 in3fd syscall pagefault cr3 real smc").split()
COMMAND_LINE = re.compile(rb"kernel=[^\0]*")
BOOT_SECONDS = 60
SEABIOS = "/usr/share/seabios"
BOCHSRC = """memory: guest=64, host=64
romimage: file={bios}/bios.bin
vgaromimage: file={bios}/vgabios-stdvga.bin
cpu: model=p3_katmai, count=1, ips=100000000
clock: sync=none
boot: disk
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path={image}, mode=flat, cylinders={cylinders}, heads=16, spt=63
com1: enabled=1, mode=file, dev={serial}
display_library: rfb, options="timeout=0"
sound: driver=dummy
speaker: enabled=0
log: /dev/null
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
"""


class Guest:
    """The benchmark guest: an image in which the command line is replaced."""

    def __init__(self, path):
        self.bytes = open(path, "rb").read()
        self.names = KERNELS
        self.counts = {}

    def write(self, path, kernel, units):
        found = COMMAND_LINE.search(self.bytes)
        line = f"kernel={kernel} units={units}".encode()
        if not found or len(line) > len(found[0]):
            sys.exit("bench.py: this image has no command line to replace")
        with open(path, "wb") as out:
            out.write(self.bytes[:found.start()] + line.ljust(len(found[0])) + self.bytes[found.end():])

    def is_start(self, line, kernel):
        return line == f"S {kernel}".encode()


class ForeignGuest(Guest):
    def __init__(self, folder):
        self.bytes = open(f"{folder}/src/bench.img", "rb").read()
        self.counts = json.load(open(f"{folder}/counts.json"))
        # The kernels' numbers are their order in the folder's own list, which the driver there has.
        driver = open(f"{folder}/run.py").read()
        self.order = re.search(r'TESTS="([^"]*)"', driver)[1].split()
        self.names = [name for name in self.order if name in self.counts]

    def write(self, path, kernel, units):
        image = bytearray(self.bytes)
        if image[520:524] != b"BNCH":
            sys.exit("bench.py: this image has no parameters at byte 520")
        struct.pack_into("<III", image, 524, self.order.index(kernel), units or 0xFFFFFFFF, 0)
        open(path, "wb").write(image)

    def is_start(self, line, kernel):
        return line.endswith(b"S" + kernel.encode()) or line in (b"S", b"S2")


class Emulator:
    """A command with {image}; its standard output is COM1."""

    def __init__(self, name, command, version=""):
        self.name, self.command, self.version = name, command.split(), version

    def start(self, folder, image):
        argv = [word.format(image=image) for word in self.command]
        with open(f"{folder}/messages", "wb") as messages:
            process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=messages,
                                       cwd=folder, start_new_session=True)
        return process, process.stdout.fileno()


class Bochs(Emulator):
    """Writes COM1 to a file, here a named pipe; builds with the debugger are told to continue."""

    def start(self, folder, image):
        serial = f"{folder}/serial"
        os.mkfifo(serial)
        cylinders = os.path.getsize(image) // (16 * 63 * 512)
        with open(f"{folder}/bochsrc", "w") as out:
            out.write(BOCHSRC.format(bios=SEABIOS, image=image, serial=serial, cylinders=cylinders))
        with open(f"{folder}/commands", "w") as out:
            out.write("c\nq\n")
        reader = os.open(serial, os.O_RDONLY | os.O_NONBLOCK)
        with open(f"{folder}/messages", "wb") as messages:
            process = subprocess.Popen(["bochs", "-q", "-f", f"{folder}/bochsrc", "-rc", f"{folder}/commands"],
                                       stdin=subprocess.DEVNULL, stdout=messages, stderr=messages, cwd=folder,
                                       start_new_session=True, env=dict(os.environ, TERM="xterm"))
        return process, reader


QEMU = ("qemu-system-i386 -accel tcg -m 64 -display none -nodefaults -vga std -no-reboot -monitor none "
        "-drive file={image},format=raw,if=ide -serial stdio -device isa-debug-exit,iobase=0xf4,iosize=4")


def version_of(program):
    try:
        words = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20,
                               stdin=subprocess.DEVNULL, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d+\.\d+(\.\d+)?", words.stdout + words.stderr)
    return found[0] if found else ""


def find_peers():
    peers = []
    for name, program, make in (("qemu-tcg", "qemu-system-i386", lambda v: Emulator("qemu-tcg", QEMU, v)),
                                ("bochs", "bochs", lambda v: Bochs("bochs", "", v))):
        if shutil.which(program) and (name != "bochs" or os.path.exists(f"{SEABIOS}/bios.bin")):
            peers.append(make(version_of(program)))
        else:
            print(f"{name}: not found on this machine, left out")
    return peers


def circumstances():
    """When and where: figures mean nothing without it."""
    processor = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as lines:
            found = re.search(r"model name\s*: (.*)", lines.read())
            processor = found[1] if found else processor
    except OSError:
        pass
    when = {"date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "processor": processor,
            "processors": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    print("{date}, {processors} x {processor}, load {load}".format(**when))
    return when


def cpu_seconds(pid):
    """User + system time of all threads: Linux' CPU clock of another process (clock_getcpuclockid(3))."""
    return time.clock_gettime_ns((~pid << 3) | 2) / 1e9


def stop(process):
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Reading:
    """What one run said: units seen, CPU and wall seconds between the first and the last, checksums."""

    def __init__(self):
        self.has_started, self.has_ended = False, False
        self.first, self.last = None, None
        self.units, self.skipped, self.counted = 0, 0, 0
        self.sums, self.text = [], b""

    def take(self, guest, kernel, lines, pid):
        try:
            now = (cpu_seconds(pid), time.monotonic())
        except OSError:  # it has just ended
            now = None
        before = self.units
        for line in lines:
            line = line.strip(b"\r\0 ")
            self.text += line + b"\n"
            if guest.is_start(line, kernel):
                self.has_started, self.units, self.sums, self.first, before = True, 0, [], None, 0
            elif line.startswith(b".") and self.has_started:
                self.units += 1
                self.sums.append(line[1:].decode("latin1"))
            elif line in (b"E", b"TRAP") or line.startswith(b"no such"):
                self.has_ended = True
        # Lines that arrived together ended at one time: those of the first such group are not counted.
        if now and self.units > before:
            if not self.first:
                self.first, self.skipped = now, self.units
            else:
                self.last, self.counted = now, self.units - self.skipped

    def cpu(self):
        return self.last[0] - self.first[0] if self.last else 0.0


def read_run(guest, emulator, kernel, units, seconds, folder):
    """Runs a kernel until it has worked for `seconds` of CPU time (units 0) or to its end."""
    image = f"{folder}/disk.img"
    guest.write(image, kernel, units)
    process, serial = emulator.start(folder, image)
    reading, rest = Reading(), b""
    deadline = time.monotonic() + BOOT_SECONDS + 30 * (seconds or 1)
    try:
        while time.monotonic() < deadline and not reading.has_ended:
            ready, _, _ = select.select([serial], [], [], 0.2)
            chunk = os.read(serial, 65536) if ready else b""
            if not chunk:
                if process.poll() is not None:
                    break
                if ready:  # a named pipe whose writer has not come yet
                    time.sleep(0.01)
                continue
            *lines, rest = (rest + chunk).split(b"\n")
            reading.take(guest, kernel, lines, process.pid)
            if not units and reading.cpu() > seconds and reading.counted >= 2:
                break
    finally:
        stop(process)
        if process.stdout:
            process.stdout.close()
            process.stdin.close()
        else:
            os.close(serial)
    if not reading.has_started or not reading.sums:
        messages = open(f"{folder}/messages", "rb").read()[-300:].decode("latin1")
        print(f"{emulator.name}: {kernel}: no unit was finished: {reading.text[-200:]!r} {messages}")
    return reading


def in_folder(work):
    folder = tempfile.mkdtemp(prefix="bench-")
    try:
        return work(folder)
    finally:
        shutil.rmtree(folder)


def count_instructions(guest, vitrine, kernel):
    """Instructions of one unit: the difference of two runs, as Vitrine counts them."""
    def count(units):
        def work(folder):
            guest.write(f"{folder}/disk.img", kernel, units)
            argv = [w.format(image=f"{folder}/disk.img") for w in vitrine.command] + ["--hash"]
            out = subprocess.run(argv, capture_output=True, timeout=300, cwd=folder, check=False,
                                 stdin=subprocess.DEVNULL)
            return int(re.search(rb"instructions (\d+)", out.stdout + out.stderr)[1])
        return in_folder(work)
    return (count(4) - count(2)) / 2


def measure(guest, emulators, kernel, arguments):
    result = {"instructions": guest.counts.get(kernel), "mips": {}, "seconds_per_unit": {}, "sums": {}}
    if not result["instructions"]:
        result["instructions"] = count_instructions(guest, emulators[0], kernel)
    for _ in range(arguments.passes):
        for emulator in emulators:
            r = in_folder(lambda f: read_run(guest, emulator, kernel, 0, arguments.seconds, f))
            if r.cpu() > 0:
                per_unit = r.cpu() / r.counted
                result["mips"].setdefault(emulator.name, []).append(result["instructions"] / per_unit / 1e6)
            result["sums"][emulator.name] = r.sums[:2]
    sums = [s for s in result["sums"].values() if s]
    length = min((len(s) for s in sums), default=0)
    result["agree"] = len({tuple(s[:length]) for s in sums}) <= 1
    return result


def median(result, name):
    values = result["mips"].get(name)
    return statistics.median(values) if values else None


def goal_of(result, goals):
    """The speed asked for: the highest of the ratios to the peers of this very run ("stretch" is none)."""
    bars = [ratio * median(result, peer) for peer, ratio in goals.items() if median(result, peer)]
    return max(bars) if bars else None


def stretch_of(result, goals):
    """The speed aimed at: a ratio to QEMU."""
    return goals.get("stretch", 0) * (median(result, "qemu-tcg") or 0) or None


def cell(value, form="{:.0f}"):
    return "-" if value is None else form.format(value)


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def print_table(results, emulators, goals):
    own, peers = emulators[0].name, [e.name for e in emulators[1:]]
    heads = ["kernel", "M instr./unit"] + [e.name for e in emulators] + [f"{own}/{p}" for p in peers]
    heads += ["goal", "/goal", "/stretch"] if goals else []
    print("guest MIPS per CPU second, medians")
    print("| " + " | ".join(heads) + " |")
    print("|" + "-|" * len(heads))
    ratios = {p: [] for p in peers}
    for kernel, result in results.items():
        mine = median(result, own)
        row = [kernel, f"{result['instructions'] / 1e6:.3f}"] + [cell(median(result, e.name)) for e in emulators]
        for peer in peers:
            other = median(result, peer)
            ratio = mine / other if mine and other else None
            if ratio:
                ratios[peer].append(ratio)
            row.append(cell(ratio, "{:.2f}"))
        if goals:
            goal = goal_of(result, goals.get(kernel, {}))
            stretch = stretch_of(result, goals.get(kernel, {}))
            row += [cell(goal)] + [cell(mine / g if mine and g else None, "{:.2f}") for g in (goal, stretch)]
        print("| " + " | ".join(row) + " |")
    for peer in peers:
        print(f"geometric mean {own}/{peer}: {cell(geometric_mean(ratios[peer]), '{:.2f}')} "
              f"({len(ratios[peer])} kernels)")
    for kernel, result in results.items():
        if not result["agree"]:
            print(f"{kernel}: the checksums differ: {result['sums']}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image")
    parser.add_argument("--foreign", metavar="FOLDER")
    parser.add_argument("--emulator", action="append", required=True, metavar="NAME=COMMAND",
                        help="the first is the one that is compared with the others")
    parser.add_argument("--peers", action="store_true", help="add QEMU and Bochs where they are installed")
    parser.add_argument("--kernels")
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.6)
    parser.add_argument("--json")
    parser.add_argument("--svg")
    parser.add_argument("--goals")
    return parser.parse_args()


def main():
    arguments = parse()
    guest = ForeignGuest(arguments.foreign) if arguments.foreign else Guest(arguments.image)
    named = [e.split("=", 1) for e in arguments.emulator]
    emulators = [Emulator(name, command, version_of(command.split()[0])) for name, command in named]
    if arguments.peers:
        emulators += find_peers()
    goals = json.load(open(arguments.goals)) if arguments.goals else {}
    kernels = arguments.kernels.split(",") if arguments.kernels else guest.names
    results = {}
    for kernel in kernels:
        results[kernel] = measure(guest, emulators, kernel, arguments)
        print(f"{kernel}: " + ", ".join(f"{e.name} {cell(median(results[kernel], e.name))}" for e in emulators),
              flush=True)
    print_table(results, emulators, goals)
    when = circumstances()
    if arguments.json:
        with open(arguments.json, "w") as out:
            json.dump({**when, "emulators": {e.name: e.version for e in emulators}, "kernels": results}, out, indent=1)
    if arguments.svg:
        rows = [(k, [median(r, e.name) for e in emulators]) for k, r in results.items()]
        bench_plot.write(arguments.svg, [e.name for e in emulators], rows)
    own = emulators[0].name
    return 0 if all(r["agree"] and r["mips"].get(own) for r in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

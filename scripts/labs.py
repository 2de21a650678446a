#!/usr/bin/env python3
"""Runs the labs of docs/labs, compares each with what is wanted, and writes one page.

    labs.py --vitrine PROGRAM --roms obj/roms [--out FOLDER]

A lab is a LAB.ini and the lab guest experiment.elf on it. Prints a table a lab; writes FOLDER/labs.html, which
needs no network. Ends with 1 when a figure is not what the lab is there to show."""
import argparse
import html
import pathlib
import re
import subprocess
import sys

LAB = """[host]
memory = 64M
disk = lab.img,geometry=1000/16/63,overlay
{host}
[guest alpha]
memory = 8M
nic = none
cylinders = 100-199
kernel = {roms}/experiment.elf
append = lab={lab}
serial = file:said.txt
syscalls = 3=disk
{guest}
"""
PING_LAB = """[host]
memory = 64M
[guest alpha]
memory = 8M
kernel = {roms}/experiment.elf
append = lab=ping way={way}
serial = file:said.txt
[guest beta]
memory = 8M
kernel = {roms}/experiment.elf
append = lab=echo way={way}
"""
# Boot sectors (tests/golden/schedule.sh has their source): one counts for ever, one halts until each tick
# of its timer (1 kHz) and works a little.
HOG = bytes.fromhex("fa6640ebfc")
CLERK = bytes.fromhex("fa31c08ed8c7062000237ca32200b034e643b8a904e64088e0e640b0fee621fbf4ebfdb9f401e2feb020e620cf")
TRANSMIT_LAB = """[host]
memory = 64M
clock = 733000000
nic = ne2k-isa,mbit=100,net=receiver
nic_driver = hosted
hosted = {hosted}
[guest linux]
memory = 8M
nic = ne2k-isa,mbit=1000
kernel = {roms}/experiment.elf
append = lab=transmit
serial = file:said.txt
{costs}
"""
# Sugerman et al. 2001, table 3: configuration, its name there, idle time in percent.
TRANSMIT = (("", "native", 86.0), ("ports,sends,events", "all three optimisations", 21.7),
            ("ports,sends", "without events: select()", 17.9), ("ports", "without events and combined sends", 2.0),
            ("none", "none: each access in the VMApp", 0.0))
TRANSMIT_POINTS = 10
SHARES_LAB = """[host]
memory = 64M
disk = shares.img,geometry={cylinders}/1/63
schedule = credit
{host}
"""
SHARES_GUEST = """[guest {name}]
memory = 2M
nic = none
cylinders = {number}-{number}
{lines}
"""
SECONDS = 8
COSTS = pathlib.Path(__file__).resolve().parent.parent / "docs/labs/transmit-costs.ini"
DELAYS_US = (0, 200, 2000, 10000)


class Lab:
    """What a lab is about, its rows (name, figure, what is wanted), and the sentences that do not hold."""

    def __init__(self, title, about, unit):
        self.title, self.about, self.unit = title, about, unit
        self.rows, self.wrong = [], []

    def expect(self, holds, sentence):
        if not holds:
            self.wrong.append(sentence)


class Runner:
    def __init__(self, program, roms, folder):
        self.program, self.roms, self.folder = program.resolve(), roms.resolve(), folder

    def vitrine(self, *words, status=0):
        """Runs the program; what it wrote, and what the guest said to said.txt."""
        said = self.folder / "said.txt"
        said.unlink(missing_ok=True)
        done = subprocess.run([self.program, *words], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=300)
        if done.returncode != status:
            sys.exit(f"labs.py: {words[-1]}: status {done.returncode}: {done.stderr.strip()}")
        return done.stdout, said.read_text() if said.exists() else ""

    def run(self, lab, host="", guest=""):
        """What the guest said, as text."""
        (self.folder / "lab.ini").write_text(LAB.format(lab=lab, host=host, guest=guest, roms=self.roms))
        return self.vitrine("host", "--display", "none", "lab.ini")[1]

    def ping(self, way):
        (self.folder / "ping.ini").write_text(PING_LAB.format(way=way, roms=self.roms))
        return self.vitrine("host", "--display", "none", "ping.ini")[1]

    def transmit(self, hosted):
        """Percent of the time that is idle, and frames a second, of a guest that sends; without a VMM where hosted is ""."""
        if hosted:
            (self.folder / "transmit.ini").write_text(
                TRANSMIT_LAB.format(hosted=hosted, roms=self.roms, costs=COSTS.read_text()))
            table, text = self.vitrine("host", "--display", "none", "transmit.ini")
        else:
            table, text = self.vitrine("run", "--display", "none", "--memory", "8M", "--clock", "733000000", "--nic",
                                       "ne2k-isa,mbit=100,net=receiver", "--serial", "file:said.txt", "--kernel",
                                       self.roms / "experiment.elf", "--append", "lab=transmit native=1")
        frames, cycles = number(text, r"frames=(\d+)"), number(text, r"cycles=(\d+)")
        found = re.search(r"measured: .* idle ([\d.]+) %", table)
        idle = float(found.group(1)) if found else 100 * number(text, r"idle=(\d+)") / cycles
        return round(idle, 1), frames * 733e6 / cycles

    def shares(self, guests, host=""):
        """Guests (name, boot sector, lines) by the credit scheduler: of each, percent of the host's time: run, stolen."""
        text = SHARES_LAB.format(cylinders=len(guests), host=host)
        with open(self.folder / "shares.img", "wb") as image:
            for at, (name, code, lines) in enumerate(guests):
                image.write((code.ljust(510, b"\0") + b"\x55\xaa").ljust(63 * 512, b"\0"))
                text += SHARES_GUEST.format(name=name, number=at, lines=lines)
        (self.folder / "shares.ini").write_text(text)
        table, _ = self.vitrine("host", "--bios", "embedded", "--display", "none", "--rtc", "1", "--clock", "50000000",
                                "--max-instructions", str(SECONDS * 50000000), "shares.ini", status=8)
        found = re.findall(r"instructions, ([\d.]+) % of the host's time, ([\d.]+) % stolen", table)
        return [(float(run), float(stolen)) for run, stolen in found]


def number(text, pattern):
    found = re.search(pattern, text)
    if not found:
        sys.exit(f"labs.py: the guest did not say {pattern!r}, but: {text.strip()}")
    return int(found.group(1))


def interfaces(runner):
    lab = Lab("Where the I/O is caught", "One block of 4 KiB is read at each of three places. Each crossing from the "
              "guest to the hypervisor and back costs a trap or a call; the bytes are the same. Accesses of the interrupt "
              "controller are not counted. About 1,000 by PIO are double words, in one block; the drivers before moved "
              "words, a sector a command.", "crossings")
    said, virtio = runner.run("ways"), runner.run("virtio", guest="disk_model = virtio-blk")
    words, double_words, dma = (number(said, rf"{way} ok accesses=(\d+)") for way in ("ports", "wide", "dma"))
    rings = number(virtio, r"virtio ok accesses=(\d+)")
    calls, upcalls = number(said, r"ring ok accesses=0 hypercalls=(\d+)"), number(said, r"ring ok .*upcalls=(\d+)")
    served = number(said, r"sysenter ok calls=(\d+)")
    lab.rows = [("I/O operation: PIO, words, 8 commands", words, "2,048 and 15 a command"),
                ("I/O operation: PIO, double words, 1 command", double_words, "published: about 1,000", 1000),
                ("I/O operation: bus-master DMA", dma, "published: about 26", 26),
                ("device driver: virtio", rings, "published: 2"),
                ("device driver: ring, hypercall and upcall", calls + upcalls, "published: 1 and 1"),
                ("system call: lseek and read", served, "2")]
    lab.expect(words == 2048 + 8 * 15, "PIO by words moves 2,048, and 15 registers a sector")
    lab.expect(1024 < double_words < 1100, "PIO by double words moves 1,024, and some registers")
    lab.expect(15 < dma < 40 and rings == 2, "DMA wants about 26 accesses, virtio two")
    lab.expect((calls, upcalls, served) == (1, 1, 2), "a ring takes one hypercall and one upcall, a file two calls")
    return lab


def ping(runner):
    lab = Lab("A ping of 1,514 bytes", "A full frame goes to another guest and comes back, by an NE2000's ports or through a "
              "pair of rings. 200 more then come back as they were sent, in order.", "crossings")
    card, ring = (runner.ping(way) for way in ("card", "ring"))
    accesses = number(card, r"card ok accesses=(\d+)")
    calls, upcalls = number(ring, r"ring ok accesses=0 .*hypercalls=(\d+)"), number(ring, r"upcalls=(\d+)")
    lab.rows = [("NE2000: 1,514 of them words of frames", accesses, "published: about 1,560", 1560),
                ("ring, hypercall and upcall", calls + upcalls, "published: 1 and 1")]
    lab.expect(1514 < accesses < 1650, "an NE2000's ports are accessed about 1,560 times")
    lab.expect((calls, upcalls) == (1, 1), "a ring takes one hypercall and one upcall")
    return lab


def batching(runner):
    lab = Lab("A back-end that comes round later", "512 blocks are written through a ring, four at a time. The later the "
              "back-end looks, the more it finds, and the less often it has to be told.", "notifications")
    for delay in DELAYS_US:
        said = runner.run("batch", f"backend_delay_us = {delay}")
        lab.rows.append((f"delay {delay / 1000:g} ms", number(said, r"batch: ok .*notifications=(\d+)"),
                         "published: about a seventh of no delay's" if delay else ""))
    first, *later = (row[1] for row in lab.rows)
    lab.expect(all(5 <= first / n <= 10 for n in later), "notifications fall by about seven times")
    return lab


def transmit(runner):
    lab = Lab("Sending on a hosted VMM", "Full frames go to a receiver on a 100 Mbit/s wire; a 733 MHz PC, alone and below a hosted VMM "
              "with its optimisations: accesses handled in the VMM, sends combined, events by a shared bit vector. What is left "
              "of the processor? Published: Sugerman et al. 2001, table 3; the costs are docs/labs/transmit-costs.ini.", "% idle")
    ranks = []
    for hosted, name, published in TRANSMIT:
        idle, frames = runner.transmit(hosted)
        ranks.append((idle, round(frames)))
        lab.rows.append((name, idle, f"{published} published, {idle - published:+.1f}; {frames * 1514 * 8 / 1e6:.0f} Mbit/s",
                         published))
        lab.expect(abs(idle - published) <= TRANSMIT_POINTS,
                   f"{name}: within {TRANSMIT_POINTS} points of the published idle time")
    lab.expect(ranks == sorted(set(ranks), reverse=True),
               "the order is the published one, by idle time and, where none is left, by frames a second")
    return lab


def cylinders(runner):
    lab = Lab("100 of 1,000 cylinders", "The guest was given cylinders 100 to 199 of the host's disk and sees them as 0 to 99. "
              "It reads one sector of each, and asks ten times for others, once through the ring.", "requests")
    said = runner.run("cylinders")
    lab.rows = [("inside: read", number(said, r"inside=(\d+)"), "100"),
                ("outside: refused", number(said, r"outside=(\d+)"), "10")]
    lab.expect([row[1] for row in lab.rows] == [100, 10] and "ring refused" in said,
               "every request inside is served, every one outside refused")
    return lab


def weights(runner):
    lab = Lab("Weights", "Three guests that only compute, by the credit scheduler: a guest's weight is its share.",
              "% of the time")
    guests = [(f"weight-{weight}", HOG, f"weight = {weight}") for weight in (128, 256, 512)]
    wanted = [100 * weight / (128 + 256 + 512) for weight in (128, 256, 512)]
    for (name, _, _), (run, _), share in zip(guests, runner.shares(guests), wanted):
        lab.rows.append((name.replace("-", " "), run, f"{share:.1f} ± 2"))
        lab.expect(abs(run - share) <= 2, f"{name} has its share within 2 %")
    return lab


def boost(runner):
    lab = Lab("BOOST", "A guest that wakes for its timer a thousand times a second, beside four that only compute: how long does "
              "it wait, able to run? BOOST puts who wakes for I/O before all others until the next tick.", "% of the time waited")
    guests = [("clerk", CLERK, "")] + [(f"hog-{n}", HOG, "") for n in range(4)]
    for switch in ("on", "off"):
        (_, stolen), *_ = runner.shares(guests, f"boost = {switch}")
        lab.rows.append((f"BOOST {switch}", stolen, "below 5" if switch == "on" else "above 20"))
    lab.expect(lab.rows[0][1] < 5 and lab.rows[1][1] > 20, "a guest that wakes waits only without BOOST")
    return lab


def print_lab(lab):
    print(f"\n{lab.title}\n{lab.about}\n")
    for name, figure, wanted, *_ in lab.rows:
        print(f"  {name:44} {figure:>7,} {lab.unit:14} {wanted}")
    for sentence in lab.wrong:
        print(f"  NOT SO: {sentence}")


def bars(lab):
    """Percent as they are; other lengths by the square root, so that 2 beside 2,000 can be seen. A stroke stands where a
    published figure is; the figures stand beside."""
    is_percent = lab.unit.startswith("%")
    widest = max(row[1] for row in lab.rows)
    parts = []
    for n, (name, figure, wanted, *published) in enumerate(lab.rows):
        length = (lambda f: 2.6 * f) if is_percent else (lambda f: 260 * (f / widest) ** 0.5)
        y, width = 30 * n, max(2, length(figure))
        parts.append(f'<text x="0" y="{y + 17}">{html.escape(name)}</text>'
                     f'<rect x="350" y="{y + 3}" width="{width:.0f}" height="18" rx="2"/>')
        for other in published:
            parts.append(f'<path d="M{350 + length(other):.0f} {y}v24"/>')
            width = max(width, length(other))
        parts.append(f'<text x="{360 + width:.0f}" y="{y + 17}">{figure:,}'
                     f'<tspan class="wanted">{"  (" + html.escape(wanted) + ")" if wanted else ""}</tspan></text>')
    return f'<svg viewBox="0 0 1000 {30 * len(lab.rows)}" role="img">{"".join(parts)}</svg>'


def page(labs):
    sections = "".join(f"<h2>{html.escape(lab.title)}</h2><p>{html.escape(lab.about)}</p>{bars(lab)}"
                       f"<p class='unit'>{html.escape(lab.unit)}{'' if lab.unit.startswith('%') else ', lengths by the square root'}; in brackets what "
                       "is wanted: what was published (a stroke), the datasheet's count, or the lab's own bound</p>"
                       + "".join(f"<p class='wrong'>Not so: {html.escape(s)}</p>" for s in lab.wrong) for lab in labs)
    return ("<!doctype html><html lang='en'><meta charset='utf-8'><title>Vitrine: labs</title><style>"
            "body{font:16px/1.5 sans-serif;max-width:62em;margin:2em auto;padding:0 1em}svg{width:100%}"
            "svg text{font-size:15px}rect{fill:#2a6f97}path{stroke:#a50;stroke-width:3}.wanted,.unit{fill:#666;color:#666}.wrong{color:#b00}"
            f"</style><h1>Labs</h1>{sections}</html>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vitrine", type=pathlib.Path, required=True)
    parser.add_argument("--roms", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("labs"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "--sparse=always", options.roms / "demo.img", options.out / "lab.img"], check=True)
    runner = Runner(options.vitrine, options.roms, options.out)
    labs = [make(runner) for make in (interfaces, ping, batching, transmit, cylinders, weights, boost)]
    for lab in labs:
        print_lab(lab)
    (options.out / "labs.html").write_text(page(labs))
    print(f"\nwritten: {options.out / 'labs.html'}")
    return 1 if any(lab.wrong for lab in labs) else 0


if __name__ == "__main__":
    sys.exit(main())

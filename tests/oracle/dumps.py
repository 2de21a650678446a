#!/usr/bin/env python3
"""Runs the guest of roms/dumps on our program, QEMU and Bochs, and compares what they dump.

    dumps.py --vitrine PROGRAM --image dumps.img --table dumps.txt [--matrix] [--show CASE-GLOB]

Peers that are not installed are left out; without any the status is 77. Where a peer differs, a row of
the table must say so: who, which fields, and by which section of the manual it is not us who errs. Status
1 when a difference has no row, or a run did not come to its end. --matrix: with several CPU models.
"""
import argparse, collections, fnmatch, os, shutil, subprocess, sys, tempfile, threading

SEABIOS = "/usr/share/seabios"
# Which models stand beside each other: (ours, QEMU's, Bochs'). The first row is the quick comparison.
MODELS = (("max", "max", "corei5_lynnfield_750"),
          ("p6", "pentium2", "p2_klamath"),
          ("pentium3", "pentium3", "p3_katmai"),
          ("pentium", "pentium", "pentium"))
QEMU = ("qemu-system-i386 -accel tcg -cpu {model} -machine pc -m 16 -display none -nodefaults -vga std -no-reboot "
        "-net none -monitor none -drive if=ide,format=raw,snapshot=on,file={image} "
        "-chardev file,id=out,path={out} -device isa-debugcon,chardev=out,iobase=0xe9 "
        "-device isa-debug-exit,iobase=0xf4")
OURS = ("{vitrine} run --cpu {model} --overlay --display none --max-speed --no-reboot --timeout {seconds} "
        "--debug-console file:{out} {image}")
BOCHSRC = """megs: 16
romimage: file={bios}/bios.bin
vgaromimage: file={bios}/vgabios-stdvga.bin
cpu: model={model}, count=1, reset_on_triple_fault=0
clock: sync=none
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path={image}, mode=flat, cylinders=1, heads=16, spt=63
boot: disk
port_e9_hack: enabled=1
log: /dev/null
panic: action=fatal
display_library: rfb, options="timeout=0"
sound: driver=dummy
speaker: enabled=0
"""


def run_bochs(folder, image, model, out, seconds):
    """Builds with the debugger are told to continue; port E9h comes out on standard output."""
    with open(f"{folder}/bochsrc-{model}", "w") as rc:
        rc.write(BOCHSRC.format(bios=SEABIOS, image=image, model=model))
    with open(f"{folder}/commands", "w") as commands:
        commands.write("c\nq\n")
    command = ["bochs", "-q", "-f", f"{folder}/bochsrc-{model}", "-rc", f"{folder}/commands"]
    with open(out, "wb") as stdout:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.DEVNULL, cwd=folder,
                       timeout=seconds, check=False, env=dict(os.environ, TERM="xterm"))


def run(emulator, folder, image, model, vitrine):
    return read(launch(emulator, folder, image, model, vitrine))


def launch(emulator, folder, image, model, vitrine, seconds=100):
    """Returns the file with what the guest has said."""
    out, own = f"{folder}/{emulator}-{model}.out", f"{folder}/{emulator}-{model}.img"
    shutil.copyfile(image, own)  # each locks its disk
    image = own
    try:
        if emulator == "bochs":
            run_bochs(folder, image, model, out, seconds)
        else:
            command = {"qemu": QEMU, "ours": OURS}[emulator].format(
                model=model, image=image, out=out, vitrine=vitrine, seconds=seconds)
            subprocess.run(command.split(), stdin=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, cwd=folder, timeout=seconds + 5, check=False)
    except subprocess.TimeoutExpired:
        print(f"{emulator} {model}: did not end in time")
    return out


Record = collections.namedtuple("Record", "kind fields")  # kind: a memory address, or "point"


def read(path):
    """The cases of a dump: name -> records, or None for one that wants a feature that is not there."""
    cases, records = {}, None
    with open(path, encoding="latin-1") as lines:
        for line in lines:
            line = line[line.find("@"):].replace("\0", "").rstrip()
            words = line.split()
            if line.startswith("@case"):
                records = None if words[-1] == "absent" else []
                cases[words[1]] = records
            elif line.startswith("@end"):
                cases["@end"] = []
            elif line.startswith("@") and records is not None:
                kind = words[1] if words[0] == "@memory" else "point"
                records.append(Record(kind, dict(w.split("=", 1) for w in words if "=" in w)))
    return cases


class Row:
    """CASE-GLOB | EMULATOR | FIELDS | REASON; FIELDS: NAME, NAME&MASK, memory:GLOB, or * for all."""

    def __init__(self, line):
        self.case, self.emulator, fields, self.reason = (w.strip() for w in line.split("|", 3))
        self.fields = [f.strip() for f in fields.split(",")]
        self.is_used = False

    def covers(self, emulator, case):
        return emulator == self.emulator and fnmatch.fnmatchcase(case, self.case)

    def blur(self, records):
        """Without what this row excuses."""
        blurred = []
        for record in records:
            if any(f == "*" or (f.startswith("memory:") and record.kind != "point" and
                                fnmatch.fnmatchcase(record.kind, f[7:])) for f in self.fields):
                continue
            fields = dict(record.fields)
            for field in self.fields:
                name, _, mask = field.partition("&")
                if record.kind == "point" and name in fields:
                    kept = int(fields[name], 16) & ~int(mask, 16) if mask else 0
                    fields[name] = f"{kept:08X}"
            blurred.append(Record(record.kind, fields))
        return blurred


def read_table(path):
    with open(path) as lines:
        return [Row(line) for line in lines if line.strip() and not line.startswith("#")]


def difference(ours, theirs):
    """The first record that differs, in words."""
    for number, (a, b) in enumerate(zip(ours, theirs)):
        if a != b:
            names = [n for n in a.fields if a.fields[n] != b.fields.get(n)] or ["kind"]
            return f"record {number} ({a.kind}): " + ", ".join(
                f"{n} {a.fields.get(n, a.kind)} (theirs {b.fields.get(n, b.kind)})" for n in names)
    return f"{len(ours)} records (theirs {len(theirs)})"


def compare(ours, theirs, emulator, model, table, show):
    """Prints differences without a row; returns their number, and the cases compared."""
    wrong, compared, excused = 0, set(), 0
    for case, records in ours.items():
        if records is None or theirs.get(case) is None:
            continue
        mine, other = records, theirs[case]
        if mine != other:
            rows = [r for r in table if r.covers(emulator, case)]
            for row in rows:
                mine, other = row.blur(mine), row.blur(other)
                row.is_used = True
            excused += bool(rows)
            if any("*" in r.fields for r in rows):
                continue
        compared.add(case)
        if mine != other:
            wrong += 1
            print(f"{case}: {emulator} {model}: {difference(mine, other)}")
        if show and fnmatch.fnmatchcase(case, show):
            for name, dump in (("ours", records), (emulator, theirs[case])):
                for record in dump:
                    print(f"   {name:5} {record.kind:8}", " ".join(f"{k}={v}" for k, v in record.fields.items()))
    print(f"{emulator} {model}: {len(compared)} cases compared, {excused} of them with a row of the table, {wrong} wrong")
    return wrong, compared


def compare_models(models, peers, arguments, table, folder):
    results = {}
    jobs = [threading.Thread(target=lambda e=e, m=m: results.__setitem__(
        e, run(e, folder, arguments.image, m, arguments.vitrine)))
        for e, m in zip(("ours", "qemu", "bochs"), models) if e == "ours" or e in peers]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    wrong, compared = 0, set()
    for emulator, model in zip(("ours", "qemu", "bochs"), models):
        if emulator in results and "@end" not in results[emulator]:
            last = list(results[emulator])[-1:] or ["nothing printed"]
            print(f"{emulator} {model}: the run did not come to its end; the last case is {last[0]}")
            wrong += 1
        if emulator in results and emulator != "ours":
            more, cases = compare(results["ours"], results[emulator], emulator, model, table, arguments.show)
            wrong += more
            compared |= cases
    alone = [c for c, r in results["ours"].items() if r is not None and c not in compared]
    if alone:
        print(f"ours {models[0]}: compared with nobody: {' '.join(alone)}")
    return wrong


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vitrine", required=True)
    parser.add_argument("--image", required=True)
    parser.add_argument("--table", required=True)
    parser.add_argument("--matrix", action="store_true")
    parser.add_argument("--show")
    return parser.parse_args()


def main():
    arguments = parse()
    arguments.image, arguments.vitrine = os.path.abspath(arguments.image), os.path.abspath(arguments.vitrine)
    peers = [p for p, program in (("qemu", "qemu-system-i386"), ("bochs", "bochs"))
             if shutil.which(program) and (p == "qemu" or os.path.exists(f"{SEABIOS}/bios.bin"))]
    if not peers:
        print("neither QEMU (qemu-system-i386) nor Bochs is installed")
        return 77
    table = read_table(arguments.table)
    with tempfile.TemporaryDirectory() as folder:
        wrong = sum(compare_models(m, peers, arguments, table, folder)
                    for m in (MODELS if arguments.matrix else MODELS[:1]))
    for row in table:
        if not row.is_used and row.emulator in peers:
            print(f"no difference any more: {row.case} | {row.emulator}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Runs the guest of roms/matrix on our program and on Bochs, and compares what came of each attempt.

    matrix.py --vitrine PROGRAM --image matrix.img --table matrix.txt [--show GROUP-GLOB]

Without Bochs the status is 77. Where it differs, a row of the table must say so, and by which section of the
manual it is not us who errs. QEMU is no peer here: its TCG looks at no limits, sets no accessed bits and has
no VME (tests/oracle/dumps.txt has these one by one).
"""
import argparse, collections, fnmatch, os, re, shutil, sys, tempfile, threading

import dumps

MODELS = {"ours": "max", "bochs": "corei5_lynnfield_750"}
ATTEMPT = re.compile(r"([0-9A-F]{16}) (v=.*cr2=[0-9A-F]{8})$")


def read(path):
    """(group, key) -> fields, and whether the guest has come to its end."""
    attempts, group = {}, None
    with open(path, encoding="latin-1") as lines:
        for line in lines:
            line = line.replace("\0", "").rstrip()
            name = re.search(r"@([a-z0-9_.]+)$", line)
            found = ATTEMPT.search(line)
            if name:
                group = name[1]
            elif group and found:
                attempts[group, found[1].lstrip("0") or "0"] = dict(w.split("=") for w in found[2].split())
    return attempts, group == "end"


class Row:
    """GROUP | KEYS | FIELDS | REASON; KEYS: a regular expression in hexadecimal digits; FIELDS: names, or *."""

    def __init__(self, line):
        self.group, self.keys, fields, self.reason = (w.strip() for w in line.split("|", 3))
        self.fields, self.count = fields.split(), 0

    def excuses(self, group, key, differs):
        return self.group == group and re.fullmatch(self.keys, key) and \
            ("*" in self.fields or set(differs) <= set(self.fields))


def compare(ours, theirs, table, show):
    """Prints differences by kind; returns how many have no row."""
    kinds, compared, excused = collections.defaultdict(list), collections.Counter(), 0
    for (group, key), fields in ours.items():
        other = theirs.get((group, key))
        if other is None:
            kinds[group, "not said by Bochs"].append(key)
            continue
        compared[group] += 1
        differs = [name for name in fields if fields[name] != other.get(name)]
        row = next((r for r in table if differs and r.excuses(group, key, differs)), None)
        if row:
            row.count += 1
            excused += 1
        elif differs:
            words = f"v={fields['v']} (theirs {other['v']})" if "v" in differs else " ".join(differs)
            kinds[group, words].append(key)
        if differs and show and fnmatch.fnmatchcase(group, show):
            print(group, key, *(f"{n}={v}" + ("" if n not in differs else f"/{other[n]}") for n, v in fields.items()))
    for (group, words), keys in sorted(kinds.items()):
        print(f"{group}: {words}: {len(keys)} attempts: {' '.join(keys[:8])}")
    print(f"{sum(compared.values())} attempts in {len(compared)} groups compared, {excused} of them with a row of the "
          f"table, {sum(map(len, kinds.values()))} wrong")
    return sum(map(len, kinds.values()))


def main():
    parser = argparse.ArgumentParser()
    for name in ("--vitrine", "--image", "--table"):
        parser.add_argument(name, required=True, type=os.path.abspath)
    parser.add_argument("--show")
    arguments = parser.parse_args()
    if not shutil.which("bochs") or not os.path.exists(f"{dumps.SEABIOS}/bios.bin"):
        print("Bochs (packages bochs, seabios) is not installed")
        return 77
    with open(arguments.table) as lines:
        table = [Row(line) for line in lines if line.strip() and not line.startswith("#")]
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        jobs = [threading.Thread(target=lambda e=e: results.__setitem__(
            e, read(dumps.launch(e, folder, arguments.image, MODELS[e], arguments.vitrine, 250)))) for e in MODELS]
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()
    wrong = compare(results["ours"][0], results["bochs"][0], table, arguments.show)
    for emulator, (attempts, has_ended) in results.items():
        if not has_ended:
            print(f"{emulator}: the run did not come to its end ({len(attempts)} attempts)")
            wrong += 1
    for row in table:
        if row.count == 0:
            print(f"no difference any more: {row.group} | {row.keys}")
            wrong += 1
    return 1 if wrong else 0


sys.exit(main())

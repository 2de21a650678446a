#!/usr/bin/env python3
"""Measures what each technique of the interpreter gives: the program as it is beside programs that lack
one technique each (cpu/techniques.h), in turns on the benchmark guest.

    bench_techniques.py --image obj/roms/bench.img --program ./vitrine --without obj/without
                        [--kernels A,B] [--passes 3] [--seconds 0.3] [--json FILE]

The table has a row for each technique and a column for each kernel; a figure says how many times as
fast the program is with the technique as without it: the median of the passes' ratios. All programs must
print the same checksums, or the exit status is 1."""
import argparse
import json
import os
import re
import statistics
import sys

from bench import Emulator, Guest, cell, circumstances, geometric_mean, measure, median

HEADER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../cpu/techniques.h")
KERNELS = "alu sieve qsort sha256 recursion mix records bigcode copy chase16k out80 syscall real smc"
OPTIONS = " run --disk {image} --memory 64M --display none --serial stdio --max-speed"


def techniques():
    """The switches, in the header's order, by the names that cpu/rules.mk gives their programs."""
    with open(HEADER) as header:
        switches = re.findall(r"^#ifndef TECHNIQUE_(\w+)", header.read(), re.MULTILINE)
    return [s.lower().replace("_", "-") for s in switches]


def gain(result, technique):
    """The two ran close to each other in each pass: what slowed the machine meanwhile slowed both."""
    passes = zip(result["mips"].get("vitrine", []), result["mips"].get(technique, []))
    ratios = [whole / less for whole, less in passes]
    return statistics.median(ratios) if ratios else None


def row(words):
    print("| " + " | ".join(words) + " |")


def print_table(results):
    print("times as fast with the technique as without it, medians")
    row(["without"] + list(results) + ["geometric mean"])
    print("|" + "-|" * (len(results) + 2))
    for technique in techniques():
        gains = [gain(r, technique) for r in results.values()]
        mean = geometric_mean([g for g in gains if g])
        row([technique] + [cell(g, "{:.2f}") for g in gains + [mean]])
    row(["none: guest MIPS"] + [cell(median(r, "vitrine")) for r in results.values()] + [""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--image", "--program", "--without"):
        parser.add_argument(name, required=True)
    parser.add_argument("--kernels", default=KERNELS.replace(" ", ","))
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.3)
    parser.add_argument("--json")
    a = parser.parse_args()
    if set(os.listdir(a.without)) != set(techniques()):
        sys.exit(f"{a.without} and cpu/techniques.h do not have the same switches: "
                 f"{set(os.listdir(a.without)) ^ set(techniques())}")
    programs = [Emulator("vitrine", a.program + OPTIONS)]
    programs += [Emulator(t, f"{a.without}/{t}/vitrine{OPTIONS}") for t in techniques()]
    results = {}
    for kernel in a.kernels.split(","):
        results[kernel] = measure(Guest(a.image), programs, kernel, a)
        print(f"{kernel}: " + ", ".join(f"{p.name} {cell(median(results[kernel], p.name))}" for p in programs),
              flush=True)
    print_table(results)
    when = circumstances()
    if a.json:
        with open(a.json, "w") as out:
            json.dump({**when, "kernels": results}, out, indent=1)
    for kernel, result in results.items():
        if not result["agree"]:
            print(f"{kernel}: the checksums differ: {result['sums']}")
    return 0 if all(r["agree"] and len(r["mips"]) == len(programs) for r in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

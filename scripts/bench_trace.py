#!/usr/bin/env python3
"""What a trace of all I/O of a Linux boot costs (tests/bench/trace-cost.sh).

Debian's kernel boots directly, without a trace, with one as text and with one as .vtr, in turns, so that what
else the workstation does meets all alike. CPU seconds are the kernel's account of each process (user and
system, all threads); medians are compared.
"""
import argparse
import os
import resource
import statistics
import subprocess
import tempfile

GOALS = {"txt": 30, "vtr": 10}  # per cent of the run's time


def cpu_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 8):
        raise SystemExit(f"{' '.join(command)}: status {done.returncode}\n{done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vitrine", required=True)
    parser.add_argument("--guests", required=True)
    parser.add_argument("--command-line", required=True)
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--instructions", type=int, default=1_500_000_000)
    parser.add_argument("--trace", default="io")
    options = parser.parse_args()
    with open(options.command_line, encoding="utf-8") as file:
        append = file.read().strip()
    run = [options.vitrine, "run", "--memory", "64M", "--display", "none", "--max-speed", "--rtc", "1000000000",
           "--max-instructions", str(options.instructions), "--kernel", f"{options.guests}/vmlinuz",
           "--initrd", f"{options.guests}/initramfs.gz", "--append", append,
           "--disk", f"{options.guests}/selftest.img,geometry=400/16/63,overlay"]
    seconds = {"none": [], "txt": [], "vtr": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.passes):
            for form, taken in seconds.items():
                path = os.path.join(folder, "trace." + form)
                trace = [] if form == "none" else ["--trace", options.trace, "--trace-out", path]
                taken.append(cpu_seconds(run + trace))
        sizes = {form: os.path.getsize(os.path.join(folder, "trace." + form)) for form in GOALS}
        with open(os.path.join(folder, "trace.txt"), "rb") as file:
            lines = sum(1 for _ in file) - 1
    base = statistics.median(seconds["none"])
    print(f"{options.instructions:,} instructions of a Linux boot, --trace {options.trace}: {lines:,} records; "
          f"medians of {options.passes} runs in turns, CPU seconds")
    print(f"  without a trace {base:.2f} ({min(seconds['none']):.2f} to {max(seconds['none']):.2f})")
    for form, goal in GOALS.items():
        median = statistics.median(seconds[form])
        more = (median / base - 1) * 100
        print(f"  as .{form} {median:.2f} ({min(seconds[form]):.2f} to {max(seconds[form]):.2f}): {more:+.1f} %, wanted "
              f"below {goal} %{'' if more < goal else ': above the goal'}; {sizes[form] / lines:.1f} bytes a record, "
              f"{lines / median:,.0f} records a second of CPU time")


if __name__ == "__main__":
    main()

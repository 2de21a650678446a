#!/bin/sh
# A traced run that is killed (SIGKILL) leaves a file that opens and lacks at most its last 100 ms of wall time.
# Somebody else keeps the time: a guest sends letters at its serial line, a reader at the other end of the pipe
# notes the workstation's clock beside each. The first letter that the file lacks tells how much was lost.
# timeout: 200
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
for kind in busy quiet waits; do
    define=-D$(echo $kind | tr a-z A-Z)
    nasm -f bin $define -o $kind.img "$SRCDIR/tests/guest/ticker.asm" && truncate -s 2M $kind.img || exit 1
done
python3 - "$VITRINE" <<'PY'
import json, os, signal, subprocess, sys, threading, time
vitrine = sys.argv[1]

def killed(image, seconds, path, *more):
    """The letters' times and the kill's, in seconds of the workstation's clock."""
    if os.path.exists(path):
        os.remove(path)
    run = subprocess.Popen([vitrine, "run", "--display", "none", "--bios", "embedded", "--rtc", "0", "--overlay",
                            "--realtime", *more, "--serial", "stdio", "--no-firmware", "--trace-out", path, image], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL)
    times = []

    def read():
        while letters := os.read(run.stdout.fileno(), 4096):
            now = time.monotonic()
            times.extend([now] * len(letters))
    reader = threading.Thread(target=read)
    reader.start()
    while len(times) == 0:
        time.sleep(0.001)
    time.sleep(seconds)
    run.send_signal(signal.SIGKILL)
    at = time.monotonic()
    run.wait()
    reader.join()
    return times, at

def lines(path):
    """The accesses of the file, a line each: its own, or in JSON."""
    if not path.endswith(".vtr"):
        return [line for line in open(path) if not line.startswith("#") and line.endswith("\n")]
    done = subprocess.run([vitrine, "trace", "convert", path, "--format", "json"], capture_output=True, text=True)
    assert done.returncode == 0 and "has no end" in done.stderr or done.returncode == 6, done.stderr
    return done.stdout.splitlines()

def records(path):
    return len(lines(path))

WRITES = "io:dev=com1:dir=out"
losses = []
for i in range(7):
    times, at = killed("busy.img", 0.5 + i * 0.123, "busy.vtr", "--trace", WRITES)
    kept = records("busy.vtr")
    assert kept > 100, (kept, len(times))
    losses.append(round(1000 * (at - times[kept]), 1) if kept < len(times) else 0.0)
print("ms lost, of seven runs that were killed:", *sorted(losses))
# A busy workstation may let the thread that writes wait: the middle one counts, and none is far off.
assert sorted(losses)[3] <= 100 and max(losses) < 1000

# A loop that waits is one record that grows; each of its rounds sends a letter by another way.
for form in "vtr", "jsonl", "txt":
    losses = []
    for i in range(5):
        times, at = killed("waits.img", 0.4 + i * 0.123, "waits." + form, "--serial", "null", "--fold-polls",
                           "--trace", "io:dev=com1")
        kept = lines("waits." + form)
        assert len(kept) == 1, kept
        rounds = (int(kept[0].rsplit("×")[1].split()[0].replace(",", "")) if form == "txt"
                  else json.loads(kept[0])["folded"] + 1)
        assert rounds > 50, (form, rounds, len(times))
        losses.append(round(1000 * (at - times[rounds]), 1) if rounds < len(times) else 0.0)
    print(f"ms lost of a loop as {form}, of five runs that were killed:", *sorted(losses))
    assert sorted(losses)[2] <= 100 and max(losses) < 1000, losses

# One access, then nothing but computing: it is in the file long before the end, in each form.
for form in "vtr", "jsonl", "txt", "csv":
    killed("quiet.img", 0.5, "quiet." + form, "--trace", WRITES)
    kept = records("quiet." + form) - (form == "csv")
    assert kept == 1, (form, kept)
PY

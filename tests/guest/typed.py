"""A run in a terminal of its own: a letter at its serial line, then a key; what it said on stderr."""
import os, pty, select, socket, subprocess, sys, time
args, line = sys.argv[2:], sys.argv[1]
master, slave = pty.openpty()
with open("typed.err", "wb") as err:
    run = subprocess.Popen(args, stdin=slave, stdout=slave, stderr=err)
    end = time.monotonic() + 60
    peer = socket.socket(socket.AF_UNIX)
    while peer.connect_ex(line) and time.monotonic() < end:
        time.sleep(0.02)
    got, typed = b"", 0
    while run.poll() is None and time.monotonic() < end:
        ready, _, _ = select.select([master, peer], [], [], 0.1)
        if master in ready:
            os.read(master, 65536)
        if peer in ready and not got:
            got = peer.recv(1)
        if not got and typed < 50:
            peer.send(b"v")
            typed += 1
        elif got:
            os.write(master, b"k")
            time.sleep(0.05)
    run.kill() if run.poll() is None else None
sys.exit(run.wait())

"""Small sets of captures in each format that is published, worked out by hand: capture_samples.py FOLDER.
Each has a test that passes, one that passes with undefined flags left out, and one that is wrong and revoked."""
import gzip
import json
import os
import struct
import sys

ORDER_16 = "ax bx cx dx cs ss ds es sp bp si di ip flags".split()
ORDER_32 = ("cr0 cr3 eax ebx ecx edx esi edi ebp esp cs ds es fs gs ss eip eflags dr6 dr7").split()


def chunk(kind, body):
    return kind.encode() + struct.pack("<I", len(body)) + body


def moo_registers(values, is_32, kinds):
    order, letter = (ORDER_32, "I") if is_32 else (ORDER_16, "H")
    mask = sum(1 << order.index(name) for name in values)
    body = struct.pack("<" + letter, mask)
    for name in order:
        if name in values:
            body += struct.pack("<" + letter, values[name])
    return chunk(kinds[is_32], body)


def moo_state(kind, state, is_32):
    ram = struct.pack("<I", len(state["ram"]))
    for address, value in state["ram"]:
        ram += struct.pack("<IB", address, value)
    body = moo_registers(state["regs"], is_32, ("REGS", "RG32")) + chunk("RAM ", ram) + chunk("QUEU", struct.pack("<I", 0))
    if is_32 and kind == "INIT":
        body += chunk("EA32", bytes(25))
    return chunk(kind, body)


def moo(cpu, tests, is_32):
    out = chunk("MOO ", struct.pack("<BBHI4s", 1, 1, 0, len(tests), cpu.encode()))
    out += chunk("META", bytes(36))
    for test in tests:
        code = bytes(test["bytes"])
        body = struct.pack("<I", test["idx"])
        body += chunk("NAME", struct.pack("<I", len(test["name"])) + test["name"].encode())
        body += chunk("BYTS", struct.pack("<I", len(code)) + code)
        body += moo_state("INIT", test["initial"], is_32) + moo_state("FINA", test["final"], is_32)
        body += chunk("CYCL", struct.pack("<I", 0)) + chunk("HASH", bytes.fromhex(test["hash"]))
        out += chunk("TEST", body)
    return out


def test(number, name, code, is_32, before, after):
    """Registers before; flags (and what else changes) after. The 80386 runs a HLT behind it."""
    e = "e" if is_32 else ""
    names = ORDER_32 if is_32 else ORDER_16
    regs = {register: 0 for register in names}
    regs.update({"cs": 0x100, e + "ip": 0x20, "ss": 0x300, e + "sp": 0x100, e + "flags": 2, **before})
    if is_32:
        regs.update(cr0=0x7ffefff0, dr6=0xffff0ff0)
    ends_at = 0x20 + len(code) + (1 if is_32 else 0)
    bytes_there = code + [0xf4] if is_32 else code
    return {"idx": number, "name": name, "bytes": code,
            "initial": {"regs": regs, "ram": [[0x1020 + n, b] for n, b in enumerate(bytes_there)], "queue": []},
            "final": {"regs": {e + "ip": ends_at, **after}, "ram": [], "queue": []},
            "cycles": [], "hash": "%040x" % (0xABC0 + number)}


def samples(is_32):
    e, prefix = ("e", [0x66]) if is_32 else ("", [])
    three = [0x03] + [0x00] * (3 if is_32 else 1)
    # add (e)ax,3: 0FFFFFFFEh + 3 = 1: CF, AF
    top = 0xfffffffe if is_32 else 0xfffe
    return [test(0, "add ax,3", prefix + [0x05] + three, is_32, {e + "ax": top}, {e + "ax": 1, e + "flags": 0x13}),
            # the same, with OF where the table says that it is undefined
            test(1, "add ax,3", prefix + [0x05] + three, is_32, {e + "ax": top}, {e + "ax": 1, e + "flags": 0x813}),
            test(2, "add ax,3", prefix + [0x05] + three, is_32, {e + "ax": top}, {e + "ax": 77, e + "flags": 0x13})]


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    opened = gzip.open(path, "wb") if path.endswith(".gz") else open(path, "wb")
    with opened as file:
        file.write(content)


def main(folder):
    lists = "# revoked\n%040X\n" % (0xABC0 + 2)
    metadata = {"cpu": "8088", "opcodes": {"05": {"status": "normal", "flags-mask": 0xffff - 0x800}}}
    for name, file in (("8088/v2", "05.json.gz"), ("8088/v2_plain", "05.json"), ("8088/v2_binary", "05.MOO.gz")):
        is_json = "json" in file
        content = json.dumps(samples(False)).encode() if is_json else moo("8088", samples(False), False)
        write("%s/%s/%s" % (folder, name, file), content)
        write("%s/%s/metadata.json" % (folder, name), json.dumps(metadata).encode())
    for name, file in (("80386/v1_ex_real_mode", "6605.MOO.gz"), ("80386/v1_lower", "6605.moo")):
        write("%s/%s/%s" % (folder, name, file), moo("386E", samples(True), True))
    write(folder + "/80386/80386.csv", b"op,ex,f_umask\n05,,0xF7FF\n")
    write(folder + "/80386/v1_json/6605.json", json.dumps(samples(True)).encode())
    for name in "8088", "80386":
        write("%s/%s/revocation_list.txt" % (folder, name), lists.encode())


main(sys.argv[1])

-- Wireshark's dissector for I/O records: what `vitrine trace convert run.vtr io.pcapng --format pcapng-io`
-- writes (debugger/trace_pcapng_io.c).
--
--   tshark -X lua_script:vitrine.lua -r io.pcapng -Y 'vitrine.device == "ide0" && vitrine.dir == "out"'
--
-- or copied into Wireshark's folder for personal Lua plugins (Help, About, Folders). A packet is a row of
-- fields: place in the table 1, length 2, value. The table is that of debugger/trace_fields.c, in its
-- order; `#` is decimal, `x` hexadecimal, `$` a text, `*` bytes.
local FIELDS = {
    { "seq", "#", "number of the record" },
    { "cause", "#", "seq of the guest's access that led to it" },
    { "ns", "#", "virtual time" },
    { "time", "#", "the same, in instructions" },
    { "kind", "$", "left out for accesses" },
    { "icount", "#", "instructions of that CPU before" },
    { "cpu", "#", "its number" },
    { "machine", "$", "whose" },
    { "cs", "x", "of the instruction" },
    { "eip", "x", "of the instruction" },
    { "cpl", "#", "privilege level" },
    { "linear", "x", "address of the instruction" },
    { "cr3", "x", "page directory" },
    { "mode", "$", "of the processor" },
    { "process", "$", "the guest's" },
    { "symbol", "$", "name of the place" },
    { "line", "$", "of the source" },
    { "code", "*", "bytes of the instruction" },
    { "instruction", "$", "disassembled" },
    { "dir", "$", "in, out, read, write" },
    { "space", "$", "port, mmio, dma, call" },
    { "addr", "x", "port or address; disks: LBA" },
    { "size", "#", "bytes of an element" },
    { "count", "#", "elements, bytes, sectors" },
    { "value", "x", "of the first element" },
    { "device", "$", "who answers" },
    { "reg", "$", "its register" },
    { "old", "x", "the register before" },
    { "new", "x", "the register after" },
    { "changed", "$", "fields that changed" },
    { "meaning", "$", "in words" },
    { "decision", "$", "the hypervisor's" },
    { "note", "$", "the hypervisor's" },
    { "effects", "$", "what it did" },
    { "folded", "#", "accesses of its loop that are left out" },
    { "round", "#", "accesses of a round of that loop" },
    { "with", "$", "the others of a round" },
    { "source", "$", "wire, device, port, machine" },
    { "target", "$", "to whom" },
    { "irq", "#", "input of the controller" },
    { "level", "#", "of the wire" },
    { "step", "$", "of an interrupt's life" },
    { "vector", "x", "of the interrupt" },
    { "cylinder", "#", "of the first sector" },
    { "head", "#", "of the first sector" },
    { "sector", "#", "the first" },
    { "length", "#", "of the bytes" },
    { "bytes", "*", "frame or text" },
}

local vitrine = Proto("vitrine", "Vitrine I/O record")
local fields = {}
for place, row in ipairs(FIELDS) do
    local name, kind, meaning = row[1], row[2], row[3]
    local abbreviation = "vitrine." .. name
    if kind == "#" then
        fields[place] = ProtoField.uint64(abbreviation, name, base.DEC, nil, nil, meaning)
    elseif kind == "x" then
        fields[place] = ProtoField.uint64(abbreviation, name, base.HEX, nil, nil, meaning)
    elseif kind == "$" then
        fields[place] = ProtoField.string(abbreviation, name, base.UNICODE, meaning)
    else
        fields[place] = ProtoField.bytes(abbreviation, name, base.SPACE, meaning)
    end
end
vitrine.fields = fields
local malformed = ProtoExpert.new("vitrine.malformed", "not a row of fields", expert.group.MALFORMED,
                                  expert.severity.ERROR)
vitrine.experts = { malformed }

local function value_of(kind, range)
    if kind == "$" then
        return range:string()
    elseif kind == "*" then
        return tostring(range:bytes())
    end
    return range:uint64()
end

-- One line: what was done, to whom, and in words.
local function summary(said)
    local function hex(value)
        return value and string.format("%s", value:tohex():gsub("^0+(.)", "%1")) or ""
    end
    local parts = {}
    local function add(text)
        if text and text ~= "" then
            parts[#parts + 1] = text
        end
    end
    if not said.kind then
        add(said.dir)
        add(hex(said.addr) .. ((said.dir == "out" or said.dir == "write") and " <- " or " = ") .. hex(said.value))
        add(said.device)
        add(said.reg)
    else
        add(said.kind)
        add(said.source)
        add(said.irq and ("irq " .. tostring(said.irq)))
        add(said.step)
        add(said.target)
    end
    add(said.meaning)
    add(said.decision and ("[" .. said.decision .. ": " .. (said.note or "") .. "]"))
    return table.concat(parts, " ")
end

function vitrine.dissector(buffer, packet, tree)
    local row = tree:add(vitrine, buffer())
    local said, at = {}, 0
    while at + 3 <= buffer:len() do
        local field, length = FIELDS[buffer(at, 1):uint() + 1], buffer(at + 1, 2):uint()
        if not field or length == 0 or at + 3 + length > buffer:len() then
            row:add_proto_expert_info(malformed)
            return at
        end
        local range = buffer(at + 3, length)
        said[field[1]] = value_of(field[2], range)
        row:add(fields[buffer(at, 1):uint() + 1], range)
        at = at + 3 + length
    end
    packet.cols.protocol = "VITRINE"
    packet.cols.src = said.machine or "-"
    packet.cols.dst = said.device or said.target or said.source or "-"
    packet.cols.info = summary(said)
    return at
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, vitrine)

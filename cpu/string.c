/* String instructions. REP moves whole runs of plain memory at once, and stops at the exact element
 * where a fault, the end of the slice or an event wants it (SDM 2, REP; 1 7.3.9).
 *
 * Each element is one instruction of time. The instruction itself has been charged for the first;
 * rep_more() charges the others as they begin. An unfinished REP leaves next_ip at itself. */
#include "cpu/elements.h"
#include "cpu/execute.h"
#include "cpu/flags.h"
#include "cpu/memory.h"
#include "cpu/run.h"

static bool has_rep(const struct instruction *i)
{
    return i->prefixes & (PREFIX_REP | PREFIX_REPNE);
}

static uint64_t read_index(const struct cpu *cpu, unsigned number, const struct instruction *i)
{
    return cpu->gpr[number] & mask_bytes(i->address_size);
}

static int64_t step_of(const struct cpu *cpu, const struct instruction *i)
{
    return cpu->flags_other & FLAG_DF ? -(int64_t)i->operand_size : i->operand_size;
}

static void advance(struct cpu *cpu, unsigned number, const struct instruction *i, int64_t elements)
{
    int64_t step = step_of(cpu, i) * elements;
    register_write(cpu, number, i->address_size, cpu->gpr[number] + (uint64_t)step);
}

static void count_down(struct cpu *cpu, const struct instruction *i, uint64_t elements)
{
    register_write(cpu, CPU_CX, i->address_size, cpu->gpr[CPU_CX] - elements);
}

static uint64_t linear_of(struct cpu *cpu, unsigned segment, unsigned number,
                          const struct instruction *i, bool is_write)
{
    return cpu_segment_linear(cpu, segment, read_index(cpu, number, i), i->operand_size, is_write);
}

/* --- one element ------------------------------------------------------------------------------------ */

static void one_movs(struct cpu *cpu, const struct instruction *i)
{
    uint64_t from = linear_of(cpu, i->segment, CPU_SI, i, false);
    uint64_t value = cpu_read_linear(cpu, from, i->operand_size, ACCESS_DATA);
    uint64_t to = linear_of(cpu, CPU_ES, CPU_DI, i, true); /* the load's faults come first */
    cpu_write_linear(cpu, to, i->operand_size, value, ACCESS_DATA);
    advance(cpu, CPU_SI, i, 1);
    advance(cpu, CPU_DI, i, 1);
}

static void one_stos(struct cpu *cpu, const struct instruction *i)
{
    uint64_t to = linear_of(cpu, CPU_ES, CPU_DI, i, true);
    cpu_write_linear(cpu, to, i->operand_size, cpu->gpr[CPU_AX] & mask_bytes(i->operand_size),
                     ACCESS_DATA);
    advance(cpu, CPU_DI, i, 1);
}

static void one_lods(struct cpu *cpu, const struct instruction *i)
{
    uint64_t from = linear_of(cpu, i->segment, CPU_SI, i, false);
    register_write(cpu, CPU_AX, i->operand_size,
                   cpu_read_linear(cpu, from, i->operand_size, ACCESS_DATA));
    advance(cpu, CPU_SI, i, 1);
}

static void one_cmps(struct cpu *cpu, const struct instruction *i)
{
    uint64_t from = linear_of(cpu, i->segment, CPU_SI, i, false);
    uint64_t a = cpu_read_linear(cpu, from, i->operand_size, ACCESS_DATA);
    uint64_t to = linear_of(cpu, CPU_ES, CPU_DI, i, false);
    uint64_t b = cpu_read_linear(cpu, to, i->operand_size, ACCESS_DATA);
    alu_with_flags(cpu, ALU_CMP, i->operand_size, a, b);
    advance(cpu, CPU_SI, i, 1);
    advance(cpu, CPU_DI, i, 1);
}

static void one_scas(struct cpu *cpu, const struct instruction *i)
{
    uint64_t to = linear_of(cpu, CPU_ES, CPU_DI, i, false);
    uint64_t b = cpu_read_linear(cpu, to, i->operand_size, ACCESS_DATA);
    alu_with_flags(cpu, ALU_CMP, i->operand_size, register_read(cpu, CPU_AX, i->operand_size), b);
    advance(cpu, CPU_DI, i, 1);
}

/* --- runs ----------------------------------------------------------------------------------------------- */

/* Elements from an index register on that lie in plain memory of one page; their first byte. Only
 * upwards. 0: the next element has to go alone. */
static uint64_t plain_run(struct cpu *cpu, unsigned segment, unsigned number,
                          const struct instruction *i, bool is_write, uint8_t **host)
{
    uint64_t offset = read_index(cpu, number, i), bytes = i->operand_size;
    const struct segment_bounds *b = &cpu->bounds[segment];
    uint64_t bound = is_write ? b->write_bound : b->read_bound, linear, room;
    if (i->address_size == 2 && bound > 0x10000)
        bound = 0x10000;
    if (offset + bytes > bound)
        return 0;
    linear = (b->base + offset) & 0xffffffffu;
    room = FRAME_BYTES - (linear & PAGE_MASK);
    if (room < bytes || (linear & (bytes - 1) && cpu->flags_other & FLAG_AC))
        return 0; /* across a border, or alignment is looked at before the page */
    *host = memory_run(cpu, linear, is_write);
    if (!*host)
        return 0;
    if (room > bound - offset)
        room = bound - offset;
    return room / bytes;
}

static uint64_t smallest(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t run_movs(struct cpu *cpu, const struct instruction *i, uint64_t most)
{
    uint8_t *from, *to;
    uint64_t n = smallest(most, plain_run(cpu, i->segment, CPU_SI, i, false, &from));
    if (n)
        n = smallest(n, plain_run(cpu, CPU_ES, CPU_DI, i, true, &to));
    if (!n)
        return 0;
    elements_copy(to, from, n, i->operand_size);
    advance(cpu, CPU_SI, i, (int64_t)n);
    advance(cpu, CPU_DI, i, (int64_t)n);
    return n;
}

static uint64_t run_stos(struct cpu *cpu, const struct instruction *i, uint64_t most)
{
    uint8_t *to;
    unsigned bytes = i->operand_size;
    uint64_t n = smallest(most, plain_run(cpu, CPU_ES, CPU_DI, i, true, &to));
    if (!n)
        return 0;
    elements_fill(to, cpu->gpr[CPU_AX] & mask_bytes(bytes), n, bytes);
    advance(cpu, CPU_DI, i, (int64_t)n);
    return n;
}

/* Compares up to where REP's condition ends it. */
static uint64_t run_scas(struct cpu *cpu, const struct instruction *i, uint64_t most)
{
    uint8_t *at;
    unsigned bytes = i->operand_size;
    bool wants_equal = i->prefixes & PREFIX_REP;
    uint64_t n = smallest(most, plain_run(cpu, CPU_ES, CPU_DI, i, false, &at)), k = 0, b = 0;
    uint64_t a = register_read(cpu, CPU_AX, bytes);
    if (!n)
        return 0;
    do {
        b = load_le(at + k * bytes, bytes);
        k++;
    } while (k < n && (a == b) == wants_equal);
    alu_with_flags(cpu, ALU_CMP, bytes, a, b);
    advance(cpu, CPU_DI, i, (int64_t)k);
    return k;
}

static uint64_t run_cmps(struct cpu *cpu, const struct instruction *i, uint64_t most)
{
    uint8_t *x, *y;
    unsigned bytes = i->operand_size;
    bool wants_equal = i->prefixes & PREFIX_REP;
    uint64_t n = smallest(most, plain_run(cpu, i->segment, CPU_SI, i, false, &x)), k = 0, a = 0;
    uint64_t b = 0;
    if (n)
        n = smallest(n, plain_run(cpu, CPU_ES, CPU_DI, i, false, &y));
    if (!n)
        return 0;
    do {
        a = load_le(x + k * bytes, bytes);
        b = load_le(y + k * bytes, bytes);
        k++;
    } while (k < n && (a == b) == wants_equal);
    alu_with_flags(cpu, ALU_CMP, bytes, a, b);
    advance(cpu, CPU_SI, i, (int64_t)k);
    advance(cpu, CPU_DI, i, (int64_t)k);
    return k;
}

/* --- REP -------------------------------------------------------------------------------------------------- */

struct string_kind {
    void (*one)(struct cpu *cpu, const struct instruction *i);
    uint64_t (*run)(struct cpu *cpu, const struct instruction *i, uint64_t most); /* may be NULL */
    uint8_t first, second; /* index registers in the order in which the 80286 uses them */
    uint8_t early;         /* how far CX is ahead when an element overruns its segment there */
};

struct element {
    const struct instruction *i;
    const struct string_kind *kind;
};

static void call_one(struct cpu *cpu, void *argument)
{
    const struct element *e = argument;
    e->kind->one(cpu, e->i);
}

/* QUIRK: in real mode the 80286 has moved the index registers and CX on when a word at offset FFFFh
 * overruns its segment, so that the instruction cannot be restarted (captures of the chip; later
 * processors: SDM 3B 22.27). */
static void one_on_286(struct cpu *cpu, const struct instruction *i, const struct string_kind *kind)
{
    struct element element = {i, kind};
    struct cpu_event_source event;
    bool has_moved_first = read_index(cpu, kind->first, i) + i->operand_size <= 0x10000;
    if (!cpu_try(cpu, call_one, &element, &event))
        return;
    if (!cpu_is_protected(cpu)) {
        advance(cpu, kind->first, i, 1);
        if (has_moved_first && kind->second != kind->first)
            advance(cpu, kind->second, i, 1);
        if (has_rep(i))
            count_down(cpu, i, kind->early);
    }
    cpu_raise_error(cpu, event.vector, event.error_code);
}

static void one_element(struct cpu *cpu, const struct instruction *i, const struct string_kind *kind)
{
    if (BASE_UNLIKELY(cpu->model->generation == GEN_286))
        one_on_286(cpu, i, kind);
    else
        kind->one(cpu, i);
}

/* After elements were done: is the REP over? CMPS and SCAS look at ZF too. */
static bool is_over(const struct cpu *cpu, const struct instruction *i)
{
    if (read_index(cpu, CPU_CX, i) == 0)
        return true;
    return i->row->argument && flags_zf(cpu) != ((i->prefixes & PREFIX_REP) != 0);
}

/* CMPS and SCAS write their flags when the REP is over: a fault in the middle, an interrupt or a trap
 * between two elements finds those in front of it (SDM 2 REP; silicon); with the 80386 those of the last element. */
static void repeat(struct cpu *cpu, const struct instruction *i, const struct string_kind *kind)
{
    uint64_t count = read_index(cpu, CPU_CX, i), done = 0, most;
    bool is_upwards = !(cpu->flags_other & FLAG_DF), is_compare = i->row->argument == 1;
    uint32_t before = is_compare && has_rep(i) ? flags_arithmetic(cpu) : 0;
    if (!has_rep(i)) {
        one_element(cpu, i, kind);
        return;
    }
    cpu->prefixes_lost = 0;
    if (count == 0)
        return;
    for (;;) {
        /* What the slice has left: the element that was charged with the instruction, and more. */
        most = smallest(count, run_elements_left(cpu));
        if (is_compare)
            flags_set_explicit(cpu, before);
        done = kind->run && is_upwards ? kind->run(cpu, i, most) : 0;
        if (done == 0) {
            one_element(cpu, i, kind);
            done = 1;
        }
        count_down(cpu, i, done);
        count -= done;
        run_charge_elements(cpu, done - 1);
        if (is_over(cpu, i))
            return;
        if (run_must_stop(cpu))
            break;
        run_charge_elements(cpu, 1); /* the next one begins */
    }
    if (is_compare)
        flags_set_explicit(cpu, before);
    cpu->next_ip = cpu->ip;
    /* QUIRK: interrupted, the 8086 returns to the last prefix alone. */
    if (cpu_model_is_8086(cpu->model))
        cpu->prefixes_lost = (uint8_t)(i->length - 2);
}

void exec_movs(struct cpu *cpu, const struct instruction *i)
{
    static const struct string_kind kind = {one_movs, run_movs, CPU_SI, CPU_DI, 1};
    repeat(cpu, i, &kind);
}

void exec_stos(struct cpu *cpu, const struct instruction *i)
{
    static const struct string_kind kind = {one_stos, run_stos, CPU_DI, CPU_DI, 1};
    repeat(cpu, i, &kind);
}

void exec_lods(struct cpu *cpu, const struct instruction *i)
{
    static const struct string_kind kind = {one_lods, NULL, CPU_SI, CPU_SI, 1};
    repeat(cpu, i, &kind);
}

void exec_cmps(struct cpu *cpu, const struct instruction *i)
{
    static const struct string_kind kind = {one_cmps, run_cmps, CPU_DI, CPU_SI, 0};
    repeat(cpu, i, &kind);
}

void exec_scas(struct cpu *cpu, const struct instruction *i)
{
    static const struct string_kind kind = {one_scas, run_scas, CPU_DI, CPU_DI, 0};
    repeat(cpu, i, &kind);
}

/* --- ports ---------------------------------------------------------------------------------------------------- */

/* An I/O breakpoint may want a trap behind this access (SDM 3B 17.3.1.2). */
static void watch_port(struct cpu *cpu, uint16_t port, unsigned bytes)
{
    if (BASE_UNLIKELY(cpu->mode & MODE_WATCHED))
        run_match_port_registers(cpu, port, bytes);
}

static void one_ins(struct cpu *cpu, const struct instruction *i)
{
    uint64_t to = linear_of(cpu, CPU_ES, CPU_DI, i, true), value;
    uint16_t port = (uint16_t)cpu->gpr[CPU_DX];
    /* A port that was read cannot be read again: the destination is checked first. */
    cpu_check_write(cpu, to, i->operand_size, cpu->cpl);
    value = space_read(cpu->ports, port, i->operand_size);
    cpu_write_linear(cpu, to, i->operand_size, value, ACCESS_DATA);
    advance(cpu, CPU_DI, i, 1);
    watch_port(cpu, port, i->operand_size);
}

static void one_outs(struct cpu *cpu, const struct instruction *i)
{
    uint64_t from = linear_of(cpu, i->segment, CPU_SI, i, false);
    uint64_t value = cpu_read_linear(cpu, from, i->operand_size, ACCESS_DATA);
    space_write(cpu->ports, (uint16_t)cpu->gpr[CPU_DX], i->operand_size, value);
    advance(cpu, CPU_SI, i, 1);
    watch_port(cpu, (uint16_t)cpu->gpr[CPU_DX], i->operand_size);
}

static uint64_t run_ins(struct cpu *cpu, const struct instruction *i, uint64_t most)
{
    uint8_t *to;
    uint64_t n = smallest(most, plain_run(cpu, CPU_ES, CPU_DI, i, true, &to));
    if (!n)
        return 0;
    n = space_read_block(cpu->ports, (uint16_t)cpu->gpr[CPU_DX], i->operand_size, to,
                         (size_t)n);
    advance(cpu, CPU_DI, i, (int64_t)n);
    return n;
}

static uint64_t run_outs(struct cpu *cpu, const struct instruction *i, uint64_t most)
{
    uint8_t *from;
    uint64_t n = smallest(most, plain_run(cpu, i->segment, CPU_SI, i, false, &from));
    if (!n)
        return 0;
    n = space_write_block(cpu->ports, (uint16_t)cpu->gpr[CPU_DX], i->operand_size, from,
                          (size_t)n);
    advance(cpu, CPU_SI, i, (int64_t)n);
    return n;
}

/* With I/O breakpoints of the guest, each element goes its own way. The debugger's do not count: a
 * block is one access at one time. */
void exec_ins(struct cpu *cpu, const struct instruction *i)
{
    static const struct string_kind kinds[2] = {{one_ins, run_ins, CPU_DI, CPU_DI, 2},
                                                {one_ins, NULL, CPU_DI, CPU_DI, 2}};
    cpu_check_io(cpu, (uint16_t)cpu->gpr[CPU_DX], i->operand_size);
    repeat(cpu, i, &kinds[run_has_port_registers(cpu)]);
}

void exec_outs(struct cpu *cpu, const struct instruction *i)
{
    static const struct string_kind kinds[2] = {{one_outs, run_outs, CPU_SI, CPU_SI, 1},
                                                {one_outs, NULL, CPU_SI, CPU_SI, 1}};
    cpu_check_io(cpu, (uint16_t)cpu->gpr[CPU_DX], i->operand_size);
    repeat(cpu, i, &kinds[run_has_port_registers(cpu)]);
}

static uint16_t port_of(const struct cpu *cpu, const struct instruction *i)
{
    return i->row->immediate == IMM_IB ? (uint16_t)i->immediate : (uint16_t)cpu->gpr[CPU_DX];
}

void exec_in(struct cpu *cpu, const struct instruction *i)
{
    uint16_t port = port_of(cpu, i);
    cpu_check_io(cpu, port, i->operand_size);
    register_write(cpu, CPU_AX, i->operand_size, space_read(cpu->ports, port, i->operand_size));
    watch_port(cpu, port, i->operand_size);
    run_after_access(cpu);
}

void exec_out(struct cpu *cpu, const struct instruction *i)
{
    uint16_t port = port_of(cpu, i);
    cpu_check_io(cpu, port, i->operand_size);
    space_write(cpu->ports, port, i->operand_size, cpu->gpr[CPU_AX] & mask_bytes(i->operand_size));
    watch_port(cpu, port, i->operand_size);
    run_after_access(cpu);
}

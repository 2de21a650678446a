/* Break- and watchpoints: the debugger's list and the debug registers DR0-DR3 (SDM 3A 17.2).
 *
 * Data: pages that are watched never get into the fast TLB, so that each access comes by here. Code:
 * blocks are built with an op in front of the watched instruction. Neither changes what the guest
 * sees or when. Ports: MODE_WATCHED has IN, OUT, INS and OUTS ask behind each access. */
#include <stdlib.h>
#include <string.h>

#include "cpu/memory.h"
#include "cpu/run.h"

static bool is_enabled(const struct cpu *cpu, unsigned n)
{
    return cpu->dr[7] >> (2 * n) & 3;
}
static unsigned register_kind(const struct cpu *cpu, unsigned n)
{
    /* 0 execute, 1 write, 2 port (with CR4.DE), 3 read or write */
    return (unsigned)(cpu->dr[7] >> (16 + 4 * n)) & 3;
}
static uint64_t register_length(const struct cpu *cpu, unsigned n)
{
    static const uint8_t lengths[4] = {1, 2, 8, 4};
    return lengths[cpu->dr[7] >> (18 + 4 * n) & 3];
}

static bool overlaps(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
    return a < b + b_bytes && b < a + a_bytes;
}

static bool is_port(const struct cpu *cpu, unsigned n)
{
    return is_enabled(cpu, n) && register_kind(cpu, n) == 2 && cpu->cr4 & CR4_DE;
}

bool run_has_code_registers(const struct cpu *cpu)
{
    for (unsigned n = 0; n < 4; n++)
        if (is_port(cpu, n) || (is_enabled(cpu, n) && register_kind(cpu, n) == 0))
            return true;
    return false;
}

bool run_has_port_registers(const struct cpu *cpu)
{
    for (unsigned n = 0; n < 4; n++)
        if (is_port(cpu, n))
            return true;
    return false;
}

uint64_t run_match_code_registers(const struct cpu *cpu, uint64_t linear)
{
    uint64_t hits = 0;
    for (unsigned n = 0; n < 4; n++)
        if (is_enabled(cpu, n) && register_kind(cpu, n) == 0 && cpu->dr[n] == linear)
            hits |= UINT64_C(1) << n;
    return hits;
}

/* Where a watch looks: a linear or a physical address of the access. False: cannot be had. */
static bool watch_address(const struct cpu *cpu, const struct cpu_watch *watch, uint64_t linear,
                          uint64_t *address)
{
    *address = linear;
    return !watch->is_physical || cpu_translate(cpu, linear, address);
}

static int find_code_watch(const struct cpu *cpu, uint64_t linear, uint64_t *address)
{
    const struct cpu_run *run = cpu->run;
    for (size_t i = 0; i < run->watch_count; i++) {
        const struct cpu_watch *w = &run->watches[i];
        if (w->kind == CPU_WATCH_EXECUTE && watch_address(cpu, w, linear, address) &&
            *address >= w->address && *address - w->address < (w->length ? w->length : 1))
            return (int)i;
    }
    return -1;
}

static bool is_marked(const struct cpu *cpu, uint64_t linear)
{
    const struct cpu_mark *mark = &cpu->run->mark;
    uint64_t address = linear;
    return mark->reached && (!mark->is_physical || cpu_translate(cpu, linear, &address)) &&
           address == mark->address;
}

/* XCHG BX,BX: 87 DB, behind an operand-size prefix in 32-bit code. */
static bool is_magic(const struct cpu *cpu, uint64_t linear)
{
    static const uint8_t XCHG_BX_BX[] = {0x66, 0x87, 0xDB};
    size_t skipped = cpu->mode & MODE_CODE32 ? 0 : 1, count = sizeof XCHG_BX_BX - skipped;
    uint8_t bytes[sizeof XCHG_BX_BX];
    return cpu->run->has_magic && cpu_peek(cpu, linear, bytes, count) == count &&
           memcmp(bytes, XCHG_BX_BX + skipped, count) == 0;
}

bool run_has_breakpoint(const struct cpu *cpu, uint64_t linear)
{
    uint64_t address;
    return run_match_code_registers(cpu, linear) || find_code_watch(cpu, linear, &address) >= 0 ||
           is_marked(cpu, linear) || is_magic(cpu, linear);
}

bool run_match_code_watch(struct cpu *cpu, uint64_t linear)
{
    uint64_t address = linear;
    int watch = find_code_watch(cpu, linear, &address);
    bool stops_by_magic = is_magic(cpu, linear);
    if (is_marked(cpu, linear))
        cpu->run->mark.reached(cpu->run->mark.self);
    if (watch >= 0 || stops_by_magic)
        cpu->run->event = (struct cpu_debug_event){
            .watch = watch, .is_magic = watch < 0, .address = watch < 0 ? linear : address};
    return watch >= 0 || stops_by_magic;
}

static bool wants(enum cpu_watch_kind kind, bool is_write)
{
    return kind == CPU_WATCH_ACCESS || kind == (is_write ? CPU_WATCH_WRITE : CPU_WATCH_READ);
}

static bool register_wants(const struct cpu *cpu, unsigned n, bool is_write)
{
    unsigned kind = register_kind(cpu, n);
    return is_enabled(cpu, n) && (kind == 3 || (kind == 1 && is_write));
}

bool run_is_watched(const struct cpu *cpu, uint64_t linear, bool is_write)
{
    const struct cpu_run *run = cpu->run;
    uint64_t page = linear & ~PAGE_MASK, address;
    for (unsigned n = 0; n < 4; n++)
        if (register_wants(cpu, n, is_write) &&
            overlaps(page, FRAME_BYTES, cpu->dr[n], register_length(cpu, n)))
            return true;
    if (!run->watches_data)
        return false;
    for (size_t i = 0; i < run->watch_count; i++) {
        const struct cpu_watch *w = &run->watches[i];
        if (wants(w->kind, is_write) && watch_address(cpu, w, page, &address) &&
            overlaps(address, FRAME_BYTES, w->address, w->length))
            return true;
    }
    return false;
}

/* DRn's bytes are among these: the trap comes behind the instruction. SDM 3B 17.2.5: the address is
 * taken as a multiple of the length. */
static void match_register(struct cpu *cpu, unsigned n, uint64_t address, unsigned bytes)
{
    uint64_t length = register_length(cpu, n);
    if (!overlaps(address, bytes, cpu->dr[n] & ~(length - 1), length))
        return;
    cpu->dr[6] |= UINT64_C(1) << n;
    cpu->pending_debug = true;
    cpu->has_event = true;
}

static void match_registers(struct cpu *cpu, uint64_t linear, unsigned bytes, bool is_write)
{
    for (unsigned n = 0; n < 4; n++)
        if (register_wants(cpu, n, is_write))
            match_register(cpu, n, linear, bytes);
}

void run_match_port_registers(struct cpu *cpu, uint16_t port, unsigned bytes)
{
    for (unsigned n = 0; n < 4; n++)
        if (is_port(cpu, n))
            match_register(cpu, n, port, bytes);
}

static void watch_piece(struct cpu *cpu, uint64_t linear, unsigned bytes, bool is_write)
{
    struct cpu_run *run = cpu->run;
    uint64_t address;
    match_registers(cpu, linear, bytes, is_write);
    for (size_t i = 0; run->watches_data && i < run->watch_count; i++) {
        const struct cpu_watch *w = &run->watches[i];
        if (run->has_hit || !wants(w->kind, is_write) ||
            !watch_address(cpu, w, linear, &address) ||
            !overlaps(address, bytes, w->address, w->length))
            continue;
        run->event = (struct cpu_debug_event){
            .watch = (int)i,
            .address = address,
            .linear = (cpu->bounds[CPU_CS].base + cpu->ip) & 0xffffffffu,
            .is_write = is_write};
        run->has_hit = true;
        cpu->has_event = true;
    }
}

/* A page's neighbour may lie elsewhere in memory, and behind the last page comes the first. */
void run_watch_access(struct cpu *cpu, uint64_t linear, unsigned bytes, bool is_write)
{
    uint64_t rest = FRAME_BYTES - (linear & PAGE_MASK);
    unsigned first = bytes < rest ? bytes : (unsigned)rest;
    watch_piece(cpu, linear, first, is_write);
    if (first < bytes)
        watch_piece(cpu, (linear + first) & 0xffffffffu, bytes - first, is_write);
    run_after_access(cpu);
}

void run_breakpoints_changed(struct cpu *cpu)
{
    struct cpu_run *run = cpu->run;
    memory_forget_hosts(cpu);
    pool_forget_cpu(run->pool, cpu);
    run_forget_targets(cpu);
    cpu_mode_changed(cpu);
}

enum status cpu_set_watches(struct cpu *cpu, const struct cpu_watch *watches, size_t count,
                            struct error *error)
{
    struct cpu_run *run = cpu->run;
    struct cpu_watch *copy = count ? malloc(count * sizeof *copy) : NULL;
    if (count && !copy)
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu watches", count);
    if (count)
        memcpy(copy, watches, count * sizeof *copy);
    free(run->watches);
    run->watches = copy;
    run->watch_count = count;
    run->watches_code = run->watches_data = false;
    for (size_t i = 0; i < count; i++) {
        if (watches[i].kind == CPU_WATCH_EXECUTE)
            run->watches_code = true;
        else
            run->watches_data = true;
    }
    run_breakpoints_changed(cpu);
    return STATUS_OK;
}

void cpu_set_mark(struct cpu *cpu, const struct cpu_mark *mark)
{
    cpu->run->mark = mark ? *mark : (struct cpu_mark){0};
    run_breakpoints_changed(cpu);
}

void cpu_set_magic_breaks(struct cpu *cpu, bool is_on)
{
    cpu->run->has_magic = is_on;
    run_breakpoints_changed(cpu);
}

void cpu_step(struct cpu *cpu)
{
    cpu->run->wants_step = true;
}

void cpu_debug_event(const struct cpu *cpu, struct cpu_debug_event *event)
{
    *event = cpu->run->event;
}

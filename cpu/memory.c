/* Accesses by linear address: RAM by host pointer, devices by the door, segments' limits, stacks.
 * SDM 3A 3.4 (segments), 4.10 (TLB), 5.3 (limit checks), 1 6.2 (stacks).
 *
 * QUIRK: on the 8086 a word at offset FFFFh has its second byte at offset 0 of the same segment. Its
 * linear address carries in the bits from WRAP_SHIFT on how many bytes lie before the segment's end. */
#include "cpu/memory.h"

#include <string.h>

#include "cpu/run.h"

static inline uint32_t right_of(bool is_user)
{
    return is_user ? TLB_BY_USER : TLB_BY_SUPERVISOR;
}

void memory_choose_tlb(struct cpu *cpu)
{
    struct cpu_memory *m = cpu->memory_unit;
    bool is_user = cpu->cpl == 3;
    /* Alignment is checked by the slow path only (SDM 3A 6.15, #AC). */
    bool has_checks = is_user && cpu->cr0 & CR0_AM && cpu->flags_other & FLAG_AC;
    cpu->tlb_read = m->fast->word[has_checks ? TLB_EMPTY : tlb_table(false, is_user)];
    cpu->tlb_write = m->fast->word[has_checks ? TLB_EMPTY : tlb_table(true, is_user)];
    cpu->code_right = has_checks ? 0 : right_of(is_user);
}

static inline const uintptr_t *words_of(const struct cpu *cpu, bool is_write, bool is_user)
{
    return cpu->memory_unit->fast->word[tlb_table(is_write, is_user)];
}

static inline void fill(struct cpu *cpu, uint64_t linear, uint8_t *host_page, bool is_write,
                        bool is_user)
{
    if (!TECHNIQUE_TLB ||
        (BASE_UNLIKELY(run_has_data_watches(cpu)) && run_is_watched(cpu, linear, is_write)))
        return;
    memory_know(cpu, tlb_table(is_write, is_user), linear, host_page);
}

static void fill_beside_code(struct cpu *cpu, uint64_t linear, const struct space_page *page,
                             bool is_user)
{
    const uint64_t *lines = pool_lines(cpu->run->pool, page->write_ram, page->write_frame);
    if (!TECHNIQUE_TLB || !lines || run_is_watched(cpu, linear, true))
        return;
    memory_know_code(cpu, linear, page->write, lines, right_of(is_user));
}

#define WRAP_SHIFT 56

static uint64_t wrapping_address(uint64_t base, uint64_t offset)
{
    return ((base + offset) & 0xffffffffu) | (0x10000 - offset) << WRAP_SHIFT;
}

static uint64_t wrapped_part(uint64_t linear, unsigned n)
{
    unsigned first = (unsigned)(linear >> WRAP_SHIFT);
    return ((linear & 0xffffffffu) + n - (n < first ? 0 : 0x10000u)) & 0xffffffffu;
}

static __attribute__((noinline)) uint64_t read_wrapped(struct cpu *cpu, uint64_t linear,
                                                       unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned n = 0; n < bytes; n++)
        value |= memory_read(cpu, wrapped_part(linear, n), 1, false) << (8 * n);
    return value;
}

static __attribute__((noinline)) void write_wrapped(struct cpu *cpu, uint64_t linear, unsigned bytes,
                                                    uint64_t value)
{
    for (unsigned n = 0; n < bytes; n++)
        memory_write(cpu, wrapped_part(linear, n), 1, value >> (8 * n) & 0xff, false);
}

/* --- one piece, inside a page ----------------------------------------------------------------- */

static inline uint64_t read_piece(struct cpu *cpu, uint64_t linear, uint64_t physical,
                                  unsigned bytes, bool is_user)
{
    const struct space_page *page = space_page(cpu->memory, physical);
    uint64_t value;
    if (page && page->read) {
        fill(cpu, linear, page->read, false, is_user);
        return load_le(page->read + (physical & PAGE_MASK), bytes);
    }
    value = space_read(cpu->memory, physical, bytes);
    run_after_access(cpu);
    return value;
}

static void write_piece(struct cpu *cpu, uint64_t linear, uint64_t physical, unsigned bytes,
                        uint64_t value, bool is_user)
{
    const struct space_page *page = space_page(cpu->memory, physical);
    uint32_t offset = (uint32_t)(physical & PAGE_MASK);
    if (!page || !page->write) {
        space_write(cpu->memory, physical, bytes, value);
        run_after_access(cpu);
        return;
    }
    store_le(page->write + offset, bytes, value);
    ram_written(page->write_ram, page->write_frame, offset, bytes);
    if (page->write_ram->flags[page->write_frame] & FRAME_CODE)
        fill_beside_code(cpu, linear, page, is_user);
    else
        fill(cpu, linear, page->write, true, is_user);
}

/* A device sees 1, 2, 4 or 8 bytes; what is left of an access across a page border goes by bytes. */
static uint64_t read_split(struct cpu *cpu, uint64_t linear, unsigned bytes, bool is_user)
{
    unsigned first = (unsigned)(FRAME_BYTES - (linear & PAGE_MASK));
    uint64_t low = memory_translate(cpu, linear, false, is_user);
    uint64_t high = memory_translate(cpu, linear + first, false, is_user);
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        uint64_t at = i < first ? low + i : high + (i - first);
        value |= read_piece(cpu, (uint32_t)(linear + i), at, 1, is_user) << (8 * i);
    }
    return value;
}

static void write_split(struct cpu *cpu, uint64_t linear, unsigned bytes, uint64_t value,
                        bool is_user)
{
    unsigned first = (unsigned)(FRAME_BYTES - (linear & PAGE_MASK));
    uint64_t low = memory_translate(cpu, linear, true, is_user);
    uint64_t high = memory_translate(cpu, linear + first, true, is_user);
    for (unsigned i = 0; i < bytes; i++) {
        uint64_t at = i < first ? low + i : high + (i - first);
        write_piece(cpu, (uint32_t)(linear + i), at, 1, value >> (8 * i) & 0xff, is_user);
    }
}

static void check_alignment(struct cpu *cpu, uint64_t linear, unsigned bytes, bool is_user)
{
    if (BASE_UNLIKELY(linear & (bytes - 1)) && is_user && cpu->cr0 & CR0_AM &&
        cpu->flags_other & FLAG_AC)
        cpu_raise_error(cpu, VECTOR_AC, 0);
}

static __attribute__((noinline)) uint64_t read_general(struct cpu *cpu, uint64_t linear,
                                                       unsigned bytes, bool is_user)
{
    const uint8_t *host;
    uint64_t value;
    if (BASE_UNLIKELY(linear >> WRAP_SHIFT))
        return read_wrapped(cpu, linear, bytes);
    linear &= 0xffffffffu;
    host = tlb_hit(words_of(cpu, false, is_user), linear, bytes);
    check_alignment(cpu, linear, bytes, is_user);
    if (host != NULL)
        return load_le(host, bytes);
    if (BASE_UNLIKELY((linear & PAGE_MASK) + bytes > FRAME_BYTES))
        value = read_split(cpu, linear, bytes, is_user);
    else
        value = read_piece(cpu, linear, memory_translate(cpu, linear, false, is_user), bytes,
                           is_user);
    if (BASE_UNLIKELY(run_has_data_watches(cpu)))
        run_watch_access(cpu, linear, bytes, false);
    return value;
}

/* Aligned words of 4 bytes, which stacks and descriptors are made of, go the short way. */
uint64_t memory_read(struct cpu *cpu, uint64_t linear, unsigned bytes, bool is_user)
{
    uint8_t *host;
    if (BASE_LIKELY(bytes == 4 && !(linear & ~UINT64_C(0xfffffffc)) &&
                    tlb_reach(words_of(cpu, false, is_user), linear, 4, &host)))
        return load_le32(host);
    return read_general(cpu, linear, bytes, is_user);
}

static __attribute__((noinline)) void write_general(struct cpu *cpu, uint64_t linear, unsigned bytes,
                                                    uint64_t value, bool is_user)
{
    uint8_t *host;
    if (BASE_UNLIKELY(linear >> WRAP_SHIFT)) {
        write_wrapped(cpu, linear, bytes, value);
        return;
    }
    linear &= 0xffffffffu;
    host = tlb_hit(words_of(cpu, true, is_user), linear, bytes);
    check_alignment(cpu, linear, bytes, is_user);
    if (BASE_LIKELY(host != NULL)) {
        store_le(host, bytes, value);
        return;
    }
    if ((linear & PAGE_MASK) + bytes > FRAME_BYTES)
        write_split(cpu, linear, bytes, value, is_user);
    else
        write_piece(cpu, linear, memory_translate(cpu, linear, true, is_user), bytes, value,
                    is_user);
    if (BASE_UNLIKELY(run_has_data_watches(cpu)))
        run_watch_access(cpu, linear, bytes, true);
}

void memory_write(struct cpu *cpu, uint64_t linear, unsigned bytes, uint64_t value, bool is_user)
{
    uint8_t *host;
    if (BASE_LIKELY(bytes == 4 && !(linear & ~UINT64_C(0xfffffffc)) &&
                    tlb_reach(words_of(cpu, true, is_user), linear, 4, &host)))
        store_le32(host, (uint32_t)value);
    else
        write_general(cpu, linear, bytes, value, is_user);
}

uint64_t memory_read_slow(struct cpu *cpu, const struct op *op, uint64_t linear, unsigned bytes)
{
    run_sync(cpu, op);
    return read_general(cpu, linear, bytes, cpu->cpl == 3);
}

void memory_write_slow(struct cpu *cpu, const struct op *op, uint64_t linear, unsigned bytes,
                       uint64_t value)
{
    const uint64_t *lines;
    uint8_t *host;
    if (tlb_reach_code(cpu, linear, bytes, &host, &lines)) {
        store_le(host, bytes, value);
        if (touches_code(*lines, linear, bytes))
            pool_wrote_code(cpu->run->pool, lines, (unsigned)(linear & PAGE_MASK), bytes);
        return;
    }
    run_sync(cpu, op);
    memory_write(cpu, linear, bytes, value, cpu->cpl == 3);
}

uint8_t *memory_run(struct cpu *cpu, uint64_t linear, bool is_write)
{
    uint8_t *host;
    linear &= 0xffffffffu;
    if (tlb_reach(is_write ? cpu->tlb_write : cpu->tlb_read, linear, 1, &host))
        return host;
    uint64_t physical = memory_translate(cpu, linear, is_write, cpu->cpl == 3);
    host = memory_plain_page(space_page(cpu->memory, physical), is_write);
    if (!host)
        return NULL;
    fill(cpu, linear, host, is_write, cpu->cpl == 3);
    return tlb_hit(is_write ? cpu->tlb_write : cpu->tlb_read, linear, 1);
}

/* --- for system handlers ------------------------------------------------------------------------ */

uint64_t cpu_read_linear(struct cpu *cpu, uint64_t linear, unsigned bytes, enum cpu_access access)
{
    return memory_read(cpu, linear, bytes, access == ACCESS_DATA && cpu->cpl == 3);
}

void cpu_write_linear(struct cpu *cpu, uint64_t linear, unsigned bytes, uint64_t value,
                      enum cpu_access access)
{
    memory_write(cpu, linear, bytes, value, access == ACCESS_DATA && cpu->cpl == 3);
}

static void check_access(struct cpu *cpu, uint64_t linear, unsigned bytes, bool is_write,
                         unsigned privilege)
{
    uint64_t last = linear + bytes - 1;
    if (cpu->model->generation == GEN_8086)
        return; /* nothing can be wrong */
    if ((bytes & (bytes - 1)) == 0)
        check_alignment(cpu, linear, bytes, privilege == 3);
    memory_translate(cpu, linear, is_write, privilege == 3);
    if ((linear ^ last) & ~PAGE_MASK) /* CR2: the page's start */
        memory_translate(cpu, last & ~(uint64_t)PAGE_MASK, is_write, privilege == 3);
}

void cpu_check_read(struct cpu *cpu, uint64_t linear, unsigned bytes, unsigned privilege)
{
    check_access(cpu, linear, bytes, false, privilege);
}

void cpu_check_write(struct cpu *cpu, uint64_t linear, unsigned bytes, unsigned privilege)
{
    check_access(cpu, linear, bytes, true, privilege);
}

/* --- segments ------------------------------------------------------------------------------------- */

static bool is_inside_limit(const struct cpu_segment *segment, uint64_t offset, unsigned bytes)
{
    uint64_t last = offset + bytes - 1;
    bool is_expand_down = (segment->attributes & (SEGMENT_CODE | SEGMENT_EXPAND_DOWN)) ==
                          SEGMENT_EXPAND_DOWN;
    if (is_expand_down)
        return offset > segment->limit &&
               last <= (segment->attributes & SEGMENT_DB ? 0xffffffffu : 0xffffu);
    return last <= segment->limit || segment->limit == 0xffffffffu;
}

static bool is_type_right(const struct cpu *cpu, const struct cpu_segment *segment, bool is_write)
{
    unsigned a = segment->attributes;
    if (!cpu_is_protected(cpu) || cpu_is_v86(cpu))
        return true;
    if (is_write)
        return (a & (SEGMENT_CODE | SEGMENT_WRITABLE)) == SEGMENT_WRITABLE;
    return !(a & SEGMENT_CODE) || a & SEGMENT_WRITABLE;
}

static bool is_null(const struct cpu_segment *segment)
{
    return segment->attributes & SEGMENT_NULL ||
           (segment->attributes & (SEGMENT_P | SEGMENT_S)) != (SEGMENT_P | SEGMENT_S);
}

uint64_t cpu_segment_linear(struct cpu *cpu, unsigned segment, uint64_t offset, unsigned bytes,
                            bool is_write)
{
    const struct segment_bounds *bounds = &cpu->bounds[segment];
    const struct cpu_segment *s = &cpu->segment[segment];
    uint64_t bound = is_write ? bounds->write_bound : bounds->read_bound;
    if (BASE_LIKELY(offset + bytes - 1 < bound))
        return (bounds->base + offset) & 0xffffffffu;
    if (!is_null(s) && is_type_right(cpu, s, is_write) && is_inside_limit(s, offset, bytes))
        return (s->base + offset) & 0xffffffffu;
    if (cpu->model->generation == GEN_8086)
        return wrapping_address(s->base, offset & 0xffff);
    /* QUIRK: captures of an 80286 show vector 13 for its stack in real mode too. */
    bool is_stack = segment == CPU_SS &&
                    !(cpu->model->generation == GEN_286 && !cpu_is_protected(cpu));
    cpu_fault(cpu, is_stack ? VECTOR_SS : VECTOR_GP, 0,
              is_null(s) ? "access through a null or absent segment, selector %"
              : !is_type_right(cpu, s, is_write)
                  ? "access that the type of segment % forbids"
                  : "segment %: offset % beyond the limit",
              s->selector, (uint32_t)offset);
}

/* Bounds by type: code is read when its bit 1 is set and never written, data is always read. */
static void set_bounds(struct cpu *cpu, unsigned index, uint64_t base, uint32_t limit, unsigned a)
{
    struct segment_bounds *b = &cpu->bounds[index];
    bool has_types = cpu_is_protected(cpu) && !cpu_is_v86(cpu);
    uint64_t bound = (uint64_t)limit + 1, read = bound, write = bound;
    bool is_plain;
    if ((a & (SEGMENT_NULL | SEGMENT_P | SEGMENT_S)) != (SEGMENT_P | SEGMENT_S) ||
        (a & (SEGMENT_CODE | SEGMENT_EXPAND_DOWN)) == SEGMENT_EXPAND_DOWN)
        read = write = 0;
    if (has_types && (a & (SEGMENT_CODE | SEGMENT_WRITABLE)) == SEGMENT_CODE)
        read = 0;
    if (has_types && (a & (SEGMENT_CODE | SEGMENT_WRITABLE)) != SEGMENT_WRITABLE)
        write = 0;
    b->base = base;
    b->read_bound = read;
    b->write_bound = write;
    is_plain = base == 0 && read == UINT64_C(1) << 32 && (index == CPU_CS || write == read);
    cpu->plain_segments = (uint8_t)((cpu->plain_segments & ~(1u << index)) |
                                    (unsigned)is_plain << index);
}

void segment_recompute(struct cpu *cpu, unsigned index)
{
    const struct cpu_segment *s = &cpu->segment[index];
    set_bounds(cpu, index, s->base, s->limit, s->attributes);
}

/* Field by field: the caller has just written them so, and a copy as a whole would wait for that. */
void segment_store(struct cpu *cpu, unsigned index, const struct cpu_segment *segment)
{
    struct cpu_segment *s = &cpu->segment[index];
    uint64_t base = segment->base & 0xffffffffu;
    uint32_t limit = segment->limit;
    uint16_t attributes = segment->attributes;
    s->selector = segment->selector;
    s->base = base;
    s->limit = limit;
    s->attributes = attributes;
    set_bounds(cpu, index, base, limit, attributes);
}

/* --- stack ------------------------------------------------------------------------------------------ */

static uint64_t stack_mask(const struct cpu *cpu)
{
    return cpu->segment[CPU_SS].attributes & SEGMENT_DB ? 0xffffffffu : 0xffffu;
}

void cpu_stack_move(struct cpu *cpu, int64_t bytes)
{
    uint64_t mask = stack_mask(cpu), sp = cpu->gpr[CPU_SP];
    cpu->gpr[CPU_SP] = (sp & ~mask) | ((sp + (uint64_t)bytes) & mask);
}

void cpu_push(struct cpu *cpu, unsigned bytes, uint64_t value)
{
    uint64_t sp = (cpu->gpr[CPU_SP] - bytes) & stack_mask(cpu);
    memory_write(cpu, cpu_segment_linear(cpu, CPU_SS, sp, bytes, true), bytes, value,
                 cpu->cpl == 3);
    cpu_stack_move(cpu, -(int64_t)bytes);
}

uint64_t cpu_stack_read(struct cpu *cpu, uint64_t plus, unsigned bytes)
{
    uint64_t sp = (cpu->gpr[CPU_SP] + plus) & stack_mask(cpu);
    return memory_read(cpu, cpu_segment_linear(cpu, CPU_SS, sp, bytes, false), bytes,
                       cpu->cpl == 3);
}

uint64_t cpu_pop(struct cpu *cpu, unsigned bytes)
{
    uint64_t value = cpu_stack_read(cpu, 0, bytes);
    cpu_stack_move(cpu, bytes);
    return value;
}

void cpu_write_stack_of(struct cpu *cpu, const struct cpu_segment *ss, uint64_t offset,
                        unsigned bytes, uint64_t value, unsigned privilege, uint32_t error)
{
    offset &= ss->attributes & SEGMENT_DB ? 0xffffffffu : 0xffffu;
    bool is_inside = is_inside_limit(ss, offset, bytes);
    if (!is_inside && cpu->model->generation == GEN_8086) {
        memory_write(cpu, wrapping_address(ss->base, offset), bytes, value, false);
        return;
    }
    if (!is_inside)
        cpu_fault(cpu, VECTOR_SS, error, "stack segment %: offset % beyond the limit",
                  ss->selector, (uint32_t)offset);
    memory_write(cpu, (ss->base + offset) & 0xffffffffu, bytes, value, privilege == 3);
}

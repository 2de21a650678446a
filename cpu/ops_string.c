/* Specialised handlers of the string instructions: elements in plain memory that the fast TLB has. They
 * stand in a block as two operations. The first does the whole instruction and goes on behind the
 * second; where it cannot, with nothing done, the second follows, which is the plain handler
 * (string.c): at faults, devices, page borders and wraps, REP downwards, where the slice ends.
 *
 * REP of up to a page of MOVS and STOS is one operation of the block. Its elements beyond the first are
 * charged here; the block's own instructions have their budget already. SDM 2, REP; 1 7.3.9. */
#include "cpu/elements.h"
#include "cpu/ops.h"

#define DONE DISPATCH(op + 2)

static inline uint64_t index_of(const struct cpu *cpu, const struct op *op, unsigned number)
{
    return cpu->gpr[number] & (0xffffffffu >> op->is_narrow);
}

static inline void set_index(struct cpu *cpu, const struct op *op, unsigned number, uint64_t value)
{
    uint64_t mask = 0xffffffffu >> op->is_narrow;
    uint64_t kept = op->is_narrow ? cpu->gpr[number] & ~mask : 0; /* 32 bits clear the upper half */
    cpu->gpr[number] = kept | (value & mask);
}

/* `total` bytes from an index register on, all in one page. Always inlined: a handler that hands out the address of a
 * variable keeps its frame, and its last call is no jump. */
static BASE_ALWAYS_INLINE bool reach(const struct cpu *cpu, const struct op *op, unsigned segment,
                                     unsigned number, uint64_t total, bool is_write, uint8_t **host)
{
    const struct segment_bounds *b = &cpu->bounds[segment];
    uint64_t offset = index_of(cpu, op, number), end = offset + total;
    uint64_t linear = (uint32_t)(b->base + offset);
    return end <= (is_write ? b->write_bound : b->read_bound) &&
           end <= UINT64_C(0x100000000) >> op->is_narrow &&
           (linear & PAGE_MASK) + total <= FRAME_BYTES && op_reach(cpu, linear, 1, is_write, host);
}

/* --- one element ------------------------------------------------------------------------------------- */

static inline void step(struct cpu *cpu, const struct op *op, unsigned number, unsigned bytes)
{
    uint64_t by = cpu->flags_other & FLAG_DF ? 0 - (uint64_t)bytes : bytes;
    set_index(cpu, op, number, cpu->gpr[number] + by);
}

/* The accumulator's low bytes. */
static inline void set_accumulator(struct cpu *cpu, unsigned bytes, uint64_t value)
{
    uint64_t kept = bytes == 4 ? 0 : cpu->gpr[CPU_AX] & ~mask_bytes(bytes);
    cpu->gpr[CPU_AX] = kept | value;
}

static inline void compare(struct cpu *cpu, unsigned bytes, uint64_t a, uint64_t b)
{
    flags_set(cpu, FLAGS_SUB, flags_log2(bytes), (a - b) & mask_bytes(bytes), b);
}

#define ELEMENT_HANDLERS(bytes)                                                        \
    OP_DEFINE(movs##bytes)                                                             \
    {                                                                                  \
        uint8_t *from, *to;                                                            \
        if (!reach(cpu, op, op->segment, CPU_SI, bytes, false, &from) ||               \
            !reach(cpu, op, CPU_ES, CPU_DI, bytes, true, &to))                         \
            NEXT;                                                                      \
        store_le(to, bytes, load_le(from, bytes));                                     \
        step(cpu, op, CPU_SI, bytes);                                                  \
        step(cpu, op, CPU_DI, bytes);                                                  \
        DONE;                                                                          \
    }                                                                                  \
    OP_DEFINE(stos##bytes)                                                             \
    {                                                                                  \
        uint8_t *to;                                                                   \
        if (!reach(cpu, op, CPU_ES, CPU_DI, bytes, true, &to))                         \
            NEXT;                                                                      \
        store_le(to, bytes, cpu->gpr[CPU_AX]);                                         \
        step(cpu, op, CPU_DI, bytes);                                                  \
        DONE;                                                                          \
    }                                                                                  \
    OP_DEFINE(lods##bytes)                                                             \
    {                                                                                  \
        uint8_t *from;                                                                 \
        if (!reach(cpu, op, op->segment, CPU_SI, bytes, false, &from))                 \
            NEXT;                                                                      \
        set_accumulator(cpu, bytes, load_le(from, bytes));                             \
        step(cpu, op, CPU_SI, bytes);                                                  \
        DONE;                                                                          \
    }                                                                                  \
    OP_DEFINE(scas##bytes)                                                             \
    {                                                                                  \
        uint8_t *to;                                                                   \
        if (!reach(cpu, op, CPU_ES, CPU_DI, bytes, false, &to))                        \
            NEXT;                                                                      \
        compare(cpu, bytes, cpu->gpr[CPU_AX] & mask_bytes(bytes), load_le(to, bytes)); \
        step(cpu, op, CPU_DI, bytes);                                                  \
        DONE;                                                                          \
    }                                                                                  \
    OP_DEFINE(cmps##bytes)                                                             \
    {                                                                                  \
        uint8_t *from, *to;                                                            \
        if (!reach(cpu, op, op->segment, CPU_SI, bytes, false, &from) ||               \
            !reach(cpu, op, CPU_ES, CPU_DI, bytes, false, &to))                        \
            NEXT;                                                                      \
        compare(cpu, bytes, load_le(from, bytes), load_le(to, bytes));                 \
        step(cpu, op, CPU_SI, bytes);                                                  \
        step(cpu, op, CPU_DI, bytes);                                                  \
        DONE;                                                                          \
    }
ELEMENT_HANDLERS(1)
ELEMENT_HANDLERS(2)
ELEMENT_HANDLERS(4)

/* --- REP --------------------------------------------------------------------------------------------- */

/* All `count` elements of a REP (not 0) may be done now: upwards, at most a page, before the slice
 * ends. */
static inline bool is_short(struct cpu *cpu, uint64_t count, unsigned bytes)
{
    return !(cpu->flags_other & FLAG_DF) && count <= FRAME_BYTES / bytes &&
           (BASE_LIKELY((int64_t)(count - 1) <= cpu->budget) || run_has_elements(cpu, count - 1));
}

static inline void finish(struct cpu *cpu, const struct op *op, uint64_t count)
{
    set_index(cpu, op, CPU_CX, 0);
    cpu->budget -= (int64_t)(count - 1);
}

#define REP_HANDLERS(bytes)                                                                \
    OP_DEFINE(rep_movs##bytes)                                                             \
    {                                                                                      \
        uint64_t count = index_of(cpu, op, CPU_CX), total = count * bytes;                 \
        uint8_t *from, *to;                                                                \
        if (count == 0)                                                                    \
            DONE;                                                                          \
        if (!is_short(cpu, count, bytes) ||                                                \
            !reach(cpu, op, op->segment, CPU_SI, total, false, &from) ||                   \
            !reach(cpu, op, CPU_ES, CPU_DI, total, true, &to))                             \
            NEXT;                                                                          \
        elements_copy(to, from, count, bytes);                                             \
        set_index(cpu, op, CPU_SI, cpu->gpr[CPU_SI] + total);                              \
        set_index(cpu, op, CPU_DI, cpu->gpr[CPU_DI] + total);                              \
        finish(cpu, op, count);                                                            \
        DONE;                                                                              \
    }                                                                                      \
    OP_DEFINE(rep_stos##bytes)                                                             \
    {                                                                                      \
        uint64_t count = index_of(cpu, op, CPU_CX), total = count * bytes;                 \
        uint8_t *to;                                                                       \
        if (count == 0)                                                                    \
            DONE;                                                                          \
        if (!is_short(cpu, count, bytes) ||                                                \
            !reach(cpu, op, CPU_ES, CPU_DI, total, true, &to))                             \
            NEXT;                                                                          \
        elements_fill(to, cpu->gpr[CPU_AX] & mask_bytes(bytes), count, bytes);             \
        set_index(cpu, op, CPU_DI, cpu->gpr[CPU_DI] + total);                              \
        finish(cpu, op, count);                                                            \
        DONE;                                                                              \
    }
REP_HANDLERS(1)
REP_HANDLERS(2)
REP_HANDLERS(4)

/* --- choosing ---------------------------------------------------------------------------------------- */

static op_handler *handler_of(const struct instruction *i)
{
    static op_handler *const ONE[5][3] = {{movs1, movs2, movs4}, {cmps1, cmps2, cmps4},
                                          {stos1, stos2, stos4}, {lods1, lods2, lods4},
                                          {scas1, scas2, scas4}};
    static op_handler *const REP[5][3] = {{rep_movs1, rep_movs2, rep_movs4},
                                          {NULL},
                                          {rep_stos1, rep_stos2, rep_stos4}};
    unsigned kind = i->opcode < 0xa8 ? (i->opcode - 0xa4u) / 2 : (i->opcode - 0xaau) / 2 + 2;
    bool has_rep = i->prefixes & (PREFIX_REP | PREFIX_REPNE);
    return (has_rep ? REP : ONE)[kind][flags_log2(i->operand_size)];
}

bool emit_string(struct builder *b, const struct instruction *i)
{
    op_handler *handler = handler_of(i);
    bool has_rep = i->prefixes & (PREFIX_REP | PREFIX_REPNE);
    struct op *op;
    if (!handler || (has_rep && cpu_model_is_8086(b->cpu->model))) /* it counts the prefixes that are lost */
        return false;
    op = builder_add(b, handler, i);
    op->segment = i->segment;
    op->is_narrow = i->address_size == 2 ? 16 : 0;
    op->covers = 0; /* the second does */
    builder_add_plain(b, has_rep ? op_system : op_execute, i);
    return true;
}

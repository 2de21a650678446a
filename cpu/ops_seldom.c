/* Specialised handlers of what kernels and libraries use between other things: exchanges (XCHG with memory, XADD,
 * CMPXCHG, CMPXCHG8B), bits, double shifts, DIV, and what stands around a critical section (CLI, STI, PUSHF, POPF).
 * They stand in a block as two operations, as the string instructions do (ops_string.c): the first does the
 * whole instruction and goes on behind the second; where it cannot, with nothing done, the second follows, which is
 * the plain handler. So one handler serves all classes of memory, and what is rare, or faults, is said once.
 *
 * CLI, STI, PUSHF and POPF end no block here: a critical section then is a part of one. SDM 2, by mnemonic. */
#include "cpu/ops.h"

#define DONE DISPATCH(op + 2)

static inline bool reach(const struct cpu *cpu, const struct op *op, unsigned bytes, bool is_write, uint8_t **host)
{
    uint64_t offset = op_offset(cpu, op) & (0xffffffffu >> op->is_narrow);
    return op_reach_in(cpu, op->segment, offset, bytes, is_write, host);
}

/* A general register, as the op names it (ops.h). */
static inline uint64_t get(const struct cpu *cpu, unsigned code, unsigned bytes)
{
    return bytes == 1 ? get_gpr8(cpu, code) : cpu->gpr[code] & mask_bytes(bytes);
}
static inline void set(struct cpu *cpu, unsigned code, unsigned bytes, uint64_t value)
{
    if (bytes == 1)
        set_gpr8(cpu, code, value);
    else if (bytes == 2)
        gpr_merge(&cpu->gpr[code], 0xffff, value & 0xffff);
    else
        cpu->gpr[code] = value & 0xffffffffu;
}

/* --- exchanges with memory ------------------------------------------------------------------------- */

#define EXCHANGE_HANDLERS(bytes)                                                       \
    OP_DEFINE(xchg##bytes)                                                             \
    {                                                                                  \
        uint8_t *host;                                                                 \
        uint64_t a;                                                                    \
        if (!reach(cpu, op, bytes, true, &host))                                       \
            NEXT;                                                                      \
        a = load_le(host, bytes);                                                      \
        store_le(host, bytes, get(cpu, op->s, bytes));                                 \
        set(cpu, op->s, bytes, a);                                                     \
        DONE;                                                                          \
    }                                                                                  \
    OP_DEFINE(xadd##bytes)                                                             \
    {                                                                                  \
        uint8_t *host;                                                                 \
        uint64_t a, b = get(cpu, op->s, bytes), r;                                     \
        if (!reach(cpu, op, bytes, true, &host))                                       \
            NEXT;                                                                      \
        a = load_le(host, bytes);                                                      \
        r = (a + b) & mask_bytes(bytes);                                               \
        store_le(host, bytes, r);                                                      \
        set(cpu, op->s, bytes, a);                                                     \
        flags_set(cpu, FLAGS_ADD, flags_log2(bytes), r, b);                            \
        DONE;                                                                          \
    }                                                                                  \
    OP_DEFINE(cmpxchg##bytes)                                                          \
    {                                                                                  \
        uint8_t *host;                                                                 \
        uint64_t value, accumulator = get(cpu, CPU_AX, bytes);                         \
        if (!reach(cpu, op, bytes, true, &host))                                       \
            NEXT;                                                                      \
        value = load_le(host, bytes);                                                  \
        if (value == accumulator)                                                      \
            store_le(host, bytes, get(cpu, op->s, bytes));                             \
        else                                                                           \
            set(cpu, CPU_AX, bytes, value);                                            \
        flags_set(cpu, FLAGS_SUB, flags_log2(bytes), (accumulator - value) & mask_bytes(bytes), value); \
        DONE;                                                                          \
    }
EXCHANGE_HANDLERS(1)
EXCHANGE_HANDLERS(2)
EXCHANGE_HANDLERS(4)

OP_DEFINE(cmpxchg8b)
{
    uint8_t *host;
    uint64_t value, expected = (uint32_t)cpu->gpr[CPU_AX] | cpu->gpr[CPU_DX] << 32;
    uint32_t flags = flags_arithmetic(cpu) & ~FLAG_ZF;
    if (!reach(cpu, op, 8, true, &host))
        NEXT;
    value = load_le(host, 8);
    if (value == expected) {
        store_le(host, 8, (uint32_t)cpu->gpr[CPU_BX] | cpu->gpr[CPU_CX] << 32);
        flags |= FLAG_ZF;
    } else {
        cpu->gpr[CPU_AX] = (uint32_t)value;
        cpu->gpr[CPU_DX] = value >> 32;
    }
    flags_set_explicit(cpu, flags);
    DONE;
}

/* --- bits: of a register, or the one that an immediate names in memory ------------------------------- */

enum bit_operation { BIT_TEST, BIT_SET, BIT_RESET, BIT_COMPLEMENT };
static inline uint64_t change_bit(struct cpu *cpu, enum bit_operation operation, uint64_t value, unsigned bit)
{
    uint64_t mask = UINT64_C(1) << bit;
    flags_change(cpu, FLAG_CF, value & mask ? FLAG_CF : 0);
    switch (operation) {
    case BIT_TEST: break;
    case BIT_SET: return value | mask;
    case BIT_RESET: return value & ~mask;
    case BIT_COMPLEMENT: return value ^ mask;
    }
    return value;
}
/* The bit: `condition`, or where that is 255 the register s. */
#define BIT_BY_REGISTER 255
static inline unsigned bit_of(const struct cpu *cpu, const struct op *op, unsigned bytes)
{
    uint64_t bit = op->condition == BIT_BY_REGISTER ? cpu->gpr[op->s] : op->condition;
    return (unsigned)bit & (bytes * 8 - 1);
}
#define BIT_HANDLERS(name, operation, bytes)                                           \
    OP_DEFINE(name##_r##bytes)                                                         \
    {                                                                                  \
        uint64_t r = change_bit(cpu, operation, get(cpu, op->d, bytes), bit_of(cpu, op, bytes)); \
        if (operation != BIT_TEST)                                                     \
            set(cpu, op->d, bytes, r);                                                 \
        DONE;                                                                          \
    }                                                                                  \
    OP_DEFINE(name##_m##bytes)                                                         \
    {                                                                                  \
        uint8_t *host;                                                                 \
        uint64_t r;                                                                    \
        if (!reach(cpu, op, bytes, operation != BIT_TEST, &host))                      \
            NEXT;                                                                      \
        r = change_bit(cpu, operation, load_le(host, bytes), bit_of(cpu, op, bytes));  \
        if (operation != BIT_TEST)                                                     \
            store_le(host, bytes, r);                                                  \
        DONE;                                                                          \
    }
#define BIT_HANDLERS_BY_SIZE(name, operation) BIT_HANDLERS(name, operation, 2) BIT_HANDLERS(name, operation, 4)
BIT_HANDLERS_BY_SIZE(bt, BIT_TEST)
BIT_HANDLERS_BY_SIZE(bts, BIT_SET)
BIT_HANDLERS_BY_SIZE(btr, BIT_RESET)
BIT_HANDLERS_BY_SIZE(btc, BIT_COMPLEMENT)

/* --- double shifts and DIV of 32-bit registers -------------------------------------------------------- */

#define DOUBLE_SHIFT(name, count, is_right)                                            \
    OP_DEFINE(name)                                                                    \
    {                                                                                  \
        unsigned by = (unsigned)(count) & 31;                                          \
        uint64_t a = (uint32_t)cpu->gpr[op->d], b = (uint32_t)cpu->gpr[op->s];         \
        uint64_t wide = is_right ? b << 32 | a : a << 32 | b;                          \
        uint64_t r = (uint32_t)(is_right ? wide >> by : wide << by >> 32);             \
        bool carry;                                                                    \
        if (by == 0)                                                                   \
            NEXT;                                                                      \
        carry = (is_right ? wide >> (by - 1) : wide >> (64 - by)) & 1;                 \
        cpu->gpr[op->d] = r;                                                           \
        flags_set(cpu, FLAGS_RESULT, 2, r, (carry ? FLAG_CF : 0) | ((a ^ r) >> 31 & 1 ? FLAG_OF : 0)); \
        DONE;                                                                          \
    }
DOUBLE_SHIFT(shld_i, op->condition, false)
DOUBLE_SHIFT(shld_c, cpu->gpr[CPU_CX], false)
DOUBLE_SHIFT(shrd_i, op->condition, true)
DOUBLE_SHIFT(shrd_c, cpu->gpr[CPU_CX], true)

/* #DE is the plain handler's. */
OP_DEFINE(div4)
{
    uint64_t dividend = (uint32_t)cpu->gpr[CPU_AX] | cpu->gpr[CPU_DX] << 32, divisor = (uint32_t)cpu->gpr[op->d];
    if (dividend >> 32 >= divisor)
        NEXT;
    cpu->gpr[CPU_AX] = dividend / divisor;
    cpu->gpr[CPU_DX] = dividend % divisor;
    DONE;
}

/* --- segment registers pushed ------------------------------------------------------------------------- */

#define PUSH_SEGMENT(bytes)                                                            \
    OP_DEFINE(push_segment##bytes)                                                     \
    {                                                                                  \
        uint8_t *host;                                                                 \
        uint64_t sp;                                                                   \
        if (!op_reach_stack_any(cpu, op, -(bytes), bytes, true, &sp, &host))           \
            NEXT;                                                                      \
        store_le(host, bytes, cpu->segment[op->s].selector);                           \
        cpu->gpr[CPU_SP] = sp;                                                         \
        DONE;                                                                          \
    }
PUSH_SEGMENT(2)
PUSH_SEGMENT(4)

/* --- flags -------------------------------------------------------------------------------------------- */

OP_DEFINE(clear_direction)
{
    cpu->flags_other &= ~FLAG_DF;
    NEXT;
}
OP_DEFINE(set_direction)
{
    cpu->flags_other |= FLAG_DF;
    NEXT;
}

/* May IF be changed, and nothing is traced? */
static inline bool has_free_if(const struct cpu *cpu)
{
    return !(cpu->flags_other & (FLAG_VM | FLAG_TF | FLAG_RF)) &&
           cpu->cpl <= cpu_iopl(cpu);
}

/* Would nothing be there to be let in, once IF is set? */
static inline bool is_quiet(const struct cpu *cpu)
{
    return !cpu->intr && !cpu->nmi_pending && !cpu->has_event && !(cpu->mode & MODE_WATCHED);
}

OP_DEFINE(cli)
{
    if (!has_free_if(cpu))
        NEXT;
    cpu->flags_other &= ~FLAG_IF;
    DONE;
}

/* With nothing to be held off, the shadow of STI ends unseen with the next instruction, where that is in the block:
 * behind it the slice may be over. */
OP_DEFINE(sti)
{
    if (!has_free_if(cpu) || !is_quiet(cpu) || op[2].length == 0)
        NEXT;
    if (!(cpu->flags_other & FLAG_IF))
        cpu->shadow_blocks_debug = false; /* which is a part of the state, as the plain handler leaves it */
    cpu->flags_other |= FLAG_IF;
    DONE;
}

#define PUSHF_POPF(bytes)                                                              \
    OP_DEFINE(pushf##bytes)                                                            \
    {                                                                                  \
        uint32_t fixed = cpu_model_flags_fixed(cpu->model) & 0xffff;                   \
        uint8_t *host;                                                                 \
        uint64_t sp;                                                                   \
        if (cpu->flags_other & (FLAG_VM | FLAG_RF) ||                                  \
            !op_reach_stack_any(cpu, op, -(bytes), bytes, true, &sp, &host))           \
            NEXT;                                                                      \
        store_le(host, bytes, cpu_flags_read(cpu) | fixed);                            \
        cpu->gpr[CPU_SP] = sp;                                                         \
        DONE;                                                                          \
    }                                                                                  \
    OP_DEFINE(popf##bytes)                                                             \
    {                                                                                  \
        uint32_t rare = FLAG_TF | FLAG_IOPL | FLAG_NT | (bytes == 4 ? FLAG_AC | FLAG_ID : 0); \
        uint32_t easy = FLAG_IF | FLAG_DF, flags;                                      \
        uint8_t *host;                                                                 \
        uint64_t sp;                                                                   \
        if (!has_free_if(cpu) ||                                                       \
            !op_reach_stack_any(cpu, op, bytes, bytes, false, &sp, &host))             \
            NEXT;                                                                      \
        flags = (uint32_t)load_le(host, bytes);                                        \
        if ((flags ^ cpu->flags_other) & rare || (flags & FLAG_IF && !is_quiet(cpu)))  \
            NEXT;                                                                      \
        cpu->flags_other = (cpu->flags_other & ~easy) | (flags & easy);                \
        flags_set_explicit(cpu, flags & FLAGS_ARITHMETIC);                             \
        cpu->gpr[CPU_SP] = sp;                                                         \
        DONE;                                                                          \
    }
PUSHF_POPF(2)
PUSHF_POPF(4)

/* --- choosing ----------------------------------------------------------------------------------------- */

#define BY_SIZE(name) {name##1, name##2, name##4}
static op_handler *exchange_of(const struct instruction *i)
{
    static op_handler *const XCHG[] = BY_SIZE(xchg), *const XADD[] = BY_SIZE(xadd), *const CMPXCHG[] = BY_SIZE(cmpxchg);
    unsigned log2 = flags_log2(i->operand_size);
    if (i->mod == 3)
        return NULL;
    switch ((enum fast_family)i->row->fast) {
    case FAST_XCHG: return XCHG[log2];
    case FAST_XADD: return XADD[log2];
    case FAST_CMPXCHG: return i->operand_size == 8 ? cmpxchg8b : CMPXCHG[log2];
    default: return NULL;
    }
}

static op_handler *bit_handler_of(const struct instruction *i)
{
    static op_handler *const BITS[4][2][2] = {{{bt_r2, bt_r4}, {bt_m2, bt_m4}},
                                              {{bts_r2, bts_r4}, {bts_m2, bts_m4}},
                                              {{btr_r2, btr_r4}, {btr_m2, btr_m4}},
                                              {{btc_r2, btc_r4}, {btc_m2, btc_m4}}};
    if (i->mod != 3 && i->row->form != FORM_EI)
        return NULL; /* a bit that may lie far from the operand's own bytes */
    return BITS[i->row->argument][i->mod != 3][i->operand_size == 4];
}

static op_handler *flags_handler_of(const struct instruction *i)
{
    static op_handler *const CLI_TO_STD[] = {cli, sti, clear_direction, set_direction};
    bool is_wide = i->wide_size == 4;
    switch (i->opcode) {
    case 0x9c: return is_wide ? pushf4 : pushf2;
    case 0x9d: return is_wide ? popf4 : popf2;
    default: return CLI_TO_STD[i->opcode - 0xfa];
    }
}

/* NULL: the plain handler has to do. */
static op_handler *handler_of(const struct builder *b, const struct instruction *i)
{
    enum cpu_generation generation = b->cpu->model->generation;
    bool of_registers = i->mod == 3 && i->operand_size == 4, is_by_cl = i->row->immediate == IMM_NO;
    switch ((enum fast_family)i->row->fast) {
    case FAST_XCHG:
    case FAST_XADD:
    case FAST_CMPXCHG: return exchange_of(i);
    case FAST_BT: return bit_handler_of(i);
    case FAST_SHLD:
        if (!of_registers)
            return NULL;
        return i->row->argument ? (is_by_cl ? shrd_c : shrd_i) : is_by_cl ? shld_c : shld_i;
    case FAST_DIV: return of_registers && generation > GEN_486 ? div4 : NULL; /* before, it has flags */
    case FAST_PUSH_SEGMENT: /* of four bytes the 386 and the i486 write two */
        if (i->operand_size == 4 && (generation == GEN_386 || generation == GEN_486))
            return NULL;
        return i->operand_size == 4 ? push_segment4 : push_segment2;
    case FAST_FLAGS: return generation < GEN_386 ? NULL : flags_handler_of(i);
    default: return NULL;
    }
}

bool emit_seldom(struct builder *b, const struct instruction *i)
{
    op_handler *handler = handler_of(b, i);
    bool is_segment = i->row->fast == FAST_PUSH_SEGMENT, is_system = i->row->attributes & ROW_END;
    struct op *op;
    if (!handler)
        return false;
    op = builder_add(b, handler, i);
    if (handler == clear_direction || handler == set_direction) {
        b->leaves[op->number] = false;
        return true;
    }
    if (i->has_memory)
        op_set_memory(op, i);
    op->d = op_register(i->rm, i->operand_size);
    op->s = is_segment ? i->row->argument : op_register(i->reg, i->operand_size);
    op->condition = i->row->fast == FAST_BT && i->row->form != FORM_EI ? BIT_BY_REGISTER : i->immediate & 31;
    if (is_segment || i->row->fast == FAST_FLAGS)
        op->condition = b->cpu->mode & MODE_STACK32 ? 0 : 16;
    op->covers = 0; /* the second does */
    builder_add_plain(b, is_system ? op_system : op_execute, i);
    return true;
}

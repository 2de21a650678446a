/* Specialised handlers of the frequent x87 instructions: the short ways of cpu/x87_fast.h, with an
 * operand in memory taken where the fast TLB has it. Whatever is out of the ordinary (CR0.EM or TS, a
 * pending exception, a TLB miss, operands that need more care) runs the plain handler of
 * cpu/ops_x87.c, which starts from the same state. SDM 1 8.1.8 (the pointers of the last instruction).
 *
 * An x87 instruction has no immediate and no selector: the kept copy has there what the unit's
 * pointers will hold, the instruction's offset and opcode. */
#include "cpu/fpu.h"
#include "cpu/ops.h"
#include "cpu/x87_fast.h"

static inline bool is_ordinary(const struct cpu *cpu, const struct x87 *x)
{
    return !((cpu->cr0 & (CR0_EM | CR0_TS)) | (x->status & X87_ES));
}

static inline void note_origin(const struct cpu *cpu, const struct op *op, struct x87 *x)
{
    const struct instruction *i = op->u.instruction;
    x->opcode = i->selector;
    x->cs = cpu->segment[CPU_CS].selector;
    x->ip = i->immediate;
}

static inline void note_operand(const struct cpu *cpu, const struct op *op, struct x87 *x,
                                uint64_t offset)
{
    note_origin(cpu, op, x);
    x->ds = cpu->segment[op->segment].selector;
    x->dp = offset;
}

/* --- operands in memory: F of a flat segment by 32-bit addresses, S of any -------------------------- */

static inline uint64_t offset_of(const struct cpu *cpu, const struct op *op)
{
    return (cpu->gpr[op->base] + (cpu->gpr[op->index] << op->scale) +
            op->u.instruction->displacement) &
           (0xffffffffu >> op->is_narrow);
}

static inline bool reach_F(const struct cpu *cpu, const struct op *op, unsigned bytes, bool is_write,
                           uint64_t *offset, uint8_t **host)
{
    *offset = (uint32_t)(cpu->gpr[op->base] + (cpu->gpr[op->index] << op->scale) +
                         op->u.instruction->displacement);
    if (op_reach(cpu, *offset, bytes, is_write, host))
        return true;
    *host = is_write ? tlb_beside_code(cpu, *offset, bytes) : NULL;
    return *host != NULL;
}

static inline bool reach_S(const struct cpu *cpu, const struct op *op, unsigned bytes, bool is_write,
                           uint64_t *offset, uint8_t **host)
{
    const struct segment_bounds *b = &cpu->bounds[op->segment];
    uint64_t linear;
    *offset = offset_of(cpu, op);
    linear = (uint32_t)(b->base + *offset);
    if (*offset + bytes - 1 >= (is_write ? b->write_bound : b->read_bound))
        return false;
    if (op_reach(cpu, linear, bytes, is_write, host))
        return true;
    *host = is_write ? tlb_beside_code(cpu, linear, bytes) : NULL;
    return *host != NULL;
}

/* --- handlers ---------------------------------------------------------------------------------------- */

#define GO_TO(handler) DISPATCH_MUSTTAIL return handler(cpu, op, op_nothing())
#define FPU struct x87 *x = &cpu->fpu.x87

/* `fast` does the instruction and is true, or `whole` does it from the start. */
#define REGISTER_HANDLER(name, fast, whole)                             \
    OP_DEFINE(name)                                                     \
    {                                                                   \
        FPU;                                                            \
        if (BASE_UNLIKELY(!is_ordinary(cpu, x) || !(fast)))             \
            GO_TO(whole);                                               \
        note_origin(cpu, op, x);                                        \
        NEXT;                                                           \
    }
#define LOAD_HANDLER(M, name, bytes, fast, whole)                                          \
    OP_DEFINE(name##_##M)                                                                  \
    {                                                                                      \
        FPU;                                                                               \
        uint64_t offset;                                                                   \
        uint8_t *host;                                                                     \
        if (BASE_UNLIKELY(!is_ordinary(cpu, x) ||                                          \
                          !reach_##M(cpu, op, bytes, false, &offset, &host) || !(fast)))   \
            GO_TO(whole);                                                                  \
        note_operand(cpu, op, x, offset);                                                  \
        NEXT;                                                                              \
    }
#define STORE_HANDLER(M, name, bytes, type, fast)                                          \
    OP_DEFINE(name##_##M)                                                                  \
    {                                                                                      \
        FPU;                                                                               \
        uint64_t offset;                                                                   \
        uint8_t *host;                                                                     \
        type value;                                                                        \
        if (BASE_UNLIKELY(!is_ordinary(cpu, x) ||                                          \
                          !reach_##M(cpu, op, bytes, true, &offset, &host) || !(fast)))    \
            GO_TO(op_execute);                                                             \
        store_le(host, bytes, (uint64_t)value);                                            \
        note_operand(cpu, op, x, offset);                                                  \
        NEXT;                                                                              \
    }
/* `action` does it all, once the operand is there. */
#define MEMORY_HANDLER(M, name, bytes, is_write, action)                                   \
    OP_DEFINE(name##_##M)                                                                  \
    {                                                                                      \
        FPU;                                                                               \
        uint64_t offset;                                                                   \
        uint8_t *host;                                                                     \
        if (BASE_UNLIKELY(!is_ordinary(cpu, x) ||                                          \
                          !reach_##M(cpu, op, bytes, is_write, &offset, &host)))           \
            GO_TO(op_execute);                                                             \
        action;                                                                            \
        NEXT;                                                                              \
    }
#define LOADS(name, bytes, fast, whole)                        \
    LOAD_HANDLER(F, name, bytes, fast, whole)                  \
    LOAD_HANDLER(S, name, bytes, fast, whole)
#define STORES(name, bytes, type, fast)                        \
    STORE_HANDLER(F, name, bytes, type, fast)                  \
    STORE_HANDLER(S, name, bytes, type, fast)

/* --- moves ------------------------------------------------------------------------------------------- */

REGISTER_HANDLER(fld_register, x87_fast_fld_register(x, op->s), op_execute)
REGISTER_HANDLER(fxch_register, x87_fast_fxch(x, op->s), op_execute)
REGISTER_HANDLER(fst_register, x87_fast_fst_register(x, op->s, false), op_execute)
REGISTER_HANDLER(fstp_register, x87_fast_fst_register(x, op->s, true), op_execute)
LOADS(fld32, 4, x87_fast_fld32(x, load_le32(host)), op_execute)
LOADS(fld64, 8, x87_fast_fld64(x, load_le64(host)), op_execute)
LOADS(fld80, 10, x87_fast_push(x, f80_make(load_le16(host + 8), load_le64(host))), op_execute)
LOADS(fild16, 2, x87_fast_fild(x, (int16_t)load_le16(host)), op_execute)
LOADS(fild32, 4, x87_fast_fild(x, (int32_t)load_le32(host)), op_execute)
LOADS(fild64, 8, x87_fast_fild(x, (int64_t)load_le64(host)), op_execute)
STORES(fst32, 4, uint64_t, x87_fast_fst32(x, false, &value))
STORES(fstp32, 4, uint64_t, x87_fast_fst32(x, true, &value))
STORES(fst64, 8, uint64_t, x87_fast_fst64(x, false, &value))
STORES(fstp64, 8, uint64_t, x87_fast_fst64(x, true, &value))
STORES(fist16, 2, int64_t, x87_fast_fist(x, 2, false, false, &value))
STORES(fistp16, 2, int64_t, x87_fast_fist(x, 2, false, true, &value))
STORES(fist32, 4, int64_t, x87_fast_fist(x, 4, false, false, &value))
STORES(fistp32, 4, int64_t, x87_fast_fist(x, 4, false, true, &value))
STORES(fistp64, 8, int64_t, x87_fast_fist(x, 8, false, true, &value))

/* The two parts of a value of 80 bits: the upper one is stored here. */
static inline bool pop80(struct x87 *x, uint8_t *host, uint64_t *significand)
{
    struct f80 value = x87_get(x, 0);
    if (x87_is_empty(x, 0))
        return false;
    x87_clear_c1(x);
    x87_pop(x);
    store_le16(host + 8, value.sign_exponent);
    *significand = value.significand;
    return true;
}
#define STORE80(M)                                                                        \
    OP_DEFINE(fstp80_##M)                                                                 \
    {                                                                                     \
        FPU;                                                                              \
        uint64_t offset, significand;                                                     \
        uint8_t *host;                                                                    \
        if (BASE_UNLIKELY(!is_ordinary(cpu, x) ||                                         \
                          !reach_##M(cpu, op, 10, true, &offset, &host) ||                \
                          !pop80(x, host, &significand)))                                 \
            GO_TO(op_execute);                                                            \
        store_le64(host, significand);                                                    \
        note_operand(cpu, op, x, offset);                                                 \
        NEXT;                                                                             \
    }
STORE80(F)
STORE80(S)

/* --- arithmetic -------------------------------------------------------------------------------------- */

/* The unit is asked for the whole instruction: other operands, other precision. */
OP_SLOW(arithmetic_whole)
{
    FPU;
    const struct instruction *i = op->u.instruction;
    if (!is_ordinary(cpu, x))
        return op_execute(cpu, op, 0);
    run_sync_here(cpu, op);
    note_origin(cpu, op, x);
    x87_arithmetic_register(x, (enum x87_arithmetic)i->reg, i->rm, i->opcode != 0xd8,
                            i->opcode == 0xde);
    fpu_update_ferr(cpu);
    return op + 1;
}

OP_SLOW(arithmetic_memory_whole)
{
    FPU;
    const struct instruction *i = op->u.instruction;
    uint64_t offset;
    uint8_t *host;
    if (!is_ordinary(cpu, x) || !reach_S(cpu, op, i->opcode == 0xd8 ? 4 : 8, false, &offset, &host))
        return op_execute(cpu, op, 0);
    run_sync_here(cpu, op);
    note_operand(cpu, op, x, offset);
    if (i->opcode == 0xd8)
        x87_arithmetic_float32(x, (enum x87_arithmetic)i->reg, load_le32(host));
    else
        x87_arithmetic_float64(x, (enum x87_arithmetic)i->reg, load_le64(host));
    fpu_update_ferr(cpu);
    return op + 1;
}

#define ARITHMETIC(name, operation)                                                               \
    REGISTER_HANDLER(name##_top, x87_fast_arithmetic_register(x, operation, op->s, false, false), \
                     arithmetic_whole)                                                            \
    REGISTER_HANDLER(name##_other, x87_fast_arithmetic_register(x, operation, op->s, true, false), \
                     arithmetic_whole)                                                            \
    REGISTER_HANDLER(name##_pop, x87_fast_arithmetic_register(x, operation, op->s, true, true),   \
                     arithmetic_whole)                                                            \
    LOADS(name##32, 4, x87_fast_arithmetic32(x, operation, load_le32(host)),                      \
          arithmetic_memory_whole)                                                                \
    LOADS(name##64, 8, x87_fast_arithmetic64(x, operation, load_le64(host)),                      \
          arithmetic_memory_whole)
ARITHMETIC(add, X87_ADD)
ARITHMETIC(mul, X87_MUL)
ARITHMETIC(sub, X87_SUB)
ARITHMETIC(subr, X87_SUB_REVERSED)
ARITHMETIC(div, X87_DIV)
ARITHMETIC(divr, X87_DIV_REVERSED)

/* FIADD and its kin, the compares too, by the unit. */
#define INTEGER_HANDLERS(M, name, bytes, type)                                            \
    MEMORY_HANDLER(M, name, bytes, false,                                                 \
                   (run_sync_here(cpu, op), note_operand(cpu, op, x, offset),             \
                    x87_arithmetic_int(x, (enum x87_arithmetic)op->u.instruction->reg,    \
                                       (type)load_le(host, bytes)),                       \
                    fpu_update_ferr(cpu)))
INTEGER_HANDLERS(F, integer16, 2, int16_t)
INTEGER_HANDLERS(S, integer16, 2, int16_t)
INTEGER_HANDLERS(F, integer32, 4, int32_t)
INTEGER_HANDLERS(S, integer32, 4, int32_t)

/* --- compares ---------------------------------------------------------------------------------------- */

static inline bool compare_to_flags(struct cpu *cpu, struct x87 *x, unsigned i, bool pops)
{
    unsigned less, equal;
    if (!x87_fast_compare_to_flags(x, i, pops, &less, &equal))
        return false;
    flags_set_explicit(cpu, less * FLAG_CF | equal * FLAG_ZF);
    return true;
}

static inline bool compare_wide(struct x87 *x, bool is_wide, struct f80 value, bool pops)
{
    if (!is_wide || !x87_fast_compare(x, value))
        return false;
    x87_pop_times(x, pops);
    return true;
}

static inline bool compare32(struct x87 *x, uint32_t bits, bool pops)
{
    struct f80 value;
    return compare_wide(x, f80_fast_widen32(bits, &value), value, pops);
}

static inline bool compare64(struct x87 *x, uint64_t bits, bool pops)
{
    struct f80 value;
    return compare_wide(x, f80_fast_widen64(bits, &value), value, pops);
}

/* What ordered operands give is the same for FCOM and FUCOM. */
REGISTER_HANDLER(fcom, x87_fast_compare_register(x, op->s, 0), op_execute)
REGISTER_HANDLER(fcomp, x87_fast_compare_register(x, op->s, 1), op_execute)
REGISTER_HANDLER(fcompp, x87_fast_compare_register(x, 1, 2), op_execute)
REGISTER_HANDLER(fcomi, compare_to_flags(cpu, x, op->s, false), op_execute)
REGISTER_HANDLER(fcomip, compare_to_flags(cpu, x, op->s, true), op_execute)
REGISTER_HANDLER(ftst, x87_fast_compare(x, f80_make(0, 0)), op_execute)
LOADS(fcom32, 4, compare32(x, load_le32(host), false), op_execute)
LOADS(fcomp32, 4, compare32(x, load_le32(host), true), op_execute)
LOADS(fcom64, 8, compare64(x, load_le64(host), false), op_execute)
LOADS(fcomp64, 8, compare64(x, load_le64(host), true), op_execute)

/* --- sign, constants, functions, control ------------------------------------------------------------- */

static inline bool set_sign(struct x87 *x, unsigned kept, unsigned turned)
{
    struct f80 *top = &x->reg[x87_index(x, 0)];
    if (x87_is_empty(x, 0))
        return false;
    x87_clear_c1(x);
    top->sign_exponent = (uint16_t)((top->sign_exponent & kept) ^ turned);
    return true;
}
REGISTER_HANDLER(negate, set_sign(x, 0xffff, 0x8000), op_execute)
REGISTER_HANDLER(absolute, set_sign(x, 0x7fff, 0), op_execute)
REGISTER_HANDLER(fld1, x87_fast_push(x, f80_make(F80_BIAS, F80_INTEGER_BIT)), op_execute)
REGISTER_HANDLER(fldz, x87_fast_push(x, f80_make(0, 0)), op_execute)

OP_DEFINE(function)
{
    FPU;
    if (BASE_UNLIKELY(!is_ordinary(cpu, x)))
        GO_TO(op_execute);
    run_sync_here(cpu, op);
    note_origin(cpu, op, x);
    x87_execute_function(x, op->u.instruction->modrm);
    fpu_update_ferr(cpu);
    NEXT;
}

/* Control instructions leave the pointers alone. */
OP_DEFINE(fnstsw_ax)
{
    FPU;
    if (BASE_UNLIKELY(!is_ordinary(cpu, x)))
        GO_TO(op_execute);
    cpu->gpr[CPU_AX] = (cpu->gpr[CPU_AX] & ~UINT64_C(0xffff)) | x87_status(x);
    NEXT;
}

#define CONTROL_HANDLERS(M)                                                               \
    MEMORY_HANDLER(M, fldcw, 2, false,                                                    \
                   (run_sync_here(cpu, op), x87_set_control(x, load_le16(host)),          \
                    fpu_update_ferr(cpu)))                                                \
    MEMORY_HANDLER(M, fnstcw, 2, true, store_le16(host, x->control))
CONTROL_HANDLERS(F)
CONTROL_HANDLERS(S)

/* --- choosing: by opcode and ModRM.reg; NULL: the plain handler ---------------------------------------- */

#define BOTH(name) {name##_F, name##_S}
#define EIGHT(name) {BOTH(name), BOTH(name), BOTH(name), BOTH(name), \
                     BOTH(name), BOTH(name), BOTH(name), BOTH(name)}
#define ARITHMETIC_ROW(bits)                                                                  \
    {BOTH(add##bits), BOTH(mul##bits), BOTH(fcom##bits), BOTH(fcomp##bits), BOTH(sub##bits),  \
     BOTH(subr##bits), BOTH(div##bits), BOTH(divr##bits)}
static op_handler *const MEMORY[8][8][2] = {
    ARITHMETIC_ROW(32),
    {BOTH(fld32), {NULL}, BOTH(fst32), BOTH(fstp32), {NULL}, BOTH(fldcw), {NULL}, BOTH(fnstcw)},
    EIGHT(integer32),
    {BOTH(fild32), {NULL}, BOTH(fist32), BOTH(fistp32), {NULL}, BOTH(fld80), {NULL}, BOTH(fstp80)},
    ARITHMETIC_ROW(64),
    {BOTH(fld64), {NULL}, BOTH(fst64), BOTH(fstp64)},
    EIGHT(integer16),
    {BOTH(fild16), {NULL}, BOTH(fist16), BOTH(fistp16), {NULL}, BOTH(fild64), {NULL}, BOTH(fistp64)},
};

#define REGISTER_ROW(form, compare, compare_pop)                                              \
    {add_##form, mul_##form, compare, compare_pop, sub_##form, subr_##form, div_##form, divr_##form}
static op_handler *const REGISTERS[8][8] = {
    REGISTER_ROW(top, fcom, fcomp),
    {fld_register, fxch_register},
    {NULL},
    {NULL, NULL, NULL, NULL, NULL, fcomi, fcomi},
    REGISTER_ROW(other, fcom, fcomp),
    {NULL, NULL, fst_register, fstp_register, fcom, fcomp},
    REGISTER_ROW(pop, fcomp, NULL),
    {NULL, NULL, NULL, NULL, NULL, fcomip, fcomip},
};

/* D9 E0-FF and what else one ModRM byte stands for. */
static op_handler *single_handler(const struct instruction *i)
{
    switch (i->opcode << 8 | i->modrm) {
    case 0xd9e0: return negate; /* FCHS */
    case 0xd9e1: return absolute; /* FABS */
    case 0xd9e4: return ftst;
    case 0xd9e8: return fld1;
    case 0xd9ee: return fldz;
    case 0xd9eb: /* FLDPI */
    case 0xd9fa: /* FSQRT */
    case 0xd9fc: /* FRNDINT */
    case 0xd9fe: /* FSIN */
    case 0xd9ff: /* FCOS */ return function;
    case 0xdae9: /* FUCOMPP */
    case 0xded9: return fcompp;
    case 0xdfe0: return fnstsw_ax;
    default: return REGISTERS[i->opcode & 7][i->reg];
    }
}

static bool is_flat(const struct builder *b, const struct instruction *i)
{
    return b->is_flat && i->address_size == 4 && i->segment <= CPU_DS && i->segment != CPU_CS;
}

bool emit_x87(struct builder *b, const struct instruction *i)
{
    op_handler *handler =
        i->mod == 3 ? single_handler(i) : MEMORY[i->opcode & 7][i->reg][!is_flat(b, i)];
    struct op *op;
    struct instruction own = *i;
    if (!handler || !cpu_model_has(b->cpu->model, FEATURE_FPU))
        return false;
    own.immediate = b->ip;
    own.selector = (uint16_t)((i->opcode & 7) << 8 | i->modrm);
    op = builder_add_plain(b, handler, &own);
    op->base = i->base;
    op->index = i->index;
    op->scale = i->scale;
    op->segment = i->segment;
    op->is_narrow = i->address_size == 2 ? 16 : 0;
    op->s = i->rm;
    return true;
}

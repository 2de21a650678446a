/* Specialised handlers of the frequent x87 instructions: the unit is asked directly, an operand in
 * memory is taken where the fast TLB has it. Whatever is out of the ordinary (CR0.EM or TS, a pending
 * exception, a TLB miss, another addressing form) runs the plain handler of cpu/ops_x87.c, which
 * starts from the same state. SDM 1 8.1.8 (the pointers of the last instruction). */
#include "cpu/fpu.h"
#include "cpu/ops.h"

static inline bool is_ordinary(const struct cpu *cpu, const struct x87 *x)
{
    return !(cpu->cr0 & (CR0_EM | CR0_TS)) && !(x->status & X87_ES);
}

static inline void note_origin(const struct cpu *cpu, const struct op *op, struct x87 *x)
{
    const struct instruction *i = op->u.instruction;
    x->opcode = (uint16_t)((i->opcode & 7) << 8 | i->modrm);
    x->cs = cpu->segment[CPU_CS].selector;
    x->ip = op_block(op)->ip + op->ip_delta;
}

static inline uint64_t linear_of(const struct cpu *cpu, const struct op *op)
{
    return (uint32_t)(cpu->gpr[op->base] + (cpu->gpr[op->index] << op->scale) +
                      op->u.instruction->displacement);
}

static inline void note_operand(const struct cpu *cpu, const struct op *op, struct x87 *x,
                                uint64_t linear)
{
    note_origin(cpu, op, x);
    x->ds = cpu->segment[op->segment].selector;
    x->dp = linear; /* a flat segment's offset */
}

#ifdef DISPATCH_MUSTTAIL
#define PLAIN DISPATCH_MUSTTAIL return op_execute(cpu, op)
#else
#define PLAIN return op_execute(cpu, op)
#endif
/* An unmasked exception has come up: FERR# may have to follow. */
#define FINISH                                       \
    do {                                             \
        if (BASE_UNLIKELY(x->status & X87_ES))       \
            fpu_update_ferr(cpu);                    \
        NEXT;                                        \
    } while (0)

#define REGISTER_HANDLER(name, action)        \
    OP_DEFINE(name)                           \
    {                                         \
        struct x87 *x = &cpu->fpu->x87;       \
        if (BASE_UNLIKELY(!is_ordinary(cpu, x))) \
            PLAIN;                            \
        note_origin(cpu, op, x);              \
        action;                               \
        FINISH;                               \
    }
REGISTER_HANDLER(fld_register, x87_fld_register(x, op->s))
REGISTER_HANDLER(fxch_register, x87_fxch(x, op->s))
REGISTER_HANDLER(fst_register, x87_fst_register(x, op->s, op->d))
REGISTER_HANDLER(arithmetic_to_top,
                 x87_arithmetic_register(x, (enum x87_arithmetic)op->condition, op->s, false, false))
REGISTER_HANDLER(arithmetic_to_other,
                 x87_arithmetic_register(x, (enum x87_arithmetic)op->condition, op->s, true, op->d))

#define LOAD_HANDLER(name, bytes, action)                                  \
    OP_DEFINE(name)                                                        \
    {                                                                      \
        struct x87 *x = &cpu->fpu->x87;                                    \
        uint64_t linear = linear_of(cpu, op), value;                       \
        const uint8_t *host = tlb_hit(cpu->tlb_read, linear, bytes);       \
        if (BASE_UNLIKELY(!host || !is_ordinary(cpu, x)))                  \
            PLAIN;                                                         \
        value = load_le(host, bytes);                                      \
        note_operand(cpu, op, x, linear);                                  \
        action;                                                            \
        FINISH;                                                            \
    }
LOAD_HANDLER(fld32, 4, x87_fld32(x, (uint32_t)value))
LOAD_HANDLER(fld64, 8, x87_fld64(x, value))
LOAD_HANDLER(fild16, 2, x87_fild(x, (int16_t)value))
LOAD_HANDLER(fild32, 4, x87_fild(x, (int32_t)value))
LOAD_HANDLER(fild64, 8, x87_fild(x, (int64_t)value))
LOAD_HANDLER(arithmetic32, 4,
             x87_arithmetic_float32(x, (enum x87_arithmetic)op->condition, (uint32_t)value))
LOAD_HANDLER(arithmetic64, 8,
             x87_arithmetic_float64(x, (enum x87_arithmetic)op->condition, value))
LOAD_HANDLER(arithmetic_i32, 4,
             x87_arithmetic_int(x, (enum x87_arithmetic)op->condition, (int32_t)value))
LOAD_HANDLER(arithmetic_i16, 2,
             x87_arithmetic_int(x, (enum x87_arithmetic)op->condition, (int16_t)value))

#define STORE_HANDLER(name, bytes, type, action)                           \
    OP_DEFINE(name)                                                        \
    {                                                                      \
        struct x87 *x = &cpu->fpu->x87;                                    \
        uint64_t linear = linear_of(cpu, op);                              \
        uint8_t *host = tlb_hit(cpu->tlb_write, linear, bytes);            \
        type value;                                                        \
        if (BASE_UNLIKELY(!host))                                          \
            host = tlb_beside_code(cpu, linear, bytes);                    \
        if (BASE_UNLIKELY(!host || !is_ordinary(cpu, x)))                  \
            PLAIN;                                                         \
        note_operand(cpu, op, x, linear);                                  \
        if (action)                                                        \
            store_le(host, bytes, (uint64_t)value);                        \
        FINISH;                                                            \
    }
STORE_HANDLER(fst32, 4, uint32_t, x87_fst32(x, &value, op->d))
STORE_HANDLER(fst64, 8, uint64_t, x87_fst64(x, &value, op->d))
STORE_HANDLER(fist16, 2, int64_t, x87_fist(x, &value, 2, false, op->d))
STORE_HANDLER(fist32, 4, int64_t, x87_fist(x, &value, 4, false, op->d))
STORE_HANDLER(fist64, 8, int64_t, x87_fist(x, &value, 8, false, op->d))

/* --- choosing -------------------------------------------------------------------------------------- */

/* *pops tells FST from FSTP. NULL: the plain handler. */
static op_handler *memory_handler(const struct instruction *i, bool *pops)
{
    unsigned reg = i->reg;
    *pops = reg == 3;
    switch (i->opcode) {
    case 0xd8: return arithmetic32;
    case 0xdc: return arithmetic64;
    case 0xda: return arithmetic_i32;
    case 0xde: return arithmetic_i16;
    case 0xd9: return reg == 0 ? fld32 : reg == 2 || reg == 3 ? fst32 : NULL;
    case 0xdd: return reg == 0 ? fld64 : reg == 2 || reg == 3 ? fst64 : NULL;
    case 0xdb: return reg == 0 ? fild32 : reg == 2 || reg == 3 ? fist32 : NULL;
    default: break;
    }
    *pops = reg == 3 || reg == 7;
    return reg == 0 ? fild16 : reg == 5 ? fild64 : reg == 7 ? fist64
                                     : reg == 2 || reg == 3 ? fist16
                                                            : NULL;
}

static op_handler *register_handler(const struct instruction *i, bool *pops)
{
    unsigned reg = i->reg;
    bool is_compare = reg == X87_COMPARE || reg == X87_COMPARE_POP;
    *pops = false;
    switch (i->opcode) {
    case 0xd8: return is_compare ? NULL : arithmetic_to_top;
    case 0xdc: return is_compare ? NULL : arithmetic_to_other;
    case 0xde: *pops = true; return is_compare ? NULL : arithmetic_to_other;
    case 0xd9: return reg == 0 ? fld_register : reg == 1 ? fxch_register : NULL;
    case 0xdd: *pops = reg == 3; return reg == 2 || reg == 3 ? fst_register : NULL;
    default: return NULL;
    }
}

bool emit_x87(struct builder *b, const struct instruction *i)
{
    bool pops, is_flat = b->is_flat && i->address_size == 4 && i->segment <= CPU_DS;
    op_handler *handler = i->mod == 3 ? register_handler(i, &pops) : memory_handler(i, &pops);
    struct op *op;
    if (!handler || (i->mod != 3 && (!is_flat || i->segment == CPU_CS)) ||
        !cpu_model_has(b->cpu->model, FEATURE_FPU))
        return false;
    op = builder_add_plain(b, handler, i);
    op->base = i->base;
    op->index = i->index;
    op->scale = i->scale;
    op->segment = i->segment;
    op->s = i->rm;
    op->d = pops;
    op->condition = i->reg;
    return true;
}

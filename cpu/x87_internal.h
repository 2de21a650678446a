/*
 * What the parts of the x87 unit share: the stack, and the end of an instruction.
 */
#ifndef VITRINE_CPU_X87_INTERNAL_H
#define VITRINE_CPU_X87_INTERNAL_H

#include "cpu/x87.h"

static inline struct f80 x87_get(const struct x87 *x, unsigned i)
{
    return x->reg[x87_index(x, i)];
}

static inline void x87_set(struct x87 *x, unsigned i, struct f80 value)
{
    unsigned index = x87_index(x, i);
    x->reg[index] = value;
    x->valid |= 1u << index;
}

static inline void x87_free(struct x87 *x, unsigned i)
{
    x->valid &= ~(1u << x87_index(x, i));
}

static inline void x87_pop(struct x87 *x)
{
    x87_free(x, 0);
    x->top = (x->top + 1) & 7;
}

static inline void x87_push(struct x87 *x, struct f80 value)
{
    x->top = (x->top - 1) & 7;
    x87_set(x, 0, value);
}

static inline void x87_set_conditions(struct x87 *x, unsigned conditions)
{
    const unsigned all = X87_C0 | X87_C1 | X87_C2 | X87_C3;
    x->status = (x->status & ~all) | conditions;
}

static inline void x87_clear_c1(struct x87 *x)
{
    x->status &= ~(uint32_t)X87_C1;
}

/* The environment of an operation: modes and masks from the control word, nothing raised. */
static inline struct f80_env x87_env(const struct x87 *x)
{
    return (struct f80_env){.rounding = (uint8_t)(x->control >> 10 & 3),
                            .precision = (uint8_t)(x->control >> 8 & 3),
                            .masks = x->control & F80_ALL};
}

/* ES and B follow the exception flags and masks. */
void x87_update_summary(struct x87 *x);

/*
 * Ends an operation: takes over what it raised, and C1. Returns false when an unmasked exception
 * forbids the result to be stored: those of the first kind.
 */
static inline bool x87_settle(struct x87 *x, const struct f80_env *env)
{
    x->status &= ~(uint32_t)X87_C1;
    if (env->rounded_up)
        x->status |= X87_C1;
    if (env->raised == 0)
        return true;
    x->status |= env->raised;
    if (f80_unmasked(env, F80_ALL))
        x->status |= X87_ES | X87_B;
    return !f80_unmasked(env, F80_PRECOMPUTATION);
}

/*
 * Stack overflow or underflow: IE with SF, C1 telling which. Returns true when masked: the
 * instruction goes on with the indefinite QNaN (SDM vol. 1, 8.5.1.1).
 */
bool x87_stack_fault(struct x87 *x, bool is_overflow);

/* Compares and sets C0, C2, C3; returns true when an instruction may pop after it. */
bool x87_compare(struct x87 *x, struct f80_env *env, struct f80 b, bool is_quiet);
/* The same for an operand that is not there. */
bool x87_compare_empty(struct x87 *x);

/* Remembers where a non-control instruction was; origin may be NULL. */
void x87_note_origin(struct x87 *x, uint8_t opcode, uint8_t modrm, const struct x87_origin *origin);

/* D9 E0-FF: sign, constants and functions of the top of the stack. */
enum x87_outcome x87_execute_function(struct x87 *x, uint8_t modrm);

#endif

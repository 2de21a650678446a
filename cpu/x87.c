/*
 * The x87 unit: stack and exceptions, loads, stores, arithmetic, compares, control.
 *
 * Specification: Intel SDM vol. 1, 8.1 (environment), 8.3 (instructions), 8.4-8.7 (exceptions).
 */
#include "cpu/x87_fast.h"

/* --- exceptions ------------------------------------------------------------------------------- */

void x87_update_summary(struct x87 *x)
{
    x->status &= ~(uint32_t)(X87_ES | X87_B);
    if (x->status & ~x->control & F80_ALL)
        x->status |= X87_ES | X87_B;
}

bool x87_stack_fault(struct x87 *x, bool is_overflow)
{
    x->status &= ~(uint32_t)X87_C1;
    x->status |= F80_IE | X87_SF;
    if (is_overflow)
        x->status |= X87_C1;
    if (x->control & F80_IE)
        return true;
    x->status |= X87_ES | X87_B;
    return false;
}

/* --- control ---------------------------------------------------------------------------------- */

void x87_fninit(struct x87 *x)
{
    x->control = 0x037F;
    x->status = 0;
    x->top = 0;
    x->valid = 0;
    x->opcode = 0;
    x->cs = x->ds = 0;
    x->ip = x->dp = 0;
}

void x87_reset(struct x87 *x)
{
    *x = (struct x87){.top = 0};
    x87_fninit(x);
}

void x87_fnclex(struct x87 *x)
{
    x->status &= ~(uint32_t)(F80_ALL | X87_SF | X87_ES | X87_B);
}

uint16_t x87_status(const struct x87 *x)
{
    return (uint16_t)(x->status | x->top << 11);
}

void x87_set_status(struct x87 *x, uint16_t status)
{
    x->status = status & ~(uint32_t)X87_TOP;
    x->top = status >> 11 & 7;
    x87_update_summary(x);
}

void x87_set_control(struct x87 *x, uint16_t control)
{
    /* Bit 6 reads as one, bits 7 and 13-15 as zero; bit 12, infinity control, does nothing. */
    x->control = (control & 0x1F3F) | 0x0040;
    x87_update_summary(x);
}

/* --- loads ------------------------------------------------------------------------------------ */

/* True when something may be pushed; else the overflow has been dealt with. */
static bool can_push(struct x87 *x)
{
    if (x87_is_empty(x, 7))
        return true;
    if (x87_stack_fault(x, true))
        x87_push(x, f80_indefinite());
    return false;
}

void x87_fld80(struct x87 *x, struct f80 value)
{
    if (!can_push(x))
        return;
    x87_clear_c1(x);
    x87_push(x, value);
}

/* QUIRK: an unmasked denormal does not stop the load; see f80.h. */
static void finish_load(struct x87 *x, const struct f80_env *env, struct f80 value)
{
    x87_settle(x, env);
    if (!f80_unmasked(env, F80_IE))
        x87_push(x, value);
}

void x87_fld32(struct x87 *x, uint32_t bits)
{
    if (x87_fast_fld32(x, bits) || !can_push(x))
        return;
    struct f80_env env = x87_env(x);
    struct f80 value = f80_from_float32(&env, bits);
    finish_load(x, &env, value);
}

void x87_fld64(struct x87 *x, uint64_t bits)
{
    if (x87_fast_fld64(x, bits) || !can_push(x))
        return;
    struct f80_env env = x87_env(x);
    struct f80 value = f80_from_float64(&env, bits);
    finish_load(x, &env, value);
}

void x87_fild(struct x87 *x, int64_t value)
{
    x87_fld80(x, f80_from_int64(value));
}

void x87_fld_register(struct x87 *x, unsigned i)
{
    if (x87_is_empty(x, i)) {
        if (x87_stack_fault(x, false))
            x87_push(x, f80_indefinite());
        return;
    }
    x87_fld80(x, x87_get(x, i));
}

/* --- stores ----------------------------------------------------------------------------------- */

void x87_fst_register(struct x87 *x, unsigned i, bool pops)
{
    struct f80 value = x87_get(x, 0);
    if (x87_is_empty(x, 0)) {
        if (!x87_stack_fault(x, false))
            return;
        value = f80_indefinite();
    } else {
        x87_clear_c1(x);
    }
    x87_set(x, i, value);
    if (pops)
        x87_pop(x);
}

/*
 * The value to be stored: ST(0), or the indefinite for an empty one, which raises nothing further.
 * False: the stack fault is unmasked.
 */
static bool store_operand(struct x87 *x, struct f80 *value, bool *is_empty)
{
    *is_empty = x87_is_empty(x, 0);
    *value = *is_empty ? f80_indefinite() : x87_get(x, 0);
    return !*is_empty || x87_stack_fault(x, false);
}

/* True when the store may go ahead; pops then. */
static bool finish_store(struct x87 *x, const struct f80_env *env, bool is_empty, bool pops)
{
    if (!is_empty)
        x87_settle(x, env);
    if (!is_empty && f80_unmasked(env, F80_IE | F80_OE | F80_UE))
        return false;
    if (pops)
        x87_pop(x);
    return true;
}

bool x87_fst32(struct x87 *x, uint32_t *bits, bool pops)
{
    struct f80 value;
    uint64_t narrow;
    bool is_empty;
    if (x87_fast_fst32(x, pops, &narrow)) {
        *bits = (uint32_t)narrow;
        return true;
    }
    if (!store_operand(x, &value, &is_empty))
        return false;
    struct f80_env env = x87_env(x);
    *bits = f80_to_float32(&env, value);
    return finish_store(x, &env, is_empty, pops);
}

bool x87_fst64(struct x87 *x, uint64_t *bits, bool pops)
{
    struct f80 value;
    bool is_empty;
    if (x87_fast_fst64(x, pops, bits))
        return true;
    if (!store_operand(x, &value, &is_empty))
        return false;
    struct f80_env env = x87_env(x);
    *bits = f80_to_float64(&env, value);
    return finish_store(x, &env, is_empty, pops);
}

bool x87_fist(struct x87 *x, int64_t *value, unsigned bytes, bool truncates, bool pops)
{
    struct f80 source;
    bool is_empty;
    if (x87_fast_fist(x, bytes, truncates, pops, value))
        return true;
    if (!store_operand(x, &source, &is_empty))
        return false;
    struct f80_env env = x87_env(x);
    if (truncates)
        env.rounding = F80_TRUNCATE;
    *value = bytes == 2   ? f80_to_int16(&env, source)
             : bytes == 4 ? f80_to_int32(&env, source)
                          : f80_to_int64(&env, source);
    return finish_store(x, &env, is_empty, pops);
}

bool x87_fbstp(struct x87 *x, uint8_t bcd[10])
{
    struct f80 value;
    bool is_empty;
    if (!store_operand(x, &value, &is_empty))
        return false;
    struct f80_env env = x87_env(x);
    f80_to_bcd(&env, value, bcd);
    return finish_store(x, &env, is_empty, true);
}

bool x87_fstp80(struct x87 *x, struct f80 *value)
{
    bool is_empty;
    if (!store_operand(x, value, &is_empty))
        return false;
    const struct f80_env env = x87_env(x);
    return finish_store(x, &env, is_empty, true);
}

void x87_fxch(struct x87 *x, unsigned i)
{
    if (x87_fast_fxch(x, i))
        return;
    struct f80 a = x87_get(x, 0), b = x87_get(x, i);
    bool a_is_empty = x87_is_empty(x, 0), b_is_empty = x87_is_empty(x, i);
    if (a_is_empty || b_is_empty) {
        if (!x87_stack_fault(x, false))
            return;
        a = a_is_empty ? f80_indefinite() : a;
        b = b_is_empty ? f80_indefinite() : b;
    }
    x87_set(x, 0, b);
    x87_set(x, i, a);
}

/* --- arithmetic ------------------------------------------------------------------------------- */

static struct f80 operate(struct f80_env *env, enum x87_arithmetic op, struct f80 a, struct f80 b)
{
    switch (op) {
    case X87_ADD: return f80_add(env, a, b);
    case X87_MUL: return f80_mul(env, a, b);
    case X87_SUB: return f80_sub(env, a, b);
    case X87_SUB_REVERSED: return f80_sub(env, b, a);
    case X87_DIV: return f80_div(env, a, b);
    case X87_DIV_REVERSED: return f80_div(env, b, a);
    case X87_COMPARE:
    case X87_COMPARE_POP: break;
    }
    return a;
}

/* ST(to) := ST(0) op b the short way, in the precision that the control word wants. */
static bool try_fast(struct x87 *x, enum x87_arithmetic op, struct f80 b, unsigned to)
{
    switch (x->control & X87_FAST_MODE) {
    case X87_EXTENDED_NEAREST: return x87_fast_arithmetic(x, op, b, to, 64);
    case X87_DOUBLE_NEAREST: return x87_fast_arithmetic(x, op, b, to, 53);
    default: return false;
    }
}

void x87_arithmetic_register(struct x87 *x, enum x87_arithmetic op, unsigned i, bool to_i,
                             bool pops)
{
    if (x87_has_both(x, i) && try_fast(x, op, x87_get(x, i), to_i ? i : 0)) {
        if (pops)
            x87_pop(x);
        return;
    }
    struct f80 result;
    if (x87_is_empty(x, 0) || x87_is_empty(x, i)) {
        if (!x87_stack_fault(x, false))
            return;
        result = f80_indefinite();
    } else {
        struct f80_env env = x87_env(x);
        result = operate(&env, op, x87_get(x, 0), x87_get(x, i));
        if (!x87_settle(x, &env))
            return;
    }
    x87_set(x, to_i ? i : 0, result);
    if (pops)
        x87_pop(x);
}

/* ST(0) and an operand that is not in a register. */
static void arithmetic(struct x87 *x, struct f80_env *env, enum x87_arithmetic op, struct f80 b)
{
    bool is_empty = x87_is_empty(x, 0);
    if (op == X87_COMPARE || op == X87_COMPARE_POP) {
        bool goes_on = is_empty ? x87_compare_empty(x) : x87_compare(x, env, b, false);
        if (goes_on && op == X87_COMPARE_POP)
            x87_pop(x);
        return;
    }
    if (is_empty) {
        if (x87_stack_fault(x, false))
            x87_set(x, 0, f80_indefinite());
        return;
    }
    struct f80 result = operate(env, op, x87_get(x, 0), b);
    if (x87_settle(x, env))
        x87_set(x, 0, result);
}

void x87_arithmetic_float32(struct x87 *x, enum x87_arithmetic op, uint32_t bits)
{
    struct f80 b;
    if (!x87_is_empty(x, 0) && f80_fast_widen32(bits, &b) && try_fast(x, op, b, 0))
        return;
    struct f80_env env = x87_env(x);
    b = f80_widen_float32(&env, bits);
    arithmetic(x, &env, op, b);
}

void x87_arithmetic_float64(struct x87 *x, enum x87_arithmetic op, uint64_t bits)
{
    struct f80 b;
    if (!x87_is_empty(x, 0) && f80_fast_widen64(bits, &b) && try_fast(x, op, b, 0))
        return;
    struct f80_env env = x87_env(x);
    b = f80_widen_float64(&env, bits);
    arithmetic(x, &env, op, b);
}

void x87_arithmetic_int(struct x87 *x, enum x87_arithmetic op, int64_t value)
{
    struct f80_env env = x87_env(x);
    struct f80 b = f80_fast_from_int(value);
    if (x87_is_empty(x, 0) || !try_fast(x, op, b, 0))
        arithmetic(x, &env, op, b);
}

/* --- compares --------------------------------------------------------------------------------- */

/* SDM vol. 1 table 8-5. */
static unsigned relation_conditions(enum f80_relation relation)
{
    switch (relation) {
    case F80_LESS: return X87_C0;
    case F80_EQUAL: return X87_C3;
    case F80_GREATER: return 0;
    case F80_UNORDERED: break;
    }
    return X87_C0 | X87_C2 | X87_C3;
}

bool x87_compare(struct x87 *x, struct f80_env *env, struct f80 b, bool is_quiet)
{
    struct f80 a = x87_get(x, 0);
    enum f80_relation relation;
    if (!env->is_widened && x87_fast_compare(x, b))
        return true;
    relation = is_quiet ? f80_compare_quiet(env, a, b) : f80_compare(env, a, b);
    x87_set_conditions(x, relation_conditions(relation));
    return x87_settle(x, env);
}

bool x87_compare_empty(struct x87 *x)
{
    x87_set_conditions(x, X87_C0 | X87_C2 | X87_C3);
    return x87_stack_fault(x, false);
}

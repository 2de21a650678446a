/*
 * The short ways through the x87 unit: registers that are there, operands that are normal or zero,
 * rounding to nearest, PE masked. Inlined into the core's handlers (ops_fpu.c), and tried first by
 * the whole instructions (x87.c). Each returns false, with nothing done, where it is not the case.
 *
 * None of them can raise anything but PE, so that nothing becomes pending.
 */
#ifndef VITRINE_CPU_X87_FAST_H
#define VITRINE_CPU_X87_FAST_H

#include "cpu/f80_fast.h"
#include "cpu/x87_internal.h"

/* Of the control word: RC, PC and the mask of PE. */
enum { X87_FAST_ROUNDING = 0x0C20, X87_NEAREST = 0x0020 };
enum { X87_FAST_MODE = 0x0F20, X87_EXTENDED_NEAREST = 0x0320, X87_DOUBLE_NEAREST = 0x0220 };

F80_SHORT bool x87_rounds_to_nearest(const struct x87 *x)
{
    return (x->control & X87_FAST_ROUNDING) == X87_NEAREST;
}

F80_SHORT bool x87_is_extended_nearest(const struct x87 *x)
{
    return (x->control & X87_FAST_MODE) == X87_EXTENDED_NEAREST;
}

F80_SHORT bool x87_has_both(const struct x87 *x, unsigned i)
{
    return !x87_is_empty(x, 0) && !x87_is_empty(x, i);
}

F80_SHORT void x87_note_fast(struct x87 *x, bool is_inexact, bool is_up)
{
    x->status = (x->status & ~(uint32_t)X87_C1) | (is_inexact * (uint32_t)F80_PE) | (is_up * (uint32_t)X87_C1);
}

/* Registers are copied as the two fields that they were stored as: a wider load would wait for the
 * stores. */
F80_SHORT void x87_put(struct x87 *x, unsigned i, struct f80 value)
{
    struct f80 *reg = &x->reg[x87_index(x, i)];
    reg->significand = value.significand;
    reg->sign_exponent = value.sign_exponent;
}

/* --- loads ------------------------------------------------------------------------------------ */

F80_SHORT bool x87_fast_push(struct x87 *x, struct f80 value)
{
    unsigned top = (x->top - 1u) & 7;
    if (x->valid >> top & 1)
        return false;
    x87_clear_c1(x);
    x->top = top;
    x->valid |= 1u << top;
    x87_put(x, 0, value);
    return true;
}

F80_SHORT bool x87_fast_fld32(struct x87 *x, uint32_t bits)
{
    struct f80 value;
    return f80_fast_widen32(bits, &value) && x87_fast_push(x, value);
}

F80_SHORT bool x87_fast_fld64(struct x87 *x, uint64_t bits)
{
    struct f80 value;
    return f80_fast_widen64(bits, &value) && x87_fast_push(x, value);
}

F80_SHORT bool x87_fast_fild(struct x87 *x, int64_t value)
{
    return x87_fast_push(x, f80_fast_from_int(value));
}

F80_SHORT bool x87_fast_fld_register(struct x87 *x, unsigned i)
{
    return !x87_is_empty(x, i) && x87_fast_push(x, x87_get(x, i));
}

F80_SHORT bool x87_fast_fxch(struct x87 *x, unsigned i)
{
    struct f80 *top = &x->reg[x87_index(x, 0)], *other = &x->reg[x87_index(x, i)];
    if (!x87_has_both(x, i))
        return false;
    x87_clear_c1(x);
    uint64_t significand = top->significand;
    top->significand = other->significand;
    other->significand = significand;
    uint16_t sign_exponent = top->sign_exponent;
    top->sign_exponent = other->sign_exponent;
    other->sign_exponent = sign_exponent;
    return true;
}

/* --- stores ----------------------------------------------------------------------------------- */

F80_SHORT bool x87_fast_fst_register(struct x87 *x, unsigned i, bool pops)
{
    if (x87_is_empty(x, 0))
        return false;
    x87_clear_c1(x);
    x87_set(x, i, x87_get(x, 0));
    if (pops)
        x87_pop(x);
    return true;
}

F80_SHORT bool x87_fast_fst(struct x87 *x, unsigned exponent_bits, unsigned fraction_bits,
                                bool pops, uint64_t *bits)
{
    bool is_inexact, is_up;
    if (!x87_rounds_to_nearest(x) || x87_is_empty(x, 0) ||
        !f80_fast_narrow(x87_get(x, 0), exponent_bits, fraction_bits, bits, &is_inexact, &is_up))
        return false;
    x87_note_fast(x, is_inexact, is_up);
    if (pops)
        x87_pop(x);
    return true;
}

F80_SHORT bool x87_fast_fst32(struct x87 *x, bool pops, uint64_t *bits)
{
    return x87_fast_fst(x, 8, 23, pops, bits);
}

F80_SHORT bool x87_fast_fst64(struct x87 *x, bool pops, uint64_t *bits)
{
    return x87_fast_fst(x, 11, 52, pops, bits);
}

/* FIST to nearest, and as compilers for C want it: truncated, by RC or by FISTTP. */
F80_SHORT bool x87_fast_fist(struct x87 *x, unsigned bytes, bool truncates, bool pops,
                                 int64_t *value)
{
    bool is_inexact, is_up, is_cut = truncates || (x->control >> 10 & 3) == F80_TRUNCATE;
    if (!(x->control & F80_PE) || (!is_cut && !x87_rounds_to_nearest(x)) || x87_is_empty(x, 0) ||
        !f80_fast_to_int(x87_get(x, 0), 8 * bytes, is_cut, value, &is_inexact, &is_up))
        return false;
    x87_note_fast(x, is_inexact, is_up);
    if (pops)
        x87_pop(x);
    return true;
}

/* --- arithmetic ------------------------------------------------------------------------------- */

F80_SHORT struct f80_fast x87_operate_fast(enum x87_arithmetic op, struct f80 a, struct f80 b,
                                               unsigned bits)
{
    switch (op) {
    case X87_ADD: return f80_fast_add(a, b, b.sign_exponent & 0x8000, bits);
    case X87_MUL: return f80_fast_mul(a, b, bits);
    case X87_SUB: return f80_fast_add(a, b, ~b.sign_exponent & 0x8000, bits);
    case X87_SUB_REVERSED: return f80_fast_add(b, a, ~a.sign_exponent & 0x8000, bits);
    case X87_DIV: return f80_fast_div(a, b, bits);
    case X87_DIV_REVERSED: return f80_fast_div(b, a, bits);
    case X87_COMPARE:
    case X87_COMPARE_POP: break;
    }
    return (struct f80_fast){.is_done = false};
}

/* ST(to) := ST(0) op b with 64 or 53 bits of precision; the caller has seen that ST(0) is there, and
 * that the control word says so. */
F80_SHORT bool x87_fast_arithmetic(struct x87 *x, enum x87_arithmetic op, struct f80 b,
                                       unsigned to, unsigned bits)
{
    struct f80_fast fast = x87_operate_fast(op, x87_get(x, 0), b, bits);
    if (!fast.is_done)
        return false;
    x87_note_fast(x, fast.is_inexact, fast.is_up);
    x87_put(x, to, fast.value);
    return true;
}

/* ST(0) with ST(i), extended precision. */
F80_SHORT bool x87_fast_arithmetic_register(struct x87 *x, enum x87_arithmetic op, unsigned i,
                                                bool to_i, bool pops)
{
    if (!x87_is_extended_nearest(x) || !x87_has_both(x, i) ||
        !x87_fast_arithmetic(x, op, x87_get(x, i), to_i ? i : 0, 64))
        return false;
    if (pops)
        x87_pop(x);
    return true;
}

/* ST(0) with a single or double from memory, extended precision. */
F80_SHORT bool x87_fast_arithmetic32(struct x87 *x, enum x87_arithmetic op, uint32_t bits)
{
    struct f80 b;
    return x87_is_extended_nearest(x) && !x87_is_empty(x, 0) && f80_fast_widen32(bits, &b) &&
           x87_fast_arithmetic(x, op, b, 0, 64);
}

F80_SHORT bool x87_fast_arithmetic64(struct x87 *x, enum x87_arithmetic op, uint64_t bits)
{
    struct f80 b;
    return x87_is_extended_nearest(x) && !x87_is_empty(x, 0) && f80_fast_widen64(bits, &b) &&
           x87_fast_arithmetic(x, op, b, 0, 64);
}

/* --- compares --------------------------------------------------------------------------------- */

F80_SHORT void x87_pop_times(struct x87 *x, unsigned pops)
{
    for (; pops > 0; pops--)
        x87_pop(x);
}

/* FCOM and FUCOM with b, to C0 and C3 (SDM vol. 1 table 8-5). */
F80_SHORT bool x87_fast_compare(struct x87 *x, struct f80 b)
{
    unsigned less, equal;
    if (x87_is_empty(x, 0) || !f80_fast_compare(x87_get(x, 0), b, &less, &equal))
        return false;
    x87_set_conditions(x, less * X87_C0 | equal * X87_C3);
    return true;
}

/* The same of ST(0) and ST(i), popping. */
F80_SHORT bool x87_fast_compare_register(struct x87 *x, unsigned i, unsigned pops)
{
    if (x87_is_empty(x, i) || !x87_fast_compare(x, x87_get(x, i)))
        return false;
    x87_pop_times(x, pops);
    return true;
}

/* FCOMI and FUCOMI: whether less and equal, for the caller's flags. */
F80_SHORT bool x87_fast_compare_to_flags(struct x87 *x, unsigned i, bool pops, unsigned *less,
                                             unsigned *equal)
{
    if (!x87_has_both(x, i) ||
        !f80_fast_compare(x87_get(x, 0), x87_get(x, i), less, equal))
        return false;
    x87_clear_c1(x);
    if (pops)
        x87_pop(x);
    return true;
}

#endif

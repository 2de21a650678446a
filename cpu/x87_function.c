/*
 * The x87 unit: D9 E0-FF, the instructions that work on the top of the stack alone.
 *
 * Specification: Intel SDM vol. 2: F2XM1, FABS, FCHS, FCOS, FDECSTP, FINCSTP, FLD1 and constants,
 * FPATAN, FPREM, FPREM1, FPTAN, FRNDINT, FSCALE, FSIN, FSINCOS, FSQRT, FTST, FXAM, FXTRACT, FYL2X,
 * FYL2XP1.
 */
#include "cpu/x87_internal.h"

/* True when ST(0) is there; else it has been replaced or the instruction is over. */
static bool has_operand(struct x87 *x)
{
    if (!x87_is_empty(x, 0))
        return true;
    if (x87_stack_fault(x, false))
        x87_set(x, 0, f80_indefinite());
    return false;
}

/* --- sign, examination ------------------------------------------------------------------------ */

static void change_sign(struct x87 *x, bool is_absolute)
{
    if (!has_operand(x))
        return;
    x87_clear_c1(x);
    struct f80 value = x87_get(x, 0);
    x87_set(x, 0, is_absolute ? f80_absolute(value) : f80_negate(value));
}

static void test_against_zero(struct x87 *x)
{
    struct f80_env env = x87_env(x);
    if (x87_is_empty(x, 0))
        x87_compare_empty(x);
    else
        x87_compare(x, &env, f80_make(0, 0), false);
}

/* SDM vol. 2, FXAM: C3, C2, C0 by class; C1 is the sign even of an empty register. */
static void examine(struct x87 *x)
{
    static const uint16_t conditions[] = {
        [F80_CLASS_UNSUPPORTED] = 0, [F80_CLASS_NAN] = X87_C0,
        [F80_CLASS_NORMAL] = X87_C2, [F80_CLASS_INFINITY] = X87_C2 | X87_C0,
        [F80_CLASS_ZERO] = X87_C3,   [F80_CLASS_DENORMAL] = X87_C3 | X87_C2,
    };
    struct f80 value = x87_get(x, 0);
    unsigned result = x87_is_empty(x, 0) ? X87_C3 | X87_C0 : conditions[f80_classify(value)];
    x87_set_conditions(x, result | (f80_is_negative(value) ? X87_C1 : 0));
}

/* --- constants -------------------------------------------------------------------------------- */

/*
 * The 66-bit constants of the unit cut to 64 bits. is_up: rounding up, or to nearest when
 * is_above_half, gives the next number (SDM vol. 1, 8.3.4). Nothing is raised.
 */
struct constant {
    struct f80 truncated;
    bool is_inexact, is_above_half;
};

static const struct constant CONSTANTS[] = {
    {{UINT64_C(0x8000000000000000), 0x3FFF}, false, false}, /* 1 */
    {{UINT64_C(0xD49A784BCD1B8AFE), 0x4000}, true,  false}, /* log2 10 */
    {{UINT64_C(0xB8AA3B295C17F0BB), 0x3FFF}, true,  true }, /* log2 e */
    {{UINT64_C(0xC90FDAA22168C234), 0x4000}, true,  true }, /* pi */
    {{UINT64_C(0x9A209A84FBCFF798), 0x3FFD}, true,  true }, /* log10 2 */
    {{UINT64_C(0xB17217F7D1CF79AB), 0x3FFE}, true,  true }, /* ln 2 */
    {{0, 0},                                 false, false}, /* 0 */
};

static void load_constant(struct x87 *x, unsigned i)
{
    const struct constant *constant = &CONSTANTS[i];
    struct f80 value = constant->truncated;
    unsigned rounding = x->control >> 10 & 3;
    if (rounding == F80_UP ? constant->is_inexact
                           : rounding == F80_NEAREST && constant->is_above_half)
        value.significand++;
    x87_fld80(x, value);
}

/* --- functions of one operand ----------------------------------------------------------------- */

static void unary(struct x87 *x, struct f80 (*function)(struct f80_env *env, struct f80 a))
{
    if (!has_operand(x))
        return;
    struct f80_env env = x87_env(x);
    struct f80 result = function(&env, x87_get(x, 0));
    if (x87_settle(x, &env))
        x87_set(x, 0, result);
}

/* Sine or cosine; C2 is set and ST(0) stays when the angle is out of range. */
static void angle(struct x87 *x, bool (*function)(struct f80_env *env, struct f80 a, struct f80 *r))
{
    x->status &= ~(uint32_t)X87_C2;
    if (!has_operand(x))
        return;
    struct f80_env env = x87_env(x);
    struct f80 result;
    bool is_out_of_range = function(&env, x87_get(x, 0), &result);
    if (x87_settle(x, &env) && !is_out_of_range)
        x87_set(x, 0, result);
    if (is_out_of_range)
        x->status |= X87_C2;
}

/* --- functions with two results --------------------------------------------------------------- */

/*
 * The checks of FXTRACT, FPTAN and FSINCOS, which replace ST(0) and push. False: done, with
 * indefinites in both places if the fault was masked.
 */
static bool can_split(struct x87 *x)
{
    bool is_underflow = x87_is_empty(x, 0);
    if (!is_underflow && x87_is_empty(x, 7))
        return true;
    if (x87_stack_fault(x, !is_underflow)) {
        x87_set(x, 0, f80_indefinite());
        x87_push(x, f80_indefinite());
    }
    return false;
}

static void extract(struct x87 *x)
{
    if (!can_split(x))
        return;
    struct f80_env env = x87_env(x);
    struct f80 exponent, significand = f80_extract(&env, x87_get(x, 0), &exponent);
    if (!x87_settle(x, &env))
        return;
    x87_set(x, 0, exponent);
    x87_push(x, significand);
}

static void tangent(struct x87 *x)
{
    x->status &= ~(uint32_t)X87_C2;
    if (!can_split(x))
        return;
    struct f80_env env = x87_env(x);
    struct f80 result;
    bool is_out_of_range = f80_tan(&env, x87_get(x, 0), &result);
    bool may_store = x87_settle(x, &env);
    if (is_out_of_range)
        x->status |= X87_C2;
    if (is_out_of_range || !may_store)
        return;
    x87_set(x, 0, result);
    /* 1.0 above a number (what the 8087 needed), the NaN again above a NaN. */
    bool is_nan = f80_classify(result) == F80_CLASS_NAN;
    x87_push(x, is_nan ? result : CONSTANTS[0].truncated);
}

static void sine_and_cosine(struct x87 *x)
{
    x->status &= ~(uint32_t)X87_C2;
    if (!can_split(x))
        return;
    struct f80_env env = x87_env(x);
    struct f80 sine, cosine;
    bool is_out_of_range = f80_sincos(&env, x87_get(x, 0), &sine, &cosine);
    bool may_store = x87_settle(x, &env);
    if (is_out_of_range)
        x->status |= X87_C2;
    if (is_out_of_range || !may_store)
        return;
    x87_set(x, 0, sine);
    x87_push(x, cosine);
}

/* --- functions of two operands ---------------------------------------------------------------- */

static bool has_operands(struct x87 *x)
{
    return !x87_is_empty(x, 0) && !x87_is_empty(x, 1);
}

/* f(ST(0), ST(1)); false: nothing is to be stored. */
static bool compute(struct x87 *x,
                    struct f80 (*function)(struct f80_env *env, struct f80 a, struct f80 b),
                    struct f80 *result)
{
    *result = f80_indefinite();
    if (!has_operands(x))
        return x87_stack_fault(x, false);
    struct f80_env env = x87_env(x);
    *result = function(&env, x87_get(x, 0), x87_get(x, 1));
    return x87_settle(x, &env);
}

/* ST(1) := f(ST(0), ST(1)), pop. */
static void binary_pop(struct x87 *x,
                       struct f80 (*function)(struct f80_env *env, struct f80 a, struct f80 b))
{
    struct f80 result;
    if (!compute(x, function, &result))
        return;
    x87_set(x, 1, result);
    x87_pop(x);
}

static void scale(struct x87 *x)
{
    struct f80 result;
    if (compute(x, f80_scale, &result))
        x87_set(x, 0, result);
}

static void remainder_step(struct x87 *x,
                           struct f80_remainder (*function)(struct f80_env *env, struct f80 a,
                                                            struct f80 b))
{
    x->status &= ~(uint32_t)X87_C2;
    if (!has_operands(x)) {
        if (x87_stack_fault(x, false))
            x87_set(x, 0, f80_indefinite());
        return;
    }
    struct f80_env env = x87_env(x);
    struct f80_remainder r = function(&env, x87_get(x, 0), x87_get(x, 1));
    if (!x87_settle(x, &env))
        return;
    x87_set(x, 0, r.value);
    if (f80_classify(r.value) == F80_CLASS_NAN) /* C0 and C3 stay as they were */
        return;
    x87_set_conditions(x, (r.quotient & 4 ? X87_C0 : 0) | (r.quotient & 2 ? X87_C3 : 0) |
                              (r.quotient & 1 ? X87_C1 : 0) | (r.is_incomplete ? X87_C2 : 0));
}

/* --- dispatch --------------------------------------------------------------------------------- */

static void turn_stack(struct x87 *x, unsigned step)
{
    x->top = (x->top + step) & 7;
    x87_clear_c1(x);
}

static enum x87_outcome execute_sign_or_constant(struct x87 *x, uint8_t modrm)
{
    switch (modrm) {
    case 0xE0: change_sign(x, false); return X87_DONE;
    case 0xE1: change_sign(x, true); return X87_DONE;
    case 0xE4: test_against_zero(x); return X87_DONE;
    case 0xE5: examine(x); return X87_DONE;
    case 0xE8: /* FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ */
    case 0xE9:
    case 0xEA:
    case 0xEB:
    case 0xEC:
    case 0xED:
    case 0xEE: load_constant(x, modrm - 0xE8u); return X87_DONE;
    default: return X87_UNDEFINED;
    }
}

enum x87_outcome x87_execute_function(struct x87 *x, uint8_t modrm)
{
    switch (modrm) {
    case 0xF0: unary(x, f80_2xm1); break;
    case 0xF1: binary_pop(x, f80_yl2x); break;
    case 0xF2: tangent(x); break;
    case 0xF3: binary_pop(x, f80_patan); break;
    case 0xF4: extract(x); break;
    case 0xF5: remainder_step(x, f80_rem_ieee); break;
    case 0xF6: turn_stack(x, 7); break; /* FDECSTP */
    case 0xF7: turn_stack(x, 1); break; /* FINCSTP */
    case 0xF8: remainder_step(x, f80_rem); break;
    case 0xF9: binary_pop(x, f80_yl2xp1); break;
    case 0xFA: unary(x, f80_sqrt); break;
    case 0xFB: sine_and_cosine(x); break;
    case 0xFC: unary(x, f80_round_to_int); break;
    case 0xFD: scale(x); break;
    case 0xFE: angle(x, f80_sin); break;
    case 0xFF: angle(x, f80_cos); break;
    default: return execute_sign_or_constant(x, modrm);
    }
    return X87_DONE;
}

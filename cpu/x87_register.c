/*
 * The x87 unit: the register forms of D8-DF.
 *
 * Specification: Intel SDM vol. 2, appendix B.17 and the opcode maps. The undocumented
 * aliases (FXCH at DD C8 and DF C8, FCOM at DC D0, FCOMP at DC D8 and DE D0, FSTP at D9 D8, DF D0
 * and DF D8, FFREEP at DF C0) are what the silicon makes of them; cf. AMD 24594, appendix A.
 */
#include "cpu/x87_internal.h"

#include <stddef.h>

enum eflags_bit {
    EFLAGS_CF = 0x0001,
    EFLAGS_PF = 0x0004,
    EFLAGS_AF = 0x0010,
    EFLAGS_ZF = 0x0040,
    EFLAGS_SF = 0x0080,
    EFLAGS_OF = 0x0800
};

bool x87_reads_flags(uint8_t opcode, uint8_t modrm)
{
    return (opcode == 0xDA || opcode == 0xDB) && modrm >= 0xC0 && modrm < 0xE0;
}

bool x87_writes_flags(uint8_t opcode, uint8_t modrm)
{
    return (opcode == 0xDB || opcode == 0xDF) && modrm >= 0xE8 && modrm < 0xF8;
}

bool x87_waits(uint8_t opcode, uint8_t modrm)
{
    unsigned reg = modrm >> 3 & 7;
    if (modrm < 0xC0)
        return !((opcode == 0xD9 || opcode == 0xDD) &&
                 reg >= 6); /* FNSTENV, FNSTCW, FNSAVE, FNSTSW */
    if (opcode == 0xDB)
        return reg != 4; /* FNCLEX, FNINIT and the no-operations beside them */
    return !(opcode == 0xDF && modrm == 0xE0); /* FNSTSW AX */
}

/* Control instructions leave the pointers and the last opcode alone (SDM vol. 1, 8.1.8). */
static bool is_control(uint8_t opcode, uint8_t modrm)
{
    unsigned reg = modrm >> 3 & 7;
    if (modrm < 0xC0)
        return (opcode == 0xD9 && reg >= 4) || (opcode == 0xDD && (reg == 4 || reg >= 6));
    return !x87_waits(opcode, modrm);
}

void x87_note_origin(struct x87 *x, uint8_t opcode, uint8_t modrm, const struct x87_origin *origin)
{
    if (origin == NULL || is_control(opcode, modrm))
        return;
    x->opcode = (uint16_t)((opcode & 7) << 8 | modrm);
    x->cs = origin->cs;
    x->ip = origin->ip;
    if (modrm < 0xC0) {
        x->ds = origin->ds;
        x->dp = origin->dp;
    }
}

/* --- compares --------------------------------------------------------------------------------- */

/* FCOM, FUCOM and their popping forms; pops: how often. */
static void compare(struct x87 *x, unsigned i, bool is_quiet, unsigned pops)
{
    struct f80_env env = x87_env(x);
    bool is_empty = x87_is_empty(x, 0) || x87_is_empty(x, i);
    bool goes_on = is_empty ? x87_compare_empty(x) : x87_compare(x, &env, x87_get(x, i), is_quiet);
    for (; goes_on && pops > 0; pops--)
        x87_pop(x);
}

static uint64_t relation_flags(enum f80_relation relation)
{
    switch (relation) {
    case F80_LESS: return EFLAGS_CF;
    case F80_EQUAL: return EFLAGS_ZF;
    case F80_GREATER: return 0;
    case F80_UNORDERED: break;
    }
    return EFLAGS_ZF | EFLAGS_PF | EFLAGS_CF;
}

/*
 * FCOMI and its kin: to EFLAGS instead of C0-C3. QUIRK: C1 is cleared, as the SDM says; AMD's
 * silicon leaves it but for stack faults.
 */
static void compare_to_flags(struct x87 *x, unsigned i, bool is_quiet, bool pops, uint64_t *eflags)
{
    enum f80_relation relation = F80_UNORDERED;
    bool goes_on;
    if (x87_is_empty(x, 0) || x87_is_empty(x, i)) {
        goes_on = x87_stack_fault(x, false);
    } else {
        struct f80_env env = x87_env(x);
        struct f80 a = x87_get(x, 0), b = x87_get(x, i);
        relation = is_quiet ? f80_compare_quiet(&env, a, b) : f80_compare(&env, a, b);
        goes_on = x87_settle(x, &env);
    }
    const uint64_t all = EFLAGS_CF | EFLAGS_PF | EFLAGS_AF | EFLAGS_ZF | EFLAGS_SF | EFLAGS_OF;
    *eflags = (*eflags & ~all) | relation_flags(relation);
    if (goes_on && pops)
        x87_pop(x);
}

/* --- moves ------------------------------------------------------------------------------------ */

/* FCMOVcc: DA C0 below, C8 equal, D0 below or equal, D8 unordered; DB the opposites. C1 stays. */
static void move_if(struct x87 *x, uint8_t opcode, unsigned reg, unsigned i, uint64_t eflags)
{
    static const uint64_t tests[] = {EFLAGS_CF, EFLAGS_ZF, EFLAGS_CF | EFLAGS_ZF, EFLAGS_PF};
    if (x87_is_empty(x, 0) || x87_is_empty(x, i)) {
        if (x87_stack_fault(x, false))
            x87_set(x, 0, f80_indefinite());
        return;
    }
    bool holds = (eflags & tests[reg]) != 0;
    if (holds == (opcode == 0xDA))
        x87_set(x, 0, x87_get(x, i));
}

/* --- opcodes ---------------------------------------------------------------------------------- */

/* FSTP at D9 D8: an empty ST(0) is popped without being stored or reported. */
static void store_unchecked(struct x87 *x, unsigned i)
{
    x87_clear_c1(x);
    if (!x87_is_empty(x, 0))
        x87_set(x, i, x87_get(x, 0));
    x87_pop(x);
}

static void release(struct x87 *x, unsigned i)
{
    x87_free(x, i);
    x87_clear_c1(x);
}

static enum x87_outcome execute_d9(struct x87 *x, uint8_t modrm)
{
    unsigned reg = modrm >> 3 & 7, i = modrm & 7;
    switch (reg) {
    case 0: x87_fld_register(x, i); return X87_DONE;
    case 1: x87_fxch(x, i); return X87_DONE;
    case 2:
        if (i == 0) /* FNOP */
            return X87_DONE;
        return X87_UNDEFINED;
    case 3: store_unchecked(x, i); return X87_DONE;
    default: return x87_execute_function(x, modrm);
    }
}

/* D8, DC, DE: arithmetic, and compares in the places of /2 and /3. */
static enum x87_outcome execute_arithmetic(struct x87 *x, uint8_t opcode, uint8_t modrm)
{
    unsigned reg = modrm >> 3 & 7, i = modrm & 7;
    if (opcode == 0xDE && reg == 3) {
        if (i != 1)
            return X87_UNDEFINED;
        compare(x, 1, false, 2); /* FCOMPP */
        return X87_DONE;
    }
    if (reg == X87_COMPARE || reg == X87_COMPARE_POP)
        compare(x, i, false, reg == X87_COMPARE_POP || opcode == 0xDE);
    else
        x87_arithmetic_register(x, (enum x87_arithmetic)reg, i, opcode != 0xD8, opcode == 0xDE);
    return X87_DONE;
}

static enum x87_outcome execute_db(struct x87 *x, uint8_t modrm, uint64_t *eflags)
{
    unsigned reg = modrm >> 3 & 7, i = modrm & 7;
    if (reg == 4) {
        switch (i) {
        case 0: /* FENI, FDISI of the 8087, FSETPM of the 287: no operation since */
        case 1:
        case 4: return X87_DONE;
        case 2: x87_fnclex(x); return X87_DONE;
        case 3: x87_fninit(x); return X87_DONE;
        default: return X87_UNDEFINED;
        }
    }
    if (reg < 4)
        move_if(x, 0xDB, reg, i, *eflags);
    else if (reg == 5 || reg == 6)
        compare_to_flags(x, i, reg == 5, false, eflags);
    else
        return X87_UNDEFINED;
    return X87_DONE;
}

static enum x87_outcome execute_dd(struct x87 *x, uint8_t modrm)
{
    unsigned reg = modrm >> 3 & 7, i = modrm & 7;
    switch (reg) {
    case 0: release(x, i); return X87_DONE;
    case 1: x87_fxch(x, i); return X87_DONE;
    case 2: x87_fst_register(x, i, false); return X87_DONE;
    case 3: x87_fst_register(x, i, true); return X87_DONE;
    case 4: compare(x, i, true, 0); return X87_DONE;
    case 5: compare(x, i, true, 1); return X87_DONE;
    default: return X87_UNDEFINED;
    }
}

static enum x87_outcome execute_df(struct x87 *x, uint8_t modrm, uint64_t *eflags, uint16_t *ax)
{
    unsigned reg = modrm >> 3 & 7, i = modrm & 7;
    switch (reg) {
    case 0: /* FFREEP */
        release(x, i);
        x87_pop(x);
        return X87_DONE;
    case 1: x87_fxch(x, i); return X87_DONE;
    case 2:
    case 3: x87_fst_register(x, i, true); return X87_DONE;
    case 4:
        if (i != 0)
            return X87_UNDEFINED;
        *ax = x87_status(x);
        return X87_DONE;
    case 5:
    case 6: compare_to_flags(x, i, reg == 5, true, eflags); return X87_DONE;
    default: return X87_UNDEFINED;
    }
}

enum x87_outcome x87_execute_register(struct x87 *x, uint8_t opcode, uint8_t modrm,
                                      const struct x87_origin *origin, uint64_t *eflags,
                                      uint16_t *ax)
{
    enum x87_outcome outcome = X87_DONE;
    unsigned reg = modrm >> 3 & 7, i = modrm & 7;
    x87_note_origin(x, opcode, modrm, origin);
    switch (opcode) {
    case 0xD8:
    case 0xDC:
    case 0xDE: outcome = execute_arithmetic(x, opcode, modrm); break;
    case 0xD9: outcome = execute_d9(x, modrm); break;
    case 0xDA:
        if (reg < 4)
            move_if(x, opcode, reg, i, *eflags);
        else if (modrm == 0xE9)
            compare(x, 1, true, 2); /* FUCOMPP */
        else
            outcome = X87_UNDEFINED;
        break;
    case 0xDB: outcome = execute_db(x, modrm, eflags); break;
    case 0xDD: outcome = execute_dd(x, modrm); break;
    case 0xDF: outcome = execute_df(x, modrm, eflags, ax); break;
    default: outcome = X87_UNDEFINED; break;
    }
    return outcome;
}

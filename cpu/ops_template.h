/* Handlers for operands of BITS bits (8, 16 or 32) whose registers are the op's fields: included by ops_8.c,
 * ops_16.c, ops_32.c, with OPS_NAME the table's name. No include guard: one translation unit includes
 * it once. */
#include "cpu/ops_branches.h"

/* Most misses end when the page tables have been asked: then `host` has the bytes. */
#define SLOW_REFILL(bytes, is_write) uint8_t *host = op_refill(cpu, op, forwarded, bytes, is_write)
/* On to a slow companion, which is handed the address where that is nothing but a sum. */
#define MISS_AT(M, handler) DISPATCH_MUSTTAIL return handler(cpu, op, op_linear_##M(cpu, op))
#define SLOW_LOAD() (host ? PEEK(host) : (T)op_load(cpu, op, SLOW_LINEAR(false), BYTES))

/* Read, change, write: `value` is the old one, `change` computes `r`. */
#define MODIFY_HANDLER(M, name, setup, change)                                      \
    OP_DEFINE(name##_##M)                                                           \
    MODIFY_BODY(REACH(M, BYTES, true), MISS_AT(M, name##_slow), setup, change)
#define MODIFY_HANDLERS(name, setup, change)                                        \
    OP_SLOW(name##_slow)                                                          \
    {                                                                               \
        SLOW_REFILL(BYTES, true);                                                   \
        uint64_t at = host ? 0 : SLOW_LINEAR(true);                                 \
        T value = host ? PEEK(host) : (T)op_modify_slow(cpu, op, at, BYTES), r;     \
        setup;                                                                      \
        change;                                                                     \
        if (host)                                                                   \
            store_le(host, BYTES, r);                                               \
        else                                                                        \
            memory_write_slow(cpu, op, at, BYTES, r);                               \
        NEXT;                                                                       \
    }                                                                               \
    CLASSES(MODIFY_HANDLER, name, setup, change)

/* Reads memory into `m`, then does `action`. */
#define READ_HANDLER(M, name, action)                                               \
    OP_DEFINE(name##_##M)                                                           \
    READ_BODY(REACH(M, BYTES, false), MISS_AT(M, name##_slow), action)
#define READ_HANDLERS(name, action)                                                 \
    OP_SLOW(name##_slow)                                                          \
    {                                                                               \
        SLOW_REFILL(BYTES, false);                                                  \
        T m = SLOW_LOAD();                                                          \
        action;                                                                     \
        NEXT;                                                                       \
    }                                                                               \
    CLASSES(READ_HANDLER, name, action)

/* Writes `value` to memory. */
#define WRITE_HANDLER(M, name, value)                                               \
    OP_DEFINE(name##_##M)                                                           \
    WRITE_BODY(REACH(M, BYTES, true), MISS_AT(M, name##_slow), value)
#define WRITE_HANDLERS(name, value)                                                 \
    OP_SLOW(name##_slow)                                                          \
    {                                                                               \
        SLOW_REFILL(BYTES, true);                                                   \
        if (host)                                                                   \
            store_le(host, BYTES, value);                                           \
        else                                                                        \
            op_store(cpu, op, SLOW_LINEAR(true), BYTES, value);                     \
        NEXT;                                                                       \
    }                                                                               \
    CLASSES(WRITE_HANDLER, name, value)

/* --- the eight operations ------------------------------------------------------------------------- */
#define ALU_HANDLERS(name, DO)                                    \
    OP_DEFINE(name##_rr) TWO_BODY(DO, op->d, GET(op->s))          \
    OP_DEFINE(name##_ri) TWO_BODY(DO, op->d, IMMEDIATE)           \
    READ_HANDLERS(name##_rm, COMBINE_INTO(DO, op->d))             \
    MODIFY_HANDLERS(name##_mr, T b = GET(op->s), DO(value, b))                                   \
    MODIFY_HANDLERS(name##_mi, T b = IMMEDIATE, DO(value, b))
ALU_HANDLERS(add, DO_ADD)
ALU_HANDLERS(or, DO_OR)
ALU_HANDLERS(adc, DO_ADC)
ALU_HANDLERS(sbb, DO_SBB)
ALU_HANDLERS(and, DO_AND)
ALU_HANDLERS(sub, DO_SUB)
ALU_HANDLERS(xor, DO_XOR)

#define ALU_QUIET(name, DO)                                       \
    OP_DEFINE(name##_rr_quiet) TWO_BODY(DO, op->d, GET(op->s))    \
    OP_DEFINE(name##_ri_quiet) TWO_BODY(DO, op->d, IMMEDIATE)
ALU_QUIET(add, QUIET_ADD)
ALU_QUIET(or, QUIET_OR)
ALU_QUIET(adc, QUIET_ADC)
ALU_QUIET(sbb, QUIET_SBB)
ALU_QUIET(and, QUIET_AND)
ALU_QUIET(sub, QUIET_SUB)
ALU_QUIET(xor, QUIET_XOR)

/* CMP and TEST: nothing is written. */
#define COMPARE_HANDLERS(name, DO)                                \
    OP_DEFINE(name##_rr) COMPARE_BODY(DO, GET(op->d), GET(op->s)) \
    OP_DEFINE(name##_ri) COMPARE_BODY(DO, GET(op->d), IMMEDIATE)  \
    READ_HANDLERS(name##_rm, COMPARE_ONLY(DO, GET(op->d), m))     \
    READ_HANDLERS(name##_mr, COMPARE_ONLY(DO, m, GET(op->s)))     \
    READ_HANDLERS(name##_mi, COMPARE_ONLY(DO, m, IMMEDIATE))
COMPARE_HANDLERS(cmp, DO_CMP)
COMPARE_HANDLERS(test, DO_AND)

/* --- moves ---------------------------------------------------------------------------------------------- */
OP_DEFINE(mov_rr) SET_BODY(op->d, GET(op->s))
OP_DEFINE(mov_ri) SET_BODY(op->d, IMMEDIATE)
READ_HANDLERS(mov_rm, SET(op->d, m))
WRITE_HANDLERS(mov_mr, GET(op->s))
WRITE_HANDLERS(mov_mi, IMMEDIATE)

OP_DEFINE(xchg)
{
    T a = GET(op->d), b = GET(op->s);
    SET(op->d, b);
    SET(op->s, a);
    NEXT;
}

/* --- one operand ------------------------------------------------------------------------------------------ */
#define UNARY_HANDLERS(name, DO)             \
    OP_DEFINE(name##_r) ONE_BODY(DO, op->d)  \
    MODIFY_HANDLERS(name##_m, , DO(value))
UNARY_HANDLERS(inc, DO_INC)
UNARY_HANDLERS(dec, DO_DEC)
UNARY_HANDLERS(not, DO_NOT)
UNARY_HANDLERS(neg, DO_NEG)
OP_DEFINE(inc_quiet) SET_BODY(op->d, GET(op->d) + 1)
OP_DEFINE(dec_quiet) SET_BODY(op->d, GET(op->d) - 1)
OP_DEFINE(neg_quiet) SET_BODY(op->d, 0 - GET(op->d))

/* --- shifts of registers: by an immediate of 1-31, by CL ----------------------------------------------------- */
#define SHIFT_HANDLERS(name, digit)                                                      \
    OP_DEFINE(name##_i)                                                                  \
    {                                                                                    \
        SET(op->d, shift_with_flags(cpu, digit, BYTES, GET(op->d), op->condition));      \
        NEXT;                                                                            \
    }                                                                                    \
    OP_DEFINE(name##_c)                                                                  \
    {                                                                                    \
        SET(op->d, shift_with_flags(cpu, digit, BYTES, GET(op->d),                       \
                                    (unsigned)cpu->gpr[CPU_CX] & 0xff));                 \
        NEXT;                                                                            \
    }
SHIFT_HANDLERS(rcl, 2)
SHIFT_HANDLERS(rcr, 3)
#define FAST_SHIFT_HANDLERS(name, function, quiet)                             \
    OP_DEFINE(name##_i) SET_BODY(op->d, function(cpu, GET(op->d), op->condition)) \
    OP_DEFINE(name##_i_quiet) SET_BODY(op->d, quiet)                           \
    OP_DEFINE(name##_c)                                                        \
    {                                                                          \
        unsigned count = (unsigned)cpu->gpr[CPU_CX] & 31;                      \
        if (BASE_LIKELY(count))                                                \
            SET(op->d, function(cpu, GET(op->d), count));                      \
        else                                                                   \
            SET(op->d, GET(op->d));                                            \
        NEXT;                                                                  \
    }
FAST_SHIFT_HANDLERS(rol, rotate_left, rotate(GET(op->d), op->condition))
FAST_SHIFT_HANDLERS(ror, rotate_right, rotate(GET(op->d), BITS - (op->condition & (BITS - 1))))
FAST_SHIFT_HANDLERS(shl, shift_left, (T)((uint64_t)GET(op->d) << op->condition))
FAST_SHIFT_HANDLERS(shr, shift_right, (T)((uint64_t)GET(op->d) >> op->condition))
FAST_SHIFT_HANDLERS(sar, shift_arithmetic, (T)((int64_t)(ST)GET(op->d) >> op->condition))

/* --- conditions as values --------------------------------------------------------------------------------------- */
#if BITS == 8
#define SETCC_OF(cc) OP_DEFINE(setcc_r_##cc) SET_BODY(op->d, flags_condition(cpu, cc))
CONDITIONS(SETCC_OF)
WRITE_HANDLERS(setcc_m, flags_condition(cpu, op->condition))
#else
#define DO_CMOV(cc, value) SET(op->d, flags_condition(cpu, cc) ? (value) : GET(op->d))
#define CMOV_OF(cc)                                                        \
    OP_DEFINE(cmov_r_##cc)                                                 \
    {                                                                      \
        DO_CMOV(cc, GET(op->s));                                           \
        NEXT;                                                              \
    }
CONDITIONS(CMOV_OF)
READ_HANDLERS(cmov_m, DO_CMOV(op->condition, m))

/* --- 16 and 32 bits only ----------------------------------------------------------------------------------------- */
OP_DEFINE(lea_B) SET_BODY(op->d, cpu->gpr[op->base] + op->u.v.displacement)
OP_DEFINE(lea_F) SET_BODY(op->d, op_offset(cpu, op))
OP_DEFINE(lea_W) SET_BODY(op->d, op_offset_W(cpu, op))

OP_DEFINE(imul_r) SET_BODY(op->d, multiply(cpu, GET(op->d), GET(op->s)))
OP_DEFINE(imul_i_r) SET_BODY(op->d, multiply(cpu, IMMEDIATE, GET(op->s)))
OP_DEFINE(imul_quiet) SET_BODY(op->d, GET(op->d) * (uint64_t)GET(op->s))
OP_DEFINE(imul_i_quiet) SET_BODY(op->d, IMMEDIATE * (uint64_t)GET(op->s))
READ_HANDLERS(imul_m, SET(op->d, multiply(cpu, GET(op->d), m)))
READ_HANDLERS(imul_i_m, SET(op->d, multiply(cpu, IMMEDIATE, m)))

OP_DEFINE(mul_r)
{
    uint64_t product = (uint64_t)GET(CPU_AX) * GET(op->s);
    T low = (T)product, high = (T)(product >> BITS);
    SET(CPU_AX, low);
    SET(CPU_DX, high);
    flags_set(cpu, FLAGS_RESULT, LOG2, low, high ? FLAG_CF | FLAG_OF : 0);
    NEXT;
}
OP_DEFINE(imul1_r)
{
    int64_t product = (int64_t)(ST)GET(CPU_AX) * (ST)GET(op->s);
    T low = (T)product;
    SET(CPU_AX, low);
    SET(CPU_DX, (T)((uint64_t)product >> BITS));
    flags_set(cpu, FLAGS_RESULT, LOG2, low, product != (ST)low ? FLAG_CF | FLAG_OF : 0);
    NEXT;
}

#if BITS == 16
OP_DEFINE(cbw)
{
    SET(CPU_AX, (T)(int8_t)cpu->gpr[CPU_AX]);
    NEXT;
}
#else
OP_DEFINE(cbw)
{
    SET(CPU_AX, (T)(int16_t)cpu->gpr[CPU_AX]);
    NEXT;
}
OP_DEFINE(bswap)
{
    T v = GET(op->d);
    SET(op->d, v << 24 | (v & 0xff00) << 8 | (v >> 8 & 0xff00) | v >> 24);
    NEXT;
}
#endif
OP_DEFINE(cwd)
{
    SET(CPU_DX, (ST)GET(CPU_AX) < 0 ? (T)~(T)0 : 0);
    NEXT;
}

#define EXTEND_HANDLERS(name, type, bytes, get)                                          \
    OP_DEFINE(name##_r) SET_BODY(op->d, (T)(type)(get))                                  \
    OP_SLOW(name##_m_slow)                                                               \
    {                                                                                    \
        SLOW_REFILL(bytes, false);                                                       \
        SET(op->d, (T)(type)(host ? load_le(host, bytes)                                 \
                                  : op_load(cpu, op, op_linear_any(cpu, op, bytes, false), bytes))); \
        NEXT;                                                                            \
    }                                                                                    \
    CLASSES(EXTEND_MEMORY, name, type, bytes)
#define EXTEND_MEMORY(M, name, type, bytes)                                              \
    OP_DEFINE(name##_m_##M)                                                              \
    EXTEND_BODY(REACH(M, bytes, false), MISS_AT(M, name##_m_slow), op->d, type, bytes)
EXTEND_HANDLERS(movzx8, uint8_t, 1, get_gpr8(cpu, op->s))
EXTEND_HANDLERS(movsx8, int8_t, 1, get_gpr8(cpu, op->s))
EXTEND_HANDLERS(movzx16, uint16_t, 2, cpu->gpr[op->s])
EXTEND_HANDLERS(movsx16, int16_t, 2, cpu->gpr[op->s])

/* --- stack and near transfers, by class of the stack --------------------------------------------- */
#define STACK_HANDLERS(name, setup, value, END)                               \
    OP_SLOW(name##_slow)                                                    \
    {                                                                         \
        uint64_t code_base = op_code_base_S(cpu);                             \
        (void)code_base;                                                      \
        setup;                                                                \
        op_push_any(cpu, op, BYTES, value);                                   \
        END;                                                                  \
    }                                                                         \
    PUSH_HANDLER(F, name, setup, value, END)                                  \
    PUSH_HANDLER(S, name, setup, value, END)                                  \
    PUSH_HANDLER(W, name, setup, value, END)
#define PUSH_HANDLER(M, name, setup, value, END)                              \
    OP_DEFINE(name##_##M)                                                     \
    {                                                                         \
        uint8_t *host;                                                        \
        uint64_t sp, code_base = op_code_base_##M(cpu);                       \
        (void)code_base;                                                      \
        setup;                                                                \
        if (!op_reach_stack_##M(cpu, op, -BYTES, BYTES, true, &sp, &host))        \
            MISS(name##_slow);                                                \
        store_le(host, BYTES, value);                                         \
        cpu->gpr[CPU_SP] = sp;                                                \
        END;                                                                  \
    }
#define CALL_TARGET                 \
    T target = GET(op->s);          \
    op_check_target(cpu, op, target)
STACK_HANDLERS(push_r, , GET(op->s), NEXT)
STACK_HANDLERS(push_i, , IMMEDIATE, NEXT)
#define NOTE_CALL run_note_call(cpu, op, code_base, IMMEDIATE)
STACK_HANDLERS(call, , IMMEDIATE, NOTE_CALL; ENTER_LINK)
STACK_HANDLERS(call_r, CALL_TARGET, IMMEDIATE, NOTE_CALL; ENTER_OFFSET(target))

#if BITS == 32
/* Runs of PUSH or POP of registers on a flat stack: one look at the TLB for all words, which lie in one
 * page. The immediate has the registers, four bits each, the first to be pushed lowest. Where the short
 * way is closed the first instruction is done alone. */
OP_SLOW(push_run_slow)
{
    op_push_any(cpu, op, BYTES, GET(op->u.v.immediate & 7));
    return op_split(cpu, op);
}
OP_SLOW(pop_run_slow)
{
    T value = (T)op_top_any(cpu, op, BYTES);
    op_drop_any(cpu, op, BYTES);
    SET(op->u.v.immediate & 7, value);
    return op_split(cpu, op);
}
#define RUN_HANDLERS(n)                                                            \
    OP_DEFINE(push_run_##n)                                                        \
    {                                                                              \
        uint8_t *host;                                                             \
        uint64_t sp = (uint32_t)(cpu->gpr[CPU_SP] - (n) * BYTES);                  \
        if (!op_reach(cpu, sp, (n) * BYTES, true, &host))                          \
            MISS(push_run_slow);                                                   \
        BASE_UNROLLED for (unsigned i = 0; i < (n); i++)                           \
            store_le(host + ((n) - 1 - i) * BYTES, BYTES,                          \
                     GET(op->u.v.immediate >> i * 4 & 7));                         \
        cpu->gpr[CPU_SP] = sp;                                                     \
        NEXT;                                                                      \
    }                                                                              \
    OP_DEFINE(pop_run_##n)                                                         \
    {                                                                              \
        uint8_t *host;                                                             \
        uint64_t sp = (uint32_t)cpu->gpr[CPU_SP];                                  \
        if (!op_reach(cpu, sp, (n) * BYTES, false, &host))                         \
            MISS(pop_run_slow);                                                    \
        BASE_UNROLLED for (unsigned i = 0; i < (n); i++)                           \
            SET(op->u.v.immediate >> i * 4 & 7, PEEK(host + i * BYTES));           \
        cpu->gpr[CPU_SP] = (uint32_t)(sp + (n) * BYTES);                           \
        NEXT;                                                                      \
    }
RUN_HANDLERS(2) RUN_HANDLERS(3) RUN_HANDLERS(4) RUN_HANDLERS(5) RUN_HANDLERS(6) RUN_HANDLERS(7)
#endif

/* Of memory: any stack and any target go the slow way, which reads again; it is RAM that the short
 * way has read. */
#define TWO_ACCESSES(M, name, END)                                                    \
    OP_DEFINE(name##_##M)                                                             \
    {                                                                                 \
        uint8_t *host, *stack;                                                        \
        uint64_t sp;                                                                  \
        T m;                                                                          \
        if (!op_reach_##M(cpu, op, BYTES, false, &host) ||                            \
            !op_reach_stack_any(cpu, op, -BYTES, BYTES, true, &sp, &stack))           \
            MISS(name##_slow);                                                        \
        m = PEEK(host);                                                               \
        END;                                                                          \
    }
OP_SLOW(push_m_slow)
{
    T m = (T)op_load(cpu, op, SLOW_LINEAR(false), BYTES);
    op_push_any(cpu, op, BYTES, m);
    NEXT;
}
CLASSES(TWO_ACCESSES, push_m, store_le(stack, BYTES, m); cpu->gpr[CPU_SP] = sp; NEXT)
#define NOTE_CALL_ANY run_note_call(cpu, op, op_code_base_S(cpu), IMMEDIATE)
OP_SLOW(call_m_slow)
{
    T m = (T)op_load(cpu, op, SLOW_LINEAR(false), BYTES);
    op_check_target(cpu, op, m);
    op_push_any(cpu, op, BYTES, IMMEDIATE);
    NOTE_CALL_ANY;
    ENTER_OFFSET(m);
}
CLASSES(TWO_ACCESSES, call_m, op_check_target(cpu, op, m); store_le(stack, BYTES, IMMEDIATE);
        cpu->gpr[CPU_SP] = sp; NOTE_CALL_ANY; ENTER_OFFSET(m))
OP_SLOW(jmp_m_slow)
{
    T m = (T)op_load(cpu, op, SLOW_LINEAR(false), BYTES);
    op_check_target(cpu, op, m);
    ENTER_OFFSET(m);
}
#define JMP_MEMORY(M, name)                                       \
    OP_DEFINE(name##_##M)                                         \
    {                                                             \
        uint8_t *host;                                            \
        T m;                                                      \
        if (!op_reach_##M(cpu, op, BYTES, false, &host))          \
            MISS(name##_slow);                                    \
        m = PEEK(host);                                           \
        op_check_target(cpu, op, m);                              \
        ENTER_OFFSET(m);                                          \
    }
CLASSES(JMP_MEMORY, jmp_m)

OP_SLOW(pop_r_slow)
{
    T value = (T)op_top_any(cpu, op, BYTES);
    op_drop_any(cpu, op, BYTES);
    SET(op->d, value);
    NEXT;
}
OP_SLOW(ret_slow)
{
    T target = (T)op_top_any(cpu, op, BYTES);
    op_check_target(cpu, op, target);
    op_drop_any(cpu, op, BYTES + op->u.v.immediate);
    return run_return(cpu, target);
}
#define POP_HANDLERS(M)                                                                   \
    OP_DEFINE(pop_r_##M) POP_BODY(M, MISS(pop_r_slow), op->d)                             \
    OP_DEFINE(ret_##M)                                                                    \
    {                                                                                     \
        uint8_t *host;                                                                    \
        uint64_t sp;                                                                      \
        struct block *to;                                                                 \
        int32_t drop = (int32_t)(BYTES + op->u.v.immediate);                              \
        if (!op_reach_stack_##M(cpu, op, drop, BYTES, false, &sp, &host))                 \
            MISS(ret_slow);                                                               \
        if (!run_knows_return(cpu, op_code_base_##M(cpu), PEEK(host), &to))               \
            MISS(ret_slow); /* may lie beyond CS' limit */                                \
        cpu->gpr[CPU_SP] = sp;                                                            \
        ENTER_BLOCK(to);                                                                  \
    }
POP_HANDLERS(F)
POP_HANDLERS(S)
POP_HANDLERS(W)

OP_DEFINE(jmp_r)
{
    T target = GET(op->s);
    op_check_target(cpu, op, target);
    ENTER_OFFSET(target);
}
OP_SLOW(leave_slow)
{
    uint64_t at = (uint32_t)cpu->gpr[CPU_BP];
    T value = (T)op_load(cpu, op, at, BYTES);
    cpu->gpr[CPU_SP] = (uint32_t)(at + BYTES);
    SET(CPU_BP, value);
    NEXT;
}
/* On a flat stack of 32 bits. */
OP_DEFINE(leave)
{
    uint64_t at = (uint32_t)cpu->gpr[CPU_BP];
    uint8_t *host;
    if (!op_reach(cpu, at, BYTES, false, &host))
        MISS(leave_slow);
    cpu->gpr[CPU_SP] = (uint32_t)(at + BYTES);
    SET(CPU_BP, PEEK(host));
    NEXT;
}
/* LOOP counts in CX or ECX by the address size, which BITS stands for here. */
OP_DEFINE(loop)
{
    T count = (T)(GET(CPU_CX) - 1);
    SET(CPU_CX, count);
    BRANCH(count != 0);
}
#endif

#if BITS == 32
OP_DEFINE(nop)
{
    (void)cpu;
    NEXT;
}
OP_DEFINE(jmp)
{
    ENTER_LINK;
}
#endif

#ifdef OPS_NAME
/* --- the table --------------------------------------------------------------------------------------------------------- */
#define STACK_ROW(name) {name##_F, name##_S, name##_W}
#define ALU_ROW(name)                                                                          \
    {name##_rr, name##_ri, CLASS_ROW(name##_rm), CLASS_ROW(name##_mr), CLASS_ROW(name##_mi)}
#define MEMORY_ROW(name) {name##_r, CLASS_ROW(name##_m)}
const struct op_handlers OPS_NAME = {
    .alu = {ALU_ROW(add), ALU_ROW(or), ALU_ROW(adc), ALU_ROW(sbb), ALU_ROW(and), ALU_ROW(sub),
            ALU_ROW(xor), ALU_ROW(cmp)},
    .alu_quiet = {[ALU_ADD] = {add_rr_quiet, add_ri_quiet},
                  [ALU_OR] = {or_rr_quiet, or_ri_quiet},
                  [ALU_ADC] = {adc_rr_quiet, adc_ri_quiet},
                  [ALU_SBB] = {sbb_rr_quiet, sbb_ri_quiet},
                  [ALU_AND] = {and_rr_quiet, and_ri_quiet},
                  [ALU_SUB] = {sub_rr_quiet, sub_ri_quiet},
                  [ALU_XOR] = {xor_rr_quiet, xor_ri_quiet}},
    .test = ALU_ROW(test),
    .mov = ALU_ROW(mov),
    .unary = {MEMORY_ROW(inc), MEMORY_ROW(dec), MEMORY_ROW(not), MEMORY_ROW(neg)},
    .unary_quiet = {inc_quiet, dec_quiet, not_r, neg_quiet},
    .shift_i = {rol_i, ror_i, rcl_i, rcr_i, shl_i, shr_i, shl_i, sar_i},
    .shift_i_quiet = {rol_i_quiet, ror_i_quiet, [4] = shl_i_quiet, [5] = shr_i_quiet, [6] = shl_i_quiet, [7] = sar_i_quiet},
    .shift_c = {rol_c, ror_c, rcl_c, rcr_c, shl_c, shr_c, shl_c, sar_c},
    BRANCH_ROWS
    .xchg = xchg,
#if BITS == 8
    .setcc_r = CONDITION_ROW(setcc_r),
    .setcc_m = {CLASS_ROW(setcc_m)},
#else
    .cmov_r = CONDITION_ROW(cmov_r),
    .cmov_m = {CLASS_ROW(cmov_m)},
    .lea = {lea_B, lea_F, lea_F, lea_W}, /* no segment: S is F */
    .cbw = cbw,
    .cwd = cwd,
    .imul = MEMORY_ROW(imul),
    .imul_i = MEMORY_ROW(imul_i),
    .imul_quiet = {imul_quiet, imul_i_quiet},
    .mul = {mul_r, imul1_r},
    .movzx8 = MEMORY_ROW(movzx8),
    .movsx8 = MEMORY_ROW(movsx8),
    .movzx16 = MEMORY_ROW(movzx16),
    .movsx16 = MEMORY_ROW(movsx16),
    .push_r = STACK_ROW(push_r),
    .push_i = STACK_ROW(push_i),
    .push_m = {CLASS_ROW(push_m)},
    .pop_r = STACK_ROW(pop_r),
    .leave = leave,
    .call = STACK_ROW(call),
    .call_r = STACK_ROW(call_r),
    .call_m = {CLASS_ROW(call_m)},
    .ret = STACK_ROW(ret),
    .jmp_r = jmp_r,
    .jmp_m = {CLASS_ROW(jmp_m)},
    .loop = loop,
#if BITS == 32
    .bswap = bswap,
    .jmp = jmp,
    .nop = nop,
    .push_run = {[2] = push_run_2, push_run_3, push_run_4, push_run_5, push_run_6, push_run_7},
    .pop_run = {[2] = pop_run_2, pop_run_3, pop_run_4, pop_run_5, pop_run_6, pop_run_7},
#endif
#endif
};
#endif

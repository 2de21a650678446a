/* Handlers for operands of BITS bits (8, 16 or 32): included by ops_8.c, ops_16.c, ops_32.c, with
 * OPS_NAME the table's name. No include guard: one translation unit includes it once. */
#if BITS == 8
#define T uint8_t
#define ST int8_t
#define LOG2 0
#define GET(code) ((T)get_gpr8(cpu, (code)))
#define SET(code, value) set_gpr8(cpu, (code), (value))
#elif BITS == 16
#define T uint16_t
#define ST int16_t
#define LOG2 1
#define GET(code) ((T)cpu->gpr[code])
#define SET(code, value) (cpu->gpr[code] = (cpu->gpr[code] & ~UINT64_C(0xffff)) | (T)(value))
#else
#define T uint32_t
#define ST int32_t
#define LOG2 2
#define GET(code) ((T)cpu->gpr[code])
#define SET(code, value) (cpu->gpr[code] = (uint64_t)(T)(value))
#endif
#define BYTES (BITS / 8)
#define IMMEDIATE ((T)op->u.v.immediate)
#define LINEAR_F(is_write) op_linear_flat(cpu, op)
#define LINEAR_S(is_write) op_linear_any(cpu, op, BYTES, is_write)
#define LOAD(at) ((T)op_load(cpu, op, (at), BYTES))
#define STORE(at, value) op_store(cpu, op, (at), BYTES, (value))

/* Read, change, write: `value` is the old one, `change` computes `r`. */
#define MODIFY(at, change)                                    \
    do {                                                      \
        uint64_t at_ = (at);                                  \
        uint8_t *host = tlb_hit(cpu->tlb_write, at_, BYTES);  \
        if (BASE_LIKELY(host != NULL)) {                      \
            value = (T)load_le(host, BYTES);                  \
            change;                                           \
            store_le(host, BYTES, r);                         \
        } else {                                              \
            value = (T)op_modify_slow(cpu, op, at_, BYTES);   \
            change;                                           \
            memory_write_slow(cpu, op, at_, BYTES, r);        \
        }                                                     \
    } while (0)

/* --- the eight operations ------------------------------------------------------------------------- */
#define DO_ADD(a, b) (r = (T)((a) + (b)), flags_set(cpu, FLAGS_ADD, LOG2, r, (b)))
#define DO_SUB(a, b) (r = (T)((a) - (b)), flags_set(cpu, FLAGS_SUB, LOG2, r, (b)))
#define DO_CMP(a, b) DO_SUB(a, b)
#define DO_OR(a, b) (r = (T)((a) | (b)), flags_set(cpu, FLAGS_RESULT, LOG2, r, 0))
#define DO_AND(a, b) (r = (T)((a) & (b)), flags_set(cpu, FLAGS_RESULT, LOG2, r, 0))
#define DO_XOR(a, b) (r = (T)((a) ^ (b)), flags_set(cpu, FLAGS_RESULT, LOG2, r, 0))
#define DO_ADC(a, b) (r = add_with_carry(cpu, (a), (b)))
#define DO_SBB(a, b) (r = subtract_with_borrow(cpu, (a), (b)))
#define QUIET_ADD(a, b) (r = (T)((a) + (b)))
#define QUIET_SUB(a, b) (r = (T)((a) - (b)))
#define QUIET_OR(a, b) (r = (T)((a) | (b)))
#define QUIET_AND(a, b) (r = (T)((a) & (b)))
#define QUIET_XOR(a, b) (r = (T)((a) ^ (b)))

static inline T add_with_carry(struct cpu *cpu, T a, T b)
{
    uint64_t wide = (uint64_t)a + b + flags_cf(cpu);
    T r = (T)wide;
    uint32_t flags = (uint32_t)(wide >> BITS) & FLAG_CF;
    flags |= (uint32_t)(T)((a ^ r) & (b ^ r)) >> (BITS - 1) ? FLAG_OF : 0;
    flags |= (uint32_t)(a ^ b ^ r) & FLAG_AF;
    flags_set(cpu, FLAGS_RESULT, LOG2, r, flags);
    return r;
}
static inline T subtract_with_borrow(struct cpu *cpu, T a, T b)
{
    uint64_t wide = (uint64_t)a - b - flags_cf(cpu);
    T r = (T)wide;
    uint32_t flags = (uint32_t)(wide >> BITS) & FLAG_CF;
    flags |= (uint32_t)(T)((a ^ b) & (a ^ r)) >> (BITS - 1) ? FLAG_OF : 0;
    flags |= (uint32_t)(a ^ b ^ r) & FLAG_AF;
    flags_set(cpu, FLAGS_RESULT, LOG2, r, flags);
    return r;
}

#define ALU_HANDLERS(name, DO)                                    \
    OP_DEFINE(name##_rr)                                          \
    {                                                             \
        T a = GET(op->d), b = GET(op->s), r;                      \
        DO(a, b);                                                 \
        SET(op->d, r);                                            \
        NEXT;                                                     \
    }                                                             \
    OP_DEFINE(name##_ri)                                          \
    {                                                             \
        T a = GET(op->d), b = IMMEDIATE, r;                       \
        DO(a, b);                                                 \
        SET(op->d, r);                                            \
        NEXT;                                                     \
    }                                                             \
    ALU_MEMORY(name, DO, F)                                       \
    ALU_MEMORY(name, DO, S)
#define ALU_MEMORY(name, DO, M)                                   \
    OP_DEFINE(name##_rm_##M)                                      \
    {                                                             \
        T b = LOAD(LINEAR_##M(false)), a = GET(op->d), r;         \
        DO(a, b);                                                 \
        SET(op->d, r);                                            \
        NEXT;                                                     \
    }                                                             \
    OP_DEFINE(name##_mr_##M)                                      \
    {                                                             \
        T b = GET(op->s), value, r;                               \
        MODIFY(LINEAR_##M(true), DO(value, b));                   \
        NEXT;                                                     \
    }                                                             \
    OP_DEFINE(name##_mi_##M)                                      \
    {                                                             \
        T b = IMMEDIATE, value, r;                                \
        MODIFY(LINEAR_##M(true), DO(value, b));                   \
        NEXT;                                                     \
    }
ALU_HANDLERS(add, DO_ADD)
ALU_HANDLERS(or, DO_OR)
ALU_HANDLERS(adc, DO_ADC)
ALU_HANDLERS(sbb, DO_SBB)
ALU_HANDLERS(and, DO_AND)
ALU_HANDLERS(sub, DO_SUB)
ALU_HANDLERS(xor, DO_XOR)

#define ALU_QUIET(name, DO)                                       \
    OP_DEFINE(name##_rr_quiet)                                    \
    {                                                             \
        T a = GET(op->d), b = GET(op->s), r;                      \
        DO(a, b);                                                 \
        SET(op->d, r);                                            \
        NEXT;                                                     \
    }                                                             \
    OP_DEFINE(name##_ri_quiet)                                    \
    {                                                             \
        T a = GET(op->d), b = IMMEDIATE, r;                       \
        DO(a, b);                                                 \
        SET(op->d, r);                                            \
        NEXT;                                                     \
    }
ALU_QUIET(add, QUIET_ADD)
ALU_QUIET(or, QUIET_OR)
ALU_QUIET(and, QUIET_AND)
ALU_QUIET(sub, QUIET_SUB)
ALU_QUIET(xor, QUIET_XOR)

/* CMP and TEST: nothing is written. */
#define COMPARE_HANDLERS(name, DO)                                \
    OP_DEFINE(name##_rr)                                          \
    {                                                             \
        T a = GET(op->d), b = GET(op->s), r;                      \
        DO(a, b);                                                 \
        (void)r;                                                  \
        NEXT;                                                     \
    }                                                             \
    OP_DEFINE(name##_ri)                                          \
    {                                                             \
        T a = GET(op->d), b = IMMEDIATE, r;                       \
        DO(a, b);                                                 \
        (void)r;                                                  \
        NEXT;                                                     \
    }                                                             \
    COMPARE_MEMORY(name, DO, F)                                   \
    COMPARE_MEMORY(name, DO, S)
#define COMPARE_MEMORY(name, DO, M)                               \
    OP_DEFINE(name##_rm_##M)                                      \
    {                                                             \
        T b = LOAD(LINEAR_##M(false)), a = GET(op->d), r;         \
        DO(a, b);                                                 \
        (void)r;                                                  \
        NEXT;                                                     \
    }                                                             \
    OP_DEFINE(name##_mr_##M)                                      \
    {                                                             \
        T a = LOAD(LINEAR_##M(false)), b = GET(op->s), r;         \
        DO(a, b);                                                 \
        (void)r;                                                  \
        NEXT;                                                     \
    }                                                             \
    OP_DEFINE(name##_mi_##M)                                      \
    {                                                             \
        T a = LOAD(LINEAR_##M(false)), b = IMMEDIATE, r;          \
        DO(a, b);                                                 \
        (void)r;                                                  \
        NEXT;                                                     \
    }
COMPARE_HANDLERS(cmp, DO_CMP)
COMPARE_HANDLERS(test, DO_AND)

/* --- compare and branch ------------------------------------------------------------------------------ */
#define COMPARE_CONDITIONS(X)                                               \
    X(b, a < b) X(ae, a >= b) X(e, a == b) X(ne, a != b) X(be, a <= b)      \
    X(a, a > b) X(s, (ST)r < 0) X(ns, (ST)r >= 0) X(l, (ST)a < (ST)b)       \
    X(ge, (ST)a >= (ST)b) X(le, (ST)a <= (ST)b) X(g, (ST)a > (ST)b)
#define TEST_CONDITIONS(X)                                                  \
    X(e, r == 0) X(ne, r != 0) X(s, (ST)r < 0) X(ns, (ST)r >= 0)            \
    X(l, (ST)r < 0) X(ge, (ST)r >= 0) X(le, (ST)r <= 0) X(g, (ST)r > 0)
#define BRANCH(is_taken)    \
    do {                    \
        if (is_taken)       \
            ENTER_LINK(0);  \
        ENTER_LINK(1);      \
    } while (0)

#define CMP_JCC_REGISTERS(cc, is)                                 \
    OP_DEFINE(cmp_rr_j##cc)                                       \
    {                                                             \
        T a = GET(op->d), b = GET(op->s), r;                      \
        DO_CMP(a, b);                                             \
        (void)r;                                                  \
        BRANCH(is);                                               \
    }                                                             \
    OP_DEFINE(cmp_ri_j##cc)                                       \
    {                                                             \
        T a = GET(op->d), b = IMMEDIATE, r;                       \
        DO_CMP(a, b);                                             \
        (void)r;                                                  \
        BRANCH(is);                                               \
    }
COMPARE_CONDITIONS(CMP_JCC_REGISTERS)
#define TEST_JCC(cc, is)                                          \
    OP_DEFINE(test_rr_j##cc)                                      \
    {                                                             \
        T r;                                                      \
        DO_AND(GET(op->d), GET(op->s));                           \
        BRANCH(is);                                               \
    }                                                             \
    OP_DEFINE(test_ri_j##cc)                                      \
    {                                                             \
        T r;                                                      \
        DO_AND(GET(op->d), IMMEDIATE);                            \
        BRANCH(is);                                               \
    }
TEST_CONDITIONS(TEST_JCC)

/* With memory: a TLB miss is taken apart again. */
#define CMP_JCC_BODY(linear, A, B, is)                            \
    uint64_t at = linear;                                         \
    const uint8_t *host = tlb_hit(cpu->tlb_read, at, BYTES);      \
    T a, b, m, r;                                                 \
    if (BASE_UNLIKELY(!host)) {                                   \
        m = (T)memory_read_slow(cpu, op, at, BYTES);              \
        a = A;                                                    \
        b = B;                                                    \
        DO_CMP(a, b);                                             \
        return op_split(cpu, op);                                 \
    }                                                             \
    m = (T)load_le(host, BYTES);                                  \
    a = A;                                                        \
    b = B;                                                        \
    DO_CMP(a, b);                                                 \
    (void)r;                                                      \
    BRANCH(is);
#define CMP_JCC_MEMORY(cc, is)                                                                  \
    OP_DEFINE(cmp_rm_F_j##cc) { CMP_JCC_BODY(LINEAR_F(false), GET(op->d), m, is) }              \
    OP_DEFINE(cmp_rm_S_j##cc) { CMP_JCC_BODY(LINEAR_S(false), GET(op->d), m, is) }              \
    OP_DEFINE(cmp_mr_F_j##cc) { CMP_JCC_BODY(LINEAR_F(false), m, GET(op->s), is) }              \
    OP_DEFINE(cmp_mr_S_j##cc) { CMP_JCC_BODY(LINEAR_S(false), m, GET(op->s), is) }              \
    OP_DEFINE(cmp_mi_F_j##cc) { CMP_JCC_BODY(LINEAR_F(false), m, IMMEDIATE, is) }               \
    OP_DEFINE(cmp_mi_S_j##cc) { CMP_JCC_BODY(LINEAR_S(false), m, IMMEDIATE, is) }
COMPARE_CONDITIONS(CMP_JCC_MEMORY)

/* --- moves ---------------------------------------------------------------------------------------------- */
OP_DEFINE(mov_rr)
{
    SET(op->d, GET(op->s));
    NEXT;
}
OP_DEFINE(mov_ri)
{
    SET(op->d, IMMEDIATE);
    NEXT;
}
#define MOV_MEMORY(M)                            \
    OP_DEFINE(mov_rm_##M)                        \
    {                                            \
        T value = LOAD(LINEAR_##M(false));       \
        SET(op->d, value);                       \
        NEXT;                                    \
    }                                            \
    OP_DEFINE(mov_mr_##M)                        \
    {                                            \
        uint64_t at = LINEAR_##M(true);          \
        STORE(at, GET(op->s));                   \
        NEXT;                                    \
    }                                            \
    OP_DEFINE(mov_mi_##M)                        \
    {                                            \
        uint64_t at = LINEAR_##M(true);          \
        STORE(at, IMMEDIATE);                    \
        NEXT;                                    \
    }
MOV_MEMORY(F)
MOV_MEMORY(S)

OP_DEFINE(xchg)
{
    T a = GET(op->d), b = GET(op->s);
    SET(op->d, b);
    SET(op->s, a);
    NEXT;
}

/* --- one operand ------------------------------------------------------------------------------------------ */
#define DO_INC(a)                                                                              \
    do {                                                                                       \
        uint32_t carry_ = flags_cf(cpu) ? FLAG_CF : 0;                                         \
        r = (T)((a) + 1);                                                                      \
        flags_set(cpu, FLAGS_RESULT, LOG2, r,                                                  \
                  carry_ | (r == (T)((T)1 << (BITS - 1)) ? FLAG_OF : 0) | (((a) ^ r) & FLAG_AF)); \
    } while (0)
#define DO_DEC(a)                                                                              \
    do {                                                                                       \
        uint32_t carry_ = flags_cf(cpu) ? FLAG_CF : 0;                                         \
        r = (T)((a) - 1);                                                                      \
        flags_set(cpu, FLAGS_RESULT, LOG2, r,                                                  \
                  carry_ | (r == (T)((T) ~(T)0 >> 1) ? FLAG_OF : 0) | (((a) ^ r) & FLAG_AF));  \
    } while (0)
#define DO_NOT(a) (r = (T) ~(a))
#define DO_NEG(a) (r = (T)(0 - (a)), flags_set(cpu, FLAGS_SUB, LOG2, r, (a)))
#define UNARY_HANDLERS(name, DO)                     \
    OP_DEFINE(name##_r)                              \
    {                                                \
        T a = GET(op->d), r;                         \
        DO(a);                                       \
        SET(op->d, r);                               \
        NEXT;                                        \
    }                                                \
    OP_DEFINE(name##_m_F)                            \
    {                                                \
        T value, r;                                  \
        MODIFY(LINEAR_F(true), DO(value));           \
        NEXT;                                        \
    }                                                \
    OP_DEFINE(name##_m_S)                            \
    {                                                \
        T value, r;                                  \
        MODIFY(LINEAR_S(true), DO(value));           \
        NEXT;                                        \
    }
UNARY_HANDLERS(inc, DO_INC)
UNARY_HANDLERS(dec, DO_DEC)
UNARY_HANDLERS(not, DO_NOT)
UNARY_HANDLERS(neg, DO_NEG)
OP_DEFINE(inc_quiet)
{
    SET(op->d, GET(op->d) + 1);
    NEXT;
}
OP_DEFINE(dec_quiet)
{
    SET(op->d, GET(op->d) - 1);
    NEXT;
}
OP_DEFINE(neg_quiet)
{
    SET(op->d, 0 - GET(op->d));
    NEXT;
}

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
SHIFT_HANDLERS(rol, 0)
SHIFT_HANDLERS(ror, 1)
SHIFT_HANDLERS(rcl, 2)
SHIFT_HANDLERS(rcr, 3)
/* The flags of SHL, SHR, SAR: exec_integer.c explains them. */
static inline void shift_flags(struct cpu *cpu, T r, bool carry, bool overflow)
{
    flags_set(cpu, FLAGS_RESULT, LOG2, r, (carry ? FLAG_CF : 0) | (overflow ? FLAG_OF : 0));
}
static inline T shift_left(struct cpu *cpu, T a, unsigned count)
{
    uint64_t wide = (uint64_t)a << count;
    T r = (T)wide;
    bool carry = wide >> BITS & 1;
    shift_flags(cpu, r, carry, (r >> (BITS - 1) & 1) != carry);
    return r;
}
static inline T shift_right(struct cpu *cpu, T a, unsigned count)
{
    T r = (T)((uint64_t)a >> count);
    shift_flags(cpu, r, (uint64_t)a >> (count - 1) & 1, ((r >> (BITS - 1)) ^ (r >> (BITS - 2))) & 1);
    return r;
}
static inline T shift_arithmetic(struct cpu *cpu, T a, unsigned count)
{
    int64_t wide = (ST)a;
    T r = (T)(wide >> count);
    shift_flags(cpu, r, wide >> (count - 1) & 1, false);
    return r;
}
#define FAST_SHIFT_HANDLERS(name, function, quiet)                             \
    OP_DEFINE(name##_i)                                                        \
    {                                                                          \
        SET(op->d, function(cpu, GET(op->d), op->condition));                  \
        NEXT;                                                                  \
    }                                                                          \
    OP_DEFINE(name##_i_quiet)                                                  \
    {                                                                          \
        SET(op->d, quiet);                                                     \
        NEXT;                                                                  \
    }                                                                          \
    OP_DEFINE(name##_c)                                                        \
    {                                                                          \
        unsigned count = (unsigned)cpu->gpr[CPU_CX] & 31;                      \
        if (BASE_LIKELY(count))                                                \
            SET(op->d, function(cpu, GET(op->d), count));                      \
        else                                                                   \
            SET(op->d, GET(op->d));                                            \
        NEXT;                                                                  \
    }
FAST_SHIFT_HANDLERS(shl, shift_left, (T)((uint64_t)GET(op->d) << op->condition))
FAST_SHIFT_HANDLERS(shr, shift_right, (T)((uint64_t)GET(op->d) >> op->condition))
FAST_SHIFT_HANDLERS(sar, shift_arithmetic, (T)((int64_t)(ST)GET(op->d) >> op->condition))

/* --- conditions as values --------------------------------------------------------------------------------------- */
#if BITS == 8
OP_DEFINE(setcc_r)
{
    SET(op->d, flags_condition(cpu, op->condition));
    NEXT;
}
#define SETCC_MEMORY(M)                                       \
    OP_DEFINE(setcc_m_##M)                                    \
    {                                                         \
        uint64_t at = LINEAR_##M(true);                       \
        STORE(at, flags_condition(cpu, op->condition));       \
        NEXT;                                                 \
    }
SETCC_MEMORY(F)
SETCC_MEMORY(S)
#else
#define CMOV_HANDLER(name, source)                    \
    OP_DEFINE(name)                                   \
    {                                                 \
        T value = source;                             \
        if (!flags_condition(cpu, op->condition))     \
            value = GET(op->d);                       \
        SET(op->d, value);                            \
        NEXT;                                         \
    }
CMOV_HANDLER(cmov_r, GET(op->s))
CMOV_HANDLER(cmov_m_F, LOAD(LINEAR_F(false)))
CMOV_HANDLER(cmov_m_S, LOAD(LINEAR_S(false)))

/* --- 16 and 32 bits only ----------------------------------------------------------------------------------------- */
OP_DEFINE(lea)
{
    SET(op->d, op_offset(cpu, op) & (0xffffffffu >> op->is_narrow));
    NEXT;
}

static inline T multiply(struct cpu *cpu, T a, T b)
{
    int64_t product = (int64_t)(ST)a * (ST)b;
    T r = (T)product;
    flags_set(cpu, FLAGS_RESULT, LOG2, r, product != (ST)r ? FLAG_CF | FLAG_OF : 0);
    return r;
}
#define IMUL_HANDLERS(suffix, source)                        \
    OP_DEFINE(imul_##suffix)                                 \
    {                                                        \
        T value = source;                                    \
        SET(op->d, multiply(cpu, GET(op->d), value));        \
        NEXT;                                                \
    }                                                        \
    OP_DEFINE(imul_i_##suffix)                               \
    {                                                        \
        T value = source;                                    \
        SET(op->d, multiply(cpu, IMMEDIATE, value));         \
        NEXT;                                                \
    }
IMUL_HANDLERS(r, GET(op->s))
IMUL_HANDLERS(m_F, LOAD(LINEAR_F(false)))
IMUL_HANDLERS(m_S, LOAD(LINEAR_S(false)))

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

#define EXTEND_HANDLERS(name, type, bytes, get)                                                     \
    OP_DEFINE(name##_r)                                                                             \
    {                                                                                               \
        SET(op->d, (T)(type)(get));                                                                 \
        NEXT;                                                                                       \
    }                                                                                               \
    OP_DEFINE(name##_m_F)                                                                           \
    {                                                                                               \
        type value = (type)op_load(cpu, op, op_linear_flat(cpu, op), bytes);                        \
        SET(op->d, (T)value);                                                                       \
        NEXT;                                                                                       \
    }                                                                                               \
    OP_DEFINE(name##_m_S)                                                                           \
    {                                                                                               \
        type value = (type)op_load(cpu, op, op_linear_any(cpu, op, bytes, false), bytes);           \
        SET(op->d, (T)value);                                                                       \
        NEXT;                                                                                       \
    }
EXTEND_HANDLERS(movzx8, uint8_t, 1, get_gpr8(cpu, op->s))
EXTEND_HANDLERS(movsx8, int8_t, 1, get_gpr8(cpu, op->s))
EXTEND_HANDLERS(movzx16, uint16_t, 2, cpu->gpr[op->s])
EXTEND_HANDLERS(movsx16, int16_t, 2, cpu->gpr[op->s])

/* --- stack and near transfers: F on a flat stack of 32 bits, S on any --------------------------------------------- */
#define PUSH_F(value) op_push_flat(cpu, op, BYTES, (value))
#define PUSH_S(value) op_push_any(cpu, op, BYTES, (value))
#define TOP_F() LOAD((uint32_t)cpu->gpr[CPU_SP])
#define TOP_S() ((T)op_top_any(cpu, op, BYTES))
#define DROP_F(bytes) (cpu->gpr[CPU_SP] = (uint32_t)(cpu->gpr[CPU_SP] + (bytes)))
#define DROP_S(bytes) op_drop_any(cpu, (bytes))
#define STACK_HANDLERS(M)                            \
    OP_DEFINE(push_r_##M)                            \
    {                                                \
        PUSH_##M(GET(op->s));                        \
        NEXT;                                        \
    }                                                \
    OP_DEFINE(push_i_##M)                            \
    {                                                \
        PUSH_##M(IMMEDIATE);                         \
        NEXT;                                        \
    }                                                \
    OP_DEFINE(push_m_##M)                            \
    {                                                \
        T value = LOAD(LINEAR_##M(false));           \
        PUSH_##M(value);                             \
        NEXT;                                        \
    }                                                \
    OP_DEFINE(pop_r_##M)                             \
    {                                                \
        T value = TOP_##M();                         \
        DROP_##M(BYTES);                             \
        SET(op->d, value);                           \
        NEXT;                                        \
    }                                                \
    OP_DEFINE(call_##M)                              \
    {                                                \
        PUSH_##M(IMMEDIATE);                         \
        ENTER_LINK(0);                               \
    }                                                \
    OP_DEFINE(call_r_##M)                            \
    {                                                \
        T target = GET(op->s);                       \
        op_check_target(cpu, op, target);            \
        PUSH_##M(IMMEDIATE);                         \
        ENTER_OFFSET(target);                        \
    }                                                \
    OP_DEFINE(call_m_##M)                            \
    {                                                \
        T target = LOAD(LINEAR_##M(false));          \
        op_check_target(cpu, op, target);            \
        PUSH_##M(IMMEDIATE);                         \
        ENTER_OFFSET(target);                        \
    }                                                \
    OP_DEFINE(jmp_m_##M)                             \
    {                                                \
        T target = LOAD(LINEAR_##M(false));          \
        op_check_target(cpu, op, target);            \
        ENTER_OFFSET(target);                        \
    }                                                \
    OP_DEFINE(ret_##M)                               \
    {                                                \
        T target = TOP_##M();                        \
        op_check_target(cpu, op, target);            \
        DROP_##M(BYTES + op->u.v.immediate);         \
        ENTER_OFFSET(target);                        \
    }
STACK_HANDLERS(F)
STACK_HANDLERS(S)

OP_DEFINE(jmp_r)
{
    T target = GET(op->s);
    op_check_target(cpu, op, target);
    ENTER_OFFSET(target);
}
OP_DEFINE(leave_F)
{
    uint64_t at = (uint32_t)cpu->gpr[CPU_BP];
    T value = LOAD(at);
    cpu->gpr[CPU_SP] = (uint32_t)(at + BYTES);
    SET(CPU_BP, value);
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

/* --- the table --------------------------------------------------------------------------------------------------------- */
#define ALU_ROW(name)                                                                          \
    {name##_rr,   name##_ri,   name##_rm_F, name##_rm_S,                                       \
     name##_mr_F, name##_mr_S, name##_mi_F, name##_mi_S}
#define JCC_CMP_ROW(form)                                                                      \
    {NULL,           NULL,           cmp_##form##_jb,  cmp_##form##_jae,                       \
     cmp_##form##_je, cmp_##form##_jne, cmp_##form##_jbe, cmp_##form##_ja,                     \
     cmp_##form##_js, cmp_##form##_jns, NULL,             NULL,                                \
     cmp_##form##_jl, cmp_##form##_jge, cmp_##form##_jle, cmp_##form##_jg}
#define JCC_TEST_ROW(form)                                                                     \
    {NULL,            NULL,             NULL,             NULL,                                \
     test_##form##_je, test_##form##_jne, NULL,           NULL,                                \
     test_##form##_js, test_##form##_jns, NULL,           NULL,                                \
     test_##form##_jl, test_##form##_jge, test_##form##_jle, test_##form##_jg}
#define MEMORY_ROW(name) {name##_r, name##_m_F, name##_m_S}
const struct op_handlers OPS_NAME = {
    .alu = {ALU_ROW(add), ALU_ROW(or), ALU_ROW(adc), ALU_ROW(sbb), ALU_ROW(and), ALU_ROW(sub),
            ALU_ROW(xor), ALU_ROW(cmp)},
    .alu_quiet = {[ALU_ADD] = {add_rr_quiet, add_ri_quiet},
                  [ALU_OR] = {or_rr_quiet, or_ri_quiet},
                  [ALU_AND] = {and_rr_quiet, and_ri_quiet},
                  [ALU_SUB] = {sub_rr_quiet, sub_ri_quiet},
                  [ALU_XOR] = {xor_rr_quiet, xor_ri_quiet}},
    .test = ALU_ROW(test),
    .mov = ALU_ROW(mov),
    .unary = {MEMORY_ROW(inc), MEMORY_ROW(dec), MEMORY_ROW(not), MEMORY_ROW(neg)},
    .unary_quiet = {inc_quiet, dec_quiet, not_r, neg_quiet},
    .shift_i = {rol_i, ror_i, rcl_i, rcr_i, shl_i, shr_i, shl_i, sar_i},
    .shift_i_quiet = {[4] = shl_i_quiet, [5] = shr_i_quiet, [6] = shl_i_quiet, [7] = sar_i_quiet},
    .shift_c = {rol_c, ror_c, rcl_c, rcr_c, shl_c, shr_c, shl_c, sar_c},
    .cmp_jcc = {JCC_CMP_ROW(rr), JCC_CMP_ROW(ri), JCC_CMP_ROW(rm_F), JCC_CMP_ROW(rm_S),
                JCC_CMP_ROW(mr_F), JCC_CMP_ROW(mr_S), JCC_CMP_ROW(mi_F), JCC_CMP_ROW(mi_S)},
    .test_jcc = {JCC_TEST_ROW(rr), JCC_TEST_ROW(ri)},
    .xchg = xchg,
#if BITS == 8
    .setcc = MEMORY_ROW(setcc),
#else
    .cmov = MEMORY_ROW(cmov),
    .lea = lea,
    .cbw = cbw,
    .cwd = cwd,
    .imul = MEMORY_ROW(imul),
    .imul_i = MEMORY_ROW(imul_i),
    .mul = {mul_r, imul1_r},
    .movzx8 = MEMORY_ROW(movzx8),
    .movsx8 = MEMORY_ROW(movsx8),
    .movzx16 = MEMORY_ROW(movzx16),
    .movsx16 = MEMORY_ROW(movsx16),
    .push_r = {push_r_F, push_r_S},
    .push_i = {push_i_F, push_i_S},
    .push_m = {push_m_F, push_m_S},
    .pop_r = {pop_r_F, pop_r_S},
    .leave = {leave_F, NULL},
    .call = {call_F, call_S},
    .call_r = {call_r_F, call_r_S},
    .call_m = {call_m_F, call_m_S},
    .ret = {ret_F, ret_S},
    .jmp_r = jmp_r,
    .jmp_m = {jmp_m_F, jmp_m_S},
    .loop = loop,
#if BITS == 32
    .bswap = bswap,
#endif
#endif
};

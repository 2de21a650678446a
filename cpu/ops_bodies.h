/* What handlers for operands of BITS bits (8, 16 or 32) are made of: access to registers, arithmetic with its
 * flags, and bodies that leave open where an operand is named. ops_template.h says "by the op's fields",
 * ops_registers_*.c say "this register". No include guard: one translation unit includes it once. */
#if BITS == 8
#define T uint8_t
#define ST int8_t
#define LOG2 0
#define GET(code) ((T)get_gpr8(cpu, (code)))
#define ALONE(code) ((T)(gpr_alone(cpu, (code) & 3) >> ((code) & 8)))
#define SET(code, value) set_gpr8(cpu, (code), (value))
#elif BITS == 16
#define T uint16_t
#define ST int16_t
#define LOG2 1
#define GET(code) ((T)cpu->gpr[code])
#define ALONE(code) GET(code)
#define SET(code, value) gpr_merge(&cpu->gpr[code], 0xffff, (uint64_t)(T)(value))
#else
#define T uint32_t
#define ST int32_t
#define LOG2 2
#define GET(code) ((T)cpu->gpr[code])
#define ALONE(code) ((T)gpr_alone(cpu, code))
#define SET(code, value) (cpu->gpr[code] = (uint64_t)(T)(value))
#endif
#define BYTES (BITS / 8)
#define IMMEDIATE ((T)op->u.v.immediate)
/* On to another handler. */
#define MISS(handler) DISPATCH_MUSTTAIL return handler(cpu, op, op_nothing())
#define PEEK(host) ((T)load_le((host), BYTES))

/* On to the next op. In hot blocks what is left in the register goes along (ops_forwarding.h). */
#ifdef HANDLERS_FORWARD
#define LEAVING(value) FORWARD(value)
#else
#define LEAVING(value) \
    do {               \
        (void)(value); \
        NEXT;          \
    } while (0)
#endif

/* --- bodies --------------------------------------------------------------------------------------- */
/* D, S: registers as GET and SET name them. DO(a, b) computes r and the flags. */
#define TWO_BODY(DO, D, B) TWO_BODY_FROM(DO, D, GET(D), B)
#define TWO_BODY_FROM(DO, D, A, B)                                \
    {                                                             \
        T a = A, b = B, r;                                        \
        DO(a, b);                                                 \
        SET(D, r);                                                \
        LEAVING(r);                                               \
    }
#define COMPARE_BODY(DO, A, B)                                    \
    {                                                             \
        T a = A, b = B, r;                                        \
        DO(a, b);                                                 \
        (void)r;                                                  \
        NEXT;                                                     \
    }
#define ONE_BODY(DO, D) ONE_BODY_FROM(DO, D, GET(D))
#define ONE_BODY_FROM(DO, D, A)                                   \
    {                                                             \
        T a = A, r;                                               \
        DO(a);                                                    \
        SET(D, r);                                                \
        LEAVING(r);                                               \
    }
#define SET_BODY(D, value)                                        \
    {                                                             \
        T r = (T)(value);                                         \
        SET(D, r);                                                \
        LEAVING(r);                                               \
    }
/* Memory: `reach` finds the host's bytes or is false; then `miss` passes on. Reads into m, where `action` leaves what the
 * register gets; writes `value`; reads `value`, changes it to r and writes that. */
#define READ_BODY(reach, miss, action)                            \
    {                                                             \
        uint8_t *host;                                            \
        T m;                                                      \
        if (!(reach))                                             \
            miss;                                                 \
        m = PEEK(host);                                           \
        action;                                                   \
        LEAVING(m);                                               \
    }
#define WRITE_BODY(reach, miss, value)                            \
    {                                                             \
        uint8_t *host;                                            \
        if (!(reach))                                             \
            miss;                                                 \
        store_le(host, BYTES, value);                             \
        NEXT;                                                     \
    }
#define MODIFY_BODY(reach, miss, setup, change)                   \
    {                                                             \
        uint8_t *host;                                            \
        T value, r;                                               \
        setup;                                                    \
        if (!(reach))                                             \
            miss;                                                 \
        value = PEEK(host);                                       \
        change;                                                   \
        store_le(host, BYTES, r);                                 \
        NEXT;                                                     \
    }
/* Reads another size than the operation's. */
#define EXTEND_BODY(reach, miss, D, type, bytes)                  \
    {                                                             \
        uint8_t *host;                                            \
        T m;                                                      \
        if (!(reach))                                             \
            miss;                                                 \
        m = (T)(type)load_le(host, bytes);                        \
        SET(D, m);                                                \
        LEAVING(m);                                               \
    }
/* The stack of class M (ops.h). */
#define PUSH_BODY(M, miss, value)                           \
    {                                                             \
        uint8_t *host;                                            \
        uint64_t sp;                                              \
        if (!op_reach_stack_##M(cpu, op, -BYTES, BYTES, true, &sp, &host)) \
            miss;                                                 \
        store_le(host, BYTES, value);                             \
        cpu->gpr[CPU_SP] = sp;                                    \
        NEXT;                                                     \
    }
#define POP_BODY(M, miss, D)                                      \
    {                                                             \
        uint8_t *host;                                            \
        uint64_t sp;                                              \
        if (!op_reach_stack_##M(cpu, op, BYTES, BYTES, false, &sp, &host)) \
            miss;                                                 \
        cpu->gpr[CPU_SP] = sp;                                    \
        SET(D, PEEK(host));                                       \
        NEXT;                                                     \
    }
#define MOVE_INTO(D) SET(D, m)
/* No commas outside of parentheses: they are arguments of macros. */
#define COMBINE_INTO(DO, D) \
    T a = GET(D);           \
    T b = m;                \
    T r;                    \
    DO(a, b);               \
    SET(D, r);              \
    m = r
#define COMPARE_ONLY(DO, A, B) \
    T a = A;                   \
    T b = B;                   \
    T r;                       \
    DO(a, b);                  \
    (void)r

/* --- compare and branch ------------------------------------------------------------------------------ */
#define BRANCH(is_taken)         \
    do {                         \
        if (is_taken)            \
            ENTER_NEAR_LINK(0);  \
        ENTER_NEAR_LINK(1);      \
    } while (0)
#define CMP_BRANCH_BODY(A, B, is)                                 \
    {                                                             \
        T a = A, b = B, r;                                        \
        DO_CMP(a, b);                                             \
        (void)r;                                                  \
        BRANCH(is);                                               \
    }
#define TEST_BRANCH_BODY(A, B, is)                                \
    {                                                             \
        T r;                                                      \
        DO_AND(A, B);                                             \
        BRANCH(is);                                               \
    }
#define COUNT_BRANCH_BODY(DO, D, is)                              \
    {                                                             \
        T a = GET(D), r;                                          \
        DO(a);                                                    \
        SET(D, r);                                                \
        BRANCH(is);                                               \
    }
#define CMP_READ_BRANCH_BODY(reach, miss, A, B, is)               \
    {                                                             \
        uint8_t *host;                                            \
        T m, a, b, r;                                             \
        if (!(reach))                                             \
            miss;                                                 \
        m = PEEK(host);                                           \
        a = A;                                                    \
        b = B;                                                    \
        DO_CMP(a, b);                                             \
        (void)r;                                                  \
        BRANCH(is);                                               \
    }
#define TEST_READ_BRANCH_BODY(reach, miss, B, is)                 \
    {                                                             \
        uint8_t *host;                                            \
        T r;                                                      \
        if (!(reach))                                             \
            miss;                                                 \
        DO_AND(PEEK(host), B);                                    \
        BRANCH(is);                                               \
    }
#define COUNT_MODIFY_BRANCH_BODY(reach, miss, DO, is)             \
    {                                                             \
        uint8_t *host;                                            \
        T a, r;                                                   \
        if (!(reach))                                             \
            miss;                                                 \
        a = PEEK(host);                                           \
        DO(a);                                                    \
        store_le(host, BYTES, r);                                 \
        BRANCH(is);                                               \
    }
#define COMPARE_CONDITIONS(X)                                               \
    X(b, a < b) X(ae, a >= b) X(e, a == b) X(ne, a != b) X(be, a <= b)      \
    X(a, a > b) X(s, (ST)r < 0) X(ns, (ST)r >= 0) X(l, (ST)a < (ST)b)       \
    X(ge, (ST)a >= (ST)b) X(le, (ST)a <= (ST)b) X(g, (ST)a > (ST)b)
#define TEST_CONDITIONS(X)                                                  \
    X(e, r == 0) X(ne, r != 0) X(s, (ST)r < 0) X(ns, (ST)r >= 0)            \
    X(l, (ST)r < 0) X(ge, (ST)r >= 0) X(le, (ST)r <= 0) X(g, (ST)r > 0)
#define COUNT_CONDITIONS(X) X(e, r == 0) X(ne, r != 0) X(s, (ST)r < 0) X(ns, (ST)r >= 0)

/* --- the eight operations ------------------------------------------------------------------------- */
#define DO_ADD(a, b) (r = (T)((a) + (b)), flags_set(cpu, FLAGS_ADD, LOG2, r, (b)))
#define DO_SUB(a, b) (r = (T)((a) - (b)), flags_set(cpu, FLAGS_SUB, LOG2, r, (b)))
#define DO_CMP(a, b) DO_SUB(a, b)
#define DO_OR(a, b) (r = (T)((a) | (b)), flags_set(cpu, FLAGS_RESULT, LOG2, r, 0))
#define DO_AND(a, b) (r = (T)((a) & (b)), flags_set(cpu, FLAGS_RESULT, LOG2, r, 0))
#define DO_XOR(a, b) (r = (T)((a) ^ (b)), flags_set(cpu, FLAGS_RESULT, LOG2, r, 0))
#define DO_ADC(a, b) (r = add_carrying(cpu, (a), (b), flags_cf(cpu)))
#define DO_SBB(a, b) (r = subtract_borrowing(cpu, (a), (b), flags_cf(cpu)))
#define QUIET_ADD(a, b) (r = (T)((a) + (b)))
#define QUIET_SUB(a, b) (r = (T)((a) - (b)))
#define QUIET_ADC(a, b) (r = (T)((a) + (b) + flags_cf(cpu)))
#define QUIET_SBB(a, b) (r = (T)((a) - (b) - flags_cf(cpu)))
#define QUIET_OR(a, b) (r = (T)((a) | (b)))
#define QUIET_AND(a, b) (r = (T)((a) & (b)))
#define QUIET_XOR(a, b) (r = (T)((a) ^ (b)))

static inline T add_carrying(struct cpu *cpu, T a, T b, bool carry)
{
    uint64_t wide = (uint64_t)a + b + carry;
    T r = (T)wide;
    uint32_t flags = (uint32_t)(wide >> BITS) & FLAG_CF;
    flags |= (uint32_t)(T)((a ^ r) & (b ^ r)) >> (BITS - 1) ? FLAG_OF : 0;
    flags |= (uint32_t)(a ^ b ^ r) & FLAG_AF;
    flags_set(cpu, FLAGS_RESULT, LOG2, r, flags);
    return r;
}
static inline T subtract_borrowing(struct cpu *cpu, T a, T b, bool borrow)
{
    uint64_t wide = (uint64_t)a - b - borrow;
    T r = (T)wide;
    uint32_t flags = (uint32_t)(wide >> BITS) & FLAG_CF;
    flags |= (uint32_t)(T)((a ^ b) & (a ^ r)) >> (BITS - 1) ? FLAG_OF : 0;
    flags |= (uint32_t)(a ^ b ^ r) & FLAG_AF;
    flags_set(cpu, FLAGS_RESULT, LOG2, r, flags);
    return r;
}

/* --- one operand ------------------------------------------------------------------------------------------ */
#define DO_COUNT(class, after, carry)                             \
    do {                                                          \
        uint64_t carry_ = (carry) ? FLAG_CF : 0;                  \
        r = (T)(after);                                           \
        flags_set(cpu, class, LOG2, r, carry_);                   \
    } while (0)
#define DO_INC(a) DO_COUNT(FLAGS_INC, (a) + 1, flags_cf(cpu))
#define DO_DEC(a) DO_COUNT(FLAGS_DEC, (a) - 1, flags_cf(cpu))
#define DO_INC_CLEAR(a) DO_COUNT(FLAGS_INC, (a) + 1, 0)
#define DO_DEC_CLEAR(a) DO_COUNT(FLAGS_DEC, (a) - 1, 0)
#define DO_NOT(a) (r = (T) ~(a))
#define DO_NEG(a) (r = (T)(0 - (a)), flags_set(cpu, FLAGS_SUB, LOG2, r, (a)))

/* --- shifts ------------------------------------------------------------------------------------------------ */
static inline T rotate(T a, unsigned left)
{
    left &= BITS - 1;
    return (T)((uint64_t)a << left | (uint64_t)a >> (BITS - left));
}
static inline T rotate_left(struct cpu *cpu, T a, unsigned count)
{
    T r = rotate(a, count);
    uint32_t carry = r & 1, top = r >> (BITS - 1) & 1;
    flags_change(cpu, FLAG_CF | FLAG_OF, (carry ? FLAG_CF : 0) | (carry ^ top ? FLAG_OF : 0));
    return r;
}
static inline T rotate_right(struct cpu *cpu, T a, unsigned count)
{
    T r = rotate(a, BITS - (count & (BITS - 1)));
    uint32_t carry = r >> (BITS - 1) & 1, next = r >> (BITS - 2) & 1;
    flags_change(cpu, FLAG_CF | FLAG_OF, (carry ? FLAG_CF : 0) | (carry ^ next ? FLAG_OF : 0));
    return r;
}
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

#if BITS != 8
static inline T multiply(struct cpu *cpu, T a, T b)
{
    int64_t product = (int64_t)(ST)a * (ST)b;
    T r = (T)product;
    flags_set(cpu, FLAGS_RESULT, LOG2, r, product != (ST)r ? FLAG_CF | FLAG_OF : 0);
    return r;
}
#endif

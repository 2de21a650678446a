/* Specialised handlers of MMX and SSE: the instructions of ops_simd.def that have a function. They stand in a block as two
 * operations, as those in ops_seldom.c do: the first does the whole instruction and goes on behind the second; where it
 * cannot, with nothing done, the second follows, which is the plain handler.
 *
 * There is one for each way of the operands (x an XMM register, q an MMX register, m memory, r a general register, i the
 * immediate), which calls the row's function. Moves, whole registers (simd_lanes.h) and ordinary floats (simd_fast.h) in XMM
 * registers have their own. */
#include "cpu/ops.h"

#include "cpu/fpu.h"
#include "cpu/simd_fast.h"
#include "cpu/simd_instructions.h"
#include "cpu/simd_lanes.h"

#define DONE DISPATCH(op + 2)

/* Not so: #UD or #NM (exec_simd.c). */
static inline bool is_ready(const struct cpu *cpu)
{
    return BASE_LIKELY(!(cpu->cr0 & (CR0_EM | CR0_TS)) && cpu->cr4 & CR4_OSFXSR);
}

static inline bool is_ready_mmx(const struct cpu *cpu)
{
    return BASE_LIKELY(!(cpu->cr0 & (CR0_EM | CR0_TS)) && !x87_is_pending(&cpu->fpu.x87));
}

static inline struct simd_value *xmm(struct cpu *cpu, unsigned number)
{
    return &cpu->fpu.simd.xmm[number];
}

/* The operand's bytes, where they are RAM and aligned: `condition` has the address bits that must be clear. */
static BASE_ALWAYS_INLINE bool reach(const struct cpu *cpu, const struct op *op, unsigned bytes, bool is_write,
                                     uint8_t **host)
{
    uint64_t offset = op_offset(cpu, op) & (0xffffffffu >> op->is_narrow);
    return !((cpu->bounds[op->segment].base + offset) & op->condition) &&
           op_reach_in(cpu, op->segment, offset, bytes, is_write, host);
}

static inline struct simd_value load(const uint8_t *host, unsigned bytes)
{
    if (bytes == 16)
        return (struct simd_value){{load_le64(host), load_le64(host + 8)}};
    return (struct simd_value){{load_le(host, bytes), 0}};
}

static inline void store(uint8_t *host, unsigned bytes, const struct simd_value *v)
{
    if (bytes < 16) {
        store_le(host, bytes, v->q[0]);
        return;
    }
    store_le64(host, v->q[0]);
    store_le64(host + 8, v->q[1]);
}

/* --- by the row's function --------------------------------------------------------------------------- */

/* `op` is the first of two: the second knows the instruction. False: an exception that is not masked; nothing is done. */
static inline bool call_function(const struct op *op, struct simd_env *env, struct simd_value *d,
                                 const struct simd_value *s)
{
    op[1].u.instruction->row->simd.function(env, d, s);
    return !env->raised || simd_settle(env);
}

static inline unsigned bytes_of(const struct op *op)
{
    return op[1].u.instruction->row->simd.memory_bytes;
}

static inline struct simd_value mmx(const struct cpu *cpu, unsigned number)
{
    return (struct simd_value){{x87_mmx_read(&cpu->fpu.x87, number), 0}};
}

/* To and from: `source` sets s or goes on, `sink` has d. Of `width` bytes: 16, or 8 for MMX. */
#define FUNCTION_HANDLER(name, is_ready, width, is_memory, source, old, sink)          \
    OP_DEFINE(name)                                                                    \
    {                                                                                  \
        struct simd_value d, s;                                                        \
        struct simd_env env;                                                           \
        if (!is_ready(cpu))                                                            \
            NEXT;                                                                      \
        source;                                                                        \
        d = old;                                                                       \
        env = simd_env_of(cpu, width, (uint8_t)op->u.v.immediate, is_memory);          \
        if (!call_function(op, &env, &d, &s))                                          \
            NEXT;                                                                      \
        sink;                                                                          \
        simd_finish(cpu, &env); /* XMM0 last */                                        \
        DONE;                                                                          \
    }
#define NOTHING_OLD ((struct simd_value){{0, 0}})
#define FROM_MEMORY                                                                    \
    uint8_t *host;                                                                     \
    if (!reach(cpu, op, bytes_of(op), false, &host))                                   \
        NEXT;                                                                          \
    s = load(host, bytes_of(op))
#define INTO_MEMORY(from)                                                              \
    uint8_t *host;                                                                     \
    if (!reach(cpu, op, bytes_of(op), true, &host))                                    \
        NEXT;                                                                          \
    s = from
#define FROM_GPR s = ((struct simd_value){{(uint32_t)cpu->gpr[op->s], 0}})
#define FROM_IMMEDIATE s = ((struct simd_value){{op->u.v.immediate, 0}})
#define INTO_XMM *xmm(cpu, op->d) = d
#define INTO_GPR cpu->gpr[op->d] = (uint32_t)d.q[0]
#define X_HANDLER(name, is_memory, source, old, sink) FUNCTION_HANDLER(name, is_ready, 16, is_memory, source, old, sink)
X_HANDLER(x_from_x, false, s = *xmm(cpu, op->s), *xmm(cpu, op->d), INTO_XMM)
X_HANDLER(x_from_m, true, FROM_MEMORY, *xmm(cpu, op->d), INTO_XMM)
X_HANDLER(x_from_r, false, FROM_GPR, *xmm(cpu, op->d), INTO_XMM)
X_HANDLER(x_from_i, false, FROM_IMMEDIATE, *xmm(cpu, op->d), INTO_XMM)
X_HANDLER(r_from_x, false, s = *xmm(cpu, op->s), NOTHING_OLD, INTO_GPR)
X_HANDLER(r_from_m, true, FROM_MEMORY, NOTHING_OLD, INTO_GPR)
X_HANDLER(m_from_x, true, INTO_MEMORY(*xmm(cpu, op->s)), NOTHING_OLD, store(host, bytes_of(op), &d))

#define INTO_MMX x87_mmx_write(&cpu->fpu.x87, op->d, d.q[0])
#define Q_HANDLER(name, is_memory, source, old, sink)                                  \
    FUNCTION_HANDLER(name, is_ready_mmx, 8, is_memory, source, old, x87_mmx_enter(&cpu->fpu.x87); sink)
Q_HANDLER(q_from_q, false, s = mmx(cpu, op->s), mmx(cpu, op->d), INTO_MMX)
Q_HANDLER(q_from_m, true, FROM_MEMORY, mmx(cpu, op->d), INTO_MMX)
Q_HANDLER(q_from_r, false, FROM_GPR, mmx(cpu, op->d), INTO_MMX)
Q_HANDLER(q_from_i, false, FROM_IMMEDIATE, mmx(cpu, op->d), INTO_MMX)
Q_HANDLER(r_from_q, false, s = mmx(cpu, op->s), NOTHING_OLD, INTO_GPR)
Q_HANDLER(m_from_q, true, INTO_MEMORY(mmx(cpu, op->s)), NOTHING_OLD, store(host, bytes_of(op), &d))

/* --- moves --------------------------------------------------------------------------------------------- */

/* From memory, the rest of the register becomes zero; to memory; between registers, whole. */
#define LOAD_HANDLER(bytes)                                                            \
    OP_DEFINE(load_##bytes)                                                            \
    {                                                                                  \
        uint8_t *host;                                                                 \
        if (!is_ready(cpu) || !reach(cpu, op, bytes, false, &host))                    \
            NEXT;                                                                      \
        *xmm(cpu, op->d) = load(host, bytes);                                          \
        DONE;                                                                          \
    }                                                                                  \
    OP_DEFINE(store_##bytes)                                                           \
    {                                                                                  \
        uint8_t *host;                                                                 \
        if (!is_ready(cpu) || !reach(cpu, op, bytes, true, &host))                     \
            NEXT;                                                                      \
        store(host, bytes, xmm(cpu, op->s));                                           \
        DONE;                                                                          \
    }
LOAD_HANDLER(4)
LOAD_HANDLER(8)
LOAD_HANDLER(16)

/* --- whole registers at once ------------------------------------------------------------------------------ */

#define LANES_HANDLERS_X(name)                                                         \
    OP_DEFINE(name##_x)                                                                \
    {                                                                                  \
        if (!is_ready(cpu))                                                            \
            NEXT;                                                                      \
        lanes_##name(xmm(cpu, op->d), xmm(cpu, op->s));                                \
        DONE;                                                                          \
    }
#define LANES_HANDLERS(name, ...)                                                      \
    LANES_HANDLERS_X(name)                                                             \
    OP_DEFINE(name##_m)                                                                \
    {                                                                                  \
        uint8_t *host;                                                                 \
        struct simd_value s;                                                           \
        if (!is_ready(cpu) || !reach(cpu, op, 16, false, &host))                       \
            NEXT;                                                                      \
        s = load(host, 16);                                                            \
        lanes_##name(xmm(cpu, op->d), &s);                                             \
        DONE;                                                                          \
    }
/* The names of simd_lanes.h, and moves between registers. */
static inline void lanes_mov(struct simd_value *d, const struct simd_value *s)
{
    *d = *s;
}
static inline void lanes_movsd(struct simd_value *d, const struct simd_value *s)
{
    d->q[0] = s->q[0];
}
static inline void lanes_movss(struct simd_value *d, const struct simd_value *s)
{
    simd_set_lane(d, 4, 0, s->q[0]);
}
SIMD_LANEWISE(LANES_HANDLERS)
SIMD_UNPACKS(LANES_HANDLERS)
SIMD_PACKS(LANES_HANDLERS)
LANES_HANDLERS(punpcklqdq, 64)
LANES_HANDLERS(punpckhqdq, 64)
LANES_HANDLERS_X(mov)
LANES_HANDLERS_X(movsd)
LANES_HANDLERS_X(movss)

/* Shifts by the immediate. */
#define SHIFT_HANDLER(name, ...)                                                       \
    OP_DEFINE(name##_i)                                                                \
    {                                                                                  \
        struct simd_value count = {{op->u.v.immediate, 0}};                            \
        if (!is_ready(cpu))                                                            \
            NEXT;                                                                      \
        lanes_##name(xmm(cpu, op->d), &count);                                         \
        DONE;                                                                          \
    }
SIMD_SHIFTS(SHIFT_HANDLER)
SIMD_SIGNED_SHIFTS(SHIFT_HANDLER)

OP_DEFINE(pshufd_x)
{
    const struct simd_value *s = xmm(cpu, op->s);
    if (!is_ready(cpu))
        NEXT;
    *xmm(cpu, op->d) = lanes_shuffle(s, s, op->u.v.immediate);
    DONE;
}

OP_DEFINE(shufps_x)
{
    struct simd_value *d = xmm(cpu, op->d);
    if (!is_ready(cpu))
        NEXT;
    *d = lanes_shuffle(d, xmm(cpu, op->s), op->u.v.immediate);
    DONE;
}

OP_DEFINE(pmovmskb_x)
{
    const struct simd_value *s = xmm(cpu, op->s);
    if (!is_ready(cpu))
        NEXT;
    cpu->gpr[op->d] = lanes_signs8(s->q[0]) | lanes_signs8(s->q[1]) << 8;
    DONE;
}

/* --- floats: ordinary numbers (simd_fast.h); all others by the row's function --------------------------------- */

static inline struct simd_env fast_env(const struct cpu *cpu)
{
    return (struct simd_env){.mxcsr = cpu->fpu.simd.mxcsr};
}

/* False: PE is not masked. */
static inline bool fast_end(struct cpu *cpu, const struct simd_env *env)
{
    if (env->raised & ~env->mxcsr) {
        if (simd_unmasked(env))
            return false;
        cpu->fpu.simd.mxcsr |= env->raised;
    }
    return !simd_unmasked(env);
}

/* The same operation on `count` lanes. */
#define FLOAT_BODY(name, bytes, count, v, otherwise)                                   \
    struct simd_env env = fast_env(cpu);                                               \
    struct simd_value *d = xmm(cpu, op->d), r = *d;                                    \
    const struct simd_value *s = v;                                                    \
    for (unsigned n = 0; n < (count); n++) {                                           \
        uint64_t lane;                                                                 \
        if (!simd_fast_##name(&env, bytes, simd_lane(d, bytes, n), simd_lane(s, bytes, n), &lane)) \
            MISS(otherwise);                                                           \
        simd_set_lane(&r, bytes, n, lane);                                             \
    }                                                                                  \
    if (!fast_end(cpu, &env))                                                          \
        MISS(otherwise);                                                               \
    *d = r;                                                                            \
    DONE
#define MISS(handler) DISPATCH_MUSTTAIL return handler(cpu, op, op_nothing())
#define FLOAT_HANDLERS(name, suffix, bytes, count)                                     \
    OP_DEFINE(name##suffix##_x)                                                        \
    {                                                                                  \
        if (!is_ready(cpu))                                                            \
            NEXT;                                                                      \
        FLOAT_BODY(name, bytes, count, xmm(cpu, op->s), x_from_x);                     \
    }                                                                                  \
    OP_DEFINE(name##suffix##_m)                                                        \
    {                                                                                  \
        uint8_t *host;                                                                 \
        struct simd_value memory;                                                      \
        if (!is_ready(cpu) || !reach(cpu, op, (bytes) * (count), false, &host))        \
            NEXT;                                                                      \
        memory = load(host, (bytes) * (count));                                        \
        FLOAT_BODY(name, bytes, count, &memory, x_from_m);                             \
    }
#define FLOATS(X)                                                                      \
    X(add, ss, 4, 1) X(add, sd, 8, 1) X(add, ps, 4, 4) X(add, pd, 8, 2)                \
    X(sub, ss, 4, 1) X(sub, sd, 8, 1) X(sub, ps, 4, 4) X(sub, pd, 8, 2)                \
    X(mul, ss, 4, 1) X(mul, sd, 8, 1) X(mul, ps, 4, 4) X(mul, pd, 8, 2)                \
    X(div, ss, 4, 1) X(div, sd, 8, 1)
FLOATS(FLOAT_HANDLERS)

/* COMISS and UCOMISS are one where there is no NaN. */
#define COMPARE_BODY(bytes, v, otherwise)                                              \
    static const uint8_t FLAGS[] = {[SIMD_LESS] = FLAG_CF, [SIMD_EQUAL] = FLAG_ZF, [SIMD_GREATER] = 0}; \
    enum simd_relation relation;                                                       \
    if (!simd_fast_compare(bytes, simd_lane(xmm(cpu, op->d), bytes, 0), v, &relation)) \
        MISS(otherwise);                                                               \
    flags_set_explicit(cpu, FLAGS[relation]);                                          \
    DONE
#define COMPARE_HANDLERS(suffix, bytes)                                                \
    OP_DEFINE(comi##suffix##_x)                                                        \
    {                                                                                  \
        if (!is_ready(cpu))                                                            \
            NEXT;                                                                      \
        COMPARE_BODY(bytes, simd_lane(xmm(cpu, op->s), bytes, 0), x_from_x);           \
    }                                                                                  \
    OP_DEFINE(comi##suffix##_m)                                                        \
    {                                                                                  \
        uint8_t *host;                                                                 \
        if (!is_ready(cpu) || !reach(cpu, op, bytes, false, &host))                    \
            NEXT;                                                                      \
        COMPARE_BODY(bytes, load_le(host, bytes), x_from_m);                           \
    }
COMPARE_HANDLERS(ss, 4)
COMPARE_HANDLERS(sd, 8)

/* --- choosing ----------------------------------------------------------------------------------------------- */

static const struct own_handlers {
    simd_function *function;
    op_handler *from_x, *from_m, *from_i;
} OWN[] = {
#define OWN_LANES(name, ...) {simd_##name, name##_x, name##_m, NULL},
#define OWN_SHIFT(name, ...) {simd_##name, NULL, NULL, name##_i},
    SIMD_LANEWISE(OWN_LANES) SIMD_UNPACKS(OWN_LANES) SIMD_PACKS(OWN_LANES) SIMD_SHIFTS(OWN_SHIFT) SIMD_SIGNED_SHIFTS(OWN_SHIFT)
    OWN_LANES(punpcklqdq, 64) OWN_LANES(punpckhqdq, 64)
    {simd_mov, mov_x, load_16, NULL}, /* MOVD: below */
    {simd_movsd, movsd_x, load_8, NULL},
    {simd_movss, movss_x, load_4, NULL},
    {simd_movq, NULL, load_8, NULL},
    {simd_pshufd, pshufd_x, NULL, NULL},
    {simd_shufps, shufps_x, NULL, NULL},
    {simd_pmovmskb, pmovmskb_x, NULL, NULL},
#define OWN_FLOAT(name, suffix, ...) {simd_##name##suffix, name##suffix##_x, name##suffix##_m, NULL},
    FLOATS(OWN_FLOAT)
    {simd_comiss, comiss_x, comiss_m, NULL},
    {simd_comisd, comisd_x, comisd_m, NULL},
    {simd_ucomiss, comiss_x, comiss_m, NULL},
    {simd_ucomisd, comisd_x, comisd_m, NULL},
};

static const struct own_handlers *own_handlers(simd_function *function)
{
    static const struct own_handlers NONE = {NULL, NULL, NULL, NULL};
    for (size_t n = 0; n < ARRAY_COUNT(OWN); n++)
        if (OWN[n].function == function)
            return &OWN[n];
    return &NONE;
}

static bool is_store_of_low_part(simd_function *function)
{
    return function == simd_mov || function == simd_movss || function == simd_movsd || function == simd_movq ||
           function == simd_movlps;
}

static op_handler *store_handler(const struct simd_row *row)
{
    if (!is_store_of_low_part(row->function))
        return m_from_x;
    return row->memory_bytes == 16 ? store_16 : row->memory_bytes == 8 ? store_8 : store_4;
}

static op_handler *mmx_handler_of(const struct instruction *i)
{
    const struct simd_row *row = &i->row->simd;
    if (row->to == SIMD_GM && (row->from == SIMD_EM || row->from == SIMD_ER))
        return i->has_memory ? q_from_m : row->from == SIMD_EM ? q_from_q : q_from_r;
    if (row->from == SIMD_GM && (row->to == SIMD_EM || row->to == SIMD_ER))
        return i->has_memory ? m_from_q : row->to == SIMD_EM ? q_from_q : r_from_q;
    if (row->to == SIMD_EM && row->from == SIMD_IMMEDIATE)
        return q_from_i;
    return row->to == SIMD_GR && row->from == SIMD_EM && !i->has_memory ? r_from_q : NULL;
}

/* NULL: from one kind of registers to the other, for the plain handler. */
static op_handler *handler_of(const struct instruction *i)
{
    const struct simd_row *row = &i->row->simd;
    const struct own_handlers *own = own_handlers(row->function);
    bool is_memory = i->has_memory;
    if (row->to == SIMD_GX && row->from == SIMD_EX && is_memory)
        return own->from_m ? own->from_m : x_from_m;
    if ((row->to == SIMD_GX && row->from == SIMD_EX) || (row->to == SIMD_EX && row->from == SIMD_GX && !is_memory))
        return own->from_x ? own->from_x : x_from_x;
    if (row->to == SIMD_EX && row->from == SIMD_GX)
        return store_handler(row);
    if (row->to == SIMD_EX && row->from == SIMD_IMMEDIATE)
        return own->from_i ? own->from_i : x_from_i;
    if (row->to == SIMD_GX && row->from == SIMD_ER)
        return !is_memory ? x_from_r : row->function == simd_mov ? load_4 : x_from_m;
    if (row->to == SIMD_GR && row->from == SIMD_EX)
        return is_memory ? r_from_m : own->from_x ? own->from_x : r_from_x;
    if (row->to == SIMD_ER && row->from == SIMD_GX)
        return is_memory ? store_handler(row) : r_from_x;
    return mmx_handler_of(i);
}

bool emit_simd(struct builder *b, const struct instruction *i)
{
    const struct simd_row *row = &i->row->simd;
    op_handler *handler = row->function ? handler_of(i) : NULL;
    bool is_to_rm = row->to == SIMD_EX || row->to == SIMD_EM || row->to == SIMD_ER;
    struct op *op;
    if (!handler)
        return false;
    op = builder_add(b, handler, i);
    if (i->has_memory)
        op_set_memory(op, i);
    op->d = is_to_rm ? i->rm : i->reg;
    op->s = is_to_rm ? i->reg : i->rm;
    op->u.v.immediate = (uint8_t)i->immediate;
    op->condition = row->memory_bytes == 16 && row->attributes != SIMD_UNALIGNED ? 15 : 0;
    op->covers = 0; /* the second does */
    builder_add_plain(b, op_execute, i);
    return true;
}

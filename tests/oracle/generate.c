/* Random instruction streams, made from the opcode table: valid opcodes with random prefixes,
 * operands and immediates; registers that are often pointers into the data; forward branches only.
 *
 * Left out, because the outcome belongs to the machine and not to the processor: what leaves the
 * process (INT n, SYSENTER), shows the kernel's tables (SLDT, SGDT …), the time (RDTSC) or the model
 * (CPUID). Privileged instructions stay: they are #GP. Segment registers are loaded with selectors of
 * the LDT of silicon.h, which both sides have; POPF and IRET with flags that leave NT alone.
 *
 * Flags that the manual leaves undefined (SDM 1 appendix A) are followed through the stream: an
 * instruction that would read them gets a CMP in front, and the comparison leaves them out. */
#include "tests/oracle/generate_internal.h"

#include <string.h>

#define C FLAG_CF
#define P FLAG_PF
#define A FLAG_AF
#define Z FLAG_ZF
#define S FLAG_SF
#define O FLAG_OF

/* --- which rows ------------------------------------------------------------------------------------------ */

static bool is_left_out(const struct opcode_row *row, const struct generator_choice *choice)
{
    static const char *const MNEMONICS[] = {
        "int",   "int3",    "icebp",   "sysenter", "sysexit", "cpuid",  "rdtsc",   "rdpmc",
        "sldt",  "str",     "sgdt",    "sidt",     "smsw",    "fxsave", "fxrstor", "rcpps",
        "rcpss", "rsqrtps", "rsqrtss", "dpps",     "dppd",    "salc",   "vmcall",  "vmmcall"};
    for (unsigned n = 0; n < ARRAY_COUNT(MNEMONICS); n++) {
        if (strcmp(row->mnemonic, MNEMONICS[n]) == 0) {
            return true;
        }
    }
    bool is_x87 = (row->opcode >= 0xd8 && row->opcode <= 0xdf) || row->opcode == 0x9b;
    bool is_old = (row->feature & FEATURE_TEST_REGISTERS) != 0; /* no processor that can be underneath */
    return is_old || (is_x87 && !choice->has_fpu) ||
           (choice->only != NULL && strcmp(row->mnemonic, choice->only) != 0) ||
           (choice->has_row != NULL && !choice->has_row(row));
}

void generator_init(struct generator *g, uint64_t seed, const struct generator_choice *choice)
{
    memset(g, 0, sizeof *g);
    g->state = seed;
    g->has_fpu = choice->has_fpu;
    const struct opcode_row *row;
    for (size_t n = 0; (row = opcode_row_at(n)) != NULL && g->row_count < 1024; n++) {
        if (!is_left_out(row, choice)) {
            g->rows[g->row_count++] = row;
        }
    }
    g->simd_from = g->row_count;
    for (size_t n = 0; choice->has_fpu && (row = simd_row_at(n)) != NULL && g->row_count < 1024;
         n++) {
        if (!is_left_out(row, choice)) {
            g->rows[g->row_count++] = row;
        }
    }
}

/* --- undefined flags ------------------------------------------------------------------------------------- */

/* SDM 1 table A-2; for shifts and SHLD the worst count. */
static uint32_t undefined_of(const struct opcode_row *row, unsigned known_count)
{
    static const struct {
        const char *mnemonic;
        uint32_t flags;
    } ROWS[] = {
        {"and",  A                    },
        {"or",   A                    },
        {"xor",  A                    },
        {"test", A                    },
        {"mul",  S | Z | A | P        },
        {"imul", S | Z | A | P        },
        {"div",  C | P | A | Z | S | O},
        {"idiv", C | P | A | Z | S | O},
        {"aaa",  O | S | Z | P        },
        {"aas",  O | S | Z | P        },
        {"daa",  O                    },
        {"das",  O                    },
        {"aam",  O | A | C            },
        {"aad",  O | A | C            },
        {"bt",   O | S | A | P        },
        {"bts",  O | S | A | P        },
        {"btr",  O | S | A | P        },
        {"btc",  O | S | A | P        },
        {"bsf",  C | O | S | A | P    },
        {"bsr",  C | O | S | A | P    },
    };
    for (unsigned n = 0; n < ARRAY_COUNT(ROWS); n++) {
        if (strcmp(row->mnemonic, ROWS[n].mnemonic) == 0) {
            return ROWS[n].flags;
        }
    }
    bool is_shift = strcmp(row->mnemonic, "shl") == 0 || strcmp(row->mnemonic, "shr") == 0 ||
                    strcmp(row->mnemonic, "sar") == 0;
    bool is_rotate = row->fast == FAST_SHIFT && !is_shift;
    if (strcmp(row->mnemonic, "shld") == 0 || strcmp(row->mnemonic, "shrd") == 0) {
        return known_count == 0 ? 0 : known_count == 1 ? A : A | O;
    }
    if (is_shift) {
        return known_count == 0 ? 0 : known_count == 1 ? A : known_count < 8 ? A | O : A | O | C;
    }
    return is_rotate && known_count > 1 ? O : 0;
}

static uint32_t flags_of(unsigned row_flags)
{
    switch ((enum row_flags)row_flags) {
    case ROW_FLAGS_0: return 0;
    case ROW_FLAGS_C: return C;
    case ROW_FLAGS_X: return FLAGS_ARITHMETIC & ~C;
    case ROW_FLAGS_A: break;
    }
    return FLAGS_ARITHMETIC;
}

/* --- one instruction ------------------------------------------------------------------------------------- */

static uint32_t interesting(struct generator *g)
{
    static const uint32_t VALUES[] = {
        0,          1,           2,           0x7f,        0x80, 0xff, 0x7fff, 0x8000, 0xffff,
        0x7fffffff, 0x80000000u, 0xffffffffu, 0xfffffffeu, 31,   32,   33,     8,      16};
    switch (below(g, 4)) {
    case 0: return VALUES[below(g, ARRAY_COUNT(VALUES))];
    case 1: return below(g, DATA_WRITABLE + 64);
    case 2: return below(g, 256);
    default: return (uint32_t)next_random(g);
    }
}

static bool form_has_modrm(const struct opcode_row *row)
{
    switch ((enum operand_form)row->form) {
    case FORM_E:
    case FORM_EG:
    case FORM_GE:
    case FORM_EI:
    case FORM_GEI:
    case FORM_E1:
    case FORM_EC: return true;
    case FORM_N:
    case FORM_AI:
    case FORM_R:
    case FORM_RI:
    case FORM_I:
    case FORM_J:
    case FORM_AO:
    case FORM_OA: break;
    }
    return false;
}

/* Inside the data; at times around its middle and its end, so that operands cross pages. */
static uint32_t random_address(struct generator *g, unsigned alignment)
{
    uint32_t at = below(g, DATA_WRITABLE + (one_in(g, 8) ? 0x2010 : 0));
    if (one_in(g, 8)) {
        at = (one_in(g, 2) ? 0x1000 : DATA_WRITABLE) - below(g, 18);
    }
    return one_in(g, 4) ? at : at & ~(alignment - 1);
}

/* Memory operands: mostly inside the data, sometimes anywhere. */
void put_memory(struct emitter *e, unsigned reg, unsigned alignment)
{
    struct generator *g = e->g;
    unsigned mod = below(g, 3), rm = below(g, 8);
    uint32_t inside = random_address(g, alignment);
    if (one_in(g, 2) || (alignment > 1 && !one_in(g, 4))) {
        mod = 0;
        rm = e->address_16 ? 6 : 5;
    }
    put(e, mod << 6 | reg << 3 | rm, 1);
    if (e->address_16) {
        if (mod == 0 && rm == 6) {
            put(e, inside, 2);
        } else if (mod == 2) {
            put(e, one_in(g, 2) ? inside : interesting(g), 2);
        } else if (mod == 1) {
            put(e, below(g, 256), 1);
        }
        return;
    }
    unsigned base = rm;
    if (rm == 4) {
        unsigned sib = below(g, 256);
        base = sib & 7;
        put(e, sib, 1);
    }
    if (mod == 0 && base == 5) {
        put(e, inside, 4);
    } else if (mod == 2) {
        put(e, one_in(g, 2) ? inside : interesting(g), 4);
    } else if (mod == 1) {
        put(e, below(g, 256), 1);
    }
}

/* What must not be generated because the manual leaves the result open. */
static bool needs_wide(const struct opcode_row *row)
{
    return strcmp(row->mnemonic, "bswap") == 0 || row->opcode == 0x0fa5 || row->opcode == 0x0fad ||
           strncmp(row->mnemonic, "push ", 5) == 0;
}

/* What says nothing, or should not be there: segments until fifteen bytes are full and more, a REP in front of what is no
 * string instruction, LOCK in front of anything. */
static void put_odd_prefixes(struct emitter *e, const struct opcode_row *row)
{
    struct generator *g = e->g;
    for (unsigned n = one_in(g, 24) ? below(g, 15) : 0; n > 0; n--) {
        put(e, one_in(g, 2) ? 0x3e : 0x26, 1);
    }
    bool is_string =
        (row->attributes & ROW_REPS) != 0 || (row->opcode >= 0x6c && row->opcode <= 0x6f);
    if (!is_string && row->opcode < 0x100 && one_in(g, 40)) {
        put(e, 0xf2 + below(g, 2), 1);
    }
    if (one_in(g, 60)) {
        put(e, 0xf0, 1);
    }
}

static void put_prefixes(struct emitter *e, const struct opcode_row *row, bool is_memory)
{
    static const uint8_t SEGMENTS[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
    struct generator *g = e->g;
    put_odd_prefixes(e, row);
    bool code16 = (e->stream->test.flags & TEST_CODE16) != 0;
    bool toggles_operand = one_in(g, 4), toggles_address = one_in(g, 8);
    if (needs_wide(row)) {
        toggles_operand = code16;
    }
    if (strncmp(row->mnemonic, "push ", 5) == 0) {
        toggles_operand = !code16; /* with 32 bits some write two bytes, some four */
    }
    bool is_string =
        (row->attributes & ROW_REPS) != 0 || (row->opcode >= 0x6c && row->opcode <= 0x6f);
    if (toggles_operand) {
        put(e, 0x66, 1);
    }
    if (toggles_address) {
        put(e, 0x67, 1);
    }
    if (one_in(g, 8)) {
        put(e, SEGMENTS[below(g, one_in(g, 8) ? 6 : 5)], 1);
    }
    if (is_string && one_in(g, 2)) {
        put(e, 0xf2 + below(g, 2), 1);
    }
    if (is_memory && (row->attributes & ROW_LOCK) != 0 && one_in(g, 8)) {
        put(e, 0xf0, 1);
    }
    e->is_16 = code16 != toggles_operand;
    e->address_16 = code16 != toggles_address;
}

static void put_immediate(struct emitter *e, const struct opcode_row *row)
{
    struct generator *g = e->g;
    uint32_t value = interesting(g);
    unsigned z = e->is_16 ? 2 : 4;
    switch ((enum immediate_kind)row->immediate) {
    case IMM_NO: break;
    case IMM_IB:
        if (row->opcode == 0x0fa4 || row->opcode == 0x0fac) {
            value &= e->is_16 ? 15 : 255; /* SHLD: a count above the size is undefined */
        }
        if (row->fast == FAST_SHIFT || row->fast == FAST_SHLD) {
            e->count = value & 31;
        }
        put(e, value, 1);
        break;
    case IMM_SB: put(e, value, 1); break;
    case IMM_IZ: put(e, value, z); break;
    case IMM_IV: put(e, value, row->size == SIZE_B ? 1 : z); break;
    case IMM_IW: put(e, below(g, 64), 2); break;
    case IMM_MO: put(e, below(g, DATA_WRITABLE + 16), e->address_16 ? 2 : 4); break;
    case IMM_WB:
        put(e, below(g, one_in(g, 4) ? 0x10000 : 64), 2);
        put(e, below(g, one_in(g, 8) ? 256 : 4), 1);
        break;
    case IMM_FAR:
        put(e, value, z);
        put(e, value, 2);
        break;
    case IMM_JB:
        e->jump_bytes = 1;
        put(e, 0, 1);
        break;
    case IMM_JZ:
        e->jump_bytes = z;
        put(e, 0, z);
        break;
    }
}

/* --- system instructions: with selectors of the LDT, put where the instruction finds them ---------- */

static unsigned random_selector(struct generator *g)
{
    if (one_in(g, 12)) {
        return below(g, 4); /* null; other selectors of the GDT are the kernel's business */
    }
    unsigned index = one_in(g, 3) ? below(g, LDT_COUNT + 2) : 1 + below(g, 2);
    return index * 8 + 4 + (one_in(g, 6) ? below(g, 4) : 3);
}

/* Where a far transfer may arrive: code of the same size, or something that faults. */
static unsigned code_selector(struct emitter *e)
{
    static const uint8_t CODE32[] = {3, 3, 7, 8, 13};
    bool code16 = (e->stream->test.flags & TEST_CODE16) != 0;
    unsigned index = code16 ? 4 : CODE32[below(e->g, ARRAY_COUNT(CODE32))];
    if (one_in(e->g, 6)) {
        static const uint8_t BAD[] = {1, 5, 9, 11, 14};
        index = BAD[below(e->g, ARRAY_COUNT(BAD))];
    }
    return index * 8 + 4 + (one_in(e->g, 8) ? below(e->g, 4) : 3);
}

static void put_size_prefix(struct emitter *e, bool wants_16)
{
    if (((e->stream->test.flags & TEST_CODE16) != 0) != wants_16) {
        put(e, 0x66, 1);
    }
}
/* push imm16, or imm32 */
static void put_push(struct emitter *e, uint32_t value, bool is_16)
{
    put_size_prefix(e, is_16);
    put(e, 0x68, 1);
    put(e, value, is_16 ? 2 : 4);
}
/* mov word [at], imm16 */
static void put_store16(struct emitter *e, uint32_t at, uint32_t value)
{
    bool code16 = (e->stream->test.flags & TEST_CODE16) != 0;
    put_size_prefix(e, true);
    put(e, code16 ? 0x06c7 : 0x05c7, 2);
    put(e, at, code16 ? 2 : 4);
    put(e, value, 2);
}

static uint32_t random_flags(struct generator *g)
{
    uint32_t flags = (uint32_t)next_random(g) & (FLAGS_ARITHMETIC | FLAG_DF | FLAG_IF | FLAG_ID);
    flags |= one_in(g, 8) ? FLAG_TF : 0;
    flags |= one_in(g, 4) ? FLAG_AC : 0;
    return flags | (one_in(g, 8) ? FLAG_IOPL : 0);
}

/* A far pointer in memory, and the instruction that loads it. Returns its place. */
static void put_far_memory(struct emitter *e, const struct opcode_row *row, bool is_transfer)
{
    struct generator *g = e->g;
    bool code16 = (e->stream->test.flags & TEST_CODE16) != 0, is_16 = code16 != one_in(g, 4);
    uint32_t at = below(g, DATA_WRITABLE - 8);
    unsigned selector = is_transfer ? code_selector(e) : random_selector(g);
    uint32_t start = e->at;
    /* the offset is that behind the three instructions, whose length is known */
    unsigned store = code16 ? 6 : 9,
             load = 2u + (is_16 != code16) + (code16 ? 2 : 4) + (row->opcode >= 0x100);
    uint32_t target = is_transfer ? start + (is_16 ? 2u : 3u) * store + load : below(g, 0x10000);
    put_store16(e, at, target & 0xffff);
    if (!is_16) {
        put_store16(e, at + 2, target >> 16);
    }
    put_store16(e, at + (is_16 ? 2 : 4), selector);
    put_size_prefix(e, is_16);
    if (row->opcode >= 0x100) {
        put(e, 0x0f, 1);
    }
    unsigned reg = row->digit == ROW_ANY ? below(g, 8) : row->digit;
    put(e, row->opcode & 0xff, 1);
    put(e, reg << 3 | (code16 ? 6 : 5), 1);
    put(e, at, code16 ? 2 : 4);
}

/* Returns false when the row is none of these. */
static bool put_system(struct emitter *e, const struct opcode_row *row)
{
    struct generator *g = e->g;
    bool code16 = (e->stream->test.flags & TEST_CODE16) != 0, is_16 = code16 != one_in(g, 4);
    unsigned reg = below(g, 8);
    switch (row->opcode) {
    case 0x07:
    case 0x17:
    case 0x1f:
    case 0x0fa1:
    case 0x0fa9: /* push selector; pop segment */
        put_push(e, random_selector(g), is_16);
        put_size_prefix(e, is_16);
        if (row->opcode >= 0x100) {
            put(e, 0x0f, 1);
        }
        put(e, row->opcode & 0xff, 1);
        return true;
    case 0x8e:
    case 0x63:
    case 0x0f02:
    case 0x0f03: /* mov reg, selector; instruction with it */
        put_size_prefix(e, true);
        put(e, 0xb8 + reg, 1);
        put(e, random_selector(g), 2);
        put_size_prefix(e, is_16);
        if (row->opcode >= 0x100) {
            put(e, 0x0f, 1);
        }
        put(e, row->opcode & 0xff, 1);
        put(e, 0xc0 | below(g, 8) << 3 | reg, 1);
        return true;
    case 0x0f00: /* VERR, VERW; LLDT and LTR are #GP */
        put_size_prefix(e, true);
        put(e, 0xb8 + reg, 1);
        put(e, random_selector(g), 2);
        put(e, 0x000f, 2);
        put(e, 0xc0u | (uint32_t)row->digit << 3 | reg, 1);
        return true;
    case 0x9d:
        put_push(e, random_flags(g), is_16);
        put_size_prefix(e, is_16);
        put(e, 0x9d, 1);
        return true;
    case 0xc4:
    case 0xc5:
    case 0x0fb2:
    case 0x0fb4:
    case 0x0fb5: put_far_memory(e, row, false); return true;
    case 0xff:
        if (row->digit != 3 && row->digit != 5) {
            return false;
        }
        put_far_memory(e, row, true);
        return true;
    case 0x9a:
    case 0xea: { /* to the instruction behind it */
        put_size_prefix(e, is_16);
        put(e, row->opcode, 1);
        put(e, e->at + (is_16 ? 4u : 6u), is_16 ? 2 : 4);
        put(e, code_selector(e), 2);
        return true;
    }
    case 0xca:
    case 0xcb:
    case 0xcf: {
        /* push (flags,) cs, eip; the return goes behind itself */
        bool is_iret = row->opcode == 0xcf;
        unsigned push = (is_16 != code16) + (is_16 ? 3u : 5u);
        uint32_t length =
            (is_iret ? 3 : 2) * push + (is_16 != code16) + 1 + (row->opcode == 0xca ? 2 : 0);
        uint32_t target = e->at + length;
        if (is_iret) {
            put_push(e, random_flags(g), is_16);
        }
        put_push(e, code_selector(e), is_16);
        put_push(e, target, is_16);
        put_size_prefix(e, is_16);
        put(e, row->opcode, 1);
        if (row->opcode == 0xca) {
            put(e, below(g, 16) * 2, 2);
        }
        return true;
    }
    default: return false;
    }
}

static void put_instruction(struct emitter *e, const struct opcode_row *row)
{
    e->jump_bytes = 0;
    e->count = 99;
    if (put_system(e, row) || generator_put_fpu(e, row)) {
        return;
    }
    struct generator *g = e->g;
    bool has_modrm = form_has_modrm(row);
    bool is_group7 = row->opcode == 0x0f01 && row->digit != 6; /* registers: other instructions */
    bool is_memory = has_modrm && (row->attributes & ROW_REGS) == 0 &&
                     ((row->attributes & ROW_MEM) != 0 || is_group7 || one_in(g, 2));
    e->count = row->form == FORM_E1 ? 1 : 99;
    put_prefixes(e, row, is_memory);
    if (row->opcode >= 0x100) {
        put(e, 0x0f, 1);
    }
    put(e, row->opcode & 0xff, 1);
    if (has_modrm) {
        unsigned reg = row->digit == ROW_ANY ? below(g, 8) : row->digit;
        if (is_memory) {
            put_memory(e, reg, 1);
        } else {
            put(e, 0xc0 | reg << 3 | below(g, 8), 1);
        }
    }
    put_immediate(e, row);
}

bool generator_leaves(const struct opcode_row *row)
{
    return row->opcode == 0xc2 || row->opcode == 0xc3 ||
           (row->opcode == 0xff && (row->digit == 2 || row->digit == 4));
}

/* --- the stream ------------------------------------------------------------------------------------------- */

static void random_registers(struct generator *g, struct silicon_test *test)
{
    for (unsigned n = 0; n < 8; n++) {
        test->gpr[n] = interesting(g);
        if (n >= CPU_SP && !one_in(g, 4)) {
            test->gpr[n] = below(g, DATA_WRITABLE);
        }
    }
    if (!one_in(g, 8)) {
        test->gpr[CPU_SP] = 0x800 + below(g, 0x1000);
    }
    test->gpr[CPU_CX] = one_in(g, 2) ? below(g, 40) : test->gpr[CPU_CX];
    if (g->has_fpu) {
        test->flags |= TEST_FPU;
        generator_random_fpu(g, &test->fpu);
    }
    test->eflags = ((uint32_t)next_random(g) & (FLAGS_ARITHMETIC | FLAG_DF)) | FLAG_IF | 2;
    test->eflags |= (one_in(g, 12) ? FLAG_AC : 0) | (one_in(g, 24) ? FLAG_TF : 0);
}

/* Forward branches reach the start of one of the next three instructions, or the end. */
static unsigned patch_jump(struct stream *stream, unsigned from, unsigned to, unsigned bytes)
{
    uint32_t next = stream->start[from + 1], distance = stream->start[to] - next;
    for (unsigned n = 0; n < bytes; n++) {
        stream->test.code[next - bytes + n] = (uint8_t)(distance >> 8 * n);
    }
    return to;
}

void generate(struct generator *g, struct stream *stream)
{
    unsigned wanted = one_in(g, 3) ? 1 : 2 + below(g, STREAM_MAX - 2);
    unsigned jump_bytes[STREAM_MAX] = {0}, merge_until = 0;
    uint32_t undefined = 0;
    struct emitter e = {.g = g, .stream = stream};
    memset(stream, 0, sizeof *stream);
    stream->test.flags = (one_in(g, 6) ? TEST_CODE16 : 0u) | (one_in(g, 6) ? TEST_STACK16 : 0u);
    stream->test.seed = (uint32_t)next_random(g);
    random_registers(g, &stream->test);
    unsigned n = 0;
    for (unsigned tries = 0; tries < 100 && n < wanted && e.at < CODE_BYTES - 32; tries++) {
        unsigned index = below(g, g->row_count);
        const struct opcode_row *row = g->rows[index];
        e.is_simd = index >= g->simd_from;
        /* rows of MMX and SSE say that they read flags where they only keep them */
        uint32_t reads = e.is_simd ? 0 : flags_of(row->reads);
        if (generator_leaves(row) && wanted > 1) {
            continue; /* it could land in the middle of anything */
        }
        stream->start[n] = e.at;
        stream->undefined[n] = undefined;
        if ((reads & undefined) != 0 && n >= merge_until && wanted > 1 && n + 1 < wanted) {
            put(&e, 0xc039u | below(g, 64) << 8, 2); /* cmp r, r: defines all */
            undefined = 0;
            row = NULL;
        } else if ((reads & undefined) != 0) {
            continue;
        } else {
            put_instruction(&e, row);
            uint32_t open = undefined_of(row, e.count);
            bool is_total = n >= merge_until && row->fast != FAST_SHIFT && row->fast != FAST_SHLD &&
                            (row->attributes & ROW_REPS) == 0;
            undefined = is_total ? (undefined & ~flags_of(row->writes)) | open : undefined | open;
        }
        jump_bytes[n] = row != NULL ? e.jump_bytes : 0;
        stream->row[n] = row;
        if (jump_bytes[n] != 0) {
            merge_until = n + 4;
        }
        n++;
    }
    stream->count = n;
    stream->start[n] = e.at;
    stream->undefined[n] = undefined;
    stream->test.code_length = e.at;
    for (unsigned k = 0; k < n; k++) {
        if (jump_bytes[k] != 0) {
            unsigned to = k + 1 + below(g, 3);
            patch_jump(stream, k, to < n ? to : n, jump_bytes[k]);
        }
    }
}

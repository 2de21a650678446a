/* The short forms of MMX and SSE beside the plain handlers: each row, its operands in all registers (one may be both) and
 * in memory (aligned or not, across pages, at the segment's end), any values and any MXCSR. What the silicon does
 * is test_cpu_simd.c's. */
#include <check.h>
#include <string.h>

#include "cpu/decode.h"
#include "cpu/run.h"
#include "cpu/simd.h"
#include "tests/unit/cpu_box.h"

#define CODE              0x8000u
#define DATA              0x5000u
#define HANDLERS          0x3000u /* for vector v a JMP to itself at HANDLERS + 16 * v */
#define OSFXSR_OSXMMEXCPT 0x600u
#define CASES             60u

static uint64_t seed;

static uint64_t random64(void) /* xorshift64 */
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * UINT64_C(0x2545f4914f6cdd1d);
}

static uint32_t random_below(uint32_t n)
{
    return (uint32_t)(random64() >> 32) % n;
}

/* A float of that size, ordinary or not. */
static uint64_t random_float(unsigned bytes)
{
    unsigned fraction = bytes == 8 ? 52 : 23;
    uint64_t bits = random64() & simd_lane_mask(bytes),
             exponents = (UINT64_C(1) << (8 * bytes - 1 - fraction)) - 1;
    switch (random_below(12)) {
    case 0: return 0;
    case 1: return UINT64_C(1) << (8 * bytes - 1);
    case 2: return exponents << fraction;           /* infinity */
    case 3: return bits | exponents << fraction;    /* a NaN */
    case 4: return bits & ~(exponents << fraction); /* a denormal */
    case 5:
        return (bits & ~(exponents << fraction)) | UINT64_C(1)
                                                       << fraction; /* the smallest normals */
    case 6: return (bits & ~(exponents << fraction)) | (exponents - 1) << fraction;
    default: /* near 1, at times with a short fraction */
        bits = (bits & ~(exponents << fraction)) | ((exponents >> 1) - 2 + random_below(5))
                                                       << fraction;
        return random_below(2) ? bits : bits & ~((UINT64_C(1) << (fraction - 3)) - 1);
    }
}

static void random_bytes(uint8_t *to, size_t count)
{
    unsigned kind = random_below(3);
    for (size_t at = 0; at < count; at += 8)
        if (kind == 0)
            store_le64(to + at,
                       random64() & (random_below(4) ? UINT64_MAX : UINT64_C(0xff8000007f800001)));
        else if (kind == 1)
            store_le64(to + at, random_float(8));
        else
            store_le64(to + at, random_float(4) | random_float(4) << 32);
}

static void box_init(struct cpu_box *box, enum handler_choice handlers)
{
    struct cpu_registers r;
    cpu_box_init(box, "max", 32);
    box->cpu->run->handlers = handlers;
    cpu_box_real(box, HANDLERS);
    cpu_get_registers(box->cpu, &r);
    r.cr4 = OSFXSR_OSXMMEXCPT;
    cpu_set_registers(box->cpu, &r);
}

/* What a case begins with, and ends with. */
struct state {
    struct cpu_registers r;
    uint8_t fx[512], memory[0x2000];
    uint64_t time;
};

static void run_in(struct cpu_box *box, const struct state *before, const uint8_t *code,
                   size_t count, struct state *after)
{
    uint64_t start = box->timeline.now;
    memset(after, 0, sizeof *after);
    cpu_box_poke(box, CODE, code, count);
    cpu_box_poke(box, DATA, before->memory, sizeof before->memory);
    cpu_set_registers(box->cpu, &before->r);
    cpu_set_fxsave(box->cpu, before->fx);
    cpu_box_run(box, 6);
    cpu_get_registers(box->cpu, &after->r);
    cpu_get_fxsave(box->cpu, after->fx);
    cpu_box_peek(box, DATA, after->memory, sizeof after->memory);
    after->time = box->timeline.now - start;
}

/* The row's bytes, with this ModRM. */
static size_t assemble(const struct opcode_row *row, uint8_t modrm, uint8_t *bytes)
{
    static const uint8_t prefixes[] = {[SIMD_66] = 0x66, [SIMD_F3] = 0xf3, [SIMD_F2] = 0xf2};
    size_t n = 0;
    if (row->simd.prefix != SIMD_NP)
        bytes[n++] = prefixes[row->simd.prefix];
    bytes[n++] = 0x0f;
    if (row->opcode >> 8 != 0x0f)
        bytes[n++] = (uint8_t)(row->opcode >> 8);
    bytes[n++] = (uint8_t)row->opcode;
    bytes[n++] = modrm;
    if (row->immediate == IMM_IB)
        bytes[n++] = (uint8_t)random64();
    return n;
}

static void random_state(const struct cpu_box *box, struct state *s)
{
    static const uint16_t ENDS[] = {0x5ff0, 0x5ff8, 0x5ff1, 0x5fff, 0x6000, 0xfff0, 0xfff8, 0xfffc};
    uint32_t offset =
        random_below(2) ? DATA + 16 * random_below(0x100) : DATA + random_below(0x1f00);
    if (!random_below(6))
        offset = ENDS[random_below(ARRAY_COUNT(ENDS))];
    cpu_get_registers(box->cpu, &s->r);
    for (unsigned n = 0; n < 8; n++)
        s->r.gpr[n] = (uint32_t)random64();
    s->r.gpr[CPU_BX] = offset;
    s->r.gpr[CPU_DI] = 0;
    s->r.gpr[CPU_SP] = 0x7800;
    s->r.segment[CPU_CS].selector = 0;
    s->r.segment[CPU_CS].base = 0;
    s->r.ip = CODE;
    s->r.flags = 2 | (random64() & 0x8d5);
    s->r.cr0 = (s->r.cr0 & ~UINT64_C(0xc)) | (random_below(40)  ? 0
                                              : random_below(2) ? 8
                                                                : 4); /* TS, EM */
    random_bytes(s->memory, sizeof s->memory);
    memset(s->fx, 0, sizeof s->fx);
    random_bytes(s->fx + 32, 256);
    s->fx[0] = 0x7f, s->fx[1] = 3; /* control word: all masked */
    store_le32(s->fx + 24, (random_below(4) ? 0x1f80 : (uint32_t)random64() & 0x1f80) |
                               (random_below(3) ? 0 : (uint32_t)random64() & 0xe040));
}

static void compare(struct cpu_box *fast, struct cpu_box *plain, const struct opcode_row *row)
{
    static struct state before, a, b;
    uint8_t code[32];
    bool has_memory =
        row->attributes & ROW_MEM || (!(row->attributes & ROW_NOMEM) && random_below(2));
    unsigned digit = row->digit == ROW_ANY ? random_below(8) : row->digit;
    uint8_t modrm =
        (uint8_t)(digit << 3 |
                  (has_memory ? 1 : 0xc0 | (random_below(3) ? random_below(8) : digit)));
    size_t count = assemble(row, modrm, code);
    memset(code + count, 0x90, sizeof code - count);
    code[count + 1] = 0xeb;
    code[count + 2] = 0xfe;
    random_state(fast, &before);
    run_in(fast, &before, code, count + 3, &a);
    run_in(plain, &before, code, count + 3, &b);
    ck_assert_msg(memcmp(&a, &b, sizeof a) == 0, "%04x %s, ModRM %02x differs: EIP %x and %x",
                  row->opcode, row->mnemonic, modrm, (unsigned)a.r.ip, (unsigned)b.r.ip);
}

START_TEST(every_row_as_by_the_plain_handler)
{
    struct cpu_box fast, plain;
    const struct opcode_row *row;
    box_init(&fast, HANDLERS_BY_HEAT);
    box_init(&plain, HANDLERS_PLAIN);
    seed = UINT64_C(88172645463325252);
    for (size_t k = 0; (row = simd_row_at(k)) != NULL; k++)
        for (unsigned n = 0; n < CASES && row->simd.function; n++)
            compare(&fast, &plain, row);
    cpu_box_fini(&fast);
    cpu_box_fini(&plain);
}
END_TEST

Suite *ops_simd_suite(void);

Suite *ops_simd_suite(void)
{
    Suite *suite = suite_create("ops_simd");
    TCase *tcase = tcase_create("plain");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, every_row_as_by_the_plain_handler);
    suite_add_tcase(suite, tcase);
    return suite;
}

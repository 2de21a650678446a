/* MMX and SSE through the whole CPU: decoding by prefix, who may execute, operands, exceptions, MXCSR
 * and FXSAVE. What instructions do to values is test_simd.c's. Expected values: SDM 2, tables of
 * exceptions; SDM 3A 2.5; SDM 1 10-12. */
#include <check.h>
#include <string.h>

#include "cpu/decode.h"
#include "cpu/simd_instructions.h"
#include "tests/fuzz/simd_cases.h"
#include "tests/unit/cpu_box.h"

/* Real mode, CS = DS = 0: code, data, and for each vector v a JMP to itself at HANDLERS
 * + 16 * v. */
#define CODE       0x8000u
#define DATA       0x5000u
#define HANDLERS   0x3000u
#define OSFXSR     0x200u
#define OSXMMEXCPT 0x400u
#define NO_FAULT   0xFFu
#define ONE        UINT64_C(0x3F800000)

static void box_init(struct cpu_box *box, const char *model, uint32_t cr0, uint32_t cr4)
{
    struct cpu_registers r;
    cpu_box_init(box, model, 64);
    cpu_box_real(box, HANDLERS);
    cpu_get_registers(box->cpu, &r);
    r.gpr[CPU_SP] = 0x7000;
    r.cr0 |= cr0;
    r.cr4 = cr4;
    cpu_set_registers(box->cpu, &r);
}

static void box_sse(struct cpu_box *box)
{
    box_init(box, "max", 0, OSFXSR | OSXMMEXCPT);
}

/* Runs code up to the JMP to itself behind it; returns the vector that was raised, or NO_FAULT. */
static unsigned run_code(struct cpu_box *box, const void *code, size_t count)
{
    struct cpu_registers r;
    cpu_box_poke(box, CODE, code, count);
    cpu_box_poke(box, CODE + count, "\xeb\xfe", 2);
    cpu_get_registers(box->cpu, &r);
    r.ip = CODE;
    r.gpr[CPU_SP] = 0x7000;
    cpu_set_registers(box->cpu, &r);
    cpu_box_run(box, 100);
    cpu_get_registers(box->cpu, &r);
    if (r.ip == CODE + count)
        return NO_FAULT;
    ck_assert_uint_eq(r.ip & 15, 0);
    return (unsigned)(r.ip - HANDLERS) / 16;
}
#define RUN(box, bytes) run_code(box, bytes, sizeof bytes - 1)

static void set_xmm(struct cpu_box *box, unsigned n, uint64_t high, uint64_t low)
{
    uint8_t image[512];
    cpu_get_fxsave(box->cpu, image);
    store_le64(image + 160 + 16 * n, low);
    store_le64(image + 168 + 16 * n, high);
    cpu_set_fxsave(box->cpu, image);
}

static void check_xmm(const struct cpu_box *box, unsigned n, uint64_t high, uint64_t low)
{
    uint8_t image[512];
    cpu_get_fxsave(box->cpu, image);
    ck_assert_uint_eq(load_le64(image + 160 + 16 * n), low);
    ck_assert_uint_eq(load_le64(image + 168 + 16 * n), high);
}

static void set_mxcsr(struct cpu_box *box, uint32_t value)
{
    cpu_box_poke32(box, DATA, value);
    ck_assert_uint_eq(RUN(box, "\x0f\xae\x16\x00\x50"), NO_FAULT); /* ldmxcsr [5000h] */
}

static uint32_t mxcsr(struct cpu_box *box)
{
    ck_assert_uint_eq(RUN(box, "\x0f\xae\x1e\x00\x50"), NO_FAULT); /* stmxcsr [5000h] */
    return cpu_box_peek32(box, DATA);
}

/* --- decoding ----------------------------------------------------------------------------------- */

START_TEST(the_prefix_selects_the_instruction)
{
    struct cpu_box box;
    box_sse(&box);
    set_xmm(&box, 1, ONE << 32 | ONE, ONE << 32 | ONE);
    set_xmm(&box, 0, 0, 0);
    ck_assert_uint_eq(RUN(&box, "\x0f\x58\xc1"), NO_FAULT); /* addps xmm0, xmm1 */
    check_xmm(&box, 0, ONE << 32 | ONE, ONE << 32 | ONE);
    set_xmm(&box, 0, 0, 0);
    ck_assert_uint_eq(RUN(&box, "\xf3\x0f\x58\xc1"), NO_FAULT); /* addss */
    check_xmm(&box, 0, 0, ONE);
    set_xmm(&box, 0, 0, 0);
    ck_assert_uint_eq(RUN(&box, "\xf2\x0f\x58\xc1"), NO_FAULT); /* addsd */
    check_xmm(&box, 0, 0, ONE << 32 | ONE);
    set_xmm(&box, 0, 0, 0);
    ck_assert_uint_eq(RUN(&box, "\x66\xf2\x0f\x58\xc1"), NO_FAULT); /* F2 comes before 66 */
    check_xmm(&box, 0, 0, ONE << 32 | ONE);
    cpu_box_fini(&box);
}
END_TEST

/* The bytes of a row, registers or [BX + DI]. */
static size_t assemble(const struct opcode_row *row, bool has_memory, uint8_t *bytes)
{
    static const uint8_t prefixes[] = {[SIMD_66] = 0x66, [SIMD_F3] = 0xf3, [SIMD_F2] = 0xf2};
    unsigned n = 0, digit = row->digit == ROW_ANY ? 1 : row->digit;
    if (row->simd.prefix != SIMD_NP)
        bytes[n++] = prefixes[row->simd.prefix];
    bytes[n++] = 0x0f;
    if (row->opcode >> 8 != 0x0f)
        bytes[n++] = (uint8_t)(row->opcode >> 8);
    bytes[n++] = (uint8_t)row->opcode;
    if (row->form != FORM_N)
        bytes[n++] = (uint8_t)(digit << 3 | (has_memory ? 1u : 0xc2u));
    if (row->immediate == IMM_IB)
        bytes[n++] = 0x5a;
    return n;
}

START_TEST(every_row_is_found_by_its_own_bytes)
{
    static struct opcode_map map;
    const struct opcode_row *row;
    struct decode_mode max = {cpu_model_find("max", NULL), 2, false};
    struct decode_mode pentium = {cpu_model_find("pentium", NULL), 2, false};
    opcode_map_init(&map);
    for (size_t k = 0; (row = simd_row_at(k)) != NULL; k++) {
        for (unsigned has_memory = 0; has_memory < 2; has_memory++) {
            struct instruction i;
            uint8_t bytes[16] = {0};
            size_t count = assemble(row, has_memory != 0, bytes);
            enum decode_result result = decode(&map, &max, bytes, 15, &i);
            bool is_refused = row->attributes & (has_memory ? ROW_NOMEM : ROW_MEM);
            ck_assert_int_eq(result, is_refused ? DECODE_INVALID : DECODE_OK);
            ck_assert_msg(is_refused || i.row == row, "%04x %s", row->opcode, row->mnemonic);
            ck_assert(is_refused || i.length == count);
            ck_assert(is_refused || i.opcode == row->opcode);
            if (!is_refused) /* too short by a byte */
                ck_assert_int_eq(decode(&map, &max, bytes, count - 1, &i), DECODE_SHORT);
            ck_assert_int_eq(decode(&map, &pentium, bytes, 15, &i), DECODE_INVALID);
        }
    }
}
END_TEST

START_TEST(cpuid_tells_what_max_has)
{
    struct cpu_box box;
    struct cpu_registers r;
    box_init(&box, "max", 0, 0);
    ck_assert_uint_eq(RUN(&box, "\x66\xb8\x01\x00\x00\x00\x0f\xa2"), NO_FAULT);
    cpu_get_registers(box.cpu, &r);
    ck_assert_uint_eq(r.gpr[CPU_DX] & 0x07880000, 0x07880000); /* SSE2 SSE FXSR MMX CLFLUSH */
    ck_assert_uint_eq(r.gpr[CPU_CX], 0x00980201);              /* POPCNT SSE4.2 SSE4.1 SSSE3 SSE3 */
    cpu_box_fini(&box);
}
END_TEST

START_TEST(a_pentium_iii_has_sse_but_not_sse2)
{
    struct cpu_box box;
    box_init(&box, "pentium3", 0, OSFXSR | OSXMMEXCPT);
    ck_assert_uint_eq(RUN(&box, "\x0f\x58\xc1"), NO_FAULT);  /* addps */
    ck_assert_uint_eq(RUN(&box, "\x66\x0f\x58\xc1"), 6);     /* addpd */
    ck_assert_uint_eq(RUN(&box, "\x0f\xdb\xc1"), NO_FAULT);  /* pand mm0, mm1 */
    ck_assert_uint_eq(RUN(&box, "\x66\x0f\xdb\xc1"), 6);     /* pand xmm0, xmm1 */
    ck_assert_uint_eq(RUN(&box, "\x0f\xae\x3e\x00\x50"), 6); /* clflush [5000h] */
    ck_assert_uint_eq(RUN(&box, "\x0f\xae\xf8"), NO_FAULT);  /* sfence */
    ck_assert_uint_eq(RUN(&box, "\x0f\xae\xf0"), 6);         /* mfence */
    cpu_box_poke32(&box, DATA, 0x1fc0);
    ck_assert_uint_eq(RUN(&box, "\x0f\xae\x16\x00\x50"), 13); /* ldmxcsr: DAZ is reserved */
    cpu_box_fini(&box);
}
END_TEST

/* --- who may ------------------------------------------------------------------------------------ */

START_TEST(the_system_switches_the_units_off)
{
    static const struct {
        uint32_t cr0, cr4;
        unsigned sse, mmx, popcnt;
    } rows[] = {
        {0,               OSFXSR, NO_FAULT, NO_FAULT, NO_FAULT},
        {0,               0,      6,        NO_FAULT, NO_FAULT},
        {CR0_EM,          OSFXSR, 6,        6,        NO_FAULT},
        {CR0_TS,          OSFXSR, 7,        7,        NO_FAULT},
        {CR0_EM | CR0_TS, OSFXSR, 6,        6,        NO_FAULT}
    };
    for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) {
        struct cpu_box box;
        box_init(&box, "max", rows[n].cr0, rows[n].cr4);
        ck_assert_uint_eq(RUN(&box, "\x0f\x57\xc0"), rows[n].sse); /* xorps xmm0, xmm0 */
        ck_assert_uint_eq(RUN(&box, "\x0f\xef\xc0"), rows[n].mmx); /* pxor mm0, mm0 */
        ck_assert_uint_eq(RUN(&box, "\x0f\x77"), rows[n].mmx);     /* emms */
        ck_assert_uint_eq(RUN(&box, "\xf3\x0f\xb8\xc0"), rows[n].popcnt);
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(sixteen_bytes_want_alignment)
{
    struct cpu_box box;
    box_sse(&box);
    ck_assert_uint_eq(RUN(&box, "\x0f\x28\x06\x08\x50"), 13);           /* movaps xmm0, [5008h] */
    ck_assert_uint_eq(RUN(&box, "\x0f\x29\x06\x08\x50"), 13);           /* movaps [5008h], xmm0 */
    ck_assert_uint_eq(RUN(&box, "\x0f\x58\x06\x08\x50"), 13);           /* addps xmm0, [5008h] */
    ck_assert_uint_eq(RUN(&box, "\x0f\x10\x06\x08\x50"), NO_FAULT);     /* movups */
    ck_assert_uint_eq(RUN(&box, "\xf3\x0f\x58\x06\x09\x50"), NO_FAULT); /* addss xmm0, [5009h] */
    ck_assert_uint_eq(RUN(&box, "\x66\x0f\x3a\x63\x06\x01\x50\x00"), NO_FAULT); /* pcmpistri */
    cpu_box_fini(&box);
}
END_TEST

/* SDM 1 11.5: the destination stays, MXCSR tells, #XM or #UD. */
START_TEST(an_unmasked_exception_is_raised_and_nothing_written)
{
    for (unsigned handles = 0; handles < 2; handles++) {
        struct cpu_box box;
        box_init(&box, "max", 0, OSFXSR | (handles ? OSXMMEXCPT : 0));
        set_mxcsr(&box, 0x1d80); /* ZE unmasked */
        set_xmm(&box, 0, 5, ONE);
        set_xmm(&box, 1, 0, 0);
        ck_assert_uint_eq(RUN(&box, "\xf3\x0f\x5e\xc1"), handles ? 19 : 6); /* divss xmm0, xmm1 */
        check_xmm(&box, 0, 5, ONE);
        ck_assert_uint_eq(mxcsr(&box), 0x1d84);
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(an_unmasked_exception_keeps_the_flags)
{
    struct cpu_box box;
    struct cpu_registers r;
    box_sse(&box);
    set_mxcsr(&box, 0x1f00); /* IE unmasked */
    set_xmm(&box, 0, 0, 0x7fc00000);
    ck_assert_uint_eq(RUN(&box, "\xf9\x0f\x2f\xc0"), 19); /* stc; comiss xmm0, xmm0 */
    uint8_t pushed[2];
    cpu_get_registers(box.cpu, &r);
    cpu_box_peek(&box, 0x7000 - 2, pushed, 2);
    ck_assert_uint_eq(pushed[0] & 0x45, 1);
    ck_assert_uint_eq(RUN(&box, "\xf8\x0f\x2e\xc0"), NO_FAULT); /* clc; ucomiss: a QNaN is fine */
    cpu_get_registers(box.cpu, &r);
    ck_assert_uint_eq(r.flags & 0x8d5, 0x45);
    cpu_box_fini(&box);
}
END_TEST

/* --- state -------------------------------------------------------------------------------------- */

START_TEST(mxcsr_has_reserved_bits_and_a_value_after_reset)
{
    struct cpu_box box;
    box_sse(&box);
    ck_assert_uint_eq(mxcsr(&box), 0x1f80);
    cpu_box_poke32(&box, DATA, 0x11f80);
    ck_assert_uint_eq(RUN(&box, "\x0f\xae\x16\x00\x50"), 13);
    ck_assert_uint_eq(mxcsr(&box), 0x1f80);
    set_mxcsr(&box, 0xffff);
    ck_assert_uint_eq(mxcsr(&box), 0xffff);
    cpu_box_fini(&box);
}
END_TEST

/* SDM 1 table 10-2. */
START_TEST(fxsave_and_fxrstor_carry_xmm_and_mxcsr)
{
    struct cpu_box box;
    uint8_t image[512];
    box_sse(&box);
    set_mxcsr(&box, 0x7f80);
    set_xmm(&box, 7, 0x1122334455667788, 0x99aabbccddeeff00);
    ck_assert_uint_eq(RUN(&box, "\x0f\xae\x06\x00\x50"), NO_FAULT); /* fxsave [5000h] */
    cpu_box_peek(&box, DATA, image, sizeof image);
    ck_assert_uint_eq(load_le32(image + 24), 0x7f80);
    ck_assert_uint_eq(load_le32(image + 28), 0xffff);
    ck_assert_uint_eq(load_le64(image + 160 + 16 * 7), 0x99aabbccddeeff00);
    store_le64(image + 168 + 16 * 7, 3);
    store_le32(image + 24, 0x1f81);
    cpu_box_poke(&box, DATA, image, sizeof image);
    ck_assert_uint_eq(RUN(&box, "\x0f\xae\x0e\x00\x50"), NO_FAULT); /* fxrstor [5000h] */
    check_xmm(&box, 7, 3, 0x99aabbccddeeff00);
    ck_assert_uint_eq(mxcsr(&box), 0x1f81);
    store_le32(image + 24, 0x10000);
    store_le64(image + 160 + 16 * 7, 4);
    cpu_box_poke(&box, DATA, image, sizeof image);
    ck_assert_uint_eq(RUN(&box, "\x0f\xae\x0e\x00\x50"), 13);
    check_xmm(&box, 7, 3, 0x99aabbccddeeff00);
    cpu_box_fini(&box);
}
END_TEST

/* SDM 3A 12.2: MM0-MM7 are the significands; all tags become valid; EMMS empties. */
START_TEST(fxsave_leaves_what_lies_behind_the_registers)
{
    struct cpu_box box;
    box_sse(&box);
    for (unsigned at = 0; at < 512; at += 4)
        cpu_box_poke32(&box, DATA + at, 0x5a5a5a5a);
    ck_assert_uint_eq(RUN(&box, "\x0f\xae\x06\x00\x50"), NO_FAULT); /* fxsave [5000h] */
    ck_assert_uint_eq(cpu_box_peek32(&box, DATA + 284), 0);           /* XMM7 */
    for (unsigned at = 288; at < 512; at += 4)
        ck_assert_uint_eq(cpu_box_peek32(&box, DATA + at), 0x5a5a5a5a);
    cpu_box_fini(&box);
}
END_TEST

/* The limit is looked at for all 16 bytes, before the first one's page: seen on silicon. */
START_TEST(a_long_operand_is_checked_as_a_whole)
{
    struct cpu_box box;
    box_sse(&box);
    ck_assert_uint_eq(RUN(&box, "\x0f\x10\x06\xf8\xff"), 13); /* movups xmm0, [fff8h] */
    cpu_box_fini(&box);
}
END_TEST

START_TEST(mmx_lives_in_the_x87_registers)
{
    struct cpu_box box;
    uint8_t image[512];
    box_sse(&box);
    cpu_box_poke32(&box, DATA, 0x12345678);
    /* fninit; fld1; movd mm2, [5000h]; */
    ck_assert_uint_eq(RUN(&box, "\xdb\xe3\xd9\xe8\x0f\x6e\x16\x00\x50"), NO_FAULT);
    cpu_get_fxsave(box.cpu, image);
    ck_assert_uint_eq(image[4], 0xff);
    ck_assert_uint_eq(load_le16(image + 2) & 0x3800, 0);
    ck_assert_uint_eq(load_le64(image + 32 + 16 * 2), 0x12345678);
    ck_assert_uint_eq(load_le16(image + 32 + 16 * 2 + 8), 0xffff);
    ck_assert_uint_eq(RUN(&box, "\x0f\x77"), NO_FAULT);
    cpu_get_fxsave(box.cpu, image);
    ck_assert_uint_eq(image[4], 0);
    ck_assert_uint_eq(RUN(&box, "\x66\x0f\x2a\x06\x00\x50"), NO_FAULT); /* cvtpi2pd xmm0, [5000h] */
    cpu_get_fxsave(box.cpu, image);
    ck_assert_uint_eq(image[4], 0);
    ck_assert_uint_eq(RUN(&box, "\x66\x0f\x2a\xc0"), NO_FAULT); /* cvtpi2pd xmm0, mm0 */
    cpu_get_fxsave(box.cpu, image);
    ck_assert_uint_eq(image[4], 0xff);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(mmx_reports_a_pending_x87_exception_first)
{
    struct cpu_box box;
    box_init(&box, "max", 0x20, OSFXSR); /* NE */
    cpu_box_poke32(&box, DATA, 0x037b);  /* ZE unmasked */
    /* fninit; fldcw [5000h]; fld1; fldz; fdivp; movd mm0, eax */
    ck_assert_uint_eq(RUN(&box, "\xdb\xe3\xd9\x2e\x00\x50\xd9\xe8\xd9\xee\xde\xf9\x0f\x6e\xc0"),
                      16);
    ck_assert_uint_eq(RUN(&box, "\x0f\x57\xc0"), NO_FAULT); /* xorps does not mind */
    cpu_box_fini(&box);
}
END_TEST

/* SDM 2 MOVNTI: m32, whatever the operand size; seen on silicon in 16-bit code. */
START_TEST(movnti_writes_four_bytes_in_16_bit_code)
{
    struct cpu_box box;
    box_sse(&box);
    /* mov eax, 12345678h; movnti [5000h], eax */
    ck_assert_uint_eq(RUN(&box, "\x66\xb8\x78\x56\x34\x12\x0f\xc3\x06\x00\x50"), NO_FAULT);
    ck_assert_uint_eq(cpu_box_peek32(&box, DATA), 0x12345678);
    cpu_box_fini(&box);
}
END_TEST

/* SDM 3A table 6-2: faults of decoding come before those of execution; seen on silicon. */
START_TEST(an_undefined_x87_encoding_comes_before_a_pending_exception)
{
    struct cpu_box box;
    box_init(&box, "max", 0x20, OSFXSR); /* NE */
    cpu_box_poke32(&box, DATA, 0x037b);  /* ZE unmasked */
    /* fninit; fldcw [5000h]; fld1; fldz; fdivp; then FNOP, D9EF, DD /5 with memory */
#define PENDING "\xdb\xe3\xd9\x2e\x00\x50\xd9\xe8\xd9\xee\xde\xf9"
    ck_assert_uint_eq(RUN(&box, PENDING "\xd9\xd0"), 16);
    ck_assert_uint_eq(RUN(&box, PENDING "\xd9\xef"), 6);
    ck_assert_uint_eq(RUN(&box, PENDING "\xdd\x2e\x00\x50"), 6);
#undef PENDING
    cpu_box_fini(&box);
}
END_TEST

/* An unmasked stack fault keeps FSTP from storing: its memory, here beyond the segment, does not matter.
 * Seen on silicon; with a value to store the memory counts, and nothing is popped. */
START_TEST(a_store_that_is_kept_back_does_not_look_at_memory)
{
    struct cpu_box box;
    uint8_t image[512];
    box_init(&box, "max", 0x20, OSFXSR); /* NE */
    cpu_box_poke32(&box, DATA, 0x037e);  /* IE unmasked */
    /* fninit; fldcw [5000h]; fstp tword [fffeh] */
    ck_assert_uint_eq(RUN(&box, "\xdb\xe3\xd9\x2e\x00\x50\xdb\x3e\xfe\xff"), NO_FAULT);
    cpu_get_fxsave(box.cpu, image);
    ck_assert_uint_eq(load_le16(image + 2) & 0xff, 0xc1); /* ES SF IE */
    /* fninit; fld1; fstp tword [fffeh] */
    ck_assert_uint_eq(RUN(&box, "\xdb\xe3\xd9\xe8\xdb\x3e\xfe\xff"), 13);
    cpu_get_fxsave(box.cpu, image);
    ck_assert_uint_eq(image[4], 0x80);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(a_saved_state_has_xmm_and_mxcsr)
{
    struct cpu_box box, other;
    struct state_stream stream = {0};
    struct error error = {0};
    box_sse(&box);
    box_sse(&other);
    set_mxcsr(&box, 0x9fc1);
    for (unsigned n = 0; n < 8; n++)
        set_xmm(&box, n, n + 1, ~(uint64_t)n);
    cpu_save(box.cpu, &stream);
    ck_assert_int_eq(cpu_load(other.cpu, &stream, &error), STATUS_OK);
    for (unsigned n = 0; n < 8; n++)
        check_xmm(&other, n, n + 1, ~(uint64_t)n);
    ck_assert_uint_eq(mxcsr(&other), 0x9fc1);
    state_stream_free(&stream);
    cpu_box_fini(&other);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(maskmov_writes_the_chosen_bytes_only)
{
    struct cpu_box box;
    uint8_t bytes[16];
    static const uint8_t expected[16] = {0, 0xee, 0, 0, 0, 0, 0, 0x88, 0, 0, 0, 0, 0, 0, 0, 0x11};
    box_sse(&box);
    set_xmm(&box, 0, 0x1100000000000000, 0x880000000000ee77);
    set_xmm(&box, 1, 0x8000000000000000, 0x800000000000ff7f);
    /* mov di, 5003h; maskmovdqu xmm0, xmm1 */
    ck_assert_uint_eq(RUN(&box, "\xbf\x03\x50\x66\x0f\xf7\xc1"), NO_FAULT);
    cpu_box_peek(&box, DATA + 3, bytes, sizeof bytes);
    ck_assert_mem_eq(bytes, expected, sizeof bytes);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(popcnt_and_crc32_take_their_operand_size)
{
    struct cpu_box box;
    struct cpu_registers r;
    box_sse(&box);
    /* mov eax, 80000001h; popcnt bx, ax */
    ck_assert_uint_eq(RUN(&box, "\x66\xb8\x01\x00\x00\x80\xf3\x0f\xb8\xd8"), NO_FAULT);
    cpu_get_registers(box.cpu, &r);
    ck_assert_uint_eq(r.gpr[CPU_BX] & 0xffff, 1);
    /* popcnt ebx, eax; mov ecx, -1; mov al, '1'; crc32 ecx, al */
    ck_assert_uint_eq(RUN(&box, "\xf3\x66\x0f\xb8\xd8\x66\xb9\xff\xff\xff\xff\xb0\x31"
                                "\xf2\x0f\x38\xf0\xc8"),
                      NO_FAULT);
    cpu_get_registers(box.cpu, &r);
    ck_assert_uint_eq(r.gpr[CPU_BX], 2);
    ck_assert_uint_eq(r.gpr[CPU_CX], simd_crc32(0xffffffff, '1', 1));
    cpu_box_fini(&box);
}
END_TEST

/* --- everything, beside the silicon ------------------------------------------------------------- */

#if SILICON_PRESENT

static void put_state(struct cpu_box *box, const struct simd_state *state)
{
    static const unsigned gpr[3] = {CPU_AX, CPU_CX, CPU_DX};
    struct cpu_registers r;
    uint8_t image[512];
    cpu_get_registers(box->cpu, &r);
    cpu_get_fxsave(box->cpu, image);
    for (unsigned n = 0; n < 3; n++) {
        r.gpr[gpr[n]] = state->gpr[n];
        store_le64(image + 32 + 16 * n, state->mm[n]);
        store_le64(image + 160 + 16 * n, state->xmm[n].q[0]);
        store_le64(image + 168 + 16 * n, state->xmm[n].q[1]);
    }
    store_le16(image + 2, 0);
    store_le32(image + 24, state->mxcsr);
    r.gpr[CPU_BX] = DATA;
    r.gpr[CPU_DI] = 0;
    r.flags = (r.flags & ~SIMD_FLAGS) | state->flags;
    cpu_set_registers(box->cpu, &r);
    cpu_set_fxsave(box->cpu, image);
    cpu_box_poke(box, DATA, state->memory, sizeof state->memory);
}

/* Flags are those that the handler's frame has after a fault. */
static void get_state(const struct cpu_box *box, bool has_faulted, struct simd_state *state)
{
    static const unsigned gpr[3] = {CPU_AX, CPU_CX, CPU_DX};
    struct cpu_registers r;
    uint8_t image[512], pushed[2];
    memset(state, 0, sizeof *state);
    cpu_get_registers(box->cpu, &r);
    cpu_get_fxsave(box->cpu, image);
    cpu_box_peek(box, 0x7000 - 2, pushed, 2);
    for (unsigned n = 0; n < 3; n++) {
        state->gpr[n] = r.gpr[gpr[n]];
        state->mm[n] = load_le64(image + 32 + 16 * n);
        state->xmm[n].q[0] = load_le64(image + 160 + 16 * n);
        state->xmm[n].q[1] = load_le64(image + 168 + 16 * n);
    }
    state->mxcsr = load_le32(image + 24);
    state->flags = (has_faulted ? load_le16(pushed) : r.flags) & SIMD_FLAGS;
    cpu_box_peek(box, DATA, state->memory, sizeof state->memory);
}

static void compare_case(struct cpu_box *box, const struct simd_silicon *silicon,
                         const struct opcode_row *row, uint64_t *seed)
{
    struct simd_state before __attribute__((aligned(16))), real __attribute__((aligned(16)));
    struct simd_state ours;
    uint8_t code[16];
    bool has_memory =
        row->attributes & ROW_MEM || (!(row->attributes & ROW_NOMEM) && silicon_random(seed) & 1);
    uint8_t immediate = (uint8_t)silicon_random(seed);
    unsigned length = simd_assemble(row, has_memory, immediate, silicon->code);
    simd_random_state(seed, simd_kind_of(row->mnemonic), &before);
    simd_run_native(silicon, length, &before, &real);
    size_t count = assemble(row, has_memory, code);
    if (row->immediate == IMM_IB)
        code[count - 1] = immediate;
    put_state(box, &before);
    unsigned vector = run_code(box, code, count);
    ck_assert_uint_eq(vector, real.mxcsr & ~(real.mxcsr >> 7) & 0x3f ? 19 : NO_FAULT);
    get_state(box, vector != NO_FAULT, &ours);
    simd_forgive(row, has_memory, &before, &real, &ours);
    ck_assert_msg(memcmp(&real, &ours, sizeof real) == 0, "%s differs", row->mnemonic);
}

#endif

START_TEST(every_row_does_as_the_silicon)
{
#if SILICON_PRESENT
    struct cpu_box box;
    const struct opcode_row *row;
    struct simd_silicon silicon;
    uint64_t seed = 1122;
    if (!simd_open(&silicon)) {
        puts("every_row_does_as_the_silicon: skipped: no executable memory to be had");
        return;
    }
    box_sse(&box);
    for (size_t k = 0; (row = simd_row_at(k)) != NULL; k++)
        for (int n = 0; n < 40 && row->simd.function && simd_silicon_has(row); n++)
            compare_case(&box, &silicon, row, &seed);
    simd_close(&silicon);
    cpu_box_fini(&box);
#else
    puts("every_row_does_as_the_silicon: skipped: the workstation is no x86-64 under Linux");
#endif
}
END_TEST

Suite *cpu_simd_suite(void);

Suite *cpu_simd_suite(void)
{
    Suite *suite = suite_create("cpu_simd");
    TCase *tcase = tcase_create("cpu");
    tcase_add_test(tcase, the_prefix_selects_the_instruction);
    tcase_add_test(tcase, every_row_is_found_by_its_own_bytes);
    tcase_add_test(tcase, cpuid_tells_what_max_has);
    tcase_add_test(tcase, a_pentium_iii_has_sse_but_not_sse2);
    tcase_add_test(tcase, the_system_switches_the_units_off);
    tcase_add_test(tcase, sixteen_bytes_want_alignment);
    tcase_add_test(tcase, an_unmasked_exception_is_raised_and_nothing_written);
    tcase_add_test(tcase, an_unmasked_exception_keeps_the_flags);
    tcase_add_test(tcase, mxcsr_has_reserved_bits_and_a_value_after_reset);
    tcase_add_test(tcase, fxsave_and_fxrstor_carry_xmm_and_mxcsr);
    tcase_add_test(tcase, fxsave_leaves_what_lies_behind_the_registers);
    tcase_add_test(tcase, a_long_operand_is_checked_as_a_whole);
    tcase_add_test(tcase, mmx_lives_in_the_x87_registers);
    tcase_add_test(tcase, mmx_reports_a_pending_x87_exception_first);
    tcase_add_test(tcase, movnti_writes_four_bytes_in_16_bit_code);
    tcase_add_test(tcase, an_undefined_x87_encoding_comes_before_a_pending_exception);
    tcase_add_test(tcase, a_store_that_is_kept_back_does_not_look_at_memory);
    tcase_add_test(tcase, a_saved_state_has_xmm_and_mxcsr);
    tcase_add_test(tcase, maskmov_writes_the_chosen_bytes_only);
    tcase_add_test(tcase, popcnt_and_crc32_take_their_operand_size);
    tcase_add_test(tcase, every_row_does_as_the_silicon);
    suite_add_tcase(suite, tcase);
    return suite;
}

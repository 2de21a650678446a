/* The decoder in its three modes, above all the third: 64 bits, which nothing executes yet. Expected: SDM 2 2.2.1 (REX,
 * tables 2-4 to 2-7), appendix A (i64, d64, f64); lengths of all opcodes: tests/full/decode-64.sh. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/decode.h"

#define NONE        REGISTER_ZERO
#define CODE(bytes) bytes, sizeof(bytes) - 1

struct expected {
    const char *code;
    size_t length;
    const char *mnemonic;
    uint8_t operand, address; /* sizes */
    uint8_t reg, rm;
    uint8_t base, index, scale;
    int64_t displacement, immediate;
};

static struct opcode_map *new_map(void)
{
    struct opcode_map *map = calloc(1, sizeof *map);
    ck_assert_ptr_nonnull(map);
    opcode_map_init(map);
    return map;
}

static enum decode_result decode_as(unsigned code_bytes, const char *code, size_t length,
                                    struct instruction *i)
{
    struct error error = {STATUS_OK, ""};
    const struct decode_mode mode = {cpu_model_find("max", &error), (uint8_t)code_bytes, true};
    struct opcode_map *map = new_map();
    uint8_t bytes[16] = {0};
    memcpy(bytes, code, length);
    enum decode_result result = decode(map, &mode, bytes, sizeof bytes, i);
    free(map);
    return result;
}

/* Memory operands have base, index, scale; registers and immediates the rest. */
static const struct expected ROWS[] = {
  /* the plain ones: 4 bytes, addresses of 8 */
    {CODE("\x89\xd8"),                                 "mov",    4, 8, 3,  0,  NONE, NONE, 0, 0,    0         }, /* mov eax,ebx */
    {CODE("\x66\x89\xd8"),                             "mov",    2, 8, 3,  0,  NONE, NONE, 0, 0,    0         }, /* mov ax,bx */
    {CODE("\x48\x89\xd8"),                             "mov",    8, 8, 3,  0,  NONE, NONE, 0, 0,    0         }, /* mov rax,rbx */
    {CODE("\x66\x48\x89\xd8"),                         "mov",    8, 8, 3,  0,  NONE, NONE, 0, 0,    0         }, /* W is stronger than 66 */
    {CODE("\x48\x66\x89\xd8"),                         "mov",    2, 8, 3,  0,  NONE, NONE, 0, 0,
     0                                                                                                        }, /* REX not in front: ignored */
    {CODE("\x4d\x89\xe5"),                             "mov",    8, 8, 12, 13, NONE, NONE, 0, 0,    0         }, /* mov r13,r12 */
    {CODE("\x41\x89\xd8"),                             "mov",    4, 8, 3,  8,  NONE, NONE, 0, 0,    0         }, /* mov r8d,ebx */
  /* ModRM and SIB, table 2-5: what REX does not change */
    {CODE("\x48\x8b\x05\x10\0\0\0"),                   "mov",    8, 8, 0,  5,  NONE, NONE, 0, 0x10,
     0                                                                                                        }, /* mov rax,[rip+10h] */
    {CODE("\x49\x8b\x05\x10\0\0\0"),                   "mov",    8, 8, 0,  13, NONE, NONE, 0, 0x10, 0         }, /* with B too */
    {CODE("\x48\x8b\x04\x25\x10\0\0\0"),               "mov",    8, 8, 0,  4,  NONE, NONE, 0, 0x10,
     0                                                                                                        }, /* mov rax,[10h] */
    {CODE("\x49\x8b\x04\x24"),                         "mov",    8, 8, 0,  12, 12,   NONE, 0, 0,    0         }, /* mov rax,[r12] */
    {CODE("\x49\x8b\x45\xf8"),                         "mov",    8, 8, 0,  13, 13,   NONE, 0, -8,   0         }, /* mov rax,[r13-8] */
    {CODE("\x4b\x8b\x44\xa5\x00"),                     "mov",    8, 8, 0,  12, 13,   12,   2, 0,    0         }, /* mov rax,[r13+r12*4+0] */
    {CODE("\x4a\x8b\x04\x65\x10\0\0\0"),               "mov",    8, 8, 0,  4,  NONE, 12,   1, 0x10, 0         }, /* [r12*2+10h] */
    {CODE("\x67\x8b\x03"),                             "mov",    4, 4, 0,  3,  3,    NONE, 0, 0,    0         }, /* mov eax,[ebx] */
  /* immediates: 4 bytes sign-extended, but for B8 with W; offsets of 8 bytes */
    {CODE("\x48\x05\xff\xff\xff\xff"),                 "add",    8, 8, 0,  0,  NONE, NONE, 0, 0,    -1        },
    {CODE("\x48\xb8\x88\x77\x66\x55\x44\x33\x22\x11"), "mov",    8, 8, 0,  0,  NONE, NONE, 0, 0,
     0x1122334455667788                                                                                       },
    {CODE("\x41\xb8\x44\x33\x22\x11"),                 "mov",    4, 8, 0,  8,  NONE, NONE, 0, 0,    0x11223344},
    {CODE("\xa1\x88\x77\x66\x55\x44\x33\x22\x11"),     "mov",    4, 8, 0,  0,  NONE, NONE, 0,
     0x1122334455667788,                                                                            0         },
 /* stack: 8 bytes, or 2; near branches: 8, whatever 66 says */
    {CODE("\x41\x54"),                                 "push",   8, 8, 0,  12, NONE, NONE, 0, 0,    0         }, /* push r12 */
    {CODE("\x66\x50"),                                 "push",   2, 8, 0,  0,  NONE, NONE, 0, 0,    0         },
    {CODE("\x68\xff\xff\xff\xff"),                     "push",   8, 8, 0,  0,  NONE, NONE, 0, 0,    -1        },
    {CODE("\xc3"),                                     "ret",    8, 8, 0,  0,  NONE, NONE, 0, 0,    0         },
    {CODE("\xe8\x10\0\0\0"),                           "call",   8, 8, 0,  0,  NONE, NONE, 0, 0,    0x10      },
    {CODE("\x41\xff\xd4"),                             "call",   8, 8, 2,  12, NONE, NONE, 0, 0,    0         }, /* call r12 */
  /* what moved, and what REX makes of a NOP */
    {CODE("\x48\x63\xc3"),                             "movsxd", 8, 8, 0,  3,  NONE, NONE, 0, 0,    0         },
    {CODE("\x90"),                                     "nop",    4, 8, 0,  0,  NONE, NONE, 0, 0,    0         },
    {CODE("\x41\x90"),                                 "xchg",   4, 8, 0,  8,  NONE, NONE, 0, 0,    0         }, /* xchg r8d,eax */
    {CODE("\x0f\x22\xe0"),                             "mov",    8, 8, 4,  0,  NONE, NONE, 0, 0,    0         }, /* mov cr4,rax */
    {CODE("\x44\x0f\x20\xc0"),                         "mov",    8, 8, 8,  0,  NONE, NONE, 0, 0,    0         }, /* mov rax,cr8 */
    {CODE("\x66\x45\x0f\x6f\xc8"),                     "movdqa", 2, 8, 9,  8,  NONE, NONE, 0, 0,
     0                                                                                                        }, /* movdqa xmm9,xmm8 */
};

START_TEST(registers_and_sizes_of_64_bit_code_are_the_manuals)
{
    const struct expected *row = &ROWS[_i];
    struct instruction i;
    ck_assert_int_eq(decode_as(8, row->code, row->length, &i), DECODE_OK);
    ck_assert_str_eq(i.row->mnemonic, row->mnemonic);
    ck_assert_uint_eq(i.length, row->length);
    ck_assert_uint_eq(i.address_size, row->address);
    ck_assert_uint_eq(i.reg, row->reg);
    ck_assert_uint_eq(i.rm, row->rm);
    ck_assert_uint_eq(i.base, row->base);
    ck_assert_uint_eq(i.index, row->index);
    ck_assert_uint_eq(i.scale, row->scale);
    ck_assert_int_eq((int64_t)i.displacement, row->displacement);
    ck_assert_int_eq((int64_t)i.immediate, row->immediate);
    if (!i.row->simd.prefix)
        ck_assert_uint_eq(i.operand_size, row->operand);
    ck_assert(i.is_ip_relative == (i.has_modrm && i.mod == 0 && (i.modrm & 7) == 5));
}
END_TEST

START_TEST(what_has_gone_is_invalid_in_64_bits_alone)
{
    static const uint8_t GONE[] = {0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37,
                                   0x3f, 0x60, 0x61, 0x82, 0x9a, 0xce, 0xd4, 0xd5, 0xd6, 0xea};
    for (size_t n = 0; n < sizeof GONE; n++) {
        const char code[] = {(char)GONE[n], 1};
        struct instruction i;
        ck_assert_int_eq(decode_as(8, code, 2, &i), DECODE_INVALID);
        ck_assert_int_eq(decode_as(4, code, 2, &i), DECODE_OK);
    }
}
END_TEST

/* 40-4F are INC and DEC elsewhere; four segments have no say in 64 bits (SDM 1 3.4.2.1). */
START_TEST(the_other_modes_know_no_rex)
{
    struct instruction i;
    ck_assert_int_eq(decode_as(4, CODE("\x48\x89\xd8"), &i), DECODE_OK);
    ck_assert_str_eq(i.row->mnemonic, "dec");
    ck_assert_uint_eq(i.length, 1);
    ck_assert_int_eq(decode_as(4, CODE("\x26\x8b\x03"), &i), DECODE_OK);
    ck_assert_uint_eq(i.segment, CPU_ES);
    ck_assert_int_eq(decode_as(8, CODE("\x26\x8b\x03"), &i), DECODE_OK);
    ck_assert_uint_eq(i.segment, CPU_DS);
    ck_assert_int_eq(decode_as(8, CODE("\x65\x8b\x03"), &i), DECODE_OK);
    ck_assert_uint_eq(i.segment, CPU_GS);
}
END_TEST

/* Every beginning of an instruction that decodes asks for more bytes: it may end at a page's border, and the page
 * behind need not be there yet (SDM 3A 6.15, #PF of a fetch). */
static void check_beginnings(const struct opcode_map *map, const struct decode_mode *mode,
                             const uint8_t *bytes)
{
    struct instruction whole, part;
    if (decode(map, mode, bytes, INSTRUCTION_MAX, &whole) != DECODE_OK)
        return;
    for (size_t n = 0; n < whole.length; n++)
        ck_assert_msg(decode(map, mode, bytes, n, &part) == DECODE_SHORT,
                      "%02x %02x %02x %02x %02x, %u-bit code: the first %zu of %u bytes", bytes[0],
                      bytes[1], bytes[2], bytes[3], bytes[4], 8u * mode->code_bytes, n,
                      whole.length);
}

/* One prefix, one opcode, then each ModRM.reg with a register, a SIB byte and two displacements. */
static void check_opcode(const struct opcode_map *map, const struct decode_mode *mode,
                         const uint8_t *bytes, size_t at)
{
    static const uint8_t MOD_RM[] = {0x00, 0x04, 0x05, 0x44, 0x80, 0xc1};
    uint8_t code[INSTRUCTION_MAX] = {0};
    memcpy(code, bytes, at);
    for (unsigned reg = 0; reg < 8; reg++)
        for (size_t n = 0; n < sizeof MOD_RM; n++) {
            code[at] = (uint8_t)(MOD_RM[n] | reg << 3);
            check_beginnings(map, mode, code);
        }
}

START_TEST(the_beginning_of_an_instruction_asks_for_the_rest)
{
    static const uint8_t PREFIXES[] = {0x90, 0x66, 0xf2, 0xf3}; /* 90: none */
    static const uint8_t MAPS[][2] = {
        {0},
        {    0x0f},
        { 0x0f, 0x38},
        { 0x0f, 0x3a}
    };
    struct error error = {STATUS_OK, ""};
    const struct decode_mode mode = {cpu_model_find("max", &error), (uint8_t)(2 << _i), true};
    struct opcode_map *map = new_map();
    for (size_t p = 0; p < sizeof PREFIXES; p++)
        for (size_t m = 0; m < ARRAY_COUNT(MAPS); m++)
            for (unsigned opcode = 0; opcode < 256; opcode++) {
                uint8_t bytes[4] = {PREFIXES[p], MAPS[m][0], MAPS[m][1], (uint8_t)opcode};
                size_t maps = m > 1 ? 2 : m, prefixes = p > 0;
                bytes[1 + maps] = (uint8_t)opcode;
                check_opcode(map, &mode, bytes + 1 - prefixes, prefixes + maps + 1);
            }
    free(map);
}
END_TEST

/* Not even these are #UD before their last byte is there: the lengths are those that an Intel processor fetches (Xeon
 * of family 6, model CFh; how: each byte in turn the last of a page with none behind it). */
static const struct {
    const char *code;
    size_t length;
} UNDEFINED[] = {
    {CODE("\x8f\x08")}, /* digits that a group has not */
    {CODE("\x8f\x0d\0\0\0\0")},
    {CODE("\xfe\x54\x00\x00")},
    {CODE("\x0f\xba\x05\0\0\0\0\0")},
    {CODE("\x0f\x71\x00\x00")},
    {CODE("\x0f\x73\xc1\x00")},
    {CODE("\xf2\x0f\x14\x04\x00")}, /* prefixes that an opcode has not */
    {CODE("\x66\x0f\x52\x05\0\0\0\0")},
    {CODE("\xf3\x0f\x38\x00\xc1")},
    {CODE("\xf2\x0f\x3a\x0f\xc1\x00")},
};

START_TEST(the_undefined_takes_the_bytes_of_its_neighbours)
{
    struct error error = {STATUS_OK, ""};
    const struct decode_mode mode = {cpu_model_find("max", &error), 4, true};
    struct opcode_map *map = new_map();
    const uint8_t *bytes = (const uint8_t *)UNDEFINED[_i].code;
    struct instruction i;
    for (size_t n = 0; n < UNDEFINED[_i].length; n++)
        ck_assert_int_eq(decode(map, &mode, bytes, n, &i), DECODE_SHORT);
    ck_assert_int_eq(decode(map, &mode, bytes, UNDEFINED[_i].length, &i), DECODE_INVALID);
    free(map);
}
END_TEST

Suite *decode_suite(void);
Suite *decode_suite(void)
{
    Suite *suite = suite_create("decode");
    TCase *tcase = tcase_create("decode");
    tcase_add_loop_test(tcase, registers_and_sizes_of_64_bit_code_are_the_manuals, 0,
                        ARRAY_COUNT(ROWS));
    tcase_add_test(tcase, what_has_gone_is_invalid_in_64_bits_alone);
    tcase_add_test(tcase, the_other_modes_know_no_rex);
    tcase_add_loop_test(tcase, the_beginning_of_an_instruction_asks_for_the_rest, 0, 3);
    tcase_add_loop_test(tcase, the_undefined_takes_the_bytes_of_its_neighbours, 0,
                        ARRAY_COUNT(UNDEFINED));
    suite_add_tcase(suite, tcase);
    return suite;
}

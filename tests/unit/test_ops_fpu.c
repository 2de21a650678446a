/* The specialised x87 handlers beside the plain one, which is compared with the silicon elsewhere
 * (test_x87.c, tests/fuzz): every encoding on random states, the whole state afterwards. */
#include <check.h>
#include <string.h>

#include "cpu/run.h"
#include "tests/unit/cpu_box.h"

#define CODE 0x2000u
#define DATA 0x5000u
#define FS_BASE 0x100u
#define SPAN 0x200u /* of DATA that is looked at afterwards */
#define CASES 40u

static uint64_t seed;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static uint64_t random_below(uint64_t limit)
{
    return (next_random() >> 20) % limit;
}

/* Ten bytes: mostly normal numbers of like size, then everything else. */
static void random_register(uint8_t *bytes)
{
    uint64_t significand = next_random() | UINT64_C(1) << 63;
    unsigned exponent = 0x3FFF + (unsigned)random_below(80) - 30;
    switch (random_below(16)) {
    case 0: significand = exponent = 0; break;
    case 1: significand = UINT64_C(1) << 63; break;
    case 2: exponent = 0x7FFF; break;
    case 3: exponent = 0, significand >>= random_below(4); break;
    case 4: significand >>= 1; break;
    case 5: exponent = (unsigned)random_below(0x8000); break;
    case 6:
    case 7: significand &= UINT64_MAX << random_below(64); break;
    default: break;
    }
    store_le64(bytes, significand);
    store_le16(bytes + 8, (uint16_t)(exponent | (next_random() & 0x8000)));
}

/* Control, status and tags of an FXSAVE image (SDM 1 table 10-2), and ST0-7. */
static void random_image(uint8_t *image)
{
    static const uint16_t controls[] = {0x37F, 0x37F, 0x37F, 0x27F, 0x07F, 0xF7F, 0x77F};
    uint64_t which = random_below(ARRAY_COUNT(controls) + 1);
    uint16_t control = which < ARRAY_COUNT(controls) ? controls[which]
                                                     : (uint16_t)(next_random() & 0x1F3F);
    uint16_t status = (uint16_t)(next_random() & 0x7F7F);
    if (random_below(16))
        status &= (uint16_t)(0x7F40 | control); /* nothing is pending */
    memset(image, 0, 512);
    store_le16(image, control);
    store_le16(image + 2, status);
    image[4] = (uint8_t)(random_below(3) ? next_random() | next_random() : 0xFF);
    if (random_below(2)) /* room for a push */
        image[4] &= (uint8_t)~(1u << (((status >> 11) - 1) & 7));
    for (unsigned i = 0; i < 8; i++)
        random_register(image + 32 + 16 * i);
    store_le32(image + 24, 0x1F80);
}

/* What an operand in memory may be: a number in its format, or noise. */
static void random_memory(uint8_t *bytes)
{
    static const uint64_t values[] = {
        0,
        UINT64_C(0x3FF8000000000000),
        UINT64_C(0xBFF0000040490FDB),
        UINT64_C(0x4000000040000000),
        UINT64_C(0x8000000080000000),
        UINT64_C(0x4059000042C80000),
        12345,
    };
    uint64_t which = random_below(2 * ARRAY_COUNT(values));
    store_le64(bytes, which < ARRAY_COUNT(values) ? values[which] : next_random());
    store_le16(bytes + 8, (uint16_t)(0x3FFF + random_below(20)));
}

static void box_init(struct cpu_box *box, enum handler_choice handlers)
{
    cpu_box_init(box, "p6", 16);
    box->cpu->run->handlers = handlers;
}

struct result {
    struct cpu_registers registers;
    uint8_t image[512], memory[SPAN];
    enum cpu_stop stop;
};

/* Two moves, after which the fast TLB has the page, and the instruction. */
static void run_in(struct cpu_box *box, const uint8_t *code, size_t count, const uint8_t *image,
                   const uint8_t *operand, struct result *result)
{
    static const uint8_t touch[] = {0x89, 0x03, 0x8B, 0x03}; /* mov [ebx], eax; mov eax, [ebx] */
    struct cpu_registers r;
    memset(result, 0, sizeof *result);
    cpu_reset(box->cpu);
    cpu_box_flat(box, CODE);
    cpu_get_registers(box->cpu, &r);
    r.gpr[CPU_BX] = DATA;
    r.gpr[CPU_AX] = load_le32(operand);
    r.flags = 2 | (load_le32(image + 40) & 0x8D5);
    r.segment[CPU_FS].base = FS_BASE;
    cpu_set_registers(box->cpu, &r);
    cpu_set_fxsave(box->cpu, image);
    cpu_box_poke(box, DATA, operand, 10);
    cpu_box_poke(box, DATA + FS_BASE, operand, 10);
    cpu_box_poke(box, CODE, touch, sizeof touch);
    cpu_box_poke(box, CODE + sizeof touch, code, count);
    result->stop = cpu_box_run(box, 3);
    cpu_get_registers(box->cpu, &result->registers);
    cpu_get_fxsave(box->cpu, result->image);
    cpu_box_peek(box, DATA, result->memory, SPAN);
}

static void compare(struct cpu_box *fast, struct cpu_box *plain, const uint8_t *code, size_t count)
{
    uint8_t image[512], operand[10];
    struct result a, b;
    random_image(image);
    random_memory(operand);
    run_in(fast, code, count, image, operand, &a);
    run_in(plain, code, count, image, operand, &b);
    ck_assert_msg(memcmp(&a, &b, sizeof a) == 0, "%02X %02X %02X differs", code[0], code[1],
                  code[2]);
}

static void try_encodings(const uint8_t *prefix, size_t prefix_count, unsigned first, unsigned last,
                          unsigned step)
{
    struct cpu_box fast, plain;
    box_init(&fast, HANDLERS_BY_HEAT);
    box_init(&plain, HANDLERS_PLAIN);
    seed = UINT64_C(88172645463325252);
    for (unsigned opcode = 0xD8; opcode <= 0xDF; opcode++)
        for (unsigned modrm = first; modrm <= last; modrm += step)
            for (unsigned n = 0; n < CASES; n++) {
                uint8_t code[8] = {0};
                for (size_t k = 0; k < prefix_count; k++)
                    code[k] = prefix[k];
                code[prefix_count] = (uint8_t)opcode;
                code[prefix_count + 1] = (uint8_t)modrm;
                compare(&fast, &plain, code, sizeof code);
            }
    cpu_box_fini(&fast);
    cpu_box_fini(&plain);
}

START_TEST(registers_as_by_the_plain_handler)
{
    try_encodings(NULL, 0, 0xC0, 0xFF, 1);
}
END_TEST

START_TEST(memory_of_a_flat_segment_as_by_the_plain_handler)
{
    try_encodings(NULL, 0, 0x03, 0x3B, 8); /* [ebx] */
}
END_TEST

START_TEST(memory_of_another_segment_as_by_the_plain_handler)
{
    try_encodings((const uint8_t[]){0x64}, 1, 0x03, 0x3B, 8); /* fs:[ebx] */
}
END_TEST

START_TEST(memory_by_16_bits_as_by_the_plain_handler)
{
    try_encodings((const uint8_t[]){0x67}, 1, 0x07, 0x3F, 8); /* [bx] */
}
END_TEST

Suite *ops_fpu_suite(void);

Suite *ops_fpu_suite(void)
{
    Suite *suite = suite_create("ops_fpu");
    TCase *tcase = tcase_create("unit");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, registers_as_by_the_plain_handler);
    tcase_add_test(tcase, memory_of_a_flat_segment_as_by_the_plain_handler);
    tcase_add_test(tcase, memory_of_another_segment_as_by_the_plain_handler);
    tcase_add_test(tcase, memory_by_16_bits_as_by_the_plain_handler);
    suite_add_tcase(suite, tcase);
    return suite;
}

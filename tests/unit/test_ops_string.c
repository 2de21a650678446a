/* The specialised string handlers beside the plain ones: random operands, overlaps, directions, ends
 * of slices in the middle; all registers, memory and the time afterwards. */
#include <check.h>
#include <string.h>

#include "cpu/run.h"
#include "tests/unit/cpu_box.h"

#define CODE 0x2000u
#define DATA 0x5000u
#define SPAN 0x3000u
#define CASES 300u

static uint64_t seed;

static unsigned random_below(unsigned limit)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)((seed >> 20) % limit);
}

struct result {
    struct cpu_registers registers;
    uint8_t memory[SPAN];
    uint64_t now;
};

/* The instruction after two that bring its pages into the fast TLB, INC BX behind it. */
static void run_in(struct cpu_box *box, const uint8_t *code, size_t count,
                   const struct cpu_registers *start, uint64_t slice, struct result *result)
{
    static const uint8_t touch[] = {0xF6, 0x14, 0xF6, 0x15}; /* not byte [si]; not byte [di] */
    uint8_t data[SPAN];
    for (unsigned i = 0; i < SPAN; i++)
        data[i] = (uint8_t)(i % 7 < 5 ? 0x11 : i);
    memset(result, 0, sizeof *result);
    cpu_reset(box->cpu);
    cpu_set_registers(box->cpu, start);
    cpu_box_poke(box, DATA, data, sizeof data);
    cpu_box_poke(box, CODE, touch, sizeof touch);
    cpu_box_poke(box, CODE + sizeof touch, code, count);
    box->timeline.now = 1000;
    ck_assert_int_eq(cpu_box_run(box, slice), CPU_STOP_SLICE);
    cpu_get_registers(box->cpu, &result->registers);
    cpu_box_peek(box, DATA, result->memory, SPAN);
    result->now = box->timeline.now;
}

static void compare(struct cpu_box *fast, struct cpu_box *plain, const uint8_t *code, size_t count)
{
    struct cpu_registers r;
    struct result a, b;
    uint64_t slice = random_below(4) ? 200 : 2 + random_below(40);
    cpu_get_registers(fast->cpu, &r);
    for (unsigned n = 0; n < 6; n++)
        r.segment[n] = (struct cpu_segment){.limit = 0xffff, .attributes = 0x93};
    r.segment[CPU_FS].base = 0x80;
    r.ip = CODE;
    r.gpr[CPU_SI] = DATA + 0x100 + random_below(0x1f00);
    r.gpr[CPU_DI] = random_below(2) ? r.gpr[CPU_SI] + random_below(40) - 20
                                    : DATA + 0x100 + random_below(0x1f00);
    r.gpr[CPU_CX] = random_below(3) ? random_below(30) : random_below(200);
    r.gpr[CPU_AX] = random_below(2) ? 0x11111111 : 0x12345678;
    r.gpr[CPU_BX] = 0;
    r.flags = 2 | (random_below(4) ? 0 : 0x400) | (random_below(2) ? 0x8d5 : 0);
    run_in(fast, code, count, &r, slice, &a);
    run_in(plain, code, count, &r, slice, &b);
    ck_assert_msg(memcmp(&a, &b, sizeof a) == 0, "%02X %02X %02X differs", code[0], code[1],
                  code[2]);
}

/* `prefixes` and each of the ten opcodes. */
static void try_strings(const uint8_t *prefixes, size_t count)
{
    struct cpu_box fast, plain;
    cpu_box_init(&fast, "p6", 16);
    cpu_box_init(&plain, "p6", 16);
    plain.cpu->run->handlers = HANDLERS_PLAIN;
    seed = UINT64_C(88172645463325252);
    for (unsigned opcode = 0xA4; opcode <= 0xAF; opcode++) {
        uint8_t code[64];
        memset(code, 0x43, sizeof code); /* inc bx */
        memcpy(code, prefixes, count);
        code[count] = (uint8_t)opcode;
        code[sizeof code - 2] = 0xEB; /* for ever */
        code[sizeof code - 1] = 0xFE;
        for (unsigned n = 0; n < CASES && (opcode & ~1u) != 0xA8; n++)
            compare(&fast, &plain, code, sizeof code);
    }
    cpu_box_fini(&fast);
    cpu_box_fini(&plain);
}

START_TEST(one_element_as_by_the_plain_handler)
{
    try_strings((const uint8_t[]){0x90}, 1);
    try_strings((const uint8_t[]){0x66}, 1);
    try_strings((const uint8_t[]){0x66, 0x67}, 2);
    try_strings((const uint8_t[]){0x64}, 1);
}
END_TEST

START_TEST(rep_as_by_the_plain_handler)
{
    try_strings((const uint8_t[]){0xF3}, 1);
    try_strings((const uint8_t[]){0xF3, 0x66}, 2);
    try_strings((const uint8_t[]){0xF3, 0x66, 0x67}, 3);
    try_strings((const uint8_t[]){0xF3, 0x64}, 2);
    try_strings((const uint8_t[]){0xF2}, 1);
}
END_TEST

Suite *ops_string_suite(void);

Suite *ops_string_suite(void)
{
    Suite *suite = suite_create("ops_string");
    TCase *tcase = tcase_create("unit");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, one_element_as_by_the_plain_handler);
    tcase_add_test(tcase, rep_as_by_the_plain_handler);
    suite_add_tcase(suite, tcase);
    return suite;
}

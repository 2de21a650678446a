/* Instructions across a page border: decoded once, and yet what the bytes of both pages say, as the page
 * tables show them just then (SDM 3A 4.10.4: INVLPG), with a page fault for a page that is not there. */
#include <check.h>

#include "cpu/run.h"
#include "tests/unit/cpu_guest.h"

#define DIRECTORY 0x10000u
#define TABLE     0x11000u
#define BORDER    0x9000u /* the page behind it maps itself, or OTHER */
#define OTHER     0x12000u
#define FORGET    0xa000u /* invlpg [BORDER]; hlt */
#define TURNS     100u
enum { PRESENT = 3 };

/* mov eax, imm32, of which `near` bytes lie before the border; add ebx, eax; dec ecx; jnz to the MOV; hlt */
static void put_loop(struct cpu_box *box, uint32_t near, uint32_t immediate)
{
    uint8_t code[] = {0xb8, 0, 0, 0, 0, 0x01, 0xc3, 0x49, 0x75, 0xf6, 0xf4};
    store_le32(code + 1, immediate);
    cpu_box_poke(box, BORDER - near, code, sizeof code);
    cpu_box_poke(box, OTHER, code + near, sizeof code - near);
}

static void init(struct cpu_box *box, uint32_t near, enum handler_choice handlers)
{
    cpu_guest_init(box);
    box->cpu->run->handlers = handlers;
    cpu_guest_paged(box, DIRECTORY, TABLE);
    cpu_box_poke(box, FORGET, "\x0f\x01\x3d\x00\x90\x00\x00\xf4", 8);
    put_loop(box, near, 0x01020304);
}

static struct cpu_registers run_from(struct cpu_box *box, uint32_t ip, uint64_t slice)
{
    struct cpu_registers r;
    cpu_get_registers(box->cpu, &r);
    r.ip = ip;
    r.gpr[CPU_BX] = 0;
    r.gpr[CPU_CX] = TURNS;
    cpu_set_registers(box->cpu, &r);
    box->cpu->is_halted = false;
    for (unsigned n = 0; n < 5 * TURNS && !cpu_is_halted(box->cpu); n++)
        cpu_box_run(box, slice);
    ck_assert(cpu_is_halted(box->cpu));
    cpu_get_registers(box->cpu, &r);
    return r;
}

static void map(struct cpu_box *box, uint32_t entry)
{
    cpu_box_poke32(box, TABLE + (BORDER >> 12) * 4, entry);
    run_from(box, FORGET, 1000);
}

static void expect_sum(struct cpu_box *box, uint32_t near, uint32_t immediate)
{
    for (uint64_t slice = 1; slice <= 1000; slice *= 10)
        ck_assert_uint_eq(run_from(box, BORDER - near, slice).gpr[CPU_BX],
                          (uint32_t)(TURNS * immediate));
}

START_TEST(it_is_decoded_once)
{
    struct cpu_box box;
    uint32_t at = BORDER - 2;
    init(&box, 2, (enum handler_choice)_i);
    expect_sum(&box, 2, 0x01020304);
    const struct jump_entry *entry = &box.cpu->run->jumps[jump_index(at)];
    ck_assert_uint_eq(entry->tag, jump_tag(0, at));
    ck_assert(entry->block->is_cached);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(a_write_to_either_page_counts)
{
    for (uint32_t near = 1; near < 5; near++) {
        struct cpu_box box;
        init(&box, near, (enum handler_choice)_i);
        for (uint32_t n = 0; n < 4; n++) { /* the bytes of the immediate, one by one */
            uint32_t immediate = 0x01020304 ^ 0x55u << n * 8;
            expect_sum(&box, near, 0x01020304);
            cpu_box_poke(&box, BORDER - near + 1 + n,
                         (const uint8_t[]){(uint8_t)(immediate >> n * 8)}, 1);
            expect_sum(&box, near, immediate);
            put_loop(&box, near, 0x01020304);
        }
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(another_page_behind_the_border_counts)
{
    for (uint32_t near = 1; near < 5; near++) {
        struct cpu_box box;
        uint8_t last = 0x77;
        init(&box, near, (enum handler_choice)_i);
        cpu_box_poke(&box, OTHER + 4 - near, &last, 1);
        expect_sum(&box, near, 0x01020304);
        map(&box, OTHER | PRESENT);
        expect_sum(&box, near, 0x77020304);
        map(&box, BORDER | PRESENT);
        expect_sum(&box, near, 0x01020304);
        cpu_box_fini(&box);
    }
}
END_TEST

/* Taken to the next page, and not taken where the next page begins. */
static const struct {
    uint32_t near; /* bytes in front of the border */
    const char *code;
    size_t length;
} BRANCHES[] = {
    {0x100, "\x49\x0f\x85\xf9\x00\x00\x00\xf4", 8}, /* dec ecx; jnz BORDER; hlt */
    {0x60, "\xf9\x72\x5d\xf4", 4},                     /* stc; jc BORDER; hlt */
    {0x60, "\xe2\x5e\xf4", 3},                         /* loop BORDER; hlt */
    {3, "\x49\x74\xfd", 3},                            /* dec ecx; jz; BORDER: */
    {2, "\xe3\xfe", 2},                                /* jecxz; BORDER: */
};

START_TEST(a_branch_goes_where_its_target_is_now)
{
    for (size_t n = 0; n < ARRAY_COUNT(BRANCHES); n++) {
        struct cpu_box box;
        uint32_t from = BORDER - BRANCHES[n].near;
        init(&box, 4, (enum handler_choice)_i);
        cpu_box_poke(&box, from, BRANCHES[n].code, BRANCHES[n].length);
        cpu_box_poke(&box, BORDER, "\xbb\x01\x00\x00\x00\xf4", 6); /* mov ebx,1; hlt */
        cpu_box_poke(&box, OTHER, "\xbb\x02\x00\x00\x00\xf4", 6);
        for (unsigned turn = 0; turn < 4; turn++) {
            map(&box, (turn & 1 ? OTHER : BORDER) | PRESENT);
            for (unsigned again = 0; again < 3; again++)
                ck_assert_uint_eq(run_from(&box, from, 1000).gpr[CPU_BX], 1 + (turn & 1));
        }
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(a_missing_page_behind_the_border_faults_in_front_of_the_instruction)
{
    struct cpu_box box;
    struct cpu_registers r;
    init(&box, 3, (enum handler_choice)_i);
    expect_sum(&box, 3, 0x01020304);
    map(&box, 0);
    r = run_from(&box, BORDER - 3, 1000);
    ck_fault(&box, r, 14, 0);
    ck_assert_uint_eq(r.cr2, BORDER);
    ck_assert_uint_eq(stack_word(&box, &r, 1), BORDER - 3);
    ck_assert_uint_eq(r.gpr[CPU_BX], 0);
    cpu_box_fini(&box);
}
END_TEST

Suite *cpu_across_suite(void);

Suite *cpu_across_suite(void)
{
    const TTest *const TESTS[] = {
        it_is_decoded_once, a_write_to_either_page_counts, another_page_behind_the_border_counts,
        a_branch_goes_where_its_target_is_now,
        a_missing_page_behind_the_border_faults_in_front_of_the_instruction};
    Suite *suite = suite_create("cpu_across");
    TCase *tcase = tcase_create("cpu_across");
    for (size_t n = 0; n < ARRAY_COUNT(TESTS); n++)
        tcase_add_loop_test(tcase, TESTS[n], 0, 3); /* each choice of handlers */
    suite_add_tcase(suite, tcase);
    return suite;
}

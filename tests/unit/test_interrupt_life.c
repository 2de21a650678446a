/* Lives of interrupts from their steps: how long each stage took, what was never served. */
#include "debugger/interrupt_life.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

struct bench {
    struct interrupt_lives lives;
    char words[96];
    char unserved[256];
};

static const char *step(struct bench *b, const char *source, unsigned line,
                        enum interrupt_step step, uint64_t ns, int vector)
{
    struct trace_record record = {.kind = TRACE_INTERRUPT,
                                  .machine = "alpha",
                                  .source = source,
                                  .line = line,
                                  .step = step,
                                  .ns = ns,
                                  .has_vector = vector >= 0,
                                  .vector = (uint8_t)(vector & 0xFF)};
    interrupt_lives_take(&b->lives, &record, b->words, sizeof b->words);
    return b->words;
}

static void take_unserved(void *self, const struct interrupt_line *line, const char *words)
{
    struct bench *b = self;
    size_t used = strlen(b->unserved);
    snprintf(b->unserved + used, sizeof b->unserved - used, "%s %u %s; ", line->source, line->line,
             words);
}

static const char *end(struct bench *b, uint64_t ns)
{
    b->unserved[0] = '\0';
    interrupt_lives_end(&b->lives, ns, take_unserved, b);
    return b->unserved;
}

START_TEST(each_stage_says_how_long_it_took)
{
    struct bench b = {0};
    const struct interrupt_line *line;
    ck_assert_str_eq(step(&b, "pic1", 14, INTERRUPT_RAISED, 1000, -1), "");
    step(&b, "pic1", 14, INTERRUPT_REQUESTED, 1000, -1);
    ck_assert_str_eq(step(&b, "pic1", 14, INTERRUPT_ACKNOWLEDGED, 3500, 0x76),
                     "2500 ns after it was raised");
    ck_assert_str_eq(step(&b, "cpu", 14, INTERRUPT_ENTERED, 3505, 0x76), "5 ns after INTA");
    step(&b, "pic1", 14, INTERRUPT_LOWERED, 4000, -1);
    ck_assert_str_eq(step(&b, "pic1", 14, INTERRUPT_ENDED, 1237000, -1), "1233.5 us after INTA");
    ck_assert_uint_eq(b.lives.count, 1); /* the CPU's step is the input's */
    line = &b.lives.lines[0];
    ck_assert_uint_eq(line->waiting.count, 1);
    ck_assert_uint_eq(line->waiting.sum_ns, 2500);
    ck_assert_uint_eq(line->serving.most_ns, 1233500);
    ck_assert_uint_eq(line->steps[INTERRUPT_ENTERED], 1);
    ck_assert_str_eq(end(&b, 2000000), "");
}
END_TEST

START_TEST(masked_and_unacknowledged_inputs_are_unserved_at_the_end)
{
    struct bench b = {0};
    step(&b, "pic0", 4, INTERRUPT_RAISED, 100, -1);
    step(&b, "pic0", 4, INTERRUPT_MASKED, 100, -1);
    step(&b, "pic0", 1, INTERRUPT_RAISED, 200, -1);
    step(&b, "pic0", 1, INTERRUPT_REQUESTED, 200, -1);
    step(&b, "pic0", 3, INTERRUPT_RAISED, 300, -1);
    step(&b, "pic0", 3, INTERRUPT_REQUESTED, 300, -1);
    step(&b, "pic0", 3, INTERRUPT_LOST, 400, -1); /* gone before INTA: nothing waits */
    ck_assert_str_eq(end(&b, 20000100),
                     "pic0 4 20.0 ms after it was raised it waits still: masked; "
                     "pic0 1 19.9 ms after it was raised it waits still: never acknowledged; ");
    ck_assert_uint_eq(b.lives.lines[0].steps[INTERRUPT_UNSERVED], 1);
}
END_TEST

START_TEST(a_mask_that_opens_lets_the_same_request_through)
{
    struct bench b = {0};
    step(&b, "pic0", 4, INTERRUPT_RAISED, 100, -1);
    step(&b, "pic0", 4, INTERRUPT_MASKED, 100, -1);
    step(&b, "pic0", 4, INTERRUPT_REQUESTED, 900, -1);
    ck_assert_str_eq(step(&b, "pic0", 4, INTERRUPT_ACKNOWLEDGED, 1100, 0x0C),
                     "1000 ns after it was raised");
}
END_TEST

START_TEST(an_entered_vector_belongs_to_who_was_acknowledged_last)
{
    struct bench b = {0};
    step(&b, "ioapic", 14, INTERRUPT_RAISED, 10, -1);
    step(&b, "apic", 0x51, INTERRUPT_REQUESTED, 10, 0x51);
    step(&b, "ioapic", 14, INTERRUPT_ACKNOWLEDGED, 10, 0x51);
    step(&b, "apic", 0x51, INTERRUPT_ACKNOWLEDGED, 40, 0x51);
    ck_assert_str_eq(step(&b, "cpu", 0x51, INTERRUPT_ENTERED, 42, 0x51), "2 ns after INTA");
    ck_assert_str_eq(step(&b, "apic", 0x51, INTERRUPT_ENDED, 90, 0x51), "50 ns after INTA");
    ck_assert_uint_eq(b.lives.count, 2);
}
END_TEST

START_TEST(lines_without_room_are_counted)
{
    struct bench b = {0};
    for (unsigned i = 0; i < INTERRUPT_LINES_MAX + 3; i++)
        step(&b, "pic0", i, INTERRUPT_RAISED, i, -1);
    ck_assert_uint_eq(b.lives.count, INTERRUPT_LINES_MAX);
    ck_assert_uint_eq(b.lives.left_out, 3);
}
END_TEST

Suite *interrupt_life_suite(void)
{
    Suite *suite = suite_create("interrupt_life");
    TCase *tcase = tcase_create("interrupt_life");
    tcase_add_test(tcase, each_stage_says_how_long_it_took);
    tcase_add_test(tcase, masked_and_unacknowledged_inputs_are_unserved_at_the_end);
    tcase_add_test(tcase, a_mask_that_opens_lets_the_same_request_through);
    tcase_add_test(tcase, an_entered_vector_belongs_to_who_was_acknowledged_last);
    tcase_add_test(tcase, lines_without_room_are_counted);
    suite_add_tcase(suite, tcase);
    return suite;
}

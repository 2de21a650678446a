/* Random programs by the plain handlers and by all that makes them fast (heat.h), beside each other: after each slice,
 * however long, both CPUs stand in front of the same instruction with the same registers; in the end their memories are
 * equal. At times the plain one goes in steps of one instruction. Each slice's end is a sample more, so that blocks become
 * hot or get a track soon. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/heat.h"
#include "cpu/tracks.h"
#include "tests/unit/random_program.h"

#define SLICE 700u /* the longest */

static struct block *block_of(const struct cpu *cpu)
{
    uint32_t at = (uint32_t)cpu->ip;
    const struct jump_entry *entry = &cpu->run->jumps[jump_index(at)];
    return entry->tag == jump_tag(0, at) && !((entry->context ^ cpu->context) & entry->mask)
               ? entry->block
               : NULL;
}

static void run_slice(struct cpu_box *box, uint64_t instructions)
{
    enum cpu_stop stop;
    struct cpu_registers r;
    box->timeline.slice_end = box->timeline.now + instructions;
    stop = cpu_run(box->cpu);
    cpu_get_registers(box->cpu, &r);
    ck_assert_msg(stop == CPU_STOP_SLICE, "the program stopped (%d), at %x, behind vector %d",
                  (int)stop, (unsigned)r.ip, stopped_vector(&r));
}

/* One instruction at a time, now and then: no block is run as a whole. */
static void run_slice_in_steps(struct cpu_box *box, uint32_t instructions)
{
    for (; instructions > 0; instructions--)
        run_slice(box, 1);
}

/* Samples of hot blocks, and of those on tracks; what the programs counted. */
struct seen {
    unsigned hot, tracks, interrupts, page_faults, skipped;
};

static void sample(struct cpu *cpu, struct seen *seen)
{
    struct block *block = block_of(cpu);
    if (!block)
        return;
    heat_sample(cpu, block);
    seen->hot += block->is_hot;
    seen->tracks += block->has_track;
}

static void check_equal(const struct cpu_box *a, const struct cpu_box *b,
                        const struct random_program *program)
{
    struct cpu_registers plain, fast;
    uint8_t plain_fx[512] = {0}, fast_fx[512] = {0};
    cpu_get_fxsave(a->cpu, plain_fx);
    cpu_get_fxsave(b->cpu, fast_fx);
    cpu_get_registers(a->cpu, &plain);
    cpu_get_registers(b->cpu, &fast);
    if (a->timeline.now == b->timeline.now && plain.ip == fast.ip && plain.flags == fast.flags &&
        !memcmp(plain.gpr, fast.gpr, sizeof plain.gpr) && plain.cr2 == fast.cr2 &&
        !memcmp(plain_fx, fast_fx, sizeof plain_fx))
        return;
    for (unsigned n = 0; n < 8; n++)
        fprintf(stderr, "register %u: %08x %08x\n", n, (unsigned)plain.gpr[n],
                (unsigned)fast.gpr[n]);
    for (unsigned n = 0; n < 512; n++)
        if (plain_fx[n] != fast_fx[n])
            fprintf(stderr, "FXSAVE image, byte %u: %02x %02x\n", n, plain_fx[n], fast_fx[n]);
    ck_abort_msg(
        "seed %u, %u places, CPL %u: at instruction %llu (%llu) EIP %x (%x), flags %x (%x)",
        program->seed, program->places, program->is_user ? 3u : 0u,
        (unsigned long long)a->timeline.now, (unsigned long long)b->timeline.now,
        (unsigned)plain.ip, (unsigned)fast.ip, (unsigned)plain.flags, (unsigned)fast.flags);
}

static void run_both(const struct random_program *program, uint64_t instructions, struct seen *seen)
{
    struct cpu_box boxes[2];
    uint32_t seed = program->seed;
    for (unsigned n = 0; n < 2; n++) {
        cpu_guest_init_model(&boxes[n], "max");
        random_program_put(&boxes[n], program);
    }
    boxes[0].cpu->run->handlers = HANDLERS_PLAIN;
    pool_tracks(boxes[1].cpu->run->pool)->are_used = true;
    while (boxes[0].timeline.now < instructions) {
        uint32_t slice = 1 + random_below(&seed, SLICE);
        bool interrupts = !random_below(&seed, 16), in_steps = !random_below(&seed, 16);
        for (unsigned n = 0; n < 2; n++) {
            if (interrupts) {
                boxes[n].irq = RANDOM_PROGRAM_IRQ;
                cpu_set_intr(boxes[n].cpu, true);
            }
            if (n == 0 && in_steps)
                run_slice_in_steps(&boxes[n], slice);
            else
                run_slice(&boxes[n], slice);
        }
        check_equal(&boxes[0], &boxes[1], program);
        sample(boxes[1].cpu, seen);
    }
    for (uint32_t at = 0; at < PAGES * FRAME_BYTES; at += FRAME_BYTES) {
        uint8_t plain[FRAME_BYTES], fast[FRAME_BYTES];
        cpu_box_peek(&boxes[0], at, plain, sizeof plain);
        cpu_box_peek(&boxes[1], at, fast, sizeof fast);
        ck_assert_msg(!memcmp(plain, fast, sizeof plain), "seed %u: the page at %x differs",
                      program->seed, at);
    }
    seen->interrupts += cpu_box_peek32(&boxes[1], RANDOM_PROGRAM_INTERRUPTS);
    seen->page_faults += cpu_box_peek32(&boxes[1], RANDOM_PROGRAM_PAGE_FAULTS);
    seen->skipped += cpu_box_peek32(&boxes[1], RANDOM_PROGRAM_SKIPPED);
    for (unsigned n = 0; n < 2; n++)
        cpu_box_fini(&boxes[n]);
}

static const unsigned PLACES[] = {3, 30, 300, 1000};

/* VITRINE_PROGRAMS and VITRINE_SEED in the environment choose more and other programs. */
static uint32_t number_of(const char *name, uint32_t otherwise)
{
    const char *given = getenv(name);
    return given ? (uint32_t)strtoul(given, NULL, 0) : otherwise;
}

START_TEST(random_programs_run_as_by_the_plain_handlers)
{
    struct seen seen = {0, 0, 0, 0, 0};
    uint32_t programs = number_of("VITRINE_PROGRAMS", 24), first = number_of("VITRINE_SEED", 1);
    for (uint32_t n = 0; n < programs; n++) {
        struct random_program program = {.seed = (0x9e3779b9u * (n + first)) | 1,
                                         .places = PLACES[n % ARRAY_COUNT(PLACES)],
                                         .is_user = n % 8 > 3,
                                         .is_16_bit = n % 3 == 2,
                                         .is_wide = n % 7 > 2,
                                         .has_code_16 = n % 5 > 2};
        run_both(&program, 1000000, &seen);
    }
    ck_assert_msg(
        seen.interrupts && seen.page_faults && seen.skipped && (seen.hot || !HEAT_MAKES_HOT) &&
            (seen.tracks || !DISPATCH_IS_CHAINED),
        "%u interrupts, %u page faults, %u #DE or #UD; samples of hot blocks %u, on tracks %u",
        seen.interrupts, seen.page_faults, seen.skipped, seen.hot, seen.tracks);
}
END_TEST

Suite *cpu_twins_suite(void);

Suite *cpu_twins_suite(void)
{
    Suite *suite = suite_create("cpu_twins");
    TCase *tcase = tcase_create("cpu_twins");
    tcase_set_timeout(tcase, 3600);
    tcase_add_test(tcase, random_programs_run_as_by_the_plain_handlers);
    suite_add_tcase(suite, tcase);
    return suite;
}

/* Handlers by register go to the blocks that most samples fall on, and to no others; nothing that the guest
 * can see depends on it. */
#include <check.h>
#include <string.h>

#include "cpu/heat.h"
#include "cpu/ops_chains.h"
#include "cpu/ops_guesses.h"
#include "cpu/run.h"
#include "cpu/tracks.h"
#include "tests/unit/cpu_guest.h"

/* on: inc eax; mov [9000h],eax; mov ebx,[9000h]; add ecx,ebx; mov esi,eax; add esi,ecx; push ecx; pop edx;
 * cmp edx,eax; jnz on; jmp on */
static const char LOOP[] =
    "\x40\xa3\x00\x90\x00\x00\x8b\x1d\x00\x90\x00\x00\x01\xd9\x89\xc6\x01\xce"
    "\x51\x5a\x39\xc2\x75\xe8\xeb\xe6";

static const struct block *block_of(const struct cpu_box *box, uint32_t at)
{
    const struct jump_entry *entry = &box->cpu->run->jumps[jump_index(at)];
    return entry->tag == jump_tag(0, at) ? entry->block : NULL;
}

static void start(struct cpu_box *box)
{
    struct cpu_registers r;
    cpu_get_registers(box->cpu, &r);
    r.ip = CODE;
    cpu_set_registers(box->cpu, &r);
}

static void run_slice(struct cpu_box *box, uint64_t instructions)
{
    box->timeline.slice_end = box->timeline.now + instructions;
    ck_assert_int_eq(cpu_run(box->cpu), CPU_STOP_SLICE);
}

static bool is_chain(op_handler *handler)
{
    const struct op_chain_first *first;
    for (unsigned n = 0; (first = op_chain_first(n)) != NULL; n++)
        for (unsigned k = 0; k < CHAIN_SECONDS * 8; k++)
            if (first->by_second[k / 8][k % 8] == handler)
                return true;
    return false;
}

static bool has_chain(const struct block *block)
{
    for (unsigned n = 0; n < block->op_count; n++)
        if (is_chain(block->ops[n].handler))
            return true;
    return false;
}

static struct cpu_registers run_loop(enum handler_choice handlers, bool *is_hot)
{
    struct cpu_box box;
    struct cpu_registers r;
    cpu_guest_init(&box);
    box.cpu->run->handlers = handlers;
    cpu_box_poke(&box, CODE, LOOP, sizeof LOOP - 1);
    start(&box);
    for (unsigned n = 0; n < 100; n++)
        run_slice(&box, 8501); /* not a multiple of the loop's instructions */
    *is_hot = block_of(&box, CODE)->is_hot;
    ck_assert_int_eq(has_chain(block_of(&box, CODE)), handlers == HANDLERS_BY_HEAT);
    cpu_get_registers(box.cpu, &r);
    cpu_box_fini(&box);
    return r;
}

START_TEST(a_loop_gets_handlers_by_register_and_goes_on_as_before)
{
    bool is_hot;
    struct cpu_registers plain = run_loop(HANDLERS_PLAIN, &is_hot), hot;
    hot = run_loop(HANDLERS_BY_HEAT, &is_hot);
    ck_assert(is_hot);
    ck_assert_mem_eq(hot.gpr, plain.gpr, sizeof hot.gpr);
    ck_assert_uint_eq(hot.ip, plain.ip);
    ck_assert_uint_eq(hot.flags, plain.flags);
}
END_TEST

/* Whatever goes back to the run loop more often than samples are due hides no code from them. Each round is some
 * thousand instructions, in one block nearly all. */
struct round {
    const char *name, *code, *handler; /* of #UD */
    size_t code_bytes, handler_bytes;
    uint32_t loop, slice;
};
static const struct round ROUNDS[] = {
    /* again: ud2; jmp again. Handler: mov edx,500; on: dec edx; jnz on; add dword [esp],2; iret */
    {.name = "faults", .code = "\x0f\x0b\xeb\xfc", .code_bytes = 4,
     .handler = "\xba\xf4\x01\0\0\x4a\x75\xfd\x83\x04\x24\x02\xcf", .handler_bytes = 13,
     .loop = HANDLERS + 16 * 6 + 5, .slice = 400000},
    /* again: mov edi,9000h; mov ecx,5; rep stosb; mov edx,500; on: dec edx; jnz on; jmp again */
    {.name = "REP", .code = "\xbf\0\x90\0\0\xb9\x05\0\0\0\xf3\xaa\xba\xf4\x01\0\0\x4a\x75\xfd\xeb\xea",
     .code_bytes = 22, .handler = "", .loop = CODE + 17, .slice = 400000},
    /* again: mov edx,500; on: dec edx; jnz on; jmp again */
    {.name = "slices", .code = "\xba\xf4\x01\0\0\x4a\x75\xfd\xeb\xf6", .code_bytes = 10, .handler = "",
     .loop = CODE + 5, .slice = 1001},
};

START_TEST(samples_are_taken_however_often_the_loop_is_left)
{
    const struct round *round = &ROUNDS[_i];
    struct cpu_box box;
    cpu_guest_init(&box);
    cpu_box_poke(&box, CODE, round->code, round->code_bytes);
    cpu_box_poke(&box, HANDLERS + 16 * 6, round->handler, round->handler_bytes);
    start(&box);
    while (box.timeline.now < 400000)
        run_slice(&box, round->slice);
    ck_assert_msg(block_of(&box, round->loop)->is_hot, "%s", round->name);
    cpu_box_fini(&box);
}
END_TEST

/* 2,048 blocks: inc eax; jmp to the next; the last jumps to the first. */
#define BLOCKS      2048u
#define BLOCK_BYTES 6u
static void put_large_code(struct cpu_box *box)
{
    for (uint32_t n = 0; n < BLOCKS; n++) {
        uint8_t bytes[BLOCK_BYTES] = {0x40, 0xe9, 0, 0, 0, 0};
        store_le32(bytes + 2, n + 1 < BLOCKS ? 0 : 0u - BLOCKS * BLOCK_BYTES);
        cpu_box_poke(box, CODE + n * BLOCK_BYTES, bytes, BLOCK_BYTES);
    }
}

START_TEST(large_code_keeps_its_general_handlers)
{
    struct cpu_box box;
    unsigned built = 0;
    cpu_guest_init(&box);
    put_large_code(&box);
    start(&box);
    for (unsigned n = 0; n < 4096; n++)
        run_slice(&box,
                  2 * BLOCKS + 2 * 37); /* 37: a stranger to 2,048, so that all have their turn */
    for (uint32_t n = 0; n < BLOCKS; n++) {
        const struct block *block = block_of(&box, CODE + n * BLOCK_BYTES);
        built += block != NULL;
        ck_assert(!block || !block->is_hot);
    }
    ck_assert_uint_gt(built, BLOCKS / 2);
    cpu_box_fini(&box);
}
END_TEST

/* Blocks of so many times two operations, of which the first reads memory, and a jump to the next; the last loads
 * CR3 and jumps to the first. Each round begins with misses of the TLB. */
#define WIDE_DATA 0x30000u
#define TABLES    0x38000u
struct wide_code {
    uint32_t blocks, times;
    uint32_t bytes; /* of a block */
};

static void put_wide_code(struct cpu_box *box, const struct wide_code *code)
{
    struct cpu_registers r;
    for (uint32_t n = 0; n < code->blocks; n++) {
        uint8_t bytes[256], *at = bytes;
        for (uint32_t time = 0; time < code->times; time++, at += 7) {
            memcpy(at, "\x03\x05", 2); /* add eax,[data]; inc ecx */
            store_le32(at + 2, WIDE_DATA + (n & 3) * 0x1000);
            at[6] = 0x41;
        }
        memcpy(at, "\xe9\0\0\0\0", 5);
        cpu_box_poke(box, CODE + n * code->bytes, bytes, code->bytes);
    }
    uint8_t last[] = {0x0f, 0x20, 0xda, 0x0f, 0x22, 0xda, 0xe9, 0, 0, 0, 0}; /* mov edx,cr3; mov cr3,edx; jmp */
    store_le32(last + 7, 0u - code->blocks * code->bytes - (uint32_t)sizeof last);
    cpu_box_poke(box, CODE + code->blocks * code->bytes, last, sizeof last);
    cpu_box_poke32(box, TABLES, (TABLES + 0x1000) | 0x27);
    for (uint32_t n = 0; n < PAGES; n++)
        cpu_box_poke32(box, TABLES + 0x1000 + 4 * n, n << 12 | 0x67);
    for (uint32_t n = 0; n < 4; n++)
        cpu_box_poke32(box, WIDE_DATA + n * 0x1000, n + 1);
    cpu_get_registers(box->cpu, &r);
    r.cr3 = TABLES;
    r.cr0 |= 0x80000000u;
    cpu_set_registers(box->cpu, &r);
}

static struct cpu_registers run_wide_code(const struct wide_code *code, enum handler_choice handlers,
                                          unsigned *tracks)
{
    struct cpu_box box;
    struct cpu_registers r;
    cpu_guest_init(&box);
    box.cpu->run->handlers = handlers;
    pool_tracks(box.cpu->run->pool)->are_used = true; /* whatever processor this is */
    put_wide_code(&box, code);
    start(&box);
    run_slice(&box, 20000000);
    *tracks = 0;
    for (uint32_t n = 0; n < code->blocks; n++) {
        const struct block *block = block_of(&box, CODE + n * code->bytes);
        *tracks += block && block->has_track;
    }
    /* A block that is written ends on its track as elsewhere: its last inc ecx becomes dec ecx. */
    for (uint32_t n = 0; n < code->blocks; n += 7)
        cpu_box_poke(&box, CODE + (n + 1) * code->bytes - 6, "\x49", 1);
    run_slice(&box, 1000001);
    cpu_get_registers(box.cpu, &r);
    cpu_box_fini(&box);
    return r;
}

/* Blocks of few steps, of many, and of more than any track has. */
_Static_assert(TRACK_STEPS < 47, "the last one is longer");
static const struct wide_code WIDE_CODE[] = {{600, 1, 12}, {600, 10, 75}, {300, 23, 166}};

START_TEST(wide_code_gets_tracks_and_goes_on_as_before)
{
    const struct wide_code *code = &WIDE_CODE[_i];
    unsigned tracks;
    struct cpu_registers plain = run_wide_code(code, HANDLERS_PLAIN, &tracks), wide;
    wide = run_wide_code(code, HANDLERS_BY_HEAT, &tracks);
    ck_assert_uint_ge(tracks, DISPATCH_IS_CHAINED ? code->blocks / 4 : 0);
    ck_assert_mem_eq(wide.gpr, plain.gpr, sizeof wide.gpr);
    ck_assert_uint_eq(wide.ip, plain.ip);
    ck_assert_uint_eq(wide.flags, plain.flags);
}
END_TEST

/* A loop that is left after so many turns and is done once in each round of wide code then. */
#define HOT_TURNS   3000000u
#define COOL_BLOCKS 600u
static struct cpu_registers run_loop_then_wide_code(enum handler_choice handlers, bool *was_hot, bool *is_hot)
{
    static const struct wide_code CODE_AROUND = {COOL_BLOCKS, 1, 12};
    const uint32_t loop = CODE + COOL_BLOCKS * 12;
    /* again: dec edx; jnz again; mov edx,1; jmp to the first */
    uint8_t bytes[] = {0x4a, 0x75, 0xfd, 0xba, 1, 0, 0, 0, 0xe9, 0, 0, 0, 0};
    struct cpu_box box;
    struct cpu_registers r;
    cpu_guest_init(&box);
    box.cpu->run->handlers = handlers;
    put_wide_code(&box, &CODE_AROUND);
    store_le32(bytes + 9, CODE - (loop + (uint32_t)sizeof bytes));
    cpu_box_poke(&box, loop, bytes, sizeof bytes);
    start(&box);
    cpu_get_registers(box.cpu, &r);
    r.gpr[CPU_DX] = HOT_TURNS;
    cpu_set_registers(box.cpu, &r);
    run_slice(&box, HOT_TURNS);
    *was_hot = block_of(&box, loop)->is_hot;
    run_slice(&box, 60000000);
    *is_hot = block_of(&box, loop)->is_hot;
    cpu_get_registers(box.cpu, &r);
    cpu_box_fini(&box);
    return r;
}

START_TEST(what_was_hot_cools_where_the_code_is_wide)
{
    bool was_hot, is_hot;
    struct cpu_registers plain = run_loop_then_wide_code(HANDLERS_PLAIN, &was_hot, &is_hot), cooled;
    cooled = run_loop_then_wide_code(HANDLERS_BY_HEAT, &was_hot, &is_hot);
    ck_assert(was_hot);
    ck_assert(!is_hot);
    ck_assert_mem_eq(cooled.gpr, plain.gpr, sizeof cooled.gpr);
    ck_assert_uint_eq(cooled.ip, plain.ip);
    ck_assert_uint_eq(cooled.flags, plain.flags);
}
END_TEST

static bool is_guessed(op_handler *handler)
{
    for (const struct op_variants *row = OP_VARIANTS_GUESSED; row->table; row++)
        for (unsigned n = 0; n < (row->first == NO_FIELD ? 8 : 64); n++)
            if (row->table[n] == handler)
                return true;
    return false;
}

/* A loop with two ops that use a page each, at ESI and at ESI + 1000h; these are not next to each other, and move while
 * it runs. The second page of all is the program's own. */
#define PAGES_ROUNDS 4
struct pages_loop {
    const char *code;
    size_t bytes;
    unsigned step; /* from the one op to the other */
};
struct pages_end {
    struct cpu_registers r;
    uint8_t data[8 * FRAME_BYTES];
    unsigned guessed[PAGES_ROUNDS];
};
static void run_pages(enum handler_choice handlers, const struct pages_loop *loop, struct pages_end *end)
{
    static const uint32_t FRAMES[PAGES_ROUNDS][2] = {{0x30, 0x32}, {0x34, 0x32}, {0x36, 0x32},
                                                      {0x35, CODE / FRAME_BYTES}};
    static const struct wide_code NO_CODE = {0, 0, 0};
    struct cpu_box box;
    cpu_guest_init(&box);
    box.cpu->run->handlers = handlers;
    put_wide_code(&box, &NO_CODE); /* page tables */
    cpu_box_poke(&box, CODE, loop->code, loop->bytes);
    for (uint32_t n = 0; n < 8; n++)
        cpu_box_poke32(&box, WIDE_DATA + n * 0x1000 + 0x800, 100 * n + 1);
    start(&box);
    for (unsigned n = 0; n < PAGES_ROUNDS; n++) {
        for (uint32_t page = 0; page < 2; page++)
            cpu_box_poke32(&box, TABLES + 0x1000 + 4 * (0x30 + page), FRAMES[n][page] << 12 | 0x67);
        cpu_get_registers(box.cpu, &end->r);
        end->r.gpr[CPU_SI] = WIDE_DATA + 0x800;
        cpu_set_registers(box.cpu, &end->r); /* loads CR3 */
        run_slice(&box, 300001);
        end->guessed[n] = 0;
        for (unsigned at = 0; at <= loop->step; at += loop->step)
            end->guessed[n] += is_guessed(block_of(&box, CODE)->ops[at].handler);
    }
    cpu_get_registers(box.cpu, &end->r);
    cpu_box_peek(&box, WIDE_DATA, end->data, sizeof end->data);
    cpu_box_fini(&box);
}

/* again: mov eax,[esi]; add ebx,eax; mov eax,[esi+1000h]; add ecx,eax; inc edx; jnz again
 * and: again: mov [esi],edx; add [esi+1000h],edx; inc edx; jnz again */
static const struct pages_loop PAGES_LOOPS[] = {
    {"\x8b\x06\x01\xc3\x8b\x86\0\x10\0\0\x01\xc1\x42\x75\xf1", 15, 2},
    {"\x89\x16\x01\x96\0\x10\0\0\x42\x75\xf5", 11, 1},
};

START_TEST(accesses_are_right_whatever_was_guessed)
{
    static struct pages_end plain, hot;
    run_pages(HANDLERS_PLAIN, &PAGES_LOOPS[_i], &plain);
    run_pages(HANDLERS_BY_HEAT, &PAGES_LOOPS[_i], &hot);
    for (unsigned n = 0; n < PAGES_ROUNDS; n++) /* two that contradict each other: one has given up */
        ck_assert_uint_eq(hot.guessed[n], 1);
    ck_assert_mem_eq(hot.r.gpr, plain.r.gpr, sizeof hot.r.gpr);
    ck_assert_uint_eq(hot.r.ip, plain.r.ip);
    ck_assert_uint_eq(hot.r.flags, plain.r.flags);
    ck_assert_mem_eq(hot.data, plain.data, sizeof hot.data);
}
END_TEST

Suite *cpu_heat_suite(void);

Suite *cpu_heat_suite(void)
{
    Suite *suite = suite_create("cpu_heat");
    TCase *tcase = tcase_create("cpu_heat");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, large_code_keeps_its_general_handlers);
    tcase_add_loop_test(tcase, wide_code_gets_tracks_and_goes_on_as_before, 0, ARRAY_COUNT(WIDE_CODE));
    if (HEAT_MAKES_HOT) {
        tcase_add_test(tcase, a_loop_gets_handlers_by_register_and_goes_on_as_before);
        tcase_add_loop_test(tcase, samples_are_taken_however_often_the_loop_is_left, 0, ARRAY_COUNT(ROUNDS));
        tcase_add_loop_test(tcase, accesses_are_right_whatever_was_guessed, 0, ARRAY_COUNT(PAGES_LOOPS));
        tcase_add_test(tcase, what_was_hot_cools_where_the_code_is_wide);
    }
    suite_add_tcase(suite, tcase);
    return suite;
}

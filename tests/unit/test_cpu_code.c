/* Code that changes while it runs, and the translations under it. */
#include "tests/unit/core_bench.h"

/* --- code that changes --------------------------------------------------------------------------------------- */

START_TEST(a_write_into_the_running_block_counts_at_once)
{
    struct core *c = core_new(NULL);
    /* mov byte [1006], 43: the INC AX behind it becomes INC BX */
    PUT(c, 0xc6, 0x06, 0x06, 0x10, 0x43, 0x90, 0x40, 0xf4);
    run(c, 100);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 0);
    ck_assert_uint_eq(registers(c).gpr[CPU_BX], 1);
    ck_assert_uint_eq(c->f->timeline.now, 4);
    core_free(c);
}
END_TEST

START_TEST(a_patched_immediate_counts_at_once)
{
    struct core *c = core_new(NULL);
    /* 1000 inc word [1005]; 1004 mov bx, 0; 1007 add ax, bx; 1009 loop 1000 */
    PUT(c, 0xff, 0x06, 0x05, 0x10, 0xbb, 0x00, 0x00, 0x01, 0xd8, 0xe2, 0xf5, 0xf4);
    struct cpu_registers r = registers(c);
    r.gpr[CPU_CX] = 100;
    cpu_set_registers(c->cpu, &r);
    ck_assert_int_eq(run(c, 1000), CPU_STOP_HALT);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 5050);
    core_free(c);
}
END_TEST

/* Each entry into the NOPs in front of the loop makes a block more that has the patched MOV. */
START_TEST(a_patched_immediate_counts_in_all_blocks_that_have_it)
{
    struct core *c = core_new(NULL);
    unsigned turns = 0;
    /* 1000 nop * 12; 100c inc word [1011]; 1010 mov bx, 0; 1013 add ax, bx; 1015 loop 100c; 1017 hlt */
    PUT(c, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0x06, 0x11,
        0x10, 0xbb, 0x00, 0x00, 0x01, 0xd8, 0xe2, 0xf5, 0xf4);
    for (unsigned entry = 12; entry < 36; entry++) {
        struct cpu_registers r = registers(c);
        r.gpr[CPU_CX] = 3;
        r.ip = CODE + (entry * 7) % 13;
        cpu_set_registers(c->cpu, &r);
        c->cpu->is_halted = false;
        ck_assert_int_eq(run(c, 1000), CPU_STOP_HALT);
        turns += 3;
        ck_assert_uint_eq(registers(c).gpr[CPU_AX], turns * (turns + 1) / 2);
    }
    core_free(c);
}
END_TEST

/* Three blocks of one page: 1080 mov bx,imm; ret. 1100 mov ax,C340; ret. 1101, inside of that: inc ax; ret.
 * The write to 1101 is an immediate to one of the last two alone; it must not make the page take the next
 * write to 1081 for that one. */
START_TEST(a_write_that_is_more_than_an_immediate_is_not_noted_as_one)
{
    struct core *c = core_new(NULL);
    memcpy(memory(c, 0x1080), "\xbb\x11\x11\xc3", 4);
    memcpy(memory(c, 0x1100), "\xb8\x40\xc3\xc3", 4);
    PUT(c, 0xe8, 0x7d, 0x00, 0xe8, 0xfb, 0x00, 0xe8, 0xf7, 0x00, /* call 1080; call 1101; call 1100 */
        0xc7, 0x06, 0x81, 0x10, 0x33, 0x33,                      /* mov word [1081],3333 */
        0xc7, 0x06, 0x01, 0x11, 0x40, 0xc3,                      /* mov word [1101],C340 */
        0xc7, 0x06, 0x81, 0x10, 0x44, 0x44,                      /* mov word [1081],4444 */
        0xe8, 0x62, 0x00, 0xf4);                                 /* call 1080; hlt */
    run(c, 100);
    ck_assert_uint_eq(registers(c).gpr[CPU_BX], 0x4444);
    core_free(c);
}
END_TEST

START_TEST(code_changed_from_outside_is_decoded_again)
{
    struct core *c = core_new(NULL);
    static const uint8_t dec_ax = 0x48;
    PUT(c, 0x40, 0xeb, 0xfd); /* inc ax; jmp $-1 */
    run(c, 20);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 10);
    space_dma_write(&c->f->memory, NULL, CODE, &dec_ax, 1);
    run(c, 20);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 0);
    core_free(c);
}
END_TEST

START_TEST(data_beside_code_leaves_the_code_alone)
{
    struct core *c = core_new(NULL);
    PUT(c, 0xff, 0x06, 0x80, 0x10, 0xeb, 0xfa); /* inc word [1080]; jmp $-4 */
    run(c, 2000);
    ck_assert_uint_eq(load_le16(memory(c, 0x1080)), 1000);
    core_free(c);
}
END_TEST

/* From a line of 64 bytes without code into one that begins with a routine: inc ax; ret becomes inc bx; ret. */
START_TEST(data_that_reaches_into_code_changes_it)
{
    static const char *const WRITES[] = {
        "\x66\xc7\x06\xfd\x10\x90\x90\x90\x43", /* mov dword [10fd],... */
        "\x66\xc7\x06\xfe\x10\x90\x90\x43\xc3", /* mov dword [10fe],... */
        "\x66\xc7\x06\xff\x10\x90\x43\xc3\x90", /* mov dword [10ff],... */
        "\xc7\x06\xff\x10\x90\x43\x90\x90\x90", /* mov word [10ff],...; nop; nop; nop */
    };
    struct core *c = core_new(NULL);
    PUT(c, 0xa3, 0x80, 0x10, 0xe8, 0xfa, 0x00); /* mov [1080],ax; call 1100 */
    memcpy(memory(c, CODE + 6), WRITES[_i], 9);
    memcpy(memory(c, CODE + 15), "\xe8\xee\x00\xf4", 4); /* call 1100; hlt */
    memcpy(memory(c, 0x1100), "\x40\xc3", 2);
    ck_assert_int_eq(run(c, 100), CPU_STOP_HALT);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 1);
    ck_assert_uint_eq(registers(c).gpr[CPU_BX], 1);
    core_free(c);
}
END_TEST

START_TEST(an_instruction_across_pages_follows_both)
{
    struct core *c = core_new(NULL);
    struct cpu_registers r = registers(c);
    static const uint8_t code[] = {0xb8, 0x34, 0x12, 0xeb, 0xfb}; /* mov ax, 1234; jmp $-3 */
    static const uint8_t other = 0x56;
    space_poke(&c->f->memory, 0x1ffe, code, sizeof code);
    r.ip = 0x1ffe;
    cpu_set_registers(c->cpu, &r);
    run(c, 2);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 0x1234);
    space_dma_write(&c->f->memory, NULL, 0x2000, &other, 1);
    run(c, 2);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 0x5634);
    core_free(c);
}
END_TEST

/* Runs code that fills the pool and checks that it was right. Every paragraph of 64 KiB: INC AX; JMP to the next
 * one. The pool holds a few of these. */
static void fill_pool(struct core *c, unsigned round)
{
    static const uint8_t code[4] = {0x40, 0xeb, 0x01, 0x90}, back[] = {0xe9, 0xfd, 0x20};
    struct cpu_registers r = registers(c);
    for (unsigned at = 0x2000; at < 0xff00 && !round; at += 4)
        memcpy(memory(c, at), code, sizeof code);
    memcpy(memory(c, 0xff00), back, sizeof back);
    r.ip = 0x2000;
    r.gpr[CPU_AX] = 0;
    /* Another limit of CS is another mode: everything is built anew. */
    r.segment[CPU_CS].limit = 0xffff + round;
    cpu_set_registers(c->cpu, &r);
    run(c, 2 * ((0xff00 - 0x2000) / 4));
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], (0xff00 - 0x2000) / 4);
}

START_TEST(a_full_pool_starts_again)
{
    struct core *c = core_new(NULL);
    for (unsigned round = 0; round < 40; round++)
        fill_pool(c, round);
    core_free(c);
}
END_TEST

/* Who shares the pool goes on with code that is gone: links, RET's targets, a count beside its code, an
 * instruction that was changed meanwhile. */
START_TEST(a_full_pool_starts_again_for_all_who_share_it)
{
    struct core *a = core_new(NULL), *b = core_new_in(NULL, a->pool);
    uint64_t emptied = pool_epoch(a->pool);
    static const uint8_t routine[] = {0xff, 0x06, 0x80, 0x30, 0xc3}; /* inc word [3080h]; ret */
    PUT(b, 0xe8, 0xfd, 0x1f, 0x43, 0xeb, 0xfa);                      /* call 3000h; inc bx; jmp */
    memcpy(memory(b, 0x3000), routine, sizeof routine);
    for (unsigned round = 0; round < 40; round++) {
        uint8_t inc_cx = 0x41;
        fill_pool(a, round);
        if (round == 20)
            space_poke(&b->f->memory, CODE + 3, &inc_cx, 1);
        run(b, 50);
        ck_assert_uint_eq(load_le16(memory(b, 0x3080)), 10 * (round + 1));
    }
    ck_assert_uint_eq(registers(b).gpr[CPU_BX], 200);
    ck_assert_uint_eq(registers(b).gpr[CPU_CX], 200);
    ck_assert_uint_gt(pool_epoch(a->pool), emptied + 5);
    core_free(b);
    core_free(a);
}
END_TEST

/* What is noted of a CALL is of blocks that are gone when RET comes. */
START_TEST(a_call_is_under_way_while_the_pool_is_emptied)
{
    struct core *a = core_new(NULL), *b = core_new_in(NULL, a->pool);
    /* inc word [3080h]; push ax; pop ax, so that RET finds its word in the fast TLB; ret */
    static const uint8_t routine[] = {0xff, 0x06, 0x80, 0x30, 0x50, 0x58, 0xc3};
    PUT(b, 0xe8, 0xfd, 0x1f, 0x43, 0xeb, 0xfa); /* call 3000h; inc bx; jmp */
    memcpy(memory(b, 0x3000), routine, sizeof routine);
    for (unsigned round = 0, fills = 0; round < 10; round++) {
        uint64_t emptied = pool_epoch(a->pool);
        run(b, 4 * 7 + 1);
        ck_assert_uint_eq(registers(b).ip, 0x3000);
        if (TECHNIQUE_RETURNS && TECHNIQUE_LINKS)
            ck_assert_ptr_nonnull(b->cpu->calls[b->cpu->call_top].block);
        while (pool_epoch(a->pool) < emptied + 2) /* all of it has other blocks now */
            fill_pool(a, fills++);
        run(b, 6);
        ck_assert_uint_eq(registers(b).ip, CODE);
        ck_assert_uint_eq(registers(b).gpr[CPU_BX], 5 * (round + 1));
    }
    ck_assert_uint_eq(load_le16(memory(b, 0x3080)), 50);
    core_free(b);
    core_free(a);
}
END_TEST

/* --- paging --------------------------------------------------------------------------------------------------- */

/* Protected mode with flat segments and paging: linear 0-1 MiB is itself, by tables at 10000h. */
static void enter_paging(struct core *c)
{
    struct cpu_registers r = registers(c);
    for (unsigned i = 0; i < 256; i++)
        store_le32(memory(c, 0x11000 + i * 4), i << 12 | 7);
    store_le32(memory(c, 0x10000), 0x11007);
    for (unsigned i = 0; i < 6; i++)
        r.segment[i] = (struct cpu_segment){0, 0xffffffff, 8, i == CPU_CS ? 0xc9b : 0xc93};
    r.cr0 = 0x80010011;
    r.cr3 = 0x10000;
    r.idtr.limit = 0;
    cpu_set_registers(c->cpu, &r);
}

START_TEST(accessed_and_dirty_bits_are_set)
{
    struct core *c = core_new(NULL);
    enter_paging(c);
    PUT(c, 0xa1, 0x00, 0x00, 0x03, 0x00, 0xa3, 0x00, 0x00, 0x04, 0x00); /* load 30000, store 40000 */
    run(c, 2);
    ck_assert_uint_eq(load_le32(memory(c, 0x11000 + 0x30 * 4)), 0x30000 | 0x27);
    ck_assert_uint_eq(load_le32(memory(c, 0x11000 + 0x40 * 4)), 0x40000 | 0x67);
    ck_assert_uint_eq(load_le32(memory(c, 0x11000 + 0x50 * 4)), 0x50000 | 0x07);
    core_free(c);
}
END_TEST

START_TEST(a_stale_translation_serves_until_invlpg)
{
    struct core *c = core_new(NULL);
    enter_paging(c);
    store_le32(memory(c, 0x30000), 3);
    store_le32(memory(c, 0x50000), 5);
    PUT(c, 0xa1, 0x00, 0x00, 0x03, 0x00,                               /* load 30000 */
        0xc7, 0x05, 0xc0, 0x10, 0x01, 0x00, 0x07, 0x00, 0x05, 0x00,    /* its entry: 50007 */
        0x8b, 0x1d, 0x00, 0x00, 0x03, 0x00,                            /* load ebx */
        0x0f, 0x01, 0x3d, 0x00, 0x00, 0x03, 0x00,                      /* invlpg [30000] */
        0x8b, 0x0d, 0x00, 0x00, 0x03, 0x00);                           /* load ecx */
    run(c, 5);
    ck_assert_uint_eq(registers(c).gpr[CPU_BX], 3);
    ck_assert_uint_eq(registers(c).gpr[CPU_CX], 5);
    core_free(c);
}
END_TEST

Suite *cpu_code_suite(void)
{
    Suite *suite = suite_create("cpu_code");
    TCase *tests = tcase_create("code");
    tcase_add_test(tests, a_write_into_the_running_block_counts_at_once);
    tcase_add_test(tests, a_patched_immediate_counts_at_once);
    tcase_add_test(tests, a_patched_immediate_counts_in_all_blocks_that_have_it);
    tcase_add_test(tests, a_write_that_is_more_than_an_immediate_is_not_noted_as_one);
    tcase_add_test(tests, code_changed_from_outside_is_decoded_again);
    tcase_add_test(tests, data_beside_code_leaves_the_code_alone);
    tcase_add_loop_test(tests, data_that_reaches_into_code_changes_it, 0, 4);
    tcase_add_test(tests, an_instruction_across_pages_follows_both);
    tcase_add_test(tests, a_full_pool_starts_again);
    tcase_add_test(tests, a_full_pool_starts_again_for_all_who_share_it);
    tcase_add_test(tests, a_call_is_under_way_while_the_pool_is_emptied);
    tcase_add_test(tests, accessed_and_dirty_bits_are_set);
    tcase_add_test(tests, a_stale_translation_serves_until_invlpg);
    suite_add_tcase(suite, tests);
    return suite;
}

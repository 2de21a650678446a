/* RET goes where the stack says, whatever the last CALL has noted of the code behind it (run_note_call()): another
 * address, another page mapped there, other bytes, another base of CS, a limit in front of it, deeper calls than
 * are noted. Each with every choice of handlers, and cut into slices. */
#include <check.h>

#include "cpu/run.h"
#include "tests/unit/cpu_guest.h"

#define DIRECTORY 0x10000u
#define TABLE     0x11000u
#define OTHER     0x12000u /* may be mapped for CALLER */
#define CALLER    0x9000u
#define BEHIND    0x9005u /* the CALL */
#define CALLED    0xb000u
#define ELSEWHERE 0x9100u
#define TURNS     100u
#define HERE_ADDS  0x00000100u
#define OTHER_ADDS 0x00010000u

/* call CALLED; what put_behind() puts behind it */
static void put_call(struct cpu_box *box, uint32_t at)
{
    uint8_t code[] = {0xe8, 0, 0, 0, 0};
    store_le32(code + 1, CALLED - at - 5);
    cpu_box_poke(box, at, code, sizeof code);
}

/* add ebx,imm32; dec ecx; jnz back to the CALL; hlt */
static void put_behind(struct cpu_box *box, uint32_t at, uint32_t adds)
{
    uint8_t code[] = {0x81, 0xc3, 0, 0, 0, 0, 0x49, 0x75, 0xf2, 0xf4};
    store_le32(code + 2, adds);
    cpu_box_poke(box, at, code, sizeof code);
}

static void put_caller(struct cpu_box *box, uint32_t adds)
{
    put_call(box, CALLER);
    put_behind(box, BEHIND, adds);
}

/* b000 test cl,1; jz over `odd`; what CALLED does in odd turns; ret */
static void put_called(struct cpu_box *box, const char *odd, size_t length)
{
    const uint8_t skip[] = {0xf6, 0xc1, 0x01, 0x74, (uint8_t)length};
    cpu_box_poke(box, CALLED, skip, sizeof skip);
    cpu_box_poke(box, CALLED + sizeof skip, odd, length);
    cpu_box_poke(box, CALLED + (uint32_t)(sizeof skip + length), "\xc3", 1);
}

static void init(struct cpu_box *box, int choice)
{
    cpu_guest_init(box);
    box->cpu->run->handlers = (enum handler_choice)choice;
    cpu_guest_paged(box, DIRECTORY, TABLE);
}

static struct cpu_registers run_from(struct cpu_box *box, uint32_t ip, uint64_t slice)
{
    struct cpu_registers r;
    cpu_get_registers(box->cpu, &r);
    r.ip = ip;
    r.gpr[CPU_BX] = r.gpr[CPU_SI] = 0;
    r.gpr[CPU_CX] = TURNS;
    r.gpr[CPU_SP] = STACK0;
    cpu_set_registers(box->cpu, &r);
    box->cpu->is_halted = false;
    for (unsigned n = 0; n < 20 * TURNS && !cpu_is_halted(box->cpu); n++)
        cpu_box_run(box, slice);
    ck_assert(cpu_is_halted(box->cpu));
    cpu_get_registers(box->cpu, &r);
    return r;
}
#define EACH_SLICE(slice) for (uint64_t slice = 10000; slice != 0; slice /= 10)

START_TEST(another_address_on_the_stack_counts)
{
    struct cpu_box box;
    init(&box, _i);
    put_caller(&box, HERE_ADDS);
    cpu_box_poke(&box, ELSEWHERE, "\x43\xe9\x05\xff\xff\xff", 6); /* inc ebx; jmp 900b */
    put_called(&box, "\xc7\x04\x24\x00\x91\x00\x00", 7);         /* mov dword [esp],ELSEWHERE */
    EACH_SLICE(slice)
        ck_assert_uint_eq(run_from(&box, CALLER, slice).gpr[CPU_BX], TURNS / 2 * (HERE_ADDS + 1));
    cpu_box_fini(&box);
}
END_TEST

/* xor dword [entry of CALLER],CALLER ^ OTHER, and what makes it count */
#define REMAP "\x81\x35\x24\x10\x01\x00\x00\xb0\x01\x00"
static const char *const FORGETS[] = {
    REMAP "\x0f\x01\x3d\x00\x90\x00\x00", /* invlpg [CALLER] */
    REMAP "\x0f\x20\xd8\x0f\x22\xd8\x90"  /* mov eax,cr3; mov cr3,eax; nop */
};

/* CALLED changes something in each second turn, and back: of turns 100 to 1 those that find it as it was and those
 * that do not. */
static uint32_t sum_of_turns(uint32_t here, uint32_t other)
{
    uint32_t sum = 0;
    for (uint32_t turn = TURNS; turn > 0; turn--) /* 100: here; 99, 98: other; 97, 96: here ... */
        sum += (turn + 1) / 2 % 2 == 0 ? here : other;
    return sum;
}

/* In the CALL's page, in the next one, and there while both are the same one of the RAM. */
START_TEST(another_page_behind_the_call_counts)
{
    static const uint32_t CALLERS[] = {CALLER, CALLER - 5, CALLER - 5};
    for (size_t n = 0; n < ARRAY_COUNT(FORGETS) * ARRAY_COUNT(CALLERS); n++) {
        struct cpu_box box;
        uint32_t caller = CALLERS[n / 2];
        init(&box, _i);
        put_call(&box, caller);
        if (n / 2 == 2) { /* below CALLER lies CALLER's page as well */
            cpu_box_poke32(&box, TABLE + (CALLER >> 12) * 4 - 4, CALLER | 3);
            cpu_box_poke(&box, caller + 0x1000, "\xe8\x00\x20\x00\x00", 5); /* the CALL, where that leads now */
        }
        put_behind(&box, caller + 5, HERE_ADDS);
        if (caller == CALLER)
            cpu_box_poke(&box, OTHER, "\xe8\xfb\x1f\x00\x00", 5); /* the CALL once more */
        put_behind(&box, OTHER + (caller + 5 - CALLER), OTHER_ADDS);
        put_called(&box, FORGETS[n % 2], 17);
        EACH_SLICE(slice)
            ck_assert_uint_eq(run_from(&box, caller, slice).gpr[CPU_BX], sum_of_turns(HERE_ADDS, OTHER_ADDS));
        cpu_box_fini(&box);
    }
}
END_TEST

/* The immediate of the ADD, and the ADD itself, which becomes a SUB. */
START_TEST(other_bytes_behind_the_call_count)
{
    static const char *const WRITES[] = {
        "\x80\x35\x07\x90\x00\x00\x01", /* xor byte [9007],1 */
        "\x80\x35\x06\x90\x00\x00\x28"  /* xor byte [9006],28h */
    };
    static const uint32_t THEN_ADDS[] = {HERE_ADDS ^ 1, -HERE_ADDS};
    for (size_t n = 0; n < ARRAY_COUNT(WRITES); n++) {
        struct cpu_box box;
        init(&box, _i);
        put_caller(&box, HERE_ADDS);
        put_called(&box, WRITES[n], 7);
        EACH_SLICE(slice)
            ck_assert_uint_eq(run_from(&box, CALLER, slice).gpr[CPU_BX], sum_of_turns(HERE_ADDS, THEN_ADDS[n]));
        cpu_box_fini(&box);
    }
}
END_TEST

START_TEST(calls_may_be_deeper_than_what_is_noted)
{
    struct cpu_box box;
    init(&box, _i);
    ck_assert_uint_gt(TURNS, 2 * CALL_ENTRIES);
    /* dec ecx; jz +5; call b000; inc ebx; ret */
    cpu_box_poke(&box, CALLED, "\x49\x74\x05\xe8\xf8\xff\xff\xff\x43\xc3", 10);
    cpu_box_poke(&box, CALLER, "\xe8\xfb\x1f\x00\x00\xf4", 6); /* call b000; hlt */
    EACH_SLICE(slice) {
        struct cpu_registers r = run_from(&box, CALLER, slice);
        ck_assert_uint_eq(r.gpr[CPU_BX], TURNS);
        ck_assert_uint_eq(r.gpr[CPU_SP], STACK0);
    }
    cpu_box_fini(&box);
}
END_TEST

/* Real mode: the same offset in another segment. */
START_TEST(another_base_of_cs_counts)
{
    struct cpu_box box;
    cpu_box_init(&box, NULL, PAGES);
    box.cpu->run->handlers = (enum handler_choice)_i;
    cpu_box_real(&box, HANDLERS);
    cpu_box_poke(&box, 0x9000, "\xe8\xfd\x1f\x43\x49\x75\xf9\xf4", 8); /* call b000; inc bx; dec cx; jnz; hlt */
    cpu_box_poke(&box, 0xa003, "\x46\xea\x04\x90\x00\x00", 6);         /* inc si; jmp 0000:9004 */
    put_called(&box, "\xea\x0a\xa0\x00\x01", 5);                       /* jmp 0100:a00a, the RET */
    EACH_SLICE(slice) {
        struct cpu_registers r = run_from(&box, 0x9000, slice);
        ck_assert_uint_eq(r.gpr[CPU_BX], TURNS / 2);
        ck_assert_uint_eq(r.gpr[CPU_SI], TURNS / 2);
    }
    cpu_box_fini(&box);
}
END_TEST

/* The CALL is the last that CS' limit lets through: #GP(0) by RET, which has popped nothing. */
START_TEST(a_limit_in_front_of_the_code_behind_counts)
{
    struct cpu_box box;
    struct cpu_registers r;
    init(&box, _i);
    cpu_box_poke(&box, CALLER, "\xe8\xfb\xef\xff\xff\x43\xf4", 7); /* call 8000; inc ebx; hlt */
    cpu_box_poke(&box, 0x8000, "\x40\xc3", 2);                     /* inc eax; ret */
    ck_assert_uint_eq(run_from(&box, CALLER, 1000).gpr[CPU_BX], 1);
    gdt_set(&box, SEL_CODE0, 0, BEHIND - 1, 0x49b);
    cpu_get_registers(box.cpu, &r);
    r.segment[CPU_CS].limit = BEHIND - 1;
    r.segment[CPU_CS].attributes = 0x49b;
    cpu_set_registers(box.cpu, &r);
    EACH_SLICE(slice) {
        r = run_from(&box, CALLER, slice);
        ck_fault(&box, r, 13, 0);
        ck_assert_uint_eq(stack_word(&box, &r, 1), 0x8001);
        ck_assert_uint_eq(stack_word(&box, &r, 4), BEHIND); /* behind the error code, EIP, CS and EFLAGS */
    }
    cpu_box_fini(&box);
}
END_TEST

/* A breakpoint set while the CALL is under way. */
START_TEST(a_watch_behind_the_call_counts)
{
    struct cpu_box box;
    struct cpu_registers r;
    struct error error = {STATUS_OK, ""};
    const struct cpu_watch watch = {CPU_WATCH_EXECUTE, false, BEHIND, 1};
    init(&box, _i);
    put_caller(&box, HERE_ADDS);
    put_called(&box, "\x90", 1);
    run_from(&box, CALLER, 1000); /* the code behind is known */
    for (unsigned turn = 0; turn < 3; turn++) {
        cpu_get_registers(box.cpu, &r);
        r.ip = CALLER;
        r.gpr[CPU_CX] = TURNS;
        cpu_set_registers(box.cpu, &r);
        box.cpu->is_halted = false;
        ck_assert_int_ne(cpu_box_run(&box, 2), CPU_STOP_DEBUG); /* into the one that is called */
        ck_assert_int_eq(cpu_set_watches(box.cpu, &watch, 1, &error), STATUS_OK);
        ck_assert_int_eq(cpu_box_run(&box, 100), CPU_STOP_DEBUG);
        cpu_get_registers(box.cpu, &r);
        ck_assert_uint_eq(r.ip, BEHIND);
        ck_assert_int_eq(cpu_set_watches(box.cpu, NULL, 0, &error), STATUS_OK);
    }
    cpu_box_fini(&box);
}
END_TEST

/* What all of this is for: the second link of a block that ends in CALL leads to the block behind. */
START_TEST(the_code_behind_is_noted)
{
    struct cpu_box box;
    const struct jump_entry *entry;
    init(&box, HANDLERS_BY_HEAT);
    put_caller(&box, HERE_ADDS);
    put_called(&box, "\x90", 1);
    run_from(&box, CALLER, 1000);
    entry = &box.cpu->run->jumps[jump_index(CALLER)];
    ck_assert_uint_eq(entry->tag, jump_tag(0, CALLER));
    ck_assert_ptr_nonnull(block_links(entry->block)->to[1]);
    ck_assert_uint_eq(block_links(entry->block)->to[1]->ip, BEHIND);
    cpu_box_fini(&box);
}
END_TEST

Suite *cpu_returns_suite(void);

Suite *cpu_returns_suite(void)
{
    const TTest *const TESTS[] = {
        another_address_on_the_stack_counts, another_page_behind_the_call_counts,
        other_bytes_behind_the_call_count,   calls_may_be_deeper_than_what_is_noted,
        another_base_of_cs_counts,           a_limit_in_front_of_the_code_behind_counts,
        a_watch_behind_the_call_counts};
    Suite *suite = suite_create("cpu_returns");
    TCase *tcase = tcase_create("cpu_returns");
    for (size_t n = 0; n < ARRAY_COUNT(TESTS); n++)
        tcase_add_loop_test(tcase, TESTS[n], 0, 3); /* each choice of handlers */
    if (TECHNIQUE_RETURNS && TECHNIQUE_LINKS)
        tcase_add_test(tcase, the_code_behind_is_noted);
    suite_add_tcase(suite, tcase);
    return suite;
}

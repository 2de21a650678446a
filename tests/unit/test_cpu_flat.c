/* The straight-line cases of the system part (cpu/flat.h) beside the general way: the same small guest, once
 * with and once without them, with one thing changed that makes the one fall back to the other. The whole
 * saved state, RAM and TLB included, has to agree; where the guest stops and how often its handlers ran is
 * what Intel SDM 2 (INT n, IRET, MOV) and 3A 5, 6 say. */
#include <check.h>
#include <string.h>

#include "cpu/run.h"
#include "tests/unit/cpu_guest.h"

#define DIRECTORY 0x20000u
#define TABLE 0x21000u
#define VECTOR 0x18u /* what the program at CPL 3 calls */
#define GATE (IDT + 8 * VECTOR)
#define HANDLER (HANDLERS + 16 * VECTOR)
enum { F_TF = 0x100, F_DF = 0x400, F_IOPL = 0x3000, F_NT = 0x4000, F_RF = 0x10000, F_AC = 0x40000 };

enum change_kind { NOTHING, DESCRIPTOR, GATE_, WORD, FLAGS, WATCH, BREAKPOINT, TR };
struct change {
    enum change_kind kind;
    uint32_t a, b, c, d; /* DESCRIPTOR: as gdt_set(); GATE_: selector, offset, attributes */
};
/* One change of each kind, as the initialiser of both. */
#define ONE(...) {{__VA_ARGS__}, {NOTHING, 0, 0, 0, 0}}
#define NO_CHANGE ONE(NOTHING, 0, 0, 0, 0)
#define DESCRIPTOR_OF(selector, limit, attributes) ONE(DESCRIPTOR, selector, 0, limit, attributes)
#define GATE_TO(selector, attributes) ONE(GATE_, selector, HANDLER, attributes, 0)
#define WORD_AT(at, value) ONE(WORD, at, value, 0, 0)
#define PAGE_ENTRY(page, value) WORD_AT(TABLE + 4 * (page), value)
#define FLAG(bits) ONE(FLAGS, bits, 0, 0, 0)
#define TO(offset, value) "\x45\xc7\x44\x24" offset value "\xcf"  /* inc ebp; mov [esp+offset],…; iret */
#define SET(value) "\x45\x81\x4c\x24\x08" value "\xcf"            /* … or [flags],…; iret */

/* Three page faults and three calls, each of which counts, then HLT at CPL 3: #GP. */
struct row {
    const char *words;
    struct change changes[2];
    char handler[12]; /* instead of: push ds; mov ds,bx; pop ds; inc ebp; iret */
    int vector;          /* of the handler that the guest stops in; -1: in none, or shutdown */
    uint32_t runs;
};
static const struct row ROWS[] = {
    {"as Linux", NO_CHANGE, "", 13, 6},
    {"trap gate", GATE_TO(SEL_CODE0, 0xef), "", 13, 6},
    {"16-bit gate", GATE_TO(SEL_CODE0, 0xe6), "\x45\x66\xcf", 13, 6},
    {"gate absent", GATE_TO(SEL_CODE0, 0x6e), "", 11, 3},
    {"gate of CPL 0", GATE_TO(SEL_CODE0, 0x8e), "", 13, 3},
    {"no gate", GATE_TO(SEL_CODE0, 0xe0), "", 13, 3},
    {"gate to null", GATE_TO(0, 0xee), "", 13, 3},
    {"gate to the LDT", GATE_TO(SEL_CODE0 | 4, 0xee), "", 13, 3},
    {"gate beyond the GDT", GATE_TO(0x80, 0xee), "", 13, 3},
    {"gate to data", GATE_TO(SEL_DATA0, 0xee), "", 13, 3},
    {"gate to CPL 3", GATE_TO(SEL_CODE3, 0xee), "\x45\xcf", 13, 6},
    {"gate to conforming code", GATE_TO(SEL_CONFORMING, 0xee), "\x45\xcf", 13, 6},
    {"gate to absent code", {{DESCRIPTOR, SEL_ABSENT, 0, 0xfffff, 0xc1b},
                             {GATE_, SEL_ABSENT, HANDLER, 0xee, 0}}, "", 11, 3},
    {"gate to 16-bit code", GATE_TO(SEL_CODE16, 0xee), "\x45\x66\xcf", 13, 6},
    {"code not accessed", DESCRIPTOR_OF(SEL_CODE0, 0xfffff, 0xc9a), "", 13, 6},
    {"code not readable", DESCRIPTOR_OF(SEL_CODE0, 0xfffff, 0xc99), "", 13, 6},
    {"code with AVL", DESCRIPTOR_OF(SEL_CODE0, 0xfffff, 0xd9b), "", 13, 6},
    {"limited code", DESCRIPTOR_OF(SEL_CODE0, 0x3fff, 0x49b), "", 13, 6},
    {"handler beyond the limit", DESCRIPTOR_OF(SEL_CODE0, 0x30ff, 0x49b), "", 13, 3},
    {"TSS of a 286", ONE(TR, 0x083, 0x67, 0, 0), "", -1, 0},
    {"TSS too short", ONE(TR, 0x08b, 8, 0, 0), "", -1, 0},
    {"inner stack of CPL 3", WORD_AT(TSS + 8, SEL_DATA3), "", -1, 0},
    {"inner stack null", WORD_AT(TSS + 8, 0), "", -1, 0},
    {"inner stack in the LDT", WORD_AT(TSS + 8, SEL_DATA0 | 4), "", -1, 0},
    {"inner stack read-only", WORD_AT(TSS + 8, SEL_READONLY), "", -1, 0},
    {"inner stack absent", DESCRIPTOR_OF(SEL_DATA0, 0xfffff, 0xc13), "", -1, 0},
    {"inner stack expand-down", DESCRIPTOR_OF(SEL_DATA0, 0, 0xc97), "", 13, 6},
    {"inner stack not accessed", DESCRIPTOR_OF(SEL_DATA0, 0xfffff, 0xc92), "", 13, 6},
    {"inner stack of 16 bits", DESCRIPTOR_OF(SEL_DATA0, 0xfffff, 0x893), "", 13, 6},
    {"inner stack just long enough", DESCRIPTOR_OF(SEL_DATA0, 0x6fff, 0x493), "\x45\xcf", 13, 6},
    {"inner stack too short", DESCRIPTOR_OF(SEL_DATA0, 0x5fff, 0x493), "", -1, 0},
    {"inner stack across pages", WORD_AT(TSS + 4, STACK0 + 8), "", 13, 6},
    {"inner stack misaligned", WORD_AT(TSS + 4, STACK0 - 3), "", 13, 6},
    {"inner stack around 4 GiB", WORD_AT(TSS + 4, 8), "", -1, 0},
    {"inner stack beside code", WORD_AT(TSS + 4, HANDLERS + 0xf00), "", 13, 6},
    {"inner stack not there", PAGE_ENTRY(6, 0), "", -1, 0},
    {"inner stack read-only page", PAGE_ENTRY(6, 0x6005), "", 13, 6},
    {"inner stack of the kernel", PAGE_ENTRY(6, 0x6003), "", 13, 6},
    {"TSS not there", PAGE_ENTRY(2, 0), "", -1, 0},
    {"GDT and IDT not there", PAGE_ENTRY(1, 0), "", -1, 0},
    {"TF", FLAG(F_TF), "", 1, 1},
    {"NT", FLAG(F_NT), "", 13, 6},
    {"DF and IOPL 3", FLAG(F_DF | F_IOPL), "", 13, 6},
    {"RF", FLAG(F_RF), "", 13, 6},
    {"AC", FLAG(F_AC), "", 13, 6},
    {"a watched stack", ONE(WATCH, STACK0 - 16, 4, CPU_WATCH_WRITE, 0), "", 13, 6},
    {"a watched GDT", ONE(WATCH, GDT + SEL_DATA0, 8, CPU_WATCH_ACCESS, 0), "", 13, 6},
    {"a data breakpoint on the stack", ONE(BREAKPOINT, STACK0 - 4, 0xd0002, 0, 0), "", 1, 0},
    {"handler leaves DS", NO_CHANGE, "\x8e\xdb\x45\xcf", 13, 6},
    {"return to CPL 0", NO_CHANGE, TO("\x04", "\x08\0\0\0"), -1, 6},
    {"return to null", NO_CHANGE, TO("\x04", "\0\0\0\0"), 13, 4},
    {"return to data", NO_CHANGE, TO("\x04", "\x23\0\0\0"), 13, 4},
    {"return to code of another level", NO_CHANGE, TO("\x04", "\x0b\0\0\0"), 13, 4},
    {"return to the LDT", NO_CHANGE, TO("\x04", "\x1f\0\0\0"), 13, 4},
    {"return to a null stack", NO_CHANGE, TO("\x10", "\0\0\0\0"), 13, 4},
    {"return to a stack of another level", NO_CHANGE, TO("\x10", "\x20\0\0\0"), 13, 4},
    {"return to a stack in code", NO_CHANGE, TO("\x10", "\x1b\0\0\0"), 13, 4},
    {"return to v86 mode", NO_CHANGE, SET("\0\0\2\0"), -1, 4},
    {"return with NT", NO_CHANGE, SET("\0\x40\0\0"), 13, 6},
    {"return with TF", NO_CHANGE, SET("\0\1\0\0"), 13, 6},
    {"return with RF", NO_CHANGE, SET("\0\0\1\0"), 13, 6},
    {"return with AC", NO_CHANGE, SET("\0\0\4\0"), 13, 6},
    {"return with IF and IOPL 3", NO_CHANGE, SET("\0\x32\0\0"), 13, 6},
    {"outer code limited", DESCRIPTOR_OF(SEL_CODE3, 0x8fff, 0x4fb), "", 13, 6},
    {"outer code too short", DESCRIPTOR_OF(SEL_CODE3, 0x7fff, 0x4fb), "", 13, 1},
    {"outer code not readable", DESCRIPTOR_OF(SEL_CODE3, 0xfffff, 0xcf9), "", 13, 6},
    {"outer code conforming", DESCRIPTOR_OF(SEL_CODE3, 0xfffff, 0xcff), "", 13, 6},
    {"outer code absent", DESCRIPTOR_OF(SEL_CODE3, 0xfffff, 0xc7b), "", 11, 1},
    {"outer stack of 16 bits", DESCRIPTOR_OF(SEL_DATA3, 0xfffff, 0x8f3), "", 13, 6},
    {"outer stack expand-down", DESCRIPTOR_OF(SEL_DATA3, 0, 0xcf7), "", 13, 6},
    {"outer stack not accessed", DESCRIPTOR_OF(SEL_DATA3, 0xfffff, 0xcf2), "", 13, 6},
};

static void guest_map(struct cpu_box *box)
{
    struct cpu_registers r;
    cpu_box_poke32(box, DIRECTORY, TABLE | 7);
    for (uint32_t page = 0; page < PAGES; page++)
        cpu_box_poke32(box, TABLE + 4 * page, page << 12 | (page < 0x30 ? 7 : 6));
    cpu_get_registers(box->cpu, &r);
    r.cr3 = DIRECTORY;
    r.cr0 |= 0x80040000u; /* PG, AM */
    r.gpr[CPU_BX] = SEL_DATA0;
    cpu_set_registers(box->cpu, &r);
}

static void guest_code(struct cpu_box *box, const struct row *row)
{
    /* mov eax,[30000h], [31000h], [32000h]; int 18h three times; hlt */
    static const char PROGRAM[] = "\xa1\0\0\x03\0\xa1\0\x10\x03\0\xa1\0\x20\x03\0"
                                  "\xcd\x18\xcd\x18\xcd\x18\xf4";
    /* mov eax,cr2; shr eax,12; or byte [TABLE+eax*4],1; inc ebp; add esp,4; iret */
    static const char PAGE_FAULT[] = "\x0f\x20\xd0\xc1\xe8\x0c\x80\x0c\x85\0\x10\x02\0\1"
                                     "\x45\x83\xc4\x04\xcf";
    static const char CALL[16] = "\x1e\x8e\xdb\x1f\x45\xcf";
    char handler[16] = {0};
    cpu_box_poke(box, CODE, PROGRAM, sizeof PROGRAM - 1);
    cpu_box_poke(box, HANDLERS + 16 * 14, PAGE_FAULT, sizeof PAGE_FAULT - 1);
    gate_set(box, GATE, SEL_CODE0, HANDLER, 0xee);
    /* zeros are part of immediates; bytes behind IRET are never run */
    memcpy(handler, row->handler, sizeof row->handler);
    cpu_box_poke(box, HANDLER, row->handler[0] ? handler : CALL, 16);
}

static void make_change(struct cpu_box *box, const struct change *c)
{
    struct cpu_registers r;
    struct error error;
    cpu_get_registers(box->cpu, &r);
    switch (c->kind) {
    case NOTHING: break;
    case DESCRIPTOR: gdt_set(box, c->a, c->b, c->c, c->d); break;
    case GATE_: gate_set(box, GATE, c->a, c->b, c->c); break;
    case WORD: cpu_box_poke32(box, c->a, c->b); break;
    case FLAGS: r.flags |= c->a; break;
    case WATCH: {
        const struct cpu_watch watch = {(enum cpu_watch_kind)c->c, false, c->a, c->b};
        ck_assert_int_eq(cpu_set_watches(box->cpu, &watch, 1, &error), STATUS_OK);
        break;
    }
    case BREAKPOINT:
        r.dr[0] = c->a;
        r.dr[7] |= c->b;
        break;
    case TR:
        r.tr.attributes = (uint16_t)c->a;
        r.tr.limit = c->b;
        break;
    }
    cpu_set_registers(box->cpu, &r);
}

/* The state at the end, with RAM and what the debugger saw. */
static void run_row(const struct row *row, enum handler_choice handlers, uint64_t step,
                    struct state_stream *stream)
{
    struct cpu_box box;
    struct cpu_registers r;
    unsigned stops = 0;
    cpu_guest_init(&box);
    cpu_guest_ring3(&box);
    box.cpu->run->handlers = handlers;
    guest_map(&box);
    guest_code(&box, row);
    make_change(&box, &row->changes[0]);
    make_change(&box, &row->changes[1]);
    for (uint64_t left = 1000; left; left -= step) {
        box.timeline.slice_end = box.timeline.now + step;
        while (cpu_run(box.cpu) == CPU_STOP_DEBUG)
            stops++;
        box.timeline.now = box.timeline.slice_end;
    }
    cpu_get_registers(box.cpu, &r);
    if (handlers == HANDLERS_PLAIN) {
        ck_assert_msg(stopped_vector(&r) == row->vector, "%s: stops in vector %d", row->words,
                      stopped_vector(&r));
        ck_assert_msg(r.gpr[CPU_BP] == row->runs, "%s: %u runs", row->words,
                      (unsigned)r.gpr[CPU_BP]);
    }
    cpu_save(box.cpu, stream);
    state_put(stream, box.ram.bytes, PAGES * FRAME_BYTES);
    state_put_uint(stream, stops, 4);
    cpu_box_fini(&box);
}

START_TEST(straight_and_general_ways_agree)
{
    struct state_stream general = {0};
    const struct row *row = &ROWS[_i];
    run_row(row, HANDLERS_PLAIN, 1000, &general);
    for (uint64_t step = 1; step <= 1000; step *= 10) {
        struct state_stream flat = {0};
        run_row(row, HANDLERS_BY_HEAT, step, &flat);
        ck_assert_uint_eq(general.used, flat.used);
        ck_assert_msg(memcmp(general.bytes, flat.bytes, flat.used) == 0,
                      "%s, slices of %u: the state differs", row->words, (unsigned)step);
        state_stream_free(&flat);
    }
    state_stream_free(&general);
}
END_TEST

/* Loads of SS, STI, POPF and IRET with RF hold something off for one instruction. Between single
 * instructions the processor always stops to look; in one go it drops what nothing can show. An interrupt
 * behind any of them finds the same machine. */
START_TEST(holds_end_unseen_where_nothing_is_held_off)
{
    /* 1: sti; cli; sti; mov ss,eax; nop; pushf; or dword [esp],10000h; push cs; push dword 1f; iret
     * 1f: inc ebx; push dword 202h; popf; sti; inc ecx; jmp 1b */
    static const char CODE_HELD[] = "\xfb\xfa\xfb\x8e\xd0\x90\x9c\x81\x0c\x24\0\0\1\0\x0e\x68\x15\x80\0\0\xcf"
                                    "\x43\x68\2\2\0\0\x9d\xfb\x41\xeb\xe0";
    for (uint64_t k = 0; k < 40; k++) {
        struct state_stream streams[2] = {{0}, {0}};
        for (unsigned way = 0; way < 2; way++) {
            struct cpu_box box;
            struct cpu_registers r;
            cpu_guest_init(&box);
            cpu_box_poke(&box, CODE, CODE_HELD, sizeof CODE_HELD - 1);
            cpu_get_registers(box.cpu, &r);
            r.gpr[CPU_AX] = SEL_DATA0;
            cpu_set_registers(box.cpu, &r);
            for (uint64_t n = 0; way == 0 && n < k; n++)
                cpu_box_run(&box, 1);
            if (way == 1)
                cpu_box_run(&box, k);
            box.irq = 20;
            cpu_set_intr(box.cpu, true);
            cpu_box_run(&box, 30);
            cpu_save(box.cpu, &streams[way]);
            state_put(&streams[way], box.ram.bytes, PAGES * FRAME_BYTES);
            cpu_get_registers(box.cpu, &r);
            ck_assert_int_eq(stopped_vector(&r), 20);
            cpu_box_fini(&box);
        }
        ck_assert_uint_eq(streams[0].used, streams[1].used);
        ck_assert_msg(memcmp(streams[0].bytes, streams[1].bytes, streams[0].used) == 0,
                      "after %u instructions", (unsigned)k);
        state_stream_free(&streams[0]);
        state_stream_free(&streams[1]);
    }
}
END_TEST

/* SDM 2 PUSHA, POPA: EAX, ECX, EDX, EBX, the old ESP, EBP, ESI, EDI; ESP is not popped. */
START_TEST(pusha_and_popa_keep_their_order_on_any_stack)
{
    static const struct { uint32_t sp; uint16_t attributes; } STACKS[] = {
        {STACK0, 0xc93}, {STACK0 + 16, 0xc93}, {STACK0 - 3, 0xc93}, {STACK0, 0x893},
    };
    for (size_t n = 0; n < 2 * ARRAY_COUNT(STACKS); n++) {
        struct cpu_box box;
        struct cpu_registers r;
        uint32_t sp = STACKS[n / 2].sp;
        cpu_guest_init(&box);
        cpu_get_registers(box.cpu, &r);
        for (unsigned k = 0; k < 8; k++)
            r.gpr[k] = 0x11111111u * (k + 1);
        r.gpr[CPU_SP] = sp;
        r.segment[CPU_SS].attributes = STACKS[n / 2].attributes;
        cpu_set_registers(box.cpu, &r);
        r = n % 2 ? RUN(&box, "\x60\x60\xf4") : RUN(&box, "\x60\x61\x60\xf4"); /* cold and warm */
        for (uint32_t k = 0; k < 8; k++)
            ck_assert_uint_eq(cpu_box_peek32(&box, sp - 4 * (k + 1)),
                              k == CPU_SP ? sp : 0x11111111u * (k + 1));
        ck_assert_uint_eq(r.gpr[CPU_SP], sp - (n % 2 ? 64 : 32));
        ck_assert_uint_eq(r.gpr[CPU_BP], 0x66666666u);
        cpu_box_fini(&box);
    }
}
END_TEST

Suite *cpu_flat_suite(void)
{
    Suite *suite = suite_create("cpu_flat");
    TCase *tcase = tcase_create("cpu_flat");
    tcase_add_loop_test(tcase, straight_and_general_ways_agree, 0, (int)ARRAY_COUNT(ROWS));
    tcase_add_test(tcase, holds_end_unseen_where_nothing_is_held_off);
    tcase_add_test(tcase, pusha_and_popa_keep_their_order_on_any_stack);
    suite_add_tcase(suite, tcase);
    return suite;
}

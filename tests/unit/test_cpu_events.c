/* What is delivered first of all that is pending between two instructions: SDM 3A table 6-2. What holds it back:
 * 6.7.1 (NMI in its handler), 6.8.3 (MOV SS), SDM 2B STI. */
#include <check.h>
#include <string.h>

#include "cpu/blocks.h"
#include "cpu/run.h"
#include "tests/unit/cpu_guest.h"

#define SMBASE      0x30000u
#define SAVED_EIP   (SMBASE + 0xfff0u)
#define VECTOR_INTR 30
#define TF          0x100u
#define IF          0x200u

enum { TRAP = 1, SMI = 2, NMI = 4, INTR = 8, BREAK = 16 };
enum {
    INTERRUPT_GATE = 0x8e,
    TRAP_GATE = 0x8f
}; /* the second leaves IF, so that deliveries nest */

/* A guest whose OUT to port B2h raises at once what a row says. */
struct events_box {
    struct cpu_box box;
    unsigned raised, reads;
};

static void raise_events(struct events_box *e)
{
    if (e->raised & SMI)
        cpu_smi(e->box.cpu);
    if (e->raised & NMI)
        cpu_nmi(e->box.cpu);
    if (e->raised & INTR) {
        e->box.irq = VECTOR_INTR;
        cpu_set_intr(e->box.cpu, true);
    }
}

static void port_write(void *self, uint64_t address, unsigned size, uint64_t value)
{
    (void)address;
    (void)size;
    (void)value;
    raise_events(self);
}
static const struct region_ops PORT = {.write = port_write};

static void events_init(struct events_box *e, unsigned raised, unsigned gate, uint32_t flags)
{
    struct error error = {STATUS_OK, ""};
    struct cpu_registers r;
    const struct region port = {
        .name = "raise", .ops = &PORT, .base = 0xb2, .length = 1, .self = e};
    cpu_guest_init(&e->box);
    e->raised = raised;
    e->reads = 0;
    ck_assert_int_eq(space_attach(&e->box.ports, &port, NULL, &error), STATUS_OK);
    for (unsigned v = 0; v < 32; v++)
        gate_set(&e->box, IDT + 8 * v, SEL_CODE0, HANDLERS + 16 * v, gate);
    cpu_box_poke(&e->box, SMBASE + 0x8000, "\x0f\xaa", 2); /* rsm */
    cpu_get_registers(e->box.cpu, &r);
    r.flags = 2 | flags | (raised & TRAP ? TF : 0);
    r.gpr[CPU_AX] = SEL_DATA0;
    if (raised & BREAK) {
        r.dr[0] = CODE + 2;
        r.dr[7] = 0x402;
    }
    cpu_set_registers(e->box.cpu, &r);
}

/* Deliveries nest: each returns to the handler of the one before, the first behind the OUT. */
START_TEST(events_at_one_boundary_are_delivered_by_priority)
{
    static const struct {
        unsigned raised, gate;
        unsigned count;
        int order[3];
    } ROWS[] = {
        {TRAP,               INTERRUPT_GATE, 1, {1}                },
        {TRAP | NMI,         INTERRUPT_GATE, 2, {1, 2}             },
        {TRAP | INTR,        INTERRUPT_GATE, 1, {1}                },
        {TRAP | INTR,        TRAP_GATE,      2, {1, VECTOR_INTR}   },
        {TRAP | NMI | INTR,  TRAP_GATE,      3, {1, 2, VECTOR_INTR}},
        {NMI | INTR,         INTERRUPT_GATE, 1, {2}                },
        {NMI | INTR,         TRAP_GATE,      2, {2, VECTOR_INTR}   },
        {SMI | NMI,          INTERRUPT_GATE, 1, {2}                },
        {SMI | INTR,         INTERRUPT_GATE, 1, {VECTOR_INTR}      },
        {SMI | NMI | INTR,   TRAP_GATE,      2, {2, VECTOR_INTR}   },
        {SMI | BREAK,        INTERRUPT_GATE, 1, {1}                },
        {SMI | TRAP,         INTERRUPT_GATE, 1, {1}                },
        {SMI | TRAP | NMI,   INTERRUPT_GATE, 2, {1, 2}             },
        {SMI | TRAP | INTR,  TRAP_GATE,      2, {1, VECTOR_INTR}   },
        {BREAK,              INTERRUPT_GATE, 1, {1}                },
        {BREAK | TRAP,       INTERRUPT_GATE, 1, {1}                },
        {BREAK | NMI,        INTERRUPT_GATE, 1, {2}                },
        {BREAK | INTR,       INTERRUPT_GATE, 1, {VECTOR_INTR}      },
        {BREAK | NMI | INTR, TRAP_GATE,      2, {2, VECTOR_INTR}   },
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        struct events_box e;
        events_init(&e, ROWS[n].raised, ROWS[n].gate, IF);
        struct cpu_registers r = RUN(&e.box, "\xe6\xb2\x90\xf4"); /* out b2h,al; nop; hlt */
        unsigned last = ROWS[n].count - 1;
        ck_assert_msg(stopped_vector(&r) == ROWS[n].order[last], "row %zu: vector %d", n,
                      stopped_vector(&r));
        for (unsigned k = 0; k <= last; k++) {
            unsigned before = last - k; /* frames from the top: the last delivery's first */
            uint32_t want = before ? HANDLERS + 16 * (unsigned)ROWS[n].order[before - 1] : CODE + 2;
            ck_assert_msg(stack_word(&e.box, &r, 3 * k) == want, "row %zu, frame %u", n, k);
        }
        if (ROWS[n].raised & SMI)
            ck_assert_uint_eq(cpu_box_peek32(&e.box, SAVED_EIP), CODE + 2);
        ck_assert_uint_eq(r.dr[6] >> 14 & 1, ROWS[n].raised & TRAP ? 1 : 0);
        /* the breakpoint's instruction begins only when nothing else is pending */
        ck_assert_uint_eq(r.dr[6] & 1, !(ROWS[n].raised & ~(unsigned)(BREAK | SMI)) ? 1 : 0);
        cpu_box_fini(&e.box);
    }
}
END_TEST

START_TEST(breakpoint_faults_when_the_interrupt_has_returned)
{
    static const struct {
        unsigned raised;
        int vector;
    } ROWS[] = {
        {NMI,  2          },
        {INTR, VECTOR_INTR}
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        struct events_box e;
        events_init(&e, ROWS[n].raised | BREAK, INTERRUPT_GATE, IF);
        cpu_box_poke(&e.box, HANDLERS + 16 * (unsigned)ROWS[n].vector, "\x8b\x14\x24\xcf",
                     4); /* mov edx,[esp]; iret */
        struct cpu_registers r = RUN(&e.box, "\xe6\xb2\x90\xf4");
        ck_assert_int_eq(stopped_vector(&r), 1);
        ck_assert_uint_eq(r.gpr[CPU_DX], CODE + 2);
        ck_assert_uint_eq(stack_word(&e.box, &r, 0), CODE + 2);
        ck_assert_uint_eq(r.dr[6] & 0x400f, 1);
        cpu_box_fini(&e.box);
    }
}
END_TEST

/* SDM 3A 6.7.1; of those that come meanwhile one is remembered. */
START_TEST(nmi_waits_for_iret_and_is_remembered_once)
{
    struct events_box e;
    struct cpu_registers r;
    static const struct {
        unsigned nmis;
        uint32_t ip; /* behind one instruction more */
    } STEPS[] = {
        {1, HANDLERS + 33},
        {2, HANDLERS + 34},
        {0, CODE         },
        {0, HANDLERS + 33},
        {0, HANDLERS + 34},
        {0, CODE         },
        {0, CODE + 1     },
        {0, CODE + 2     }
    };
    events_init(&e, 0, INTERRUPT_GATE, 0);
    cpu_box_poke(&e.box, CODE, "\x90\x90\x90", 3);
    cpu_box_poke(&e.box, HANDLERS + 32, "\x90\x90\xcf", 3); /* nop; nop; iret */
    for (size_t n = 0; n < ARRAY_COUNT(STEPS); n++) {
        for (unsigned k = 0; k < STEPS[n].nmis; k++)
            cpu_nmi(e.box.cpu);
        cpu_box_run(&e.box, 1);
        cpu_get_registers(e.box.cpu, &r);
        ck_assert_msg(r.ip == STEPS[n].ip, "step %zu: ip %x", n, (unsigned)r.ip);
    }
    cpu_box_fini(&e.box);
}
END_TEST

/* The event comes behind the first instruction. SDM 2B: only an STI that sets IF holds INTR back. Whether it holds
 * NMI too is the processor's own affair. */
START_TEST(mov_ss_and_sti_hold_interrupts_back_for_one_instruction)
{
    static const struct {
        const char *code; /* two bytes, then NOPs */
        unsigned length, raised;
        uint32_t flags;
        int vector;
        uint32_t returns_to;
    } ROWS[] = {
        {"\x90",     1, INTR,       IF, VECTOR_INTR, CODE + 1},
        {"\x8e\xd0", 2, INTR,       IF, VECTOR_INTR, CODE + 3}, /* mov ss,ax */
        {"\x8e\xd0", 2, NMI,        IF, 2,           CODE + 3},
        {"\x8e\xd0", 2, NMI | INTR, IF, 2,           CODE + 3},
        {"\x8e\xd8", 2, NMI,        IF, 2,           CODE + 2}, /* mov ds,ax */
        {"\xfb",     1, INTR,       0,  VECTOR_INTR, CODE + 2}, /* sti */
        {"\xfb",     1, INTR,       IF, VECTOR_INTR, CODE + 1},
    };
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        struct events_box e;
        struct cpu_registers r;
        events_init(&e, ROWS[n].raised, INTERRUPT_GATE, ROWS[n].flags);
        cpu_box_poke(&e.box, CODE, "\x90\x90\x90\x90\x90\xf4", 6);
        cpu_box_poke(&e.box, CODE, ROWS[n].code, ROWS[n].length);
        cpu_box_run(&e.box, 1);
        raise_events(&e);
        cpu_box_run(&e.box, 100);
        cpu_get_registers(e.box.cpu, &r);
        ck_assert_msg(stopped_vector(&r) == ROWS[n].vector, "row %zu", n);
        ck_assert_msg(stack_word(&e.box, &r, 0) == ROWS[n].returns_to, "row %zu: to %x", n,
                      (unsigned)stack_word(&e.box, &r, 0));
        cpu_box_fini(&e.box);
    }
}
END_TEST

/* A critical section is a part of a block; with an interrupt waiting, or a device that asks in its midst, it ends
 * where it would alone. */
START_TEST(interrupts_come_where_if_lets_them_in_the_midst_of_a_block)
{
    static const struct {
        const char *code;
        unsigned length;
        uint32_t flags, returns_to;
    } ROWS[] = {
        {"\xe6\xb2\xfb\x90\x90\xf4", 6, 0, CODE + 4},                     /* out; sti; nop; nop */
        {"\xe6\xb2\xfb\xfa\x90\xfb\x90\xf4", 8, 0, CODE + 7},             /* out; sti; cli; nop; sti; nop */
        {"\xfb\x90\xe6\xb2\x90\xf4", 6, 0, CODE + 4},                     /* sti; nop; out; nop */
        {"\xfa\xe6\xb2\x90\xfb\x90\xf4", 7, IF, CODE + 6},                /* cli; out; nop; sti; nop */
        {"\x68\x02\x02\0\0\xe6\xb2\x9d\x90\xf4", 10, 0, CODE + 8},        /* push 202h; out; popf; nop */
        {"\x9c\xfa\x90\x9d\x90\xe6\xb2\x90\xf4", 9, IF, CODE + 7},        /* pushf; cli; nop; popf; nop; out; nop */
        {"\x9c\xfa\xe6\xb2\x90\x9d\x90\xf4", 8, IF, CODE + 6},            /* pushf; cli; out; nop; popf; nop */
        {"\x66\x9c\xfa\xe6\xb2\x90\x66\x9d\x90\xf4", 10, IF, CODE + 8},   /* the same with FLAGS */
    };
    for (size_t n = 0; n < 2 * ARRAY_COUNT(ROWS); n++) {
        struct events_box e;
        struct cpu_registers r;
        size_t row = n / 2;
        events_init(&e, 0, INTERRUPT_GATE, ROWS[row].flags);
        e.box.cpu->run->handlers = n & 1 ? HANDLERS_PLAIN : HANDLERS_BY_HEAT;
        r = cpu_guest_run(&e.box, ROWS[row].code, ROWS[row].length); /* the TLB knows the stack from now on */
        ck_assert_msg(r.ip == CODE + ROWS[row].length, "row %zu", row);
        r.ip = CODE;
        r.flags = 2 | ROWS[row].flags;
        cpu_set_registers(e.box.cpu, &r);
        e.box.cpu->is_halted = false;
        e.raised = INTR;
        r = cpu_guest_run(&e.box, ROWS[row].code, ROWS[row].length);
        ck_assert_msg(stopped_vector(&r) == VECTOR_INTR, "row %zu", row);
        ck_assert_msg(stack_word(&e.box, &r, 0) == ROWS[row].returns_to, "row %zu: to %x", row,
                      (unsigned)stack_word(&e.box, &r, 0));
        cpu_box_fini(&e.box);
    }
}
END_TEST

/* The slice ends behind an STI that is the last instruction of its block: the next one is in its shadow all the same. */
START_TEST(the_shadow_of_sti_reaches_over_the_end_of_block_and_slice)
{
    for (unsigned before = 0; before <= BLOCK_INSTRUCTIONS; before++) {
        struct events_box e;
        struct cpu_registers r;
        uint8_t code[BLOCK_INSTRUCTIONS + 8];
        memset(code, 0x90, sizeof code);
        code[before] = 0xfb;
        code[before + 4] = 0xf4;
        events_init(&e, INTR, INTERRUPT_GATE, 0);
        cpu_box_poke(&e.box, CODE, code, sizeof code);
        for (unsigned turn = 0; turn < 2; turn++) { /* the second finds the blocks */
            cpu_get_registers(e.box.cpu, &r);
            r.ip = CODE;
            r.flags &= ~(uint64_t)IF;
            cpu_set_registers(e.box.cpu, &r);
            cpu_box_run(&e.box, before + 1);
            if (turn)
                raise_events(&e);
            cpu_box_run(&e.box, 2);
        }
        cpu_box_run(&e.box, 100);
        cpu_get_registers(e.box.cpu, &r);
        ck_assert_msg(stack_word(&e.box, &r, 0) == CODE + before + 2, "%u before it: to %x", before,
                      (unsigned)stack_word(&e.box, &r, 0));
        cpu_box_fini(&e.box);
    }
}
END_TEST

/* An 8259A with AEOI and more to deliver leaves INTR up. SDM 3A 6.8.1: with IF set the next one is taken at an
 * instruction boundary of the handler, not at its end. */
START_TEST(intr_that_stays_up_interrupts_the_handler_that_keeps_if)
{
    const uint32_t handler = HANDLERS + 16 * VECTOR_INTR;
    for (unsigned gate = INTERRUPT_GATE; gate <= TRAP_GATE; gate++) {
        struct events_box e;
        events_init(&e, INTR, gate, IF);
        e.box.irq_repeats = 2;
        cpu_box_poke(&e.box, handler, "\x42\x42\x42\xf4", 4); /* inc edx, three times; hlt */
        struct cpu_registers r = RUN(&e.box, "\xe6\xb2\x90\xf4");
        unsigned nested = gate == TRAP_GATE ? 2 : 0;
        ck_assert_uint_eq(e.box.irq_repeats, gate == TRAP_GATE ? 0 : 1);
        ck_assert_uint_eq(r.ip, handler + 4);
        for (unsigned k = 0; k < nested; k++)
            ck_assert_uint_le(stack_word(&e.box, &r, 3 * k) - handler, 1);
        ck_assert_uint_eq(stack_word(&e.box, &r, 3 * nested), CODE + 2);
        cpu_box_fini(&e.box);
    }
}
END_TEST

#define DEVICE 0x80000u
static uint64_t target_read(void *self, uint64_t address, unsigned size)
{
    struct events_box *e = self;
    (void)address;
    (void)size;
    if (++e->reads == 3)
        raise_events(e);
    return CODE + 0x40;
}
static const struct region_ops TARGET = {.read = target_read};

/* What the last instruction of a block raises is taken in front of the next block, however long the slice is. */
START_TEST(an_access_that_ends_a_block_is_interrupted_behind_it)
{
    static const uint8_t CODES[][8] = {
        {0xff, 0x25, 0, 0, 8, 0}, /* jmp [80000h] */
        {0xff, 0x15, 0, 0, 8, 0}, /* call [80000h] */
    };
    for (size_t n = 0; n < ARRAY_COUNT(CODES); n++) {
        struct events_box e;
        struct error error = {STATUS_OK, ""};
        struct cpu_registers r;
        const struct region device = {
            .name = "target", .ops = &TARGET, .base = DEVICE, .length = 0x1000, .self = &e};
        events_init(&e, INTR, INTERRUPT_GATE, IF);
        ck_assert_int_eq(space_attach(&e.box.memory, &device, NULL, &error), STATUS_OK);
        cpu_box_poke(&e.box, CODE, CODES[n], sizeof CODES[n]);
        cpu_box_poke(&e.box, CODE + 0x40, "\x42\xeb\xbd", 3); /* inc edx; jmp CODE */
        cpu_get_registers(e.box.cpu, &r);
        r.ip = CODE;
        r.gpr[CPU_DX] = 0;
        cpu_set_registers(e.box.cpu, &r);
        cpu_box_run(&e.box, 100000);
        cpu_get_registers(e.box.cpu, &r);
        ck_assert_int_eq(stopped_vector(&r), VECTOR_INTR);
        ck_assert_uint_eq(stack_word(&e.box, &r, 0), CODE + 0x40);
        ck_assert_uint_eq(r.gpr[CPU_DX], 2);
        cpu_box_fini(&e.box);
    }
}
END_TEST

Suite *cpu_events_suite(void)
{
    const TTest *const TESTS[] = {
        events_at_one_boundary_are_delivered_by_priority,
        breakpoint_faults_when_the_interrupt_has_returned,
        nmi_waits_for_iret_and_is_remembered_once,
        mov_ss_and_sti_hold_interrupts_back_for_one_instruction,
        interrupts_come_where_if_lets_them_in_the_midst_of_a_block,
        the_shadow_of_sti_reaches_over_the_end_of_block_and_slice,
        intr_that_stays_up_interrupts_the_handler_that_keeps_if,
        an_access_that_ends_a_block_is_interrupted_behind_it,
    };
    Suite *suite = suite_create("cpu_events");
    TCase *tcase = tcase_create("cpu_events");
    for (size_t n = 0; n < ARRAY_COUNT(TESTS); n++)
        tcase_add_test(tcase, TESTS[n]);
    suite_add_tcase(suite, tcase);
    return suite;
}

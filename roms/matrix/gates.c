/* JMP and CALL: through call gates, straight to code, to tasks; from every ring, with every RPL and DPL.
 *
 * Specification: Intel SDM 3A (2023) 5.8.1-5.8.5, table 5-1, 7.2.5, 7.3; SDM 2A CALL, JMP. */
#include "matrix.h"

/* What a selector may lead to: code of every kind, and what is no code. */
static const struct {
    uint8_t type;
    bool is_present;
} TARGETS[] = {
    {TYPE_CODE,       true },
    {TYPE_CODE,       false},
    {TYPE_EXECUTE,    true },
    {TYPE_CONFORMING, true },
    {TYPE_CONFORMING, false},
    {TYPE_DATA,       true },
    {TYPE_LDT,        true },
    {TYPE_CALL32,     true },
};
#define TARGET_NULL   ARRAY_COUNT(TARGETS)
#define TARGET_BEYOND (TARGET_NULL + 1)
#define TARGET_KINDS  (TARGET_NULL + 2)

/* Puts a target of this kind there, and returns its selector without RPL. */
static unsigned target_set(unsigned kind, unsigned dpl)
{
    if (kind == TARGET_NULL) {
        return 0;
    }
    if (kind == TARGET_BEYOND) {
        return GDT_BYTES;
    }
    unsigned access = access_of(TARGETS[kind].type, dpl, TARGETS[kind].is_present);
    descriptor_set(SLOT_TARGET, 0, 0xfffff, access, 12);
    return SLOT_TARGET;
}
static unsigned dpls_of(unsigned kind)
{
    return kind < 5 ? 4 : 1; /* only for code does the level matter */
}

static void put_far(bool is_call, unsigned selector, uint32_t offset)
{
    code_begin();
    code_put(is_call ? 0x9a : 0xea, 1);
    code_put(offset, 4);
    code_put(selector, 2);
}

static struct state caller(unsigned cpl)
{
    static const uint32_t PARAMETERS[] = {0x11111111, 0x22222222, 0x33333333, 0x44444444,
                                          0x55555555};
    struct state s = state_of_ring(cpl);
    stack_set(&s, 4, ARRAY_COUNT(PARAMETERS), PARAMETERS);
    return s;
}

static void call_gate(unsigned cpl, unsigned rpl, unsigned gate_dpl, unsigned kind, unsigned dpl)
{
    for (unsigned form = 0; form < 8; form++) {
        bool is_call = (form & 1) != 0, is_32 = (form & 2) != 0,
             is_present = kind != 0 || (form & 4) == 0;
        unsigned count = (form & 4) != 0 ? 3 : 0;
        machine_reset();
        unsigned target = target_set(kind, dpl);
        gate_set(SLOT_GATE, target, LANDING_AT,
                 access_of(is_32 ? TYPE_CALL32 : TYPE_CALL16, gate_dpl, is_present), count);
        put_far(is_call, SLOT_GATE | rpl, 0x12345678);
        struct state s = caller(cpl);
        attempt_and_print(&s, (uint64_t)cpl << 20 | rpl << 16 | gate_dpl << 12 | kind << 8 |
                                  dpl << 4 | form);
    }
}

static void call_gates(void)
{
    group("gates.call");
    for (unsigned n = 0; n < 64; n++) {
        for (unsigned kind = 0; kind < TARGET_KINDS; kind++) {
            for (unsigned dpl = 0; dpl < dpls_of(kind); dpl++) {
                call_gate(n >> 4, n >> 2 & 3, n & 3, kind, dpl);
            }
        }
    }
}

/* The stack of the inner ring, from the TSS: SDM 3A 5.8.5, and SDM 2A CALL, MORE-PRIVILEGE. */
static const struct {
    uint8_t type, dpl, rpl;
    bool is_present;
    uint32_t limit;
} STACKS[] = {
    {TYPE_DATA,      1, 1, true,  0xfffff       },
    {TYPE_DATA,      1, 0, true,  0xfffff       },
    {TYPE_DATA,      1, 2, true,  0xfffff       },
    {TYPE_DATA,      0, 1, true,  0xfffff       },
    {TYPE_DATA,      3, 1, true,  0xfffff       },
    {TYPE_DATA,      1, 1, false, 0xfffff       },
    {TYPE_DATA,      0, 1, false, 0xfffff       },
    {TYPE_READ_ONLY, 1, 1, true,  0xfffff       },
    {TYPE_CODE,      1, 1, true,  0xfffff       },
    {TYPE_LDT,       1, 1, true,  0xfffff       },
    {TYPE_DATA,      1, 1, true,  STACK1_AT - 1 },
    {TYPE_DATA,      1, 1, true,  0x10          },
    {TYPE_DOWN,      1, 1, true,  STACK1_AT - 13},
    {TYPE_DOWN,      1, 1, true,  STACK1_AT - 17},
    {TYPE_DOWN,      1, 1, true,  STACK1_AT - 29},
    {TYPE_DOWN,      1, 1, true,  STACK1_AT - 9 },
};

static void inner_stack(unsigned kind, unsigned form)
{
    bool is_32 = (form & 1) != 0, has_offset = (form & 4) == 0;
    machine_reset();
    unsigned flags = STACKS[kind].limit < 0xfffff ? 4 : 12;
    descriptor_set(SLOT_STACK, 0, STACKS[kind].limit,
                   access_of(STACKS[kind].type, STACKS[kind].dpl, STACKS[kind].is_present), flags);
    tss.ss1 = SLOT_STACK | STACKS[kind].rpl;
    descriptor_set(SLOT_TARGET, 0, 0xffff, access_of(TYPE_CODE, 1, true), 4);
    gate_set(SLOT_GATE, SLOT_TARGET, has_offset ? LANDING_AT : LANDING_AT + 0x10000,
             access_of(is_32 ? TYPE_CALL32 : TYPE_CALL16, 3, true), (form & 2) != 0 ? 5 : 0);
    put_far(true, SLOT_GATE | 3, 0);
    struct state s = caller(3);
    attempt_and_print(&s, kind << 4 | form);
}

static void inner_stacks(void)
{
    group("gates.stack");
    for (unsigned kind = 0; kind < ARRAY_COUNT(STACKS); kind++) {
        for (unsigned form = 0; form < 8; form++) {
            inner_stack(kind, form);
        }
    }
    /* null, beyond the GDT, and a TSS that ends in front of it */
    for (unsigned limit = 0x67; limit > 12; limit--) { /* ring 0's stack stays there */
        machine_reset();
        descriptor_set(SEL_TSS, (uint32_t)&tss, limit, access_of(TYPE_TSS32, 0, true), 0);
        __asm__ volatile("ltr %w0" ::"r"(SEL_TSS));
        tss.ss1 = limit == 0x67 ? 1 : limit == 0x66 ? GDT_BYTES + 1 : tss.ss1;
        descriptor_set(SLOT_TARGET, 0, 0xffff, access_of(TYPE_CODE, 1, true), 4);
        gate_set(SLOT_GATE, SLOT_TARGET, LANDING_AT, access_of(TYPE_CALL32, 3, true), 0);
        put_far(true, SLOT_GATE | 3, 0);
        struct state s = caller(3);
        attempt_and_print(&s, 0x1000 | limit);
    }
}

static void far_direct(void)
{
    group("gates.far");
    for (unsigned n = 0; n < 16; n++) {
        for (unsigned kind = 0; kind < TARGET_KINDS; kind++) {
            for (unsigned dpl = 0; dpl < dpls_of(kind); dpl++) {
                for (unsigned form = 0; form < 4; form++) {
                    unsigned cpl = n >> 2, rpl = n & 3;
                    machine_reset();
                    unsigned target = target_set(kind, dpl);
                    if ((form & 2) != 0 &&
                        kind < ARRAY_COUNT(TARGETS)) { /* the landing is beyond the limit */
                        descriptor_set(SLOT_TARGET, 0, LANDING_AT - 1,
                                       access_of(TARGETS[kind].type, dpl, TARGETS[kind].is_present),
                                       4);
                    }
                    put_far((form & 1) != 0, target | rpl, LANDING_AT);
                    struct state s = caller(cpl);
                    attempt_and_print(&s, n << 12 | kind << 8 | dpl << 4 | form);
                }
            }
        }
    }
}

/* A TSS straight, or behind a task gate. */
static void task_one(unsigned cpl, unsigned rpl, unsigned dpl, unsigned form)
{
    static const struct {
        uint8_t type;
        bool is_present;
        uint16_t limit;
    } KINDS[] = {
        {TYPE_TSS32,     true,  103},
        {TYPE_TSS32 | 2, true,  103},
        {TYPE_TSS32,     false, 103},
        {TYPE_TSS32,     true,  102},
        {TYPE_LDT,       true,  103},
        {TYPE_TSS32 | 2, false, 103}
    };
    bool is_gate = (form & 2) != 0, is_call = (form & 1) != 0;
    for (unsigned kind = 0; kind < ARRAY_COUNT(KINDS); kind++) {
        machine_reset();
        descriptor_set(SEL_TASK, (uint32_t)&task, KINDS[kind].limit,
                       access_of(KINDS[kind].type, is_gate ? 0 : dpl, KINDS[kind].is_present), 0);
        gate_set(SLOT_GATE, SEL_TASK, 0, access_of(TYPE_TASK_GATE, dpl, (form & 4) == 0), 0);
        put_far(is_call, (is_gate ? (unsigned)SLOT_GATE : SEL_TASK) | rpl, 0);
        struct state s = caller(cpl);
        attempt_and_print(&s, cpl << 16 | rpl << 12 | dpl << 8 | kind << 4 | form);
    }
}

static void tasks(void)
{
    group("gates.task");
    for (unsigned n = 0; n < 64; n++) {
        for (unsigned form = 0; form < 6; form++) {
            task_one(n >> 4, n >> 2 & 3, n & 3, form);
        }
    }
}

/* A new task whose TSS is wrong: the fault comes in the new task (SDM 3A table 7-1). */
static void new_tasks(void)
{
    group("gates.new_task");
    static const uint16_t SELECTORS[] = {0,
                                         3,
                                         KCODE,
                                         KDATA,
                                         SEL_CODE + 27,
                                         SEL_DATA + 27,
                                         SEL_CONFORMING,
                                         SEL_TSS,
                                         GDT_BYTES,
                                         SLOT_TARGET,
                                         SLOT_TARGET | 3,
                                         SLOT_TARGET | 4};
    uint32_t *const FIELDS[] = {&task.cs, &task.ss, &task.ds, &task.es, &task.gs, &task.ldt};
    for (unsigned field = 0; field < ARRAY_COUNT(FIELDS); field++) {
        for (unsigned n = 0; n < ARRAY_COUNT(SELECTORS); n++) {
            for (unsigned kind = 0; kind < ARRAY_COUNT(TARGETS); kind++) {
                if (kind != 0 && (SELECTORS[n] & 0xfff8u) != SLOT_TARGET) {
                    continue;
                }
                machine_reset();
                target_set(kind, field == 0 ? 0 : 3);
                *FIELDS[field] = SELECTORS[n];
                for (unsigned vector = 10; vector < 14; vector++) { /* in a task of their own */
                    idt_set(vector, SEL_FAULT_TSS, 0, access_of(TYPE_TASK_GATE, 0, true));
                }
                put_far(false, SEL_TASK, 0);
                struct state s = caller(0);
                attempt_and_print(&s, field << 12 | n << 4 | kind);
            }
        }
    }
}

void gates_run(void)
{
    call_gates();
    inner_stacks();
    far_direct();
    tasks();
    new_tasks();
}

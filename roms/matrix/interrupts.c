/* INT n and exceptions through gates of every kind, from every ring and from v86 mode.
 *
 * Specification: Intel SDM 2A (2023) INT n, table 3-61; SDM 3A 6.12. */
#include "matrix.h"

static const uint8_t GATES[] = {TYPE_INT32,     TYPE_TRAP32, TYPE_INT16, TYPE_TRAP16,
                                TYPE_TASK_GATE, TYPE_CALL32, TYPE_DATA};
static const struct {
    uint8_t type, dpl;
    bool is_present;
} TARGETS[] = {
    {TYPE_CODE,       0, true },
    {TYPE_CODE,       1, true },
    {TYPE_CODE,       2, true },
    {TYPE_CODE,       3, true },
    {TYPE_CONFORMING, 0, true },
    {TYPE_CONFORMING, 1, true },
    {TYPE_CONFORMING, 3, true },
    {TYPE_CODE,       0, false},
    {TYPE_DATA,       0, true },
    {TYPE_EXECUTE,    0, true },
};
#define RING_V86 4u

/* INT n; what raises #GP, with an error code, and #DE, without: the gate's DPL does not matter. */
static void put_raise(unsigned how)
{
    code_begin();
    if (how == 0) {
        code_put(0x31cd, 2); /* int VECTOR_TEST */
    } else if (how == 1) {
        code_put(0x220f, 2); /* mov cr0, eax in rings above 0; here ring 0 loads a selector */
        code_put(0xc0, 1);
    } else {
        code_put(0xf6, 1);
        code_put(0xf0, 1); /* div al */
    }
}

static void one(unsigned ring, unsigned gate, unsigned dpl, unsigned target, unsigned how)
{
    static const uint8_t VECTORS[] = {VECTOR_TEST, 13, 0};
    bool is_present = target < ARRAY_COUNT(TARGETS);
    machine_reset();
    unsigned selector = SLOT_TARGET;
    if (is_present) {
        descriptor_set(
            SLOT_TARGET, 0, 0xfffff,
            access_of(TARGETS[target].type, TARGETS[target].dpl, TARGETS[target].is_present), 12);
    } else {
        selector = target == ARRAY_COUNT(TARGETS) ? 0 : KCODE;
    }
    if (GATES[gate] == TYPE_TASK_GATE) {
        selector = SEL_TASK;
    }
    idt_set(VECTORS[how], selector, LANDING_AT,
            access_of(GATES[gate], dpl, target <= ARRAY_COUNT(TARGETS)));
    put_raise(how);
    struct state s = ring == RING_V86 ? state_of_v86(FLAG_IOPL | FLAG_IF) : state_of_ring(ring);
    s.eflags |= how == 0 ? FLAG_NT : 0;
    s.eax = how == 2 ? 0 : 0x10; /* CR0 with PE clear and ... ring 0 is left out for `how` 1 */
    attempt_and_print(&s, ring << 16 | gate << 12 | dpl << 8 | target << 4 | how);
}

void interrupts_run(void)
{
    group("interrupts.gates");
    for (unsigned ring = 0; ring <= RING_V86; ring++) {
        for (unsigned gate = 0; gate < ARRAY_COUNT(GATES); gate++) {
            for (unsigned dpl = 0; dpl < 4; dpl++) {
                for (unsigned target = 0; target < ARRAY_COUNT(TARGETS) + 2; target++) {
                    for (unsigned how = 0; how < 3; how++) {
                        if (how != 1 || ring != 0) {
                            one(ring, gate, dpl, target, how);
                        }
                    }
                }
            }
        }
    }
}

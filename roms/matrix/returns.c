/* RETF and IRET: to every ring, with every kind of code and stack.
 *
 * Specification: Intel SDM 2B (2023) RET, SDM 2A IRET; SDM 3A 5.8.6. */
#include "matrix.h"

static const struct {
    uint8_t type;
    bool is_present;
} CODES[] = {
    {TYPE_CODE,       true },
    {TYPE_CODE,       false},
    {TYPE_EXECUTE,    true },
    {TYPE_CONFORMING, true },
    {TYPE_CONFORMING, false},
    {TYPE_DATA,       true },
    {TYPE_LDT,        true },
};
static const struct {
    uint8_t type;
    bool is_present;
} STACKS[] = {
    {TYPE_DATA,      true },
    {TYPE_DATA,      false},
    {TYPE_READ_ONLY, true },
    {TYPE_CODE,      true },
    {TYPE_LDT,       true },
};

enum form { FORM_RETF, FORM_RETF_RELEASE, FORM_IRET, FORM_RETF16, FORM_IRET16, FORMS };

/* Pushes what the form takes, and puts its instruction there. */
static void put_return(struct state *s, enum form form, unsigned cs, uint32_t ip, unsigned ss)
{
    bool is_16 = form >= FORM_RETF16, is_iret = form == FORM_IRET || form == FORM_IRET16;
    unsigned bytes = is_16 ? 2 : 4, release = form == FORM_RETF_RELEASE ? 8 : 0, count = 0;
    uint32_t values[8];
    values[count++] = ip;
    values[count++] = cs;
    if (is_iret) {
        values[count++] = 0x3cd7; /* all of IOPL and the arithmetic flags; IF is clear */
    }
    if (release != 0) {
        values[count++] = 0x11111111;
        values[count++] = 0x22222222;
    }
    values[count++] = STACK1_AT;
    values[count++] = ss;
    stack_set(s, bytes, count, values);
    code_begin();
    if (is_16) {
        code_put(0x66, 1);
    }
    code_put(is_iret ? 0xcf : release != 0 ? 0xca : 0xcb, 1);
    if (release != 0) {
        code_put(release, 2);
    }
}

static void to_code(void)
{
    group("returns.code");
    for (unsigned n = 0; n < 64; n++) {
        unsigned cpl = n >> 4, rpl = n >> 2 & 3, dpl = n & 3;
        for (unsigned kind = 0; kind < ARRAY_COUNT(CODES) + 2; kind++) {
            for (enum form form = 0; form < FORMS; form++) {
                machine_reset();
                unsigned cs = SLOT_TARGET | rpl;
                if (kind < ARRAY_COUNT(CODES)) {
                    descriptor_set(SLOT_TARGET, 0, 0xfffff,
                                   access_of(CODES[kind].type, dpl, CODES[kind].is_present), 12);
                } else {
                    cs = kind == ARRAY_COUNT(CODES) ? rpl : GDT_BYTES | rpl;
                }
                struct state s = state_of_ring(cpl);
                put_return(&s, form, cs, LANDING_AT, (SEL_DATA + 8 * rpl) | rpl);
                attempt_and_print(&s, n << 8 | kind << 4 | form);
            }
        }
    }
}

/* To an outer ring: its stack. And code whose limit ends in front of the offset. */
static void to_stack(void)
{
    group("returns.stack");
    for (unsigned n = 0; n < 256; n++) {
        unsigned cpl = n >> 6, to = n >> 4 & 3, rpl = n >> 2 & 3, dpl = n & 3;
        for (unsigned kind = 0; kind < ARRAY_COUNT(STACKS) + 2 && to > cpl; kind++) {
            for (enum form form = 0; form < FORMS; form++) {
                machine_reset();
                unsigned ss = SLOT_STACK | rpl;
                if (kind < ARRAY_COUNT(STACKS)) {
                    descriptor_set(SLOT_STACK, 0, 0xfffff,
                                   access_of(STACKS[kind].type, dpl, STACKS[kind].is_present), 12);
                } else {
                    ss = kind == ARRAY_COUNT(STACKS) ? rpl : GDT_BYTES | rpl;
                }
                descriptor_set(SLOT_TARGET, 0,
                               dpl == to && kind == 0 && rpl != to ? LANDING_AT - 1 : 0xffff,
                               access_of(TYPE_CODE, to, true), 4);
                struct state s = state_of_ring(cpl);
                put_return(&s, form, SLOT_TARGET | to, LANDING_AT, ss);
                attempt_and_print(&s, n << 8 | kind << 4 | form);
            }
        }
    }
}

/* The flags that IRET takes from the stack, by ring and IOPL; and v86 mode, that only ring 0 enters. */
static void flags(void)
{
    group("returns.flags");
    static const uint32_t IMAGES[] = {2,        0x3fd7 & ~0x100u, 0x200,   0x1c0002,
                                      0x200002, 0x40002,          0x80002, 0x20002,
                                      0x3002,   0x8000,           0x28};
    for (unsigned n = 0; n < 16; n++) {
        for (unsigned image = 0; image < ARRAY_COUNT(IMAGES); image++) {
            for (unsigned form = 0; form < 2; form++) {
                unsigned cpl = n >> 2, iopl = n & 3;
                machine_reset();
                struct state s = state_of_ring(cpl);
                s.eflags |= iopl << 12;
                const uint32_t cs =
                    cpl == 0 && IMAGES[image] == (FLAG_VM | 2) && form == 0 ? 0 : s.cs;
                const uint32_t values[] = {LANDING_AT, cs,    IMAGES[image], 0x9000, 0,
                                           0x123,      0x234, 0x345,         0x456};
                stack_set(&s, form == 0 ? 4 : 2, ARRAY_COUNT(values), values);
                code_begin();
                code_put(form == 0 ? 0xcf : 0xcf66, form == 0 ? 1 : 2);
                attempt_and_print(&s, n << 8 | image << 4 | form);
            }
        }
    }
}

void returns_run(void)
{
    to_code();
    to_stack();
    flags();
}

/* What IOPL, VME and PVI make of CLI, STI, PUSHF, POPF, IRET and INT n: virtual-8086 mode and ring 3, with all
 * values of IOPL, CR4's bit, VIF, VIP, IF, and the redirection bitmap.
 *
 * Specification: Intel SDM 3B (2023) 20.3 (table 20-2: methods 1 to 6), 20.4; SDM 2A CLI; SDM 2B POPF, STI. */
#include "matrix.h"

#define CR4_VME 1u
#define CR4_PVI 2u

/* HLT there is #GP in v86 mode, however INT n is redirected. */
#define HANDLERS_AT (LANDING_AT + 0x100)

/* Real mode's table, at 0. */
static void vectors_set(void)
{
    for (unsigned vector = 0; vector <= VECTOR_TEST; vector++) {
        *(volatile uint32_t *)(4 * vector + 0u) = HANDLERS_AT + (vector & 7);
    }
    for (unsigned n = 0; n < 8; n++) {
        *(uint8_t *)(HANDLERS_AT + n) = 0xf4;
    }
}

static void cr4_write(uint32_t value)
{
    uint32_t old;
    __asm__ volatile("mov %%cr4, %0" : "=r"(old));
    __asm__ volatile("mov %0, %%cr4" ::"r"((old & ~3u) | value));
}

/* Code, what lies on the stack (words of two or four bytes), and a redirection bit. */
static const struct {
    uint32_t code;
    uint8_t bytes, width, count;
    uint16_t values[3];
} CASES[] = {
    {0xfa,   1, 2, 0, {0}                    }, /* cli */
    {0xfb,   1, 2, 0, {0}                    }, /* sti */
    {0x9c,   1, 2, 0, {0}                    }, /* pushf */
    {0x9c66, 2, 2, 0, {0}                    }, /* pushfd */
    {0x9d,   1, 2, 1, {0x0c03}               }, /* popf */
    {0x9d,   1, 2, 1, {0x0202}               }, /* with IF */
    {0x9d,   1, 2, 1, {0x7002}               }, /* with NT, IOPL */
    {0x9d66, 2, 4, 1, {0x0202}               }, /* popfd */
    {0xcf,   1, 2, 3, {LANDING_AT, 0, 0x0c03}}, /* iret */
    {0xcf,   1, 2, 3, {LANDING_AT, 0, 0x0202}}, /* with IF */
    {0xcf,   1, 2, 3, {LANDING_AT, 0, 0x7002}}, /* with NT, IOPL */
    {0xcf66, 2, 4, 3, {LANDING_AT, 0, 0x0202}}, /* iretd */
    {0x20cd, 2, 2, 0, {0}                    }, /* int 20h: by the 8086 program's own handler */
    {0x31cd, 2, 2, 0, {0}                    }, /* int 31h: by the monitor's */
    {0xcc,   1, 2, 0, {0}                    }, /* int3 */
    {0x23cd, 2, 2, 0, {0}                    }, /* int 23h: own handler, beyond the IDT */
    {0x9d,   1, 2, 1, {0x0102}               }, /* popf with TF */
    {0xcf,   1, 2, 3, {LANDING_AT, 0, 0x0102}}, /* iret with TF */
};

static void one(bool is_v86, unsigned flags, unsigned n)
{
    machine_reset();
    tss.bits[0x20 / 8] = 0; /* to 27h */
    vectors_set();
    idt_set(VECTOR_TEST, KCODE, LANDING_AT, access_of(TYPE_INT32, 3, true));
    uint32_t eflags = (flags & 3) << 12 | ((flags & 4) != 0 ? FLAG_VIF : 0) |
                      ((flags & 8) != 0 ? FLAG_VIP : 0) | ((flags & 16) != 0 ? FLAG_IF : 0);
    struct state s = is_v86 ? state_of_v86(eflags) : state_of_ring(3);
    if (!is_v86) {
        s.eflags = 2 | eflags;
    }
    uint32_t values[3];
    for (unsigned k = 0; k < CASES[n].count; k++) {
        values[k] = k == 1 && !is_v86 ? s.cs : CASES[n].values[k];
    }
    unsigned width = is_v86 ? CASES[n].width : CASES[n].bytes == 2 && CASES[n].width == 4 ? 2 : 4;
    stack_set(&s, width, CASES[n].count, values);
    code_begin();
    code_put(CASES[n].code, CASES[n].bytes);
    cr4_write(flags >> 5);
    attempt_and_print(&s, flags << 8 | n);
    cr4_write(0);
}

static bool has_vme(void)
{
    uint32_t a = 1, b, c, d;
    __asm__("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
    return (d & 2) != 0;
}

/* Where the redirection bitmap lies: 32 bytes in front of the I/O map, and the TSS' limit. */
static void redirection(void)
{
    group("v86.redirection");
    for (unsigned n = 0; n < 64; n++) {
        machine_reset();
        static const uint16_t MAPS[] = {104 + 32, 104, 32, 31, 0, 104 + 64, 0xffff, 104 + 33};
        static const uint16_t LIMITS[] = {0xff,    0x67,     0x66,    104 + 3,
                                          104 + 4, 104 + 31, 104 + 5, 104 + 63};
        tss.map = MAPS[n & 7];
        tss.bits[0x20 / 8] = 0;
        descriptor_set(SEL_TSS, (uint32_t)&tss, LIMITS[n >> 3], access_of(TYPE_TSS32, 0, true), 0);
        __asm__ volatile("ltr %w0" ::"r"(SEL_TSS));
        vectors_set();
        struct state s = state_of_v86(0);
        code_begin();
        code_put(0x20cd, 2);
        cr4_write(CR4_VME);
        attempt_and_print(&s, n);
        cr4_write(0);
    }
}

/* Ports by IOPL and the map, bytes to doublewords, at its end too. */
static void ports(void)
{
    group("v86.ports");
    static const uint16_t PORTS[] = {0xe0, 0xe1,  0xe2,  0xe3,  0xe4,  0xe6, 0xe7,
                                     0xe8, 0x3f8, 0x1b8, 0x1bf, 0x1c0, 0x7ff};
    static const uint16_t CODES[] = {0xec, 0xed66, 0xed};
    for (unsigned n = 0; n < 128; n++) {
        unsigned iopl = n & 3, ring = n >> 2 & 3, limit = n >> 4 & 7;
        for (unsigned port = 0; port < ARRAY_COUNT(PORTS); port++) {
            for (unsigned size = 0; size < 3; size++) {
                static const uint16_t LIMITS[] = {
                    TSS_LIMIT,       0x67,     0x66,           104 + 32 + 0x1c, 104 + 32 + 0x1d,
                    104 + 32 + 0x1b, 104 + 32, 104 + 32 + 0x38};
                bool is_v86 = ring == 0; /* ring 0 itself may do all */
                machine_reset();
                tss.bits[32 + 0xe0 / 8] = 0xd0; /* E0-E3 and E5 */
                tss.bits[32 + 0x1b8 / 8] = 0x00;
                descriptor_set(SEL_TSS, (uint32_t)&tss, LIMITS[limit],
                               access_of(TYPE_TSS32, 0, true), 0);
                __asm__ volatile("ltr %w0" ::"r"(SEL_TSS));
                struct state s = is_v86 ? state_of_v86(iopl << 12) : state_of_ring(ring);
                s.eflags |= iopl << 12;
                s.edx = PORTS[port];
                code_begin();
                unsigned form = is_v86 && size != 0 ? 3 - size : size; /* the other default size */
                code_put(CODES[form], CODES[form] > 0xff ? 2 : 1);
                attempt_and_print(&s, n << 8 | port << 4 | size);
            }
        }
    }
}

void v86_run(void)
{
    ports();
    if (!has_vme()) {
        return;
    }
    redirection();
    group("v86.vme");
    for (unsigned flags = 0; flags < 0x40; flags++) {
        for (unsigned n = 0; n < ARRAY_COUNT(CASES); n++) {
            one(true, flags, n);
        }
    }
    group("v86.pvi");
    for (unsigned flags = 0; flags < 0x20; flags++) {
        for (unsigned n = 0; n < 12; n++) {
            one(false, flags, n);
            one(false, flags | CR4_PVI << 5, n);
        }
    }
}

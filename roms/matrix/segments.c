/* MOV to DS and SS, LAR, LSL, VERR, VERW: every type with every CPL, RPL and DPL.
 *
 * Specification: Intel SDM 2B (2023) MOV; SDM 2A LAR, LSL; SDM 2B VERR; SDM 3A 5.6, 5.7, 5.10. */
#include "matrix.h"

static const struct {
    uint16_t word; /* little endian, with AX as register: 0Fh, or 8Eh alone */
    uint8_t modrm, bytes;
} INSTRUCTIONS[] = {
    {0x8e,   0xd8, 1}, /* mov ds, ax */
    {0x8e,   0xd0, 1}, /* mov ss, ax */
    {0x020f, 0xd8, 2}, /* lar ebx, eax */
    {0x030f, 0xd8, 2}, /* lsl ebx, eax */
    {0x000f, 0xe0, 2}, /* verr ax */
    {0x000f, 0xe8, 2}, /* verw ax */
};

static void one(unsigned cpl, unsigned rpl, unsigned access, unsigned selector)
{
    for (unsigned n = 0; n < ARRAY_COUNT(INSTRUCTIONS); n++) {
        machine_reset();
        descriptor_set(SLOT_TARGET, 0, 0x12345, access, 12);
        code_begin();
        code_put(INSTRUCTIONS[n].word, INSTRUCTIONS[n].bytes);
        code_put(INSTRUCTIONS[n].modrm, 1);
        if (n >= 2) {
            code_put(0x1e0f,
                     2); /* nop, and then EBX where it is seen: push ebx; pop fs would fault */
            code_put(0xc0, 1);
            code_put(0x53, 1); /* push ebx: into the stack's hash */
        }
        struct state s = state_of_ring(cpl);
        s.eax = selector | rpl;
        attempt_and_print(&s, (uint64_t)cpl << 20 | rpl << 16 | access << 8 |
                                  (selector == 0             ? 8u
                                   : selector != SLOT_TARGET ? 4u
                                                             : 0)
                                      << 4 |
                                  n);
    }
}

void segments_run(void)
{
    group("segments.load");
    for (unsigned n = 0; n < 16; n++) {
        for (unsigned access = 0; access < 256; access++) {
            one(n >> 2, n & 3, access, SLOT_TARGET);
        }
        one(n >> 2, n & 3, 0, 0);
        one(n >> 2, n & 3, 0, GDT_BYTES);
    }
}

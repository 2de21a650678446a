/* The frequent cases of the system part in straight lines: what deliver_flat(), iret_flat() and
 * segment_load_flat() share.
 *
 * Nearly all protected-mode systems run with flat segments of 32 bits: base 0, limit 4 GiB. For them a
 * gate, a return or a segment load is a few comparisons and moves. Each of those functions first looks at
 * everything that the instruction depends on: the descriptors are flat, present and accessed, tables and
 * stack are in the fast TLB (so present, allowed, RAM, not watched, without decoded code) and inside one
 * page, no flag asks for more. Until then it changes nothing. If all is so, it does the whole thing and
 * returns true; else it returns false, and the general way does it from the start, with every check.
 *
 * SDM 3A 3.4.5 (descriptors), 6.11 (gates). */
#ifndef VITRINE_CPU_FLAT_H
#define VITRINE_CPU_FLAT_H

#include "cpu/memory.h"
#include "cpu/run.h"
#include "cpu/segment.h"

/* Descriptors in memory: base 0, limit FFFFFh, G, D/B, present, accessed; AVL may be anything. */
#define FLAT_CODE UINT64_C(0x00cf9b000000ffff) /* readable, not conforming */
#define FLAT_DATA UINT64_C(0x00cf93000000ffff) /* writable, expand-up */
#define FLAT_AVL (UINT64_C(1) << 52)
#define FLAT_DPL_SHIFT 45

static inline bool flat_is(uint64_t descriptor, uint64_t pattern, unsigned dpl)
{
    return (descriptor & ~FLAT_AVL) == (pattern | (uint64_t)dpl << FLAT_DPL_SHIFT);
}

/* Protected mode, 32-bit code, and CS and SS flat already: then loading flat ones changes selectors,
 * attributes and CPL only. */
static inline bool flat_is_mode(const struct cpu *cpu)
{
    const unsigned mode = MODE_PROTECTED | MODE_CODE32 | MODE_STACK32;
    const unsigned segments = 1u << CPU_CS | 1u << CPU_SS;
    return (cpu->mode & mode) == mode && (cpu->plain_segments & segments) == segments &&
           cpu->run->handlers != HANDLERS_PLAIN;
}

/* Bytes for the processor itself, as supervisor; NULL: the general way. */
static inline uint8_t *flat_bytes(const struct cpu *cpu, uint64_t linear, unsigned bytes,
                                  bool is_write)
{
    return tlb_hit(cpu->memory_unit->fast->word[is_write], (uint32_t)linear, bytes);
}

static inline bool flat_read(const struct cpu *cpu, uint64_t linear, uint64_t *value)
{
    const uint8_t *host = flat_bytes(cpu, linear, 8, false);
    if (host)
        *value = load_le64(host);
    return host != NULL;
}

/* A descriptor of the GDT, not null. */
static inline bool flat_descriptor(const struct cpu *cpu, uint16_t selector, uint64_t *descriptor)
{
    return !(selector & 4) && !selector_is_null(selector) && (selector | 7u) <= cpu->gdtr.limit &&
           flat_read(cpu, cpu->gdtr.base + (selector & ~7u), descriptor);
}

/* Where base, limit and type stay as they are. */
static inline void flat_reload(struct cpu *cpu, unsigned index, uint16_t selector,
                               uint64_t descriptor)
{
    uint32_t high = (uint32_t)(descriptor >> 32);
    cpu->segment[index].selector = selector;
    cpu->segment[index].attributes = (uint16_t)((high >> 8 & 0xff) | (high >> 12 & 0xf00));
}

#endif

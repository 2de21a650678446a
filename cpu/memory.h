/* Linear memory: the translation look-aside buffers and the way from an access to bytes or devices.
 *
 *   fast[user][write]  linear page → host pointer; derived; RAM only, and only where a plain access
 *                      is all there is to do: no device, no decoded code behind a write, no watch
 *   entry[]            the guest's TLB: direct mapped, 4,096 entries of 4 KiB, saved with the state.
 *                      A large page takes one entry for each 4 KiB that is touched.
 *
 * The index comes from an access' first byte and the tag from its last, so that accesses across a
 * page border miss by themselves; the host pointer waits for the first byte only. SDM 3A 4.10. */
#ifndef VITRINE_CPU_MEMORY_H
#define VITRINE_CPU_MEMORY_H

#include "cpu/internal.h"

#define TLB_ENTRIES 4096u
#define TLB_INVALID UINT64_C(1) /* no page has bits below 12 */
/* In a write tag: RAM with decoded code in it. Plain accesses miss; a slow one writes where
 * code_lines shows that it touches no code. */
#define TLB_CODE UINT64_C(2)
#define PAGE_MASK UINT64_C(0xfff)

struct tlb_fast {
    uint64_t tag;     /* linear address of the page, or TLB_INVALID */
    uintptr_t addend; /* + linear = host address */
};

enum tlb_flag { TLB_USER = 1, TLB_WRITABLE = 2, TLB_DIRTY = 4, TLB_GLOBAL = 8, TLB_LARGE = 16 };
struct tlb_entry {
    uint64_t tag, physical;
    uint8_t flags;
};

/* Where a table of the page tables lies; derived. */
struct table_host {
    uint64_t physical; /* or TLB_INVALID */
    const uint8_t *bytes;
};

#define TLB_WORDS (TLB_ENTRIES / 64)
_Static_assert(TLB_WORDS <= 64, "used_words has a bit for each");
struct cpu_memory {
    struct tlb_fast fast[5][TLB_ENTRIES]; /* user * 2 + write; 4: stays empty (alignment checks) */
    const uint64_t *code_lines[2][TLB_ENTRIES]; /* by user; beside tags with TLB_CODE */
    struct tlb_entry entry[TLB_ENTRIES];
    struct table_host directory, table; /* of the last frequent walk */
    bool has_large;        /* some entry is of a large page (or was) */
    /* Derived, so that flushes look at few entries. Bit i of `used`: entry i or a fast form of it may be
     * valid; of `global`: entry i is of a global page. Bit i of `large`: some entry may be of a large
     * page in the 2 MiB region i. */
    uint64_t used[TLB_WORDS], global[TLB_WORDS], large[32];
    uint64_t used_words; /* bit w: used[w] is not 0 */
};

static inline unsigned tlb_index(uint64_t linear)
{
    return (unsigned)(linear >> 12) & (TLB_ENTRIES - 1);
}

/* The host's bytes of a plain access, or NULL: then one of the slow calls does it. */
static inline uint8_t *tlb_hit(const struct tlb_fast *tlb, uint64_t linear, unsigned bytes)
{
    const struct tlb_fast *e = &tlb[tlb_index(linear)];
    if (BASE_UNLIKELY(e->tag != ((linear + bytes - 1) & ~PAGE_MASK)))
        return NULL;
    return (uint8_t *)(e->addend + (uintptr_t)linear);
}

/* The same as a test, for handlers that go elsewhere when it fails. */
static BASE_ALWAYS_INLINE bool tlb_reach(const struct tlb_fast *tlb, uint64_t linear, unsigned bytes,
                             uint8_t **host)
{
    const struct tlb_fast *e = &tlb[tlb_index(linear)];
    if (BASE_UNLIKELY(e->tag != ((linear + bytes - 1) & ~PAGE_MASK)))
        return false;
    *host = (uint8_t *)(e->addend + (uintptr_t)linear);
    return true;
}

/* Write entries of pages with decoded code: the bytes behind an access, and the lines of the page that
 * have code. False: no such page, or not one that a plain write may reach. */
static BASE_ALWAYS_INLINE bool tlb_reach_code(const struct cpu *cpu, uint64_t linear, unsigned bytes,
                                  uint8_t **host, const uint64_t **lines)
{
    unsigned index = tlb_index(linear);
    const struct tlb_fast *e = &cpu->tlb_write[index];
    *host = (uint8_t *)(e->addend + (uintptr_t)linear);
    *lines = cpu->code_lines[index];
    return e->tag == (((linear + bytes - 1) & ~PAGE_MASK) | TLB_CODE);
}
static inline bool touches_code(uint64_t lines, uint64_t linear, unsigned bytes)
{
    return (lines >> (linear >> 6 & 63) | lines >> ((linear + bytes - 1) >> 6 & 63)) & 1;
}
/* A write to such a page that touches no code. */
static BASE_ALWAYS_INLINE bool tlb_reach_beside_code(const struct cpu *cpu, uint64_t linear, unsigned bytes,
                                         uint8_t **host)
{
    const uint64_t *lines;
    return tlb_reach_code(cpu, linear, bytes, host, &lines) && !touches_code(*lines, linear, bytes);
}

static inline uint8_t *tlb_beside_code(const struct cpu *cpu, uint64_t linear, unsigned bytes)
{
    uint8_t *host;
    return tlb_reach_beside_code(cpu, linear, bytes, &host) ? host : NULL;
}

/* The bytes at ESP + plus of a flat 32-bit stack, for several words at once; NULL where each has to go its own
 * way. */
static inline uint8_t *stack_bytes(const struct cpu *cpu, int32_t plus, unsigned bytes, bool is_write)
{
    bool is_flat = cpu->plain_segments >> CPU_SS & 1 && cpu->segment[CPU_SS].attributes & SEGMENT_DB;
    uint32_t linear = (uint32_t)cpu->gpr[CPU_SP] + (uint32_t)plus;
    return is_flat ? tlb_hit(is_write ? cpu->tlb_write : cpu->tlb_read, linear, bytes) : NULL;
}

/* The bytes of a page for plain accesses, of which a write is noted; NULL: a device, nothing, or decoded code that a
 * write would have to look for. */
static inline uint8_t *memory_plain_page(const struct space_page *page, bool is_write)
{
    uint8_t *flags;
    if (!page)
        return NULL;
    if (!is_write)
        return page->read;
    if (!page->write)
        return NULL;
    flags = &page->write_ram->flags[page->write_frame];
    if (*flags & FRAME_CODE)
        return NULL;
    *flags |= FRAME_WRITTEN;
    return page->write;
}

/* Any access, fast or slow, with cpu->current set by the caller where it may end in a fault. */
uint64_t memory_read(struct cpu *cpu, uint64_t linear, unsigned bytes, bool is_user);
void memory_write(struct cpu *cpu, uint64_t linear, unsigned bytes, uint64_t value, bool is_user);
/* The same for a handler: synchronises with its operation first. */
uint64_t memory_read_slow(struct cpu *cpu, const struct op *op, uint64_t linear, unsigned bytes);
void memory_write_slow(struct cpu *cpu, const struct op *op, uint64_t linear, unsigned bytes,
                       uint64_t value);
/* Host bytes for a run of plain accesses from linear up to the end of its page (REP): NULL where
 * each element has to go its own way. May fault. */
uint8_t *memory_run(struct cpu *cpu, uint64_t linear, bool is_write);

/* Linear → physical for data; raises page faults, sets A and D. */
uint64_t memory_translate(struct cpu *cpu, uint64_t linear, bool is_write, bool is_user);
/* Walks the page tables for an access (PF_WRITE, PF_USER, PF_FETCH): checks, sets A and D, raises #PF; else
 * fills the entry, but for its tag. */
void memory_walk(struct cpu *cpu, uint64_t linear, uint32_t access, struct tlb_entry *e);
/* For code fetches: does not pass through the data TLB. */
uint64_t memory_translate_fetch(struct cpu *cpu, uint64_t linear, bool *is_global);

/* run.c: code was fetched by mappings that are gone (all of them; all but global ones; of one page). */
void cpu_code_remapped(struct cpu *cpu, bool keep_global);
void cpu_code_unmapped(struct cpu *cpu, uint64_t linear);

/* Puts an entry of the guest's TLB where the test registers say; its tag may be TLB_INVALID. */
void memory_set_entry(struct cpu *cpu, unsigned index, const struct tlb_entry *entry);
void memory_reset(struct cpu *cpu);
/* The guest's TLB has been loaded with a saved state: makes what is derived from it. */
void memory_loaded(struct cpu *cpu);
/* Forgets host pointers only; the guest sees nothing of it. */
void memory_forget_hosts(struct cpu *cpu);
/* The write entries of a frame are no longer right: it has got its first decoded code, or lost it. */
void memory_forget_writes(struct cpu *cpu, const uint8_t *host_page);
/* Chooses the fast arrays for CPL and alignment checks. */
void memory_choose_tlb(struct cpu *cpu);

#endif

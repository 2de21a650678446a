/* Linear memory: the translation look-aside buffers and the way from an access to bytes or devices.
 *
 *   fast->word[][]     linear page → host pointer; derived; RAM only, and only where a plain access
 *                      is all there is to do: no device, no decoded code behind a write, no watch
 *   entry[]            the guest's TLB: direct mapped, 4,096 entries of 4 KiB, saved with the state.
 *                      A large page takes one entry for each 4 KiB that is touched.
 *
 * A page has words while it has an entry, and without paging, which has no entries, while no other page of the same
 * index is used. SDM 3A 4.10. */
#ifndef VITRINE_CPU_MEMORY_H
#define VITRINE_CPU_MEMORY_H

#include "cpu/internal.h"

#define TLB_ENTRIES 4096u
#define TLB_INVALID UINT64_C(1) /* no page has bits below 12 */
#define PAGE_MASK UINT64_C(0xfff)

/* For each page of the linear addresses one word: what is to be added to a linear address of the page for the host's.
 * 0: nothing is known. The workstation has memory for those regions only that words were written in; when they are many,
 * all is forgotten, and what is used again comes again. */
#define TLB_PAGES (1u << 20)
#define TLB_EMPTY 4u /* the table that stays so: where alignment is checked */
struct tlb_fast {
    uintptr_t word[TLB_EMPTY + 1][TLB_PAGES];
};
#define TLB_REGION_LOG2 9u /* pages; their words fill 4 KiB */
#define TLB_REGIONS (TLB_PAGES >> TLB_REGION_LOG2)
#define TLB_MOST_REGIONS 2048u
static inline unsigned tlb_table(bool is_write, bool is_user)
{
    return is_user * 2u + is_write;
}

/* Of the pages with the same index one has words, so that whoever empties the index finds them. It may be RAM with decoded
 * code in it: plain writes miss; a slow one writes where `lines` shows that it touches no code. */
enum tlb_right { TLB_BY_SUPERVISOR = 1, TLB_BY_USER = 2 };
struct tlb_place {
    uint32_t page;
    uint32_t code_rights; /* who may write beside its code; 0: nothing is known of any, nor what follows here */
    const uint64_t *code_lines; /* pool_lines() */
    uintptr_t code_word; /* as those above: to be added to a linear address */
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
    struct tlb_fast *fast;
    uint64_t regions[TLB_EMPTY][TLB_REGIONS / 64]; /* that have words, by table */
    unsigned region_count;
    struct tlb_place place[TLB_ENTRIES];
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

/* Does an access leave its page, or its line of 64 bytes? An operand that is aligned cannot, which is one test. */
static BASE_ALWAYS_INLINE bool crosses(uint64_t linear, unsigned bytes, unsigned unit)
{
    bool may_cross = bytes > 8 || (bytes & (bytes - 1)) != 0 || BASE_RARELY(linear & (bytes - 1));
    return may_cross && BASE_UNLIKELY((linear & (unit - 1)) > unit - bytes);
}
static BASE_ALWAYS_INLINE bool crosses_page(uint64_t linear, unsigned bytes)
{
    return crosses(linear, bytes, FRAME_BYTES);
}
static BASE_ALWAYS_INLINE bool crosses_line(uint64_t linear, unsigned bytes)
{
    return crosses(linear, bytes, 64);
}

/* The host's bytes of a plain access below 4 GiB; false: then one of the slow calls does it. */
static BASE_ALWAYS_INLINE bool tlb_reach(const uintptr_t *words, uint64_t linear, unsigned bytes, uint8_t **host)
{
    uintptr_t word;
    __asm__("" : "+r"(linear)); /* one register for index, test and address, not two halves of it */
    word = words[linear >> 12];
    if (BASE_UNLIKELY(word == 0) || crosses_page(linear, bytes))
        return false;
    *host = (uint8_t *)(word + (uintptr_t)linear);
    return true;
}
/* The same for any address, and as a pointer or NULL. */
static inline uint8_t *tlb_hit(const uintptr_t *words, uint64_t linear, unsigned bytes)
{
    uint8_t *host;
    return linear >> 32 == 0 && tlb_reach(words, linear, bytes, &host) ? host : NULL;
}

static inline const struct tlb_place *tlb_place(const struct cpu *cpu, uint64_t linear)
{
    return &cpu->memory_unit->place[tlb_index(linear)];
}
/* Below 4 GiB, as tlb_reach(). */
static BASE_ALWAYS_INLINE bool place_has_code(const struct cpu *cpu, const struct tlb_place *place, uint64_t linear)
{
    return place->page == (uint32_t)linear >> 12 && place->code_rights & cpu->code_right;
}
static inline bool tlb_has_code(const struct cpu *cpu, uint64_t linear)
{
    return linear >> 32 == 0 && place_has_code(cpu, tlb_place(cpu, linear), linear);
}
/* Writes to pages with decoded code: the bytes behind an access, and the lines of the page that have code. False: no
 * such page, or not one that a plain write may reach. */
static BASE_ALWAYS_INLINE bool tlb_reach_code(const struct cpu *cpu, uint64_t linear, unsigned bytes,
                                  uint8_t **host, const uint64_t **lines)
{
    const struct tlb_place *place = tlb_place(cpu, linear);
    if (!tlb_has_code(cpu, linear) || crosses_page(linear, bytes))
        return false;
    *host = (uint8_t *)(place->code_word + (uintptr_t)linear);
    *lines = place->code_lines;
    return true;
}
static inline bool touches_code(uint64_t lines, uint64_t linear, unsigned bytes)
{
    return (lines >> (linear >> 6 & 63) | lines >> ((linear + bytes - 1) >> 6 & 63)) & 1;
}
/* A write to such a page, within a line that has no code. Others take the slow way. */
static BASE_ALWAYS_INLINE bool tlb_reach_beside_code(const struct cpu *cpu, uint64_t linear, unsigned bytes,
                                         uint8_t **host)
{
    const struct tlb_place *place = tlb_place(cpu, linear);
    if (!place_has_code(cpu, place, linear) || crosses_line(linear, bytes) ||
        *place->code_lines >> (linear >> 6 & 63) & 1)
        return false;
    *host = (uint8_t *)(place->code_word + (uintptr_t)linear);
    return true;
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
/* Notes in one of the tables where the host has a page, whose index is marked as used; that it has code. */
void memory_know(struct cpu *cpu, unsigned table, uint64_t linear, const uint8_t *host_page);
void memory_know_code(struct cpu *cpu, uint64_t linear, uint8_t *host_page, const uint64_t *lines, uint32_t right);
/* The tables' own memory; NULL: there is none. */
struct tlb_fast *memory_new_fast(struct cpu *cpu);
void memory_free_fast(struct cpu *cpu);
/* Chooses the tables for CPL and alignment checks. */
void memory_choose_tlb(struct cpu *cpu);

#endif

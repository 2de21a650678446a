/* Address spaces: who answers at which memory address or port.
 *
 * A memory space maps pages of 4 KiB onto frames of RAM or ROM (reads and writes apart, for shadow
 * RAM) or onto regions of devices; a port space maps single ports onto regions. An alias window
 * shows a part of another space. All accesses of guests pass here: see bus/door.h. */
#ifndef VITRINE_BUS_SPACE_H
#define VITRINE_BUS_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/status.h"
#include "bus/door.h"
#include "bus/ram.h"
#include "bus/regs.h"

enum space_kind { SPACE_PORTS, SPACE_MEMORY };

/* Direct callbacks of a region: block data and dense ranges. Offsets count from the region's base.
 * The block forms move `count` elements of `size` bytes at one offset (REP INS/OUTS); they return
 * how many they moved, at least 1. NULL: element by element. */
struct region_ops {
    uint64_t (*read)(void *self, uint64_t offset, unsigned size);
    void (*write)(void *self, uint64_t offset, unsigned size, uint64_t value);
    size_t (*read_block)(void *self, uint64_t offset, unsigned size, void *bytes, size_t count);
    size_t (*write_block)(void *self, uint64_t offset, unsigned size, const void *bytes,
                          size_t count);
};

/* A range of addresses that one device answers. With ops NULL the bank's rows are dispatched. */
struct region {
    const char *name;
    struct device *device; /* whose registers these are; NULL for wiring of the board */
    void *self;            /* given to the callbacks; usually the device */
    const struct region_ops *ops;
    const struct reg_bank *bank; /* for dispatch, decoding and display; may be NULL with ops */
    uint64_t base, length;
    uint64_t bank_base;    /* offset of `base` within the bank */
    struct space *alias;   /* an alias window onto this space, at alias_base; else NULL */
    uint64_t alias_base;
    struct region *next;
};

/* One port of a port space, with what is known of it since its region was attached. */
struct space_port {
    struct region *region;      /* NULL: nothing is there */
    const struct reg *first;    /* reg_first(): where a search for its row begins */
    /* reg_always(): the row that takes the access without a search; NULL also while somebody looks */
    const struct reg *in, *out;
};

/* One page of a memory space. Pages lie in leaves, made when the first of theirs is mapped. */
#define LEAF_SHIFT 22
#define LEAF_PAGES 1024u
struct space_page {
    uint8_t *read;          /* the frame's bytes; NULL: region or nothing */
    uint8_t *write;         /* NULL: not writable here (ROM: dropped), or region */
    struct ram *read_ram, *write_ram;
    size_t read_frame, write_frame;
    struct region *region;  /* answers what read/write do not */
    bool is_rom;            /* writes are dropped silently */
};

/* Who holds pointers into the pages: they must be forgotten when the map changes. */
struct space_listener {
    void (*remapped)(void *self);
    void *self;
    struct space_listener *next;
};

struct space_intercept {
    /* Before dispatch: may charge time, set access->decision and return true when the access was
     * answered (access->value holds what was read). Must not wait and must not touch this space. */
    bool (*before)(void *self, struct access *access);
    void *self;
};

struct space {
    const char *name;
    enum space_kind kind;
    struct door *door;
    bool is_hooked; /* somebody looks: the slow way */
    uint64_t asked, asked_value; /* what a device is carrying out: space_ask() */
    const struct space_intercept *intercept;
    void (*origin)(void *self, struct access_origin *origin); /* who asks, for the trace */
    void *origin_self;
    struct region *regions; /* in order of attachment */
    struct space_port *ports; /* SPACE_PORTS: 65,536 entries */
    struct space_page **leaves; /* SPACE_MEMORY: by address >> 22, each of 1,024 pages */
    size_t leaf_count;
    uint64_t address_mask;  /* A20 and the width of the bus */
    struct space_listener *listeners;
    struct space *next;     /* of the door */
};

enum status space_init(struct space *space, const char *name, enum space_kind kind,
                       struct door *door, struct error *error);
void space_fini(struct space *space);
/* Recomputes is_hooked; called when watchers or the interception change. */
void space_update_hooks(struct space *space);
void space_set_intercept(struct space *space, const struct space_intercept *intercept);
void space_add_listener(struct space *space, struct space_listener *listener);
void space_remove_listener(struct space *space, struct space_listener *listener);

/* Attaches a region (copied; the caller keeps nothing). Refuses, naming both devices, where another
 * device answers already. Memory regions start and end on page borders. *attached may be NULL. */
enum status space_attach(struct space *space, const struct region *region, struct region **attached,
                         struct error *error);
void space_detach(struct space *space, struct region *region);
/* Maps `pages` pages from gpa onto frames. read/write NULL leaves that direction as it is now; use
 * space_unmap to take both away. is_rom: writes are dropped. */
void space_map_ram(struct space *space, uint64_t gpa, size_t pages, struct ram *ram, size_t frame,
                   bool readable, bool writable);
/* Shadow RAM: chooses for each direction of `pages` pages which frames answer. NULL: none (reads go
 * to the region below or float, writes are dropped). */
void space_map_shadow(struct space *space, uint64_t gpa, size_t pages, struct ram *read_ram,
                      size_t read_frame, struct ram *write_ram, size_t write_frame);
void space_unmap_ram(struct space *space, uint64_t gpa, size_t pages);
/* A20 gate: with it off bit 20 of every address is zero. */
void space_set_a20(struct space *space, bool is_enabled);

/* The page that answers at gpa (after A20); NULL where nothing was ever mapped. The pointers inside
 * hold until the next remapping. A CPU writes RAM through `write` itself, after it has marked the
 * frame dirty and only while the frame has no CODE flag; else it calls ram_written(). */
static inline const struct space_page *space_page(const struct space *space, uint64_t gpa)
{
    const struct space_page *leaf;
    gpa &= space->address_mask;
    if (gpa >> LEAF_SHIFT >= space->leaf_count)
        return NULL;
    leaf = space->leaves[gpa >> LEAF_SHIFT];
    return leaf ? &leaf[gpa >> FRAME_SHIFT & (LEAF_PAGES - 1)] : NULL;
}
/* Forgets all host pointers that others hold. */
void space_remapped(struct space *space);

static inline bool space_is_hooked(const struct space *space)
{
    return DOOR_IS_BUILT && space->is_hooked;
}

/* Around everything that a device is asked, for messages about it, whether or not somebody looks: one word
 * (address << 8 | is_write << 7 | size) and the value of a write; 0: nothing is asked. An access inside of
 * another ends both. */
static inline void space_ask_read(struct space *space, uint64_t address, unsigned size)
{
    space->asked = address << 8 | size;
}
static inline void space_ask_write(struct space *space, uint64_t address, unsigned size, uint64_t value)
{
    space->asked = address << 8 | 0x80 | size;
    space->asked_value = value;
}
static inline void space_answered(struct space *space)
{
    space->asked = 0;
}
/* The access that a device of this space is carrying out, with its register; false: none is. */
bool space_asked_access(struct space *space, struct access *access);

/* The door. One access of 1, 2, 4 or 8 bytes (ports: up to 4). */
uint64_t space_read(struct space *space, uint64_t address, unsigned size);
void space_write(struct space *space, uint64_t address, unsigned size, uint64_t value);
/* The same for ports: where nobody looks, and one row always answers, straight to it. */
static inline uint64_t space_port_read(struct space *space, uint16_t port, unsigned size)
{
    const struct space_port *at = &space->ports[port];
    uint64_t value;
    if (BASE_UNLIKELY(!at->in || at->in->width != size))
        return space_read(space, port, size);
    space_ask_read(space, port, size);
    value = reg_row_read(at->in, at->region->self) & mask_bytes(size);
    space_answered(space);
    return value;
}
static inline void space_port_write(struct space *space, uint16_t port, unsigned size, uint64_t value)
{
    const struct space_port *at = &space->ports[port];
    if (BASE_UNLIKELY(!at->out || at->out->width != size)) {
        space_write(space, port, size, value);
        return;
    }
    space_ask_write(space, port, size, value);
    reg_row_write(at->out, at->region->self, (uint32_t)(value & mask_bytes(size)));
    space_answered(space);
}
/* REP INS/OUTS: up to `count` elements of one port; returns how many were moved (at least 1). */
size_t space_read_block(struct space *space, uint64_t address, unsigned size, void *bytes,
                        size_t count);
size_t space_write_block(struct space *space, uint64_t address, unsigned size, const void *bytes,
                         size_t count);

/* A call that software behind the space's origin makes on purpose (a hypercall, a system call that is
 * served elsewhere): shown at the door as an access of its own, so that it has an id, words, a
 * decision, and is the cause of what follows. Between the two calls door_note() speaks of it. */
void space_call_open(struct space *space, struct access *access, uint64_t number, uint64_t argument);
void space_call_close(struct space *space, struct access *access);

/* Bytes of memory for DMA and the hypervisor: any alignment and length; RAM by copy, marked dirty,
 * decoded code forgotten; shown at the door as one DMA access of `device`. Returns false when some
 * byte had nobody to answer (reads give FFh there). */
bool space_dma_read(struct space *space, const struct device *device, uint64_t gpa, void *bytes,
                    size_t count);
bool space_dma_write(struct space *space, const struct device *device, uint64_t gpa,
                     const void *bytes, size_t count);
/* The same without the door, for display and loading: touches RAM and ROM only, never a device.
 * Returns the number of bytes done before the first that is neither. */
size_t space_peek(const struct space *space, uint64_t gpa, void *bytes, size_t count);
size_t space_poke(struct space *space, uint64_t gpa, const void *bytes, size_t count);

#endif

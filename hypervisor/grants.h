/* The grant table of one guest, version 1: which of its frames others may use, and how.
 *
 * The layout is Xen's (xen/include/public/grant_table.h, struct grant_entry_v1), 512 entries a frame:
 *
 *   0  flags: type in bits 0-1 (1: permit_access), 2 readonly, 3 reading, 4 writing
 *   2  domid: who may; back-ends are domain 0
 *   4  frame: the guest's own frame number
 *
 * The frames of the table are the guest's own, so that it writes entries without a call. A back-end
 * looks an entry up once a request, copies and gives it back; while it is held the guest sees the
 * reading and writing bits. MISSING: transfer, version 2, grants between guests. */
#ifndef VITRINE_HYPERVISOR_GRANTS_H
#define VITRINE_HYPERVISOR_GRANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guest;

#define GRANT_FRAMES          4u
#define GRANT_ENTRIES_A_FRAME 512u

struct grants {
    struct guest *guest;
    bool has_frame[GRANT_FRAMES];
    uint32_t gfn[GRANT_FRAMES];
    uint64_t maps, refused;
};

/* A frame in use: its bytes, until grants_unmap(). */
struct grant_mapping {
    uint8_t *bytes; /* 4,096 */
    uint32_t gref, gfn;
    bool is_writable;
};

void grants_init(struct grants *grants, struct guest *guest);
/* Frame `index` of the table is the guest's frame gfn; false: too many, or no RAM there. */
bool grants_set_frame(struct grants *grants, uint32_t index, uint32_t gfn);
/* False, with nothing held: no such entry, not granted to domain 0, read-only, no RAM. */
bool grants_map(struct grants *grants, uint32_t gref, bool wants_write,
                struct grant_mapping *mapping);
void grants_unmap(struct grants *grants, const struct grant_mapping *mapping);

#endif

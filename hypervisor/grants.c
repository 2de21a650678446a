#include "hypervisor/grants.h"

#include <string.h>

#include "base/bits.h"
#include "hypervisor/guest.h"

#define ENTRY_BYTES       8u
#define GTF_TYPE          0x03u
#define GTF_PERMIT_ACCESS 0x01u
#define GTF_READONLY      0x04u
#define GTF_READING       0x08u
#define GTF_WRITING       0x10u
#define DOMID_BACKEND     0u

void grants_init(struct grants *grants, struct guest *guest)
{
    memset(grants, 0, sizeof *grants);
    grants->guest = guest;
}

bool grants_set_frame(struct grants *grants, uint32_t index, uint32_t gfn)
{
    if (index >= GRANT_FRAMES || !guest_frame(grants->guest, gfn))
        return false;
    grants->has_frame[index] = true;
    grants->gfn[index] = gfn;
    return true;
}

/* The entry's bytes in the guest's memory; NULL: outside the table. */
static uint8_t *entry_of(const struct grants *grants, uint32_t gref)
{
    uint32_t index = gref / GRANT_ENTRIES_A_FRAME;
    uint8_t *frame;
    if (index >= GRANT_FRAMES || !grants->has_frame[index])
        return NULL;
    frame = guest_frame(grants->guest, grants->gfn[index]);
    return frame ? frame + gref % GRANT_ENTRIES_A_FRAME * ENTRY_BYTES : NULL;
}

static void set_flags(const struct grants *grants, uint32_t gref, uint16_t flags)
{
    uint8_t *entry = entry_of(grants, gref);
    if (!entry)
        return;
    store_le16(entry, flags);
    guest_frame_written(grants->guest, grants->gfn[gref / GRANT_ENTRIES_A_FRAME],
                        gref % GRANT_ENTRIES_A_FRAME * ENTRY_BYTES, 2);
}

bool grants_map(struct grants *grants, uint32_t gref, bool wants_write,
                struct grant_mapping *mapping)
{
    const uint8_t *entry = entry_of(grants, gref);
    uint16_t flags = entry ? load_le16(entry) : 0;
    memset(mapping, 0, sizeof *mapping);
    if (!entry || (flags & GTF_TYPE) != GTF_PERMIT_ACCESS ||
        load_le16(entry + 2) != DOMID_BACKEND || (wants_write && (flags & GTF_READONLY))) {
        grants->refused++;
        return false;
    }
    mapping->gref = gref;
    mapping->gfn = load_le32(entry + 4);
    mapping->is_writable = wants_write;
    mapping->bytes = guest_frame(grants->guest, mapping->gfn);
    if (!mapping->bytes) {
        grants->refused++;
        return false;
    }
    grants->maps++;
    set_flags(grants, gref, (uint16_t)(flags | GTF_READING | (wants_write ? GTF_WRITING : 0)));
    return true;
}

void grants_unmap(struct grants *grants, const struct grant_mapping *mapping)
{
    const uint8_t *entry = entry_of(grants, mapping->gref);
    if (entry)
        set_flags(grants, mapping->gref,
                  (uint16_t)(load_le16(entry) & ~(GTF_READING | GTF_WRITING)));
}

#include "hypervisor/ring.h"

#include <string.h>

#include "base/bits.h"
#include "bus/ram.h"
#include "hypervisor/guest.h"

#define REQ_PROD  0u
#define REQ_EVENT 4u
#define RSP_PROD  8u
#define RSP_EVENT 12u

uint32_t ring_slots(uint32_t slot_bytes)
{
    uint32_t slots = 1;
    while (slots * 2 * slot_bytes <= FRAME_BYTES - RING_HEADER_BYTES)
        slots *= 2;
    return slots;
}

void ring_init(struct ring *ring, struct guest *guest, const struct grant_mapping *page,
               uint32_t slot_bytes)
{
    memset(ring, 0, sizeof *ring);
    ring->guest = guest;
    ring->page = *page;
    ring->slot_bytes = slot_bytes;
    ring->slots = ring_slots(slot_bytes);
}

static uint32_t slot_offset(const struct ring *ring, uint32_t index)
{
    return RING_HEADER_BYTES + (index & (ring->slots - 1)) * ring->slot_bytes;
}

static void put_index(const struct ring *ring, uint32_t offset, uint32_t value)
{
    store_le32(ring->page.bytes + offset, value);
    guest_frame_written(ring->guest, ring->page.gfn, offset, 4);
}

/* Requests that wait. More than the slots that are free of unanswered ones can't be true. */
static uint32_t waiting(struct ring *ring)
{
    uint32_t produced = load_le32(ring->page.bytes + REQ_PROD);
    if (produced - ring->rsp_prod > ring->slots || produced - ring->req_cons > ring->slots) {
        if (!ring->is_broken)
            guest_error(ring->guest,
                        "the ring's req_prod %u is more than %u slots past rsp_prod %u", produced,
                        ring->slots, ring->rsp_prod);
        ring->is_broken = true;
    }
    return ring->is_broken ? 0 : produced - ring->req_cons;
}

bool ring_take(struct ring *ring, void *request)
{
    if (waiting(ring) == 0)
        return false;
    memcpy(request, ring->page.bytes + slot_offset(ring, ring->req_cons), ring->slot_bytes);
    ring->req_cons++;
    return true;
}

bool ring_final_check(struct ring *ring)
{
    if (waiting(ring))
        return true;
    if (ring->is_broken)
        return false;
    put_index(ring, REQ_EVENT, ring->req_cons + 1);
    return waiting(ring) != 0;
}

void ring_put(struct ring *ring, const void *response, size_t bytes)
{
    uint32_t offset = slot_offset(ring, ring->rsp_prod);
    if (ring->is_broken || bytes > ring->slot_bytes)
        return;
    memcpy(ring->page.bytes + offset, response, bytes);
    guest_frame_written(ring->guest, ring->page.gfn, offset, (uint32_t)bytes);
    ring->rsp_prod++;
}

bool ring_publish(struct ring *ring)
{
    uint32_t before = load_le32(ring->page.bytes + RSP_PROD);
    uint32_t event = load_le32(ring->page.bytes + RSP_EVENT);
    if (ring->is_broken || before == ring->rsp_prod)
        return false;
    put_index(ring, RSP_PROD, ring->rsp_prod);
    /* ring.h: notify when rsp_event lies among the responses that are new. */
    return ring->rsp_prod - event < ring->rsp_prod - before;
}

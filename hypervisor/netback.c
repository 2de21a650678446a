/* Specification: Xen, xen/include/public/io/netif.h.
 *
 *   tx request  0 gref  4 offset  6 flags  8 id  10 size        tx response  0 id  2 status
 *   rx request  0 id  4 gref                                    rx response  0 id  2 offset  4 flags  6 status
 *
 * Frames lie in one frame of memory. MISSING: more_data and extra info (answered with an error),
 * checksum and segmentation offload, multicast lists. */
#include "hypervisor/netback.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "bus/net.h"
#include "hypervisor/contexts.h"
#include "hypervisor/doorbell.h"
#include "hypervisor/guest.h"
#include "hypervisor/pv.h"
#include "hypervisor/ring.h"

#define TX_REQUEST_BYTES  12u
#define TX_RESPONSE_BYTES 4u
#define RX_SLOT_BYTES     8u
#define FRAMES_A_ROUND    32u
enum { FLAG_MORE_DATA = 4, FLAG_EXTRA_INFO = 8 };
enum { NETIF_OKAY = 0, NETIF_ERROR = -1 };

struct netback {
    struct pv *pv;
    struct doorbell bell;
    struct ring tx, rx;
    struct net_port port_end;  /* ours, while connected */
    struct net_port *replaced; /* the emulated card's end */
    bool is_connected, has_news, is_paused, is_dead;
    uint32_t port;
    struct netback_counts counts;
};

static struct vmm *vmm_of(struct netback *back)
{
    return back->pv->guest->vmm;
}

static bool stands_still(const struct netback *back)
{
    return back->is_paused || back->is_dead;
}

static void news(struct netback *back)
{
    back->has_news = true;
    doorbell_kick(&back->bell);
}

/* --- from the guest ------------------------------------------------------------------------------------- */

/* Copies a frame out of granted memory and sends it; false: it can't be. */
static bool send_frame(struct netback *back, const uint8_t *request)
{
    uint32_t offset = load_le16(request + 4), flags = load_le16(request + 6);
    uint32_t size = load_le16(request + 10);
    struct grant_mapping map;
    uint8_t frame[NET_FRAME_MAX];
    if ((flags & (FLAG_MORE_DATA | FLAG_EXTRA_INFO)) || size < NET_HEADER_BYTES ||
        size > NET_FRAME_MAX || offset + size > FRAME_BYTES ||
        !grants_map(&back->pv->grants, load_le32(request), false, &map))
        return false;
    memcpy(frame, map.bytes + offset, size);
    grants_unmap(&back->pv->grants, &map);
    guest_charge_io(back->pv->guest, INTERFACE_DRIVER, IO_NIC, COST_COPY_KIB, (size + 1023) / 1024);
    back->counts.sent++;
    net_send(&back->port_end, frame, size, back->bell.cause);
    return true;
}

static void take_frames(struct netback *back)
{
    uint64_t batch = vmm_of(back)->lab->drivers.backend_batch;
    uint8_t request[TX_REQUEST_BYTES], response[TX_RESPONSE_BYTES];
    if (batch == 0 || batch > FRAMES_A_ROUND)
        batch = FRAMES_A_ROUND;
    for (uint64_t n = 0; n < batch; n++) {
        bool is_sent;
        if (!ring_take(&back->tx, request) &&
            (!ring_final_check(&back->tx) || !ring_take(&back->tx, request))) {
            doorbell_reset(&back->bell);
            return;
        }
        is_sent = send_frame(back, request);
        if (!is_sent) {
            back->counts.errors++;
            guest_error(back->pv->guest,
                        "a frame of %u bytes can't be sent: not granted, or not "
                        "within one page",
                        load_le16(request + 10));
        }
        memcpy(response, request + 8, 2);
        store_le16(response + 2, (uint16_t)(is_sent ? NETIF_OKAY : NETIF_ERROR));
        ring_put(&back->tx, response, sizeof response);
        back->has_news = true;
    }
    doorbell_kick(&back->bell);
}

/* --- to the guest ------------------------------------------------------------------------------------------ */

static void receive(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    struct netback *back = self;
    uint8_t request[RX_SLOT_BYTES], response[RX_SLOT_BYTES] = {0};
    struct grant_mapping map;
    bool is_mapped;
    (void)cause;
    if (bytes > FRAME_BYTES || stands_still(back) || !ring_take(&back->rx, request)) {
        back->counts.dropped++; /* no buffer: as a card without room does */
        return;
    }
    is_mapped = grants_map(&back->pv->grants, load_le32(request + 4), true, &map);
    if (is_mapped) {
        memcpy(map.bytes, frame, bytes);
        guest_frame_written(back->pv->guest, map.gfn, 0, (uint32_t)bytes);
        grants_unmap(&back->pv->grants, &map);
        guest_charge_io(back->pv->guest, INTERFACE_DRIVER, IO_NIC, COST_COPY_KIB,
                        (bytes + 1023) / 1024);
        back->counts.received++;
    } else {
        back->counts.errors++;
        guest_error(back->pv->guest, "a receive buffer is not granted");
    }
    memcpy(response, request, 2);
    store_le16(response + 6, is_mapped ? (uint16_t)bytes : (uint16_t)NETIF_ERROR);
    ring_put(&back->rx, response, sizeof response);
    news(back);
}

/* --- rounds -------------------------------------------------------------------------------------------------- */

static void publish(struct netback *back)
{
    bool tx = ring_publish(&back->tx), rx = ring_publish(&back->rx);
    back->has_news = false;
    if (tx || rx) {
        back->counts.upcalls++;
        events_raise(&back->pv->events, back->port);
    }
}

static void work(void *self)
{
    struct netback *back = self;
    struct vmm *vmm = vmm_of(back);
    if (!back->is_connected || stands_still(back))
        return;
    if (vmm->lab->drivers.nic == DRIVER_SPLIT)
        context_enter(vmm, CONTEXT_DRIVER_DOMAIN, back->pv->guest, IO_NIC);
    if (doorbell_is_due(&back->bell))
        take_frames(back);
    if (back->has_news)
        publish(back);
}

/* --- life -------------------------------------------------------------------------------------------------- */

bool netback_connect(struct netback *back, uint32_t tx_ref, uint32_t rx_ref, uint32_t port)
{
    struct grants *grants = &back->pv->grants;
    struct net_port *cable = back->pv->guest->nic_cable;
    struct grant_mapping tx, rx;
    if (back->is_connected || !grants_map(grants, tx_ref, true, &tx))
        return false;
    if (!grants_map(grants, rx_ref, true, &rx)) {
        grants_unmap(grants, &tx);
        return false;
    }
    if (!events_bind(&back->pv->events, port, doorbell_ring, &back->bell)) {
        grants_unmap(grants, &tx);
        grants_unmap(grants, &rx);
        return false;
    }
    ring_init(&back->tx, back->pv->guest, &tx, TX_REQUEST_BYTES);
    ring_init(&back->rx, back->pv->guest, &rx, RX_SLOT_BYTES);
    back->replaced = cable->peer;
    net_connect(&back->port_end, cable);
    back->is_connected = true;
    doorbell_reset(&back->bell);
    back->has_news = false;
    back->port = port;
    return true;
}

void netback_disconnect(struct netback *back)
{
    if (!back->is_connected)
        return;
    if (back->replaced)
        net_connect(back->replaced, back->pv->guest->nic_cable);
    else
        back->pv->guest->nic_cable->peer = NULL;
    back->port_end.peer = NULL;
    doorbell_reset(&back->bell);
    events_close(&back->pv->events, back->port);
    grants_unmap(&back->pv->grants, &back->tx.page);
    grants_unmap(&back->pv->grants, &back->rx.page);
    back->is_connected = back->has_news = false;
}

void netback_pause(struct netback *back)
{
    back->is_paused = true;
}

void netback_resume(struct netback *back)
{
    back->is_paused = false;
    doorbell_kick(&back->bell);
}

void netback_kill(struct netback *back)
{
    back->is_dead = true;
}

void netback_restart(struct netback *back)
{
    back->is_dead = back->is_paused = false;
    back->counts.restarts++;
    doorbell_kick(&back->bell);
}

struct netback_counts netback_counts(const struct netback *back)
{
    struct netback_counts counts = back->counts;
    counts.notifications = back->bell.rings;
    return counts;
}

enum status netback_new(struct netback **back, struct pv *pv, struct error *error)
{
    struct netback *made = calloc(1, sizeof *made);
    *back = made;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for a network back-end");
    made->pv = pv;
    made->port_end = (struct net_port){"netback", receive, made, NULL};
    doorbell_init(&made->bell, pv->guest->vmm, "network back-end", work, made);
    return STATUS_OK;
}

void netback_free(struct netback *back)
{
    if (!back)
        return;
    doorbell_fini(&back->bell);
    free(back);
}

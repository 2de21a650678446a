/* Specification: Xen, io/netif.h: two rings, 256 slots each; a frame is one request of at most a page.
 *
 *   tx  request  {gref 4, offset 2, flags 2, id 2, size 2}   response {id 2, status 2}
 *   rx  request  {id 2, pad 2, gref 4}                       response {id 2, offset 2, flags 2, status 2}
 *
 * Answers to what was sent are only looked at when the ring wants room: the back-end is asked to tell of
 * none, so that a frame costs one hypercall and one that arrives one upcall. */
#include "lab/netfront.h"

#include "lab/hypercall.h"
#include "lab/memory.h"
#include "lab/pit.h"

enum { DEVICE_QUERY = 0, DEVICE_CONNECT = 1, TX_BUFFERS = 16 };

struct tx_request { uint32_t gref; uint16_t offset, flags, id, size; };
struct tx_response { uint16_t id; int16_t status; };
struct rx_request { uint16_t id, pad; uint32_t gref; };
struct rx_response { uint16_t id, offset, flags; int16_t status; };

static uint8_t tx_page[PAGE_BYTES] __attribute__((aligned(4096)));
static uint8_t rx_page[PAGE_BYTES] __attribute__((aligned(4096)));
static struct ring_header *const tx = (struct ring_header *)tx_page;
static struct ring_header *const rx = (struct ring_header *)rx_page;
static uint8_t sent[TX_BUFFERS][PAGE_BYTES] __attribute__((aligned(4096)));
static uint8_t arrived[NETFRONT_BUFFERS][PAGE_BYTES] __attribute__((aligned(4096)));
static uint32_t sent_grants[TX_BUFFERS], arrived_grants[NETFRONT_BUFFERS];
static uint32_t port, put, answered, taken, errors;
static volatile bool has_arrived;

static void *slot(uint8_t *page, uint32_t index, uint32_t slot_bytes)
{
    return page + sizeof(struct ring_header) + index % NETFRONT_SLOTS * slot_bytes;
}

static void take_answers(void)
{
    while (answered != tx->rsp_prod) {
        const struct tx_response *response = slot(tx_page, answered++, sizeof(struct tx_request));
        if (response->status != 0)
            errors++;
    }
    tx->rsp_event = answered + NETFRONT_SLOTS;
}

static void on_event(void)
{
    if (taken != rx->rsp_prod)
        has_arrived = true;
}

static void lend(uint16_t id)
{
    struct rx_request *request = slot(rx_page, rx->req_prod, sizeof *request);

    request->id = id;
    request->gref = arrived_grants[id];
    __asm__ volatile("" : : : "memory");
    rx->req_prod++;
}

bool netfront_init(uint8_t mac[NETFRONT_MAC_BYTES])
{
    struct device_argument argument = { .device = DEVICE_NIC };

    if (!device_call(DEVICE_QUERY, &argument))
        return false;
    memcpy(mac, argument.value, NETFRONT_MAC_BYTES);
    tx->req_event = rx->req_event = rx->rsp_event = 1;
    tx->rsp_event = NETFRONT_SLOTS;
    for (unsigned i = 0; i < TX_BUFFERS; i++)
        sent_grants[i] = grant_page(sent[i], true);
    for (uint16_t i = 0; i < NETFRONT_BUFFERS; i++) {
        arrived_grants[i] = grant_page(arrived[i], false);
        lend(i);
    }
    argument.ring_ref = grant_page(tx_page, false);
    argument.rx_ring_ref = grant_page(rx_page, false);
    argument.port = port = event_open(on_event);
    return port && device_call(DEVICE_CONNECT, &argument);
}

bool netfront_put(const void *frame, uint32_t bytes)
{
    struct tx_request *request = slot(tx_page, put, sizeof *request);
    unsigned buffer = put % TX_BUFFERS;

    take_answers();
    if (put - answered == TX_BUFFERS || bytes > PAGE_BYTES)
        return false;
    memcpy(sent[buffer], frame, bytes);
    request->gref = sent_grants[buffer];
    request->offset = request->flags = 0;
    request->id = (uint16_t)put++;
    request->size = (uint16_t)bytes;
    return true;
}

void netfront_push(void)
{
    if (put != tx->req_prod && ring_push(tx, put))
        event_send(port);
}

uint32_t netfront_waiting(void)
{
    take_answers();
    return put - answered;
}

uint32_t netfront_errors(void)
{
    return errors;
}

uint32_t netfront_receive(void *frame, uint32_t max_bytes)
{
    const struct rx_response *response = slot(rx_page, taken, sizeof *response);
    uint32_t bytes = 0;
    uint16_t id;

    if (taken == rx->rsp_prod)
        return 0;
    id = response->id;
    if (response->status > 0) {
        bytes = (uint32_t)response->status < max_bytes ? (uint32_t)response->status : max_bytes;
        memcpy(frame, arrived[id] + response->offset, bytes);
    }
    taken++;
    lend(id);
    return bytes;
}

bool netfront_wait(uint32_t ticks)
{
    has_arrived = false;
    rx->rsp_event = taken + 1;
    __asm__ volatile("" : : : "memory");
    if (taken != rx->rsp_prod)
        return true;
    return pit_wait_for(&has_arrived, ticks);
}

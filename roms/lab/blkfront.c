/* Specification: Xen, io/blkif.h, 32-bit layout: request 108 bytes, 32 slots in a page. */
#include "lab/blkfront.h"

#include "lab/hypercall.h"
#include "lab/io.h"

enum { OP_READ = 0, OP_WRITE = 1, SLOT_BYTES = 108, DEVICE_QUERY = 0, DEVICE_CONNECT = 1 };

struct request {
    uint8_t operation, segments;
    uint16_t handle;
    uint32_t id[2];
    uint32_t sector[2];
    struct { uint32_t gref; uint8_t first, last; uint16_t pad; } segment[11];
};
struct response {
    uint32_t id[2];
    uint8_t operation, pad;
    int16_t status;
};

static uint8_t page[PAGE_BYTES] __attribute__((aligned(4096)));
static struct ring_header *const ring = (struct ring_header *)page;
static uint32_t port, put, taken;
static bool has_failed;
uint32_t blkfront_notifications;

static void *slot(uint32_t index)
{
    return page + sizeof *ring + index % BLKFRONT_SLOTS * SLOT_BYTES;
}

/* Takes answers; asks to be told of the next one, and looks again: it may have come in between. */
static void take_answers(void)
{
    do {
        while (taken != ring->rsp_prod) {
            const struct response *response = slot(taken++);
            if (response->status != 0)
                has_failed = true;
        }
        ring->rsp_event = taken + 1;
        __asm__ volatile("" : : : "memory");
    } while (taken != ring->rsp_prod);
}

bool blkfront_init(uint32_t *sectors)
{
    struct device_argument argument = { .device = DEVICE_DISK };

    ring->req_event = ring->rsp_event = 1;
    if (!device_call(DEVICE_QUERY, &argument))
        return false;
    *sectors = argument.value[0];
    argument.ring_ref = grant_page(page, false);
    argument.port = port = event_open(take_answers);
    return port && device_call(DEVICE_CONNECT, &argument);
}

bool blkfront_put(bool is_write, uint32_t sector, uint32_t grant)
{
    struct request *request = slot(put);

    if (put - taken == BLKFRONT_SLOTS)
        return false;
    request->operation = is_write ? OP_WRITE : OP_READ;
    request->segments = 1;
    request->handle = 0;
    request->id[0] = put;
    request->id[1] = 0;
    request->sector[0] = sector;
    request->sector[1] = 0;
    request->segment[0].gref = grant;
    request->segment[0].first = 0;
    request->segment[0].last = BLKFRONT_BLOCK_SECTORS - 1;
    put++;
    return true;
}

void blkfront_push(void)
{
    if (put != ring->req_prod && ring_push(ring, put)) {
        blkfront_notifications++;
        event_send(port);
    }
}

uint32_t blkfront_waiting(void)
{
    return put - taken;
}

bool blkfront_wait(void)
{
    uint32_t before = taken;

    cpu_disable_interrupts();
    while (taken == before && put != taken) {
        cpu_enable_and_halt();
        cpu_disable_interrupts();
    }
    cpu_enable_interrupts();
    return !has_failed;
}

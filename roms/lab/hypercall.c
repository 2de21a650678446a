#include "lab/hypercall.h"

#include "lab/interrupts.h"
#include "lab/memory.h"

enum { MEMORY_OP = 12, EVENT_CHANNEL_OP = 32, HVM_OP = 34, DEVICE_OP = 48 };
enum { ADD_TO_PHYSMAP = 7, SHARED_INFO = 0, GRANT_TABLE = 1 };
enum { EVTCHN_SEND = 4, EVTCHN_ALLOC_UNBOUND = 6 };
enum { DOMID_SELF = 0x7FF0, PERMIT_ACCESS = 1, READONLY = 4 };
enum { DEVICE_MEASURE = 3 };
enum { PENDING_SEL = 1, PENDING_WORDS = 512 }; /* of the shared page, in words */
enum { PORTS = 32, GRANTS = 512 };

struct grant_entry {
    volatile uint16_t flags;
    uint16_t domain;
    uint32_t frame;
};

static uint32_t shared_info[PAGE_BYTES / 4] __attribute__((aligned(4096)));
static struct grant_entry grant_table[GRANTS] __attribute__((aligned(4096)));
static uint32_t next_grant = 8; /* the first eight are reserved (grant_table.h) */
static void (*handlers[PORTS])(void);
uint32_t hypercall_count;
volatile uint32_t upcall_count;

int32_t hypercall(uint32_t number, uint32_t op, void *argument)
{
    int32_t answer;

    hypercall_count++;
    __asm__ volatile(".byte 0x0F, 0x01, 0xC1" /* VMCALL */
                     : "=a"(answer) : "a"(number), "b"(op), "c"(argument) : "memory");
    return answer;
}

/* Level by level: first take the flag back, then look, so that nothing that comes meanwhile is lost. */
static void on_upcall(void)
{
    volatile uint8_t *upcall_pending = (volatile uint8_t *)shared_info;
    volatile uint32_t *pending = shared_info + PENDING_WORDS;
    uint32_t ports = 0;

    upcall_count++;
    *upcall_pending = 0;
    __asm__ volatile("xchgl %0, %1" : "+r"(ports), "+m"(shared_info[PENDING_SEL]) : : "memory");
    if (!ports)
        return;
    ports = 0;
    __asm__ volatile("xchgl %0, %1" : "+r"(ports), "+m"(*pending) : : "memory");
    for (unsigned port = 1; port < PORTS; port++)
        if ((ports >> port & 1) && handlers[port])
            handlers[port]();
}

static uint32_t frame_of(const void *page)
{
    return (uint32_t)(uintptr_t)page / PAGE_BYTES;
}

static bool share(uint32_t space, uint32_t index, const void *page)
{
    struct { uint16_t domain, size; uint32_t space, index, frame; } argument = {
        DOMID_SELF, 0, space, index, frame_of(page) };

    return hypercall(MEMORY_OP, ADD_TO_PHYSMAP, &argument) == 0;
}

bool hypervisor_init(void)
{
    struct { uint16_t domain, pad; uint32_t index; uint32_t value[2]; } callback = {
        DOMID_SELF, 0, 0, { UPCALL_VECTOR, 2u << 24 } };

    interrupts_on_upcall(on_upcall);
    return share(SHARED_INFO, 0, shared_info) && share(GRANT_TABLE, 0, grant_table)
        && hypercall(HVM_OP, 0, &callback) == 0;
}

uint32_t grant_page(void *page, bool is_read_only)
{
    struct grant_entry *entry = &grant_table[next_grant];

    entry->domain = 0;
    entry->frame = frame_of(page);
    entry->flags = (uint16_t)(PERMIT_ACCESS | (is_read_only ? READONLY : 0));
    return next_grant++;
}

void grant_revoke(uint32_t reference)
{
    grant_table[reference].flags = 0;
}

uint32_t event_open(void (*handler)(void))
{
    struct { uint16_t domain, remote; uint32_t port; } argument = { DOMID_SELF, 0, 0 };

    if (hypercall(EVENT_CHANNEL_OP, EVTCHN_ALLOC_UNBOUND, &argument) != 0 || argument.port >= PORTS)
        return 0;
    handlers[argument.port] = handler;
    return argument.port;
}

void event_send(uint32_t port)
{
    (void)hypercall(EVENT_CHANNEL_OP, EVTCHN_SEND, &port);
}

bool device_call(uint32_t op, struct device_argument *argument)
{
    return hypercall(DEVICE_OP, op, argument) == 0;
}

void measure_mark(void)
{
    (void)hypercall(DEVICE_OP, DEVICE_MEASURE, 0);
}

bool ring_push(struct ring_header *ring, uint32_t produced)
{
    uint32_t before = ring->req_prod;

    ring->req_prod = produced;
    return produced - ring->req_event < produced - before;
}

/* hypercall.h: what a guest says to a hypervisor on purpose: calls, shared memory, event channels.
 *
 * Specification: Xen's public headers (xen.h, event_channel.h, grant_table.h, io/ring.h) for 32-bit
 * guests. VMCALL is tried; without a hypervisor it is an invalid opcode, so call only when there is one. */
#ifndef LAB_HYPERCALL_H
#define LAB_HYPERCALL_H

#include <stdbool.h>
#include <stdint.h>

enum { PAGE_BYTES = 4096 };
enum { DEVICE_DISK = 0, DEVICE_NIC = 1 };

/* The header of a shared ring; 64 bytes. */
struct ring_header {
    volatile uint32_t req_prod, req_event, rsp_prod, rsp_event;
    uint8_t pad[48];
};

/* The argument of the call that joins a front-end to its back-end. */
struct device_argument {
    uint32_t device, ring_ref, rx_ring_ref, port;
    uint32_t value[2]; /* query: sectors of the disk, or the NIC's address */
};

extern uint32_t hypercall_count;
extern volatile uint32_t upcall_count;

int32_t hypercall(uint32_t number, uint32_t op, void *argument);
/* Shared info page, grant table, and the upcall's vector. False: the hypervisor refuses. */
bool hypervisor_init(void);
/* Grants a page of ours to the back-ends; its reference. */
uint32_t grant_page(void *page, bool is_read_only);
void grant_revoke(uint32_t reference);
/* A new event channel; `handler` runs in the upcall. 0: none is free. */
uint32_t event_open(void (*handler)(void));
void event_send(uint32_t port);
bool device_call(uint32_t op, struct device_argument *argument);
/* Marks the start, then the end, of what is measured. */
void measure_mark(void);

/* Shows requests up to `produced`; true: the back-end wants to be told (ring.h,
 * RING_PUSH_REQUESTS_AND_CHECK_NOTIFY). */
bool ring_push(struct ring_header *ring, uint32_t produced);

#endif

/* A small driver of virtio devices, for their tests: one queue at a time, by either interface.
 *
 *   10000h + 4000h * queue   descriptors; + 800h available; + 1000h used: as a legacy queue lies
 *   40000h                   what the buffers hold */
#ifndef VITRINE_TESTS_VIRTIO_BENCH_H
#define VITRINE_TESTS_VIRTIO_BENCH_H

#include "bus/block.h"
#include "bus/net.h"
#include "tests/unit/fixture.h"

#define VB_DEVFN             0x38
#define VB_PORTS             0xC000u
#define VB_MEMORY            UINT64_C(0xE0000000)
#define VB_QUEUE(number)     (0x10000u + 0x4000u * (number))
#define VB_AVAILABLE(number) (VB_QUEUE(number) + 0x800u)
#define VB_USED(number)      (VB_QUEUE(number) + 0x1000u)
#define VB_DATA              0x40000u
#define VB_SIZE              128u
#define VB_DISK_SECTORS      1000u

enum { VB_NEXT = 1, VB_WRITE = 2, VB_INDIRECT = 4 };

/* A disk in memory, which can leave requests pending. */
struct vb_disk {
    struct block block;
    uint8_t bytes[VB_DISK_SECTORS * SECTOR_BYTES];
    struct block_request *pending;
    bool holds, is_full;
    bool freed; /* the last write need not be kept */
    unsigned reads, writes, flushes, cancels;
};

struct vb {
    struct device_fixture *f;
    struct vb_disk disk;
    struct net_port cable;
    uint8_t received[2048]; /* the last frame that came out of the card */
    size_t received_bytes;
    unsigned frames;
    bool is_modern, intx;
    unsigned interrupts;
    uint16_t available[3]; /* our side of the rings */
};

/* is_net or a disk; transport NULL: transitional. The driver then talks by one interface. */
struct vb *vb_new(const struct device_type *type, const char *transport, bool is_modern);
void vb_free(struct vb *b);
uint32_t vb_in(struct vb *b, uint32_t offset, unsigned size); /* of the BAR in use */
void vb_out(struct vb *b, uint32_t offset, unsigned size, uint32_t value);
/* Up to DRIVER_OK with these features and all queues; VERSION_1 is added in the modern interface. */
void vb_start(struct vb *b, uint64_t features);
void vb_descriptor(struct vb *b, uint64_t table, unsigned index, uint64_t gpa, uint32_t bytes,
                   unsigned flags, unsigned next);
void vb_offer(struct vb *b, unsigned queue, unsigned head); /* without notification */
void vb_notify(struct vb *b, unsigned queue);
void vb_put16(struct vb *b, uint64_t gpa, uint16_t value);
uint32_t vb_get(struct vb *b, uint64_t gpa, unsigned size);
uint16_t vb_used(struct vb *b, unsigned queue); /* used.idx */
uint8_t vb_isr(struct vb *b);                   /* reads, and so clears */
uint8_t vb_status(struct vb *b);
/* A request of three descriptors from `head`: header at VB_DATA, data at VB_DATA + 1000h, status at
 * VB_DATA + FFFh; offered, notified, and time for its end. Returns the status. */
unsigned vb_request(struct vb *b, uint32_t type, uint64_t sector, uint32_t bytes, bool is_in);

#endif

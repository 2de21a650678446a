/* A virtio device: virtqueues, features and status, whatever it does and whatever bus it is on.
 *
 *   virtqueue.c                   descriptor chains, the available and the used ring
 *   virtio.c                      life: features, status bits, interrupts, failure
 *   virtio_pci.c, virtio_pci.h    the PCI transport: legacy ports, modern capabilities
 *   virtio_blk.c, virtio_net.c    disk and network card
 *
 * Specification: Virtual I/O Device (VIRTIO) version 1.1, OASIS Committee Specification 01, 11 April
 * 2019; section numbers are its. */
#ifndef VITRINE_DEVICES_VIRTIO_H
#define VITRINE_DEVICES_VIRTIO_H

#include "bus/device.h"

/* Descriptors of a queue, and buffers of a chain: also what one access can cause to be looked at. */
#define VIRTQUEUE_SIZE_MAX 128u
#define VIRTIO_QUEUES_MAX  3u

enum virtio_status { /* 2.1 */
                     VIRTIO_ACKNOWLEDGE = 0x01,
                     VIRTIO_DRIVER = 0x02,
                     VIRTIO_DRIVER_OK = 0x04,
                     VIRTIO_FEATURES_OK = 0x08,
                     VIRTIO_NEEDS_RESET = 0x40,
                     VIRTIO_FAILED = 0x80
};
enum virtio_isr { VIRTIO_ISR_QUEUE = 1, VIRTIO_ISR_CONFIG = 2 }; /* 4.1.4.5 */

/* Bits of any device (6); the first is of the legacy interface alone (6.3). */
enum virtio_ring_feature {
    VIRTIO_F_ANY_LAYOUT = 27,
    VIRTIO_F_INDIRECT_DESC = 28,
    VIRTIO_F_EVENT_IDX = 29,
    VIRTIO_F_VERSION_1 = 32
};
#define VIRTIO_BIT(number)     (UINT64_C(1) << (number))
#define VIRTIO_LEGACY_FEATURES VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT)
#define VIRTIO_RING_FEATURES                                                                       \
    (VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT) | VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC) |                        \
     VIRTIO_BIT(VIRTIO_F_EVENT_IDX))

/* A split virtqueue (2.6). Addresses are the guest's. */
struct virtqueue {
    uint16_t number, maximum; /* not saved: of the device */
    uint16_t size;            /* a power of two, as agreed */
    bool is_ready;            /* the addresses hold */
    bool is_silenced;         /* the driver was asked not to notify */
    uint64_t descriptors, available, used;
    uint16_t taken, returned; /* chains so far, modulo 65,536 */
    uint16_t signalled;       /* `returned` when an interrupt was last considered */
    bool has_signalled;
    uint64_t cause; /* the access that notified last */
};

struct virtqueue_buffer {
    uint64_t gpa;
    uint32_t bytes;
};

/* One descriptor chain, as it was when it was taken: nothing is looked at twice. */
struct virtqueue_chain {
    uint16_t head, count, readable; /* the first `readable` buffers are for the device to read */
    uint64_t readable_bytes, writable_bytes;
    struct virtqueue_buffer buffers[VIRTQUEUE_SIZE_MAX];
};
extern const struct state_field VIRTQUEUE_CHAIN_STATE[];

struct virtio;
struct virtio_feature {
    unsigned bit;
    const char *name;
};
/* What makes a kind of device. */
struct virtio_ops {
    const char *const *queues;             /* their names, ends with NULL */
    const struct virtio_feature *features; /* names of its own bits, ends with name NULL */
    /* The driver has made chains available. */
    void (*notified)(struct virtio *virtio, struct virtqueue *queue);
    /* What is under way is forgotten; the driver starts anew. */
    void (*reset)(struct virtio *virtio);
    /* A waiting chain in words. Pure. */
    void (*describe)(const struct virtio *virtio, const struct virtqueue *queue,
                     const struct virtqueue_chain *chain, char *text, size_t size);
};

struct virtio {
    struct device device; /* first */
    uint64_t accepted;    /* features, as the driver wrote them */
    uint8_t status, isr;
    bool is_broken; /* the driver did what it must not: nothing goes on before a reset */
    struct virtqueue queues[VIRTIO_QUEUES_MAX];
    /* Not saved: */
    const struct virtio_ops *ops;
    uint64_t offered;
    uint16_t kind; /* virtio device ID (5): 1 network card, 2 block device */
    uint16_t queue_count;
    bool is_master; /* may access memory */
    struct irq_line interrupt;
};
extern const struct state_field VIRTIO_STATE[];

/* virtio.c. sizes: of the queues, powers of two up to VIRTQUEUE_SIZE_MAX. */
void virtio_init(struct virtio *virtio, const struct virtio_ops *ops, uint16_t kind,
                 uint64_t offered, const uint16_t *sizes);
void virtio_reset(struct virtio *virtio);
/* The driver writes the status; a feature set that cannot be is answered by a missing FEATURES_OK. */
void virtio_set_status(struct virtio *virtio, uint8_t value);
void virtio_accept(struct virtio *virtio, bool is_high, uint32_t features);
static inline bool virtio_has(const struct virtio *virtio, unsigned bit)
{
    return (virtio->accepted & virtio->offered & VIRTIO_BIT(bit)) != 0;
}
void virtio_interrupt(struct virtio *virtio, uint8_t causes);
uint8_t virtio_take_isr(struct virtio *virtio); /* reading it clears it */
/* The driver did something that no device can go on with (2.1.1): one line says it. */
void virtio_fail(struct virtio *virtio, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The driver wrote a queue's number to a notification register. */
void virtio_notify(struct virtio *virtio, uint16_t number);
/* In words: "ACKNOWLEDGE DRIVER", "SEG_MAX FLUSH", "queue 0 notified: 1 request: ...". */
void virtio_status_text(uint8_t status, char *text, size_t size);
void virtio_features_text(const struct virtio *virtio, bool is_high, uint32_t features, char *text,
                          size_t size);
void virtio_notify_text(const struct virtio *virtio, uint16_t number, char *text, size_t size);

/* virtqueue.c. All of it fails the device where the driver's rings are not as they must be. */
/* The next chain; false: there is none. */
bool virtqueue_take(struct virtio *virtio, struct virtqueue *queue, struct virtqueue_chain *chain);
/* Chains that wait, and one of them, without a trace; for descriptions. False: malformed. */
uint16_t virtqueue_waiting(const struct virtio *virtio, const struct virtqueue *queue);
bool virtqueue_peek(const struct virtio *virtio, const struct virtqueue *queue, uint16_t ahead,
                    struct virtqueue_chain *chain);
size_t virtqueue_peek_bytes(const struct virtio *virtio, const struct virtqueue_chain *chain,
                            void *bytes, size_t count);
/* Bytes of the readable or the writable part, from an offset in it; they must lie inside. */
bool virtqueue_read(struct virtio *virtio, const struct virtqueue_chain *chain, uint64_t offset,
                    void *bytes, size_t count);
bool virtqueue_write(struct virtio *virtio, const struct virtqueue_chain *chain, uint64_t offset,
                     const void *bytes, size_t count);
/* Enters a chain into the used ring, `ahead` places on, with the bytes written to it; the driver sees
 * `count` of them when they are published, and is interrupted if it wants to be. */
void virtqueue_return(struct virtio *virtio, struct virtqueue *queue, uint16_t ahead, uint16_t head,
                      uint32_t written);
void virtqueue_publish(struct virtio *virtio, struct virtqueue *queue, uint16_t count);
/* Whether the driver need not notify: the device looks again by itself. */
void virtqueue_silence(struct virtio *virtio, struct virtqueue *queue, bool is_silenced);

#endif

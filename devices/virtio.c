/* The life of a virtio device (VIRTIO 1.1, 2.1, 2.2, 3).
 *
 *   reset ─► ACKNOWLEDGE ─► DRIVER ─► features ─► FEATURES_OK ─► queues ─► DRIVER_OK ─► chains
 *     ▲                                             refused: the bit stays 0              │
 *     └───────────── status 0 ◄──────────────────────────── NEEDS_RESET ◄─── a broken ring ┘
 *
 * A driver of the legacy interface (2.2.3, 3.1.1) knows neither FEATURES_OK nor NEEDS_RESET: its device
 * just stands still after a failure.
 *
 * QUIRK: legacy drivers used the device before they set DRIVER_OK, some before they wrote features
 * (3.1.1); what they notify is served. */
#include "devices/virtio.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"

static const struct state_field QUEUE_STATE[] = {
    STATE_REBUILT(struct virtqueue, number),  STATE_REBUILT(struct virtqueue, maximum),
    STATE_ONE(struct virtqueue, size),        STATE_ONE(struct virtqueue, is_ready),
    STATE_ONE(struct virtqueue, is_silenced), STATE_ONE(struct virtqueue, descriptors),
    STATE_ONE(struct virtqueue, available),   STATE_ONE(struct virtqueue, used),
    STATE_ONE(struct virtqueue, taken),       STATE_ONE(struct virtqueue, returned),
    STATE_ONE(struct virtqueue, signalled),   STATE_ONE(struct virtqueue, has_signalled),
    STATE_REBUILT(struct virtqueue, cause),   STATE_TABLE_END,
};
const struct state_field VIRTIO_STATE[] = {
    STATE_ONE(struct virtio, accepted),
    STATE_ONE(struct virtio, status),
    STATE_ONE(struct virtio, isr),
    STATE_ONE(struct virtio, is_broken),
    STATE_STRUCTS(struct virtio, queues, QUEUE_STATE),
    STATE_REBUILT(struct virtio, ops),
    STATE_REBUILT(struct virtio, offered),
    STATE_REBUILT(struct virtio, kind),
    STATE_REBUILT(struct virtio, queue_count),
    STATE_REBUILT(struct virtio, is_master),
    STATE_REBUILT(struct virtio, interrupt),
    STATE_TABLE_END,
};

/* --- interrupts and failure ------------------------------------------------------------------ */

void virtio_interrupt(struct virtio *v, uint8_t causes)
{
    v->isr |= causes;
    irq_line_set(&v->interrupt, v->isr != 0);
}

uint8_t virtio_take_isr(struct virtio *v)
{
    uint8_t isr = v->isr;
    v->isr = 0;
    irq_line_set(&v->interrupt, false);
    return isr;
}

void virtio_fail(struct virtio *v, const char *format, ...)
{
    char text[160];
    va_list arguments;
    if (v->is_broken)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    v->is_broken = true;
    device_guest_error(&v->device, "%s: it needs a reset", text);
    if (!virtio_has(v, VIRTIO_F_VERSION_1))
        return;
    v->status |= VIRTIO_NEEDS_RESET;
    if (v->status & VIRTIO_DRIVER_OK)
        virtio_interrupt(v, VIRTIO_ISR_CONFIG);
}

/* --- features and status --------------------------------------------------------------------- */

void virtio_accept(struct virtio *v, bool is_high, uint32_t features)
{
    unsigned shift = is_high ? 32 : 0;
    if (v->status & VIRTIO_FEATURES_OK) { /* 3.1.1: the set is closed */
        device_guest_error(&v->device, "features are written after FEATURES_OK: ignored");
        return;
    }
    v->accepted = (v->accepted & ~((uint64_t)UINT32_MAX << shift)) | (uint64_t)features << shift;
}

/* 2.2.2, 6.2: only what was offered, and VERSION_1, without which nobody asks for FEATURES_OK. */
static bool are_features_good(const struct virtio *v)
{
    return !(v->accepted & ~(v->offered & ~VIRTIO_LEGACY_FEATURES)) &&
           virtio_has(v, VIRTIO_F_VERSION_1);
}

void virtio_set_status(struct virtio *v, uint8_t value)
{
    if (value == 0) {
        virtio_reset(v);
        return;
    }
    value &= (uint8_t)~VIRTIO_NEEDS_RESET; /* the device's own */
    if ((value & ~v->status & VIRTIO_FEATURES_OK) && !are_features_good(v)) {
        device_guest_error(&v->device,
                           "features %llXh were accepted, %llXh offered: not FEATURES_OK",
                           (unsigned long long)v->accepted,
                           (unsigned long long)(v->offered & ~VIRTIO_LEGACY_FEATURES));
        value &= (uint8_t)~VIRTIO_FEATURES_OK;
    }
    v->status = (uint8_t)((v->status & VIRTIO_NEEDS_RESET) | value);
}

/* --- notifications --------------------------------------------------------------------------- */

void virtio_notify(struct virtio *v, uint16_t number)
{
    struct virtqueue *queue = number < v->queue_count ? &v->queues[number] : NULL;
    if (!queue || !queue->is_ready) {
        device_guest_error(&v->device, "queue %u is notified, which is not set up", number);
        return;
    }
    if (virtio_has(v, VIRTIO_F_VERSION_1) && !(v->status & VIRTIO_DRIVER_OK)) {
        device_guest_error(&v->device, "queue %u is notified before DRIVER_OK: ignored", number);
        return;
    }
    if (v->is_broken)
        return;
    queue->cause = door_cause(v->device.env->door);
    v->ops->notified(v, queue);
}

/* --- in words -------------------------------------------------------------------------------- */

void virtio_status_text(uint8_t status, char *text, size_t size)
{
    static const struct virtio_feature BITS[] = {
        {0, "ACKNOWLEDGE"},
        {1, "DRIVER"     },
        {3, "FEATURES_OK"},
        {2, "DRIVER_OK"  },
        {6, "NEEDS_RESET"},
        {7, "FAILED"     }
    };
    size_t used = 0;
    if (status == 0)
        text_append(text, size, &used, "reset");
    for (size_t i = 0; i < ARRAY_COUNT(BITS); i++)
        if (status >> BITS[i].bit & 1)
            text_append(text, size, &used, "%s%s", used ? " " : "", BITS[i].name);
}

static void add_names(const struct virtio_feature *names, uint64_t features, char *text,
                      size_t size, size_t *used)
{
    for (; names->name; names++)
        if (features & VIRTIO_BIT(names->bit))
            text_append(text, size, used, "%s%s", *used ? " " : "", names->name);
}

void virtio_features_text(const struct virtio *v, bool is_high, uint32_t features, char *text,
                          size_t size)
{
    static const struct virtio_feature COMMON[] = {
        {VIRTIO_F_ANY_LAYOUT,    "ANY_LAYOUT"   },
        {VIRTIO_F_INDIRECT_DESC, "INDIRECT_DESC"},
        {VIRTIO_F_EVENT_IDX,     "EVENT_IDX"    },
        {VIRTIO_F_VERSION_1,     "VERSION_1"    },
        {0,                      NULL           }
    };
    uint64_t all = (uint64_t)features << (is_high ? 32 : 0);
    size_t used = 0;
    add_names(v->ops->features, all, text, size, &used);
    add_names(COMMON, all, text, size, &used);
    if (used == 0)
        text_append(text, size, &used, "no feature of bits %s", is_high ? "32-63" : "0-31");
}

#define SHOWN_CHAINS 3u

void virtio_notify_text(const struct virtio *v, uint16_t number, char *text, size_t size)
{
    const struct virtqueue *queue = number < v->queue_count ? &v->queues[number] : NULL;
    struct virtqueue_chain chain;
    uint16_t waiting;
    size_t used = 0;
    if (!queue) {
        text_append(text, size, &used, "queue %u, which is not there", number);
        return;
    }
    waiting = virtqueue_waiting(v, queue);
    text_append(text, size, &used, "queue %u (%s) notified: %u chain%s", number,
                v->ops->queues[number], waiting, waiting == 1 ? "" : "s");
    for (uint16_t i = 0; i < waiting && i < SHOWN_CHAINS && used + 1 < size; i++) {
        text_append(text, size, &used, "%s", i ? ", " : ": ");
        if (!virtqueue_peek(v, queue, i, &chain))
            text_append(text, size, &used, "a malformed one");
        else if (used + 1 < size) {
            v->ops->describe(v, queue, &chain, text + used, size - used);
            used += strlen(text + used);
        }
    }
    if (waiting > SHOWN_CHAINS)
        text_append(text, size, &used, ", ...");
}

/* --- life ------------------------------------------------------------------------------------ */

void virtio_init(struct virtio *v, const struct virtio_ops *ops, uint16_t kind, uint64_t offered,
                 const uint16_t *sizes)
{
    v->ops = ops;
    v->kind = kind;
    v->offered = offered | VIRTIO_RING_FEATURES;
    for (uint16_t i = 0; ops->queues[i]; i++) {
        v->queues[i].number = i;
        v->queues[i].maximum = sizes[i];
        v->queue_count = (uint16_t)(i + 1);
    }
}

void virtio_reset(struct virtio *v)
{
    v->ops->reset(v);
    v->accepted = 0;
    v->status = 0;
    v->is_broken = false;
    for (unsigned i = 0; i < v->queue_count; i++) {
        uint16_t number = v->queues[i].number, maximum = v->queues[i].maximum;
        v->queues[i] = (struct virtqueue){.number = number, .maximum = maximum, .size = maximum};
    }
    virtio_take_isr(v);
}

/* Split virtqueues (VIRTIO 1.1, 2.6): three tables in the driver's memory.
 *
 *   descriptors  16 bytes each    address 8, bytes 4, flags 2, next 2
 *   available    driver → device  flags 2, idx 2, head 2 ..., used_event 2
 *   used         device → driver  flags 2, idx 2, {head 4, bytes 4} ..., avail_event 2
 *
 *        available.ring[taken % size] ── head ─► descriptor ─next─► descriptor ─► ...
 *                                                  │ INDIRECT: a table of its own
 *
 * A driver can write anything there, at any time. So each field is read once, what was read is checked
 * before it is used, a chain has at most VIRTQUEUE_SIZE_MAX buffers, and memory is only touched where
 * RAM is: never a device's registers, this one's least of all.
 *
 * QUIRK: a chain must not be longer than its queue (2.6.5.3.1), but Linux puts chains of any length into
 * indirect tables, however small the queue is; these may have VIRTQUEUE_SIZE_MAX descriptors. */
#include "base/bits.h"
#include "devices/virtio.h"

#define DESCRIPTOR_BYTES 16u
enum descriptor_flag { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };
#define AVAILABLE_NO_INTERRUPT 1u
#define USED_NO_NOTIFY         1u
#define RING_IDX               2u /* offsets in both rings */
#define RING_BASE              4u
#define USED_BYTES             8u /* of an element */

static const struct state_field BUFFER_STATE[] = {
    STATE_ONE(struct virtqueue_buffer, gpa),
    STATE_ONE(struct virtqueue_buffer, bytes),
    STATE_TABLE_END,
};
const struct state_field VIRTQUEUE_CHAIN_STATE[] = {
    STATE_ONE(struct virtqueue_chain, head),
    STATE_ONE(struct virtqueue_chain, count),
    STATE_ONE(struct virtqueue_chain, readable),
    STATE_ONE(struct virtqueue_chain, readable_bytes),
    STATE_ONE(struct virtqueue_chain, writable_bytes),
    STATE_STRUCTS(struct virtqueue_chain, buffers, BUFFER_STATE),
    STATE_TABLE_END,
};

/* --- memory ---------------------------------------------------------------------------------- */

static bool is_ram(const struct space *memory, uint64_t gpa, size_t count, bool is_write)
{
    if (count == 0 || gpa > UINT64_MAX - count)
        return false;
    for (uint64_t at = gpa & ~(uint64_t)FRAME_MASK; at < gpa + count; at += FRAME_BYTES) {
        const struct space_page *page = space_page(memory, at);
        if (!page || !(is_write ? page->write : page->read))
            return false;
    }
    return true;
}

static bool memory_read(const struct virtio *v, uint64_t gpa, void *bytes, size_t count)
{
    struct space *memory = v->device.env->memory;
    return v->is_master && is_ram(memory, gpa, count, false) &&
           space_dma_read(memory, &v->device, gpa, bytes, count);
}

static bool memory_write(const struct virtio *v, uint64_t gpa, const void *bytes, size_t count)
{
    struct space *memory = v->device.env->memory;
    return v->is_master && is_ram(memory, gpa, count, true) &&
           space_dma_write(memory, &v->device, gpa, bytes, count);
}

static bool memory_peek(const struct virtio *v, uint64_t gpa, void *bytes, size_t count)
{
    return space_peek(v->device.env->memory, gpa, bytes, count) == count;
}

static bool ring_read(struct virtio *v, uint64_t gpa, uint16_t *value)
{
    uint8_t bytes[2];
    if (!memory_read(v, gpa, bytes, sizeof bytes)) {
        virtio_fail(v, "a ring at %llXh, where no RAM can be read", (unsigned long long)gpa);
        return false;
    }
    *value = load_le16(bytes);
    return true;
}

static bool ring_write(struct virtio *v, uint64_t gpa, const void *bytes, size_t count)
{
    if (memory_write(v, gpa, bytes, count))
        return true;
    virtio_fail(v, "a ring at %llXh, where no RAM can be written", (unsigned long long)gpa);
    return false;
}

static bool ring_write16(struct virtio *v, uint64_t gpa, uint16_t value)
{
    uint8_t bytes[2];
    store_le16(bytes, value);
    return ring_write(v, gpa, bytes, sizeof bytes);
}

/* --- chains ---------------------------------------------------------------------------------- */

struct descriptor {
    uint64_t gpa;
    uint32_t bytes;
    uint16_t flags, next;
};

/* A table that a chain runs through. */
struct table {
    uint64_t gpa;
    uint32_t entries, limit; /* descriptors in it, and of a chain */
    bool is_indirect;
    bool (*read)(const struct virtio *v, uint64_t gpa, void *bytes, size_t count);
};

static bool fetch(const struct virtio *v, const struct table *table, uint32_t index,
                  struct descriptor *d)
{
    uint8_t bytes[DESCRIPTOR_BYTES];
    if (!table->read(v, table->gpa + (uint64_t)index * DESCRIPTOR_BYTES, bytes, sizeof bytes))
        return false;
    d->gpa = load_le64(bytes);
    d->bytes = load_le32(bytes + 8);
    d->flags = load_le16(bytes + 12);
    d->next = load_le16(bytes + 14);
    return true;
}

/* These return what is wrong, or NULL. */
static const char *add_buffer(struct virtqueue_chain *chain, const struct descriptor *d)
{
    bool is_writable = d->flags & DESC_WRITE;
    if (d->bytes == 0)
        return "a buffer of no bytes";
    if (d->gpa > UINT64_MAX - d->bytes)
        return "a buffer past the end of all addresses";
    if (chain->count == VIRTQUEUE_SIZE_MAX)
        return "a chain of too many buffers";
    if (!is_writable && chain->readable != chain->count)
        return "a buffer to read after one to write"; /* 2.6.4.2 */
    chain->buffers[chain->count].gpa = d->gpa;
    chain->buffers[chain->count++].bytes = d->bytes;
    if (is_writable) {
        chain->writable_bytes += d->bytes;
    } else {
        chain->readable++;
        chain->readable_bytes += d->bytes;
    }
    return NULL;
}

/* 2.6.5.3.1 */
static const char *check_indirect(const struct virtio *v, const struct table *table,
                                  const struct descriptor *d)
{
    if (table->is_indirect)
        return "an indirect table inside of an indirect table";
    if (!virtio_has(v, VIRTIO_F_INDIRECT_DESC))
        return "an indirect table, which was not negotiated";
    if (d->flags & DESC_NEXT)
        return "an indirect table with a descriptor after it";
    return d->bytes == 0 || d->bytes % DESCRIPTOR_BYTES ? "an indirect table of a wrong length"
                                                        : NULL;
}

static const char *walk(const struct virtio *v, const struct table *table, uint16_t first,
                        struct virtqueue_chain *chain)
{
    uint16_t index = first;
    for (uint32_t steps = 0; steps < table->limit; steps++) {
        struct descriptor d;
        const char *trouble;
        if (index >= table->entries)
            return "a descriptor past the end of its table";
        if (!fetch(v, table, index, &d))
            return "descriptors where no RAM can be read";
        if (d.flags & DESC_INDIRECT) {
            const struct table inner = {d.gpa, d.bytes / DESCRIPTOR_BYTES, VIRTQUEUE_SIZE_MAX, true,
                                        table->read};
            trouble = check_indirect(v, table, &d);
            return trouble ? trouble : walk(v, &inner, 0, chain);
        }
        if ((trouble = add_buffer(chain, &d)) || !(d.flags & DESC_NEXT))
            return trouble;
        index = d.next;
    }
    return "a chain that is too long, or comes back to itself";
}

static const char *walk_queue(const struct virtio *v, const struct virtqueue *queue, uint16_t head,
                              bool (*read)(const struct virtio *v, uint64_t gpa, void *bytes,
                                           size_t count),
                              struct virtqueue_chain *chain)
{
    const struct table table = {queue->descriptors, queue->size, queue->size, false, read};
    chain->head = head;
    chain->count = chain->readable = 0;
    chain->readable_bytes = chain->writable_bytes = 0;
    return walk(v, &table, head, chain);
}

static uint64_t available_at(const struct virtqueue *queue, uint16_t index)
{
    return queue->available + RING_BASE + 2u * (uint64_t)(index % queue->size);
}

bool virtqueue_take(struct virtio *v, struct virtqueue *queue, struct virtqueue_chain *chain)
{
    const char *trouble;
    uint16_t index, head, waiting;
    if (!queue->is_ready || v->is_broken || !ring_read(v, queue->available + RING_IDX, &index))
        return false;
    waiting = (uint16_t)(index - queue->taken);
    if (waiting == 0)
        return false;
    if (waiting > queue->size) {
        virtio_fail(v, "queue %u of %u descriptors has %u chains available", queue->number,
                    queue->size, waiting);
        return false;
    }
    if (!ring_read(v, available_at(queue, queue->taken), &head))
        return false;
    trouble = walk_queue(v, queue, head, memory_read, chain);
    if (trouble) {
        virtio_fail(v, "queue %u, chain from descriptor %u: %s", queue->number, head, trouble);
        return false;
    }
    queue->taken++;
    return true;
}

/* --- without a trace ------------------------------------------------------------------------- */

uint16_t virtqueue_waiting(const struct virtio *v, const struct virtqueue *queue)
{
    uint8_t bytes[2];
    uint16_t waiting;
    if (!queue->is_ready || !memory_peek(v, queue->available + RING_IDX, bytes, sizeof bytes))
        return 0;
    waiting = (uint16_t)(load_le16(bytes) - queue->taken);
    return waiting > queue->size ? 0 : waiting;
}

bool virtqueue_peek(const struct virtio *v, const struct virtqueue *queue, uint16_t ahead,
                    struct virtqueue_chain *chain)
{
    uint8_t bytes[2];
    return memory_peek(v, available_at(queue, (uint16_t)(queue->taken + ahead)), bytes,
                       sizeof bytes) &&
           !walk_queue(v, queue, load_le16(bytes), memory_peek, chain);
}

size_t virtqueue_peek_bytes(const struct virtio *v, const struct virtqueue_chain *chain,
                            void *bytes, size_t count)
{
    uint8_t *to = bytes;
    size_t done = 0;
    for (unsigned i = 0; i < chain->readable && done < count; i++) {
        size_t part = chain->buffers[i].bytes;
        if (part > count - done)
            part = count - done;
        if (!memory_peek(v, chain->buffers[i].gpa, to + done, part))
            break;
        done += part;
    }
    return done;
}

/* --- data ------------------------------------------------------------------------------------ */

/* One piece of [offset, offset + count) of the buffers from `first` to `end`; false: it ends there. */
static bool piece(const struct virtqueue_chain *chain, unsigned first, unsigned end,
                  uint64_t offset, size_t count, struct virtqueue_buffer *found)
{
    for (unsigned i = first; i < end; i++) {
        const struct virtqueue_buffer *b = &chain->buffers[i];
        if (offset < b->bytes) {
            uint64_t room = b->bytes - offset;
            found->gpa = b->gpa + offset;
            found->bytes = (uint32_t)(room < count ? room : count);
            return true;
        }
        offset -= b->bytes;
    }
    return false;
}

bool virtqueue_read(struct virtio *v, const struct virtqueue_chain *chain, uint64_t offset,
                    void *bytes, size_t count)
{
    uint8_t *to = bytes;
    struct virtqueue_buffer part;
    for (size_t done = 0; done < count; done += part.bytes)
        if (!piece(chain, 0, chain->readable, offset + done, count - done, &part) ||
            !memory_read(v, part.gpa, to + done, part.bytes)) {
            virtio_fail(v, "a buffer where no RAM can be read");
            return false;
        }
    return true;
}

bool virtqueue_write(struct virtio *v, const struct virtqueue_chain *chain, uint64_t offset,
                     const void *bytes, size_t count)
{
    const uint8_t *from = bytes;
    struct virtqueue_buffer part;
    for (size_t done = 0; done < count; done += part.bytes)
        if (!piece(chain, chain->readable, chain->count, offset + done, count - done, &part) ||
            !memory_write(v, part.gpa, from + done, part.bytes)) {
            virtio_fail(v, "a buffer where no RAM can be written");
            return false;
        }
    return true;
}

/* --- the used ring --------------------------------------------------------------------------- */

void virtqueue_return(struct virtio *v, struct virtqueue *queue, uint16_t ahead, uint16_t head,
                      uint32_t written)
{
    uint16_t index = (uint16_t)(queue->returned + ahead);
    uint8_t element[USED_BYTES];
    if (!queue->is_ready || v->is_broken)
        return;
    store_le32(element, head);
    store_le32(element + 4, written);
    ring_write(v, queue->used + RING_BASE + USED_BYTES * (uint64_t)(index % queue->size), element,
               sizeof element);
}

/* 2.6.7: flags, or the index that the driver waits for. */
static bool wants_interrupt(struct virtio *v, struct virtqueue *queue)
{
    uint16_t old = queue->signalled, value;
    bool had = queue->has_signalled;
    if (!virtio_has(v, VIRTIO_F_EVENT_IDX))
        return ring_read(v, queue->available, &value) && !(value & AVAILABLE_NO_INTERRUPT);
    if (!ring_read(v, queue->available + RING_BASE + 2u * queue->size, &value))
        return false;
    queue->signalled = queue->returned;
    queue->has_signalled = true;
    return !had || (uint16_t)(queue->returned - value - 1) < (uint16_t)(queue->returned - old);
}

void virtqueue_publish(struct virtio *v, struct virtqueue *queue, uint16_t count)
{
    if (!queue->is_ready || v->is_broken)
        return;
    queue->returned = (uint16_t)(queue->returned + count);
    if (ring_write16(v, queue->used + RING_IDX, queue->returned) && wants_interrupt(v, queue))
        virtio_interrupt(v, VIRTIO_ISR_QUEUE);
}

/* 2.6.10: with EVENT_IDX, an index that is left behind keeps the driver silent. */
void virtqueue_silence(struct virtio *v, struct virtqueue *queue, bool is_silenced)
{
    bool was_silenced = queue->is_silenced;
    if (!queue->is_ready || v->is_broken)
        return;
    queue->is_silenced = is_silenced;
    if (virtio_has(v, VIRTIO_F_EVENT_IDX)) {
        if (!is_silenced)
            ring_write16(v, queue->used + RING_BASE + USED_BYTES * (uint64_t)queue->size,
                         queue->taken);
    } else if (was_silenced != is_silenced) {
        ring_write16(v, queue->used, is_silenced ? USED_NO_NOTIFY : 0);
    }
}

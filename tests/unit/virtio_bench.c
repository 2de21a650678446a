#include "tests/unit/virtio_bench.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "devices/virtio_pci.h"

/* --- the disk -------------------------------------------------------------------------------- */

static void carry_out(struct vb_disk *disk, struct block_request *r)
{
    uint64_t lba = r->at.lba;
    uint32_t room = lba < VB_DISK_SECTORS ? (uint32_t)(VB_DISK_SECTORS - lba) : 0;
    uint32_t count = r->sectors < room ? r->sectors : room;
    r->result = count == r->sectors ? BLOCK_OK : BLOCK_RANGE;
    r->done_sectors = count;
    if (disk->is_full && r->op == BLOCK_WRITE) {
        r->result = BLOCK_NO_SPACE;
        r->done_sectors = 0;
    } else if (r->op == BLOCK_READ && count) {
        disk->reads++;
        memcpy(r->bytes, disk->bytes + lba * SECTOR_BYTES, (size_t)count * SECTOR_BYTES);
    } else if (r->op == BLOCK_WRITE && count) {
        disk->writes++;
        disk->freed = r->frees_room;
        memcpy(disk->bytes + lba * SECTOR_BYTES, r->bytes, (size_t)count * SECTOR_BYTES);
    } else if (r->op == BLOCK_FLUSH) {
        disk->flushes++;
    }
    r->complete(r);
}

static void disk_submit(struct block *block, struct block_request *request)
{
    struct vb_disk *disk = (struct vb_disk *)(void *)block;
    if (disk->holds)
        disk->pending = request;
    else
        carry_out(disk, request);
}

static void disk_cancel(struct block *block, struct block_request *request)
{
    struct vb_disk *disk = (struct vb_disk *)(void *)block;
    disk->cancels++;
    if (disk->pending == request)
        disk->pending = NULL;
}

static void disk_geometry(struct block *block, struct block_geometry *g)
{
    (void)block;
    *g = (struct block_geometry){62, 4, 4, VB_DISK_SECTORS};
}

static const struct block_ops DISK_OPS = {
    .geometry = disk_geometry, .submit = disk_submit, .cancel = disk_cancel};

/* --- the machine ----------------------------------------------------------------------------- */

static void frame_came(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    struct vb *b = self;
    (void)cause;
    ck_assert_uint_le(bytes, sizeof b->received);
    memcpy(b->received, frame, bytes);
    b->received_bytes = bytes;
    b->frames++;
}

static void route(void *self, unsigned slot, unsigned pin, bool level)
{
    struct vb *b = self;
    ck_assert_uint_eq(slot, VB_DEVFN >> 3);
    ck_assert_uint_eq(pin, 0);
    b->intx = level;
    b->interrupts += level;
}

struct vb *vb_new(const struct device_type *type, const char *transport, bool is_modern)
{
    struct vb *b = calloc(1, sizeof *b);
    struct device_config config = {.block = {NULL}};
    ck_assert_ptr_nonnull(b);
    b->f = fixture_new();
    fixture_add_pci(b->f);
    b->f->pci.route = route;
    b->f->pci.route_self = b;
    b->is_modern = is_modern;
    b->disk.block = (struct block){.ops = &DISK_OPS, .name = "test"};
    for (size_t i = 0; i < sizeof b->disk.bytes; i++)
        b->disk.bytes[i] = (uint8_t)(i / SECTOR_BYTES * 7 + i);
    b->cable = (struct net_port){.name = "test", .receive = frame_came, .self = b};
    config.block[0] = &b->disk.block;
    config.net = &b->cable;
    fixture_set(&config, "devfn", "0x38");
    if (transport)
        fixture_set(&config, "transport", transport);
    fixture_add(b->f, type, &config);
    pci_config_write(&b->f->pci, 0, VB_DEVFN, PCI_BAR0, 4, VB_PORTS);
    pci_config_write(&b->f->pci, 0, VB_DEVFN, PCI_BAR0 + 16, 4, (uint32_t)VB_MEMORY);
    pci_config_write(&b->f->pci, 0, VB_DEVFN, PCI_COMMAND, 2, 7);
    return b;
}

void vb_free(struct vb *b)
{
    device_fixture_free(b->f);
    free(b);
}

uint32_t vb_in(struct vb *b, uint32_t offset, unsigned size)
{
    if (b->is_modern)
        return (uint32_t)space_read(&b->f->memory, VB_MEMORY + offset, size);
    return (uint32_t)space_port_read(&b->f->ports, (uint16_t)(VB_PORTS + offset), size);
}

void vb_out(struct vb *b, uint32_t offset, unsigned size, uint32_t value)
{
    if (b->is_modern)
        space_write(&b->f->memory, VB_MEMORY + offset, size, value);
    else
        space_port_write(&b->f->ports, (uint16_t)(VB_PORTS + offset), size, value);
}

static void start_modern(struct vb *b, uint64_t features)
{
    uint32_t queues = vb_in(b, 0x12, 2);
    vb_out(b, 0x14, 1, 0);
    vb_out(b, 0x14, 1, 1);
    vb_out(b, 0x14, 1, 3);
    for (unsigned half = 0; half < 2; half++) {
        vb_out(b, 0x08, 4, half);
        vb_out(b, 0x0C, 4, (uint32_t)((features | VIRTIO_BIT(32)) >> (32 * half)));
    }
    vb_out(b, 0x14, 1, 0x0B);
    for (unsigned i = 0; i < queues; i++) {
        vb_out(b, 0x16, 2, i);
        vb_out(b, 0x20, 4, VB_QUEUE(i));
        vb_out(b, 0x28, 4, VB_AVAILABLE(i));
        vb_out(b, 0x30, 4, VB_USED(i));
        vb_out(b, 0x1C, 2, 1);
    }
    vb_out(b, 0x14, 1, 0x0F);
}

void vb_start(struct vb *b, uint64_t features)
{
    memset(b->available, 0, sizeof b->available);
    memset(b->f->ram.bytes + VB_QUEUE(0), 0, 0xC000);
    if (b->is_modern) {
        start_modern(b, features);
        return;
    }
    vb_out(b, 0x12, 1, 0);
    vb_out(b, 0x12, 1, 3);
    vb_out(b, 0x04, 4, (uint32_t)features);
    for (unsigned i = 0; i < 3; i++) {
        vb_out(b, 0x0E, 2, i);
        if (vb_in(b, 0x0C, 2) == VB_SIZE) /* the control queue is shorter: modern tests have it */
            vb_out(b, 0x08, 4, VB_QUEUE(i) >> 12);
    }
    vb_out(b, 0x12, 1, 7);
}

/* --- rings ----------------------------------------------------------------------------------- */

void vb_put16(struct vb *b, uint64_t gpa, uint16_t value)
{
    store_le16(b->f->ram.bytes + gpa, value);
}

uint32_t vb_get(struct vb *b, uint64_t gpa, unsigned size)
{
    return (uint32_t)load_le(b->f->ram.bytes + gpa, size);
}

void vb_descriptor(struct vb *b, uint64_t table, unsigned index, uint64_t gpa, uint32_t bytes,
                   unsigned flags, unsigned next)
{
    uint8_t *at = b->f->ram.bytes + table + 16 * index;
    store_le64(at, gpa);
    store_le32(at + 8, bytes);
    store_le16(at + 12, (uint16_t)flags);
    store_le16(at + 14, (uint16_t)next);
}

void vb_offer(struct vb *b, unsigned queue, unsigned head)
{
    unsigned size = queue == 2 ? 64 : VB_SIZE;
    vb_put16(b, VB_AVAILABLE(queue) + 4 + 2 * (b->available[queue] % size), (uint16_t)head);
    vb_put16(b, VB_AVAILABLE(queue) + 2, ++b->available[queue]);
}

void vb_notify(struct vb *b, unsigned queue)
{
    vb_out(b, b->is_modern ? VIRTIO_MODERN_NOTIFY + 4 * queue : 0x10, 2, queue);
}

uint16_t vb_used(struct vb *b, unsigned queue)
{
    return (uint16_t)vb_get(b, VB_USED(queue) + 2, 2);
}

uint8_t vb_isr(struct vb *b)
{
    return (uint8_t)vb_in(b, b->is_modern ? VIRTIO_MODERN_ISR : 0x13, 1);
}

uint8_t vb_status(struct vb *b)
{
    return (uint8_t)vb_in(b, b->is_modern ? 0x14 : 0x12, 1);
}

unsigned vb_request(struct vb *b, uint32_t type, uint64_t sector, uint32_t bytes, bool is_in)
{
    uint8_t *header = b->f->ram.bytes + VB_DATA;
    unsigned after = bytes ? 1 : 2;
    store_le32(header, type);
    store_le32(header + 4, 0);
    store_le64(header + 8, sector);
    b->f->ram.bytes[VB_DATA + 0xFFF] = 0xEE;
    vb_descriptor(b, VB_QUEUE(0), 0, VB_DATA, 16, VB_NEXT, after);
    vb_descriptor(b, VB_QUEUE(0), 1, VB_DATA + 0x1000, bytes, VB_NEXT | (is_in ? VB_WRITE : 0), 2);
    vb_descriptor(b, VB_QUEUE(0), 2, VB_DATA + 0xFFF, 1, VB_WRITE, 0);
    vb_offer(b, 0, 0);
    vb_notify(b, 0);
    fixture_run_us(b->f, 100);
    return b->f->ram.bytes[VB_DATA + 0xFFF];
}

/* Specification: Virtual I/O Device (VIRTIO) 1.0, the legacy interfaces: 4.1.4.8 (registers), 2.4 (virtqueues),
 * 5.2 (block device).
 *
 *   BAR 0:  0 features  4 guest features  8 queue's page  C size (16)  E select (16)  10 notify (16)
 *           12 status (8)  13 ISR (8)
 *   queue:  descriptors 16 bytes each | available ring | to the next page | used ring
 *
 * One request at a time: header, data, status, chained. */
#include "lab/virtio_blk.h"

#include "lab/interrupts.h"
#include "lab/io.h"
#include "lab/pci.h"
#include "lab/pit.h"

enum { GUEST_FEATURES = 0x04, QUEUE_PAGE = 0x08, QUEUE_SIZE = 0x0C, QUEUE_SELECT = 0x0E, NOTIFY = 0x10,
       STATUS = 0x12, ISR = 0x13 };
enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4 };
enum { NEXT = 1, DEVICE_WRITES = 2, TYPE_IN = 0 };
enum { QUEUE_MAX = 256, PAGE = 4096, TIMEOUT_TICKS = 500 };

struct descriptor {
    uint32_t address, address_high, length;
    uint16_t flags, next;
};

static uint8_t queue[3 * PAGE] __attribute__((aligned(4096)));
static struct descriptor *const descriptors = (struct descriptor *)queue;
static volatile uint16_t *available, *used;
static struct { uint32_t type, reserved, sector, sector_high; } header;
static uint16_t base, size;
static volatile uint8_t status;
static volatile bool has_interrupted;

static void on_interrupt(void)
{
    if (io_in8(base + ISR) & 1) /* which also takes the request back */
        has_interrupted = true;
}

bool virtio_blk_init(void)
{
    struct pci_place place;

    if (!pci_find(VIRTIO_BLK, &place))
        return false;
    pci_write32(place, PCI_COMMAND,
                pci_read32(place, PCI_COMMAND) | PCI_COMMAND_PORTS | PCI_COMMAND_MASTER);
    base = (uint16_t)(pci_read32(place, PCI_BAR_0) & 0xFFFC);
    io_out8(base + STATUS, 0);
    io_out8(base + STATUS, ACKNOWLEDGE | DRIVER);
    io_out32(base + GUEST_FEATURES, 0);
    io_out16(base + QUEUE_SELECT, 0);
    size = io_in16(base + QUEUE_SIZE);
    if (size == 0 || size > QUEUE_MAX)
        return false;
    available = (volatile uint16_t *)(void *)(queue + 16u * size);
    used = (volatile uint16_t *)(void *)(queue + ((16u * size + 6 + 2u * size + PAGE - 1) & ~(PAGE - 1u)));
    io_out32(base + QUEUE_PAGE, (uint32_t)(uintptr_t)queue / PAGE);
    io_out8(base + STATUS, ACKNOWLEDGE | DRIVER | DRIVER_OK);
    interrupts_attach(pci_read32(place, PCI_INTERRUPT_LINE) & 15, on_interrupt);
    return true;
}

static void describe(unsigned index, const volatile void *at, uint32_t bytes, uint16_t flags)
{
    descriptors[index] = (struct descriptor){ (uint32_t)(uintptr_t)at, 0, bytes, flags,
                                              (uint16_t)(index + 1) };
}

bool virtio_blk_read(uint32_t from, void *to, uint32_t bytes)
{
    header.type = TYPE_IN;
    header.sector = from;
    status = 0xFF;
    describe(0, &header, sizeof header, NEXT);
    describe(1, to, bytes, NEXT | DEVICE_WRITES);
    describe(2, &status, 1, DEVICE_WRITES);
    available[2 + available[1] % size] = 0;
    __asm__ volatile("" : : : "memory");
    available[1]++;
    has_interrupted = false;
    io_out16(base + NOTIFY, 0);
    return pit_wait_for(&has_interrupted, TIMEOUT_TICKS) && used[1] == available[1] && status == 0;
}

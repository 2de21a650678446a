/* The VMM's native NE2000 driver.
 *
 * Specification: National Semiconductor DP8390D (1995), sections 7 (receive ring), 10 (registers),
 * 11 (initialisation); NE2000 PROM layout as in the DP839EB-ATN application note. Memory of the card:
 *
 *   4000 ── transmit, 6 pages ── 4600 ── receive ring ── 8000
 *
 * MISSING: multicast filtering (the uplink is promiscuous), collisions. */
#include "hypervisor/ne2000_driver.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "bus/net.h"
#include "hypervisor/vswitch.h"

#define CARD 0x300u
#define CARD_IRQ 5u /* as the card is jumpered (devices/ne2000.c) */
#define DATA (CARD + 0x10u)
#define RESET (CARD + 0x1Fu)
/* Page 0, then page 1, by offset. */
#define CR CARD
#define PSTART (CARD + 1u)
#define PSTOP (CARD + 2u)
#define BNRY (CARD + 3u)
#define TPSR (CARD + 4u)
#define TBCR0 (CARD + 5u)
#define TBCR1 (CARD + 6u)
#define ISR (CARD + 7u)
#define RSAR0 (CARD + 8u)
#define RSAR1 (CARD + 9u)
#define RBCR0 (CARD + 10u)
#define RBCR1 (CARD + 11u)
#define RCR (CARD + 12u)
#define TCR (CARD + 13u)
#define DCR (CARD + 14u)
#define IMR (CARD + 15u)
#define PAR0 (CARD + 1u)
#define CURR (CARD + 7u)
#define MAR0 (CARD + 8u)
enum { CR_STOP = 0x01, CR_START = 0x02, CR_TXP = 0x04, CR_READ = 0x08, CR_WRITE = 0x10,
       CR_ABORT = 0x20, CR_PAGE1 = 0x40 };
enum { ISR_PRX = 0x01, ISR_PTX = 0x02, ISR_RXE = 0x04, ISR_TXE = 0x08, ISR_OVW = 0x10,
       ISR_CNT = 0x20, ISR_RDC = 0x40, ISR_RST = 0x80 };
#define TRANSMIT_PAGE 0x40u
#define RING_START 0x46u
#define RING_STOP 0x80u
#define PROM_BYTES 32u

struct ne2000_driver {
    struct vmm *vmm;
    enum context context; /* in which it runs */
    struct vmm_part part;
    uint8_t next_page; /* of the ring: the next frame to be read */
    bool is_sending;
    struct net_queue queue;
    struct ne2000_driver_counts counts;
};

/* Sets up a remote DMA; the data port moves the bytes (DP8390D 9.0). */
static void remote_dma(struct vmm *vmm, uint16_t address, size_t bytes, uint8_t direction)
{
    host_outb(vmm, CR, CR_START | CR_ABORT);
    host_outb(vmm, RBCR0, (uint8_t)bytes);
    host_outb(vmm, RBCR1, (uint8_t)(bytes >> 8));
    host_outb(vmm, RSAR0, (uint8_t)address);
    host_outb(vmm, RSAR1, (uint8_t)(address >> 8));
    host_outb(vmm, CR, (uint8_t)(CR_START | direction));
}

/* --- sending -------------------------------------------------------------------------------------------- */

static void send_next(struct ne2000_driver *driver)
{
    struct vmm *vmm = driver->vmm;
    const struct net_frame *frame = net_queue_first(&driver->queue);
    size_t count;
    if (driver->is_sending || !frame)
        return;
    count = frame->count;
    context_enter(vmm, driver->context, NULL, IO_NIC);
    vmm->world->door.cause = frame->cause;
    vmm_charge(vmm, NULL, IO_NIC, COST_COPY_KIB, (count + 1023) / 1024);
    remote_dma(vmm, TRANSMIT_PAGE << 8, (count + 1) & ~(size_t)1, CR_WRITE);
    host_outsw(vmm, DATA, frame->bytes, (count + 1) / 2);
    host_outb(vmm, ISR, ISR_RDC);
    host_outb(vmm, TPSR, TRANSMIT_PAGE);
    host_outb(vmm, TBCR0, (uint8_t)count);
    host_outb(vmm, TBCR1, (uint8_t)(count >> 8));
    host_outb(vmm, CR, CR_START | CR_TXP | CR_ABORT);
    driver->is_sending = true;
    driver->counts.sent++;
    net_queue_drop_first(&driver->queue);
    vmm->world->door.cause = 0;
}

static void work(void *self)
{
    send_next(self);
}

void ne2000_driver_send(struct ne2000_driver *driver, const uint8_t *frame, size_t bytes,
                        uint64_t cause)
{
    struct net_frame *place;
    if (!driver || bytes > NET_FRAME_MAX)
        return;
    if (!(place = net_queue_add(&driver->queue))) {
        driver->counts.dropped++;
        return;
    }
    memset(place->bytes, 0, NET_FRAME_MIN);
    memcpy(place->bytes, frame, bytes);
    place->count = bytes < NET_FRAME_MIN ? NET_FRAME_MIN : bytes;
    place->cause = cause;
    vmm_kick(driver->vmm, &driver->part);
}

/* --- receiving ---------------------------------------------------------------------------------------------- */

static uint8_t current_page(struct vmm *vmm)
{
    uint8_t page;
    host_outb(vmm, CR, CR_START | CR_ABORT | CR_PAGE1);
    page = host_inb(vmm, CURR);
    host_outb(vmm, CR, CR_START | CR_ABORT);
    return page;
}

/* Reads one frame at next_page; false when the ring makes no sense (it is then started anew). */
static bool receive_one(struct ne2000_driver *driver)
{
    struct vmm *vmm = driver->vmm;
    uint8_t header[4], frame[NET_FRAME_MAX + 2];
    uint16_t at = (uint16_t)(driver->next_page << 8);
    size_t bytes, first, room;
    remote_dma(vmm, at, sizeof header, CR_READ);
    host_insw(vmm, DATA, header, sizeof header / 2);
    bytes = load_le16(header + 2);
    if (header[1] < RING_START || header[1] >= RING_STOP || bytes < 4 + 14 ||
        bytes - 4 > NET_FRAME_MAX)
        return false;
    bytes -= 4; /* the header itself; the card keeps no FCS here */
    room = (size_t)(RING_STOP << 8) - (at + 4u);
    first = bytes < room ? bytes : room;
    remote_dma(vmm, (uint16_t)(at + 4), (first + 1) & ~(size_t)1, CR_READ);
    host_insw(vmm, DATA, frame, (first + 1) / 2);
    if (first < bytes) {
        remote_dma(vmm, RING_START << 8, (bytes - first + 1) & ~(size_t)1, CR_READ);
        host_insw(vmm, DATA, frame + first, (bytes - first + 1) / 2);
    }
    driver->next_page = header[1];
    host_outb(vmm, BNRY, driver->next_page == RING_START ? RING_STOP - 1
                                                          : (uint8_t)(driver->next_page - 1));
    driver->counts.received++;
    vmm_charge(vmm, NULL, IO_NIC, COST_COPY_KIB, (bytes + 1023) / 1024);
    vswitch_from_uplink(vmm->vswitch, frame, bytes, vmm->world->door.cause);
    return true;
}

static void start_ring(struct ne2000_driver *driver);

static void receive_all(struct ne2000_driver *driver)
{
    for (unsigned frames = 0; frames < RING_STOP - RING_START; frames++) {
        if (driver->next_page == current_page(driver->vmm))
            return;
        if (!receive_one(driver)) {
            start_ring(driver);
            return;
        }
    }
}

static void isr(void *self)
{
    struct ne2000_driver *driver = self;
    struct vmm *vmm = driver->vmm;
    uint8_t causes;
    context_enter(vmm, driver->context, NULL, IO_NIC);
    causes = host_inb(vmm, ISR);
    driver->counts.interrupts++;
    host_outb(vmm, ISR, causes);
    if (causes & (ISR_PTX | ISR_TXE)) {
        driver->is_sending = false;
        vmm_kick(vmm, &driver->part);
    }
    if (causes & ISR_OVW) {
        driver->counts.overflows++;
        start_ring(driver);
        driver->is_sending = false;
        vmm_kick(vmm, &driver->part);
    } else if (causes & (ISR_PRX | ISR_RXE)) {
        receive_all(driver);
    }
}

/* --- life ------------------------------------------------------------------------------------------------------ */

/* DP8390D 11.0, "Initialization sequence". */
static void start_ring(struct ne2000_driver *driver)
{
    struct vmm *vmm = driver->vmm;
    uint8_t prom[PROM_BYTES];
    host_outb(vmm, CR, CR_STOP | CR_ABORT);
    host_outb(vmm, DCR, 0x49); /* word transfers, normal operation, FIFO threshold 8 bytes */
    host_outb(vmm, RBCR0, 0);
    host_outb(vmm, RBCR1, 0);
    host_outb(vmm, RCR, 0x20);  /* monitor */
    host_outb(vmm, TCR, 0x02);  /* internal loopback while it is set up */
    host_outb(vmm, PSTART, RING_START);
    host_outb(vmm, PSTOP, RING_STOP);
    host_outb(vmm, BNRY, RING_START);
    host_outb(vmm, ISR, 0xFF);
    host_outb(vmm, IMR, ISR_PRX | ISR_PTX | ISR_RXE | ISR_TXE | ISR_OVW);
    remote_dma(vmm, 0, PROM_BYTES, CR_READ);
    host_insw(vmm, DATA, prom, PROM_BYTES / 2);
    host_outb(vmm, CR, CR_STOP | CR_ABORT | CR_PAGE1);
    for (uint16_t i = 0; i < 6; i++)
        host_outb(vmm, (uint16_t)(PAR0 + i), prom[i * 2]);
    for (uint16_t i = 0; i < 8; i++)
        host_outb(vmm, (uint16_t)(MAR0 + i), 0xFF);
    driver->next_page = RING_START + 1;
    host_outb(vmm, CURR, driver->next_page);
    host_outb(vmm, CR, CR_START | CR_ABORT);
    host_outb(vmm, ISR, 0xFF);
    host_outb(vmm, TCR, 0x00);
    host_outb(vmm, RCR, 0x1C); /* promiscuous, multicast, broadcast */
}

enum status ne2000_driver_new(struct ne2000_driver **driver, struct vmm *vmm, struct error *error)
{
    struct ne2000_driver *made = calloc(1, sizeof *made);
    *driver = NULL;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for the network driver");
    made->vmm = vmm;
    made->context = context_of(vmm->lab->drivers.nic);
    made->part.work = work;
    made->part.self = made;
    *driver = made;
    host_outb(vmm, RESET, host_inb(vmm, RESET));
    if (!(host_inb(vmm, ISR) & ISR_RST))
        return error_set(error, STATUS_USAGE, "no NE2000 answers at %03Xh of the host; fix: nic = "
                         "ne2k-isa in [host]", CARD);
    start_ring(made);
    vmm_add_part(vmm, &made->part);
    vmm_set_isr(vmm, CARD_IRQ, isr, made);
    return STATUS_OK;
}

void ne2000_driver_free(struct ne2000_driver *driver)
{
    free(driver);
}

const struct ne2000_driver_counts *ne2000_driver_counts(const struct ne2000_driver *driver)
{
    return &driver->counts;
}

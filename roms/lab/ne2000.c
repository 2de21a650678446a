/* ne2000.c: a driver for the NE2000: a DP8390 with 16 KiB of memory of its own.
 *
 * Specification: National Semiconductor DP8390D/NS32490D data sheet (1993): register maps p.18-19,
 * CR p.20, ISR p.21, DCR p.23, TCR p.24, RCR p.26, initialization p.29, receive ring p.10-13, remote DMA
 * p.14-17; NE2000 board: Novell/National "Writing Drivers for the DP8390" (AN-874): data port at 10h,
 * reset at 1Fh, PROM at 0 of the board's memory, RAM at 4000h-7FFFh.
 *
 *   page 40h      46h                                           80h
 *        | transmit | receive ring: BNRY follows the reader, CURR the writer |          */
#include "lab/ne2000.h"

#include "lab/interrupts.h"
#include "lab/io.h"
#include "lab/memory.h"
#include "lab/pit.h"

/* Page 0, writing / reading; page 1 holds the station address and CURR. */
enum { CR = 0x00, PSTART = 0x01, PSTOP = 0x02, BNRY = 0x03, TPSR = 0x04, TBCR0 = 0x05, TBCR1 = 0x06,
       ISR = 0x07, RSAR0 = 0x08, RSAR1 = 0x09, RBCR0 = 0x0A, RBCR1 = 0x0B, RCR = 0x0C, TCR = 0x0D,
       DCR = 0x0E, IMR = 0x0F, PAR0 = 0x01, CURR = 0x07, MAR0 = 0x08, DATA_PORT = 0x10,
       RESET_PORT = 0x1F };

enum { CR_STP = 0x01, CR_STA = 0x02, CR_TXP = 0x04, CR_REMOTE_READ = 0x08, CR_REMOTE_WRITE = 0x10,
       CR_ABORT_DMA = 0x20, CR_PAGE_1 = 0x40 };
enum { DCR_WORDS_NORMAL_FIFO8 = 0x49, RCR_MONITOR = 0x20, RCR_BROADCAST = 0x04,
       TCR_INTERNAL_LOOPBACK = 0x02, TCR_NORMAL = 0x00 };

enum { TRANSMIT_PAGE = 0x40, RING_START = 0x46, RING_STOP = 0x80, PAGE_BYTES = 256 };
enum { POLLS_BEFORE_GIVING_UP = 100000 };

static volatile bool card_has_interrupted;
static volatile uint8_t causes_awaited;
static uint16_t interrupting_base;

static bool wait_for_isr(const struct ne2000 *nic, uint8_t causes)
{
    for (unsigned tries = 0; tries < POLLS_BEFORE_GIVING_UP; tries++)
        if (io_in8(nic->base + ISR) & causes)
            return true;
    return false;
}

static void start_remote_dma(const struct ne2000 *nic, uint16_t address, uint32_t bytes,
                             uint8_t direction)
{
    io_out8(nic->base + CR, CR_ABORT_DMA | CR_STA);
    io_out8(nic->base + ISR, NE2000_RDC);
    io_out8(nic->base + RBCR0, (uint8_t)bytes);
    io_out8(nic->base + RBCR1, (uint8_t)(bytes >> 8));
    io_out8(nic->base + RSAR0, (uint8_t)address);
    io_out8(nic->base + RSAR1, (uint8_t)(address >> 8));
    io_out8(nic->base + CR, direction | CR_STA);
}

/* `bytes` is even: the card moves words. */
static void read_card_memory(const struct ne2000 *nic, uint16_t address, void *to, uint32_t bytes)
{
    start_remote_dma(nic, address, bytes, CR_REMOTE_READ);
    io_in16_block(nic->base + DATA_PORT, to, bytes / 2);
    (void)wait_for_isr(nic, NE2000_RDC);
}

static void write_card_memory(const struct ne2000 *nic, uint16_t address, const void *from,
                              uint32_t bytes)
{
    start_remote_dma(nic, address, bytes, CR_REMOTE_WRITE);
    io_out16_block(nic->base + DATA_PORT, from, bytes / 2);
    (void)wait_for_isr(nic, NE2000_RDC);
}

bool ne2000_reset(struct ne2000 *nic, uint16_t base, unsigned line)
{
    uint8_t prom[32];

    nic->base = base;
    nic->line = line;
    if (io_in8(base + CR) == 0xFF) /* nobody there: the bus floats */
        return false;
    io_out8(base + RESET_PORT, io_in8(base + RESET_PORT));
    if (!wait_for_isr(nic, NE2000_RST))
        return false;
    io_out8(base + ISR, 0xFF);

    /* DP8390D p.29, "Initialization Sequence", until the PROM can be read. */
    io_out8(base + CR, CR_ABORT_DMA | CR_STP);
    io_out8(base + DCR, DCR_WORDS_NORMAL_FIFO8);
    io_out8(base + RBCR0, 0);
    io_out8(base + RBCR1, 0);
    io_out8(base + RCR, RCR_MONITOR);
    io_out8(base + TCR, TCR_INTERNAL_LOOPBACK);
    io_out8(base + IMR, 0);

    /* The PROM is 8 bits wide: on a 16-bit card each of its bytes appears twice. */
    read_card_memory(nic, 0, prom, sizeof prom);
    for (unsigned i = 0; i < MAC_BYTES; i++)
        nic->mac[i] = prom[2 * i];
    return prom[28] == 'W' && prom[30] == 'W'; /* AN-874: 57h marks a 16-bit card */
}

void ne2000_start(struct ne2000 *nic)
{
    uint16_t base = nic->base;

    io_out8(base + CR, CR_ABORT_DMA | CR_STP);
    io_out8(base + RBCR0, 0);
    io_out8(base + RBCR1, 0);
    io_out8(base + RCR, RCR_MONITOR);
    io_out8(base + TCR, TCR_INTERNAL_LOOPBACK);
    io_out8(base + TPSR, TRANSMIT_PAGE);
    io_out8(base + PSTART, RING_START);
    io_out8(base + PSTOP, RING_STOP);
    io_out8(base + BNRY, RING_START);
    io_out8(base + ISR, 0xFF);
    io_out8(base + IMR, 0);

    io_out8(base + CR, CR_ABORT_DMA | CR_PAGE_1 | CR_STP);
    for (uint16_t i = 0; i < MAC_BYTES; i++)
        io_out8(base + PAR0 + i, nic->mac[i]);
    for (uint16_t i = 0; i < 8; i++)
        io_out8(base + MAR0 + i, 0);
    nic->next_page = RING_START + 1;
    io_out8(base + CURR, nic->next_page);

    io_out8(base + CR, CR_ABORT_DMA | CR_STA);
    io_out8(base + TCR, TCR_NORMAL);
    io_out8(base + RCR, RCR_BROADCAST);
}

void ne2000_send(struct ne2000 *nic, const void *frame, uint32_t bytes)
{
    uint8_t padded[ETHERNET_MAX_BYTES + 1] = { 0 };
    uint32_t length = bytes < ETHERNET_MIN_BYTES ? ETHERNET_MIN_BYTES : bytes;

    if (length > ETHERNET_MAX_BYTES)
        return;
    memcpy(padded, frame, bytes);
    write_card_memory(nic, TRANSMIT_PAGE * PAGE_BYTES, padded, (length + 1) & ~1u);
    io_out8(nic->base + ISR, NE2000_PTX | NE2000_TXE);
    io_out8(nic->base + TPSR, TRANSMIT_PAGE);
    io_out8(nic->base + TBCR0, (uint8_t)length);
    io_out8(nic->base + TBCR1, (uint8_t)(length >> 8));
    io_out8(nic->base + CR, CR_ABORT_DMA | CR_TXP | CR_STA);
}

static uint8_t current_page(const struct ne2000 *nic)
{
    uint8_t page;

    io_out8(nic->base + CR, CR_ABORT_DMA | CR_PAGE_1 | CR_STA);
    page = io_in8(nic->base + CURR);
    io_out8(nic->base + CR, CR_ABORT_DMA | CR_STA);
    return page;
}

/* Copies out of the ring, in two pieces where the frame goes on at the ring's start. */
static void read_ring(const struct ne2000 *nic, uint32_t address, uint8_t *to, uint32_t bytes)
{
    uint32_t until_end = RING_STOP * PAGE_BYTES - address;

    if (bytes <= until_end) {
        read_card_memory(nic, (uint16_t)address, to, bytes);
        return;
    }
    read_card_memory(nic, (uint16_t)address, to, until_end);
    read_card_memory(nic, RING_START * PAGE_BYTES, to + until_end, bytes - until_end);
}

uint32_t ne2000_receive(struct ne2000 *nic, void *frame, uint32_t max_bytes)
{
    struct { uint8_t status, next_page; uint16_t bytes; } header; /* DP8390D p.12 */
    uint8_t copy[ETHERNET_MAX_BYTES + 6];
    uint32_t bytes;

    if (io_in8(nic->base + ISR) & NE2000_OVW) { /* the ring was full: throw it away, start again */
        ne2000_start(nic);
        return 0;
    }
    if (nic->next_page == current_page(nic))
        return 0;
    read_card_memory(nic, (uint16_t)(nic->next_page * PAGE_BYTES), &header, sizeof header);
    bytes = header.bytes - sizeof header;
    if (header.next_page < RING_START || header.next_page >= RING_STOP
        || header.bytes < sizeof header || bytes > ETHERNET_MAX_BYTES + 4) {
        ne2000_start(nic); /* not a header at all: reader and writer have lost each other */
        return 0;
    }
    read_ring(nic, (uint32_t)nic->next_page * PAGE_BYTES + sizeof header, copy, (bytes + 1) & ~1u);
    nic->next_page = header.next_page;
    /* BNRY stays one page behind the reader: BNRY = CURR would mean a full ring (p.13). */
    io_out8(nic->base + BNRY, (uint8_t)(nic->next_page == RING_START ? RING_STOP - 1
                                                                    : nic->next_page - 1));
    memcpy(frame, copy, bytes < max_bytes ? bytes : max_bytes);
    return bytes < max_bytes ? bytes : max_bytes;
}

bool ne2000_poll(struct ne2000 *nic, uint8_t causes, uint32_t ticks)
{
    uint32_t start = pit_ticks();
    uint8_t seen = 0;

    for (;;) {
        for (unsigned i = 0; i < PIT_POLLS_PER_TICK && !seen; i++)
            seen = (uint8_t)(io_in8(nic->base + ISR) & causes);
        if (seen || pit_ticks() - start >= ticks)
            break;
        pit_sleep(1);
    }
    io_out8(nic->base + ISR, seen); /* writing a 1 clears the bit (ISR, p.21) */
    return seen != 0;
}

static void on_interrupt(void)
{
    uint8_t seen = io_in8(interrupting_base + ISR);

    io_out8(interrupting_base + ISR, seen & causes_awaited);
    if (seen & causes_awaited)
        card_has_interrupted = true;
}

bool ne2000_wait_interrupt(struct ne2000 *nic, uint8_t causes, uint32_t ticks)
{
    bool has_interrupted;

    interrupting_base = nic->base;
    causes_awaited = causes;
    card_has_interrupted = false;
    interrupts_attach(nic->line, on_interrupt);
    io_out8(nic->base + IMR, causes);
    has_interrupted = pit_wait_for(&card_has_interrupted, ticks);
    io_out8(nic->base + IMR, 0);
    interrupts_detach(nic->line);
    return has_interrupted;
}

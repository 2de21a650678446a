/* DP8390 network interface controller in an NE2000: commands, remote DMA, transmission, reception.
 *
 * Specification: National Semiconductor DP8390D/NS32490D NIC (July 1995); Novell NE2000 memory map
 * as drivers know it: PROM 0000-001F (every byte twice, 57h 57h at the end), RAM 4000-7FFF.
 *
 *   PSTART            BNRY              CURR             PSTOP
 *     |  free           |  unread frames  |  free          |     256-byte pages; the address that
 *     └────────<────────┴────────>────────┴───────>────────┘     reaches PSTOP becomes PSTART
 *
 * A frame is stored with a header {status, next page, count low, high} and its FCS. Storing stops
 * with OVW where it would reach BNRY. A transmission takes its time on the wire: preamble, frame,
 * FCS and gap at `mbit` Mbit/s: 10, or 100 as with a later chip of the same registers (ASIX AX88796);
 * a virtual card may have any.
 * The cable gets the frame at the end of that time; a virtual card (handover=start) gives it away at once.
 *
 * A frame may arrive damaged, every n-th by the options bad_fcs and misaligned. One that leaves meets neither
 * collision nor underrun, so that TXE is never set; without a cable it loses its carrier (TSR.CRS).
 *
 * MISSING: collisions, deferral, long address mode (LAS); DCR's LS, ARM and FT are kept, BOS but for loopback;
 * a frame of more than 1518 bytes is not put on the wire (jabber).
 * Interrupt line: `irq`, level ISR & IMR. Clock: the machine's virtual time. */
#include "devices/dp8390.h"

#include <string.h>
#include <zlib.h>

#include "base/bits.h"
#include "bus/device_events.h"

#define PAGE_BYTES 256u
#define HEADER_BYTES 4u
#define FCS_BYTES 4u
#define TALLY_FULL 192u   /* counters stop at C0h; their top bit sets ISR.CNT */

const struct state_field DP8390_STATE[] = {
    STATE_ONE(struct dp8390, cr),       STATE_ONE(struct dp8390, isr),
    STATE_ONE(struct dp8390, imr),      STATE_ONE(struct dp8390, dcr),
    STATE_ONE(struct dp8390, rcr),      STATE_ONE(struct dp8390, tcr),
    STATE_ONE(struct dp8390, tsr),      STATE_ONE(struct dp8390, rsr),
    STATE_ONE(struct dp8390, pstart),   STATE_ONE(struct dp8390, pstop),
    STATE_ONE(struct dp8390, bnry),     STATE_ONE(struct dp8390, curr),
    STATE_ONE(struct dp8390, tpsr),     STATE_ARRAY(struct dp8390, par),
    STATE_ARRAY(struct dp8390, mar),    STATE_ARRAY(struct dp8390, tally),
    STATE_ONE(struct dp8390, tbcr),     STATE_ONE(struct dp8390, rsar),
    STATE_ONE(struct dp8390, rbcr),     STATE_ONE(struct dp8390, crda),
    STATE_ONE(struct dp8390, remaining), STATE_ONE(struct dp8390, clda),
    STATE_ONE(struct dp8390, send_next), STATE_ONE(struct dp8390, eeprom_control),
    STATE_ONE(struct dp8390, config3),  STATE_ARRAY(struct dp8390, prom),
    STATE_ARRAY(struct dp8390, ram),    STATE_REBUILT(struct dp8390, tx_cause),
    STATE_ARRAY_SINCE(2, struct dp8390, fifo), STATE_ONE_SINCE(2, struct dp8390, fifo_at),
    STATE_ONE_SINCE(4, struct dp8390, heard), STATE_REBUILT(struct dp8390, bad_fcs),
    STATE_REBUILT(struct dp8390, misaligned),
    {"eeprom", STATE_NESTED, 3, offsetof(struct dp8390, eeprom), sizeof(struct eeprom_93c46), 1,
     EEPROM_93C46_STATE, 0},
    STATE_TIMER(struct dp8390, tx),     STATE_REBUILT(struct dp8390, irq),
    STATE_REBUILT(struct dp8390, port), STATE_REBUILT(struct dp8390, is_realtek),
    STATE_REBUILT(struct dp8390, mbit), STATE_REBUILT(struct dp8390, hands_over_first),
    STATE_TABLE_END};

/* --- memory ------------------------------------------------------------------------------------ */

static uint8_t memory_read(const struct dp8390 *nic, uint16_t address)
{
    if (address < DP8390_RAM_BASE)
        return nic->prom[address % DP8390_PROM_BYTES];
    if (address < DP8390_RAM_BASE + DP8390_RAM_BYTES)
        return nic->ram[address - DP8390_RAM_BASE];
    return 0xFF;
}

static void memory_write(struct dp8390 *nic, uint16_t address, uint8_t value)
{
    if (address >= DP8390_RAM_BASE && address < DP8390_RAM_BASE + DP8390_RAM_BYTES)
        nic->ram[address - DP8390_RAM_BASE] = value;
}

static bool is_in_memory(uint16_t address)
{
    return address < DP8390_RAM_BASE + DP8390_RAM_BYTES;
}

/* The next address of a DMA: at PSTOP the ring begins again (datasheet section 7.0). */
static uint16_t next_address(const struct dp8390 *nic, uint16_t address)
{
    address++;
    return address == nic->pstop * PAGE_BYTES ? (uint16_t)(nic->pstart * PAGE_BYTES) : address;
}

/* --- interrupts and tallies ---------------------------------------------------------------------- */

void dp8390_interrupt(struct dp8390 *nic)
{
    irq_line_set(&nic->irq, (nic->isr & nic->imr & 0x7F) != 0);
}

static void raise(struct dp8390 *nic, uint8_t causes)
{
    nic->isr |= causes;
    dp8390_interrupt(nic);
}

/* Counts on in CNTR0-2; returns ISR.CNT where the counter's top bit is set. */
static uint8_t count_error(struct dp8390 *nic, unsigned counter)
{
    if (nic->tally[counter] < TALLY_FULL)
        nic->tally[counter]++;
    return nic->tally[counter] & 0x80 ? ISR_CNT : 0;
}

/* A frame for this station that is not kept (datasheet section 10.3, RSR.MPA and ISR.RXE). */
static void miss_frame(struct dp8390 *nic, uint8_t rsr, uint8_t causes)
{
    nic->rsr = RSR_MPA | rsr;
    raise(nic, ISR_RXE | causes | count_error(nic, 2));
}

/* --- remote DMA: the data port ------------------------------------------------------------------- */

static void remote_done(struct dp8390 *nic)
{
    if ((nic->cr & CR_RD) == CR_RD_SEND)
        nic->bnry = nic->send_next;
    nic->cr = (uint8_t)((nic->cr & ~CR_RD) | CR_RD_ABORT);
    raise(nic, ISR_RDC);
}

static void remote_start(struct dp8390 *nic)
{
    nic->crda = nic->rsar;
    nic->remaining = nic->rbcr;
    if ((nic->cr & CR_RD) == CR_RD_SEND) { /* the frame at BNRY, by its header */
        nic->crda = (uint16_t)(nic->bnry * PAGE_BYTES);
        nic->send_next = memory_read(nic, (uint16_t)(nic->crda + 1));
        nic->remaining = (uint16_t)(memory_read(nic, (uint16_t)(nic->crda + 2)) |
                                    memory_read(nic, (uint16_t)(nic->crda + 3)) << 8);
    }
    if (nic->remaining == 0)
        remote_done(nic);
}

static bool is_reading(const struct dp8390 *nic)
{
    unsigned rd = nic->cr & CR_RD;
    return nic->remaining && (rd == CR_RD_READ || rd == CR_RD_SEND);
}

static bool is_writing(const struct dp8390 *nic)
{
    return nic->remaining && (nic->cr & CR_RD) == CR_RD_WRITE;
}

static void remote_step(struct dp8390 *nic)
{
    nic->crda = next_address(nic, nic->crda);
    nic->remaining--;
}

static uint8_t remote_read_byte(struct dp8390 *nic)
{
    uint8_t value;
    if (!is_reading(nic))
        return 0xFF;
    if (!is_in_memory(nic->crda))
        device_guest_error(&nic->device, "remote read at %04Xh, past the end of memory", nic->crda);
    value = memory_read(nic, nic->crda);
    remote_step(nic);
    return value;
}

static void remote_write_byte(struct dp8390 *nic, uint8_t value)
{
    if (!is_writing(nic))
        return;
    if (nic->crda < DP8390_RAM_BASE || !is_in_memory(nic->crda))
        device_guest_error(&nic->device, "remote write at %04Xh, where no RAM is", nic->crda);
    memory_write(nic, nic->crda, value);
    remote_step(nic);
}

/* Bytes that one access of the data port moves: a byte port is asked once for each byte of the
 * access, a word port (DCR.WTS) gives words, also to byte accesses, which lose the upper half. */
static unsigned moved_bytes(const struct dp8390 *nic, unsigned size)
{
    return (nic->dcr & DCR_WTS) && size < 2 ? 2 : size;
}

static uint32_t data_read(struct dp8390 *nic, unsigned size)
{
    uint32_t value = 0;
    unsigned bytes = moved_bytes(nic, size);
    /* QUIRK: Linux' ne2k-pci reads 32 bytes of PROM by as many byte accesses in word mode, twice
     * what it asked for, and takes no notice of the rest; so that this is not reported. */
    if (!is_reading(nic))
        return UINT32_MAX;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint32_t)remote_read_byte(nic) << (8 * i);
    if (nic->remaining == 0)
        remote_done(nic);
    return value & (uint32_t)mask_bytes(size);
}

static void data_write(struct dp8390 *nic, unsigned size, uint32_t value)
{
    unsigned bytes = moved_bytes(nic, size);
    if (!is_writing(nic)) {
        device_guest_error(&nic->device, "data port write without a remote write");
        return;
    }
    for (unsigned i = 0; i < bytes; i++)
        remote_write_byte(nic, (uint8_t)(value >> (8 * i)));
    if (nic->remaining == 0)
        remote_done(nic);
}

/* --- reception --------------------------------------------------------------------------------------- */

/* Multicast: the top six bits of the address' CRC choose a bit of MAR (datasheet section 10.4). */
static unsigned multicast_bit(const uint8_t address[6])
{
    uint32_t crc = UINT32_MAX;
    for (unsigned i = 0; i < 6; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            uint32_t carry = crc >> 31 ^ (address[i] >> bit & 1u);
            crc = crc << 1 ^ (carry ? UINT32_C(0x04C11DB7) : 0);
        }
    return crc >> 26;
}

static bool is_wanted(const struct dp8390 *nic, const uint8_t *frame)
{
    static const uint8_t BROADCAST[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    unsigned bit;
    if (memcmp(frame, BROADCAST, 6) == 0)
        return (nic->rcr & RCR_AB) != 0;
    if (frame[0] & 1) {
        bit = multicast_bit(frame);
        return (nic->rcr & RCR_AM) && (nic->mar[bit / 8] >> bit % 8 & 1);
    }
    return (nic->rcr & RCR_PRO) || memcmp(frame, nic->par, 6) == 0;
}

/* Bytes into the ring from *address on; the ring's end is only looked at on page borders. */
static void store(struct dp8390 *nic, uint16_t *address, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        memory_write(nic, *address, bytes[i]);
        *address = next_address(nic, *address);
    }
}

/* The page after a frame of so many bytes; false where it would run into BNRY. */
static bool find_next_page(const struct dp8390 *nic, size_t bytes, uint8_t *next)
{
    uint8_t page = nic->curr;
    for (size_t pages = (bytes + PAGE_BYTES - 1) / PAGE_BYTES; pages > 0; pages--) {
        page++;
        if (page == nic->pstop)
            page = nic->pstart;
        if (page == nic->bnry)
            return false;
    }
    *next = page;
    return true;
}

/* `errors`: RSR's bits of a damaged frame, which is kept by RCR.SEP; `causes`: theirs in ISR. */
static void store_frame(struct dp8390 *nic, const uint8_t *frame, size_t bytes, uint8_t errors,
                        uint8_t causes)
{
    uint8_t header[HEADER_BYTES], fcs[FCS_BYTES], next;
    uint16_t address = (uint16_t)(nic->curr * PAGE_BYTES);
    if (nic->pstart >= nic->pstop || nic->curr >= nic->pstop || nic->curr < nic->pstart)
        device_guest_error(&nic->device, "a frame for the ring %02X-%02Xh with CURR %02Xh outside",
                           nic->pstart, nic->pstop, nic->curr);
    if (!find_next_page(nic, HEADER_BYTES + bytes + FCS_BYTES, &next)) {
        miss_frame(nic, errors, ISR_OVW | ISR_RST | causes);
        return;
    }
    nic->rsr = (uint8_t)((errors ? errors : RSR_PRX) | (frame[0] & 1 ? RSR_PHY : 0));
    header[0] = nic->rsr;
    header[1] = next;
    store_le16(header + 2, (uint16_t)(bytes + FCS_BYTES));
    store_le32(fcs, (uint32_t)crc32_z(0, frame, bytes) ^ (errors ? 1 : 0));
    store(nic, &address, header, HEADER_BYTES);
    store(nic, &address, frame, bytes);
    store(nic, &address, fcs, FCS_BYTES);
    nic->clda = address;
    nic->curr = next;
    raise(nic, errors ? causes : ISR_PRX);
}

/* What is wrong with the next frame, as RSR shows it: by the options, every n-th one. */
static uint8_t next_errors(struct dp8390 *nic)
{
    nic->heard++;
    if (nic->misaligned && nic->heard % nic->misaligned == 0)
        return RSR_FAE | RSR_CRC;
    return nic->bad_fcs && nic->heard % nic->bad_fcs == 0 ? RSR_CRC : 0;
}

/* A frame for this station (datasheet section 10.3, RSR, RCR.SEP and RCR.MON). One that is misaligned
 * counts as that alone. */
static void take_frame(struct dp8390 *nic, const uint8_t *frame, size_t bytes)
{
    uint8_t errors = next_errors(nic), causes = 0;
    if (errors)
        causes = ISR_RXE | count_error(nic, errors & RSR_FAE ? 0 : 1);
    if (nic->rcr & RCR_MON) {
        miss_frame(nic, RSR_DIS | errors, causes);
    } else if (errors && !(nic->rcr & RCR_SEP)) {
        nic->rsr = (uint8_t)(errors | (frame[0] & 1 ? RSR_PHY : 0));
        raise(nic, causes);
    } else {
        store_frame(nic, frame, bytes, errors, causes);
    }
}

static void receive(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    struct dp8390 *nic = self;
    struct door *door = nic->device.env->door;
    uint64_t outer = door->cause;
    if ((nic->cr & CR_STP) || !(nic->cr & CR_STA) || (nic->tcr & TCR_LB))
        return;
    if (bytes > NET_FRAME_MAX || bytes < 6 || (bytes < NET_FRAME_MIN && !(nic->rcr & RCR_AR)))
        return;
    if (!is_wanted(nic, frame))
        return;
    door->cause = cause;
    device_show_frame(&nic->device, false, frame, bytes);
    take_frame(nic, frame, bytes);
    door->cause = outer;
}

/* --- transmission ---------------------------------------------------------------------------------- */

/* Loopback moves bytes, in word mode half of each word (datasheet section 12, restrictions). */
static bool is_halved(const struct dp8390 *nic)
{
    return (nic->tcr & TCR_LB) && (nic->dcr & DCR_WTS);
}

static size_t transmit_bytes(const struct dp8390 *nic)
{
    return is_halved(nic) ? nic->tbcr / 2u : nic->tbcr;
}

/* The frame that TPSR and TBCR tell; false where it is too long for the wire. Halves of words are the
 * ones at even addresses with BOS, at odd ones without. */
static bool fetch_frame(struct dp8390 *nic, uint8_t frame[NET_FRAME_MAX])
{
    uint16_t address = (uint16_t)(nic->tpsr * PAGE_BYTES), step = is_halved(nic) ? 2 : 1;
    size_t bytes = transmit_bytes(nic);
    if (bytes > NET_FRAME_MAX) {
        device_guest_error(&nic->device, "a frame of %zu bytes is too long for the wire", bytes);
        return false;
    }
    if (step == 2 && !(nic->dcr & DCR_BOS))
        address++;
    for (size_t i = 0; i < bytes; i++) {
        frame[i] = memory_read(nic, address);
        address = (uint16_t)(address + step);
    }
    return true;
}

static void send_to_wire(struct dp8390 *nic)
{
    uint8_t frame[NET_FRAME_MAX] = {0};
    size_t bytes = nic->tbcr;
    if (!fetch_frame(nic, frame))
        return;
    if (bytes < NET_FRAME_MIN)
        bytes = NET_FRAME_MIN;
    device_show_frame(&nic->device, true, frame, bytes);
    net_send(&nic->port, frame, bytes, nic->tx_cause);
}

/* The chip cannot make and check an FCS at once. With TCR.CRC the frame brings its own, which is
 * checked where the address matches: RSR 01 or 02, with PHY for a group. An address that does not
 * match reads 01 (datasheet section 12, loopback tests A to C of CRC and address recognition). */
static uint8_t loopback_rsr(const struct dp8390 *nic, const uint8_t *frame, size_t bytes)
{
    bool is_good;
    if (!(nic->tcr & TCR_CRC) || bytes < NET_MAC_BYTES + FCS_BYTES)
        return RSR_CRC;
    if (!is_wanted(nic, frame))
        return RSR_PRX;
    is_good = load_le32(frame + bytes - FCS_BYTES) == crc32_z(0, frame, bytes - FCS_BYTES);
    return (uint8_t)((is_good ? RSR_PRX : RSR_CRC) | (frame[0] & 1 ? RSR_PHY : 0));
}

/* What was received fills the FIFO round and round from location 0; its byte count follows, the upper
 * half twice (section 12, alignment of the received packet in the FIFO). */
static void loop_back(struct dp8390 *nic)
{
    uint8_t frame[NET_FRAME_MAX + FCS_BYTES + 3];
    size_t bytes = transmit_bytes(nic);
    nic->rsr = RSR_CRC;
    if (!fetch_frame(nic, frame))
        return;
    nic->rsr = loopback_rsr(nic, frame, bytes);
    if (!(nic->tcr & TCR_CRC)) {
        store_le32(frame + bytes, (uint32_t)crc32_z(0, frame, bytes));
        bytes += FCS_BYTES;
    }
    store_le16(frame + bytes, (uint16_t)bytes);
    frame[bytes + 2] = frame[bytes + 1];
    for (size_t i = 0; i < bytes + 3; i++)
        nic->fifo[i % sizeof nic->fifo] = frame[i];
    nic->fifo_at = 0;
}

/* The last bit has left. Results of loopback: datasheet section 12, "Loopback modes". */
static void transmitted(void *self)
{
    static const uint8_t LOOPBACK_TSR[4] = {
        TSR_PTX, TSR_PTX | TSR_ND | TSR_CRS | TSR_CDH, TSR_PTX | TSR_ND | TSR_CDH,
        TSR_PTX | TSR_ND};
    struct dp8390 *nic = self;
    struct door *door = nic->device.env->door;
    uint64_t outer = door->cause;
    unsigned loopback = (unsigned)(nic->tcr & TCR_LB) >> 1;
    door->cause = nic->tx_cause;
    nic->tsr = LOOPBACK_TSR[loopback];
    if (!loopback && !nic->port.peer)
        nic->tsr |= TSR_CRS; /* it is sent all the same (section 10.3, TSR.CRS) */
    nic->cr &= (uint8_t)~CR_TXP;
    if (nic->cr & CR_STP) /* it was stopped in the middle of the frame: now it is */
        nic->isr |= ISR_RST;
    if (loopback)
        loop_back(nic);
    else if (!nic->hands_over_first)
        send_to_wire(nic);
    raise(nic, ISR_PTX);
    door->cause = outer;
}

static void transmit(struct dp8390 *nic)
{
    const struct clock *clock = nic->device.env->clock;
    uint64_t ns = net_wire_ns(transmit_bytes(nic)) * 10 / nic->mbit; /* net_wire_ns: at 10 Mbit/s */
    uint32_t end = nic->tpsr * PAGE_BYTES + nic->tbcr;
    if (end > DP8390_RAM_BASE + DP8390_RAM_BYTES)
        device_guest_error(&nic->device, "a frame of %u bytes at page %02Xh ends past memory",
                           nic->tbcr, nic->tpsr);
    nic->cr |= CR_TXP;
    nic->tsr = 0;
    nic->tx_cause = door_cause(nic->device.env->door);
    if (nic->hands_over_first && !(nic->tcr & TCR_LB))
        send_to_wire(nic);
    event_arm(&nic->tx, clock_after_ns(clock, ns));
}

/* --- commands ------------------------------------------------------------------------------------------ */

void dp8390_command(struct dp8390 *nic, uint8_t value)
{
    uint8_t rd = value & CR_RD;
    nic->cr = (uint8_t)((nic->cr & (CR_TXP | CR_RD | CR_STP | CR_STA)) | (value & CR_PS));
    if (value & CR_STP) {
        nic->cr = (uint8_t)((nic->cr & ~CR_STA) | CR_STP);
        if (!(nic->cr & CR_TXP)) /* else when the frame that is being sent has left (section 7.0) */
            nic->isr |= ISR_RST;
    } else if (value & CR_STA) {
        nic->cr = (uint8_t)((nic->cr & ~CR_STP) | CR_STA);
        nic->isr &= (uint8_t)~ISR_RST;
    }
    if (rd) {
        nic->cr = (uint8_t)((nic->cr & ~CR_RD) | (rd & CR_RD_ABORT ? CR_RD_ABORT : rd));
        if (!(rd & CR_RD_ABORT))
            remote_start(nic);
    }
    if ((value & CR_TXP) && !(nic->cr & CR_TXP) && (nic->cr & CR_STA))
        transmit(nic);
}

/* The frames before BNRY are read: the ring is not full any more (datasheet section 10.3, ISR.RST). */
void dp8390_ring_freed(struct dp8390 *nic)
{
    if (nic->cr & CR_STA)
        nic->isr &= (uint8_t)~ISR_RST;
}

/* The reset port, and RESET (datasheet section 11.0): other registers keep their values. */
void dp8390_soft_reset(struct dp8390 *nic)
{
    nic->cr = CR_STP | CR_RD_ABORT;
    nic->isr = ISR_RST;
    nic->imr = 0;
    nic->dcr |= DCR_LAS;
    nic->tcr &= (uint8_t)~TCR_LB;
    nic->remaining = 0;
    event_disarm(&nic->tx);
    dp8390_interrupt(nic);
}

/* --- ports ----------------------------------------------------------------------------------------------- */

static uint64_t ports_read(void *self, uint64_t offset, unsigned size)
{
    struct dp8390 *nic = self;
    if (offset < 0x10)
        return reg_bank_read(&DP8390_BANK, self, offset, size);
    if (offset < 0x18)
        return data_read(nic, size);
    dp8390_soft_reset(nic);
    return 0;
}

static void ports_write(void *self, uint64_t offset, unsigned size, uint64_t value)
{
    struct dp8390 *nic = self;
    if (offset < 0x10)
        reg_bank_write(&DP8390_BANK, self, offset, size, value);
    else if (offset < 0x18)
        data_write(nic, size, (uint32_t)value);
    /* A write to the reset port ends the reset that a read began. */
}

/* REP INS/OUTS: as many elements as the remote DMA has bytes for, at least one. */
static size_t ports_read_block(void *self, uint64_t offset, unsigned size, void *bytes,
                               size_t count)
{
    uint8_t *to = bytes;
    size_t done = 0;
    do {
        store_le(to + done * size, size, ports_read(self, offset, size));
        done++;
    } while (done < count && offset >= 0x10 && offset < 0x18 && is_reading(self));
    return done;
}

static size_t ports_write_block(void *self, uint64_t offset, unsigned size, const void *bytes,
                                size_t count)
{
    const uint8_t *from = bytes;
    size_t done = 0;
    do {
        ports_write(self, offset, size, load_le(from + done * size, size));
        done++;
    } while (done < count && offset >= 0x10 && offset < 0x18 && is_writing(self));
    return done;
}

const struct region_ops DP8390_OPS = {ports_read, ports_write, ports_read_block, ports_write_block};

/* --- life ------------------------------------------------------------------------------------------------ */

/* --- the EEPROM (RTL8029AS, "9346 contents") ------------------------------------------------------------ */

enum { EEPROM_CONFIG = 0 /* CONFIG2, CONFIG3 */, EEPROM_ADDRESS = 2, EEPROM_IDS = 0x78 };

static uint8_t eeprom_byte(const struct dp8390 *nic, unsigned at)
{
    return (uint8_t)(nic->eeprom.words[at / 2] >> at % 2 * 8);
}

/* As the card's maker wrote it: the address, and the identity of function and subsystem. */
static void write_eeprom(struct dp8390 *nic, const uint8_t *address)
{
    uint16_t *words = nic->eeprom.words;
    for (unsigned i = 0; i < 6; i += 2)
        words[(EEPROM_ADDRESS + i) / 2] = (uint16_t)(address[i] | address[i + 1] << 8);
    for (unsigned i = EEPROM_IDS / 2; i < EEPROM_WORDS; i++)
        words[i] = i % 2 ? 0x8029 : 0x10EC;
}

void dp8390_load_eeprom(struct dp8390 *nic)
{
    nic->config3 = eeprom_byte(nic, EEPROM_CONFIG + 1) & 0x46;
    for (unsigned i = 0; i < 12; i++)
        nic->prom[i] = eeprom_byte(nic, EEPROM_ADDRESS + i / 2);
}

enum status dp8390_init(struct dp8390 *nic, const struct device_config *config,
                        const struct device_type *type, struct error *error)
{
    const char *mac = device_text(type, config, "mac");
    const char *handover = device_text(type, config, "handover");
    uint8_t address[6];
    if (!net_parse_mac(mac, address))
        return error_set(error, STATUS_USAGE, "%s: mac=%s is not the address of one station; fix: "
                         "six bytes like 52:54:00:12:34:56, the first one even", config->name, mac);
    for (unsigned i = 0; i < DP8390_PROM_BYTES; i++)
        nic->prom[i] = i < 12 ? address[i / 2] : i < 28 ? 0 : 0x57;
    write_eeprom(nic, address);
    event_init(&nic->tx, config->env->clock, "ne2000 transmission", transmitted, nic);
    nic->hands_over_first = strcmp(handover, "start") == 0;
    if (!nic->hands_over_first && strcmp(handover, "end") != 0)
        return error_set(error, STATUS_USAGE, "%s: handover=%s; fix: end, or start (of a frame's time "
                         "on the wire)", config->name, handover);
    nic->mbit = (uint32_t)device_number(type, config, "mbit");
    nic->bad_fcs = (uint32_t)device_number(type, config, "bad_fcs");
    nic->misaligned = (uint32_t)device_number(type, config, "misaligned");
    nic->port.name = config->name;
    nic->port.receive = receive;
    nic->port.self = nic;
    if (config->net)
        net_connect(&nic->port, config->net);
    return STATUS_OK;
}

void dp8390_fini(struct dp8390 *nic)
{
    if (nic->port.peer)
        nic->port.peer->peer = NULL;
    event_fini(&nic->tx);
}

void dp8390_reset(struct device *device, enum reset_kind kind)
{
    struct dp8390 *nic = (struct dp8390 *)device;
    if (kind == RESET_POWER_ON) {
        nic->dcr = nic->rcr = nic->tcr = nic->tsr = nic->rsr = 0;
        nic->pstart = nic->pstop = nic->bnry = nic->curr = nic->tpsr = 0;
        memset(nic->par, 0, sizeof nic->par);
        memset(nic->mar, 0, sizeof nic->mar);
        memset(nic->tally, 0, sizeof nic->tally);
        memset(nic->ram, 0, sizeof nic->ram);
        nic->tbcr = nic->rsar = nic->rbcr = nic->crda = nic->clda = 0;
        memset(nic->fifo, 0, sizeof nic->fifo);
        nic->fifo_at = nic->send_next = 0;
        nic->heard = 0;
        nic->tx_cause = 0;
    }
    if (nic->is_realtek) { /* RSTB, not the port that a driver resets by */
        nic->eeprom_control = 0;
        dp8390_load_eeprom(nic);
    }
    dp8390_soft_reset(nic);
}

void dp8390_loaded(struct device *device)
{
    struct dp8390 *nic = (struct dp8390 *)device;
    nic->irq.level = (nic->isr & nic->imr & 0x7F) != 0;
}

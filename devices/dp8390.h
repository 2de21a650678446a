/* The DP8390 network controller with the memory and PROM of an NE2000 around it: the core of both
 * forms of the card (ne2000.c, ne2000_pci.c).
 *
 *   dp8390.c        commands, remote DMA, transmission, reception
 *   dp8390_regs.c   the register pages, and accesses in words
 */
#ifndef VITRINE_DEVICES_DP8390_H
#define VITRINE_DEVICES_DP8390_H

#include "bus/device.h"
#include "bus/net.h"
#include "devices/eeprom_93c46.h"

#define DP8390_PORTS 32u       /* 0-F registers, 10-17 data, 18-1F reset */
#define DP8390_PROM_BYTES 32u
#define DP8390_RAM_BASE 0x4000u
#define DP8390_RAM_BYTES 0x4000u

/* Command register */
enum { CR_STP = 0x01, CR_STA = 0x02, CR_TXP = 0x04, CR_RD = 0x38, CR_RD_READ = 0x08,
       CR_RD_WRITE = 0x10, CR_RD_SEND = 0x18, CR_RD_ABORT = 0x20, CR_PS = 0xC0 };
/* Interrupt status */
enum { ISR_PRX = 0x01, ISR_PTX = 0x02, ISR_RXE = 0x04, ISR_TXE = 0x08, ISR_OVW = 0x10,
       ISR_CNT = 0x20, ISR_RDC = 0x40, ISR_RST = 0x80 };
/* Receive configuration */
enum { RCR_SEP = 0x01, RCR_AR = 0x02, RCR_AB = 0x04, RCR_AM = 0x08, RCR_PRO = 0x10,
       RCR_MON = 0x20 };
enum { RSR_PRX = 0x01, RSR_CRC = 0x02, RSR_FAE = 0x04, RSR_MPA = 0x10, RSR_PHY = 0x20,
       RSR_DIS = 0x40 };
enum { TSR_PTX = 0x01, TSR_ND = 0x02, TSR_CRS = 0x10, TSR_CDH = 0x40 };
enum { TCR_CRC = 0x01, TCR_LB = 0x06 };
enum { DCR_WTS = 0x01, DCR_BOS = 0x02, DCR_LAS = 0x04 };

struct dp8390 {
    struct device device;
    /* Registers, by the datasheet's names. */
    uint8_t cr, isr, imr, dcr, rcr, tcr, tsr, rsr;
    uint8_t pstart, pstop, bnry, curr, tpsr;
    uint8_t par[6], mar[8];
    uint8_t tally[3];           /* CNTR0-2: alignment errors, CRC errors, lost frames */
    uint16_t tbcr, rsar, rbcr;
    uint16_t crda;              /* remote DMA: the next address */
    uint16_t remaining;         /* remote DMA: bytes still to move */
    uint16_t clda;              /* local DMA: the next address */
    uint8_t send_next;          /* Send Packet: becomes BNRY at the end */
    uint8_t eeprom_control, config3; /* page 3 of the RTL8029AS */
    struct eeprom_93c46 eeprom;      /* and what 9346CR leads to; it keeps its words through resets */
    uint8_t prom[DP8390_PROM_BYTES];
    uint8_t ram[DP8390_RAM_BYTES];
    uint8_t fifo[8], fifo_at;   /* what loopback left there, and what the next read shows */
    uint32_t heard;             /* frames for this station, to tell which ones come damaged */
    uint64_t tx_cause;          /* the access that started the transmission */
    struct event tx;            /* the frame has left the wire */
    /* Not saved: */
    struct irq_line irq;
    struct net_port port;
    bool is_realtek; /* has page 3 and the ID registers */
    uint32_t mbit;   /* of the wire */
    uint32_t bad_fcs, misaligned; /* every n-th frame arrives so; 0: none */
    bool hands_over_first; /* the cable gets a frame at the start of its time on the wire */
};

extern const struct state_field DP8390_STATE[];
extern const struct reg_bank DP8390_BANK;
extern const struct region_ops DP8390_OPS;

/* The options of both forms of the card. */
#define DP8390_OPTIONS                                                                             \
    {"mbit", "10", "speed of the wire, in Mbit/s", 10, 1000},                                      \
    {"handover", "end", "when the cable gets a frame: end or start of its time on the wire", 0, 0}, \
    {"bad_fcs", "0", "every n-th frame for this station arrives with a wrong FCS; 0: none", 0, 65535}, \
    {"misaligned", "0", "the same, and ends inside a byte", 0, 65535}

/* Event, cable, PROM, by the options of `type`: mac and DP8390_OPTIONS. */
enum status dp8390_init(struct dp8390 *nic, const struct device_config *config,
                        const struct device_type *type, struct error *error);
void dp8390_reset(struct device *device, enum reset_kind kind);
void dp8390_fini(struct dp8390 *nic);
void dp8390_loaded(struct device *device);
void dp8390_describe(const struct device *device, const struct access *access, char *text,
                     size_t size);

/* For the register page. */
void dp8390_command(struct dp8390 *nic, uint8_t value);
void dp8390_interrupt(struct dp8390 *nic); /* after ISR or IMR changed */
void dp8390_soft_reset(struct dp8390 *nic);
void dp8390_ring_freed(struct dp8390 *nic); /* after BNRY was written */
/* The RTL8029AS takes its address and CONFIG3 from the EEPROM. */
void dp8390_load_eeprom(struct dp8390 *nic);

#endif

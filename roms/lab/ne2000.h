/* ne2000.h: an NE2000 network card on the ISA bus, 16 bits wide. */
#ifndef LAB_NE2000_H
#define LAB_NE2000_H

#include <stdbool.h>
#include <stdint.h>

enum { ETHERNET_MIN_BYTES = 60, ETHERNET_MAX_BYTES = 1514, MAC_BYTES = 6 };

/* Causes of an interrupt, bits of ISR and IMR (DP8390D, ISR). */
enum { NE2000_PRX = 0x01, NE2000_PTX = 0x02, NE2000_RXE = 0x04, NE2000_TXE = 0x08,
       NE2000_OVW = 0x10, NE2000_CNT = 0x20, NE2000_RDC = 0x40, NE2000_RST = 0x80 };

struct ne2000 {
    uint16_t base;
    unsigned line;
    uint8_t mac[MAC_BYTES];
    uint8_t next_page; /* of the receive ring: the first page not yet read */
};

/* Resets the card at `base` and reads its address; false when no card answers. */
bool ne2000_reset(struct ne2000 *nic, uint16_t base, unsigned line);

/* Sets the receive ring up and starts the card; broadcasts and own frames are received. */
void ne2000_start(struct ne2000 *nic);

/* Hands one frame to the transmitter; shorter frames are padded to 60 bytes. */
void ne2000_send(struct ne2000 *nic, const void *frame, uint32_t bytes);

/* Takes one frame out of the ring: its length, or 0 when there is none. Restarts the card after an
 * overflow of the ring. */
uint32_t ne2000_receive(struct ne2000 *nic, void *frame, uint32_t max_bytes);

/* Asks ISR until one of `causes` is set (true) or the ticks have passed (false); clears those seen. */
bool ne2000_poll(struct ne2000 *nic, uint8_t causes, uint32_t ticks);

/* Halts the CPU until the card interrupts for one of `causes` (true) or the ticks have passed. */
bool ne2000_wait_interrupt(struct ne2000 *nic, uint8_t causes, uint32_t ticks);

#endif

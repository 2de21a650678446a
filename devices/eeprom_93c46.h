/* 93C46: a serial EEPROM of 64 words of 16 bits, on four wires, as network cards keep their address in. */
#ifndef VITRINE_DEVICES_EEPROM_93C46_H
#define VITRINE_DEVICES_EEPROM_93C46_H

#include <stdbool.h>
#include <stdint.h>

#include "bus/state.h"

#define EEPROM_WORDS 64u

struct eeprom_93c46 {
    uint16_t words[EEPROM_WORDS];
    bool cs, sk, data_out; /* the pins CS, SK, DO */
    bool is_enabled;       /* EWEN: words may be changed */
    bool shows_ready;      /* CS rose after programming: DO tells when it is over */
    uint8_t phase;         /* enum eeprom_phase */
    uint8_t count;         /* bits that have come or gone in this phase */
    uint8_t command;       /* opcode (bits 7-6) and address */
    uint16_t data;
    uint64_t ready_ns; /* when programming is over */
};
extern const struct state_field EEPROM_93C46_STATE[];

/* The pins CS, SK and DI as they are from now on. */
void eeprom_93c46_pins(struct eeprom_93c46 *eeprom, bool cs, bool sk, bool di, uint64_t now_ns);
/* The pin DO; it is pulled up where the chip drives nothing. */
bool eeprom_93c46_out(const struct eeprom_93c46 *eeprom, uint64_t now_ns);
/* What it waits for or does, in words. */
const char *eeprom_93c46_words(const struct eeprom_93c46 *eeprom);

#endif

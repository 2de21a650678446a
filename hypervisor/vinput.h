/* The keyboard's arbiter: the VMM reads the host's keyboard and gives keys to the guest in focus. */
#ifndef VITRINE_HYPERVISOR_VINPUT_H
#define VITRINE_HYPERVISOR_VINPUT_H

#include "hypervisor/vmm.h"

enum status vinput_new(struct vinput **vinput, struct vmm *vmm, struct error *error);
void vinput_free(struct vinput *vinput);
/* The guest that has the keyboard's focus: its number. */
unsigned vinput_focus(const struct vinput *vinput);
void vinput_set_focus(struct vinput *vinput, unsigned guest);

struct vinput_counts {
    uint64_t scancodes, keys, hot_keys;
};
const struct vinput_counts *vinput_counts(const struct vinput *vinput);

/* Set 1 scan code (with E0 prefix or not) → HID usage; 0: none. Pure; for tests. */
uint8_t vinput_usage(uint8_t code, bool is_extended);

#endif

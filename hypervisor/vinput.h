/* The arbiter of keyboard and mouse: the VMM reads the host's and gives what comes to the guest in
 * focus, or on request to all. */
#ifndef VITRINE_HYPERVISOR_VINPUT_H
#define VITRINE_HYPERVISOR_VINPUT_H

#include "hypervisor/vmm.h"

enum status vinput_new(struct vinput **vinput, struct vmm *vmm, struct error *error);
void vinput_free(struct vinput *vinput);
/* The guest that has the focus: its number. */
unsigned vinput_focus(const struct vinput *vinput);
/* Gives it the focus, raises its window, and ends a broadcast. */
void vinput_set_focus(struct vinput *vinput, unsigned guest);
bool vinput_is_broadcast(const struct vinput *vinput);
void vinput_set_broadcast(struct vinput *vinput, bool is_broadcast);

struct vinput_counts {
    uint64_t scancodes, keys, hot_keys, movements;
};
const struct vinput_counts *vinput_counts(const struct vinput *vinput);

/* --- for its drivers ------------------------------------------------------------------------------------ */

/* A key of the host's keyboard. */
void vinput_key(struct vinput *vinput, uint8_t usage, bool is_pressed);
/* The host's mouse has moved: dx to the right, dy downwards, in places of the host's display. */
void vinput_move(struct vinput *vinput, int dx, int dy, int dz, unsigned buttons);
/* Set 1 scan code (with E0 prefix or not) → HID usage; 0: none. Pure; for tests. */
uint8_t vinput_usage(uint8_t code, bool is_extended);

#endif

/* Keys that the VMM takes from the host's keyboard while Ctrl and Alt are held; no guest sees them. */
#ifndef VITRINE_HYPERVISOR_HOT_KEYS_H
#define VITRINE_HYPERVISOR_HOT_KEYS_H

#include "hypervisor/vmm.h"

/* False: with Ctrl and Alt (and Shift) the key is no hot key, and the guest's. */
bool hot_key_take(struct vmm *vmm, uint8_t usage, bool has_shift);

#endif

/* The bar below the guests' windows: who has the keyboard, and what became of each guest. */
#ifndef VITRINE_HYPERVISOR_FOCUS_BAR_H
#define VITRINE_HYPERVISOR_FOCUS_BAR_H

#include "hypervisor/vmm.h"

#define BAR_PLAIN 0x70u /* black on grey */
#define BAR_FOCUS 0x1Fu /* white on blue */

/* Fills in `columns` cells: character | attribute << 8. */
void focus_bar_draw(const struct vmm *vmm, uint16_t *cells, unsigned columns);

#endif

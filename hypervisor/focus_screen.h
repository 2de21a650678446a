/* A look at the guest in focus, for a text terminal, where the windows of the host's display would be
 * too small to read: its text screen with a bar below that names the guests. Looking changes nothing. */
#ifndef VITRINE_HYPERVISOR_FOCUS_SCREEN_H
#define VITRINE_HYPERVISOR_FOCUS_SCREEN_H

#include "bus/display.h"
#include "hypervisor/vmm.h"

/* Fills in a screen whose calls look at `vmm`, which outlives it. */
void focus_screen_init(struct display_screen *screen, const struct vmm *vmm);

#endif

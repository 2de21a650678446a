/* The VMM's native driver of the host's keyboard controller, with a keyboard and a mouse behind it. */
#ifndef VITRINE_HYPERVISOR_INPUT_DRIVER_H
#define VITRINE_HYPERVISOR_INPUT_DRIVER_H

#include "hypervisor/vmm.h"

struct input_driver {
    struct vmm *vmm;
    struct vinput *vinput;
    uint64_t *codes; /* counts bytes of the keyboard */
    bool is_extended;
    uint8_t pause_left;  /* bytes of the Pause key's sequence still to come */
    uint8_t mouse_state; /* enum, input_driver.c */
    uint8_t mouse_step;  /* of its initialisation */
    bool has_wheel;
    uint8_t packet[4], packet_count;
};

/* Programs the controller and takes IRQs 1 and 12. */
void input_driver_init(struct input_driver *driver, struct vmm *vmm, struct vinput *vinput,
                       uint64_t *codes);

#endif

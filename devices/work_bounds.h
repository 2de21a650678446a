/* What a device may do at most for one access of a guest (an element of a REP is one), and for one event
 * of its own, whatever the guest has written: counted in basic blocks of the program's code, so that it
 * says the same on every workstation. tests/full/bounded-work.sh counts them. */
#ifndef VITRINE_DEVICES_WORK_BOUNDS_H
#define VITRINE_DEVICES_WORK_BOUNDS_H

#include <stdint.h>

struct work_bound {
    const char *type; /* name of the device type; NULL: any other */
    uint32_t access, event;
    const char *reason; /* what the largest access or event is */
};

/* Ends with the row of all others. */
extern const struct work_bound WORK_BOUNDS[];
const struct work_bound *work_bound_of(const char *type);

#endif

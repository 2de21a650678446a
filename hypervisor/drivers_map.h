/* Which driver instances a lab has, where each runs, and who holds each physical device: a drawing. */
#ifndef VITRINE_HYPERVISOR_DRIVERS_MAP_H
#define VITRINE_HYPERVISOR_DRIVERS_MAP_H

#include <stdio.h>

#include "hypervisor/lab.h"

/* From the configuration alone: nothing is built, nothing runs. */
void drivers_map_draw(FILE *out, const struct lab *lab);

#endif

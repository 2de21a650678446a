/* What each guest asked for and what the hypervisor did with it: the table at the end of a run. */
#ifndef VITRINE_HYPERVISOR_REPORT_H
#define VITRINE_HYPERVISOR_REPORT_H

#include <stdio.h>

#include "hypervisor/vmm.h"

void report_write(FILE *out, const struct vmm *vmm);
/* Who ran when, as SVG; vmm->gantt is there. */
void report_gantt(FILE *out, struct vmm *vmm);

#endif

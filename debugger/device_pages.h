/* The generated pages docs/devices/NAME.md: what a device type's tables say, as Markdown. */
#ifndef VITRINE_DEBUGGER_DEVICE_PAGES_H
#define VITRINE_DEBUGGER_DEVICE_PAGES_H

#include <stdio.h>

#include "bus/device.h"

/* Writes the page of one type. The caller looks at ferror(). */
void device_page_write(FILE *file, const struct device_type *type);
/* The index: one line a type, linking to NAME.md. */
void device_index_write(FILE *file);

#endif

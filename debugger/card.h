/* Device cards: what a device looks like inside, in words, without touching it. */
#ifndef VITRINE_DEBUGGER_CARD_H
#define VITRINE_DEBUGGER_CARD_H

#include <stddef.h>

struct device;
struct machine;

/* One line for each device: name, type, title. */
void card_list(const struct machine *machine, char *text, size_t size);
/* Registers with their fields, then the fields of the state table. */
void card_show(const struct device *device, char *text, size_t size);
/* The device of that name; NULL, with a message that names the nearest, when there is none. */
const struct device *card_find(const struct machine *machine, const char *name, char *text,
                               size_t size);

#endif

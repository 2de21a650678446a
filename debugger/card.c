#include "debugger/card.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/status.h"
#include "base/words.h"
#include "bus/clock.h"
#include "bus/device.h"
#include "bus/regs.h"
#include "bus/state.h"
#include "machine/machine.h"

#define NAMES_MAX     64
#define VALUES_A_LINE 16u /* elements of an array that are shown in a line */
#define VALUES_SHOWN  64u /* and in all */
#define NESTING_MAX   4   /* structures within structures */

void card_list(const struct machine *machine, char *text, size_t size)
{
    size_t used = 0;
    for (const struct device *d = machine->devices; d; d = d->next)
        text_append(text, size, &used, "%-12s %-14s %s\n", d->name, d->type->name,
                    d->type->title ? d->type->title : "");
}

const struct device *card_find(const struct machine *machine, const char *name, char *text,
                               size_t size)
{
    const char *names[NAMES_MAX], *nearest;
    size_t count = 0, used = 0;
    for (const struct device *d = machine->devices; d; d = d->next) {
        if (strcmp(d->name, name) == 0)
            return d;
        if (count < NAMES_MAX)
            names[count++] = d->name;
    }
    nearest = words_nearest(name, names, count);
    if (nearest)
        text_append(text, size, &used, "no device '%s'; did you mean %s?\n", name, nearest);
    else
        text_append(text, size, &used, "no device '%s'; 'info devices' lists them\n", name);
    return NULL;
}

/* --- registers --------------------------------------------------------------------------------------- */

static void show_row(const struct device *device, const struct reg *row, char *text, size_t size,
                     size_t *used)
{
    char fields[256];
    uint32_t value;
    if (!reg_peek(row, device, &value))
        return;
    reg_fields_text(row, value, fields, sizeof fields);
    text_append(text, size, used, "  +%-3x %-12s %0*x  %s%s%s\n", (unsigned)row->offset, row->name,
                2 * row->width, (unsigned)value, fields, fields[0] && row->meaning ? "  " : "",
                row->meaning ? row->meaning : "");
}

static void show_banks(const struct device *device, char *text, size_t size, size_t *used)
{
    for (const struct reg_bank *const *bank = device->type->banks; bank && *bank; bank++) {
        text_append(text, size, used, "registers of %s\n", (*bank)->name);
        for (const struct reg *row = (*bank)->rows; row->name; row++)
            show_row(device, row, text, size, used);
    }
}

/* --- state ---------------------------------------------------------------------------------------------- */

static void show_fields(const struct state_field *table, const uint8_t *object, int depth,
                        char *text, size_t size, size_t *used);

/* One element, in the workstation's byte order. */
static uint64_t element(const uint8_t *at, size_t bytes)
{
    uint16_t v16;
    uint32_t v32;
    uint64_t v64;
    switch (bytes) {
    case 1: return *at;
    case 2: memcpy(&v16, at, sizeof v16); return v16;
    case 4: memcpy(&v32, at, sizeof v32); return v32;
    default: memcpy(&v64, at, sizeof v64); return v64;
    }
}

static void show_numbers(const struct state_field *field, const uint8_t *at, int depth, char *text,
                         size_t size, size_t *used)
{
    size_t shown = field->count < VALUES_SHOWN ? field->count : VALUES_SHOWN;
    text_append(text, size, used, "%*s%-20s", 2 * depth, "", field->name);
    for (size_t i = 0; i < shown; i++) {
        if (i && i % VALUES_A_LINE == 0)
            text_append(text, size, used, "\n%*s%-20s", 2 * depth, "", "");
        text_append(text, size, used, " %llx",
                    (unsigned long long)element(at + i * field->size, field->size));
    }
    if (shown < field->count)
        text_append(text, size, used, " ... (%zu)", field->count);
    text_append(text, size, used, "\n");
}

static void show_event(const struct state_field *field, size_t index, const struct event *event,
                       int depth, char *text, size_t size, size_t *used)
{
    char name[64];
    snprintf(name, sizeof name, field->count > 1 ? "%s %zu" : "%s", field->name, index);
    text_append(text, size, used, "%*s%-20s ", 2 * depth, "", name);
    if (event_is_armed(event))
        text_append(text, size, used, "fires at %llu (in %lld instructions)\n",
                    (unsigned long long)event->when,
                    (long long)(event->when - clock_now(event->clock)));
    else
        text_append(text, size, used, "not armed\n");
}

static void show_field(const struct state_field *field, const uint8_t *object, int depth,
                       char *text, size_t size, size_t *used)
{
    const uint8_t *at = object + field->offset;
    size_t length;
    switch (field->kind) {
    case STATE_END:
    case STATE_DERIVED: break;
    case STATE_UINT: show_numbers(field, at, depth, text, size, used); break;
    case STATE_EVENT:
        for (size_t i = 0; i < field->count; i++) {
            struct event event;
            memcpy(&event, at + i * field->size, sizeof event);
            show_event(field, i, &event, depth, text, size, used);
        }
        break;
    case STATE_NESTED:
        for (size_t i = 0; i < field->count; i++) {
            text_append(text, size, used, "%*s%s %zu\n", 2 * depth, "", field->name, i);
            show_fields(field->table, at + i * field->size, depth + 1, text, size, used);
        }
        break;
    case STATE_BUFFER:
        memcpy(&length, object + field->length_offset, sizeof length);
        text_append(text, size, used, "%*s%-20s %zu bytes\n", 2 * depth, "", field->name, length);
        break;
    }
}

static void show_fields(const struct state_field *table, const uint8_t *object, int depth,
                        char *text, size_t size, size_t *used)
{
    if (depth > NESTING_MAX)
        return;
    for (const struct state_field *field = table; field && field->kind != STATE_END; field++)
        show_field(field, object, depth, text, size, used);
}

void card_show(const struct device *device, char *text, size_t size)
{
    size_t used = 0;
    text_append(text, size, &used, "%s: %s%s%s\n", device->name, device->type->name,
                device->type->title ? ", " : "", device->type->title ? device->type->title : "");
    show_banks(device, text, size, &used);
    text_append(text, size, &used, "state\n");
    show_fields(device->type->state, (const uint8_t *)device, 1, text, size, &used);
}

/* What a trace shows: "io:dev=pit,ide:port=0x1f0-0x1f7". A part narrows, its words widen. */
#include <stdlib.h>
#include <string.h>

#include "bus/device.h"
#include "bus/regs.h"
#include "debugger/trace.h"
#include "debugger/trace_filter_internal.h"

enum direction_bit { DIRECTION_IN = 1, DIRECTION_OUT = 2, DIRECTION_READ = 4, DIRECTION_WRITE = 8 };

/* --- parts -------------------------------------------------------------------------------------------------- */

/* "ide" stands for ide0, ide1 …: the rest of the name is its number. */
static bool is_numbered(const char *name, const char *word)
{
    size_t length = strlen(word);
    return strncmp(name, word, length) == 0 &&
           strspn(name + length, "0123456789") == strlen(name + length);
}

bool trace_filter_device_is(const struct device *device, const char *word)
{
    return is_numbered(device->name, word) || strcmp(device->type->name, word) == 0;
}

static bool passes_devices(const struct name_list *list, const struct device *device)
{
    if (list->count == 0)
        return true;
    for (size_t i = 0; device && i < list->count; i++)
        if (trace_filter_device_is(device, list->words[i]))
            return true;
    return false;
}

static bool passes_names(const struct name_list *list, const char *name)
{
    if (list->count == 0)
        return true;
    for (size_t i = 0; name && i < list->count; i++)
        if (strcmp(name, list->words[i]) == 0)
            return true;
    return false;
}

static bool in_ranges(const struct range_list *list, uint64_t first, uint64_t bytes)
{
    for (size_t i = 0; i < list->count; i++)
        if (first <= list->ranges[i].last && first + (bytes - 1) >= list->ranges[i].first)
            return true;
    return false;
}

/* port= and addr= each hold for their own space; when only one is given the other space is out. */
static bool passes_ranges(const struct trace_filter *filter, const struct access *access)
{
    uint64_t bytes = access->size;
    if (filter->ports.count == 0 && filter->addresses.count == 0)
        return true;
    if (access->space_kind == ACCESS_PORT)
        return in_ranges(&filter->ports, access->address, bytes);
    if (access->space_kind == ACCESS_DMA)
        bytes *= access->count;
    return in_ranges(&filter->addresses, access->address, bytes);
}

/* icount= and ip= are of instructions: what no CPU asks for is out. */
static bool passes_instruction(const struct trace_filter *filter,
                               const struct access_origin *origin)
{
    if (filter->instructions.count &&
        (!origin->has_cpu || !in_ranges(&filter->instructions, origin->instructions, 1)))
        return false;
    return filter->places.count == 0 ||
           (origin->has_cpu && in_ranges(&filter->places, origin->linear, 1));
}

static bool has_field(const struct access *access, const char *name, uint64_t value)
{
    for (const struct reg_field *f = access->reg->fields; f && f->name; f++)
        if (strcmp(f->name, name) == 0 &&
            (access->value >> f->lsb & ((UINT64_C(1) << f->width) - 1)) == value)
            return true;
    return false;
}

static bool passes_fields(const struct field_list *list, const struct access *access)
{
    if (list->count == 0)
        return true;
    for (size_t i = 0; access->reg && i < list->count; i++)
        if (has_field(access, list->fields[i].name, list->fields[i].value))
            return true;
    return false;
}

/* --- the part of the run that is of interest --------------------------------------------------------------- */

static bool is_of_interest(struct trace_filter *filter, const struct access_origin *origin)
{
    if (origin->is_scoped && origin->has_started)
        filter->has_started = true;
    return !origin->is_scoped || (origin->has_started && !origin->is_firmware);
}

/* What an access led to is of interest as it is itself; what came by itself, once there was a start. */
static bool cause_is_of_interest(const struct trace_filter *filter, uint64_t cause)
{
    return cause ? filter->of_interest[cause % SCOPE_IDS] == cause : filter->has_started;
}

bool trace_filter_is_scoped(const struct trace_filter *filter)
{
    return !filter->shows_firmware;
}

void trace_filter_begin(struct trace_filter *filter, const struct access *access)
{
    if (access->origin.has_cpu ? is_of_interest(filter, &access->origin)
                               : cause_is_of_interest(filter, access->cause))
        filter->of_interest[access->id % SCOPE_IDS] = access->id;
}

static bool passes_scope(const struct trace_filter *filter, uint64_t id)
{
    return filter->shows_firmware || filter->of_interest[id % SCOPE_IDS] == id;
}

/* --- passing ------------------------------------------------------------------------------------------------ */

static bool passes_direction(const struct trace_filter *filter, const struct access *access)
{
    unsigned direction =
        access->is_write ? DIRECTION_OUT | DIRECTION_WRITE : DIRECTION_IN | DIRECTION_READ;
    direction &= access->space_kind == ACCESS_PORT ? DIRECTION_IN | DIRECTION_OUT
                                                   : DIRECTION_READ | DIRECTION_WRITE;
    return filter->directions == 0 || (filter->directions & direction);
}

bool trace_filter_passes(const struct trace_filter *filter, const struct access *access)
{
    return (filter->kinds >> TRACE_ACCESS & 1) && passes_scope(filter, access->id) &&
           passes_direction(filter, access) &&
           (filter->spaces == 0 || (filter->spaces >> access->space_kind & 1)) &&
           passes_ranges(filter, access) &&
           passes_names(&filter->machines, access->origin.machine) &&
           passes_devices(&filter->devices, access->device) &&
           passes_names(&filter->registers, access->reg ? access->reg->name : NULL) &&
           passes_instruction(filter, &access->origin) && passes_fields(&filter->fields, access);
}

/* The kinds of enum door_event_kind as those of records. */
static unsigned kind_of(const struct door_event *event)
{
    struct trace_record record;
    trace_record_of_event(&record, event, 0);
    return record.kind;
}

bool trace_filter_passes_event(const struct trace_filter *filter, const struct door_event *event)
{
    const struct name_list *devices = &filter->devices;
    bool is_named = devices->count == 0;
    for (size_t i = 0; i < devices->count; i++)
        is_named |= (event->source && is_numbered(event->source, devices->words[i])) ||
                    (event->target && is_numbered(event->target, devices->words[i]));
    return is_named && (filter->kinds >> kind_of(event) & 1) &&
           (filter->shows_firmware || cause_is_of_interest(filter, event->cause)) &&
           passes_names(&filter->machines, event->machine);
}

void trace_filter_free(struct trace_filter *filter)
{
    free(filter);
}

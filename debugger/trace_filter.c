/* What a trace shows: "io:dev=pit,ide:port=0x1f0-0x1f7". A part narrows, its words widen. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/words.h"
#include "bus/device.h"
#include "bus/space.h"
#include "debugger/trace.h"

#define WORDS_MAX  16 /* of one part */
#define WORD_BYTES 48
#define NAMES_MAX  128 /* devices of the door that a word is compared with */

struct range {
    uint64_t first, last;
};

/* One part; count 0: not given, everything passes. */
struct name_list {
    char words[WORDS_MAX][WORD_BYTES];
    size_t count;
};
struct range_list {
    struct range ranges[WORDS_MAX];
    size_t count;
};

struct trace_filter {
    struct name_list devices, machines;
    struct range_list ports, addresses;
    unsigned directions, spaces; /* bit masks; 0: all */
    unsigned kinds;              /* of records, by enum trace_kind */
};

enum direction_bit { DIRECTION_IN = 1, DIRECTION_OUT = 2, DIRECTION_READ = 4, DIRECTION_WRITE = 8 };

enum part_kind { PART_DEVICE, PART_MACHINE, PART_PORT, PART_ADDRESS, PART_DIRECTION, PART_SPACE };
static const char *const PARTS[] = {"dev", "machine", "port", "addr", "dir", "space"};
static const char *const DIRECTIONS[] = {"in", "out", "read", "write"};
static const char *const SPACES[] = {"port", "mmio", "dma", "call"};

/* --- passing -------------------------------------------------------------------------------------------- */

/* "ide" stands for ide0, ide1 …: the rest of the name is its number. */
static bool is_numbered(const char *name, const char *word)
{
    size_t length = strlen(word);
    return strncmp(name, word, length) == 0 &&
           strspn(name + length, "0123456789") == strlen(name + length);
}

static bool device_matches(const struct device *device, const char *word)
{
    return is_numbered(device->name, word) || strcmp(device->type->name, word) == 0;
}

static bool passes_devices(const struct name_list *list, const struct device *device)
{
    if (list->count == 0)
        return true;
    for (size_t i = 0; device && i < list->count; i++)
        if (device_matches(device, list->words[i]))
            return true;
    return false;
}

static bool passes_machines(const struct name_list *list, const char *machine)
{
    if (list->count == 0)
        return true;
    for (size_t i = 0; machine && i < list->count; i++)
        if (strcmp(machine, list->words[i]) == 0)
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

bool trace_filter_passes(const struct trace_filter *filter, const struct access *access)
{
    unsigned direction =
        access->is_write ? DIRECTION_OUT | DIRECTION_WRITE : DIRECTION_IN | DIRECTION_READ;
    direction &= access->space_kind == ACCESS_PORT ? DIRECTION_IN | DIRECTION_OUT
                                                   : DIRECTION_READ | DIRECTION_WRITE;
    return (filter->kinds >> TRACE_ACCESS & 1) &&
           (filter->directions == 0 || (filter->directions & direction)) &&
           (filter->spaces == 0 || (filter->spaces >> access->space_kind & 1)) &&
           passes_ranges(filter, access) &&
           passes_machines(&filter->machines, access->origin.machine) &&
           passes_devices(&filter->devices, access->device);
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
           passes_machines(&filter->machines, event->machine);
}

bool trace_filter_wants_events(const struct trace_filter *filter)
{
    return (filter->kinds & ~(1u << TRACE_ACCESS)) != 0;
}

/* --- parsing -------------------------------------------------------------------------------------------- */

static enum status refuse(const char *what, const char *word, const char *const *names,
                          size_t count, struct error *error)
{
    const char *nearest = words_nearest(word, names, count);
    char list[512] = "";
    size_t used = 0;
    if (nearest)
        return error_set(error, STATUS_USAGE, "--trace: no %s '%s'; fix: did you mean %s?", what,
                         word, nearest);
    for (size_t i = 0; i < count; i++)
        text_append(list, sizeof list, &used, "%s%s", i ? ", " : "", names[i]);
    return error_set(error, STATUS_USAGE, "--trace: no %s '%s'; fix: one of %s", what, word, list);
}

static void add_name(const char **names, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(names[i], name) == 0)
            return;
    if (*count < NAMES_MAX)
        names[(*count)++] = name;
}

static enum status check_machine(const struct door *door, const char *word, struct error *error)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (const struct space *space = door ? door->spaces : NULL; space; space = space->next)
        add_name(names, &count, space->name);
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], word) == 0)
            return STATUS_OK;
    return count ? refuse("machine", word, names, count, error) : STATUS_OK;
}

static enum status check_device(const struct door *door, const char *word, struct error *error)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (const struct space *space = door ? door->spaces : NULL; space; space = space->next)
        for (const struct region *r = space->regions; r; r = r->next) {
            if (!r->device)
                continue;
            if (device_matches(r->device, word))
                return STATUS_OK;
            add_name(names, &count, r->device->name);
        }
    /* A PCI card has no region before its driver maps it. */
    for (const struct device *d = door ? door->devices : NULL; d; d = d->next_at_door) {
        if (device_matches(d, word))
            return STATUS_OK;
        add_name(names, &count, d->name);
    }
    return count ? refuse("device", word, names, count, error) : STATUS_OK;
}

/* "0x1f0", "0x1f0-0x1f7". */
static enum status parse_range(struct range_list *list, const char *part, const char *word,
                               uint64_t limit, struct error *error)
{
    char first[WORD_BYTES];
    const char *dash = strchr(word, '-');
    struct range *range = &list->ranges[list->count];
    size_t length = dash ? (size_t)(dash - word) : strlen(word);
    memcpy(first, word, length);
    first[length] = '\0';
    if (!words_number(first, &range->first) ||
        (dash ? !words_number(dash + 1, &range->last) : (range->last = range->first, false)))
        return error_set(error, STATUS_USAGE, "--trace: %s=%s is no range; fix: %s=0x1f0-0x1f7",
                         part, word, part);
    if (range->first > range->last || range->last > limit)
        return error_set(error, STATUS_USAGE,
                         "--trace: %s=%s is empty or goes past 0x%llx; fix: the "
                         "lower end first",
                         part, word, (unsigned long long)limit);
    list->count++;
    return STATUS_OK;
}

static enum status parse_bit(unsigned *mask, const char *what, const char *word,
                             const char *const *names, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, names[i]) == 0) {
            *mask |= 1u << i;
            return STATUS_OK;
        }
    return refuse(what, word, names, count, error);
}

static enum status parse_name(struct name_list *list, const char *word)
{
    memcpy(list->words[list->count++], word, strlen(word) + 1);
    return STATUS_OK;
}

static enum status parse_word(struct trace_filter *filter, enum part_kind kind, const char *word,
                              const struct door *door, struct error *error)
{
    enum status status;
    switch (kind) {
    case PART_DEVICE:
        status = check_device(door, word, error);
        return status == STATUS_OK ? parse_name(&filter->devices, word) : status;
    case PART_MACHINE:
        status = check_machine(door, word, error);
        return status == STATUS_OK ? parse_name(&filter->machines, word) : status;
    case PART_PORT: return parse_range(&filter->ports, "port", word, 0xFFFF, error);
    case PART_ADDRESS: return parse_range(&filter->addresses, "addr", word, UINT64_MAX, error);
    case PART_DIRECTION:
        return parse_bit(&filter->directions, "direction", word, DIRECTIONS,
                         ARRAY_COUNT(DIRECTIONS), error);
    case PART_SPACE:
        return parse_bit(&filter->spaces, "space", word, SPACES, ARRAY_COUNT(SPACES), error);
    }
    return STATUS_OK;
}

/* Copies up to one of `ends`; NULL when there is nothing or too much. Returns what follows. */
static const char *take_word(char *word, const char *text, const char *ends)
{
    size_t length = strcspn(text, ends);
    if (length == 0 || length >= WORD_BYTES)
        return NULL;
    memcpy(word, text, length);
    word[length] = '\0';
    return text + length;
}

/* "dev=pit,ide", up to the next colon or the end, where it leaves *text. */
static enum status parse_part(struct trace_filter *filter, const char **text, unsigned *seen,
                              const struct door *door, struct error *error)
{
    char part[WORD_BYTES], word[WORD_BYTES];
    const char *at = take_word(part, *text, "=:,");
    size_t kind = 0, words = 0;
    if (!at)
        return error_set(error, STATUS_USAGE,
                         "--trace: '%.100s' does not start with a word; fix: "
                         "io:dev=NAME, say",
                         *text);
    while (kind < ARRAY_COUNT(PARTS) && strcmp(part, PARTS[kind]) != 0)
        kind++;
    if (kind == ARRAY_COUNT(PARTS))
        return refuse("filter", part, PARTS, ARRAY_COUNT(PARTS), error);
    if (*seen >> kind & 1)
        return error_set(error, STATUS_USAGE, "--trace: %s= is given twice; fix: %s=A,B", part,
                         part);
    *seen |= 1u << kind;
    if (*at != '=')
        return error_set(error, STATUS_USAGE, "--trace: %s needs a value; fix: %s=VALUE", part,
                         part);
    do {
        enum status status;
        at = take_word(word, at + 1, ":,");
        if (!at || ++words > WORDS_MAX)
            return error_set(error, STATUS_USAGE,
                             "--trace: %s= takes 1 to %d words of 1 to %d letters", part, WORDS_MAX,
                             WORD_BYTES - 1);
        status = parse_word(filter, (enum part_kind)kind, word, door, error);
        if (status != STATUS_OK)
            return status;
    } while (*at == ',');
    *text = at;
    return STATUS_OK;
}

/* "io,disk", up to the colon or the end, which is returned; NULL: refused. */
static const char *parse_kinds(struct trace_filter *filter, const char *text, struct error *error)
{
    static const char *const KINDS[TRACE_KINDS + 1] = {"io",  "wire", "irq",   "effect", "disk",
                                                       "net", "text", "sched", "all"};
    char word[WORD_BYTES];
    const char *at = text;
    do {
        size_t kind = 0;
        at = take_word(word, at == text ? at : at + 1, ":,");
        if (!at) {
            error_set(error, STATUS_USAGE,
                      "--trace: '%.100s' says nothing to trace; fix: --trace io", text);
            return NULL;
        }
        while (kind <= TRACE_KINDS && strcmp(word, KINDS[kind]) != 0)
            kind++;
        if (kind > TRACE_KINDS) {
            refuse("kind of trace", word, KINDS, ARRAY_COUNT(KINDS), error);
            return NULL;
        }
        filter->kinds |= kind == TRACE_KINDS ? (1u << TRACE_KINDS) - 1 : 1u << kind;
    } while (*at == ',');
    return at;
}

static enum status parse(struct trace_filter *filter, const char *text, const struct door *door,
                         struct error *error)
{
    unsigned seen = 0;
    const char *at = parse_kinds(filter, text, error);
    if (!at)
        return STATUS_USAGE;
    while (*at == ':') {
        enum status status;
        at++;
        status = parse_part(filter, &at, &seen, door, error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status trace_filter_new(struct trace_filter **filter, const char *text,
                             const struct door *door, struct error *error)
{
    struct trace_filter *made = calloc(1, sizeof *made);
    enum status status;
    *filter = NULL;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for the trace's filter");
    status = parse(made, text, door, error);
    if (status != STATUS_OK) {
        free(made);
        return status;
    }
    *filter = made;
    return STATUS_OK;
}

void trace_filter_free(struct trace_filter *filter)
{
    free(filter);
}

/* The words of a trace's filter (trace.h), checked against the machines and devices that there are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/words.h"
#include "bus/device.h"
#include "bus/space.h"
#include "debugger/trace.h"
#include "debugger/trace_filter_internal.h"

#define NAMES_MAX 128 /* devices of the door that a word is compared with */

enum part_kind {
    PART_DEVICE,
    PART_MACHINE,
    PART_PORT,
    PART_ADDRESS,
    PART_DIRECTION,
    PART_SPACE,
    PART_REGISTER,
    PART_FIELD,
    PART_INSTRUCTIONS,
    PART_PLACE,
    PART_FIRMWARE
};
static const char *const PARTS[] = {"dev", "machine", "port",   "addr", "dir",     "space",
                                    "reg", "field",   "icount", "ip",   "firmware"};
static const char *const DIRECTIONS[] = {"in", "out", "read", "write"};
static const char *const SPACES[] = {"port", "mmio", "dma", "call"};

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
            if (trace_filter_device_is(r->device, word))
                return STATUS_OK;
            add_name(names, &count, r->device->name);
        }
    /* A PCI card has no region before its driver maps it. */
    for (const struct device *d = door ? door->devices : NULL; d; d = d->next_at_door) {
        if (trace_filter_device_is(d, word))
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

/* "M=3", the field's name as in docs/devices. */
static enum status parse_field(struct field_list *list, const char *word, struct error *error)
{
    const char *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : 0;
    if (length == 0 || !words_number(equals + 1, &list->fields[list->count].value))
        return error_set(error, STATUS_USAGE,
                         "--trace: field=%s has no value; fix: field=NAME=NUMBER, such as "
                         "field=M=3",
                         word);
    memcpy(list->fields[list->count].name, word, length);
    list->fields[list->count++].name[length] = '\0';
    return STATUS_OK;
}

static enum status parse_firmware(struct trace_filter *filter, const char *word,
                                  const struct door *door, struct error *error)
{
    static const char *const ANSWERS[] = {"no", "yes"};
    filter->shows_firmware = strcmp(word, "yes") == 0;
    if (!filter->shows_firmware && !(door && door->is_scoped))
        return error_set(error, STATUS_USAGE,
                         "--trace: the run has no start for firmware=%s; fix: --no-firmware", word);
    return filter->shows_firmware || strcmp(word, "no") == 0
               ? STATUS_OK
               : refuse("answer to firmware=", word, ANSWERS, ARRAY_COUNT(ANSWERS), error);
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
    case PART_REGISTER: return parse_name(&filter->registers, word);
    case PART_FIELD: return parse_field(&filter->fields, word, error);
    case PART_INSTRUCTIONS:
        return parse_range(&filter->instructions, "icount", word, UINT64_MAX, error);
    case PART_PLACE: return parse_range(&filter->places, "ip", word, UINT32_MAX, error);
    case PART_FIRMWARE: return parse_firmware(filter, word, door, error);
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
    made->shows_firmware = !(door && door->is_scoped);
    status = parse(made, text, door, error);
    if (status != STATUS_OK) {
        free(made);
        return status;
    }
    *filter = made;
    return STATUS_OK;
}

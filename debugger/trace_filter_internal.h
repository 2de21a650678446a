/* What the two halves of the trace's filter share. */
#ifndef VITRINE_DEBUGGER_TRACE_FILTER_INTERNAL_H
#define VITRINE_DEBUGGER_TRACE_FILTER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct access;
struct device;

#define WORDS_MAX  16 /* of one part */
#define WORD_BYTES 48
#define SCOPE_IDS  65536u /* accesses that are remembered with whether they were of interest */

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
/* "M=3": a field of a register and the value that it has in the access. */
struct field_list {
    struct {
        char name[WORD_BYTES];
        uint64_t value;
    } fields[WORDS_MAX];
    size_t count;
};

struct trace_filter {
    struct name_list devices, machines, registers;
    struct range_list ports, addresses, instructions, places;
    struct field_list fields;
    unsigned directions, spaces;     /* bit masks; 0: all */
    unsigned kinds;                  /* of records, by enum trace_kind */
    bool shows_firmware;             /* also what the run hides (door.is_scoped) */
    bool has_started;                /* some machine got to its start */
    uint64_t of_interest[SCOPE_IDS]; /* ids, by their lower bits */
};

/* "ide0" is called ide0, ide and by its type. */
bool trace_filter_device_is(const struct device *device, const char *word);

#endif

/* The fields of a record as data: JSON Lines, CSV, CTF and Perfetto are made from this one table. */
#ifndef VITRINE_DEBUGGER_TRACE_FIELDS_H
#define VITRINE_DEBUGGER_TRACE_FIELDS_H

#include "debugger/trace_record.h"

enum trace_field_type {
    FIELD_NUMBER,
    FIELD_ADDRESS, /* a number that is read in hexadecimal */
    FIELD_TEXT,
    FIELD_BYTES
};

/* When a record has the field. */
enum trace_field_when {
    WHEN_ALWAYS,
    WHEN_SET, /* the number is not 0, the text is not empty */
    WHEN_CPU,
    WHEN_ACCESS,
    WHEN_ADDRESS, /* accesses, effects, disks */
    WHEN_MANY,    /* accesses of more than one element; effects, disks */
    WHEN_OLD,
    WHEN_NEW,
    WHEN_WIRE, /* a level */
    WHEN_LINE, /* wires and interrupts */
    WHEN_VECTOR,
    WHEN_CHS
};

struct trace_field {
    const char *name, *meaning;
    enum trace_field_type type;
    enum trace_field_when when;
    size_t offset;
    size_t width;
    const char *(*word)(const struct trace_record *record); /* a text made from others; else NULL */
};

struct trace_value {
    uint64_t number;
    const char *text;
    const uint8_t *bytes;
    size_t byte_count;
};

#define TRACE_FIELD_COUNT 48u
extern const struct trace_field TRACE_FIELDS[TRACE_FIELD_COUNT];
/* Whether a record of that kind may have the field. */
bool trace_field_belongs(const struct trace_field *field, enum trace_kind kind);
/* False when the record does not have the field. */
bool trace_field_get(const struct trace_field *field, const struct trace_record *record,
                     struct trace_value *value);

#endif

/* A trace as JSON Lines (RFC 8259; one object a line), from the table of fields. */
#include <stdlib.h>

#include "debugger/trace.h"
#include "debugger/trace_fields.h"
#include "debugger/trace_formats.h"
#include "debugger/trace_output.h"
#include "debugger/trace_put.h"

#define BYTES_MAX 2048u /* of a frame or a text */

static char *put_bytes(char *to, const struct trace_value *value)
{
    size_t count = value->byte_count < BYTES_MAX ? value->byte_count : BYTES_MAX;
    *to++ = '"';
    for (size_t i = 0; i < count; i++) {
        *to++ = "0123456789abcdef"[value->bytes[i] >> 4];
        *to++ = "0123456789abcdef"[value->bytes[i] & 15];
    }
    *to++ = '"';
    return to;
}

static char *put_value(char *to, enum trace_field_type type, const struct trace_value *value)
{
    switch (type) {
    case FIELD_NUMBER: return put_decimal(to, value->number);
    case FIELD_ADDRESS: return put_text(put_hex(put_text(to, "\"0x"), value->number), "\"");
    case FIELD_TEXT: return put_quoted(to, value->text);
    case FIELD_BYTES: return put_bytes(to, value);
    }
    return to;
}

size_t trace_json_line(char *text, const struct trace_record *record)
{
    char *to = text;
    *to++ = '{';
    for (size_t i = 0; i < TRACE_FIELD_COUNT; i++) {
        const struct trace_field *field = &TRACE_FIELDS[i];
        struct trace_value value;
        if (!trace_field_get(field, record, &value))
            continue;
        if (to != text + 1)
            *to++ = ',';
        *to++ = '"';
        to = put_text(put_text(to, field->name), "\":");
        to = put_value(to, field->type, &value);
    }
    return (size_t)(put_text(to, "}\n") - text);
}

/* --- the sink -------------------------------------------------------------------------------------- */

static enum status write_record(void *self, const struct trace_record *record, struct error *error)
{
    struct trace_output *output = self;
    char *room = trace_output_room(output, TRACE_LINE_BYTES);
    trace_output_take(output, room + trace_json_line(room, record));
    return trace_output_status(output, error);
}

enum status trace_json_open(struct trace_sink *sink, const char *path, struct error *error)
{
    *sink = (struct trace_sink){.record = write_record};
    return trace_output_sink(sink, path, '{', error);
}

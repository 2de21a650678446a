/* A trace as CSV (RFC 4180): a header with the names of all fields, then a row a record. Bytes are
 * hexadecimal; what a record does not have is empty. */
#include "debugger/trace_fields.h"
#include "debugger/trace_formats.h"
#include "debugger/trace_output.h"
#include "debugger/trace_put.h"

#define ROW_BYTES 32768u
#define BYTES_MAX 2048u /* of a frame or a text */

/* In quotes always; quotes inside are doubled, control characters become blanks. */
static char *put_cell(char *to, const char *text)
{
    *to++ = '"';
    for (size_t i = 0; i < PUT_TEXT_MAX && text[i]; i++) {
        if (text[i] == '"')
            *to++ = '"';
        *to++ = (unsigned char)text[i] < 0x20 ? ' ' : text[i];
    }
    *to++ = '"';
    return to;
}

static char *put_bytes(char *to, const struct trace_value *value)
{
    for (size_t i = 0; i < value->byte_count && i < BYTES_MAX; i++) {
        *to++ = "0123456789abcdef"[value->bytes[i] >> 4];
        *to++ = "0123456789abcdef"[value->bytes[i] & 15];
    }
    return to;
}

static char *put_value(char *to, enum trace_field_type type, const struct trace_value *value)
{
    switch (type) {
    case FIELD_NUMBER: return put_decimal(to, value->number);
    case FIELD_ADDRESS: return put_hex(put_text(to, "0x"), value->number);
    case FIELD_TEXT: return put_cell(to, value->text);
    case FIELD_BYTES: return put_bytes(to, value);
    }
    return to;
}

static enum status write_head(void *self, const struct trace_head *head, struct error *error)
{
    (void)head;
    for (size_t i = 0; i < TRACE_FIELD_COUNT; i++)
        trace_output_print(self, "%s%s", TRACE_FIELDS[i].name,
                           i + 1 < TRACE_FIELD_COUNT ? "," : "\r\n");
    return trace_output_status(self, error);
}

static enum status write_record(void *self, const struct trace_record *record, struct error *error)
{
    struct trace_output *output = self;
    char *to = trace_output_room(output, ROW_BYTES);
    for (size_t i = 0; i < TRACE_FIELD_COUNT; i++) {
        struct trace_value value;
        if (trace_field_get(&TRACE_FIELDS[i], record, &value))
            to = put_value(to, TRACE_FIELDS[i].type, &value);
        *to++ = ',';
    }
    trace_output_take(output, put_text(to - 1, "\r\n"));
    return trace_output_status(output, error);
}

enum status trace_csv_open(struct trace_sink *sink, const char *path, struct error *error)
{
    *sink = (struct trace_sink){.begin = write_head, .record = write_record};
    return trace_output_sink(sink, path, 's', error);
}

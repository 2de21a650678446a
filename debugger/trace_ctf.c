/* A trace in the Common Trace Format 1.8: a folder with `metadata` and one stream, for babeltrace2 and
 * Trace Compass.
 *
 * Specification: CTF 1.8.3 (diamon.org/ctf): section 5 (event headers), 7 (TSDL). A kind of record is an
 * event class; its fields are those of the table. Numbers that a record may lack are arrays of one
 * element or none; texts it lacks are empty. Records are written when they are over, and time must
 * not run back: an event's time stamp is that of its end, `ns` its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/file.h"
#include "base/bits.h"
#include "debugger/trace_fields.h"
#include "debugger/trace_formats.h"
#include "debugger/trace_output.h"
#include "debugger/trace_put.h"

#define CTF_MAGIC    0xC1FC1FC1u
#define RECORD_BYTES 16384u
#define BYTES_MAX    2048u

struct ctf_sink {
    struct trace_output stream; /* first: trace_output_end() frees it */
    struct trace_output metadata;
    uint64_t last;
};

/* --- metadata -------------------------------------------------------------------------------------------- */

static bool is_optional(const struct trace_field *field)
{
    switch (field->when) {
    case WHEN_CPU:
    case WHEN_OLD:
    case WHEN_NEW:
    case WHEN_VECTOR:
    case WHEN_CHS: return true;
    case WHEN_ALWAYS:
    case WHEN_SET:
    case WHEN_ACCESS:
    case WHEN_ADDRESS:
    case WHEN_MANY:
    case WHEN_WIRE:
    case WHEN_LINE: return false;
    }
    return false;
}

static void declare_field(struct trace_output *out, const struct trace_field *field)
{
    const char *type = field->type == FIELD_ADDRESS ? "address" : "number";
    switch (field->type) {
    case FIELD_NUMBER:
    case FIELD_ADDRESS:
        if (is_optional(field))
            trace_output_print(out, "        byte _%s_count; %s _%s[_%s_count];\n", field->name,
                               type, field->name, field->name);
        else
            trace_output_print(out, "        %s _%s;\n", type, field->name);
        return;
    case FIELD_TEXT: trace_output_print(out, "        string _%s;\n", field->name); return;
    case FIELD_BYTES:
        trace_output_print(out, "        length _%s_count; byte _%s[_%s_count];\n", field->name,
                           field->name, field->name);
        return;
    }
}

/* Names begin with an underscore, which readers take away: `count` and `size` would be no
 * identifiers to some. */
static void write_metadata(struct trace_output *out, const struct trace_head *head)
{
    trace_output_print(out, "/* CTF 1.8 */\n");
    trace_output_print(
        out,
        "typealias integer { size = 8; align = 8; signed = false; } := byte;\n"
        "typealias integer { size = 16; align = 8; signed = false; } := length;\n"
        "typealias integer { size = 32; align = 8; signed = false; } := word;\n"
        "typealias integer { size = 64; align = 8; signed = false; } := number;\n"
        "typealias integer { size = 64; align = 8; signed = false; base = 16; } := address;\n"
        "trace {\n    major = 1;\n    minor = 8;\n    byte_order = le;\n"
        "    packet.header := struct { word magic; };\n};\n"
        "env {\n    tracer_name = \"vitrine\";\n};\n"
        "clock {\n    name = virtual;\n    freq = 1000000000;\n    offset_s = %llu;\n};\n"
        "typealias integer { size = 64; align = 8; signed = false; map = clock.virtual.value; } := "
        "stamp;\n"
        "stream {\n    event.header := struct { byte id; stamp timestamp; };\n};\n",
        (unsigned long long)head->start_seconds);
    for (unsigned kind = 0; kind < TRACE_KINDS; kind++) {
        trace_output_print(out,
                           "event {\n    name = \"%s\";\n    id = %u;\n    fields := struct {\n",
                           TRACE_KIND_NAMES[kind], kind);
        for (size_t i = 0; i < TRACE_FIELD_COUNT; i++)
            if (trace_field_belongs(&TRACE_FIELDS[i], (enum trace_kind)kind))
                declare_field(out, &TRACE_FIELDS[i]);
        trace_output_print(out, "    };\n};\n");
    }
}

/* --- events ---------------------------------------------------------------------------------------------- */

static uint8_t *put64(uint8_t *to, uint64_t value)
{
    store_le64(to, value);
    return to + 8;
}

static uint8_t *put_string(uint8_t *to, const char *text)
{
    size_t length = strnlen(text, PUT_TEXT_MAX);
    memcpy(to, text, length);
    to[length] = '\0';
    return to + length + 1;
}

static uint8_t *put_field(uint8_t *to, const struct trace_field *field,
                          const struct trace_record *record)
{
    struct trace_value value = {0};
    bool has = trace_field_get(field, record, &value);
    size_t count = has && value.byte_count < BYTES_MAX ? value.byte_count : has ? BYTES_MAX : 0;
    switch (field->type) {
    case FIELD_NUMBER:
    case FIELD_ADDRESS:
        if (is_optional(field))
            *to++ = has;
        return has || !is_optional(field) ? put64(to, has ? value.number : 0) : to;
    case FIELD_TEXT: return put_string(to, has ? value.text : "");
    case FIELD_BYTES:
        store_le16(to, (uint16_t)count);
        if (count)
            memcpy(to + 2, value.bytes, count);
        return to + 2 + count;
    }
    return to;
}

static enum status write_record(void *self, const struct trace_record *record, struct error *error)
{
    struct ctf_sink *sink = self;
    uint8_t *to = (uint8_t *)trace_output_room(&sink->stream, RECORD_BYTES);
    if (record->ns > sink->last)
        sink->last = record->ns;
    *to++ = (uint8_t)record->kind;
    to = put64(to, sink->last);
    for (size_t i = 0; i < TRACE_FIELD_COUNT; i++)
        if (trace_field_belongs(&TRACE_FIELDS[i], record->kind))
            to = put_field(to, &TRACE_FIELDS[i], record);
    trace_output_take(&sink->stream, (char *)to);
    return trace_output_status(&sink->stream, error);
}

/* --- life ------------------------------------------------------------------------------------------------ */

static enum status begin(void *self, const struct trace_head *head, struct error *error)
{
    struct ctf_sink *sink = self;
    uint8_t magic[4];
    store_le32(magic, CTF_MAGIC);
    trace_output_bytes(&sink->stream, magic, sizeof magic);
    write_metadata(&sink->metadata, head);
    return trace_output_flush(&sink->metadata, error);
}

static enum status flush(void *self, struct error *error)
{
    return trace_output_flush(&((struct ctf_sink *)self)->stream, error);
}

static enum status end(void *self, struct error *error)
{
    trace_output_close(&((struct ctf_sink *)self)->metadata, error);
    return trace_output_end(self, error);
}

enum status trace_ctf_open(struct trace_sink *sink, const char *path, struct error *error)
{
    struct ctf_sink *made = calloc(1, sizeof *made);
    char name[1024];
    enum status status = file_make_folder(path, error);
    *sink = (struct trace_sink){begin, write_record, end, flush, made, NULL};
    if (status != STATUS_OK) {
        free(made);
        return status;
    }
    snprintf(name, sizeof name, "%s/stream", path);
    status = trace_output_begin((struct trace_output *)made, name, '\xC1', error);
    if (status != STATUS_OK)
        return status;
    snprintf(name, sizeof name, "%s/metadata", path);
    status = trace_output_open(&made->metadata, name, '/', error);
    if (status != STATUS_OK)
        trace_output_end(made, &(struct error){STATUS_OK, ""});
    return status;
}

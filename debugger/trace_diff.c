#include "debugger/trace_diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "debugger/trace_fields.h"
#include "debugger/trace_text.h"

#define CONTEXT     3u /* records before and behind */
#define VALUE_BYTES 256

struct diff {
    FILE *out;
    bool ignored[TRACE_FIELD_COUNT];
    char before[CONTEXT][TRACE_TEXT_BYTES]; /* the last ones that both have, as a ring */
    uint64_t same;
};

static enum status ignore_field(struct diff *diff, const char *word, struct error *error)
{
    const char *names[TRACE_FIELD_COUNT], *nearest;
    for (size_t i = 0; i < TRACE_FIELD_COUNT; i++) {
        names[i] = TRACE_FIELDS[i].name;
        if (strcmp(word, names[i]) == 0) {
            diff->ignored[i] = true;
            return STATUS_OK;
        }
    }
    nearest = words_nearest(word, names, TRACE_FIELD_COUNT);
    return error_set(error, STATUS_USAGE, "--ignore: no field '%s'; fix: %s%s", word,
                     nearest ? "did you mean " : "a key of the JSON form", nearest ? nearest : "");
}

static enum status parse_ignore(struct diff *diff, const char *text, struct error *error)
{
    while (text && *text) {
        char word[32];
        size_t length = strcspn(text, ",");
        enum status status;
        snprintf(word, sizeof word, "%.*s", (int)(length < 31 ? length : 31), text);
        status = ignore_field(diff, word, error);
        if (status != STATUS_OK)
            return status;
        text += length + (text[length] == ',');
    }
    return STATUS_OK;
}

static bool field_differs(const struct trace_field *field, const struct trace_record *a,
                          const struct trace_record *b)
{
    struct trace_value x = {0}, y = {0};
    bool has_x = trace_field_get(field, a, &x), has_y = trace_field_get(field, b, &y);
    if (!has_x || !has_y)
        return has_x != has_y;
    switch (field->type) {
    case FIELD_NUMBER:
    case FIELD_ADDRESS: return x.number != y.number;
    case FIELD_TEXT: return strcmp(x.text, y.text) != 0;
    case FIELD_BYTES:
        return x.byte_count != y.byte_count || memcmp(x.bytes, y.bytes, x.byte_count) != 0;
    }
    return false;
}

/* The names of the fields that differ, for people; false: none does. */
static bool compare(const struct diff *diff, const struct trace_record *a,
                    const struct trace_record *b, char *names, size_t size)
{
    size_t used = 0;
    names[0] = '\0';
    for (size_t i = 0; i < TRACE_FIELD_COUNT; i++)
        if (!diff->ignored[i] && field_differs(&TRACE_FIELDS[i], a, b))
            text_append(names, size, &used, "%s%s", used ? ", " : "", TRACE_FIELDS[i].name);
    return used != 0;
}

static void put_value(const struct trace_field *field, const struct trace_record *record, char *text,
                      size_t size)
{
    struct trace_value value = {0};
    size_t used = 0;
    text[0] = '\0';
    if (!trace_field_get(field, record, &value))
        text_append(text, size, &used, "nothing");
    else if (field->type == FIELD_TEXT)
        text_append(text, size, &used, "\"%s\"", value.text);
    else if (field->type == FIELD_BYTES)
        text_append(text, size, &used, "%zu bytes", value.byte_count);
    else
        text_append(text, size, &used, field->type == FIELD_ADDRESS ? "0x%llx" : "%llu",
                    (unsigned long long)value.number);
}

/* Each field that differs, in words. */
static void print_fields(const struct diff *diff, const struct trace_record *a,
                         const struct trace_record *b)
{
    char in_a[VALUE_BYTES], in_b[VALUE_BYTES];
    for (size_t i = 0; i < TRACE_FIELD_COUNT; i++) {
        const struct trace_field *field = &TRACE_FIELDS[i];
        if (diff->ignored[i] || !field_differs(field, a, b))
            continue;
        put_value(field, a, in_a, sizeof in_a);
        put_value(field, b, in_b, sizeof in_b);
        fprintf(diff->out, "  %s (%s): %s in the first, %s in the second\n", field->name,
                field->meaning, in_a, in_b);
    }
}

static void remember(struct diff *diff, const struct trace_record *record)
{
    char *line = diff->before[diff->same++ % CONTEXT];
    line[trace_text_line(line, record) - 1] = '\0';
}

/* The record where it parts, and some behind it. */
static enum status print_side(const struct diff *diff, char sign, struct vtr_reader *reader,
                              const struct trace_record *record, struct error *error)
{
    char line[TRACE_TEXT_BYTES];
    enum status status = STATUS_OK;
    if (!record)
        fprintf(diff->out, "%c (has no more records)\n", sign);
    for (unsigned i = 0; record && i <= CONTEXT && status == STATUS_OK; i++) {
        line[trace_text_line(line, record) - 1] = '\0';
        fprintf(diff->out, "%c %s\n", sign, line);
        status = vtr_next(reader, &record, error);
    }
    return status;
}

static enum status print_parting(const struct diff *diff, const char *names, struct vtr_reader *a,
                                 const struct trace_record *in_a, struct vtr_reader *b,
                                 const struct trace_record *in_b, struct error *error)
{
    uint64_t from = diff->same > CONTEXT ? diff->same - CONTEXT : 0;
    enum status status;
    fprintf(diff->out, "%llu records are the same; then %s\n", (unsigned long long)diff->same,
            names[0] ? names : "one has no more");
    if (in_a && in_b)
        print_fields(diff, in_a, in_b);
    for (uint64_t i = from; i < diff->same; i++)
        fprintf(diff->out, "  %s\n", diff->before[i % CONTEXT]);
    status = print_side(diff, '-', a, in_a, error);
    return status == STATUS_OK ? print_side(diff, '+', b, in_b, error) : status;
}

static enum status walk(struct diff *diff, struct vtr_reader *a, struct vtr_reader *b,
                        bool *differs, struct error *error)
{
    const struct trace_record *in_a, *in_b;
    char names[512] = "";
    for (;;) {
        if (vtr_next(a, &in_a, error) != STATUS_OK || vtr_next(b, &in_b, error) != STATUS_OK)
            return error->status;
        if (!in_a && !in_b)
            return STATUS_OK;
        *differs = !in_a || !in_b || compare(diff, in_a, in_b, names, sizeof names);
        if (*differs)
            return print_parting(diff, names, a, in_a, b, in_b, error);
        remember(diff, in_a);
    }
}

enum status trace_diff_print(FILE *out, struct vtr_reader *a, struct vtr_reader *b,
                             const char *ignore, bool *differs, struct error *error)
{
    struct diff *diff = calloc(1, sizeof *diff);
    enum status status;
    *differs = false;
    if (!diff)
        return error_set(error, STATUS_INTERNAL, "out of memory to compare traces");
    diff->out = out;
    status = parse_ignore(diff, ignore, error);
    if (status == STATUS_OK)
        status = walk(diff, a, b, differs, error);
    free(diff);
    return status;
}

#include "debugger/trace_fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define TEXT_BYTES 2048 /* of one record's texts */

struct fold {
    struct trace_sink inner;
    struct trace_record held; /* the first of a loop; its texts are in `texts` */
    bool is_holding;
    char texts[TEXT_BYTES];
};

/* The texts of an access. */
static const size_t TEXTS[] = {
    offsetof(struct trace_record, machine), offsetof(struct trace_record, instruction),
    offsetof(struct trace_record, symbol),  offsetof(struct trace_record, source_line),
    offsetof(struct trace_record, process), offsetof(struct trace_record, device),
    offsetof(struct trace_record, reg),     offsetof(struct trace_record, changed),
    offsetof(struct trace_record, note),    offsetof(struct trace_record, meaning),
    offsetof(struct trace_record, effects)};

static const char **text_at(struct trace_record *record, size_t offset)
{
    return (const char **)(void *)((char *)record + offset);
}

/* A text that there is no room for is left out. */
static void hold(struct fold *fold, const struct trace_record *record)
{
    size_t used = 0;
    fold->held = *record;
    fold->is_holding = true;
    for (size_t i = 0; i < ARRAY_COUNT(TEXTS); i++) {
        const char **text = text_at(&fold->held, TEXTS[i]);
        size_t bytes = *text ? strlen(*text) + 1 : 0;
        if (used + bytes > sizeof fold->texts)
            bytes = 0;
        if (bytes)
            memcpy(fold->texts + used, *text, bytes);
        *text = bytes ? fold->texts + used : NULL;
        used += bytes;
    }
}

static bool is_same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool is_poll(const struct trace_record *record)
{
    return record->kind == TRACE_ACCESS && !record->is_write && record->has_cpu &&
           record->count == 1;
}

static bool repeats(const struct trace_record *held, const struct trace_record *record)
{
    return is_poll(record) && held->linear == record->linear && held->cs == record->cs &&
           held->space == record->space && held->address == record->address &&
           held->size == record->size && held->value == record->value && held->cpu == record->cpu &&
           is_same_text(held->machine, record->machine);
}

static enum status let_go(struct fold *fold, struct error *error)
{
    if (!fold->is_holding)
        return STATUS_OK;
    fold->is_holding = false;
    return fold->inner.record(fold->inner.self, &fold->held, error);
}

static enum status fold_begin(void *self, const struct trace_head *head, struct error *error)
{
    struct fold *fold = self;
    return fold->inner.begin ? fold->inner.begin(fold->inner.self, head, error) : STATUS_OK;
}

static enum status fold_record(void *self, const struct trace_record *record, struct error *error)
{
    struct fold *fold = self;
    enum status status;
    if (fold->is_holding && repeats(&fold->held, record)) {
        fold->held.folded++;
        return STATUS_OK;
    }
    status = let_go(fold, error);
    if (status != STATUS_OK)
        return status;
    if (!is_poll(record))
        return fold->inner.record(fold->inner.self, record, error);
    hold(fold, record);
    return STATUS_OK;
}

/* What is held may grow still: it stays. */
static enum status fold_flush(void *self, struct error *error)
{
    struct fold *fold = self;
    return fold->inner.flush ? fold->inner.flush(fold->inner.self, error) : STATUS_OK;
}

static enum status fold_end(void *self, struct error *error)
{
    struct fold *fold = self;
    enum status status = let_go(fold, error), ended;
    struct error second = {STATUS_OK, ""};
    ended = fold->inner.end(fold->inner.self, status == STATUS_OK ? error : &second);
    free(fold);
    return status == STATUS_OK ? ended : status;
}

enum status trace_fold_open(struct trace_sink *sink, struct error *error)
{
    struct fold *fold = calloc(1, sizeof *fold);
    if (!fold)
        return error_set(error, STATUS_INTERNAL, "out of memory for --fold-polls");
    fold->inner = *sink;
    *sink = (struct trace_sink){fold_begin, fold_record, fold_end, fold_flush, NULL};
    sink->self = fold;
    return STATUS_OK;
}

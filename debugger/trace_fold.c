#include "debugger/trace_fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define TEXT_BYTES 2048 /* of one record's texts */
#define WITH_BYTES 256  /* for the words about a round's other accesses */

struct held {
    struct trace_record record; /* its texts are in `texts` */
    char texts[TEXT_BYTES];
};

/* Reads wait in `held` until it is known whether they are rounds of a loop:
 *
 *   a b a │ b arrives: the last two repeat the two before    → loop of 2: a b, once repeated
 *   a b   │ a b a b a …                                      → only counted
 *   a b   │ c: the loop is over: a is written, with b and ×N */
struct fold {
    struct trace_sink inner;
    struct held held[2 * FOLD_ROUND_MAX];
    size_t count;  /* of these, from the oldest on */
    size_t round;  /* accesses of the loop's round: `held` has one round; 0: no loop yet */
    size_t next;   /* which of them comes next */
    uint64_t more; /* accesses of the loop behind its first round */
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
static void hold(struct held *held, const struct trace_record *record)
{
    size_t used = 0;
    held->record = *record;
    for (size_t i = 0; i < ARRAY_COUNT(TEXTS); i++) {
        const char **text = text_at(&held->record, TEXTS[i]);
        size_t bytes = *text ? strlen(*text) + 1 : 0;
        if (used + bytes > sizeof held->texts)
            bytes = 0;
        if (bytes)
            memcpy(held->texts + used, *text, bytes);
        *text = bytes ? held->texts + used : NULL;
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

/* The oldest `count` are written as they are. */
static enum status write_oldest(struct fold *fold, size_t count, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = fold->inner.record(fold->inner.self, &fold->held[i].record, error);
    fold->count -= count;
    for (size_t i = 0; count && i < fold->count; i++)
        hold(&fold->held[i], &fold->held[i + count].record);
    return status;
}

/* "in 0x3f6 = 0x80 ide0 ALT STATUS": the rest of a round. */
static void put_with(const struct fold *fold, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 1; i < fold->round; i++) {
        const struct trace_record *r = &fold->held[i].record;
        text_append(text, size, &used, "%s%s 0x%llx = 0x%llx", used ? "; " : "", trace_direction(r),
                    (unsigned long long)r->address, (unsigned long long)r->value);
        if (r->device)
            text_append(text, size, &used, " %s", r->device);
        if (r->reg)
            text_append(text, size, &used, " %s", r->reg);
    }
}

/* The loop so far, as a record; its `with` is in `text`. */
static const struct trace_record *put_loop(struct fold *fold, char *text, size_t size)
{
    struct trace_record *first = &fold->held[0].record;
    put_with(fold, text, size);
    first->folded = fold->round - 1 + fold->more;
    first->round = (uint32_t)fold->round;
    first->with = text;
    return first;
}

static enum status end_loop(struct fold *fold, struct error *error)
{
    char with[WITH_BYTES];
    const struct trace_record *loop = put_loop(fold, with, sizeof with);
    fold->count = fold->round = 0;
    return fold->inner.record(fold->inner.self, loop, error);
}

static enum status let_go(struct fold *fold, struct error *error)
{
    return fold->round ? end_loop(fold, error) : write_oldest(fold, fold->count, error);
}

/* The last `round` accesses are what the `round` before them were. */
static bool is_repeated(const struct fold *fold, size_t round)
{
    for (size_t i = 0; i < round; i++) {
        size_t at = fold->count - 2 * round + i;
        if (!repeats(&fold->held[at].record, &fold->held[at + round].record))
            return false;
    }
    return true;
}

/* With the newest read in `held`: a loop begins, or the oldest has waited long enough. */
static enum status look_for_loop(struct fold *fold, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t round = 1; 2 * round <= fold->count; round++) {
        if (!is_repeated(fold, round))
            continue;
        status = write_oldest(fold, fold->count - 2 * round, error);
        fold->more = fold->count = fold->round = round;
        fold->next = 0;
        return status;
    }
    return fold->count == ARRAY_COUNT(fold->held) ? write_oldest(fold, 1, error) : status;
}

static enum status fold_begin(void *self, const struct trace_head *head, struct error *error)
{
    struct fold *fold = self;
    return fold->inner.begin ? fold->inner.begin(fold->inner.self, head, error) : STATUS_OK;
}

static enum status fold_record(void *self, const struct trace_record *record, struct error *error)
{
    struct fold *fold = self;
    enum status status = STATUS_OK;
    if (fold->round && repeats(&fold->held[fold->next].record, record)) {
        fold->next = (fold->next + 1) % fold->round;
        fold->more++;
        return STATUS_OK;
    }
    if (fold->round || !is_poll(record))
        status = let_go(fold, error);
    if (status != STATUS_OK)
        return status;
    if (!is_poll(record))
        return fold->inner.record(fold->inner.self, record, error);
    hold(&fold->held[fold->count++], record);
    return look_for_loop(fold, error);
}

/* A loop may grow still: it stays. Reads that are none do not wait for the next. */
static enum status fold_flush(void *self, struct error *error)
{
    struct fold *fold = self;
    enum status status = fold->round ? STATUS_OK : let_go(fold, error);
    return status == STATUS_OK && fold->inner.flush ? fold->inner.flush(fold->inner.self, error)
                                                    : status;
}

static enum status fold_draft(void *self, const struct trace_record *open, struct error *error)
{
    struct fold *fold = self;
    char with[WITH_BYTES];
    (void)open; /* what is open is known here */
    if (fold->inner.draft)
        return fold->inner.draft(fold->inner.self,
                                 fold->round ? put_loop(fold, with, sizeof with) : NULL, error);
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
    *sink = (struct trace_sink){fold_begin, fold_record, fold_end, fold_flush, NULL, fold_draft};
    sink->self = fold;
    return STATUS_OK;
}

#include "debugger/interrupt_life.h"

#include <stdio.h>
#include <string.h>

static struct interrupt_line *find_line(struct interrupt_lives *lives, const char *machine,
                                        const char *source, unsigned number)
{
    struct interrupt_line *line = lives->lines;
    for (size_t i = 0; i < lives->count; i++, line++)
        if (line->line == number && strcmp(line->source, source) == 0 &&
            strcmp(line->machine, machine) == 0)
            return line;
    if (lives->count == INTERRUPT_LINES_MAX)
        return NULL;
    line = &lives->lines[lives->count++];
    snprintf(line->machine, sizeof line->machine, "%s", machine);
    snprintf(line->source, sizeof line->source, "%s", source);
    line->line = number;
    return line;
}

/* The CPU that enters a handler knows the vector: the input that was acknowledged with it last. */
static struct interrupt_line *find_vector(struct interrupt_lives *lives, const char *machine,
                                          uint8_t vector)
{
    struct interrupt_line *found = NULL, *line = lives->lines;
    for (size_t i = 0; i < lives->count; i++, line++)
        if (line->is_serving && line->has_vector && line->vector == vector &&
            strcmp(line->machine, machine) == 0 &&
            (!found || line->acknowledged_ns >= found->acknowledged_ns))
            found = line;
    return found;
}

static void add_stage(struct interrupt_stage *stage, uint64_t ns)
{
    stage->count++;
    stage->sum_ns += ns;
    if (ns > stage->most_ns)
        stage->most_ns = ns;
}

static void say_span(char *words, size_t size, uint64_t ns, const char *what)
{
    const char *unit = ns < 10000 ? "ns" : ns < 10000000 ? "us" : "ms";
    uint64_t scale = ns < 10000 ? 1 : ns < 10000000 ? 1000 : 1000000;
    if (scale == 1)
        snprintf(words, size, "%llu ns %s", (unsigned long long)ns, what);
    else
        snprintf(words, size, "%llu.%llu %s %s", (unsigned long long)(ns / scale),
                 (unsigned long long)(ns / (scale / 10) % 10), unit, what);
}

static void request(struct interrupt_line *line, const struct trace_record *record)
{
    if (!line->is_requested)
        line->raised_ns = record->ns;
    line->is_requested = true;
    line->cause = record->cause;
}

static void acknowledge(struct interrupt_line *line, const struct trace_record *record, char *words,
                        size_t size)
{
    if (line->is_requested) {
        add_stage(&line->waiting, record->ns - line->raised_ns);
        say_span(words, size, record->ns - line->raised_ns, "after it was raised");
    }
    line->is_requested = line->is_masked = false;
    line->is_serving = true;
    line->acknowledged_ns = record->ns;
    line->has_vector = record->has_vector;
    line->vector = record->vector;
}

static void end(struct interrupt_line *line, const struct trace_record *record, char *words,
                size_t size)
{
    if (line->is_serving) {
        add_stage(&line->serving, record->ns - line->acknowledged_ns);
        say_span(words, size, record->ns - line->acknowledged_ns, "after INTA");
    }
    line->is_serving = false;
}

void interrupt_lives_take(struct interrupt_lives *lives, const struct trace_record *record,
                          char *words, size_t size)
{
    struct interrupt_line *line = NULL;
    const char *machine = record->machine ? record->machine : "";
    if (size)
        words[0] = '\0';
    if (record->kind != TRACE_INTERRUPT)
        return;
    if (record->step == INTERRUPT_ENTERED)
        line = find_vector(lives, machine, record->vector);
    if (!line)
        line = find_line(lives, machine, record->source ? record->source : "", record->line);
    if (!line) {
        lives->left_out++;
        return;
    }
    line->steps[record->step]++;
    switch (record->step) {
    case INTERRUPT_RAISED:
    case INTERRUPT_REQUESTED:
    case INTERRUPT_INJECTED:
        request(line, record);
        line->is_masked = false;
        break;
    case INTERRUPT_MASKED:
        request(line, record);
        line->is_masked = true;
        break;
    case INTERRUPT_LOST: line->is_requested = line->is_masked = false; break;
    case INTERRUPT_ACKNOWLEDGED: acknowledge(line, record, words, size); break;
    case INTERRUPT_ENTERED:
        if (line->is_serving)
            say_span(words, size, record->ns - line->acknowledged_ns, "after INTA");
        break;
    case INTERRUPT_ENDED: end(line, record, words, size); break;
    case INTERRUPT_LOWERED:
        if (!line->is_serving)
            line->is_requested = line->is_masked = false;
        break;
    case INTERRUPT_NONE:
    case INTERRUPT_UNSERVED:
    case INTERRUPT_STEPS: break;
    }
}

void interrupt_lives_end(struct interrupt_lives *lives, uint64_t now_ns,
                         void (*unserved)(void *self, const struct interrupt_line *line,
                                          const char *words),
                         void *self)
{
    for (size_t i = 0; i < lives->count; i++) {
        struct interrupt_line *line = &lives->lines[i];
        char words[96];
        if (!line->is_requested)
            continue;
        line->steps[INTERRUPT_UNSERVED]++;
        say_span(words, sizeof words, now_ns - line->raised_ns,
                 line->is_masked ? "after it was raised it waits still: masked"
                                 : "after it was raised it waits still: never acknowledged");
        if (unserved)
            unserved(self, line, words);
    }
}

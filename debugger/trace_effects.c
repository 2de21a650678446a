#include "debugger/trace_effects.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/status.h"

/* One more effect of the outermost access around `current`. */
static void add(struct trace_effects *effects, const struct access *current, const char *format,
                ...) __attribute__((format(printf, 3, 4)));
static void add(struct trace_effects *effects, const struct access *current, const char *format,
                ...)
{
    char words[96];
    va_list arguments;
    while (current->outer)
        current = current->outer;
    if (effects->access != current->id) {
        effects->access = current->id;
        effects->used = 0;
        effects->text[0] = '\0';
    }
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    text_append(effects->text, sizeof effects->text, &effects->used, "%s%s",
                effects->used ? "; " : "", words);
}

static void add_interrupt(struct trace_effects *effects, const struct access *current,
                          const struct door_event *event)
{
    switch (event->step) {
    case INTERRUPT_RAISED:
    case INTERRUPT_LOWERED:
    case INTERRUPT_ENDED:
    case INTERRUPT_INJECTED:
    case INTERRUPT_MASKED:
    case INTERRUPT_LOST:
        add(effects, current, "%s irq%u %s", event->source, event->line,
            INTERRUPT_STEP_NAMES[event->step]);
        break;
    case INTERRUPT_NONE:
    case INTERRUPT_REQUESTED: /* follows from raised */
    case INTERRUPT_ACKNOWLEDGED:
    case INTERRUPT_ENTERED:
    case INTERRUPT_UNSERVED:
    case INTERRUPT_STEPS: break;
    }
}

void trace_effects_take(struct trace_effects *effects, const struct access *current,
                        const struct door_event *event)
{
    if (!current)
        return;
    switch (event->kind) {
    case DOOR_INTERRUPT: add_interrupt(effects, current, event); break;
    case DOOR_WIRE:
        if (event->level)
            add(effects, current, "%s line %u: %s", event->source, event->line,
                event->words ? event->words : "up");
        break;
    case DOOR_EFFECT:
        add(effects, current, "%s", event->words ? event->words : event->source);
        break;
    case DOOR_DISK:
        if (event->count)
            add(effects, current, "%s %s %llu sectors at LBA %llu", event->source,
                event->is_write ? "writes" : "reads", (unsigned long long)event->count,
                (unsigned long long)event->address);
        break;
    case DOOR_FRAME:
        add(effects, current, "frame %s → %s, %zu bytes", event->source,
            event->target ? event->target : "?", event->byte_count);
        break;
    case DOOR_TEXT:
    case DOOR_SCHEDULE: break;
    }
}

const char *trace_effects_end(struct trace_effects *effects, const struct access *access)
{
    if (access->space_kind == ACCESS_DMA && access->outer)
        add(effects, access->outer, "DMA %s 0x%llx+%llu", access->is_write ? "to" : "from",
            (unsigned long long)access->address, (unsigned long long)access->count);
    if (effects->access != access->id)
        return NULL;
    effects->access = 0;
    return effects->text;
}

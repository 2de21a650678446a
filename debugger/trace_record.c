#include "debugger/trace_record.h"

#include <string.h>

#include "bus/device.h"
#include "bus/regs.h"

const char *const TRACE_KIND_NAMES[TRACE_KINDS] = {"access", "wire",  "interrupt", "effect",
                                                   "disk",   "frame", "text",      "schedule"};
const char *const TRACE_MODE_NAMES[PROCESSOR_MODES] = {
    "", "real", "v86", "protected16", "protected32", "smm", "long"};

const char *trace_direction(const struct trace_record *record)
{
    if (record->space == ACCESS_PORT)
        return record->is_write ? "out" : "in";
    return record->is_write ? "write" : "read";
}

const char *trace_space(const struct trace_record *record)
{
    static const char *const SPACES[] = {"port", "mmio", "dma", "call"};
    return SPACES[record->space];
}

static void take_origin(struct trace_record *record, const struct access_origin *origin)
{
    record->machine = origin->machine;
    record->has_cpu = origin->has_cpu;
    if (!origin->has_cpu)
        return;
    record->cpu = origin->cpu;
    record->cpl = origin->cpl;
    record->cs = origin->cs;
    record->eip = origin->eip;
    record->linear = origin->linear;
    record->cr3 = origin->cr3;
    record->mode = origin->mode;
    record->instructions = origin->instructions;
}

void trace_record_of_access(struct trace_record *record, const struct access *access, uint64_t ns)
{
    memset(record, 0, sizeof *record);
    record->kind = TRACE_ACCESS;
    record->seq = access->id;
    record->cause = access->cause;
    record->time = access->time;
    record->ns = ns;
    take_origin(record, &access->origin);
    record->space = access->space_kind;
    record->is_write = access->is_write;
    record->size = access->size;
    record->address = access->address;
    record->value = access->value;
    record->count = access->count;
    record->device = access->device ? access->device->name : NULL;
    record->reg = access->reg ? access->reg->name : NULL;
    record->has_old = access->has_old;
    record->old = access->old;
    record->has_new = access->has_new;
    record->now = access->now;
    record->decision = access->decision;
    record->meaning = access->meaning;
    record->note = access->note;
}

void trace_record_of_event(struct trace_record *record, const struct door_event *event, uint64_t ns)
{
    static const enum trace_kind KINDS[] = {TRACE_WIRE,  TRACE_INTERRUPT, TRACE_EFFECT,  TRACE_DISK,
                                            TRACE_FRAME, TRACE_TEXT,      TRACE_SCHEDULE};
    memset(record, 0, sizeof *record);
    record->kind = KINDS[event->kind];
    record->seq = event->id;
    record->cause = event->cause;
    record->time = event->time;
    record->ns = ns;
    record->machine = event->machine;
    record->source = event->source;
    record->target = event->target;
    record->line = event->line;
    record->level = event->level;
    record->is_write = event->is_write;
    record->step = event->step;
    record->has_vector = event->has_vector;
    record->vector = event->vector;
    record->address = event->address;
    record->count = event->count;
    record->has_chs = event->has_chs;
    record->cylinder = event->cylinder;
    record->head = event->head;
    record->sector = event->sector;
    record->bytes = event->bytes;
    record->byte_count = event->byte_count;
    record->meaning = event->words;
}

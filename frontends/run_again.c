/* Who wrote the table entries that a triple fault was about: the same run once more, from its start to
 * the same fault, with watchpoints on them. A run is the same whenever its inputs are (rule 4), so that
 * nothing has to be noted down on the way, and a run that does not fault costs nothing.
 *
 * The second run has no window, no cables and no streams, and leaves disks alone. That it was the same
 * is checked: it ends with the same machine, to the last bit, or nothing is claimed. */
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "frontends/run_internal.h"

#define SECONDS_MAX 20 /* of the workstation */
#define CHUNK       UINT64_C(1000000)

struct writer {
    bool is_known;
    uint16_t cs;
    uint64_t linear, before; /* instructions before the fault */
    char place[256];
};

static void drop_line(void *self, enum log_level level, const char *line)
{
    (void)self;
    (void)level;
    (void)line;
}

/* The same machine without what leads outside; the clock is that of the first run. */
static void choose_options(struct run_options *o, const struct run *first, char *rtc, size_t size)
{
    *o = first->options;
    snprintf(rtc, size, "%llu", (unsigned long long)first->session.rtc_seconds);
    o->rtc = rtc;
    o->display = "none";
    o->overlay = o->is_max_speed = true;
    o->wants_prompt = o->is_stopped = o->is_realtime = o->is_verbose = false;
    o->trace = o->trace_out = o->gdb = o->screenshot = o->sound = o->snapshot_save = NULL;
    o->timeout_seconds = SECONDS_MAX;
    for (size_t i = 0; i < o->serials.count; i++)
        o->serials.items[i] = "null";
    o->parallel = o->parallel ? "null" : NULL;
    o->debug_console = NULL;
}

/* The last hit counts. */
static void note_hit(struct machine *machine, struct writer *writers, size_t count)
{
    struct cpu_debug_event event;
    struct cpu_registers r;
    struct writer *writer;
    cpu_debug_event(machine->cpu, &event);
    if (event.watch < 0 || (size_t)event.watch >= count)
        return;
    writer = &writers[event.watch];
    cpu_get_registers(machine->cpu, &r);
    writer->is_known = true;
    writer->cs = r.segment[CPU_CS].selector;
    writer->linear = event.linear;
    writer->before = cpu_instructions(machine->cpu);
    if (machine->place)
        machine->place(machine->place_self, machine, event.linear, writer->place,
                       sizeof writer->place);
}

/* Up to the fault at that instruction; earlier ones reset the machine as they did. */
static bool reach_fault(struct run *again, uint64_t instructions, struct writer *writers,
                        size_t count)
{
    struct world *world = &again->session.world;
    struct machine *machine = again->machine;
    machine->holds_on_shutdown = true;
    while (!world->is_over && cpu_instructions(machine->cpu) <= instructions) {
        world_advance(world, CHUNK);
        if (!machine->debug_stopped)
            continue;
        machine->debug_stopped = false;
        world->is_held = false;
        if (!machine->shutdown_shown)
            note_hit(machine, writers, count);
        else if (cpu_instructions(machine->cpu) == instructions)
            return true;
    }
    return false;
}

/* NULL: it went as the first; else why nothing is known. */
static const char *run_again(struct run *again, const struct machine *machine,
                             const struct machine_table_entry *entries, size_t count,
                             struct writer *writers)
{
    struct cpu_watch watches[8];
    struct error error = {STATUS_OK, ""};
    if (run_build(again, &error) != STATUS_OK)
        return "a second run cannot have the same disks; fix: --overlay";
    again->session.world.log.write = drop_line;
    again->machine->writers = NULL;
    again->machine->resets_on_triple_fault = true; /* it was not the last */
    again->machine->place = machine->place;
    again->machine->place_self = machine->place_self;
    for (size_t i = 0; i < count; i++)
        watches[i] = (struct cpu_watch){CPU_WATCH_WRITE, true, entries[i].gpa, entries[i].bytes};
    if (cpu_set_watches(again->machine->cpu, watches, count, &error) != STATUS_OK)
        return "out of memory for a second run";
    if (!reach_fault(again, cpu_instructions(machine->cpu), writers, count))
        return "a second run went another way, or took too long";
    return machine_hash(again->machine) == machine_hash(machine)
               ? NULL
               : "a second run was another: something came from outside, or a disk had changed; "
                 "fix: --overlay, and no keys";
}

static void put_writer(const struct machine_table_entry *entry, const struct writer *writer,
                       uint64_t instructions, char *text, size_t size, size_t *used)
{
    if (writer->is_known)
        text_append(text, size, used,
                    "  %s was last written %llu instructions before, at %04x, linear %08llx%s\n",
                    entry->name, (unsigned long long)(instructions - writer->before), writer->cs,
                    (unsigned long long)writer->linear, writer->place);
    else
        text_append(text, size, used,
                    "  %s was never written by an instruction: it is as power-on, DMA or --kernel "
                    "left it\n",
                    entry->name);
}

void run_again_for_writers(void *self, const struct machine *machine,
                           const struct machine_table_entry *entries, size_t count, char *text,
                           size_t size)
{
    struct run *first = self;
    struct run *again = calloc(1, sizeof *again);
    struct writer writers[8];
    const char *trouble;
    char rtc[24];
    size_t used = 0;
    memset(writers, 0, sizeof writers);
    if (!again || count > ARRAY_COUNT(writers)) {
        free(again);
        return;
    }
    first->machine->writers = NULL; /* once: a machine that reboots faults again and again */
    choose_options(&again->options, first, rtc, sizeof rtc);
    trouble = run_again(again, machine, entries, count, writers);
    if (trouble)
        text_append(text, size, &used, "  who wrote it is not known: %s\n", trouble);
    for (size_t i = 0; !trouble && i < count; i++)
        put_writer(&entries[i], &writers[i], cpu_instructions(machine->cpu), text, size, &used);
    run_close(again);
    free(again);
}

#include "frontends/run_again.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bits.h"

#define SECONDS_MIN  20 /* of the workstation; or twice what the first run took */
#define SECONDS_SAID 3  /* longer ones are announced */
#define CHUNK        UINT64_C(1000000)
#define ANOTHER                                                                                    \
    "was a file or the machine changed meanwhile? fix: run it once more, without a debugger"
#define WRITERS_MAX 8

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

/* What the first run has cost: the second has to execute the same. */
static uint64_t seconds_taken(void)
{
    clock_t now = clock();
    return now > 0 ? (uint64_t)now / CLOCKS_PER_SEC : 0;
}

/* The same without what leads outside; the clock is that of the first run. */
static void choose_options(struct run_options *o, const struct session *first, char *rtc,
                           size_t size)
{
    *o = *first->options;
    snprintf(rtc, size, "%llu", (unsigned long long)first->rtc_seconds);
    o->rtc = rtc;
    o->display = "none";
    o->is_max_speed = true;
    o->first_run = first;
    o->wants_prompt = o->is_stopped = o->is_realtime = o->is_verbose = false;
    o->trace = o->trace_out = o->gdb = o->screenshot = o->sound = o->snapshot_save = o->gantt =
        NULL;
    o->timeout_seconds = SECONDS_MIN + 2 * seconds_taken();
}

static void note_place(const struct machine *machine, struct writer *writer, uint16_t cs,
                       uint64_t linear, uint64_t instructions)
{
    writer->is_known = true;
    writer->cs = cs;
    writer->linear = linear;
    writer->before = instructions;
    if (machine->place)
        machine->place(machine->place_self, machine, linear, writer->place, sizeof writer->place);
}

/* The last hit counts. */
static void note_hit(struct machine *machine, struct writer *writers, size_t count)
{
    struct cpu_debug_event event;
    struct cpu_registers r;
    cpu_debug_event(machine->cpu, &event);
    if (event.watch < 0 || (size_t)event.watch >= count)
        return;
    cpu_get_registers(machine->cpu, &r);
    note_place(machine, &writers[event.watch], r.segment[CPU_CS].selector, event.linear,
               cpu_instructions(machine->cpu));
}

/* Ctrl-C, or an end that something else asked for, ends the second run, too. */
static bool is_given_up(const struct session *first)
{
    return atomic_load(&first->world.requested_status) != 0;
}

/* Up to the fault at that instruction; earlier ones reset the machine as they did. */
static bool reach_fault(const struct second_run *second, const struct session *first,
                        uint64_t instructions, struct writer *writers, size_t count)
{
    struct world *world = &second->session->world;
    struct machine *machine = second->machine;
    machine->holds_on_shutdown = true;
    while (!world->is_over && !is_given_up(first) &&
           cpu_instructions(machine->cpu) <= instructions) {
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

/* Nobody looks at its faults, and the one that is looked for was not the last. */
static void quieten(const struct second_run *second, const struct machine *machine)
{
    second->session->world.log.write = drop_line;
    for (size_t i = 0; i < second->session->guest_count; i++)
        second->session->guests[i]->writers = NULL;
    second->machine->resets_on_triple_fault = true;
    second->machine->place = machine->place;
    second->machine->place_self = machine->place_self;
}

static bool find_fault(const struct second_run *second, const struct session *first,
                       const struct machine *machine, const struct machine_table_entry *entries,
                       size_t count, struct writer *writers)
{
    struct cpu_watch watches[WRITERS_MAX];
    struct error error = {STATUS_OK, ""};
    for (size_t i = 0; i < count; i++)
        watches[i] = (struct cpu_watch){CPU_WATCH_WRITE, true, entries[i].gpa, entries[i].bytes};
    return cpu_set_watches(second->machine->cpu, watches, count, &error) == STATUS_OK &&
           reach_fault(second, first, cpu_instructions(machine->cpu), writers, count) &&
           machine_hash(second->machine) == machine_hash(machine);
}

/* --- a hang: the second machine says itself when it is there ------------------------------------- */

struct hang_search {
    struct machine *machine; /* of the second run */
    const struct machine *first;
    const struct machine_table_entry *entries;
    size_t count;
    struct writer *writers;
    bool is_there, is_same;
};

static void note_access(void *self, const struct access *access)
{
    struct hang_search *search = self;
    const struct access_origin *origin = &access->origin;
    if (!access->is_write || !access->reg || !access->device || !origin->has_cpu ||
        strcmp(origin->machine, search->machine->name) != 0)
        return;
    for (size_t i = 0; i < search->count; i++)
        if (strcmp(access->reg->name, search->entries[i].reg) == 0 &&
            strcmp(access->device->name, search->entries[i].device) == 0)
            note_place(search->machine, &search->writers[i], origin->cs, origin->linear,
                       origin->instructions);
}

/* machine.writers of the second: inside of the same poll as the first. */
static void arrive(void *self, const struct machine *machine,
                   const struct machine_table_entry *entries, size_t count, char *text, size_t size)
{
    struct hang_search *search = self;
    (void)text;
    (void)size;
    if (count == 0 || !entries->reg ||
        cpu_instructions(machine->cpu) != cpu_instructions(search->first->cpu))
        return;
    search->is_there = true;
    search->is_same = machine_hash(machine) == machine_hash(search->first);
    world_hold(machine->world);
}

static bool find_hang(const struct second_run *second, const struct session *first,
                      const struct machine *machine, const struct machine_table_entry *entries,
                      size_t count, struct writer *writers)
{
    struct world *world = &second->session->world;
    struct hang_search search = {second->machine, machine, entries, count, writers, false, false};
    struct door_watcher watcher = {.after = note_access, .self = &search};
    second->machine->writers = arrive;
    second->machine->writers_self = &search;
    door_add_watcher(&world->door, &watcher);
    while (!world->is_over && !is_given_up(first) && !search.is_there &&
           world->timeline.now <= machine->world->timeline.now)
        world_advance(world, CHUNK);
    door_remove_watcher(&world->door, &watcher);
    return search.is_same;
}

/* NULL: it went as the first; else why nothing is known. */
static const char *go_again(const struct second_run *second, const struct session *first,
                            const struct machine *machine,
                            const struct machine_table_entry *entries, size_t count,
                            struct writer *writers)
{
    bool is_found;
    if (first->inputs.is_cut)
        return "more came from outside than is kept (64 MiB)";
    quieten(second, machine);
    session_replay(second->session, second->shown);
    is_found =
        (entries->reg ? find_hang : find_fault)(second, first, machine, entries, count, writers);
    if (is_found)
        return NULL;
    return is_given_up(first)
               ? "the second run was ended"
               : "a second run went another way, or took too long; was a file or the "
                 "machine changed meanwhile? fix: run it once more, without a debugger";
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

/* machine.writers */
static void find_writers(void *self, const struct machine *machine,
                         const struct machine_table_entry *entries, size_t count, char *text,
                         size_t size)
{
    struct run_again *again = self;
    struct second_run second = {0};
    struct run_options options;
    struct writer writers[WRITERS_MAX];
    struct error error = {STATUS_OK, ""};
    const char *trouble;
    char rtc[24];
    size_t used = 0;
    bool *is_done = entries->reg ? &again->is_hang_done : &again->is_done;
    if (*is_done || count > ARRAY_COUNT(writers))
        return;
    *is_done = true;
    memset(writers, 0, sizeof writers);
    choose_options(&options, again->first, rtc, sizeof rtc);
    if (seconds_taken() >= SECONDS_SAID)
        log_line(&machine->world->log, LOG_WARNING,
                 "%s: the run is made again, to find who wrote it; Ctrl-C ends that",
                 machine->name);
    trouble = again->build(&options, machine->name, &second, &error) == STATUS_OK
                  ? go_again(&second, again->first, machine, entries, count, writers)
                  : error.text;
    if (trouble)
        text_append(text, size, &used, "  who wrote it is not known: %s\n", trouble);
    for (size_t i = 0; !trouble && i < count; i++)
        put_writer(&entries[i], &writers[i], cpu_instructions(machine->cpu), text, size, &used);
    if (second.self)
        again->free(second.self);
}

void run_again_watch(struct run_again *again, struct machine *machine)
{
    machine->writers = find_writers;
    machine->writers_self = again;
}

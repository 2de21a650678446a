/* The wires of a trace as VCD (value change dump), for GTKWave, sigrok and Surfer.
 *
 * Specification: IEEE 1364-2005, clause 18. A variable for each input of an interrupt controller
 * (irqN), for its being in service (irqN_service) and for each DMA request (drqN), below machine and
 * chip. The unit is a nanosecond; a pulse that takes no time is shown one unit wide. The variables
 * stand before the changes, and are known at the end: changes wait in a temporary file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debugger/trace_formats.h"
#include "debugger/trace_output.h"

#define WIRES_MAX  256u /* further ones are left out */
#define NAME_BYTES 48u

struct wire {
    char machine[NAME_BYTES], chip[NAME_BYTES], name[32];
    bool level;
    uint64_t changed_at;
};

struct vcd_sink {
    struct trace_output output;
    FILE *changes;
    struct wire wires[WIRES_MAX];
    unsigned wire_count;
    uint64_t now;
    bool has_time;
};

/* Identifiers are printable characters: two of them for each wire. */
static const char *code_of(unsigned wire, char code[3])
{
    code[0] = (char)('!' + wire % 94);
    code[1] = (char)('!' + wire / 94);
    code[2] = '\0';
    return code;
}

/* Names of VCD have no blanks. */
static void copy_name(char *to, const char *name)
{
    snprintf(to, NAME_BYTES, "%.40s", name && name[0] ? name : "-");
    for (; *to; to++)
        if (*to <= ' ' || *to > '~')
            *to = '_';
}

static struct wire *find(struct vcd_sink *sink, const struct trace_record *record, const char *name)
{
    struct wire wanted = {.level = false};
    copy_name(wanted.machine, record->machine);
    copy_name(wanted.chip, record->source);
    snprintf(wanted.name, sizeof wanted.name, "%s", name);
    for (unsigned i = 0; i < sink->wire_count; i++) {
        struct wire *wire = &sink->wires[i];
        if (strcmp(wire->name, wanted.name) == 0 && strcmp(wire->chip, wanted.chip) == 0 &&
            strcmp(wire->machine, wanted.machine) == 0)
            return wire;
    }
    if (sink->wire_count == WIRES_MAX)
        return NULL;
    sink->wires[sink->wire_count] = wanted;
    return &sink->wires[sink->wire_count++];
}

static void change(struct vcd_sink *sink, const struct trace_record *record, const char *prefix,
                   const char *suffix, bool level)
{
    char name[32], code[3];
    uint64_t at = record->ns > sink->now ? record->ns : sink->now; /* time never runs back */
    struct wire *wire;
    snprintf(name, sizeof name, "%.8s%u%.8s", prefix, record->line, suffix);
    wire = find(sink, record, name);
    if (!wire || wire->level == level)
        return;
    if (wire->changed_at == at && at)
        at++;
    if (at != sink->now || !sink->has_time)
        fprintf(sink->changes, "#%llu\n", (unsigned long long)at);
    sink->now = wire->changed_at = at;
    sink->has_time = true;
    wire->level = level;
    fprintf(sink->changes, "%d%s\n", level, code_of((unsigned)(wire - sink->wires), code));
}

static void look_at_step(struct vcd_sink *sink, const struct trace_record *record)
{
    switch (record->step) {
    case INTERRUPT_RAISED: change(sink, record, "irq", "", true); break;
    case INTERRUPT_LOWERED:
    case INTERRUPT_LOST: change(sink, record, "irq", "", false); break;
    case INTERRUPT_ACKNOWLEDGED: change(sink, record, "irq", "_service", true); break;
    case INTERRUPT_ENDED: change(sink, record, "irq", "_service", false); break;
    case INTERRUPT_NONE:
    case INTERRUPT_REQUESTED:
    case INTERRUPT_ENTERED:
    case INTERRUPT_INJECTED:
    case INTERRUPT_MASKED:
    case INTERRUPT_UNSERVED:
    case INTERRUPT_STEPS: break;
    }
}

static enum status write_record(void *self, const struct trace_record *record, struct error *error)
{
    struct vcd_sink *sink = self;
    if (record->kind == TRACE_WIRE)
        change(sink, record, "drq", "", record->level);
    else if (record->kind == TRACE_INTERRUPT)
        look_at_step(sink, record);
    if (ferror(sink->changes))
        return error_set(error, STATUS_FILE, "a temporary file: %s", strerror(errno));
    return STATUS_OK;
}

/* --- the end: variables, then the changes --------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const struct wire *x = *(const struct wire *const *)a, *y = *(const struct wire *const *)b;
    int order = strcmp(x->machine, y->machine);
    if (order == 0)
        order = strcmp(x->chip, y->chip);
    return order ? order : strcmp(x->name, y->name);
}

static void write_variables(struct vcd_sink *sink)
{
    const struct wire *sorted[WIRES_MAX];
    const char *machine = NULL, *chip = NULL;
    char code[3];
    for (unsigned i = 0; i < sink->wire_count; i++)
        sorted[i] = &sink->wires[i];
    qsort((void *)sorted, sink->wire_count, sizeof sorted[0], by_place);
    for (unsigned i = 0; i < sink->wire_count; i++) {
        const struct wire *wire = sorted[i];
        bool is_new = !machine || strcmp(machine, wire->machine) != 0;
        if (chip && (is_new || strcmp(chip, wire->chip) != 0))
            trace_output_print(&sink->output, "$upscope $end\n");
        if (machine && is_new)
            trace_output_print(&sink->output, "$upscope $end\n");
        if (is_new)
            trace_output_print(&sink->output, "$scope module %s $end\n", wire->machine);
        if (is_new || !chip || strcmp(chip, wire->chip) != 0)
            trace_output_print(&sink->output, "$scope module %s $end\n", wire->chip);
        trace_output_print(&sink->output, "$var wire 1 %s %s $end\n",
                           code_of((unsigned)(wire - sink->wires), code), wire->name);
        machine = wire->machine;
        chip = wire->chip;
    }
    if (sink->wire_count)
        trace_output_print(&sink->output, "$upscope $end\n$upscope $end\n");
}

static void write_all(struct vcd_sink *sink)
{
    char part[4096], code[3];
    size_t count;
    trace_output_print(&sink->output, "$version Vitrine $end\n$timescale 1 ns $end\n");
    write_variables(sink);
    trace_output_print(&sink->output, "$enddefinitions $end\n#0\n$dumpvars\n");
    for (unsigned i = 0; i < sink->wire_count; i++)
        trace_output_print(&sink->output, "0%s\n", code_of(i, code));
    trace_output_print(&sink->output, "$end\n");
    rewind(sink->changes);
    while ((count = fread(part, 1, sizeof part, sink->changes)) > 0)
        trace_output_bytes(&sink->output, part, count);
}

static enum status end(void *self, struct error *error)
{
    struct vcd_sink *sink = self;
    write_all(sink);
    fclose(sink->changes);
    return trace_output_end(self, error);
}

enum status trace_vcd_open(struct trace_sink *sink, const char *path, struct error *error)
{
    struct vcd_sink *made = calloc(1, sizeof *made);
    FILE *changes = tmpfile();
    enum status status;
    *sink = (struct trace_sink){NULL, write_record, end, NULL, made, NULL};
    if (!changes) {
        free(made);
        return error_set(error, STATUS_FILE, "no temporary file: %s; fix: a TMPDIR with room",
                         strerror(errno));
    }
    status = trace_output_begin((struct trace_output *)made, path, '$', error);
    if (status == STATUS_OK)
        made->changes = changes;
    else
        fclose(changes);
    return status;
}

#include "hypervisor/lines.h"

#include <stdlib.h>

#include "base/bits.h"
#include "hypervisor/line_driver.h"
#include "hypervisor/vinput.h"

#define HOLD_TURNS 64u /* of `handover_us`, while somebody waits */

struct line_queue {
    uint8_t bytes[LINE_QUEUE];
    unsigned head, count;
};

/* A guest's end of a shared device. */
struct line_end {
    struct chardev chardev; /* first */
    struct line *line;
    struct guest *guest;
    struct line_queue out, in;
    uint64_t waits_since; /* order of those who wait; 0: does not */
    struct line_counts counts;
};

struct line {
    struct vmm *vmm;
    const struct line_driver_type *type;
    struct vmm_part part;
    struct event silence;  /* of the holder */
    struct line_end *ends; /* by guest */
    unsigned holder;
    uint64_t held_since, waits;    /* host time; a number for the next who waits */
    bool is_sending, has_more;     /* bytes to be read, without a further edge */
    const struct lab_guest *owner; /* whose the ports are; NULL: nobody's, they are shared */
    struct irq_line *pin;          /* of the owner's own, silent device: where interrupts go in */
};

struct lines {
    struct line at[LAB_LINES];
};

/* --- queues -------------------------------------------------------------------------------------------- */

static bool put(struct line_queue *queue, uint8_t byte)
{
    if (queue->count == LINE_QUEUE)
        return false;
    queue->bytes[(queue->head + queue->count++) % LINE_QUEUE] = byte;
    return true;
}

static size_t take(struct line_queue *queue, uint8_t *bytes, size_t most)
{
    size_t count = 0;
    while (count < most && queue->count) {
        bytes[count++] = queue->bytes[queue->head];
        queue->head = (queue->head + 1) % LINE_QUEUE;
        queue->count--;
    }
    return count;
}

/* --- who holds it -------------------------------------------------------------------------------------- */

static struct line_end *holder_of(struct line *line)
{
    return line->holder == LINE_NOBODY ? NULL : &line->ends[line->holder];
}

static struct line_end *longest_waiting(struct line *line)
{
    struct line_end *first = NULL;
    for (unsigned i = 0; i < line->vmm->lab->guest_count; i++) {
        struct line_end *end = &line->ends[i];
        if (end->waits_since && (!first || end->waits_since < first->waits_since))
            first = end;
    }
    return first;
}

static void hand_over(struct line *line, struct line_end *to)
{
    struct vmm *vmm = line->vmm;
    struct line_end *from = holder_of(line);
    if (from && from->out.count)
        from->waits_since = ++line->waits;
    line->holder = to ? (unsigned)(to - line->ends) : LINE_NOBODY;
    line->held_since = vmm->world->timeline.now;
    event_disarm(&line->silence);
    if (!to)
        return;
    to->waits_since = 0;
    to->counts.handovers++;
    log_line(&vmm->world->log, LOG_DEBUG, "%s of the host is handed to %s", line->type->name,
             to->guest->lab->name);
    vmm_kick(vmm, &line->part);
}

static void silence_over(void *self)
{
    struct line *line = self;
    hand_over(line, longest_waiting(line));
}

static bool has_held_too_long(struct line *line)
{
    const struct vmm *vmm = line->vmm;
    return vmm->world->timeline.now - line->held_since >
               sched_us(&vmm->sched, vmm->lab->handover_us * HOLD_TURNS) &&
           longest_waiting(line);
}

/* --- bytes out ----------------------------------------------------------------------------------------- */

static void send_next(struct line *line)
{
    struct line_end *end = holder_of(line);
    struct clock *clock = &line->vmm->world->clock;
    uint8_t bytes[LINE_BURST];
    size_t count;
    if (line->is_sending || !end)
        return;
    if (has_held_too_long(line)) {
        hand_over(line, longest_waiting(line));
        return;
    }
    count = take(&end->out, bytes, line->type->burst);
    if (count == 0) {
        if (!event_is_armed(&line->silence))
            event_arm(&line->silence,
                      clock_after_ns(clock, line->vmm->lab->handover_us * UINT64_C(1000)));
        return;
    }
    event_disarm(&line->silence);
    line->is_sending = true;
    end->counts.sent += count;
    line->type->send(line->vmm, bytes, count);
}

/* From the guest's virtual port. */
static void write_bytes(struct chardev *chardev, const uint8_t *bytes, size_t count)
{
    struct line_end *end = (struct line_end *)(void *)chardev;
    struct line *line = end->line;
    struct door *door = &line->vmm->world->door;
    for (size_t i = 0; i < count; i++)
        if (!put(&end->out, bytes[i])) {
            end->counts.dropped++;
            door_note(door, DECISION_DENY, "%s of the host: the queue is full", line->type->name);
        }
    if (line->holder == LINE_NOBODY)
        hand_over(line, end);
    if (holder_of(line) == end) {
        door_note(door, DECISION_SHARE, "%s of the host, which %s holds", line->type->name,
                  end->guest->lab->name);
        vmm_kick(line->vmm, &line->part);
        return;
    }
    door_note(door, DECISION_SHARE, "waits for %s of the host, which %s holds", line->type->name,
              holder_of(line)->guest->lab->name);
    if (!end->waits_since)
        end->waits_since = ++line->waits;
}

static bool is_busy(struct chardev *chardev)
{
    return ((const struct line_end *)(const void *)chardev)->out.count == LINE_QUEUE;
}

/* --- bytes in ------------------------------------------------------------------------------------------ */

static void give(struct chardev *chardev)
{
    struct line_end *end = (struct line_end *)(void *)chardev;
    uint8_t bytes[LINE_BURST];
    size_t room = chardev->room ? chardev->room(chardev->device) : 0, count;
    count = take(&end->in, bytes, room < LINE_BURST ? room : LINE_BURST);
    if (count)
        chardev->receive(chardev->device, bytes, count);
}

/* Whoever holds the line is spoken to; else the guest with the keyboard, else the first that shares it. */
static struct line_end *listener(struct line *line)
{
    unsigned focus = vinput_focus(line->vmm->vinput);
    if (line->holder != LINE_NOBODY)
        return holder_of(line);
    for (unsigned i = 0; i < line->vmm->lab->guest_count; i++)
        if (line->ends[(focus + i) % line->vmm->lab->guest_count].guest)
            return &line->ends[(focus + i) % line->vmm->lab->guest_count];
    return NULL;
}

static void isr(void *self)
{
    struct line *line = self;
    struct line_end *end = listener(line);
    uint8_t bytes[LINE_BURST];
    bool is_sent = false;
    size_t count = line->type->serve(line->vmm, bytes, &is_sent);
    for (size_t i = 0; end && i < count; i++) {
        if (put(&end->in, bytes[i]))
            end->counts.received++;
        else
            end->counts.dropped++;
    }
    if (end && count)
        give(&end->chardev);
    if (is_sent)
        line->is_sending = false;
    line->has_more = count == LINE_BURST;
    if (is_sent || line->has_more)
        vmm_kick(line->vmm, &line->part);
}

static void work(void *self)
{
    struct line *line = self;
    if (line->has_more)
        isr(line);
    send_next(line);
}

/* --- pass ---------------------------------------------------------------------------------------------- */

/* The request goes in where the guest's own device would have asked: its 8259 sees an edge. */
static void pass_interrupt(void *self)
{
    struct line *line = self;
    if (!line->pin)
        return;
    irq_line_set(line->pin, false);
    irq_line_set(line->pin, true);
}

static void pass_on(struct line *line, struct access *access)
{
    struct space *host = &line->vmm->host->ports;
    if (access->is_write)
        space_write(host, access->address, access->size, access->value);
    else
        access->value = space_read(host, access->address, access->size);
    if (line->pin && line->type->is_served(access, (unsigned)access->address - line->type->base))
        irq_line_set(line->pin, false);
}

static bool is_its_port(const struct line *line, const struct access *access)
{
    return access->address >= line->type->base &&
           access->address + access->size <= (uint64_t)line->type->base + line->type->ports;
}

bool lines_pass(struct lines *lines, struct guest *guest, struct access *access)
{
    struct door *door = &guest->vmm->world->door;
    for (int kind = 0; kind < LAB_LINES; kind++) {
        struct line *line = &lines->at[kind];
        if (!line->owner || !is_its_port(line, access))
            continue;
        if (line->owner == guest->lab) {
            door_note(door, DECISION_PASS, "to the host's %s", line->type->name);
            pass_on(line, access);
            return true;
        }
        if (!lab_has_line(guest->lab, (enum lab_line_kind)kind))
            door_note(door, DECISION_DENY, "the host's %s belongs to %s", line->type->name,
                      line->owner->name);
    }
    return false;
}

void lines_quiet(struct lines *lines, const struct guest *guest)
{
    for (int kind = 0; lines && kind < LAB_LINES; kind++)
        if (lines->at[kind].owner == guest->lab)
            lines->at[kind].type->stop(guest->vmm);
}

/* --- life ---------------------------------------------------------------------------------------------- */

static void keep_open(struct chardev *chardev)
{
    (void)chardev; /* lines_free */
}

static enum status open_line(struct line *line, struct vmm *vmm, enum lab_line_kind kind,
                             struct error *error)
{
    line->vmm = vmm;
    line->type = &LINE_DRIVERS[kind];
    line->holder = LINE_NOBODY;
    event_init(&line->silence, &vmm->world->clock, "line-silence", silence_over, line);
    line->ends = calloc(vmm->lab->guest_count, sizeof *line->ends);
    if (!line->ends)
        return error_set(error, STATUS_INTERNAL, "out of memory for %s", line->type->name);
    for (unsigned i = 0; i < vmm->lab->guest_count; i++)
        if (vmm->lab->guests[i].lines[kind] == LINE_PASS)
            line->owner = &vmm->lab->guests[i];
    if (vmm->lab->lines[kind][0] == '\0')
        return STATUS_OK;
    vmm_set_isr(vmm, line->type->irq, line->owner ? pass_interrupt : isr, line);
    if (line->owner)
        return STATUS_OK;
    line->part = (struct vmm_part){.work = work, .self = line};
    vmm_add_part(vmm, &line->part);
    line->type->start(vmm);
    return STATUS_OK;
}

enum status lines_new(struct lines **lines, struct vmm *vmm, struct error *error)
{
    struct lines *made = calloc(1, sizeof *made);
    enum status status = STATUS_OK;
    *lines = made;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for the host's ports");
    for (int kind = 0; status == STATUS_OK && kind < LAB_LINES; kind++)
        status = open_line(&made->at[kind], vmm, (enum lab_line_kind)kind, error);
    return status;
}

void lines_free(struct lines *lines)
{
    for (int kind = 0; lines && kind < LAB_LINES; kind++) {
        event_fini(&lines->at[kind].silence);
        free(lines->at[kind].ends);
    }
    free(lines);
}

struct chardev *lines_chardev(struct lines *lines, enum lab_line_kind kind, unsigned guest)
{
    struct line *line = &lines->at[kind];
    struct line_end *end = &line->ends[guest];
    if (line->vmm->lab->guests[guest].lines[kind] != LINE_SHARE)
        return NULL;
    end->chardev = (struct chardev){.write = write_bytes,
                                    .is_busy = is_busy,
                                    .ready = give,
                                    .close = keep_open,
                                    .name = line->type->name};
    end->line = line;
    end->guest = &line->vmm->guests[guest];
    return &end->chardev;
}

void lines_take_pins(struct lines *lines, struct guest *guest)
{
    for (int kind = 0; kind < LAB_LINES; kind++)
        if (lines->at[kind].owner == guest->lab)
            lines->at[kind].pin =
                device_pin(machine_find(guest->machine, lines->at[kind].type->device), "irq");
}

bool lines_are_busy(const struct lines *lines)
{
    for (int kind = 0; kind < LAB_LINES; kind++) {
        const struct line *line = &lines->at[kind];
        if (line->is_sending)
            return true;
        for (unsigned i = 0; i < line->vmm->lab->guest_count; i++)
            if (line->ends[i].out.count)
                return true;
    }
    return false;
}

unsigned lines_holder(const struct lines *lines, enum lab_line_kind kind)
{
    return lines->at[kind].holder;
}

const struct line_counts *lines_counts(const struct lines *lines, enum lab_line_kind kind,
                                       unsigned guest)
{
    return &lines->at[kind].ends[guest].counts;
}

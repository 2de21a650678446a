#include "hypervisor/dispatch.h"

static uint64_t now_of(const struct vmm *vmm)
{
    return vmm->world->timeline.now;
}

static bool may_run(const struct guest *guest)
{
    return !guest->has_ended && !guest->is_paused && !guest->waits_for_disk && !guest->is_waiting;
}

static bool can_run(const struct guest *guest)
{
    return may_run(guest) && !cpu_is_idle(guest->machine->cpu);
}

void dispatch_init(struct vmm *vmm)
{
    const struct lab *lab = vmm->lab;
    sched_init(&vmm->sched, lab->schedule, vmm->guest_count, vmm->world->timeline.hz,
               lab->slice_us);
    vmm->sched.has_boost = !lab->is_boost_off;
    vmm->charged_until = UINT64_MAX;
    for (unsigned i = 0; i < vmm->guest_count; i++)
        vmm->sched.vcpus[i].params = lab->guests[i].sched;
}

/* --- clocks ------------------------------------------------------------------------------------------ */

/* Policy `virtual`: a preempted guest's time stands still; HLT never freezes it. Partitioned: it
 * passes in the guest's own slots only, whether it runs there or halts. */
static bool time_passes(const struct vmm *vmm, const struct guest *guest,
                        const struct guest *chosen)
{
    if (vmm->sched.type->is_partitioned) {
        struct sched_slot slot = sched_slot_at(&vmm->sched, now_of(vmm));
        return !slot.is_vmm && slot.owner == guest->number && !guest->waits_for_disk;
    }
    return !guest->lab->has_virtual_time || guest == chosen || !can_run(guest);
}

static void set_clocks(struct vmm *vmm, const struct guest *chosen)
{
    for (unsigned i = 0; i < vmm->guest_count; i++) {
        struct guest *guest = &vmm->guests[i];
        if (!guest->is_paused && time_passes(vmm, guest, chosen))
            clock_thaw(&guest->machine->clock);
        else
            clock_freeze(&guest->machine->clock);
    }
}

static void freeze_all(struct vmm *vmm)
{
    for (unsigned i = 0; i < vmm->guest_count; i++)
        clock_freeze(&vmm->guests[i].machine->clock);
}

/* The context switch takes the host's time, and nobody's whose time is virtual. To the scheduler it is time
 * of who caused it: who stopped by himself, else who comes. So a guest that wakes and halts without end
 * uses up its share by the switches, too. */
static void charge_switch(struct vmm *vmm, struct guest *to)
{
    uint64_t start = now_of(vmm);
    const struct guest *cause = vmm->current && !can_run(vmm->current) ? vmm->current : to;
    if (vmm->sched.type->is_partitioned)
        freeze_all(vmm);
    else
        set_clocks(vmm, NULL);
    vmm_charge(vmm, to, IO_PROCESSOR, COST_CONTEXT_SWITCH, 1);
    sched_account(&vmm->sched, cause->number, now_of(vmm) - start, now_of(vmm));
}

static uint64_t whole_slot_end(const struct vmm *vmm)
{
    struct sched_slot slot = sched_slot_at(&vmm->sched, now_of(vmm));
    return slot.is_vmm ? slot.end : sched_slot_at(&vmm->sched, slot.end).end;
}

bool dispatch_is_work_time(const struct vmm *vmm)
{
    return !vmm->sched.type->is_partitioned || sched_slot_at(&vmm->sched, now_of(vmm)).is_vmm;
}

/* Partitioned, what it charges is no guest's time, and takes none of the next slot: it is paid in the VMM's
 * next parts, before they work on. */
bool dispatch_begin_work(struct vmm *vmm)
{
    if (!dispatch_is_work_time(vmm))
        return false;
    if (!vmm->sched.type->is_partitioned)
        return true;
    freeze_all(vmm);
    vmm->charged_until = sched_slot_at(&vmm->sched, now_of(vmm)).end;
    return vmm->owed_time == 0;
}

/* --- who ran, and why he stopped ------------------------------------------------------------------------ */

static enum guest_stop stop_of(const struct guest *guest, bool is_slice_over)
{
    if (guest->has_ended)
        return GUEST_STOP_ENDED;
    if (guest->is_paused)
        return GUEST_STOP_PAUSED;
    if (guest->waits_for_disk || guest->is_waiting)
        return GUEST_STOP_WAITING;
    if (cpu_is_idle(guest->machine->cpu))
        return GUEST_STOP_IDLE;
    return is_slice_over ? GUEST_STOP_SLICE : GUEST_STOP_PREEMPTED;
}

static void close_bar(struct vmm *vmm, bool is_slice_over)
{
    struct guest *guest = vmm->running;
    enum guest_stop stop;
    if (!guest)
        return;
    stop = stop_of(guest, is_slice_over);
    guest->stops[stop]++;
    if (vmm->gantt)
        gantt_add(vmm->gantt, guest->number, vmm->running_since, vmm->running_until, stop);
    vmm->running = NULL;
}

void dispatch_finish(struct vmm *vmm)
{
    close_bar(vmm, true);
}

/* Who became runnable waits from now on, and keeps its place until it has run: an interrupt request
 * may come and go meanwhile (the timer's output falls for a tick in each period). */
static void look_who_can_run(struct vmm *vmm)
{
    for (unsigned i = 0; i < vmm->guest_count; i++) {
        struct guest *guest = &vmm->guests[i];
        bool is_runnable;
        guest->is_awake = guest->is_awake || can_run(guest);
        is_runnable = guest->is_awake && may_run(guest);
        if (is_runnable && !vmm->sched.vcpus[i].is_runnable)
            guest->waiting_since = now_of(vmm);
        sched_set_runnable(&vmm->sched, i, is_runnable, now_of(vmm));
    }
}

/* --- the two steps ------------------------------------------------------------------------------------ */

static void show_switch(const struct vmm *vmm, const struct guest *to)
{
    struct door_event event = {.kind = DOOR_SCHEDULE,
                               .machine = to->lab->name,
                               .source = vmm->current ? vmm->current->lab->name : NULL};
    if (door_is_watched(&vmm->world->door))
        door_show(&vmm->world->door, &event);
}

struct guest *dispatch_pick(struct vmm *vmm)
{
    struct timeline *timeline = &vmm->world->timeline;
    bool is_slice_over = now_of(vmm) >= vmm->sched.until;
    struct guest *chosen;
    uint64_t end;
    unsigned number;
    /* A slot begins with a switch whoever ran before it: its guest has the same time there in any case. */
    if (is_slice_over && vmm->sched.type->is_partitioned)
        vmm->current = NULL;
    /* Its own charges may take the VMM's part behind its slot. */
    if (vmm->sched.type->is_partitioned)
        vmm->charged_until = whole_slot_end(vmm);
    look_who_can_run(vmm);
    number = sched_choose(&vmm->sched, now_of(vmm));
    chosen = number == SCHED_NONE ? NULL : &vmm->guests[number];
    if (chosen != vmm->running)
        close_bar(vmm, is_slice_over);
    if (chosen && chosen != vmm->current) {
        charge_switch(vmm, chosen);
        show_switch(vmm, chosen);
        chosen->slices++;
        vmm->current = chosen;
    }
    set_clocks(vmm, chosen);
    end = timeline_next_deadline(timeline); /* of clocks that were thawed, too */
    if (vmm->sched.until < end)
        end = vmm->sched.until;
    if (end < timeline->slice_end)
        timeline->slice_end = end < timeline->now ? timeline->now : end;
    return chosen;
}

void dispatch_run(struct guest *guest)
{
    struct vmm *vmm = guest->vmm;
    uint64_t start = now_of(vmm), end, waited = start - guest->waiting_since;
    guest->steal_time += waited;
    if (waited > guest->longest_wait)
        guest->longest_wait = waited;
    machine_run(guest->machine);
    end = guest->waiting_since = now_of(vmm);
    guest->run_time += end - start;
    guest->is_awake = false;
    if (vmm->running != guest) {
        vmm->running = guest;
        vmm->running_since = start;
    }
    vmm->running_until = end;
    sched_account(&vmm->sched, guest->number, end - start, end);
}

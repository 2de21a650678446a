#include "hypervisor/actions.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "hypervisor/guest.h"
#include "hypervisor/vinput.h"

struct actions {
    struct vmm *vmm;
    struct vmm_part part;
    struct event due;
    unsigned next; /* of the lab's lines, which are in order of time */
};

static void focus(struct guest *guest)
{
    vinput_set_focus(guest->vmm->vinput, guest->number);
}

const char *const ACTION_NAMES[] = {"pause", "resume", "reset", "kill", "restart", "focus", NULL};

static void (*const ACTIONS[])(struct guest *guest) = {guest_pause, guest_resume,  guest_reset,
                                                       guest_kill,  guest_restart, focus};

static unsigned find(const char *verb)
{
    unsigned i = 0;
    while (ACTION_NAMES[i] && strcmp(ACTION_NAMES[i], verb) != 0)
        i++;
    return i;
}

bool action_is_known(const char *verb)
{
    return ACTION_NAMES[find(verb)] != NULL;
}

void action_do(struct guest *guest, const char *verb)
{
    unsigned i = find(verb);
    if (!ACTION_NAMES[i])
        return;
    log_line(&guest->vmm->world->log, LOG_INFO, "%s %s", verb, guest->lab->name);
    ACTIONS[i](guest);
}

static uint64_t time_of(const struct vmm *vmm, unsigned line)
{
    return muldiv_ceil(vmm->lab->actions[line].us, vmm->world->timeline.hz, 1000000);
}

static void arm(struct actions *actions)
{
    if (actions->next < actions->vmm->lab->action_count)
        event_arm(&actions->due, time_of(actions->vmm, actions->next));
}

/* The event only asks for the VMM's time. */
static void fire_due(void *self)
{
    struct actions *actions = self;
    vmm_kick(actions->vmm, &actions->part);
}

static void work(void *self)
{
    struct actions *actions = self;
    const struct lab *lab = actions->vmm->lab;
    uint64_t now = clock_now(&actions->vmm->world->clock);
    while (actions->next < lab->action_count && time_of(actions->vmm, actions->next) <= now) {
        const struct lab_action *action = &lab->actions[actions->next++];
        action_do(&actions->vmm->guests[action->guest], action->verb);
    }
    arm(actions);
}

bool actions_will_restart(const struct actions *actions)
{
    const struct lab *lab = actions ? actions->vmm->lab : NULL;
    for (unsigned i = actions ? actions->next : 0; lab && i < lab->action_count; i++)
        if (strcmp(lab->actions[i].verb, "restart") == 0)
            return true;
    return false;
}

enum status actions_new(struct actions **actions, struct vmm *vmm, struct error *error)
{
    struct actions *made;
    *actions = NULL;
    if (vmm->lab->action_count == 0)
        return STATUS_OK;
    made = calloc(1, sizeof *made);
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for the actions");
    made->vmm = vmm;
    made->part.work = work;
    made->part.self = made;
    vmm_add_part(vmm, &made->part);
    event_init(&made->due, &vmm->world->clock, "actions", fire_due, made);
    arm(made);
    *actions = made;
    return STATUS_OK;
}

void actions_free(struct actions *actions)
{
    if (actions)
        event_fini(&actions->due);
    free(actions);
}

#include "hypervisor/actions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "hypervisor/guest.h"
#include "hypervisor/pv.h"
#include "hypervisor/vdisplay.h"
#include "hypervisor/vinput.h"

struct actions {
    struct vmm *vmm;
    struct vmm_part part;
    struct event due;
    unsigned next; /* of the lab's lines, which are in order of time */
};

/* --- what they do ----------------------------------------------------------------------------------- */

#define LIFE(name)                                                                                 \
    static void do_##name(struct guest *guest, const struct lab_action *action)                    \
    {                                                                                              \
        switch (action->part) {                                                                    \
        case PART_GUEST: guest_##name(guest); break;                                               \
        case PART_DISK: blkback_##name(guest->pv->blkback); break;                                 \
        case PART_NIC: netback_##name(guest->pv->netback); break;                                  \
        }                                                                                          \
    }
LIFE(pause)
LIFE(resume)
LIFE(kill)
LIFE(restart)

static void do_reset(struct guest *guest, const struct lab_action *action)
{
    (void)action;
    guest_reset(guest);
}

static void do_focus(struct guest *guest, const struct lab_action *action)
{
    if (action->guest == LAB_ALL)
        vinput_set_broadcast(guest->vmm->vinput, true);
    else
        vinput_set_focus(guest->vmm->vinput, guest->number);
}

static struct windows *windows_of(const struct guest *guest)
{
    return vdisplay_windows(guest->vmm->vdisplay);
}

static void do_move(struct guest *guest, const struct lab_action *action)
{
    windows_move(windows_of(guest), guest->number, action->a, action->b);
}

static void do_size(struct guest *guest, const struct lab_action *action)
{
    windows_resize(windows_of(guest), guest->number, (uint32_t)action->a, (uint32_t)action->b);
}

static void do_scale(struct guest *guest, const struct lab_action *action)
{
    vdisplay_scale(guest->vmm->vdisplay, guest->number, (uint32_t)action->a);
}

static void do_raise(struct guest *guest, const struct lab_action *action)
{
    (void)action;
    windows_raise(windows_of(guest), guest->number);
}

static void do_hide(struct guest *guest, const struct lab_action *action)
{
    (void)action;
    windows_hide(windows_of(guest), guest->number, true);
}

static void do_show(struct guest *guest, const struct lab_action *action)
{
    (void)action;
    windows_hide(windows_of(guest), guest->number, false);
}

const struct action_type ACTION_TYPES[] = {
    {"pause",   ACTION_PART,    do_pause  },
    {"resume",  ACTION_PART,    do_resume },
    {"reset",   ACTION_PLAIN,   do_reset  },
    {"kill",    ACTION_PART,    do_kill   },
    {"restart", ACTION_PART,    do_restart},
    {"focus",   ACTION_PLAIN,   do_focus  },
    {"move",    ACTION_PLACE,   do_move   },
    {"size",    ACTION_SIZE,    do_size   },
    {"scale",   ACTION_PERCENT, do_scale  },
    {"raise",   ACTION_PLAIN,   do_raise  },
    {"hide",    ACTION_PLAIN,   do_hide   },
    {"show",    ACTION_PLAIN,   do_show   },
    {NULL,      ACTION_PLAIN,   NULL      },
};

const struct action_type *action_find(const char *verb)
{
    const struct action_type *type = ACTION_TYPES;
    while (type->name && strcmp(type->name, verb) != 0)
        type++;
    return type->name ? type : NULL;
}

static const char *const PARTS[] = {[PART_GUEST] = "", [PART_DISK] = " disk", [PART_NIC] = " nic"};

static void run_action(struct guest *guest, const struct lab_action *action)
{
    const struct action_type *type = action_find(action->verb);
    if (!type)
        return;
    log_line(&guest->vmm->world->log, LOG_INFO, "%s %s%s", action->verb,
             action->guest == LAB_ALL ? "all" : guest->lab->name, PARTS[action->part]);
    type->run(guest, action);
}

void action_do(struct guest *guest, const char *verb)
{
    struct lab_action action = {.guest = guest->number};
    snprintf(action.verb, sizeof action.verb, "%s", verb);
    run_action(guest, &action);
}

/* --- when ----------------------------------------------------------------------------------------------- */

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
        run_action(&actions->vmm->guests[action->guest == LAB_ALL ? 0 : action->guest], action);
    }
    arm(actions);
}

bool actions_will_restart(const struct actions *actions)
{
    const struct lab *lab = actions ? actions->vmm->lab : NULL;
    for (unsigned i = actions ? actions->next : 0; lab && i < lab->action_count; i++)
        if (strcmp(lab->actions[i].verb, "restart") == 0 && lab->actions[i].part == PART_GUEST)
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

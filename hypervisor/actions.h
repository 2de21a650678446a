/* What the user does to a guest from outside, as timed lines of LAB.ini: [actions], "2s = pause alpha". */
#ifndef VITRINE_HYPERVISOR_ACTIONS_H
#define VITRINE_HYPERVISOR_ACTIONS_H

#include "hypervisor/vmm.h"

/* What follows the guest's name. */
enum action_argument { ACTION_PLAIN, ACTION_PART, ACTION_PLACE, ACTION_SIZE, ACTION_PERCENT };
struct action_type {
    const char *name;
    enum action_argument argument;
    void (*run)(struct guest *guest, const struct lab_action *action);
};
extern const struct action_type ACTION_TYPES[];          /* ends with name NULL */
const struct action_type *action_find(const char *verb); /* NULL: no such word */
/* One that needs no argument, to the guest itself. Not within a guest's access. */
void action_do(struct guest *guest, const char *verb);

/* The lab's lines, by virtual time. *actions NULL: there are none. */
enum status actions_new(struct actions **actions, struct vmm *vmm, struct error *error);
void actions_free(struct actions *actions);
/* Some guest will be started again: the run goes on although all have ended. */
bool actions_will_restart(const struct actions *actions);

#endif

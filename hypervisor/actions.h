/* What the user does to a guest from outside, as timed lines of LAB.ini: [actions], "2s = pause alpha". */
#ifndef VITRINE_HYPERVISOR_ACTIONS_H
#define VITRINE_HYPERVISOR_ACTIONS_H

#include "hypervisor/vmm.h"

/* NULL: no such word. "pause", "resume", "reset", "kill", "restart", "focus". */
bool action_is_known(const char *verb);
/* For the nearest match; ends with NULL. */
extern const char *const ACTION_NAMES[];
/* Not within a guest's access. */
void action_do(struct guest *guest, const char *verb);

/* The lab's lines, by virtual time. *actions NULL: there are none. */
enum status actions_new(struct actions **actions, struct vmm *vmm, struct error *error);
void actions_free(struct actions *actions);
/* Some guest will be started again: the run goes on although all have ended. */
bool actions_will_restart(const struct actions *actions);

#endif

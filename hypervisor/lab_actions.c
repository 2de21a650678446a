/* [actions]: "2s = pause alpha", in any order and before or after the guests they name. */
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "hypervisor/actions.h"
#include "hypervisor/lab_internal.h"

static bool parse_time(const char *text, uint64_t *us)
{
    static const struct {
        const char *unit;
        uint64_t us;
    } UNITS[] = {{"s", 1000000}, {"ms", 1000}, {"us", 1}};
    size_t digits = strspn(text, "0123456789");
    char number[16];
    if (digits == 0 || digits > 10)
        return false;
    snprintf(number, sizeof number, "%.*s", (int)digits, text);
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++)
        if (strcmp(text + digits, UNITS[i].unit) == 0 && words_number(number, us)) {
            *us *= UNITS[i].us;
            return true;
        }
    return false;
}

static enum status unknown_verb(const struct lab *lab, const struct ini_entry *entry, const char *verb,
                                struct error *error)
{
    size_t count = 0;
    const char *nearest;
    while (ACTION_NAMES[count])
        count++;
    nearest = words_nearest(verb, ACTION_NAMES, count);
    return ini_error(&lab->ini, entry->line, error, "unknown action '%.20s'; fix: %s%s%s", verb,
                     nearest ? "did you mean '" : "pause, resume, reset, kill, restart or focus",
                     nearest ? nearest : "", nearest ? "'?" : "");
}

static enum status parse(const struct lab *lab, const struct ini_entry *entry, struct lab_action *action,
                         struct error *error)
{
    char verb[24] = "", name[64] = "";
    int used = 0;
    if (!parse_time(entry->key, &action->us))
        return ini_error(&lab->ini, entry->line, error, "'%.40s' is no time; fix: 2s, 1500ms or 20us",
                         entry->key);
    if (sscanf(entry->value, "%23s %63s%n", verb, name, &used) != 2 || entry->value[used] != '\0')
        return lab_bad(lab, entry, "an action and a guest: pause alpha", error);
    if (!action_is_known(verb))
        return unknown_verb(lab, entry, verb, error);
    snprintf(action->verb, sizeof action->verb, "%.15s", verb);
    for (action->guest = 0; action->guest < lab->guest_count; action->guest++)
        if (strcmp(lab->guests[action->guest].name, name) == 0)
            return STATUS_OK;
    return ini_error(&lab->ini, entry->line, error, "there is no guest '%.60s'; fix: a section [guest %.60s]",
                     name, name);
}

/* Behind all that come no later. */
static void insert(struct lab *lab, const struct lab_action *action)
{
    unsigned at = lab->action_count++;
    for (; at > 0 && lab->actions[at - 1].us > action->us; at--)
        lab->actions[at] = lab->actions[at - 1];
    lab->actions[at] = *action;
}

enum status lab_read_actions(struct lab *lab, struct error *error)
{
    for (size_t i = 0; i < lab->ini.count; i++) {
        const struct ini_entry *entry = &lab->ini.entries[i];
        struct lab_action action;
        enum status status;
        if (!entry->key || strcmp(entry->section, "actions") != 0)
            continue;
        if (lab->action_count == LAB_ACTIONS_MAX)
            return ini_error(&lab->ini, entry->line, error, "more than %d actions; fix: fewer",
                             LAB_ACTIONS_MAX);
        status = parse(lab, entry, &action, error);
        if (status != STATUS_OK)
            return status;
        insert(lab, &action);
    }
    return STATUS_OK;
}

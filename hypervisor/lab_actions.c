/* [actions]: "2s = pause alpha", "3s = restart alpha disk", in any order and before or after the guests they name. */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
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
    const char *names[24], *nearest;
    char all[200] = "";
    size_t count = 0, used = 0;
    for (; count < ARRAY_COUNT(names) && ACTION_TYPES[count].name; count++) {
        names[count] = ACTION_TYPES[count].name;
        text_append(all, sizeof all, &used, "%s%s", count ? ", " : "", names[count]);
    }
    nearest = words_nearest(verb, names, count);
    return ini_error(&lab->ini, entry->line, error, "unknown action '%.20s'; fix: %s%s%s", verb,
                     nearest ? "did you mean '" : "one of ", nearest ? nearest : all,
                     nearest ? "'?" : "");
}

static const char *const ARGUMENTS[] = {
    [ACTION_PLAIN] = "an action and a guest: pause alpha",
    [ACTION_PART] = "an action and a guest, or the back-end of its disk or nic: restart alpha disk",
    [ACTION_PLACE] = "an action, a guest and a place X,Y: move alpha 100,50",
    [ACTION_SIZE] = "an action, a guest and WIDTHxHEIGHT: size alpha 640x420",
    [ACTION_PERCENT] = "an action, a guest and a percentage from 25 to 400: scale alpha 50"};

static bool parse_argument(enum action_argument argument, const char *text, struct lab_action *action)
{
    int used = 0;
    switch (argument) {
    case ACTION_PLAIN: return *text == '\0';
    case ACTION_PART:
        action->part = strcmp(text, "disk") == 0 ? PART_DISK
                       : strcmp(text, "nic") == 0 ? PART_NIC
                                                  : PART_GUEST;
        return *text == '\0' || action->part != PART_GUEST;
    case ACTION_PLACE: sscanf(text, "%6d,%6d%n", &action->a, &action->b, &used); break;
    case ACTION_SIZE: sscanf(text, "%5dx%5d%n", &action->a, &action->b, &used); break;
    case ACTION_PERCENT: sscanf(text, "%4d%n", &action->a, &used); break;
    }
    return used && text[used] == '\0' &&
           (argument == ACTION_PLACE || (action->a > 0 && (argument == ACTION_SIZE || action->a >= 25))) &&
           (argument != ACTION_SIZE || action->b > 0) &&
           (argument != ACTION_PERCENT || action->a <= 400);
}

static enum status check_part(const struct lab *lab, const struct ini_entry *entry,
                              const struct lab_action *action, struct error *error)
{
    const struct lab_guest *guest = &lab->guests[action->guest];
    if (action->part == PART_DISK ? !guest->has_disk : action->part == PART_NIC && !guest->nic.model[0])
        return ini_error(&lab->ini, entry->line, error, "guest %.60s has no %s; fix: leave '%s' out",
                         guest->name, action->part == PART_DISK ? "disk" : "nic",
                         action->part == PART_DISK ? "disk" : "nic");
    return STATUS_OK;
}

static enum status parse(const struct lab *lab, const struct ini_entry *entry, struct lab_action *action,
                         struct error *error)
{
    char verb[24] = "", name[64] = "", rest[24] = "";
    const struct action_type *type;
    int used = 0;
    if (!parse_time(entry->key, &action->us))
        return ini_error(&lab->ini, entry->line, error, "'%.40s' is no time; fix: 2s, 1500ms or 20us",
                         entry->key);
    if (sscanf(entry->value, "%23s %63s%n %23s%n", verb, name, &used, rest, &used) < 2 ||
        entry->value[used] != '\0')
        return lab_bad(lab, entry, "an action and a guest: pause alpha", error);
    type = action_find(verb);
    if (!type)
        return unknown_verb(lab, entry, verb, error);
    if (!parse_argument(type->argument, rest, action))
        return lab_bad(lab, entry, ARGUMENTS[type->argument], error);
    snprintf(action->verb, sizeof action->verb, "%.15s", verb);
    for (action->guest = 0; action->guest < lab->guest_count; action->guest++)
        if (strcmp(lab->guests[action->guest].name, name) == 0)
            return check_part(lab, entry, action, error);
    action->guest = LAB_ALL;
    if (strcmp(name, "all") == 0 && strcmp(verb, "focus") == 0)
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
        struct lab_action action = {0};
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

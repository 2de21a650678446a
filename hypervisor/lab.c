#include "hypervisor/lab.h"

#include <stdlib.h>
#include <string.h>

#include "backends/file.h"
#include "base/bits.h"
#include "base/words.h"
#include "hypervisor/lab_internal.h"

#define LAB_FILE_MAX ((size_t)1 << 20)

/* --- sections ---------------------------------------------------------------------------------------------- */

static enum status unknown_key(const struct lab *lab, const struct ini_entry *entry,
                               const struct lab_key *keys, struct error *error)
{
    const char *names[48], *nearest;
    size_t count = 0;
    while (count < ARRAY_COUNT(names) && keys[count].name) {
        names[count] = keys[count].name;
        count++;
    }
    nearest = words_nearest(entry->key, names, count);
    return ini_error(&lab->ini, entry->line, error, "unknown key '%.60s' in [%.60s]; fix: %s%s%s",
                     entry->key, entry->section, nearest ? "did you mean '" : "leave it out",
                     nearest ? nearest : "", nearest ? "'?" : "");
}

static enum status check_twice(const struct lab *lab, size_t index, struct error *error)
{
    const struct ini_entry *entry = &lab->ini.entries[index];
    for (size_t i = 0; i < index; i++) {
        const struct ini_entry *other = &lab->ini.entries[i];
        if (other->key && other->section_line == entry->section_line &&
            strcmp(other->key, entry->key) == 0)
            return ini_error(&lab->ini, entry->line, error,
                             "'%.60s' is given twice (line %d); fix: "
                             "leave one out",
                             entry->key, other->line);
    }
    return STATUS_OK;
}

static enum status apply(struct lab *lab, struct lab_guest *guest, size_t index,
                         const struct lab_key *keys, struct error *error)
{
    const struct ini_entry *entry = &lab->ini.entries[index];
    enum status status = check_twice(lab, index, error);
    if (status != STATUS_OK)
        return status;
    for (const struct lab_key *key = keys; key->name; key++)
        if (strcmp(key->name, entry->key) == 0)
            return key->set(lab, guest, entry, error);
    return unknown_key(lab, entry, keys, error);
}

static enum status apply_cost(struct lab *lab, size_t index, struct error *error)
{
    const struct ini_entry *entry = &lab->ini.entries[index];
    enum status status = check_twice(lab, index, error);
    if (status != STATUS_OK)
        return status;
    for (int i = 0; i < COST_ITEMS; i++)
        if (strcmp(COST_ROWS[i].name, entry->key) == 0)
            return lab_set_number(lab, entry, 0, 1000000000, &lab->costs.ns[i], error);
    return ini_error(&lab->ini, entry->line, error,
                     "unknown cost '%.60s'; fix: trap, world_switch, hypercall, copy_kib, interrupt, "
                     "context_switch, host_io, host_select, vmapp or guest_switch, in ns",
                     entry->key);
}

static enum status open_guest(struct lab *lab, const struct ini_entry *entry,
                              struct lab_guest **guest, struct error *error)
{
    const char *name = entry->section + 6;
    if (lab->guest_count == LAB_GUESTS_MAX)
        return ini_error(&lab->ini, entry->line, error, "more than %d guests", LAB_GUESTS_MAX);
    if (*name == '\0' || strlen(name) >= sizeof(*guest)->name || strpbrk(name, " \t/.\"\\"))
        return ini_error(&lab->ini, entry->line, error,
                         "a guest needs one plain word as its name; "
                         "fix: [guest alpha]");
    for (unsigned i = 0; i < lab->guest_count; i++)
        if (strcmp(lab->guests[i].name, name) == 0)
            return ini_error(&lab->ini, entry->line, error,
                             "there is a guest '%.60s' already (line "
                             "%d); fix: another name",
                             name, lab->guests[i].line);
    *guest = &lab->guests[lab->guest_count++];
    strcpy((*guest)->name, name);
    (*guest)->line = entry->line;
    (*guest)->memory_bytes = 32 * MEBIBYTE;
    (*guest)->sched.weight = SCHED_WEIGHT;
    strcpy((*guest)->nic.model, "ne2k-isa");
    return STATUS_OK;
}

static enum status read_sections(struct lab *lab, struct error *error)
{
    struct lab_guest *guest = NULL;
    for (size_t i = 0; i < lab->ini.count; i++) {
        const struct ini_entry *entry = &lab->ini.entries[i];
        enum status status = STATUS_OK;
        bool is_guest = strncmp(entry->section, "guest", 5) == 0 &&
                        (entry->section[5] == ' ' || entry->section[5] == '\0');
        bool is_host = strcmp(entry->section, "host") == 0;
        bool is_costs = strcmp(entry->section, "costs") == 0;
        if (strcmp(entry->section, "actions") == 0)
            continue; /* lab_actions.c */
        if (!is_guest && !is_host && !is_costs)
            return ini_error(&lab->ini, entry->line, error,
                             "unknown section [%.60s]; fix: [host], "
                             "[guest NAME], [costs] or [actions]",
                             entry->section);
        if (!entry->key && is_guest && entry->section[5] == '\0')
            return ini_error(&lab->ini, entry->line, error,
                             "the guest has no name; fix: [guest "
                             "alpha]");
        if (!entry->key)
            status = is_guest ? open_guest(lab, entry, &guest, error) : STATUS_OK;
        else if (is_costs)
            status = apply_cost(lab, i, error);
        else
            status = apply(lab, guest, i, is_host ? LAB_HOST_KEYS : LAB_GUEST_KEYS, error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* --- the whole -------------------------------------------------------------------------------------------- */

static enum status check_cylinders(const struct lab *lab, unsigned index, struct error *error)
{
    const struct lab_guest *guest = &lab->guests[index];
    if (!guest->has_disk)
        return STATUS_OK;
    if (lab->disk[0] == '\0')
        return ini_error(&lab->ini, guest->line, error,
                         "guest '%s' has cylinders, the host no disk; "
                         "fix: disk = FILE,geometry=C/H/S in [host]",
                         guest->name);
    if (guest->last_cylinder >= lab->geometry.cylinders)
        return ini_error(&lab->ini, guest->line, error,
                         "guest '%s': cylinder %u is past the disk's "
                         "last, %u; fix: a range within 0-%u",
                         guest->name, guest->last_cylinder, lab->geometry.cylinders - 1,
                         lab->geometry.cylinders - 1);
    for (unsigned i = 0; i < index; i++) {
        const struct lab_guest *other = &lab->guests[i];
        if (guest->is_disk_shared && other->is_disk_shared)
            continue;
        if (other->has_disk && guest->first_cylinder <= other->last_cylinder &&
            other->first_cylinder <= guest->last_cylinder)
            return ini_error(&lab->ini, guest->line, error,
                             "guests '%s' (%u-%u) and '%s' (%u-%u) "
                             "overlap; fix: ranges without common cylinders, or '"
                             ",shared' behind both (read-only)",
                             other->name, other->first_cylinder, other->last_cylinder, guest->name,
                             guest->first_cylinder, guest->last_cylinder);
    }
    return STATUS_OK;
}

static enum status check_macs(struct lab *lab, unsigned index, struct error *error)
{
    static const uint8_t NONE[6] = {0};
    struct lab_guest *guest = &lab->guests[index];
    const uint8_t derived[6] = {0x52, 0x54, 0x00, 0x56, 0x54, (uint8_t)(index + 1)};
    if (guest->nic.model[0] == '\0')
        return STATUS_OK;
    if (memcmp(guest->nic.mac, NONE, 6) == 0)
        memcpy(guest->nic.mac, derived, 6);
    for (unsigned i = 0; i < index; i++)
        if (lab->guests[i].nic.model[0] && memcmp(lab->guests[i].nic.mac, guest->nic.mac, 6) == 0)
            return ini_error(&lab->ini, guest->line, error,
                             "guests '%s' and '%s' have one MAC; fix: "
                             "mac= of its own for each",
                             lab->guests[i].name, guest->name);
    return STATUS_OK;
}

static enum status check_whole(struct lab *lab, struct error *error)
{
    uint64_t wanted = LAB_VMM_BYTES;
    if (lab->guest_count == 0)
        return ini_error(&lab->ini, 1, error, "there is no guest; fix: a section [guest NAME]");
    if (lab->disk[0] && lab->geometry.cylinders == 0)
        return ini_error(&lab->ini, 1, error,
                         "the host's disk has no geometry; fix: disk = "
                         "FILE,geometry=1000/16/63");
    for (unsigned i = 0; i < lab->guest_count; i++) {
        enum status status = check_cylinders(lab, i, error);
        if (status == STATUS_OK)
            status = check_macs(lab, i, error);
        if (status == STATUS_OK)
            status = lab_check_lines(lab, i, error);
        if (status != STATUS_OK)
            return status;
        wanted += lab->guests[i].memory_bytes;
    }
    if (wanted > lab->memory_bytes)
        return ini_error(
            &lab->ini, lab->guests[lab->guest_count - 1].line, error,
            "the guests' RAM and the VMM's %llu MiB add up to %llu MiB, the host has %llu; "
            "fix: memory = %lluM in [host]",
            (unsigned long long)(LAB_VMM_BYTES >> 20), (unsigned long long)(wanted >> 20),
            (unsigned long long)(lab->memory_bytes >> 20), (unsigned long long)(wanted >> 20));
    return STATUS_OK;
}

enum status lab_read(struct lab *lab, const char *path, struct error *error)
{
    const char *slash = strrchr(path, '/');
    enum status status;
    uint8_t *bytes = NULL;
    size_t count;
    memset(lab, 0, sizeof *lab);
    lab->memory_bytes = 256 * MEBIBYTE;
    lab->schedule = &SCHED_ROUND_ROBIN;
    lab->latency_us = 5000;
    lab->handover_us = 500000;
    lab->drivers.handles_ports = lab->drivers.combines_sends = lab->drivers.shares_events = true;
    costs_defaults(&lab->costs);
    if (slash && (size_t)(slash - path) + 2 < sizeof lab->folder)
        memcpy(lab->folder, path, (size_t)(slash - path) + 1);
    status = file_read(path, LAB_FILE_MAX, &bytes, &count, error);
    if (status == STATUS_OK)
        status = ini_parse(&lab->ini, path, bytes, count, error);
    free(bytes);
    if (status == STATUS_OK)
        status = read_sections(lab, error);
    if (status == STATUS_OK)
        status = check_whole(lab, error);
    return status == STATUS_OK ? lab_read_actions(lab, error) : status;
}

void lab_free(struct lab *lab)
{
    ini_free(&lab->ini);
}

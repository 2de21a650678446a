#include "hypervisor/lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/file.h"
#include "backends/net_words.h"
#include "base/bits.h"
#include "base/words.h"

#define MEBIBYTE (UINT64_C(1) << 20)
#define LAB_FILE_MAX ((size_t)1 << 20)

/* One key: where its value goes is up to its setter. */
struct key {
    const char *name;
    enum status (*set)(struct lab *lab, struct lab_guest *guest, const struct ini_entry *entry,
                       struct error *error);
};

static enum status bad(const struct lab *lab, const struct ini_entry *entry, const char *wanted,
                       struct error *error)
{
    return ini_error(&lab->ini, entry->line, error, "%s = %.80s; fix: %s", entry->key, entry->value,
                     wanted);
}

static enum status set_text(const struct lab *lab, const struct ini_entry *entry, char *to,
                            size_t size, struct error *error)
{
    if (strlen(entry->value) >= size)
        return bad(lab, entry, "a shorter value", error);
    strcpy(to, entry->value);
    return STATUS_OK;
}

/* A path, relative to the lab's folder. */
static enum status set_path(const struct lab *lab, const struct ini_entry *entry, const char *path,
                            char *to, struct error *error)
{
    int length = snprintf(to, LAB_TEXT, "%s%s", path[0] == '/' ? "" : lab->folder, path);
    if (path[0] == '\0' || length < 0 || length >= LAB_TEXT)
        return bad(lab, entry, "the path of a file", error);
    return STATUS_OK;
}

static enum status set_memory(const struct lab *lab, const struct ini_entry *entry, uint64_t *to,
                              struct error *error)
{
    if (!words_size(entry->value, to) || *to < MEBIBYTE || *to > 2048 * MEBIBYTE ||
        *to % MEBIBYTE != 0)
        return bad(lab, entry, "whole MiB from 1M to 2048M", error);
    return STATUS_OK;
}

static bool parse_mac(const char *text, uint8_t *mac)
{
    unsigned b[6];
    int used = 0;
    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &used) !=
            6 || text[used] != '\0')
        return false;
    for (int i = 0; i < 6; i++)
        mac[i] = (uint8_t)b[i];
    return (mac[0] & 1) == 0; /* an individual address (IEEE 802-2014, 8.2) */
}

/* "ne2k-isa,mac=52:54:00:00:00:0a,irq=10" */
static enum status set_nic(const struct lab *lab, const struct ini_entry *entry, struct lab_nic *nic,
                           struct error *error)
{
    char words[LAB_TEXT], *rest, *word;
    size_t used = 0, cable_used = 0;
    nic->line = entry->line;
    if (strlen(entry->value) >= sizeof words)
        return bad(lab, entry, "a shorter value", error);
    strcpy(words, entry->value);
    rest = strchr(words, ',');
    if (rest)
        *rest++ = '\0';
    if (strcmp(words, "none") == 0) {
        nic->model[0] = '\0';
        return STATUS_OK;
    }
    if (strcmp(words, "ne2k-isa") != 0 && strcmp(words, "ne2k-pci") != 0)
        return bad(lab, entry, "ne2k-isa, ne2k-pci or none", error);
    strcpy(nic->model, words);
    for (word = rest; word && *word; word = rest) {
        rest = strchr(word, ',');
        if (rest)
            *rest++ = '\0';
        if (strncmp(word, "mac=", 4) == 0) {
            if (!parse_mac(word + 4, nic->mac))
                return bad(lab, entry, "mac=52:54:00:00:00:0a (six bytes, not a multicast address)",
                           error);
        } else if (net_word_is_known(word)) {
            text_append(nic->cable, sizeof nic->cable, &cable_used, "%s%s", cable_used ? "," : "",
                        word);
        } else {
            text_append(nic->settings, sizeof nic->settings, &used, "%s%s", used ? "," : "", word);
        }
    }
    return STATUS_OK;
}

/* --- [host] ----------------------------------------------------------------------------------------- */

/* What the opening of an image understands, and judges. */
static bool is_image_word(const char *word)
{
    return strncmp(word, "format=", 7) == 0 || strcmp(word, "ro") == 0 ||
           strcmp(word, "overlay") == 0 || strncmp(word, "backing=", 8) == 0;
}

static enum status host_disk(struct lab *lab, struct lab_guest *guest, const struct ini_entry *entry,
                             struct error *error)
{
    char words[LAB_TEXT], *rest, *word;
    size_t used = 0;
    (void)guest;
    if (strlen(entry->value) >= sizeof words)
        return bad(lab, entry, "a shorter value", error);
    strcpy(words, entry->value);
    rest = strchr(words, ',');
    if (rest)
        *rest++ = '\0';
    for (word = rest; word && *word; word = rest) {
        rest = strchr(word, ',');
        if (rest)
            *rest++ = '\0';
        if (strncmp(word, "geometry=", 9) == 0) {
            if (!block_geometry_parse(word + 9, &lab->geometry))
                return bad(lab, entry, "geometry=C/H/S with C to 65535, H to 16, S to 63", error);
        } else if (is_image_word(word)) {
            text_append(lab->disk_words, sizeof lab->disk_words, &used, ",%s", word);
        } else if (strcmp(word, "mechanics=realistic") == 0) {
            lab->has_mechanics = true;
        } else if (strcmp(word, "mechanics=immediate") != 0) {
            return bad(lab, entry, "FILE,geometry=C/H/S[,mechanics=realistic|immediate]"
                                   "[,format=F][,ro][,overlay][,backing=any]", error);
        }
    }
    return set_path(lab, entry, words, lab->disk, error);
}

static enum status host_memory(struct lab *lab, struct lab_guest *guest,
                               const struct ini_entry *entry, struct error *error)
{
    (void)guest;
    return set_memory(lab, entry, &lab->memory_bytes, error);
}

static enum status host_nic(struct lab *lab, struct lab_guest *guest, const struct ini_entry *entry,
                            struct error *error)
{
    static const uint8_t NONE[6] = {0};
    const uint8_t *mac = lab->nic.mac;
    enum status status = set_nic(lab, entry, &lab->nic, error);
    (void)guest;
    if (status != STATUS_OK)
        return status;
    if (strcmp(lab->nic.model, "ne2k-pci") == 0 || lab->nic.settings[0])
        return bad(lab, entry, "ne2k-isa[,mac=...][,net=...][,pcap=FILE] or none: the VMM's driver knows "
                               "the card at 300h, IRQ 5", error);
    if (memcmp(mac, NONE, 6) != 0)
        snprintf(lab->nic.settings, sizeof lab->nic.settings, "mac=%02x:%02x:%02x:%02x:%02x:%02x",
                 mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    return STATUS_OK;
}

static enum status host_display(struct lab *lab, struct lab_guest *guest,
                                const struct ini_entry *entry, struct error *error)
{
    int used = 0;
    (void)guest;
    if (sscanf(entry->value, "%ux%u%n", &lab->display_width, &lab->display_height, &used) != 2 ||
        entry->value[used] != '\0' || lab->display_width < 320 || lab->display_width > 2560 ||
        lab->display_height < 200 || lab->display_height > 1600 || lab->display_width % 8 != 0)
        return bad(lab, entry, "WIDTHxHEIGHT from 320x200 to 2560x1600, width in steps of 8", error);
    return STATUS_OK;
}

static enum status set_number(const struct lab *lab, const struct ini_entry *entry, uint64_t minimum,
                              uint64_t maximum, uint64_t *to, struct error *error)
{
    if (!words_number(entry->value, to) || *to < minimum || *to > maximum)
        return ini_error(&lab->ini, entry->line, error,
                         "%s = %.80s; fix: a whole number from %llu to %llu", entry->key,
                         entry->value, (unsigned long long)minimum, (unsigned long long)maximum);
    return STATUS_OK;
}

static enum status host_clock(struct lab *lab, struct lab_guest *guest, const struct ini_entry *entry,
                              struct error *error)
{
    (void)guest;
    return set_number(lab, entry, 1000000, UINT64_C(10000000000), &lab->clock_hz, error);
}

static enum status host_slice(struct lab *lab, struct lab_guest *guest, const struct ini_entry *entry,
                              struct error *error)
{
    (void)guest;
    return set_number(lab, entry, 100, 1000000, &lab->slice_us, error);
}

static const struct key HOST_KEYS[] = {
    {"memory", host_memory}, {"disk", host_disk},   {"nic", host_nic},
    {"display", host_display}, {"clock", host_clock}, {"slice_us", host_slice},
    {NULL, NULL},
};

/* --- [guest NAME] -------------------------------------------------------------------------------------- */

static enum status guest_memory(struct lab *lab, struct lab_guest *guest,
                                const struct ini_entry *entry, struct error *error)
{
    return set_memory(lab, entry, &guest->memory_bytes, error);
}

static enum status guest_cylinders(struct lab *lab, struct lab_guest *guest,
                                   const struct ini_entry *entry, struct error *error)
{
    unsigned first, last;
    int used = 0;
    if (sscanf(entry->value, "%u-%u%n", &first, &last, &used) != 2 || entry->value[used] != '\0' ||
        last < first || last > 65534)
        return bad(lab, entry, "FIRST-LAST, counted from 0", error);
    guest->has_disk = true;
    guest->first_cylinder = first;
    guest->last_cylinder = last;
    return STATUS_OK;
}

static enum status guest_nic(struct lab *lab, struct lab_guest *guest, const struct ini_entry *entry,
                             struct error *error)
{
    return set_nic(lab, entry, &guest->nic, error);
}

#define GUEST_TEXT(member)                                                                        \
    static enum status guest_##member(struct lab *lab, struct lab_guest *guest,                   \
                                      const struct ini_entry *entry, struct error *error)         \
    {                                                                                             \
        return set_text(lab, entry, guest->member, sizeof guest->member, error);                  \
    }
GUEST_TEXT(cpu)
GUEST_TEXT(append)
GUEST_TEXT(serial)

#define GUEST_PATH(member)                                                                        \
    static enum status guest_##member(struct lab *lab, struct lab_guest *guest,                   \
                                      const struct ini_entry *entry, struct error *error)         \
    {                                                                                             \
        return set_path(lab, entry, entry->value, guest->member, error);                          \
    }
GUEST_PATH(kernel)
GUEST_PATH(initrd)
GUEST_PATH(bios)

static enum status guest_time(struct lab *lab, struct lab_guest *guest, const struct ini_entry *entry,
                              struct error *error)
{
    if (strcmp(entry->value, "real") != 0 && strcmp(entry->value, "virtual") != 0)
        return bad(lab, entry, "real (missed ticks are caught up) or virtual (time stands still "
                               "while preempted)", error);
    guest->has_virtual_time = strcmp(entry->value, "virtual") == 0;
    return STATUS_OK;
}

static const struct key GUEST_KEYS[] = {
    {"memory", guest_memory}, {"cylinders", guest_cylinders}, {"nic", guest_nic},
    {"cpu", guest_cpu},       {"kernel", guest_kernel},       {"initrd", guest_initrd},
    {"append", guest_append}, {"serial", guest_serial},       {"bios", guest_bios},
    {"time", guest_time},     {NULL, NULL},
};

/* --- sections ---------------------------------------------------------------------------------------------- */

static enum status unknown_key(const struct lab *lab, const struct ini_entry *entry,
                               const struct key *keys, struct error *error)
{
    const char *names[16], *nearest;
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
            return ini_error(&lab->ini, entry->line, error, "'%.60s' is given twice (line %d); fix: "
                             "leave one out", entry->key, other->line);
    }
    return STATUS_OK;
}

static enum status apply(struct lab *lab, struct lab_guest *guest, size_t index,
                         const struct key *keys, struct error *error)
{
    const struct ini_entry *entry = &lab->ini.entries[index];
    enum status status = check_twice(lab, index, error);
    if (status != STATUS_OK)
        return status;
    for (const struct key *key = keys; key->name; key++)
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
            return set_number(lab, entry, 0, 1000000000, &lab->costs.ns[i], error);
    return ini_error(&lab->ini, entry->line, error, "unknown cost '%.60s'; fix: trap, world_switch, "
                     "hypercall, copy_kib, interrupt or context_switch, in ns", entry->key);
}

static enum status open_guest(struct lab *lab, const struct ini_entry *entry,
                              struct lab_guest **guest, struct error *error)
{
    const char *name = entry->section + 6;
    if (lab->guest_count == LAB_GUESTS_MAX)
        return ini_error(&lab->ini, entry->line, error, "more than %d guests", LAB_GUESTS_MAX);
    if (*name == '\0' || strlen(name) >= sizeof(*guest)->name || strpbrk(name, " \t/.\"\\"))
        return ini_error(&lab->ini, entry->line, error, "a guest needs one plain word as its name; "
                         "fix: [guest alpha]");
    for (unsigned i = 0; i < lab->guest_count; i++)
        if (strcmp(lab->guests[i].name, name) == 0)
            return ini_error(&lab->ini, entry->line, error, "there is a guest '%.60s' already (line "
                             "%d); fix: another name", name, lab->guests[i].line);
    *guest = &lab->guests[lab->guest_count++];
    strcpy((*guest)->name, name);
    (*guest)->line = entry->line;
    (*guest)->memory_bytes = 32 * MEBIBYTE;
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
        if (!is_guest && !is_host && !is_costs)
            return ini_error(&lab->ini, entry->line, error, "unknown section [%.60s]; fix: [host], "
                             "[guest NAME] or [costs]", entry->section);
        if (!entry->key && is_guest && entry->section[5] == '\0')
            return ini_error(&lab->ini, entry->line, error, "the guest has no name; fix: [guest "
                             "alpha]");
        if (!entry->key)
            status = is_guest ? open_guest(lab, entry, &guest, error) : STATUS_OK;
        else if (is_costs)
            status = apply_cost(lab, i, error);
        else
            status = apply(lab, guest, i, is_host ? HOST_KEYS : GUEST_KEYS, error);
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
        return ini_error(&lab->ini, guest->line, error, "guest '%s' has cylinders, the host no disk; "
                         "fix: disk = FILE,geometry=C/H/S in [host]", guest->name);
    if (guest->last_cylinder >= lab->geometry.cylinders)
        return ini_error(&lab->ini, guest->line, error, "guest '%s': cylinder %u is past the disk's "
                         "last, %u; fix: a range within 0-%u", guest->name, guest->last_cylinder,
                         lab->geometry.cylinders - 1, lab->geometry.cylinders - 1);
    for (unsigned i = 0; i < index; i++) {
        const struct lab_guest *other = &lab->guests[i];
        if (other->has_disk && guest->first_cylinder <= other->last_cylinder &&
            other->first_cylinder <= guest->last_cylinder)
            return ini_error(&lab->ini, guest->line, error, "guests '%s' (%u-%u) and '%s' (%u-%u) "
                             "overlap; fix: ranges without common cylinders", other->name,
                             other->first_cylinder, other->last_cylinder, guest->name,
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
            return ini_error(&lab->ini, guest->line, error, "guests '%s' and '%s' have one MAC; fix: "
                             "mac= of its own for each", lab->guests[i].name, guest->name);
    return STATUS_OK;
}

static enum status check_whole(struct lab *lab, struct error *error)
{
    uint64_t wanted = LAB_VMM_BYTES;
    if (lab->guest_count == 0)
        return ini_error(&lab->ini, 1, error, "there is no guest; fix: a section [guest NAME]");
    if (lab->disk[0] && lab->geometry.cylinders == 0)
        return ini_error(&lab->ini, 1, error, "the host's disk has no geometry; fix: disk = "
                         "FILE,geometry=1000/16/63");
    for (unsigned i = 0; i < lab->guest_count; i++) {
        enum status status = check_cylinders(lab, i, error);
        if (status == STATUS_OK)
            status = check_macs(lab, i, error);
        if (status != STATUS_OK)
            return status;
        wanted += lab->guests[i].memory_bytes;
    }
    if (wanted > lab->memory_bytes)
        return ini_error(&lab->ini, lab->guests[lab->guest_count - 1].line, error,
                         "the guests' RAM and the VMM's %llu MiB add up to %llu MiB, the host has %llu; "
                         "fix: memory = %lluM in [host]", (unsigned long long)(LAB_VMM_BYTES >> 20),
                         (unsigned long long)(wanted >> 20),
                         (unsigned long long)(lab->memory_bytes >> 20),
                         (unsigned long long)(wanted >> 20));
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
    /* Short: a guest that measures its TSC against the PIT (10 ms) sees that it was preempted. */
    lab->slice_us = 1000;
    costs_defaults(&lab->costs);
    if (slash && (size_t)(slash - path) + 2 < sizeof lab->folder)
        memcpy(lab->folder, path, (size_t)(slash - path) + 1);
    status = file_read(path, LAB_FILE_MAX, &bytes, &count, error);
    if (status == STATUS_OK)
        status = ini_parse(&lab->ini, path, bytes, count, error);
    free(bytes);
    if (status == STATUS_OK)
        status = read_sections(lab, error);
    return status == STATUS_OK ? check_whole(lab, error) : status;
}

void lab_free(struct lab *lab)
{
    ini_free(&lab->ini);
}

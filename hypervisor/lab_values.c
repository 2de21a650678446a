/* Values in LAB.ini that several keys take. */
#include "hypervisor/lab_internal.h"

#include <stdio.h>
#include <string.h>

#include "backends/net_words.h"
#include "base/bits.h"
#include "base/words.h"
#include "bus/net.h"

enum status lab_bad(const struct lab *lab, const struct ini_entry *entry, const char *wanted,
                    struct error *error)
{
    return ini_error(&lab->ini, entry->line, error, "%s = %.80s; fix: %s", entry->key, entry->value,
                     wanted);
}

enum status lab_set_text(const struct lab *lab, const struct ini_entry *entry, char *to,
                         size_t size, struct error *error)
{
    if (strlen(entry->value) >= size)
        return lab_bad(lab, entry, "a shorter value", error);
    strcpy(to, entry->value);
    return STATUS_OK;
}

/* A path, relative to the lab's folder. */
enum status lab_set_path(const struct lab *lab, const struct ini_entry *entry, const char *path,
                         char *to, struct error *error)
{
    int length = snprintf(to, LAB_TEXT, "%s%s", path[0] == '/' ? "" : lab->folder, path);
    if (path[0] == '\0' || length < 0 || length >= LAB_TEXT)
        return lab_bad(lab, entry, "the path of a file", error);
    return STATUS_OK;
}

enum status lab_set_memory(const struct lab *lab, const struct ini_entry *entry, uint64_t mib_max,
                           uint64_t *to, struct error *error)
{
    char wanted[64];
    if (words_size(entry->value, to) && *to >= MEBIBYTE && *to <= mib_max * MEBIBYTE &&
        *to % MEBIBYTE == 0)
        return STATUS_OK;
    snprintf(wanted, sizeof wanted, "whole MiB from 1M to %lluM", (unsigned long long)mib_max);
    return lab_bad(lab, entry, wanted, error);
}

/* "ne2k-isa,mac=52:54:00:00:00:0a,irq=10" */
enum status lab_set_nic(const struct lab *lab, const struct ini_entry *entry, struct lab_nic *nic,
                        struct error *error)
{
    char words[LAB_TEXT], *rest, *word;
    size_t used = 0, cable_used = 0;
    nic->line = entry->line;
    if (strlen(entry->value) >= sizeof words)
        return lab_bad(lab, entry, "a shorter value", error);
    strcpy(words, entry->value);
    rest = strchr(words, ',');
    if (rest)
        *rest++ = '\0';
    if (strcmp(words, "none") == 0) {
        nic->model[0] = '\0';
        return STATUS_OK;
    }
    if (strcmp(words, "ne2k-isa") != 0 && strcmp(words, "ne2k-pci") != 0 &&
        strcmp(words, "virtio-net") != 0)
        return lab_bad(lab, entry, "ne2k-isa, ne2k-pci, virtio-net or none", error);
    strcpy(nic->model, words);
    for (word = rest; word && *word; word = rest) {
        rest = strchr(word, ',');
        if (rest)
            *rest++ = '\0';
        if (strncmp(word, "mac=", 4) == 0) {
            if (!net_parse_mac(word + 4, nic->mac))
                return lab_bad(lab, entry,
                               "mac=52:54:00:00:00:0a (six bytes, not a multicast address)", error);
        } else if (net_word_is_known(word)) {
            text_append(nic->cable, sizeof nic->cable, &cable_used, "%s%s", cable_used ? "," : "",
                        word);
        } else {
            text_append(nic->settings, sizeof nic->settings, &used, "%s%s", used ? "," : "", word);
        }
    }
    return STATUS_OK;
}

enum status lab_set_number(const struct lab *lab, const struct ini_entry *entry, uint64_t minimum,
                           uint64_t maximum, uint64_t *to, struct error *error)
{
    if (!words_number(entry->value, to) || *to < minimum || *to > maximum)
        return ini_error(&lab->ini, entry->line, error,
                         "%s = %.80s; fix: a whole number from %llu to %llu", entry->key,
                         entry->value, (unsigned long long)minimum, (unsigned long long)maximum);
    return STATUS_OK;
}

enum status lab_set_switch(const struct lab *lab, const struct ini_entry *entry, bool *to,
                           struct error *error)
{
    *to = strcmp(entry->value, "on") == 0;
    if (!*to && strcmp(entry->value, "off") != 0)
        return lab_bad(lab, entry, "on or off", error);
    return STATUS_OK;
}

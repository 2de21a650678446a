/* The keys of [host]. */
#include "hypervisor/lab_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/words.h"

/* What the opening of an image understands, and judges. */
static bool is_image_word(const char *word)
{
    return strncmp(word, "format=", 7) == 0 || strcmp(word, "ro") == 0 ||
           strcmp(word, "overlay") == 0 || strncmp(word, "backing=", 8) == 0;
}

static enum status host_disk(struct lab *lab, struct lab_guest *guest,
                             const struct ini_entry *entry, struct error *error)
{
    char words[LAB_TEXT], *rest, *word;
    size_t used = 0;
    (void)guest;
    if (strlen(entry->value) >= sizeof words)
        return lab_bad(lab, entry, "a shorter value", error);
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
                return lab_bad(lab, entry, "geometry=C/H/S with C to 65535, H to 16, S to 63",
                               error);
        } else if (is_image_word(word)) {
            text_append(lab->disk_words, sizeof lab->disk_words, &used, ",%s", word);
        } else if (strcmp(word, "mechanics=realistic") == 0) {
            lab->has_mechanics = true;
        } else if (strcmp(word, "mechanics=immediate") != 0) {
            return lab_bad(lab, entry,
                           "FILE,geometry=C/H/S[,mechanics=realistic|immediate]"
                           "[,format=F][,ro][,overlay][,backing=any]",
                           error);
        }
    }
    return lab_set_path(lab, entry, words, lab->disk, error);
}

static enum status host_memory(struct lab *lab, struct lab_guest *guest,
                               const struct ini_entry *entry, struct error *error)
{
    (void)guest;
    return lab_set_memory(lab, entry, LAB_HOST_MIB_MAX, &lab->memory_bytes, error);
}

static enum status host_nic(struct lab *lab, struct lab_guest *guest, const struct ini_entry *entry,
                            struct error *error)
{
    static const uint8_t NONE[6] = {0};
    const uint8_t *mac = lab->nic.mac;
    enum status status = lab_set_nic(lab, entry, &lab->nic, error);
    bool is_fast;
    (void)guest;
    if (status != STATUS_OK)
        return status;
    is_fast = strcmp(lab->nic.settings, "mbit=100") == 0;
    if ((lab->nic.model[0] && strcmp(lab->nic.model, "ne2k-isa") != 0) ||
        (lab->nic.settings[0] && !is_fast))
        return lab_bad(lab, entry,
                       "ne2k-isa[,mac=...][,mbit=100][,net=...][,pcap=FILE] or none: the VMM's driver "
                       "knows the card at 300h, IRQ 5",
                       error);
    if (memcmp(mac, NONE, 6) != 0)
        snprintf(lab->nic.settings, sizeof lab->nic.settings, "mac=%02x:%02x:%02x:%02x:%02x:%02x%s",
                 mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], is_fast ? ",mbit=100" : "");
    return STATUS_OK;
}

static enum status host_display(struct lab *lab, struct lab_guest *guest,
                                const struct ini_entry *entry, struct error *error)
{
    int used = 0;
    (void)guest;
    lab->has_text_display = strcmp(entry->value, "text") == 0;
    if (lab->has_text_display)
        return STATUS_OK;
    if (sscanf(entry->value, "%ux%u%n", &lab->display_width, &lab->display_height, &used) != 2 ||
        entry->value[used] != '\0' || lab->display_width < 320 || lab->display_width > 2560 ||
        lab->display_height < 200 || lab->display_height > 1600 || lab->display_width % 8 != 0)
        return lab_bad(lab, entry, "WIDTHxHEIGHT from 320x200 to 2560x1600, width in steps of 8; or text",
                       error);
    return STATUS_OK;
}

static enum status host_clock(struct lab *lab, struct lab_guest *guest,
                              const struct ini_entry *entry, struct error *error)
{
    (void)guest;
    return lab_set_number(lab, entry, 1000000, UINT64_C(10000000000), &lab->clock_hz, error);
}

static enum status host_slice(struct lab *lab, struct lab_guest *guest,
                              const struct ini_entry *entry, struct error *error)
{
    (void)guest;
    return lab_set_number(lab, entry, 100, 1000000, &lab->slice_us, error);
}

static enum status host_schedule(struct lab *lab, struct lab_guest *guest,
                                 const struct ini_entry *entry, struct error *error)
{
    const char *names[8], *nearest;
    size_t count = 0;
    (void)guest;
    lab->schedule = sched_find(entry->value);
    if (lab->schedule)
        return STATUS_OK;
    for (; SCHED_TYPES[count]; count++)
        names[count] = SCHED_TYPES[count]->name;
    nearest = words_nearest(entry->value, names, count);
    return lab_bad(lab, entry, nearest ? nearest : "round-robin, credit, bvt or partitioned",
                   error);
}

static enum status host_boost(struct lab *lab, struct lab_guest *guest,
                              const struct ini_entry *entry, struct error *error)
{
    bool is_on;
    enum status status = lab_set_switch(lab, entry, &is_on, error);
    (void)guest;
    lab->is_boost_off = !is_on;
    return status;
}

static enum status host_arbiter(struct lab *lab, struct lab_guest *guest, const struct ini_entry *entry,
                                struct error *error)
{
    bool is_on;
    enum status status = lab_set_switch(lab, entry, &is_on, error);
    (void)guest;
    lab->is_arbiter_off = status == STATUS_OK && !is_on;
    return status;
}

static enum status host_disk_order(struct lab *lab, struct lab_guest *guest,
                                   const struct ini_entry *entry, struct error *error)
{
    (void)guest;
    lab->is_elevator = strcmp(entry->value, "elevator") == 0;
    if (!lab->is_elevator && strcmp(entry->value, "fifo") != 0)
        return lab_bad(lab, entry, "fifo or elevator", error);
    return STATUS_OK;
}

static enum status host_latency(struct lab *lab, struct lab_guest *guest, const struct ini_entry *entry,
                                struct error *error)
{
    (void)guest;
    return lab_set_number(lab, entry, 1, 10000000, &lab->latency_us, error);
}

const struct lab_key LAB_HOST_KEYS[] = {
    {"memory",           host_memory           },
    {"disk",             host_disk             },
    {"nic",              host_nic              },
    {"display",          host_display          },
    {"clock",            host_clock            },
    {"slice_us",         host_slice            },
    {"disk_driver",      lab_host_disk_driver  },
    {"disk_dma",         lab_host_disk_dma     },
    {"nic_driver",       lab_host_nic_driver   },
    {"hosted",           lab_host_hosted       },
    {"backend_delay_us", lab_host_backend_delay},
    {"backend_batch",    lab_host_backend_batch},
    {"schedule",         host_schedule         },
    {"boost",            host_boost            },
    {"arbiter",          host_arbiter          },
    {"disk_order",       host_disk_order       },
    {"latency_us",       host_latency          },
    {"serial",           lab_host_serial       },
    {"printer",          lab_host_printer      },
    {"handover_us",      lab_host_handover     },
    {NULL,               NULL                  },
};

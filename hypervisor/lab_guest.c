/* The keys of [guest NAME]. */
#include "hypervisor/lab_internal.h"

#include <stdio.h>
#include <string.h>

static enum status guest_memory(struct lab *lab, struct lab_guest *guest,
                                const struct ini_entry *entry, struct error *error)
{
    return lab_set_memory(lab, entry, 2048, &guest->memory_bytes, error);
}

static enum status guest_cylinders(struct lab *lab, struct lab_guest *guest,
                                   const struct ini_entry *entry, struct error *error)
{
    unsigned first, last;
    int used = 0;
    if (sscanf(entry->value, "%u-%u%n", &first, &last, &used) != 2 || last < first ||
        last > 65534 || (entry->value[used] != '\0' && strcmp(entry->value + used, ",shared") != 0))
        return lab_bad(lab, entry, "FIRST-LAST[,shared], counted from 0", error);
    guest->is_disk_shared = entry->value[used] != '\0';
    guest->has_disk = true;
    guest->first_cylinder = first;
    guest->last_cylinder = last;
    return STATUS_OK;
}

/* "virtio-blk,transport=legacy" */
static enum status guest_disk_model(struct lab *lab, struct lab_guest *guest,
                                    const struct ini_entry *entry, struct error *error)
{
    const char *value = entry->value, *more = strchr(value, ',');
    size_t model = strcspn(value, ",");
    bool is_ata = model == 3 && strncmp(value, "ata", 3) == 0;
    guest->has_virtio_disk = model == 10 && strncmp(value, "virtio-blk", 10) == 0;
    if (is_ata == guest->has_virtio_disk || (is_ata && more) ||
        (more &&
         (strncmp(more, ",transport=", 11) != 0 || strlen(more) > sizeof guest->disk_settings)))
        return lab_bad(lab, entry, "ata, or virtio-blk[,transport=transitional|legacy|modern]",
                       error);
    if (more)
        strcpy(guest->disk_settings, more + 1);
    return STATUS_OK;
}

/* "640x420+100+50,hidden": the frame's size and place, in pixels or a text host's cells. */
static enum status guest_window(struct lab *lab, struct lab_guest *guest,
                                const struct ini_entry *entry, struct error *error)
{
    struct lab_window *window = &guest->window;
    const char *rest = entry->value;
    int used = 0;
    if (sscanf(rest, "%5ux%5u%6d%6d%n", &window->width, &window->height, &window->x, &window->y,
               &used) == 4) {
        window->is_placed = true;
        rest += used;
        if (*rest == ',')
            rest++;
    }
    window->is_hidden = strcmp(rest, "hidden") == 0;
    if (*rest && !window->is_hidden)
        return lab_bad(lab, entry, "WIDTHxHEIGHT+X+Y[,hidden], or hidden", error);
    return STATUS_OK;
}

static enum status guest_nic(struct lab *lab, struct lab_guest *guest,
                             const struct ini_entry *entry, struct error *error)
{
    return lab_set_nic(lab, entry, &guest->nic, error);
}

#define GUEST_TEXT(member)                                                                         \
    static enum status guest_##member(struct lab *lab, struct lab_guest *guest,                    \
                                      const struct ini_entry *entry, struct error *error)          \
    {                                                                                              \
        return lab_set_text(lab, entry, guest->member, sizeof guest->member, error);               \
    }
GUEST_TEXT(cpu)
GUEST_TEXT(append)

#define GUEST_PATH(member)                                                                         \
    static enum status guest_##member(struct lab *lab, struct lab_guest *guest,                    \
                                      const struct ini_entry *entry, struct error *error)          \
    {                                                                                              \
        return lab_set_path(lab, entry, entry->value, guest->member, error);                       \
    }
GUEST_PATH(kernel)
GUEST_PATH(initrd)

static enum status guest_time(struct lab *lab, struct lab_guest *guest,
                              const struct ini_entry *entry, struct error *error)
{
    if (strcmp(entry->value, "real") != 0 && strcmp(entry->value, "virtual") != 0)
        return lab_bad(lab, entry,
                       "real (missed ticks are caught up) or virtual (time stands still "
                       "while preempted)",
                       error);
    guest->has_virtual_time = strcmp(entry->value, "virtual") == 0;
    return STATUS_OK;
}

#define GUEST_NUMBER(key, member, minimum, maximum)                                                \
    static enum status guest_##key(struct lab *lab, struct lab_guest *guest,                       \
                                   const struct ini_entry *entry, struct error *error)             \
    {                                                                                              \
        return lab_set_number(lab, entry, minimum, maximum, &guest->member, error);                \
    }
GUEST_NUMBER(vlan, vlan, 1, 4094)
GUEST_NUMBER(rate_kbit, rate_kbit, 1, 10000000)
GUEST_NUMBER(disk_share, disk_share, 1, 10000)
GUEST_NUMBER(weight, sched.weight, 1, 65535)
GUEST_NUMBER(cap, sched.cap_percent, 1, 100)
GUEST_NUMBER(warp_us, sched.warp_us, 0, 10000000)
GUEST_NUMBER(warp_limit_us, sched.warp_limit_us, 0, 10000000)
GUEST_NUMBER(unwarp_us, sched.unwarp_us, 0, 10000000)

const struct lab_key LAB_GUEST_KEYS[] = {
    {"memory",        guest_memory       },
    {"cylinders",     guest_cylinders    },
    {"disk_model",    guest_disk_model   },
    {"nic",           guest_nic          },
    {"cpu",           guest_cpu          },
    {"kernel",        guest_kernel       },
    {"initrd",        guest_initrd       },
    {"append",        guest_append       },
    {"serial",        lab_guest_serial   },
    {"printer",       lab_guest_printer  },
    {"time",          guest_time         },
    {"vlan",          guest_vlan         },
    {"rate_kbit",     guest_rate_kbit    },
    {"disk_share",    guest_disk_share   },
    {"weight",        guest_weight       },
    {"cap",           guest_cap          },
    {"warp_us",       guest_warp_us      },
    {"warp_limit_us", guest_warp_limit_us},
    {"unwarp_us",     guest_unwarp_us    },
    {"syscalls",      lab_guest_syscalls },
    {"window",        guest_window       },
    {NULL,            NULL               },
};

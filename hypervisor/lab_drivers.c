/* The keys about who drives a physical device, and where I/O is intercepted. */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "hypervisor/lab_internal.h"

const char *const DRIVER_MODEL_NAMES[DRIVER_MODELS] = {"native", "hosted", "split"};

static enum status set_model(const struct lab *lab, const struct ini_entry *entry,
                             enum driver_model *model, struct error *error)
{
    for (unsigned i = 0; i < DRIVER_MODELS; i++)
        if (strcmp(entry->value, DRIVER_MODEL_NAMES[i]) == 0) {
            *model = (enum driver_model)i;
            return STATUS_OK;
        }
    return lab_bad(lab, entry,
                   "native (the VMM's own driver), hosted (a host operating system's) or split (a "
                   "driver domain's)",
                   error);
}

enum status lab_host_disk_driver(struct lab *lab, struct lab_guest *guest,
                                 const struct ini_entry *entry, struct error *error)
{
    (void)guest;
    return set_model(lab, entry, &lab->drivers.disk, error);
}

enum status lab_host_disk_dma(struct lab *lab, struct lab_guest *guest, const struct ini_entry *entry,
                              struct error *error)
{
    (void)guest;
    return lab_set_switch(lab, entry, &lab->drivers.has_disk_dma, error);
}

enum status lab_host_nic_driver(struct lab *lab, struct lab_guest *guest,
                                const struct ini_entry *entry, struct error *error)
{
    (void)guest;
    return set_model(lab, entry, &lab->drivers.nic, error);
}

/* "ports,sends,events": the optimisations that are on; "none". */
enum status lab_host_hosted(struct lab *lab, struct lab_guest *guest, const struct ini_entry *entry,
                            struct error *error)
{
    struct lab_drivers *d = &lab->drivers;
    char words[LAB_TEXT];
    (void)guest;
    d->handles_ports = d->combines_sends = d->shares_events = false;
    if (strlen(entry->value) >= sizeof words)
        return lab_bad(lab, entry, "a shorter value", error);
    strcpy(words, entry->value);
    if (strcmp(words, "none") == 0)
        return STATUS_OK;
    for (char *word = words, *rest; word; word = rest) {
        rest = strchr(word, ',');
        if (rest)
            *rest++ = '\0';
        if (strcmp(word, "ports") == 0)
            d->handles_ports = true;
        else if (strcmp(word, "sends") == 0)
            d->combines_sends = true;
        else if (strcmp(word, "events") == 0)
            d->shares_events = true;
        else
            return lab_bad(
                lab, entry,
                "none, or what is optimised of ports (accesses handled in the VMM), sends "
                "(combined), events (a shared bit vector instead of select)",
                error);
    }
    return STATUS_OK;
}

enum status lab_host_backend_delay(struct lab *lab, struct lab_guest *guest,
                                   const struct ini_entry *entry, struct error *error)
{
    (void)guest;
    return lab_set_number(lab, entry, 0, 1000000, &lab->drivers.backend_delay_us, error);
}

enum status lab_host_backend_batch(struct lab *lab, struct lab_guest *guest,
                                   const struct ini_entry *entry, struct error *error)
{
    (void)guest;
    return lab_set_number(lab, entry, 0, 256, &lab->drivers.backend_batch, error);
}

/* "3=disk,4=network,1=console": descriptors and who serves them. */
enum status lab_guest_syscalls(struct lab *lab, struct lab_guest *guest,
                               const struct ini_entry *entry, struct error *error)
{
    static const char *const NAMES[] = {"", "disk", "network", "console"};
    const char *wanted = "3=disk,4=network,1=console: descriptors 0-15 and what they lead to";
    const char *at = entry->value;
    while (*at) {
        unsigned descriptor;
        char name[16];
        int used = 0;
        size_t service = 1;
        if (sscanf(at, "%2u=%15[a-z]%n", &descriptor, name, &used) != 2 ||
            descriptor >= LAB_DESCRIPTORS || (at[used] != ',' && at[used] != '\0'))
            return lab_bad(lab, entry, wanted, error);
        while (service < ARRAY_COUNT(NAMES) && strcmp(name, NAMES[service]) != 0)
            service++;
        if (service == ARRAY_COUNT(NAMES))
            return lab_bad(lab, entry, wanted, error);
        guest->services[descriptor] = (enum lab_service)service;
        guest->has_services = true;
        at += used;
        at += *at == ',';
    }
    return STATUS_OK;
}

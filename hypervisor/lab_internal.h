/* Inside of the reader of LAB.ini: its keys as rows, and the values that several of them take. */
#ifndef VITRINE_HYPERVISOR_LAB_INTERNAL_H
#define VITRINE_HYPERVISOR_LAB_INTERNAL_H

#include "hypervisor/lab.h"

#define MEBIBYTE         (UINT64_C(1) << 20)
#define LAB_HOST_MIB_MAX (UINT64_C(64) << 10) /* what is above its PCI hole only guests see */

/* One key: where its value goes is up to its setter (guest: NULL in [host]). */
struct lab_key {
    const char *name;
    enum status (*set)(struct lab *lab, struct lab_guest *guest, const struct ini_entry *entry,
                       struct error *error);
};

/* Each ends with a row whose name is NULL. */
extern const struct lab_key LAB_HOST_KEYS[], LAB_GUEST_KEYS[];

/* lab_drivers.c: the keys about who drives a device, and where I/O is intercepted. */
enum status lab_host_disk_driver(struct lab *lab, struct lab_guest *guest,
                                 const struct ini_entry *entry, struct error *error);
enum status lab_host_disk_dma(struct lab *lab, struct lab_guest *guest, const struct ini_entry *entry,
                              struct error *error);
enum status lab_host_nic_driver(struct lab *lab, struct lab_guest *guest,
                                const struct ini_entry *entry, struct error *error);
enum status lab_host_hosted(struct lab *lab, struct lab_guest *guest, const struct ini_entry *entry,
                            struct error *error);
enum status lab_host_backend_delay(struct lab *lab, struct lab_guest *guest,
                                   const struct ini_entry *entry, struct error *error);
enum status lab_host_backend_batch(struct lab *lab, struct lab_guest *guest,
                                   const struct ini_entry *entry, struct error *error);
enum status lab_guest_syscalls(struct lab *lab, struct lab_guest *guest,
                               const struct ini_entry *entry, struct error *error);

/* lab_lines.c: the serial line and the printer. */
enum status lab_host_serial(struct lab *lab, struct lab_guest *guest, const struct ini_entry *entry,
                            struct error *error);
enum status lab_host_printer(struct lab *lab, struct lab_guest *guest,
                             const struct ini_entry *entry, struct error *error);
enum status lab_host_handover(struct lab *lab, struct lab_guest *guest,
                              const struct ini_entry *entry, struct error *error);
enum status lab_guest_serial(struct lab *lab, struct lab_guest *guest,
                             const struct ini_entry *entry, struct error *error);
enum status lab_guest_printer(struct lab *lab, struct lab_guest *guest,
                              const struct ini_entry *entry, struct error *error);
enum status lab_check_lines(const struct lab *lab, unsigned index, struct error *error);

/* "key = value; fix: wanted" */
enum status lab_bad(const struct lab *lab, const struct ini_entry *entry, const char *wanted,
                    struct error *error);
enum status lab_set_text(const struct lab *lab, const struct ini_entry *entry, char *to,
                         size_t size, struct error *error);
/* A path, relative to the lab's folder, into LAB_TEXT bytes. */
enum status lab_set_path(const struct lab *lab, const struct ini_entry *entry, const char *path,
                         char *to, struct error *error);
/* Whole MiB, at most `mib_max`. */
enum status lab_set_memory(const struct lab *lab, const struct ini_entry *entry, uint64_t mib_max,
                           uint64_t *to, struct error *error);
enum status lab_set_number(const struct lab *lab, const struct ini_entry *entry, uint64_t minimum,
                           uint64_t maximum, uint64_t *to, struct error *error);
/* "on", "off" */
enum status lab_set_switch(const struct lab *lab, const struct ini_entry *entry, bool *to,
                           struct error *error);
/* "ne2k-isa,mac=52:54:00:00:00:0a,irq=10" */
enum status lab_set_nic(const struct lab *lab, const struct ini_entry *entry, struct lab_nic *nic,
                        struct error *error);

/* [actions], once all guests are known. */
enum status lab_read_actions(struct lab *lab, struct error *error);

#endif

/* LAB.ini as data: one host, several guests, checked as a whole before anything is built. */
#ifndef VITRINE_HYPERVISOR_LAB_H
#define VITRINE_HYPERVISOR_LAB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ini.h"
#include "base/status.h"
#include "bus/block.h"
#include "hypervisor/costs.h"
#include "hypervisor/sched.h"

#define LAB_GUESTS_MAX 64
#define LAB_TEXT       512
#define LAB_DISK_SHARE 100u /* of a guest that says nothing */
#define LAB_VLAN 1u /* of a port that has none given: IEEE 802.1Q-2018, table 9-2 */
#define LAB_VMM_BYTES  (UINT64_C(8) << 20) /* host RAM that the VMM keeps for itself */

/* Who holds the driver of a physical device: the VMM, a host operating system below it, or a domain
 * whose only task it is. */
enum driver_model { DRIVER_NATIVE, DRIVER_HOSTED, DRIVER_SPLIT, DRIVER_MODELS };
extern const char *const DRIVER_MODEL_NAMES[DRIVER_MODELS];

struct lab_drivers {
    enum driver_model disk, nic;
    bool has_disk_dma; /* the driver moves data by the host's bus master; else by PIO */
    /* Hosted: Sugerman, Venkitachalam, Lim (USENIX 2001), section 3.4. */
    bool handles_ports, combines_sends, shares_events;
    uint64_t backend_delay_us, backend_batch; /* of what rings ask for; 0 requests: no limit */
};

/* A descriptor whose system calls the hypervisor serves. */
enum lab_service { SERVICE_NONE, SERVICE_DISK, SERVICE_NETWORK, SERVICE_CONSOLE };
#define LAB_DESCRIPTORS 16

/* Devices of the host that one guest at a time can use: kinds, and a guest's part in each. */
enum lab_line_kind { LINE_SERIAL, LINE_PRINTER, LAB_LINES };
enum lab_line { LINE_OWN /* or none: nothing of the host's */, LINE_SHARE, LINE_PASS };
extern const char *const LAB_LINE_KEYS[LAB_LINES]; /* as LAB.ini calls them */

struct lab_nic {
    char model[32]; /* device type; "" none */
    uint8_t mac[6];
    char settings[LAB_TEXT]; /* what else was said, as device settings */
    char cable[LAB_TEXT];    /* and of its cable (backends/net_words.h) */
    int line;
};

/* Where its window lies at first; else in a grid with the others'. */
struct lab_window {
    bool is_placed, is_hidden;
    int32_t x, y;
    uint32_t width, height;
};

struct lab_guest {
    char name[64];
    int line; /* of its heading */
    uint64_t memory_bytes;
    bool has_disk;
    uint32_t first_cylinder, last_cylinder;
    bool is_disk_shared;     /* only read; others may have the same cylinders so */
    uint64_t vlan;           /* of its NIC's port, which is then an access port; 0: LAB_VLAN */
    uint64_t rate_kbit;      /* what its NIC may send a second; 0: no limit */
    uint64_t disk_share;     /* against the others'; 0: LAB_DISK_SHARE */
    bool has_virtio_disk;    /* else an ATA drive */
    char disk_settings[64];  /* of the virtio device */
    struct lab_nic nic;
    char cpu[32], kernel[LAB_TEXT], initrd[LAB_TEXT], append[LAB_TEXT], serial[LAB_TEXT];
    char printer[LAB_TEXT];
    enum lab_line lines[LAB_LINES];
    bool has_virtual_time; /* policy `virtual`; else `real` */
    struct sched_params sched;
    struct lab_window window;
    enum lab_service services[LAB_DESCRIPTORS]; /* by descriptor */
    bool has_services;
};

#define LAB_ACTIONS_MAX 64
#define LAB_ALL         LAB_GUESTS_MAX

/* A line of [actions]: "2s = pause alpha". */
/* What of a guest is meant: it, or the back-end of one of its devices. */
enum lab_part { PART_GUEST, PART_DISK, PART_NIC };
struct lab_action {
    uint64_t us;   /* of virtual time */
    char verb[16]; /* actions.h */
    unsigned guest; /* LAB_ALL: every one */
    enum lab_part part;
    int32_t a, b;  /* its numbers: a place, a size, a percentage */
};

struct lab {
    struct ini ini;
    char folder[LAB_TEXT]; /* of the file; relative paths start there */
    uint64_t memory_bytes;
    char disk[LAB_TEXT];
    char disk_words[64]; /* ",format=qcow2,overlay": for whoever opens it */
    struct block_geometry geometry;
    struct lab_nic nic;
    uint32_t display_width, display_height; /* 0: chosen to fit the guests */
    bool has_text_display; /* panes of characters */
    uint64_t clock_hz, slice_us;            /* 0: the world's, the scheduler's own */
    const struct sched_type *schedule;
    bool is_boost_off;  /* credit: nobody is boosted */
    bool is_arbiter_off;     /* for teaching: nobody checks what a guest asks of the disk */
    bool is_elevator;        /* order of the disk's requests; else FIFO */
    uint64_t latency_us;     /* partitioned: a disk answers after it, in its guest's time */
    char lines[LAB_LINES][LAB_TEXT]; /* where the host's serial line and printer lead; "": none */
    uint64_t handover_us;            /* of silence, and a shared one is free */
    bool has_mechanics; /* seek and rotation take time */
    struct lab_drivers drivers;
    struct costs costs;
    struct lab_guest guests[LAB_GUESTS_MAX];
    unsigned guest_count;
    struct lab_action actions[LAB_ACTIONS_MAX]; /* in order of time */
    unsigned action_count;
};

/* Reads and checks the file. Every message names file and line. */
enum status lab_read(struct lab *lab, const char *path, struct error *error);
void lab_free(struct lab *lab);
/* Whether the guest's port leads anywhere. */
bool lab_has_line(const struct lab_guest *guest, enum lab_line_kind kind);

#endif

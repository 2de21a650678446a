/* The virtual machine monitor: software on the emulated host, written in C.
 *
 * It owns the host machine and the guests, shares the host's CPU out, and carries guests' I/O out on
 * the host's devices through drivers of its own, which reach them only through the host's bus:
 *
 *   guest OUT → guest's port space → virtual device → arbiter (vdisk, vswitch, ...) enqueues
 *                                                        │ between guest instructions
 *   guest IRQ ← virtual device ← completion ← VMM ISR ← host IRQ ← physical device ← host OUT
 *
 * It never waits: drivers are state machines that go on with an interrupt or an event. */
#ifndef VITRINE_HYPERVISOR_VMM_H
#define VITRINE_HYPERVISOR_VMM_H

#include <stdbool.h>
#include <stdint.h>

#include "bus/space.h"
#include "hypervisor/contexts.h"
#include "hypervisor/costs.h"
#include "hypervisor/gantt.h"
#include "hypervisor/lab.h"
#include "hypervisor/measure.h"
#include "hypervisor/sched.h"
#include "machine/machine.h"

#define VMM_DEVICES_MAX 48 /* of a machine, for the counts */

struct actions;
struct ata_driver;
struct boot;
struct disk_owners;
struct lines;
struct disk_path;
struct ne2000_driver;
struct nic_path;
struct pv;
struct vdisk;
struct vdisplay;
struct vinput;
struct vmm;
struct vswitch;
struct vswitch_port;

/* What one guest asked of one of its devices, and what became of it. */
struct guest_device_count {
    const struct device *device;
    uint64_t reads, writes; /* accesses; a string I/O block is one */
    uint64_t decisions[6];  /* by enum decision */
};

/* A guest (domain): a machine on virtual devices. */
struct guest {
    struct vmm *vmm;
    unsigned number;
    const struct lab_guest *lab;
    struct machine *machine;
    struct vdisk *vdisk;       /* NULL: no disk */
    struct vswitch_port *port; /* NULL: no NIC */
    struct net_port *nic_cable; /* the end that its NIC is plugged into */
    struct pv *pv;              /* hypercalls, rings, system calls */
    bool is_waiting;            /* in a system call that the hypervisor serves */
    struct boot *boot;         /* NULL: from disk */
    char nic_settings[LAB_TEXT + 48];
    struct space_intercept intercept; /* of its port space and its MMIO */
    struct guest_device_count counts[VMM_DEVICES_MAX];
    struct cost_account account;
    uint64_t trap_instructions, trap_count, trap_address, trap_linear; /* of the last access */
    uint64_t trap_time;               /* in its own time: when the instruction that makes it began */
    uint64_t run_time, slices;   /* in instructions of the host */
    uint64_t steal_time;         /* it could have run, and did not */
    uint64_t longest_wait;       /* of those times, the longest */
    uint64_t waiting_since;      /* while it can run and does not */
    uint64_t stops[GUEST_STOPS]; /* why it stopped to run, how often */
    bool is_awake;                    /* could run since it last ran */
    bool waits_for_disk;         /* partitioned: its time stands until its disk has answered */
    uint64_t interrupts;         /* injected: by its 8259, or upcalls */
    bool is_paused, has_ended;
    int exit_status;
};

/* What runs between guest instructions. Each part registers one. */
struct vmm_part {
    void (*work)(void *self); /* something was enqueued or an interrupt came */
    void *self;
    bool is_pending;
    struct vmm_part *next;
};

struct vmm {
    struct world *world;
    const struct lab *lab;
    struct machine *host;
    struct guest *guests;
    unsigned guest_count;
    struct vmm_part *parts;
    struct ata_driver *disk_driver;   /* NULL: the host has no disk */
    struct ne2000_driver *nic_driver; /* NULL: the host has no NIC */
    struct disk_owners *disk_owners;  /* looks at each access of its medium */
    struct disk_path *disk_path;      /* and who leads there */
    struct nic_path *nic_path;
    struct contexts contexts;
    struct vmm_part vmapp; /* the VMApp's turns in the host OS */
    struct measure measure;
    struct lines *lines; /* serial line and printer */
    struct vswitch *vswitch;
    struct vdisplay *vdisplay;
    struct vinput *vinput;
    struct actions *actions;          /* NULL: none */
    void (*isr[16])(void *self); /* by host IRQ */
    void *isr_self[16];
    uint64_t host_interrupts[16];
    bool intr;             /* the host PIC's INT output */
    struct guest *current; /* whose vCPU the host's CPU ran last */
    struct sched sched;
    struct gantt *gantt;                   /* NULL: no picture was asked for */
    struct guest *running;                 /* whose bar of the picture is open; NULL: none */
    uint64_t running_since, running_until; /* host time */
    uint64_t idle_time, idle_since;        /* nobody could run */
    bool is_idle;
    struct cost_account account; /* of the VMM itself */
    uint64_t owed_time;          /* charged, and to pass before a guest runs: the host OS works */
    uint64_t charged_until;      /* host time: what is charged beyond is owed, as it is another's slot */
};

/* Builds host and guests. `disk` and `uplink` are the workstation's side of the host's disk and NIC
 * (uplink may be NULL); bios and vga_bios are for the guests. They outlive the VMM. */
struct vmm_backends {
    struct block *disk;
    struct net_port *uplink;
    struct net_through
        *listeners[LAB_GUESTS_MAX]; /* between a guest's NIC and the switch; or NULL */
    struct machine_blob bios, vga_bios;
    struct chardev *serials[LAB_GUESTS_MAX], *printers[LAB_GUESTS_MAX]; /* of guests: their own */
    struct chardev *lines[LAB_LINES];                                   /* the host's */
    uint64_t rtc_seconds;
};
enum status vmm_new(struct vmm **vmm, struct world *world, const struct lab *lab,
                    const struct vmm_backends *backends, struct error *error);
void vmm_free(struct vmm *vmm);
/* A guest's request reached a sector of the physical disk that is not its own: the arbiter has failed. */
bool vmm_is_faulty(const struct vmm *vmm);

/* --- for the parts of the VMM ------------------------------------------------------------------------ */
void vmm_add_part(struct vmm *vmm, struct vmm_part *part);
/* Work was enqueued: the guest that runs stops after its current instruction and the part works. */
void vmm_kick(struct vmm *vmm, struct vmm_part *part);
/* A host interrupt's service routine; the VMM acknowledges the PIC itself. */
void vmm_set_isr(struct vmm *vmm, unsigned irq, void (*isr)(void *self), void *self);
/* Charges `units` of a cost item to a guest (NULL: the VMM): counts it and lets host time pass. */
void vmm_charge_io(struct vmm *vmm, struct guest *guest, enum io_interface interface,
                   enum io_device device, enum cost_item item, uint64_t units);
/* The same, for what the hypervisor does of its own about a device. */
void vmm_charge(struct vmm *vmm, struct guest *guest, enum io_device device, enum cost_item item,
                uint64_t units);

/* Host ports, as the VMM's drivers reach them. */
static inline uint8_t host_inb(struct vmm *vmm, uint16_t port)
{
    return (uint8_t)space_read(&vmm->host->ports, port, 1);
}
static inline void host_outb(struct vmm *vmm, uint16_t port, uint8_t value)
{
    space_write(&vmm->host->ports, port, 1, value);
}
static inline uint16_t host_inw(struct vmm *vmm, uint16_t port)
{
    return (uint16_t)space_read(&vmm->host->ports, port, 2);
}
static inline void host_outw(struct vmm *vmm, uint16_t port, uint16_t value)
{
    space_write(&vmm->host->ports, port, 2, value);
}
static inline uint32_t host_inl(struct vmm *vmm, uint16_t port)
{
    return (uint32_t)space_read(&vmm->host->ports, port, 4);
}
static inline void host_outl(struct vmm *vmm, uint16_t port, uint32_t value)
{
    space_write(&vmm->host->ports, port, 4, value);
}
/* A double word of the host's PCI configuration space (bus 0, mechanism #1). */
void host_pci_write(struct vmm *vmm, unsigned slot, unsigned function, unsigned offset,
                    uint32_t value);
/* REP INSW/OUTSW of `words` 16-bit words. */
void host_insw(struct vmm *vmm, uint16_t port, void *bytes, size_t words);
void host_outsw(struct vmm *vmm, uint16_t port, const void *bytes, size_t words);

#endif

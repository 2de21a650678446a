/* A machine: address spaces, devices and CPUs, built from a board's rows and a configuration.
 *
 * It owns everything that it uses except the frames of RAM that are lent to it and the back-ends,
 * which outlive it. The physical host is a machine without a CPU of its own: the hypervisor shares
 * out what would be its CPU. */
#ifndef VITRINE_MACHINE_MACHINE_H
#define VITRINE_MACHINE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "bus/apic_bus.h"
#include "bus/device.h"
#include "bus/display.h"
#include "bus/input.h"
#include "bus/pci.h"
#include "cpu/cpu.h"
#include "machine/board.h"
#include "machine/world.h"

#define MACHINE_DISKS 4
#define MACHINE_DISCS 4
#define MACHINE_FLOPPIES 2
#define MACHINE_FLOPPY_DISKS 4
#define MACHINE_NICS 4
#define MACHINE_SERIALS 4
#define MACHINE_ROMS 4

struct machine_nic {
    const char *model;    /* "ne2k-isa", "ne2k-pci", "virtio-net"; NULL: end */
    const char *settings; /* "iobase=0x300,irq=9,mac=52:54:00:00:00:01"; NULL: defaults */
    struct net_port *port; /* the other end of its cable; NULL: none */
};

/* A virtio block device on PCI; needs a board with it. */
struct machine_virtio_disk {
    struct block *block;  /* NULL: end */
    const char *settings; /* "transport=legacy"; NULL: defaults */
};

/* A file given to the guest: a kernel, an initrd, an option ROM (fw_cfg). */
struct machine_blob {
    const uint8_t *bytes;
    size_t count;
};

/* A kernel for firmware that starts one itself (qboot): its parts and where they go. */
enum { KERNEL_CODE, KERNEL_INITRD, KERNEL_COMMAND_LINE, KERNEL_SETUP, KERNEL_PARTS };
struct machine_kernel {
    struct machine_blob parts[KERNEL_PARTS]; /* count 0: there is none */
    uint32_t addresses[KERNEL_PARTS];
};

struct machine_config {
    const char *name;
    const struct board *board;  /* NULL: BOARD_PC */
    bool has_cpu;
    const char *cpu_model;      /* NULL: the default */
    uint64_t memory_bytes;
    /* RAM lent by a host: frames from `first_frame` of `lent`. NULL: the machine has its own. */
    struct ram *lent;
    size_t lent_first_frame;
    struct machine_blob bios, vga_bios;
    struct machine_kernel kernel;   /* in fw_cfg */
    struct block *disks[MACHINE_DISKS];
    /* A CD-ROM drive at the first free place from the second channel's on, and its discs; ends with
     * NULL, or is full. */
    bool has_cdrom;
    struct block *discs[MACHINE_DISCS];
    /* The diskettes of drives A and B, in piles: the first lies in the drive, the others wait to be
     * put in (devices/i82077aa.h). Ends with NULL, or is full; none: no drive. */
    struct block *floppies[MACHINE_FLOPPIES][MACHINE_FLOPPY_DISKS];
    const char *boot_order;         /* letters a, c, d (mc146818); NULL: disk, then CD */
    struct machine_virtio_disk virtio_disks[MACHINE_DISKS];
    struct machine_nic nics[MACHINE_NICS];
    struct chardev *serials[MACHINE_SERIALS];
    struct chardev *parallel;       /* the printer at LPT1; NULL: none */
    struct chardev *debug_console;  /* ports 402h and E9h; NULL: dropped */
    /* Whose arm and spindle take their time, by place. */
    bool has_mechanics[MACHINE_DISKS], floppy_has_mechanics[MACHINE_FLOPPIES];
    uint64_t rtc_seconds;           /* since 1970, from the world's recorded door */
    bool catches_up_ticks;          /* timer interrupts missed while preempted come later */
    /* What the machine does when it ends; NULL: ends the world. */
    void (*ended)(void *self, struct machine *machine, int exit_status);
    void *ended_self;
};

/* machine/hang.c: how long the processor has been where it is. */
struct machine_hang {
    struct world_watcher watcher;
    uint64_t anchor, interrupts, instructions;
    unsigned polls;
    bool is_said;
};

/* What is to blame: an entry of a table, a descriptor's or a page's, or a register of a device. */
struct machine_table_entry {
    char name[48]; /* "IDT entry 3h" */
    const char *device, *reg; /* NULL: in memory, at gpa */
    uint64_t gpa;
    unsigned bytes;
};

struct machine {
    struct world *world;
    const char *name;
    struct clock clock;
    struct space memory, ports;
    struct ram own_ram, rom;
    struct ram *ram;          /* own_ram or the lender's */
    size_t ram_first_frame, ram_frames;
    struct pci_bus pci;
    struct device_env env;
    struct device *devices;   /* in order of construction */
    struct cpu *cpu;          /* NULL: none */
    struct device *pic_master, *pic_slave;
    struct device *local_apic, *io_apic; /* NULL: the board has none */
    struct apic_bus apic;
    struct apic_core apic_core;
    unsigned card_irqs;  /* ISA lines of cards, by bit */
    uint8_t isa_irq_count[16]; /* drivers of each ISA interrupt line that are active now */
    bool ferr_level;
    bool pic_intr;       /* the 8259's INT output; follows from its state */
    int injected_vector; /* an interrupt by a hypervisor, before the 8259's; -1: none */
    uint64_t injected_cause; /* the guest's access that led to it */
    uint32_t ticks_owed; /* timer interrupts missed while preempted (catches_up_ticks) */
    struct display_screen vga_screen, *screen; /* NULL: none */
    struct input_port *keyboard, *mouse;
    bool is_running;
    bool resets_on_triple_fault; /* false: --no-reboot */
    bool reset_pending;
    struct cpu_exit_hook exit_hook; /* what a hypervisor asked for; mask 0: none */
    void (*after_reset)(void *self); /* a boot loader takes its place again; may be NULL */
    void *after_reset_self;
    /* Puts " <symbol+offset>  instruction" for messages about an address; may be NULL. */
    void (*place)(void *self, const struct machine *machine, uint64_t linear, char *text, size_t size);
    void *place_self;
    /* Puts lines about who wrote these last, for the card of a triple fault or a hang; may be NULL. */
    void (*writers)(void *self, const struct machine *machine,
                    const struct machine_table_entry *entries, size_t count, char *text,
                    size_t size);
    void *writers_self;
    bool debug_stopped; /* a breakpoint, watchpoint, step or triple fault: the world is held */
    bool holds_on_shutdown; /* a debugger wants to see triple faults before the reset */
    bool shutdown_shown;    /* it does: what follows comes when the world goes on */
    bool hang_shown;        /* HLT with interrupts off was explained */
    struct machine_hang hang;
    uint64_t interrupts_taken; /* INTA cycles; only to be looked at */
    unsigned magic_shown;   /* magic breakpoints that were said */
    unsigned faults_shown;  /* triple faults that were explained */
    uint64_t kernel_entry;  /* linear; 0: it boots from a disk */
    bool is_scoped, hides_firmware, has_started; /* machine_watch_start() */
    int exit_status;
    struct machine_config config; /* as given; strings and back-ends are the caller's */
};

enum status machine_new(struct machine **machine, struct world *world,
                        const struct machine_config *config, struct error *error);
void machine_free(struct machine *machine);
/* An interrupt of this vector that no 8259 knows of: it comes before theirs, once, and needs no EOI. */
void machine_inject(struct machine *machine, uint8_t vector);
/* RESET#: devices and CPU; RAM keeps its contents. */
void machine_reset(struct machine *machine);
/* Runs the CPU up to slice_end; false when it is idle. Handles triple faults and resets. */
bool machine_run(struct machine *machine);
/* The machine is over: power-off, isa-debug-exit, a triple fault that ends the run. */
void machine_end(struct machine *machine, int exit_status);
struct device *machine_find(const struct machine *machine, const char *name);
/* Makes the machine the runner of its world. */
void machine_run_world(struct machine *machine);
/* Saves or loads the whole machine, RAM included. */
void machine_save(const struct machine *machine, struct state_stream *stream);
enum status machine_load(struct machine *machine, struct state_stream *stream, struct error *error);
/* Hash of RAM, registers and devices. */
uint64_t machine_hash(const struct machine *machine);
/* From now on accesses say (access_origin.is_scoped) whether the instruction at linear address *from
 * was reached since the reset, NULL: the kernel's first, else the boot sector's; and whether
 * firmware makes them, if that is to be hidden. */
void machine_watch_start(struct machine *machine, const uint64_t *from, bool hides_firmware);
/* Code of the firmware: ROMs and what lies below 1 MiB from A0000h on, or from where the BIOS data
 * area says that the firmware's RAM begins. */
bool machine_is_firmware(const struct machine *machine, uint64_t linear);
/* Fills in what machine_watch_start() asked for. */
void machine_scope(const struct machine *machine, struct access_origin *origin);
/* Watches for a processor that waits for an interrupt that is held back. */
void machine_watch_hang(struct machine *machine);
/* The chain of exceptions behind a triple fault, as lines of text for a person. */
void machine_explain_shutdown(const struct machine *machine, char *text, size_t size);
/* Says lines of text, each by itself: the log cuts long ones. `text` is changed. */
void machine_log_lines(const struct machine *machine, enum log_level level, char *text);
/* The table entries at fault, each once; returns how many. */
size_t machine_fault_entries(const struct machine *machine, struct machine_table_entry *entries,
                             size_t room);

#endif

/* Device types and instances.
 *
 * A device is a `static const struct device_type` plus an instance structure whose first member is
 * `struct device`. The type says everything about it as data: registers, state, options, pins. The
 * same model serves the physical machine and the guests; only back-ends and options differ. */
#ifndef VITRINE_BUS_DEVICE_H
#define VITRINE_BUS_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/log.h"
#include "base/status.h"
#include "bus/clock.h"
#include "bus/door.h"
#include "bus/irq.h"
#include "bus/regs.h"
#include "bus/space.h"
#include "bus/state.h"

struct apic_bus;
struct block;
struct chardev;
struct device;
struct display_screen;
struct input_port;
struct net_port;
struct pci_bus;

/* What a machine offers to its devices. Outlives them. */
struct device_env {
    const char *machine; /* its name */
    struct clock *clock;
    struct door *door;
    struct log *log;
    struct space *memory, *ports;
    struct pci_bus *pci; /* NULL on an ISA-only board */
    struct apic_bus *apic; /* where I/O APICs and local APICs meet; may be NULL */
    /* What the machine does when a device asks for it; self is given to all. */
    void *self;
    void (*power_off)(void *self);                 /* ACPI S5, 0x8900 */
    void (*reset)(void *self);                     /* 8042, port CF9h, port 92h */
    void (*exit)(void *self, unsigned status);     /* isa-debug-exit: the program's exit status */
    void (*a20)(void *self, bool is_enabled);      /* the gate's resulting level */
    /* Puts " <symbol+offset>  instruction" of the code at a linear address; may be NULL. */
    void (*place)(void *self, uint64_t linear, char *text, size_t size);
};

/* A numeric or textual option ("iobase=0x300"). The initial text is its default. */
struct device_option {
    const char *name, *initial, *meaning;
    uint64_t minimum, maximum; /* both 0: text */
};
#define DEVICE_OPTIONS_END {NULL, NULL, NULL, 0, 0}

#define DEVICE_SETTINGS 24
/* Options given to one instance, and what is plugged into it. Unset pointers: not connected. */
struct device_config {
    const struct device_env *env;
    const char *name; /* of the instance: "ide0", "com1" */
    struct {
        const char *name, *value;
    } settings[DEVICE_SETTINGS]; /* ends with name NULL */
    struct block *block[4];
    struct net_port *net;
    struct chardev *chardev;
    struct display_screen *screen;
    struct input_port *keyboard, *mouse;
    void *extra; /* a typed structure that the type's header documents */
};

/* An output wire of the instance. */
struct device_pin {
    const char *name;
    size_t offset; /* of a struct irq_line in the instance */
};

enum reset_kind { RESET_POWER_ON, RESET_HARD /* the RESET# line */ };

struct device_type {
    const char *name;      /* "i8254" */
    const char *title;     /* "Programmable interval timer" */
    const char *datasheet; /* document and date */
    const char *missing;   /* behaviours that are not modelled, one a line; "" when none */
    size_t size;           /* of the instance structure */
    unsigned version;      /* of the state table */
    const struct device_option *options;    /* or NULL */
    const struct reg_bank *const *banks;    /* ends with NULL */
    const struct state_field *state;
    const struct device_pin *pins;          /* ends with name NULL; or NULL */
    const char *const *inputs;              /* names of input wires by number, ends with NULL; or NULL */
    /* Attaches regions, registers events, sets the state of power-on. On failure the caller frees. */
    enum status (*init)(struct device *device, const struct device_config *config,
                        struct error *error);
    void (*reset)(struct device *device, enum reset_kind kind);
    void (*fini)(struct device *device); /* may be NULL */
    /* A wire that leads into the device changed. May be NULL. */
    void (*input)(struct device *device, unsigned input, bool level);
    /* What an access means, in words, from the state before it. Pure. May be NULL: then the
     * fields of the register are listed. For reads access->value is what was read. */
    void (*describe)(const struct device *device, const struct access *access, char *text,
                     size_t size);
    void (*loaded)(struct device *device); /* after state_load; may be NULL */
};

struct device {
    const struct device_type *type;
    const char *name;
    const struct device_env *env;
    struct device *next;
    struct device *next_at_door;
};

/* Makes an instance: checks the settings against the type's options (unknown names are refused with
 * the nearest match, numbers with their range), allocates, calls init, then reset(POWER_ON). */
enum status device_new(struct device **device, const struct device_type *type,
                       const struct device_config *config, struct error *error);
void device_free(struct device *device);
/* The value of an option: as set, else its default. Only names in the type's table are legal. */
uint64_t device_number(const struct device_type *type, const struct device_config *config,
                       const char *name);
const char *device_text(const struct device_type *type, const struct device_config *config,
                        const char *name);
/* Attaches a region of ports or memory whose registers are `bank`. ops NULL: dispatch by the bank. */
enum status device_attach(struct device *device, struct space *space, const struct reg_bank *bank,
                          const struct region_ops *ops, uint64_t base, uint64_t length,
                          struct error *error);
struct irq_line *device_pin(struct device *device, const char *name); /* NULL: no such pin */
int device_input(const struct device_type *type, const char *name);   /* -1: no such input */
/* Connects an output pin of one device to an input of another. Names are checked. */
enum status device_wire(struct device *from, const char *pin, struct device *to, const char *input,
                        struct error *error);
/* Reports guest trouble once per place (device, register row or port, CS:EIP), in this form:
 * "guest-error dev= reg= port= val= cs:ip= <symbol>: text", the same whether or not somebody traces. Safe
 * on any path; cheap after the first time. */
void device_guest_error(struct device *device, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A step in an interrupt's life, shown by its controller to who watches the door; `line` is what the
 * guest calls it (IRQ 0-15 of the 8259s), vector -1: none yet. One predictable branch where nobody does. */
void device_show_interrupt(struct device *device, unsigned line, enum interrupt_step step, int vector,
                           const char *words);
static inline void device_interrupt(struct device *device, unsigned line, enum interrupt_step step,
                                    int vector, const char *words)
{
    if (BASE_UNLIKELY(door_is_watched(device->env->door)))
        device_show_interrupt(device, line, step, vector, words);
}
/* Saves or loads the instance as a section named after it. */
void device_save(const struct device *device, struct state_stream *stream);
enum status device_load(struct device *device, struct state_stream *stream, struct error *error);

/* Every device type of the program, ends with NULL (devices/table.c). */
extern const struct device_type *const DEVICE_TYPES[];
const struct device_type *device_type_find(const char *name);

#endif

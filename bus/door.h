/* The door: what stands between an access and the device that answers it.
 *
 * Every port, MMIO and DMA access of a world's machines goes through bus/space; when somebody looks
 * (a trace, an I/O breakpoint, the hypervisor's interception and its costs) the access is made into
 * a `struct access` and shown here. When nobody looks it costs one predictable branch.
 *
 *   CPU ── space_read/write ──┬── hooked? no ──────────────────────────── device
 *                             └── yes: id, cause, origin, decode → intercept → device → watchers
 *
 * Causality: each access has an id; `cause` is the id of the guest's access that led to it. Whoever
 * queues work for later keeps the cause with it (block requests, frames) and restores it. */
#ifndef VITRINE_BUS_DOOR_H
#define VITRINE_BUS_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A switch for measurement: 0 leaves out looking and interception, so that what they cost while nobody
 * looks can be counted (tests/bench/trace-off.sh). 1 in every program that is used. */
#ifndef DOOR_IS_BUILT
#define DOOR_IS_BUILT 1
#endif

struct device;
struct reg;
struct space;
struct timeline;

enum access_space {
    ACCESS_PORT,
    ACCESS_MEMORY,
    ACCESS_DMA,
    ACCESS_CALL /* an instruction that asks for a service: `address` is its number */
};

/* What the arbiter did with a guest's access. */
enum decision {
    DECISION_NONE,    /* no hypervisor below */
    DECISION_EMULATE, /* answered by the virtual device alone */
    DECISION_MAP,     /* translated to a share of the physical device */
    DECISION_PASS,    /* handed to the physical device as it is */
    DECISION_DENY,    /* refused */
    DECISION_SHARE    /* given to a device that several guests share in time */
};
extern const char *const DECISION_NAMES[6];

/* The mode of a processor when it executes an instruction. */
enum processor_mode {
    MODE_UNKNOWN,
    MODE_REAL,
    MODE_V86,
    MODE_PROTECTED16,
    MODE_PROTECTED32,
    MODE_SMM,
    MODE_LONG,
    PROCESSOR_MODES
};

/* Where the access came from, filled only when somebody looks. */
struct access_origin {
    const char *machine; /* its name */
    unsigned cpu;
    bool has_cpu;        /* false: a device (DMA) or the hypervisor's native driver */
    bool is_code32; /* the code segment's operands have 32 bits (D/B), which decodes its bytes */
    uint16_t cs;
    uint64_t eip, linear; /* of the instruction */
    uint64_t cr3, fs_base;
    uint8_t cpl;
    enum processor_mode mode;
    uint64_t instructions; /* executed by that CPU before this one */
    /* Where somebody asked for it (machine_watch_start): */
    bool is_scoped;
    bool has_started; /* the part of the run that is of interest has begun */
    bool is_firmware; /* code of the firmware or of a card's ROM */
    /* Reads that processor's memory by linear addresses, where RAM or ROM answers; returns how many
     * bytes there were. NULL: there is no processor. */
    size_t (*peek)(const void *processor, uint64_t linear, void *bytes, size_t count);
    const void *processor;
};

struct access {
    uint64_t id;    /* sequence number, from 1 */
    uint64_t cause; /* id of the guest access that led to it; 0: none */
    uint64_t time;  /* host time, in instructions */
    enum access_space space_kind;
    bool is_write;
    bool is_shown;  /* somebody watches: decoded and described; else only intercepted */
    uint64_t address;
    unsigned size;      /* bytes of one element */
    uint64_t count;     /* elements (REP INS/OUTS as one block, DMA) */
    uint64_t value;     /* the first element */
    const struct device *device;  /* NULL: nobody answers there */
    const struct reg *reg;        /* NULL: no row */
    bool has_old;
    uint32_t old;                 /* the register before, where it can be peeked */
    bool has_new;
    uint32_t now; /* and after: of a write, and where a read changed it */
    enum decision decision;
    struct access_origin origin;
    struct access *outer; /* the access that this one happens inside of */
    char meaning[192]; /* in words, with the device's state before the access */
    char note[256];    /* what the hypervisor made of it */
};

/* The life of an interrupt, and what can go wrong in it. */
enum interrupt_step {
    INTERRUPT_NONE,
    INTERRUPT_RAISED, /* its wire */
    INTERRUPT_LOWERED,
    INTERRUPT_REQUESTED,    /* IRR */
    INTERRUPT_ACKNOWLEDGED, /* INTA: the controller gave its vector */
    INTERRUPT_ENTERED,      /* the handler's first instruction */
    INTERRUPT_ENDED,        /* EOI */
    INTERRUPT_INJECTED,     /* by the hypervisor, into a guest */
    INTERRUPT_MASKED,       /* requested while masked */
    INTERRUPT_LOST,         /* an edge while requested already, or gone before INTA */
    INTERRUPT_UNSERVED,     /* never acknowledged */
    INTERRUPT_STEPS
};
extern const char *const INTERRUPT_STEP_NAMES[INTERRUPT_STEPS];

/* What happens besides accesses. `source` names a wire, device, port of a switch or machine. */
enum door_event_kind {
    DOOR_WIRE,      /* an interrupt or DRQ wire: source, line, level */
    DOOR_INTERRUPT, /* source (the controller), line, step, vector */
    DOOR_EFFECT,    /* something else: source, words, address, count */
    DOOR_DISK,      /* sectors: source, is_write, address (LBA), count, C/H/S, target: whose */
    DOOR_FRAME,     /* an Ethernet frame passed: source and target (ports), bytes */
    DOOR_TEXT,      /* a guest's words at port E9h: bytes; put together by the trace from accesses */
    DOOR_SCHEDULE   /* a processor given to `machine`; source: who had it */
};
struct door_event {
    enum door_event_kind kind;
    uint64_t id, cause, time; /* filled in by door_show() */
    const char *machine;
    const char *source, *target;
    unsigned line;
    bool level, is_write, has_vector, has_chs;
    enum interrupt_step step;
    uint8_t vector;
    uint64_t address, count;
    uint32_t cylinder, head, sector;
    const uint8_t *bytes;
    size_t byte_count;
    const char *words; /* may be NULL */
};

/* Someone who looks at accesses. `before` and `event` may be NULL. Never changes the run. */
struct door_watcher {
    void (*before)(void *self, const struct access *access);
    void (*after)(void *self, const struct access *access);
    void (*event)(void *self, const struct door_event *event);
    void *self;
    struct door_watcher *next;
};

#define DOOR_NESTING 3 /* reads inside of reads whose state before is kept */

struct door {
    struct timeline *timeline;
    uint64_t next_id;
    uint64_t cause;          /* put into accesses that have no outer one */
    struct access *current;  /* being carried out; NULL between accesses */
    struct door_watcher *watchers;
    struct space *spaces;    /* of this world, so that they learn of watchers */
    struct device *devices;  /* of this world, by device.next_at_door; also those that nothing maps now */
    bool is_scoped;          /* only a part of the run is of interest: access_origin.is_scoped */
    uint8_t *scratch;        /* devices' states before a read, for describe() */
    size_t scratch_bytes;    /* of each of DOOR_NESTING copies */
};

void door_init(struct door *door, struct timeline *timeline);
void door_fini(struct door *door);
void door_add_watcher(struct door *door, struct door_watcher *watcher);
void door_remove_watcher(struct door *door, struct door_watcher *watcher);
/* Adds words to the access being carried out ("virtual C/H/S 3/0/1 -> physical 103/0/1") and sets
 * its decision. Does nothing when nobody looks. */
void door_note(struct door *door, enum decision decision, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Shows an event to who watches; its cause is door_cause() where the caller left 0. Whoever has to
 * collect what it says asks door_is_watched() first. */
static inline bool door_is_watched(const struct door *door)
{
    return DOOR_IS_BUILT && door->watchers != NULL;
}
void door_show(struct door *door, struct door_event *event);
/* The id that work queued now must carry as its cause. */
uint64_t door_cause(const struct door *door);
/* Reserves room for a device's state copy; called when a device is attached. */
void door_reserve(struct door *door, size_t bytes);

#endif

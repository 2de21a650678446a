/* How much work a device does for one access of a guest, and for one event of its own, counted in
 * basic blocks of its code: the compiler puts a call of __sanitizer_cov_trace_pc() into each block of
 * bus/, devices/ and machine/ (-fsanitize-coverage=trace-pc), so that no loop escapes, whoever wrote it.
 *
 * usage: bounded-work BOARD SEED ACCESSES
 *
 * The board stands without a processor; every register of every device, and the memory that rings and
 * tables lie in, are given any bytes. Fails where a device does more than devices/work_bounds.c says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "backends/block_image.h"
#include "bus/pci.h"
#include "devices/types.h"
#include "devices/work_bounds.h"
#include "machine/machine.h"

#define MEMORY_BYTES   (4u << 20)
#define RINGS_BYTES    0x8000u /* tables and rings of the guest: the first 32 KiB, so that they meet */
#define FIRST_BAR_PORT 0xC000u
#define BAR_PORTS      0x100u /* the IDE bus master's come first, then the network cards', the disk's */
#define BAR_BYTES      0x1000000u /* no memory BAR is larger */
#define QUEUE_ENTRIES  128u
#define TYPES          64

/* --- counting ---------------------------------------------------------------------------------- */

static uint64_t blocks; /* that ran since the program started */
void __sanitizer_cov_trace_pc(void);
__attribute__((no_sanitize_coverage)) void __sanitizer_cov_trace_pc(void)
{
    blocks++;
}

/* What was seen of each device type. */
static struct seen {
    const struct device_type *type;
    uint64_t accesses, access_blocks, event_blocks;
    char access[64], event[32]; /* the one that took most */
} seen[TYPES];

static struct seen *seen_of(const struct device_type *type)
{
    struct seen *at = seen;
    while (at->type && at->type != type)
        at++;
    at->type = type;
    return at;
}

/* --- the machine ------------------------------------------------------------------------------- */

static struct world world;
static struct machine *machine;
static uint32_t seed;

static uint32_t any(uint32_t limit)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % limit;
}

static int fail(const struct error *error)
{
    fprintf(stderr, "%s\n", error->text);
    return 2;
}

static void drop_line(void *self, enum log_level level, const char *line)
{
    (void)self;
    (void)level;
    (void)line;
}

/* A file of so many sectors; its name ends in its length. */
static struct block *disk(const char *name, uint32_t sectors, bool is_read_only)
{
    struct block_image_options options = {.image = {.is_read_only = is_read_only}};
    struct error error = {STATUS_OK, ""};
    struct block *block;
    FILE *file = fopen(name, "wb");
    if (!file || fseek(file, (long)sectors * 512 - 1, SEEK_SET) != 0 || fputc(0, file) == EOF ||
        fclose(file) != 0)
        exit(2);
    if (block_image_open(&block, name, &options, &error) != STATUS_OK)
        exit(fail(&error));
    return block;
}

static int make(const char *board_name)
{
    static uint8_t rom[0x20000];
    struct world_options options = {.log_level = LOG_ERROR};
    struct error error = {STATUS_OK, ""};
    struct machine_config config = {
        .name = "pc",
        .board = board_find(board_name),
        .memory_bytes = MEMORY_BYTES,
        .bios = {rom,           sizeof rom},
        .disks = {disk("a.img",             20160, false), disk("b.img", 2000, false)},
        .discs = {disk("d.iso",4000, true)},
        .floppies = {{disk("e.img", 2880, false)}, {disk("f.img", 1440, true)}},
        .nics = {{.model = "ne2k-isa", .settings = "iobase=0x300,irq=10"}      },
        .rtc_seconds = 1700000000
    };
    if (!config.board)
        return 2;
    config.has_cdrom = config.board->has_pci;
    if (config.board->has_pci) {
        config.disks[3] = disk("c.img", 700, true);
        config.nics[1].model = "ne2k-pci";
        config.nics[2].model = "virtio-net";
        config.virtio_disks[0].block = disk("g.img", 5000, false);
    }
    if (world_init(&world, &options, &error) != STATUS_OK ||
        machine_new(&machine, &world, &config, &error) != STATUS_OK)
        return fail(&error);
    world.log.write = drop_line;
    machine_reset(machine);
    return 0;
}

/* --- as firmware leaves it ----------------------------------------------------------------------- */

static uint32_t configuration(unsigned function, unsigned offset)
{
    space_write(&machine->ports, 0xCF8, 4, 0x80000000u | function << 8 | offset);
    return (uint32_t)space_read(&machine->ports, 0xCFC, 4);
}

static void configure(unsigned function, unsigned offset, uint32_t value)
{
    space_write(&machine->ports, 0xCF8, 4, 0x80000000u | function << 8 | offset);
    space_write(&machine->ports, 0xCFC, 4, value);
}

/* Every function of PCI gets addresses and may be a master; both IDE channels are decoded. */
static void set_up(void)
{
    uint32_t port = FIRST_BAR_PORT, memory = 0xE0000000u;
    machine_reset(machine);
    for (unsigned function = 0; machine->config.board->has_pci && function < 256; function++) {
        if ((configuration(function, 0) & 0xFFFF) == 0xFFFF)
            continue;
        for (unsigned bar = 0x10; bar < 0x28; bar += 4) {
            uint32_t mask;
            configure(function, bar, 0xFFFFFFFF);
            mask = configuration(function, bar);
            configure(function, bar, mask & 1 ? port : memory);
            if (mask & 1)
                port += BAR_PORTS;
            else
                memory += mask ? BAR_BYTES : 0;
        }
        configure(function, 4, 7);
        if (configuration(function, 8) >> 16 == 0x0101)
            configure(function, 0x40, 0x80008000u);
    }
}

/* --- what a hostile guest does ----------------------------------------------------------------- */

/* Any bytes, with many that mean something: small numbers, addresses of the rings, ends of tables. */
static uint32_t any_value(void)
{
    static const uint32_t TELLING[] = {0,      1,          2,          3,      7,    8,    0xFF,
                                       0xFFFF, 0xFFFFFFFF, 0x80000000, 0xFFFE, 0x20, 0x25, 0xC8,
                                       0xCA,   0xA0,       0xEC,       0xE7,   0x46, 0xE6, 0x4D,
                                       0x90,   0x91,       0xC4,       0xC6};
    switch (any(4)) {
    case 0: return TELLING[any(ARRAY_COUNT(TELLING))];
    case 1: return any(RINGS_BYTES) & ~15u;
    case 2: return any(256);
    default: return seed;
    }
}

static void scribble(void)
{
    uint8_t *at = machine->ram->bytes + (any(RINGS_BYTES) & ~3u);
    for (unsigned n = any(64); n > 0 && at + 4 <= machine->ram->bytes + RINGS_BYTES; n--, at += 4)
        store_le32(at, any_value());
}

static void lay_descriptor(uint8_t *table, unsigned index, uint32_t bytes, unsigned flags)
{
    uint8_t *d = table + 16 * index;
    store_le64(d, any(RINGS_BYTES));
    store_le32(d + 8, bytes);
    store_le16(d + 12, (uint16_t)flags);
    store_le16(d + 14, (uint16_t)((index + 1) % QUEUE_ENTRIES));
}

/* A split queue of virtio's legacy layout at page 1: requests of a disk in buffers of a byte or of many,
 * some of them spoilt. */
static void lay_queue(void)
{
    enum { NEXT = 1, WRITE = 2 };
    uint8_t *table = machine->ram->bytes + FRAME_BYTES, *available = table + 16 * QUEUE_ENTRIES,
            *header;
    unsigned heads = 0;
    for (unsigned i = 0; i + 2 < QUEUE_ENTRIES;) {
        unsigned data = any(3) ? 1 : any(QUEUE_ENTRIES), is_read = any(2),
                 size = any(2) ? 1 + any(3) : any(90) * 512;
        store_le16(available + 4 + 2 * heads++, (uint16_t)i);
        lay_descriptor(table, i, 16, NEXT);
        header = machine->ram->bytes + load_le64(table + 16 * i);
        store_le32(header, any(4) ? 1 - is_read : any(16));
        store_le64(header + 8, any(4) ? any(5100) : any_value());
        for (i++; data > 0 && i + 1 < QUEUE_ENTRIES; data--)
            lay_descriptor(table, i++, size, NEXT | (is_read ? WRITE : 0));
        lay_descriptor(table, i++, 1, WRITE);
    }
    if (any(3) == 0)
        store_le32(table + (any(16 * QUEUE_ENTRIES) & ~3u), any_value());
    store_le16(available, 0);
    store_le16(available + 2, (uint16_t)(1 + any(heads)));
}

static const struct region *any_region(struct space **space)
{
    struct space *spaces[2] = {&machine->ports, &machine->memory};
    unsigned count = 0;
    for (unsigned i = 0; i < 2; i++)
        for (const struct region *region = spaces[i]->regions; region; region = region->next)
            count += region->device != NULL;
    count = any(count);
    for (unsigned i = 0; i < 2; i++)
        for (const struct region *region = spaces[i]->regions; region; region = region->next)
            if (region->device && count-- == 0) {
                *space = spaces[i];
                return region;
            }
    abort();
}

/* One access: a read, a write, or a REP of one, which is as many as its elements. */
static uint64_t make_access(struct space *space, uint64_t address, char text[64])
{
    static const unsigned SIZES[] = {1, 1, 1, 1, 2, 4};
    unsigned size = SIZES[any(ARRAY_COUNT(SIZES))], kind = any(16);
    uint32_t value = any_value();
    static uint8_t bytes[4096];
    snprintf(text, 64, "%s %llX, %u bytes, %X",
             kind < 8    ? "out"
             : kind < 14 ? "in"
                         : "rep",
             (unsigned long long)address, size, value);
    if (kind < 8)
        space_write(space, address, size, value & mask_bytes(size));
    else if (kind < 14)
        space_read(space, address, size);
    else if (kind == 14)
        return space_read_block(space, address, size, bytes, 1 + any(1024));
    else
        return space_write_block(space, address, size, bytes, 1 + any(1024));
    return 1;
}

static void note_access(const struct device_type *type, uint64_t done, const char *text)
{
    struct seen *of = seen_of(type);
    of->accesses++;
    if (done > of->access_blocks) {
        of->access_blocks = done;
        snprintf(of->access, sizeof of->access, "%s", text);
    }
}

static void access_once(void)
{
    struct space *space;
    const struct region *region = any_region(&space);
    const struct device_type *type = region->device->type;
    uint64_t address = region->base + any((uint32_t)region->length), before = blocks, count;
    char text[64];
    count = make_access(space, address, text);
    note_access(type, (blocks - before) / count, text);
}

/* What needs several accesses in their order, with any bytes in it: "PORT=VALUE ..." in hex; '?' is any
 * value, w and l behind a value make it 16 and 32 bits. B0, B1 ... in a port: the PCI functions' ports. */
static const char *const PROGRAMS[] = {
    /* diskettes: a drive turns, the DMA channel points into the rings, commands with any parameters */
    "3f2=1c 3f7=0 c=0 b=46 4=? 4=1 81=0 5=? 5=? a=2 3f5=e6 3f5=0 3f5=? 3f5=? 3f5=? 3f5=2 3f5=12 "
    "3f5=1b 3f5=?",
    "3f2=1d 3f7=0 c=0 b=4a 4=? 4=1 81=0 5=ff 5=ff a=2 3f5=c5 3f5=0 3f5=0 3f5=0 3f5=1 3f5=2 3f5=12 "
    "3f5=1b 3f5=ff",
    "3f2=1c 3f5=? 3f5=? 3f5=? 3f5=? 3f5=? 3f5=? 3f5=? 3f5=? 3f5=?",
    "3f2=1c 3f7=0 c=0 b=4a 4=? 4=1 81=0 5=? 5=? a=2 3f5=4d 3f5=0 3f5=? 3f5=? 3f5=? 3f5=?",
    "3f2=1c 3f5=13 3f5=0 3f5=? 3f5=0 3f5=f 3f5=0 3f5=4 3f5=7 3f5=0",
    /* disks: reads and writes of any length by the bus master's table at any place */
    "1f6=e0 1f2=? 1f3=? 1f4=0 1f5=0 B04=?l B00=8 1f7=c8 B00=9",
    "1f6=e0 1f2=? 1f3=? 1f4=0 1f5=0 B04=?l B00=0 1f7=ca B00=1",
    "1f6=f0 1f2=? 1f2=? 1f3=0 1f3=? 1f4=0 1f4=0 1f5=0 1f5=0 B04=?l B00=8 1f7=25 B00=9",
    "1f6=e0 1f2=? 1f3=? 1f4=? 1f5=? 1f7=?",
    "176=b0 172=? 173=? 174=0 175=0 177=40",
    "1f6=a0 1f2=? 1f7=91",
    "1f1=? 1f6=a0 1f4=4f 1f5=c2 1f7=b0",
    /* the CD-ROM drive: any packet, by PIO and DMA */
    "176=a0 171=0 174=? 175=? 177=a0 170=?w 170=?w 170=?w 170=?w 170=?w 170=?w",
    "176=a0 171=1 174=0 175=8 177=a0 B0c=?l B08=9 170=a8w 170=0w 170=?w 170=?w 170=ffffw 170=0w",
    /* virtio, by the legacy interface: a queue in the rings, then a notification */
    "B312=0 B30e=0w B308=1l B312=7 B310=0w",
    "B30e=0w B308=?l B312=7 B310=0w B310=0w",
    "B20e=?w B208=?l B212=7 B210=?w",
    "B212=0 B20e=1w B208=1l B212=7 B210=1w",
    "B212=0 B20e=2w B208=1l B212=7 B210=2w",
    /* the NE2000: any ring, then a frame of any length; remote DMA */
    "300=21 30e=49 301=? 302=? 303=? 304=? 305=? 306=? 30c=1f 30d=? 300=26",
    "300=22 30a=? 30b=? 308=? 309=? 300=a 310=?w 300=12 310=?w",
    "B100=21 B10e=49 B101=? B102=? B103=? B104=? B105=? B106=? B10c=1f B10d=? B100=26",
    /* fw_cfg: a request anywhere */
    "510=?w 514=0l 518=?l",
    "510=19w 514=0l 518=400000l",
    /* the timer with the shortest periods; the clock's fastest rate; the APIC's and the HPET's below 0 */
    "43=34 40=1 40=0 43=b6 42=2 42=0 61=3",
    "43=? 40=? 40=? 43=?",
    "70=a 71=21 70=b 71=7f",
    "70=b 71=? 70=? 71=?",
    "64=d2 60=? 64=d3 60=?",
    "3f9=? 3fb=80 3f8=0 3f9=0 3fb=3 3f8=? 3f8=?",
};

static void run_word(const char *word)
{
    uint32_t port = 0, bar = 0, value;
    unsigned size = 1;
    char *rest;
    if (*word == 'B') {
        bar = FIRST_BAR_PORT + BAR_PORTS * (uint32_t)(word[1] - '0');
        word += 2;
    }
    port = bar + (uint32_t)strtoul(word, &rest, 16);
    value = rest[1] == '?' ? any_value() : (uint32_t)strtoul(rest + 1, &rest, 16);
    rest += strspn(rest, "=?");
    if (*rest == 'w')
        size = 2;
    else if (*rest == 'l')
        size = 4;
    if (machine->ports.ports[port].region && machine->ports.ports[port].region->device) {
        const struct device_type *type = machine->ports.ports[port].region->device->type;
        uint64_t before = blocks;
        char text[64];
        snprintf(text, sizeof text, "out %X, %u bytes, %X", port, size, value);
        space_write(&machine->ports, port, size, value & mask_bytes(size));
        note_access(type, blocks - before, text);
    }
}

static void run_program(void)
{
    char words[256];
    lay_queue();
    snprintf(words, sizeof words, "%s", PROGRAMS[any(ARRAY_COUNT(PROGRAMS))]);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        run_word(word);
}

/* A chip set's configuration, reached as firmware does: any register of any function. */
static void configure_once(void)
{
    uint64_t before;
    uint32_t address = 0x80000000u | any(9) << 11 | any(4) << 8 | any(64) << 2, value = any_value();
    char text[64];
    if (!machine->config.board->has_pci)
        return;
    space_write(&machine->ports, 0xCF8, 4, address);
    before = blocks;
    space_write(&machine->ports, 0xCFC, 4, value);
    snprintf(text, sizeof text, "configuration %X = %X", address, value);
    note_access(&I440FX_TYPE, blocks - before, text);
}

/* --- events ------------------------------------------------------------------------------------ */

static const struct device *owner_of(const struct event *event)
{
    const uint8_t *at = (const uint8_t *)event;
    for (const struct device *d = machine->devices; d; d = d->next)
        if (at >= (const uint8_t *)d && at < (const uint8_t *)d + d->type->size)
            return d;
    return NULL;
}

/* Lets time pass, event by event: those that a single instant may hold are bounded too. */
static int run(uint64_t instructions)
{
    uint64_t end = world.timeline.now + instructions;
    unsigned fired = 0;
    for (;;) {
        uint64_t next = timeline_next_deadline(&world.timeline), before;
        const struct event *event = machine->clock.armed ? machine->clock.heap[0] : NULL;
        const struct device *device = event ? owner_of(event) : NULL;
        struct seen *of;
        if (next > end)
            break;
        if (next > world.timeline.now)
            world.timeline.now = next;
        before = blocks;
        timeline_fire_due(&world.timeline, 1);
        if (++fired > instructions * 4 + 1000) {
            printf("more than %u events in %llu instructions; the last is '%s'\n", fired,
                   (unsigned long long)instructions, event ? event->name : "the world's");
            return 1;
        }
        of = device ? seen_of(device->type) : NULL;
        if (of && blocks - before > of->event_blocks) {
            of->event_blocks = blocks - before;
            snprintf(of->event, sizeof of->event, "%s", event->name);
        }
    }
    world.timeline.now = end;
    world.is_over = false; /* whoever switches it off */
    return 0;
}

/* --- the verdict ------------------------------------------------------------------------------- */

static int judge(void)
{
    int status = 0;
    for (const struct seen *of = seen; of->type; of++) {
        const struct work_bound *bound = work_bound_of(of->type->name);
        bool is_over = of->access_blocks > bound->access || of->event_blocks > bound->event;
        printf("%s %s: %llu accesses, at most %llu of %u blocks (%s); an event %llu of %u (%s)\n",
               is_over ? "MORE" : "ok  ", of->type->name, (unsigned long long)of->accesses,
               (unsigned long long)of->access_blocks, bound->access, of->access,
               (unsigned long long)of->event_blocks, bound->event,
               of->event[0] ? of->event : "none");
        status |= is_over;
    }
    return status;
}

int main(int count, char **words)
{
    unsigned long accesses = count == 4 ? strtoul(words[3], NULL, 10) : 0;
    int status;
    if (!accesses || (status = make(words[1])) != 0)
        return 2;
    seed = (uint32_t)strtoul(words[2], NULL, 10) * 2654435761u | 1;
    for (unsigned long i = 0; i < accesses; i++) {
        if (any(8) == 0)
            scribble();
        if (any(256) == 0)
            configure_once();
        if (any(16) == 0)
            run_program();
        access_once();
        if ((status = run(any(4) ? any(400) : any(20000))) != 0)
            return status;
        if (i % 2000 == 0)
            set_up();
    }
    return judge();
}

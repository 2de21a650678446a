/* A bus master IDE engine.
 *
 * Programming Interface for Bus Master IDE Controller, revision 1.0 (1994; SFF-8038i), and Intel
 * 82371FB/82371SB data sheet, 290550-002, 2.7 and "Bus Master Function". Clock: none, the drive sets
 * the pace. Interrupt line: none, it watches the drive's.
 *
 * A table of physical region descriptors, eight bytes each, tells where the data goes:
 *
 *   31                                         1 0 | 31                16 15             1 0
 *   | base of the region, even                 |0| | EOT | reserved      | bytes; 0: 64 KiB |0|
 *
 *   drive   DMARQ ────────────────────────────┐            INTRQ ──
 *   engine  fetch · region · fetch · region (EOT) · ACTIVE = 0
 *
 * The data sheet's incrementers end at bit 15: neither a region nor the table can straddle 64 KiB,
 * and one that tries comes round to where its 64 KiB begin. A descriptor moves at least two bytes,
 * so that the walk is bounded by the data that the drive has. What the table does not take, the drive
 * keeps, with DMARQ raised, until a new table is started or it is reset. */
#include "devices/ide_bus_master.h"

#include "base/bits.h"
#include "devices/ata.h"

#define DESCRIPTOR_BYTES 8u
#define DESCRIPTOR_EOT   0x80000000u
#define SEGMENT          0x10000u /* 64 KiB */

const struct state_field IDE_BUS_MASTER_STATE[] = {
    STATE_REBUILT(struct ide_bus_master, function),
    STATE_REBUILT(struct ide_bus_master, channel),
    STATE_REBUILT(struct ide_bus_master, aborted),
    STATE_REBUILT(struct ide_bus_master, is_enabled), /* from PCICMD */
    STATE_ONE(struct ide_bus_master, command),
    STATE_ONE(struct ide_bus_master, status),
    STATE_ONE(struct ide_bus_master, table),
    STATE_ONE(struct ide_bus_master, next),
    STATE_ONE(struct ide_bus_master, region),
    STATE_ONE(struct ide_bus_master, left),
    STATE_ONE(struct ide_bus_master, is_last),
    STATE_TABLE_END,
};

/* --- the walk -------------------------------------------------------------------------------- */

/* `address` plus `bytes`, within the 64 KiB of the address. */
static uint32_t step(uint32_t address, uint32_t bytes)
{
    return (address & ~(SEGMENT - 1)) | ((address + bytes) & (SEGMENT - 1));
}

/* PIIX3 2.7: a master abort stops the engine; the drive is left as it is, and no interrupt comes. */
static void abort_transfer(struct ide_bus_master *engine, uint32_t address)
{
    engine->status = (uint8_t)((engine->status & ~IDE_BM_ACTIVE) | IDE_BM_ERROR);
    engine->aborted(engine->function);
    device_guest_error(engine->function, "bus master: nobody answers at %08Xh: stopped",
                       (unsigned)address);
}

static bool fetch(struct ide_bus_master *engine)
{
    struct space *memory = engine->function->env->memory;
    uint8_t bytes[DESCRIPTOR_BYTES];
    uint32_t control;
    if (!space_dma_read(memory, engine->function, engine->next, bytes, sizeof bytes)) {
        abort_transfer(engine, engine->next);
        return false;
    }
    control = load_le32(bytes + 4);
    engine->next = step(engine->next, DESCRIPTOR_BYTES);
    engine->region = load_le32(bytes) & ~1u;
    engine->left = control & 0xFFFE ? control & 0xFFFE : SEGMENT;
    engine->is_last = (control & DESCRIPTOR_EOT) != 0;
    if ((engine->region & (SEGMENT - 1)) + engine->left > SEGMENT)
        device_guest_error(engine->function,
                           "bus master: %u bytes at %08Xh straddle 64 KiB: they "
                           "come round to its start",
                           (unsigned)engine->left, (unsigned)engine->region);
    return true;
}

/* As many bytes of the current region as lie in one piece. Returns 0 when the engine has stopped. */
static size_t move_piece(struct ide_bus_master *engine, uint8_t *bytes, size_t count,
                         bool to_memory)
{
    struct space *memory = engine->function->env->memory;
    uint32_t room = SEGMENT - (engine->region & (SEGMENT - 1));
    bool is_done;
    if (engine->left < room)
        room = engine->left;
    if (count > room)
        count = room;
    is_done = to_memory ? space_dma_write(memory, engine->function, engine->region, bytes, count)
                        : space_dma_read(memory, engine->function, engine->region, bytes, count);
    if (!is_done) {
        abort_transfer(engine, engine->region);
        return 0;
    }
    engine->region = step(engine->region, (uint32_t)count);
    engine->left -= (uint32_t)count;
    if (engine->left == 0 && engine->is_last)
        engine->status &= (uint8_t)~IDE_BM_ACTIVE;
    return count;
}

/* struct dma_channel's transfer: the drive has raised DMARQ. */
static size_t transfer(void *self, unsigned channel, uint8_t *bytes, size_t count, bool to_memory,
                       bool *terminal)
{
    struct ide_bus_master *engine = self;
    size_t moved = 0;
    (void)channel;
    if (to_memory != ((engine->command & IDE_BM_WRITES_MEMORY) != 0) &&
        (engine->status & IDE_BM_ACTIVE)) {
        device_guest_error(engine->function, "bus master: RWCON is for the other direction: "
                                             "nothing is moved");
        return 0;
    }
    while (moved < count && engine->is_enabled && (engine->status & IDE_BM_ACTIVE)) {
        if (engine->left == 0 && !fetch(engine))
            break;
        moved += move_piece(engine, bytes + moved, count - moved, to_memory);
    }
    *terminal = !(engine->status & IDE_BM_ACTIVE);
    return moved;
}

/* --- registers ------------------------------------------------------------------------------- */

static void go_on(struct ide_bus_master *engine)
{
    if (engine->channel && engine->is_enabled && (engine->status & IDE_BM_ACTIVE))
        ata_dma_started(engine->channel);
}

/* A start begins with the table's first descriptor: what came before a stop is lost. */
void ide_bus_master_write_command(struct ide_bus_master *engine, uint8_t value)
{
    bool was_started = engine->command & IDE_BM_START;
    engine->command = value & (IDE_BM_WRITES_MEMORY | IDE_BM_START);
    if (!(value & IDE_BM_START)) {
        engine->status &= (uint8_t)~IDE_BM_ACTIVE;
    } else if (!was_started) {
        engine->status |= IDE_BM_ACTIVE;
        engine->next = engine->table;
        engine->left = 0;
        engine->is_last = false;
        go_on(engine);
    }
}

void ide_bus_master_write_status(struct ide_bus_master *engine, uint8_t value)
{
    uint8_t kept = IDE_BM_DRIVE1_DMA | IDE_BM_DRIVE0_DMA;
    uint8_t cleared = value & (IDE_BM_INTERRUPT | IDE_BM_ERROR);
    engine->status = (uint8_t)((engine->status & ~(kept | cleared)) | (value & kept));
}

void ide_bus_master_enable(struct ide_bus_master *engine, bool is_enabled)
{
    bool was_enabled = engine->is_enabled;
    engine->is_enabled = is_enabled;
    if (!was_enabled)
        go_on(engine);
}

/* SFF-8038i 3.1, "interrupt/active status combinations". */
const char *ide_bus_master_verdict(uint8_t status)
{
    switch (status & (IDE_BM_INTERRUPT | IDE_BM_ACTIVE)) {
    case IDE_BM_ACTIVE: return "under way";
    case IDE_BM_INTERRUPT: return "done, table and transfer of one length";
    case IDE_BM_INTERRUPT | IDE_BM_ACTIVE: return "done, the table is longer";
    default:
        return status & IDE_BM_ERROR ? "stopped: memory did not answer"
                                     : "stopped, or the table was too short";
    }
}

/* --- life ------------------------------------------------------------------------------------ */

/* An edge: cleared while INTRQ stays high, the bit waits for the next one. */
static void intrq_changed(void *self, unsigned input, bool level)
{
    struct ide_bus_master *engine = self;
    (void)input;
    if (level)
        engine->status |= IDE_BM_INTERRUPT;
}

void ide_bus_master_init(struct ide_bus_master *engine, struct device *function,
                         void (*aborted)(struct device *function))
{
    engine->function = function;
    engine->aborted = aborted;
}

void ide_bus_master_connect(struct ide_bus_master *engine, struct device *channel)
{
    struct dma_channel dma = {engine, 0, transfer};
    engine->channel = channel;
    if (!channel)
        return;
    ata_connect_dma(channel, &dma);
    irq_line_connect(device_pin(channel, "intrq"), intrq_changed, engine, 0);
}

void ide_bus_master_reset(struct ide_bus_master *engine)
{
    engine->command = engine->status = 0;
    engine->table = engine->next = 0;
    engine->region = engine->left = 0;
    engine->is_last = false;
}

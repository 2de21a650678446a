/* fw_cfg: the firmware configuration interface of virtual boards, as SeaBIOS reads it.
 *
 * Specification: "QEMU Firmware Configuration (fw_cfg) Device" (docs/specs/fw_cfg, version 7.2).
 *
 *   510h  selector, 16 bits, little endian, written         a selection rewinds the data
 *   511h  data, 8 bits, read                                beyond the item: zeros
 *   514h  DMA address, high half, big endian                read: "QEMU"
 *   518h  DMA address, low half, big endian; starts it      read: " CFG"
 *
 *   in memory, big endian:  control u32, length u32, address u64
 *   control: bit 0 error, 1 read, 2 skip, 3 select (key in 31:16), 4 write; 0 when done
 *
 * Clock and interrupt lines: none: a transfer is complete when the write that starts it is. */
#include "devices/fw_cfg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "devices/types.h"

#define BASE_PORT 0x510u
#define ID_TRADITIONAL 1u
#define ID_DMA 2u
#define NO_ITEM UINT32_MAX
/* Zeros delivered past an item's end by one DMA request; more than that is a guest's mistake. */
#define DMA_ZEROS_MAX 0x1000u
#define FILE_ROW_BYTES 64u

enum dma_control { DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8, DMA_WRITE = 16 };

struct item {
    uint16_t key;
    uint32_t length;
    uint8_t *bytes;
    char name[FW_CFG_NAME_BYTES]; /* "" when it is not a file */
};
#define OWN_ITEMS 3 /* signature, id, directory */

struct fw_cfg {
    struct device device;
    uint16_t selector;
    uint32_t offset;
    uint64_t dma_address;
    struct item items[FW_CFG_ENTRIES + OWN_ITEMS];
    uint32_t item_count;
    uint32_t selected; /* index of the selected item, NO_ITEM */
};

static const struct state_field STATE[] = {
    STATE_ONE(struct fw_cfg, selector),
    STATE_ONE(struct fw_cfg, offset),
    STATE_ONE(struct fw_cfg, dma_address),
    STATE_REBUILT(struct fw_cfg, items),
    STATE_REBUILT(struct fw_cfg, item_count),
    STATE_REBUILT(struct fw_cfg, selected),
    STATE_TABLE_END,
};

/* --- the caller's table ---------------------------------------------------------------------- */

static enum status add(struct fw_cfg_config *config, const struct fw_cfg_entry *entry,
                       struct error *error)
{
    if (config->count >= FW_CFG_ENTRIES)
        return error_set(error, STATUS_USAGE, "fw_cfg: more than %d entries", FW_CFG_ENTRIES);
    if (entry->length > UINT32_MAX)
        return error_set(error, STATUS_USAGE, "fw_cfg: an entry of %zu bytes", entry->length);
    for (size_t i = 0; i < config->count; i++) {
        const struct fw_cfg_entry *other = &config->entries[i];
        if (entry->name ? other->name && strcmp(other->name, entry->name) == 0
                        : !other->name && other->key == entry->key)
            return error_set(error, STATUS_USAGE, "fw_cfg: %s %s is there already",
                             entry->name ? "file" : "an item", entry->name ? entry->name : "");
    }
    config->entries[config->count++] = *entry;
    return STATUS_OK;
}

enum status fw_cfg_add_file(struct fw_cfg_config *config, const char *name, const void *bytes,
                            size_t length, struct error *error)
{
    struct fw_cfg_entry entry = {name, 0, bytes, length};
    if (strlen(name) >= FW_CFG_NAME_BYTES)
        return error_set(error, STATUS_USAGE, "fw_cfg: the name '%s' has more than %d characters",
                         name, FW_CFG_NAME_BYTES - 1);
    return add(config, &entry, error);
}

enum status fw_cfg_add_item(struct fw_cfg_config *config, uint16_t key, const void *bytes,
                            size_t length, struct error *error)
{
    struct fw_cfg_entry entry = {NULL, key, bytes, length};
    return add(config, &entry, error);
}

/* --- items ----------------------------------------------------------------------------------- */

static void select_item(struct fw_cfg *s, uint16_t key)
{
    s->selector = key;
    s->offset = 0;
    s->selected = NO_ITEM;
    for (uint32_t i = 0; i < s->item_count; i++)
        if (s->items[i].key == key)
            s->selected = i;
}

static uint32_t remaining(const struct fw_cfg *s)
{
    uint32_t length = s->selected == NO_ITEM ? 0 : s->items[s->selected].length;
    return s->offset < length ? length - s->offset : 0;
}

static uint8_t next_byte(const struct fw_cfg *s)
{
    return remaining(s) ? s->items[s->selected].bytes[s->offset] : 0;
}

static uint8_t read_byte(struct fw_cfg *s)
{
    uint8_t byte = next_byte(s);
    if (remaining(s))
        s->offset++;
    return byte;
}

/* --- DMA ------------------------------------------------------------------------------------- */

/* The item's bytes, then zeros. False where memory does not answer. */
static bool dma_read(struct fw_cfg *s, uint64_t address, uint32_t length)
{
    static const uint8_t ZEROS[4096] = {0};
    uint32_t count = remaining(s) < length ? remaining(s) : length;
    if (count && !space_dma_write(s->device.env->memory, &s->device, address,
                                  &s->items[s->selected].bytes[s->offset], count))
        return false;
    s->offset += count;
    address += count;
    length -= count;
    if (length > DMA_ZEROS_MAX)
        return false;
    while (length) {
        count = length < sizeof ZEROS ? length : (uint32_t)sizeof ZEROS;
        if (!space_dma_write(s->device.env->memory, &s->device, address, ZEROS, count))
            return false;
        address += count;
        length -= count;
    }
    return true;
}

static bool dma_carry_out(struct fw_cfg *s, const uint8_t *request)
{
    uint32_t control = load_be32(request), length = load_be32(request + 4);
    uint64_t address = (uint64_t)load_be32(request + 8) << 32 | load_be32(request + 12);
    if (control & DMA_SELECT)
        select_item(s, (uint16_t)(control >> 16));
    if (control & DMA_READ)
        return dma_read(s, address, length);
    if (control & DMA_SKIP) {
        s->offset += remaining(s) < length ? remaining(s) : length;
        return true;
    }
    return !(control & DMA_WRITE); /* no item can be written */
}

static void dma_start(struct fw_cfg *s)
{
    struct space *memory = s->device.env->memory;
    uint64_t at = s->dma_address;
    uint8_t request[16], answer[4];
    bool is_done = space_dma_read(memory, &s->device, at, request, sizeof request) &&
                   dma_carry_out(s, request);
    if (!is_done)
        device_guest_error(&s->device, "DMA request at %llX can't be carried out",
                           (unsigned long long)at);
    store_be32(answer, is_done ? 0 : DMA_ERROR);
    space_dma_write(memory, &s->device, at, answer, sizeof answer);
    s->dma_address = 0;
}

/* --- ports ----------------------------------------------------------------------------------- */

/* The registers are told apart by width as well: 510h is the selector for words, and a byte at 511h
 * is data. */
static uint64_t ports_read(void *self, uint64_t offset, unsigned size)
{
    static const uint8_t MARK[8] = {'Q', 'E', 'M', 'U', ' ', 'C', 'F', 'G'};
    struct fw_cfg *s = self;
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        uint64_t at = offset + i;
        uint8_t byte = 0xFF;
        if (at == 1 && size == 1)
            byte = read_byte(s);
        else if (at == 0 || at == 1)
            byte = 0;
        else if (at >= 4 && at < 12)
            byte = MARK[at - 4];
        value |= (uint64_t)byte << (8 * i);
    }
    return value;
}

static uint32_t swap32(uint32_t value)
{
    uint8_t bytes[4];
    store_le32(bytes, value);
    return load_be32(bytes);
}

static void ports_write(void *self, uint64_t offset, unsigned size, uint64_t value)
{
    struct fw_cfg *s = self;
    if (offset == 0 && size == 2) {
        select_item(s, (uint16_t)value);
    } else if (offset == 4 && size == 4) {
        s->dma_address = (uint64_t)swap32((uint32_t)value) << 32;
    } else if (offset == 8 && size == 4) {
        s->dma_address = (s->dma_address & ~(uint64_t)UINT32_MAX) | swap32((uint32_t)value);
        dma_start(s);
    }
}

/* REP INSB from 511h: what firmware without DMA does with whole files. */
static size_t ports_read_block(void *self, uint64_t offset, unsigned size, void *bytes, size_t count)
{
    struct fw_cfg *s = self;
    uint8_t *to = bytes;
    if (offset != 1 || size != 1) {
        store_le(to, size, ports_read(self, offset, size));
        return 1;
    }
    for (size_t i = 0; i < count; i++)
        to[i] = read_byte(s);
    return count;
}

static const struct region_ops PORT_OPS = {
    .read = ports_read, .write = ports_write, .read_block = ports_read_block};

/* --- registers ------------------------------------------------------------------------------- */

static uint32_t selector_peek(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct fw_cfg *)self)->selector;
}

static void selector_write(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    select_item(self, (uint16_t)value);
}

static uint32_t data_read(void *self, const struct reg *row)
{
    (void)row;
    return read_byte(self);
}

static uint32_t data_peek(const void *self, const struct reg *row)
{
    (void)row;
    return next_byte(self);
}

static const struct reg ROWS[] = {
    {.name = "SELECTOR", .meaning = "selects an item and rewinds it", .offset = 0, .width = 2,
     .access = REG_WRITE, .writable = 0xFFFF, .peek = selector_peek, .write = selector_write,
     .section = "Selector"},
    {.name = "DATA", .meaning = "the item's next byte", .offset = 1, .width = 1,
     .access = REG_READ | REG_CLEARS_ON_READ, .reset = 'Q', .read = data_read, .peek = data_peek,
     .section = "Data"},
    {.name = "DMA ADDRESS HIGH", .meaning = "bits 63:32 of the request's address, big endian",
     .offset = 4, .width = 4, .access = REG_RW, .reset = 0x554D4551, .section = "DMA"},
    {.name = "DMA ADDRESS LOW", .meaning = "bits 31:0, big endian; starts the request",
     .offset = 8, .width = 4, .access = REG_RW, .reset = 0x47464320, .section = "DMA"},
    REG_ROWS_END,
};
static const struct reg_bank BANK = {"fw_cfg", ROWS};
static const struct reg_bank *const BANKS[] = {&BANK, NULL};

static const char *item_name(const struct fw_cfg *s, uint16_t key)
{
    for (uint32_t i = 0; i < s->item_count; i++)
        if (s->items[i].key == key && s->items[i].name[0])
            return s->items[i].name;
    switch (key) {
    case FW_CFG_SIGNATURE: return "signature";
    case FW_CFG_ID: return "interface id";
    case FW_CFG_NB_CPUS: return "CPUs";
    case FW_CFG_MAX_CPUS: return "most CPUs";
    case FW_CFG_FILE_DIR: return "directory of files";
    default: return "an item";
    }
}

static bool has_key(const struct fw_cfg *s, uint16_t key)
{
    for (uint32_t i = 0; i < s->item_count; i++)
        if (s->items[i].key == key)
            return true;
    return false;
}

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    const struct fw_cfg *s = (const struct fw_cfg *)device;
    uint32_t value = (uint32_t)access->value;
    switch (access->address - BASE_PORT) {
    case 0:
        if (access->is_write)
            snprintf(text, size, "selects %04X: %s%s", value & 0xFFFFu,
                     item_name(s, (uint16_t)value),
                     has_key(s, (uint16_t)value) ? "" : ", which is not there (reads as zeros)");
        break;
    case 1:
        snprintf(text, size, "byte %u of %s%s", s->offset, item_name(s, s->selector),
                 remaining(s) ? "" : ": past its end, zero");
        break;
    case 8:
        if (access->is_write)
            snprintf(text, size, "starts the DMA request at %08X", swap32(value));
        break;
    }
}

/* --- life ------------------------------------------------------------------------------------ */

static void reset(struct device *device, enum reset_kind kind)
{
    struct fw_cfg *s = (struct fw_cfg *)device;
    (void)kind;
    select_item(s, 0);
    s->dma_address = 0;
}

static void loaded(struct device *device)
{
    struct fw_cfg *s = (struct fw_cfg *)device;
    uint32_t offset = s->offset;
    select_item(s, s->selector);
    s->offset = offset;
}

static enum status add_item(struct fw_cfg *s, uint16_t key, const char *name, const void *bytes,
                            size_t length, struct error *error)
{
    struct item *item = &s->items[s->item_count];
    item->bytes = malloc(length + 1);
    if (!item->bytes)
        return error_set(error, STATUS_INTERNAL, "%s: out of memory", s->device.name);
    if (length)
        memcpy(item->bytes, bytes, length);
    item->length = (uint32_t)length;
    item->key = key;
    snprintf(item->name, sizeof item->name, "%s", name ? name : "");
    s->item_count++;
    return STATUS_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct fw_cfg_entry *const *)a)->name,
                  (*(const struct fw_cfg_entry *const *)b)->name);
}

/* The directory: count u32, then for each file size u32, key u16, reserved u16, name[56]; all big
 * endian, in order of names, as firmware may search it by halves. */
static enum status add_files(struct fw_cfg *s, const struct fw_cfg_config *config,
                             struct error *error)
{
    const struct fw_cfg_entry *files[FW_CFG_ENTRIES] = {NULL};
    uint8_t directory[4 + FW_CFG_ENTRIES * FILE_ROW_BYTES] = {0};
    uint32_t count = 0;
    for (size_t i = 0; config && i < config->count; i++)
        if (config->entries[i].name)
            files[count++] = &config->entries[i];
    qsort(files, count, sizeof files[0], by_name);
    store_be32(directory, count);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *row = &directory[4 + i * FILE_ROW_BYTES];
        uint16_t key = (uint16_t)(FW_CFG_FILE_FIRST + i);
        enum status status = add_item(s, key, files[i]->name, files[i]->bytes, files[i]->length,
                                      error);
        if (status != STATUS_OK)
            return status;
        store_be32(row, (uint32_t)files[i]->length);
        row[4] = (uint8_t)(key >> 8);
        row[5] = (uint8_t)key;
        memcpy(row + 8, files[i]->name, strlen(files[i]->name));
    }
    return add_item(s, FW_CFG_FILE_DIR, NULL, directory, 4 + count * (size_t)FILE_ROW_BYTES, error);
}

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    static const uint8_t ID[4] = {ID_TRADITIONAL | ID_DMA, 0, 0, 0};
    struct fw_cfg *s = (struct fw_cfg *)device;
    const struct fw_cfg_config *entries = config->extra;
    enum status status;
    if ((status = add_item(s, FW_CFG_SIGNATURE, NULL, "QEMU", 4, error)) != STATUS_OK ||
        (status = add_item(s, FW_CFG_ID, NULL, ID, sizeof ID, error)) != STATUS_OK ||
        (status = add_files(s, entries, error)) != STATUS_OK)
        return status;
    for (size_t i = 0; entries && i < entries->count; i++)
        if (!entries->entries[i].name &&
            (status = add_item(s, entries->entries[i].key, NULL, entries->entries[i].bytes,
                               entries->entries[i].length, error)) != STATUS_OK)
            return status;
    return device_attach(device, config->env->ports, &BANK, &PORT_OPS, BASE_PORT, 12, error);
}

static void fini(struct device *device)
{
    struct fw_cfg *s = (struct fw_cfg *)device;
    for (uint32_t i = 0; i < s->item_count; i++)
        free(s->items[i].bytes);
}

const struct device_type FW_CFG_TYPE = {
    .name = "fw-cfg",
    .title = "Firmware configuration",
    .datasheet = "QEMU Firmware Configuration (fw_cfg) Device, docs/specs/fw_cfg of version 7.2",
    .missing = "items that firmware can write",
    .size = sizeof(struct fw_cfg),
    .version = 1,
    .banks = BANKS,
    .state = STATE,
    .init = init,
    .reset = reset,
    .fini = fini,
    .describe = describe,
    .loaded = loaded,
};

/* Accesses: the one way from a CPU, a DMA engine or a native driver to memory and devices.
 *
 * The straight way takes one branch on `is_hooked`. The hooked way makes the access into data, shows
 * it to the interception and the watchers, and takes the same path to the device. */
#include <string.h>

#include "base/bits.h"
#include "bus/device.h"
#include "bus/space.h"

#define ALIAS_DEPTH 4 /* an alias of an alias … ends here, as an undriven bus */

/* Where an access ends up: a region and the offset in it, or a page of RAM. */
struct target {
    struct space *space;
    const struct region *region;
    const struct reg *first;       /* of a region with rows: where the search for one begins */
    const struct space_page *page; /* RAM or ROM in this direction */
    uint64_t address;
    uint64_t room; /* bytes from there to the end of what answers, alias windows included */
};

static struct target find_target(struct space *space, uint64_t address, bool is_write)
{
    struct target target = {.space = space, .address = address, .room = UINT64_MAX};
    for (int depth = 0; depth < ALIAS_DEPTH; depth++) {
        const struct region *region;
        uint64_t room;
        if (space->kind == SPACE_PORTS) {
            address &= 0xFFFF;
            region = space->ports[address].region;
            target.first = space->ports[address].first;
        } else {
            const struct space_page *page = space_page(space, address);
            address &= space->address_mask;
            if (page && (is_write ? page->write != NULL || page->is_rom : page->read != NULL)) {
                target.page = page;
                target.address = address;
                room = FRAME_BYTES - (address & FRAME_MASK);
                if (room < target.room)
                    target.room = room;
                return target;
            }
            region = page ? page->region : NULL;
            target.first = region && region->bank ? region->bank->rows : NULL;
        }
        target.region = region;
        target.address = address;
        target.space = space;
        room = region ? region->base + region->length - address : 1;
        if (space->kind == SPACE_MEMORY && room > FRAME_BYTES - (address & FRAME_MASK))
            room = FRAME_BYTES - (address & FRAME_MASK);
        if (room < target.room)
            target.room = room;
        if (!region || !region->alias)
            return target;
        address = address - region->base + region->alias_base;
        space = region->alias;
    }
    target.region = NULL;
    return target;
}

static uint64_t region_offset(const struct target *target)
{
    return target->address - target->region->base + target->region->bank_base;
}

/* `size` bytes at an offset from the region's base, all inside it. */
static uint64_t region_read(struct space *space, const struct region *region,
                            const struct reg *first, uint64_t offset, unsigned size)
{
    uint64_t value;
    space_ask_read(space, region->base + offset, size);
    if (region->ops)
        value = region->ops->read(region->self, offset, size) & mask_bytes(size);
    else
        value = reg_bank_read_from(region->bank, first, region->self, offset + region->bank_base,
                                   size);
    space_answered(space);
    return value;
}

static void region_write(struct space *space, const struct region *region, const struct reg *first,
                         uint64_t offset, unsigned size, uint64_t value)
{
    space_ask_write(space, region->base + offset, size, value);
    if (region->ops)
        region->ops->write(region->self, offset, size, value);
    else
        reg_bank_write_from(region->bank, first, region->self, offset + region->bank_base, size,
                            value);
    space_answered(space);
}

/* The port when one region alone answers the access: nearly every one does. NULL: this is no space of
 * ports, nothing is there, an alias is, or the access is larger; find_target() and is_split() then
 * tell. */
static const struct space_port *whole_port(const struct space *space, uint64_t address,
                                           unsigned size)
{
    const struct space_port *port;
    const struct region *region;
    if (space->kind != SPACE_PORTS)
        return NULL;
    port = &space->ports[address & 0xFFFF];
    region = port->region;
    return region && !region->alias && (address & 0xFFFF) - region->base + size <= region->length
               ? port
               : NULL;
}

/* Everything of `size` bytes that lies inside one target. */
static uint64_t target_read(const struct target *target, unsigned size)
{
    const struct region *region = target->region;
    if (target->page)
        return load_le(target->page->read + (target->address & FRAME_MASK), size);
    return region ? region_read(target->space, region, target->first, target->address - region->base, size)
                  : mask_bytes(size);
}

static void target_write(const struct target *target, unsigned size, uint64_t value)
{
    const struct region *region = target->region;
    if (target->page) {
        const struct space_page *page = target->page;
        uint32_t offset = (uint32_t)(target->address & FRAME_MASK);
        if (!page->write)
            return; /* ROM */
        store_le(page->write + offset, size, value);
        ram_written(page->write_ram, page->write_frame, offset, size);
        return;
    }
    if (region)
        region_write(target->space, region, target->first, target->address - region->base, size, value);
}

/* True when the access does not fit into its target: it is then made byte by byte, as ISA's bus
 * sizing does for neighbouring 8-bit devices. */
static bool is_split(const struct target *target, unsigned size)
{
    return size > target->room;
}

static uint64_t plain_read(struct space *space, uint64_t address, unsigned size)
{
    const struct space_port *port = whole_port(space, address, size);
    struct target target;
    uint64_t value = 0;
    if (BASE_LIKELY(port != NULL))
        return region_read(space, port->region, port->first,
                           (address & 0xFFFF) - port->region->base, size);
    target = find_target(space, address, false);
    if (BASE_LIKELY(!is_split(&target, size)))
        return target_read(&target, size);
    for (unsigned i = 0; i < size; i++) {
        target = find_target(space, address + i, false);
        value |= target_read(&target, 1) << (8 * i);
    }
    return value;
}

static void plain_write(struct space *space, uint64_t address, unsigned size, uint64_t value)
{
    const struct space_port *port = whole_port(space, address, size);
    struct target target;
    if (BASE_LIKELY(port != NULL)) {
        region_write(space, port->region, port->first, (address & 0xFFFF) - port->region->base,
                     size, value);
        return;
    }
    target = find_target(space, address, true);
    if (BASE_LIKELY(!is_split(&target, size))) {
        target_write(&target, size, value);
        return;
    }
    for (unsigned i = 0; i < size; i++) {
        target = find_target(space, address + i, true);
        target_write(&target, 1, value >> (8 * i) & 0xFF);
    }
}

/* --- the hooked way --------------------------------------------------------------------------------- */

/* The texts are long and rarely looked at: only their first byte is cleared. */
static void access_open(struct access *access, struct space *space, uint64_t address, unsigned size,
                        bool is_write, enum access_space kind)
{
    struct door *door = space->door;
    memset(access, 0, offsetof(struct access, meaning));
    access->meaning[0] = '\0';
    access->note[0] = '\0';
    access->id = door->next_id++;
    access->outer = door->current;
    access->cause = door->current ? door_cause(door) : door->cause;
    access->time = door->timeline->now;
    access->space_kind = kind;
    access->is_write = is_write;
    access->address = address;
    access->size = size;
    access->count = 1;
    access->is_shown = door->watchers != NULL;
    access->origin.machine = space->name;
    if (door->watchers && space->origin && kind != ACCESS_DMA)
        space->origin(space->origin_self, &access->origin);
    door->current = access;
}

/* Names device and register; remembers the register's value before a write. */
static const struct region *access_decode(struct access *access, const struct target *target)
{
    const struct region *region = target->region;
    if (!region)
        return NULL;
    access->device = region->device;
    if (region->bank && access->is_shown) {
        access->reg = reg_find_inner(region->bank, region->self, (uint32_t)region_offset(target),
                                     access->is_write);
        if (access->reg)
            access->has_old = reg_peek(access->reg, region->self, &access->old);
    }
    return region;
}

bool space_asked_access(struct space *space, struct access *access)
{
    const uint64_t asked = space->asked;
    struct target target;
    memset(access, 0, sizeof *access);
    if (!asked)
        return false;
    access->is_shown = true;
    access->is_write = (asked & 0x80) != 0;
    access->address = asked >> 8;
    access->size = asked & 0x7F;
    access->value = access->is_write ? space->asked_value & mask_bytes(access->size) : 0;
    target = find_target(space, access->address, access->is_write);
    access_decode(access, &target);
    return true;
}

static void describe(struct access *access, const struct region *region, const void *state)
{
    const struct device *device = region ? region->device : NULL;
    if (!device)
        return;
    if (device->type->describe)
        device->type->describe(state, access, access->meaning, sizeof access->meaning);
    if (access->meaning[0] == '\0' && access->reg)
        reg_fields_text(access->reg, (uint32_t)access->value, access->meaning,
                        sizeof access->meaning);
}

/* The state a read's description starts from: a copy, since the read may change it. Accesses inside
 * of this one (a passed-through port) have copies of their own. */
static const void *state_before(struct door *door, const struct access *access,
                                const struct region *region)
{
    const struct device *device = region ? region->device : NULL;
    unsigned depth = 0;
    uint8_t *copy;
    if (!device || !device->type->describe)
        return device;
    for (const struct access *outer = access->outer; outer; outer = outer->outer)
        depth++;
    if (depth >= DOOR_NESTING || device->type->size > door->scratch_bytes)
        return device;
    copy = door->scratch + depth * door->scratch_bytes;
    memcpy(copy, device, device->type->size);
    return copy;
}

/* What became of the register. Kept in the caller: an access may unmap its own region. */
static void note_new(struct access *access, const void *self)
{
    if (!access->has_old || !access->is_shown)
        return;
    access->has_new = reg_peek(access->reg, self, &access->now) &&
                      (access->is_write || access->now != access->old);
}

static bool is_intercepted(struct space *space, struct access *access)
{
    return space->intercept && space->intercept->before(space->intercept->self, access);
}

static void show_before(struct door *door, const struct access *access)
{
    for (struct door_watcher *w = door->watchers; w; w = w->next)
        if (w->before)
            w->before(w->self, access);
}

static void access_close(struct door *door, struct access *access)
{
    for (struct door_watcher *w = door->watchers; w; w = w->next)
        if (w->after)
            w->after(w->self, access);
    door->current = access->outer;
}

static uint64_t hooked_read(struct space *space, uint64_t address, unsigned size)
{
    struct door *door = space->door;
    struct target target = find_target(space, address, false);
    struct access access;
    const struct region *region;
    const void *before, *self;
    if (target.page && is_split(&target, size)) { /* over the border between RAM and a device */
        uint64_t value = 0;
        for (unsigned i = 0; i < size; i++)
            value |= hooked_read(space, address + i, 1) << (8 * i);
        return value;
    }
    if (target.page)
        return plain_read(space, address, size); /* RAM is not I/O */
    access_open(&access, space, address, size, false,
                space->kind == SPACE_PORTS ? ACCESS_PORT : ACCESS_MEMORY);
    region = access_decode(&access, &target);
    self = region ? region->self : NULL;
    show_before(door, &access);
    before = door->watchers ? state_before(door, &access, region) : NULL;
    if (!is_intercepted(space, &access))
        access.value = plain_read(space, address, size);
    if (door->watchers)
        describe(&access, region, before);
    note_new(&access, self);
    access_close(door, &access);
    return access.value;
}

static void hooked_write(struct space *space, uint64_t address, unsigned size, uint64_t value)
{
    struct door *door = space->door;
    struct target target = find_target(space, address, true);
    struct access access;
    const struct region *region;
    const void *self;
    if (target.page && is_split(&target, size)) {
        for (unsigned i = 0; i < size; i++)
            hooked_write(space, address + i, 1, value >> (8 * i) & 0xFF);
        return;
    }
    if (target.page) {
        plain_write(space, address, size, value);
        return;
    }
    access_open(&access, space, address, size, true,
                space->kind == SPACE_PORTS ? ACCESS_PORT : ACCESS_MEMORY);
    access.value = value & mask_bytes(size);
    region = access_decode(&access, &target);
    self = region ? region->self : NULL;
    show_before(door, &access);
    if (door->watchers)
        describe(&access, region, region ? region->device : NULL);
    if (!is_intercepted(space, &access))
        plain_write(space, address, size, value);
    note_new(&access, self);
    access_close(door, &access);
}

uint64_t space_read(struct space *space, uint64_t address, unsigned size)
{
    if (BASE_UNLIKELY(space_is_hooked(space)))
        return hooked_read(space, address, size);
    return plain_read(space, address, size);
}

void space_write(struct space *space, uint64_t address, unsigned size, uint64_t value)
{
    if (BASE_UNLIKELY(space_is_hooked(space)))
        hooked_write(space, address, size, value);
    else
        plain_write(space, address, size, value);
}

/* --- blocks: REP INS and OUTS -------------------------------------------------------------------------- */

/* The region when it moves blocks and the element lies inside it. */
static const struct region *block_region(const struct target *target, unsigned size, bool is_write)
{
    const struct region *region = target->region;
    if (!region || !region->ops || is_split(target, size))
        return NULL;
    return (is_write ? region->ops->write_block != NULL : region->ops->read_block != NULL) ? region
                                                                                           : NULL;
}

static size_t region_read_block(const struct target *target, unsigned size, void *bytes,
                                size_t count)
{
    const struct region *region = target->region;
    size_t moved;
    space_ask_read(target->space, target->address, size);
    moved = region->ops->read_block(region->self, target->address - region->base, size, bytes, count);
    space_answered(target->space);
    return moved;
}

static size_t region_write_block(const struct target *target, unsigned size, const void *bytes,
                                 size_t count)
{
    const struct region *region = target->region;
    size_t moved;
    space_ask_write(target->space, target->address, size, load_le(bytes, size));
    moved = region->ops->write_block(region->self, target->address - region->base, size, bytes,
                                     count);
    space_answered(target->space);
    return moved;
}

size_t space_read_block(struct space *space, uint64_t address, unsigned size, void *bytes,
                        size_t count)
{
    struct target target = find_target(space, address, false);
    const struct region *region = block_region(&target, size, false);
    struct access access;
    const void *before;
    size_t moved;
    if (!region || count == 0) {
        store_le(bytes, size, space_read(space, address, size));
        return 1;
    }
    if (!space_is_hooked(space))
        return region_read_block(&target, size, bytes, count);
    access_open(&access, space, address, size, false, ACCESS_PORT);
    access_decode(&access, &target);
    show_before(space->door, &access);
    before = space->door->watchers ? state_before(space->door, &access, region) : NULL;
    access.count = count; /* asked for; at the end, how many were moved */
    if (is_intercepted(space, &access)) {
        store_le(bytes, size, access.value);
        moved = 1;
    } else {
        moved = region_read_block(&target, size, bytes, count);
        access.value = load_le(bytes, size);
    }
    access.count = moved;
    if (space->door->watchers)
        describe(&access, region, before);
    access_close(space->door, &access);
    return moved;
}

size_t space_write_block(struct space *space, uint64_t address, unsigned size, const void *bytes,
                         size_t count)
{
    struct target target = find_target(space, address, true);
    const struct region *region = block_region(&target, size, true);
    struct access access;
    size_t moved = 1;
    if (!region || count == 0) {
        space_write(space, address, size, load_le(bytes, size));
        return 1;
    }
    if (!space_is_hooked(space))
        return region_write_block(&target, size, bytes, count);
    access_open(&access, space, address, size, true, ACCESS_PORT);
    access.value = load_le(bytes, size);
    access_decode(&access, &target);
    show_before(space->door, &access);
    if (space->door->watchers)
        describe(&access, region, region->device);
    access.count = count; /* asked for; at the end, how many were moved */
    if (!is_intercepted(space, &access))
        moved = region_write_block(&target, size, bytes, count);
    access.count = moved;
    access_close(space->door, &access);
    return moved;
}

/* --- DMA ---------------------------------------------------------------------------------------------- */

static bool copy_out(struct space *space, uint64_t gpa, uint8_t *bytes, size_t count)
{
    bool is_complete = true;
    while (count) {
        struct target target = find_target(space, gpa, false);
        size_t part = FRAME_BYTES - (size_t)(target.address & FRAME_MASK);
        if (part > count)
            part = count;
        if (target.page) {
            memcpy(bytes, target.page->read + (target.address & FRAME_MASK), part);
        } else {
            is_complete &= target.region != NULL;
            for (size_t i = 0; i < part; i++)
                bytes[i] = (uint8_t)plain_read(space, gpa + i, 1);
        }
        bytes += part;
        gpa += part;
        count -= part;
    }
    return is_complete;
}

static bool copy_in(struct space *space, uint64_t gpa, const uint8_t *bytes, size_t count)
{
    bool is_complete = true;
    while (count) {
        struct target target = find_target(space, gpa, true);
        uint32_t offset = (uint32_t)(target.address & FRAME_MASK);
        size_t part = FRAME_BYTES - offset;
        if (part > count)
            part = count;
        if (target.page && target.page->write) {
            memcpy(target.page->write + offset, bytes, part);
            ram_written(target.page->write_ram, target.page->write_frame, offset, (uint32_t)part);
        } else if (!target.page) {
            is_complete &= target.region != NULL;
            for (size_t i = 0; i < part; i++)
                plain_write(space, gpa + i, 1, bytes[i]);
        }
        bytes += part;
        gpa += part;
        count -= part;
    }
    return is_complete;
}

static void show_dma(struct space *space, const struct device *device, uint64_t gpa,
                     const void *bytes, size_t count, bool is_write)
{
    struct access access;
    if (!door_is_watched(space->door) || count == 0)
        return;
    access_open(&access, space, gpa, 1, is_write, ACCESS_DMA);
    access.device = device;
    access.count = count;
    access.value = *(const uint8_t *)bytes;
    show_before(space->door, &access);
    access_close(space->door, &access);
}

void space_call_open(struct space *space, struct access *access, uint64_t number, uint64_t argument)
{
    access_open(access, space, number, 4, true, ACCESS_CALL);
    access->value = argument;
    show_before(space->door, access);
}

void space_call_close(struct space *space, struct access *access)
{
    access_close(space->door, access);
}

bool space_dma_read(struct space *space, const struct device *device, uint64_t gpa, void *bytes,
                    size_t count)
{
    bool is_complete = copy_out(space, gpa, bytes, count);
    show_dma(space, device, gpa, bytes, count, false);
    return is_complete;
}

bool space_dma_write(struct space *space, const struct device *device, uint64_t gpa,
                     const void *bytes, size_t count)
{
    bool is_complete = copy_in(space, gpa, bytes, count);
    show_dma(space, device, gpa, bytes, count, true);
    return is_complete;
}

size_t space_peek(const struct space *space, uint64_t gpa, void *bytes, size_t count)
{
    uint8_t *to = bytes;
    size_t done = 0;
    while (done < count) {
        const struct space_page *page = space_page(space, gpa + done);
        size_t offset = (size_t)((gpa + done) & FRAME_MASK), part = FRAME_BYTES - offset;
        if (!page || !page->read)
            break;
        if (part > count - done)
            part = count - done;
        memcpy(to + done, page->read + offset, part);
        done += part;
    }
    return done;
}

size_t space_poke(struct space *space, uint64_t gpa, const void *bytes, size_t count)
{
    const uint8_t *from = bytes;
    size_t done = 0;
    while (done < count) {
        const struct space_page *page = space_page(space, gpa + done);
        size_t offset = (size_t)((gpa + done) & FRAME_MASK), part = FRAME_BYTES - offset;
        struct ram *ram;
        size_t frame;
        if (!page || (!page->write && !page->read))
            break;
        if (part > count - done)
            part = count - done;
        ram = page->write ? page->write_ram : page->read_ram;
        frame = page->write ? page->write_frame : page->read_frame;
        memcpy(ram->bytes + frame * FRAME_BYTES + offset, from + done, part);
        ram_written(ram, frame, (uint32_t)offset, (uint32_t)part);
        done += part;
    }
    return done;
}

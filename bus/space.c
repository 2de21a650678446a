/* The map: pages, ports, regions. The accesses themselves are in bus/access.c. */
#include "bus/space.h"

#include <stdlib.h>
#include <string.h>

#include "bus/device.h"

#define ADDRESS_BITS 36 /* of the P6's bus; SDM 3A 4.1.4 */
#define PORT_COUNT 65536u

enum status space_init(struct space *space, const char *name, enum space_kind kind,
                       struct door *door, struct error *error)
{
    memset(space, 0, sizeof *space);
    space->name = name;
    space->kind = kind;
    space->door = door;
    space->address_mask = ((uint64_t)1 << ADDRESS_BITS) - 1;
    if (kind == SPACE_PORTS) {
        space->ports = calloc(PORT_COUNT, sizeof *space->ports);
    } else {
        space->leaf_count = (size_t)1 << (ADDRESS_BITS - LEAF_SHIFT);
        space->leaves = calloc(space->leaf_count, sizeof *space->leaves);
    }
    if (!space->ports && !space->leaves)
        return error_set(error, STATUS_INTERNAL, "out of memory for address space '%s'", name);
    space->next = door->spaces;
    door->spaces = space;
    space_update_hooks(space);
    return STATUS_OK;
}

void space_fini(struct space *space)
{
    struct space **at = &space->door->spaces;
    while (*at && *at != space)
        at = &(*at)->next;
    if (*at)
        *at = space->next;
    while (space->regions) {
        struct region *region = space->regions;
        space->regions = region->next;
        free(region);
    }
    for (size_t i = 0; i < space->leaf_count; i++)
        free(space->leaves[i]);
    free(space->leaves);
    free(space->ports);
    space->leaves = NULL;
    space->ports = NULL;
    space->leaf_count = 0;
}

static struct space_port port_of(const struct space *space, struct region *region,
                                 uint64_t offset);

/* Ports whose row is known are reached without asking whether somebody looks: while somebody does, no
 * row is known. */
void space_update_hooks(struct space *space)
{
    bool was_hooked = space->is_hooked;
    space->is_hooked = space->intercept != NULL || space->door->watchers != NULL;
    if (space->kind != SPACE_PORTS || was_hooked == space->is_hooked)
        return;
    for (uint64_t port = 0; port < PORT_COUNT; port++) {
        struct region *region = space->ports[port].region;
        if (region)
            space->ports[port] = port_of(space, region, port - region->base);
    }
}

void space_set_intercept(struct space *space, const struct space_intercept *intercept)
{
    space->intercept = intercept;
    space_update_hooks(space);
}

void space_add_listener(struct space *space, struct space_listener *listener)
{
    listener->next = space->listeners;
    space->listeners = listener;
}

void space_remove_listener(struct space *space, struct space_listener *listener)
{
    struct space_listener **at = &space->listeners;
    while (*at && *at != listener)
        at = &(*at)->next;
    if (*at)
        *at = listener->next;
}

void space_remapped(struct space *space)
{
    for (struct space_listener *l = space->listeners; l; l = l->next)
        l->remapped(l->self);
}

/* --- pages --------------------------------------------------------------------------------------- */

/* The page for changing, made when it is the first of its leaf; NULL beyond the bus' width. */
static struct space_page *page_for_change(struct space *space, uint64_t gpa)
{
    struct space_page **leaf;
    if (gpa >> LEAF_SHIFT >= space->leaf_count)
        return NULL;
    leaf = &space->leaves[gpa >> LEAF_SHIFT];
    if (!*leaf)
        *leaf = calloc(LEAF_PAGES, sizeof **leaf);
    return *leaf ? &(*leaf)[gpa >> FRAME_SHIFT & (LEAF_PAGES - 1)] : NULL;
}

static void page_set_read(struct space_page *page, struct ram *ram, size_t frame)
{
    page->read = ram ? ram->bytes + frame * FRAME_BYTES : NULL;
    page->read_ram = ram;
    page->read_frame = frame;
}

static void page_set_write(struct space_page *page, struct ram *ram, size_t frame)
{
    page->write = ram ? ram->bytes + frame * FRAME_BYTES : NULL;
    page->write_ram = ram;
    page->write_frame = frame;
}

void space_map_ram(struct space *space, uint64_t gpa, size_t pages, struct ram *ram, size_t frame,
                   bool readable, bool writable)
{
    for (size_t i = 0; i < pages && frame + i < ram->frames; i++) {
        struct space_page *page = page_for_change(space, gpa + i * FRAME_BYTES);
        if (!page)
            break;
        if (readable)
            page_set_read(page, ram, frame + i);
        if (writable)
            page_set_write(page, ram, frame + i);
        page->is_rom = page->read && !page->write;
    }
    space_remapped(space);
}

void space_map_shadow(struct space *space, uint64_t gpa, size_t pages, struct ram *read_ram,
                      size_t read_frame, struct ram *write_ram, size_t write_frame)
{
    for (size_t i = 0; i < pages; i++) {
        struct space_page *page = page_for_change(space, gpa + i * FRAME_BYTES);
        if (!page)
            break;
        page_set_read(page, read_ram, read_ram ? read_frame + i : 0);
        page_set_write(page, write_ram, write_ram ? write_frame + i : 0);
        page->is_rom = !write_ram;
    }
    space_remapped(space);
}

void space_unmap_ram(struct space *space, uint64_t gpa, size_t pages)
{
    for (size_t i = 0; i < pages; i++) {
        struct space_page *page = page_for_change(space, gpa + i * FRAME_BYTES);
        if (!page)
            break;
        page_set_read(page, NULL, 0);
        page_set_write(page, NULL, 0);
        page->is_rom = false;
    }
    space_remapped(space);
}

void space_set_a20(struct space *space, bool is_enabled)
{
    uint64_t bit = (uint64_t)1 << 20;
    uint64_t mask = is_enabled ? space->address_mask | bit : space->address_mask & ~bit;
    if (mask == space->address_mask)
        return;
    space->address_mask = mask;
    space_remapped(space);
}

/* --- regions --------------------------------------------------------------------------------------- */

static const char *region_owner(const struct region *region)
{
    return region->device ? region->device->name : region->name ? region->name : "the board";
}

static const struct region *region_at(struct space *space, uint64_t address)
{
    const struct space_page *page;
    if (space->kind == SPACE_PORTS)
        return space->ports[address & 0xFFFF].region;
    page = space_page(space, address);
    return page ? page->region : NULL;
}

static uint64_t region_step(const struct space *space)
{
    return space->kind == SPACE_PORTS ? 1 : FRAME_BYTES;
}

/* A register that ends behind its region is accessed in bytes: none to keep. */
static const struct reg *kept_row(const struct region *region, uint64_t offset, bool is_write)
{
    const struct reg *row = reg_always(region->bank, region->bank_base + offset, is_write);
    return row && row->width <= region->length - offset ? row : NULL;
}

static struct space_port port_of(const struct space *space, struct region *region,
                                 uint64_t offset)
{
    struct space_port port = {.region = region};
    if (!region || !region->bank)
        return port;
    port.first = reg_first(region->bank, region->bank_base + offset);
    if (!region->ops && !region->alias && !space_is_hooked(space)) {
        port.in = kept_row(region, offset, false);
        port.out = kept_row(region, offset, true);
    }
    return port;
}

static void place(struct space *space, const struct region *at, struct region *region)
{
    for (uint64_t i = 0; i < at->length; i += region_step(space)) {
        if (space->kind == SPACE_PORTS) {
            space->ports[(at->base + i) & 0xFFFF] = port_of(space, region, i);
        } else {
            struct space_page *page = page_for_change(space, at->base + i);
            if (page)
                page->region = region;
        }
    }
    if (space->kind == SPACE_MEMORY)
        space_remapped(space);
}

enum status space_attach(struct space *space, const struct region *region, struct region **attached,
                         struct error *error)
{
    struct region *copy, **end = &space->regions;
    const char *what = space->kind == SPACE_PORTS ? "port" : "memory";
    uint64_t limit = space->kind == SPACE_PORTS ? PORT_COUNT : (uint64_t)1 << ADDRESS_BITS;
    if (region->length == 0 || region->base >= limit || region->length > limit - region->base ||
        (region->base | region->length) % region_step(space) != 0)
        return error_set(error, STATUS_USAGE, "%s: %s range %#llx+%#llx is not possible",
                         region_owner(region), what, (unsigned long long)region->base,
                         (unsigned long long)region->length);
    if (region->alias && space->kind == SPACE_MEMORY && region->alias->kind == SPACE_MEMORY &&
        region->alias_base % FRAME_BYTES != 0)
        return error_set(error, STATUS_USAGE, "%s: a window onto %s from %#llx is not possible; fix: a "
                         "page's border", region_owner(region), region->alias->name,
                         (unsigned long long)region->alias_base);
    for (uint64_t i = 0; i < region->length; i += region_step(space)) {
        const struct region *other = region_at(space, region->base + i);
        if (other)
            return error_set(error, STATUS_USAGE,
                             "%s: %s %#llx belongs to %s already; fix: another address",
                             region_owner(region), what, (unsigned long long)(region->base + i),
                             region_owner(other));
    }
    copy = malloc(sizeof *copy);
    if (!copy)
        return error_set(error, STATUS_INTERNAL, "out of memory for a region");
    *copy = *region;
    copy->next = NULL;
    while (*end)
        end = &(*end)->next;
    *end = copy;
    place(space, copy, copy);
    if (attached)
        *attached = copy;
    return STATUS_OK;
}

void space_detach(struct space *space, struct region *region)
{
    struct region **at = &space->regions;
    while (*at && *at != region)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = region->next;
    place(space, region, NULL);
    free(region);
}

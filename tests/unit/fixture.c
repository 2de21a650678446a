#include "tests/unit/fixture.h"

#include "base/bits.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void count_line(void *self, enum log_level level, const char *line)
{
    struct device_fixture *f = self;
    (void)level;
    f->guest_errors++;
    strncpy(f->last_line, line, sizeof f->last_line - 1);
}

static void env_power_off(void *self)
{
    ((struct device_fixture *)self)->power_offs++;
}
static void env_reset(void *self)
{
    ((struct device_fixture *)self)->resets++;
}
static void env_exit(void *self, unsigned status)
{
    struct device_fixture *f = self;
    f->exits++;
    f->exit_status = status;
}
static void env_a20(void *self, bool is_enabled)
{
    struct device_fixture *f = self;
    f->a20 = is_enabled;
    f->a20_changes++;
}

struct device_fixture *fixture_new(void)
{
    struct device_fixture *f = calloc(1, sizeof *f);
    struct error error = {STATUS_OK, ""};
    ck_assert_ptr_nonnull(f);
    timeline_init(&f->timeline, FIXTURE_HZ);
    clock_init(&f->clock, &f->timeline);
    door_init(&f->door, &f->timeline);
    log_init(&f->log, LOG_WARNING);
    f->log.write = count_line;
    f->log.self = f;
    ck_assert_int_eq(space_init(&f->memory, "memory", SPACE_MEMORY, &f->door, &error), STATUS_OK);
    ck_assert_int_eq(space_init(&f->ports, "ports", SPACE_PORTS, &f->door, &error), STATUS_OK);
    ck_assert_int_eq(ram_init(&f->ram, "ram", 1, FIXTURE_RAM_FRAMES, &error), STATUS_OK);
    space_map_ram(&f->memory, 0, FIXTURE_RAM_FRAMES, &f->ram, 0, true, true);
    f->env = (struct device_env){.machine = "test",
                                 .clock = &f->clock,
                                 .door = &f->door,
                                 .log = &f->log,
                                 .memory = &f->memory,
                                 .ports = &f->ports,
                                 .self = f,
                                 .power_off = env_power_off,
                                 .reset = env_reset,
                                 .exit = env_exit,
                                 .a20 = env_a20};
    return f;
}

void fixture_add_pci(struct device_fixture *f)
{
    f->pci.memory = &f->memory;
    f->pci.ports = &f->ports;
    f->env.pci = &f->pci;
}

enum status fixture_try_add(struct device_fixture *f, const struct device_type *type,
                            const struct device_config *config, struct device **device,
                            struct error *error)
{
    struct device_config own = {0};
    enum status status;
    if (config)
        own = *config;
    own.env = &f->env;
    if (!own.name)
        own.name = type->name;
    ck_assert_uint_lt(f->device_count, FIXTURE_DEVICES);
    status = device_new(device, type, &own, error);
    if (status == STATUS_OK)
        f->devices[f->device_count++] = *device;
    return status;
}

struct device *fixture_add(struct device_fixture *f, const struct device_type *type,
                           const struct device_config *config)
{
    struct error error = {STATUS_OK, ""};
    struct device *device = NULL;
    enum status status = fixture_try_add(f, type, config, &device, &error);
    ck_assert_msg(status == STATUS_OK, "%s", error.text);
    if (!f->device)
        f->device = device;
    return device;
}

struct device_fixture *device_fixture_new(const struct device_type *type,
                                          const struct device_config *config)
{
    struct device_fixture *f = fixture_new();
    fixture_add(f, type, config);
    return f;
}

void device_fixture_free(struct device_fixture *f)
{
    while (f->device_count > 0)
        device_free(f->devices[--f->device_count]);
    space_fini(&f->ports);
    space_fini(&f->memory);
    ram_fini(&f->ram);
    door_fini(&f->door);
    clock_fini(&f->clock);
    free(f);
}

void fixture_set(struct device_config *config, const char *name, const char *value)
{
    for (unsigned i = 0; i + 1 < DEVICE_SETTINGS; i++) {
        if (config->settings[i].name)
            continue;
        config->settings[i].name = name;
        config->settings[i].value = value;
        return;
    }
    ck_abort_msg("too many settings");
}

/* --- accesses -------------------------------------------------------------------------------- */

uint8_t fixture_in(struct device_fixture *f, uint16_t port)
{
    return (uint8_t)space_port_read(&f->ports, port, 1);
}

void fixture_out(struct device_fixture *f, uint16_t port, uint8_t value)
{
    space_port_write(&f->ports, port, 1, value);
}

const char *fixture_describe(struct device_fixture *f, struct device *device, uint16_t port,
                             bool is_write, uint32_t value)
{
    const struct region *region = f->ports.ports[port].region;
    struct access access = {0};
    access.space_kind = ACCESS_PORT;
    access.is_write = is_write;
    access.address = port;
    access.size = 1;
    access.count = 1;
    access.value = value;
    access.device = device;
    ck_assert_ptr_nonnull(region);
    ck_assert_ptr_eq(region->device, device);
    if (region->bank)
        access.reg = reg_find_inner(region->bank, region->self,
                                    (uint32_t)(port - region->base + region->bank_base), is_write);
    ck_assert(device->type->describe != NULL);
    f->last_line[0] = '\0';
    device->type->describe(device, &access, f->last_line, sizeof f->last_line);
    return f->last_line;
}

/* --- time ------------------------------------------------------------------------------------ */

void fixture_run(struct device_fixture *f, uint64_t instructions)
{
    uint64_t end = f->timeline.now + instructions;
    for (;;) {
        uint64_t next = timeline_next_deadline(&f->timeline);
        if (next > end)
            break;
        if (next > f->timeline.now)
            f->timeline.now = next;
        timeline_fire_due(&f->timeline, 1000);
    }
    f->timeline.now = end;
}

void fixture_run_us(struct device_fixture *f, uint64_t microseconds)
{
    fixture_run(f, microseconds * FIXTURE_US);
}

/* --- wires and back-ends ----------------------------------------------------------------------- */

static void probe_set(void *self, unsigned input, bool level)
{
    struct fixture_probe *probe = self;
    (void)input;
    probe->level = level;
    if (level) {
        probe->rises++;
        probe->last_rise = probe->f->timeline.now;
    } else {
        probe->falls++;
        probe->last_fall = probe->f->timeline.now;
    }
}

void fixture_probe(struct device_fixture *f, struct device *device, const char *pin,
                   struct fixture_probe *probe)
{
    struct irq_line *line = device_pin(device, pin);
    ck_assert_ptr_nonnull(line);
    *probe = (struct fixture_probe){.f = f, .level = line->level};
    irq_line_connect(line, probe_set, probe, 0);
}

static void chardev_write(struct chardev *chardev, const uint8_t *bytes, size_t count)
{
    struct fixture_chardev *c = (struct fixture_chardev *)(void *)chardev;
    for (size_t i = 0; i < count; i++)
        if (c->sent_count < sizeof c->sent)
            c->sent[c->sent_count++] = bytes[i];
}

static void chardev_ready(struct chardev *chardev)
{
    ((struct fixture_chardev *)(void *)chardev)->readies++;
}

static void chardev_close(struct chardev *chardev)
{
    (void)chardev;
}

void fixture_chardev_init(struct fixture_chardev *c)
{
    memset(c, 0, sizeof *c);
    c->chardev.write = chardev_write;
    c->chardev.ready = chardev_ready;
    c->chardev.close = chardev_close;
    c->chardev.name = "test";
}

size_t fixture_chardev_give(struct fixture_chardev *c, const void *bytes, size_t count)
{
    size_t room = c->chardev.room(c->chardev.device);
    if (room > count)
        room = count;
    if (room)
        c->chardev.receive(c->chardev.device, bytes, room);
    return room;
}

/* --- checks that hold for every device --------------------------------------------------------- */

uint64_t fixture_hash(const struct device *device)
{
    return state_hash(HASH_START, device->type->state, device);
}

void fixture_check_state(struct device *device)
{
    struct state_stream first = {0}, second = {0};
    struct error error = {STATUS_OK, ""};
    size_t gap = state_first_gap(device->type->state, sizeof(struct device), device->type->size);
    ck_assert_msg(gap == SIZE_MAX, "%s: byte %zu of the instance is in no row of the state table",
                  device->type->name, gap);
    device_save(device, &first);
    ck_assert_msg(device_load(device, &first, &error) == STATUS_OK, "%s", error.text);
    device_save(device, &second);
    ck_assert_uint_eq(first.used, second.used);
    ck_assert_mem_eq(first.bytes, second.bytes, first.used);
    state_stream_free(&first);
    state_stream_free(&second);
}

uint32_t fixture_random(uint32_t *seed)
{
    uint32_t x = *seed ? *seed : 1;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *seed = x;
}

/* A random address that somebody answers. */
static struct space *random_place(struct device_fixture *f, uint32_t *seed, uint64_t *address)
{
    struct space *spaces[2] = {&f->ports, &f->memory};
    unsigned count = 0, chosen;
    for (unsigned i = 0; i < 2; i++)
        for (const struct region *region = spaces[i]->regions; region; region = region->next)
            count++;
    ck_assert_uint_gt(count, 0);
    chosen = fixture_random(seed) % count;
    for (unsigned i = 0; i < 2; i++) {
        for (const struct region *region = spaces[i]->regions; region; region = region->next) {
            if (chosen-- > 0)
                continue;
            *address = region->base + fixture_random(seed) % region->length;
            return spaces[i];
        }
    }
    return NULL;
}

void fixture_hostile(struct device_fixture *f, uint32_t seed, unsigned iterations)
{
    static const unsigned SIZES[] = {1, 1, 1, 1, 2, 4};
    for (unsigned i = 0; i < iterations; i++) {
        uint64_t address = 0;
        struct space *space = random_place(f, &seed, &address);
        unsigned size = SIZES[fixture_random(&seed) % ARRAY_COUNT(SIZES)];
        if (fixture_random(&seed) & 1)
            space_write(space, address, size, fixture_random(&seed) & mask_bytes(size));
        else
            space_read(space, address, size);
        fixture_run(f, fixture_random(&seed) % 300);
        if (fixture_random(&seed) % 1024 == 0)
            fixture_run_us(f, 2000);
    }
}

/* --- the life of an interrupt, as it is shown ------------------------------------------------------ */

static void take_step(void *self, const struct door_event *event)
{
    struct fixture_life *life = self;
    text_append(life->text, sizeof life->text, &life->used, "irq%u %s", event->line,
                INTERRUPT_STEP_NAMES[event->step]);
    if (event->has_vector)
        text_append(life->text, sizeof life->text, &life->used, " %02xh", event->vector);
    text_append(life->text, sizeof life->text, &life->used, "; ");
}

void fixture_watch_life(struct device_fixture *f, struct fixture_life *life)
{
    *life = (struct fixture_life){.watcher = {.event = take_step, .self = life}};
    door_add_watcher(&f->door, &life->watcher);
}

void fixture_check_life(struct fixture_life *life, const char *expected)
{
    ck_assert_str_eq(life->text, expected);
    life->used = 0;
    life->text[0] = '\0';
}

void fixture_forget_life(struct device_fixture *f, struct fixture_life *life)
{
    door_remove_watcher(&f->door, &life->watcher);
}

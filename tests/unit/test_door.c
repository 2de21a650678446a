/* bus/door: what watchers and the interception are shown, and that they change nothing.
 *
 * The device is a counter: reading port 0 gives the count and adds one (so that a description from
 * the state after the read would be wrong), port 1 is plain, port 2 moves blocks, port 3 makes an
 * access of its own in another space (as a passed-through port does), port 4 does DMA. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "tests/unit/fixture.h"

struct counter {
    struct device device;
    uint8_t count, plain;
    struct space *inner;
};

static const struct state_field COUNTER_STATE[] = {STATE_ONE(struct counter, count),
                                                   STATE_ONE(struct counter, plain),
                                                   STATE_REBUILT(struct counter, inner),
                                                   STATE_TABLE_END};

static uint32_t read_count(void *self, const struct reg *row)
{
    struct counter *counter = self;
    (void)row;
    return counter->count++;
}
static uint32_t peek_plain(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct counter *)self)->plain;
}
static void write_plain(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    ((struct counter *)self)->plain = (uint8_t)value;
}
static uint32_t read_inner(void *self, const struct reg *row)
{
    struct counter *counter = self;
    (void)row;
    counter->count++;
    return counter->inner ? (uint32_t)space_read(counter->inner, 0x40, 1) : 0;
}
static void write_dma(void *self, const struct reg *row, uint32_t value)
{
    struct counter *counter = self;
    uint8_t bytes[4] = {(uint8_t)value, 2, 3, 4};
    (void)row;
    space_dma_write(counter->device.env->memory, &counter->device, 0x1000, bytes, 4);
}
static const struct reg_field PLAIN_FIELDS[] = {{"HI", 4, 4, NULL, "high"}, {"LO", 0, 4, NULL, "low"},
                                                REG_FIELDS_END};
static const struct reg ROWS[] = {
    {.name = "COUNT", .offset = 0, .width = 1, .access = REG_READ, .read = read_count},
    {.name = "PLAIN", .offset = 1, .width = 1, .access = REG_RW, .peek = peek_plain,
     .write = write_plain, .fields = PLAIN_FIELDS},
    {.name = "INNER", .offset = 2, .width = 1, .access = REG_READ, .read = read_inner},
    {.name = "DMA", .offset = 3, .width = 1, .access = REG_WRITE, .write = write_dma},
    REG_ROWS_END};
static const struct reg_bank BANK = {"counter", ROWS};
static const struct reg_bank *const BANKS[] = {&BANK, NULL};

static const struct reg DATA_ROWS[] = {
    {.name = "DATA", .offset = 0, .width = 1, .access = REG_RW | REG_BLOCK}, REG_ROWS_END};
static const struct reg_bank DATA_BANK = {"data", DATA_ROWS};

static uint64_t data_read(void *self, uint64_t offset, unsigned size)
{
    (void)offset;
    (void)size;
    return ((struct counter *)self)->count++;
}
static void data_write(void *self, uint64_t offset, unsigned size, uint64_t value)
{
    (void)offset;
    (void)size;
    ((struct counter *)self)->plain = (uint8_t)value;
}
static size_t data_read_block(void *self, uint64_t offset, unsigned size, void *bytes, size_t count)
{
    uint8_t *to = bytes;
    (void)offset;
    (void)size;
    for (size_t i = 0; i < count; i++)
        to[i] = ((struct counter *)self)->count++;
    return count;
}
static size_t data_write_block(void *self, uint64_t offset, unsigned size, const void *bytes,
                               size_t count)
{
    (void)offset;
    (void)size;
    ((struct counter *)self)->plain = ((const uint8_t *)bytes)[count - 1];
    return count;
}
static const struct region_ops DATA = {data_read, data_write, data_read_block, data_write_block};

static enum status counter_init(struct device *device, const struct device_config *config,
                                struct error *error)
{
    enum status status = device_attach(device, device->env->ports, &BANK, NULL, 0x40, 4, error);
    (void)config;
    return status == STATUS_OK
               ? device_attach(device, device->env->ports, &DATA_BANK, &DATA, 0x48, 1, error)
               : status;
}
static void counter_reset(struct device *device, enum reset_kind kind)
{
    struct counter *counter = (struct counter *)(void *)device;
    (void)kind;
    counter->count = 10;
    counter->plain = 0;
}
static void counter_describe(const struct device *device, const struct access *access, char *text,
                             size_t size)
{
    const struct counter *counter = (const struct counter *)(const void *)device;
    if (access->reg && strcmp(access->reg->name, "PLAIN") == 0)
        return; /* its fields say it */
    snprintf(text, size, "count was %u", counter->count);
}
static const struct device_type COUNTER_TYPE = {.name = "counter",
                                                .title = "Counter",
                                                .datasheet = "this test",
                                                .missing = "",
                                                .size = sizeof(struct counter),
                                                .version = 1,
                                                .banks = BANKS,
                                                .state = COUNTER_STATE,
                                                .init = counter_init,
                                                .reset = counter_reset,
                                                .describe = counter_describe};

/* --- who looks ------------------------------------------------------------------------------------ */

#define SEEN_MAX 32
static struct device_fixture *f, *host;
static struct counter *counter;
static struct access seen[SEEN_MAX];
static unsigned seen_count, before_count;
static struct door_watcher watcher;

static void look_before(void *self, const struct access *access)
{
    (void)self;
    (void)access;
    before_count++;
}
static void look(void *self, const struct access *access)
{
    (void)self;
    ck_assert_uint_lt(seen_count, SEEN_MAX);
    seen[seen_count] = *access;
    seen[seen_count++].outer = NULL;
}

static void origin(void *self, struct access_origin *to)
{
    (void)self;
    to->machine = "pc";
    to->has_cpu = true;
    to->cs = 0x1234;
    to->eip = 0x5678;
}

static void setup(void)
{
    f = device_fixture_new(&COUNTER_TYPE, NULL);
    counter = (struct counter *)(void *)f->device;
    f->ports.origin = origin;
    seen_count = before_count = 0;
    watcher = (struct door_watcher){.before = look_before, .after = look};
}
static void teardown(void)
{
    device_fixture_free(f);
}

START_TEST(nobody_looks_and_nothing_is_made)
{
    ck_assert(!f->ports.is_hooked);
    fixture_in(f, 0x40);
    ck_assert_uint_eq(f->door.next_id, 1);
    door_add_watcher(&f->door, &watcher);
    ck_assert(f->ports.is_hooked && f->memory.is_hooked);
    door_remove_watcher(&f->door, &watcher);
    ck_assert(!f->ports.is_hooked && !f->memory.is_hooked);
    fixture_in(f, 0x40);
    ck_assert_uint_eq(f->door.next_id, 1);
    ck_assert_uint_eq(seen_count, 0);
}
END_TEST

START_TEST(an_access_tells_who_what_and_where)
{
    door_add_watcher(&f->door, &watcher);
    f->timeline.now = 77;
    fixture_out(f, 0x41, 0xAB);
    fixture_out(f, 0x41, 0xCD);
    ck_assert_uint_eq(before_count, 2);
    ck_assert_uint_eq(seen_count, 2);
    ck_assert_uint_eq(seen[0].id, 1);
    ck_assert_uint_eq(seen[1].id, 2);
    ck_assert_uint_eq(seen[0].cause, 0);
    ck_assert_uint_eq(seen[0].time, 77);
    ck_assert_int_eq(seen[0].space_kind, ACCESS_PORT);
    ck_assert(seen[0].is_write);
    ck_assert_uint_eq(seen[0].address, 0x41);
    ck_assert_uint_eq(seen[0].value, 0xAB);
    ck_assert_ptr_eq(seen[0].device, f->device);
    ck_assert_str_eq(seen[0].reg->name, "PLAIN");
    ck_assert(seen[1].has_old);
    ck_assert_uint_eq(seen[1].old, 0xAB);
    ck_assert_str_eq(seen[1].meaning, "HI=12 LO=13");
    ck_assert_str_eq(seen[0].origin.machine, "pc");
    ck_assert_uint_eq(seen[0].origin.eip, 0x5678);
    ck_assert_ptr_null(f->door.current);
}
END_TEST

START_TEST(ports_of_nobody_are_shown_too)
{
    door_add_watcher(&f->door, &watcher);
    ck_assert_uint_eq(space_read(&f->ports, 0x5000, 2), 0xFFFF);
    ck_assert_uint_eq(seen_count, 1);
    ck_assert_ptr_null(seen[0].device);
    ck_assert_uint_eq(seen[0].value, 0xFFFF);
    ck_assert_str_eq(seen[0].meaning, "");
}
END_TEST

START_TEST(ram_is_no_io_but_a_device_behind_its_end_is)
{
    struct region region = {.name = "mmio", .self = counter, .ops = &DATA,
                            .base = FIXTURE_RAM_FRAMES * (uint64_t)FRAME_BYTES, .length = FRAME_BYTES};
    struct error error = {STATUS_OK, ""};
    ck_assert_int_eq(space_attach(&f->memory, &region, NULL, &error), STATUS_OK);
    door_add_watcher(&f->door, &watcher);
    space_write(&f->memory, 0x2000, 4, 1);
    ck_assert_uint_eq(space_read(&f->memory, 0x2000, 4), 1);
    ck_assert_uint_eq(seen_count, 0);
    space_read(&f->memory, region.base + 8, 4);
    ck_assert_uint_eq(seen_count, 1);
    ck_assert_int_eq(seen[0].space_kind, ACCESS_MEMORY);
    space_write(&f->memory, region.base - 1, 2, 0x4433); /* one byte of it is I/O */
    ck_assert_uint_eq(seen_count, 2);
    ck_assert_uint_eq(seen[1].address, region.base);
    ck_assert_uint_eq(seen[1].value, 0x44);
    ck_assert_uint_eq(f->ram.bytes[region.base - 1], 0x33);
    space_read(&f->memory, region.base - 1, 2);
    ck_assert_uint_eq(seen_count, 3);
}
END_TEST

START_TEST(reads_are_described_from_the_state_before_them)
{
    uint8_t bytes[4];
    door_add_watcher(&f->door, &watcher);
    ck_assert_uint_eq(fixture_in(f, 0x40), 10);
    ck_assert_str_eq(seen[0].meaning, "count was 10");
    ck_assert_uint_eq(seen[0].value, 10);
    ck_assert_uint_eq(space_read_block(&f->ports, 0x48, 1, bytes, 4), 4);
    ck_assert_str_eq(seen[1].meaning, "count was 11");
    ck_assert_uint_eq(seen[1].count, 4);
    ck_assert_uint_eq(seen[1].value, 11);
    ck_assert_uint_eq(counter->count, 15);
}
END_TEST

/* The inner access is the host's side of a passed-through port: another machine, one door. */
START_TEST(accesses_inside_of_accesses_know_their_cause)
{
    struct error error = {STATUS_OK, ""};
    struct space inner;
    struct counter *second;
    struct device_env env = f->env;
    struct device_config config = {.env = &env, .name = "second"};
    struct device *device;
    ck_assert_int_eq(space_init(&inner, "host", SPACE_PORTS, &f->door, &error), STATUS_OK);
    env.ports = &inner;
    ck_assert_int_eq(device_new(&device, &COUNTER_TYPE, &config, &error), STATUS_OK);
    second = (struct counter *)(void *)device;
    second->count = 99;
    counter->inner = &inner;
    door_add_watcher(&f->door, &watcher);
    ck_assert_uint_eq(fixture_in(f, 0x42), 99);
    ck_assert_uint_eq(seen_count, 2); /* the inner one ends first */
    ck_assert_uint_eq(seen[0].id, 2);
    ck_assert_uint_eq(seen[0].cause, 1);
    ck_assert_str_eq(seen[0].meaning, "count was 99");
    ck_assert_str_eq(seen[0].origin.machine, "host");
    ck_assert_uint_eq(seen[1].id, 1);
    ck_assert_uint_eq(seen[1].cause, 0);
    ck_assert_str_eq(seen[1].meaning, "count was 10"); /* its own state, not the inner one's */
    ck_assert_ptr_null(f->door.current);
    counter->inner = NULL;
    device_free(device);
    space_fini(&inner);
}
END_TEST

START_TEST(dma_is_shown_as_one_access_of_its_device_with_its_cause)
{
    door_add_watcher(&f->door, &watcher);
    fixture_out(f, 0x43, 0x66);
    ck_assert_uint_eq(seen_count, 2);
    ck_assert_int_eq(seen[0].space_kind, ACCESS_DMA);
    ck_assert_uint_eq(seen[0].cause, seen[1].id);
    ck_assert_uint_eq(seen[0].address, 0x1000);
    ck_assert_uint_eq(seen[0].count, 4);
    ck_assert_uint_eq(seen[0].value, 0x66);
    ck_assert(seen[0].is_write);
    ck_assert_ptr_eq(seen[0].device, f->device);
    ck_assert(!seen[0].origin.has_cpu);
}
END_TEST

START_TEST(queued_work_carries_its_cause)
{
    ck_assert_uint_eq(door_cause(&f->door), 0);
    door_add_watcher(&f->door, &watcher);
    f->door.cause = 41; /* what the queue kept */
    fixture_in(f, 0x40);
    ck_assert_uint_eq(seen[0].cause, 41);
    ck_assert_uint_eq(door_cause(&f->door), 41);
    fixture_out(f, 0x43, 1);
    ck_assert_uint_eq(seen[1].cause, 41); /* the DMA belongs to the guest's access as well */
    f->door.cause = 0;
}
END_TEST

static struct door_event shown;
static void look_event(void *self, const struct door_event *event)
{
    (void)self;
    shown = *event;
}

START_TEST(events_have_a_number_an_instant_and_the_cause_of_the_access_around_them)
{
    struct door_event event = {.kind = DOOR_WIRE, .source = "ide0.irq", .line = 14, .level = true};
    struct access around = {.id = 900};
    door_show(&f->door, &event); /* nobody looks */
    ck_assert_uint_eq(f->door.next_id, 1);
    watcher.event = look_event;
    door_add_watcher(&f->door, &watcher);
    f->timeline.now = 78;
    f->door.current = &around;
    door_show(&f->door, &event);
    f->door.current = NULL;
    ck_assert_uint_eq(shown.id, 1);
    ck_assert_uint_eq(shown.time, 78);
    ck_assert_uint_eq(shown.cause, 900);
    ck_assert_uint_eq(shown.line, 14);
    ck_assert_str_eq(INTERRUPT_STEP_NAMES[INTERRUPT_UNSERVED], "unserved");
}
END_TEST

/* --- the interception ------------------------------------------------------------------------------- */

static struct {
    unsigned calls;
    bool answers;
    enum decision decision;
} hypervisor;

static bool intercept(void *self, struct access *access)
{
    (void)self;
    hypervisor.calls++;
    access->decision = hypervisor.decision;
    if (hypervisor.decision == DECISION_MAP)
        door_note(&f->door, DECISION_MAP, "virtual %u", 3);
    if (hypervisor.decision == DECISION_MAP)
        door_note(&f->door, DECISION_NONE, "physical %u", 103);
    if (hypervisor.answers && !access->is_write)
        access->value = 0x42;
    return hypervisor.answers;
}

START_TEST(what_is_intercepted_does_not_reach_the_device)
{
    static const struct space_intercept INTERCEPT = {intercept, NULL};
    uint8_t bytes[4] = {9, 9, 9, 9};
    hypervisor.calls = 0;
    hypervisor.answers = true;
    hypervisor.decision = DECISION_DENY;
    space_set_intercept(&f->ports, &INTERCEPT);
    ck_assert(f->ports.is_hooked && !f->memory.is_hooked);
    ck_assert_uint_eq(fixture_in(f, 0x40), 0x42);
    fixture_out(f, 0x41, 0x99);
    ck_assert_uint_eq(space_read_block(&f->ports, 0x48, 1, bytes, 4), 1);
    ck_assert_uint_eq(bytes[0], 0x42);
    ck_assert_uint_eq(bytes[1], 9);
    ck_assert_uint_eq(space_write_block(&f->ports, 0x48, 1, bytes, 4), 1);
    ck_assert_uint_eq(hypervisor.calls, 4);
    ck_assert_uint_eq(counter->count, 10);
    ck_assert_uint_eq(counter->plain, 0);
    hypervisor.answers = false;
    hypervisor.decision = DECISION_EMULATE;
    door_add_watcher(&f->door, &watcher);
    ck_assert_uint_eq(fixture_in(f, 0x40), 10);
    ck_assert_int_eq(seen[0].decision, DECISION_EMULATE);
    space_set_intercept(&f->ports, NULL);
    door_remove_watcher(&f->door, &watcher);
    ck_assert(!f->ports.is_hooked);
}
END_TEST

START_TEST(notes_are_kept_in_order_and_cut_at_their_room)
{
    static const struct space_intercept INTERCEPT = {intercept, NULL};
    hypervisor.answers = false;
    hypervisor.decision = DECISION_MAP;
    door_note(&f->door, DECISION_DENY, "nobody looks: dropped");
    space_set_intercept(&f->ports, &INTERCEPT);
    door_add_watcher(&f->door, &watcher);
    fixture_in(f, 0x40);
    ck_assert_str_eq(seen[0].note, "virtual 3; physical 103");
    ck_assert_int_eq(seen[0].decision, DECISION_MAP);
    {
        struct access access = {.is_shown = true};
        f->door.current = &access;
        for (int i = 0; i < 100; i++)
            door_note(&f->door, DECISION_NONE, "0123456789");
        ck_assert_uint_eq(strlen(access.note), sizeof access.note - 1);
        f->door.current = NULL;
    }
}
END_TEST

/* --- looking changes nothing ------------------------------------------------------------------------- */

static uint64_t run(struct device_fixture *machine)
{
    uint64_t values = HASH_START;
    uint32_t seed = 4711;
    for (int i = 0; i < 5000; i++) {
        uint16_t port = (uint16_t)(0x3E + fixture_random(&seed) % 12);
        unsigned size = 1u << fixture_random(&seed) % 3;
        uint64_t value = 0;
        uint8_t bytes[64] = {0};
        size_t moved;
        switch (fixture_random(&seed) % 4) {
        case 0: value = space_read(&machine->ports, port, size); break;
        case 1: space_write(&machine->ports, port, size, fixture_random(&seed)); break;
        case 2:
            moved = space_read_block(&machine->ports, port, size, bytes, 1 + fixture_random(&seed) % 9);
            value = hash_bytes(moved, bytes, sizeof bytes);
            break;
        default:
            store_le32(bytes, fixture_random(&seed));
            value = space_write_block(&machine->ports, port, size, bytes,
                                      1 + fixture_random(&seed) % 9);
        }
        values = hash_bytes(values, &value, sizeof value);
    }
    values = hash_bytes(values, machine->ram.bytes, 0x2000);
    return values ^ fixture_hash(machine->device);
}

static void forget(void *self, const struct access *access)
{
    (void)self;
    (void)access;
}

START_TEST(watchers_and_an_idle_interception_never_change_a_run)
{
    static const struct space_intercept IDLE = {intercept, NULL};
    struct door_watcher quiet = {.after = forget};
    uint64_t plain = run(f), watched, intercepted;
    host = device_fixture_new(&COUNTER_TYPE, NULL);
    door_add_watcher(&host->door, &quiet);
    watched = run(host);
    device_fixture_free(host);
    host = device_fixture_new(&COUNTER_TYPE, NULL);
    hypervisor.answers = false;
    hypervisor.decision = DECISION_EMULATE;
    space_set_intercept(&host->ports, &IDLE);
    intercepted = run(host);
    device_fixture_free(host);
    ck_assert_uint_eq(plain, watched);
    ck_assert_uint_eq(plain, intercepted);
}
END_TEST

Suite *door_suite(void)
{
    Suite *suite = suite_create("door");
    TCase *tcase = tcase_create("door");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, nobody_looks_and_nothing_is_made);
    tcase_add_test(tcase, an_access_tells_who_what_and_where);
    tcase_add_test(tcase, ports_of_nobody_are_shown_too);
    tcase_add_test(tcase, ram_is_no_io_but_a_device_behind_its_end_is);
    tcase_add_test(tcase, reads_are_described_from_the_state_before_them);
    tcase_add_test(tcase, accesses_inside_of_accesses_know_their_cause);
    tcase_add_test(tcase, dma_is_shown_as_one_access_of_its_device_with_its_cause);
    tcase_add_test(tcase, queued_work_carries_its_cause);
    tcase_add_test(tcase, events_have_a_number_an_instant_and_the_cause_of_the_access_around_them);
    tcase_add_test(tcase, what_is_intercepted_does_not_reach_the_device);
    tcase_add_test(tcase, notes_are_kept_in_order_and_cut_at_their_room);
    tcase_add_test(tcase, watchers_and_an_idle_interception_never_change_a_run);
    suite_add_tcase(suite, tcase);
    return suite;
}

/* The shared test fixture: a little machine around the device under test.
 *
 * It has a timeline, a clock, a door, both spaces, 1 MiB of RAM at address 0 and an environment that
 * counts what devices ask for. Its rate makes one tick of the PIT exactly 88 instructions and a
 * microsecond exactly 105:
 *
 *     struct device_fixture *f = device_fixture_new(&I8254_TYPE, NULL);
 *     fixture_out(f, 0x43, 0x34);
 *     fixture_run_us(f, 10);
 *     ck_assert_uint_eq(fixture_in(f, 0x40), 0);
 *     device_fixture_free(f);
 */
#ifndef VITRINE_TESTS_FIXTURE_H
#define VITRINE_TESTS_FIXTURE_H

#include "bus/chardev.h"
#include "bus/clock.h"
#include "bus/device.h"
#include "bus/irq.h"
#include "bus/pci.h"
#include "bus/ram.h"
#include "bus/space.h"
#include "bus/state.h"

#define FIXTURE_HZ UINT64_C(105000000)
#define FIXTURE_US UINT64_C(105)
#define FIXTURE_DEVICES 8
#define FIXTURE_RAM_FRAMES 256

struct device_fixture {
    struct timeline timeline;
    struct clock clock;
    struct door door;
    struct log log;
    struct ram ram;
    struct space memory, ports;
    struct pci_bus pci;
    struct device_env env;
    struct device *device; /* the first; what most tests look at */
    struct device *devices[FIXTURE_DEVICES];
    unsigned device_count;
    unsigned power_offs, resets, exits, exit_status, a20_changes;
    bool a20;
    unsigned guest_errors; /* lines logged */
    char last_line[1024];
};

/* A machine without devices. */
struct device_fixture *fixture_new(void);
/* Gives it a PCI bus, for devices added from now on. */
void fixture_add_pci(struct device_fixture *f);
/* A machine with one device. config may be NULL; its env and a missing name are filled in here.
 * A device that can't be made fails the test. */
struct device_fixture *device_fixture_new(const struct device_type *type,
                                          const struct device_config *config);
/* One more device in the same machine. */
struct device *fixture_add(struct device_fixture *f, const struct device_type *type,
                           const struct device_config *config);
/* The same where failing is what the test wants. */
enum status fixture_try_add(struct device_fixture *f, const struct device_type *type,
                            const struct device_config *config, struct device **device,
                            struct error *error);
void device_fixture_free(struct device_fixture *f);
/* A setting of a config: fixture_set(&config, "base", "0x2f8"). */
void fixture_set(struct device_config *config, const char *name, const char *value);

/* Port accesses through the space. */
uint8_t fixture_in(struct device_fixture *f, uint16_t port);
void fixture_out(struct device_fixture *f, uint16_t port, uint8_t value);
/* What describe() says of an access that is not made; for reads the value is peeked or `value`. */
const char *fixture_describe(struct device_fixture *f, struct device *device, uint16_t port,
                             bool is_write, uint32_t value);

/* Lets time pass: events fire at their instants. */
void fixture_run(struct device_fixture *f, uint64_t instructions);
void fixture_run_us(struct device_fixture *f, uint64_t microseconds);

/* A listener at the end of a wire, which counts edges. */
struct fixture_probe {
    struct device_fixture *f;
    bool level;
    unsigned rises, falls;
    uint64_t last_rise, last_fall; /* in instructions */
};
void fixture_probe(struct device_fixture *f, struct device *device, const char *pin,
                   struct fixture_probe *probe);

/* A back-end for serial ports that keeps what was sent. */
struct fixture_chardev {
    struct chardev chardev;
    uint8_t sent[4096];
    size_t sent_count;
    unsigned readies;
};
void fixture_chardev_init(struct fixture_chardev *c);
/* Gives a byte string to the device, as far as it has room; returns how many it took. */
size_t fixture_chardev_give(struct fixture_chardev *c, const void *bytes, size_t count);

/* The saved form as one number. */
uint64_t fixture_hash(const struct device *device);
/* Save, load, save again: the same bytes; and the state table covers the whole instance. */
void fixture_check_state(struct device *device);
/* Random reads and writes on every port and in every memory region that the fixture's devices answer, time passing meanwhile. */
void fixture_hostile(struct device_fixture *f, uint32_t seed, unsigned iterations);
/* A small generator of random numbers (xorshift32). */
uint32_t fixture_random(uint32_t *seed);

/* The steps of interrupts that are shown at the door: "irq14 acknowledged 76h; ". */
struct fixture_life {
    char text[512];
    size_t used;
    struct door_watcher watcher;
};
void fixture_watch_life(struct device_fixture *f, struct fixture_life *life);
/* Compares what was shown since the last time. */
void fixture_check_life(struct fixture_life *life, const char *expected);
void fixture_forget_life(struct device_fixture *f, struct fixture_life *life);

#endif

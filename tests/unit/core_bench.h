/* For tests of the CPU's core: a CPU in a machine with ports and a device in memory that note what they see.
 *
 * Programs are bytes at 0000:1000 in real mode, stack at 0000:0800, unless a test says otherwise. */
#ifndef VITRINE_TESTS_CORE_BENCH_H
#define VITRINE_TESTS_CORE_BENCH_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bus/space.h"
#include "cpu/cpu.h"
#include "cpu/run.h"
#include "tests/unit/fixture.h"

#define CODE 0x1000u

struct port_access {
    uint64_t offset;
    unsigned size;
    uint64_t value; /* written */
};

struct core {
    struct device_fixture *f;
    struct cpu *cpu;
    struct code_pool *pool; /* its own; NULL: of another */
    int acknowledged;
    unsigned reads, writes;
    bool cuts, raises;
    uint64_t seen_now; /* timeline at the last port access */
    struct port_access port;
};

static inline int acknowledge(void *self)
{
    struct core *c = self;
    c->acknowledged++;
    cpu_set_intr(c->cpu, false);
    return 0x20;
}

static inline uint64_t port_read(void *self, uint64_t offset, unsigned size)
{
    struct core *c = self;
    c->port = (struct port_access){offset, size, 0};
    c->seen_now = c->f->timeline.now;
    return ++c->reads;
}

static inline void port_write(void *self, uint64_t offset, unsigned size, uint64_t value)
{
    struct core *c = self;
    c->port = (struct port_access){offset, size, value};
    c->writes++;
    c->seen_now = c->f->timeline.now;
    if (c->cuts)
        timeline_cut(&c->f->timeline);
    if (c->raises)
        cpu_set_intr(c->cpu, true);
}
static const struct region_ops port_ops = {.read = port_read, .write = port_write};

static inline void point_at_code(struct core *c)
{
    struct cpu_registers r;
    cpu_get_registers(c->cpu, &r);
    for (unsigned i = 0; i < 6; i++) {
        r.segment[i].base = 0;
        r.segment[i].selector = 0;
    }
    r.ip = CODE;
    r.gpr[CPU_SP] = 0x800;
    cpu_set_registers(c->cpu, &r);
}

/* Decodes into a pool that another has made. */
static inline struct core *core_new_in(const char *model, struct code_pool *pool)
{
    struct core *c = calloc(1, sizeof *c);
    struct error error = {STATUS_OK, ""};
    c->f = fixture_new();
    const struct region ports = {
        .name = "ports", .self = c, .ops = &port_ops, .base = 0, .length = 0x100};
    ck_assert_int_eq(space_attach(&c->f->ports, &ports, NULL, &error), STATUS_OK);
    const struct region device = {
        .name = "device", .self = c, .ops = &port_ops, .base = 0xa0000, .length = 0x1000};
    space_unmap_ram(&c->f->memory, 0xa0000, 1);
    ck_assert_int_eq(space_attach(&c->f->memory, &device, NULL, &error), STATUS_OK);
    const struct cpu_config config = {.name = "test",
                                      .model = model,
                                      .timeline = &c->f->timeline,
                                      .clock = &c->f->clock,
                                      .memory = &c->f->memory,
                                      .ports = &c->f->ports,
                                      .log = &c->f->log,
                                      .pool = pool,
                                      .acknowledge = acknowledge,
                                      .acknowledge_self = c};
    ck_assert_int_eq(cpu_new(&c->cpu, &config, &error), STATUS_OK);
    point_at_code(c);
    return c;
}

static inline struct core *core_new(const char *model)
{
    struct code_pool *pool;
    struct error error = {STATUS_OK, ""};
    struct core *c;
    ck_assert_int_eq(code_pool_new(&pool, 8u << 20, &error), STATUS_OK);
    c = core_new_in(model, pool);
    c->pool = pool;
    return c;
}

static inline void core_free(struct core *c)
{
    cpu_free(c->cpu);
    code_pool_free(c->pool);
    device_fixture_free(c->f);
    free(c);
}

static inline uint8_t *memory(struct core *c, uint32_t at)
{
    return c->f->ram.bytes + at;
}

static inline void put_code(struct core *c, const void *bytes, size_t count)
{
    space_poke(&c->f->memory, CODE, bytes, count);
}
#define PUT(c, ...)                                       \
    do {                                                  \
        static const uint8_t code_[] = {__VA_ARGS__};     \
        put_code((c), code_, sizeof code_);               \
    } while (0)

static inline enum cpu_stop run(struct core *c, uint64_t instructions)
{
    c->f->timeline.slice_end = c->f->timeline.now + instructions;
    return cpu_run(c->cpu);
}

static inline struct cpu_registers registers(const struct core *c)
{
    struct cpu_registers r;
    cpu_get_registers(c->cpu, &r);
    return r;
}

/* A vector of the real-mode table: the handler is a HLT at 0000:address. */
static inline void set_vector(struct core *c, unsigned vector, uint16_t address)
{
    store_le32(memory(c, vector * 4), address);
    *memory(c, address) = 0xf4;
}

#endif

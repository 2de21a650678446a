/* A CPU with RAM and empty ports: see cpu_box.h. */
#include "tests/unit/cpu_box.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <sys/mman.h>
#endif

static void must(enum status status, const struct error *error)
{
    if (status != STATUS_OK) {
        fprintf(stderr, "cpu_box: %s\n", error->text);
        exit(1);
    }
}

static int box_acknowledge(void *self)
{
    struct cpu_box *box = self;
    int vector = box->irq;
    if (box->irq_repeats > 0) {
        box->irq_repeats--;
        return vector;
    }
    box->irq = -1;
    cpu_set_intr(box->cpu, false);
    return vector;
}

static void box_ferr(void *self, bool level)
{
    struct cpu_box *box = self;
    box->ferr = level;
    if (level && box->irq_of_ferr) {
        box->irq = box->irq_of_ferr;
        cpu_set_intr(box->cpu, true);
    }
}

#ifndef _WIN32
/* The sanitizers have a note for each byte that malloc() hands out: three times the time of a test with many CPUs. */
static void *new_pages(size_t bytes)
{
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

static void free_pages(void *pages, size_t bytes)
{
    if (pages)
        munmap(pages, bytes);
}
#endif

static void box_log(void *self, enum log_level level, const char *line)
{
    struct cpu_box *box = self;
    (void)level;
    if (getenv("CPU_BOX_LOG") != NULL) {
        fprintf(stderr, "%s\n", line);
    }
    box->log_lines++;
}

void cpu_box_init(struct cpu_box *box, const char *model, size_t pages)
{
    struct error error = {0};
    memset(box, 0, sizeof *box);
    box->irq = -1;
    timeline_init(&box->timeline, 100000000);
    clock_init(&box->clock, &box->timeline);
    door_init(&box->door, &box->timeline);
    log_init(&box->log, LOG_WARNING);
    box->log.write = box_log;
    box->log.self = box;
    must(ram_init(&box->ram, "ram", 1, pages, &error), &error);
    must(space_init(&box->memory, "memory", SPACE_MEMORY, &box->door, &error), &error);
    must(space_init(&box->ports, "ports", SPACE_PORTS, &box->door, &error), &error);
    space_map_ram(&box->memory, 0, pages, &box->ram, 0, true, true);
    const struct cpu_config config = {
        .name = "box",
        .model = model,
        .timeline = &box->timeline,
        .clock = &box->clock,
        .memory = &box->memory,
        .ports = &box->ports,
        .log = &box->log,
        .acknowledge = box_acknowledge,
        .acknowledge_self = box,
        .ferr = box_ferr,
        .ferr_self = box,
#ifndef _WIN32
        .new_pages = new_pages,
        .free_pages = free_pages,
#endif
    };
    must(cpu_new(&box->cpu, &config, &error), &error);
}

void cpu_box_fini(struct cpu_box *box)
{
    cpu_free(box->cpu);
    space_fini(&box->ports);
    space_fini(&box->memory);
    ram_fini(&box->ram);
    door_fini(&box->door);
    clock_fini(&box->clock);
}

enum cpu_stop cpu_box_run(struct cpu_box *box, uint64_t instructions)
{
    box->timeline.slice_end = box->timeline.now + instructions;
    return cpu_run(box->cpu);
}

void cpu_box_poke(struct cpu_box *box, uint64_t gpa, const void *bytes, size_t count)
{
    if (space_poke(&box->memory, gpa, bytes, count) != count) {
        fprintf(stderr, "cpu_box: no RAM at %llx\n", (unsigned long long)gpa);
        exit(1);
    }
}

void cpu_box_peek(const struct cpu_box *box, uint64_t gpa, void *bytes, size_t count)
{
    memset(bytes, 0xff, count);
    space_peek(&box->memory, gpa, bytes, count);
}

void cpu_box_poke32(struct cpu_box *box, uint64_t gpa, uint32_t value)
{
    uint8_t bytes[4];
    store_le32(bytes, value);
    cpu_box_poke(box, gpa, bytes, 4);
}

uint32_t cpu_box_peek32(const struct cpu_box *box, uint64_t gpa)
{
    uint8_t bytes[4];
    cpu_box_peek(box, gpa, bytes, 4);
    return load_le32(bytes);
}

void cpu_box_real(struct cpu_box *box, uint32_t handlers)
{
    struct cpu_registers r;
    for (unsigned v = 0; v < 32; v++) {
        cpu_box_poke32(box, 4 * v, handlers + 16 * v);
        cpu_box_poke(box, handlers + 16 * v, "\xeb\xfe", 2);
    }
    cpu_get_registers(box->cpu, &r);
    for (unsigned n = 0; n < 6; n++)
        r.segment[n] = (struct cpu_segment){.limit = 0xffff, .attributes = 0x93};
    cpu_set_registers(box->cpu, &r);
}

void cpu_box_flat(struct cpu_box *box, uint32_t eip)
{
    struct cpu_registers r;
    cpu_get_registers(box->cpu, &r);
    for (unsigned n = 0; n < 6; n++) {
        r.segment[n] = (struct cpu_segment){
            .limit = 0xffffffffu,
            .selector = n == CPU_CS ? 0x08 : 0x10,
            .attributes = n == CPU_CS ? 0xc9b : 0xc93,
        };
    }
    r.cr0 |= 1;
    r.ip = eip;
    cpu_set_registers(box->cpu, &r);
}

struct cpu_registers cpu_box_step_real(struct cpu_box *box, const uint32_t gpr[4], uint16_t flags,
                                       const char *code, size_t length)
{
    struct cpu_registers r;
    cpu_get_registers(box->cpu, &r);
    r.segment[CPU_CS] = (struct cpu_segment){0x10000, 0xffff, 0x1000, 0x93};
    r.ip = CPU_BOX_IP;
    for (unsigned n = 0; n < 4; n++)
        r.gpr[n] = gpr[n];
    r.flags = 2u | flags;
    cpu_set_registers(box->cpu, &r);
    cpu_box_poke(box, 0x10000 + CPU_BOX_IP, code, length);
    cpu_box_run(box, 1);
    cpu_get_registers(box->cpu, &r);
    return r;
}

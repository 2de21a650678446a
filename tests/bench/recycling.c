/* recycling CPUS: how long the guest waits when the pool of decoded code is full and starts again.
 *
 * CPUS processors share the pool, as the guests of one host do; one of them runs through code that needs all of
 * it, a block for each line of 64 bytes, which makes the most pages and blocks. Slices of 1,000 instructions
 * are timed; those in which the pool was emptied are compared with their like. Prints one line:
 * CPUs, emptyings, the longest and the median slice with one, the median slice without, in microseconds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bus/clock.h"
#include "bus/ram.h"
#include "bus/space.h"
#include "cpu/blocks.h"
#include "cpu/cpu.h"

#define FRAMES     16384u /* 64 MiB */
#define START      0x10000u
#define LINE       64u
#define SLICES     4000u
#define MOST       64u
#define POOL_BYTES ((size_t)48 << 20) /* as in machine/world.c */

static struct machine {
    struct timeline timeline;
    struct clock clock;
    struct door door;
    struct log log;
    struct space memory, ports;
    struct ram ram;
    struct code_pool *pool;
    struct cpu *cpu[MOST];
} m;

static void check(enum status status, const struct error *error)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "recycling: %s\n", error->text);
    exit(1);
}

static void make(unsigned cpus)
{
    struct error error = {STATUS_OK, ""};
    timeline_init(&m.timeline, 100000000);
    clock_init(&m.clock, &m.timeline);
    door_init(&m.door, &m.timeline);
    log_init(&m.log, LOG_WARNING);
    check(space_init(&m.memory, "memory", SPACE_MEMORY, &m.door, &error), &error);
    check(space_init(&m.ports, "ports", SPACE_PORTS, &m.door, &error), &error);
    check(ram_init(&m.ram, "ram", 1, FRAMES, &error), &error);
    space_map_ram(&m.memory, 0, FRAMES, &m.ram, 0, true, true);
    check(code_pool_new(&m.pool, POOL_BYTES, &error), &error);
    const struct cpu_config config = {.name = "bench",
                                      .model = "p6",
                                      .timeline = &m.timeline,
                                      .clock = &m.clock,
                                      .memory = &m.memory,
                                      .ports = &m.ports,
                                      .log = &m.log,
                                      .pool = m.pool};
    for (unsigned n = 0; n < cpus; n++)
        check(cpu_new(&m.cpu[n], &config, &error), &error);
}

/* A jump to the next line in each line, from the last one to the first. */
static void write_code(void)
{
    const uint32_t end = FRAMES * 4096u - LINE;
    const int32_t back = (int32_t)START - (int32_t)end - 5;
    for (uint32_t at = START; at < end; at += LINE)
        memcpy(m.ram.bytes + at, "\xeb\x3e", 2);
    m.ram.bytes[end] = 0xe9;
    for (unsigned i = 0; i < 4; i++)
        m.ram.bytes[end + 1 + i] = (uint8_t)((uint32_t)back >> 8 * i);
}

static void enter_flat(struct cpu *cpu)
{
    struct cpu_registers r;
    cpu_get_registers(cpu, &r);
    for (unsigned i = 0; i < 6; i++)
        r.segment[i] = (struct cpu_segment){0, 0xffffffff, 8, i == CPU_CS ? 0xc9b : 0xc93};
    r.cr0 |= 1;
    r.ip = START;
    cpu_set_registers(cpu, &r);
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static double with[SLICES], without[SLICES];
    unsigned emptied = 0, others = 0, cpus = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
    if (cpus < 1 || cpus > MOST)
        return 2;
    make(cpus);
    write_code();
    enter_flat(m.cpu[0]);
    for (unsigned n = 0; n < SLICES; n++) {
        uint64_t epoch = pool_epoch(m.pool);
        double start = now_us();
        m.timeline.slice_end = m.timeline.now + 1000;
        cpu_run(m.cpu[0]);
        double passed = now_us() - start;
        if (pool_epoch(m.pool) != epoch)
            with[emptied++] = passed;
        else
            without[others++] = passed;
    }
    qsort(with, emptied, sizeof *with, by_size);
    qsort(without, others, sizeof *without, by_size);
    if (!emptied || !others)
        return 1;
    printf("%u %u %.0f %.0f %.0f\n", cpus, emptied, with[emptied - 1], with[emptied / 2],
           without[others / 2]);
    return 0;
}

#include "debug_bench.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t LOOP[] = {0xB9, 0x64, 0x00, 0x40, 0xA3, 0x00, 0x05, 0xE8, 0x05,
                               0x00, 0xE2, 0xF7, 0xE6, 0xF4, 0xF4, 0x43, 0xC3};

static void keep_line(void *self, enum log_level level, const char *line)
{
    struct debug_bench *bench = self;
    size_t used = strlen(bench->log);
    (void)level;
    snprintf(bench->log + used, sizeof bench->log - used, "%s\n", line);
}

struct debug_bench *debug_bench_with(const void *code, size_t count)
{
    struct debug_bench *bench = calloc(1, sizeof *bench);
    const struct world_options options = {.code_bytes = 4 << 20, .log_level = LOG_WARNING};
    const struct machine_config config = {
        .name = "alpha", .board = &BOARD_ISA, .has_cpu = true, .memory_bytes = 1 << 20};
    struct cpu_registers registers;
    struct error error = {STATUS_OK, ""};
    ck_assert_msg(world_init(&bench->world, &options, &error) == STATUS_OK, "%s", error.text);
    bench->world.log.write = keep_line;
    bench->world.log.self = bench;
    ck_assert_msg(machine_new(&bench->machine, &bench->world, &config, &error) == STATUS_OK, "%s",
                  error.text);
    machine_run_world(bench->machine);
    ck_assert_uint_eq(space_poke(&bench->machine->memory, 0x7C00, code, count), count);
    cpu_get_registers(bench->machine->cpu, &registers);
    registers.segment[CPU_CS].selector = 0;
    registers.segment[CPU_CS].base = 0;
    registers.ip = 0x7C00;
    registers.gpr[CPU_AX] = registers.gpr[CPU_BX] = 0;
    registers.gpr[CPU_SP] = 0x7000;
    cpu_set_registers(bench->machine->cpu, &registers);
    return bench;
}

struct debug_bench *debug_bench_new(void)
{
    return debug_bench_with(LOOP, sizeof LOOP);
}

void debug_bench_free(struct debug_bench *bench)
{
    machine_free(bench->machine);
    world_fini(&bench->world);
    free(bench);
}

uint64_t debug_bench_ip(const struct debug_bench *bench)
{
    struct cpu_registers registers;
    cpu_get_registers(bench->machine->cpu, &registers);
    return registers.ip;
}

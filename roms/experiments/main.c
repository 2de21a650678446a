/* main.c: runs the experiment that lab= names, and switches off. */
#include "experiments/experiments.h"

#include "lab/interrupts.h"
#include "lab/io.h"
#include "lab/memory.h"
#include "lab/options.h"
#include "lab/pit.h"
#include "lab/power.h"
#include "lab/print.h"
#include "lab/vga.h"

static void start(uint32_t magic, uint32_t information)
{
    options_init(magic, information);
    print_init();
    vga_set_mode3();
    vga_log_area(0, VGA_LIGHT_GREY);
    interrupts_init();
    pit_init();
    cpu_enable_interrupts();
}

void lab_main(uint32_t magic, uint32_t information)
{
    static const struct { const char *name; void (*run)(void); } labs[] = {
        { "ways", experiment_ways }, { "virtio", experiment_virtio },
        { "rate", experiment_rate },
        { "ping", experiment_ping }, { "echo", experiment_echo },
        { "batch", experiment_batch }, { "transmit", experiment_transmit },
        { "cylinders", experiment_cylinders } };
    char name[12];

    start(magic, information);
    options_text("lab", "ways", name, sizeof name);
    for (unsigned i = 0; i < sizeof labs / sizeof labs[0]; i++)
        if (memcmp(labs[i].name, name, 4) == 0)
            labs[i].run();
    power_off();
}

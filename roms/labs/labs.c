/* labs.c: the order of things in a teaching guest.
 *
 * Options on the multiboot command line: name= and peer= (what the guests call each other), wait=
 * (seconds to wait for a peer or a key, 2), nic= and nicirq= (0x300, 5), exit=debug (power.c). */
#include "labs/labs.h"

#include "lab/interrupts.h"
#include "lab/io.h"
#include "lab/options.h"
#include "lab/pit.h"
#include "lab/power.h"
#include "lab/print.h"
#include "lab/vga.h"

void labs_run(struct lab *lab, uint32_t magic, uint32_t information)
{
    char name[NAME_BYTES];
    char peer[NAME_BYTES];

    options_init(magic, information);
    options_text("name", lab->name, name, sizeof name);
    options_text("peer", lab->peer, peer, sizeof peer);
    for (unsigned i = 0; i < NAME_BYTES; i++) {
        lab->name[i] = name[i];
        lab->peer[i] = peer[i];
    }
    lab->patience_ticks = options_number("wait", 2) * PIT_TICKS_PER_SECOND;

    print_init();
    vga_set_mode3();
    vga_log_area(0, VGA_LIGHT_GREY);
    interrupts_init();
    pit_init();
    cpu_enable_interrupts();

    lab_say(lab, "start", "the timer ticks at %u Hz\n",
            (unsigned)PIT_TICKS_PER_SECOND);
    screen_lab(lab);
    disk_lab(lab);
    nic_lab(lab);
    keyboard_lab(lab);
    lab_say(lab, "end", "%u ticks, %u interrupts, %u port reads, %u port writes\n", pit_ticks(),
            io_counts.interrupts, io_counts.port_reads, io_counts.port_writes);
    lab_say(lab, "end", "power off\n");
    power_off();
}

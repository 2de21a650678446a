/* alpha.c: the first teaching guest. It speaks first on the network. */
#include "labs/labs.h"

#include "lab/vga.h"

void lab_main(uint32_t magic, uint32_t information)
{
    struct lab alpha = {
        .name = "alpha",
        .peer = "beta",
        .speaks_first = true,
        .title_attribute = VGA_WHITE | VGA_BLUE << 4,
    };

    labs_run(&alpha, magic, information);
}

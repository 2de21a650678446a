/* beta.c: the second teaching guest. It answers on the network. */
#include "labs/labs.h"

#include "lab/vga.h"

void lab_main(uint32_t magic, uint32_t information)
{
    struct lab beta = {
        .name = "beta",
        .peer = "alpha",
        .speaks_first = false,
        .title_attribute = VGA_WHITE | VGA_GREEN << 4,
    };

    labs_run(&beta, magic, information);
}

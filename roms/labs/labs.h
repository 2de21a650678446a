/* labs.h: what the two teaching guests, alpha and beta, have in common: one function for each device. */
#ifndef LABS_H
#define LABS_H

#include <stdbool.h>
#include <stdint.h>

enum { NAME_BYTES = 12 };

struct lab {
    char name[NAME_BYTES];
    char peer[NAME_BYTES];
    bool speaks_first;      /* on the network: alpha asks, beta answers */
    uint8_t title_attribute;
    uint32_t patience_ticks; /* how long to wait for a peer or a key */
};

/* Prints "name: part: " and then whatever print() is given. */
#define lab_say(lab, part, ...) (print("%s: %s: ", (lab)->name, (part)), print(__VA_ARGS__))

void screen_lab(const struct lab *lab);
void disk_lab(const struct lab *lab);
void nic_lab(const struct lab *lab);
void keyboard_lab(const struct lab *lab);

/* Initialises the machine, reads the options and runs all four labs; powers off at the end. */
void labs_run(struct lab *lab, uint32_t magic, uint32_t information);

/* Where start.asm goes: alpha.c or beta.c. */
void lab_main(uint32_t magic, uint32_t information);

#endif

/* A CPU with RAM and empty ports, for tests: no machine, no devices. Used by the unit tests of the
 * CPU and by the oracles of tests/oracle. */
#ifndef VITRINE_TESTS_UNIT_CPU_BOX_H
#define VITRINE_TESTS_UNIT_CPU_BOX_H

#include "base/bits.h"
#include "base/log.h"
#include "bus/clock.h"
#include "bus/door.h"
#include "bus/ram.h"
#include "bus/space.h"
#include "cpu/cpu.h"

struct cpu_box {
    struct timeline timeline;
    struct clock clock;
    struct door door;
    struct log log;
    struct ram ram;
    struct space memory, ports;
    struct cpu *cpu;
    int irq;                /* vector of the next acknowledge; -1: none */
    unsigned irq_repeats;   /* acknowledges behind which the pin stays up */
    bool ferr;              /* the pin */
    int irq_of_ferr;        /* vector that FERR# raises; 0: none */
    unsigned log_lines;
};

/* RAM of `pages` pages from address 0. Exits with a message when something is missing. */
void cpu_box_init(struct cpu_box *box, const char *model, size_t pages);
void cpu_box_fini(struct cpu_box *box);
/* One instruction in real mode, at 1000:0100 with these AX, CX, DX, BX and flags; returns what it leaves. */
#define CPU_BOX_IP 0x100u
struct cpu_registers cpu_box_step_real(struct cpu_box *box, const uint32_t gpr[4], uint16_t flags,
                                       const char *code, size_t length);
/* Runs at most `instructions`; returns why it stopped. */
enum cpu_stop cpu_box_run(struct cpu_box *box, uint64_t instructions);
void cpu_box_poke(struct cpu_box *box, uint64_t gpa, const void *bytes, size_t count);
void cpu_box_peek(const struct cpu_box *box, uint64_t gpa, void *bytes, size_t count);
void cpu_box_poke32(struct cpu_box *box, uint64_t gpa, uint32_t value);
uint32_t cpu_box_peek32(const struct cpu_box *box, uint64_t gpa);
/* Real mode with all segments at 0; vector v (0 to 31) leads to a JMP to itself at `handlers` + 16 * v. */
void cpu_box_real(struct cpu_box *box, uint32_t handlers);
/* Flat 32-bit protected mode at CPL 0 without paging: GDT of the caller. */
void cpu_box_flat(struct cpu_box *box, uint32_t eip);

#endif

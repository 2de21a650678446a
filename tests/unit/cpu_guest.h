/* A small guest in flat protected mode for tests of the CPU: GDT, IDT with a HLT behind every vector, a
 * TSS, stacks. */
#ifndef VITRINE_TESTS_UNIT_CPU_GUEST_H
#define VITRINE_TESTS_UNIT_CPU_GUEST_H

#include "tests/unit/cpu_box.h"

/* Where the guest keeps what. */
#define GDT      0x1000u
#define IDT      0x1800u
#define TSS      0x2000u
#define TSS2     0x2100u
#define HANDLERS 0x3000u /* handler of vector v: HLT at HANDLERS + 16 * v */
#define CODE     0x8000u
#define STACK0   0x7000u
#define STACK3   0x6000u
#define PAGES    64

enum guest_selector {
    SEL_CODE0 = 0x08,
    SEL_DATA0 = 0x10,
    SEL_CODE3 = 0x1b,
    SEL_DATA3 = 0x23,
    SEL_TSS = 0x28,
    SEL_TSS2 = 0x30,
    SEL_GATE = 0x38,
    SEL_ABSENT = 0x40,
    SEL_READONLY = 0x48,
    SEL_TASKGATE = 0x50,
    SEL_CONFORMING = 0x58,
    SEL_CODE16 = 0x60
};

/* attributes: descriptor bits 40-47 in 0-7, 52-55 in 8-11, as in struct cpu_segment. */
void gdt_set(struct cpu_box *box, unsigned selector, uint32_t base, uint32_t limit,
             uint32_t attributes);
void gate_set(struct cpu_box *box, uint32_t at, unsigned selector, uint32_t offset,
              uint32_t attributes);
/* CPL 0 at CODE, of the default model or another. */
void cpu_guest_init(struct cpu_box *box);
void cpu_guest_init_model(struct cpu_box *box, const char *model);
/* Makes the registers those of a program at CPL 3. */
void cpu_guest_ring3(struct cpu_box *box);
/* Paging: each linear page of the RAM is the physical one, by a table at `table`, behind its directory. */
void cpu_guest_paged(struct cpu_box *box, uint32_t directory, uint32_t table);
/* v86 mode: CS = 0x800, so that CODE is CS:0. */
void cpu_guest_v86(struct cpu_box *box, unsigned iopl);
/* Puts code at CODE, runs at most 1,000 instructions, returns the registers. */
struct cpu_registers cpu_guest_run(struct cpu_box *box, const char *code, size_t length);
#define RUN(box, code) cpu_guest_run(box, code, sizeof(code) - 1)
/* The vector whose handler's HLT stopped the guest; -1: none. */
int stopped_vector(const struct cpu_registers *r);
uint32_t stack_word(const struct cpu_box *box, const struct cpu_registers *r, unsigned n);
#define ck_fault(box, r, v, error)                                                                 \
    do {                                                                                           \
        ck_assert_int_eq(stopped_vector(&(r)), v);                                                 \
        ck_assert_uint_eq(stack_word(box, &(r), 0), error);                                        \
    } while (0)

#endif

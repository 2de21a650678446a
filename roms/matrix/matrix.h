/* The matrix guest: attempts by the thousand, of all combinations of rings, descriptors and modes, and
 * one line on port E9h for what came of each. It judges nothing: tests/oracle/matrix.py compares
 * emulators. */
#ifndef VITRINE_ROMS_MATRIX_H
#define VITRINE_ROMS_MATRIX_H

#include <stdbool.h>
#include <stdint.h>

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- where things are: all below 64 KiB, so that gates and code of 16 bits reach them ------------------ */
#define CODE_AT    0x6000u /* the instruction of an attempt, and behind it the landing's */
#define LANDING_AT 0x7000u /* INT 30h: whoever arrives ends the attempt */
#define DATA_AT    0x8000u
#define STACK_AT   0x9000u /* of the attempt: this is its top */
#define STACK0_AT  0xa000u /* of the rings that gates lead to */
#define STACK1_AT  0xb000u
#define STACK2_AT  0xc000u
#define STACK_HASH 160u /* bytes of the landing's stack that go into the outcome */

/* --- descriptors (SDM 3A 3.4.5, table 3-1; 3.5, table 3-2) --------------------------------------------- */
enum type {
    TYPE_TSS16 = 1,
    TYPE_LDT = 2,
    TYPE_CALL16 = 4,
    TYPE_TASK_GATE = 5,
    TYPE_INT16 = 6,
    TYPE_TRAP16 = 7,
    TYPE_TSS32 = 9,
    TYPE_CALL32 = 12,
    TYPE_INT32 = 14,
    TYPE_TRAP32 = 15,
    TYPE_READ_ONLY = 0x10,
    TYPE_DATA = 0x12,
    TYPE_DOWN = 0x16,
    TYPE_EXECUTE = 0x18,
    TYPE_CODE = 0x1a,
    TYPE_CONFORMING = 0x1e
};
#define PRESENT 0x80u
enum selector {
    KCODE = 0x08,
    KDATA = 0x10,
    SEL_TSS = 0x18,
    SEL_FAULT_TSS = 0x20,
    SEL_TASK = 0x28, /* a TSS for attempts */
    SEL_CODE = 0x30, /* four of them, by ring */
    SEL_DATA = 0x50,
    SEL_CONFORMING = 0x70,
    SLOT_GATE = 0x78, /* what an attempt changes */
    SLOT_TARGET = 0x80,
    SLOT_STACK = 0x88,
    GDT_BYTES = 0x90
};
#define VECTOR_LANDING 0x30u
#define VECTOR_TEST    0x31u /* the gate that attempts change; the last of the IDT */

void descriptor_set(unsigned selector, uint32_t base, uint32_t limit, unsigned access,
                    unsigned flags);
void gate_set(unsigned selector, unsigned target, uint32_t offset, unsigned access, unsigned count);
void idt_set(unsigned vector, unsigned target, uint32_t offset, unsigned access);
static inline unsigned access_of(enum type type, unsigned dpl, bool is_present)
{
    return (unsigned)type | dpl << 5 | (is_present ? PRESENT : 0);
}

/* SDM 3A figure 7-2. */
struct tss {
    uint32_t link, esp0, ss0, esp1, ss1, esp2, ss2, cr3, eip, eflags;
    uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi, es, cs, ss, ds, fs, gs, ldt;
    uint16_t trap, map;
    uint8_t bits[0x100]; /* 32 bytes of redirection, the I/O map */
};
extern struct tss tss, task;
#define TSS_LIMIT (sizeof(struct tss) - 1)

/* --- an attempt ------------------------------------------------------------------------------------------ */
struct state { /* entry.asm knows it */
    uint32_t eip, cs, eflags, esp, ss, es, ds, fs, gs, eax, ebx, ecx, edx;
};
#define FLAG_TF   0x100u
#define FLAG_IF   0x200u
#define FLAG_IOPL 0x3000u
#define FLAG_NT   0x4000u
#define FLAG_VM   0x20000u
#define FLAG_AC   0x40000u
#define FLAG_VIF  0x80000u
#define FLAG_VIP  0x100000u

/* At CODE_AT, flat, with segments of several rings. */
struct state state_of_ring(unsigned cpl);
/* Real mode's segments, 0 for code, data and stack. */
struct state state_of_v86(uint32_t flags);
/* Everything that an attempt may have changed is as at the start. */
void machine_reset(void);
void code_begin(void);
void code_put(uint32_t value, unsigned bytes);
/* A word of the attempt's stack, from its top on. */
void stack_set(struct state *state, unsigned bytes, unsigned count, const uint32_t *values);

void group(const char *name);
/* Runs it; prints KEY (digits of four bits) and the outcome. */
void attempt_and_print(const struct state *state, uint64_t key);

/* --- the groups ------------------------------------------------------------------------------------------- */
void gates_run(void);
void returns_run(void);
void interrupts_run(void);
void segments_run(void);
void v86_run(void);
void priority_run(void);

#endif

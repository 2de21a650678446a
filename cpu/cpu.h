/* The CPU as the rest of the program sees it: make one, run it, look at it, stop it.
 *
 * One core serves 8086 to i686 (x86-64 later): registers are 64 bits wide. The CPU knows an address
 * space for memory, one for ports, a timeline, an interrupt acknowledge, and one exit hook; it never
 * learns the words guest or hypervisor. Intel SDM volumes 1-3 (2023) unless another source is named. */
#ifndef VITRINE_CPU_CPU_H
#define VITRINE_CPU_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "bus/clock.h"
#include "bus/space.h"
#include "bus/state.h"

struct apic_core;
struct cpu;
struct code_pool;

enum cpu_gpr { CPU_AX, CPU_CX, CPU_DX, CPU_BX, CPU_SP, CPU_BP, CPU_SI, CPU_DI };
enum cpu_segment_index { CPU_ES, CPU_CS, CPU_SS, CPU_DS, CPU_FS, CPU_GS };

/* A segment register with its hidden part. attributes: descriptor bits 40-47 in 0-7 (type, S, DPL,
 * P), bits 52-55 in 8-11 (AVL, L, D/B, G). limit in bytes. */
struct cpu_segment {
    uint64_t base;
    uint32_t limit;
    uint16_t selector;
    uint16_t attributes;
};

/* All registers, for the debugger, tests, boot protocols. flags has bit 1 set. */
struct cpu_registers {
    uint64_t gpr[16];
    uint64_t ip, flags;
    struct cpu_segment segment[6], ldtr, tr;
    struct { uint64_t base; uint32_t limit; } gdtr, idtr;
    uint64_t cr0, cr2, cr3, cr4, dr[8];
};

/* What may leave the CPU through the hook. */
enum cpu_exit_kind {
    CPU_EXIT_HLT = 1 << 0,
    CPU_EXIT_INT_N = 1 << 1,      /* INT n, INT3, INTO: software interrupts before delivery */
    CPU_EXIT_SYSENTER = 1 << 2,
    CPU_EXIT_VMCALL = 1 << 3,     /* VMCALL, VMMCALL; without the bit they are #UD */
    CPU_EXIT_CR3 = 1 << 4,        /* MOV CR3 */
    CPU_EXIT_EXCEPTION = 1 << 5,  /* an exception is about to be delivered */
    CPU_EXIT_INTERRUPT = 1 << 6,  /* an external interrupt is about to be delivered */
    CPU_EXIT_IRET = 1 << 7,
    CPU_EXIT_CPUID = 1 << 8
};
struct cpu_exit {
    enum cpu_exit_kind kind;
    uint8_t vector;      /* INT_N, EXCEPTION, INTERRUPT */
    bool has_error;
    uint32_t error_code;
    uint64_t value;      /* CR3: new value */
};
struct cpu_exit_hook {
    uint32_t mask; /* enum cpu_exit_kind; kinds outside cost nothing */
    /* Returns true when it has carried the instruction out itself (the CPU goes on behind it), false
     * when the CPU shall do what it always does. May read and write registers and memory by the
     * calls below; may call timeline_cut() to stop the CPU after this instruction. */
    bool (*leave)(void *self, struct cpu *cpu, const struct cpu_exit *exit);
    void *self;
};

/* A bit for each address pin of the model of that name (NULL: the default; unknown: 32 pins). */
uint64_t cpu_address_mask(const char *name);

struct cpu_config {
    const char *name;  /* of the machine, for messages */
    const char *model; /* a row of cpu/models.c: "8086" … "p6", "max"; NULL: the default, p6 */
    struct timeline *timeline;
    struct clock *clock;          /* the TSC's time */
    struct space *memory, *ports;
    struct log *log;
    struct code_pool *pool;       /* decoded code of the world; NULL: one of its own */
    int (*acknowledge)(void *self); /* INTA: the PIC's vector, 0-255 */
    void *acknowledge_self;
    const struct apic_core *apic; /* of a model that has one; NULL: none, or switched off for good */
    /* The handler of an interrupt so acknowledged is entered: only to be shown. May be NULL. */
    void (*entered)(void *self, uint8_t vector);
    void (*smiact)(void *self, bool level); /* SMIACT# pin: in SMM; may be NULL */
    void *smiact_self;
    void (*ferr)(void *self, bool level); /* FERR# pin; may be NULL */
    void *ferr_self;
    /* Zeroed memory for tables of which little is used, and its end; NULL: calloc() and free(). */
    void *(*new_pages)(size_t bytes);
    void (*free_pages)(void *pages, size_t bytes);
};

enum cpu_stop {
    CPU_STOP_SLICE,    /* timeline->now reached slice_end */
    CPU_STOP_HALT,     /* HLT with nothing pending: time may skip to the next deadline */
    CPU_STOP_SHUTDOWN, /* triple fault: the processor waits for RESET# */
    CPU_STOP_DEBUG     /* breakpoint, watchpoint or step of the debugger: see cpu_debug_event */
};

enum status cpu_new(struct cpu **cpu, const struct cpu_config *config, struct error *error);
void cpu_free(struct cpu *cpu);
void cpu_reset(struct cpu *cpu); /* RESET#: SDM 3A 9.1.1 */

/* Runs until timeline->now reaches timeline->slice_end (which an access may move), or until it
 * stops earlier. timeline->now advances by one for each instruction and each REP element; it is
 * exact whenever a device, a hook or the caller can look at it. */
enum cpu_stop cpu_run(struct cpu *cpu);
/* The INTR pin; looked at between instructions. */
void cpu_set_intr(struct cpu *cpu, bool level);
void cpu_nmi(struct cpu *cpu); /* an edge */
void cpu_smi(struct cpu *cpu); /* an edge of SMI#; a model without SMM does not hear it */
/* The IGNNE# pin: with CR0.NE = 0, pending x87 errors do not freeze the processor (SDM 1 D.2). */
void cpu_set_ignne(struct cpu *cpu, bool level);
bool cpu_is_halted(const struct cpu *cpu);
/* Halted and nothing pending that would wake it (IF and INTR, NMI). */
bool cpu_is_idle(const struct cpu *cpu);
void cpu_set_exit_hook(struct cpu *cpu, const struct cpu_exit_hook *hook); /* copied; NULL: none */
uint64_t cpu_instructions(const struct cpu *cpu); /* executed since cpu_new, exact at accesses */
unsigned cpu_privilege(const struct cpu *cpu);    /* CPL */
/* Fills in cs, eip, linear, cpl, instructions for the trace; usable as the spaces' origin call. */
void cpu_origin(void *cpu, struct access_origin *origin);

/* --- looking and changing, between instructions or from a hook --------------------------------- */
void cpu_get_registers(const struct cpu *cpu, struct cpu_registers *registers);
/* Sets all of them, hidden parts included, without checks; consistent modes are the caller's job. */
void cpu_set_registers(struct cpu *cpu, const struct cpu_registers *registers);
uint64_t cpu_get_gpr(const struct cpu *cpu, unsigned index);
void cpu_set_gpr(struct cpu *cpu, unsigned index, uint64_t value);
/* x87, MMX, SSE state in FXSAVE's layout (512 bytes). */
void cpu_get_fxsave(const struct cpu *cpu, uint8_t *image);
void cpu_set_fxsave(struct cpu *cpu, const uint8_t *image);
/* Linear → physical by the page tables as they are in memory, without touching TLB or A/D bits;
 * false where nothing is mapped. */
bool cpu_translate(const struct cpu *cpu, uint64_t linear, uint64_t *physical);
/* Whether the program that runs may read (write) all of it: by the page tables as they are in memory and its
 * privilege; nothing is marked, nobody faults. */
bool cpu_may_access(const struct cpu *cpu, uint64_t linear, size_t count, bool is_write);
/* From the hook of an instruction, for the program at CPL 3 that runs: reads (writes) as the instruction itself would.
 * Marks A and D; where its kernel may bring the page in or copy it, #PF is raised and the call does not return: the
 * instruction begins again later. False: it may not, and there is nothing to bring in (a page of its kernel's). */
bool cpu_touch(struct cpu *cpu, uint64_t linear, size_t count, bool is_write);
/* Bytes at a linear address, RAM and ROM only; returns how many could be had. */
size_t cpu_peek(const struct cpu *cpu, uint64_t linear, void *bytes, size_t count);
size_t cpu_poke(struct cpu *cpu, uint64_t linear, const void *bytes, size_t count);

/* --- debugger: never changes the run ------------------------------------------------------------ */
enum cpu_watch_kind { CPU_WATCH_EXECUTE, CPU_WATCH_WRITE, CPU_WATCH_READ, CPU_WATCH_ACCESS };
struct cpu_watch {
    enum cpu_watch_kind kind;
    bool is_physical; /* address is physical; else linear */
    uint64_t address, length;
};
/* Replaces the list (copied). Code is decoded again with the watches in it. Allocates. */
enum status cpu_set_watches(struct cpu *cpu, const struct cpu_watch *watches, size_t count,
                            struct error *error);
/* Stop before the next instruction but one (single step) the next time it runs. */
void cpu_step(struct cpu *cpu);
/* A place that is only told of: `reached` is called before the instruction there, each time. */
struct cpu_mark {
    bool is_physical;
    uint64_t address;
    void (*reached)(void *self);
    void *self;
};
void cpu_set_mark(struct cpu *cpu, const struct cpu_mark *mark); /* copied; NULL: none */
/* XCHG BX,BX (87 DB with an operand of 16 bits), which does nothing, stops as a breakpoint does: the
 * magic breakpoint of Bochs. */
void cpu_set_magic_breaks(struct cpu *cpu, bool is_on);
struct cpu_debug_event {
    bool is_step;
    bool is_magic;      /* XCHG BX,BX */
    int watch;          /* index in the list, or -1 */
    uint64_t address;   /* that hit */
    uint64_t linear;    /* a data watch: of the instruction that made the access */
    bool is_write;
};
void cpu_debug_event(const struct cpu *cpu, struct cpu_debug_event *event);

/* The chain of exceptions that led to a shutdown, newest last; valid after CPU_STOP_SHUTDOWN. */
struct cpu_fault_record {
    uint8_t vector;
    bool has_error;
    uint32_t error_code;
    uint16_t cs;
    uint64_t ip, linear, cr2;
    char cause[160]; /* in words: "GDT entry 18h: not present", "IDT entry 0Dh beyond limit 0" */
};
size_t cpu_fault_chain(const struct cpu *cpu, struct cpu_fault_record *records, size_t room);

/* --- state ---------------------------------------------------------------------------------------- */
void cpu_save(const struct cpu *cpu, struct state_stream *stream); /* as section "cpu" */
enum status cpu_load(struct cpu *cpu, struct state_stream *stream, struct error *error);

/* One pool of decoded code per world, grown on demand to at most max_bytes, then recycled. */
enum status code_pool_new(struct code_pool **pool, size_t max_bytes, struct error *error);
void code_pool_free(struct code_pool *pool);

#endif

/* What the parts of the CPU share: its state, the decoded instruction, and the contract between
 * execution (decode, blocks, memory, flags) and the system part (descriptors, delivery, models).
 *
 * A system handler, `void sys_NAME(struct cpu *, const struct instruction *)`, finds everything
 * materialised: cpu->ip is the offset of its instruction, cpu->next_ip that of the one behind it,
 * timeline->now is exact. It raises faults by cpu_raise*(), before it has changed anything; else it
 * leaves cpu->next_ip as it is, or sets NEXT_IP (not ip) to where execution goes on: when it has
 * returned, the core does ip = next_ip. cpu_deliver(), which is no handler, works on cpu->ip. */
#ifndef VITRINE_CPU_INTERNAL_H
#define VITRINE_CPU_INTERNAL_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "cpu/cpu.h"
#include "cpu/simd.h"
#include "cpu/system.h"
#include "cpu/x87.h"

/* --- bits of the architecture (SDM 1 3.4.3, 3A 2.5, 3A 4.7) ------------------------------------- */
#define FLAG_CF   0x000001u
#define FLAG_PF   0x000004u
#define FLAG_AF   0x000010u
#define FLAG_ZF   0x000040u
#define FLAG_SF   0x000080u
#define FLAG_TF   0x000100u
#define FLAG_IF   0x000200u
#define FLAG_DF   0x000400u
#define FLAG_OF   0x000800u
#define FLAG_IOPL 0x003000u
#define FLAG_NT   0x004000u
#define FLAG_RF   0x010000u
#define FLAG_VM   0x020000u
#define FLAG_AC   0x040000u
#define FLAG_VIF  0x080000u
#define FLAG_VIP  0x100000u
#define FLAG_ID   0x200000u
#define FLAGS_ARITHMETIC (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

#define CR0_PE 0x00000001u
#define CR0_MP 0x00000002u
#define CR0_EM 0x00000004u
#define CR0_TS 0x00000008u
#define CR0_ET 0x00000010u
#define CR0_NE 0x00000020u
#define CR0_WP 0x00010000u
#define CR0_AM 0x00040000u
#define CR0_NW 0x20000000u
#define CR0_CD 0x40000000u
#define CR0_PG 0x80000000u
#define CR4_VME 0x001u
#define CR4_PVI 0x002u
#define CR4_TSD 0x004u
#define CR4_DE  0x008u
#define CR4_PSE 0x010u
#define CR4_PAE 0x020u
#define CR4_MCE 0x040u
#define CR4_PGE 0x080u
#define CR4_PCE 0x100u
#define CR4_OSFXSR 0x200u
#define CR4_OSXMMEXCPT 0x400u

#define EFER_NXE UINT64_C(0x800)

/* Page-fault error code (SDM 3A 4.7). */
#define PF_PRESENT 0x01u
#define PF_WRITE   0x02u
#define PF_USER    0x04u
#define PF_RESERVED 0x08u
#define PF_FETCH   0x10u

/* Attributes of struct cpu_segment: descriptor bits 40-47 and 52-55. */
#define SEGMENT_TYPE     0x00fu /* with S = 0 the system type; with S = 1 the bits below */
#define SEGMENT_ACCESSED 0x001u
#define SEGMENT_WRITABLE 0x002u /* data; code: readable */
#define SEGMENT_EXPAND_DOWN 0x004u /* data; code: conforming */
#define SEGMENT_CODE     0x008u
#define SEGMENT_S        0x010u
#define SEGMENT_DPL_SHIFT 5
#define SEGMENT_P        0x080u
#define SEGMENT_AVL      0x100u
#define SEGMENT_L        0x200u
#define SEGMENT_DB       0x400u
#define SEGMENT_G        0x800u
/* Ours: a null selector was loaded, any access is #GP. */
#define SEGMENT_NULL     0x8000u

/* --- the decoded instruction ------------------------------------------------------------------- */
#define REGISTER_ZERO 16 /* gpr[16] is always zero: no base, no index */

enum instruction_prefix { PREFIX_LOCK = 1, PREFIX_REP = 2, PREFIX_REPNE = 4, PREFIX_OPSIZE = 8 };

struct instruction {
    const struct opcode_row *row;
    uint64_t immediate;      /* sign-extended where the form says so; relative branches: target offset
                                is computed from it and next_ip */
    uint64_t displacement;   /* sign-extended */
    uint16_t opcode;         /* 0x00-0xff, or 0x0f00 | second byte */
    uint16_t selector;       /* far pointers; the nesting level of ENTER */
    uint8_t length;
    uint8_t operand_size;    /* of this operand: 1, 2, 4, 8 bytes (byte forms: 1) */
    uint8_t wide_size;       /* 2, 4, 8: the operand-size attribute whatever the form */
    uint8_t address_size;    /* 2, 4, 8 */
    uint8_t modrm, mod, reg, rm; /* mod == 3: rm is a register */
    uint8_t base, index, scale;  /* memory: gpr numbers or REGISTER_ZERO; scale 0-3 */
    uint8_t segment;         /* effective segment of a memory operand (override applied) */
    uint8_t segment_register; /* operand that the opcode names: PUSH/POP seg, LES … LGS */
    uint8_t prefixes;        /* enum instruction_prefix */
    bool has_memory;         /* ModRM names memory */
    bool has_rex, is_ip_relative; /* 64-bit code: bytes 4-7 are SPL ... DIL; the displacement is from next_ip */
    bool has_modrm;
};

typedef void cpu_execute(struct cpu *cpu, const struct instruction *i);

/* --- events --------------------------------------------------------------------------------------- */
enum cpu_event_kind {
    CPU_EVENT_EXCEPTION, /* faults, traps and aborts of the processor */
    CPU_EVENT_EXTERNAL,  /* INTR, acknowledged */
    CPU_EVENT_NMI,
    CPU_EVENT_SOFTWARE,  /* INT n; INT3 and INTO are it too */
    CPU_EVENT_ICEBP,     /* F1: #DB without the DPL check */
    CPU_EVENT_FREEZE     /* none: the processor waits before this instruction for an interrupt */
};
struct cpu_event_source {
    enum cpu_event_kind kind;
    uint8_t vector;
    bool has_error;
    uint32_t error_code;
};

enum cpu_access { ACCESS_DATA, ACCESS_SYSTEM }; /* by CPL; as supervisor */

struct cpu_tables { uint64_t base; uint32_t limit; };

/* Nested catches: the run loop's, and those of the delivery of an exception. */
struct cpu_catch {
    jmp_buf jump;
    struct cpu_catch *outer;
    struct cpu_event_source event; /* what was raised; for #PF cr2 is set already */
};

/* Fast form of a segment: bounds are limit + 1 where plain accesses below them are allowed, 0 where
 * every access has to be looked at (null, expand-down, not writable). */
struct segment_bounds {
    uint64_t base, read_bound, write_bound;
};

enum flags_class { FLAGS_EXPLICIT, FLAGS_RESULT, FLAGS_INC, FLAGS_DEC, FLAGS_ADD, FLAGS_SUB };

struct block;
struct code_pool;
struct cpu_memory; /* TLBs: memory.h */
struct jump_entry;
struct op;

/* A CALL that has not returned. Where RET finds its address here in the same context, the code behind the CALL is
 * mapped as it was, and the limit of CS is what it was. */
struct call_entry {
    uint64_t tag;          /* jump_tag() of the address behind */
    uint64_t context;
    struct block *block;   /* there; NULL: not known yet */
    struct block *from;    /* whose last operation is the CALL, and whose second link is to know it */
};
#define CALL_ENTRIES 32u

struct cpu_fpu {
    struct x87 x87;
    struct simd simd;
    bool ferr; /* level of FERR# */
};

struct cpu {
    /* hot */
    uint64_t flags_result, flags_source; /* lazy arithmetic flags: flags.h */
    uint32_t flags_kind;       /* class * 4 + log2(size) */
    uint32_t flags_other;      /* all flags that are not arithmetic */
    int64_t budget;            /* instructions left when the running block is over */
    uintptr_t *tlb_read, *tlb_write; /* a word for each page, of this privilege: memory.h */
    uint64_t context;          /* mode and generation of code lookups: blocks.h */
    struct jump_entry *jumps;  /* linear address → block: blocks.h */
    uint64_t gpr[18];          /* 0-15; 16: always zero */
    const struct op *const *track_first; /* of whose block a track is: tracks.h */
    uint64_t budget_end;       /* timeline->now when the budget is 0 */
    const struct op *current;  /* whose instruction ip is; NULL: ip and budget are right already */
    struct segment_bounds bounds[6];
    uint64_t mode;             /* the part of it that decoded blocks are keyed by */
    struct cpu_memory *memory_unit;
    uint32_t code_right;       /* to write beside code, of this privilege: memory.h */
    uint8_t plain_segments;    /* bit n: base 0, limit 4 GiB, readable and (but CS) writable */

    uint64_t ip, next_ip;
    struct cpu_segment segment[6], ldtr, tr;
    struct cpu_tables gdtr, idtr;
    uint64_t cr0, cr2, cr3, cr4, dr[8];
    uint32_t test[8];          /* TR3-TR7: test_registers.c */
    uint64_t pdpte[4];         /* PAE: loaded with CR3 */
    struct cpu_system system;
    uint8_t cpl;

    /* run state */
    bool is_halted, is_shutdown;
    bool interrupt_shadow;     /* after STI, MOV SS, POP SS: no interrupt before the next one is over */
    bool shadow_blocks_debug;  /* MOV SS, POP SS: debug traps as well */
    bool nmi_pending, nmi_blocked;
    uint8_t prefixes_lost;     /* 8086: bytes of a REP under way that an interrupt does not return to */
    bool intr;
    bool has_event;            /* something to look at between instructions */
    bool suppress_trap;        /* this instruction takes no single-step trap (set by sys) */
    bool ignne;                /* the pin */
    bool pending_debug;        /* #DB is due after this instruction; dr[6] is set */
    struct cpu_catch *catch;

    /* who we are */
    const char *name;
    const struct cpu_model *model;
    struct timeline *timeline;
    struct clock *clock;
    struct space *memory, *ports;
    struct log *log;
    struct cpu_config config;
    struct cpu_exit_hook hook;
    uint64_t instructions_base; /* see cpu_instructions() */
    struct cpu_fpu fpu;         /* of every model; FEATURE_FPU says whether its instructions reach it */

    struct cpu_run *run;        /* run.c: blocks, scratch, debugger */
    uintptr_t word_guess;       /* ops_guesses.h */
    struct call_entry calls[CALL_ENTRIES]; /* a ring: run.h */
    uint32_t call_top;          /* the last of them */
};

/* --- flags: by core ----------------------------------------------------------------------------- */
/* EFLAGS with bit 1 set. */
uint64_t cpu_flags_read(struct cpu *cpu);
/* Sets the bits of mask. Side effects of TF, IF, AC, VM on the run loop are taken care of. */
void cpu_flags_write(struct cpu *cpu, uint64_t value, uint64_t mask);

/* --- operands of a system handler: by core ------------------------------------------------------ */
/* Reads or writes the ModRM operand (register or memory) with i->operand_size. */
uint64_t operand_read(struct cpu *cpu, const struct instruction *i);
void operand_write(struct cpu *cpu, const struct instruction *i, uint64_t value);
/* The same with another size (SLDT to memory writes 16 bits). */
uint64_t operand_read_sized(struct cpu *cpu, const struct instruction *i, unsigned bytes);
void operand_write_sized(struct cpu *cpu, const struct instruction *i, unsigned bytes, uint64_t value);
/* The effective offset of the memory operand. */
uint64_t operand_address(struct cpu *cpu, const struct instruction *i);
/* Memory at offset + the operand's address (far pointers, SGDT images). */
uint64_t operand_read_at(struct cpu *cpu, const struct instruction *i, uint64_t plus, unsigned bytes);
void operand_write_at(struct cpu *cpu, const struct instruction *i, uint64_t plus, unsigned bytes,
                      uint64_t value);
/* General registers with x86's rules: 8-bit numbers 4-7 are AH..BH, 32-bit writes zero the upper. */
uint64_t register_read(const struct cpu *cpu, unsigned number, unsigned bytes);
void register_write(struct cpu *cpu, unsigned number, unsigned bytes, uint64_t value);

/* --- memory: by core ------------------------------------------------------------------------------ */
uint64_t cpu_read_linear(struct cpu *cpu, uint64_t linear, unsigned bytes, enum cpu_access access);
void cpu_write_linear(struct cpu *cpu, uint64_t linear, unsigned bytes, uint64_t value,
                      enum cpu_access access);
/* Raise what an access by `privilege` (0-3) would raise, without making it. */
void cpu_check_read(struct cpu *cpu, uint64_t linear, unsigned bytes, unsigned privilege);
void cpu_check_write(struct cpu *cpu, uint64_t linear, unsigned bytes, unsigned privilege);
/* Limit, type and null checks of an access; raises #GP(0) or #SS(0); returns the linear address. */
uint64_t cpu_segment_linear(struct cpu *cpu, unsigned segment, uint64_t offset, unsigned bytes,
                            bool is_write);
/* The stack as SS says: address size by SS.B (SDM 1 6.2.3). PUSH checks and writes before it moves
 * the pointer; POP reads before it moves it. */
void cpu_push(struct cpu *cpu, unsigned bytes, uint64_t value);
uint64_t cpu_pop(struct cpu *cpu, unsigned bytes);
uint64_t cpu_stack_read(struct cpu *cpu, uint64_t plus, unsigned bytes); /* at SP + plus */
void cpu_stack_move(struct cpu *cpu, int64_t bytes);                     /* SP += bytes */
/* A stack that is not loaded yet (privilege changes, task switches): writes at offset of a segment
 * with the given privilege; limit violations raise #SS(error). */
void cpu_write_stack_of(struct cpu *cpu, const struct cpu_segment *ss, uint64_t offset,
                        unsigned bytes, uint64_t value, unsigned privilege, uint32_t error);
void cpu_tlb_flush(struct cpu *cpu, bool keep_global);
void cpu_tlb_invalidate(struct cpu *cpu, uint64_t linear);
/* PAE: loads and checks the four PDPTEs at cr3; false: reserved bits set, #GP(0) is due. */
bool cpu_load_pdptes(struct cpu *cpu, uint64_t cr3);

/* --- mode: by core ---------------------------------------------------------------------------------- */
/* After changes of CR0, CR4, flags VM/AC, or A20. Segments and CPL have calls of their own. */
void cpu_mode_changed(struct cpu *cpu);
/* Loads a segment register with its hidden part and recomputes what depends on it. CS sets nothing
 * else: CPL is cpu_set_privilege(). */
void cpu_load_segment(struct cpu *cpu, unsigned index, const struct cpu_segment *segment);
void cpu_set_privilege(struct cpu *cpu, unsigned cpl);

/* --- raising: by core; delivering: by sys ------------------------------------------------------------ */
_Noreturn void cpu_raise(struct cpu *cpu, uint8_t vector);
_Noreturn void cpu_raise_error(struct cpu *cpu, uint8_t vector, uint32_t error_code);
_Noreturn void cpu_raise_page_fault(struct cpu *cpu, uint64_t linear, uint32_t error_code);
/* Stops before this instruction, which is tried again when an interrupt has been served. */
_Noreturn void cpu_freeze(struct cpu *cpu);
/* Runs call(cpu, argument); returns true when it raised, with the event in *raised. */
bool cpu_try(struct cpu *cpu, void (*call)(struct cpu *cpu, void *argument), void *argument,
             struct cpu_event_source *raised);
/* By sys: through IVT or IDT, with cpu->ip as the return address (faults and external interrupts:
 * the instruction at ip; traps and INT n: the caller sets ip behind it before). Does double and
 * triple faults; after a triple fault is_shutdown is set. Never raises. */
void cpu_deliver(struct cpu *cpu, const struct cpu_event_source *source);
/* Asks the hook; true: it has carried the thing out itself. */
static inline bool cpu_leave(struct cpu *cpu, const struct cpu_exit *exit)
{
    return BASE_UNLIKELY(cpu->hook.mask & (uint32_t)exit->kind) &&
           cpu->hook.leave(cpu->hook.self, cpu, exit);
}

/* By sys: CR, DR, EFLAGS, segments, tables, MSRs, EDX as after RESET# (SDM 3A 9.1.1). */
void cpu_reset_system(struct cpu *cpu);

static inline bool cpu_is_protected(const struct cpu *cpu)
{
    return (cpu->cr0 & CR0_PE) != 0;
}
static inline bool cpu_is_v86(const struct cpu *cpu)
{
    return (cpu->flags_other & FLAG_VM) != 0;
}
/* FS and GS came with the 80386. */
static inline bool segment_exists(const struct cpu *cpu, unsigned index)
{
    return index <= CPU_DS || (index <= CPU_GS && cpu_model_has(cpu->model, FEATURE_386));
}
static inline unsigned cpu_iopl(const struct cpu *cpu)
{
    return (cpu->flags_other >> 12) & 3u;
}

#endif

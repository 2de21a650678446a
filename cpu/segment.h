/* Descriptors and stacks, shared by the files of the system part. SDM 3A 3.4, 3.5, 5. */
#ifndef VITRINE_CPU_SEGMENT_H
#define VITRINE_CPU_SEGMENT_H

#include "cpu/internal.h"

/* A descriptor as it lies in memory:
 *   high: 31-24 base 31-24 | 23 G | 22 D/B | 21 L | 20 AVL | 19-16 limit 19-16 |
 *         15 P | 14-13 DPL | 12 S | 11-8 type | 7-0 base 23-16
 *   low:  31-16 base 15-0 | 15-0 limit 15-0                                   (SDM 3A figure 3-8) */
struct descriptor {
    uint32_t low, high;
};

/* Types with S = 0 (SDM 3A table 3-2). Bit 3 set: the 32-bit form. */
enum system_type {
    TYPE_TSS16 = 1, TYPE_LDT = 2, TYPE_TSS16_BUSY = 3, TYPE_CALL16 = 4, TYPE_TASK_GATE = 5,
    TYPE_INT16 = 6, TYPE_TRAP16 = 7, TYPE_TSS32 = 9, TYPE_TSS32_BUSY = 11, TYPE_CALL32 = 12,
    TYPE_INT32 = 14, TYPE_TRAP32 = 15
};
#define TYPE_BUSY 2u

static inline unsigned descriptor_dpl(struct descriptor d)
{
    return d.high >> 13 & 3;
}
static inline unsigned descriptor_type(struct descriptor d)
{
    return d.high >> 8 & 15;
}
static inline bool descriptor_is_present(struct descriptor d)
{
    return (d.high & 1u << 15) != 0;
}
static inline bool descriptor_is_system(struct descriptor d)
{
    return (d.high & 1u << 12) == 0;
}
static inline bool descriptor_is_code(struct descriptor d)
{
    return !descriptor_is_system(d) && (descriptor_type(d) & SEGMENT_CODE) != 0;
}
static inline bool descriptor_is_conforming(struct descriptor d)
{
    return descriptor_is_code(d) && (descriptor_type(d) & SEGMENT_EXPAND_DOWN) != 0;
}
static inline bool descriptor_is_readable(struct descriptor d)
{
    return !descriptor_is_code(d) || (descriptor_type(d) & SEGMENT_WRITABLE) != 0;
}
static inline bool descriptor_is_writable_data(struct descriptor d)
{
    return !descriptor_is_system(d) && !descriptor_is_code(d) &&
           (descriptor_type(d) & SEGMENT_WRITABLE) != 0;
}
static inline uint32_t descriptor_base(struct descriptor d)
{
    return d.low >> 16 | (d.high & 0xff) << 16 | (d.high & 0xff000000u);
}
static inline uint32_t descriptor_limit(struct descriptor d)
{
    uint32_t limit = (d.low & 0xffff) | (d.high & 0xf0000);
    return (d.high & 1u << 23) != 0 ? limit << 12 | 0xfff : limit;
}
static inline uint16_t gate_selector(struct descriptor d)
{
    return (uint16_t)(d.low >> 16);
}
/* The offset of a call, interrupt or trap gate; 16-bit gates have no high half. */
static inline uint32_t gate_offset(struct descriptor d)
{
    uint32_t low = d.low & 0xffff;
    return (descriptor_type(d) & 8) != 0 ? (d.high & 0xffff0000u) | low : low;
}
static inline unsigned segment_dpl(const struct cpu_segment *segment)
{
    return segment->attributes >> SEGMENT_DPL_SHIFT & 3u;
}
static inline bool selector_is_null(uint16_t selector)
{
    return (selector & ~3u) == 0;
}
/* Real-address rules: real mode and virtual-8086 mode. */
static inline bool cpu_uses_paragraphs(const struct cpu *cpu)
{
    return !cpu_is_protected(cpu) || cpu_is_v86(cpu);
}
/* Flags that software can change in real mode: the 286 keeps IOPL and NT at zero there (SDM 3B
 * 22.20.1). */
static inline uint32_t flags_real_mask(const struct cpu *cpu)
{
    uint32_t mask = cpu_model_flags_mask(cpu->model);
    return cpu->model->generation == GEN_286 ? mask & ~(FLAG_IOPL | FLAG_NT) : mask;
}

/* --- descriptors (segment.c) --------------------------------------------------------------------- */
/* False where the selector points outside its table. May page-fault. */
bool descriptor_read(struct cpu *cpu, uint16_t selector, struct descriptor *descriptor);
/* The same, raising vector(selector). */
struct descriptor descriptor_fetch(struct cpu *cpu, uint16_t selector, uint8_t vector);
/* Sets bits of the descriptor's high dword in memory (busy) or clears them. */
void descriptor_change_busy(struct cpu *cpu, uint16_t selector, bool is_busy);
void descriptor_set_accessed(struct cpu *cpu, uint16_t selector, struct descriptor *descriptor);
struct cpu_segment descriptor_segment(struct descriptor descriptor, uint16_t selector);
/* vector(selector & ~3 | EXT) with words; the selector is the words' first argument. */
_Noreturn void selector_fault(struct cpu *cpu, uint8_t vector, uint16_t selector,
                              const char *words);
/* MOV/POP to a segment register other than CS, with all checks. */
void segment_load(struct cpu *cpu, unsigned index, uint16_t selector);
/* Real mode and v86: base = selector * 16. */
void segment_load_paragraph(struct cpu *cpu, unsigned index, uint16_t selector);
void segment_load_null(struct cpu *cpu, unsigned index, uint16_t selector);
/* After a return to an outer level: data segments that it may not use become null. */
void segment_drop_inner(struct cpu *cpu, unsigned privilege);
/* Checks of a stack segment for `privilege`; raises vector(selector), and absent(selector) when not present. */
struct descriptor stack_descriptor(struct cpu *cpu, uint16_t selector, unsigned privilege,
                                   uint8_t vector, uint8_t absent);

/* --- code (far.c) ----------------------------------------------------------------------------------- */
/* CS and the next instruction; the offset has been checked. The selector's RPL becomes cpl. */
void code_enter(struct cpu *cpu, uint16_t selector, struct descriptor *descriptor, uint32_t offset,
                unsigned cpl);
void code_check_offset(struct cpu *cpu, struct descriptor descriptor, uint32_t offset);
/* Real mode and v86 far transfer; checks the offset against CS' limit. */
void code_check_paragraph(struct cpu *cpu, uint32_t offset);
void code_enter_paragraph(struct cpu *cpu, uint16_t selector, uint32_t offset);

/* What RET and IRET took from the stack. */
struct far_return {
    uint32_t offset, release; /* bytes of parameters that RET n drops, from both stacks */
    uint16_t selector;
    unsigned bytes;           /* of one slot */
    uint32_t stack_at;        /* where ESP and SS of the outer level lie, from SP on */
    struct descriptor code;
    uint8_t absent_stack;     /* the exception of a stack segment that is not present */
};
/* The code segment of a return, checked. */
struct descriptor return_code(struct cpu *cpu, uint16_t selector);
/* Return to an outer level: its stack, checked and loaded with CS; inner data segments dropped. */
void return_outer(struct cpu *cpu, const struct far_return *r);

/* --- stacks that are not loaded yet (far.c) ------------------------------------------------------------ */
struct stack_frame {
    struct cpu_segment segment;
    struct descriptor descriptor; /* when it is new */
    uint32_t pointer;
    unsigned privilege;
    uint32_t error; /* of #SS when there is no room */
    bool is_new;    /* SS is loaded too */
};
/* The running stack. */
struct stack_frame stack_current(const struct cpu *cpu);
/* The stack that the TSS names for an inner level, with all checks of SDM INT n, CALL. */
struct stack_frame stack_inner(struct cpu *cpu, unsigned privilege);
/* #SS when `bytes` more do not fit. */
void stack_need(struct cpu *cpu, const struct stack_frame *stack, unsigned bytes);
void stack_push(struct cpu *cpu, struct stack_frame *stack, unsigned bytes, uint32_t value);
/* A new stack's descriptor is marked as accessed: behind all checks. */
void stack_touch(struct cpu *cpu, struct stack_frame *stack);
/* The frame becomes the running stack: SS (when new) and SP. CPL must have been set. */
void stack_enter(struct cpu *cpu, const struct stack_frame *stack);
/* Sets ESP, or SP with a 16-bit stack. */
void stack_set_pointer(struct cpu *cpu, const struct cpu_segment *segment, uint32_t pointer);

/* --- task switches (task.c) ------------------------------------------------------------------------ */
enum task_reason { TASK_JUMP, TASK_CALL, TASK_IRET, TASK_EVENT };
/* The descriptor has been checked as the reason wants it. return_ip goes into the old TSS. Sets
 * cpu->ip and next_ip; faults behind the point of no return are the new task's. */
void task_switch(struct cpu *cpu, uint16_t selector, struct descriptor descriptor,
                 enum task_reason reason, uint32_t return_ip);
/* The TSS behind a task gate, checked: GDT, available, present. */
struct descriptor task_descriptor(struct cpu *cpu, uint16_t selector);

/* --- delivery ---------------------------------------------------------------------------------------- */
/* INT n, INT3, INTO, from a handler: return address next_ip, faults are the instruction's. */
void deliver_software(struct cpu *cpu, uint8_t vector);
/* Real-mode style through the table at `table` (IVT; v86 with VME: linear 0). flags: as pushed. */
void deliver_paragraph(struct cpu *cpu, uint8_t vector, uint32_t return_ip, uint64_t table,
                       uint32_t flags);



#endif

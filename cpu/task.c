/* Hardware task switches with 16-bit and 32-bit task state segments.
 *
 *   32-bit TSS: 00 link | 04 ESP0.. | 1C CR3 | 20 EIP | 24 EFLAGS | 28 EAX ECX EDX EBX ESP EBP ESI
 *               EDI | 48 ES CS SS DS FS GS | 60 LDT | 64 T | 66 I/O map           (SDM 3A fig. 7-2)
 *   16-bit TSS: 00 link | 02 SP0.. | 0E IP | 10 FLAGS | 12 AX CX DX BX SP BP SI DI | 22 ES CS SS DS
 *               | 2A LDT                                                          (SDM 3A fig. 7-10)
 *
 * Specification: Intel SDM 3A (2023) 7.2-7.4, tables 7-1 and 7-2. All that can fault in the old task
 * is done first: both TSSs are read and probed. Behind that everything raised is the new task's. */
#include "cpu/segment.h"

/* Where a TSS keeps what; slots are 2 or 4 bytes. */
struct tss_layout {
    uint32_t limit, ip, flags, gpr, segments, ldt;
    unsigned slot, segment_count;
};
static const struct tss_layout LAYOUT_16 = {0x2b, 0x0e, 0x10, 0x12, 0x22, 0x2a, 2, 4};
static const struct tss_layout LAYOUT_32 = {0x67, 0x20, 0x24, 0x28, 0x48, 0x60, 4, 6};
#define TSS32_CR3 0x1c
#define TSS32_TRAP 0x64

struct task {
    uint32_t ip, flags, gpr[8], cr3;
    uint16_t segments[6], ldt;
    bool has_cr3, traps;
};

static const struct tss_layout *tss_layout(unsigned type)
{
    return (type & 8) != 0 ? &LAYOUT_32 : &LAYOUT_16;
}

struct descriptor task_descriptor(struct cpu *cpu, uint16_t selector)
{
    if ((selector & 4) != 0 || selector_is_null(selector)) {
        selector_fault(cpu, VECTOR_GP, selector, "task gate: TSS % is null or in the LDT");
    }
    struct descriptor d = descriptor_fetch(cpu, selector, VECTOR_GP);
    unsigned type = descriptor_type(d);
    if (!descriptor_is_system(d) || (type != TYPE_TSS16 && type != TYPE_TSS32)) {
        selector_fault(cpu, VECTOR_GP, selector, "task gate: % is not an available TSS");
    }
    if (!descriptor_is_present(d)) {
        selector_fault(cpu, VECTOR_NP, selector, "task gate: TSS % not present");
    }
    return d;
}

/* --- reading the new task, writing the old -------------------------------------------------------- */

static uint32_t tss_get(struct cpu *cpu, uint32_t base, uint32_t offset, unsigned bytes)
{
    return (uint32_t)cpu_read_linear(cpu, base + offset, bytes, ACCESS_SYSTEM);
}

static void tss_put(struct cpu *cpu, uint32_t base, uint32_t offset, unsigned bytes,
                    uint32_t value)
{
    cpu_write_linear(cpu, base + offset, bytes, value, ACCESS_SYSTEM);
}

static struct task task_read(struct cpu *cpu, uint32_t base, const struct tss_layout *layout)
{
    struct task task = {.ip = tss_get(cpu, base, layout->ip, layout->slot)};
    task.flags = tss_get(cpu, base, layout->flags, layout->slot);
    for (unsigned n = 0; n < 8; n++) {
        task.gpr[n] = tss_get(cpu, base, layout->gpr + n * layout->slot, layout->slot);
        /* SDM 3A 7.6: the high halves are undefined behind a 16-bit TSS; the silicon sets them */
        task.gpr[n] |= layout->slot == 2 ? 0xffff0000u : 0;
    }
    for (unsigned n = 0; n < layout->segment_count; n++) {
        task.segments[n] = (uint16_t)tss_get(cpu, base, layout->segments + n * layout->slot, 2);
    }
    task.ldt = (uint16_t)tss_get(cpu, base, layout->ldt, 2);
    if (layout->slot == 4) {
        task.has_cr3 = (cpu->cr0 & CR0_PG) != 0;
        task.cr3 = tss_get(cpu, base, TSS32_CR3, 4);
        task.traps = (tss_get(cpu, base, TSS32_TRAP, 2) & 1) != 0;
    }
    return task;
}

static void task_write(struct cpu *cpu, const struct tss_layout *layout, uint32_t ip,
                       uint32_t flags)
{
    uint32_t base = (uint32_t)cpu->tr.base;
    tss_put(cpu, base, layout->ip, layout->slot, ip);
    tss_put(cpu, base, layout->flags, layout->slot, flags);
    for (unsigned n = 0; n < 8; n++) {
        tss_put(cpu, base, layout->gpr + n * layout->slot, layout->slot, (uint32_t)cpu->gpr[n]);
    }
    for (unsigned n = 0; n < layout->segment_count; n++) {
        tss_put(cpu, base, layout->segments + n * layout->slot, 2, cpu->segment[n].selector);
    }
}

/* The dynamic part of the old TSS and the link of the new one must be writable. */
static void task_probe(struct cpu *cpu, const struct tss_layout *layout, uint32_t new_base,
                       bool links)
{
    uint32_t base = (uint32_t)cpu->tr.base;
    for (uint32_t at = layout->ip; at < layout->ldt; at += layout->slot) {
        cpu_check_write(cpu, base + at, layout->slot == 2 || at >= layout->segments ? 2 : 4, 0);
    }
    if (links) {
        cpu_check_write(cpu, new_base, 2, 0);
    }
}

/* --- the new task's segments: faults are #TS in the new task ------------------------------------ */

static void task_load_ldt(struct cpu *cpu, uint16_t selector)
{
    cpu->ldtr = (struct cpu_segment){.selector = selector};
    if (selector_is_null(selector)) {
        return;
    }
    if ((selector & 4) != 0) {
        selector_fault(cpu, VECTOR_TS, selector, "task's LDT %: selector in an LDT");
    }
    struct descriptor d = descriptor_fetch(cpu, selector, VECTOR_TS);
    if (!descriptor_is_system(d) || descriptor_type(d) != TYPE_LDT || !descriptor_is_present(d)) {
        selector_fault(cpu, VECTOR_TS, selector, "task's LDT %: no LDT, or not present");
    }
    cpu->ldtr = descriptor_segment(d, selector);
}

static void task_commit_segment(struct cpu *cpu, unsigned index, uint16_t selector,
                                struct descriptor d)
{
    descriptor_set_accessed(cpu, selector, &d);
    struct cpu_segment segment = descriptor_segment(d, selector);
    cpu_load_segment(cpu, index, &segment);
}

/* Table 7-1 has the level of CS looked at before SS, and whether it is code at all behind it. */
static void task_check_level(struct cpu *cpu, uint16_t selector)
{
    struct descriptor d;
    if (selector_is_null(selector) || !descriptor_read(cpu, selector, &d)) {
        return;
    }
    unsigned dpl = descriptor_dpl(d), rpl = selector & 3u;
    if (descriptor_is_code(d) && (descriptor_is_conforming(d) ? dpl > rpl : dpl != rpl)) {
        selector_fault(cpu, VECTOR_TS, selector, "task's CS %: DPL and RPL disagree");
    }
}

static void task_load_code(struct cpu *cpu, uint16_t selector)
{
    if (selector_is_null(selector)) {
        selector_fault(cpu, VECTOR_TS, 0, "task's CS: null selector");
    }
    struct descriptor d = descriptor_fetch(cpu, selector, VECTOR_TS);
    if (!descriptor_is_code(d)) {
        selector_fault(cpu, VECTOR_TS, selector, "task's CS %: no code segment");
    }
    if (!descriptor_is_present(d)) {
        selector_fault(cpu, VECTOR_NP, selector, "task's CS %: not present");
    }
    task_commit_segment(cpu, CPU_CS, selector, d);
}

static void task_load_data(struct cpu *cpu, unsigned index, uint16_t selector)
{
    if (selector_is_null(selector)) {
        return; /* loaded null already */
    }
    struct descriptor d = descriptor_fetch(cpu, selector, VECTOR_TS);
    unsigned dpl = descriptor_dpl(d);
    if (descriptor_is_system(d) || !descriptor_is_readable(d) ||
        (!descriptor_is_conforming(d) && ((selector & 3u) > dpl || cpu->cpl > dpl))) {
        selector_fault(cpu, VECTOR_TS, selector, "task's data segment %: type or DPL");
    }
    if (!descriptor_is_present(d)) {
        selector_fault(cpu, VECTOR_NP, selector, "task's data segment %: not present");
    }
    task_commit_segment(cpu, index, selector, d);
}

/* Not yet usable: selectors alone. */
static void task_name_segments(struct cpu *cpu, const struct task *task)
{
    cpu_set_privilege(cpu, cpu_is_v86(cpu) ? 3 : task->segments[CPU_CS] & 3u);
    for (unsigned n = 0; n < ARRAY_COUNT(task->segments); n++) {
        segment_load_null(cpu, n, task->segments[n]);
    }
}

static void task_load_segments(struct cpu *cpu, const struct task *task)
{
    static const uint8_t ORDER[] = {CPU_ES, CPU_CS, CPU_SS, CPU_DS, CPU_FS, CPU_GS};
    if (cpu_is_v86(cpu)) {
        cpu_set_privilege(cpu, 3);
        for (unsigned n = 0; n < ARRAY_COUNT(ORDER); n++) {
            segment_load_paragraph(cpu, n, task->segments[n]);
        }
        task_load_ldt(cpu, task->ldt);
        return;
    }
    task_name_segments(cpu, task);
    task_load_ldt(cpu, task->ldt);
    uint16_t ss = task->segments[CPU_SS];
    task_check_level(cpu, task->segments[CPU_CS]);
    struct descriptor stack = stack_descriptor(cpu, ss, cpu->cpl, VECTOR_TS, VECTOR_SS);
    task_load_code(cpu, task->segments[CPU_CS]);
    task_commit_segment(cpu, CPU_SS, ss, stack);
    for (unsigned n = 0; n < ARRAY_COUNT(ORDER); n++) {
        if (n != CPU_CS && n != CPU_SS) {
            task_load_data(cpu, n, task->segments[n]);
        }
    }
}

/* --- the switch ------------------------------------------------------------------------------------- */

/* CR3, TR, general registers, flags: nothing here faults. False: PDPTEs with reserved bits, which are not loaded
 * (SDM 3A 4.4.1). */
static bool task_load_registers(struct cpu *cpu, const struct task *task, uint32_t flags,
                                const struct cpu_segment *tr)
{
    bool has_pointers = true;
    cpu->tr = *tr;
    cpu->cr0 |= CR0_TS;
    cpu->dr[7] &= ~UINT64_C(0x155); /* L0-L3, LE: 80386 Programmer's Reference Manual 12.2 */
    if (task->has_cr3) {
        cpu->cr3 = task->cr3;
        if ((cpu->cr4 & CR4_PAE) != 0) {
            has_pointers = cpu_load_pdptes(cpu, task->cr3);
        }
        cpu_tlb_flush(cpu, true);
    }
    for (unsigned n = 0; n < 8; n++) {
        cpu->gpr[n] = task->gpr[n];
    }
    cpu_flags_write(cpu, flags, cpu_model_flags_mask(cpu->model));
    cpu->ip = cpu->next_ip = task->ip;
    cpu_mode_changed(cpu);
    return has_pointers;
}

void task_switch(struct cpu *cpu, uint16_t selector, struct descriptor descriptor,
                 enum task_reason reason, uint32_t return_ip)
{
    const struct tss_layout *old_layout = tss_layout(cpu->tr.attributes & SEGMENT_TYPE);
    const struct tss_layout *layout = tss_layout(descriptor_type(descriptor));
    uint16_t old_selector = cpu->tr.selector;
    uint32_t base = descriptor_base(descriptor), flags = (uint32_t)cpu_flags_read(cpu);
    bool links = reason == TASK_CALL || reason == TASK_EVENT;
    if (descriptor_limit(descriptor) < layout->limit) {
        selector_fault(cpu, VECTOR_TS, selector, "TSS %: limit too small");
    }
    if (cpu->tr.limit < old_layout->limit) {
        selector_fault(cpu, VECTOR_TS, old_selector, "old TSS %: limit too small");
    }
    task_probe(cpu, old_layout, base, links);
    struct task task = task_read(cpu, base, layout);

    if (reason == TASK_JUMP || reason == TASK_IRET) {
        descriptor_change_busy(cpu, old_selector, false);
    }
    task_write(cpu, old_layout, return_ip, reason == TASK_IRET ? flags & ~FLAG_NT : flags);
    if (links) {
        tss_put(cpu, base, 0, 2, old_selector);
        task.flags |= FLAG_NT;
    }
    if (reason != TASK_IRET) {
        descriptor_change_busy(cpu, selector, true);
        descriptor.high |= TYPE_BUSY << 8;
    }
    struct cpu_segment tr = descriptor_segment(descriptor, selector);
    if (!task_load_registers(cpu, &task, task.flags, &tr)) {
        task_name_segments(cpu, &task);
        cpu_fault_gp(cpu, "the new task's CR3: reserved bits in a PDPTE");
    }
    task_load_segments(cpu, &task);
    if (reason != TASK_EVENT && cpu->next_ip > cpu->segment[CPU_CS].limit) {
        cpu_fault_gp(cpu, "the new task's EIP is beyond its code segment's limit");
    }
    if (task.traps) {
        cpu->dr[6] |= 1u << 15; /* BT */
        cpu->pending_debug = true;
        cpu->has_event = true;
    }
}

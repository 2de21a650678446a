/* IRET: to the same level, an outer level, virtual-8086 mode, another task; and in real and v86
 * mode.
 *
 * Specification: Intel SDM 2A (2023) IRET; SDM 3B 20.2.2 (entering v86 mode), 20.3 (VME).
 * MISSING: 64-bit form. */
#include "cpu/flat.h"
#include "cpu/segment.h"

/* What IRET in real mode and v86 mode with IOPL 3 may change. */
#define IRET_FLAGS_16 \
    (FLAGS_ARITHMETIC | FLAG_TF | FLAG_IF | FLAG_DF | FLAG_IOPL | FLAG_NT)
#define IRET_FLAGS_32 (IRET_FLAGS_16 | FLAG_RF | FLAG_AC | FLAG_ID)

/* The three slots that every form takes. */
struct iret_frame {
    uint32_t offset, flags;
    uint16_t selector;
};

static struct iret_frame frame_read(struct cpu *cpu, unsigned bytes)
{
    return (struct iret_frame){
        .offset = (uint32_t)cpu_stack_read(cpu, 0, bytes),
        .selector = (uint16_t)cpu_stack_read(cpu, bytes, 2),
        .flags = (uint32_t)cpu_stack_read(cpu, 2 * bytes, bytes),
    };
}

static void iret_paragraph(struct cpu *cpu, unsigned bytes, uint32_t mask)
{
    struct iret_frame frame = frame_read(cpu, bytes);
    code_check_paragraph(cpu, frame.offset);
    cpu_stack_move(cpu, (int64_t)(3 * bytes));
    code_enter_paragraph(cpu, frame.selector, frame.offset);
    cpu_flags_write(cpu, frame.flags, mask);
}

/* SDM 3B 20.3.1: VIF stands in for IF; NT and IOPL stay out of reach. */
static void iret_vme(struct cpu *cpu)
{
    struct iret_frame frame = frame_read(cpu, 2);
    bool is_pending = (cpu->flags_other & FLAG_VIP) != 0;
    if ((frame.flags & FLAG_TF) != 0 || ((frame.flags & FLAG_IF) != 0 && is_pending)) {
        cpu_fault_gp(cpu, "IRET in v86 mode: TF, or IF with VIP pending");
    }
    code_check_paragraph(cpu, frame.offset);
    cpu_stack_move(cpu, 6);
    code_enter_paragraph(cpu, frame.selector, frame.offset);
    cpu_flags_write(cpu, frame.flags, IRET_FLAGS_16 & ~(FLAG_IF | FLAG_IOPL));
    cpu_flags_write(cpu, (frame.flags & FLAG_IF) != 0 ? FLAG_VIF : 0, FLAG_VIF);
}

static void iret_v86(struct cpu *cpu, unsigned bytes)
{
    if (cpu_iopl(cpu) == 3) {
        uint32_t mask = (bytes == 2 ? IRET_FLAGS_16 : IRET_FLAGS_32) & ~FLAG_IOPL;
        iret_paragraph(cpu, bytes, mask & cpu_model_flags_mask(cpu->model));
    } else if (bytes == 2 && (cpu->cr4 & CR4_VME) != 0) {
        iret_vme(cpu);
    } else {
        cpu_fault_gp(cpu, "IRET in v86 mode with IOPL below 3");
    }
}

/* NT set: back to the task that this TSS links to. */
static void iret_task(struct cpu *cpu)
{
    uint16_t link = (uint16_t)cpu_read_linear(cpu, cpu->tr.base, 2, ACCESS_SYSTEM);
    if ((link & 4) != 0 || selector_is_null(link)) {
        selector_fault(cpu, VECTOR_TS, link, "task return: link % is null or in the LDT");
    }
    struct descriptor d = descriptor_fetch(cpu, link, VECTOR_TS);
    unsigned type = descriptor_type(d);
    if (!descriptor_is_system(d) || (type != TYPE_TSS16_BUSY && type != TYPE_TSS32_BUSY)) {
        selector_fault(cpu, VECTOR_TS, link, "task return: % is not a busy TSS");
    }
    if (!descriptor_is_present(d)) {
        selector_fault(cpu, VECTOR_NP, link, "task return: TSS % not present");
    }
    task_switch(cpu, link, d, TASK_IRET, (uint32_t)cpu->next_ip);
}

static void iret_to_v86(struct cpu *cpu, struct iret_frame frame)
{
    static const uint8_t ORDER[] = {CPU_SS, CPU_ES, CPU_DS, CPU_FS, CPU_GS};
    uint32_t pointer = (uint32_t)cpu_stack_read(cpu, 12, 4);
    uint16_t selectors[ARRAY_COUNT(ORDER)];
    for (unsigned n = 0; n < ARRAY_COUNT(ORDER); n++) {
        selectors[n] = (uint16_t)cpu_stack_read(cpu, 16 + 4 * n, 2);
    }
    if (frame.offset > 0xffff) {
        cpu_fault_gp(cpu, "IRET to v86 mode: EIP beyond 64 KiB");
    }
    cpu_flags_write(cpu, frame.flags, IRET_FLAGS_32 | FLAG_VM | FLAG_VIF | FLAG_VIP);
    cpu_set_privilege(cpu, 3);
    code_enter_paragraph(cpu, frame.selector, frame.offset);
    for (unsigned n = 0; n < ARRAY_COUNT(ORDER); n++) {
        segment_load_paragraph(cpu, ORDER[n], selectors[n]);
    }
    cpu->gpr[CPU_SP] = pointer;
    cpu_mode_changed(cpu);
}

/* What IRET in protected mode may change. */
static uint32_t iret_mask(const struct cpu *cpu, unsigned bytes)
{
    uint32_t mask = FLAGS_ARITHMETIC | FLAG_TF | FLAG_DF | FLAG_NT;
    mask |= bytes == 4 ? FLAG_RF | FLAG_AC | FLAG_ID : 0;
    mask |= cpu->cpl <= cpu_iopl(cpu) ? FLAG_IF : 0;
    mask |= cpu->cpl == 0 ? FLAG_IOPL | (bytes == 4 ? FLAG_VIF | FLAG_VIP : 0) : 0;
    return mask & cpu_model_flags_mask(cpu->model);
}

/* flat.h: from CPL 0 to flat code of the same or an outer level. */
static bool iret_flat(struct cpu *cpu)
{
    const uint8_t *frame = flat_bytes(cpu, cpu->gpr[CPU_SP], 12, false);
    uint64_t code = 0, data = 0;
    uint32_t mask, flags;
    uint16_t cs, ss;
    if (!flat_is_mode(cpu) || cpu->cpl != 0 || !frame)
        return false;
    cs = load_le16(frame + 4);
    flags = load_le32(frame + 8);
    mask = iret_mask(cpu, 4);
    if (flags & (FLAG_VM | FLAG_TF | FLAG_NT) || !flat_descriptor(cpu, cs, &code) ||
        !flat_is(code, FLAT_CODE, cs & 3))
        return false;
    if (cs & 3) {
        frame = flat_bytes(cpu, cpu->gpr[CPU_SP], 20, false);
        if (!frame)
            return false;
        ss = load_le16(frame + 16);
        if ((ss & 3) != (cs & 3) || !flat_descriptor(cpu, ss, &data) ||
            !flat_is(data, FLAT_DATA, ss & 3))
            return false;
        cpu->gpr[CPU_SP] = load_le32(frame + 12);
        flat_reload(cpu, CPU_SS, ss, data);
        cpu_set_privilege(cpu, cs & 3);
        segment_drop_inner(cpu, cs & 3);
    } else {
        cpu->gpr[CPU_SP] = (uint32_t)(cpu->gpr[CPU_SP] + 12);
    }
    flat_reload(cpu, CPU_CS, cs, code);
    cpu->next_ip = load_le32(frame);
    cpu_flags_write(cpu, flags, mask);
    return true;
}

static void iret_protected(struct cpu *cpu, unsigned bytes)
{
    if (bytes == 4 && BASE_LIKELY(iret_flat(cpu)))
        return;
    struct iret_frame frame = frame_read(cpu, bytes);
    unsigned cpl = cpu->cpl;
    uint32_t mask = iret_mask(cpu, bytes);
    if (bytes == 4 && (frame.flags & FLAG_VM) != 0 && cpl == 0) {
        iret_to_v86(cpu, frame);
        return;
    }
    struct far_return r = {
        .bytes = bytes,
        .offset = frame.offset,
        .selector = frame.selector,
        .stack_at = 3 * bytes,
        .absent_stack = VECTOR_NP, /* SDM 2A IRET, exceptions: not #SS, as with RET */
        .code = return_code(cpu, frame.selector),
    };
    if ((frame.selector & 3u) > cpl) {
        return_outer(cpu, &r);
    } else {
        code_check_offset(cpu, r.code, r.offset);
        code_enter(cpu, r.selector, &r.code, r.offset, cpl);
        cpu_stack_move(cpu, (int64_t)(3 * bytes));
    }
    cpu_flags_write(cpu, frame.flags, mask);
}

/* The monitor may have set both VIF and VIP: the loop looks at them. */
static void flags_written(struct cpu *cpu)
{
    if (BASE_UNLIKELY(cpu->flags_other & FLAG_VIP))
        cpu->has_event = true;
}

void sys_iret(struct cpu *cpu, const struct instruction *i)
{
    struct cpu_exit exit = {.kind = CPU_EXIT_IRET};
    if (cpu_leave(cpu, &exit)) {
        return;
    }
    cpu->nmi_blocked = false; /* SDM 3A 6.7.1: even when the IRET faults */
    unsigned bytes = i->wide_size;
    if (!cpu_is_protected(cpu)) {
        iret_paragraph(cpu, bytes,
                       (bytes == 2 ? IRET_FLAGS_16 : IRET_FLAGS_32) & flags_real_mask(cpu));
    } else if (cpu_is_v86(cpu)) {
        iret_v86(cpu, bytes);
    } else if ((cpu->flags_other & FLAG_NT) != 0) {
        iret_task(cpu);
    } else {
        iret_protected(cpu, bytes);
    }
    flags_written(cpu);
}

/* Segment registers: descriptor tables, loads with their checks, LAR, LSL, VERR, VERW, ARPL, and
 * the table registers.
 *
 * Specification: Intel SDM 3A (2023) 3.4-3.5, 5.2-5.10; SDM 2 MOV, POP, LDS, LAR, LSL, VERR, ARPL,
 * LGDT, LLDT, LTR, SGDT, SLDT, STR.
 * MISSING: UMIP; 16-byte system descriptors (long mode). */
#include "cpu/flat.h"
#include "cpu/segment.h"

/* --- descriptors ---------------------------------------------------------------------------------- */

_Noreturn void selector_fault(struct cpu *cpu, uint8_t vector, uint16_t selector,
                              const char *words)
{
    cpu_fault(cpu, vector, selector & 0xfffcu, words, selector, 0);
}

/* Linear address of the entry, or false outside the table. */
static bool descriptor_locate(const struct cpu *cpu, uint16_t selector, uint32_t *linear)
{
    bool is_local = (selector & 4) != 0;
    if (is_local && (cpu->ldtr.attributes & SEGMENT_P) == 0) {
        return false; /* null LDTR */
    }
    uint64_t base = is_local ? cpu->ldtr.base : cpu->gdtr.base;
    uint32_t limit = is_local ? cpu->ldtr.limit : cpu->gdtr.limit;
    *linear = (uint32_t)base + (selector & ~7u);
    return (selector | 7u) <= limit;
}

bool descriptor_read(struct cpu *cpu, uint16_t selector, struct descriptor *descriptor)
{
    uint32_t linear;
    if (!descriptor_locate(cpu, selector, &linear)) {
        return false;
    }
    uint64_t raw = cpu_read_linear(cpu, linear, 8, ACCESS_SYSTEM);
    descriptor->low = (uint32_t)raw;
    descriptor->high = (uint32_t)(raw >> 32);
    if (cpu->model->generation == GEN_286) {
        descriptor->high &= 0xffff; /* 286 PRM 6.3: the last word is reserved for the future */
    }
    return true;
}

struct descriptor descriptor_fetch(struct cpu *cpu, uint16_t selector, uint8_t vector)
{
    struct descriptor descriptor;
    if (!descriptor_read(cpu, selector, &descriptor)) {
        selector_fault(cpu, vector, selector, "selector % is outside its table");
    }
    return descriptor;
}

void descriptor_change_busy(struct cpu *cpu, uint16_t selector, bool is_busy)
{
    uint32_t linear;
    if (descriptor_locate(cpu, selector, &linear)) {
        uint32_t high = (uint32_t)cpu_read_linear(cpu, linear + 4, 4, ACCESS_SYSTEM);
        high = is_busy ? high | TYPE_BUSY << 8 : high & ~(TYPE_BUSY << 8);
        cpu_write_linear(cpu, linear + 4, 4, high, ACCESS_SYSTEM);
    }
}

void descriptor_set_accessed(struct cpu *cpu, uint16_t selector, struct descriptor *descriptor)
{
    uint32_t linear;
    if ((descriptor->high & SEGMENT_ACCESSED << 8) == 0 &&
        descriptor_locate(cpu, selector, &linear)) {
        descriptor->high |= SEGMENT_ACCESSED << 8;
        cpu_write_linear(cpu, linear + 5, 1, descriptor->high >> 8 & 0xff, ACCESS_SYSTEM);
    }
}

struct cpu_segment descriptor_segment(struct descriptor d, uint16_t selector)
{
    return (struct cpu_segment){
        .base = descriptor_base(d),
        .limit = descriptor_limit(d),
        .selector = selector,
        .attributes = (uint16_t)((d.high >> 8 & 0xff) | (d.high >> 12 & 0xf00)),
    };
}

/* --- loading ----------------------------------------------------------------------------------------- */

void segment_load_paragraph(struct cpu *cpu, unsigned index, uint16_t selector)
{
    struct cpu_segment segment = cpu->segment[index];
    segment.selector = selector;
    segment.base = (uint32_t)selector << 4;
    if (cpu_is_v86(cpu)) {
        segment.limit = 0xffff;
        segment.attributes = SEGMENT_P | 3u << SEGMENT_DPL_SHIFT | SEGMENT_S | SEGMENT_WRITABLE |
                             SEGMENT_ACCESSED;
    } else {
        /* Limit and granularity stay as protected mode left them: "big real mode" rests on that. */
        segment.attributes = (segment.attributes & 0xf00) | SEGMENT_P | SEGMENT_S |
                             SEGMENT_WRITABLE | SEGMENT_ACCESSED;
    }
    cpu_load_segment(cpu, index, &segment);
}

void segment_load_null(struct cpu *cpu, unsigned index, uint16_t selector)
{
    struct cpu_segment segment = {.selector = selector, .attributes = SEGMENT_NULL};
    cpu_load_segment(cpu, index, &segment);
}

struct descriptor stack_descriptor(struct cpu *cpu, uint16_t selector, unsigned privilege,
                                   uint8_t vector, uint8_t absent)
{
    if (selector_is_null(selector)) {
        selector_fault(cpu, vector, 0, "SS: null selector");
    }
    struct descriptor d = descriptor_fetch(cpu, selector, vector);
    if ((selector & 3u) != privilege || descriptor_dpl(d) != privilege) {
        selector_fault(cpu, vector, selector, "SS %: RPL or DPL differs from the privilege level");
    }
    if (!descriptor_is_writable_data(d)) {
        selector_fault(cpu, vector, selector, "SS %: not a writable data segment");
    }
    if (!descriptor_is_present(d)) {
        selector_fault(cpu, absent, selector, "SS %: segment not present");
    }
    return d;
}

/* SDM 2 MOV: the checks of DS, ES, FS, GS. */
static struct descriptor data_descriptor(struct cpu *cpu, uint16_t selector)
{
    struct descriptor d = descriptor_fetch(cpu, selector, VECTOR_GP);
    if (descriptor_is_system(d) || !descriptor_is_readable(d)) {
        selector_fault(cpu, VECTOR_GP, selector, "segment %: neither data nor readable code");
    }
    unsigned dpl = descriptor_dpl(d);
    if (!descriptor_is_conforming(d) && ((selector & 3u) > dpl || cpu->cpl > dpl)) {
        selector_fault(cpu, VECTOR_GP, selector, "segment %: RPL or CPL above its DPL");
    }
    if (!descriptor_is_present(d)) {
        selector_fault(cpu, VECTOR_NP, selector, "segment %: not present");
    }
    return d;
}

/* flat.h: a flat data segment where one is loaded already. */
static bool segment_load_flat(struct cpu *cpu, unsigned index, uint16_t selector)
{
    uint64_t descriptor = 0;
    unsigned rpl = selector & 3, dpl;
    if (!flat_is_mode(cpu) || !(cpu->plain_segments >> index & 1) ||
        !flat_descriptor(cpu, selector, &descriptor))
        return false;
    dpl = descriptor >> FLAT_DPL_SHIFT & 3;
    if (!flat_is(descriptor, FLAT_DATA, dpl))
        return false;
    if (index == CPU_SS ? rpl != cpu->cpl || dpl != cpu->cpl : rpl > dpl || cpu->cpl > dpl)
        return false;
    flat_reload(cpu, index, selector, descriptor);
    return true;
}

void segment_load(struct cpu *cpu, unsigned index, uint16_t selector)
{
    if (BASE_LIKELY(segment_load_flat(cpu, index, selector)))
        return;
    if (cpu_uses_paragraphs(cpu)) {
        segment_load_paragraph(cpu, index, selector);
        return;
    }
    if (index != CPU_SS && selector_is_null(selector)) {
        segment_load_null(cpu, index, selector);
        return;
    }
    struct descriptor d = index == CPU_SS
                              ? stack_descriptor(cpu, selector, cpu->cpl, VECTOR_GP, VECTOR_SS)
                              : data_descriptor(cpu, selector);
    descriptor_set_accessed(cpu, selector, &d);
    struct cpu_segment segment = descriptor_segment(d, selector);
    cpu_load_segment(cpu, index, &segment);
}

void segment_drop_inner(struct cpu *cpu, unsigned privilege)
{
    static const uint8_t ORDER[] = {CPU_ES, CPU_FS, CPU_GS, CPU_DS};
    for (size_t n = 0; n < ARRAY_COUNT(ORDER); n++) {
        const struct cpu_segment *s = &cpu->segment[ORDER[n]];
        unsigned conforming = SEGMENT_CODE | SEGMENT_EXPAND_DOWN;
        bool is_null = s->attributes == SEGMENT_NULL && s->selector == 0;
        if (!is_null && segment_dpl(s) < privilege && (s->attributes & conforming) != conforming) {
            segment_load_null(cpu, ORDER[n], 0);
        }
    }
}

/* SDM 3A 6.8.3: no interrupt and no debug trap between a load of SS and the next instruction; which holds
 * nothing back itself (SDM 2B MOV: only the first of several does; found on the silicon). */
static void segment_shadow(struct cpu *cpu, unsigned index)
{
    uint64_t now = cpu->timeline->now;
    if (index == CPU_SS && now + 1 != cpu->system.shadow_end) {
        cpu->system.shadow_end = now + 2;
        cpu->interrupt_shadow = true;
        cpu->shadow_blocks_debug = true;
    }
}

void sys_mov_to_segment(struct cpu *cpu, const struct instruction *i)
{
    if (i->reg == CPU_CS || !segment_exists(cpu, i->reg)) {
        cpu_raise(cpu, VECTOR_UD);
    }
    segment_load(cpu, i->reg, (uint16_t)operand_read_sized(cpu, i, 2));
    segment_shadow(cpu, i->reg);
}

void sys_pop_segment(struct cpu *cpu, const struct instruction *i)
{
    uint16_t selector = (uint16_t)cpu_stack_read(cpu, 0, 2);
    bool is_big = (cpu->segment[CPU_SS].attributes & SEGMENT_DB) != 0;
    segment_load(cpu, i->segment_register, selector);
    /* the pointer moves as the stack was when it was read: SDM 2 POP */
    uint64_t sp = cpu->gpr[CPU_SP];
    cpu->gpr[CPU_SP] = is_big ? (uint32_t)(sp + i->wide_size)
                              : (sp & ~UINT64_C(0xffff)) | ((sp + i->wide_size) & 0xffff);
    segment_shadow(cpu, i->segment_register);
}

void sys_load_far_pointer(struct cpu *cpu, const struct instruction *i)
{
    if (!i->has_memory) {
        cpu_raise(cpu, VECTOR_UD);
    }
    uint64_t offset = operand_read_at(cpu, i, 0, i->wide_size);
    uint16_t selector = (uint16_t)operand_read_at(cpu, i, i->wide_size, 2);
    segment_load(cpu, i->segment_register, selector);
    register_write(cpu, i->reg, i->wide_size, offset);
}

/* --- looking at descriptors --------------------------------------------------------------------- */

static void need_protected_mode(struct cpu *cpu)
{
    if (cpu_uses_paragraphs(cpu)) {
        cpu_raise(cpu, VECTOR_UD);
    }
}

static void set_zf(struct cpu *cpu, bool value)
{
    cpu_flags_write(cpu, value ? FLAG_ZF : 0, FLAG_ZF);
}

/* May CPL and RPL see this descriptor at all (LAR, LSL)? System types by a mask of allowed ones. */
static bool descriptor_is_visible(const struct cpu *cpu, uint16_t selector, struct descriptor d,
                                  uint32_t system_types)
{
    if (descriptor_is_system(d) && (system_types >> descriptor_type(d) & 1) == 0) {
        return false;
    }
    unsigned dpl = descriptor_dpl(d);
    return descriptor_is_conforming(d) || (cpu->cpl <= dpl && (selector & 3u) <= dpl);
}

#define TYPE_BIT(type) (1u << (type))
/* SDM 2 LAR table 3-54 and LSL table 3-57. */
#define LSL_TYPES                                                                  \
    (TYPE_BIT(TYPE_TSS16) | TYPE_BIT(TYPE_LDT) | TYPE_BIT(TYPE_TSS16_BUSY) |        \
     TYPE_BIT(TYPE_TSS32) | TYPE_BIT(TYPE_TSS32_BUSY))
#define LAR_TYPES \
    (LSL_TYPES | TYPE_BIT(TYPE_CALL16) | TYPE_BIT(TYPE_TASK_GATE) | TYPE_BIT(TYPE_CALL32))

static bool look_up(struct cpu *cpu, const struct instruction *i, uint32_t system_types,
                    struct descriptor *d)
{
    need_protected_mode(cpu);
    uint16_t selector = (uint16_t)operand_read_sized(cpu, i, 2);
    bool is_visible = !selector_is_null(selector) && descriptor_read(cpu, selector, d) &&
                      descriptor_is_visible(cpu, selector, *d, system_types);
    set_zf(cpu, is_visible);
    return is_visible;
}

void sys_lar(struct cpu *cpu, const struct instruction *i)
{
    struct descriptor d;
    if (look_up(cpu, i, LAR_TYPES, &d)) {
        register_write(cpu, i->reg, i->wide_size, d.high & (i->wide_size == 2 ? 0xff00 : 0xffff00));
    }
}

void sys_lsl(struct cpu *cpu, const struct instruction *i)
{
    struct descriptor d;
    if (look_up(cpu, i, LSL_TYPES, &d)) {
        register_write(cpu, i->reg, i->wide_size, descriptor_limit(d) & mask_bytes(i->wide_size));
    }
}

void sys_verr(struct cpu *cpu, const struct instruction *i)
{
    struct descriptor d;
    if (look_up(cpu, i, 0, &d)) {
        set_zf(cpu, descriptor_is_readable(d));
    }
}

void sys_verw(struct cpu *cpu, const struct instruction *i)
{
    struct descriptor d;
    if (look_up(cpu, i, 0, &d)) {
        set_zf(cpu, descriptor_is_writable_data(d));
    }
}

void sys_arpl(struct cpu *cpu, const struct instruction *i)
{
    need_protected_mode(cpu);
    uint16_t to = (uint16_t)operand_read_sized(cpu, i, 2);
    unsigned rpl = (unsigned)register_read(cpu, i->reg, 2) & 3u;
    if ((to & 3u) >= rpl) {
        set_zf(cpu, false);
        return;
    }
    operand_write_sized(cpu, i, 2, (to & ~3u) | rpl);
    set_zf(cpu, true);
}

/* --- table registers -------------------------------------------------------------------------------- */

static void need_ring0(struct cpu *cpu, const char *words)
{
    if (cpu->cpl != 0) {
        cpu_fault_gp(cpu, words);
    }
}

void sys_sldt(struct cpu *cpu, const struct instruction *i)
{
    need_protected_mode(cpu);
    operand_write_sized(cpu, i, i->has_memory ? 2 : i->wide_size, cpu->ldtr.selector);
}

void sys_str(struct cpu *cpu, const struct instruction *i)
{
    need_protected_mode(cpu);
    operand_write_sized(cpu, i, i->has_memory ? 2 : i->wide_size, cpu->tr.selector);
}

void sys_lldt(struct cpu *cpu, const struct instruction *i)
{
    need_protected_mode(cpu);
    need_ring0(cpu, "LLDT outside CPL 0");
    uint16_t selector = (uint16_t)operand_read_sized(cpu, i, 2);
    if (selector_is_null(selector)) {
        cpu->ldtr = (struct cpu_segment){.selector = selector};
        return;
    }
    if ((selector & 4) != 0) {
        selector_fault(cpu, VECTOR_GP, selector, "LLDT %: selector in the LDT");
    }
    struct descriptor d = descriptor_fetch(cpu, selector, VECTOR_GP);
    if (!descriptor_is_system(d) || descriptor_type(d) != TYPE_LDT) {
        selector_fault(cpu, VECTOR_GP, selector, "LLDT %: not an LDT's descriptor");
    }
    if (!descriptor_is_present(d)) {
        selector_fault(cpu, VECTOR_NP, selector, "LLDT %: not present");
    }
    cpu->ldtr = descriptor_segment(d, selector);
}

void sys_ltr(struct cpu *cpu, const struct instruction *i)
{
    need_protected_mode(cpu);
    need_ring0(cpu, "LTR outside CPL 0");
    uint16_t selector = (uint16_t)operand_read_sized(cpu, i, 2);
    if (selector_is_null(selector)) {
        cpu_fault_gp(cpu, "LTR: null selector");
    }
    if ((selector & 4) != 0) {
        selector_fault(cpu, VECTOR_GP, selector, "LTR %: selector in the LDT");
    }
    struct descriptor d = descriptor_fetch(cpu, selector, VECTOR_GP);
    unsigned type = descriptor_type(d);
    if (!descriptor_is_system(d) || (type != TYPE_TSS16 && type != TYPE_TSS32)) {
        selector_fault(cpu, VECTOR_GP, selector, "LTR %: not an available TSS");
    }
    if (!descriptor_is_present(d)) {
        selector_fault(cpu, VECTOR_NP, selector, "LTR %: not present");
    }
    descriptor_change_busy(cpu, selector, true);
    d.high |= TYPE_BUSY << 8;
    cpu->tr = descriptor_segment(d, selector);
}

static void store_table(struct cpu *cpu, const struct instruction *i,
                        const struct cpu_tables *table)
{
    if (!i->has_memory) {
        cpu_raise(cpu, VECTOR_UD);
    }
    /* SDM 3B 22.25.1: with 16-bit operands the 286 stores FFh in the last byte, later ones the base */
    uint32_t base = (uint32_t)table->base;
    if (cpu->model->generation == GEN_286) {
        base |= 0xff000000u;
    }
    uint64_t linear = cpu_segment_linear(cpu, i->segment, operand_address(cpu, i), 6, true);
    cpu_check_write(cpu, linear, 6, cpu->cpl);
    operand_write_at(cpu, i, 0, 2, table->limit);
    operand_write_at(cpu, i, 2, 4, base);
}

static void load_table(struct cpu *cpu, const struct instruction *i, struct cpu_tables *table)
{
    if (!i->has_memory) {
        cpu_raise(cpu, VECTOR_UD);
    }
    need_ring0(cpu, "LGDT/LIDT outside CPL 0");
    uint32_t limit = (uint32_t)operand_read_at(cpu, i, 0, 2);
    uint32_t base = (uint32_t)operand_read_at(cpu, i, 2, 4);
    table->limit = limit;
    table->base = i->wide_size == 2 ? base & 0xffffff : base;
}

#define MODRM_VMCALL 0xC1u
#define MODRM_VMMCALL 0xD9u

/* The register forms of 0F 01 /0 and /3 hold VMCALL (SDM 3C, C1) and VMMCALL (AMD APM 3, D9); the
 * others are #UD. */
void sys_sgdt(struct cpu *cpu, const struct instruction *i)
{
    if (i->has_memory)
        store_table(cpu, i, &cpu->gdtr);
    else if (i->modrm == MODRM_VMCALL)
        sys_vmcall(cpu, i);
    else
        cpu_raise(cpu, VECTOR_UD);
}

void sys_sidt(struct cpu *cpu, const struct instruction *i)
{
    store_table(cpu, i, &cpu->idtr);
}

void sys_lgdt(struct cpu *cpu, const struct instruction *i)
{
    load_table(cpu, i, &cpu->gdtr);
}

void sys_lidt(struct cpu *cpu, const struct instruction *i)
{
    if (i->has_memory)
        load_table(cpu, i, &cpu->idtr);
    else if (i->modrm == MODRM_VMMCALL)
        sys_vmcall(cpu, i);
    else
        cpu_raise(cpu, VECTOR_UD);
}

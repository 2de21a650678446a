/* What IOPL and virtual-8086 mode decide: ports, CLI, STI, PUSHF, POPF, INT n, and their virtual
 * forms (VME, PVI).
 *
 * Specification: Intel SDM 1 (2023) 19.5 (I/O protection); SDM 3B 20.2-20.4 (v86 mode, VME, PVI);
 * SDM 2 CLI, STI, PUSHF, POPF, INT n. */
#include "cpu/segment.h"

/* --- ports ---------------------------------------------------------------------------------------------- */

#define TSS32_MAP_BASE 0x66

/* SDM 1 19.5.2: one bit a port; two bytes are read, so that one access never misses a bit. */
static bool io_map_allows(struct cpu *cpu, uint16_t port, unsigned bytes)
{
    unsigned type = cpu->tr.attributes & SEGMENT_TYPE;
    uint32_t base = (uint32_t)cpu->tr.base;
    if ((type != TYPE_TSS32_BUSY && type != TYPE_TSS32) || cpu->tr.limit < 0x67) {
        return false;
    }
    uint32_t map = (uint32_t)cpu_read_linear(cpu, base + TSS32_MAP_BASE, 2, ACCESS_SYSTEM);
    uint32_t at = map + port / 8u;
    if (at + 1 > cpu->tr.limit) {
        return false;
    }
    uint32_t bits = (uint32_t)cpu_read_linear(cpu, base + at, 2, ACCESS_SYSTEM);
    return (bits >> (port & 7) & ((1u << bytes) - 1)) == 0;
}

void cpu_check_io(struct cpu *cpu, uint16_t port, unsigned bytes)
{
    if (!cpu_is_protected(cpu) || (cpu->cpl <= cpu_iopl(cpu) && !cpu_is_v86(cpu))) {
        return;
    }
    if (!io_map_allows(cpu, port, bytes)) {
        cpu_fault(cpu, VECTOR_GP, 0, "port %: not allowed by IOPL and the TSS' I/O map", port, 0);
    }
}

/* --- the interrupt flag and its virtual form ------------------------------------------------------ */

enum if_form { IF_REAL, IF_VIRTUAL, IF_DENIED };

/* Which flag CLI and STI change (SDM 2 tables 3-7 and 4-19). */
static enum if_form if_form(const struct cpu *cpu)
{
    if (!cpu_is_protected(cpu) || cpu_iopl(cpu) >= cpu->cpl) {
        return IF_REAL; /* in v86 mode CPL is 3 */
    }
    uint64_t enabled = cpu_is_v86(cpu) ? CR4_VME : CR4_PVI;
    return cpu->cpl == 3 && (cpu->cr4 & enabled) != 0 ? IF_VIRTUAL : IF_DENIED;
}

void sys_cli(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    switch (if_form(cpu)) {
    case IF_REAL: cpu_flags_write(cpu, 0, FLAG_IF); break;
    case IF_VIRTUAL: cpu_flags_write(cpu, 0, FLAG_VIF); break;
    case IF_DENIED: cpu_fault_gp(cpu, "CLI with CPL above IOPL");
    }
}

void sys_sti(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    switch (if_form(cpu)) {
    case IF_REAL:
        if ((cpu->flags_other & FLAG_IF) == 0) { /* SDM 2 STI: the shadow only when IF was clear */
            cpu->interrupt_shadow = true;
            cpu->shadow_blocks_debug = false; /* that is MOV SS' alone */
        }
        cpu_flags_write(cpu, FLAG_IF, FLAG_IF);
        break;
    case IF_VIRTUAL:
        if ((cpu->flags_other & FLAG_VIP) != 0) {
            cpu_fault_gp(cpu, "STI with a virtual interrupt pending");
        }
        cpu_flags_write(cpu, FLAG_VIF, FLAG_VIF);
        break;
    case IF_DENIED: cpu_fault_gp(cpu, "STI with CPL above IOPL");
    }
}

bool cpu_virtual_interrupt_is_due(const struct cpu *cpu)
{
    uint64_t enabled = cpu_is_v86(cpu) ? CR4_VME : CR4_PVI;
    return (~cpu->flags_other & (FLAG_VIF | FLAG_VIP)) == 0 && cpu->cpl == 3 &&
           (cpu->cr4 & enabled) != 0;
}

/* --- PUSHF, POPF ------------------------------------------------------------------------------------- */

/* Flags as a v86 program below IOPL 3 sees them: IOPL 3, IF is VIF. */
static uint32_t flags_virtual(struct cpu *cpu)
{
    uint32_t flags = (uint32_t)cpu_flags_read(cpu) & ~FLAG_IF;
    return flags | FLAG_IOPL | ((flags & FLAG_VIF) != 0 ? FLAG_IF : 0);
}

void sys_pushf(struct cpu *cpu, const struct instruction *i)
{
    uint32_t flags;
    if (cpu_is_v86(cpu) && cpu_iopl(cpu) < 3) {
        if (i->wide_size != 2 || (cpu->cr4 & CR4_VME) == 0) {
            cpu_fault_gp(cpu, "PUSHF in v86 mode with IOPL below 3");
        }
        flags = flags_virtual(cpu);
    } else {
        flags = (uint32_t)cpu_flags_read(cpu) & ~(FLAG_VM | FLAG_RF);
    }
    cpu_push(cpu, i->wide_size, flags | (cpu_model_flags_fixed(cpu->model) & 0xffff));
}

#define POPF_FLAGS_16 (FLAGS_ARITHMETIC | FLAG_TF | FLAG_DF | FLAG_NT)

/* v86 mode below IOPL 3 with VME: IF is VIF (SDM 3B 20.3.1). */
static void popf_virtual(struct cpu *cpu)
{
    uint32_t flags = (uint32_t)cpu_stack_read(cpu, 0, 2);
    bool is_pending = (cpu->flags_other & FLAG_VIP) != 0;
    if ((flags & FLAG_TF) != 0 || ((flags & FLAG_IF) != 0 && is_pending)) {
        cpu_fault_gp(cpu, "POPF in v86 mode: TF, or IF with VIP pending");
    }
    cpu_stack_move(cpu, 2);
    cpu_flags_write(cpu, flags, POPF_FLAGS_16);
    cpu_flags_write(cpu, (flags & FLAG_IF) != 0 ? FLAG_VIF : 0, FLAG_VIF);
}

void sys_popf(struct cpu *cpu, const struct instruction *i)
{
    uint32_t mask = POPF_FLAGS_16 | (i->wide_size >= 4 ? FLAG_AC | FLAG_ID : 0);
    if (cpu_is_v86(cpu) && cpu_iopl(cpu) < 3) {
        if (i->wide_size != 2 || (cpu->cr4 & CR4_VME) == 0) {
            cpu_fault_gp(cpu, "POPF in v86 mode with IOPL below 3");
        }
        popf_virtual(cpu);
        return;
    }
    if (!cpu_is_protected(cpu)) {
        mask = (mask | FLAG_IF | FLAG_IOPL) & flags_real_mask(cpu);
    } else {
        mask |= cpu->cpl <= cpu_iopl(cpu) ? FLAG_IF : 0;
        mask |= cpu->cpl == 0 ? FLAG_IOPL : 0;
    }
    uint32_t flags = (uint32_t)cpu_stack_read(cpu, 0, i->wide_size);
    cpu_stack_move(cpu, i->wide_size);
    mask &= cpu_model_flags_mask(cpu->model);
    cpu_flags_write(cpu, flags & ~FLAG_RF, mask | (i->wide_size >= 4 ? FLAG_RF : 0));
}

/* --- INT n ------------------------------------------------------------------------------------------- */

/* The 32 bytes before the I/O map: a clear bit sends INT n to the 8086 program's own handler. */
static bool redirection_bit(struct cpu *cpu, uint8_t vector)
{
    uint32_t base = (uint32_t)cpu->tr.base;
    if (cpu->tr.limit < 0x67) {
        cpu_fault_gp(cpu, "INT n in v86 mode: TSS without a redirection map");
    }
    uint32_t map = (uint32_t)cpu_read_linear(cpu, base + TSS32_MAP_BASE, 2, ACCESS_SYSTEM);
    uint32_t at = map - 32 + vector / 8u;
    if (at > cpu->tr.limit) {
        cpu_fault_gp(cpu, "INT n in v86 mode: redirection map beyond the TSS' limit");
    }
    return (cpu_read_linear(cpu, base + at, 1, ACCESS_SYSTEM) >> (vector & 7) & 1) != 0;
}

/* Methods 5 and 6 of SDM 3B table 20-2: as in real mode, through the table at linear 0. */
static void v86_redirect(struct cpu *cpu, uint8_t vector)
{
    bool is_real = cpu_iopl(cpu) == 3;
    uint32_t flags = is_real ? (uint32_t)cpu_flags_read(cpu) : flags_virtual(cpu);
    deliver_paragraph(cpu, vector, (uint32_t)cpu->next_ip, 0, flags);
    cpu_flags_write(cpu, 0, FLAG_TF | (is_real ? FLAG_IF : FLAG_VIF));
}

/* Traps and software interrupts take no single-step trap of their own: the handler runs first. */
static void software(struct cpu *cpu, uint8_t vector)
{
    struct cpu_exit exit = {.kind = CPU_EXIT_INT_N, .vector = vector};
    if (cpu_leave(cpu, &exit)) {
        return;
    }
    cpu->suppress_trap = true;
    deliver_software(cpu, vector);
}

void sys_int_n(struct cpu *cpu, const struct instruction *i)
{
    uint8_t vector = (uint8_t)i->immediate;
    if (cpu_is_v86(cpu)) {
        if ((cpu->cr4 & CR4_VME) != 0 && !redirection_bit(cpu, vector)) {
            v86_redirect(cpu, vector);
            return;
        }
        if (cpu_iopl(cpu) < 3) {
            cpu_fault_gp(cpu, "INT n in v86 mode with IOPL below 3");
        }
    }
    software(cpu, vector);
}

void sys_int3(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    software(cpu, VECTOR_BP);
}

void sys_into(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    if ((cpu_flags_read(cpu) & FLAG_OF) != 0) {
        software(cpu, VECTOR_OF);
    }
}

/* F1: #DB without the check of the gate's DPL; EXT is set (SDM 2 INT n). */
void sys_icebp(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    const struct cpu_event_source event = {.kind = CPU_EVENT_ICEBP, .vector = VECTOR_DB};
    cpu->pending_debug = false; /* held back by MOV SS: one exception for both, DR6 says why */
    cpu->ip = cpu->next_ip;
    cpu_deliver(cpu, &event);
    cpu->next_ip = cpu->ip;
    cpu->suppress_trap = true;
}

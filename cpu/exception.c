/* Delivery of exceptions and interrupts through the vector table or the IDT, INT n, double and
 * triple faults, and the record of the faults that led there.
 *
 * Specification: Intel SDM 3A (2023) 6.10-6.15, 17.3.1.1 (RF), table 6-5 (double faults); SDM 2
 * INT n. MISSING: benign faults inside the delivery of a double fault (no such source exists
 * here); machine checks. */
#include <stdio.h>
#include <string.h>

#include "cpu/flat.h"
#include "cpu/segment.h"

#define ERROR_IDT 2u
#define ERROR_EXT 1u
/* #AC inside the delivery of #AC repeats for ever on hardware; here it ends in a shutdown. */
#define DELIVERY_TRIES 8

/* --- raising with words -------------------------------------------------------------------------- */

_Noreturn void cpu_fault(struct cpu *cpu, uint8_t vector, uint32_t error_code, const char *words,
                         uint32_t a, uint32_t b)
{
    cpu->system.cause = (struct cpu_cause){words, {a, b, 0}};
    cpu_raise_error(cpu, vector, error_code | (cpu->system.is_external ? ERROR_EXT : 0));
}

_Noreturn void cpu_fault_gp(struct cpu *cpu, const char *words)
{
    cpu_fault(cpu, VECTOR_GP, 0, words, 0, 0);
}

/* --- the record for a triple fault ----------------------------------------------------------------- */

/* The words with each '%' replaced by an argument in hex. */
static void cause_format(const struct cpu_cause *cause, char *text, size_t size)
{
    size_t used = 0, argument = 0;
    text[0] = '\0';
    for (const char *p = cause->words; *p != '\0'; p++) {
        if (*p == '%' && argument < ARRAY_COUNT(cause->arguments)) {
            text_append(text, size, &used, "%Xh", (unsigned)cause->arguments[argument++]);
        } else {
            text_append(text, size, &used, "%c", *p);
        }
    }
}

/* Words for exceptions that the core raised. */
static const char *cause_default(const struct cpu_event_source *event)
{
    switch (event->vector) {
    case VECTOR_DE: return "division by zero or quotient too large";
    case VECTOR_DB: return "debug exception";
    case VECTOR_BR: return "BOUND: index out of range";
    case VECTOR_UD: return "invalid opcode";
    case VECTOR_NM: return "no FPU, or CR0.TS set";
    case VECTOR_DF: return "an exception came up while another was being delivered";
    case VECTOR_SS: return "access beyond the stack segment's limit";
    case VECTOR_GP: return "access beyond a segment's limit, or against its type";
    case VECTOR_MF: return "x87 error pending";
    case VECTOR_AC: return "unaligned access with alignment checks on";
    case VECTOR_PF:
        return (event->error_code & PF_PRESENT) == 0 ? "page not present"
               : (event->error_code & PF_RESERVED)   ? "reserved bit set in a page-table entry"
                                                     : "page protection violated";
    default: return "interrupt";
    }
}

static void chain_add(struct cpu *cpu, const struct cpu_event_source *event)
{
    struct cpu_system *system = &cpu->system;
    if (system->chain_length == CPU_CHAIN_LENGTH) {
        memmove(&system->chain[0], &system->chain[1],
                sizeof system->chain - sizeof system->chain[0]);
        system->chain_length--;
    }
    struct cpu_fault_record *record = &system->chain[system->chain_length++];
    *record = (struct cpu_fault_record){
        .vector = event->vector,
        .has_error = event->has_error,
        .error_code = event->error_code,
        .cs = cpu->segment[CPU_CS].selector,
        .ip = cpu->ip,
        .linear = (uint32_t)(cpu->segment[CPU_CS].base + cpu->ip),
        .cr2 = cpu->cr2,
    };
    struct cpu_cause cause = system->cause;
    if (cause.words == NULL) {
        cause.words = cause_default(event);
    }
    cause_format(&cause, record->cause, sizeof record->cause);
    system->cause.words = NULL;
}

size_t cpu_fault_chain(const struct cpu *cpu, struct cpu_fault_record *records, size_t room)
{
    size_t count = cpu->system.chain_length < room ? cpu->system.chain_length : room;
    memcpy(records, cpu->system.chain + cpu->system.chain_length - count,
           count * sizeof records[0]);
    return count;
}

/* --- real mode -------------------------------------------------------------------------------------- */

void deliver_paragraph(struct cpu *cpu, uint8_t vector, uint32_t return_ip, uint64_t table,
                       uint32_t flags)
{
    struct stack_frame stack = stack_current(cpu);
    uint32_t entry = (uint32_t)cpu_read_linear(cpu, (uint32_t)(table + vector * 4u), 4,
                                               ACCESS_SYSTEM);
    stack_need(cpu, &stack, 6);
    code_check_paragraph(cpu, entry & 0xffff);
    stack_push(cpu, &stack, 2, flags & 0xffff);
    stack_push(cpu, &stack, 2, cpu->segment[CPU_CS].selector);
    stack_push(cpu, &stack, 2, return_ip & 0xffff);
    stack_enter(cpu, &stack);
    code_enter_paragraph(cpu, (uint16_t)(entry >> 16), entry & 0xffff);
}

static void deliver_real(struct cpu *cpu, uint8_t vector, uint32_t return_ip)
{
    if (vector * 4u + 3 > cpu->idtr.limit) {
        cpu_fault(cpu, VECTOR_GP, vector * 8u + ERROR_IDT,
                  "vector % is beyond the limit of the vector table", vector, 0);
    }
    deliver_paragraph(cpu, vector, return_ip, cpu->idtr.base, (uint32_t)cpu_flags_read(cpu));
    cpu_flags_write(cpu, 0, FLAG_IF | FLAG_TF | FLAG_AC | FLAG_RF);
}

/* --- protected mode -------------------------------------------------------------------------------- */

/* What is pushed. */
struct delivery {
    uint8_t vector;
    bool is_software;
    bool has_error;
    uint32_t error_code, return_ip, flags;
};

static _Noreturn void gate_fault(struct cpu *cpu, uint8_t fault, uint8_t vector, const char *words)
{
    cpu_fault(cpu, fault, vector * 8u + ERROR_IDT, words, vector, 0);
}

/* The IDT's entry, with the checks of SDM 2 INT n up to the gate's presence. */
static struct descriptor gate_fetch(struct cpu *cpu, const struct delivery *delivery)
{
    uint8_t vector = delivery->vector;
    if (vector * 8u + 7 > cpu->idtr.limit) {
        gate_fault(cpu, VECTOR_GP, vector, "IDT entry % is beyond the IDT's limit");
    }
    uint64_t raw = cpu_read_linear(cpu, (uint32_t)(cpu->idtr.base + vector * 8u), 8,
                                   ACCESS_SYSTEM);
    struct descriptor gate = {(uint32_t)raw, (uint32_t)(raw >> 32)};
    unsigned type = descriptor_type(gate);
    bool is_gate = type == TYPE_TASK_GATE || type == TYPE_INT16 || type == TYPE_TRAP16 ||
                   ((type == TYPE_INT32 || type == TYPE_TRAP32) &&
                    cpu_model_has(cpu->model, FEATURE_386));
    if (!descriptor_is_system(gate) || !is_gate) {
        gate_fault(cpu, VECTOR_GP, vector, "IDT entry %: not an interrupt, trap or task gate");
    }
    if (delivery->is_software && descriptor_dpl(gate) < cpu->cpl) {
        gate_fault(cpu, VECTOR_GP, vector, "IDT entry %: INT n not allowed, DPL below CPL");
    }
    if (!descriptor_is_present(gate)) {
        gate_fault(cpu, VECTOR_NP, vector, "IDT entry %: not present");
    }
    return gate;
}

static void deliver_task(struct cpu *cpu, struct descriptor gate, const struct delivery *delivery)
{
    uint16_t selector = gate_selector(gate);
    struct descriptor tss = task_descriptor(cpu, selector);
    unsigned bytes = (descriptor_type(tss) & 8) != 0 ? 4 : 2;
    task_switch(cpu, selector, tss, TASK_EVENT, delivery->return_ip);
    if (delivery->has_error) {
        struct stack_frame stack = stack_current(cpu);
        stack_need(cpu, &stack, bytes);
        stack_push(cpu, &stack, bytes, delivery->error_code);
        stack_enter(cpu, &stack);
    }
    if (cpu->next_ip > cpu->segment[CPU_CS].limit) {
        cpu_fault_gp(cpu, "the new task's EIP is beyond its code segment's limit");
    }
}

static struct descriptor handler_code(struct cpu *cpu, uint16_t selector)
{
    if (selector_is_null(selector)) {
        cpu_fault_gp(cpu, "IDT entry with a null code selector");
    }
    struct descriptor code = descriptor_fetch(cpu, selector, VECTOR_GP);
    if (!descriptor_is_code(code) || descriptor_dpl(code) > cpu->cpl) {
        selector_fault(cpu, VECTOR_GP, selector, "handler's segment %: no code, or DPL above CPL");
    }
    if (!descriptor_is_present(code)) {
        selector_fault(cpu, VECTOR_NP, selector, "handler's segment %: not present");
    }
    return code;
}

/* The stack on which the handler starts, the interrupted stack saved there when it changes. */
static struct stack_frame handler_stack(struct cpu *cpu, uint16_t selector, struct descriptor code,
                                        const struct delivery *delivery, uint32_t offset,
                                        unsigned bytes)
{
    bool is_v86 = cpu_is_v86(cpu);
    unsigned dpl = descriptor_dpl(code), slots = 3u + (delivery->has_error ? 1 : 0);
    bool is_inner = !descriptor_is_conforming(code) && dpl < cpu->cpl;
    if (is_v86 && (!is_inner || dpl != 0)) {
        selector_fault(cpu, VECTOR_GP, selector, "handler's segment %: v86 mode wants DPL 0");
    }
    struct stack_frame stack = is_inner ? stack_inner(cpu, dpl) : stack_current(cpu);
    slots += is_v86 ? 6 : is_inner ? 2 : 0;
    stack_need(cpu, &stack, slots * bytes);
    code_check_offset(cpu, code, offset);
    if (is_v86) {
        stack_push(cpu, &stack, bytes, cpu->segment[CPU_GS].selector);
        stack_push(cpu, &stack, bytes, cpu->segment[CPU_FS].selector);
        stack_push(cpu, &stack, bytes, cpu->segment[CPU_DS].selector);
        stack_push(cpu, &stack, bytes, cpu->segment[CPU_ES].selector);
    }
    if (is_inner) {
        stack_push(cpu, &stack, bytes, cpu->segment[CPU_SS].selector);
        stack_push(cpu, &stack, bytes, (uint32_t)cpu->gpr[CPU_SP]);
    }
    return stack;
}

static void deliver_gate(struct cpu *cpu, struct descriptor gate, const struct delivery *delivery)
{
    uint16_t selector = gate_selector(gate);
    uint32_t offset = gate_offset(gate);
    unsigned type = descriptor_type(gate), bytes = (type & 8) != 0 ? 4 : 2;
    bool was_v86 = cpu_is_v86(cpu);
    struct descriptor code = handler_code(cpu, selector);
    struct stack_frame stack = handler_stack(cpu, selector, code, delivery, offset, bytes);
    stack_push(cpu, &stack, bytes, delivery->flags);
    stack_push(cpu, &stack, bytes, cpu->segment[CPU_CS].selector);
    stack_push(cpu, &stack, bytes, delivery->return_ip);
    if (delivery->has_error) {
        stack_push(cpu, &stack, bytes, delivery->error_code);
    }
    stack_touch(cpu, &stack);
    descriptor_set_accessed(cpu, selector, &code); /* the last that can fault */
    bool masks = type == TYPE_INT16 || type == TYPE_INT32;
    cpu_flags_write(cpu, 0, FLAG_TF | FLAG_VM | FLAG_RF | FLAG_NT | (masks ? FLAG_IF : 0));
    code_enter(cpu, selector, &code, offset, stack.is_new ? stack.privilege : cpu->cpl);
    stack_enter(cpu, &stack);
    if (was_v86) {
        segment_load_null(cpu, CPU_GS, 0);
        segment_load_null(cpu, CPU_FS, 0);
        segment_load_null(cpu, CPU_DS, 0);
        segment_load_null(cpu, CPU_ES, 0);
        cpu_mode_changed(cpu);
    }
}

/* flat.h: an interrupt or trap gate of 32 bits into flat code of CPL 0, on the running stack or that of
 * the TSS. */
static bool deliver_flat(struct cpu *cpu, const struct delivery *delivery)
{
    unsigned entry = delivery->vector * 8u, bytes = delivery->has_error ? 16 : 12;
    uint64_t gate, code = 0, tss = 0, data = 0;
    uint32_t sp = (uint32_t)cpu->gpr[CPU_SP], high;
    bool is_inner = cpu->cpl != 0;
    uint8_t *frame;
    if (!flat_is_mode(cpu) || cpu->flags_other & (FLAG_TF | FLAG_NT) ||
        entry + 7 > cpu->idtr.limit || !flat_read(cpu, cpu->idtr.base + entry, &gate))
        return false;
    high = (uint32_t)(gate >> 32); /* P = 1, S = 0, type 1110b or 1111b */
    if ((high & 0x9e00) != 0x8e00 || (delivery->is_software && (high >> 13 & 3) < cpu->cpl) ||
        !flat_descriptor(cpu, (uint16_t)(gate >> 16), &code) || !flat_is(code, FLAT_CODE, 0))
        return false;
    if (is_inner) {
        if (!(cpu->tr.attributes & 8) || cpu->tr.limit < 9 ||
            !flat_read(cpu, cpu->tr.base + 4, &tss) || tss >> 32 & 3 ||
            !flat_descriptor(cpu, (uint16_t)(tss >> 32), &data) || !flat_is(data, FLAT_DATA, 0))
            return false;
        sp = (uint32_t)tss;
        bytes += 8;
    }
    sp -= bytes;
    frame = flat_bytes(cpu, sp, bytes, true);
    if (!frame)
        return false;
    if (delivery->has_error) {
        store_le32(frame, delivery->error_code);
        frame += 4;
    }
    store_le32(frame, delivery->return_ip);
    store_le32(frame + 4, cpu->segment[CPU_CS].selector);
    store_le32(frame + 8, delivery->flags);
    if (is_inner) {
        store_le32(frame + 12, (uint32_t)cpu->gpr[CPU_SP]);
        store_le32(frame + 16, cpu->segment[CPU_SS].selector);
        flat_reload(cpu, CPU_SS, (uint16_t)(tss >> 32), data);
        cpu_set_privilege(cpu, 0);
    }
    cpu->gpr[CPU_SP] = sp;
    flat_reload(cpu, CPU_CS, (uint16_t)(gate >> 16 & 0xfffc), code);
    cpu->flags_other &= ~(FLAG_RF | (high & 0x100 ? 0 : FLAG_IF)); /* a trap gate keeps IF */
    cpu->next_ip = (high & 0xffff0000u) | (gate & 0xffff);
    return true;
}

static void deliver_protected(struct cpu *cpu, const struct delivery *delivery)
{
    if (BASE_LIKELY(deliver_flat(cpu, delivery)))
        return;
    struct descriptor gate = gate_fetch(cpu, delivery);
    if (descriptor_type(gate) == TYPE_TASK_GATE) {
        deliver_task(cpu, gate, delivery);
    } else {
        deliver_gate(cpu, gate, delivery);
    }
}

/* --- INT n -------------------------------------------------------------------------------------------- */

void deliver_software(struct cpu *cpu, uint8_t vector)
{
    uint32_t return_ip = (uint32_t)cpu->next_ip;
    if (!cpu_is_protected(cpu)) {
        deliver_real(cpu, vector, return_ip);
        return;
    }
    const struct delivery delivery = {
        .vector = vector,
        .is_software = true,
        .return_ip = return_ip,
        .flags = (uint32_t)cpu_flags_read(cpu),
    };
    deliver_protected(cpu, &delivery);
}

/* --- delivery from the run loop ------------------------------------------------------------------------ */

/* SDM 3A table 6-5. */
enum fault_class { FAULT_BENIGN, FAULT_CONTRIBUTORY, FAULT_PAGE, FAULT_DOUBLE };

static enum fault_class classify(const struct cpu_event_source *event)
{
    if (event->kind != CPU_EVENT_EXCEPTION) {
        return FAULT_BENIGN;
    }
    switch (event->vector) {
    case VECTOR_DE:
    case VECTOR_TS:
    case VECTOR_NP:
    case VECTOR_SS:
    case VECTOR_GP: return FAULT_CONTRIBUTORY;
    case VECTOR_PF: return FAULT_PAGE;
    case VECTOR_DF: return FAULT_DOUBLE;
    default: return FAULT_BENIGN;
    }
}

/* SDM 3A 17.3.1.1: faults push RF set, so that the breakpoint on the instruction that faulted does
 * not hit again. #DB decides itself: the run loop knows whether it is a fault or a trap. */
static bool sets_rf(const struct cpu_event_source *event)
{
    return event->kind == CPU_EVENT_EXCEPTION && event->vector != VECTOR_DB &&
           event->vector != VECTOR_BP && event->vector != VECTOR_OF && event->vector != VECTOR_DF;
}

static struct delivery delivery_of(struct cpu *cpu, const struct cpu_event_source *event)
{
    uint32_t flags = (uint32_t)cpu_flags_read(cpu);
    return (struct delivery){
        .vector = event->vector,
        .is_software = event->kind == CPU_EVENT_SOFTWARE,
        .has_error = event->has_error,
        .error_code = event->error_code,
        .return_ip = (uint32_t)cpu->ip,
        .flags = sets_rf(event) ? flags | FLAG_RF : flags,
    };
}

static void deliver_once(struct cpu *cpu, void *argument)
{
    const struct cpu_event_source *event = argument;
    cpu->ip += cpu->prefixes_lost;
    cpu->prefixes_lost = 0;
    cpu->next_ip = cpu->ip;
    cpu->system.is_external = event->kind != CPU_EVENT_SOFTWARE;
    if (!cpu_is_protected(cpu)) {
        /* Real mode of the 80286 has one segment overrun for all segments, exception 13 (80286
         * Programmer's Reference Manual 5.2, and the captures of the chip); the 386 splits off 12. */
        bool is_overrun = event->kind == CPU_EVENT_EXCEPTION && event->vector == VECTOR_SS &&
                          cpu->model->generation == GEN_286;
        deliver_real(cpu, is_overrun ? VECTOR_GP : event->vector, (uint32_t)cpu->ip);
    } else {
        const struct delivery delivery = delivery_of(cpu, event);
        deliver_protected(cpu, &delivery);
    }
    cpu->ip = cpu->next_ip;
}

/* Returns true when the hook has dealt with the event. */
static bool offer_to_hook(struct cpu *cpu, const struct cpu_event_source *event)
{
    struct cpu_exit exit = {
        .kind = event->kind == CPU_EVENT_EXTERNAL || event->kind == CPU_EVENT_NMI
                    ? CPU_EXIT_INTERRUPT
                    : CPU_EXIT_EXCEPTION,
        .vector = event->vector,
        .has_error = event->has_error,
        .error_code = event->error_code,
    };
    return cpu_leave(cpu, &exit);
}

void cpu_deliver(struct cpu *cpu, const struct cpu_event_source *source)
{
    struct cpu_system *system = &cpu->system;
    struct cpu_event_source event = *source, raised;
    if (offer_to_hook(cpu, &event)) {
        return;
    }
    system->chain_length = 0;
    if (event.vector == VECTOR_DB && event.kind == CPU_EVENT_EXCEPTION) {
        cpu->dr[7] &= ~UINT64_C(0x2000); /* GD: SDM 3A 17.2.4 */
    }
    const struct delivery delivery = delivery_of(cpu, &event);
    if (BASE_LIKELY(deliver_flat(cpu, &delivery))) { /* needs nobody to catch its faults: it has none */
        system->cause.words = NULL;
        cpu->ip = cpu->next_ip;
        return;
    }
    for (unsigned tries = 0; tries < DELIVERY_TRIES; tries++) {
        struct cpu_cause cause = system->cause;
        system->cause.words = NULL;
        bool has_failed = cpu_try(cpu, deliver_once, &event, &raised);
        system->is_external = false;
        if (!has_failed) {
            system->chain_length = 0;
            return;
        }
        if (system->chain_length == 0) { /* only now: a delivery that works costs nothing */
            struct cpu_cause second = system->cause;
            system->cause = cause;
            chain_add(cpu, &event);
            system->cause = second;
        }
        chain_add(cpu, &raised);
        enum fault_class first = classify(&event), second = classify(&raised);
        if (first == FAULT_DOUBLE && second != FAULT_BENIGN) {
            break;
        }
        event = raised;
        if ((first == FAULT_CONTRIBUTORY && second == FAULT_CONTRIBUTORY) ||
            (first == FAULT_PAGE && second != FAULT_BENIGN)) {
            event = (struct cpu_event_source){CPU_EVENT_EXCEPTION, VECTOR_DF, true, 0};
            chain_add(cpu, &event);
        }
    }
    cpu->is_shutdown = true;
}

/* Far control transfer: JMP, CALL, RET between segments, call gates, task gates, and the stacks of
 * inner privilege levels.
 *
 * Specification: Intel SDM 3A (2023) 5.8 (privilege levels and gates), 7.2.1 (TSS); SDM 2 JMP,
 * CALL, RET. MISSING: 64-bit call gates. */
#include "cpu/decode.h"
#include "cpu/segment.h"

/* --- code segments ------------------------------------------------------------------------------------ */

void code_check_offset(struct cpu *cpu, struct descriptor descriptor, uint32_t offset)
{
    if (offset > descriptor_limit(descriptor)) {
        cpu_fault(cpu, VECTOR_GP, 0, "offset % is beyond the code segment's limit %", offset,
                  descriptor_limit(descriptor));
    }
}

void code_enter(struct cpu *cpu, uint16_t selector, struct descriptor *descriptor, uint32_t offset,
                unsigned cpl)
{
    descriptor_set_accessed(cpu, selector, descriptor);
    struct cpu_segment segment =
        descriptor_segment(*descriptor, (uint16_t)((selector & ~3u) | cpl));
    cpu_load_segment(cpu, CPU_CS, &segment);
    if (cpu->cpl != cpl) {
        cpu_set_privilege(cpu, cpl);
    }
    cpu->next_ip = offset;
}

void code_check_paragraph(struct cpu *cpu, uint32_t offset)
{
    if (offset > cpu->segment[CPU_CS].limit) {
        cpu_fault(cpu, VECTOR_GP, 0, "offset % is beyond the code segment's limit %", offset,
                  cpu->segment[CPU_CS].limit);
    }
}

void code_enter_paragraph(struct cpu *cpu, uint16_t selector, uint32_t offset)
{
    segment_load_paragraph(cpu, CPU_CS, selector);
    cpu->next_ip = offset;
}

/* --- stacks ------------------------------------------------------------------------------------------- */

static uint32_t stack_mask(const struct cpu_segment *segment)
{
    return (segment->attributes & SEGMENT_DB) != 0 ? 0xffffffffu : 0xffffu;
}

struct stack_frame stack_current(const struct cpu *cpu)
{
    const struct cpu_segment *ss = &cpu->segment[CPU_SS];
    return (struct stack_frame){
        .segment = *ss,
        .pointer = (uint32_t)cpu->gpr[CPU_SP] & stack_mask(ss),
        .privilege = cpu->cpl,
    };
}

struct stack_frame stack_inner(struct cpu *cpu, unsigned privilege)
{
    bool is_32 = ((cpu->tr.attributes & SEGMENT_TYPE) & 8) != 0;
    uint32_t offset = is_32 ? 4 + 8 * privilege : 2 + 4 * privilege;
    unsigned bytes = is_32 ? 4 : 2;
    if (offset + bytes + 1 > cpu->tr.limit) {
        selector_fault(cpu, VECTOR_TS, cpu->tr.selector, "TSS %: no room for the inner stack");
    }
    uint32_t linear = (uint32_t)cpu->tr.base + offset;
    uint32_t pointer = (uint32_t)cpu_read_linear(cpu, linear, bytes, ACCESS_SYSTEM);
    uint16_t selector = (uint16_t)cpu_read_linear(cpu, linear + bytes, 2, ACCESS_SYSTEM);
    struct descriptor d = stack_descriptor(cpu, selector, privilege, VECTOR_TS, VECTOR_SS);
    struct stack_frame stack = {
        .segment = descriptor_segment(d, selector),
        .descriptor = d,
        .privilege = privilege,
        .error = selector & 0xfffcu,
        .is_new = true,
    };
    stack.pointer = pointer;
    return stack;
}

/* Does `bytes` at offset lie inside the segment? Expand-down: above the limit (SDM 3A 5.3). */
static bool stack_contains(const struct cpu_segment *segment, uint32_t offset, unsigned bytes)
{
    uint64_t last = (uint64_t)offset + bytes - 1;
    if ((segment->attributes & (SEGMENT_CODE | SEGMENT_EXPAND_DOWN)) == SEGMENT_EXPAND_DOWN) {
        return offset > segment->limit && last <= stack_mask(segment);
    }
    return last <= segment->limit;
}

void stack_need(struct cpu *cpu, const struct stack_frame *stack, unsigned bytes)
{
    uint32_t mask = stack_mask(&stack->segment);
    uint32_t lowest = (stack->pointer - bytes) & mask;
    /* a frame that wraps at a 16-bit stack's end is looked at word by word when it is pushed */
    if (lowest <= (stack->pointer & mask) && !stack_contains(&stack->segment, lowest, bytes)) {
        cpu_fault(cpu, VECTOR_SS, stack->error, "stack: no room for % bytes below %", bytes,
                  stack->pointer);
    }
}

void stack_push(struct cpu *cpu, struct stack_frame *stack, unsigned bytes, uint32_t value)
{
    uint32_t mask = stack_mask(&stack->segment);
    uint32_t offset = (stack->pointer - bytes) & mask;
    cpu_write_stack_of(cpu, &stack->segment, offset, bytes, value, stack->privilege,
                       stack->error | (cpu->system.is_external ? 1u : 0u));
    stack->pointer = (stack->pointer & ~mask) | offset;
}

void stack_set_pointer(struct cpu *cpu, const struct cpu_segment *segment, uint32_t pointer)
{
    uint64_t mask = stack_mask(segment);
    cpu->gpr[CPU_SP] = (cpu->gpr[CPU_SP] & ~mask & 0xffffffffu) | (pointer & mask);
}

void stack_touch(struct cpu *cpu, struct stack_frame *stack)
{
    if (stack->is_new) {
        descriptor_set_accessed(cpu, stack->segment.selector, &stack->descriptor);
        stack->segment.attributes |= SEGMENT_ACCESSED;
    }
}

void stack_enter(struct cpu *cpu, const struct stack_frame *stack)
{
    if (stack->is_new) {
        cpu_load_segment(cpu, CPU_SS, &stack->segment);
    }
    stack_set_pointer(cpu, &stack->segment, stack->pointer);
}

/* --- JMP and CALL ------------------------------------------------------------------------------------- */

/* SDM 2 JMP, CALL: a code segment named directly. Returns it, checked, with its offset. */
static struct descriptor direct_code(struct cpu *cpu, uint16_t selector, struct descriptor d)
{
    bool is_allowed = descriptor_is_conforming(d)
                          ? descriptor_dpl(d) <= cpu->cpl
                          : (selector & 3u) <= cpu->cpl && descriptor_dpl(d) == cpu->cpl;
    if (!is_allowed) {
        selector_fault(cpu, VECTOR_GP, selector, "code segment %: DPL does not allow the transfer");
    }
    if (!descriptor_is_present(d)) {
        selector_fault(cpu, VECTOR_NP, selector, "code segment %: not present");
    }
    return d;
}

/* A gate or a TSS named by a far transfer must not be more privileged than CPL and RPL. */
static void check_system_target(struct cpu *cpu, uint16_t selector, struct descriptor d)
{
    if (descriptor_dpl(d) < cpu->cpl || descriptor_dpl(d) < (selector & 3u)) {
        selector_fault(cpu, VECTOR_GP, selector, "gate or TSS %: DPL below CPL or RPL");
    }
    if (!descriptor_is_present(d)) {
        selector_fault(cpu, VECTOR_NP, selector, "gate or TSS %: not present");
    }
}

/* The code segment behind a call gate. */
static struct descriptor gate_code(struct cpu *cpu, uint16_t selector, bool is_call)
{
    if (selector_is_null(selector)) {
        cpu_fault_gp(cpu, "call gate with a null selector");
    }
    struct descriptor d = descriptor_fetch(cpu, selector, VECTOR_GP);
    bool is_exact = !is_call && !descriptor_is_conforming(d); /* JMP never changes CPL */
    if (!descriptor_is_code(d) || descriptor_dpl(d) > cpu->cpl ||
        (is_exact && descriptor_dpl(d) != cpu->cpl)) {
        selector_fault(cpu, VECTOR_GP, selector, "call gate's target %: no code, or DPL above CPL");
    }
    if (!descriptor_is_present(d)) {
        selector_fault(cpu, VECTOR_NP, selector, "call gate's target %: not present");
    }
    return d;
}

/* Pushes CS and the return offset. */
static void push_return(struct cpu *cpu, struct stack_frame *stack, unsigned bytes)
{
    stack_push(cpu, stack, bytes, cpu->segment[CPU_CS].selector);
    stack_push(cpu, stack, bytes, (uint32_t)cpu->next_ip);
}

static void call_same_level(struct cpu *cpu, uint16_t selector, struct descriptor d,
                            uint32_t offset, unsigned bytes)
{
    struct stack_frame stack = stack_current(cpu);
    stack_need(cpu, &stack, 2 * bytes);
    code_check_offset(cpu, d, offset);
    push_return(cpu, &stack, bytes);
    code_enter(cpu, selector, &d, offset, cpu->cpl);
    stack_enter(cpu, &stack);
}

/* SDM 2 CALL, MORE-PRIVILEGE: new stack from the TSS, parameters copied. */
static void call_inner_level(struct cpu *cpu, struct descriptor gate, struct descriptor d)
{
    unsigned bytes = (descriptor_type(gate) & 8) != 0 ? 4 : 2, count = gate.high & 31;
    unsigned privilege = descriptor_dpl(d);
    uint32_t offset = gate_offset(gate), parameters[31];
    struct stack_frame stack = stack_inner(cpu, privilege);
    stack_need(cpu, &stack, (4 + count) * bytes);
    code_check_offset(cpu, d, offset);
    for (unsigned n = 0; n < count; n++) {
        parameters[n] = (uint32_t)cpu_stack_read(cpu, n * bytes, bytes);
    }
    stack_push(cpu, &stack, bytes, cpu->segment[CPU_SS].selector);
    stack_push(cpu, &stack, bytes, (uint32_t)cpu->gpr[CPU_SP]);
    for (unsigned n = count; n-- > 0;) {
        stack_push(cpu, &stack, bytes, parameters[n]);
    }
    push_return(cpu, &stack, bytes);
    stack_touch(cpu, &stack);
    code_enter(cpu, gate_selector(gate), &d, offset, privilege);
    stack_enter(cpu, &stack);
}

static void through_call_gate(struct cpu *cpu, struct descriptor gate, bool is_call)
{
    uint16_t selector = gate_selector(gate);
    struct descriptor d = gate_code(cpu, selector, is_call);
    if (is_call && !descriptor_is_conforming(d) && descriptor_dpl(d) < cpu->cpl) {
        call_inner_level(cpu, gate, d);
    } else if (is_call) {
        call_same_level(cpu, selector, d, gate_offset(gate),
                        (descriptor_type(gate) & 8) != 0 ? 4 : 2);
    } else {
        code_check_offset(cpu, d, gate_offset(gate));
        code_enter(cpu, selector, &d, gate_offset(gate), cpu->cpl);
    }
}

static void transfer_system(struct cpu *cpu, uint16_t selector, struct descriptor d, bool is_call)
{
    enum task_reason reason = is_call ? TASK_CALL : TASK_JUMP;
    switch (descriptor_type(d)) {
    case TYPE_CALL16:
    case TYPE_CALL32:
        check_system_target(cpu, selector, d);
        through_call_gate(cpu, d, is_call);
        return;
    case TYPE_TASK_GATE:
        check_system_target(cpu, selector, d);
        task_switch(cpu, gate_selector(d), task_descriptor(cpu, gate_selector(d)), reason,
                    (uint32_t)cpu->next_ip);
        return;
    case TYPE_TSS16:
    case TYPE_TSS32:
        check_system_target(cpu, selector, d);
        if ((selector & 4) == 0) {
            task_switch(cpu, selector, d, reason, (uint32_t)cpu->next_ip);
            return;
        }
        break;
    default: break;
    }
    selector_fault(cpu, VECTOR_GP, selector, "far transfer to %: not a gate, TSS or code segment");
}

static void transfer(struct cpu *cpu, uint16_t selector, uint32_t offset, unsigned bytes,
                     bool is_call)
{
    if (cpu_uses_paragraphs(cpu)) {
        struct stack_frame stack = stack_current(cpu);
        if (is_call) {
            stack_need(cpu, &stack, 2 * bytes);
        }
        code_check_paragraph(cpu, offset);
        if (is_call) {
            push_return(cpu, &stack, bytes);
            stack_enter(cpu, &stack);
        }
        code_enter_paragraph(cpu, selector, offset);
        return;
    }
    if (selector_is_null(selector)) {
        cpu_fault_gp(cpu, "far transfer to a null selector");
    }
    struct descriptor d = descriptor_fetch(cpu, selector, VECTOR_GP);
    if (descriptor_is_system(d)) {
        transfer_system(cpu, selector, d, is_call);
    } else if (!descriptor_is_code(d)) {
        selector_fault(cpu, VECTOR_GP, selector, "far transfer to %: a data segment");
    } else if (is_call) {
        call_same_level(cpu, selector, direct_code(cpu, selector, d), offset, bytes);
    } else {
        d = direct_code(cpu, selector, d);
        code_check_offset(cpu, d, offset);
        code_enter(cpu, selector, &d, offset, cpu->cpl);
    }
}

static void transfer_memory(struct cpu *cpu, const struct instruction *i, bool is_call)
{
    if (!i->has_memory) {
        cpu_raise(cpu, VECTOR_UD);
    }
    uint32_t offset = (uint32_t)operand_read_at(cpu, i, 0, i->wide_size);
    uint16_t selector = (uint16_t)operand_read_at(cpu, i, i->wide_size, 2);
    transfer(cpu, selector, offset, i->wide_size, is_call);
}

void sys_jump_far(struct cpu *cpu, const struct instruction *i)
{
    transfer(cpu, i->selector, (uint32_t)(i->immediate & mask_bytes(i->wide_size)), i->wide_size,
             false);
}

void sys_call_far(struct cpu *cpu, const struct instruction *i)
{
    transfer(cpu, i->selector, (uint32_t)(i->immediate & mask_bytes(i->wide_size)), i->wide_size,
             true);
}

void sys_jump_far_memory(struct cpu *cpu, const struct instruction *i)
{
    transfer_memory(cpu, i, false);
}

void sys_call_far_memory(struct cpu *cpu, const struct instruction *i)
{
    transfer_memory(cpu, i, true);
}

/* --- RET ----------------------------------------------------------------------------------------------- */

static void return_paragraph(struct cpu *cpu, unsigned bytes, uint32_t release)
{
    uint32_t offset = (uint32_t)cpu_stack_read(cpu, 0, bytes);
    uint16_t selector = (uint16_t)cpu_stack_read(cpu, bytes, 2);
    code_check_paragraph(cpu, offset);
    cpu_stack_move(cpu, (int64_t)(2 * bytes + release));
    code_enter_paragraph(cpu, selector, offset);
}

struct descriptor return_code(struct cpu *cpu, uint16_t selector)
{
    if (selector_is_null(selector)) {
        cpu_fault_gp(cpu, "return to a null code selector");
    }
    struct descriptor d = descriptor_fetch(cpu, selector, VECTOR_GP);
    unsigned rpl = selector & 3u;
    if (rpl < cpu->cpl || !descriptor_is_code(d) ||
        (descriptor_is_conforming(d) ? descriptor_dpl(d) > rpl : descriptor_dpl(d) != rpl)) {
        selector_fault(cpu, VECTOR_GP, selector, "return to %: no code segment of that level");
    }
    if (!descriptor_is_present(d)) {
        selector_fault(cpu, VECTOR_NP, selector, "return to %: not present");
    }
    return d;
}

void return_outer(struct cpu *cpu, const struct far_return *r)
{
    uint32_t pointer = (uint32_t)cpu_stack_read(cpu, r->stack_at, r->bytes);
    uint16_t ss = (uint16_t)cpu_stack_read(cpu, r->stack_at + r->bytes, 2);
    unsigned privilege = r->selector & 3u;
    struct descriptor stack = stack_descriptor(cpu, ss, privilege, VECTOR_GP, r->absent_stack);
    struct descriptor code = r->code;
    code_check_offset(cpu, code, r->offset);
    descriptor_set_accessed(cpu, ss, &stack);
    code_enter(cpu, r->selector, &code, r->offset, privilege);
    struct cpu_segment segment = descriptor_segment(stack, ss);
    cpu_load_segment(cpu, CPU_SS, &segment);
    stack_set_pointer(cpu, &segment, pointer + r->release);
    segment_drop_inner(cpu, privilege);
}

void sys_return_far(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->wide_size;
    uint32_t release = i->row->immediate == IMM_IW ? (uint16_t)i->immediate : 0;
    if (cpu_uses_paragraphs(cpu)) {
        return_paragraph(cpu, bytes, release);
        return;
    }
    struct far_return r = {
        .bytes = bytes,
        .offset = (uint32_t)cpu_stack_read(cpu, 0, bytes),
        .selector = (uint16_t)cpu_stack_read(cpu, bytes, 2),
        .release = release,
        .stack_at = 2 * bytes + release,
        .absent_stack = VECTOR_SS,
    };
    r.code = return_code(cpu, r.selector);
    if ((r.selector & 3u) > cpu->cpl) {
        return_outer(cpu, &r);
        return;
    }
    code_check_offset(cpu, r.code, r.offset);
    code_enter(cpu, r.selector, &r.code, r.offset, cpu->cpl);
    cpu_stack_move(cpu, (int64_t)(2 * bytes + release));
}

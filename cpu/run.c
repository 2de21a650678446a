/* The run loop: from block to block until the slice is over, an event is due or something stops.
 *
 * Time: cpu->budget is what the slice has left when the running block is over, so that
 *     timeline->now before an operation = budget_end - budget - op->remaining
 * A slow path makes that exact first (run_sync). What the outside then does to the timeline or to
 * the interrupt line is seen by run_after_access(), which has the next operation leave the block. */
#include "cpu/run.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/heat.h"
#include "cpu/memory.h"
#include "cpu/ops_goto.h"

static uint64_t effective_end(const struct cpu *cpu)
{
    uint64_t end = cpu->timeline->slice_end, limit = cpu->run->limit_end;
    return end < limit ? end : limit;
}

uint64_t run_budget_end(const struct cpu *cpu, uint64_t at_least)
{
    uint64_t end = effective_end(cpu), sample = cpu->run->sample_at;
    if (sample < at_least)
        sample = at_least;
    return sample < end ? sample : end;
}

static uint64_t now_between(const struct cpu *cpu)
{
    return cpu->budget_end - (uint64_t)cpu->budget;
}

void run_sync(struct cpu *cpu, const struct op *op)
{
    run_sync_here(cpu, op);
}

static void unpatch(struct cpu *cpu)
{
    struct op *op = cpu->run->patched;
    if (op && op->handler == op_leave) {
        op->handler = cpu->run->patched_handler;
        op->label = cpu->run->patched_label;
    }
    cpu->run->patched = NULL;
}

static struct op *writable(const struct op *op)
{
    return &op_block(op)->ops[op->number];
}

void run_after_access(struct cpu *cpu)
{
    struct cpu_run *run = cpu->run;
    const struct timeline *t = cpu->timeline;
    const struct op *op = cpu->current;
    if (!op || op->is_system)
        return; /* looked at when the instruction is over */
    if (run_is_undisturbed(cpu))
        return;
    run->run_start += t->now - run->seen_now; /* charged: time without instructions */
    run->seen_now = t->now;
    run->seen_end = t->slice_end;
    cpu->budget_end = run_budget_end(cpu, t->now + op->remaining);
    cpu->budget = (int64_t)(cpu->budget_end - t->now) - op->remaining;
    if (!cpu->has_event && cpu->budget >= 0)
        return;
    if (op->number + 1 == op_block(op)->op_count) { /* whatever comes next finds no budget */
        cpu->budget_end = t->now + 1;
        cpu->budget = 1 - (int64_t)op->remaining;
    } else if (op[1].handler != op_stale && !run->patched) {
        run->patched = writable(op + 1);
        run->patched_handler = op[1].handler;
        run->patched_label = op[1].label;
        run->patched->handler = op_leave;
        run->patched->label = 0;
    }
}

/* --- handlers that belong to the loop ------------------------------------------------------------- */

const struct op *op_leave(OP_PARAMETERS)
{
    unpatch(cpu);
    cpu->ip = op_block(op)->ip + op->ip_delta;
    cpu->budget += op->remaining;
    cpu->current = NULL;
    return OP_STOP;
}

const struct op *op_stale(OP_PARAMETERS)
{
    cpu->ip = op_block(op)->ip + op->ip_delta;
    cpu->budget += op->remaining;
    return run_lookup(cpu);
}

const struct op *op_breakpoint(OP_PARAMETERS)
{
    struct cpu_run *run = cpu->run;
    uint64_t ip = op_block(op)->ip;
    bool is_reported = run->has_skip && run->skip_ip == ip;
    run->has_skip = false;
    if (is_reported)
        NEXT;
    cpu->ip = ip;
    cpu->budget += op->remaining;
    cpu->current = NULL;
    run->at_breakpoint = true;
    return OP_STOP;
}

const struct op *op_execute(OP_PARAMETERS)
{
    run_sync(cpu, op);
    op->u.instruction->row->execute(cpu, op->u.instruction);
    NEXT;
}

static bool is_interrupted(const struct cpu *cpu)
{
    return cpu->intr && cpu->flags_other & FLAG_IF;
}

/* Something that the loop has to look at before the next instruction. */
static bool is_eventful(const struct cpu *cpu)
{
    return cpu->has_event || cpu->is_halted || cpu->is_shutdown || cpu->pending_debug ||
           cpu->flags_other & FLAG_TF || is_interrupted(cpu) ||
           (cpu->nmi_pending && !cpu->nmi_blocked);
}

/* What holds for one more instruction only: the shadow of STI and MOV SS, and RF. */
static bool has_hold(const struct cpu *cpu)
{
    return cpu->interrupt_shadow || cpu->flags_other & FLAG_RF;
}

/* With nothing there to be held off, and no breakpoints, the next instruction ends it unseen. */
static bool hold_passes(struct cpu *cpu)
{
    if (cpu->intr || cpu->nmi_pending || cpu->mode & MODE_WATCHED)
        return false;
    cpu->interrupt_shadow = false;
    cpu->flags_other &= ~FLAG_RF;
    return true;
}

/* The instruction took more than its own unit (charges, elements of REP), or the slice's end moved. */
static __attribute__((noinline)) void count_again(struct cpu *cpu)
{
    cpu->run->run_start += cpu->timeline->now - cpu->run->seen_now;
    cpu->timeline->now++;
    cpu->budget_end = run_budget_end(cpu, cpu->timeline->now + 1);
    cpu->budget = (int64_t)(cpu->budget_end - cpu->timeline->now);
}

static BASE_ALWAYS_INLINE bool do_system(struct cpu *cpu, const struct op *op)
{
    const struct timeline *t = cpu->timeline;
    uint64_t before;
    run_sync_here(cpu, op);
    before = t->now;
    op->u.instruction->row->execute(cpu, op->u.instruction);
    cpu->ip = cpu->next_ip;
    cpu->current = NULL;
    cpu->budget += op->remaining - 1; /* behind a REP the block would go on */
    if (BASE_UNLIKELY(t->now != before || t->slice_end != cpu->run->seen_end))
        count_again(cpu);
    if (BASE_UNLIKELY(cpu->budget <= 0 || is_eventful(cpu)))
        return false;
    if (BASE_UNLIKELY(has_hold(cpu)) && !hold_passes(cpu))
        return false;
    return true;
}

bool run_system(struct cpu *cpu, const struct op *op)
{
    return do_system(cpu, op);
}

const struct op *op_system(OP_PARAMETERS)
{
    if (!do_system(cpu, op))
        return OP_STOP;
    ENTER_OFFSET(cpu->ip);
}

bool run_has_elements(struct cpu *cpu, uint64_t elements)
{
    uint64_t end = run_budget_end(cpu, cpu->budget_end + elements);
    if (end > cpu->budget_end && !cpu->has_event) {
        cpu->budget += (int64_t)(end - cpu->budget_end);
        cpu->budget_end = end;
    }
    return (int64_t)elements <= cpu->budget;
}

/* Where a sample falls into the block that begins now, it is taken. */
static void sample_in(struct cpu *cpu, struct block *block, uint64_t now)
{
    if (now + block->count <= cpu->run->sample_at)
        return;
    heat_sample(cpu, block);
    cpu->run->sample_at = now + heat_stride(cpu);
}

const struct op *run_out_of_budget(struct cpu *cpu, struct block *block)
{
    uint64_t now;
    cpu->budget += block->count;
    now = now_between(cpu);
    sample_in(cpu, block, now);
    if (now + block->count <= effective_end(cpu) && !cpu->has_event) {
        cpu->budget_end = run_budget_end(cpu, now + block->count);
        cpu->budget = (int64_t)(cpu->budget_end - now - block->count);
        return block->ops;
    }
    cpu->ip = block->ip;
    cpu->current = NULL;
    return OP_STOP;
}

/* --- finding code ------------------------------------------------------------------------------------ */

/* `known`: a block that was right under another generation, or NULL. */
static struct block *find_block(struct cpu *cpu, struct block *known, uint64_t *mask)
{
    uint64_t linear, tag;
    struct jump_entry *jump;
    struct block *block;
    cpu->current = NULL;
    cpu->timeline->now = now_between(cpu);
    if (BASE_UNLIKELY(cpu->ip > cpu->segment[CPU_CS].limit)) {
        if (cpu->model->generation != GEN_8086)
            cpu_fault_gp(cpu, "execution beyond the limit of CS");
        cpu->ip &= 0xffff;
    }
    linear = (cpu->bounds[CPU_CS].base + cpu->ip) & 0xffffffffu;
    tag = jump_tag(cpu->bounds[CPU_CS].base, linear);
    jump = &cpu->jumps[jump_index(linear)];
    if (jump->tag == tag && !((jump->context ^ cpu->context) & jump->mask) &&
        !jump->block->is_dead) {
        *mask = jump->mask;
        return jump->block;
    }
    if (!known && jump->tag == tag)
        known = jump->block;
    block = block_at(cpu, linear, known, mask);
    if (!block)
        block = block_build(cpu, BLOCK_INSTRUCTIONS);
    if (TECHNIQUE_JUMP_CACHE && block->is_cached)
        *jump = (struct jump_entry){tag, cpu->context, *mask, block};
    return block;
}

/* Hands the block to whoever called the handler: these functions are no handlers, so that no compiler promises
 * to make their calls jumps. */
static const struct op *enter_by_loop(struct cpu *cpu, struct block *block)
{
    cpu->budget -= block->count;
    return BASE_LIKELY(cpu->budget >= 0) ? block->ops : run_out_of_budget(cpu, block);
}

/* The slice ends here: what is due now comes before a fault of the next instruction's fetch. */
static const struct op *slice_is_over(struct cpu *cpu)
{
    cpu->current = NULL;
    return OP_STOP;
}

const struct op *run_lookup(struct cpu *cpu)
{
    uint64_t mask;
    if (BASE_UNLIKELY(cpu->budget <= 0))
        return slice_is_over(cpu);
    return enter_by_loop(cpu, find_block(cpu, NULL, &mask));
}

const struct op *run_link(struct cpu *cpu, const struct op *op, unsigned which)
{
    struct block *from = op_block(op);
    uint64_t base = cpu->bounds[CPU_CS].base, epoch = pool_epoch(cpu->run->pool);
    bool is_same_page, can_link = TECHNIQUE_LINKS && from->is_cached && !from->is_dead;
    struct block *to;
    uint64_t mask;
    cpu->ip = from->target[which];
    if (BASE_UNLIKELY(cpu->budget <= 0))
        return slice_is_over(cpu);
    is_same_page = !(((base + from->ip) ^ (base + cpu->ip)) & ~PAGE_MASK);
    to = find_block(cpu, can_link ? block_links(from)->to[which] : NULL, &mask);
    if (can_link && to->is_cached && epoch == pool_epoch(cpu->run->pool) &&
        (is_same_page || cpu->mode & MODE_CS_ZERO)) {
        struct block_links *links = block_links(from);
        links->to[which] = to;
        links->context = cpu->context;
        links->mask = is_same_page ? 0 : mask;
    }
    return enter_by_loop(cpu, to);
}

/* Within a page the second link of a block holds for ever (blocks.h). `from` may have been built anew since the CALL:
 * what counts is that its second target is this one. */
static bool can_lead_to(const struct block *from, const struct block *to)
{
    return from->is_cached && !from->is_dead && to->is_cached && from->target[1] == to->ip &&
           from->frame_id == to->frame_id && to->ip - from->ip == (uint64_t)to->offset - from->offset;
}

const struct op *run_return(struct cpu *cpu, uint64_t ip)
{
    uint64_t base = cpu->bounds[CPU_CS].base, linear = (base + ip) & 0xffffffffu, tag = jump_tag(base, linear), mask;
    const struct call_entry *last = &cpu->calls[cpu->call_top];
    struct block *to;
    cpu->call_top = (cpu->call_top - 1) % CALL_ENTRIES;
    cpu->ip = ip;
    if (BASE_UNLIKELY(cpu->budget <= 0))
        return slice_is_over(cpu);
    to = find_block(cpu, NULL, &mask); /* may forget the calls */
    if (last->tag == tag && last->context == cpu->context && can_lead_to(last->from, to))
        block_links(last->from)->to[1] = to;
    return enter_by_loop(cpu, to);
}

void run_forget_targets(struct cpu *cpu)
{
    memset(cpu->run->jumps, 0xff, sizeof cpu->run->jumps); /* no context is all ones */
    memset(cpu->calls, 0xff, sizeof cpu->calls);
}

/* --- raising ------------------------------------------------------------------------------------------------ */

static _Noreturn void throw_event(struct cpu *cpu, const struct cpu_event_source *event)
{
    struct cpu_catch *catch = cpu->catch;
    catch->event = *event;
    longjmp(catch->jump, 1);
}

_Noreturn void cpu_raise(struct cpu *cpu, uint8_t vector)
{
    throw_event(cpu, &(struct cpu_event_source){CPU_EVENT_EXCEPTION, vector, false, 0});
}

_Noreturn void cpu_raise_error(struct cpu *cpu, uint8_t vector, uint32_t error_code)
{
    bool has_error =
        vector == VECTOR_DF || vector == VECTOR_AC || (vector >= VECTOR_TS && vector <= VECTOR_PF);
    throw_event(cpu,
                &(struct cpu_event_source){CPU_EVENT_EXCEPTION, vector, has_error, error_code});
}

_Noreturn void cpu_raise_page_fault(struct cpu *cpu, uint64_t linear, uint32_t error_code)
{
    cpu->cr2 = linear & 0xffffffffu;
    throw_event(cpu, &(struct cpu_event_source){CPU_EVENT_EXCEPTION, VECTOR_PF, true, error_code});
}

_Noreturn void cpu_freeze(struct cpu *cpu)
{
    throw_event(cpu, &(struct cpu_event_source){CPU_EVENT_FREEZE, 0, false, 0});
}

bool cpu_try(struct cpu *cpu, void (*call)(struct cpu *cpu, void *argument), void *argument,
             struct cpu_event_source *raised)
{
    struct cpu_catch catch;
    catch.outer = cpu->catch;
    cpu->catch = &catch;
    if (setjmp(catch.jump) != 0) {
        cpu->catch = catch.outer;
        *raised = catch.event;
        return true;
    }
    call(cpu, argument);
    cpu->catch = catch.outer;
    return false;
}

/* --- REP ------------------------------------------------------------------------------------------------------ */

uint64_t run_elements_left(const struct cpu *cpu)
{
    uint64_t end = effective_end(cpu), now = cpu->timeline->now;
    return end > now ? end - now : 1;
}

void run_charge_elements(struct cpu *cpu, uint64_t elements)
{
    cpu->timeline->now += elements;
    cpu->run->seen_now += elements;
}

bool run_must_stop(const struct cpu *cpu)
{
    return cpu->has_event || cpu->run->has_hit || cpu->timeline->now + 1 >= effective_end(cpu);
}

/* --- the loop --------------------------------------------------------------------------------------------------- */

static void deliver(struct cpu *cpu, enum cpu_event_kind kind, uint8_t vector)
{
    cpu->is_halted = false;
    cpu_deliver(cpu, &(struct cpu_event_source){kind, vector, false, 0});
}

static bool is_smi_due(const struct cpu *cpu)
{
    return cpu->system.smi_pending && !cpu->system.is_smm;
}

static void deliver_pending(struct cpu *cpu)
{
    cpu->has_event = false;
    if (cpu->interrupt_shadow)
        return;
    if (is_smi_due(cpu)) { /* SDM 3A table 6-2: before NMI */
        cpu_smm_enter(cpu);
        return;
    }
    if (cpu->nmi_pending && !cpu->nmi_blocked) {
        cpu->nmi_pending = false;
        cpu->nmi_blocked = true;
        deliver(cpu, CPU_EVENT_NMI, VECTOR_NMI);
        if (cpu->is_shutdown)
            return;
    }
    if (is_interrupted(cpu) && cpu->config.acknowledge) {
        int vector = cpu->config.acknowledge(cpu->config.acknowledge_self);
        deliver(cpu, CPU_EVENT_EXTERNAL, (uint8_t)vector);
        if (cpu->config.entered && !cpu->is_shutdown)
            cpu->config.entered(cpu->config.acknowledge_self, (uint8_t)vector);
    } else if (BASE_UNLIKELY(cpu->flags_other & FLAG_VIP) && cpu_virtual_interrupt_is_due(cpu)) {
        cpu->system.cause.words = "VIF and VIP are both set";
        cpu_deliver(cpu, &(struct cpu_event_source){CPU_EVENT_EXCEPTION, VECTOR_GP, true, 0});
    }
}

/* At a breakpoint: the debugger's comes first; returns true to stop. DR0-3: a fault (SDM 3A 17.3.1.1).
 * Not inlined: gcc takes its variables for ones that longjmp may clobber. */
static __attribute__((noinline)) bool handle_breakpoint(struct cpu *cpu)
{
    struct cpu_run *run = cpu->run;
    uint64_t linear = (cpu->bounds[CPU_CS].base + cpu->ip) & 0xffffffffu;
    run->at_breakpoint = false;
    if (run_match_code_watch(cpu, linear)) {
        run->has_skip = true;
        run->skip_ip = cpu->ip;
        return true;
    }
    uint64_t hits = run_match_code_registers(cpu, linear);
    if (hits && !(cpu->flags_other & FLAG_RF)) {
        cpu->dr[6] = (cpu->dr[6] & ~UINT64_C(15)) | hits;
        deliver(cpu, CPU_EVENT_EXCEPTION, VECTOR_DB);
    } else {
        run->has_skip = true;
        run->skip_ip = cpu->ip;
    }
    return false;
}

/* Calls handlers until one wants the loop: tracks call theirs themselves. */
static void step_through(struct cpu *cpu, const struct op *op)
{
#if DISPATCH_IS_GOTO
    ops_go(cpu, op);
#else
    while (op != OP_STOP)
        op = op_call(cpu, op);
#endif
}

/* Runs from cpu->ip until something wants the loop. */
static void run_blocks(struct cpu *cpu, uint64_t most)
{
    struct block *block;
    uint64_t left, mask, now;
    cpu->run->limit_end = most ? cpu->timeline->now + most : UINT64_MAX;
    cpu->budget_end = effective_end(cpu);
    left = cpu->budget_end - cpu->timeline->now;
    cpu->budget = (int64_t)left;
    block = find_block(cpu, NULL, &mask);
    left = (uint64_t)cpu->budget;
    if (block->count > left)
        block = block_build(cpu, (unsigned)left);
    now = now_between(cpu);
    sample_in(cpu, block, now);
    cpu->budget_end = run_budget_end(cpu, now + block->count);
    cpu->budget = (int64_t)(cpu->budget_end - now - block->count);
    step_through(cpu, block->ops);
    cpu->timeline->now = now_between(cpu);
}

/* What is due behind an instruction that ran alone. */
static void deliver_traps(struct cpu *cpu, bool was_tracing)
{
    bool is_held = cpu->interrupt_shadow && cpu->shadow_blocks_debug;
    if (was_tracing && !cpu->suppress_trap && !is_held) {
        cpu->dr[6] |= 0x4000; /* BS: SDM 3A 17.2.3 */
        cpu->pending_debug = true;
    }
    cpu->suppress_trap = false;
    if (is_smi_due(cpu) && !cpu->interrupt_shadow)
        return; /* table 6-2: SMI# comes first; the trap waits for RSM */
    if (cpu->pending_debug && !is_held && !cpu->is_shutdown) {
        cpu->pending_debug = false;
        deliver(cpu, CPU_EVENT_EXCEPTION, VECTOR_DB);
    }
}

static bool run_once(struct cpu *cpu, enum cpu_stop *stop)
{
    struct cpu_run *run = cpu->run;
    bool is_tracing = cpu->flags_other & FLAG_TF, is_alone;
    bool is_held = cpu->interrupt_shadow && cpu->shadow_blocks_debug;
    is_alone = is_tracing || cpu->interrupt_shadow || run->wants_step ||
               is_interrupted(cpu); /* the pin stays up and the handler keeps IF: again behind it */
    cpu->interrupt_shadow = false;
    if (cpu->flags_other & FLAG_RF ||
        is_held) { /* past the breakpoint; the instruction clears RF */
        cpu->flags_other &= ~FLAG_RF;
        run->has_skip = true;
        run->skip_ip = cpu->ip;
    }
    run_blocks(cpu, is_alone ? 1 : 0);
    run->has_skip = false;
    if (run->at_breakpoint) { /* nothing was executed */
        *stop = CPU_STOP_DEBUG;
        return handle_breakpoint(cpu);
    }
    deliver_traps(cpu, is_tracing);
    if (run->wants_step) {
        run->wants_step = false;
        run->event = (struct cpu_debug_event){.is_step = true, .watch = -1};
        run->has_hit = true;
    }
    return false;
}

static enum cpu_stop run_loop(struct cpu *cpu)
{
    struct cpu_run *run = cpu->run;
    enum cpu_stop stop = CPU_STOP_SLICE;
    for (;;) {
        unpatch(cpu);
        cpu->current = NULL;
        if (cpu->is_shutdown)
            return CPU_STOP_SHUTDOWN;
        if (run->has_hit) {
            run->has_hit = false;
            return CPU_STOP_DEBUG;
        }
        if (cpu->timeline->now >= cpu->timeline->slice_end)
            return CPU_STOP_SLICE;
        deliver_pending(cpu);
        if (cpu->is_shutdown)
            continue;
        if (cpu->is_halted)
            return CPU_STOP_HALT;
        if (run_once(cpu, &stop))
            return stop;
    }
}

/* An instruction has raised: ip is its own (run_sync), time stands before it. */
static void recover(struct cpu *cpu, const struct cpu_event_source *event)
{
    if (!cpu->current)
        cpu->timeline->now = now_between(cpu);
    cpu->current = NULL;
    unpatch(cpu);
    cpu->suppress_trap = false;
    if (event->kind == CPU_EVENT_FREEZE) {
        cpu->is_halted = cpu->has_event = true;
    } else {
        cpu->pending_debug = false; /* of an access before the fault, or held back by MOV SS */
        cpu_deliver(cpu, event);
    }
    if (cpu->run->wants_step) {
        cpu->run->wants_step = false;
        cpu->run->event = (struct cpu_debug_event){.is_step = true, .watch = -1};
        cpu->run->has_hit = true;
    }
}

enum cpu_stop cpu_run(struct cpu *cpu)
{
    struct cpu_catch catch;
    enum cpu_stop stop;
    catch.outer = cpu->catch;
    cpu->catch = &catch;
    pool_catch_up(cpu);
    cpu->run->run_start = cpu->timeline->now;
    cpu->run->sample_at = cpu->timeline->now + cpu->run->sample_ahead;
    cpu->run->is_running = true;
    if (setjmp(catch.jump) != 0)
        recover(cpu, &catch.event);
    stop = run_loop(cpu);
    cpu->catch = catch.outer;
    cpu->run->instructions = cpu_instructions(cpu);
    cpu->run->is_running = false;
    cpu->run->sample_ahead =
        cpu->run->sample_at > cpu->timeline->now ? cpu->run->sample_at - cpu->timeline->now : 0;
    cpu->budget_end = cpu->timeline->now;
    cpu->budget = 0;
    return stop;
}

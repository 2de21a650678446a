/* Choosing specialised handlers for decoded instructions. What finds none runs its plain handler. */
#include "cpu/ops.h"

static const struct op_handlers *handlers_of(unsigned bytes)
{
    return bytes == 1 ? &OPS_8 : bytes == 2 ? &OPS_16 : bytes == 4 ? &OPS_32 : NULL;
}

static enum op_class address_class(const struct builder *b, const struct instruction *i,
                                   bool is_write)
{
    bool is_flat = b->is_flat && i->address_size == 4 && i->segment <= CPU_DS &&
                   !(is_write && i->segment == CPU_CS);
    if (!is_flat)
        return i->address_size == 4 ? OP_S : OP_W;
    return i->index == REGISTER_ZERO ? OP_B : OP_F;
}

static enum op_stack stack_class(const struct builder *b)
{
    if (!(b->cpu->mode & MODE_STACK32))
        return OP_STACK_W;
    return b->is_flat ? OP_STACK_F : OP_STACK_S;
}

static uint8_t stack_shift(const struct builder *b)
{
    return b->cpu->mode & MODE_STACK32 ? 0 : 16;
}

/* Adds an op that pushes or pops: it may fault. */
static struct op *add_stack(struct builder *b, op_handler *handler, const struct instruction *i)
{
    struct op *op = builder_add(b, handler, i);
    op->condition = stack_shift(b);
    b->carry[op->number] = CARRY_KEPT;
    return op;
}

void op_set_memory(struct op *op, const struct instruction *i)
{
    op->base = i->base;
    op->index = i->index;
    op->scale = i->scale;
    op->segment = i->segment;
    op->is_narrow = i->address_size == 2 ? 16 : 0;
    op->u.v.displacement = (uint32_t)i->displacement;
}

static void set_flags_of(struct builder *b, const struct op *op, const struct instruction *i)
{
    b->reads[op->number] = i->row->reads;
    b->writes[op->number] = b->kills[op->number] = i->row->writes;
    b->carry[op->number] = i->row->writes & ROW_FLAGS_C ? CARRY_CHANGED : CARRY_KEPT;
}

/* Adds an op that works on registers only: nothing can come between it and the next. */
static struct op *add_plain(struct builder *b, op_handler *handler, const struct instruction *i)
{
    struct op *op = builder_add(b, handler, i);
    set_flags_of(b, op, i);
    b->leaves[op->number] = false;
    return op;
}

static struct op *add_memory(struct builder *b, op_handler *handler, const struct instruction *i)
{
    struct op *op = builder_add(b, handler, i);
    set_flags_of(b, op, i);
    op_set_memory(op, i);
    return op;
}

/* Register or memory by ModRM, its handlers: of a register, then by class. The caller sets `d` and `s`. */
static struct op *add_either(struct builder *b, op_handler *const *handlers,
                             const struct instruction *i, bool is_write)
{
    if (i->mod == 3)
        return add_plain(b, handlers[0], i);
    return add_memory(b, handlers[1 + address_class(b, i, is_write)], i);
}

/* --- two operands -------------------------------------------------------------------------------- */

static enum op_form form_of(const struct builder *b, const struct instruction *i, bool is_write)
{
    switch ((enum operand_form)i->row->form) {
    case FORM_EG:
    case FORM_OA:
        if (i->mod == 3)
            return OP_RR;
        return (enum op_form)(OP_MR + address_class(b, i, is_write));
    case FORM_GE:
    case FORM_AO:
        if (i->mod == 3)
            return OP_RR;
        return (enum op_form)(OP_RM + address_class(b, i, false));
    case FORM_EI:
        if (i->mod == 3)
            return OP_RI;
        return (enum op_form)(OP_MI + address_class(b, i, is_write));
    case FORM_AI:
    case FORM_RI: return OP_RI;
    case FORM_N:
    case FORM_E:
    case FORM_GEI:
    case FORM_R:
    case FORM_I:
    case FORM_J:
    case FORM_E1:
    case FORM_EC: break;
    }
    return OP_FORMS;
}

static void set_operands(struct op *op, const struct instruction *i)
{
    unsigned bytes = i->operand_size, to = i->reg, from = i->rm;
    /* An immediate as wide as the operands stands in the code as the op holds it. */
    if (i->row->immediate == IMM_IB || i->row->immediate == IMM_IZ || i->row->immediate == IMM_IV)
        op->patchable = bytes & 7;
    switch ((enum operand_form)i->row->form) {
    case FORM_EG:
    case FORM_OA:
        to = i->rm;
        from = i->reg;
        break;
    case FORM_EI: to = i->rm; break;
    case FORM_AI: to = CPU_AX; break;
    case FORM_RI: to = i->opcode & 7; break;
    case FORM_GE:
    case FORM_AO:
    case FORM_N:
    case FORM_E:
    case FORM_GEI:
    case FORM_R:
    case FORM_I:
    case FORM_J:
    case FORM_E1:
    case FORM_EC: break;
    }
    op->d = op_register(to, bytes);
    op->s = op_register(from, bytes);
    op->u.v.immediate = (uint32_t)i->immediate;
}

/* ALU, TEST and MOV: one handler for each form. */
static struct op *add_two(struct builder *b, op_handler *const *handlers,
                          const struct instruction *i, bool is_write, enum op_form *form)
{
    struct op *op;
    *form = form_of(b, i, is_write);
    op = *form <= OP_RI ? add_plain(b, handlers[*form], i) : add_memory(b, handlers[*form], i);
    set_operands(op, i);
    return op;
}

static bool emit_alu(struct builder *b, const struct op_handlers *h, const struct instruction *i)
{
    unsigned operation = i->row->argument;
    enum op_form form;
    struct op *op;
    if (i->prefixes & PREFIX_LOCK && operation == ALU_CMP)
        return false;
    op = add_two(b, h->alu[operation], i, operation != ALU_CMP, &form);
    if (form <= OP_RI)
        b->without_flags[op->number] = operation == ALU_CMP ? OPS_32.nop : h->alu_quiet[operation][form];
    if (operation == ALU_CMP)
        b->fused[op->number] = h->cmp_jcc[form];
    if (operation == ALU_AND || operation == ALU_OR || operation == ALU_XOR)
        b->carry[op->number] = CARRY_CLEAR;
    return true;
}

static bool emit_test(struct builder *b, const struct op_handlers *h, const struct instruction *i)
{
    enum op_form form;
    struct op *op = add_two(b, h->test, i, false, &form);
    b->carry[op->number] = CARRY_CLEAR;
    if (form <= OP_RI) {
        b->without_flags[op->number] = OPS_32.nop;
        b->fused[op->number] = h->test_jcc[form];
    } else if (form >= OP_MI) {
        b->fused[op->number] = h->test_mi_jcc[form - OP_MI];
    }
    return true;
}

/* --- one operand ------------------------------------------------------------------------------------ */

static bool emit_unary(struct builder *b, const struct op_handlers *h, const struct instruction *i,
                       enum op_unary which)
{
    bool counts = which == OP_INC || which == OP_DEC;
    struct op *op;
    if (i->row->form == FORM_R) {
        op = add_plain(b, h->unary[which][0], i);
        op->d = op_register(i->opcode & 7, i->operand_size);
    } else {
        op = add_either(b, h->unary[which], i, true);
        op->d = op_register(i->rm, i->operand_size);
    }
    if (b->leaves[op->number]) {
        if (counts)
            b->fused[op->number] = h->count_m_jcc[which][address_class(b, i, true)];
        return true;
    }
    b->without_flags[op->number] = h->unary_quiet[which];
    if (counts) {
        b->reads[op->number] = ROW_FLAGS_0; /* the carry is kept, not used */
        b->fused[op->number] = h->count_jcc[which];
        b->fused_clear[op->number] = h->count_clear_jcc[which];
    }
    return true;
}

static bool emit_shift(struct builder *b, const struct op_handlers *h, const struct instruction *i)
{
    unsigned digit = i->row->argument, count = i->row->form == FORM_E1 ? 1 : i->immediate & 31;
    struct op *op;
    if (i->mod != 3)
        return false;
    if (i->row->form == FORM_EC) {
        op = add_plain(b, h->shift_c[digit], i);
    } else if (count == 0) {
        add_plain(b, OPS_32.nop, i);
        return true;
    } else {
        op = add_plain(b, h->shift_i[digit], i);
        b->without_flags[op->number] = h->shift_i_quiet[digit];
        b->reads[op->number] = digit == 2 || digit == 3 ? ROW_FLAGS_C : ROW_FLAGS_0;
        if (digit < 4)
            b->kills[op->number] = ROW_FLAGS_C; /* ZF, SF, PF, AF go through */
    }
    op->d = op_register(i->rm, i->operand_size);
    op->condition = (uint8_t)count;
    return true;
}

/* A PUSH or POP of a register behind others becomes one operation with them. SP changes as they go: it
 * stays alone. `alone` is the handler of the first, `runs` those of several. */
static bool join_run(struct builder *b, op_handler *alone, op_handler *const *runs, unsigned number)
{
    struct op *last;
    unsigned count;
    if (!TECHNIQUE_FUSION || !b->op_count || number == CPU_SP)
        return false;
    last = &b->ops[b->op_count - 1];
    count = last->covers;
    if (last->handler == alone) {
        uint8_t first = runs == OPS_32.push_run ? last->s : last->d;
        if (first == CPU_SP)
            return false;
        last->u.v.immediate = first;
    } else if (count < 2 || last->handler != runs[count] || count == OP_RUN) {
        return false;
    }
    last->u.v.immediate |= number << count * 4;
    last->handler = runs[count + 1];
    last->covers++;
    return true;
}

static bool emit_push(struct builder *b, const struct op_handlers *h, const struct instruction *i)
{
    enum op_stack stack = stack_class(b);
    struct op *op;
    if (i->row->form == FORM_E && i->mod != 3) {
        add_memory(b, h->push_m[address_class(b, i, false)], i)->condition = stack_shift(b);
        return true;
    }
    if (i->row->form == FORM_I) {
        add_stack(b, h->push_i[stack], i)->u.v.immediate = (uint32_t)i->immediate;
        return true;
    }
    if (i->operand_size == 4 && stack == OP_STACK_F &&
        join_run(b, h->push_r[OP_STACK_F], h->push_run, i->row->form == FORM_R ? i->opcode & 7 : i->rm))
        return true;
    op = add_stack(b, h->push_r[stack], i);
    op->s = i->row->form == FORM_R ? i->opcode & 7 : i->rm;
    /* The 8086 pushes another SP. */
    if (op->s == CPU_SP && b->cpu->model->generation == GEN_8086) {
        b->op_count--;
        return false;
    }
    return true;
}

static bool emit_pop(struct builder *b, const struct op_handlers *h, const struct instruction *i)
{
    unsigned number = i->row->form == FORM_R ? i->opcode & 7 : i->rm;
    /* What follows a short POP takes it that SP has moved by a word. */
    if ((i->row->form == FORM_E && i->mod != 3) || number == CPU_SP)
        return false;
    if (i->operand_size == 4 && stack_class(b) == OP_STACK_F &&
        join_run(b, h->pop_r[OP_STACK_F], h->pop_run, number))
        return true;
    add_stack(b, h->pop_r[stack_class(b)], i)->d = (uint8_t)number;
    return true;
}

static bool emit_xchg(struct builder *b, const struct op_handlers *h, const struct instruction *i)
{
    struct op *op;
    if (i->row->form == FORM_EG && i->mod != 3)
        return false;
    op = add_plain(b, h->xchg, i);
    op->d = i->row->form == FORM_R ? CPU_AX : op_register(i->rm, i->operand_size);
    op->s = i->row->form == FORM_R ? i->opcode & 7 : op_register(i->reg, i->operand_size);
    return true;
}

static bool emit_multiply(struct builder *b, const struct op_handlers *h,
                          const struct instruction *i)
{
    struct op *op;
    if (i->row->fast == FAST_MUL) {
        if (i->mod != 3)
            return false;
        add_plain(b, h->mul[i->row->argument], i)->s = i->rm;
        return true;
    }
    op = add_either(b, i->row->form == FORM_GEI ? h->imul_i : h->imul, i, false);
    if (i->mod == 3)
        b->without_flags[op->number] = h->imul_quiet[i->row->form == FORM_GEI];
    op->d = i->reg;
    op->s = i->rm;
    op->u.v.immediate = (uint32_t)i->immediate;
    return true;
}

static bool emit_movx(struct builder *b, const struct op_handlers *h, const struct instruction *i)
{
    unsigned kind = i->row->argument;
    op_handler *const *handlers = kind == 0   ? h->movzx8
                                  : kind == 1 ? h->movzx16
                                  : kind == 2 ? h->movsx8
                                              : h->movsx16;
    struct op *op = add_either(b, handlers, i, false);
    op->d = i->reg;
    op->s = op_register(i->rm, kind & 1 ? 2 : 1);
    return true;
}

/* SETcc and CMOVcc, their handlers: of registers by condition, of memory by class. */
static bool emit_condition(struct builder *b, op_handler *const *of_registers, op_handler *const *of_memory,
                           const struct instruction *i)
{
    struct op *op = i->mod == 3 ? add_plain(b, of_registers[i->row->argument], i)
                                : add_memory(b, of_memory[address_class(b, i, i->row->fast == FAST_SETCC)], i);
    op->condition = i->row->argument;
    op->d = i->row->fast == FAST_SETCC ? op_register(i->rm, 1) : i->reg;
    op->s = i->rm;
    return true;
}

/* --- control transfer ------------------------------------------------------------------------------- */

/* Targets of a relative transfer; false: one is beyond CS' limit, the plain handler faults. */
static bool set_targets(struct builder *b, const struct instruction *i)
{
    uint64_t next = (b->ip + i->length) & 0xffffffffu;
    uint64_t target = (next + i->immediate) & mask_bytes(i->wide_size);
    if (target > b->cpu->segment[CPU_CS].limit)
        return false;
    b->target[0] = target;
    b->target[1] = next;
    b->has_ended = true;
    return true;
}

/* Is CF known to be 0 in front of an op? */
static bool carry_is_clear(const struct builder *b, unsigned number)
{
    while (number-- > 0)
        if (b->carry[number] != CARRY_KEPT)
            return b->carry[number] == CARRY_CLEAR;
    return false;
}

static bool emit_jcc(struct builder *b, const struct instruction *i)
{
    unsigned cc = i->row->argument, last = b->op_count - 1;
    if (!set_targets(b, i))
        return false;
    b->is_branch = true;
    if (TECHNIQUE_FUSION && b->op_count && b->fused[last] && b->fused[last][cc]) {
        struct op *op = &b->ops[last];
        op->handler = b->fused[last][cc];
        op->covers = 2;
        if (b->fused_clear[last] && carry_is_clear(b, last)) {
            op->handler = b->fused_clear[last][cc];
            b->kills[last] = ROW_FLAGS_A;
        }
        b->without_flags[last] = NULL;
        return true;
    }
    set_flags_of(b, builder_add(b, OPS_32.jcc[cc], i), i);
    return true;
}

static bool emit_call(struct builder *b, const struct op_handlers *h, const struct instruction *i)
{
    if (i->wide_size != i->operand_size || !set_targets(b, i))
        return false;
    add_stack(b, h->call[stack_class(b)], i)->u.v.immediate = (uint32_t)b->target[1];
    return true;
}

static bool emit_indirect(struct builder *b, const struct op_handlers *h,
                          const struct instruction *i)
{
    bool is_call = i->row->fast == FAST_CALL_E;
    struct op *op;
    if (i->mod == 3)
        op = builder_add(b, is_call ? h->call_r[stack_class(b)] : h->jmp_r, i);
    else
        op = add_memory(b, (is_call ? h->call_m : h->jmp_m)[address_class(b, i, false)], i);
    op->condition = stack_shift(b);
    op->s = i->rm;
    b->target[1] = (b->ip + i->length) & 0xffffffffu;
    op->u.v.immediate = (uint32_t)b->target[1];
    b->has_ended = true;
    return true;
}

static bool emit_ret(struct builder *b, const struct op_handlers *h, const struct instruction *i)
{
    add_stack(b, h->ret[stack_class(b)], i)->u.v.immediate = (uint32_t)i->immediate;
    b->has_ended = true;
    return true;
}

static bool emit_loop(struct builder *b, const struct instruction *i)
{
    if (!set_targets(b, i))
        return false;
    b->is_branch = true;
    builder_add(b, handlers_of(i->address_size)->loop, i);
    return true;
}

static bool emit_jmp(struct builder *b, const struct instruction *i)
{
    if (!set_targets(b, i))
        return false;
    builder_add(b, OPS_32.jmp, i);
    return true;
}

static bool emit_leave(struct builder *b, const struct op_handlers *h, const struct instruction *i)
{
    if (stack_class(b) != OP_STACK_F || i->operand_size != 4)
        return false;
    builder_add(b, h->leave, i);
    return true;
}

static bool emit_lea(struct builder *b, const struct op_handlers *h, const struct instruction *i)
{
    enum op_class class = i->address_size != 4 ? OP_W : i->index == REGISTER_ZERO ? OP_B : OP_F;
    struct op *op = add_plain(b, h->lea[class], i);
    op_set_memory(op, i);
    op->d = i->reg;
    return true;
}

bool emit_fast(struct builder *b, const struct instruction *i)
{
    const struct op_handlers *h = handlers_of(i->operand_size);
    enum op_form form;
    if (!h)
        return false;
    switch ((enum fast_family)i->row->fast) {
    case FAST_NO:
    case FAST_SHLD:
    case FAST_XADD:
    case FAST_CMPXCHG:
    case FAST_BT:
    case FAST_DIV:
    case FAST_PUSH_SEGMENT:
    case FAST_FLAGS: break;
    case FAST_ALU: return emit_alu(b, h, i);
    case FAST_TEST: return emit_test(b, h, i);
    case FAST_MOV: return add_two(b, h->mov, i, true, &form) != NULL;
    case FAST_INC: return emit_unary(b, h, i, i->row->argument ? OP_DEC : OP_INC);
    case FAST_NOT: return emit_unary(b, h, i, OP_NOT);
    case FAST_NEG: return emit_unary(b, h, i, OP_NEG);
    case FAST_MUL:
    case FAST_IMUL: return emit_multiply(b, h, i);
    case FAST_PUSH: return emit_push(b, h, i);
    case FAST_POP: return emit_pop(b, h, i);
    case FAST_LEAVE: return emit_leave(b, h, i);
    case FAST_LEA: return emit_lea(b, h, i);
    case FAST_XCHG: return emit_xchg(b, h, i);
    case FAST_NOP: return add_plain(b, OPS_32.nop, i) != NULL;
    case FAST_CBW: return add_plain(b, h->cbw, i) != NULL;
    case FAST_CWD: return add_plain(b, h->cwd, i) != NULL;
    case FAST_SHIFT: return emit_shift(b, h, i);
    case FAST_JCC: return emit_jcc(b, i);
    case FAST_SETCC: return emit_condition(b, h->setcc_r, h->setcc_m, i);
    case FAST_CMOV: return emit_condition(b, h->cmov_r, h->cmov_m, i);
    case FAST_LOOP: return emit_loop(b, i);
    case FAST_CALL: return emit_call(b, h, i);
    case FAST_JMP: return emit_jmp(b, i);
    case FAST_CALL_E:
    case FAST_JMP_E: return emit_indirect(b, h, i);
    case FAST_RET: return emit_ret(b, h, i);
    case FAST_MOVX: return emit_movx(b, h, i);
    case FAST_SAHF: return add_plain(b, op_sahf, i) != NULL;
    case FAST_STRING: return emit_string(b, i);
    case FAST_X87: return emit_x87(b, i);
    case FAST_IN:
    case FAST_OUT: return TECHNIQUE_PORTS && emit_port(b, i);
    case FAST_BSWAP:
        if (i->operand_size != 4)
            return false;
        add_plain(b, h->bswap, i)->d = i->opcode & 7;
        return true;
    }
    return false;
}

/* Plain handlers: moves, stack, near control transfer, the odds and ends. SDM 2 (2023). */
#include "cpu/execute.h"
#include "cpu/flags.h"
#include "cpu/segment.h"
#include "cpu/memory.h"

const struct opcode_row ROW_UNDEFINED = {
    .mnemonic = "(bad)", .execute = exec_ud, .digit = ROW_ANY, .attributes = ROW_END};
const struct opcode_row ROW_TOO_LONG = {
    .mnemonic = "(bad)", .execute = exec_too_long, .digit = ROW_ANY, .attributes = ROW_END};
const struct opcode_row ROW_CODE_LIMIT = {
    .mnemonic = "(bad)", .execute = exec_code_limit, .digit = ROW_ANY, .attributes = ROW_END};

/* Two-byte opcodes that later processors carry out: MMX, SSE, SSE2, POPCNT … (SDM 2 table A-3). */
static bool is_of_later_models(unsigned opcode)
{
    static const uint8_t ranges[][2] = {{0x10, 0x17}, {0x28, 0x2f}, {0x38, 0x38}, {0x3a, 0x3a},
                                        {0x50, 0x7f}, {0xae, 0xae}, {0xb8, 0xb8}, {0xc2, 0xc6},
                                        {0xd0, 0xfe}};
    if (opcode >> 8 == 0x38 || opcode >> 8 == 0x3a)
        return true;
    for (size_t n = 0; opcode >> 8 == 0x0f && n < ARRAY_COUNT(ranges); n++)
        if ((opcode & 0xff) >= ranges[n][0] && (opcode & 0xff) <= ranges[n][1])
            return true;
    return false;
}

/* Once a place: what the guest tried, so that nobody has to guess why it fails. */
static void report_missing(struct cpu *cpu)
{
    uint64_t linear = (cpu->segment[CPU_CS].base + cpu->ip) & 0xffffffffu;
    uint8_t bytes[8] = {0};
    char text[3 * sizeof bytes + 1] = "";
    size_t used = 0, count = cpu_peek(cpu, linear, bytes, sizeof bytes);
    if (!cpu->log || !log_first(cpu->log, linear ^ UINT64_C(0x5555) << 40))
        return;
    for (size_t n = 0; n < count; n++)
        text_append(text, sizeof text, &used, " %02x", bytes[n]);
    log_line(cpu->log, LOG_WARNING,
             "guest-error dev=cpu machine=%s cs:ip=%04x:%08x: instruction not implemented in this "
             "model:%s",
             cpu->name, cpu->segment[CPU_CS].selector, (unsigned)cpu->ip, text);
}

/* The 8086 knows no invalid opcodes. MISSING: what it does for those that nobody has published; here
 * they do nothing. */
void exec_ud(struct cpu *cpu, const struct instruction *i)
{
    if (cpu_model_is_8086(cpu->model))
        return;
    if (i->row == &ROW_UNDEFINED && is_of_later_models(i->opcode))
        report_missing(cpu);
    cpu_raise(cpu, VECTOR_UD);
}

void exec_too_long(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    cpu_fault_gp(cpu, "an instruction of more than 15 bytes");
}

void exec_code_limit(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    cpu_fault_gp(cpu, "execution beyond the limit of CS");
}

/* --- moves --------------------------------------------------------------------------------------- */

void exec_mov(struct cpu *cpu, const struct instruction *i)
{
    destination_write(cpu, i, source_read(cpu, i));
}

void exec_lea(struct cpu *cpu, const struct instruction *i)
{
    register_write(cpu, i->reg, i->operand_size, operand_address(cpu, i));
}

void exec_xchg(struct cpu *cpu, const struct instruction *i)
{
    uint64_t a = destination_modify(cpu, i), b = register_read(cpu, i->reg, i->operand_size);
    destination_write(cpu, i, b);
    register_write(cpu, i->reg, i->operand_size, a);
}

void exec_xchg_ax(struct cpu *cpu, const struct instruction *i)
{
    unsigned n = i->opcode & 7, bytes = i->operand_size;
    uint64_t a = register_read(cpu, CPU_AX, bytes);
    register_write(cpu, CPU_AX, bytes, register_read(cpu, n, bytes));
    register_write(cpu, n, bytes, a);
}

void exec_nop(struct cpu *cpu, const struct instruction *i)
{
    (void)cpu;
    (void)i;
}

void exec_movx(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->row->argument & 1 ? 2 : 1;
    uint64_t value = operand_read_sized(cpu, i, bytes), sign = UINT64_C(1) << (8 * bytes - 1);
    if (i->row->argument & 2)
        value = (value ^ sign) - sign;
    register_write(cpu, i->reg, i->operand_size, value);
}

void exec_cbw(struct cpu *cpu, const struct instruction *i)
{
    unsigned half = i->operand_size / 2u;
    uint64_t value = register_read(cpu, CPU_AX, half), sign = UINT64_C(1) << (8 * half - 1);
    register_write(cpu, CPU_AX, i->operand_size, (value ^ sign) - sign);
}

void exec_cwd(struct cpu *cpu, const struct instruction *i)
{
    uint64_t value = register_read(cpu, CPU_AX, i->operand_size);
    bool is_negative = value >> (8 * i->operand_size - 1) & 1;
    register_write(cpu, CPU_DX, i->operand_size, is_negative ? UINT64_MAX : 0);
}

void exec_sahf(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    cpu_flags_write(cpu, cpu->gpr[CPU_AX] >> 8, FLAGS_ARITHMETIC & ~FLAG_OF);
}

void exec_lahf(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    register_write(cpu, 4, 1, (cpu_flags_read(cpu) & (FLAGS_ARITHMETIC & ~FLAG_OF)) | 2);
}

void exec_salc(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    register_write(cpu, CPU_AX, 1, flags_cf(cpu) ? 0xff : 0);
}

void exec_xlat(struct cpu *cpu, const struct instruction *i)
{
    uint64_t offset = cpu->gpr[CPU_BX] + (cpu->gpr[CPU_AX] & 0xff);
    offset &= mask_bytes(i->address_size);
    register_write(cpu, CPU_AX, 1,
                   cpu_read_linear(cpu, cpu_segment_linear(cpu, i->segment, offset, 1, false), 1,
                                   ACCESS_DATA));
}

void exec_setcc(struct cpu *cpu, const struct instruction *i)
{
    operand_write(cpu, i, flags_condition(cpu, i->row->argument));
}

/* The source is read whatever the condition says, so that its faults come. */
void exec_cmov(struct cpu *cpu, const struct instruction *i)
{
    uint64_t value = operand_read(cpu, i);
    if (!flags_condition(cpu, i->row->argument))
        value = register_read(cpu, i->reg, i->operand_size);
    register_write(cpu, i->reg, i->operand_size, value);
}

void exec_carry(struct cpu *cpu, const struct instruction *i)
{
    bool carry = i->row->argument == 0 ? !flags_cf(cpu) : i->row->argument == 2;
    flags_change(cpu, FLAG_CF, carry ? FLAG_CF : 0);
}

void exec_direction(struct cpu *cpu, const struct instruction *i)
{
    cpu->flags_other = (cpu->flags_other & ~FLAG_DF) | (i->row->argument ? FLAG_DF : 0);
}

void exec_bound(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size;
    uint64_t sign = UINT64_C(1) << (8 * bytes - 1);
    int64_t low = (int64_t)((operand_read_at(cpu, i, 0, bytes) ^ sign) - sign);
    int64_t high = (int64_t)((operand_read_at(cpu, i, bytes, bytes) ^ sign) - sign);
    int64_t index = (int64_t)((register_read(cpu, i->reg, bytes) ^ sign) - sign);
    if (index < low || index > high)
        cpu_raise(cpu, VECTOR_BR);
}

/* --- stack ------------------------------------------------------------------------------------------ */

/* Of four bytes the 386 and the i486 write two: seen on both (barotto/test386.asm, its POST 9). */
void exec_push_segment(struct cpu *cpu, const struct instruction *i)
{
    uint16_t selector = cpu->segment[i->row->argument].selector;
    if (cpu->model->generation == GEN_386 || cpu->model->generation == GEN_486) {
        stack_write_below(cpu, i->operand_size, 2, selector);
        cpu_stack_move(cpu, -(int64_t)i->operand_size);
    } else {
        cpu_push(cpu, i->operand_size, selector);
    }
}

void exec_mov_from_segment(struct cpu *cpu, const struct instruction *i)
{
    if (!segment_exists(cpu, i->reg))
        cpu_raise(cpu, VECTOR_UD);
    operand_write_sized(cpu, i, i->mod == 3 ? i->operand_size : 2, cpu->segment[i->reg].selector);
}

void exec_push(struct cpu *cpu, const struct instruction *i)
{
    uint64_t value = source_read(cpu, i);
    /* The 8086 pushes SP as it is after the decrement (SDM 3B 23.2.4). */
    bool is_sp = i->opcode == 0x54 || (i->row->form == FORM_E && i->mod == 3 && i->rm == CPU_SP);
    if (cpu->model->generation == GEN_8086 && is_sp)
        value -= 2;
    cpu_push(cpu, i->operand_size, value);
}

void exec_pop(struct cpu *cpu, const struct instruction *i)
{
    uint64_t value = cpu_stack_read(cpu, 0, i->operand_size), sp = cpu->gpr[CPU_SP], offset, linear;
    if (i->row->form == FORM_R || i->mod == 3) {
        cpu_stack_move(cpu, i->operand_size);
        register_write(cpu, i->row->form == FORM_R ? i->opcode & 7 : i->rm, i->operand_size, value);
        return;
    }
    /* An address with SP counts from behind the pop (SDM 2, POP). */
    cpu_stack_move(cpu, i->operand_size);
    offset = operand_address(cpu, i);
    cpu->gpr[CPU_SP] = sp;
    linear = cpu_segment_linear(cpu, i->segment, offset, i->operand_size, true);
    cpu_write_linear(cpu, linear, i->operand_size, value, ACCESS_DATA);
    cpu_stack_move(cpu, i->operand_size);
}

void stack_write_below(struct cpu *cpu, unsigned below, unsigned bytes, uint64_t value)
{
    uint64_t sp = cpu->gpr[CPU_SP] - below;
    sp &= cpu->segment[CPU_SS].attributes & SEGMENT_DB ? 0xffffffffu : 0xffffu;
    cpu_write_linear(cpu, cpu_segment_linear(cpu, CPU_SS, sp, bytes, true), bytes, value,
                     ACCESS_DATA);
}

void exec_pusha(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size;
    uint8_t *frame = bytes == 4 ? stack_bytes(cpu, -32, 32, true) : NULL;
    if (frame) {
        for (unsigned n = 0; n < 8; n++)
            store_le32(frame + 28 - 4 * n, (uint32_t)cpu->gpr[n]);
        cpu->gpr[CPU_SP] = (uint32_t)(cpu->gpr[CPU_SP] - 32);
        return;
    }
    for (unsigned n = 0; n < 8; n++)
        stack_write_below(cpu, (n + 1) * bytes, bytes, register_read(cpu, n, bytes));
    cpu_stack_move(cpu, -8 * (int64_t)bytes);
}

void exec_popa(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size;
    uint64_t values[8];
    const uint8_t *frame = bytes == 4 ? stack_bytes(cpu, 0, 32, false) : NULL;
    if (frame) {
        uint64_t sp = (uint32_t)(cpu->gpr[CPU_SP] + 32);
        for (unsigned n = 0; n < 8; n++)
            cpu->gpr[7 - n] = load_le32(frame + 4 * n);
        cpu->gpr[CPU_SP] = sp;
        return;
    }
    for (unsigned n = 0; n < 8; n++)
        values[n] = cpu_stack_read(cpu, n * bytes, bytes);
    cpu_stack_move(cpu, 8 * (int64_t)bytes);
    for (unsigned n = 0; n < 8; n++)
        if (7 - n != CPU_SP)
            register_write(cpu, 7 - n, bytes, values[n]);
}

void exec_enter(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size, level = i->selector & 31u, below = bytes;
    uint64_t mask = cpu->segment[CPU_SS].attributes & SEGMENT_DB ? 0xffffffffu : 0xffffu;
    uint64_t frame, bp = cpu->gpr[CPU_BP];
    stack_write_below(cpu, below, bytes, register_read(cpu, CPU_BP, bytes));
    /* SDM 2A ENTER: FrameTemp is ESP where operands have 32 bits, also on a stack of 16 (silicon). */
    frame = (cpu->gpr[CPU_SP] & ~mask) | ((cpu->gpr[CPU_SP] - below) & mask);
    for (unsigned n = 1; n < level; n++) {
        bp = (bp - bytes) & mask;
        uint64_t linear = cpu_segment_linear(cpu, CPU_SS, bp, bytes, false);
        below += bytes;
        stack_write_below(cpu, below, bytes, cpu_read_linear(cpu, linear, bytes, ACCESS_DATA));
    }
    if (level) {
        below += bytes;
        stack_write_below(cpu, below, bytes, frame);
    }
    /* A write at the new stack pointer must be possible (SDM 2A, ENTER: #PF, #SS, #AC). */
    uint64_t sp = (cpu->gpr[CPU_SP] - below - i->immediate) & mask;
    if (!i->row->argument || !cpu_uses_paragraphs(cpu))
        cpu_check_write(cpu, cpu_segment_linear(cpu, CPU_SS, sp, bytes, true), bytes, cpu->cpl);
    register_write(cpu, CPU_BP, bytes, frame);
    cpu_stack_move(cpu, -(int64_t)(below + i->immediate));
}

void exec_leave(struct cpu *cpu, const struct instruction *i)
{
    uint64_t mask = cpu->segment[CPU_SS].attributes & SEGMENT_DB ? 0xffffffffu : 0xffffu;
    uint64_t sp = cpu->gpr[CPU_BP] & mask;
    uint64_t linear = cpu_segment_linear(cpu, CPU_SS, sp, i->operand_size, false);
    uint64_t value = cpu_read_linear(cpu, linear, i->operand_size, ACCESS_DATA);
    cpu->gpr[CPU_SP] = (cpu->gpr[CPU_SP] & ~mask) | ((sp + i->operand_size) & mask);
    register_write(cpu, CPU_BP, i->operand_size, value);
}

/* --- near control transfer ----------------------------------------------------------------------------- */

static void check_target(struct cpu *cpu, uint64_t target)
{
    if (target > cpu->segment[CPU_CS].limit)
        cpu_fault(cpu, VECTOR_GP, 0, "jump to offset % beyond the limit of CS", (uint32_t)target, 0);
}

static uint64_t relative_target(const struct cpu *cpu, const struct instruction *i)
{
    return (cpu->next_ip + i->immediate) & mask_bytes(i->wide_size);
}

void jump_near(struct cpu *cpu, uint64_t target)
{
    check_target(cpu, target);
    cpu->next_ip = target;
}

void exec_jcc(struct cpu *cpu, const struct instruction *i)
{
    if (flags_condition(cpu, i->row->argument))
        jump_near(cpu, relative_target(cpu, i));
}

void exec_jmp(struct cpu *cpu, const struct instruction *i)
{
    jump_near(cpu, relative_target(cpu, i));
}

void exec_loop(struct cpu *cpu, const struct instruction *i)
{
    unsigned kind = i->row->argument;
    uint64_t count = register_read(cpu, CPU_CX, i->address_size);
    bool is_taken;
    if (kind == 3) {
        is_taken = count == 0;
    } else {
        count = (count - 1) & mask_bytes(i->address_size);
        is_taken = count != 0 && (kind == 2 || flags_zf(cpu) == (kind == 1));
    }
    if (is_taken)
        jump_near(cpu, relative_target(cpu, i));
    if (kind != 3)
        register_write(cpu, CPU_CX, i->address_size, count);
}

void call_near(struct cpu *cpu, const struct instruction *i, uint64_t target)
{
    check_target(cpu, target);
    cpu_push(cpu, i->operand_size, cpu->next_ip);
    cpu->next_ip = target;
}

void exec_call(struct cpu *cpu, const struct instruction *i)
{
    call_near(cpu, i, relative_target(cpu, i));
}

void exec_call_e(struct cpu *cpu, const struct instruction *i)
{
    call_near(cpu, i, operand_read(cpu, i));
}

void exec_jmp_e(struct cpu *cpu, const struct instruction *i)
{
    jump_near(cpu, operand_read(cpu, i));
}

void exec_ret(struct cpu *cpu, const struct instruction *i)
{
    uint64_t target = cpu_stack_read(cpu, 0, i->operand_size);
    jump_near(cpu, target);
    cpu_stack_move(cpu, (int64_t)(i->operand_size + i->immediate));
}

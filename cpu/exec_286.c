/* Plain handlers of the 80286 (ops_286.def): results as on later processors, and the flags that the manuals
 * leave undefined as the chip leaves them.
 *
 * Specification: captures of a Harris 80C286 (SingleStepTests/80286 v1), whose 65,000 cases agree.
 * MISSING: flags that a division leaves which ends in exception 0. */
#include "cpu/execute.h"
#include "cpu/flags.h"

/* --- shifts ---------------------------------------------------------------------------------------- */

/* AF: to the left the carry of the last value + value out of bit 3; to the right it is set. */
void exec_shift_286(struct cpu *cpu, const struct instruction *i)
{
    unsigned digit = i->row->argument;
    unsigned count = (unsigned)(i->row->form == FORM_EI ? i->immediate : source_read(cpu, i)) & 31;
    uint64_t value = destination_modify(cpu, i);
    uint64_t r = shift_with_flags(cpu, digit, i->operand_size, value, count);
    if (count > 0)
        flags_change(cpu, FLAG_AF, digit & 1 ? FLAG_AF : (uint32_t)r & FLAG_AF);
    destination_write(cpu, i, r);
}

/* --- multiply and divide ---------------------------------------------------------------------------- */

/* SF, ZF and PF are those of the upper half, AF is set. */
static void multiply_flags(struct cpu *cpu, unsigned bytes, uint64_t upper, bool is_wide)
{
    flags_set(cpu, FLAGS_RESULT, flags_log2(bytes), upper & mask_bytes(bytes),
              FLAG_AF | (is_wide ? FLAG_CF | FLAG_OF : 0));
}

static uint64_t upper_half(const struct cpu *cpu, unsigned bytes)
{
    return bytes == 1 ? cpu->gpr[CPU_AX] >> 8 & 0xff : cpu->gpr[CPU_DX] & mask_bytes(bytes);
}

void exec_mul_286(struct cpu *cpu, const struct instruction *i)
{
    if (i->row->argument)
        exec_imul1(cpu, i);
    else
        exec_mul(cpu, i);
    multiply_flags(cpu, i->operand_size, upper_half(cpu, i->operand_size), flags_cf(cpu));
}

void exec_imul_286(struct cpu *cpu, const struct instruction *i)
{
    uint64_t product =
        operand_sign_extend(operand_read(cpu, i), 2) * operand_sign_extend(i->immediate, 2);
    register_write(cpu, i->reg, 2, product & 0xffff);
    multiply_flags(cpu, 2, product >> 16, operand_sign_extend(product, 2) != product);
}

/* SF, ZF and PF are those of the remainder, AF is set. CF and OF: for DIV the borrow of the last step,
 * which compares without the bit that the step before has shifted out; for IDIV, is the divisor positive? */
void division_flags_286(struct cpu *cpu, unsigned bytes, uint64_t divisor, bool is_signed)
{
    uint64_t remainder = upper_half(cpu, bytes), mask = mask_bytes(bytes);
    bool carry = is_signed ? !(divisor >> (8 * bytes - 1) & 1)
                           : ((cpu->gpr[CPU_AX] & 1 ? remainder + divisor : remainder) & mask) < divisor;
    flags_set(cpu, FLAGS_RESULT, flags_log2(bytes), remainder,
              FLAG_AF | (carry ? FLAG_CF | FLAG_OF : 0));
}

void exec_div_286(struct cpu *cpu, const struct instruction *i)
{
    bool is_signed = i->row->argument;
    uint64_t divisor = operand_read(cpu, i);
    if (is_signed)
        divide_signed(cpu, i->operand_size, divisor);
    else
        divide_unsigned(cpu, i->operand_size, divisor);
    division_flags_286(cpu, i->operand_size, divisor, is_signed);
}

/* --- decimal and ASCII adjust ----------------------------------------------------------------------- */

/* The flags of the addition or subtraction that adjusts AL, but for CF and AF. */
static void adjust_flags(struct cpu *cpu, bool is_subtract, unsigned al, unsigned by)
{
    uint32_t kept = flags_arithmetic(cpu) & (FLAG_CF | FLAG_AF);
    alu_with_flags(cpu, is_subtract ? ALU_SUB : ALU_ADD, 1, al, by);
    flags_change(cpu, FLAG_CF | FLAG_AF, kept);
}

void exec_daa_286(struct cpu *cpu, const struct instruction *i)
{
    unsigned al = (unsigned)cpu->gpr[CPU_AX] & 0xff, by;
    bool is_subtract = i->row->argument;
    exec_daa(cpu, i);
    by = (unsigned)cpu->gpr[CPU_AX] & 0xff;
    adjust_flags(cpu, is_subtract, al, (is_subtract ? al - by : by - al) & 0xff);
}

void exec_aaa_286(struct cpu *cpu, const struct instruction *i)
{
    unsigned al = (unsigned)cpu->gpr[CPU_AX] & 0xff;
    exec_aaa(cpu, i);
    adjust_flags(cpu, i->row->argument, al, flags_cf(cpu) ? 6 : 0);
}

/* Those of the addition; OF is its carry. */
void exec_aad_286(struct cpu *cpu, const struct instruction *i)
{
    unsigned ax = (unsigned)cpu->gpr[CPU_AX] & 0xffff;
    unsigned product = (ax >> 8) * (unsigned)i->immediate & 0xff;
    uint64_t al = alu_with_flags(cpu, ALU_ADD, 1, ax & 0xff, product);
    flags_change(cpu, FLAG_OF, flags_cf(cpu) ? FLAG_OF : 0);
    register_write(cpu, CPU_AX, 2, al);
}

/* Plain handlers of the 8086 and 8088 where they differ from every later processor (ops_8086.def).
 *
 * Specification: the microcode as published by Andrew Jenner, "8086 microcode disassembled" (2020);
 * captures of an 8088 (SingleStepTests/8088 v2); SDM 3B 23 for what changed with the 80286.
 * MISSING: the flags of MUL, IMUL, DIV, IDIV and AF of shifts, which the manual leaves undefined. */
#include "cpu/execute.h"
#include "cpu/flags.h"
#include "cpu/segment.h"

/* A division that fails is interrupt 0 and no fault: the address of the next instruction is pushed. */
static _Noreturn void divide_error(struct cpu *cpu)
{
    cpu->ip = cpu->next_ip & 0xffff;
    cpu_raise(cpu, VECTOR_DE);
}

/* REP in front sets the flag that the microcode inverts for each negative operand. */
static bool has_rep(const struct instruction *i)
{
    return i->prefixes & (PREFIX_REP | PREFIX_REPNE);
}

static uint64_t magnitude(uint64_t value, unsigned bytes, bool is_signed, bool *is_negative)
{
    uint64_t wide = operand_sign_extend(value, bytes);
    if (!is_signed || !(wide >> 63))
        return value & mask_bytes(bytes);
    *is_negative = !*is_negative;
    return 0 - wide;
}

static void write_pair(struct cpu *cpu, unsigned bytes, uint64_t low, uint64_t high)
{
    if (bytes == 1) {
        register_write(cpu, CPU_AX, 2, (low & 0xff) | (high & 0xff) << 8);
        return;
    }
    register_write(cpu, CPU_AX, 2, low);
    register_write(cpu, CPU_DX, 2, high);
}

void exec_mul_8086(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size, bits = 8 * bytes;
    bool is_signed = i->row->argument, is_negative = has_rep(i), is_wide;
    uint64_t b = magnitude(operand_read(cpu, i), bytes, is_signed, &is_negative);
    uint64_t a = magnitude(register_read(cpu, CPU_AX, bytes), bytes, is_signed, &is_negative);
    uint64_t product = is_negative ? 0 - a * b : a * b;
    product &= mask_bytes(2 * bytes);
    is_wide = is_signed ? operand_sign_extend(product, bytes) !=
                              operand_sign_extend(product, 2 * bytes)
                        : product >> bits != 0;
    write_pair(cpu, bytes, product, product >> bits);
    flags_set(cpu, FLAGS_RESULT, flags_log2(bytes), product & mask_bytes(bytes),
              is_wide ? FLAG_CF | FLAG_OF : 0);
}

/* QUIRK: a signed quotient of -128 or -32,768 fails too, and REP changes its sign. */
void exec_div_8086(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size;
    bool is_signed = i->row->argument, is_negative = is_signed && has_rep(i), was_negative = false;
    uint64_t high = bytes == 1 ? register_read(cpu, 4, 1) : cpu->gpr[CPU_DX] & 0xffff;
    uint64_t dividend = register_read(cpu, CPU_AX, bytes) | high << (8 * bytes);
    uint64_t limit = is_signed ? mask_bytes(bytes) >> 1 : mask_bytes(bytes), a, b;
    b = magnitude(operand_read(cpu, i), bytes, is_signed, &is_negative);
    a = magnitude(dividend, 2 * bytes, is_signed, &was_negative);
    if (b == 0 || a / b > limit)
        divide_error(cpu);
    write_pair(cpu, bytes, is_negative != was_negative ? 0 - a / b : a / b,
               was_negative ? 0 - a % b : a % b);
}

/* --- decimal ------------------------------------------------------------------------------------- */

/* The flags of one addition or subtraction, but for CF and AF: captures of the chip. */
static unsigned adjust(struct cpu *cpu, bool is_subtract, unsigned al, unsigned by, bool carry,
                       bool auxiliary)
{
    unsigned result = (unsigned)alu_with_flags(cpu, is_subtract ? ALU_SUB : ALU_ADD, 1, al, by);
    flags_change(cpu, FLAG_CF | FLAG_AF, (carry ? FLAG_CF : 0) | (auxiliary ? FLAG_AF : 0));
    return result;
}

/* QUIRK: with AF set the upper digit is compared with 9Fh: right for 9Ah-9Fh only below. */
void exec_daa_8086(struct cpu *cpu, const struct instruction *i)
{
    uint32_t flags = flags_arithmetic(cpu);
    unsigned al = (unsigned)cpu->gpr[CPU_AX] & 0xff;
    bool auxiliary = (al & 15) > 9 || flags & FLAG_AF;
    bool carry = al > (flags & FLAG_AF ? 0x9fu : 0x99u) || flags & FLAG_CF;
    unsigned by = (auxiliary ? 0x06u : 0u) + (carry ? 0x60u : 0u);
    register_write(cpu, CPU_AX, 1, adjust(cpu, i->row->argument, al, by, carry, auxiliary));
}

/* AL alone is adjusted: no carry goes from it to AH (later processors work on AX). */
void exec_aaa_8086(struct cpu *cpu, const struct instruction *i)
{
    unsigned al = (unsigned)cpu->gpr[CPU_AX] & 0xff, ah = (unsigned)cpu->gpr[CPU_AX] >> 8 & 0xff;
    bool is_subtract = i->row->argument;
    bool is_adjusted = (al & 15) > 9 || flags_arithmetic(cpu) & FLAG_AF;
    al = adjust(cpu, is_subtract, al, is_adjusted ? 6 : 0, is_adjusted, is_adjusted);
    if (is_adjusted)
        ah += is_subtract ? 0xff : 1;
    register_write(cpu, CPU_AX, 2, (ah & 0xff) << 8 | (al & 15));
}

void exec_aam_8086(struct cpu *cpu, const struct instruction *i)
{
    if (i->immediate == 0)
        divide_error(cpu);
    exec_aam(cpu, i);
}

/* --- shifts ---------------------------------------------------------------------------------------- */

void exec_shift_8086(struct cpu *cpu, const struct instruction *i)
{
    unsigned digit = i->row->argument, bytes = i->operand_size, bits = 8 * bytes;
    unsigned count = (unsigned)source_read(cpu, i);
    uint64_t value = destination_modify(cpu, i);
    uint32_t flags = 0;
    if (count == 0)
        return;
    if (digit == 6)
        value = mask_bytes(bytes);
    else /* more than all bits is as one more */
        value = shift_value(digit, bytes, value, digit >= 4 && count > bits ? bits + 1 : count,
                            flags_cf(cpu), &flags);
    if (digit < 4)
        flags_change(cpu, FLAG_CF | FLAG_OF, flags);
    else
        flags_set(cpu, FLAGS_RESULT, flags_log2(bytes), value, flags);
    destination_write(cpu, i, value);
}

/* --- segment registers: two bits of ModRM.reg count ----------------------------------------------- */

void exec_mov_from_segment_8086(struct cpu *cpu, const struct instruction *i)
{
    operand_write_sized(cpu, i, 2, cpu->segment[i->reg & 3].selector);
}

void exec_mov_to_segment_8086(struct cpu *cpu, const struct instruction *i)
{
    segment_load(cpu, i->reg & 3, (uint16_t)operand_read_sized(cpu, i, 2));
    cpu->interrupt_shadow = cpu->shadow_blocks_debug = true;
}

/* What follows is fetched from the new segment. (The chip has up to four bytes of the old one in its
 * queue still: MISSING.) */
void exec_pop_cs_8086(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    segment_load(cpu, CPU_CS, (uint16_t)cpu_pop(cpu, 2));
    cpu->interrupt_shadow = cpu->shadow_blocks_debug = true;
}

/* Plain handlers of the 8086 and 8088 where they differ from every later processor (ops_8086.def).
 *
 * Specification: the microcode as published by Andrew Jenner, "8086 microcode disassembled" (2020);
 * captures of an 8088 (SingleStepTests/8088 v2 and v2_undefined, by what is published about them);
 * Ken Shirriff, "Reverse-engineering the multiplication algorithm in the Intel 8086 processor" and
 * "... the division microcode ..." (2023); SDM 3B 23 for what changed with the 80286. */
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

/* The flags are those of an addition that asks whether the upper half says anything: to it the carry of
 * the lower half's sign is added for IMUL, nothing for MUL. CF and OF say whether zero came out. */
static void product_flags(struct cpu *cpu, unsigned bytes, uint64_t high, bool carry)
{
    uint64_t sum = (high + carry) & mask_bytes(bytes);
    flags_set(cpu, FLAGS_RESULT, flags_log2(bytes), sum,
              ((high ^ sum) & FLAG_AF) | (sum ? FLAG_CF | FLAG_OF : 0));
}

void exec_mul_8086(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size, bits = 8 * bytes;
    bool is_signed = i->row->argument, is_negative = has_rep(i);
    uint64_t b = magnitude(operand_read(cpu, i), bytes, is_signed, &is_negative);
    uint64_t a = magnitude(register_read(cpu, CPU_AX, bytes), bytes, is_signed, &is_negative);
    uint64_t product = is_negative ? 0 - a * b : a * b;
    product &= mask_bytes(2 * bytes);
    write_pair(cpu, bytes, product, product >> bits);
    product_flags(cpu, bytes, product >> bits, is_signed && product >> (bits - 1) & 1);
}

/* One bit of the quotient a step, as on paper; false: the quotient has more bits. The flags are those of
 * the last trial subtraction; first of the upper half, which must be below the divisor. A bit that left
 * the remainder makes the subtraction certain: there is no trial. CF is the quotient's top bit, inverted,
 * since the microcode collects borrows. */
static bool divide_8086(struct cpu *cpu, unsigned bytes, uint64_t *high, uint64_t *low,
                        uint64_t divisor)
{
    uint64_t mask = mask_bytes(bytes), top = mask ^ mask >> 1, r = *high, q = *low, tried = r;
    bool fits = r < divisor;
    for (unsigned n = 0; fits && n < 8 * bytes; n++) {
        bool is_certain = r & top;
        r = (r << 1 | (q & top ? 1 : 0)) & mask;
        q = q << 1 & mask;
        if (!is_certain)
            tried = r;
        if (is_certain || r >= divisor) {
            r = (r - divisor) & mask;
            q |= 1;
        }
    }
    alu_with_flags(cpu, ALU_CMP, bytes, tried, divisor);
    if (fits)
        flags_change(cpu, FLAG_CF, q & top ? 0 : FLAG_CF);
    *high = r;
    *low = q;
    return fits;
}

/* QUIRK: a signed quotient of -128 or -32,768 fails too, and REP changes its sign. */
void exec_div_8086(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size;
    bool is_signed = i->row->argument, is_negative = is_signed && has_rep(i), was_negative = false;
    uint64_t high = bytes == 1 ? register_read(cpu, 4, 1) : cpu->gpr[CPU_DX] & 0xffff, low;
    uint64_t divisor = magnitude(operand_read(cpu, i), bytes, is_signed, &is_negative);
    low = magnitude(register_read(cpu, CPU_AX, bytes) | high << (8 * bytes), 2 * bytes, is_signed,
                    &was_negative);
    high = low >> (8 * bytes);
    low &= mask_bytes(bytes);
    if (!divide_8086(cpu, bytes, &high, &low, divisor) || (is_signed && !flags_cf(cpu)))
        divide_error(cpu);
    if (is_signed)
        flags_change(cpu, FLAG_CF | FLAG_OF, 0);
    write_pair(cpu, bytes, is_negative != was_negative ? 0 - low : low,
               was_negative ? 0 - high : high);
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

/* Divides as DIV does: by zero it ends behind the comparison of the upper half, which is 0, with 0. */
void exec_aam_8086(struct cpu *cpu, const struct instruction *i)
{
    if (i->immediate == 0) {
        alu_with_flags(cpu, ALU_CMP, 1, 0, 0);
        divide_error(cpu);
    }
    exec_aam(cpu, i);
}

/* The flags are those of the addition. */
void exec_aad_8086(struct cpu *cpu, const struct instruction *i)
{
    unsigned ax = (unsigned)cpu->gpr[CPU_AX] & 0xffff;
    uint64_t tens = (ax >> 8) * i->immediate & 0xff;
    register_write(cpu, CPU_AX, 2, alu_with_flags(cpu, ALU_ADD, 1, ax & 0xff, tens));
}

/* --- shifts ---------------------------------------------------------------------------------------- */

/* AF of a shift to the left is the carry of value + value out of bit 3: bit 4 of the result. */
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
        flags_set(cpu, FLAGS_RESULT, flags_log2(bytes), value,
                  flags | (digit == 4 ? (uint32_t)value & FLAG_AF : 0));
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

/* --- group 5 with bytes, and with far pointers in registers ------------------------------------------ */

/* A byte takes as much of the stack as a word, half of which is not written. */
static void push_part(struct cpu *cpu, unsigned bytes, uint64_t value)
{
    cpu_stack_move(cpu, -2);
    cpu_write_linear(cpu, cpu_segment_linear(cpu, CPU_SS, cpu->gpr[CPU_SP] & 0xffff, bytes, true),
                     bytes, value & mask_bytes(bytes), ACCESS_DATA);
}

/* A byte from memory comes with ones in the upper half. */
static uint16_t widen(unsigned bytes, uint64_t value)
{
    return (uint16_t)(bytes == 1 ? 0xff00 | value : value);
}

/* FE /2, /4, /6, /7: the argument is the digit. A register of a byte is half of its pair: the target of a
 * call or jump has the other half above it. */
void exec_group5_8086(struct cpu *cpu, const struct instruction *i)
{
    unsigned digit = i->row->argument;
    uint64_t value = operand_read(cpu, i);
    uint16_t target =
        i->mod == 3 ? (uint16_t)(value | register_read(cpu, i->rm ^ 4, 1) << 8) : widen(1, value);
    if (digit != 4)
        push_part(cpu, 1, digit == 2 ? cpu->next_ip : value);
    if (digit < 6)
        cpu->next_ip = target;
}

/* FE and FF, /3 and /5. A register has no pointer: the chip goes on four bytes before the instruction, in
 * the segment that it reads at offset 4 (FE: always of DS). */
void exec_far_8086(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size;
    uint64_t linear;
    uint16_t target = (uint16_t)(cpu->ip - 4), selector;
    if (i->mod == 3) {
        unsigned segment = bytes == 1 ? CPU_DS : i->segment;
        linear = cpu_segment_linear(cpu, segment, 4, bytes, false);
        selector = widen(bytes, cpu_read_linear(cpu, linear, bytes, ACCESS_DATA));
    } else {
        target = widen(bytes, operand_read_at(cpu, i, 0, bytes));
        selector = widen(bytes, operand_read_at(cpu, i, 2, bytes));
    }
    if (i->row->argument == 3) {
        push_part(cpu, bytes, cpu->segment[CPU_CS].selector);
        push_part(cpu, bytes, cpu->next_ip);
    }
    segment_load(cpu, CPU_CS, selector);
    cpu->next_ip = target;
}

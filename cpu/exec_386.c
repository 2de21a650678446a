/* Plain handlers of the 80386 (ops_386.def): results as on later processors but for a few quirks, and the flags
 * that the manuals leave undefined as the chip leaves them.
 *
 * Specification: what is published about the captures of an Intel 386EX (SingleStepTests/80386, README, its masks
 * and issues 3 and 4) and by emulators that pass them (mras0/xemu, avwohl/qxDOS); what was seen on a 386SX
 * (barotto/test386.asm, its POST E0h).
 * MISSING: what MUL, IMUL, DIV and IDIV leave in SF, ZF, AF and PF, of the latter CF and OF too. */
#include "cpu/execute.h"
#include "cpu/flags.h"
#include "cpu/segment.h"

/* --- shifts ---------------------------------------------------------------------------------------- */

/* AF is set; CF and OF are those of the last step. QUIRK: a byte moved by 16 or 24 leaves in CF what one
 * moved by 8 leaves. */
void exec_shift_386(struct cpu *cpu, const struct instruction *i)
{
    unsigned digit = i->row->argument, bytes = i->operand_size;
    unsigned count = (unsigned)(i->row->form == FORM_EI ? i->immediate : source_read(cpu, i)) & 31;
    uint64_t value = destination_modify(cpu, i);
    uint64_t r = shift_with_flags(cpu, digit, bytes, value, count);
    if (count > 0)
        flags_change(cpu, FLAG_AF, FLAG_AF);
    if (bytes == 1 && count >= 16 && count % 8 == 0 && digit != 7) {
        bool is_right = digit & 1, carry = value & (is_right ? 0x80 : 1);
        flags_change(cpu, FLAG_CF | FLAG_OF,
                     (carry ? FLAG_CF : 0) | (carry && !is_right ? FLAG_OF : 0));
    }
    destination_write(cpu, i, r);
}

/* The operands behind each other, the one that moves on the side it leaves; 16 bits have the source twice,
 * for counts above 16. AF is set, CF and OF are those of the last step. */
void exec_shld_386(struct cpu *cpu, const struct instruction *i)
{
    bool is_right = i->row->argument, by_cl = i->row->immediate == IMM_NO, carry;
    unsigned bits = 8 * i->operand_size, count, last_sign;
    uint64_t a = destination_modify(cpu, i), b = register_read(cpu, i->reg, i->operand_size), wide,
             r;
    count = (unsigned)(by_cl ? cpu->gpr[CPU_CX] : i->immediate) & 31;
    if (count == 0)
        return;
    if (is_right) {
        wide = bits == 16 ? b << 32 | b << 16 | a : b << 32 | a;
        r = wide >> count;
        carry = wide >> (count - 1) & 1;
        last_sign = wide >> (count + bits - 2) & 1;
    } else {
        wide = bits == 16 ? a << 32 | b << 16 | b : a << 32 | b;
        r = wide >> (32 - count);
        carry = wide >> (bits + 32 - count) & 1;
        last_sign = carry;
    }
    r &= mask_bytes(i->operand_size);
    destination_write(cpu, i, r);
    flags_set(cpu, FLAGS_RESULT, flags_log2(i->operand_size), r,
              FLAG_AF | (carry ? FLAG_CF : 0) | ((r >> (bits - 1)) != last_sign ? FLAG_OF : 0));
}

/* --- bits ---------------------------------------------------------------------------------------------- */

/* The value has been rotated to have the bit in CF: OF says whether the two below differ. */
void exec_bt_386(struct cpu *cpu, const struct instruction *i)
{
    unsigned bits = 8 * i->operand_size, bit;
    uint64_t value = bit_test(cpu, i, &bit), twice = value | value << bits;
    bool overflow = (twice >> (bit + bits - 1) ^ twice >> (bit + bits - 2)) & 1;
    flags_change(cpu, FLAG_CF | FLAG_OF,
                 (value >> bit & 1 ? FLAG_CF : 0) | (overflow ? FLAG_OF : 0));
}

static bool bit_of(uint64_t value, unsigned bit)
{
    return bit < 64 && value >> bit & 1;
}

/* The search begins with 0 - source, whose flags stay where nothing else is shifted. */
static unsigned negated_flags(struct cpu *cpu, unsigned bytes, uint64_t value)
{
    alu_with_flags(cpu, ALU_SUB, bytes, 0, value);
    return flags_arithmetic(cpu) & (FLAG_SF | FLAG_AF | FLAG_PF);
}

/* No bit: the destination keeps what it had. */
void exec_bsf_386(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size, bit = 0;
    uint64_t value = operand_read(cpu, i);
    uint32_t flags;
    if (value == 0) {
        flags_set_explicit(cpu, FLAG_ZF | FLAG_PF);
        return;
    }
    for (; !bit_of(value, bit); bit++)
        ;
    if (bit == 0) {
        flags = negated_flags(cpu, bytes, value) | (bit_of(value, 1) ? FLAG_CF : 0) |
                (bit_of(value, 8 * bytes - 1) ? FLAG_OF : 0);
    } else {
        flags = flags_parity(bit) ? FLAG_PF : 0;
    }
    register_write(cpu, i->reg, bytes, bit);
    flags_set_explicit(cpu, flags);
}

void exec_bsr_386(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size, bit = 8 * bytes - 1;
    uint64_t value = operand_read(cpu, i);
    uint32_t flags = negated_flags(cpu, bytes, value);
    if (value == 0) {
        flags_set_explicit(cpu, flags | FLAG_ZF);
        return;
    }
    for (; !bit_of(value, bit); bit--)
        ;
    /* OF is the sign of the next step; there is none below bit 0 */
    bool carry = bit_of(value, bit - 1);
    bool overflow = bit == 0 || carry != bit_of(value, bit - 2);
    register_write(cpu, i->reg, bytes, bit);
    flags_set_explicit(cpu, flags | (carry ? FLAG_CF : 0) | (overflow ? FLAG_OF : 0));
}

/* --- divide, decimal adjust ------------------------------------------------------------------------- */

/* QUIRK: of a byte, a quotient that should fail as too negative comes out as 80h where the dividend is
 * 4000h too large for it. */
void exec_idiv_386(struct cpu *cpu, const struct instruction *i)
{
    unsigned divisor = (unsigned)operand_read(cpu, i),
             dividend = (unsigned)cpu->gpr[CPU_AX] & 0xffff;
    bool is_negative_a = dividend & 0x8000, is_negative_b = divisor & 0x80;
    unsigned a = is_negative_a ? 0x10000 - dividend : dividend,
             b = is_negative_b ? 0x100 - divisor : divisor;
    unsigned excess = a - 0x80 * b - 0x4000; /* the remainder, if it is one */
    if (is_negative_a != is_negative_b && excess < b)
        register_write(cpu, CPU_AX, 2, ((is_negative_a ? 0 - excess : excess) & 0xff) << 8 | 0x80);
    else
        divide_signed(cpu, 1, divisor);
    division_flags_286(cpu, 1, divisor, true); /* as exec_idiv() has it */
}

/* By zero: what the exception pushes. */
void exec_aam_386(struct cpu *cpu, const struct instruction *i)
{
    if (i->immediate == 0)
        flags_set_explicit(cpu, flags_parity(cpu->gpr[CPU_AX] & 0xfe) ? FLAG_PF : 0);
    exec_aam(cpu, i);
}

/* --- stack ------------------------------------------------------------------------------------------- */

/* From the lowest register up: a fault leaves those below it written. */
void exec_pusha_386(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size;
    for (unsigned n = 8; n-- > 0;)
        stack_write_below(cpu, (n + 1) * bytes, bytes, register_read(cpu, n, bytes));
    cpu_stack_move(cpu, -8 * (int64_t)bytes);
}

/* A fault leaves the registers loaded that come before it. QUIRK: in real mode, on a stack of 64 KiB, POPAD takes the
 * upper half of ESP from the stack. Protected mode is not captured: there the manual holds. */
void exec_popa_386(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size;
    uint64_t sp = 0;
    for (unsigned n = 8; n-- > 0;) {
        uint64_t value = cpu_stack_read(cpu, (7 - n) * bytes, bytes);
        if (n == CPU_SP)
            sp = value;
        else
            register_write(cpu, n, bytes, value);
    }
    cpu_stack_move(cpu, 8 * (int64_t)bytes);
    if (bytes == 4 && cpu_uses_paragraphs(cpu) && !(cpu->segment[CPU_SS].attributes & SEGMENT_DB))
        cpu->gpr[CPU_SP] = (sp & 0xffff0000u) | (cpu->gpr[CPU_SP] & 0xffff);
}

/* --- control transfer -------------------------------------------------------------------------------- */

/* QUIRK: in real mode indirect and far targets lose their upper half; relative ones and those of returns
 * are checked. */
static uint64_t target_of(const struct cpu *cpu, uint64_t target)
{
    return cpu_uses_paragraphs(cpu) ? target & 0xffff : target;
}

void exec_call_e_386(struct cpu *cpu, const struct instruction *i)
{
    call_near(cpu, i, target_of(cpu, operand_read(cpu, i)));
}

void exec_jmp_e_386(struct cpu *cpu, const struct instruction *i)
{
    jump_near(cpu, target_of(cpu, operand_read(cpu, i)));
}

/* The pointer as in an instruction that has it as an immediate. */
static struct instruction with_pointer(struct cpu *cpu, const struct instruction *i)
{
    struct instruction direct = *i;
    if (i->has_memory) {
        direct.immediate = operand_read_at(cpu, i, 0, i->wide_size);
        direct.selector = (uint16_t)operand_read_at(cpu, i, i->wide_size, 2);
    }
    direct.immediate = target_of(cpu, direct.immediate);
    return direct;
}

void exec_call_far_386(struct cpu *cpu, const struct instruction *i)
{
    struct instruction direct = with_pointer(cpu, i);
    sys_call_far(cpu, &direct);
}

void exec_jump_far_386(struct cpu *cpu, const struct instruction *i)
{
    struct instruction direct = with_pointer(cpu, i);
    sys_jump_far(cpu, &direct);
}

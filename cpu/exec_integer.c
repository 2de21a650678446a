/* Plain handlers: arithmetic, logic, shifts, bits, decimal adjust. SDM 2 (2023), by mnemonic.
 *
 * Flags that the manual calls undefined are what P6 processors leave where that is known: AF = 0
 * after logic and shifts, the untouched ones of BT, DIV and BSF stay. */
#include "cpu/execute.h"
#include "cpu/flags.h"

static unsigned sign_shift(unsigned bytes)
{
    return 8 * bytes - 1;
}
uint64_t operand_sign_extend(uint64_t value, unsigned bytes)
{
    uint64_t sign = UINT64_C(1) << sign_shift(bytes);
    return ((value & mask_bytes(bytes)) ^ sign) - sign;
}

uint64_t source_read(struct cpu *cpu, const struct instruction *i)
{
    switch ((enum operand_form)i->row->form) {
    case FORM_EG:
    case FORM_OA: return register_read(cpu, i->reg, i->operand_size);
    case FORM_E:
    case FORM_GE:
    case FORM_AO: return operand_read(cpu, i);
    case FORM_R: return register_read(cpu, i->opcode & 7, i->operand_size);
    case FORM_E1: return 1;
    case FORM_EC: return cpu->gpr[CPU_CX] & 0xff;
    case FORM_EI:
    case FORM_GEI:
    case FORM_AI:
    case FORM_RI:
    case FORM_I:
    case FORM_J:
    case FORM_N: break;
    }
    return i->immediate & mask_bytes(i->operand_size);
}

static bool is_destination_e(const struct instruction *i)
{
    switch ((enum operand_form)i->row->form) {
    case FORM_E:
    case FORM_EG:
    case FORM_EI:
    case FORM_E1:
    case FORM_EC:
    case FORM_OA: return true;
    case FORM_GE:
    case FORM_GEI:
    case FORM_AI:
    case FORM_AO:
    case FORM_R:
    case FORM_RI:
    case FORM_I:
    case FORM_J:
    case FORM_N: break;
    }
    return false;
}

/* The register that is a destination which ModRM's E is not. */
static unsigned destination_register(const struct instruction *i)
{
    switch ((enum operand_form)i->row->form) {
    case FORM_GE:
    case FORM_GEI: return i->reg;
    case FORM_R:
    case FORM_RI: return i->opcode & 7;
    case FORM_E:
    case FORM_EG:
    case FORM_EI:
    case FORM_E1:
    case FORM_EC:
    case FORM_OA:
    case FORM_AI:
    case FORM_AO:
    case FORM_I:
    case FORM_J:
    case FORM_N: break;
    }
    return CPU_AX;
}

uint64_t destination_read(struct cpu *cpu, const struct instruction *i)
{
    if (is_destination_e(i))
        return operand_read(cpu, i);
    return register_read(cpu, destination_register(i), i->operand_size);
}

uint64_t destination_modify(struct cpu *cpu, const struct instruction *i)
{
    if (is_destination_e(i))
        return operand_modify(cpu, i);
    return register_read(cpu, destination_register(i), i->operand_size);
}

void destination_write(struct cpu *cpu, const struct instruction *i, uint64_t value)
{
    if (is_destination_e(i))
        operand_write(cpu, i, value);
    else
        register_write(cpu, destination_register(i), i->operand_size, value);
}

/* ADC and SBB: the flags are computed at once, since the carry that came in would be lost. */
static uint64_t with_carry(struct cpu *cpu, bool is_subtract, unsigned bytes, uint64_t a, uint64_t b)
{
    uint64_t mask = mask_bytes(bytes), carry = flags_cf(cpu), r;
    uint32_t flags = 0;
    r = (is_subtract ? a - b - carry : a + b + carry) & mask;
    if (is_subtract ? a < b || (a == b && carry) : r < a || (r == a && carry))
        flags |= FLAG_CF;
    uint64_t overflow = is_subtract ? (a ^ b) & (a ^ r) : (a ^ r) & (b ^ r);
    flags |= overflow >> sign_shift(bytes) & 1 ? FLAG_OF : 0;
    flags |= (uint32_t)(a ^ b ^ r) & FLAG_AF;
    flags_set(cpu, FLAGS_RESULT, flags_log2(bytes), r, flags);
    return r;
}

uint64_t alu_with_flags(struct cpu *cpu, unsigned operation, unsigned bytes, uint64_t a, uint64_t b)
{
    uint64_t mask = mask_bytes(bytes), r = 0;
    switch ((enum alu_operation)operation) {
    case ALU_ADD:
        r = (a + b) & mask;
        flags_set(cpu, FLAGS_ADD, flags_log2(bytes), r, b);
        return r;
    case ALU_ADC: return with_carry(cpu, false, bytes, a, b);
    case ALU_SBB: return with_carry(cpu, true, bytes, a, b);
    case ALU_SUB:
    case ALU_CMP:
        r = (a - b) & mask;
        flags_set(cpu, FLAGS_SUB, flags_log2(bytes), r, b);
        return operation == ALU_CMP ? a : r;
    case ALU_OR: r = a | b; break;
    case ALU_AND: r = a & b; break;
    case ALU_XOR: r = a ^ b; break;
    }
    flags_set(cpu, FLAGS_RESULT, flags_log2(bytes), r, 0);
    return r;
}

void exec_alu(struct cpu *cpu, const struct instruction *i)
{
    unsigned operation = i->row->argument;
    uint64_t b = source_read(cpu, i), a, r;
    if (operation == ALU_CMP) {
        alu_with_flags(cpu, operation, i->operand_size, destination_read(cpu, i), b);
        return;
    }
    a = destination_modify(cpu, i);
    r = alu_with_flags(cpu, operation, i->operand_size, a, b);
    destination_write(cpu, i, r);
}

void exec_test(struct cpu *cpu, const struct instruction *i)
{
    uint64_t b = source_read(cpu, i), a = destination_read(cpu, i);
    flags_set(cpu, FLAGS_RESULT, flags_log2(i->operand_size), a & b, 0);
}

void exec_inc(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size;
    uint64_t a = destination_modify(cpu, i);
    uint64_t r = (i->row->argument ? a - 1 : a + 1) & mask_bytes(bytes);
    destination_write(cpu, i, r);
    flags_set(cpu, i->row->argument ? FLAGS_DEC : FLAGS_INC, flags_log2(bytes), r,
              flags_cf(cpu) ? FLAG_CF : 0);
}

void exec_not(struct cpu *cpu, const struct instruction *i)
{
    destination_write(cpu, i, ~destination_modify(cpu, i) & mask_bytes(i->operand_size));
}

void exec_neg(struct cpu *cpu, const struct instruction *i)
{
    uint64_t b = destination_modify(cpu, i), r = (0 - b) & mask_bytes(i->operand_size);
    destination_write(cpu, i, r);
    flags_set(cpu, FLAGS_SUB, flags_log2(i->operand_size), r, b);
}

/* --- multiply and divide ---------------------------------------------------------------------------- */

static void multiply_flags(struct cpu *cpu, unsigned bytes, uint64_t low, bool is_wide)
{
    flags_set(cpu, FLAGS_RESULT, flags_log2(bytes), low & mask_bytes(bytes),
              is_wide ? FLAG_CF | FLAG_OF : 0);
}

static void write_product(struct cpu *cpu, unsigned bytes, uint64_t product)
{
    if (bytes == 1) {
        register_write(cpu, CPU_AX, 2, product);
        return;
    }
    register_write(cpu, CPU_AX, bytes, product);
    register_write(cpu, CPU_DX, bytes, product >> (8 * bytes));
}

void exec_mul(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size;
    uint64_t product = operand_read(cpu, i) * register_read(cpu, CPU_AX, bytes);
    write_product(cpu, bytes, product);
    multiply_flags(cpu, bytes, product, product >> (8 * bytes) != 0);
}

void exec_imul1(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size;
    uint64_t a = operand_sign_extend(operand_read(cpu, i), bytes);
    uint64_t product = a * operand_sign_extend(cpu->gpr[CPU_AX], bytes);
    write_product(cpu, bytes, product);
    multiply_flags(cpu, bytes, product, operand_sign_extend(product, bytes) != product);
}

void exec_imul(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size;
    uint64_t a = operand_sign_extend(operand_read(cpu, i), bytes);
    uint64_t b = i->row->form == FORM_GEI ? i->immediate : register_read(cpu, i->reg, bytes);
    uint64_t product = a * operand_sign_extend(b, bytes);
    register_write(cpu, i->reg, bytes, product & mask_bytes(bytes));
    multiply_flags(cpu, bytes, product, operand_sign_extend(product, bytes) != product);
}

static uint64_t read_dividend(const struct cpu *cpu, unsigned bytes)
{
    if (bytes == 1)
        return cpu->gpr[CPU_AX] & 0xffff;
    return (cpu->gpr[CPU_AX] & mask_bytes(bytes)) |
           (cpu->gpr[CPU_DX] & mask_bytes(bytes)) << (8 * bytes);
}

static void write_quotient(struct cpu *cpu, unsigned bytes, uint64_t quotient, uint64_t remainder)
{
    if (bytes == 1) {
        register_write(cpu, CPU_AX, 2, (quotient & 0xff) | (remainder & 0xff) << 8);
        return;
    }
    register_write(cpu, CPU_AX, bytes, quotient & mask_bytes(bytes));
    register_write(cpu, CPU_DX, bytes, remainder & mask_bytes(bytes));
}

void divide_unsigned(struct cpu *cpu, unsigned bytes, uint64_t divisor)
{
    uint64_t dividend = read_dividend(cpu, bytes);
    if (divisor == 0 || dividend / divisor > mask_bytes(bytes))
        cpu_raise(cpu, VECTOR_DE);
    write_quotient(cpu, bytes, dividend / divisor, dividend % divisor);
}

/* QUIRK: a division leaves other flags up to the i486; later processors leave the flags alone (seen on those of today). By
 * that, programs from before CPUID tell a 386 from a NexGen and an i486 from a Cyrix, which both change none. Of the 386
 * and the i486 it is known that these programs find them, not which flags they leave: those of the 80286 are captured. */
static void leave_division_flags(struct cpu *cpu, unsigned bytes, uint64_t divisor, bool is_signed)
{
    if (cpu->model->generation <= GEN_486)
        division_flags_286(cpu, bytes, divisor, is_signed);
}

void exec_div(struct cpu *cpu, const struct instruction *i)
{
    uint64_t divisor = operand_read(cpu, i);
    divide_unsigned(cpu, i->operand_size, divisor);
    leave_division_flags(cpu, i->operand_size, divisor, false);
}

void divide_signed(struct cpu *cpu, unsigned bytes, uint64_t divisor)
{
    uint64_t dividend = read_dividend(cpu, bytes);
    divisor = operand_sign_extend(divisor, bytes);
    if (bytes < 4)
        dividend = operand_sign_extend(dividend, 2 * bytes);
    /* The magnitudes, so that -2^63 / -1 never reaches the workstation's divider. */
    bool is_negative_a = dividend >> 63, is_negative_b = divisor >> 63;
    uint64_t a = is_negative_a ? 0 - dividend : dividend, b = is_negative_b ? 0 - divisor : divisor;
    uint64_t limit = UINT64_C(1) << sign_shift(bytes);
    bool is_negative = is_negative_a != is_negative_b;
    if (b == 0 || a / b > limit || (a / b == limit && !is_negative))
        cpu_raise(cpu, VECTOR_DE);
    write_quotient(cpu, bytes, is_negative ? 0 - a / b : a / b, is_negative_a ? 0 - a % b : a % b);
}

void exec_idiv(struct cpu *cpu, const struct instruction *i)
{
    uint64_t divisor = operand_read(cpu, i);
    divide_signed(cpu, i->operand_size, divisor);
    leave_division_flags(cpu, i->operand_size, divisor, true);
}

/* --- shifts ---------------------------------------------------------------------------------------------- */

/* RCL and RCR: bits of value and carry in one ring of 8 * bytes + 1. */
static uint64_t rotate_through_carry(bool is_left, unsigned bytes, uint64_t value, unsigned count,
                                     bool carry, bool *carry_out)
{
    unsigned bits = 8 * bytes;
    for (count %= bits + 1; count; count--) {
        if (is_left) {
            bool out = value >> (bits - 1) & 1;
            value = (value << 1 | carry) & mask_bytes(bytes);
            carry = out;
        } else {
            bool out = value & 1;
            value = value >> 1 | (uint64_t)carry << (bits - 1);
            carry = out;
        }
    }
    *carry_out = carry;
    return value;
}

uint64_t shift_value(unsigned digit, unsigned bytes, uint64_t value, unsigned count, bool carry_in,
                     uint32_t *flags)
{
    unsigned bits = 8 * bytes, turn = count & (bits - 1);
    uint64_t mask = mask_bytes(bytes), r = value;
    bool carry = carry_in, overflow;
    switch (digit) {
    case 0: /* ROL */
        r = turn ? (value << turn | value >> (bits - turn)) & mask : value;
        carry = r & 1;
        break;
    case 1: /* ROR */
        r = turn ? (value >> turn | value << (bits - turn)) & mask : value;
        carry = r >> (bits - 1) & 1;
        break;
    case 2:
    case 3: r = rotate_through_carry(digit == 2, bytes, value, count, carry_in, &carry); break;
    case 5: /* SHR */
        carry = value >> (count - 1) & 1;
        r = value >> count;
        break;
    case 7: /* SAR */
        r = operand_sign_extend(value, bytes);
        carry = (r >> (count - 1) & 1) != 0;
        r = ((r >> count) | (r >> 63 ? ~(UINT64_MAX >> count) : 0)) & mask;
        break;
    default: /* SHL */
        carry = count <= bits && (value >> (bits - count) & 1);
        r = (value << count) & mask;
        break;
    }
    /* To the left: the sign and the carry differ. To the right: the two uppermost bits do. */
    overflow = digit & 1 ? (((r >> (bits - 1)) ^ (r >> (bits - 2))) & 1) != 0
                         : ((r >> (bits - 1)) & 1) != (carry ? 1u : 0u);
    if (digit == 7)
        overflow = false;
    *flags = (carry ? FLAG_CF : 0) | (overflow ? FLAG_OF : 0);
    return r;
}

uint64_t shift_with_flags(struct cpu *cpu, unsigned digit, unsigned bytes, uint64_t value,
                          unsigned count)
{
    uint32_t flags = 0;
    uint64_t r;
    count &= 31;
    if (count == 0)
        return value;
    r = shift_value(digit, bytes, value, count, flags_cf(cpu), &flags);
    if (digit < 4) /* rotates change CF and OF only */
        flags_change(cpu, FLAG_CF | FLAG_OF, flags);
    else
        flags_set(cpu, FLAGS_RESULT, flags_log2(bytes), r, flags);
    return r;
}

void exec_shift(struct cpu *cpu, const struct instruction *i)
{
    unsigned count = (unsigned)(i->row->form == FORM_EI ? i->immediate & 31 : source_read(cpu, i));
    uint64_t value = destination_modify(cpu, i);
    uint64_t r = shift_with_flags(cpu, i->row->argument, i->operand_size, value, count);
    destination_write(cpu, i, r);
}

void exec_shld(struct cpu *cpu, const struct instruction *i)
{
    bool is_right = i->row->argument, by_cl = i->row->immediate == IMM_NO;
    unsigned bytes = i->operand_size, bits = 8 * bytes;
    unsigned count = (unsigned)(by_cl ? cpu->gpr[CPU_CX] : i->immediate) & 31;
    uint64_t a = destination_modify(cpu, i), b = register_read(cpu, i->reg, bytes), r, wide;
    bool carry;
    if (count == 0) {
        destination_write(cpu, i, a);
        return;
    }
    /* 16 bits shifted by more than 16: what P6 processors do is to go on with the first operand. */
    if (bits == 16) {
        wide = is_right ? a << 32 | b << 16 | a : a << 32 | b << 16 | a;
        r = is_right ? wide >> count : wide >> (32 - count);
        carry = is_right ? wide >> (count - 1) & 1 : wide >> (48 - count) & 1;
    } else {
        wide = is_right ? b << 32 | a : a << 32 | b;
        r = is_right ? wide >> count : wide >> (32 - count);
        carry = is_right ? wide >> (count - 1) & 1 : wide >> (64 - count) & 1;
    }
    r &= mask_bytes(bytes);
    destination_write(cpu, i, r);
    flags_set(cpu, FLAGS_RESULT, flags_log2(bytes), r,
              (carry ? FLAG_CF : 0) | ((a ^ r) >> (bits - 1) & 1 ? FLAG_OF : 0));
}

/* --- bits --------------------------------------------------------------------------------------------------- */

uint64_t bit_test(struct cpu *cpu, const struct instruction *i, unsigned *number)
{
    unsigned bytes = i->operand_size, operation = i->row->argument;
    bool is_immediate = i->row->form == FORM_EI;
    uint64_t bit = is_immediate ? i->immediate : register_read(cpu, i->reg, bytes), value, mask, r;
    uint64_t plus = 0, linear = 0;
    if (i->mod == 3) {
        value = register_read(cpu, i->rm, bytes);
    } else {
        /* A register may name a bit far from the operand's own bytes (SDM 2, BT). */
        if (!is_immediate)
            plus = (uint64_t)((int64_t)operand_sign_extend(bit, bytes) >> (bytes == 2 ? 4 : 5)) * bytes;
        uint64_t offset = (operand_address(cpu, i) + plus) & mask_bytes(i->address_size);
        linear = cpu_segment_linear(cpu, i->segment, offset, bytes, operation != 0);
        if (operation)
            cpu_check_write(cpu, linear, bytes, cpu->cpl);
        value = cpu_read_linear(cpu, linear, bytes, ACCESS_DATA);
    }
    bit &= 8 * bytes - 1;
    mask = UINT64_C(1) << bit;
    if (operation) {
        r = operation == 1 ? value | mask : operation == 2 ? value & ~mask : value ^ mask;
        if (i->mod == 3)
            register_write(cpu, i->rm, bytes, r);
        else
            cpu_write_linear(cpu, linear, bytes, r, ACCESS_DATA);
    }
    *number = (unsigned)bit;
    return value;
}

void exec_bt(struct cpu *cpu, const struct instruction *i)
{
    unsigned bit;
    uint64_t value = bit_test(cpu, i, &bit);
    flags_change(cpu, FLAG_CF, value >> bit & 1 ? FLAG_CF : 0);
}

void exec_bsf(struct cpu *cpu, const struct instruction *i)
{
    uint64_t value = operand_read(cpu, i);
    uint32_t flags = flags_arithmetic(cpu) & ~FLAG_ZF;
    unsigned bit = 0;
    if (value == 0) {
        flags_set_explicit(cpu, flags | FLAG_ZF);
        return;
    }
    if (i->row->argument)
        for (bit = 63; !(value >> bit & 1); bit--)
            ;
    else
        for (; !(value >> bit & 1); bit++)
            ;
    register_write(cpu, i->reg, i->operand_size, bit);
    flags_set_explicit(cpu, flags);
}

void exec_cmpxchg(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size;
    uint64_t value = destination_modify(cpu, i), accumulator = register_read(cpu, CPU_AX, bytes);
    if (value == accumulator) {
        destination_write(cpu, i, register_read(cpu, i->reg, bytes));
    } else {
        destination_write(cpu, i, value); /* the bus always sees a write */
        register_write(cpu, CPU_AX, bytes, value);
    }
    alu_with_flags(cpu, ALU_CMP, bytes, accumulator, value);
}

void exec_cmpxchg8b(struct cpu *cpu, const struct instruction *i)
{
    uint64_t value = operand_modify(cpu, i);
    uint64_t expected = (cpu->gpr[CPU_AX] & 0xffffffffu) | cpu->gpr[CPU_DX] << 32;
    uint32_t flags = flags_arithmetic(cpu) & ~FLAG_ZF;
    if (value == expected) {
        operand_write(cpu, i, (cpu->gpr[CPU_BX] & 0xffffffffu) | cpu->gpr[CPU_CX] << 32);
        flags |= FLAG_ZF;
    } else {
        operand_write(cpu, i, value);
        register_write(cpu, CPU_AX, 4, value);
        register_write(cpu, CPU_DX, 4, value >> 32);
    }
    flags_set_explicit(cpu, flags);
}

void exec_xadd(struct cpu *cpu, const struct instruction *i)
{
    unsigned bytes = i->operand_size;
    uint64_t a = destination_modify(cpu, i), b = register_read(cpu, i->reg, bytes);
    uint64_t r = (a + b) & mask_bytes(bytes);
    if (i->mod != 3)
        destination_write(cpu, i, r);
    register_write(cpu, i->reg, bytes, a);
    if (i->mod == 3)
        destination_write(cpu, i, r); /* XADD of one register with itself: the sum stays */
    flags_set(cpu, FLAGS_ADD, flags_log2(bytes), r, b);
}

void exec_bswap(struct cpu *cpu, const struct instruction *i)
{
    unsigned n = i->opcode & 7;
    uint64_t v = cpu->gpr[n];
    if (i->operand_size == 2) { /* undefined; P6 processors clear the 16 bits */
        register_write(cpu, n, 2, 0);
        return;
    }
    cpu->gpr[n] = (v & 0xff) << 24 | (v & 0xff00) << 8 | (v >> 8 & 0xff00) | (v >> 24 & 0xff);
}

/* --- decimal and ASCII adjust ------------------------------------------------------------------------------- */

static void adjust_flags(struct cpu *cpu, uint64_t al, bool carry, bool auxiliary)
{
    flags_set(cpu, FLAGS_RESULT, 0, al & 0xff, 0);
    flags_set_explicit(cpu, (flags_arithmetic(cpu) & ~(FLAG_CF | FLAG_AF | FLAG_OF)) |
                                (carry ? FLAG_CF : 0) | (auxiliary ? FLAG_AF : 0));
}

void exec_daa(struct cpu *cpu, const struct instruction *i)
{
    uint32_t flags = flags_arithmetic(cpu);
    unsigned old = (unsigned)cpu->gpr[CPU_AX] & 0xff, al = old;
    bool is_das = i->row->argument, carry = false, auxiliary = false;
    if ((old & 15) > 9 || flags & FLAG_AF) {
        carry = flags & FLAG_CF || (is_das ? old < 6 : old > 0xf9);
        al = is_das ? al - 6 : al + 6;
        auxiliary = true;
    }
    if (old > 0x99 || flags & FLAG_CF) {
        al = is_das ? al - 0x60 : al + 0x60;
        carry = true;
    } else if (!is_das) {
        carry = false;
    }
    register_write(cpu, CPU_AX, 1, al & 0xff);
    adjust_flags(cpu, al, carry, auxiliary);
}

void exec_aaa(struct cpu *cpu, const struct instruction *i)
{
    uint32_t flags = flags_arithmetic(cpu);
    unsigned ax = (unsigned)cpu->gpr[CPU_AX] & 0xffff;
    bool is_adjusted = (ax & 15) > 9 || flags & FLAG_AF;
    if (is_adjusted)
        ax = i->row->argument ? ax - 0x106 : ax + 0x106;
    adjust_flags(cpu, ax & 0xff, is_adjusted, is_adjusted);
    register_write(cpu, CPU_AX, 2, ax & 0xff0f);
    flags_set_explicit(cpu, flags_arithmetic(cpu));
}

void exec_aam(struct cpu *cpu, const struct instruction *i)
{
    unsigned al = (unsigned)cpu->gpr[CPU_AX] & 0xff, base = (unsigned)i->immediate;
    if (base == 0)
        cpu_raise(cpu, VECTOR_DE);
    register_write(cpu, CPU_AX, 2, (al / base) << 8 | al % base);
    flags_set(cpu, FLAGS_RESULT, 0, al % base, 0);
}

void exec_aad(struct cpu *cpu, const struct instruction *i)
{
    unsigned ax = (unsigned)cpu->gpr[CPU_AX] & 0xffff;
    unsigned al = ((ax & 0xff) + (ax >> 8) * (unsigned)i->immediate) & 0xff;
    register_write(cpu, CPU_AX, 2, al);
    flags_set(cpu, FLAGS_RESULT, 0, al, 0);
}

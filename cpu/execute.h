/* The plain handlers: one for each row of ops.def, complete, working from struct instruction. The
 * specialised handlers (ops_*.c) do the same faster; a row without one runs these. */
#ifndef VITRINE_CPU_EXECUTE_H
#define VITRINE_CPU_EXECUTE_H

#include "cpu/decode.h"
#include "cpu/internal.h"

#define PLAIN_HANDLERS(X)                                                                           \
    X(alu) X(inc) X(test) X(not) X(neg) X(mul) X(imul1) X(imul) X(div) X(idiv) X(shift) X(shld)     \
    X(daa) X(aaa) X(aam) X(aad) X(bt) X(bsf) X(cmpxchg) X(cmpxchg8b) X(xadd) X(bswap)               \
    X(push_segment) X(mov_from_segment) X(push) X(pop) X(pusha) X(popa) X(enter) X(leave) X(mov)    \
    X(lea) X(xchg) X(xchg_ax) X(nop) X(cbw) X(cwd) X(sahf) X(lahf) X(salc) X(xlat) X(bound) X(movx) \
    X(jcc) X(setcc) X(cmov) X(loop) X(call) X(jmp) X(call_e) X(jmp_e) X(ret) X(carry) X(direction)  \
    X(movs) X(cmps) X(stos) X(lods) X(scas) X(ins) X(outs) X(in) X(out)                             \
    X(shift_8086) X(mul_8086) X(div_8086) X(daa_8086) X(aaa_8086) X(aam_8086) X(pop_cs_8086)        \
    X(mov_from_segment_8086) X(mov_to_segment_8086) X(aad_8086) X(group5_8086) X(far_8086)          \
    X(shift_286) X(mul_286) X(imul_286) X(div_286) X(daa_286) X(aaa_286) X(aad_286)                 \
    X(shift_386) X(shld_386) X(bt_386) X(bsf_386) X(bsr_386) X(idiv_386) X(aam_386)                 \
    X(pusha_386) X(popa_386) X(call_e_386) X(jmp_e_386) X(call_far_386) X(jump_far_386)             \
    X(fwait) X(x87) X(fxsave) X(ud) X(too_long) X(code_limit)                                       \
    X(simd) X(emms) X(maskmov) X(popcnt) X(crc32) X(movnti) X(ldmxcsr) X(stmxcsr)       \
    X(sfence)
#define PLAIN_PROTOTYPE(name) void exec_##name(struct cpu *cpu, const struct instruction *i);
PLAIN_HANDLERS(PLAIN_PROTOTYPE)
#undef PLAIN_PROTOTYPE

/* What the decoder gives for bytes that are no instruction; behind the limit of CS. */
extern const struct opcode_row ROW_UNDEFINED, ROW_TOO_LONG, ROW_CODE_LIMIT;

/* Operands as the row's form says. modify: a memory destination is checked for writing first. */
uint64_t source_read(struct cpu *cpu, const struct instruction *i);
uint64_t operand_sign_extend(uint64_t value, unsigned bytes);
uint64_t destination_read(struct cpu *cpu, const struct instruction *i);
uint64_t destination_modify(struct cpu *cpu, const struct instruction *i);
void destination_write(struct cpu *cpu, const struct instruction *i, uint64_t value);
uint64_t operand_modify(struct cpu *cpu, const struct instruction *i);

/* One shift or rotate (digit of group 2) of a value by 1-31; returns the result and CF, OF at their
 * places in *flags. carry_in: for RCL and RCR. */
uint64_t shift_value(unsigned digit, unsigned bytes, uint64_t value, unsigned count, bool carry_in,
                     uint32_t *flags);
/* Does a shift with all its effects on flags. */
uint64_t shift_with_flags(struct cpu *cpu, unsigned digit, unsigned bytes, uint64_t value,
                          unsigned count);
/* The dividend lies in (E)DX:(E)AX or AX, and so do quotient and remainder; #DE where they do not fit. */
void divide_unsigned(struct cpu *cpu, unsigned bytes, uint64_t divisor);
void divide_signed(struct cpu *cpu, unsigned bytes, uint64_t divisor);
/* The flags of a division that has been done, as the 80286 leaves them. */
void division_flags_286(struct cpu *cpu, unsigned bytes, uint64_t divisor, bool is_signed);
/* BT, BTS, BTR, BTC but for the flags: returns the value before, and which bit of it is meant. */
uint64_t bit_test(struct cpu *cpu, const struct instruction *i, unsigned *bit);
/* Writes at SP - below without moving it. */
void stack_write_below(struct cpu *cpu, unsigned below, unsigned bytes, uint64_t value);
/* CALL and JMP to an offset, which the limit of CS is checked for. */
void call_near(struct cpu *cpu, const struct instruction *i, uint64_t target);
void jump_near(struct cpu *cpu, uint64_t target);
/* One of the ALU's eight operations with flags; CMP returns a. */
uint64_t alu_with_flags(struct cpu *cpu, unsigned operation, unsigned bytes, uint64_t a, uint64_t b);

#endif

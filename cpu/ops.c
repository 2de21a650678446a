/* Specialised handlers without an operand size, and the slow ends of the others. */
#include "cpu/ops.h"

uint64_t op_linear_slow(struct cpu *cpu, const struct op *op, unsigned segment, uint64_t offset,
                        unsigned bytes, bool is_write)
{
    run_sync(cpu, op);
    return cpu_segment_linear(cpu, segment, offset, bytes, is_write);
}

uint64_t op_modify_slow(struct cpu *cpu, const struct op *op, uint64_t linear, unsigned bytes)
{
    const uint64_t *lines;
    uint8_t *host;
    if (tlb_reach_code(cpu, linear, bytes, &host, &lines))
        return load_le(host, bytes);
    run_sync(cpu, op);
    cpu_check_write(cpu, linear, bytes, cpu->cpl);
    return memory_read(cpu, linear, bytes, cpu->cpl == 3);
}

_Noreturn void op_check_target_slow(struct cpu *cpu, const struct op *op, uint64_t target)
{
    run_sync(cpu, op);
    cpu_fault(cpu, VECTOR_GP, 0, "jump to offset % beyond the limit of CS", (uint32_t)target, 0);
}

const struct op *op_split(struct cpu *cpu, const struct op *op)
{
    cpu->ip = op_block(op)->ip + op->ip_delta + op->length;
    cpu->budget += op->remaining - 1;
    if (BASE_UNLIKELY(cpu->run->patched != NULL)) { /* the outside wants the loop before what follows */
        cpu->current = NULL;
        return NULL;
    }
    return run_lookup(cpu);
}

const struct op *op_nop(struct cpu *cpu, const struct op *op)
{
    (void)cpu;
    NEXT;
}

/* OF stays. */
const struct op *op_sahf(struct cpu *cpu, const struct op *op)
{
    uint32_t ah = (uint32_t)(cpu->gpr[CPU_AX] >> 8) & FLAGS_ARITHMETIC & ~FLAG_OF;
    flags_set_explicit(cpu, ah | (flags_of(cpu) ? FLAG_OF : 0));
    NEXT;
}

const struct op *op_jmp(struct cpu *cpu, const struct op *op)
{
    ENTER_LINK(0);
}

#define JCC(cc)                                        \
    OP_DEFINE(jcc_##cc)                                \
    {                                                  \
        if (flags_condition(cpu, cc))                  \
            ENTER_LINK(0);                             \
        ENTER_LINK(1);                                 \
    }
JCC(0) JCC(1) JCC(2) JCC(3) JCC(4) JCC(5) JCC(6) JCC(7)
JCC(8) JCC(9) JCC(10) JCC(11) JCC(12) JCC(13) JCC(14) JCC(15)
op_handler *const OP_JCC[16] = {jcc_0, jcc_1, jcc_2,  jcc_3,  jcc_4,  jcc_5,  jcc_6,  jcc_7,
                                jcc_8, jcc_9, jcc_10, jcc_11, jcc_12, jcc_13, jcc_14, jcc_15};

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
        return OP_STOP;
    }
    return run_lookup(cpu);
}

/* OF stays. */
const struct op *op_sahf(OP_PARAMETERS)
{
    uint32_t ah = (uint32_t)(cpu->gpr[CPU_AX] >> 8) & FLAGS_ARITHMETIC & ~FLAG_OF;
    flags_set_explicit(cpu, ah | (flags_of(cpu) ? FLAG_OF : 0));
    NEXT;
}

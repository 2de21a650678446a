/* Operands of plain handlers: registers, and memory as ModRM names it. SDM 2 2.1.5. */
#include "cpu/execute.h"
#include "cpu/memory.h"

uint64_t register_read(const struct cpu *cpu, unsigned number, unsigned bytes)
{
    if (bytes == 1)
        return number & 4 ? cpu->gpr[number & 3] >> 8 & 0xff : cpu->gpr[number] & 0xff;
    return cpu->gpr[number] & mask_bytes(bytes);
}

void register_write(struct cpu *cpu, unsigned number, unsigned bytes, uint64_t value)
{
    uint64_t *r = &cpu->gpr[number];
    switch (bytes) {
    case 1:
        if (number & 4) {
            r = &cpu->gpr[number & 3];
            *r = (*r & ~UINT64_C(0xff00)) | (value & 0xff) << 8;
        } else {
            *r = (*r & ~UINT64_C(0xff)) | (value & 0xff);
        }
        break;
    case 2: *r = (*r & ~UINT64_C(0xffff)) | (value & 0xffff); break;
    case 4: *r = value & 0xffffffffu; break;
    default: *r = value; break;
    }
}

uint64_t operand_address(struct cpu *cpu, const struct instruction *i)
{
    uint64_t address = cpu->gpr[i->base] + (cpu->gpr[i->index] << i->scale) + i->displacement;
    return address & mask_bytes(i->address_size);
}

uint64_t operand_read_at(struct cpu *cpu, const struct instruction *i, uint64_t plus, unsigned bytes)
{
    uint64_t offset = (operand_address(cpu, i) + plus) & mask_bytes(i->address_size);
    uint64_t linear = cpu_segment_linear(cpu, i->segment, offset, bytes, false);
    return memory_read(cpu, linear, bytes, cpu->cpl == 3);
}

void operand_write_at(struct cpu *cpu, const struct instruction *i, uint64_t plus, unsigned bytes,
                      uint64_t value)
{
    uint64_t offset = (operand_address(cpu, i) + plus) & mask_bytes(i->address_size);
    uint64_t linear = cpu_segment_linear(cpu, i->segment, offset, bytes, true);
    memory_write(cpu, linear, bytes, value, cpu->cpl == 3);
}

uint64_t operand_read_sized(struct cpu *cpu, const struct instruction *i, unsigned bytes)
{
    if (i->mod == 3)
        return register_read(cpu, i->rm, bytes);
    return operand_read_at(cpu, i, 0, bytes);
}

void operand_write_sized(struct cpu *cpu, const struct instruction *i, unsigned bytes, uint64_t value)
{
    if (i->mod == 3)
        register_write(cpu, i->rm, bytes, value);
    else
        operand_write_at(cpu, i, 0, bytes, value);
}

uint64_t operand_read(struct cpu *cpu, const struct instruction *i)
{
    return operand_read_sized(cpu, i, i->operand_size);
}

void operand_write(struct cpu *cpu, const struct instruction *i, uint64_t value)
{
    operand_write_sized(cpu, i, i->operand_size, value);
}

uint64_t operand_modify(struct cpu *cpu, const struct instruction *i)
{
    uint64_t linear;
    if (i->mod == 3)
        return register_read(cpu, i->rm, i->operand_size);
    linear = cpu_segment_linear(cpu, i->segment, operand_address(cpu, i), i->operand_size, true);
    cpu_check_write(cpu, linear, i->operand_size, cpu->cpl);
    return memory_read(cpu, linear, i->operand_size, cpu->cpl == 3);
}

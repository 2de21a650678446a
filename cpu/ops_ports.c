/* Specialised handlers of IN and OUT. Where IOPL lets the program (SDM 1 19.5.1) they go straight to the
 * door, which knows the register behind most ports; where the I/O map has to be asked, the plain
 * handler does it all. */
#include "bus/space.h"
#include "cpu/ops.h"

/* CPL within IOPL, and not virtual-8086. In real mode CPL is 0. */
static inline bool has_io_privilege(const struct cpu *cpu)
{
    return cpu->cpl <= cpu_iopl(cpu) && !cpu_is_v86(cpu);
}

/* An access by the door, at its exact time. */
#define PORT_HANDLER(name, access)                      \
    OP_DEFINE(name)                                     \
    {                                                   \
        if (BASE_UNLIKELY(!has_io_privilege(cpu)))      \
            DISPATCH_MUSTTAIL return op_execute(cpu, op, op_nothing()); \
        run_sync_here(cpu, op);                         \
        access;                                         \
        if (BASE_UNLIKELY(!run_is_undisturbed(cpu)))    \
            run_after_access(cpu);                      \
        NEXT;                                           \
    }
#define PORT_HANDLERS(from, port)                                                                  \
    PORT_HANDLER(in8_##from, set_gpr8(cpu, CPU_AX, space_port_read(cpu->ports, port, 1)))          \
    PORT_HANDLER(in16_##from, register_write(cpu, CPU_AX, 2, space_port_read(cpu->ports, port, 2))) \
    PORT_HANDLER(in32_##from, cpu->gpr[CPU_AX] = space_port_read(cpu->ports, port, 4))             \
    PORT_HANDLER(out8_##from, space_port_write(cpu->ports, port, 1, cpu->gpr[CPU_AX] & 0xff))      \
    PORT_HANDLER(out16_##from, space_port_write(cpu->ports, port, 2, cpu->gpr[CPU_AX] & 0xffff))   \
    PORT_HANDLER(out32_##from, space_port_write(cpu->ports, port, 4, (uint32_t)cpu->gpr[CPU_AX]))
PORT_HANDLERS(dx, (uint16_t)cpu->gpr[CPU_DX])
PORT_HANDLERS(imm, op->s)

bool emit_port(struct builder *b, const struct instruction *i)
{
    /* by direction, where the port's number stands, and size */
    static op_handler *const HANDLERS[2][2][3] = {
        {{in8_dx, in16_dx, in32_dx}, {in8_imm, in16_imm, in32_imm}},
        {{out8_dx, out16_dx, out32_dx}, {out8_imm, out16_imm, out32_imm}},
    };
    unsigned is_out = i->row->fast == FAST_OUT, is_immediate = i->row->immediate == IMM_IB;
    unsigned size = i->operand_size == 1 ? 0 : i->operand_size == 2 ? 1 : 2;
    if (b->cpu->mode & MODE_WATCHED)
        return false; /* the plain handlers know of I/O breakpoints */
    builder_add_plain(b, HANDLERS[is_out][is_immediate][size], i)->s = (uint8_t)i->immediate;
    return true;
}

/* System management mode: SMI#, RSM, the state save area.
 *
 *   SMBASE + FFFC  CR0   FFF8 CR3     FFF4 EFLAGS  FFF0 EIP
 *            FFEC  EDI   FFE8 ESI     FFE4 EBP     FFE0 ESP    FFDC EBX  FFD8 EDX  FFD4 ECX  FFD0 EAX
 *            FFCC  DR6   FFC8 DR7     FFC4 TR      FFC0 LDTR   FFBC GS   FFB8 FS   FFB4 DS   FFB0 SS
 *            FFAC  CS    FFA8 ES      FF10 EIP of the I/O instruction; FF0C ECX, FF08 ESI, FF04 EDI in front of it
 *            FF02  halt restart       FF00 I/O restart         FEFC revision       FEF8 SMBASE
 *
 * Specification: Intel SDM 3C (2023) 31.2-31.7, tables 31-1 and 31-4; 31.11 (SMBASE relocation). The
 * processor's own part of the area (hidden parts of segments, CR4, table registers) stands where the
 * Pentium and P6 have it, as Robert Collins published (DDJ, March 1997).
 * MISSING: the VMX forms. */
#include <string.h>

#include "cpu/run.h"
#include "cpu/segment.h"

#define SAVE_AREA       0x8000u /* from SMBASE; offsets below are from here, as in the manual */
#define ENTRY_IP        0x8000u
#define REVISION        0x30000u /* bit 17: SMBASE can be relocated; bit 16: restart of I/O instructions */
#define AT_HALT_RESTART 0x7f02u
#define AT_IO_IP        0x7f10u
#define AT_IO_CX        0x7f0cu
#define AT_IO_SI        0x7f08u
#define AT_IO_DI        0x7f04u
#define AT_IO_RESTART   0x7f00u
#define IO_RESTART      0xffu
#define AT_REVISION     0x7efcu
#define AT_SMBASE       0x7ef8u

/* Registers of 32 bits, and where struct cpu_registers has them. */
#define REGISTER(at, member)                                                                       \
    {                                                                                              \
        at, offsetof(struct cpu_registers, member)                                                 \
    }
static const struct {
    uint16_t at, member;
} REGISTERS[] = {
    REGISTER(0x7ffc, cr0),         REGISTER(0x7ff8, cr3),         REGISTER(0x7ff4, flags),
    REGISTER(0x7ff0, ip),          REGISTER(0x7fec, gpr[CPU_DI]), REGISTER(0x7fe8, gpr[CPU_SI]),
    REGISTER(0x7fe4, gpr[CPU_BP]), REGISTER(0x7fe0, gpr[CPU_SP]), REGISTER(0x7fdc, gpr[CPU_BX]),
    REGISTER(0x7fd8, gpr[CPU_DX]), REGISTER(0x7fd4, gpr[CPU_CX]), REGISTER(0x7fd0, gpr[CPU_AX]),
    REGISTER(0x7fcc, dr[6]),       REGISTER(0x7fc8, dr[7]),       REGISTER(0x7f74, gdtr.base),
    REGISTER(0x7f58, idtr.base),   REGISTER(0x7f14, cr4),
};
/* Segment registers: the selector, and where limit and base follow the attributes. */
#define SEGMENT(at, hidden, member)                                                                \
    {                                                                                              \
        at, hidden, offsetof(struct cpu_registers, member)                                         \
    }
static const struct {
    uint16_t at, hidden, member;
} SEGMENTS[] = {
    SEGMENT(0x7fc4, 0x7f5c, tr),
    SEGMENT(0x7fc0, 0x7f78, ldtr),
    SEGMENT(0x7fbc, 0x7f44, segment[CPU_GS]),
    SEGMENT(0x7fb8, 0x7f38, segment[CPU_FS]),
    SEGMENT(0x7fb4, 0x7f2c, segment[CPU_DS]),
    SEGMENT(0x7fb0, 0x7f9c, segment[CPU_SS]),
    SEGMENT(0x7fac, 0x7f90, segment[CPU_CS]),
    SEGMENT(0x7fa8, 0x7f84, segment[CPU_ES]),
};
#define AT_GDT_LIMIT 0x7f70u
#define AT_IDT_LIMIT 0x7f54u

static uint32_t area_read(const struct cpu *cpu, uint32_t at, unsigned bytes)
{
    return (uint32_t)space_read(cpu->memory, cpu->system.smbase + SAVE_AREA + at, bytes);
}

static void area_write(const struct cpu *cpu, uint32_t at, unsigned bytes, uint64_t value)
{
    space_write(cpu->memory, cpu->system.smbase + SAVE_AREA + at, bytes, value & mask_bytes(bytes));
}

/* --- the I/O instruction that led to the SMI# (31.12) ---------------------------------------------------- */

/* bytes: of an element of INS or OUTS; 0: another one. */
struct io_instruction {
    bool is_port, has_rep;
    unsigned bytes, address_bytes;
    uint8_t opcode;
};

static struct io_instruction io_instruction_at(const struct cpu *cpu, uint64_t ip)
{
    static const uint8_t PREFIXES[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf2, 0xf3};
    uint8_t bytes[15] = {0};
    size_t at = 0, count = cpu_peek(cpu, cpu->segment[CPU_CS].base + ip, bytes, sizeof bytes);
    unsigned size = cpu->segment[CPU_CS].attributes & SEGMENT_DB ? 4 : 2, address = size;
    struct io_instruction io = {.is_port = false};
    for (; at < count && memchr(PREFIXES, bytes[at], sizeof PREFIXES); at++) {
        size = bytes[at] == 0x66 ? 6 - size : size;
        address = bytes[at] == 0x67 ? 6 - address : address;
        io.has_rep = io.has_rep || bytes[at] >= 0xf2;
    }
    if (at == count)
        return io;
    io.opcode = bytes[at];
    io.address_bytes = address;
    if ((io.opcode & 0xfc) == 0x6c) /* 6C-6F: INS, OUTS */
        io.bytes = io.opcode & 1 ? size : 1;
    io.is_port = io.bytes != 0 || (io.opcode & 0xf4) == 0xe4; /* E4-E7, EC-EF */
    return io;
}

/* The registers in front of an element of INS or OUTS that has just been done. */
static void before_element(const struct cpu *cpu, const struct io_instruction *io, uint64_t gpr[8])
{
    unsigned index = io->opcode & 2 ? CPU_SI : CPU_DI;
    uint64_t mask = mask_bytes(io->address_bytes);
    uint64_t step = cpu->flags_other & FLAG_DF ? io->bytes : (uint64_t)0 - io->bytes;
    gpr[index] = (gpr[index] & ~mask) | ((gpr[index] + step) & mask);
    if (io->has_rep)
        gpr[CPU_CX] = (gpr[CPU_CX] & ~mask) | ((gpr[CPU_CX] + 1) & mask);
}

static void save_io(const struct cpu *cpu, const struct cpu_registers *r)
{
    struct io_instruction io = io_instruction_at(cpu, cpu->system.smi_io_ip);
    uint64_t gpr[8];
    memcpy(gpr, r->gpr, sizeof gpr);
    if (cpu->system.smi_at_io && io.bytes)
        before_element(cpu, &io, gpr);
    area_write(cpu, AT_IO_IP, 4, cpu->system.smi_io_ip);
    area_write(cpu, AT_IO_CX, 4, gpr[CPU_CX]);
    area_write(cpu, AT_IO_SI, 4, gpr[CPU_SI]);
    area_write(cpu, AT_IO_DI, 4, gpr[CPU_DI]);
}

/* RSM with FFh in the slot: the I/O instruction comes once more; INS and OUTS with the element that they had done. */
static void restart_io(const struct cpu *cpu, struct cpu_registers *r)
{
    r->ip = area_read(cpu, AT_IO_IP, 4);
    r->gpr[CPU_CX] = area_read(cpu, AT_IO_CX, 4);
    r->gpr[CPU_SI] = area_read(cpu, AT_IO_SI, 4);
    r->gpr[CPU_DI] = area_read(cpu, AT_IO_DI, 4);
}

static void smiact(struct cpu *cpu, bool level)
{
    cpu->system.is_smm = level;
    if (cpu->config.smiact) {
        cpu->config.smiact(cpu->config.smiact_self, level);
    }
}

static void save(const struct cpu *cpu, const struct cpu_registers *r)
{
    const char *from = (const char *)r;
    for (size_t n = 0; n < ARRAY_COUNT(REGISTERS); n++) {
        uint64_t value;
        memcpy(&value, from + REGISTERS[n].member, sizeof value);
        area_write(cpu, REGISTERS[n].at, 4, value);
    }
    for (size_t n = 0; n < ARRAY_COUNT(SEGMENTS); n++) {
        struct cpu_segment s;
        memcpy(&s, from + SEGMENTS[n].member, sizeof s);
        area_write(cpu, SEGMENTS[n].at, 4, s.selector);
        area_write(cpu, SEGMENTS[n].hidden, 4,
                   (s.attributes & 0xffu) | (s.attributes & 0xf00u) << 4);
        area_write(cpu, SEGMENTS[n].hidden + 4u, 4, s.limit);
        area_write(cpu, SEGMENTS[n].hidden + 8u, 4, s.base);
    }
    area_write(cpu, AT_GDT_LIMIT, 4, r->gdtr.limit);
    area_write(cpu, AT_IDT_LIMIT, 4, r->idtr.limit);
    area_write(cpu, AT_HALT_RESTART, 2, cpu->is_halted);
    save_io(cpu, r);
    area_write(cpu, AT_IO_RESTART, 2, 0);
    area_write(cpu, AT_REVISION, 4, REVISION);
    area_write(cpu, AT_SMBASE, 4, cpu->system.smbase);
}

static void restore(const struct cpu *cpu, struct cpu_registers *r)
{
    char *to = (char *)r;
    for (size_t n = 0; n < ARRAY_COUNT(REGISTERS); n++) {
        uint64_t value = area_read(cpu, REGISTERS[n].at, 4);
        memcpy(to + REGISTERS[n].member, &value, sizeof value);
    }
    for (size_t n = 0; n < ARRAY_COUNT(SEGMENTS); n++) {
        uint32_t attributes = area_read(cpu, SEGMENTS[n].hidden, 4);
        const struct cpu_segment s = {
            .selector = (uint16_t)area_read(cpu, SEGMENTS[n].at, 4),
            .attributes = (uint16_t)((attributes & 0xff) | (attributes >> 4 & 0xf00)),
            .limit = area_read(cpu, SEGMENTS[n].hidden + 4u, 4),
            .base = area_read(cpu, SEGMENTS[n].hidden + 8u, 4),
        };
        memcpy(to + SEGMENTS[n].member, &s, sizeof s);
    }
    r->gdtr.limit = area_read(cpu, AT_GDT_LIMIT, 4) & 0xffff;
    r->idtr.limit = area_read(cpu, AT_IDT_LIMIT, 4) & 0xffff;
}

/* Table 31-4: like real mode, with segments of 4 GiB; CS begins at SMBASE. */
static void set_handler_state(struct cpu *cpu, struct cpu_registers *r)
{
    const uint16_t data = SEGMENT_P | SEGMENT_S | SEGMENT_WRITABLE | SEGMENT_ACCESSED | SEGMENT_G;
    for (unsigned n = 0; n < 6; n++) {
        r->segment[n] = (struct cpu_segment){.limit = 0xffffffffu, .attributes = data};
    }
    r->segment[CPU_CS].base = cpu->system.smbase;
    r->segment[CPU_CS].selector = (uint16_t)(cpu->system.smbase >> 4);
    r->cr0 &= ~(uint64_t)(CR0_PE | CR0_EM | CR0_TS | CR0_PG);
    r->cr4 = 0;
    r->dr[7] = 0x400;
    r->flags = 2;
    r->ip = ENTRY_IP;
}

void cpu_smi(struct cpu *cpu)
{
    struct cpu_system *system = &cpu->system;
    if (!cpu_model_has(cpu->model, FEATURE_SMM))
        return;
    /* An SMI# that an access leads to can have it restarted. */
    system->smi_at_io = cpu->run->is_running && io_instruction_at(cpu, cpu->ip).is_port;
    system->smi_io_ip = system->smi_at_io ? (uint32_t)cpu->ip : 0;
    system->smi_pending = true;
    cpu->has_event = true;
}

void cpu_smm_enter(struct cpu *cpu)
{
    struct cpu_system *system = &cpu->system;
    struct cpu_registers r;
    cpu_get_registers(cpu, &r);
    system->smi_pending = false;
    smiact(cpu, true);
    save(cpu, &r);
    system->smm_nmi_blocked = cpu->nmi_blocked;
    cpu->nmi_blocked = true; /* until an IRET (31.8) */
    system->smm_held_debug = cpu->pending_debug;
    cpu->pending_debug = false;
    cpu->is_halted = false;
    set_handler_state(cpu, &r);
    cpu_set_registers(cpu, &r);
}

/* 31.3.1: what shuts the processor down when RSM finds it in the save area. */
static bool is_state_valid(const struct cpu *cpu, const struct cpu_registers *r)
{
    return ((r->cr0 & CR0_PG) == 0 || (r->cr0 & CR0_PE) != 0) &&
           ((r->cr0 & CR0_NW) == 0 || (r->cr0 & CR0_CD) != 0) &&
           (r->cr4 & ~(uint64_t)cpu_model_cr4_mask(cpu->model)) == 0;
}

void sys_rsm(struct cpu *cpu, const struct instruction *i)
{
    struct cpu_registers r;
    (void)i;
    if (!cpu->system.is_smm) {
        cpu_raise(cpu, VECTOR_UD);
    }
    cpu_get_registers(cpu, &r);
    restore(cpu, &r);
    bool restarts =
        cpu->system.smi_at_io && (area_read(cpu, AT_IO_RESTART, 2) & 0xff) == IO_RESTART;
    if (restarts) {
        restart_io(cpu, &r);
    }
    bool halts = (area_read(cpu, AT_HALT_RESTART, 2) & 1) != 0;
    cpu->system.smbase = area_read(cpu, AT_SMBASE, 4);
    smiact(cpu, false);
    if (!is_state_valid(cpu, &r)) {
        cpu->is_shutdown = true;
        return;
    }
    cpu_set_registers(cpu, &r);
    cpu->nmi_blocked = cpu->system.smm_nmi_blocked;
    cpu->is_halted = halts;
    cpu->pending_debug =
        cpu->system.smm_held_debug && !restarts; /* the restarted one traps itself */
    cpu->system.smm_held_debug = false;
    cpu->has_event = true; /* what was held back: SMI#, NMI */
}

void cpu_smm_reset(struct cpu *cpu)
{
    if (cpu->system.is_smm) {
        smiact(cpu, false);
    }
}

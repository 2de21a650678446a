/* The decode side of the FPU: CR0's switches, pending errors, memory operands. The unit itself is
 * cpu/x87.c. SDM 1 8.3-8.7, 3A 2.5 (EM, MP, TS, NE); 1 D.2 and 3B 23.18.6.7 for FERR# and IGNNE#, as
 * the P6 and the 386 do it: FERR# comes at the end of the instruction with the error. */
#include <string.h>

#include "cpu/execute.h"
#include "cpu/flags.h"
#include "cpu/fpu.h"
#include "cpu/run.h"

void fpu_update_ferr(struct cpu *cpu)
{
    bool level = x87_is_pending(&cpu->fpu.x87) && !(cpu->cr0 & CR0_NE);
    if (level == cpu->fpu.ferr)
        return;
    cpu->fpu.ferr = level;
    if (cpu->config.ferr)
        cpu->config.ferr(cpu->config.ferr_self, level);
    run_after_access(cpu);
}

void fpu_reset(struct cpu *cpu)
{
    x87_reset(&cpu->fpu.x87);
    cpu->fpu.simd = (struct simd){.mxcsr = SIMD_MXCSR_RESET};
    fpu_update_ferr(cpu);
}

void fpu_save(const struct cpu *cpu, struct state_stream *stream)
{
    const struct x87 *x = &cpu->fpu.x87;
    state_put_uint(stream, x->ip, 8);
    state_put_uint(stream, x->dp, 8);
    state_put_uint(stream, cpu->fpu.ferr, 1);
}

void fpu_load(struct cpu *cpu, struct state_stream *stream)
{
    struct x87 *x = &cpu->fpu.x87;
    x->ip = state_get_uint(stream, 8);
    x->dp = state_get_uint(stream, 8);
    cpu->fpu.ferr = state_get_uint(stream, 1) != 0;
}

/* SDM 1 table 10-2: MXCSR at 24, its mask at 28, XMM0 at 160. */
void cpu_get_fxsave(const struct cpu *cpu, uint8_t *image)
{
    const struct simd *simd = &cpu->fpu.simd;
    memset(image, 0, 512);
    x87_fxsave(&cpu->fpu.x87, false, image);
    if (!cpu_model_has(cpu->model, FEATURE_SSE))
        return;
    store_le32(image + 24, simd->mxcsr);
    store_le32(image + 28, fpu_mxcsr_mask(cpu));
    for (unsigned n = 0; n < SIMD_REGISTERS; n++) {
        store_le64(image + 160 + 16 * n, simd->xmm[n].q[0]);
        store_le64(image + 168 + 16 * n, simd->xmm[n].q[1]);
    }
}

static void set_xmm(struct cpu *cpu, const uint8_t *image)
{
    struct simd *simd = &cpu->fpu.simd;
    simd->mxcsr = load_le32(image + 24) & fpu_mxcsr_mask(cpu);
    for (unsigned n = 0; n < SIMD_REGISTERS; n++) {
        simd->xmm[n].q[0] = load_le64(image + 160 + 16 * n);
        simd->xmm[n].q[1] = load_le64(image + 168 + 16 * n);
    }
}

void cpu_set_fxsave(struct cpu *cpu, const uint8_t *image)
{
    x87_fxrstor(&cpu->fpu.x87, false, image);
    if (cpu_model_has(cpu->model, FEATURE_SSE))
        set_xmm(cpu, image);
}

/* --- instructions ----------------------------------------------------------------------------------- */

void fpu_check_pending(struct cpu *cpu)
{
    if (!x87_is_pending(&cpu->fpu.x87))
        return;
    if (cpu->cr0 & CR0_NE)
        cpu_raise(cpu, VECTOR_MF);
    fpu_update_ferr(cpu);
    if (!cpu->ignne && cpu->config.ferr)
        cpu_freeze(cpu);
}

void exec_fwait(struct cpu *cpu, const struct instruction *i)
{
    (void)i;
    if ((cpu->cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS))
        cpu_raise(cpu, VECTOR_NM);
    if (cpu_model_has(cpu->model, FEATURE_FPU))
        fpu_check_pending(cpu);
}

static unsigned piece_of(unsigned left, unsigned most)
{
    unsigned bytes = most;
    while (bytes > left)
        bytes /= 2;
    return bytes;
}

static void read_pieces(struct cpu *cpu, const struct instruction *i, unsigned count, unsigned most,
                        uint8_t *to)
{
    for (unsigned at = 0; at < count;) {
        unsigned bytes = piece_of(count - at, most);
        store_le(to + at, bytes, operand_read_at(cpu, i, at, bytes));
        at += bytes;
    }
}

void fpu_read_operand(struct cpu *cpu, const struct instruction *i, unsigned count, uint8_t *to)
{
    /* Ten bytes are a load of eight and one of two; sixteen are one (silicon). */
    if (count == 16)
        cpu_segment_linear(cpu, i->segment, operand_address(cpu, i), count, false);
    read_pieces(cpu, i, count, 8, to);
}

/* Every byte can be written, or this raises; of ten the first eight come first, as of a load. */
void fpu_check_operand(struct cpu *cpu, const struct instruction *i, unsigned count)
{
    uint64_t offset = operand_address(cpu, i), linear;
    if (count == 10)
        cpu_check_write(cpu, cpu_segment_linear(cpu, i->segment, offset, 8, true), 8, cpu->cpl);
    linear = cpu_segment_linear(cpu, i->segment, offset, count, true);
    if (count == 16)
        cpu_check_write(cpu, linear, 8, cpu->cpl);
    cpu_check_write(cpu, linear, count, cpu->cpl);
}

static void write_pieces(struct cpu *cpu, const struct instruction *i, unsigned count,
                         unsigned most, const uint8_t *from)
{
    for (unsigned at = 0; at < count;) {
        unsigned bytes = piece_of(count - at, most);
        operand_write_at(cpu, i, at, bytes, load_le(from + at, bytes));
        at += bytes;
    }
}

void fpu_write_operand(struct cpu *cpu, const struct instruction *i, unsigned count,
                       const uint8_t *from)
{
    write_pieces(cpu, i, count, 8, from);
}

/* --- images of the unit: FLDENV, FNSTENV, FRSTOR, FNSAVE (words of 2 or 4 bytes), FXRSTOR, FXSAVE ------- */

static void image_touch(struct cpu *cpu, const struct instruction *i, unsigned at, unsigned bytes,
                        bool is_write)
{
    uint64_t offset = (operand_address(cpu, i) + at) & mask_bytes(i->address_size);
    uint64_t linear = cpu_segment_linear(cpu, i->segment, offset, bytes, is_write);
    if (is_write)
        cpu_check_write(cpu, linear, bytes, cpu->cpl);
    else
        cpu_check_read(cpu, linear, bytes, cpu->cpl);
}

/* The first word, then the limit for all, the page of the last byte, and that of the first. SDM 3A 6.9 leaves
 * the order within one instruction open; this is the silicon's. FXSAVE's begins with the limit (word = 0). */
static void image_check(struct cpu *cpu, const struct instruction *i, unsigned count, unsigned word,
                        bool is_write)
{
    if (word)
        image_touch(cpu, i, 0, word, is_write);
    cpu_segment_linear(cpu, i->segment, operand_address(cpu, i), count, is_write);
    image_touch(cpu, i, count - 1, 1, is_write);
    image_touch(cpu, i, 0, 1, is_write); /* alone: alignment counts for words, not for the whole */
}

static struct x87_origin origin_of(struct cpu *cpu, const struct instruction *i)
{
    struct x87_origin o = {.cs = cpu->segment[CPU_CS].selector, .ip = cpu->ip};
    if (i->has_memory) {
        o.ds = cpu->segment[i->segment].selector;
        o.dp = operand_address(cpu, i);
    }
    return o;
}

static void execute_memory(struct cpu *cpu, const struct instruction *i)
{
    uint8_t opcode = (uint8_t)i->opcode, buffer[X87_OPERAND_BYTES];
    bool is_32bit = i->wide_size != 2;
    struct x87_operand operand = x87_memory_operand(opcode, i->modrm, is_32bit);
    struct x87_format format = {is_32bit, !cpu_is_protected(cpu) || cpu_is_v86(cpu)};
    struct x87_origin origin = origin_of(cpu, i);
    if (operand.direction == X87_UNDEFINED_OPERAND)
        cpu_raise(cpu, VECTOR_UD);
    bool is_image = operand.bytes > 10;
    unsigned word = !is_image ? 8 : is_32bit ? 4 : 2;
    if (operand.direction == X87_LOAD && is_image) {
        image_check(cpu, i, operand.bytes, word, false);
        read_pieces(cpu, i, operand.bytes, word, buffer);
    } else if (operand.direction == X87_LOAD) {
        fpu_read_operand(cpu, i, operand.bytes, buffer);
    }
    /* A store is computed first: where an unmasked exception keeps it back, its memory is not looked
     * at (silicon); where the memory faults, nothing has happened. */
    struct x87 after = cpu->fpu.x87;
    bool is_stored =
        x87_execute_memory(&after, opcode, i->modrm, format, &origin, buffer) == X87_DONE &&
        operand.direction == X87_STORE;
    if (is_stored && is_image)
        image_check(cpu, i, operand.bytes, word, true);
    else if (is_stored)
        fpu_check_operand(cpu, i, operand.bytes);
    cpu->fpu.x87 = after;
    if (is_stored)
        write_pieces(cpu, i, operand.bytes, word, buffer);
}

static void execute_register(struct cpu *cpu, const struct instruction *i)
{
    uint8_t opcode = (uint8_t)i->opcode;
    struct x87_origin origin = origin_of(cpu, i);
    bool writes_flags = x87_writes_flags(opcode, i->modrm);
    uint64_t flags = x87_reads_flags(opcode, i->modrm) ? flags_arithmetic(cpu) : 0;
    uint16_t ax = (uint16_t)cpu->gpr[CPU_AX];
    if (x87_execute_register(&cpu->fpu.x87, opcode, i->modrm, &origin, &flags, &ax) ==
        X87_UNDEFINED)
        cpu_raise(cpu, VECTOR_UD);
    register_write(cpu, CPU_AX, 2, ax);
    if (writes_flags)
        flags_set_explicit(cpu, (uint32_t)flags & FLAGS_ARITHMETIC);
}

/* Tried on a copy: nobody but the unit itself knows which encodings it has. */
static bool is_undefined(const struct cpu *cpu, const struct instruction *i)
{
    static const struct x87_origin nowhere = {0};
    uint8_t opcode = (uint8_t)i->opcode;
    struct x87 copy = cpu->fpu.x87;
    uint64_t flags = 0;
    uint16_t ax = 0;
    if (i->mod != 3)
        return x87_memory_operand(opcode, i->modrm, true).direction == X87_UNDEFINED_OPERAND;
    return x87_execute_register(&copy, opcode, i->modrm, &nowhere, &flags, &ax) == X87_UNDEFINED;
}

/* #UD comes before #MF (SDM 3A table 6-2: faults of decoding come first). */
static void check_pending(struct cpu *cpu, const struct instruction *i)
{
    if (!x87_is_pending(&cpu->fpu.x87))
        return;
    if (is_undefined(cpu, i))
        cpu_raise(cpu, VECTOR_UD);
    fpu_check_pending(cpu);
}

void exec_x87(struct cpu *cpu, const struct instruction *i)
{
    if (cpu->cr0 & (CR0_EM | CR0_TS))
        cpu_raise(cpu, VECTOR_NM);
    if (!cpu_model_has(cpu->model, FEATURE_FPU))
        return; /* nobody listens on the coprocessor's bus */
    if (x87_waits((uint8_t)i->opcode, i->modrm))
        check_pending(cpu, i);
    if (i->mod == 3)
        execute_register(cpu, i);
    else
        execute_memory(cpu, i);
    fpu_update_ferr(cpu);
}

/* FXRSTOR leaves XMM and MXCSR alone while the system has not said by CR4.OSFXSR that it knows them
 * (SDM 2: depends on the implementation); FXSAVE stores them all the same. */
static void fxrstor(struct cpu *cpu, const struct instruction *i)
{
    bool has_sse = cpu_model_has(cpu->model, FEATURE_SSE) && (cpu->cr4 & CR4_OSFXSR) != 0;
    uint8_t image[512];
    image_check(cpu, i, sizeof image, 0, false);
    read_pieces(cpu, i, sizeof image, 8, image);
    if (has_sse && load_le32(image + 24) & ~fpu_mxcsr_mask(cpu))
        cpu_fault_gp(cpu, "FXRSTOR: reserved bits of MXCSR are set");
    x87_fxrstor(&cpu->fpu.x87, false, image);
    if (has_sse)
        set_xmm(cpu, image);
    fpu_update_ferr(cpu);
}

/* SDM 2A FXSAVE: where #AC is not raised, #GP is. The silicon raises it for what is no multiple of four. */
static void check_image_alignment(struct cpu *cpu, const struct instruction *i)
{
    uint64_t address = cpu->segment[i->segment].base + operand_address(cpu, i);
    bool has_checks = cpu->cpl == 3 && cpu->cr0 & CR0_AM && cpu->flags_other & FLAG_AC;
    if (has_checks && address & 3)
        cpu_raise_error(cpu, VECTOR_AC, 0);
    if (address & 15)
        cpu_fault_gp(cpu, "FXSAVE or FXRSTOR: address not a multiple of 16");
}

void exec_fxsave(struct cpu *cpu, const struct instruction *i)
{
    uint8_t image[512];
    if (cpu->cr0 & (CR0_EM | CR0_TS))
        cpu_raise(cpu, VECTOR_NM);
    check_image_alignment(cpu, i);
    if (i->row->argument) {
        fxrstor(cpu, i);
        return;
    }
    image_check(cpu, i, sizeof image, 0, true);
    cpu_get_fxsave(cpu, image);
    /* What is reserved for more registers, or left to software, is not written (SDM 1 10.5.1). */
    fpu_write_operand(cpu, i, cpu_model_has(cpu->model, FEATURE_SSE) ? 288 : 160, image);
}

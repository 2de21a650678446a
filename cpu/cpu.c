/* The CPU from outside: life, pins, registers, saved state. */
#include "cpu/cpu.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/flags.h"
#include "cpu/fpu.h"
#include "cpu/memory.h"
#include "cpu/run.h"
#include "cpu/tracks.h"

/* Decoded code of a CPU that belongs to no world. */
#define OWN_POOL_BYTES (32u << 20)

static void remapped(void *self)
{
    struct cpu *cpu = self;
    memory_forget_hosts(cpu);
    cpu_code_remapped(cpu, false);
    cpu->has_event = true; /* the running block may be gone from where it was */
}

static enum status allocate_run(struct cpu *cpu, struct error *error)
{
    struct cpu_run *run = calloc(1, sizeof *run);
    cpu->run = run;
    cpu->memory_unit = calloc(1, sizeof *cpu->memory_unit);
    if (cpu->memory_unit)
        cpu->memory_unit->fast = memory_new_fast(cpu);
    if (!run || !cpu->memory_unit || !cpu->memory_unit->fast)
        return error_set(error, STATUS_INTERNAL, "out of memory for a processor");
    run->builder = calloc(1, sizeof *run->builder);
    run->scratch[0] = calloc(1, SCRATCH_BYTES);
    run->scratch[1] = calloc(1, SCRATCH_BYTES);
    if (!run->builder || !run->scratch[0] || !run->scratch[1])
        return error_set(error, STATUS_INTERNAL, "out of memory for a processor");
    run->scratch_frame[0] = run->scratch_frame[1] = UINT64_MAX;
    run->limit_end = UINT64_MAX;
    run->local_generation = run->global_generation = 1;
    run_forget_targets(cpu);
    memset(run->fetch, 0xff, sizeof run->fetch);
    cpu->jumps = run->jumps;
    run->pool = cpu->config.pool;
    if (!run->pool) {
        run->owns_pool = true;
        return code_pool_new(&run->pool, OWN_POOL_BYTES, error);
    }
    return STATUS_OK;
}

enum status cpu_new(struct cpu **out, const struct cpu_config *config, struct error *error)
{
    struct cpu *cpu = calloc(1, sizeof *cpu);
    enum status status;
    *out = NULL;
    if (!cpu)
        return error_set(error, STATUS_INTERNAL, "out of memory for a processor");
    cpu->config = *config;
    cpu->name = config->name;
    cpu->timeline = config->timeline;
    cpu->clock = config->clock;
    cpu->memory = config->memory;
    cpu->ports = config->ports;
    cpu->log = config->log;
    cpu->model = cpu_model_find(config->model, error);
    status = cpu->model ? STATUS_OK : STATUS_USAGE;
    if (status == STATUS_OK && config->apic && !cpu_model_has(cpu->model, FEATURE_APIC))
        status = error_set(error, STATUS_USAGE, "the processor %s has no local APIC, this board is made "
                           "for one; fix: --board pc, or --cpu pentium, p6 or later",
                           cpu->model->name);
    if (status == STATUS_OK)
        status = allocate_run(cpu, error);
    if (status != STATUS_OK) {
        cpu_free(cpu);
        return status;
    }
    pool_add_cpu(cpu->run->pool, cpu);
    cpu->track_first = pool_tracks(cpu->run->pool)->first[0];
    cpu->run->listener = (struct space_listener){.remapped = remapped, .self = cpu};
    space_add_listener(cpu->memory, &cpu->run->listener);
    cpu_reset(cpu);
    *out = cpu;
    return STATUS_OK;
}

void cpu_free(struct cpu *cpu)
{
    struct cpu_run *run;
    if (!cpu)
        return;
    run = cpu->run;
    if (run && run->pool)
        pool_remove_cpu(run->pool, cpu);
    if (run && run->listener.self)
        space_remove_listener(cpu->memory, &run->listener);
    if (run) {
        if (run->owns_pool)
            code_pool_free(run->pool);
        free(run->builder);
        free(run->scratch[0]);
        free(run->scratch[1]);
        free(run->watches);
    }
    free(run);
    if (cpu->memory_unit)
        memory_free_fast(cpu);
    free(cpu->memory_unit);
    free(cpu);
}

void cpu_reset(struct cpu *cpu)
{
    memset(cpu->gpr, 0, sizeof cpu->gpr);
    cpu->is_halted = cpu->is_shutdown = false;
    cpu->interrupt_shadow = cpu->shadow_blocks_debug = false;
    cpu->nmi_pending = cpu->nmi_blocked = false;
    cpu->prefixes_lost = 0;
    cpu->suppress_trap = cpu->pending_debug = false;
    flags_set_explicit(cpu, 0);
    memory_reset(cpu);
    cpu_reset_system(cpu);
    fpu_reset(cpu);
    cpu->next_ip = cpu->ip;
    cpu_code_remapped(cpu, false);
    cpu_mode_changed(cpu);
}

/* --- pins ------------------------------------------------------------------------------------------ */

void cpu_set_intr(struct cpu *cpu, bool level)
{
    cpu->intr = level;
    if (level)
        cpu->has_event = true;
}

void cpu_nmi(struct cpu *cpu)
{
    cpu->nmi_pending = true;
    cpu->has_event = true;
}

void cpu_set_ignne(struct cpu *cpu, bool level)
{
    cpu->ignne = level;
}

bool cpu_is_halted(const struct cpu *cpu)
{
    return cpu->is_halted;
}

bool cpu_is_idle(const struct cpu *cpu)
{
    return cpu->is_halted && !(cpu->intr && cpu->flags_other & FLAG_IF) &&
           !(cpu->nmi_pending && !cpu->nmi_blocked) &&
           !(cpu->system.smi_pending && !cpu->system.is_smm);
}

void cpu_set_exit_hook(struct cpu *cpu, const struct cpu_exit_hook *hook)
{
    cpu->hook = hook ? *hook : (struct cpu_exit_hook){0};
}

uint64_t cpu_instructions(const struct cpu *cpu)
{
    return cpu->run->instructions + (cpu->run->is_running ? cpu->timeline->now - cpu->run->run_start : 0);
}

unsigned cpu_privilege(const struct cpu *cpu)
{
    return cpu->cpl;
}

/* SDM 3A 2.2, 3.4.5: with protection on, the code segment's D flag says 16 or 32 bits. */
static enum processor_mode mode_of(const struct cpu *cpu, bool is_code32)
{
    if (cpu->system.is_smm)
        return MODE_SMM;
    if (!cpu_is_protected(cpu))
        return MODE_REAL;
    if (cpu_is_v86(cpu))
        return MODE_V86;
    return is_code32 ? MODE_PROTECTED32 : MODE_PROTECTED16;
}

static size_t peek_for(const void *self, uint64_t linear, void *bytes, size_t count)
{
    return cpu_peek(self, linear, bytes, count);
}

void cpu_origin(void *self, struct access_origin *origin)
{
    struct cpu *cpu = self;
    origin->machine = cpu->name;
    origin->has_cpu = true;
    origin->cpu = 0;
    origin->cs = cpu->segment[CPU_CS].selector;
    origin->eip = cpu->ip;
    origin->linear = (cpu->segment[CPU_CS].base + cpu->ip) & 0xffffffffu;
    origin->cr3 = cpu->cr3;
    origin->fs_base = cpu->segment[CPU_FS].base;
    origin->cpl = cpu->cpl;
    origin->is_code32 = (cpu->segment[CPU_CS].attributes & SEGMENT_DB) != 0;
    origin->mode = mode_of(cpu, origin->is_code32);
    origin->instructions = cpu_instructions(cpu);
    origin->peek = peek_for;
    origin->processor = cpu;
}

/* --- registers ----------------------------------------------------------------------------------------- */

void cpu_get_registers(const struct cpu *cpu, struct cpu_registers *r)
{
    memcpy(r->gpr, cpu->gpr, sizeof r->gpr);
    r->ip = cpu->ip;
    r->flags = cpu->flags_other | flags_arithmetic(cpu) | 2u;
    memcpy(r->segment, cpu->segment, sizeof r->segment);
    r->ldtr = cpu->ldtr;
    r->tr = cpu->tr;
    r->gdtr.base = cpu->gdtr.base;
    r->gdtr.limit = cpu->gdtr.limit;
    r->idtr.base = cpu->idtr.base;
    r->idtr.limit = cpu->idtr.limit;
    r->cr0 = cpu->cr0;
    r->cr2 = cpu->cr2;
    r->cr3 = cpu->cr3;
    r->cr4 = cpu->cr4;
    memcpy(r->dr, cpu->dr, sizeof r->dr);
}

/* CPL by the mode: SDM 3A 5.5; the DPL of SS is right for conforming code as well. */
static unsigned privilege_of(const struct cpu_registers *r)
{
    if (!(r->cr0 & CR0_PE))
        return 0;
    if (r->flags & FLAG_VM)
        return 3;
    return r->segment[CPU_SS].attributes & SEGMENT_P
               ? (unsigned)r->segment[CPU_SS].attributes >> SEGMENT_DPL_SHIFT & 3u
               : r->segment[CPU_CS].selector & 3u;
}

void cpu_set_registers(struct cpu *cpu, const struct cpu_registers *r)
{
    memcpy(cpu->gpr, r->gpr, sizeof r->gpr);
    cpu->ip = cpu->next_ip = r->ip;
    cpu->prefixes_lost = 0;
    cpu->current = NULL;
    cpu->flags_other = (uint32_t)r->flags & ~(FLAGS_ARITHMETIC | 2u);
    flags_set_explicit(cpu, (uint32_t)r->flags & FLAGS_ARITHMETIC);
    memcpy(cpu->segment, r->segment, sizeof cpu->segment);
    cpu->ldtr = r->ldtr;
    cpu->tr = r->tr;
    cpu->gdtr = (struct cpu_tables){r->gdtr.base, r->gdtr.limit};
    cpu->idtr = (struct cpu_tables){r->idtr.base, r->idtr.limit};
    cpu->cr2 = r->cr2;
    bool has_other_breakpoints = memcmp(cpu->dr, r->dr, sizeof cpu->dr) != 0;
    memcpy(cpu->dr, r->dr, sizeof cpu->dr);
    if (cpu->cr0 != r->cr0 || cpu->cr3 != r->cr3 || cpu->cr4 != r->cr4) {
        cpu->cr0 = r->cr0;
        cpu->cr3 = r->cr3;
        cpu->cr4 = r->cr4;
        if (cpu->cr4 & CR4_PAE)
            (void)cpu_load_pdptes(cpu, cpu->cr3);
        cpu_tlb_flush(cpu, false);
    }
    cpu->cpl = (uint8_t)privilege_of(r);
    if (has_other_breakpoints)
        run_breakpoints_changed(cpu);
    else
        cpu_mode_changed(cpu);
}

uint64_t cpu_get_gpr(const struct cpu *cpu, unsigned index)
{
    return cpu->gpr[index & 15];
}

void cpu_set_gpr(struct cpu *cpu, unsigned index, uint64_t value)
{
    cpu->gpr[index & 15] = value;
}

/* --- memory for the debugger ------------------------------------------------------------------------------ */

static size_t move_linear(const struct cpu *cpu, uint64_t linear, uint8_t *read, const uint8_t *write,
                          size_t count)
{
    size_t done = 0;
    while (done < count) {
        uint64_t physical;
        size_t room = (size_t)(FRAME_BYTES - (linear & PAGE_MASK)), moved;
        room = room < count - done ? room : count - done;
        if (!cpu_translate(cpu, linear, &physical))
            break;
        moved = read ? space_peek(cpu->memory, physical, read + done, room)
                     : space_poke(cpu->memory, physical, write + done, room);
        done += moved;
        linear = (linear + moved) & 0xffffffffu;
        if (moved < room)
            break;
    }
    return done;
}

size_t cpu_peek(const struct cpu *cpu, uint64_t linear, void *bytes, size_t count)
{
    return move_linear(cpu, linear, bytes, NULL, count);
}

size_t cpu_poke(struct cpu *cpu, uint64_t linear, const void *bytes, size_t count)
{
    return move_linear(cpu, linear, NULL, bytes, count);
}

/* --- saved state --------------------------------------------------------------------------------------------- */

static const struct state_field SEGMENT_STATE[] = {
    STATE_ONE(struct cpu_segment, base),     STATE_ONE(struct cpu_segment, limit),
    STATE_ONE(struct cpu_segment, selector), STATE_ONE(struct cpu_segment, attributes),
    STATE_TABLE_END};
static const struct state_field TABLES_STATE[] = {
    STATE_ONE(struct cpu_tables, base), STATE_ONE(struct cpu_tables, limit), STATE_TABLE_END};
static const struct state_field SYSTEM_STATE[] = {
    STATE_STRUCT(struct cpu_system, msrs, CPU_MSRS_STATE),
    STATE_ONE_SINCE(2, struct cpu_system, smbase),
    STATE_ONE_SINCE(2, struct cpu_system, is_smm),
    STATE_ONE_SINCE(2, struct cpu_system, smi_pending),
    STATE_ONE_SINCE(2, struct cpu_system, smm_nmi_blocked),
    STATE_ONE_SINCE(3, struct cpu_system, smi_at_io),
    STATE_ONE_SINCE(3, struct cpu_system, smi_io_ip),
    STATE_ONE_SINCE(4, struct cpu_system, shadow_end),
    STATE_ONE_SINCE(5, struct cpu_system, smm_held_debug),
    STATE_ONE(struct cpu_system, is_external),
    STATE_REBUILT(struct cpu_system, cause),
    STATE_REBUILT(struct cpu_system, chain),
    STATE_REBUILT(struct cpu_system, chain_length),
    STATE_TABLE_END};
static const struct state_field CPU_STATE[] = {
    STATE_ARRAY(struct cpu, gpr),
    STATE_ONE(struct cpu, flags_other),
    STATE_ONE(struct cpu, ip),
    STATE_STRUCTS(struct cpu, segment, SEGMENT_STATE),
    STATE_STRUCT(struct cpu, ldtr, SEGMENT_STATE),
    STATE_STRUCT(struct cpu, tr, SEGMENT_STATE),
    STATE_STRUCT(struct cpu, gdtr, TABLES_STATE),
    STATE_STRUCT(struct cpu, idtr, TABLES_STATE),
    STATE_ONE(struct cpu, cr0),
    STATE_ONE(struct cpu, cr2),
    STATE_ONE(struct cpu, cr3),
    STATE_ONE(struct cpu, cr4),
    STATE_ARRAY(struct cpu, dr),
    STATE_ARRAY(struct cpu, pdpte),
    STATE_STRUCT(struct cpu, system, SYSTEM_STATE),
    STATE_ONE(struct cpu, cpl),
    STATE_ONE(struct cpu, is_halted),
    STATE_ONE(struct cpu, is_shutdown),
    STATE_ONE(struct cpu, interrupt_shadow),
    STATE_ONE(struct cpu, shadow_blocks_debug),
    STATE_ONE(struct cpu, nmi_pending),
    STATE_ONE(struct cpu, nmi_blocked),
    STATE_ONE(struct cpu, intr),
    STATE_ONE(struct cpu, pending_debug),
    STATE_ONE_SINCE(2, struct cpu, ignne),
    STATE_ARRAY_SINCE(3, struct cpu, test),
    STATE_ONE_SINCE(6, struct cpu, prefixes_lost),
    STATE_TABLE_END};
static const struct state_field TLB_STATE[] = {
    STATE_ONE(struct tlb_entry, tag), STATE_ONE(struct tlb_entry, physical),
    STATE_ONE(struct tlb_entry, flags), STATE_TABLE_END};
static const struct state_field MEMORY_STATE[] = {
    STATE_STRUCTS(struct cpu_memory, entry, TLB_STATE),
    STATE_ONE(struct cpu_memory, has_large), STATE_TABLE_END};

/* 2: machine checks, EFER, IGNNE#, SMM; 3: test registers, restart of I/O; 4: shadow_end; 5: smm_held_debug;
 * 6: prefixes_lost */
#define CPU_STATE_VERSION 6

void cpu_save(const struct cpu *cpu, struct state_stream *stream)
{
    struct state_stream payload = {0};
    uint8_t image[512] = {0};
    /* Lazy flags are saved as what they stand for: their form depends on how blocks were cut. */
    state_put_uint(&payload, flags_arithmetic(cpu), 4);
    state_put_uint(&payload, cpu_instructions(cpu), 8);
    state_save(&payload, CPU_STATE, cpu);
    state_save(&payload, MEMORY_STATE, cpu->memory_unit);
    cpu_get_fxsave(cpu, image);
    state_put(&payload, image, sizeof image);
    fpu_save(cpu, &payload);
    state_put_section(stream, "cpu", CPU_STATE_VERSION, &payload);
    state_stream_free(&payload);
}

enum status cpu_load(struct cpu *cpu, struct state_stream *stream, struct error *error)
{
    struct state_stream payload;
    uint8_t image[512];
    unsigned version;
    enum status status = state_get_section(stream, "cpu", &version, &payload, error);
    if (status != STATUS_OK)
        return status;
    flags_set_explicit(cpu, (uint32_t)state_get_uint(&payload, 4));
    cpu->run->instructions = state_get_uint(&payload, 8);
    if (!state_load(&payload, CPU_STATE, cpu, version) ||
        !state_load(&payload, MEMORY_STATE, cpu->memory_unit, version) ||
        !state_get(&payload, image, sizeof image))
        return error_set(error, STATUS_FILE, "the saved processor is cut short");
    cpu_set_fxsave(cpu, image);
    fpu_load(cpu, &payload);
    cpu->current = NULL;
    memory_loaded(cpu);
    cpu_code_remapped(cpu, false);
    cpu_mode_changed(cpu);
    return STATUS_OK;
}

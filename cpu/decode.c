/* The instruction decoder: prefixes, opcode, ModRM, SIB, displacement, immediate. SDM 2 chapter 2.
 *
 * MISSING: long mode (REX). */
#include "cpu/decode.h"

#include "cpu/execute.h"

struct cursor {
    const uint8_t *bytes;
    size_t at, available, most; /* most: bytes that an instruction may have */
    bool is_short; /* ran out of bytes: what was read since is zero */
};

static uint64_t take(struct cursor *c, unsigned count)
{
    uint64_t value = 0;
    if (c->available - c->at < count) {
        c->is_short = true;
        return 0;
    }
    for (unsigned i = 0; i < count; i++)
        value |= (uint64_t)c->bytes[c->at + i] << (8 * i);
    c->at += count;
    return value;
}

static uint64_t take_signed(struct cursor *c, unsigned count)
{
    uint64_t value = take(c, count), sign = UINT64_C(1) << (8 * count - 1);
    return (value ^ sign) - sign;
}

struct prefixes {
    int segment; /* -1: none */
    bool operand, address;
    uint8_t flags;
};

static bool is_prefix(uint8_t byte, const struct cpu_model *model, struct prefixes *p)
{
    bool has_386 = cpu_model_has(model, FEATURE_386);
    switch (byte) {
    case 0x26: p->segment = CPU_ES; return true;
    case 0x2e: p->segment = CPU_CS; return true;
    case 0x36: p->segment = CPU_SS; return true;
    case 0x3e: p->segment = CPU_DS; return true;
    case 0xf0: p->flags |= PREFIX_LOCK; return true;
    case 0xf1: /* the 8086 does not look at bit 0 */
        if (!cpu_model_is_8086(model))
            return false;
        p->flags |= PREFIX_LOCK;
        return true;
    case 0xf2: p->flags = (uint8_t)((p->flags & ~PREFIX_REP) | PREFIX_REPNE); return true;
    case 0xf3: p->flags = (uint8_t)((p->flags & ~PREFIX_REPNE) | PREFIX_REP); return true;
    case 0x64: p->segment = has_386 ? CPU_FS : p->segment; return has_386;
    case 0x65: p->segment = has_386 ? CPU_GS : p->segment; return has_386;
    case 0x66:
        p->operand = true;
        p->flags |= PREFIX_OPSIZE;
        return has_386;
    case 0x67: p->address = true; return has_386;
    default: return false;
    }
}

/* SDM 2 table 2-1. */
static void decode_modrm16(struct cursor *c, struct instruction *i)
{
    static const uint8_t bases[8] = {CPU_BX, CPU_BX, CPU_BP, CPU_BP, CPU_SI, CPU_DI, CPU_BP, CPU_BX};
    static const uint8_t indices[4] = {CPU_SI, CPU_DI, CPU_SI, CPU_DI};
    i->base = bases[i->rm];
    i->index = i->rm < 4 ? indices[i->rm] : REGISTER_ZERO;
    i->segment = i->base == CPU_BP ? CPU_SS : CPU_DS;
    if (i->mod == 0 && i->rm == 6) {
        i->base = REGISTER_ZERO;
        i->segment = CPU_DS;
        i->displacement = take_signed(c, 2);
    } else if (i->mod == 1) {
        i->displacement = take_signed(c, 1);
    } else if (i->mod == 2) {
        i->displacement = take_signed(c, 2);
    }
}

/* SDM 2 tables 2-2 and 2-3. */
static void decode_modrm32(struct cursor *c, struct instruction *i)
{
    unsigned base = i->rm;
    if (i->rm == 4) {
        unsigned sib = (unsigned)take(c, 1);
        base = sib & 7;
        i->scale = (uint8_t)(sib >> 6);
        if ((sib >> 3 & 7) != 4)
            i->index = sib >> 3 & 7;
    }
    if (i->mod == 0 && base == 5) {
        i->displacement = take_signed(c, 4);
        return;
    }
    i->base = (uint8_t)base;
    if (base == CPU_SP || base == CPU_BP)
        i->segment = CPU_SS;
    if (i->mod == 1)
        i->displacement = take_signed(c, 1);
    else if (i->mod == 2)
        i->displacement = take_signed(c, 4);
}

static void decode_modrm(struct cursor *c, struct instruction *i)
{
    i->modrm = (uint8_t)take(c, 1);
    i->has_modrm = true;
    i->mod = i->modrm >> 6;
    i->reg = i->modrm >> 3 & 7;
    i->rm = i->modrm & 7;
}

static void decode_memory(struct cursor *c, struct instruction *i)
{
    i->has_memory = true;
    if (i->address_size == 2)
        decode_modrm16(c, i);
    else
        decode_modrm32(c, i);
}

static unsigned row_size(const struct opcode_row *row, unsigned wide)
{
    switch ((enum operand_size)row->size) {
    case SIZE_B: return 1;
    case SIZE_W: return 2;
    case SIZE_D: return wide > 4 ? 4 : wide;
    case SIZE_Q: return 8;
    case SIZE_V:
    case SIZE_S: break;
    }
    return wide;
}

static void decode_immediate(struct cursor *c, struct instruction *i)
{
    unsigned z = i->wide_size == 2 ? 2 : 4;
    switch ((enum immediate_kind)i->row->immediate) {
    case IMM_NO: break;
    case IMM_IB: i->immediate = take(c, 1); break;
    case IMM_SB:
    case IMM_JB: i->immediate = take_signed(c, 1); break;
    case IMM_IZ:
    case IMM_JZ: i->immediate = take_signed(c, z); break;
    case IMM_IW: i->immediate = take(c, 2); break;
    case IMM_IV: i->immediate = take(c, i->wide_size); break;
    case IMM_FAR:
        i->immediate = take(c, z);
        i->selector = (uint16_t)take(c, 2);
        break;
    case IMM_WB:
        i->immediate = take(c, 2);
        i->selector = (uint16_t)take(c, 1);
        break;
    case IMM_MO:
        i->displacement = take(c, i->address_size);
        i->has_memory = true;
        break;
    }
}

static bool has_modrm(const struct opcode_row *row)
{
    switch ((enum operand_form)row->form) {
    case FORM_E:
    case FORM_EG:
    case FORM_GE:
    case FORM_EI:
    case FORM_GEI:
    case FORM_E1:
    case FORM_EC: return true;
    case FORM_N:
    case FORM_AI:
    case FORM_R:
    case FORM_RI:
    case FORM_I:
    case FORM_J:
    case FORM_AO:
    case FORM_OA: break;
    }
    return false;
}

/* 80286 Programmer's Reference Manual B: more than ten bytes are exception 13. */
static unsigned longest(const struct cpu_model *model)
{
    return model->generation == GEN_286 ? 10 : INSTRUCTION_MAX;
}

/* Since the 386 (SDM 3B 23.2.4); before it LOCK# is just asserted. The 386 lets BT have it (80386 Programmer's
 * Reference Manual, LOCK), the 486 does not. */
static bool is_lock_refused(const struct cpu_model *model, const struct instruction *i)
{
    bool may_lock = i->row->attributes & ROW_LOCK ||
                    (model->generation == GEN_386 && i->row->execute == exec_bt);
    return i->prefixes & PREFIX_LOCK && cpu_model_has(model, FEATURE_386) &&
           !(may_lock && i->has_memory);
}

static bool is_refused(const struct decode_mode *mode, const struct instruction *i)
{
    const struct opcode_row *row = i->row;
    if (!cpu_model_has(mode->model, row->feature))
        return true;
    if (row->attributes & ROW_PM && !mode->is_protected)
        return true;
    if (row->attributes & ROW_MEM && i->mod == 3)
        return true;
    if (row->attributes & ROW_NOMEM && i->mod != 3)
        return true;
    if (row->attributes & ROW_NP && i->prefixes & (PREFIX_REP | PREFIX_REPNE | PREFIX_OPSIZE))
        return true;
    return is_lock_refused(mode->model, i);
}

/* The prefix that selects an instruction of MMX or SSE; F2 and F3 come before 66. */
static enum simd_prefix simd_prefix_of(const struct instruction *i)
{
    if (i->prefixes & PREFIX_REP)
        return SIMD_F3;
    if (i->prefixes & PREFIX_REPNE)
        return SIMD_F2;
    return i->prefixes & PREFIX_OPSIZE ? SIMD_66 : SIMD_NP;
}

/* The rows of an opcode are neighbours, with those of other prefixes among them. */
static const struct opcode_row *find_in_group(const struct opcode_row *first, size_t next,
                                              unsigned digit)
{
    const struct opcode_row *row = first;
    while (row && row->opcode == first->opcode) {
        if (row->digit == digit && row->simd.prefix == first->simd.prefix)
            return row;
        row = simd_row_at(next++);
    }
    return NULL;
}

/* Behind 0F and `byte`. NULL: the opcode is none of MMX and SSE; nothing more is taken then. */
static const struct opcode_row *find_simd_row(const struct opcode_map *map, struct cursor *c,
                                              struct instruction *i, unsigned byte)
{
    struct cursor look = *c;
    unsigned table = byte == 0x38 ? 1 : byte == 0x3a ? 2 : 0;
    if (table)
        byte = (unsigned)take(&look, 1);
    unsigned first = map->simd[table][byte][simd_prefix_of(i)];
    const struct opcode_row *row = first ? simd_row_at(first - 1) : NULL;
    if (!row || look.is_short)
        return NULL;
    if (row->digit != ROW_ANY) {
        unsigned digit = (unsigned)take(&look, 1) >> 3 & 7;
        look.at -= !look.is_short;
        row = find_in_group(row, first, digit);
        if (!row)
            return NULL;
    }
    *c = look;
    i->opcode = row->opcode;
    if (has_modrm(row))
        decode_modrm(c, i);
    return row;
}

/* Finds the row; NULL where there is none. Groups look at ModRM, which every group has. */
static const struct opcode_row *find_row(const struct opcode_map *map,
                                         const struct cpu_model *model, struct cursor *c,
                                         struct instruction *i)
{
    bool is_8086 = cpu_model_is_8086(model);
    unsigned byte = (unsigned)take(c, 1), at = byte;
    const struct opcode_row *const *rows;
    i->opcode = (uint16_t)byte;
    if (byte == 0x0f && !is_8086) {
        byte = (unsigned)take(c, 1);
        /* UMOV of the 386 and 486 stands where SSE is later. */
        bool has_simd = !cpu_model_has(model, FEATURE_TEST_REGISTERS);
        const struct opcode_row *simd = has_simd ? find_simd_row(map, c, i, byte) : NULL;
        if (simd)
            return simd;
        at = 0x100 + byte;
        i->opcode = (uint16_t)(0x0f00 | byte);
    }
    rows = is_8086                                    ? map->row_8086[at]
           : model->generation == GEN_286 && at < 256 ? map->row_286[at]
                                                      : map->row[at];
    if (c->is_short)
        return NULL;
    if (rows[0] && rows[0]->digit == ROW_ANY) {
        if (has_modrm(rows[0]))
            decode_modrm(c, i);
        return rows[0];
    }
    for (unsigned digit = 0; digit < 8; digit++)
        if (rows[digit]) {
            decode_modrm(c, i);
            return rows[i->reg];
        }
    return NULL;
}

static enum decode_result invalid(struct instruction *i, const struct cursor *c,
                                  const struct opcode_row *row)
{
    i->row = row;
    i->length = (uint8_t)c->at;
    return DECODE_INVALID;
}

/* Out of bytes: either more are to be had, or the instruction is longer than any may be. */
static enum decode_result ran_out(struct instruction *i, const struct cursor *c)
{
    return c->available >= c->most ? invalid(i, c, &ROW_TOO_LONG) : DECODE_SHORT;
}

enum decode_result decode(const struct opcode_map *map, const struct decode_mode *mode,
                          const uint8_t *bytes, size_t available, struct instruction *i)
{
    size_t most = mode->model->generation == GEN_286 ? INSTRUCTION_MAX_286 : INSTRUCTION_MAX;
    struct cursor c = {bytes, 0, available < most ? available : most, most, false};
    struct prefixes p = {.segment = -1};
    *i = (struct instruction){.base = REGISTER_ZERO, .index = REGISTER_ZERO, .segment = CPU_DS};
    while (c.at < c.available && is_prefix(bytes[c.at], mode->model, &p))
        c.at++;
    i->prefixes = p.flags;
    i->wide_size = (mode->code_bytes == 2) != p.operand ? 2 : 4;
    i->address_size = (mode->code_bytes == 2) != p.address ? 2 : 4;
    i->row = find_row(map, mode->model, &c, i);
    if (c.is_short)
        return ran_out(i, &c);
    if (!i->row)
        return invalid(i, &c, &ROW_UNDEFINED);
    i->operand_size = (uint8_t)row_size(i->row, i->wide_size);
    if (i->row->attributes & ROW_REGS)
        i->mod = 3;
    if (i->has_modrm && i->mod != 3)
        decode_memory(&c, i);
    if (p.segment >= 0)
        i->segment = (uint8_t)p.segment;
    decode_immediate(&c, i);
    i->segment_register = i->row->argument;
    if (i->row->execute == sys_pop_segment)
        i->reg = i->row->argument;
    if (c.is_short)
        return ran_out(i, &c);
    i->length = (uint8_t)c.at;
    if (is_refused(mode, i))
        return invalid(i, &c, &ROW_UNDEFINED);
    return c.at > longest(mode->model) ? invalid(i, &c, &ROW_TOO_LONG) : DECODE_OK;
}

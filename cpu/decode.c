/* The instruction decoder: prefixes, opcode, ModRM, SIB, displacement, immediate. SDM 2 chapter 2. Its third mode,
 * 64 bits, finds lengths, sizes and registers by the same rows (2.2.1); nothing executes it yet. */
#include "cpu/decode.h"

#include <string.h>

#include "cpu/execute.h"

struct cursor {
    const uint8_t *bytes;
    size_t at, available, most; /* most: bytes that an instruction may have */
    bool is_short; /* ran out of bytes: what was read since is zero */
    bool is_undefined; /* #UD, when all bytes are there: the row found only says which bytes */
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
    uint8_t flags, rex;
};
enum rex { REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8, REX_IS = 0x40 };

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

/* SDM 2 2.2.1: REX stands right in front of the opcode; one in front of another prefix is ignored. */
static void take_prefixes(struct cursor *c, const struct decode_mode *mode, struct prefixes *p)
{
    while (c->at < c->available) {
        uint8_t byte = c->bytes[c->at];
        bool is_rex = mode->code_bytes == 8 && (byte & 0xf0) == REX_IS;
        if (!is_rex && !is_prefix(byte, mode->model, p))
            return;
        p->rex = is_rex ? byte : 0;
        c->at++;
    }
}

/* The operand-size attribute (SDM 2 2.2.1.2): REX.W is stronger than 66. */
static uint8_t wide_size_of(const struct decode_mode *mode, const struct prefixes *p)
{
    if (p->rex & REX_W)
        return 8;
    return (mode->code_bytes == 2) != p->operand ? 2 : 4;
}

static uint8_t address_size_of(const struct decode_mode *mode, const struct prefixes *p)
{
    if (mode->code_bytes == 8)
        return p->address ? 4 : 8;
    return (mode->code_bytes == 2) != p->address ? 2 : 4;
}

static void decode_modrm16(struct cursor *c, struct instruction *i)
{
    i->base = DECODE_BASES_16[i->rm];
    i->index = DECODE_INDICES_16[i->rm];
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

/* SDM 2 tables 2-2 and 2-3; 2.2.1.6: in 64 bits [disp32] without SIB counts from the next instruction. REX says which
 * eight registers; the encodings that mean something else do so whatever it says, but for the index.
 * QUIRK: the 80386 and the i486 scale the base where there is no index. */
static void decode_modrm32(struct cursor *c, struct instruction *i, const struct cpu_model *model,
                           unsigned rex)
{
    unsigned base = i->modrm & 7, index;
    if (base == 4) {
        unsigned sib = (unsigned)take(c, 1);
        base = sib & 7;
        i->scale = (uint8_t)(sib >> 6);
        index = (sib >> 3 & 7) | (rex & REX_X) << 2;
        if (index != 4)
            i->index = (uint8_t)index;
    } else {
        i->is_ip_relative = i->address_size == 8 && i->mod == 0 && base == 5;
    }
    if (i->mod == 0 && base == 5) {
        i->displacement = take_signed(c, 4);
        return;
    }
    base |= (rex & REX_B) << 3;
    i->base = (uint8_t)base;
    if (i->scale && i->index == REGISTER_ZERO && cpu_model_has(model, FEATURE_TEST_REGISTERS)) {
        i->index = i->base;
        i->base = REGISTER_ZERO;
    }
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

static void decode_memory(struct cursor *c, struct instruction *i, const struct cpu_model *model,
                          unsigned rex)
{
    i->has_memory = true;
    if (i->address_size == 2)
        decode_modrm16(c, i);
    else
        decode_modrm32(c, i, model, rex);
}

/* SDM 2 appendix A, superscripts d64 and f64: what uses the stack has 8 bytes, or 2; near branches have 8. */
static unsigned stack_size(const struct decode_mode *mode, unsigned wide)
{
    return mode->code_bytes == 8 && wide == 4 ? 8 : wide;
}

static unsigned row_size(const struct decode_mode *mode, const struct opcode_row *row, unsigned wide)
{
    switch ((enum operand_size)row->size) {
    case SIZE_B: return 1;
    case SIZE_W: return 2;
    case SIZE_D:
        if (mode->code_bytes == 8 && row->attributes & ROW_REGS)
            return 8; /* control and debug registers */
        return wide > 4 ? 4 : wide;
    case SIZE_Q: return 8;
    case SIZE_S: return stack_size(mode, wide);
    case SIZE_V: break;
    }
    return row->immediate == IMM_JZ || row->immediate == IMM_JB ? stack_size(mode, wide) : wide;
}

static void decode_immediate(const struct decode_mode *mode, struct cursor *c, struct instruction *i)
{
    bool is_branch = i->row->immediate == IMM_JZ; /* f64: 66 does not shorten it */
    unsigned z = i->wide_size == 2 && !(mode->code_bytes == 8 && is_branch) ? 2 : 4;
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
    bool may_lock = i->row->attributes & ROW_LOCK;
    return i->prefixes & PREFIX_LOCK && cpu_model_has(model, FEATURE_386) &&
           !(may_lock && i->has_memory);
}

/* SDM 2 appendix A, superscript i64: not in 64 bits. PUSH and POP of FS and GS (0F A0 ...) are. */
static bool is_gone_in_64(unsigned opcode)
{
    static const uint8_t GONE[] = {0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61,
                                   0x62, 0x82, 0x9a, 0xc4, 0xc5, 0xce, 0xd4, 0xd5, 0xd6, 0xea};
    return opcode < 0x100 && memchr(GONE, (int)opcode, sizeof GONE);
}

static bool is_refused(const struct decode_mode *mode, const struct instruction *i)
{
    const struct opcode_row *row = i->row;
    if (mode->code_bytes == 8 && is_gone_in_64(i->opcode))
        return true;
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

/* Behind 0F and `byte`. NULL: the opcode is none of MMX and SSE, and nothing more is taken, or the bytes end here. */
static const struct opcode_row *find_simd_row(const struct opcode_map *map, struct cursor *c,
                                              struct instruction *i, unsigned byte)
{
    struct cursor look = *c;
    unsigned table = byte == 0x38 ? 1 : byte == 0x3a ? 2 : 0;
    if (table)
        byte = (unsigned)take(&look, 1);
    unsigned first = map->simd[table][byte][simd_prefix_of(i)];
    const struct opcode_row *row = first ? simd_row_at(first - 1) : NULL;
    if (row && row->digit != ROW_ANY) {
        unsigned digit = (unsigned)take(&look, 1) >> 3 & 7;
        look.at -= !look.is_short;
        row = find_in_group(row, first, digit);
    }
    c->is_short |= look.is_short;
    if (!row || look.is_short)
        return NULL;
    *c = look;
    i->opcode = row->opcode;
    if (has_modrm(row))
        decode_modrm(c, i);
    return row;
}

/* Neither this prefix nor this digit, but the opcode has others: its bytes are as many as theirs. */
static const struct opcode_row *find_simd_neighbour(const struct opcode_map *map, struct cursor *c,
                                                    struct instruction *i, unsigned byte)
{
    unsigned table = byte == 0x38 ? 1 : byte == 0x3a ? 2 : 0, first = 0;
    if (table)
        byte = (unsigned)take(c, 1);
    for (unsigned prefix = 0; prefix < SIMD_PREFIXES && !first; prefix++)
        first = map->simd[table][byte][prefix];
    if (!first)
        return NULL;
    const struct opcode_row *row = simd_row_at(first - 1);
    c->is_undefined = true;
    if (has_modrm(row))
        decode_modrm(c, i);
    return row;
}

/* Finds the row; NULL where there is none. Groups look at ModRM, which every group has. An undefined digit takes the
 * bytes of a defined one: SDM 3A table 6-2, faults of fetching come before #UD. */
static const struct opcode_row *find_row(const struct opcode_map *map,
                                         const struct cpu_model *model, struct cursor *c,
                                         struct instruction *i)
{
    bool is_8086 = cpu_model_is_8086(model);
    /* UMOV of the 386 and 486 stands where SSE is later. */
    bool has_simd = !cpu_model_has(model, FEATURE_TEST_REGISTERS);
    unsigned byte = (unsigned)take(c, 1), at = byte;
    const struct opcode_row *const *rows;
    i->opcode = (uint16_t)byte;
    if (byte == 0x0f && !is_8086) {
        byte = (unsigned)take(c, 1);
        const struct opcode_row *simd = has_simd ? find_simd_row(map, c, i, byte) : NULL;
        if (simd)
            return simd;
        at = 0x100 + byte;
        i->opcode = (uint16_t)(0x0f00 | byte);
    }
    rows = is_8086                                    ? map->row_8086[at]
           : model->generation == GEN_286 && at < 256 ? map->row_286[at]
           : model->generation == GEN_386             ? map->row_386[at]
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
            c->is_undefined = !rows[i->reg];
            return rows[c->is_undefined ? digit : i->reg];
        }
    return has_simd && at >= 0x100 ? find_simd_neighbour(map, c, i, byte) : NULL;
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

static const struct opcode_row ROW_MOVSXD = {
    .mnemonic = "movsxd", .execute = exec_ud, .opcode = 0x63, .digit = ROW_ANY, .form = FORM_GE, .size = SIZE_V};

/* SDM 2 2.2.1.2: R and B are the registers' fourth bits; 90 with B is no NOP, 63 is MOVSXD. */
static void extend_registers(const struct opcode_map *map, struct instruction *i, unsigned rex)
{
    if (i->has_modrm) {
        i->reg = (uint8_t)(i->reg | (rex & REX_R) << 1);
        i->rm = (uint8_t)(i->rm | (rex & REX_B) << 3);
    } else if (i->row->form == FORM_R || i->row->form == FORM_RI || i->opcode == 0x90) {
        i->rm = (i->opcode & 7) | (uint8_t)((rex & REX_B) << 3);
        if (i->opcode == 0x90 && rex & REX_B)
            i->row = map->row[0x91][0];
    }
    if (i->opcode == 0x63)
        i->row = &ROW_MOVSXD;
}

enum decode_result decode(const struct opcode_map *map, const struct decode_mode *mode,
                          const uint8_t *bytes, size_t available, struct instruction *i)
{
    size_t most = mode->model->generation == GEN_286 ? INSTRUCTION_MAX_286 : INSTRUCTION_MAX;
    struct cursor c = {bytes, 0, available < most ? available : most, most, false, false};
    struct prefixes p = {.segment = -1};
    *i = (struct instruction){.base = REGISTER_ZERO, .index = REGISTER_ZERO, .segment = CPU_DS};
    take_prefixes(&c, mode, &p);
    i->prefixes = p.flags;
    i->has_rex = p.rex != 0;
    i->wide_size = wide_size_of(mode, &p);
    i->address_size = address_size_of(mode, &p);
    i->row = find_row(map, mode->model, &c, i);
    if (c.is_short)
        return ran_out(i, &c);
    if (!i->row)
        return invalid(i, &c, &ROW_UNDEFINED);
    if (mode->code_bytes == 8)
        extend_registers(map, i, p.rex);
    i->operand_size = (uint8_t)row_size(mode, i->row, i->wide_size);
    if (i->row->attributes & ROW_REGS)
        i->mod = 3;
    if (i->has_modrm && i->mod != 3)
        decode_memory(&c, i, mode->model, p.rex);
    if (p.segment >= 0 && (mode->code_bytes != 8 || p.segment >= CPU_FS))
        i->segment = (uint8_t)p.segment;
    decode_immediate(mode, &c, i);
    i->segment_register = i->row->argument;
    if (i->row->execute == sys_pop_segment)
        i->reg = i->row->argument;
    if (c.is_short)
        return ran_out(i, &c);
    i->length = (uint8_t)c.at;
    if (c.is_undefined || is_refused(mode, i))
        return invalid(i, &c, &ROW_UNDEFINED);
    return c.at > longest(mode->model) ? invalid(i, &c, &ROW_TOO_LONG) : DECODE_OK;
}

/*
 * The x87 unit: the memory forms of D8-DF.
 *
 * Specification: Intel SDM vol. 2, opcode maps, ... A-21.
 */
#include "cpu/x87_internal.h"

/* What the operand in memory is. */
enum kind {
    NOTHING,
    FLOAT32,
    FLOAT64,
    FLOAT80,
    INT16,
    INT32,
    INT64,
    BCD,
    WORD,
    ENVIRONMENT,
    STATE
};

enum verb { NO_VERB, ARITHMETIC, LOAD, STORE, STORE_POP, STORE_TRUNCATED };

struct form {
    uint8_t kind, verb;
};

/* By opcode - D8 and the reg field of modrm; D8, DA, DC and DE are all arithmetic. */
static const struct form FORMS[8][8] = {
    [1] = {{FLOAT32, LOAD},
           {NOTHING, NO_VERB},
           {FLOAT32, STORE},
           {FLOAT32, STORE_POP},
           {ENVIRONMENT, LOAD},
           {WORD, LOAD},
           {ENVIRONMENT, STORE},
           {WORD, STORE}       },
    [3] = {{INT32, LOAD},
           {INT32, STORE_TRUNCATED},
           {INT32, STORE},
           {INT32, STORE_POP},
           {NOTHING, NO_VERB},
           {FLOAT80, LOAD},
           {NOTHING, NO_VERB},
           {FLOAT80, STORE_POP}},
    [5] = {{FLOAT64, LOAD},
           {INT64, STORE_TRUNCATED},
           {FLOAT64, STORE},
           {FLOAT64, STORE_POP},
           {STATE, LOAD},
           {NOTHING, NO_VERB},
           {STATE, STORE},
           {WORD, STORE}       },
    [7] = {{INT16, LOAD},
           {INT16, STORE_TRUNCATED},
           {INT16, STORE},
           {INT16, STORE_POP},
           {BCD, LOAD},
           {INT64, LOAD},
           {BCD, STORE_POP},
           {INT64, STORE_POP}  },
};

static struct form form_of(uint8_t opcode, uint8_t modrm)
{
    static const uint8_t arithmetic_kinds[] = {FLOAT32, INT32, FLOAT64, INT16};
    if ((opcode & 1) == 0)
        return (struct form){arithmetic_kinds[opcode >> 1 & 3], ARITHMETIC};
    return FORMS[opcode & 7][modrm >> 3 & 7];
}

struct x87_operand x87_memory_operand(uint8_t opcode, uint8_t modrm, bool is_32bit)
{
    static const uint8_t bytes[] = {
        [FLOAT32] = 4, [FLOAT64] = 8, [FLOAT80] = 10, [INT16] = 2,        [INT32] = 4,
        [INT64] = 8,   [BCD] = 10,    [WORD] = 2,     [ENVIRONMENT] = 14, [STATE] = 94};
    struct form form = form_of(opcode, modrm);
    struct x87_operand operand = {.bytes = bytes[form.kind]};
    if (is_32bit && (form.kind == ENVIRONMENT || form.kind == STATE))
        operand.bytes = (uint8_t)(operand.bytes + 14);
    if (form.verb != NO_VERB)
        operand.direction = form.verb == ARITHMETIC || form.verb == LOAD ? X87_LOAD : X87_STORE;
    return operand;
}

static uint64_t get_bytes(const uint8_t *buffer, unsigned count)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++)
        value |= (uint64_t)buffer[i] << (8 * i);
    return value;
}

static void put_bytes(uint8_t *buffer, unsigned count, uint64_t value)
{
    for (unsigned i = 0; i < count; i++)
        buffer[i] = (uint8_t)(value >> (8 * i));
}

/* A signed integer of 2, 4 or 8 bytes. */
static int64_t get_integer(const uint8_t *buffer, enum kind kind)
{
    if (kind == INT16)
        return (int16_t)get_bytes(buffer, 2);
    if (kind == INT32)
        return (int32_t)get_bytes(buffer, 4);
    return (int64_t)get_bytes(buffer, 8);
}

static void arithmetic(struct x87 *x, enum kind kind, unsigned reg, const uint8_t *buffer)
{
    enum x87_arithmetic op = (enum x87_arithmetic)reg;
    if (kind == FLOAT32)
        x87_arithmetic_float32(x, op, (uint32_t)get_bytes(buffer, 4));
    else if (kind == FLOAT64)
        x87_arithmetic_float64(x, op, get_bytes(buffer, 8));
    else
        x87_arithmetic_int(x, op, get_integer(buffer, kind));
}

/* FLDCW, FNSTCW (D9) and FNSTSW (DD). */
static void word(struct x87 *x, uint8_t opcode, bool is_load, uint8_t *buffer)
{
    if (is_load)
        x87_set_control(x, (uint16_t)get_bytes(buffer, 2));
    else
        put_bytes(buffer, 2, opcode == 0xD9 ? x->control : x87_status(x));
}

static void load(struct x87 *x, enum kind kind, uint8_t opcode, struct x87_format format,
                 uint8_t *buffer)
{
    switch (kind) {
    case FLOAT32: x87_fld32(x, (uint32_t)get_bytes(buffer, 4)); break;
    case FLOAT64: x87_fld64(x, get_bytes(buffer, 8)); break;
    case FLOAT80:
        x87_fld80(x, f80_make((uint16_t)get_bytes(buffer + 8, 2), get_bytes(buffer, 8)));
        break;
    case INT16:
    case INT32:
    case INT64: x87_fild(x, get_integer(buffer, kind)); break;
    case BCD: x87_fld80(x, f80_from_bcd(buffer)); break;
    case WORD: word(x, opcode, true, buffer); break;
    case ENVIRONMENT: x87_load_environment(x, format, buffer); break;
    case STATE: x87_restore_state(x, format, buffer); break;
    case NOTHING: break;
    }
}

static bool store_float(struct x87 *x, enum kind kind, bool pops, uint8_t *buffer)
{
    uint32_t single = 0;
    uint64_t bits = 0;
    bool is_stored = kind == FLOAT32 ? x87_fst32(x, &single, pops) : x87_fst64(x, &bits, pops);
    if (is_stored)
        put_bytes(buffer, kind == FLOAT32 ? 4 : 8, kind == FLOAT32 ? single : bits);
    return is_stored;
}

static bool store_float80(struct x87 *x, uint8_t *buffer)
{
    struct f80 value;
    if (!x87_fstp80(x, &value))
        return false;
    put_bytes(buffer, 8, value.significand);
    put_bytes(buffer + 8, 2, value.sign_exponent);
    return true;
}

static bool store_integer(struct x87 *x, enum kind kind, enum verb verb, uint8_t *buffer)
{
    unsigned count = kind == INT16 ? 2 : kind == INT32 ? 4 : 8;
    int64_t value;
    if (!x87_fist(x, &value, count, verb == STORE_TRUNCATED, verb != STORE))
        return false;
    put_bytes(buffer, count, (uint64_t)value);
    return true;
}

static bool store(struct x87 *x, struct form form, uint8_t opcode, struct x87_format format,
                  uint8_t *buffer)
{
    enum kind kind = (enum kind)form.kind;
    switch (kind) {
    case FLOAT32:
    case FLOAT64: return store_float(x, kind, form.verb == STORE_POP, buffer);
    case FLOAT80: return store_float80(x, buffer);
    case INT16:
    case INT32:
    case INT64: return store_integer(x, kind, (enum verb)form.verb, buffer);
    case BCD: return x87_fbstp(x, buffer);
    case WORD: word(x, opcode, false, buffer); return true;
    case ENVIRONMENT: x87_store_environment(x, format, buffer); return true;
    case STATE: x87_save_state(x, format, buffer); return true;
    case NOTHING: break;
    }
    return true;
}

enum x87_outcome x87_execute_memory(struct x87 *x, uint8_t opcode, uint8_t modrm,
                                    struct x87_format format, const struct x87_origin *origin,
                                    uint8_t *buffer)
{
    struct form form = form_of(opcode, modrm);
    if (form.verb == NO_VERB)
        return X87_UNDEFINED;
    x87_note_origin(x, opcode, modrm, origin);
    if (form.verb == ARITHMETIC)
        arithmetic(x, (enum kind)form.kind, modrm >> 3 & 7, buffer);
    else if (form.verb == LOAD)
        load(x, (enum kind)form.kind, opcode, format, buffer);
    else if (!store(x, form, opcode, format, buffer))
        return X87_NOT_STORED;
    return X87_DONE;
}

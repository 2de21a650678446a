/* Reading MOO files: see moo.h. */
#include "tests/unit/moo.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"

struct chunk {
    const uint8_t *body;
    uint32_t length;
    char type[5];
};

static bool next_chunk(const uint8_t **at, const uint8_t *end, struct chunk *chunk)
{
    if (end - *at < 8)
        return false;
    memcpy(chunk->type, *at, 4);
    chunk->type[4] = '\0';
    chunk->length = load_le32(*at + 4);
    chunk->body = *at + 8;
    if ((size_t)(end - chunk->body) < chunk->length)
        return false;
    *at = chunk->body + chunk->length;
    return true;
}

static bool is_type(const struct chunk *chunk, const char *type, uint32_t shortest)
{
    return strcmp(chunk->type, type) == 0 && chunk->length >= shortest;
}

/* A bit mask, then a value for each bit. */
static void parse_registers(const struct chunk *chunk, struct moo_registers *to)
{
    static const uint8_t ORDER_16[14] = {MOO_AX, MOO_BX, MOO_CX, MOO_DX, MOO_CS, MOO_SS, MOO_DS,
                                         MOO_ES, MOO_SP, MOO_BP, MOO_SI, MOO_DI, MOO_IP, MOO_FLAGS};
    bool is_16 = strcmp(chunk->type, "REGS") == 0 || strcmp(chunk->type, "RMSK") == 0;
    unsigned bytes = is_16 ? 2 : 4, count = is_16 ? 14 : MOO_REGISTERS;
    uint32_t mask = (uint32_t)load_le(chunk->body, bytes), at = bytes;
    for (unsigned n = 0; n < count; n++) {
        if (!(mask >> n & 1) || at + bytes > chunk->length)
            continue;
        unsigned which = is_16 ? ORDER_16[n] : n;
        to->value[which] = (uint32_t)load_le(chunk->body + at, bytes);
        to->present |= 1u << which;
        at += bytes;
    }
}

static void parse_state(const struct chunk *from, struct moo_state *state)
{
    struct chunk c;
    const uint8_t *at = from->body;
    while (next_chunk(&at, from->body + from->length, &c)) {
        if (is_type(&c, "REGS", 2) || is_type(&c, "RG32", 4)) {
            parse_registers(&c, &state->registers);
        } else if (is_type(&c, "RMSK", 2) || is_type(&c, "RM32", 4)) {
            parse_registers(&c, &state->masks);
        } else if (is_type(&c, "RAM ", 4)) {
            state->count = load_le32(c.body);
            state->ram = c.body + 4;
            if (state->count > (c.length - 4) / 5)
                state->count = (c.length - 4) / 5;
        }
    }
}

/* What is absent, from elsewhere. */
static void complete(struct moo_registers *to, const struct moo_registers *from, uint32_t otherwise)
{
    for (unsigned n = 0; n < MOO_REGISTERS; n++)
        if (!(to->present >> n & 1))
            to->value[n] = from->present >> n & 1 ? from->value[n] : otherwise;
}

void moo_complete(struct moo_test *test, const struct moo_registers *masks)
{
    static const struct moo_registers NONE = {.present = 0};
    complete(&test->final.registers, &test->initial.registers, 0);
    complete(&test->final.masks, masks != NULL ? masks : &NONE, UINT32_MAX);
}

static void parse_test(const struct moo_file *file, const struct chunk *from, struct moo_test *test)
{
    struct chunk c;
    const uint8_t *at = from->body + 4;
    memset(test, 0, sizeof *test);
    test->index = load_le32(from->body);
    while (next_chunk(&at, from->body + from->length, &c)) {
        if (is_type(&c, "NAME", 4)) {
            snprintf(test->name, sizeof test->name, "%.*s", (int)(c.length - 4),
                     (const char *)c.body + 4);
        } else if (is_type(&c, "BYTS", 4)) {
            test->byte_count = c.length - 4;
            test->bytes = c.body + 4;
        } else if (is_type(&c, "INIT", 0)) {
            parse_state(&c, &test->initial);
        } else if (is_type(&c, "FINA", 0)) {
            parse_state(&c, &test->final);
        } else if (is_type(&c, "EXCP", 1)) {
            test->has_exception = true;
            test->vector = c.body[0];
        } else if (is_type(&c, "HASH", 20)) {
            for (unsigned n = 0; n < 20; n++)
                snprintf(test->hash + 2 * n, 3, "%02x", c.body[n]);
        }
    }
    moo_complete(test, &file->masks);
}

bool moo_open(struct moo_file *file, const uint8_t *bytes, size_t size)
{
    struct chunk c;
    *file = (struct moo_file){.at = bytes, .end = bytes + size};
    if (!next_chunk(&file->at, file->end, &c) || !is_type(&c, "MOO ", 12))
        return false;
    memcpy(file->cpu, c.body + 8, 4);
    return true;
}

bool moo_next(struct moo_file *file, struct moo_test *test)
{
    struct chunk c;
    while (next_chunk(&file->at, file->end, &c)) {
        if (is_type(&c, "RMSK", 2) || is_type(&c, "RM32", 4))
            parse_registers(&c, &file->masks);
        if (is_type(&c, "TEST", 4)) {
            parse_test(file, &c, test);
            return true;
        }
    }
    return false;
}

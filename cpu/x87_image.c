/*
 * The x87 unit: its state in memory, for FNSTENV, FLDENV, FNSAVE, FRSTOR, FXSAVE and FXRSTOR.
 *
 * Specification: Intel SDM vol. 1, figures 8-9 to 8-12 (environment), 8-13 (state), 8.1.7 (tags);
 * table 10-2 (FXSAVE).
 *
 *   32-bit protected    32-bit real                     16-bit protected  16-bit real
 *   00 control          00 control                      00 control        00 control
 *   04 status           04 status                       02 status         02 status
 *   08 tag              08 tag                          04 tag            04 tag
 *   0C IP               0C IP 15-0                      06 IP             06 IP 15-0
 *   10 CS, opcode 26-16 10 IP 31-16 in 27-12, opcode    08 CS             08 IP 19-16, opcode
 *   14 DP               14 DP 15-0                      0A DP             0A DP 15-0
 *   18 DS               18 DP 31-16 in 27-12            0C DS             0C DP 19-16
 */
#include "cpu/x87_internal.h"

#include <string.h>

enum tag { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };

/* --- tags ------------------------------------------------------------------------------------- */

static enum tag tag_of(struct f80 value)
{
    enum f80_class class = f80_classify(value);
    if (class == F80_CLASS_ZERO)
        return TAG_ZERO;
    return class == F80_CLASS_NORMAL ? TAG_VALID : TAG_SPECIAL;
}

uint16_t x87_tag(const struct x87 *x)
{
    unsigned tag = 0;
    for (unsigned i = 0; i < 8; i++) {
        unsigned kind = x->valid >> i & 1 ? (unsigned)tag_of(x->reg[i]) : (unsigned)TAG_EMPTY;
        tag |= kind << (2 * i);
    }
    return (uint16_t)tag;
}

void x87_set_tag(struct x87 *x, uint16_t tag)
{
    x->valid = 0;
    for (unsigned i = 0; i < 8; i++)
        if ((tag >> (2 * i) & 3) != TAG_EMPTY)
            x->valid |= 1u << i;
}

/* --- words and registers ---------------------------------------------------------------------- */

static void put(uint8_t *image, unsigned offset, unsigned bytes, uint64_t value)
{
    for (unsigned i = 0; i < bytes; i++)
        image[offset + i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *image, unsigned offset, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)image[offset + i] << (8 * i);
    return value;
}

static void put_register(uint8_t *image, unsigned offset, struct f80 value)
{
    put(image, offset, 8, value.significand);
    put(image, offset + 8, 2, value.sign_exponent);
}

static struct f80 get_register(const uint8_t *image, unsigned offset)
{
    return f80_make((uint16_t)get(image, offset + 8, 2), get(image, offset, 8));
}

/* --- environment ------------------------------------------------------------------------------ */

static void put_pointers(const struct x87 *x, struct x87_format format, uint8_t *image)
{
    if (format.is_real) {
        uint64_t ip = ((uint64_t)x->cs << 4) + x->ip, dp = ((uint64_t)x->ds << 4) + x->dp;
        if (format.is_32bit) {
            put(image, 12, 4, (ip & 0xFFFF) | UINT32_C(0xFFFF0000));
            put(image, 16, 4, (ip >> 16 & 0xFFFF) << 12 | x->opcode);
            put(image, 20, 4, (dp & 0xFFFF) | UINT32_C(0xFFFF0000));
            put(image, 24, 4, (dp >> 16 & 0xFFFF) << 12);
        } else {
            put(image, 6, 2, ip);
            put(image, 8, 2, (ip >> 16 & 15) << 12 | x->opcode);
            put(image, 10, 2, dp);
            put(image, 12, 2, (dp >> 16 & 15) << 12);
        }
    } else if (format.is_32bit) {
        put(image, 12, 4, x->ip);
        put(image, 16, 4, x->cs | (uint32_t)x->opcode << 16);
        put(image, 20, 4, x->dp);
        put(image, 24, 4, x->ds | UINT32_C(0xFFFF0000));
    } else {
        put(image, 6, 2, x->ip);
        put(image, 8, 2, x->cs);
        put(image, 10, 2, x->dp);
        put(image, 12, 2, x->ds);
    }
}

static void get_pointers(struct x87 *x, struct x87_format format, const uint8_t *image)
{
    if (format.is_real) {
        uint32_t high = (uint32_t)(format.is_32bit ? get(image, 16, 4) : get(image, 8, 2));
        uint32_t data = (uint32_t)(format.is_32bit ? get(image, 24, 4) : get(image, 12, 2));
        x->ip = get(image, format.is_32bit ? 12 : 6, 2) | (uint64_t)(high >> 12 & 0xFFFF) << 16;
        x->dp = get(image, format.is_32bit ? 20 : 10, 2) | (uint64_t)(data >> 12 & 0xFFFF) << 16;
        x->opcode = high & 0x7FF;
        x->cs = x->ds = 0; /* the pointers are linear addresses */
    } else if (format.is_32bit) {
        x->ip = get(image, 12, 4);
        x->cs = (uint16_t)get(image, 16, 2);
        x->opcode = get(image, 18, 2) & 0x7FF;
        x->dp = get(image, 20, 4);
        x->ds = (uint16_t)get(image, 24, 2);
    } else {
        x->ip = get(image, 6, 2);
        x->cs = (uint16_t)get(image, 8, 2);
        x->dp = get(image, 10, 2);
        x->ds = (uint16_t)get(image, 12, 2);
    }
}

void x87_store_environment(struct x87 *x, struct x87_format format, uint8_t *image)
{
    const uint16_t words[] = {x->control, x87_status(x), x87_tag(x)};
    for (unsigned i = 0; i < 3; i++) {
        if (format.is_32bit)
            put(image, 4 * i, 4, words[i] | UINT32_C(0xFFFF0000));
        else
            put(image, 2 * i, 2, words[i]);
    }
    put_pointers(x, format, image);
    x->control |= F80_ALL;
    x87_update_summary(x);
}

void x87_load_environment(struct x87 *x, struct x87_format format, const uint8_t *image)
{
    unsigned step = format.is_32bit ? 4 : 2;
    x87_set_control(x, (uint16_t)get(image, 0, 2));
    x87_set_status(x, (uint16_t)get(image, step, 2));
    x87_set_tag(x, (uint16_t)get(image, 2 * step, 2));
    get_pointers(x, format, image);
}

/* --- state ------------------------------------------------------------------------------------ */

void x87_save_state(struct x87 *x, struct x87_format format, uint8_t *image)
{
    unsigned offset = format.is_32bit ? 28 : 14;
    x87_store_environment(x, format, image);
    for (unsigned i = 0; i < 8; i++)
        put_register(image, offset + 10 * i, x87_get(x, i));
    x87_fninit(x);
}

void x87_restore_state(struct x87 *x, struct x87_format format, const uint8_t *image)
{
    unsigned offset = format.is_32bit ? 28 : 14;
    x87_load_environment(x, format, image);
    for (unsigned i = 0; i < 8; i++)
        x->reg[x87_index(x, i)] = get_register(image, offset + 10 * i);
}

void x87_fxsave(const struct x87 *x, bool is_64bit, uint8_t *image)
{
    put(image, 0, 2, x->control);
    put(image, 2, 2, x87_status(x));
    put(image, 4, 2, x->valid); /* one bit a register, by number */
    put(image, 6, 2, x->opcode);
    if (is_64bit) {
        put(image, 8, 8, x->ip);
        put(image, 16, 8, x->dp);
    } else {
        put(image, 8, 4, x->ip);
        put(image, 12, 4, x->cs);
        put(image, 16, 4, x->dp);
        put(image, 20, 4, x->ds);
    }
    for (unsigned i = 0; i < 8; i++) {
        put_register(image, 32 + 16 * i, x87_get(x, i));
        memset(image + 32 + 16 * i + 10, 0, 6);
    }
}

void x87_fxrstor(struct x87 *x, bool is_64bit, const uint8_t *image)
{
    x87_set_control(x, (uint16_t)get(image, 0, 2));
    x87_set_status(x, (uint16_t)get(image, 2, 2));
    x->valid = image[4];
    x->opcode = get(image, 6, 2) & 0x7FF;
    x->ip = get(image, 8, is_64bit ? 8 : 4);
    x->dp = get(image, 16, is_64bit ? 8 : 4);
    x->cs = is_64bit ? 0 : (uint16_t)get(image, 12, 2);
    x->ds = is_64bit ? 0 : (uint16_t)get(image, 20, 2);
    for (unsigned i = 0; i < 8; i++)
        x->reg[x87_index(x, i)] = get_register(image, 32 + 16 * i);
}

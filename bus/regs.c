#include "bus/regs.h"

#include "base/bits.h"
#include "base/status.h"

static bool answers(const struct reg *row, const void *self, bool is_write)
{
    return (row->access & (is_write ? REG_WRITE : REG_READ)) != 0 &&
           (!row->is_selected || row->is_selected(self));
}

const struct reg *reg_find(const struct reg_bank *bank, const void *self, uint32_t offset,
                           bool is_write)
{
    const struct reg *containing = NULL;
    for (const struct reg *row = bank->rows; row->name; row++) {
        if (offset < row->offset || offset >= (uint32_t)row->offset + row->width ||
            !answers(row, self, is_write))
            continue;
        if (row->offset == offset)
            return row;
        containing = row;
    }
    return containing;
}

const struct reg *reg_find_inner(const struct reg_bank *bank, const void *self, uint32_t offset,
                                 bool is_write)
{
    const struct reg *row = reg_find(bank, self, offset, is_write);
    if (row && row->inner) {
        const struct reg *inner = reg_find(row->inner, self, row->inner_offset(self), is_write);
        if (inner)
            return inner;
    }
    return row;
}

static uint32_t read_row(const struct reg *row, void *self)
{
    if (row->inner && !row->read) {
        const struct reg *inner = reg_find(row->inner, self, row->inner_offset(self), false);
        return inner ? read_row(inner, self) : UINT32_MAX;
    }
    return reg_row_read(row, self);
}

static void write_row(const struct reg *row, void *self, uint32_t value)
{
    if (row->inner && !row->write) {
        const struct reg *inner = reg_find(row->inner, self, row->inner_offset(self), true);
        if (inner)
            write_row(inner, self, value);
        return;
    }
    reg_row_write(row, self, value);
}

const struct reg *reg_first(const struct reg_bank *bank, uint64_t offset)
{
    for (const struct reg *row = bank->rows; row->name; row++)
        if (row->offset == offset)
            return row;
    return bank->rows;
}

const struct reg *reg_always(const struct reg_bank *bank, uint64_t offset, bool is_write)
{
    for (const struct reg *row = reg_first(bank, offset); row->name; row++) {
        bool is_pair = row->inner && !(is_write ? row->write != NULL : row->read != NULL);
        if (row->offset == offset && row->access & (is_write ? REG_WRITE : REG_READ))
            return row->is_selected || is_pair ? NULL : row;
    }
    return NULL;
}

/* The row when the access is exactly one register, as nearly all are. */
static const struct reg *find_whole(const struct reg *first, const void *self, uint64_t offset,
                                    unsigned size, bool is_write)
{
    for (const struct reg *row = first; row->name; row++)
        if (row->offset == offset && answers(row, self, is_write))
            return row->width == size ? row : NULL;
    return NULL;
}

uint64_t reg_bank_read_from(const struct reg_bank *bank, const struct reg *first, void *self,
                            uint64_t offset, unsigned size)
{
    const struct reg *whole = find_whole(first, self, offset, size, false);
    uint64_t value = 0;
    if (BASE_LIKELY(whole != NULL))
        return read_row(whole, self) & mask_bytes(size);
    for (unsigned done = 0; done < size;) {
        uint32_t at = (uint32_t)offset + done;
        const struct reg *row = reg_find(bank, self, at, false);
        unsigned skip = row ? at - row->offset : 0, width = row ? row->width - skip : 1;
        uint64_t part = row ? read_row(row, self) >> (8 * skip) : 0xFF;
        if (width > size - done)
            width = size - done;
        value |= (part & mask_bytes(width)) << (8 * done);
        done += width;
    }
    return value;
}

void reg_bank_write_from(const struct reg_bank *bank, const struct reg *first, void *self,
                         uint64_t offset, unsigned size, uint64_t value)
{
    const struct reg *whole = find_whole(first, self, offset, size, true);
    if (BASE_LIKELY(whole != NULL)) {
        write_row(whole, self, (uint32_t)(value & mask_bytes(size)));
        return;
    }
    for (unsigned done = 0; done < size;) {
        uint32_t at = (uint32_t)offset + done;
        const struct reg *row = reg_find(bank, self, at, true);
        unsigned skip = row ? at - row->offset : 0, width = row ? row->width - skip : 1;
        uint64_t part = value >> (8 * done);
        if (width > size - done)
            width = size - done;
        part &= mask_bytes(width);
        if (row && width < row->width) {
            /* A part of a wide register: the rest keeps its value. Where ones clear, zeros keep. */
            bool keeps = row->peek && !(row->access & REG_ONE_CLEARS);
            uint64_t kept = keeps ? row->peek(self, row) & ~(mask_bytes(width) << (8 * skip)) : 0;
            part = kept | part << (8 * skip);
        }
        if (row)
            write_row(row, self, (uint32_t)part);
        done += width;
    }
}

uint64_t reg_bank_read(const struct reg_bank *bank, void *self, uint64_t offset, unsigned size)
{
    return reg_bank_read_from(bank, bank->rows, self, offset, size);
}

void reg_bank_write(const struct reg_bank *bank, void *self, uint64_t offset, unsigned size,
                    uint64_t value)
{
    reg_bank_write_from(bank, bank->rows, self, offset, size, value);
}

bool reg_peek(const struct reg *row, const void *self, uint32_t *value)
{
    if (!row->peek || (row->access & REG_BLOCK) || (row->is_selected && !row->is_selected(self)))
        return false;
    *value = row->peek(self, row) & (uint32_t)mask_bytes(row->width);
    return true;
}

static uint32_t field_of(const struct reg_field *field, uint32_t value)
{
    return value >> field->lsb & (uint32_t)(((uint64_t)1 << field->width) - 1);
}

static void put_field(const struct reg_field *field, uint32_t part, char *text, size_t size,
                      size_t *used)
{
    if (field->values && field->values[part])
        text_append(text, size, used, "%s", field->values[part]);
    else
        text_append(text, size, used, "%u", (unsigned)part);
}

void reg_fields_text(const struct reg *row, uint32_t value, char *text, size_t size)
{
    size_t used = 0;
    if (size)
        text[0] = '\0';
    if (!row->fields)
        return;
    for (const struct reg_field *field = row->fields; field->name; field++) {
        text_append(text, size, &used, "%s%s=", used ? " " : "", field->name);
        put_field(field, field_of(field, value), text, size, &used);
    }
}

void reg_changes_text(const struct reg *row, uint32_t old, uint32_t now, char *text, size_t size)
{
    size_t used = 0;
    if (size)
        text[0] = '\0';
    if (!row->fields || old == now)
        return;
    for (const struct reg_field *field = row->fields; field->name; field++) {
        uint32_t before = field_of(field, old), after = field_of(field, now);
        if (before == after)
            continue;
        text_append(text, size, &used, "%s%s ", used ? " " : "", field->name);
        put_field(field, before, text, size, &used);
        text_append(text, size, &used, "→");
        put_field(field, after, text, size, &used);
    }
}

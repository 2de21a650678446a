/* Registers as data.
 *
 * A bank is the set of registers behind one range of ports or memory. Each row names a register as
 * its datasheet does, with its offset, width, access, reset value and fields. The same rows drive
 * dispatch, the trace's decoded text, the debugger's device card and docs/devices/NAME.md.
 *
 * Several rows may share an offset: a row for reading and one for writing, or rows that a latch
 * selects (16550: DLAB); `is_selected` tells which one answers now. A data register behind an index
 * register (CRTC, CMOS) names the bank behind it and how to read the index. */
#ifndef VITRINE_BUS_REGS_H
#define VITRINE_BUS_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum reg_access {
    REG_READ = 1,
    REG_WRITE = 2,
    REG_RW = 3,
    REG_CLEARS_ON_READ = 4, /* with REG_READ: reading has a side effect of this kind */
    REG_ONE_CLEARS = 8,     /* with REG_WRITE: bits written as one are cleared */
    REG_BLOCK = 16          /* block data (ATA data port, remote DMA): never peeked */
};

/* Bits [lsb, lsb + width) of a register. `values` has 1 << width texts, or is NULL. */
struct reg_field {
    const char *name;
    uint8_t lsb, width;
    const char *const *values;
    const char *meaning;
};
#define REG_FIELDS_END {NULL, 0, 0, NULL, NULL}

struct reg;
struct reg_bank {
    const char *name;
    const struct reg *rows; /* ends with a row whose name is NULL */
};

struct reg {
    const char *name;       /* the datasheet's */
    const char *meaning;    /* in words */
    uint16_t offset;
    uint8_t width;          /* bytes */
    uint8_t access;         /* enum reg_access */
    uint32_t reset;         /* value after reset, as a guest would read it */
    uint32_t writable;      /* bits that keep what is written (0 for command registers) */
    bool (*is_selected)(const void *self);                 /* NULL: always */
    uint32_t (*read)(void *self, const struct reg *row);   /* NULL: peek, else open bus */
    void (*write)(void *self, const struct reg *row, uint32_t value); /* NULL: ignored */
    uint32_t (*peek)(const void *self, const struct reg *row); /* never a side effect; may be NULL */
    const struct reg_field *fields;
    const char *section;    /* of the datasheet */
    const struct reg_bank *inner;              /* what an index/data pair leads to */
    uint32_t (*inner_offset)(const void *self); /* the index now */
};
#define REG_ROWS_END {.name = NULL}

/* The row that answers an access at `offset` now; NULL when there is none. A row of the exact
 * offset wins; a row that contains the offset (a wide register read in bytes) comes second. */
const struct reg *reg_find(const struct reg_bank *bank, const void *self, uint32_t offset,
                           bool is_write);
/* The same, following index/data pairs to the inner row. */
const struct reg *reg_find_inner(const struct reg_bank *bank, const void *self, uint32_t offset,
                                 bool is_write);

/* Dispatch by the table: `size` bytes at `offset`, split into the registers that lie there. Where
 * nothing answers, reads give all ones (an undriven bus) and writes are dropped. */
uint64_t reg_bank_read(const struct reg_bank *bank, void *self, uint64_t offset, unsigned size);
void reg_bank_write(const struct reg_bank *bank, void *self, uint64_t offset, unsigned size,
                    uint64_t value);
/* The same for whoever keeps the place where the search may begin: a row before which none has exactly
 * this offset (reg_first's answer, a fact of the table). */
const struct reg *reg_first(const struct reg_bank *bank, uint64_t offset);
/* The row that answers accesses of its width at exactly this offset in every state of the device, so
 * that it can be kept; NULL: nothing does, or a latch or an index has to be asked each time. */
const struct reg *reg_always(const struct reg_bank *bank, uint64_t offset, bool is_write);
/* Carries out an access to a row that reg_always() gave. */
static inline uint32_t reg_row_read(const struct reg *row, void *self)
{
    if (row->read)
        return row->read(self, row);
    return row->peek ? row->peek(self, row) : UINT32_MAX;
}
static inline void reg_row_write(const struct reg *row, void *self, uint32_t value)
{
    if (row->write)
        row->write(self, row, value);
}
uint64_t reg_bank_read_from(const struct reg_bank *bank, const struct reg *first, void *self,
                            uint64_t offset, unsigned size);
void reg_bank_write_from(const struct reg_bank *bank, const struct reg *first, void *self,
                         uint64_t offset, unsigned size, uint64_t value);
/* A register's value for display; false when it can't be had without a side effect. */
bool reg_peek(const struct reg *row, const void *self, uint32_t *value);
/* "DLAB=1 STB=0 parity=none": the fields of a value, in words. */
void reg_fields_text(const struct reg *row, uint32_t value, char *text, size_t size);
/* "DLAB 0→1 STB 0→1": the fields that differ; "" where none does or the row has none. */
void reg_changes_text(const struct reg *row, uint32_t old, uint32_t now, char *text, size_t size);

#endif

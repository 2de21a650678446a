#include "debugger/gdb_registers.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/status.h"

#define CR0_PE   1u
#define FLAGS_VM 0x20000u

/* Offsets in FXSAVE's image (SDM 1, table 10-2). */
enum fxsave_offset {
    FX_CONTROL = 0,
    FX_STATUS = 2,
    FX_TAGS = 4,
    FX_OPCODE = 6,
    FX_IP = 8,
    FX_CS = 12,
    FX_DP = 16,
    FX_DS = 20,
    FX_ST0 = 32
};

enum register_kind {
    REGISTER_GPR,
    REGISTER_IP,
    REGISTER_FLAGS,
    REGISTER_SELECTOR,
    REGISTER_ST,
    REGISTER_FX,
    REGISTER_TAGS,
    REGISTER_SEGMENT_BASE,
    REGISTER_CR,
    REGISTER_TABLE_BASE,
    REGISTER_TABLE_LIMIT,
    REGISTER_TABLE_SELECTOR
};

struct register_row {
    const char *name, *type; /* gdb's */
    enum register_kind kind;
    uint8_t index, bytes;
    const char *group; /* NULL: general */
};

/* In the order of GDB's own numbers; the first feature ends where the second one starts. */
#define SYSTEM_FIRST 32u
static const struct register_row ROWS[] = {
    {"eax",        "int32",       REGISTER_GPR,            CPU_AX,     4,  NULL    },
    {"ecx",        "int32",       REGISTER_GPR,            CPU_CX,     4,  NULL    },
    {"edx",        "int32",       REGISTER_GPR,            CPU_DX,     4,  NULL    },
    {"ebx",        "int32",       REGISTER_GPR,            CPU_BX,     4,  NULL    },
    {"esp",        "data_ptr",    REGISTER_GPR,            CPU_SP,     4,  NULL    },
    {"ebp",        "data_ptr",    REGISTER_GPR,            CPU_BP,     4,  NULL    },
    {"esi",        "int32",       REGISTER_GPR,            CPU_SI,     4,  NULL    },
    {"edi",        "int32",       REGISTER_GPR,            CPU_DI,     4,  NULL    },
    {"eip",        "code_ptr",    REGISTER_IP,             0,          4,  NULL    },
    {"eflags",     "i386_eflags", REGISTER_FLAGS,          0,          4,  NULL    },
    {"cs",         "int32",       REGISTER_SELECTOR,       CPU_CS,     4,  NULL    },
    {"ss",         "int32",       REGISTER_SELECTOR,       CPU_SS,     4,  NULL    },
    {"ds",         "int32",       REGISTER_SELECTOR,       CPU_DS,     4,  NULL    },
    {"es",         "int32",       REGISTER_SELECTOR,       CPU_ES,     4,  NULL    },
    {"fs",         "int32",       REGISTER_SELECTOR,       CPU_FS,     4,  NULL    },
    {"gs",         "int32",       REGISTER_SELECTOR,       CPU_GS,     4,  NULL    },
    {"st0",        "i387_ext",    REGISTER_ST,             0,          10, NULL    },
    {"st1",        "i387_ext",    REGISTER_ST,             1,          10, NULL    },
    {"st2",        "i387_ext",    REGISTER_ST,             2,          10, NULL    },
    {"st3",        "i387_ext",    REGISTER_ST,             3,          10, NULL    },
    {"st4",        "i387_ext",    REGISTER_ST,             4,          10, NULL    },
    {"st5",        "i387_ext",    REGISTER_ST,             5,          10, NULL    },
    {"st6",        "i387_ext",    REGISTER_ST,             6,          10, NULL    },
    {"st7",        "i387_ext",    REGISTER_ST,             7,          10, NULL    },
    {"fctrl",      "int",         REGISTER_FX,             FX_CONTROL, 4,  "float" },
    {"fstat",      "int",         REGISTER_FX,             FX_STATUS,  4,  "float" },
    {"ftag",       "int",         REGISTER_TAGS,           0,          4,  "float" },
    {"fiseg",      "int",         REGISTER_FX,             FX_CS,      4,  "float" },
    {"fioff",      "int",         REGISTER_FX,             FX_IP,      4,  "float" },
    {"foseg",      "int",         REGISTER_FX,             FX_DS,      4,  "float" },
    {"fooff",      "int",         REGISTER_FX,             FX_DP,      4,  "float" },
    {"fop",        "int",         REGISTER_FX,             FX_OPCODE,  4,  "float" },
    {"cs_base",    "int32",       REGISTER_SEGMENT_BASE,   CPU_CS,     4,  "system"},
    {"ss_base",    "int32",       REGISTER_SEGMENT_BASE,   CPU_SS,     4,  "system"},
    {"ds_base",    "int32",       REGISTER_SEGMENT_BASE,   CPU_DS,     4,  "system"},
    {"es_base",    "int32",       REGISTER_SEGMENT_BASE,   CPU_ES,     4,  "system"},
    {"fs_base",    "int32",       REGISTER_SEGMENT_BASE,   CPU_FS,     4,  "system"},
    {"gs_base",    "int32",       REGISTER_SEGMENT_BASE,   CPU_GS,     4,  "system"},
    {"cr0",        "vitrine_cr0", REGISTER_CR,             0,          4,  "system"},
    {"cr2",        "int32",       REGISTER_CR,             2,          4,  "system"},
    {"cr3",        "int32",       REGISTER_CR,             3,          4,  "system"},
    {"cr4",        "int32",       REGISTER_CR,             4,          4,  "system"},
    {"gdtr_base",  "int32",       REGISTER_TABLE_BASE,     0,          4,  "system"},
    {"gdtr_limit", "int32",       REGISTER_TABLE_LIMIT,    0,          4,  "system"},
    {"idtr_base",  "int32",       REGISTER_TABLE_BASE,     1,          4,  "system"},
    {"idtr_limit", "int32",       REGISTER_TABLE_LIMIT,    1,          4,  "system"},
    {"ldtr",       "int32",       REGISTER_TABLE_SELECTOR, 0,          4,  "system"},
    {"tr",         "int32",       REGISTER_TABLE_SELECTOR, 1,          4,  "system"},
};

/* Bits that gdb shows by name (SDM 1, figure 3-8; SDM 3A, figure 2-7). */
struct flag_row {
    const char *name;
    unsigned bit;
};
static const struct flag_row EFLAGS_BITS[] = {
    {"CF",  0 },
    {"",    1 },
    {"PF",  2 },
    {"AF",  4 },
    {"ZF",  6 },
    {"SF",  7 },
    {"TF",  8 },
    {"IF",  9 },
    {"DF",  10},
    {"OF",  11},
    {"NT",  14},
    {"RF",  16},
    {"VM",  17},
    {"AC",  18},
    {"VIF", 19},
    {"VIP", 20},
    {"ID",  21}
};
static const struct flag_row CR0_BITS[] = {
    {"PE", 0 },
    {"MP", 1 },
    {"EM", 2 },
    {"TS", 3 },
    {"ET", 4 },
    {"NE", 5 },
    {"WP", 16},
    {"AM", 18},
    {"NW", 29},
    {"CD", 30},
    {"PG", 31}
};

unsigned gdb_registers_count(void)
{
    return ARRAY_COUNT(ROWS);
}

unsigned gdb_register_bytes(unsigned number)
{
    return ROWS[number].bytes;
}

/* --- the x87 tags: FXSAVE keeps one bit a register, gdb wants the 16-bit word of FSAVE ------------------ */

/* Valid 0, zero 1, special 2 (SDM 1, 8.1.7). */
static unsigned tag_of(const uint8_t *value)
{
    unsigned exponent = load_le16(value + 8) & 0x7FFFu;
    uint64_t significand = load_le64(value);
    if (exponent == 0 && significand == 0)
        return 1;
    return exponent == 0 || exponent == 0x7FFF || !(significand >> 63) ? 2 : 0;
}

static uint32_t full_tags(const uint8_t *fxsave)
{
    unsigned top = load_le16(fxsave + FX_STATUS) >> 11 & 7u;
    uint32_t tags = 0;
    for (unsigned physical = 0; physical < 8; physical++) {
        unsigned st = (physical - top) & 7u;
        unsigned tag = fxsave[FX_TAGS] >> physical & 1 ? tag_of(fxsave + FX_ST0 + 16 * st) : 3;
        tags |= tag << (2 * physical);
    }
    return tags;
}

static void set_full_tags(uint8_t *fxsave, uint32_t tags)
{
    uint8_t bits = 0;
    for (unsigned physical = 0; physical < 8; physical++)
        if ((tags >> (2 * physical) & 3u) != 3)
            bits = (uint8_t)(bits | 1u << physical);
    fxsave[FX_TAGS] = bits;
}

/* FIP and FDP have 32 bits, the others 16. */
static bool is_wide(unsigned offset)
{
    return offset == FX_IP || offset == FX_DP;
}

/* --- getting and setting ------------------------------------------------------------------------------- */

static uint64_t control_register(const struct cpu_registers *cpu, unsigned index)
{
    return index == 0 ? cpu->cr0 : index == 2 ? cpu->cr2 : index == 3 ? cpu->cr3 : cpu->cr4;
}

static uint64_t value_of(const struct gdb_registers *registers, const struct register_row *row)
{
    const struct cpu_registers *cpu = &registers->cpu;
    switch (row->kind) {
    case REGISTER_GPR: return cpu->gpr[row->index];
    case REGISTER_IP: return cpu->ip;
    case REGISTER_FLAGS: return cpu->flags;
    case REGISTER_SELECTOR: return cpu->segment[row->index].selector;
    case REGISTER_ST: break; /* wider than this: see gdb_register_get */
    case REGISTER_FX:
        return is_wide(row->index) ? load_le32(registers->fxsave + row->index)
                                   : load_le16(registers->fxsave + row->index);
    case REGISTER_TAGS: return full_tags(registers->fxsave);
    case REGISTER_SEGMENT_BASE: return cpu->segment[row->index].base;
    case REGISTER_CR: return control_register(cpu, row->index);
    case REGISTER_TABLE_BASE: return row->index ? cpu->idtr.base : cpu->gdtr.base;
    case REGISTER_TABLE_LIMIT: return row->index ? cpu->idtr.limit : cpu->gdtr.limit;
    case REGISTER_TABLE_SELECTOR: return row->index ? cpu->tr.selector : cpu->ldtr.selector;
    }
    return 0;
}

void gdb_register_get(const struct gdb_registers *registers, unsigned number, uint8_t *bytes)
{
    const struct register_row *row = &ROWS[number];
    if (row->kind == REGISTER_ST)
        memcpy(bytes, registers->fxsave + FX_ST0 + 16 * row->index, 10);
    else
        store_le(bytes, row->bytes, value_of(registers, row));
}

/* In real and virtual-8086 mode the base follows the selector (SDM 3A 20.1.1). */
static bool set_selector(struct cpu_registers *cpu, struct cpu_segment *segment, uint32_t selector)
{
    if (selector == segment->selector)
        return true;
    if (selector > 0xFFFF || ((cpu->cr0 & CR0_PE) && !(cpu->flags & FLAGS_VM)))
        return false;
    segment->selector = (uint16_t)selector;
    segment->base = (uint64_t)selector << 4;
    return true;
}

static void set_control_register(struct cpu_registers *cpu, unsigned index, uint32_t value)
{
    if (index == 0)
        cpu->cr0 = value;
    else if (index == 2)
        cpu->cr2 = value;
    else if (index == 3)
        cpu->cr3 = value;
    else
        cpu->cr4 = value;
}

bool gdb_register_set(struct gdb_registers *registers, unsigned number, const uint8_t *bytes)
{
    const struct register_row *row = &ROWS[number];
    struct cpu_registers *cpu = &registers->cpu;
    uint32_t value = row->bytes >= 4 ? load_le32(bytes) : 0;
    switch (row->kind) {
    case REGISTER_GPR: cpu->gpr[row->index] = value; break;
    case REGISTER_IP: cpu->ip = value; break;
    case REGISTER_FLAGS: cpu->flags = value | 2; break;
    case REGISTER_SELECTOR: return set_selector(cpu, &cpu->segment[row->index], value);
    case REGISTER_ST: memcpy(registers->fxsave + FX_ST0 + 16 * row->index, bytes, 10); break;
    case REGISTER_FX:
        store_le(registers->fxsave + row->index, is_wide(row->index) ? 4 : 2, value);
        break;
    case REGISTER_TAGS: set_full_tags(registers->fxsave, value); break;
    case REGISTER_SEGMENT_BASE: cpu->segment[row->index].base = value; break;
    case REGISTER_CR: set_control_register(cpu, row->index, value); break;
    case REGISTER_TABLE_BASE: *(row->index ? &cpu->idtr.base : &cpu->gdtr.base) = value; break;
    case REGISTER_TABLE_LIMIT: *(row->index ? &cpu->idtr.limit : &cpu->gdtr.limit) = value; break;
    case REGISTER_TABLE_SELECTOR:
        return value == (row->index ? cpu->tr.selector : cpu->ldtr.selector);
    }
    return true;
}

/* --- target.xml ----------------------------------------------------------------------------------------- */

static void put_flags(char *text, size_t size, size_t *used, const char *id,
                      const struct flag_row *flags, size_t count)
{
    text_append(text, size, used, "<flags id=\"%s\" size=\"4\">", id);
    for (size_t i = 0; i < count; i++)
        text_append(text, size, used, "<field name=\"%s\" start=\"%u\" end=\"%u\"/>", flags[i].name,
                    flags[i].bit, flags[i].bit);
    text_append(text, size, used, "</flags>");
}

static void put_rows(char *text, size_t size, size_t *used, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        text_append(text, size, used, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\"", ROWS[i].name,
                    8u * ROWS[i].bytes, ROWS[i].type);
        if (ROWS[i].group)
            text_append(text, size, used, " group=\"%s\"", ROWS[i].group);
        text_append(text, size, used, "/>");
    }
}

size_t gdb_registers_xml(char *text, size_t size)
{
    size_t used = 0;
    text_append(
        text, size, &used,
        "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target version=\"1.0\">"
        "<architecture>i386</architecture><feature name=\"org.gnu.gdb.i386.core\">");
    put_flags(text, size, &used, "i386_eflags", EFLAGS_BITS, ARRAY_COUNT(EFLAGS_BITS));
    put_rows(text, size, &used, 0, SYSTEM_FIRST);
    text_append(text, size, &used, "</feature><feature name=\"org.vitrine.i386.system\">");
    put_flags(text, size, &used, "vitrine_cr0", CR0_BITS, ARRAY_COUNT(CR0_BITS));
    put_rows(text, size, &used, SYSTEM_FIRST, ARRAY_COUNT(ROWS));
    text_append(text, size, &used, "</feature></target>");
    return used;
}

/* Random programs: see random_program.h. */
#include "tests/unit/random_program.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Where the guest has what, beside what cpu_guest.h says. */
enum {
    CODE_END = 0x2e000,
    DATA = 0x30000,
    DATA_END = 0x37000, /* no address of the program is above */
    COUNTERS = 0x37000, /* of loops, of interrupts */
    DIRECTORY = 0x38000,
    TABLE = 0x39000,
    FRAMES = 64,
    LEAVES = 8,
    PATCHES = 64,
    RELOAD = 0x1e,  /* the vector that loads CR3, for CPL 3 */
    CODE_16 = 0x68, /* selectors, without RPL */
    STACK_16 = 0x70
};
enum { VECTOR_OF_DE = 0, VECTOR_OF_UD = 6, VECTOR_OF_PF = 14 };

struct writer {
    uint8_t bytes[CODE_END - CODE];
    uint32_t at, seed;
    unsigned kept; /* bits: 32-bit registers that nothing may change now */
    bool is_user, is_16_bit, is_wide, has_code_16;
    enum { FLAT, BASED, BASED_16 } memory; /* by FS from DATA on, with 32 or 16 bits of address */
    uint32_t leaf[LEAVES], place[RANDOM_PROGRAM_MOST];
    struct fixup {
        uint32_t at;
        unsigned place;
    } fixups[RANDOM_PROGRAM_MOST * 2];
    unsigned fixup_count;
    uint32_t immediates[PATCHES], opcodes[PATCHES]; /* addresses that the program may change */
    unsigned immediate_count, opcode_count;
};

uint32_t random_below(uint32_t *seed, uint32_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return (uint32_t)((uint64_t)*seed * below >> 32);
}

static uint32_t any(struct writer *w, uint32_t below)
{
    return random_below(&w->seed, below);
}

static void byte(struct writer *w, uint32_t value)
{
    w->bytes[w->at++] = (uint8_t)value;
}

static void bytes(struct writer *w, uint32_t value, unsigned count)
{
    for (unsigned n = 0; n < count; n++)
        byte(w, value >> 8 * n);
}

/* Prefixes of an instruction whose operands or addresses have 32 bits. */
static void wide(struct writer *w)
{
    if (w->has_code_16)
        byte(w, 0x66);
}

static void wide_address(struct writer *w)
{
    if (w->has_code_16)
        byte(w, 0x67);
}

static uint32_t here(const struct writer *w)
{
    return CODE + w->at;
}

/* A register that may be changed: neither ESP nor EBP, which hold addresses. */
static unsigned target(struct writer *w, unsigned size)
{
    for (;;) {
        unsigned number = any(w, 8);
        if (size == 1 ? !(w->kept >> (number & 3) & 1)
                      : number != 4 && number != 5 && !(w->kept >> number & 1))
            return number;
    }
}

static unsigned source(struct writer *w)
{
    return any(w, 8);
}

/* An offset in the data that likes the ends of pages. */
static uint32_t data_offset(struct writer *w, uint32_t below)
{
    uint32_t offset = any(w, below);
    return any(w, 8) ? offset & ~3u : (offset & ~0xfffu) + 0xffc + any(w, 4);
}

/* One of `of` times: what is to be added for the second linear address. */
static uint32_t alias(struct writer *w, uint32_t of)
{
    return any(w, of) ? 0 : (uint32_t)FRAMES << 12;
}

/* ModRM and what follows for an operand in memory by FS, whose limit is at the data's end. */
static void based_memory(struct writer *w, unsigned reg)
{
    if (w->memory == BASED) { /* [ebx+disp32] */
        byte(w, 0x83 | reg << 3);
        bytes(w, data_offset(w, 0x6000), 4);
        return;
    }
    switch (any(w, 3)) {
    case 0: /* [disp16] */
        byte(w, 0x06 | reg << 3);
        bytes(w, data_offset(w, 0x6000), 2);
        break;
    case 1: /* [bx+disp16] */
        byte(w, 0x87 | reg << 3);
        bytes(w, data_offset(w, 0x6000), 2);
        break;
    default: /* [bp+disp16] */
        byte(w, 0x86 | reg << 3);
        bytes(w, data_offset(w, 0x2000), 2);
        break;
    }
}

/* ModRM and what follows for an operand in memory. */
static void memory(struct writer *w, unsigned reg)
{
    if (w->memory != FLAT) {
        based_memory(w, reg);
        return;
    }
    switch (any(w, 5)) {
    case 0: /* [ebp+disp8] */
        byte(w, 0x45 | reg << 3);
        byte(w, any(w, 256));
        break;
    case 1: /* [ebp+disp32] */
        byte(w, 0x85 | reg << 3);
        bytes(w, data_offset(w, 0x2000), 4);
        break;
    case 2: /* [disp32] */
        byte(w, 0x05 | reg << 3);
        bytes(w, alias(w, 8) + DATA + data_offset(w, 0x6000), 4);
        break;
    case 3: /* [esp+disp8], above where a return address may be */
        byte(w, 0x44 | reg << 3);
        byte(w, 0x24);
        byte(w, 4 + any(w, 15) * 4);
        break;
    default: /* [ebp+ebx*2+disp8]: small_index() has gone before */
        byte(w, 0x44 | reg << 3);
        byte(w, 0x5d);
        byte(w, any(w, 128));
        break;
    }
}

/* and ebx,7ffh */
static void small_index(struct writer *w)
{
    wide(w);
    bytes(w, 0xe381, 2);
    bytes(w, 0x7ff, 4);
}

/* The same, where nothing has gone before. */
static void memory_without_index(struct writer *w, unsigned reg)
{
    byte(w, 0x85 | reg << 3);
    bytes(w, data_offset(w, 0x2000), 4);
}

/* The prefixes of an instruction with memory, which memory() goes by. */
static void memory_prefixes(struct writer *w)
{
    static const uint8_t SEGMENTS[] = {0x26, 0x36, 0x3e, 0x65};
    w->memory = any(w, 6) ? FLAT : any(w, 2) ? BASED : BASED_16;
    if (w->memory != FLAT)
        byte(w, 0x64);
    else if (!any(w, 12))
        byte(w, SEGMENTS[any(w, sizeof SEGMENTS)]);
    if ((w->memory == BASED_16) != w->has_code_16)
        byte(w, 0x67);
}

/* 1, 2 or 4, and its prefix. */
static unsigned operand_size(struct writer *w)
{
    unsigned kind = any(w, 8), size = kind < 2 ? 1 : kind < (w->is_16_bit ? 7 : 3) ? 2 : 4;
    if (size == (w->has_code_16 ? 4 : 2))
        byte(w, 0x66);
    return size;
}

/* ModRM of register and register, or of register and memory. */
static void register_or_memory(struct writer *w, unsigned reg, unsigned rm, bool is_memory)
{
    if (is_memory)
        memory(w, reg);
    else
        byte(w, 0xc0 | reg << 3 | rm);
}

static void note(uint32_t *list, unsigned *count, uint32_t address, struct writer *w)
{
    if (*count < PATCHES)
        list[(*count)++] = address;
    else
        list[any(w, PATCHES)] = address;
}

static void immediate(struct writer *w, unsigned size)
{
    note(w->immediates, &w->immediate_count, here(w), w);
    bytes(w, any(w, 3) ? w->seed : any(w, 40), size);
}

/* Instructions that change one register or memory, and nothing by the way. */
static void simple(struct writer *w)
{
    bool is_memory = any(w, 2) && !(w->kept & 1u << CPU_BX), by_cl;
    unsigned kind = any(w, 16), size, reg;
    w->memory = FLAT;
    if (is_memory) {
        small_index(w);
        memory_prefixes(w);
    }
    size = operand_size(w);
    reg = target(w, size);
    switch (kind) {
    case 0:
    case 1: /* op r,r/m */
        byte(w, any(w, 8) << 3 | 2 | (size > 1));
        register_or_memory(w, reg, source(w), is_memory);
        break;
    case 2: /* op r/m,r */
        byte(w, any(w, 8) << 3 | (size > 1));
        register_or_memory(w, source(w), reg, is_memory);
        break;
    case 3: /* op r/m,imm8 */
        byte(w, size > 1 ? 0x83 : 0x80);
        register_or_memory(w, any(w, 8), reg, is_memory);
        immediate(w, 1);
        break;
    case 4: /* op r/m,imm */
        byte(w, size > 1 ? 0x81 : 0x80);
        register_or_memory(w, any(w, 8), reg, is_memory);
        immediate(w, size);
        break;
    case 5:
    case 6: /* mov r,r/m */
        byte(w, 0x8a | (size > 1));
        register_or_memory(w, reg, source(w), is_memory);
        break;
    case 7: /* mov r/m,r */
        byte(w, 0x88 | (size > 1));
        register_or_memory(w, source(w), reg, is_memory);
        break;
    case 8: /* mov r/m,imm */
        byte(w, 0xc6 | (size > 1));
        register_or_memory(w, 0, reg, is_memory);
        immediate(w, size);
        break;
    case 9: /* movzx, movsx r,r/m */
        reg = target(w, 4);
        byte(w, 0x0f);
        byte(w, 0xb6 | any(w, 2) | any(w, 2) << 3);
        register_or_memory(w, reg, source(w), is_memory);
        break;
    case 10: /* shifts by an immediate or by CL */
        by_cl = any(w, 2);
        byte(w, (by_cl ? 0xd2 : 0xc0) | (size > 1));
        register_or_memory(w, any(w, 8), reg, is_memory);
        if (!by_cl)
            byte(w, any(w, 34));
        break;
    case 11: /* inc, dec, not, neg r/m */
        if (any(w, 2)) {
            byte(w, 0xfe | (size > 1));
            register_or_memory(w, any(w, 2), reg, is_memory);
        } else {
            byte(w, 0xf6 | (size > 1));
            register_or_memory(w, 2 + any(w, 2), reg, is_memory);
        }
        break;
    case 12: /* test r/m,r */
        byte(w, 0x84 | (size > 1));
        register_or_memory(w, source(w), reg, is_memory);
        break;
    case 13: /* imul r,r/m; cmov */
        reg = target(w, 4);
        byte(w, 0x0f);
        byte(w, any(w, 2) ? 0xaf : 0x40 | any(w, 16));
        register_or_memory(w, reg, source(w), is_memory);
        break;
    case 14: /* setcc r/m */
        reg = target(w, 1);
        byte(w, 0x0f);
        byte(w, 0x90 | any(w, 16));
        register_or_memory(w, 0, reg, is_memory);
        break;
    default: /* lea r,m */
        reg = target(w, 4);
        if (!is_memory)
            wide_address(w);
        byte(w, 0x8d);
        memory(w, reg);
        break;
    }
}

/* Instructions that change more, or fault. */
static void other(struct writer *w)
{
    static const char *const SHORT[] = {"\x99", "\x98", "\x9f\x9e", "\xf5",
                                        "\xf8", "\xf9", "\x0f\xc8", "\x9c\x9d",
                                        "\x90", "\x93", "\x66\x99", "\xd6"};
    switch (any(w, 12)) {
    case 0: { /* cdq, cwde, lahf and sahf, cmc, clc, stc, bswap, pushf and popf, nop, xchg, cwd, salc */
        const char *code = SHORT[any(w, sizeof SHORT / sizeof *SHORT)];
        while (*code)
            byte(w, (uint8_t)*code++);
        break;
    }
    case 1: /* mul, imul, div, idiv r: the latter often #DE */
        byte(w, any(w, 4) ? 0xf7 : 0xf6);
        byte(w, 0xe0 | any(w, 4) << 3 | any(w, 4));
        break;
    case 2:
        bytes(w, 0x0b0f, 2); /* ud2 */
        break;
    case 3: /* a string instruction, a few elements of which fit in the data */
        wide(w);
        byte(w, 0xbe);
        bytes(w, DATA + data_offset(w, 0x6000), 4);
        wide(w);
        byte(w, 0xbf);
        bytes(w, DATA + data_offset(w, 0x6000), 4);
        wide(w);
        byte(w, 0xb9);
        bytes(w, any(w, 40), 4);
        wide_address(w);
        if (any(w, 3))
            byte(w, 0xf3 - any(w, 2));
        byte(w, (const uint8_t[]){0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae,
                                  0xaf}[any(w, 10)]);
        break;
    case 4: /* push and pop, some with a read between them */
        byte(w, 0x50 | source(w));
        if (any(w, 2))
            byte(w, 0x50 | source(w)), simple(w), byte(w, 0x58 | target(w, 4));
        byte(w, 0x58 | target(w, 4));
        break;
    case 5: /* xadd, cmpxchg, xchg m,r */
        wide_address(w);
        if (any(w, 3)) {
            byte(w, 0x0f);
            byte(w, any(w, 2) ? 0xc1 : 0xb1);
        } else {
            byte(w, 0x87);
        }
        memory_without_index(w, target(w, 4));
        break;
    case 6: /* shld, shrd r,r,imm; bt, bts, btr, btc r,imm */
        byte(w, 0x0f);
        if (any(w, 2)) {
            byte(w, any(w, 2) ? 0xa4 : 0xac);
            byte(w, 0xc0 | source(w) << 3 | target(w, 4));
        } else {
            byte(w, 0xba);
            byte(w, 0xe0 | any(w, 4) << 3 | target(w, 4));
        }
        byte(w, any(w, 32));
        break;
    case 7: /* mov ebp: other data */
        wide(w);
        byte(w, 0xbd);
        bytes(w, alias(w, 6) + DATA + data_offset(w, 0x2000), 4);
        break;
    case 8: /* inc, dec of a register, which the program may exchange */
        note(w->opcodes, &w->opcode_count, here(w), w);
        byte(w, 0x40 | any(w, 2) << 3 | target(w, 4));
        break;
    case 9: /* mov r,imm of 16 bits */
        if (!w->has_code_16)
            byte(w, 0x66);
        byte(w, 0xb8 | target(w, 2));
        immediate(w, 2);
        break;
    case 10: /* mov r,imm */
        wide(w);
        byte(w, 0xb8 | target(w, 4));
        immediate(w, 4);
        break;
    default:
        bytes(w, 0x1f1e, 2); /* push ds; pop ds */
        break;
    }
}

/* x87, MMX, SSE and SSE2: with registers, and with memory where no alignment is asked for. */
static void floating(struct writer *w)
{
    static const struct form {
        uint8_t count, code[3], digit;
        uint8_t
            registers; /* 0: memory; ffh: no ModRM; else it is C0h | digit << 3 | some number below this */
    } FORMS[] = {
        {1, {0xd9},             0, 0   },
        {1, {0xdd},             0, 0   },
        {1, {0xd9},             3, 0   },
        {1, {0xdd},             3, 0   },
        {1, {0xdb},             0, 0   },
        {1, {0xdb},             3, 0   },
        {1, {0xdf},             5, 0   },
        {1, {0xdf},             7, 0   },
        {1, {0xd8},             0, 0   },
        {1, {0xdc},             1, 0   },
        {1, {0xdc},             6, 0   },
        {1, {0xd8},             5, 8   },
        {1, {0xd8},             1, 8   },
        {1, {0xdc},             0, 8   },
        {1, {0xde},             1, 8   },
        {1, {0xd9},             0, 8   },
        {1, {0xd9},             1, 8   },
        {1, {0xd9},             4, 2   },
        {1, {0xd9},             5, 7   },
        {1, {0xdb},             6, 8   },
        {1, {0xdf},             4, 1   },
        {1, {0xdd},             0, 8   },
        {1, {0xdd},             3, 8   },
        {1, {0xd9},             6, 8   },
        {2, {0x0f, 0x6f},       0, 0   },
        {2, {0x0f, 0x7f},       1, 0   },
        {2, {0x0f, 0xfd},       2, 8   },
        {2, {0x0f, 0xef},       3, 8   },
        {2, {0x0f, 0xf5},       4, 0   },
        {2, {0x0f, 0x10},       0, 0   },
        {2, {0x0f, 0x11},       1, 0   },
        {2, {0x0f, 0x58},       2, 8   },
        {2, {0x0f, 0x59},       3, 8   },
        {3, {0xf2, 0x0f, 0x10}, 4, 0   },
        {3, {0xf2, 0x0f, 0x58}, 5, 0   },
        {3, {0xf3, 0x0f, 0x5e}, 6, 0   },
        {3, {0xf2, 0x0f, 0x11}, 7, 0   },
        {3, {0x66, 0x0f, 0xfe}, 0, 8   },
        {3, {0x66, 0x0f, 0xef}, 1, 8   },
        {3, {0xf2, 0x0f, 0x2c}, 2, 8   },
        {3, {0x66, 0x0f, 0x6e}, 3, 8   },
        {3, {0xf3, 0x0f, 0x2a}, 4, 0   },
        {2, {0x0f, 0x77},       0, 0xff},
        {1, {0x9b},             0, 0xff},
    };
    for (unsigned n = 1 + any(w, 4); n > 0; n--) {
        const struct form *form = &FORMS[any(w, sizeof FORMS / sizeof *FORMS)];
        wide_address(w);
        for (unsigned k = 0; k < form->count; k++)
            byte(w, form->code[k]);
        if (!form->registers)
            memory_without_index(w, form->digit);
        else if (form->registers != 0xff)
            byte(w, 0xc0u | (uint32_t)form->digit << 3 | any(w, form->registers));
    }
}

/* Changes the program itself, by one of its two linear addresses. */
static void patch(struct writer *w)
{
    uint32_t by = alias(w, 2);
    if (any(w, 2) && w->immediate_count) {
        static const uint8_t STORES[] = {0x88, 0x00, 0x30}; /* mov, add, xor [],r */
        wide_address(w);
        byte(w, STORES[any(w, 3)]);
        byte(w, 0x05 | source(w) << 3);
        bytes(w, w->immediates[any(w, w->immediate_count)] + by, 4);
    } else if (w->opcode_count) { /* xor byte [],8 */
        wide_address(w);
        bytes(w, 0x3580, 2);
        bytes(w, w->opcodes[any(w, w->opcode_count)] + by, 4);
        byte(w, 8);
    }
}

/* Takes a page of data away, or its right to be written. */
static void unmap(struct writer *w)
{
    uint32_t page = (DATA >> 12) + any(w, (DATA_END - DATA) >> 12) + any(w, 2) * FRAMES;
    wide_address(w);
    bytes(w, 0x2580, 2); /* and byte [],… */
    bytes(w, TABLE + 4 * page, 4);
    byte(w, any(w, 2) ? 0xfe : 0xfd);
    if (w->is_user) { /* int */
        byte(w, 0xcd);
        byte(w, RELOAD);
    } else { /* invlpg [] */
        wide_address(w);
        bytes(w, 0x3d010f, 3);
        bytes(w, page << 12, 4);
    }
}

static void some_simple(struct writer *w, unsigned most)
{
    for (unsigned n = any(w, most); n > 0; n--)
        simple(w);
}

/* A loop within a place: by a counter in memory, or in a register that its body keeps. */
static void loop(struct writer *w)
{
    uint32_t counter = COUNTERS + 4 * any(w, 64), top;
    if (any(w, 2)) {
        wide(w);
        wide_address(w);
        bytes(w, 0x05c7, 2); /* mov dword [counter],imm */
        bytes(w, counter, 4);
        bytes(w, 1 + any(w, 300), 4);
        top = w->at;
        some_simple(w, 5);
        wide(w);
        wide_address(w);
        bytes(w, 0x0dff, 2); /* dec dword [counter] */
        bytes(w, counter, 4);
    } else {
        static const uint8_t KEPT[] = {CPU_CX, CPU_SI, CPU_DI};
        unsigned reg = KEPT[any(w, 3)];
        wide(w);
        byte(w, 0xb8 | reg);
        bytes(w, 1 + any(w, 300), 4);
        top = w->at;
        w->kept = 1u << reg;
        some_simple(w, 5);
        w->kept = 0;
        wide(w);
        byte(w, 0x48 | reg);
    }
    wide(w);
    bytes(w, 0x850f, 2); /* jnz */
    bytes(w, top - (w->at + 4), 4);
}

/* Ahead, a little: rounds through all places. */
static unsigned ahead(struct writer *w, unsigned number, unsigned places)
{
    return (number + 1 + any(w, 6)) % places;
}

static void jump_to(struct writer *w, unsigned place)
{
    w->fixups[w->fixup_count++] = (struct fixup){w->at, place};
    bytes(w, 0, 4);
}

/* One place: instructions, and an end that goes on behind it, to another place, or through a leaf. */
static void put_place(struct writer *w, unsigned number, unsigned places)
{
    w->place[number] = w->at;
    some_simple(w, 8);
    if (!any(w, 3))
        other(w);
    if (!any(w, 6))
        floating(w);
    if (!w->is_wide && !any(w, 12))
        loop(w);
    if (!any(w, 24))
        patch(w);
    if (!any(w, 24))
        unmap(w);
    switch (any(w, 5)) {
    case 0: /* call */
        wide(w);
        byte(w, 0xe8);
        bytes(w, w->leaf[any(w, LEAVES)] - (w->at + 4), 4);
        break;
    case 1: { /* push what a leaf will return to; mov r,leaf; jmp r */
        unsigned reg = target(w, 4);
        wide(w);
        byte(w, 0x68);
        bytes(w, here(w) + 4 + (w->has_code_16 ? 6 + 3 : 5 + 2), 4);
        wide(w);
        byte(w, 0xb8 | reg);
        bytes(w, CODE + w->leaf[any(w, LEAVES)], 4);
        wide(w);
        byte(w, 0xff);
        byte(w, 0xe0 | reg);
        break;
    }
    case 2: /* by what is in the data: add [],imm; jcc */
        wide(w);
        wide_address(w);
        bytes(w, 0x0581, 2);
        bytes(w, COUNTERS + 0x400 + 4 * any(w, 64), 4);
        bytes(w, w->seed, 4);
        wide(w);
        byte(w, 0x0f);
        byte(w, 0x80 | any(w, 16));
        jump_to(w, any(w, 8) ? ahead(w, number, places) : any(w, places));
        break;
    case 3: /* by a comparison of registers */
        byte(w, any(w, 2) ? 0x39 : 0x85);
        byte(w, 0xc0 | source(w) << 3 | source(w));
        wide(w);
        byte(w, 0x0f);
        byte(w, 0x80 | any(w, 16));
        jump_to(w, ahead(w, number, places));
        break;
    default: /* whatever the flags are; or always */
        wide(w);
        if (any(w, 2)) {
            byte(w, 0x0f);
            byte(w, 0x80 | any(w, 16));
        } else {
            byte(w, 0xe9);
        }
        jump_to(w, ahead(w, number, places));
        break;
    }
}

static void put_handlers(struct cpu_box *box)
{
    uint8_t page_fault[] = {
        0x50, 0x0f, 0x20, 0xd0, 0xc1, 0xe8, 0x0c,    /* push eax; mov eax,cr2; shr eax,12 */
        0x80, 0x0c, 0x85, 0,    0,    0,    0,    3, /* or byte [TABLE+eax*4],3 */
        0x0f, 0x20, 0xd0, 0x0f, 0x01, 0x38,          /* mov eax,cr2; invlpg [eax] */
        0x58, 0x83, 0xc4, 0x04, 0xff, 0x05, 0,    0,
        0,    0,    0xcf}; /* pop eax; add esp,4; inc []; iret */
    uint8_t skip[] = {0x83, 0x04, 0x24, 0x02, 0xff, 0x05,
                      0,    0,    0,    0,    0xcf}; /* add dword [esp],2; inc []; iret */
    static const uint8_t RELOAD_CODE[] = {0x50, 0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8, 0x58, 0xcf};
    uint8_t count[] = {0xff, 0x05, 0, 0, 0, 0, 0xcf}; /* inc dword []; iret */
    uint32_t at = CODE_END;
    store_le32(page_fault + 10, TABLE);
    store_le32(count + 2, RANDOM_PROGRAM_INTERRUPTS);
    store_le32(skip + 6, RANDOM_PROGRAM_SKIPPED);
    store_le32(page_fault + sizeof page_fault - 5, RANDOM_PROGRAM_PAGE_FAULTS);
    cpu_box_poke(box, HANDLERS + 16 * VECTOR_OF_DE, skip, sizeof skip);
    cpu_box_poke(box, HANDLERS + 16 * VECTOR_OF_UD, skip, sizeof skip);
    cpu_box_poke(box, HANDLERS + 16 * RANDOM_PROGRAM_IRQ, count, sizeof count);
    cpu_box_poke(box, HANDLERS + 16 * RELOAD, RELOAD_CODE, sizeof RELOAD_CODE);
    gate_set(box, IDT + 8 * RELOAD, SEL_CODE0, HANDLERS + 16 * RELOAD, 0xee);
    cpu_box_poke(box, at, page_fault, sizeof page_fault);
    gate_set(box, IDT + 8 * VECTOR_OF_PF, SEL_CODE0, at, 0x8e);
}

static void put_tables(struct cpu_box *box)
{
    cpu_box_poke32(box, DIRECTORY, TABLE | 7);
    for (uint32_t page = 0; page < 2 * FRAMES; page++)
        cpu_box_poke32(box, TABLE + 4 * page, page % FRAMES << 12 | 7);
}

/* CS and SS with D and B of 0, and all addresses as before. */
static void use_code_16(struct cpu_box *box, struct cpu_registers *r, bool is_user)
{
    unsigned level = is_user ? 3 : 0;
    uint32_t code = 0x89b | level << 5, stack = 0x893 | level << 5;
    gdt_set(box, CODE_16, 0, 0xfffff, code);
    gdt_set(box, STACK_16, 0, 0xfffff, stack);
    r->segment[CPU_CS] =
        (struct cpu_segment){0, 0xffffffffu, (uint16_t)(CODE_16 | level), (uint16_t)code};
    r->segment[CPU_SS] =
        (struct cpu_segment){0, 0xffffffffu, (uint16_t)(STACK_16 | level), (uint16_t)stack};
}

void random_program_put(struct cpu_box *box, const struct random_program *program)
{
    struct writer *w = calloc(1, sizeof *w);
    struct cpu_registers r;
    ck_assert_ptr_nonnull(w);
    w->seed = program->seed;
    w->is_user = program->is_user;
    w->is_16_bit = program->is_16_bit;
    w->is_wide = program->is_wide;
    w->has_code_16 = program->has_code_16;
    for (unsigned n = 0; n < LEAVES; n++) {
        w->leaf[n] = w->at;
        some_simple(w, 6);
        wide(w);
        byte(w, 0xc3);
    }
    for (unsigned n = 0; n < program->places; n++) {
        put_place(w, n, program->places);
        ck_assert_uint_lt(w->at, sizeof w->bytes - 256);
    }
    wide(w);
    byte(w, 0xe9);
    jump_to(w, 0);
    for (unsigned n = 0; n < w->fixup_count; n++)
        store_le32(w->bytes + w->fixups[n].at,
                   w->place[w->fixups[n].place] - (w->fixups[n].at + 4));
    cpu_box_poke(box, CODE, w->bytes, w->at);
    put_handlers(box);
    put_tables(box);
    if (program->is_user)
        cpu_guest_ring3(box);
    cpu_get_registers(box->cpu, &r);
    if (program->has_code_16)
        use_code_16(box, &r, program->is_user);
    r.segment[CPU_FS].base = DATA;
    r.segment[CPU_FS].limit = DATA_END - DATA - 1;
    r.segment[CPU_FS].attributes &= 0x7ff; /* a limit in bytes */
    r.cr3 = DIRECTORY;
    r.cr0 |= 0x80000000u;
    r.cr4 |= 0x200; /* OSFXSR */
    r.ip = CODE + w->place[0];
    r.flags |= 0x200;
    r.gpr[CPU_BP] = DATA;
    cpu_set_registers(box->cpu, &r);
    free(w);
}

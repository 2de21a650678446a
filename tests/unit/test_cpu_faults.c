/* A fault changes nothing: whatever random descriptors, gates, stacks and page tables make of an
 * instruction, one that faults leaves registers and memory as they were (SDM 3A 6.5, 6.6: faults are
 * restartable). The exceptions' own gates are empty, so that a fault ends in a shutdown before its
 * delivery has written anything. A task switch past its point of no return is the new task's (7.3). */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/cpu_guest.h"

#define GDT_ENTRIES 32u
#define LDT         0x1400u
#define IDT_ENTRIES 64u /* 0-31 are empty */
#define STACKS      0x6000u
#define DATA        0x9000u
#define TABLES      0x20000u
#define BYTES       (PAGES * 4096u)

struct dice {
    uint64_t state;
};

static uint32_t throw(struct dice * dice, uint32_t below)
{
    dice->state ^= dice->state << 13;
    dice->state ^= dice->state >> 7;
    dice->state ^= dice->state << 17;
    return (uint32_t)((dice->state >> 20) % below);
}

/* --- a random machine -------------------------------------------------------------------------------- */

static uint16_t random_selector(struct dice *dice)
{
    return (uint16_t)(throw(dice, GDT_ENTRIES + 2) << 3 | (throw(dice, 8) == 0 ? 4u : 0) |
                      throw(dice, 4));
}

static uint32_t random_offset(struct dice *dice)
{
    static const uint32_t FAVOURITES[] = {CODE, DATA,   STACKS + 0x800, 0,
                                          2,    0xffff, 0x10000,        0xffffffff};
    return throw(dice, 4) == 0 ? FAVOURITES[throw(dice, ARRAY_COUNT(FAVOURITES))]
                               : DATA + throw(dice, 0x1000);
}

/* Every type, mostly present, with small and large limits. */
static void random_descriptor(struct cpu_box *box, struct dice *dice, uint32_t at)
{
    static const uint8_t SYSTEM[] = {0x1, 0x2, 0x4, 0x5, 0x6, 0x7, 0x9, 0xb, 0xc, 0xe, 0xf};
    static const uint32_t LIMITS[] = {0, 0x2b, 0x67, 0x68, 0x7ff, 0xffff, 0xfffff};
    bool is_system = throw(dice, 3) == 0;
    unsigned type = is_system ? SYSTEM[throw(dice, sizeof SYSTEM)] : 0x10 | throw(dice, 16);
    uint32_t access = type | throw(dice, 4) << 5 | (throw(dice, 8) == 0 ? 0 : 0x80u);
    if (is_system && (type & 4) != 0) {
        cpu_box_poke32(box, at, (uint32_t)random_selector(dice) << 16 | (CODE + throw(dice, 64)));
        cpu_box_poke32(box, at + 4, access << 8 | throw(dice, 4));
        return;
    }
    uint32_t limit = LIMITS[throw(dice, ARRAY_COUNT(LIMITS))];
    uint32_t base = is_system ? TSS + 0x100 * throw(dice, 4) : 0;
    cpu_box_poke32(box, at, base << 16 | (limit & 0xffff));
    cpu_box_poke32(box, at + 4, (limit & 0xf0000) | access << 8 | throw(dice, 4) << 22);
}

static void random_words(struct cpu_box *box, struct dice *dice, uint32_t from, uint32_t bytes)
{
    for (uint32_t at = from; at < from + bytes; at += 4) {
        uint32_t value = throw(dice, 2) ? random_selector(dice) : random_offset(dice);
        cpu_box_poke32(box, at, value);
    }
}

/* 4 KiB pages, one to one, some absent or read-only; accessed and dirty, which a fault may set. */
static void random_pages(struct cpu_box *box, struct dice *dice)
{
    cpu_box_poke32(box, TABLES, (TABLES + 0x1000) | 0x67);
    for (uint32_t page = 0; page < 1024; page++) {
        bool is_kept = page < 6 || page == CODE >> 12 || page >= TABLES >> 12;
        uint32_t flags = is_kept || throw(dice, 4) ? 0x67 : throw(dice, 4) << 1 | 0x60;
        cpu_box_poke32(box, TABLES + 0x1000 + 4 * page, page << 12 | flags);
    }
}

static struct cpu_segment random_segment(struct dice *dice, unsigned cpl, bool is_code, bool is_32)
{
    uint32_t attributes = (is_code ? 0x9bu : 0x93u) | cpl << 5 | (is_32 ? 0x400u : 0);
    bool is_small = !is_code && throw(dice, 4) == 0;
    return (struct cpu_segment){0, is_small ? 0x6fffu : 0xffffffffu,
                                (uint16_t)(random_selector(dice) & ~7u) | (uint16_t)cpl,
                                (uint16_t)attributes};
}

static void random_registers(struct cpu_box *box, struct dice *dice, bool is_paged)
{
    static const uint32_t TSS_LIMITS[] = {0x67, 0x67, 0x2b, 0x67 + 32, 0x10};
    struct cpu_registers r;
    cpu_get_registers(box->cpu, &r);
    bool is_v86 = throw(dice, 8) == 0, is_32 = throw(dice, 4) != 0;
    unsigned cpl = is_v86 ? 3 : throw(dice, 4);
    for (unsigned n = 0; n < 8; n++)
        r.gpr[n] = throw(dice, 2) ? random_selector(dice) : random_offset(dice);
    r.gpr[CPU_SP] = STACKS + 4 * throw(dice, 0x400);
    for (unsigned n = 0; n < 6; n++) {
        r.segment[n] = random_segment(dice, cpl, n == CPU_CS, n == CPU_CS || is_32);
        if (is_v86)
            r.segment[n] = (struct cpu_segment){0, 0xffff, 0, 0xf3};
    }
    r.flags =
        2 | throw(dice, 4) << 12 | (throw(dice, 4) == 0 ? 0x4000u : 0) | (is_v86 ? 0x20000u : 0);
    r.cr0 = 0x11 | (is_paged ? 0x80000000u | throw(dice, 2) << 16 : 0);
    r.cr3 = TABLES;
    r.cr4 = throw(dice, 4) == 0 ? 3 : 0; /* VME, PVI */
    r.gdtr.limit = GDT_ENTRIES * 8 - 1;
    r.idtr.limit = IDT_ENTRIES * 8 - 1;
    r.tr = (struct cpu_segment){TSS, TSS_LIMITS[throw(dice, ARRAY_COUNT(TSS_LIMITS))], SEL_TSS,
                                throw(dice, 4) == 0 ? 0x83 : 0x8b};
    r.ldtr = (struct cpu_segment){LDT, 0x3f, 0x18, 0x82};
    r.ip = CODE;
    cpu_set_registers(box->cpu, &r);
}

static void random_machine(struct cpu_box *box, struct dice *dice)
{
    bool is_paged = throw(dice, 2) == 0;
    for (unsigned n = 0; n < GDT_ENTRIES; n++)
        random_descriptor(box, dice, GDT + 8 * n);
    for (unsigned n = 0; n < 8; n++)
        random_descriptor(box, dice, LDT + 8 * n);
    for (unsigned n = 0; n < 32; n++)
        gate_set(box, IDT + 8 * n, 0, 0, 0);
    for (unsigned n = 32; n < IDT_ENTRIES; n++)
        gate_set(box, IDT + 8 * n, random_selector(dice), CODE,
                 (0x5u + throw(dice, 3)) | (throw(dice, 2) << 3) | throw(dice, 4) << 5 | 0x80);
    random_words(box, dice, TSS, 0x400);
    random_words(box, dice, STACKS, 0x2000);
    random_words(box, dice, DATA, 0x2000);
    if (is_paged)
        random_pages(box, dice);
    random_registers(box, dice, is_paged);
}

/* --- the instructions ------------------------------------------------------------------------------ */

/* What reads descriptors, stacks, several operands. `tail`: random bytes behind. ModRM 05h is [disp32]
 * in 32-bit code, 03h [EBX]. */
static const struct {
    uint8_t length, bytes[4], tail;
} TEMPLATES[] = {
    {1, {0x07},             0},
    {1, {0x17},             0},
    {1, {0x1f},             0},
    {2, {0x0f, 0xa1},       0},
    {2, {0x0f, 0xa9},       0}, /* POP sreg */
    {2, {0x8e, 0xc0},       0},
    {2, {0x8e, 0xd0},       0},
    {2, {0x8e, 0xd8},       0},
    {2, {0x8e, 0xe3},       0}, /* MOV sreg */
    {2, {0xc4, 0x03},       0},
    {2, {0xc5, 0x06},       0},
    {3, {0x0f, 0xb2, 0x03}, 0},
    {3, {0x0f, 0xb4, 0x07}, 0}, /* LES.. */
    {2, {0xff, 0x1b},       0},
    {2, {0xff, 0x2b},       0},
    {2, {0xff, 0x1e},       0},
    {2, {0xff, 0x2f},       0}, /* CALL, JMP far */
    {1, {0x9a},             6},
    {1, {0xea},             6},
    {1, {0xcb},             0},
    {1, {0xca},             2},
    {1, {0xcf},             0},
    {1, {0xcf},             0},
    {1, {0xc3},             0},
    {1, {0xc2},             2},
    {1, {0xcd},             1},
    {1, {0xcd},             1},
    {1, {0xce},             0},
    {1, {0xcc},             0},
    {2, {0x62, 0x03},       0},
    {1, {0xc8},             3},
    {1, {0xc9},             0},
    {1, {0x60},             0},
    {1, {0x61},             0}, /* BOUND, ENTER.. */
    {1, {0x9c},             0},
    {1, {0x9d},             0},
    {1, {0xfa},             0},
    {1, {0xfb},             0},
    {2, {0xff, 0x33},       0},
    {2, {0x8f, 0x03},       0},
    {1, {0xe8},             4},
    {2, {0xff, 0x13},       0},
    {1, {0x06},             0},
    {2, {0x0f, 0xa0},       0},
    {1, {0x68},             4},
    {3, {0x0f, 0x00, 0xd8}, 0},
    {3, {0x0f, 0x00, 0xd0}, 0},
    {3, {0x0f, 0x00, 0x1b}, 0}, /* LTR, LLDT */
    {3, {0x0f, 0x01, 0x13}, 0},
    {3, {0x0f, 0x01, 0x1b}, 0},
    {3, {0x0f, 0x01, 0x03}, 0},
    {3, {0x0f, 0x01, 0xf0}, 0},
    {3, {0x0f, 0x22, 0xd8}, 0},
    {3, {0x0f, 0x22, 0xc0}, 0},
    {3, {0x0f, 0x22, 0xe0}, 0},
    {2, {0x0f, 0x06},       0},
    {2, {0x63, 0x03},       0},
    {1, {0xe4},             1},
    {1, {0xef},             0},
    {1, {0x6c},             0},
    {1, {0x6f},             0},
    {1, {0xa5},             0},
    {1, {0xa7},             0},
    {1, {0xab},             0},
    {2, {0x01, 0x03},       0},
    {2, {0x87, 0x03},       0},
    {3, {0x0f, 0xc1, 0x03}, 0},
    {3, {0x0f, 0xb1, 0x0b}, 0},
    {3, {0x0f, 0xc7, 0x0b}, 0},
    {2, {0xf7, 0x3b},       0},
    {2, {0xf7, 0xf3},       0},
    {2, {0xd1, 0x13},       0},
    {3, {0x0f, 0xbb, 0x03}, 0},
    {2, {0xdd, 0x33},       0},
    {2, {0xdb, 0x3b},       0},
    {2, {0x0f, 0x34},       0},
    {2, {0x0f, 0x35},       0},
    {2, {0x0f, 0x30},       0},
    {2, {0x0f, 0x32},       0},
    {1, {0xd7},             0},
};

static void random_instruction(struct cpu_box *box, struct dice *dice)
{
    static const uint8_t PREFIXES[] = {0x66, 0x67, 0x26, 0x2e, 0x36};
    uint8_t code[16] = {0};
    size_t at = 0;
    unsigned chosen = throw(dice, ARRAY_COUNT(TEMPLATES));
    for (unsigned prefix = 0; prefix < 2; prefix++)
        if (throw(dice, 4) == 0)
            code[at++] = PREFIXES[throw(dice, sizeof PREFIXES)];
    memcpy(code + at, TEMPLATES[chosen].bytes, TEMPLATES[chosen].length);
    at += TEMPLATES[chosen].length;
    for (unsigned n = 0; n < TEMPLATES[chosen].tail; n++)
        code[at++] = (uint8_t) throw(dice, 256);
    if (TEMPLATES[chosen].bytes[0] == 0xcd)
        code[at - 1] = (uint8_t)(32 + throw(dice, IDT_ENTRIES - 32));
    if (TEMPLATES[chosen].tail == 6) { /* ptr16:32 */
        store_le32(code + at - 6, random_offset(dice));
        store_le16(code + at - 2, random_selector(dice));
    }
    cpu_box_poke(box, CODE, code, sizeof code);
}

/* --- the property -------------------------------------------------------------------------------------- */

static const char *hex_of(const struct cpu_box *box, char text[64])
{
    uint8_t code[10];
    cpu_box_peek(box, CODE, code, sizeof code);
    for (unsigned n = 0; n < sizeof code; n++)
        snprintf(text + 3 * n, 64 - 3 * n, "%02x ", code[n]);
    return text;
}

/* PUSHA and ENTER push word by word: what fitted stays below the stack pointer. The silicon does the
 * same (PUSHA and ENTER across the border of an absent page, Xeon). */
static bool is_pushed(const struct cpu_registers *before, const uint8_t *ram, uint32_t at)
{
    uint32_t code = CODE;
    while (memchr("\x66\x67\x26\x2e\x36", ram[code], 5) != NULL)
        code++;
    return (ram[code] == 0x60 || ram[code] == 0xc8) && (before->gpr[CPU_SP] - at) <= 0x100;
}

/* Returns whether the instruction faulted; fails when that changed anything. */
static bool faults_without_trace(struct cpu_box *box, struct dice *dice, uint64_t number)
{
    static uint8_t before_ram[BYTES], after_ram[BYTES];
    struct cpu_registers before, after;
    char code[64];
    cpu_reset(box->cpu);
    random_machine(box, dice);
    random_instruction(box, dice);
    cpu_get_registers(box->cpu, &before);
    cpu_box_peek(box, 0, before_ram, BYTES);
    bool has_faulted = cpu_box_run(box, 1) == CPU_STOP_SHUTDOWN;
    cpu_get_registers(box->cpu, &after);
    cpu_box_peek(box, 0, after_ram, BYTES);
    hex_of(box, code);
    if (!has_faulted || before.tr.selector != after.tr.selector)
        return has_faulted;
    for (uint32_t at = 0; at < BYTES; at++)
        if (before_ram[at] != after_ram[at] && !is_pushed(&before, before_ram, at))
            ck_abort_msg("case %llu (%s): byte %05xh was %02xh, is %02xh",
                         (unsigned long long)number, code, at, before_ram[at], after_ram[at]);
    for (unsigned n = 0; n < 8; n++)
        ck_assert_msg(before.gpr[n] == after.gpr[n],
                      "case %llu (%s): register %u was %llxh, is %llxh", (unsigned long long)number,
                      code, n, (unsigned long long)before.gpr[n], (unsigned long long)after.gpr[n]);
    for (unsigned n = 0; n < 6; n++)
        ck_assert_msg(before.segment[n].selector == after.segment[n].selector &&
                          before.segment[n].attributes == after.segment[n].attributes,
                      "case %llu (%s): segment register %u has changed", (unsigned long long)number,
                      code, n);
    ck_assert_msg(before.flags == after.flags && before.ip == after.ip && before.cr0 == after.cr0 &&
                      before.cr3 == after.cr3 && before.cr4 == after.cr4 &&
                      before.ldtr.selector == after.ldtr.selector &&
                      before.gdtr.base == after.gdtr.base && before.idtr.base == after.idtr.base,
                  "case %llu (%s): flags, EIP or a system register have changed",
                  (unsigned long long)number, code);
    return has_faulted;
}

START_TEST(a_fault_leaves_registers_and_memory_as_they_were)
{
    struct dice dice = {UINT64_C(0x9e3779b97f4a7c15)};
    unsigned faults = 0, cases = 6000;
    struct cpu_box box;
    cpu_guest_init(&box);
    for (unsigned n = 0; n < cases; n++)
        faults += faults_without_trace(&box, &dice, n);
    cpu_box_fini(&box);
    ck_assert_uint_gt(faults, cases / 5);
    ck_assert_uint_lt(faults, cases * 9 / 10);
}
END_TEST

Suite *cpu_faults_suite(void)
{
    Suite *suite = suite_create("cpu_faults");
    TCase *tcase = tcase_create("faults");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, a_fault_leaves_registers_and_memory_as_they_were);
    suite_add_tcase(suite, tcase);
    return suite;
}

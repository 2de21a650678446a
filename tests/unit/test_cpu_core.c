/* The core of the CPU: results of instructions (expected values from the SDM's pseudo-code), exact
 * landing of slices and events, code that changes, watches, saved state.
 *
 * Programs are bytes at 0000:1000 in real mode, stack at 0000:0800, unless a test says otherwise. Each
 * row of results runs with the specialised handlers and with the plain ones. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bus/space.h"
#include "cpu/cpu.h"
#include "cpu/run.h"
#include "tests/unit/fixture.h"

#define CODE 0x1000u
#define CF 0x001u
#define PF 0x004u
#define AF 0x010u
#define ZF 0x040u
#define SF 0x080u
#define IF 0x200u
#define OF 0x800u

struct port_access {
    uint64_t offset;
    unsigned size;
    uint64_t value; /* written */
};

struct core {
    struct device_fixture *f;
    struct cpu *cpu;
    struct code_pool *pool;
    int acknowledged;
    unsigned reads, writes;
    bool cuts, raises;
    uint64_t seen_now; /* timeline at the last port access */
    struct port_access port;
};

static int acknowledge(void *self)
{
    struct core *c = self;
    c->acknowledged++;
    cpu_set_intr(c->cpu, false);
    return 0x20;
}

static uint64_t port_read(void *self, uint64_t offset, unsigned size)
{
    struct core *c = self;
    c->port = (struct port_access){offset, size, 0};
    c->seen_now = c->f->timeline.now;
    return ++c->reads;
}

static void port_write(void *self, uint64_t offset, unsigned size, uint64_t value)
{
    struct core *c = self;
    c->port = (struct port_access){offset, size, value};
    c->writes++;
    c->seen_now = c->f->timeline.now;
    if (c->cuts)
        timeline_cut(&c->f->timeline);
    if (c->raises)
        cpu_set_intr(c->cpu, true);
}
static const struct region_ops port_ops = {.read = port_read, .write = port_write};

static void point_at_code(struct core *c)
{
    struct cpu_registers r;
    cpu_get_registers(c->cpu, &r);
    for (unsigned i = 0; i < 6; i++) {
        r.segment[i].base = 0;
        r.segment[i].selector = 0;
    }
    r.ip = CODE;
    r.gpr[CPU_SP] = 0x800;
    cpu_set_registers(c->cpu, &r);
}

static struct core *core_new(const char *model)
{
    struct core *c = calloc(1, sizeof *c);
    struct error error = {STATUS_OK, ""};
    c->f = fixture_new();
    const struct region ports = {
        .name = "ports", .self = c, .ops = &port_ops, .base = 0, .length = 0x100};
    ck_assert_int_eq(space_attach(&c->f->ports, &ports, NULL, &error), STATUS_OK);
    const struct region device = {
        .name = "device", .self = c, .ops = &port_ops, .base = 0xa0000, .length = 0x1000};
    space_unmap_ram(&c->f->memory, 0xa0000, 1);
    ck_assert_int_eq(space_attach(&c->f->memory, &device, NULL, &error), STATUS_OK);
    ck_assert_int_eq(code_pool_new(&c->pool, 8u << 20, &error), STATUS_OK);
    const struct cpu_config config = {.name = "test",
                                      .model = model,
                                      .timeline = &c->f->timeline,
                                      .clock = &c->f->clock,
                                      .memory = &c->f->memory,
                                      .ports = &c->f->ports,
                                      .log = &c->f->log,
                                      .pool = c->pool,
                                      .acknowledge = acknowledge,
                                      .acknowledge_self = c};
    ck_assert_int_eq(cpu_new(&c->cpu, &config, &error), STATUS_OK);
    point_at_code(c);
    return c;
}

static void core_free(struct core *c)
{
    cpu_free(c->cpu);
    code_pool_free(c->pool);
    device_fixture_free(c->f);
    free(c);
}

static uint8_t *memory(struct core *c, uint32_t at)
{
    return c->f->ram.bytes + at;
}

static void put_code(struct core *c, const void *bytes, size_t count)
{
    space_poke(&c->f->memory, CODE, bytes, count);
}
#define PUT(c, ...)                                       \
    do {                                                  \
        static const uint8_t code_[] = {__VA_ARGS__};     \
        put_code((c), code_, sizeof code_);               \
    } while (0)

static enum cpu_stop run(struct core *c, uint64_t instructions)
{
    c->f->timeline.slice_end = c->f->timeline.now + instructions;
    return cpu_run(c->cpu);
}

static struct cpu_registers registers(const struct core *c)
{
    struct cpu_registers r;
    cpu_get_registers(c->cpu, &r);
    return r;
}

static uint64_t state_hash_of(const struct core *c)
{
    struct cpu_registers r = registers(c);
    uint64_t hash = hash_bytes(HASH_START, r.gpr, sizeof r.gpr);
    hash = hash_bytes(hash, &r.ip, sizeof r.ip);
    hash = hash_bytes(hash, &r.flags, sizeof r.flags);
    return hash_bytes(hash, c->f->ram.bytes, 0x20000);
}

/* A vector of the real-mode table: the handler is a HLT at 0000:address. */
static void set_vector(struct core *c, unsigned vector, uint16_t address)
{
    store_le32(memory(c, vector * 4), address);
    *memory(c, address) = 0xf4;
}

/* --- results ---------------------------------------------------------------------------------------- */

struct result_row {
    const char *what;
    uint8_t code[12], length;
    unsigned instructions;
    uint32_t eax, ebx, ecx, edx, flags; /* before */
    uint32_t want_eax, want_edx;
    uint32_t mask, want_flags;
};
#define SIX (CF | PF | AF | ZF | SF | OF)
static const struct result_row results[] = {
    {"add carries out", {0x66, 0x01, 0xd8}, 3, 1, 0xffffffff, 1, 0, 0, 0, 0, 0, SIX,
     CF | PF | AF | ZF},
    {"add overflows", {0x66, 0x01, 0xd8}, 3, 1, 0x7fffffff, 1, 0, 0, 0, 0x80000000, 0, SIX,
     PF | AF | SF | OF},
    {"add of bytes keeps the rest", {0x00, 0xfc}, 2, 1, 0x12347f55, 0x0100, 0, 0, 0, 0x12348055, 0,
     SIX, AF | SF | OF},
    {"sub borrows", {0x29, 0xd8}, 2, 1, 0xaaaa0000, 1, 0, 0, 0, 0xaaaaffff, 0, SIX,
     CF | PF | AF | SF},
    {"adc takes the carry", {0x66, 0x11, 0xd8}, 3, 1, 5, 0xffffffff, 0, 0, CF, 5, 0, SIX,
     CF | PF | AF},
    {"sbb of equal numbers with borrow", {0x66, 0x19, 0xc0}, 3, 1, 7, 0, 0, 0, CF, 0xffffffff, 0,
     SIX, CF | PF | AF | SF},
    {"cmp writes no register", {0x3c, 0x80}, 2, 1, 0x7f, 0, 0, 0, 0, 0x7f, 0, SIX,
     CF | PF | SF | OF},
    {"inc keeps the carry", {0x40}, 1, 1, 0x7fff, 0, 0, 0, CF, 0x8000, 0, SIX,
     CF | PF | AF | SF | OF},
    {"dec keeps the carry", {0x48}, 1, 1, 0x8000, 0, 0, 0, CF, 0x7fff, 0, SIX, CF | PF | AF | OF},
    {"neg of zero has no carry", {0xf7, 0xd8}, 2, 1, 0, 0, 0, 0, CF, 0, 0, SIX, PF | ZF},
    {"neg of the least number", {0xf6, 0xd8}, 2, 1, 0x80, 0, 0, 0, 0, 0x80, 0, SIX, CF | SF | OF},
    {"and clears carry and overflow", {0x21, 0xd8}, 2, 1, 0xf00f, 0x0ff0, 0, 0, CF | OF, 0, 0,
     CF | PF | ZF | SF | OF, PF | ZF},
    {"shl by one", {0xd1, 0xe0}, 2, 1, 0xc000, 0, 0, 0, 0, 0x8000, 0, CF | PF | ZF | SF | OF,
     CF | PF | SF},
    {"shr by one keeps the sign in OF", {0xd1, 0xe8}, 2, 1, 0x8001, 0, 0, 0, 0, 0x4000, 0,
     CF | PF | ZF | SF | OF, CF | PF | OF},
    {"sar copies the sign", {0xc1, 0xf8, 0x04}, 3, 1, 0x8018, 0, 0, 0, 0, 0xf801, 0,
     CF | PF | ZF | SF, CF | SF},
    {"a shift by 32 changes nothing", {0x66, 0xd3, 0xe0}, 3, 1, 0x1234, 0, 32, 0, CF | ZF, 0x1234,
     0, SIX, CF | ZF},
    {"shl of a byte by 8", {0xc0, 0xe0, 0x08}, 3, 1, 0x01, 0, 0, 0, 0, 0, 0, CF | PF | ZF | SF,
     CF | PF | ZF},
    {"rol moves the top bit into CF", {0xd1, 0xc0}, 2, 1, 0x8001, 0, 0, 0, ZF, 0x0003, 0,
     CF | ZF | OF, CF | ZF | OF},
    {"rol by 16 of a word sets CF from bit 0", {0xc1, 0xc0, 0x10}, 3, 1, 0x0001, 0, 0, 0, 0, 1, 0,
     CF, CF},
    {"ror", {0xc1, 0xc8, 0x04}, 3, 1, 0x1238, 0, 0, 0, 0, 0x8123, 0, CF, CF},
    {"rcl by 9 of a byte comes round", {0xc0, 0xd0, 0x09}, 3, 1, 0xa5, 0, 0, 0, CF, 0xa5, 0, CF,
     CF},
    {"rcr takes the carry", {0xd1, 0xd8}, 2, 1, 0x0001, 0, 0, 0, CF, 0x8000, 0, CF | OF, CF | OF},
    {"shld", {0x66, 0x0f, 0xa4, 0xd8, 0x08}, 5, 1, 0x12345678, 0xabcdef01, 0, 0, 0, 0x345678ab, 0,
     CF, 0},
    {"shrd", {0x66, 0x0f, 0xac, 0xd8, 0x10}, 5, 1, 0x12345678, 0xabcdef01, 0, 0, 0, 0xef011234, 0,
     CF, 0},
    {"mul sets CF when the upper half is not zero", {0xf7, 0xe3}, 2, 1, 0x8000, 2, 0, 0x5555, 0, 0,
     1, CF | OF, CF | OF},
    {"mul of bytes", {0xf6, 0xe3}, 2, 1, 0x00ff, 0xff, 0, 0, 0, 0xfe01, 0, CF | OF, CF | OF},
    {"imul that fits", {0xf7, 0xeb}, 2, 1, 0xfffe, 3, 0, 0, CF, 0xfffa, 0xffff, CF | OF, 0},
    {"imul by three operands truncates", {0x6b, 0xc3, 0x7f}, 3, 1, 0, 0x1000, 0, 0, 0, 0xf000, 0,
     CF | OF, CF | OF},
    {"div", {0xf7, 0xf3}, 2, 1, 0x0001, 0x10, 0, 0x0002, 0, 0x2000, 1, 0, 0},
    {"idiv rounds to zero", {0xf7, 0xfb}, 2, 1, 0xfff9, 2, 0, 0xffff, 0, 0xfffd, 0xffff, 0, 0},
    {"idiv of bytes", {0xf6, 0xfb}, 2, 1, 0xfff9, 2, 0, 0, 0, 0xfffd, 0, 0, 0},
    {"daa", {0x27}, 1, 1, 0x9a, 0, 0, 0, 0, 0x00, 0, CF | PF | AF | ZF | SF, CF | PF | AF | ZF},
    {"das", {0x2f}, 1, 1, 0x0b, 0, 0, 0, CF, 0xa5, 0, CF | AF | ZF | SF, CF | AF | SF},
    {"aaa", {0x37}, 1, 1, 0x020b, 0, 0, 0, 0, 0x0301, 0, CF | AF, CF | AF},
    {"aas", {0x3f}, 1, 1, 0x0203, 0, 0, 0, AF, 0x000d, 0, CF | AF, CF | AF},
    {"aam", {0xd4, 0x0a}, 2, 1, 63, 0, 0, 0, 0, 0x0603, 0, PF | ZF | SF, PF},
    {"aad", {0xd5, 0x0a}, 2, 1, 0x0603, 0, 0, 0, 0, 63, 0, PF | ZF | SF, PF},
    {"bsf", {0x0f, 0xbc, 0xc3}, 3, 1, 0, 0x0140, 0, 0, ZF, 6, 0, ZF, 0},
    {"bsr", {0x0f, 0xbd, 0xc3}, 3, 1, 0, 0x0140, 0, 0, ZF, 8, 0, ZF, 0},
    {"bsf of zero leaves the register", {0x0f, 0xbc, 0xc3}, 3, 1, 7, 0, 0, 0, 0, 7, 0, ZF, ZF},
    {"btc", {0x0f, 0xba, 0xf8, 0x03}, 4, 1, 0x08, 0, 0, 0, 0, 0, 0, CF, CF},
    {"cmpxchg equal", {0x0f, 0xb1, 0xda}, 3, 1, 5, 9, 0, 5, 0, 5, 9, ZF, ZF},
    {"cmpxchg not equal", {0x0f, 0xb1, 0xda}, 3, 1, 5, 9, 0, 6, ZF, 6, 6, ZF, 0},
    {"xadd", {0x0f, 0xc1, 0xc2}, 3, 1, 3, 0, 0, 4, 0, 4, 7, SIX, 0},
    {"bswap", {0x66, 0x0f, 0xc8}, 3, 1, 0x12345678, 0, 0, 0, 0, 0x78563412, 0, 0, 0},
    {"movsx from AH", {0x66, 0x0f, 0xbe, 0xc4}, 4, 1, 0x8000, 0, 0, 0, 0, 0xffffff80, 0, 0, 0},
    {"movzx from BL", {0x66, 0x0f, 0xb6, 0xc3}, 4, 1, 0xffffffff, 0xf1, 0, 0, 0, 0xf1, 0, 0, 0},
    {"cbw and cwd", {0x98, 0x99}, 2, 2, 0x80, 0, 0, 0, 0, 0xff80, 0xffff, 0, 0},
    {"cwde and cdq", {0x66, 0x98, 0x66, 0x99}, 4, 2, 0x8000, 0, 0, 0, 0, 0xffff8000, 0xffffffff, 0,
     0},
    {"lahf", {0x9f}, 1, 1, 0, 0, 0, 0, CF | ZF, 0x4300, 0, 0, 0},
    {"sahf", {0x9e}, 1, 1, 0xd500, 0, 0, 0, OF, 0xd500, 0, SIX, SIX},
    {"salc", {0xd6}, 1, 1, 0, 0, 0, 0, CF, 0xff, 0, 0, 0},
    {"cmovb moves with a carry", {0x66, 0x0f, 0x42, 0xc3}, 4, 1, 1, 2, 0, 0, CF, 2, 0, 0, 0},
    {"cmovae does not", {0x66, 0x0f, 0x43, 0xc3}, 4, 1, 1, 2, 0, 0, CF, 1, 0, 0, 0},
    {"setg", {0x0f, 0x9f, 0xc4}, 3, 1, 0xff11, 0, 0, 0, SF | OF, 0x0111, 0, 0, 0},
    {"lea with a 32-bit address", {0x67, 0x66, 0x8d, 0x44, 0x8b, 0xfc}, 6, 1, 0, 0x1000, 0x10, 0, 0,
     0x103c, 0, 0, 0},
    {"lea of 16 bits wraps", {0x8d, 0x87, 0xff, 0xff}, 4, 1, 0xaaaaaaaa, 0x0001, 0, 0, 0,
     0xaaaa0000, 0, 0, 0},
    {"xchg AH and BL", {0x86, 0xe3}, 2, 1, 0x1122, 0x33, 0, 0, 0, 0x3322, 0, 0, 0},
    {"enter and leave", {0xc8, 0x10, 0x00, 0x02, 0x89, 0xe0, 0xc9, 0x29, 0xe0}, 9, 4, 0, 0, 0, 0, 0,
     0xffea, 0, CF, CF},
    {"push and pop of SP", {0x54, 0x58}, 2, 2, 0, 0, 0, 0, 0, 0x0800, 0, 0, 0},
    {"loop runs CX times", {0x01, 0xc8, 0xe2, 0xfc}, 4, 6, 0, 0, 3, 0, 0, 6, 0, 0, 0},
    {"loop with a 32-bit count", {0x67, 0xe2, 0x01, 0x40, 0x40}, 5, 2, 0, 0, 0x10000, 0, 0, 1, 0, 0,
     0},
    {"jcxz is taken", {0xe3, 0x01, 0x40, 0x40}, 4, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0},
    {"cmp and jl across the sign", {0x39, 0xd8, 0x7c, 0x01, 0x40, 0x40}, 6, 3, 0xffff, 1, 0, 0, 0, 0,
     0, 0, 0},
    {"test and jns", {0x84, 0xc0, 0x79, 0x01, 0x40, 0x40}, 6, 4, 0x80, 0, 0, 0, 0, 0x82, 0, 0, 0},
    {"stc, cmc", {0xf9, 0xf5}, 2, 2, 0, 0, 0, 0, 0, 0, 0, CF, 0},
};

static void run_row(const struct result_row *row, enum handler_choice handlers)
{
    struct core *c = core_new(NULL);
    struct cpu_registers r;
    c->cpu->run->handlers = handlers;
    put_code(c, row->code, row->length);
    r = registers(c);
    r.gpr[CPU_AX] = row->eax;
    r.gpr[CPU_BX] = row->ebx;
    r.gpr[CPU_CX] = row->ecx;
    r.gpr[CPU_DX] = row->edx;
    r.flags = row->flags | 2;
    cpu_set_registers(c->cpu, &r);
    ck_assert_int_eq(run(c, row->instructions), CPU_STOP_SLICE);
    r = registers(c);
    ck_assert_msg(r.gpr[CPU_AX] == row->want_eax, "%s: eax %x", row->what,
                  (unsigned)r.gpr[CPU_AX]);
    ck_assert_msg(r.gpr[CPU_DX] == row->want_edx, "%s: edx %x", row->what,
                  (unsigned)r.gpr[CPU_DX]);
    ck_assert_msg((r.flags & row->mask) == row->want_flags, "%s: flags %x", row->what,
                  (unsigned)r.flags);
    core_free(c);
}

START_TEST(instructions_give_the_results_of_the_manual)
{
    for (size_t i = 0; i < ARRAY_COUNT(results); i++)
        run_row(&results[i], (enum handler_choice)_i);
}
END_TEST

START_TEST(bit_offsets_reach_beyond_the_operand)
{
    struct core *c = core_new(NULL);
    PUT(c, 0xbb, 0xff, 0xff, 0x0f, 0xab, 0x1e, 0x00, 0x20); /* mov bx, -1; bts [2000], bx */
    run(c, 2);
    ck_assert_uint_eq(load_le16(memory(c, 0x1ffe)), 0x8000);
    core_free(c);
}
END_TEST

/* --- faults --------------------------------------------------------------------------------------------- */

START_TEST(a_fault_leaves_its_instruction_undone)
{
    struct core *c = core_new(NULL);
    struct cpu_registers r;
    set_vector(c, 0, 0x600);
    PUT(c, 0xb8, 0x34, 0x12, 0x31, 0xdb, 0xf7, 0xf3); /* mov ax, 1234; xor bx, bx; div bx */
    ck_assert_int_eq(run(c, 100), CPU_STOP_HALT);
    r = registers(c);
    ck_assert_uint_eq(r.gpr[CPU_AX], 0x1234);
    ck_assert_uint_eq(load_le16(memory(c, 0x7fa)), CODE + 5); /* the return address is DIV's own */
    ck_assert_uint_eq(c->f->timeline.now, 3);                 /* MOV, XOR, HLT */
    core_free(c);
}
END_TEST

START_TEST(lock_is_refused_without_a_memory_destination)
{
    struct core *c = core_new(NULL);
    set_vector(c, 6, 0x600);
    PUT(c, 0xf0, 0x01, 0xd8); /* lock add ax, bx */
    run(c, 100);
    ck_assert_uint_eq(registers(c).ip, 0x601);
    core_free(c);
}
END_TEST

START_TEST(sixteen_bytes_are_too_long)
{
    struct core *c = core_new(NULL);
    uint8_t code[16];
    set_vector(c, 13, 0x600);
    memset(code, 0x26, sizeof code);
    code[14] = 0x40; /* fifteen bytes: INC AX */
    put_code(c, code, sizeof code);
    run(c, 1);
    ck_assert_uint_eq(registers(c).ip, CODE + 15);
    code[14] = 0x26;
    code[15] = 0x40;
    put_code(c, code, sizeof code);
    point_at_code(c);
    run(c, 100);
    ck_assert_uint_eq(registers(c).ip, 0x601);
    core_free(c);
}
END_TEST

START_TEST(a_missing_instruction_is_reported_once)
{
    struct core *c = core_new(NULL);
    set_vector(c, 6, 0x600);
    PUT(c, 0x0f, 0x58, 0xc1); /* addps xmm0, xmm1 */
    run(c, 100);
    ck_assert_uint_eq(registers(c).ip, 0x601);
    ck_assert_uint_eq(c->f->guest_errors, 1);
    ck_assert_ptr_nonnull(strstr(c->f->last_line, "0f 58 c1"));
    point_at_code(c);
    run(c, 100);
    ck_assert_uint_eq(c->f->guest_errors, 1);
    PUT(c, 0x0f, 0x0b); /* UD2 is meant to fault */
    point_at_code(c);
    run(c, 100);
    ck_assert_uint_eq(c->f->guest_errors, 1);
    core_free(c);
}
END_TEST

START_TEST(a_word_beyond_the_segment_faults)
{
    struct core *c = core_new(NULL);
    set_vector(c, 13, 0x600);
    PUT(c, 0xa1, 0xff, 0xff); /* mov ax, [ffff] */
    run(c, 100);
    ck_assert_uint_eq(registers(c).ip, 0x601);
    core_free(c);
}
END_TEST

/* --- time ----------------------------------------------------------------------------------------------- */

/* A loop with memory, stack, strings, shifts and calls; runs for ever. */
static const uint8_t mixed[] = {
    0xbe, 0x00, 0x20,             /* 1000 mov si, 2000 */
    0xbf, 0x00, 0x30,             /* 1003 mov di, 3000 */
    0xb9, 0x25, 0x00,             /* 1006 mov cx, 25 */
    0xf3, 0xa4,                   /* 1009 rep movsb */
    0x05, 0x39, 0x30,             /* 100b add ax, 3039 */
    0xa3, 0x00, 0x20,             /* 100e mov [2000], ax */
    0xd1, 0xc3,                   /* 1011 rol bx, 1 */
    0x11, 0xc3,                   /* 1013 adc bx, ax */
    0x01, 0x1e, 0x10, 0x20,       /* 1015 add [2010], bx */
    0xe8, 0x06, 0x00,             /* 1019 call 1022 */
    0x39, 0xd8,                   /* 101c cmp ax, bx */
    0x72, 0xe9,                   /* 101e jb 1009 */
    0xeb, 0xde,                   /* 1020 jmp 1000 */
    0x50, 0xff, 0x06, 0x20, 0x20, /* 1022 push ax; inc word [2020] */
    0x58, 0xc3                    /* 1027 pop ax; ret */
};

static uint64_t hash_after(uint64_t instructions, uint64_t slice, enum handler_choice handlers)
{
    struct core *c = core_new(NULL);
    uint64_t hash;
    c->cpu->run->handlers = handlers;
    put_code(c, mixed, sizeof mixed);
    while (c->f->timeline.now < instructions) {
        uint64_t left = instructions - c->f->timeline.now;
        ck_assert_int_eq(run(c, left < slice ? left : slice), CPU_STOP_SLICE);
        ck_assert_uint_le(c->f->timeline.now, instructions);
    }
    ck_assert_uint_eq(cpu_instructions(c->cpu), instructions);
    hash = state_hash_of(c);
    core_free(c);
    return hash;
}

START_TEST(a_run_does_not_depend_on_how_it_is_cut)
{
    uint64_t whole = hash_after(20011, 1000000, HANDLERS_BY_HEAT);
    static const uint64_t slices[] = {1, 2, 3, 7, 48, 49, 1000};
    for (size_t i = 0; i < ARRAY_COUNT(slices); i++)
        ck_assert_uint_eq(hash_after(20011, slices[i], HANDLERS_BY_HEAT), whole);
    ck_assert_uint_eq(hash_after(20011, 1000000, HANDLERS_PLAIN), whole);
    ck_assert_uint_eq(hash_after(20011, 5, HANDLERS_PLAIN), whole);
    ck_assert_uint_eq(hash_after(20011, 1000000, HANDLERS_BY_REGISTER), whole);
    ck_assert_uint_eq(hash_after(20011, 5, HANDLERS_BY_REGISTER), whole);
}
END_TEST

START_TEST(rep_stops_at_the_exact_element)
{
    struct core *c = core_new(NULL);
    struct cpu_registers r;
    PUT(c, 0xb9, 0x64, 0x00, 0xbf, 0x00, 0x20, 0xf3, 0xaa); /* mov cx, 100; mov di, 2000; rep stosb */
    ck_assert_int_eq(run(c, 2 + 37), CPU_STOP_SLICE);
    r = registers(c);
    ck_assert_uint_eq(r.gpr[CPU_CX], 63);
    ck_assert_uint_eq(r.gpr[CPU_DI], 0x2025);
    ck_assert_uint_eq(r.ip, CODE + 6);
    run(c, 63);
    r = registers(c);
    ck_assert_uint_eq(r.gpr[CPU_CX], 0);
    ck_assert_uint_eq(r.ip, CODE + 8);
    core_free(c);
}
END_TEST

START_TEST(rep_of_count_zero_is_one_instruction)
{
    struct core *c = core_new(NULL);
    PUT(c, 0x31, 0xc9, 0xf3, 0xa4, 0x40, 0x40); /* xor cx, cx; rep movsb; inc ax; inc ax */
    run(c, 3);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 1);
    core_free(c);
}
END_TEST

START_TEST(a_device_sees_the_exact_time)
{
    struct core *c = core_new(NULL);
    PUT(c, 0x90, 0x90, 0xe6, 0x10, 0x40, 0xe4, 0x10, 0xf4); /* nop; nop; out; inc; in; hlt */
    run(c, 3);
    ck_assert_uint_eq(c->seen_now, 2);
    run(c, 100);
    ck_assert_uint_eq(c->seen_now, 4);
    ck_assert_uint_eq(c->f->timeline.now, 6);
    core_free(c);
}
END_TEST

/* IN and OUT in their forms, EAX 11223344h and DX 20h before; port 10h where it is immediate. */
static const struct {
    uint8_t code[3];
    unsigned bytes, port, size;
    uint64_t written, eax; /* behind it, for IN */
} port_rows[] = {
    {{0xe6, 0x10}, 2, 0x10, 1, 0x44, 0},
    {{0xe7, 0x10}, 2, 0x10, 2, 0x3344, 0},
    {{0x66, 0xe7, 0x10}, 3, 0x10, 4, 0x11223344, 0},
    {{0xee}, 1, 0x20, 1, 0x44, 0},
    {{0xef}, 1, 0x20, 2, 0x3344, 0},
    {{0x66, 0xef}, 2, 0x20, 4, 0x11223344, 0},
    {{0xe4, 0x10}, 2, 0x10, 1, 0, 0x11223301},
    {{0xe5, 0x10}, 2, 0x10, 2, 0, 0x11220001},
    {{0x66, 0xe5, 0x10}, 3, 0x10, 4, 0, 1},
    {{0xec}, 1, 0x20, 1, 0, 0x11223301},
    {{0xed}, 1, 0x20, 2, 0, 0x11220001},
    {{0x66, 0xed}, 2, 0x20, 4, 0, 1},
};

static void try_port_row(size_t row, enum handler_choice handlers)
{
    struct core *c = core_new(NULL);
    struct cpu_registers r = registers(c);
    c->cpu->run->handlers = handlers;
    r.gpr[CPU_AX] = 0x11223344;
    r.gpr[CPU_DX] = 0x20;
    cpu_set_registers(c->cpu, &r);
    put_code(c, port_rows[row].code, port_rows[row].bytes);
    run(c, 1);
    ck_assert_uint_eq(c->port.offset, port_rows[row].port);
    ck_assert_uint_eq(c->port.size, port_rows[row].size);
    if (port_rows[row].eax)
        ck_assert_uint_eq(registers(c).gpr[CPU_AX], port_rows[row].eax);
    else
        ck_assert_uint_eq(c->port.value, port_rows[row].written);
    core_free(c);
}

START_TEST(ports_are_read_and_written_in_each_size)
{
    for (size_t row = 0; row < ARRAY_COUNT(port_rows); row++) {
        try_port_row(row, HANDLERS_BY_HEAT);
        try_port_row(row, HANDLERS_BY_REGISTER);
        try_port_row(row, HANDLERS_PLAIN);
    }
}
END_TEST

START_TEST(a_device_that_cuts_the_slice_stops_the_cpu_behind_the_access)
{
    struct core *c = core_new(NULL);
    c->cuts = true;
    PUT(c, 0xe6, 0x10, 0x40, 0x40); /* out; inc ax; inc ax */
    ck_assert_int_eq(run(c, 100), CPU_STOP_SLICE);
    ck_assert_uint_eq(registers(c).ip, CODE + 2);
    ck_assert_uint_eq(c->f->timeline.now, 1);
    core_free(c);
}
END_TEST

START_TEST(memory_mapped_devices_cut_the_block_as_well)
{
    struct core *c = core_new(NULL);
    c->cuts = true;
    PUT(c, 0xb8, 0x00, 0xa0, 0x8e, 0xd8,       /* mov ax, a000; mov ds, ax */
        0x90, 0xc6, 0x06, 0x04, 0x00, 0x01,    /* nop; mov byte [4], 1 */
        0x43, 0x43, 0x43, 0xeb, 0xfb);         /* inc bx … */
    ck_assert_int_eq(run(c, 1000), CPU_STOP_SLICE);
    ck_assert_uint_eq(c->seen_now, 3);
    ck_assert_uint_eq(c->f->timeline.now, 4);
    ck_assert_uint_eq(registers(c).gpr[CPU_BX], 0);
    ck_assert_uint_eq(registers(c).ip, CODE + 11);
    run(c, 3);
    ck_assert_uint_eq(registers(c).gpr[CPU_BX], 3);
    core_free(c);
}
END_TEST

START_TEST(an_interrupt_is_taken_behind_the_access_that_raised_it)
{
    struct core *c = core_new(NULL);
    c->raises = true;
    set_vector(c, 0x20, 0x600);
    PUT(c, 0xfb, 0x90, 0xe6, 0x10, 0x40); /* sti; nop; out; inc ax */
    ck_assert_int_eq(run(c, 100), CPU_STOP_HALT);
    ck_assert_uint_eq(load_le16(memory(c, 0x7fa)), CODE + 4);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 0);
    ck_assert_int_eq(c->acknowledged, 1);
    core_free(c);
}
END_TEST

START_TEST(sti_lets_one_more_instruction_through)
{
    struct core *c = core_new(NULL);
    set_vector(c, 0x20, 0x600);
    cpu_set_intr(c->cpu, true);
    PUT(c, 0xfb, 0x40, 0x40); /* sti; inc ax; inc ax */
    run(c, 100);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 1);
    ck_assert_uint_eq(load_le16(memory(c, 0x7fa)), CODE + 2);
    core_free(c);
}
END_TEST

START_TEST(a_halted_cpu_wakes_by_an_interrupt)
{
    struct core *c = core_new(NULL);
    set_vector(c, 0x20, 0x600);
    PUT(c, 0xfb, 0xf4); /* sti; hlt */
    ck_assert_int_eq(run(c, 100), CPU_STOP_HALT);
    ck_assert(cpu_is_idle(c->cpu));
    cpu_set_intr(c->cpu, true);
    ck_assert(!cpu_is_idle(c->cpu));
    run(c, 100);
    ck_assert_uint_eq(load_le16(memory(c, 0x7fa)), CODE + 2);
    core_free(c);
}
END_TEST

/* --- code that changes --------------------------------------------------------------------------------------- */

START_TEST(a_write_into_the_running_block_counts_at_once)
{
    struct core *c = core_new(NULL);
    /* mov byte [1006], 43: the INC AX behind it becomes INC BX */
    PUT(c, 0xc6, 0x06, 0x06, 0x10, 0x43, 0x90, 0x40, 0xf4);
    run(c, 100);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 0);
    ck_assert_uint_eq(registers(c).gpr[CPU_BX], 1);
    ck_assert_uint_eq(c->f->timeline.now, 4);
    core_free(c);
}
END_TEST

START_TEST(a_patched_immediate_counts_at_once)
{
    struct core *c = core_new(NULL);
    /* 1000 inc word [1005]; 1004 mov bx, 0; 1007 add ax, bx; 1009 loop 1000 */
    PUT(c, 0xff, 0x06, 0x05, 0x10, 0xbb, 0x00, 0x00, 0x01, 0xd8, 0xe2, 0xf5, 0xf4);
    struct cpu_registers r = registers(c);
    r.gpr[CPU_CX] = 100;
    cpu_set_registers(c->cpu, &r);
    ck_assert_int_eq(run(c, 1000), CPU_STOP_HALT);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 5050);
    core_free(c);
}
END_TEST

/* Each entry into the NOPs in front of the loop makes a block more that has the patched MOV. */
START_TEST(a_patched_immediate_counts_in_all_blocks_that_have_it)
{
    struct core *c = core_new(NULL);
    unsigned turns = 0;
    /* 1000 nop * 12; 100c inc word [1011]; 1010 mov bx, 0; 1013 add ax, bx; 1015 loop 100c; 1017 hlt */
    PUT(c, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0x06, 0x11,
        0x10, 0xbb, 0x00, 0x00, 0x01, 0xd8, 0xe2, 0xf5, 0xf4);
    for (unsigned entry = 12; entry < 36; entry++) {
        struct cpu_registers r = registers(c);
        r.gpr[CPU_CX] = 3;
        r.ip = CODE + (entry * 7) % 13;
        cpu_set_registers(c->cpu, &r);
        c->cpu->is_halted = false;
        ck_assert_int_eq(run(c, 1000), CPU_STOP_HALT);
        turns += 3;
        ck_assert_uint_eq(registers(c).gpr[CPU_AX], turns * (turns + 1) / 2);
    }
    core_free(c);
}
END_TEST

START_TEST(code_changed_from_outside_is_decoded_again)
{
    struct core *c = core_new(NULL);
    static const uint8_t dec_ax = 0x48;
    PUT(c, 0x40, 0xeb, 0xfd); /* inc ax; jmp $-1 */
    run(c, 20);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 10);
    space_dma_write(&c->f->memory, NULL, CODE, &dec_ax, 1);
    run(c, 20);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 0);
    core_free(c);
}
END_TEST

START_TEST(data_beside_code_leaves_the_code_alone)
{
    struct core *c = core_new(NULL);
    PUT(c, 0xff, 0x06, 0x80, 0x10, 0xeb, 0xfa); /* inc word [1080]; jmp $-4 */
    run(c, 2000);
    ck_assert_uint_eq(load_le16(memory(c, 0x1080)), 1000);
    core_free(c);
}
END_TEST

START_TEST(an_instruction_across_pages_follows_both)
{
    struct core *c = core_new(NULL);
    struct cpu_registers r = registers(c);
    static const uint8_t code[] = {0xb8, 0x34, 0x12, 0xeb, 0xfb}; /* mov ax, 1234; jmp $-3 */
    static const uint8_t other = 0x56;
    space_poke(&c->f->memory, 0x1ffe, code, sizeof code);
    r.ip = 0x1ffe;
    cpu_set_registers(c->cpu, &r);
    run(c, 2);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 0x1234);
    space_dma_write(&c->f->memory, NULL, 0x2000, &other, 1);
    run(c, 2);
    ck_assert_uint_eq(registers(c).gpr[CPU_AX], 0x5634);
    core_free(c);
}
END_TEST

START_TEST(a_full_pool_starts_again)
{
    struct core *c = core_new(NULL);
    /* Every paragraph of 64 KiB: INC AX; JMP to the next paragraph. The pool holds a few of these. */
    for (unsigned at = 0x2000; at < 0xff00; at += 4) {
        static const uint8_t code[4] = {0x40, 0xeb, 0x01, 0x90};
        memcpy(memory(c, at), code, sizeof code);
    }
    static const uint8_t back[] = {0xe9, 0xfd, 0x20};
    memcpy(memory(c, 0xff00), back, sizeof back);
    struct cpu_registers r = registers(c);
    for (unsigned round = 0; round < 40; round++) {
        r.ip = 0x2000;
        r.gpr[CPU_AX] = 0;
        /* Another limit of CS is another mode: everything is built anew. */
        r.segment[CPU_CS].limit = 0xffff + round;
        cpu_set_registers(c->cpu, &r);
        run(c, 2 * ((0xff00 - 0x2000) / 4));
        ck_assert_uint_eq(registers(c).gpr[CPU_AX], (0xff00 - 0x2000) / 4);
    }
    core_free(c);
}
END_TEST

/* --- paging --------------------------------------------------------------------------------------------------- */

/* Protected mode with flat segments and paging: linear 0-1 MiB is itself, by tables at 10000h. */
static void enter_paging(struct core *c)
{
    struct cpu_registers r = registers(c);
    for (unsigned i = 0; i < 256; i++)
        store_le32(memory(c, 0x11000 + i * 4), i << 12 | 7);
    store_le32(memory(c, 0x10000), 0x11007);
    for (unsigned i = 0; i < 6; i++)
        r.segment[i] = (struct cpu_segment){0, 0xffffffff, 8, i == CPU_CS ? 0xc9b : 0xc93};
    r.cr0 = 0x80010011;
    r.cr3 = 0x10000;
    r.idtr.limit = 0;
    cpu_set_registers(c->cpu, &r);
}

START_TEST(accessed_and_dirty_bits_are_set)
{
    struct core *c = core_new(NULL);
    enter_paging(c);
    PUT(c, 0xa1, 0x00, 0x00, 0x03, 0x00, 0xa3, 0x00, 0x00, 0x04, 0x00); /* load 30000, store 40000 */
    run(c, 2);
    ck_assert_uint_eq(load_le32(memory(c, 0x11000 + 0x30 * 4)), 0x30000 | 0x27);
    ck_assert_uint_eq(load_le32(memory(c, 0x11000 + 0x40 * 4)), 0x40000 | 0x67);
    ck_assert_uint_eq(load_le32(memory(c, 0x11000 + 0x50 * 4)), 0x50000 | 0x07);
    core_free(c);
}
END_TEST

START_TEST(a_stale_translation_serves_until_invlpg)
{
    struct core *c = core_new(NULL);
    enter_paging(c);
    store_le32(memory(c, 0x30000), 3);
    store_le32(memory(c, 0x50000), 5);
    PUT(c, 0xa1, 0x00, 0x00, 0x03, 0x00,                               /* load 30000 */
        0xc7, 0x05, 0xc0, 0x10, 0x01, 0x00, 0x07, 0x00, 0x05, 0x00,    /* its entry: 50007 */
        0x8b, 0x1d, 0x00, 0x00, 0x03, 0x00,                            /* load ebx */
        0x0f, 0x01, 0x3d, 0x00, 0x00, 0x03, 0x00,                      /* invlpg [30000] */
        0x8b, 0x0d, 0x00, 0x00, 0x03, 0x00);                           /* load ecx */
    run(c, 5);
    ck_assert_uint_eq(registers(c).gpr[CPU_BX], 3);
    ck_assert_uint_eq(registers(c).gpr[CPU_CX], 5);
    core_free(c);
}
END_TEST

/* Three blocks of one page: 1080 mov bx,imm; ret. 1100 mov ax,C340; ret. 1101, inside of that: inc ax; ret.
 * The write to 1101 is an immediate to one of the last two alone; it must not make the page take the next
 * write to 1081 for that one. */
START_TEST(a_write_that_is_more_than_an_immediate_is_not_noted_as_one)
{
    struct core *c = core_new(NULL);
    memcpy(memory(c, 0x1080), "\xbb\x11\x11\xc3", 4);
    memcpy(memory(c, 0x1100), "\xb8\x40\xc3\xc3", 4);
    PUT(c, 0xe8, 0x7d, 0x00, 0xe8, 0xfb, 0x00, 0xe8, 0xf7, 0x00, /* call 1080; call 1101; call 1100 */
        0xc7, 0x06, 0x81, 0x10, 0x33, 0x33,                      /* mov word [1081],3333 */
        0xc7, 0x06, 0x01, 0x11, 0x40, 0xc3,                      /* mov word [1101],C340 */
        0xc7, 0x06, 0x81, 0x10, 0x44, 0x44,                      /* mov word [1081],4444 */
        0xe8, 0x62, 0x00, 0xf4);                                 /* call 1080; hlt */
    run(c, 100);
    ck_assert_uint_eq(registers(c).gpr[CPU_BX], 0x4444);
    core_free(c);
}
END_TEST

/* --- the debugger ------------------------------------------------------------------------------------------------ */

START_TEST(a_watch_on_code_stops_before_the_instruction)
{
    struct core *c = core_new(NULL);
    struct error error = {STATUS_OK, ""};
    const struct cpu_watch watch = {CPU_WATCH_EXECUTE, false, CODE + 1, 1};
    struct cpu_debug_event event;
    PUT(c, 0x40, 0x40, 0xeb, 0xfc); /* inc ax; inc ax; jmp $-2 */
    ck_assert_int_eq(cpu_set_watches(c->cpu, &watch, 1, &error), STATUS_OK);
    ck_assert_int_eq(run(c, 100), CPU_STOP_DEBUG);
    ck_assert_uint_eq(registers(c).ip, CODE + 1);
    ck_assert_uint_eq(c->f->timeline.now, 1);
    cpu_debug_event(c->cpu, &event);
    ck_assert_int_eq(event.watch, 0);
    ck_assert_int_eq(run(c, 100), CPU_STOP_DEBUG); /* once round the loop */
    ck_assert_uint_eq(c->f->timeline.now, 4);
    core_free(c);
}
END_TEST

START_TEST(a_watch_on_data_stops_behind_the_access)
{
    struct core *c = core_new(NULL);
    struct error error = {STATUS_OK, ""};
    const struct cpu_watch watch = {CPU_WATCH_WRITE, true, 0x2002, 2};
    struct cpu_debug_event event;
    PUT(c, 0xa1, 0x02, 0x20, 0xa3, 0x04, 0x20, 0xa3, 0x01, 0x20, 0x40, 0xf4);
    cpu_set_watches(c->cpu, &watch, 1, &error);
    ck_assert_int_eq(run(c, 100), CPU_STOP_DEBUG);
    ck_assert_uint_eq(registers(c).ip, CODE + 9);
    cpu_debug_event(c->cpu, &event);
    ck_assert(event.is_write);
    core_free(c);
}
END_TEST

START_TEST(watching_does_not_change_the_run)
{
    struct core *c = core_new(NULL);
    struct error error = {STATUS_OK, ""};
    static const struct cpu_watch watches[] = {{CPU_WATCH_EXECUTE, false, 0x1013, 1},
                                               {CPU_WATCH_ACCESS, false, 0x2010, 2}};
    unsigned stops = 0;
    put_code(c, mixed, sizeof mixed);
    cpu_set_watches(c->cpu, watches, 2, &error);
    while (c->f->timeline.now < 20011) {
        enum cpu_stop stop = run(c, 20011 - c->f->timeline.now);
        stops += stop == CPU_STOP_DEBUG;
    }
    ck_assert_uint_gt(stops, 100);
    ck_assert_uint_eq(state_hash_of(c), hash_after(20011, 1000000, HANDLERS_BY_HEAT));
    core_free(c);
}
END_TEST

START_TEST(a_step_is_one_instruction)
{
    struct core *c = core_new(NULL);
    PUT(c, 0x39, 0xd8, 0x74, 0x02, 0x40, 0x40, 0xf4); /* cmp; je: fused when run freely */
    cpu_step(c->cpu);
    ck_assert_int_eq(run(c, 100), CPU_STOP_DEBUG);
    ck_assert_uint_eq(registers(c).ip, CODE + 2);
    cpu_step(c->cpu);
    ck_assert_int_eq(run(c, 100), CPU_STOP_DEBUG);
    ck_assert_uint_eq(registers(c).ip, CODE + 6);
    core_free(c);
}
END_TEST

/* --- state and isolation ------------------------------------------------------------------------------------------- */

START_TEST(saved_state_is_the_whole_state)
{
    struct core *c = core_new(NULL), *d = core_new(NULL);
    struct state_stream first = {0}, second = {0};
    struct error error = {STATUS_OK, ""};
    put_code(c, mixed, sizeof mixed);
    run(c, 12345);
    cpu_save(c->cpu, &first);
    ck_assert_int_eq(cpu_load(d->cpu, &first, &error), STATUS_OK);
    cpu_save(d->cpu, &second);
    ck_assert_uint_eq(first.used, second.used);
    ck_assert_mem_eq(first.bytes, second.bytes, first.used);
    memcpy(d->f->ram.bytes, c->f->ram.bytes, 0x20000);
    run(c, 7777);
    run(d, 7777);
    ck_assert_uint_eq(state_hash_of(c), state_hash_of(d));
    state_stream_free(&first);
    state_stream_free(&second);
    core_free(c);
    core_free(d);
}
END_TEST

START_TEST(two_cpus_do_not_see_each_other)
{
    struct core *a = core_new(NULL), *b = core_new(NULL);
    PUT(a, 0x40, 0xeb, 0xfd); /* inc ax; jmp */
    PUT(b, 0x43, 0xeb, 0xfd); /* inc bx; jmp */
    for (unsigned i = 0; i < 10; i++) {
        run(a, 10);
        run(b, 6);
    }
    ck_assert_uint_eq(registers(a).gpr[CPU_AX], 50);
    ck_assert_uint_eq(registers(a).gpr[CPU_BX], 0);
    ck_assert_uint_eq(registers(b).gpr[CPU_BX], 30);
    core_free(a);
    core_free(b);
}
END_TEST

/* --- rows ------------------------------------------------------------------------------------------------------------ */

START_TEST(every_opcode_has_at_most_one_row)
{
    const struct opcode_row *a, *b;
    for (size_t i = 0; (a = opcode_row_at(i)) != NULL; i++) {
        ck_assert(a->execute != NULL);
        for (size_t k = i + 1; (b = opcode_row_at(k)) != NULL; k++)
            ck_assert_msg(a->opcode != b->opcode ||
                              (a->digit != b->digit && a->digit != ROW_ANY && b->digit != ROW_ANY),
                          "opcode %x has two rows", a->opcode);
    }
}
END_TEST

Suite *cpu_core_suite(void)
{
    Suite *suite = suite_create("cpu_core");
    TCase *tests = tcase_create("core");
    tcase_add_loop_test(tests, instructions_give_the_results_of_the_manual, 0, 3); /* each choice of handlers */
    tcase_add_test(tests, bit_offsets_reach_beyond_the_operand);
    tcase_add_test(tests, a_fault_leaves_its_instruction_undone);
    tcase_add_test(tests, lock_is_refused_without_a_memory_destination);
    tcase_add_test(tests, sixteen_bytes_are_too_long);
    tcase_add_test(tests, a_missing_instruction_is_reported_once);
    tcase_add_test(tests, a_word_beyond_the_segment_faults);
    tcase_add_test(tests, a_run_does_not_depend_on_how_it_is_cut);
    tcase_add_test(tests, rep_stops_at_the_exact_element);
    tcase_add_test(tests, rep_of_count_zero_is_one_instruction);
    tcase_add_test(tests, a_device_sees_the_exact_time);
    tcase_add_test(tests, ports_are_read_and_written_in_each_size);
    tcase_add_test(tests, a_device_that_cuts_the_slice_stops_the_cpu_behind_the_access);
    tcase_add_test(tests, memory_mapped_devices_cut_the_block_as_well);
    tcase_add_test(tests, an_interrupt_is_taken_behind_the_access_that_raised_it);
    tcase_add_test(tests, sti_lets_one_more_instruction_through);
    tcase_add_test(tests, a_halted_cpu_wakes_by_an_interrupt);
    tcase_add_test(tests, a_write_into_the_running_block_counts_at_once);
    tcase_add_test(tests, a_patched_immediate_counts_at_once);
    tcase_add_test(tests, a_patched_immediate_counts_in_all_blocks_that_have_it);
    tcase_add_test(tests, code_changed_from_outside_is_decoded_again);
    tcase_add_test(tests, data_beside_code_leaves_the_code_alone);
    tcase_add_test(tests, an_instruction_across_pages_follows_both);
    tcase_add_test(tests, a_full_pool_starts_again);
    tcase_add_test(tests, accessed_and_dirty_bits_are_set);
    tcase_add_test(tests, a_stale_translation_serves_until_invlpg);
    tcase_add_test(tests, a_write_that_is_more_than_an_immediate_is_not_noted_as_one);
    tcase_add_test(tests, a_watch_on_code_stops_before_the_instruction);
    tcase_add_test(tests, a_watch_on_data_stops_behind_the_access);
    tcase_add_test(tests, watching_does_not_change_the_run);
    tcase_add_test(tests, a_step_is_one_instruction);
    tcase_add_test(tests, saved_state_is_the_whole_state);
    tcase_add_test(tests, two_cpus_do_not_see_each_other);
    tcase_add_test(tests, every_opcode_has_at_most_one_row);
    suite_add_tcase(suite, tests);
    return suite;
}

/* Operands in memory and stacks of each class (ops.h) beside the plain handlers: segments with and without a
 * base, 16- and 32-bit addresses, operands and stacks in every mixture, registers with upper halves. */
#include <check.h>
#include <string.h>

#include "cpu/memory.h"
#include "cpu/run.h"
#include "tests/unit/cpu_guest.h"

enum { DATA = 0xa000, TURNS = 4, ENOUGH = 256, UPPER = 0x30000 };

struct mode {
    bool code32, operand32, address32;
    struct cpu_segment ds, ss;
    uint32_t sp;
};

struct program {
    uint8_t bytes[ENOUGH];
    size_t length;
    unsigned instructions;
};

static void put_bytes(struct program *p, const char *bytes, size_t length)
{
    memcpy(p->bytes + p->length, bytes, length);
    p->length += length;
    ck_assert_uint_lt(p->length, ENOUGH);
}

static void put_prefixes(struct program *p, const struct mode *mode)
{
    if (mode->operand32 != mode->code32)
        put_bytes(p, "\x66", 1);
    if (mode->address32 != mode->code32)
        put_bytes(p, "\x67", 1);
    p->instructions++;
}

/* An opcode with ModRM for EBX + disp8 or BX + disp8, and with an index. */
static void put_memory(struct program *p, const struct mode *mode, const char *opcode,
                       size_t length, unsigned reg)
{
    uint8_t operand[2][3] = {
        {(uint8_t)(0x43 | reg << 3), 8,    0}, /* [ebx+8] */
        {(uint8_t)(0x44 | reg << 3), 0x33, 4}  /* [ebx+esi+4] */
    };
    if (!mode->address32) {
        operand[0][0] = (uint8_t)(0x47 | reg << 3); /* [bx+8] */
        operand[1][0] = (uint8_t)(0x40 | reg << 3); /* [bx+si+4] */
        operand[1][1] = 4;
    }
    for (unsigned n = 0; n < 2; n++) {
        put_prefixes(p, mode);
        put_bytes(p, opcode, length);
        put_bytes(p, (const char *)operand[n], n == 1 && mode->address32 ? 3 : 2);
    }
}

static void put_plain(struct program *p, const struct mode *mode, const char *code, size_t length)
{
    put_prefixes(p, mode);
    put_bytes(p, code, length);
}
#define PLAIN(code)         put_plain(&p, mode, code, sizeof(code) - 1)
#define MEMORY(opcode, reg) put_memory(&p, mode, opcode, sizeof(opcode) - 1, reg)

static struct program program_for(const struct mode *mode)
{
    struct program p = {.length = 0};
    MEMORY("\x8b", CPU_AX);     /* mov */
    MEMORY("\x03", CPU_CX);     /* add */
    MEMORY("\x01", CPU_AX);     /* add to memory */
    MEMORY("\x88", CPU_DX);     /* mov of a byte */
    MEMORY("\x0f\xb6", CPU_DI); /* movzx */
    MEMORY("\x8d", CPU_DX);     /* lea */
    MEMORY("\xff", 0);          /* inc */
    MEMORY("\xff", 6);          /* push */
    PLAIN("\x50");              /* push eax */
    PLAIN("\x6a\xf0");          /* push -16 */
    PLAIN("\x59");              /* pop ecx */
    PLAIN("\x59");
    MEMORY("\x3b", CPU_CX); /* cmp */
    p.instructions++;
    put_bytes(&p, "\x74\x00", 2); /* jz on */
    put_prefixes(&p, mode);
    put_bytes(&p, "\xe8\0\0\0\0", mode->operand32 ? 5 : 3); /* call on */
    MEMORY("\x31", CPU_CX);                                 /* xor to memory */
    return p;
}

/* What ops_seldom.c has. A faulting DIV would end the program: EDX is 0 in front of it. */
static struct program seldom_program_for(const struct mode *mode)
{
    struct program p = {.length = 0};
    MEMORY("\x87", CPU_CX);     /* xchg */
    MEMORY("\x86", CPU_DX);     /* xchg of a byte */
    MEMORY("\x0f\xc1", CPU_AX); /* xadd */
    MEMORY("\x0f\xc0", CPU_CX);
    MEMORY("\xf0\x0f\xb1", CPU_DI); /* lock cmpxchg: another value, then the same */
    MEMORY("\xf0\x0f\xb1", CPU_CX);
    MEMORY("\x0f\xb0", CPU_DX);
    MEMORY("\x0f\xc7", 1); /* cmpxchg8b */
    MEMORY("\x0f\xc7", 1);
    PLAIN("\x0f\xba\xe0\x05"); /* bt eax,5; bts ecx,edx; btr eax,3; btc edx,ecx */
    PLAIN("\x0f\xba\xe1\xff"); /* bt ecx,255 */
    PLAIN("\x0f\xab\xd1");
    PLAIN("\x0f\xba\xf0\x03");
    PLAIN("\x0f\xbb\xca");
    PLAIN("\x0f\xa4\xd1\x07"); /* shld ecx,edx,7; shrd edx,eax,cl; shrd ecx,edx,0 */
    PLAIN("\x0f\xad\xc2");
    PLAIN("\x0f\xac\xd1\x20");
    PLAIN("\x31\xd2"); /* xor edx,edx; div ecx */
    PLAIN("\xf7\xf1");
    PLAIN("\x1e"); /* push ds, fs */
    PLAIN("\x0f\xa0");
    PLAIN("\x9c"); /* pushf; std; pushf; cli; push ss; pop ss; nop; sti; popf; sti; pushf; cld */
    PLAIN("\xfd");
    PLAIN("\x9c");
    PLAIN("\xfa");
    PLAIN("\x16");
    PLAIN("\x17");
    PLAIN("\x90");
    PLAIN("\xfb");
    PLAIN("\x9d");
    PLAIN("\xfb");
    PLAIN("\x9c");
    PLAIN("\xfc");
    return p;
}
static struct program bits_program_for(const struct mode *mode)
{
    struct program p = {.length = 0};
    for (unsigned n = 0; n < 12; n++) { /* bt, btc, btr, bts, and again with what they left */
        unsigned operation = 4 + n * 3 % 4;
        char modrm = (char)((mode->address32 ? 0x43 : 0x47) | operation << 3);
        put_prefixes(&p, mode);
        put_bytes(&p, "\x0f\xba", 2);
        put_bytes(&p, &modrm, 1);
        put_bytes(&p, "\x08\x0d", 2); /* [ebx+8],13 */
        PLAIN("\x83\xd1\x00");       /* adc ecx,0 */
    }
    return p;
}

struct outcome {
    struct cpu_registers registers;
    uint64_t seen; /* the CPU's state, wherever a slice ended */
    uint8_t ram[PAGES * FRAME_BYTES];
};

static void look(struct outcome *o, const struct cpu_box *box)
{
    struct state_stream state = {0};
    cpu_get_registers(box->cpu, &o->registers);
    cpu_save(box->cpu, &state);
    o->seen = hash_bytes(o->seen, state.bytes, state.used);
    state_stream_free(&state);
}

static void run_program(const struct mode *mode, const struct program *p,
                        enum handler_choice handlers, struct outcome *o)
{
    struct cpu_box box;
    struct cpu_registers r;
    memset(o, 0, sizeof *o);
    cpu_guest_init(&box);
    box.cpu->run->handlers = handlers;
    cpu_box_poke(&box, CODE, p->bytes, p->length);
    for (unsigned turn = 0; turn < TURNS; turn++) {
        cpu_get_registers(box.cpu, &r);
        for (unsigned n = 0; n < 8; n++)
            r.gpr[n] = 0x01234567u * (n + 1 + turn);
        r.gpr[CPU_BX] = DATA | (mode->address32 ? 0 : 0x55550000u);
        r.gpr[CPU_SI] = 0x10 | (mode->address32 ? 0 : 0x33330000u);
        r.gpr[CPU_SP] = mode->sp;
        r.segment[CPU_DS] = mode->ds;
        r.segment[CPU_FS].selector = 0;
        r.segment[CPU_SS] = mode->ss;
        r.segment[CPU_CS].attributes = mode->code32 ? 0xc9b : 0x89b;
        r.ip = CODE;
        cpu_set_registers(box.cpu, &r);
        /* What ESP names for a 32-bit stack is in the TLB: a handler that took it would find it. */
        memory_write(box.cpu, UPPER | (STACK0 - 8), 4, 0, false);
        memory_write(box.cpu, UPPER, 4, 0, false);
        memory_write(box.cpu, UPPER - 8, 4, 0, false);
        for (unsigned left = p->instructions, part = turn + 1 < TURNS ? turn + 1 : ENOUGH; left;
             left -= left < part ? left : part) {
            cpu_box_run(&box, left < part ? left : part);
            look(o, &box);
        }
    }
    cpu_box_peek(&box, 0, o->ram, sizeof o->ram);
    cpu_box_fini(&box);
}

START_TEST(handlers_of_a_class_do_what_plain_ones_do)
{
    static struct outcome plain, other;
    static const struct cpu_segment DATA_SEGMENTS[] = {
        {0,     0xffffffff, SEL_DATA0, 0xc93},
        {0x200, 0xffffffff, SEL_DATA0, 0xc93},
        {0x200, 0xffff,     SEL_DATA0, 0x893},
    };
    static const struct {
        struct cpu_segment segment;
        uint32_t sp;
    } STACKS[] = {
        {{0, 0xffffffff, SEL_DATA0, 0xc93},     STACK0        },
        {{0x100, 0xffffffff, SEL_DATA0, 0xc93}, STACK0        },
        {{0, 0xffffffff, SEL_DATA0, 0x893},     UPPER | STACK0}, /* 16-bit stacks use SP only */
        {{0x100, 0xffff, SEL_DATA0, 0x893},     UPPER | 4     }, /* and go round */
    };
    static struct program (*const PROGRAMS[])(const struct mode *mode) = {program_for, seldom_program_for,
                                                                          bits_program_for};
    struct mode mode = {.code32 = _i & 1, .operand32 = _i >> 1 & 1, .address32 = _i >> 2 & 1};
    struct program p = PROGRAMS[_i >> 3](&mode);
    for (size_t ds = 0; ds < ARRAY_COUNT(DATA_SEGMENTS); ds++)
        for (size_t ss = 0; ss < ARRAY_COUNT(STACKS); ss++) {
            mode.ds = DATA_SEGMENTS[ds];
            mode.ss = STACKS[ss].segment;
            mode.sp = STACKS[ss].sp;
            run_program(&mode, &p, HANDLERS_PLAIN, &plain);
            ck_assert_uint_eq(plain.registers.ip, CODE + p.length);
            for (unsigned choice = 0; choice < 2; choice++) {
                run_program(&mode, &p, choice ? HANDLERS_BY_REGISTER : HANDLERS_BY_HEAT, &other);
                ck_assert_msg(plain.seen == other.seen && memcmp(plain.registers.gpr, other.registers.gpr,
                                     sizeof plain.registers.gpr) == 0 &&
                                  plain.registers.ip == other.registers.ip &&
                                  plain.registers.flags == other.registers.flags &&
                                  memcmp(plain.ram, other.ram, sizeof plain.ram) == 0,
                              "data %zu, stack %zu, choice %u", ds, ss, choice);
            }
        }
}
END_TEST

Suite *cpu_classes_suite(void);

Suite *cpu_classes_suite(void)
{
    Suite *suite = suite_create("cpu_classes");
    TCase *tcase = tcase_create("cpu_classes");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, handlers_of_a_class_do_what_plain_ones_do, 0, 24);
    suite_add_tcase(suite, tcase);
    return suite;
}

/* The core of the CPU: results of instructions (expected values from the SDM's pseudo-code), faults, the rows
 * of opcodes. Each row of results runs with the specialised handlers and with the plain ones. */
#include "tests/unit/core_bench.h"

#define CF 0x001u
#define PF 0x004u
#define AF 0x010u
#define ZF 0x040u
#define SF 0x080u
#define OF 0x800u

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
    tcase_add_test(tests, ports_are_read_and_written_in_each_size);
    tcase_add_test(tests, a_fault_leaves_its_instruction_undone);
    tcase_add_test(tests, lock_is_refused_without_a_memory_destination);
    tcase_add_test(tests, sixteen_bytes_are_too_long);
    tcase_add_test(tests, a_missing_instruction_is_reported_once);
    tcase_add_test(tests, a_word_beyond_the_segment_faults);
    tcase_add_test(tests, every_opcode_has_at_most_one_row);
    suite_add_tcase(suite, tests);
    return suite;
}

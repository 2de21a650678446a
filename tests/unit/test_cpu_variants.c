/* Handlers by register do what the general handler of their row does with the same op, and handlers of pairs and
 * chains what the two general ones do: each entry of each table, from many states. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/heat.h"
#include "cpu/memory.h"
#include "cpu/ops_chains.h"
#include "cpu/ops_forwarding.h"
#include "cpu/ops_guesses.h"
#include "cpu/ops_pairs.h"
#include "cpu/tracks.h"
#include "tests/unit/cpu_guest.h"

enum { DATA = 0x9000, OPERAND = DATA + 0x100, STATES = 24, EXIT_BEHIND = 2, MOST_OPS = 24 };

static const struct op_variants *const TABLES[] = {OP_VARIANTS_ALU_16,    OP_VARIANTS_ALU_32,
                                                   OP_VARIANTS_BRANCH_16, OP_VARIANTS_BRANCH_32,
                                                   OP_VARIANTS_MEMORY,    OP_VARIANTS_STACK,
                                                   OP_VARIANTS_MEMORY_8,  OP_VARIANTS_GUESSED_8,
                                                   OP_VARIANTS_GUESSED,   OP_VARIANTS_8,
                                                   OP_VARIANTS_NARROW_8,  OP_VARIANTS_NARROW_16,
                                                   OP_VARIANTS_NARROW_GUESSED_8, OP_VARIANTS_NARROW_GUESSED_16};

/* What a handler leaves. */
struct outcome {
    uint64_t gpr[18], flags_result, flags_source;
    uint32_t flags_kind;
    uint8_t data[FRAME_BYTES];
    unsigned exit; /* a link's number, or EXIT_BEHIND: the next op */
};

static unsigned seen_exit;
static const struct op *leave_here(OP_PARAMETERS)
{
    (void)cpu;
    seen_exit = op->u.v.immediate;
    return OP_STOP;
}

/* A block of some ops, with another behind them or two links, each to a block that ends the run. */
struct bench {
    struct block *block, *behind[2];
};

static struct block *new_block(void)
{
    struct block *b = calloc(1, sizeof *b + (MOST_OPS + 1) * sizeof(struct op) + sizeof(struct block_links));
    ck_assert_ptr_nonnull(b);
    b->count = 1;
    b->op_count = 1;
    return b;
}

static void bench_init(struct bench *bench)
{
    bench->block = new_block();
    for (unsigned n = 0; n < 2; n++) {
        bench->behind[n] = new_block();
        bench->behind[n]->ops[0].handler = bench->behind[n]->enter = leave_here;
        bench->behind[n]->ops[0].u.v.immediate = n;
    }
}

static void bench_fini(struct bench *bench)
{
    free(bench->block);
    free(bench->behind[0]);
    free(bench->behind[1]);
}

static bool is_within(op_handler *const *place, const void *array, size_t bytes)
{
    return (const char *)place >= (const char *)array &&
           (const char *)place < (const char *)array + bytes;
}
static bool is_branch_of(op_handler *const *place, const struct op_handlers *h)
{
    return is_within(place, h->cmp_jcc, sizeof h->cmp_jcc) ||
           is_within(place, h->test_jcc, sizeof h->test_jcc) ||
           is_within(place, h->test_mi_jcc, sizeof h->test_mi_jcc) ||
           is_within(place, h->count_jcc, sizeof h->count_jcc) ||
           is_within(place, h->count_clear_jcc, sizeof h->count_clear_jcc) ||
           is_within(place, h->count_m_jcc, sizeof h->count_m_jcc);
}
static bool is_branch(const struct op_variants *row)
{
    return is_branch_of(row->general, &OPS_8) || is_branch_of(row->general, &OPS_16) ||
           is_branch_of(row->general, &OPS_32);
}

static void put_ops(struct cpu *cpu, struct bench *bench, const struct op *what, unsigned count, bool is_branch)
{
    struct op *ops = bench->block->ops;
    bench->block->op_count = (uint8_t)count;
    for (unsigned n = 0; n < count; n++) {
        ops[n] = what[n];
        ops[n].number = (uint8_t)n;
    }
    bench->block->enter = ops[0].handler;
    if (is_branch) {
        *block_links(bench->block) =
            (struct block_links){{bench->behind[0], bench->behind[1]}, cpu->context, 0};
    } else {
        memset(&ops[count], 0, sizeof ops[count]);
        ops[count].handler = leave_here;
        ops[count].number = (uint8_t)count;
        ops[count].u.v.immediate = EXIT_BEHIND;
    }
}

static void run_ops(struct cpu_box *box, struct bench *bench, struct outcome *o)
{
    struct cpu *cpu = box->cpu;
    const struct op *op = bench->block->ops;
    seen_exit = UINT32_MAX;
    cpu->budget = 1000;
    while (op != OP_STOP)
        op = op_call(cpu, op);
    memset(o, 0, sizeof *o);
    memcpy(o->gpr, cpu->gpr, sizeof o->gpr);
    o->flags_result = cpu->flags_result;
    o->flags_source = cpu->flags_source;
    o->flags_kind = cpu->flags_kind;
    o->exit = seen_exit;
    cpu_box_peek(box, DATA, o->data, sizeof o->data);
}

static void do_ops(struct cpu_box *box, struct bench *bench, const struct op *what, unsigned count,
                   bool is_branch, struct outcome *o)
{
    put_ops(box->cpu, bench, what, count, is_branch);
    run_ops(box, bench, o);
}

static uint32_t random_state = 1;
static uint32_t any(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8 ^ random_state << 24;
}

/* Values that compare equal, carry and overflow now and then. */
static uint32_t any_value(void)
{
    static const uint32_t EDGES[] = {0,      1,      0x7f,       0x80,        0xff,      0x7fff,
                                     0x8000, 0xffff, 0x7fffffff, 0x80000000u, UINT32_MAX};
    return any() % 3 ? any() : EDGES[any() % ARRAY_COUNT(EDGES)];
}

static void set_field(struct op *op, enum op_field field, unsigned n)
{
    uint8_t code = (uint8_t)((n & 3) | (n & 4) << 1);
    switch (field) {
    case NO_FIELD: break;
    case FIELD_D: op->d = (uint8_t)n; break;
    case FIELD_S: op->s = (uint8_t)n; break;
    case FIELD_D8: op->d = code; break;
    case FIELD_S8: op->s = code; break;
    case FIELD_BASE: op->base = (uint8_t)n; break;
    case FIELD_BASE_OR_NONE: op->base = n == 8 ? REGISTER_ZERO : (uint8_t)n; break;
    case FIELD_INDEX: op->index = (uint8_t)n; break;
    case FIELD_BOTH: op->d = op->s = (uint8_t)n; break;
    case FIELD_BOTH8: op->d = op->s = code; break;
    case FIELD_ADDRESS_16:
        op->base = (uint8_t[]){CPU_BX, CPU_BX, CPU_BP, CPU_BP, CPU_SI, CPU_DI, CPU_BP, CPU_BX, REGISTER_ZERO}[n];
        op->index = n >= 4 ? REGISTER_ZERO : n % 2 ? CPU_DI : CPU_SI;
        op->is_narrow = 16;
        break;
    }
}

static unsigned values_of(enum op_field field)
{
    return field == NO_FIELD ? 1 : field == FIELD_BASE_OR_NONE || field == FIELD_ADDRESS_16 ? 9 : 8;
}

static void set_state(struct cpu *cpu, const uint64_t *gpr, uint32_t memory, bool has_carry)
{
    memcpy(cpu->gpr, gpr, sizeof cpu->gpr);
    cpu->flags_result = has_carry ? 0 : 5;
    cpu->flags_source = 1;
    cpu->flags_kind = (uint32_t)FLAGS_ADD * 4 + 2;
    if (any() % 8 == 0)
        cpu->word_guess = any();
    for (uint32_t at = DATA; at < DATA + FRAME_BYTES;
         at += 4) /* also fills the TLB: a miss is no variant's */
        memory_write(cpu, at, 4, at == OPERAND ? memory : at * 0x01010101u, false);
    ck_assert_uint_eq(memory_read(cpu, OPERAND, 4, false), memory);
}

/* The operand, where there is one, lies at OPERAND, and so does the top of the stack. */
static void compare(struct cpu_box *box, struct bench *bench, unsigned table,
                    const struct op_variants *row, const struct op *variant, bool with_index)
{
    static struct outcome general, special;
    struct op op = *variant;
    struct cpu *cpu = box->cpu;
    uint64_t gpr[ARRAY_COUNT(cpu->gpr)] = {0};
    uint32_t memory = any_value();
    bool carry = any() % 2;
    for (unsigned n = 0; n < 8; n++)
        gpr[n] = any() % 4 ? any_value() : memory;
    gpr[CPU_SP] = OPERAND;
    op.scale = with_index ? (uint8_t)(any() % 4) : 0;
    op.u.v.immediate = any() % 4 ? any_value() : memory;
    op.u.v.displacement =
        OPERAND - (uint32_t)gpr[op.base] - (with_index ? (uint32_t)(gpr[op.index] << op.scale) : 0);
    if (op.is_narrow) { /* at any offset of a segment that puts it there */
        uint16_t offset = (uint16_t)(any() % 0xfffd);
        op.segment = CPU_ES;
        cpu->bounds[CPU_ES].base = OPERAND - offset;
        op.u.v.displacement = (uint32_t)(int32_t)(int16_t)(offset - gpr[op.base] - gpr[op.index]);
    }
    for (unsigned turn = 0; turn < 2; turn++) {
        if (turn == 0)
            op.handler = *row->general;
        else
            op.handler = variant->handler;
        set_state(cpu, gpr, memory, carry);
        do_ops(box, bench, &op, 1, is_branch(row), turn == 0 ? &general : &special);
    }
    ck_assert_msg(memcmp(&general, &special, sizeof general) == 0,
                  "row %td of table %u: d %u s %u base %u index %u", row - TABLES[table], table,
                  op.d, op.s, op.base, op.index);
}

START_TEST(each_variant_does_what_the_general_handler_does)
{
    static struct op_variant_map map;
    struct cpu_box box;
    struct bench bench;
    unsigned compared = 0;
    cpu_guest_init(&box);
    bench_init(&bench);
    memset(&map, 0, sizeof map);
    if (TABLES[_i] == OP_VARIANTS_GUESSED || TABLES[_i] == OP_VARIANTS_GUESSED_8 ||
        TABLES[_i] == OP_VARIANTS_NARROW_GUESSED_8 ||
        TABLES[_i] == OP_VARIANTS_NARROW_GUESSED_16)
        op_guess_map_init(&map);
    else
        op_variant_map_init(&map);
    for (const struct op_variants *row = TABLES[_i]; row->table; row++) {
        bool has_index = row->second == FIELD_INDEX;
        for (unsigned first = 0; first < values_of(row->first); first++)
            for (unsigned second = 0; second < values_of(row->second); second++)
                for (unsigned n = 0; n < STATES; n++) {
                    struct op op = {.handler = *row->general,
                                    .segment = CPU_DS,
                                    .remaining = 1,
                                    .length = 2,
                                    .covers = 1};
                    op.d = (uint8_t)(any() % 4); /* also byte registers */
                    op.s = (uint8_t)(any() % 4);
                    op.base = (uint8_t)(any() % 8);
                    op.index = has_index ? 0 : REGISTER_ZERO;
                    op.condition =
                        (uint8_t)(1 + any() % (TABLES[_i] == OP_VARIANTS_ALU_16 ? 15 : 31));
                    set_field(&op, row->first, first);
                    set_field(&op, row->second, second);
                    op_by_register(&map, &op);
                    ck_assert_ptr_ne((const void *)(uintptr_t)op.handler,
                                     (const void *)(uintptr_t)*row->general);
                    compare(&box, &bench, (unsigned)_i, row, &op, has_index);
                    compared++;
                }
    }
    ck_assert_uint_gt(compared, 0);
    bench_fini(&bench);
    cpu_box_fini(&box);
}
END_TEST

/* --- pairs ------------------------------------------------------------------------------------------ */

/* The general handler that is number `n` of the firsts or seconds. */
static op_handler *general_of(const struct op_pair_map *map, bool is_second, unsigned n)
{
    for (unsigned at = 0; at < PAIR_SLOTS; at++)
        if (map->slot[at].general && (is_second ? map->slot[at].second : map->slot[at].first) == n)
            return map->slot[at].general;
    ck_abort_msg("no handler is %s %u", is_second ? "second" : "first", n);
    return NULL;
}

/* Ends of a block are those that cannot be first. */
static bool is_end(const struct op_pair_map *map, op_handler *general)
{
    for (unsigned at = 0; at < PAIR_SLOTS; at++)
        if (map->slot[at].general == general)
            return map->slot[at].first == PAIR_NONE;
    return false;
}

/* EBX is the base of operands in memory, and no op changes it. */
static struct op any_op(op_handler *general, uint32_t displacement)
{
    static const uint8_t REGISTERS[] = {CPU_AX, CPU_CX, CPU_DX, CPU_SI, CPU_DI, CPU_BP};
    struct op op = {
        .handler = general, .segment = CPU_DS, .remaining = 1, .length = 2, .covers = 1};
    bool is_run = false;
    op.d = REGISTERS[any() % ARRAY_COUNT(REGISTERS)];
    op.s = REGISTERS[any() % ARRAY_COUNT(REGISTERS)];
    op.base = CPU_BX;
    op.index = general == OPS_32.lea[OP_F] ? op.s : REGISTER_ZERO;
    op.scale = (uint8_t)(any() % 4);
    op.u.v.displacement = displacement;
    op.u.v.immediate = any_value();
    for (unsigned n = 2; n <= OP_RUN; n++)
        is_run |= general == OPS_32.push_run[n] || general == OPS_32.pop_run[n];
    if (is_run)
        for (unsigned n = 0; n < OP_RUN; n++) {
            op.u.v.immediate &= ~(UINT32_C(0xf) << n * 4);
            op.u.v.immediate |= (uint32_t)REGISTERS[any() % ARRAY_COUNT(REGISTERS)] << n * 4;
        }
    return op;
}

/* The two ops, and once more with each of these handlers for both. */
static void compare_together(struct cpu_box *box, struct bench *bench, const struct op *ops, unsigned count,
                             bool ends, op_handler *const *forms, unsigned form_count, const char *what)
{
    static struct outcome apart, together;
    uint64_t gpr[ARRAY_COUNT(box->cpu->gpr)] = {0};
    uint32_t memory = any_value();
    bool carry = any() % 2;
    for (unsigned n = 0; n < 8; n++)
        gpr[n] = any() % 4 ? any_value() : memory;
    gpr[CPU_SP] = gpr[CPU_BX] = OPERAND;
    set_state(box->cpu, gpr, memory, carry);
    do_ops(box, bench, ops, count, ends, &apart);
    for (unsigned n = 0; n < form_count; n++) {
        struct op changed[3];
        memcpy(changed, ops, count * sizeof *ops);
        changed[0].handler = forms[n];
        set_state(box->cpu, gpr, memory, carry);
        do_ops(box, bench, changed, count, ends, &together);
        ck_assert_msg(memcmp(&apart, &together, sizeof apart) == 0, "%s, form %u", what, n);
    }
}

/* All but those that end in RET, whose target is no link. */
START_TEST(each_pair_does_what_its_two_handlers_do)
{
    static struct op_pair_map map;
    struct cpu_box box;
    struct bench bench;
    cpu_guest_init(&box);
    bench_init(&bench);
    op_pair_map_init(&map);
    for (unsigned first = 0; first < PAIR_FIRSTS; first++)
        for (unsigned second = 0; second < PAIR_SECONDS; second++) {
            op_handler *general = general_of(&map, true, second);
            for (unsigned n = 0; n < STATES / 4 && general != OPS_32.ret[OP_STACK_F]; n++) {
                struct op ops[] = {any_op(general_of(&map, false, first), 0),
                                   any_op(general, any() % 4)};
                op_handler *const forms[] = {
                    OP_PAIRS[first][second],
#if DISPATCH_IS_CHAINED
                    TRACK_PAIRS[first][second]
#endif
                };
                char what[32];
                snprintf(what, sizeof what, "pair %u, %u", first, second);
                compare_together(&box, &bench, ops, 2, is_end(&map, general), forms, ARRAY_COUNT(forms), what);
            }
        }
    bench_fini(&bench);
    cpu_box_fini(&box);
}
END_TEST

/* --- chains ----------------------------------------------------------------------------------------- */

static struct op any_link(op_handler *general, unsigned number)
{
    struct op op = any_op(general, any_value());
    op.d = (uint8_t)number;
    op.s = (uint8_t)(any() % 8);
    op.condition = (uint8_t)(1 + any() % 31);
    if (general == OPS_32.lea[OP_B] || general == OPS_32.lea[OP_F])
        op.base = (uint8_t)(any() % 8);
    if (general == OPS_32.movzx8[0])
        op.s = (uint8_t)((any() & 3) | (any() & 1) << 3);
    return op;
}

static unsigned count_firsts(void)
{
    unsigned count = 0;
    while (op_chain_first(count))
        count++;
    return count;
}

START_TEST(each_chain_does_what_its_two_handlers_do)
{
    static struct op_pair_map map;
    struct cpu_box box;
    struct bench bench;
    unsigned chains = 0, alone = 0, firsts = count_firsts();
    cpu_guest_init(&box);
    bench_init(&bench);
    op_chain_map_init(&map);
    for (unsigned n = 0; n < firsts * CHAIN_SECONDS * 8 * 3; n++) {
        unsigned number = n % 8, second = n / 8 % CHAIN_SECONDS, first = n / 8 / CHAIN_SECONDS % firsts;
        struct op ops[] = {any_link(general_of(&map, false, first), number),
                           any_link(general_of(&map, true, second), number)};
        op_handler *chain = op_chain(&map, &ops[0], &ops[1], OP_NONE_FORWARDED);
        char what[32];
        snprintf(what, sizeof what, "chain %u, %u of %u", first, second, number);
        if (chain)
            compare_together(&box, &bench, ops, 2, false, &chain, 1, what);
        chains += chain != NULL;
        alone += chain == NULL;
        ops[1].d ^= 1;
        ck_assert_msg(!op_chain(&map, &ops[0], &ops[1], OP_NONE_FORWARDED), "%s and another", what);
    }
    ck_assert_uint_gt(chains, 8 * alone); /* the second reads the register that it changes: an eighth of some */
    ck_assert_uint_gt(alone, 0);
    bench_fini(&bench);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(each_carry_does_what_its_two_handlers_do)
{
    static struct op_pair_map map;
    struct cpu_box box;
    struct bench bench;
    cpu_guest_init(&box);
    bench_init(&bench);
    op_carry_map_init(&map);
    for (unsigned n = 0; n < CARRY_MAKERS * CARRY_TAKERS * 8 * 64; n++) {
        unsigned number = n % 8, taker = n / 8 % CARRY_TAKERS, maker = n / 8 / CARRY_TAKERS % CARRY_MAKERS;
        struct op ops[] = {any_link(general_of(&map, false, maker), any() % 8),
                           any_link(general_of(&map, true, taker), number),
                           any_link(OPS_32.test[OP_RR], any() % 8)};
        bool is_quiet = taker >= CARRY_TAKERS / 2; /* then another one makes all flags, as in a block */
        op_handler *carry = op_carry(&map, &ops[0], &ops[1], OP_NONE_FORWARDED);
        char what[32];
        snprintf(what, sizeof what, "carry %u, %u to %u", maker, taker, number);
        ck_assert_msg(carry != NULL && carry == OP_CARRIES[maker][taker][false][number], "%s", what);
        compare_together(&box, &bench, ops, is_quiet ? 3 : 2, false, &carry, 1, what);
    }
    bench_fini(&bench);
    cpu_box_fini(&box);
}
END_TEST

/* --- forwarding ------------------------------------------------------------------------------------- */

static bool reads_memory(const struct op_forwarding *row)
{
    return (row->source == FIELD_BASE || row->source == FIELD_INDEX) && *row->general != OPS_32.lea[OP_B] &&
           *row->general != OPS_32.lea[OP_F];
}

/* An op of the row that reads register `other` beside `d`; memory at OPERAND, when `other` holds `value`. */
static struct op any_of_row(const struct op_forwarding *row, unsigned d, unsigned other, uint32_t value)
{
    struct op op = any_link(*row->general, d);
    op.s = row->source == FIELD_S8 ? (uint8_t)((other & 3) | (any() % 2) << 3) : (uint8_t)other;
    op.base = row->source == FIELD_BASE ? (uint8_t)other : REGISTER_ZERO;
    op.index = row->source == FIELD_INDEX ? (uint8_t)other : REGISTER_ZERO;
    op.scale = (uint8_t)(row->source == FIELD_INDEX ? any() % 4 : 0);
    if (reads_memory(row))
        op.u.v.displacement = OPERAND - (value << op.scale);
    return op;
}

/* A giver, `mov number, value`, by its handler for hot blocks. */
static struct op giver(const struct op_variant_map *variants, unsigned number, uint32_t value, bool is_hot)
{
    struct op op = any_link(OPS_32.mov[OP_RI], number);
    op.u.v.immediate = value;
    ck_assert(!is_hot || op_by_register(variants, &op));
    return op;
}

static void any_state(uint64_t *gpr)
{
    memset(gpr, 0, 18 * sizeof *gpr);
    for (unsigned n = 0; n < 8; n++)
        gpr[n] = any_value();
}

/* The same ops with two sets of handlers. */
static void compare_forms(struct cpu_box *box, struct bench *bench, const struct op *general, const struct op *hot,
                          unsigned count, const char *what)
{
    static struct outcome apart, together;
    uint64_t gpr[18];
    uint32_t memory = any_value();
    bool carry = any() % 2;
    any_state(gpr);
    set_state(box->cpu, gpr, memory, carry);
    do_ops(box, bench, general, count, false, &apart);
    set_state(box->cpu, gpr, memory, carry);
    do_ops(box, bench, hot, count, false, &together);
    ck_assert_msg(memcmp(&apart, &together, sizeof apart) == 0, "%s", what);
}

/* Who takes a register from the op before does what the general handler does, which reads it. */
START_TEST(each_taker_does_what_the_general_handler_does)
{
    static struct op_variant_map variants;
    struct cpu_box box;
    struct bench bench;
    unsigned takers = 0;
    cpu_guest_init(&box);
    bench_init(&bench);
    memset(&variants, 0, sizeof variants);
    op_variant_map_init(&variants);
    for (const struct op_forwarding *row = OP_FORWARDING; row->general; row++) {
        struct op read = any_of_row(row, 0, 0, 0);
        /* A guess that gives up must leave a handler that forwards. */
        ck_assert_msg(!reads_memory(row) || op_by_register(&variants, &read), "row %td", row - OP_FORWARDING);
        for (unsigned n = 0; n < 8 * 8 * STATES / 4; n++) {
            unsigned d = n % 8, other = n / 8 % (row->source == FIELD_S8 ? 4 : 8);
            uint32_t value = any_value();
            char what[64];
            for (unsigned is_target = 0; is_target < 2; is_target++) {
                unsigned given = is_target ? d : other;
                struct op op = any_of_row(row, d, other, value), hot = op;
                op_handler *taking = op_taking(row, &op, given);
                snprintf(what, sizeof what, "row %td, %u by %u, %u is given", row - OP_FORWARDING, d, other, given);
                ck_assert_msg(taking || !(is_target ? row->by_target : row->by_source), "%s: none", what);
                ck_assert_msg(!op_taking(row, &op, given ^ 1) || (given ^ 1) == d || (given ^ 1) == other, "%s", what);
                if (!taking || !DISPATCH_IS_CHAINED)
                    continue;
                hot.handler = taking;
                compare_forms(&box, &bench, (struct op[]){giver(&variants, given, value, false), op},
                              (struct op[]){giver(&variants, given, value, true), hot}, 2, what);
                takers++;
            }
        }
    }
    ck_assert(takers > 0 || !DISPATCH_IS_CHAINED);
    bench_fini(&bench);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(each_chain_takes_what_its_first_handler_reads)
{
    static struct op_variant_map variants;
    static struct op_pair_map map;
    struct cpu_box box;
    struct bench bench;
    unsigned takers = 0, firsts = count_firsts();
    cpu_guest_init(&box);
    bench_init(&bench);
    memset(&variants, 0, sizeof variants);
    op_variant_map_init(&variants);
    op_chain_map_init(&map);
    for (unsigned n = 0; n < firsts * CHAIN_SECONDS * 8 * 8; n++) {
        unsigned number = n % 8, second = n / 8 % CHAIN_SECONDS, first = n / 8 / CHAIN_SECONDS % firsts;
        unsigned given = n / 8 / CHAIN_SECONDS / firsts % 8;
        struct op ops[] = {any_link(general_of(&map, false, first), number),
                           any_link(general_of(&map, true, second), number)}, hot = ops[0];
        op_handler *chain;
        char what[64];
        hot.base = hot.index = (uint8_t)given;
        hot.s = (uint8_t)(given | (hot.s & 8)); /* of a byte register */
        ops[0] = hot;
        chain = op_chain(&map, &ops[0], &ops[1], given);
        hot.handler = chain;
        snprintf(what, sizeof what, "chain %u, %u of %u, %u is given", first, second, number, given);
        if (!chain || chain == op_chain(&map, &ops[0], &ops[1], OP_NONE_FORWARDED) || !DISPATCH_IS_CHAINED)
            continue;
        uint32_t value = any_value();
        compare_forms(&box, &bench, (struct op[]){giver(&variants, given, value, false), ops[0], ops[1]},
                      (struct op[]){giver(&variants, given, value, true), hot, ops[1]}, 3, what);
        takers++;
    }
    ck_assert(takers > firsts * CHAIN_SECONDS * 8 || !DISPATCH_IS_CHAINED);
    bench_fini(&bench);
    cpu_box_fini(&box);
}
END_TEST

/* What is given is the maker's register, and now and then the taker's as well. */
START_TEST(each_carry_takes_what_its_first_handler_changes)
{
    static struct op_variant_map variants;
    static struct op_pair_map map;
    struct cpu_box box;
    struct bench bench;
    cpu_guest_init(&box);
    bench_init(&bench);
    memset(&variants, 0, sizeof variants);
    op_variant_map_init(&variants);
    op_carry_map_init(&map);
    for (unsigned n = 0; DISPATCH_IS_CHAINED && n < CARRY_MAKERS * CARRY_TAKERS * 8 * 64; n++) {
        unsigned number = n % 8, taker = n / 8 % CARRY_TAKERS, maker = n / 8 / CARRY_TAKERS % CARRY_MAKERS;
        unsigned given = n / 8 / CARRY_TAKERS / CARRY_MAKERS % 8;
        bool is_quiet = taker >= CARRY_TAKERS / 2; /* then another one makes all flags, as in a block */
        uint32_t value = any_value();
        struct op ops[] = {giver(&variants, given, value, false), any_link(general_of(&map, false, maker), given),
                           any_link(general_of(&map, true, taker), number), any_link(OPS_32.test[OP_RR], any() % 8)};
        struct op hot[] = {giver(&variants, given, value, true), ops[1], ops[2], ops[3]};
        char what[48];
        hot[1].handler = op_carry(&map, &ops[1], &ops[2], given);
        snprintf(what, sizeof what, "carry %u, %u to %u, %u is given", maker, taker, number, given);
        ck_assert_msg(hot[1].handler == OP_CARRIES[maker][taker][true][number], "%s", what);
        compare_forms(&box, &bench, ops, hot, is_quiet ? 4 : 3, what);
    }
    bench_fini(&bench);
    cpu_box_fini(&box);
}
END_TEST

/* With what makes their carry they have a handler that makes no flags, which are dead where a block has them. */
static bool uses_up_flags(op_handler *general)
{
    return general == OPS_32.alu_quiet[ALU_ADC][OP_RR] || general == OPS_32.alu_quiet[ALU_ADC][OP_RI] ||
           general == OPS_32.alu_quiet[ALU_SBB][OP_RR] || general == OPS_32.alu_quiet[ALU_SBB][OP_RI];
}

/* Reads that have guessed wrong as often as they may: the next time they give up. */
static void age_guesses(struct cpu *cpu, struct bench *bench, const bool *is_read)
{
    cpu->word_guess = 1; /* no word of the TLB */
    for (unsigned n = 0; n < bench->block->op_count; n++)
        if (is_read[n])
            bench->block->ops[n].condition = GUESS_FAILURES - 1;
}

/* Blocks as heat makes them: who gives, who takes and who does neither, in any order. */
START_TEST(hot_blocks_do_what_their_general_handlers_do)
{
    enum { BLOCKS = 20000 };
    static struct outcome general, hot;
    struct cpu_box box;
    struct bench bench;
    unsigned rows = 0, exchanged = 0;
    cpu_guest_init(&box);
    bench_init(&bench);
    while (OP_FORWARDING[rows].general)
        rows++;
    for (unsigned turn = 0; turn < BLOCKS; turn++) {
        struct op ops[MOST_OPS];
        bool is_read[MOST_OPS] = {false};
        unsigned count = 0;
        uint64_t gpr[18];
        uint32_t memory = any_value();
        bool carry = any() % 2;
        while (count + 3 <= MOST_OPS) { /* a read and what it needs, and the last */
            const struct op_forwarding *row = &OP_FORWARDING[any() % rows];
            unsigned last = count ? ops[count - 1].d : 0;
            unsigned other = any() % 2 ? last : any() % 8, d = any() % 4 ? any() % 8 : last;
            uint32_t value = any_value();
            if (reads_memory(row))
                ops[count++] = giver(NULL, other, value, false);
            else if (any() % 8 == 0 || uses_up_flags(*row->general)) {
                ops[count++] = any_link(OPS_32.xchg, any() % 8); /* of two registers */
                continue;
            }
            is_read[count] = reads_memory(row);
            ops[count++] = any_of_row(row, d, row->source == FIELD_S8 ? other & 3 : other, value);
        }
        ops[count++] = any_link(OPS_32.alu[ALU_ADD][OP_RR], any() % 8); /* all flags */
        any_state(gpr);
        set_state(box.cpu, gpr, memory, carry);
        do_ops(&box, &bench, ops, count, false, &general);
        set_state(box.cpu, gpr, memory, carry);
        if (any() % 4 == 0)
            memory_forget_hosts(box.cpu); /* then the first read goes the slow way */
        put_ops(box.cpu, &bench, ops, count, false);
        heat_exchange(box.cpu->run->pool, bench.block);
        if (any() % 4 == 0)
            age_guesses(box.cpu, &bench, is_read);
        for (unsigned n = 0; n < count; n++)
            exchanged += bench.block->ops[n].handler != ops[n].handler;
        for (unsigned n = 0; n < 2; n++) { /* a second time behind what the first has given up */
            if (n > 0)
                set_state(box.cpu, gpr, memory, carry);
            run_ops(&box, &bench, &hot);
            ck_assert_msg(memcmp(&general, &hot, sizeof hot) == 0, "block %u", turn);
        }
    }
    ck_assert(exchanged > BLOCKS * MOST_OPS / 2);
    bench_fini(&bench);
    cpu_box_fini(&box);
}
END_TEST

/* add eax,ebx; cmp eax,ecx; adc edx,1: ADD and CMP would be a chain, too. */
START_TEST(a_comparison_goes_with_who_takes_its_carry)
{
    struct cpu_box box;
    struct bench bench;
    struct op ops[] = {any_link(OPS_32.alu_quiet[ALU_ADD][OP_RR], CPU_AX), any_link(OPS_32.alu[ALU_CMP][OP_RR], CPU_AX),
                       any_link(OPS_32.alu[ALU_ADC][OP_RI], CPU_DX)};
    op_handler *carry;
    cpu_guest_init(&box);
    bench_init(&bench);
    ops[0].s = CPU_BX;
    ops[1].s = CPU_CX;
    put_ops(box.cpu, &bench, ops, 3, false);
    ck_assert(op_chain(pool_chains(box.cpu->run->pool), &ops[0], &ops[1], OP_NONE_FORWARDED) != NULL);
    carry = op_carry(pool_carries(box.cpu->run->pool), &ops[1], &ops[2], DISPATCH_IS_CHAINED ? CPU_AX : OP_NONE_FORWARDED);
    heat_exchange(box.cpu->run->pool, bench.block);
    ck_assert(carry != NULL && bench.block->ops[1].handler == carry);
    bench_fini(&bench);
    cpu_box_fini(&box);
}
END_TEST

Suite *cpu_variants_suite(void);

Suite *cpu_variants_suite(void)
{
    Suite *suite = suite_create("cpu_variants");
    TCase *tcase = tcase_create("cpu_variants");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, each_variant_does_what_the_general_handler_does, 0,
                        ARRAY_COUNT(TABLES));
    tcase_add_test(tcase, each_pair_does_what_its_two_handlers_do);
    tcase_add_test(tcase, each_chain_does_what_its_two_handlers_do);
    tcase_add_test(tcase, each_carry_does_what_its_two_handlers_do);
    tcase_add_test(tcase, each_taker_does_what_the_general_handler_does);
    tcase_add_test(tcase, each_chain_takes_what_its_first_handler_reads);
    tcase_add_test(tcase, each_carry_takes_what_its_first_handler_changes);
    tcase_add_test(tcase, hot_blocks_do_what_their_general_handlers_do);
    tcase_add_test(tcase, a_comparison_goes_with_who_takes_its_carry);
    suite_add_tcase(suite, tcase);
    return suite;
}

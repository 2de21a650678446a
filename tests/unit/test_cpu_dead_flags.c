/* Flags that nobody sees are not made, and what then does nothing is no operation any more (cpu/build.c). Whoever can see
 * them must not notice: random code that makes, keeps and asks for flags, stopped behind each of its instructions, by a
 * slice's end and by a watch, beside the plain handlers. */
#include <check.h>
#include <string.h>

#include "cpu/run.h"
#include "tests/unit/cpu_guest.h"

enum { DATA = 0x9000, BLOCKS = 3, OPERATIONS = 9, PROGRAMS = 150 };

struct program {
    uint8_t bytes[256];
    unsigned length, instructions;
    uint32_t seed;
};

static unsigned random_below(struct program *p, unsigned limit)
{
    p->seed = p->seed * 1664525u + 1013904223u;
    return (p->seed >> 8) % limit;
}

static void add_bytes(struct program *p, const void *bytes, unsigned count)
{
    memcpy(p->bytes + p->length, bytes, count);
    p->length += count;
    p->instructions++;
}
#define ADD(p, ...) add_bytes(p, (const uint8_t[]){__VA_ARGS__}, sizeof (const uint8_t[]){__VA_ARGS__})

/* EAX, ECX, EDX, EBX. */
static uint8_t registers(struct program *p)
{
    return (uint8_t)(0xc0 | random_below(p, 4) << 3 | random_below(p, 4));
}

static void add_operation(struct program *p)
{
    uint8_t modrm = registers(p), d = modrm & 3, digit = (uint8_t)random_below(p, 8);
    switch (random_below(p, 19)) {
    case 0:
    case 1: ADD(p, (uint8_t)(digit << 3 | 1), modrm); break;               /* op r,r */
    case 2: ADD(p, 0x83, (uint8_t)(0xc0 | digit << 3 | d), modrm); break;  /* op r,imm8 */
    case 3: ADD(p, 0x85, modrm); break;                                    /* test r,r */
    case 4: ADD(p, 0xf6, (uint8_t)(0xc0 | d), 0x10); break;                /* test r8,imm */
    case 5:
    case 6: ADD(p, (uint8_t)(0x40 | d)); break;                            /* inc r */
    case 7: ADD(p, (uint8_t)(0x48 | d)); break;                            /* dec r */
    case 8: ADD(p, 0x90); break;
    case 9: ADD(p, 0xc1, (uint8_t)(0xc0 | digit << 3 | d), (uint8_t)random_below(p, 34)); break; /* shift r,imm */
    case 10: ADD(p, 0xd3, (uint8_t)(0xc0 | digit << 3 | d)); break;        /* shift r,cl */
    case 11: ADD(p, 0xf7, (uint8_t)(0xd0 | (digit & 1) << 3 | d)); break;  /* not, neg */
    case 12: ADD(p, 0x0f, (uint8_t)(0x90 | random_below(p, 16)), (uint8_t)(0xc0 | d)); break; /* setcc r8 */
    case 13: ADD(p, (uint8_t)(0xf5 + random_below(p, 2) * 3)); break;      /* cmc, clc */
    case 14: ADD(p, (uint8_t)(digit << 3 | 3), (uint8_t)(d << 3 | 5), DATA & 0xff, DATA >> 8, 0, 0); break; /* op r,[] */
    case 15: ADD(p, (uint8_t)(digit << 3 | 1), (uint8_t)(d << 3 | 5), DATA & 0xff, DATA >> 8, 0, 0); break; /* op [],r */
    case 16: /* mov r,[] and mov [],r */
    case 17: ADD(p, (uint8_t)(digit & 1 ? 0x8b : 0x89), (uint8_t)(d << 3 | 5), DATA & 0xff, DATA >> 8, 0, 0); break;
    default: ADD(p, 0xff, (uint8_t)((digit & 1) << 3 | 5), DATA & 0xff, DATA >> 8, 0, 0); break; /* inc, dec [] */
    }
}

/* Blocks that end in a branch to what follows anyway. */
static struct program make(uint32_t seed)
{
    struct program p = {.seed = seed};
    for (unsigned block = 0; block < BLOCKS; block++) {
        unsigned count = 1 + random_below(&p, OPERATIONS);
        for (unsigned n = 0; n < count; n++)
            add_operation(&p);
        ADD(&p, (uint8_t)(0x70 | random_below(&p, 16)), 0);
    }
    for (unsigned n = 0; n < 4; n++)
        ADD(&p, 0x90);
    return p;
}

static struct cpu_registers start(const struct cpu_registers *first, const struct program *p)
{
    struct cpu_registers r = *first;
    for (unsigned n = 0; n < 4; n++)
        r.gpr[n] = n & 1 ? n : 0x7fffffffu + n;
    r.ip = CODE;
    r.flags = 2 | (p->seed & 1);
    return r;
}

static void check_equal(struct cpu_box *plain, struct cpu_box *fast, const struct program *p, uint64_t after)
{
    struct cpu_registers a, b;
    cpu_get_registers(plain->cpu, &a);
    cpu_get_registers(fast->cpu, &b);
    ck_assert_msg(a.ip == b.ip && a.flags == b.flags && !memcmp(a.gpr, b.gpr, sizeof a.gpr) &&
                      plain->timeline.now == fast->timeline.now &&
                      cpu_box_peek32(plain, DATA) == cpu_box_peek32(fast, DATA),
                  "seed %u, after %u instructions: EIP %x (%x), flags %x (%x), time %u (%u)", (unsigned)p->seed,
                  (unsigned)after, (unsigned)a.ip, (unsigned)b.ip, (unsigned)a.flags, (unsigned)b.flags,
                  (unsigned)plain->timeline.now, (unsigned)fast->timeline.now);
}

/* Both run a program's first instructions, stopping where a watch stops. Returns how often it did. */
static unsigned run_both(struct cpu_box *box, const struct cpu_registers *first, const struct program *p, uint64_t count)
{
    struct cpu_registers r = start(first, p);
    enum cpu_stop stop[2];
    unsigned stops = 0;
    for (unsigned n = 0; n < 2; n++) {
        cpu_box_poke32(&box[n], DATA, 0xfffffff0u);
        cpu_set_registers(box[n].cpu, &r);
        box[n].timeline.slice_end = box[n].timeline.now + count;
    }
    do {
        for (unsigned n = 0; n < 2; n++)
            stop[n] = cpu_run(box[n].cpu);
        ck_assert_int_eq(stop[0], stop[1]);
        check_equal(&box[0], &box[1], p, count);
        stops += stop[0] == CPU_STOP_DEBUG;
    } while (stop[0] == CPU_STOP_DEBUG);
    return stops;
}

static unsigned compare(enum handler_choice handlers, bool is_watched)
{
    const struct cpu_watch watch = {CPU_WATCH_ACCESS, false, DATA, 4};
    unsigned stops = 0;
    for (uint32_t seed = 1; seed <= PROGRAMS; seed++) {
        struct program p = make(seed * 2654435761u);
        struct cpu_registers first;
        struct cpu_box box[2];
        struct error error;
        for (unsigned n = 0; n < 2; n++) {
            cpu_guest_init(&box[n]);
            box[n].cpu->run->handlers = n ? handlers : HANDLERS_PLAIN;
            cpu_box_poke(&box[n], CODE, p.bytes, p.length);
            if (is_watched)
                ck_assert_int_eq(cpu_set_watches(box[n].cpu, &watch, 1, &error), STATUS_OK);
        }
        cpu_get_registers(box[0].cpu, &first);
        for (uint64_t count = p.instructions; count > 0; count--)
            stops += run_both(box, &first, &p, count);
        for (unsigned n = 0; n < 2; n++)
            cpu_box_fini(&box[n]);
    }
    return stops;
}

START_TEST(whoever_stops_sees_all_flags)
{
    ck_assert_uint_eq(compare(_i ? HANDLERS_BY_REGISTER : HANDLERS_BY_HEAT, false), 0);
}
END_TEST

START_TEST(a_watch_sees_all_flags)
{
    ck_assert_uint_gt(compare(_i ? HANDLERS_BY_REGISTER : HANDLERS_BY_HEAT, true), PROGRAMS);
}
END_TEST

Suite *cpu_dead_flags_suite(void);

Suite *cpu_dead_flags_suite(void)
{
    Suite *suite = suite_create("cpu_dead_flags");
    TCase *tcase = tcase_create("cpu_dead_flags");
    tcase_add_loop_test(tcase, whoever_stops_sees_all_flags, 0, 2);
    tcase_add_loop_test(tcase, a_watch_sees_all_flags, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}

/* What models say of themselves, and their model-specific registers. Expected values: Intel's Pentium II
 * specification update (CPUID 0183FBFFh with the APIC on), SDM 4's table for the P6 family, SDM 3B
 * 15.3 and 17.17. */
#include <check.h>

#include "bus/apic_bus.h"
#include "cpu/internal.h"
#include "tests/unit/cpu_guest.h"

#define APIC_BIT (1u << 9)

static void set_gprs(struct cpu_box *box, uint32_t eax, uint32_t ecx, uint32_t edx)
{
    cpu_set_gpr(box->cpu, CPU_AX, eax);
    cpu_set_gpr(box->cpu, CPU_CX, ecx);
    cpu_set_gpr(box->cpu, CPU_DX, edx);
}

/* Runs one instruction of two bytes; the vector that came, or -1. Handlers loop instead of halting, so
 * that one processor can be asked again and again. */
static int run_two(struct cpu_box *box, const char *code, struct cpu_registers *r)
{
    for (unsigned v = 0; v < 32; v++)
        cpu_box_poke(box, HANDLERS + 16 * v, "\xeb\xfe", 2);
    cpu_get_registers(box->cpu, r);
    r->ip = CODE;
    cpu_set_registers(box->cpu, r);
    cpu_box_poke(box, CODE, code, 2);
    cpu_box_run(box, 1);
    cpu_get_registers(box->cpu, r);
    return r->ip >= HANDLERS && r->ip < CODE ? (int)((r->ip - HANDLERS) / 16) : -1;
}

static int write_msr(struct cpu_box *box, uint32_t address, uint64_t value)
{
    struct cpu_registers r;
    set_gprs(box, (uint32_t)value, address, (uint32_t)(value >> 32));
    return run_two(box, "\x0f\x30", &r);
}

static int read_msr(struct cpu_box *box, uint32_t address, uint64_t *value)
{
    struct cpu_registers r;
    set_gprs(box, 0, address, 0);
    int vector = run_two(box, "\x0f\x32", &r);
    *value = (uint32_t)r.gpr[CPU_AX] | r.gpr[CPU_DX] << 32;
    return vector;
}

static struct cpu_registers cpuid_of(const char *model, uint32_t leaf)
{
    struct cpu_box box;
    struct cpu_registers r;
    cpu_guest_init_model(&box, model);
    set_gprs(&box, leaf, 0, 0);
    ck_assert_int_eq(run_two(&box, "\x0f\xa2", &r), -1);
    cpu_box_fini(&box);
    return r;
}

START_TEST(default_model_is_a_pentium_ii_without_apic)
{
    struct cpu_registers r = cpuid_of(NULL, 1);
    ck_assert_uint_eq(r.gpr[CPU_AX], 0x0652);
    ck_assert_uint_eq(r.gpr[CPU_DX], 0x0183fbffu & ~APIC_BIT);
    ck_assert_uint_eq(r.gpr[CPU_CX], 0);
    r = cpuid_of(NULL, 0);
    ck_assert_uint_eq(r.gpr[CPU_AX], 2);
}
END_TEST

START_TEST(pentium_iii_adds_sse)
{
    struct cpu_registers r = cpuid_of("pentium3", 1);
    ck_assert_uint_eq(r.gpr[CPU_DX], 0x0383fbffu & ~APIC_BIT);
}
END_TEST

START_TEST(only_max_has_execute_disable)
{
    ck_assert_uint_eq(cpuid_of("max", 0x80000001u).gpr[CPU_DX] >> 20 & 1, 1);
    struct cpu_box box;
    uint64_t value;
    cpu_guest_init(&box);
    ck_assert_int_eq(read_msr(&box, 0xc0000080u, &value), 13);
    cpu_box_fini(&box);
    cpu_guest_init_model(&box, "max");
    ck_assert_int_eq(write_msr(&box, 0xc0000080u, 0x800), -1);
    ck_assert_int_eq(read_msr(&box, 0xc0000080u, &value), -1);
    ck_assert_uint_eq(value, 0x800);
    ck_assert_int_eq(write_msr(&box, 0xc0000080u, 0x100), 13); /* LME: no long mode */
    cpu_box_fini(&box);
}
END_TEST

/* Registers that keep what is written, with a value that is allowed. */
START_TEST(registers_of_the_p6_keep_what_is_written)
{
    static const struct {
        uint32_t address;
        uint64_t value;
    } ROWS[] = {
        {0x186, 0x00430079                  },
        {0x187, 0x004300c0                  },
        {0x174, 8                           },
        {0x175, 0x1234                      },
        {0x176, 0x5678                      },
        {0x200, UINT64_C(0xf00000006)       },
        {0x20f, UINT64_C(0xff0000800)       },
        {0x250, UINT64_C(0x0606060606060606)},
        {0x26f, UINT64_C(0x0505040401010000)},
        {0x277, UINT64_C(0x0007010600070106)},
        {0x2ff, 0xc06                       },
        {0x17a, 7                           },
        {0x17b, UINT64_MAX                  },
        {0x404, UINT64_MAX                  },
        {0x8b,  0                           },
    };
    struct cpu_box box;
    cpu_guest_init(&box);
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        uint64_t value;
        ck_assert_int_eq(write_msr(&box, ROWS[n].address, ROWS[n].value), -1);
        ck_assert_int_eq(read_msr(&box, ROWS[n].address, &value), -1);
        ck_assert_uint_eq(value, ROWS[n].value);
    }
    cpu_box_fini(&box);
}
END_TEST

START_TEST(reserved_bits_of_registers_are_gp_and_change_nothing)
{
    static const struct {
        uint32_t address;
        uint64_t value;
    } ROWS[] = {
        {0x200, 0x106                       }, /* PhysBase: bits 8-11 */
        {0x200, 2                           }, /* no such type */
        {0x200, UINT64_C(0x1000000006)      }, /* beyond 36 address bits */
        {0x201, 0x400                       }, /* PhysMask: bits 0-10 */
        {0x250, UINT64_C(0x0606060606060602)},
        {0x277, UINT64_C(0x0007040600070402)}, /* PAT: type 2 */
        {0x277, UINT64_C(0x0807040600070406)},
        {0x2ff, 0x100                       },
        {0x2ff, 3                           },
        {0xfe,  0                           }, /* MTRRcap and MCG_CAP are read only */
        {0x179, 0x105                       },
        {0x17a, 8                           },
        {0x17b, 1                           },
        {0x400, 0x10                        },
        {0x401, 1                           },
        {0x402, 1                           },
        {0x403, 0                           }, /* no MISC registers in the P6 */
    };
    struct cpu_box box;
    cpu_guest_init(&box);
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        uint64_t before, after;
        int known = read_msr(&box, ROWS[n].address, &before);
        ck_assert_msg(write_msr(&box, ROWS[n].address, ROWS[n].value) == 13, "%x",
                      (unsigned)ROWS[n].address);
        ck_assert_int_eq(read_msr(&box, ROWS[n].address, &after), known);
        ck_assert_uint_eq(before, after);
    }
    cpu_box_fini(&box);
}
END_TEST

START_TEST(machine_check_banks_are_five_and_quiet)
{
    struct cpu_box box;
    uint64_t value;
    cpu_guest_init(&box);
    ck_assert_int_eq(read_msr(&box, 0x179, &value), -1);
    ck_assert_uint_eq(value & 0xff, 5);
    for (unsigned bank = 0; bank < 5; bank++) {
        ck_assert_int_eq(read_msr(&box, 0x401 + 4 * bank, &value), -1);
        ck_assert_uint_eq(value, 0);
        ck_assert_int_eq(write_msr(&box, 0x401 + 4 * bank, 0), -1);
    }
    ck_assert_int_eq(read_msr(&box, 0x414, &value), 13);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(counters_sign_extend_and_rdpmc_reads_them)
{
    struct cpu_box box;
    struct cpu_registers r;
    cpu_guest_init(&box);
    ck_assert_int_eq(write_msr(&box, 0xc1, 0x80000001u), -1);
    set_gprs(&box, 0, 0, 0);
    ck_assert_int_eq(run_two(&box, "\x0f\x33", &r), -1);
    ck_assert_uint_eq(r.gpr[CPU_AX], 0x80000001u);
    ck_assert_uint_eq(r.gpr[CPU_DX], 0xff);
    set_gprs(&box, 0, 2, 0);
    ck_assert_int_eq(run_two(&box, "\x0f\x33", &r), 13);
    cpu_box_fini(&box);
}
END_TEST

/* SDM 2 RDPMC: outside CPL 0 only with CR4.PCE. */
START_TEST(rdpmc_in_ring3_wants_cr4_pce)
{
    for (unsigned pce = 0; pce < 2; pce++) {
        struct cpu_box box;
        struct cpu_registers r;
        cpu_guest_init(&box);
        cpu_guest_ring3(&box);
        cpu_get_registers(box.cpu, &r);
        r.cr4 = pce ? 0x100 : 0;
        r.gpr[CPU_CX] = 0;
        cpu_set_registers(box.cpu, &r);
        r = RUN(&box, "\x0f\x33\xcc"); /* INT3's gate has DPL 0: #GP of its own, behind RDPMC */
        ck_assert_int_eq(stopped_vector(&r), 13);
        ck_assert_uint_eq(stack_word(&box, &r, 1), pce ? CODE + 2 : CODE);
        cpu_box_fini(&box);
    }
}
END_TEST

/* SDM 3B 17.17.3: on the P6 a write sets the low half and clears the high one. */
START_TEST(time_stamp_counter_goes_on_from_what_is_written)
{
    struct cpu_box box;
    uint64_t value, later;
    cpu_guest_init(&box);
    ck_assert_int_eq(write_msr(&box, 0x10, UINT64_C(0x7700001000)), -1);
    ck_assert_int_eq(read_msr(&box, 0x10, &value), -1);
    ck_assert_uint_gt(value, 0x1000);
    ck_assert_uint_lt(value, 0x1010);
    box.timeline.now += 500; /* virtual time, however it passes */
    ck_assert_int_eq(read_msr(&box, 0x10, &later), -1);
    ck_assert_uint_ge(later, value + 500);
    ck_assert_uint_lt(later, value + 510);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(apic_is_switched_off_for_good)
{
    struct cpu_box box;
    uint64_t value;
    cpu_guest_init(&box);
    ck_assert_int_eq(read_msr(&box, 0x1b, &value), -1);
    ck_assert_uint_eq(value, 0xfee00100);
    ck_assert_int_eq(write_msr(&box, 0x1b, 0xfee00900), -1);
    ck_assert_int_eq(read_msr(&box, 0x1b, &value), -1);
    ck_assert_uint_eq(value, 0xfee00100);
    cpu_box_fini(&box);
}
END_TEST

static uint64_t base_of_test(const void *self)
{
    return *(const uint64_t *)self;
}

static bool set_base_of_test(void *self, uint64_t value)
{
    if (value & 1)
        return false;
    *(uint64_t *)self = value;
    return true;
}

/* SDM 3A 10.4.2 to 10.4.4: CPUID's bit follows IA32_APIC_BASE; reserved bits are #GP. */
START_TEST(apic_of_the_board_shows_in_cpuid_while_it_is_on)
{
    struct cpu_box box;
    struct cpu_registers r;
    uint64_t base = 0xfee00900, value;
    const struct apic_core apic = {base_of_test, set_base_of_test, &base};
    cpu_guest_init(&box);
    box.cpu->config.apic = &apic;
    ck_assert_int_eq(read_msr(&box, 0x1b, &value), -1);
    ck_assert_uint_eq(value, 0xfee00900);
    ck_assert_int_eq(write_msr(&box, 0x1b, 0xfee00901), 13);
    ck_assert_uint_eq(base, 0xfee00900);
    set_gprs(&box, 1, 0, 0);
    ck_assert_int_eq(run_two(&box, "\x0f\xa2", &r), -1);
    ck_assert_uint_eq(r.gpr[CPU_DX], 0x0183fbffu);
    ck_assert_int_eq(write_msr(&box, 0x1b, 0xfee00100), -1);
    set_gprs(&box, 1, 0, 0);
    ck_assert_int_eq(run_two(&box, "\x0f\xa2", &r), -1);
    ck_assert_uint_eq(r.gpr[CPU_DX], 0x0183fbffu & ~APIC_BIT);
    cpu_box_fini(&box);
}
END_TEST

START_TEST(pentium_has_its_own_registers)
{
    struct cpu_box box;
    uint64_t value;
    cpu_guest_init_model(&box, "pentium");
    ck_assert_int_eq(read_msr(&box, 0x00, &value), -1);
    ck_assert_int_eq(read_msr(&box, 0x11, &value), -1);
    ck_assert_int_eq(read_msr(&box, 0x03, &value), 13);
    ck_assert_int_eq(read_msr(&box, 0xfe, &value), 13);
    ck_assert_int_eq(read_msr(&box, 0x400, &value), 13);
    cpu_box_fini(&box);
}
END_TEST

Suite *cpu_models_suite(void)
{
    const TTest *const TESTS[] = {
        default_model_is_a_pentium_ii_without_apic,
        pentium_iii_adds_sse,
        only_max_has_execute_disable,
        registers_of_the_p6_keep_what_is_written,
        reserved_bits_of_registers_are_gp_and_change_nothing,
        machine_check_banks_are_five_and_quiet,
        counters_sign_extend_and_rdpmc_reads_them,
        rdpmc_in_ring3_wants_cr4_pce,
        time_stamp_counter_goes_on_from_what_is_written,
        apic_is_switched_off_for_good,
        apic_of_the_board_shows_in_cpuid_while_it_is_on,
        pentium_has_its_own_registers,
    };
    Suite *suite = suite_create("cpu_models");
    TCase *tcase = tcase_create("cpu_models");
    for (size_t n = 0; n < ARRAY_COUNT(TESTS); n++) {
        tcase_add_test(tcase, TESTS[n]);
    }
    suite_add_tcase(suite, tcase);
    return suite;
}

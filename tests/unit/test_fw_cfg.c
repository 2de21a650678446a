/* fw_cfg against its specification (docs/specs/fw_cfg). */
#include <check.h>
#include <string.h>

#include "devices/fw_cfg.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"

static struct device_fixture *make(void)
{
    static const uint8_t CPUS[2] = {1, 0};
    struct fw_cfg_config entries = {.count = 0};
    struct device_config config = {.extra = &entries};
    struct error error = {STATUS_OK, ""};
    fw_cfg_add_file(&entries, "etc/e820", "0123456789", 10, &error);
    fw_cfg_add_file(&entries, "bootorder", "disk", 5, &error);
    fw_cfg_add_item(&entries, FW_CFG_NB_CPUS, CPUS, sizeof CPUS, &error);
    ck_assert_int_eq(error.status, STATUS_OK);
    return device_fixture_new(&FW_CFG_TYPE, &config);
}

static void choose(struct device_fixture *f, uint16_t key)
{
    space_write(&f->ports, 0x510, 2, key);
}

static uint32_t big(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_big(uint8_t *p, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Runs one DMA request that lies at 0x1000; returns the control word that is left. */
static uint32_t dma(struct device_fixture *f, uint32_t control, uint32_t length, uint64_t address)
{
    uint8_t *request = &f->ram.bytes[0x1000];
    put_big(request, control);
    put_big(request + 4, length);
    put_big(request + 8, (uint32_t)(address >> 32));
    put_big(request + 12, (uint32_t)address);
    space_write(&f->ports, 0x514, 4, 0);
    space_write(&f->ports, 0x518, 4, 0x00100000); /* 0x1000, big endian */
    return big(request);
}

START_TEST(signature_and_id_read_after_selection)
{
    struct device_fixture *f = make();
    ck_assert_uint_eq(fixture_in(f, 0x511), 'Q');
    choose(f, FW_CFG_SIGNATURE);
    ck_assert_uint_eq(fixture_in(f, 0x511), 'Q');
    ck_assert_uint_eq(fixture_in(f, 0x511), 'E');
    ck_assert_uint_eq(fixture_in(f, 0x511), 'M');
    ck_assert_uint_eq(fixture_in(f, 0x511), 'U');
    ck_assert_uint_eq(fixture_in(f, 0x511), 0);
    choose(f, FW_CFG_ID);
    ck_assert_uint_eq(fixture_in(f, 0x511), 3);
    choose(f, FW_CFG_NB_CPUS);
    ck_assert_uint_eq(fixture_in(f, 0x511), 1);
    device_fixture_free(f);
}
END_TEST

START_TEST(directory_lists_files_by_name)
{
    struct device_fixture *f = make();
    uint8_t directory[4 + 2 * 64];
    choose(f, FW_CFG_FILE_DIR);
    ck_assert_uint_eq(space_read_block(&f->ports, 0x511, 1, directory, sizeof directory),
                      sizeof directory);
    ck_assert_uint_eq(big(directory), 2);
    ck_assert_uint_eq(big(directory + 4), 5);
    ck_assert_str_eq((char *)directory + 12, "bootorder");
    ck_assert_uint_eq(big(directory + 68), 10);
    ck_assert_str_eq((char *)directory + 76, "etc/e820");
    choose(f, (uint16_t)(directory[72] << 8 | directory[73]));
    ck_assert_uint_eq(fixture_in(f, 0x511), '0');
    ck_assert_uint_eq(fixture_in(f, 0x511), '1');
    device_fixture_free(f);
}
END_TEST

START_TEST(dma_selects_skips_and_reads)
{
    struct device_fixture *f = make();
    memset(&f->ram.bytes[0x2000], 0xEE, 16);
    ck_assert_uint_eq(dma(f, 0x21u << 16 | 8 | 4, 3, 0), 0); /* select etc/e820, skip 3 */
    ck_assert_uint_eq(dma(f, 2, 4, 0x2000), 0);
    ck_assert_mem_eq(&f->ram.bytes[0x2000], "3456\xEE", 5);
    ck_assert_uint_eq(dma(f, 2, 6, 0x2000), 0); /* beyond the end: zeros */
    ck_assert_mem_eq(&f->ram.bytes[0x2000], "789\0\0\0\xEE", 7);
    device_fixture_free(f);
}
END_TEST

START_TEST(dma_of_a_hostile_guest_ends_in_the_error_bit)
{
    struct device_fixture *f = make();
    ck_assert_uint_eq(dma(f, 0x21u << 16 | 8 | 2, 10, UINT64_C(0xFFFFFFFFFFFFFFF0)), 1);
    ck_assert_uint_eq(dma(f, 0xFFFFu << 16 | 8 | 2, 0xFFFFFFFF, 0), 1);
    ck_assert_uint_eq(dma(f, 0x21u << 16 | 8 | 16, 4, 0x2000), 1); /* nothing can be written */
    space_write(&f->ports, 0x514, 4, 0xFFFFFFFF); /* the request itself lies nowhere */
    space_write(&f->ports, 0x518, 4, 0xFFFFFFFF);
    ck_assert_uint_gt(f->guest_errors, 0);
    device_fixture_free(f);
}
END_TEST

START_TEST(selector_ffff_reads_zeros)
{
    struct device_fixture *f = make();
    choose(f, 0xFFFF);
    for (int i = 0; i < 100; i++)
        ck_assert_uint_eq(fixture_in(f, 0x511), 0);
    device_fixture_free(f);
}
END_TEST

START_TEST(dma_register_reads_its_mark)
{
    struct device_fixture *f = make();
    ck_assert_uint_eq(space_read(&f->ports, 0x514, 4), 0x554D4551);
    ck_assert_uint_eq(space_read(&f->ports, 0x518, 4), 0x47464320);
    device_fixture_free(f);
}
END_TEST

START_TEST(tables_refuse_doubles_and_long_names)
{
    struct fw_cfg_config entries = {.count = 0};
    struct error error = {STATUS_OK, ""};
    ck_assert_int_eq(fw_cfg_add_file(&entries, "etc/e820", "", 0, &error), STATUS_OK);
    ck_assert_int_eq(fw_cfg_add_file(&entries, "etc/e820", "", 0, &error), STATUS_USAGE);
    ck_assert_int_eq(fw_cfg_add_file(&entries, "123456789012345678901234567890123456789012345678901"
                                               "23456", "", 0, &error), STATUS_USAGE);
}
END_TEST

START_TEST(state_survives_and_instances_are_apart)
{
    struct device_fixture *a = make(), *b = make();
    choose(a, FW_CFG_FILE_DIR);
    fixture_in(a, 0x511);
    fixture_check_state(a->device);
    fixture_hostile(a, 5, 20000);
    fixture_check_state(a->device);
    ck_assert_uint_eq(fixture_in(b, 0x511), 'Q');
    FW_CFG_TYPE.reset(a->device, RESET_HARD);
    ck_assert_uint_eq(fixture_in(a, 0x511), 'Q');
    device_fixture_free(a);
    device_fixture_free(b);
}
END_TEST

START_TEST(selection_is_described_by_the_files_name)
{
    struct device_fixture *f = make();
    ck_assert_ptr_nonnull(strstr(fixture_describe(f, f->device, 0x510, true, 0x21), "etc/e820"));
    ck_assert_ptr_nonnull(strstr(fixture_describe(f, f->device, 0x510, true, 0x99), "not there"));
    device_fixture_free(f);
}
END_TEST

Suite *fw_cfg_suite(void);
Suite *fw_cfg_suite(void)
{
    Suite *suite = suite_create("fw_cfg");
    TCase *tcase = tcase_create("fw_cfg");
    tcase_add_test(tcase, signature_and_id_read_after_selection);
    tcase_add_test(tcase, directory_lists_files_by_name);
    tcase_add_test(tcase, dma_selects_skips_and_reads);
    tcase_add_test(tcase, dma_of_a_hostile_guest_ends_in_the_error_bit);
    tcase_add_test(tcase, selector_ffff_reads_zeros);
    tcase_add_test(tcase, dma_register_reads_its_mark);
    tcase_add_test(tcase, tables_refuse_doubles_and_long_names);
    tcase_add_test(tcase, state_survives_and_instances_are_apart);
    tcase_add_test(tcase, selection_is_described_by_the_files_name);
    suite_add_tcase(suite, tcase);
    return suite;
}

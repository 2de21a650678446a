/* bus/regs: dispatch by rows. A chip made up for the test:
 *
 *   offset 0   CTRL 8 bits   1   DATA 8 bits, read and write rows apart   2-3 WIDE 16 bits
 *          4   DLAB-like: LOW when CTRL bit 7 is clear, HIGH when set     6-7 CLEAR 16 bits, ones clear
 *          8   INDEX         9   the register that INDEX names            10-11 PORT, write only      */
#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "bus/regs.h"

struct chip {
    uint8_t ctrl, in, out, low, high, index, inner[4];
    uint16_t wide, clear, port;
    unsigned reads, port_writes;
};

static bool high_bank(const void *self)
{
    return ((const struct chip *)self)->ctrl & 0x80;
}
static bool low_bank(const void *self)
{
    return !high_bank(self);
}

#define PLAIN(member)                                                           \
    static uint32_t peek_##member(const void *self, const struct reg *row)      \
    {                                                                           \
        (void)row;                                                              \
        return ((const struct chip *)self)->member;                             \
    }
#define STORE(member, type)                                                     \
    static void write_##member(void *self, const struct reg *row, uint32_t value) \
    {                                                                           \
        (void)row;                                                              \
        ((struct chip *)self)->member = (type)value;                            \
    }
PLAIN(ctrl)
PLAIN(wide)
PLAIN(clear)
PLAIN(low)
PLAIN(high)
PLAIN(index)
STORE(ctrl, uint8_t)
STORE(out, uint8_t)
STORE(wide, uint16_t)
STORE(low, uint8_t)
STORE(high, uint8_t)
STORE(index, uint8_t)

static uint32_t read_in(void *self, const struct reg *row)
{
    struct chip *chip = self;
    (void)row;
    chip->reads++;
    return chip->in++;
}
static void write_clear(void *self, const struct reg *row, uint32_t value)
{
    struct chip *chip = self;
    (void)row;
    chip->clear &= (uint16_t)~value;
}
static void write_port(void *self, const struct reg *row, uint32_t value)
{
    struct chip *chip = self;
    (void)row;
    chip->port = (uint16_t)value;
    chip->port_writes++;
}
static uint32_t peek_inner(const void *self, const struct reg *row)
{
    return ((const struct chip *)self)->inner[row->offset];
}
static void write_inner(void *self, const struct reg *row, uint32_t value)
{
    ((struct chip *)self)->inner[row->offset] = (uint8_t)value;
}
static uint32_t index_now(const void *self)
{
    return ((const struct chip *)self)->index;
}

static const char *const PARITY[] = {"none", "odd", NULL, "even"};
static const struct reg_field CTRL_FIELDS[] = {
    {"DLAB", 7, 1, NULL, "bank"}, {"PAR", 3, 2, PARITY, "parity"}, {"LEN", 0, 2, NULL, "bits"},
    REG_FIELDS_END};
static const struct reg INNER[] = {
    {.name = "I0", .offset = 0, .width = 1, .access = REG_RW, .peek = peek_inner, .write = write_inner},
    {.name = "I2", .offset = 2, .width = 1, .access = REG_RW, .peek = peek_inner, .write = write_inner},
    REG_ROWS_END};
static const struct reg_bank INNER_BANK = {"inner", INNER};
static const struct reg ROWS[] = {
    {.name = "CTRL", .offset = 0, .width = 1, .access = REG_RW, .peek = peek_ctrl,
     .write = write_ctrl, .fields = CTRL_FIELDS},
    {.name = "IN", .offset = 1, .width = 1, .access = REG_READ | REG_CLEARS_ON_READ, .read = read_in},
    {.name = "OUT", .offset = 1, .width = 1, .access = REG_WRITE, .write = write_out},
    {.name = "WIDE", .offset = 2, .width = 2, .access = REG_RW, .peek = peek_wide, .write = write_wide},
    {.name = "LOW", .offset = 4, .width = 1, .access = REG_RW, .is_selected = low_bank,
     .peek = peek_low, .write = write_low},
    {.name = "HIGH", .offset = 4, .width = 1, .access = REG_RW, .is_selected = high_bank,
     .peek = peek_high, .write = write_high},
    {.name = "CLEAR", .offset = 6, .width = 2, .access = REG_RW | REG_ONE_CLEARS, .peek = peek_clear,
     .write = write_clear},
    {.name = "INDEX", .offset = 8, .width = 1, .access = REG_RW, .peek = peek_index,
     .write = write_index},
    {.name = "VALUE", .offset = 9, .width = 1, .access = REG_RW, .inner = &INNER_BANK,
     .inner_offset = index_now},
    {.name = "PORT", .offset = 10, .width = 2, .access = REG_WRITE, .write = write_port},
    REG_ROWS_END};
static const struct reg_bank BANK = {"chip", ROWS};

static struct chip chip;

static void setup(void)
{
    memset(&chip, 0, sizeof chip);
}

START_TEST(undriven_offsets_read_ones_and_drop_writes)
{
    ck_assert_uint_eq(reg_bank_read(&BANK, &chip, 5, 1), 0xFF);
    ck_assert_uint_eq(reg_bank_read(&BANK, &chip, 100, 4), 0xFFFFFFFF);
    ck_assert_uint_eq(reg_bank_read(&BANK, &chip, 10, 2), 0xFFFF); /* write only */
    reg_bank_write(&BANK, &chip, 5, 1, 0);
    reg_bank_write(&BANK, &chip, 100, 4, 0);
    ck_assert_mem_eq(&chip, (&(struct chip){0}), sizeof chip);
}
END_TEST

START_TEST(reading_and_writing_rows_of_one_offset_are_apart)
{
    chip.in = 0x41;
    reg_bank_write(&BANK, &chip, 1, 1, 0x99);
    ck_assert_uint_eq(chip.out, 0x99);
    ck_assert_uint_eq(reg_bank_read(&BANK, &chip, 1, 1), 0x41);
    ck_assert_uint_eq(chip.reads, 1);
    ck_assert_str_eq(reg_find(&BANK, &chip, 1, false)->name, "IN");
    ck_assert_str_eq(reg_find(&BANK, &chip, 1, true)->name, "OUT");
}
END_TEST

START_TEST(wide_accesses_are_split_into_the_registers_that_lie_there)
{
    chip.in = 0x22;
    chip.ctrl = 0x11;
    chip.wide = 0x4433;
    ck_assert_uint_eq(reg_bank_read(&BANK, &chip, 0, 4), 0x44332211);
    ck_assert_uint_eq(chip.reads, 1);
    reg_bank_write(&BANK, &chip, 0, 4, 0xDDCCBBAA);
    ck_assert_uint_eq(chip.ctrl, 0xAA);
    ck_assert_uint_eq(chip.out, 0xBB);
    ck_assert_uint_eq(chip.wide, 0xDDCC);
    chip.high = 0x55; /* CTRL's bit 7 selects it */
    ck_assert_uint_eq(reg_bank_read(&BANK, &chip, 3, 2), 0x55DD);
}
END_TEST

START_TEST(a_part_of_a_wide_register_leaves_the_rest)
{
    chip.wide = 0x1234;
    ck_assert_uint_eq(reg_bank_read(&BANK, &chip, 3, 1), 0x12);
    reg_bank_write(&BANK, &chip, 3, 1, 0xAB);
    ck_assert_uint_eq(chip.wide, 0xAB34);
    reg_bank_write(&BANK, &chip, 2, 1, 0xCD);
    ck_assert_uint_eq(chip.wide, 0xABCD);
}
END_TEST

START_TEST(a_byte_of_a_write_only_register_keeps_its_place)
{
    reg_bank_write(&BANK, &chip, 11, 1, 0x7F);
    ck_assert_uint_eq(chip.port, 0x7F00);
    reg_bank_write(&BANK, &chip, 10, 1, 0x7F);
    ck_assert_uint_eq(chip.port, 0x007F);
    ck_assert_uint_eq(chip.port_writes, 2);
}
END_TEST

/* Reading the other byte and writing it back would clear what nobody asked to clear. */
START_TEST(clearing_bits_in_one_byte_leaves_those_of_the_other)
{
    chip.clear = 0xFFFF;
    reg_bank_write(&BANK, &chip, 6, 1, 0x0F);
    ck_assert_uint_eq(chip.clear, 0xFFF0);
    reg_bank_write(&BANK, &chip, 7, 1, 0x80);
    ck_assert_uint_eq(chip.clear, 0x7FF0);
    reg_bank_write(&BANK, &chip, 6, 2, 0xFFFF);
    ck_assert_uint_eq(chip.clear, 0);
}
END_TEST

START_TEST(a_latch_selects_the_bank)
{
    reg_bank_write(&BANK, &chip, 4, 1, 0x55);
    chip.ctrl = 0x80;
    reg_bank_write(&BANK, &chip, 4, 1, 0x66);
    ck_assert_uint_eq(chip.low, 0x55);
    ck_assert_uint_eq(chip.high, 0x66);
    ck_assert_uint_eq(reg_bank_read(&BANK, &chip, 4, 1), 0x66);
    ck_assert_str_eq(reg_find(&BANK, &chip, 4, false)->name, "HIGH");
}
END_TEST

START_TEST(index_and_data_lead_to_the_inner_row)
{
    reg_bank_write(&BANK, &chip, 8, 2, 0x7702); /* OUT DX, AX: index and data at once */
    ck_assert_uint_eq(chip.inner[2], 0x77);
    ck_assert_uint_eq(reg_bank_read(&BANK, &chip, 9, 1), 0x77);
    ck_assert_str_eq(reg_find_inner(&BANK, &chip, 9, false)->name, "I2");
    chip.index = 1; /* nobody there */
    ck_assert_uint_eq(reg_bank_read(&BANK, &chip, 9, 1), 0xFF);
    reg_bank_write(&BANK, &chip, 9, 1, 0x12);
    ck_assert_uint_eq(chip.inner[1], 0);
    ck_assert_str_eq(reg_find_inner(&BANK, &chip, 9, false)->name, "VALUE");
}
END_TEST

static const char *always(uint64_t offset, bool is_write)
{
    const struct reg *row = reg_always(&BANK, offset, is_write);
    return row ? row->name : "";
}

START_TEST(a_row_is_kept_where_no_state_decides_who_answers)
{
    ck_assert_str_eq(always(0, false), "CTRL");
    ck_assert_str_eq(always(1, false), "IN");
    ck_assert_str_eq(always(1, true), "OUT");
    ck_assert_str_eq(always(2, true), "WIDE");
    ck_assert_str_eq(always(3, true), "");   /* inside of WIDE */
    ck_assert_str_eq(always(4, false), "");  /* the latch decides */
    ck_assert_str_eq(always(9, true), "");   /* the index decides */
    ck_assert_str_eq(always(10, false), ""); /* PORT cannot be read */
    ck_assert_str_eq(always(10, true), "PORT");
    ck_assert_str_eq(always(100, true), "");
}
END_TEST

START_TEST(peeking_never_reads)
{
    uint32_t value;
    for (const struct reg *row = ROWS; row->name; row++)
        reg_peek(row, &chip, &value);
    ck_assert_uint_eq(chip.reads, 0);
    ck_assert(!reg_peek(&ROWS[1], &chip, &value)); /* IN: only with a side effect */
    chip.ctrl = 0x9B;
    ck_assert(reg_peek(&ROWS[0], &chip, &value));
    ck_assert_uint_eq(value, 0x9B);
    ck_assert(!reg_peek(&ROWS[4], &chip, &value)); /* LOW is not selected now */
}
END_TEST

START_TEST(changed_fields_are_told_before_and_after)
{
    char text[64];
    reg_changes_text(&ROWS[0], 0x9B, 0x9B, text, sizeof text);
    ck_assert_str_eq(text, "");
    reg_changes_text(&ROWS[0], 0x1B, 0x9B, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, " 0→1"));
    reg_changes_text(&ROWS[3], 0, 1, text, sizeof text); /* no fields */
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(fields_are_told_by_name)
{
    char text[64], little[8];
    reg_fields_text(&ROWS[0], 0x9B, text, sizeof text);
    ck_assert_str_eq(text, "DLAB=1 PAR=even LEN=3");
    reg_fields_text(&ROWS[0], 0x10, text, sizeof text); /* a value without a word */
    ck_assert_str_eq(text, "DLAB=0 PAR=2 LEN=0");
    reg_fields_text(&ROWS[0], 0x9B, little, sizeof little);
    ck_assert_str_eq(little, "DLAB=1 ");
    reg_fields_text(&ROWS[3], 0x9B, text, sizeof text);
    ck_assert_str_eq(text, "");
}
END_TEST

Suite *regs_suite(void)
{
    Suite *suite = suite_create("regs");
    TCase *tcase = tcase_create("dispatch");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, undriven_offsets_read_ones_and_drop_writes);
    tcase_add_test(tcase, reading_and_writing_rows_of_one_offset_are_apart);
    tcase_add_test(tcase, wide_accesses_are_split_into_the_registers_that_lie_there);
    tcase_add_test(tcase, a_part_of_a_wide_register_leaves_the_rest);
    tcase_add_test(tcase, a_byte_of_a_write_only_register_keeps_its_place);
    tcase_add_test(tcase, clearing_bits_in_one_byte_leaves_those_of_the_other);
    tcase_add_test(tcase, a_latch_selects_the_bank);
    tcase_add_test(tcase, index_and_data_lead_to_the_inner_row);
    tcase_add_test(tcase, a_row_is_kept_where_no_state_decides_who_answers);
    tcase_add_test(tcase, peeking_never_reads);
    tcase_add_test(tcase, fields_are_told_by_name);
    tcase_add_test(tcase, changed_fields_are_told_before_and_after);
    suite_add_tcase(suite, tcase);
    return suite;
}

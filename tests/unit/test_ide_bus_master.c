/* PIIX3's bus master IDE against its data sheet (290550, 2.7) and SFF-8038i: descriptors, status
 * bits, errors. The drive behind it is the tests' ATA disk. */
#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "bus/pci.h"
#include "devices/ide_piix3.h"
#include "devices/types.h"
#include "tests/unit/ata_bench.h"

#define BASE 0xC000u   /* of the primary channel's registers */
#define IDE_DEVFN 9
#define TABLE 0x8000u
#define EOT 0x80000000u
#define TO_MEMORY 0x09u /* RWCON, SSBM */
#define TO_DRIVE 0x01u

static struct ata_bench *make(void)
{
    struct ata_bench *c = ata_make(1);
    struct device *ide;
    fixture_add_pci(c->f);
    ide = fixture_add(c->f, &PIIX3_IDE_TYPE, NULL);
    ide_piix3_set_channels(ide, c->f->device, NULL);
    pci_config_write(&c->f->pci, 0, IDE_DEVFN, 0x20, 4, BASE);
    pci_config_write(&c->f->pci, 0, IDE_DEVFN, 0x40, 2, 0x8000);
    pci_config_write(&c->f->pci, 0, IDE_DEVFN, 0x04, 2, 0x0005);
    return c;
}

static struct device *ide_of(struct ata_bench *c)
{
    return c->f->devices[1];
}

static void descriptor(struct ata_bench *c, uint32_t at, uint32_t base, uint32_t control)
{
    uint8_t bytes[8];
    store_le32(bytes, base);
    store_le32(bytes + 4, control);
    ck_assert_uint_eq(space_poke(&c->f->memory, at, bytes, 8), 8);
}

static uint8_t status(struct ata_bench *c)
{
    return fixture_in(c->f, BASE + 2);
}

/* As drivers do it: table, direction, old bits away, command, start. */
static void transfer(struct ata_bench *c, uint32_t table, unsigned code, unsigned direction)
{
    space_write(&c->f->ports, BASE + 4, 4, table);
    fixture_out(c->f, BASE, direction & 8);
    fixture_out(c->f, BASE + 2, 0x06);
    ata_out(c, 7, code);
    fixture_out(c->f, BASE, (uint8_t)direction);
    fixture_run_us(c->f, 200);
}

static uint32_t memory(struct ata_bench *c, uint32_t at)
{
    uint8_t bytes[4];
    ck_assert_uint_eq(space_peek(&c->f->memory, at, bytes, 4), 4);
    return load_le32(bytes);
}

/* --- transfers ----------------------------------------------------------------------------------- */

START_TEST(a_table_as_long_as_the_transfer_ends_with_interrupt_and_inactive)
{
    struct ata_bench *c = make(), *idle = make();
    descriptor(c, TABLE, 0x10000, 512);
    descriptor(c, TABLE + 8, 0x20200, 1536 | EOT);
    ata_lba(c, 4, 30);
    transfer(c, TABLE, 0xC8, TO_MEMORY);
    ck_assert_uint_eq(status(c), 0x04);
    ck_assert_uint_eq(c->irq.rises, 1);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ck_assert_uint_eq(memory(c, 0x10000), 30);
    ck_assert_uint_eq(memory(c, 0x20200), 31);
    ck_assert_uint_eq(memory(c, 0x20600), 33);
    ck_assert_uint_eq(ata_in(c, 2), 0);
    ck_assert_uint_eq(ata_in(c, 3), 33);
    ck_assert_uint_eq(status(idle), 0x00);
    ck_assert_uint_eq(memory(idle, 0x10000), 0);
    ata_destroy(c);
    ata_destroy(idle);
}
END_TEST

START_TEST(a_longer_table_stays_active_until_it_is_stopped)
{
    struct ata_bench *c = make();
    descriptor(c, TABLE, 0x10000, 4096 | EOT);
    ata_lba(c, 4, 30);
    transfer(c, TABLE, 0xC8, TO_MEMORY);
    ck_assert_uint_eq(status(c), 0x05);
    fixture_out(c->f, BASE, 0);
    ck_assert_uint_eq(status(c), 0x04);
    fixture_out(c->f, BASE + 2, 0x04);
    ck_assert_uint_eq(status(c), 0x00);
    ata_destroy(c);
}
END_TEST

START_TEST(a_shorter_table_leaves_the_drive_waiting_without_interrupt)
{
    struct ata_bench *c = make();
    descriptor(c, TABLE, 0x10000, 700 | EOT);
    ata_lba(c, 2, 30);
    transfer(c, TABLE, 0xC8, TO_MEMORY);
    ck_assert_uint_eq(status(c), 0x00);
    ck_assert_uint_eq(c->irq.rises, 0);
    ck_assert_uint_eq(ata_alternate(c), 0x58);
    /* DMARQ is still raised: a second table takes the rest. */
    descriptor(c, TABLE, 0x20000, 324 | EOT);
    fixture_out(c->f, BASE, 8);
    fixture_out(c->f, BASE, TO_MEMORY);
    fixture_run_us(c->f, 100);
    ck_assert_uint_eq(status(c), 0x04);
    ck_assert_uint_eq(ata_in(c, 7), 0x50);
    ck_assert_uint_eq(memory(c, 0x10200), 31);
    ata_destroy(c);
}
END_TEST

START_TEST(writes_come_from_memory)
{
    struct ata_bench *c = make();
    static uint8_t bytes[40 * SECTOR_BYTES];
    for (uint32_t i = 0; i < 40; i++)
        store_le32(bytes + i * SECTOR_BYTES, 0xABC00000 + i);
    space_poke(&c->f->memory, 0x30000, bytes, sizeof bytes);
    descriptor(c, TABLE, 0x30000, 2); /* odd pieces make no difference */
    descriptor(c, TABLE + 8, 0x30002, 510);
    descriptor(c, TABLE + 16, 0x30200, (sizeof bytes - 512) | EOT);
    ata_lba(c, 40, 100);
    transfer(c, TABLE, 0xCA, TO_DRIVE);
    ck_assert_uint_eq(status(c), 0x04);
    ck_assert_uint_eq(c->irq.rises, 1);
    ck_assert_mem_eq(c->disks[0].bytes + 100 * SECTOR_BYTES, bytes, sizeof bytes);
    ck_assert_uint_eq(load_le32(c->disks[0].bytes + 140 * SECTOR_BYTES), 140);
    ata_destroy(c);
}
END_TEST

START_TEST(a_count_of_zero_is_64_kib)
{
    struct ata_bench *c = make();
    descriptor(c, TABLE, 0x20000, 0);
    descriptor(c, TABLE + 8, 0x40000, 0 | EOT);
    ata_lba(c, 0, 5); /* 256 sectors: 128 KiB */
    transfer(c, TABLE, 0xC8, TO_MEMORY);
    ck_assert_uint_eq(status(c), 0x04);
    for (uint32_t i = 0; i < 256; i++)
        ck_assert_uint_eq(memory(c, (i < 128 ? 0x20000 : 0x30000) + i * SECTOR_BYTES), 5 + i);
    ata_destroy(c);
}
END_TEST

/* PIIX3: "the incrementer for the current address register need only extend from bit 1 to bit 15". */
START_TEST(addresses_are_counted_within_64_kib)
{
    struct ata_bench *c = make();
    descriptor(c, 0x5FFF8, 0x2FE00, 1024); /* the table's second entry is at its segment's start */
    descriptor(c, 0x50000, 0x40000, 512 | EOT);
    ata_lba(c, 3, 30);
    transfer(c, 0x5FFF8, 0xC8, TO_MEMORY);
    ck_assert_uint_eq(status(c), 0x04);
    ck_assert_uint_eq(memory(c, 0x2FE00), 30);
    ck_assert_uint_eq(memory(c, 0x20000), 31);
    ck_assert_uint_eq(memory(c, 0x30000), 0);
    ck_assert_uint_eq(memory(c, 0x40000), 32);
    ck_assert_ptr_nonnull(strstr(c->f->last_line, "straddle"));
    ata_destroy(c);
}
END_TEST

START_TEST(ext_commands_use_dma_too)
{
    struct ata_bench *c = make();
    descriptor(c, TABLE, 0x10000, 1024 | EOT);
    ata_out(c, 6, 0xE0);
    ata_out(c, 2, 0); ata_out(c, 2, 2);
    ata_out(c, 3, 0); ata_out(c, 3, 0x20);
    ata_out(c, 4, 0); ata_out(c, 4, 0x01);
    ata_out(c, 5, 0); ata_out(c, 5, 0);
    transfer(c, TABLE, 0x25, TO_MEMORY);
    ck_assert_uint_eq(memory(c, 0x10200), 0x121);
    ata_out(c, 2, 0); ata_out(c, 2, 2);
    ata_out(c, 3, 0); ata_out(c, 3, 0x40);
    transfer(c, TABLE, 0x35, TO_DRIVE);
    ck_assert_uint_eq(status(c), 0x04);
    ck_assert_uint_eq(load_le32(c->disks[0].bytes + 0x141 * SECTOR_BYTES), 0x121);
    ata_destroy(c);
}
END_TEST

/* --- the engine's bits --------------------------------------------------------------------------- */

START_TEST(the_drive_waits_for_the_start)
{
    struct ata_bench *c = make();
    descriptor(c, TABLE, 0x10000, 512 | EOT);
    space_write(&c->f->ports, BASE + 4, 4, TABLE);
    ata_lba(c, 1, 30);
    ata_command(c, 0xC8);
    fixture_run_us(c->f, 1000);
    ck_assert_uint_eq(ata_alternate(c), 0x58);
    ck_assert_uint_eq(memory(c, 0x10000), 0);
    fixture_out(c->f, BASE, TO_MEMORY);
    ck_assert_uint_eq(status(c), 0x01);
    ck_assert_uint_eq(memory(c, 0x10000), 0); /* not within the register's write */
    ata_wait(c);
    ck_assert_uint_eq(status(c), 0x04);
    ck_assert_uint_eq(memory(c, 0x10000), 30);
    ata_destroy(c);
}
END_TEST

START_TEST(the_start_may_come_before_the_command)
{
    struct ata_bench *c = make();
    descriptor(c, TABLE, 0x10000, 512 | EOT);
    space_write(&c->f->ports, BASE + 4, 4, TABLE);
    fixture_out(c->f, BASE, TO_MEMORY);
    fixture_run_us(c->f, 1000);
    ck_assert_uint_eq(status(c), 0x01);
    ata_lba(c, 1, 30);
    ata_command(c, 0xC8);
    ck_assert_uint_eq(status(c), 0x04);
    ck_assert_uint_eq(memory(c, 0x10000), 30);
    ata_destroy(c);
}
END_TEST

START_TEST(without_bus_master_enable_nothing_moves)
{
    struct ata_bench *c = make();
    pci_config_write(&c->f->pci, 0, IDE_DEVFN, 4, 2, 0x0001);
    descriptor(c, TABLE, 0x10000, 512 | EOT);
    ata_lba(c, 1, 30);
    transfer(c, TABLE, 0xC8, TO_MEMORY);
    ck_assert_uint_eq(status(c), 0x01);
    ck_assert_uint_eq(memory(c, 0x10000), 0);
    pci_config_write(&c->f->pci, 0, IDE_DEVFN, 4, 2, 0x0005);
    ata_wait(c);
    ck_assert_uint_eq(status(c), 0x04);
    ck_assert_uint_eq(memory(c, 0x10000), 30);
    ata_destroy(c);
}
END_TEST

START_TEST(the_wrong_direction_moves_nothing)
{
    struct ata_bench *c = make();
    descriptor(c, TABLE, 0x10000, 512 | EOT);
    ata_lba(c, 1, 30);
    transfer(c, TABLE, 0xC8, TO_DRIVE);
    ck_assert_uint_eq(status(c), 0x01);
    ck_assert_uint_eq(memory(c, 0x10000), 0);
    ck_assert_ptr_nonnull(strstr(c->f->last_line, "RWCON"));
    ata_destroy(c);
}
END_TEST

START_TEST(the_interrupt_bit_is_an_edge_of_intrq)
{
    struct ata_bench *c = make();
    ata_command(c, 0x10); /* no DMA at all: the line is watched all the same */
    ck_assert_uint_eq(status(c), 0x04);
    fixture_out(c->f, BASE + 2, 0x04);
    ck_assert(c->irq.level);
    ck_assert_uint_eq(status(c), 0x00); /* until another edge */
    ata_in(c, 7);
    ata_command(c, 0x10);
    ck_assert_uint_eq(status(c), 0x04);
    fixture_out(c->f, BASE + 2, 0x04);
    fixture_out(c->f, 0x3F6, 0x02); /* nIEN: the drive does not drive it */
    ata_in(c, 7);
    ata_command(c, 0x10);
    ck_assert_uint_eq(status(c), 0x00);
    ata_destroy(c);
}
END_TEST

START_TEST(software_keeps_its_capability_bits)
{
    struct ata_bench *c = make();
    fixture_out(c->f, BASE + 2, 0x60);
    ck_assert_uint_eq(status(c), 0x60);
    fixture_out(c->f, BASE + 2, 0xFB);
    ck_assert_uint_eq(status(c), 0x60);
    fixture_out(c->f, BASE + 0xA, 0x20);
    ck_assert_uint_eq(fixture_in(c->f, BASE + 0xA), 0x20);
    ck_assert_uint_eq(status(c), 0x60);
    fixture_out(c->f, BASE, 0xFE);
    ck_assert_uint_eq(fixture_in(c->f, BASE), 0x08);
    space_write(&c->f->ports, BASE + 4, 4, 0xFFFFFFFF);
    ck_assert_uint_eq(space_read(&c->f->ports, BASE + 4, 4), 0xFFFFFFFC);
    fixture_out(c->f, BASE + 5, 0x12); /* in bytes as well */
    ck_assert_uint_eq(space_read(&c->f->ports, BASE + 4, 4), 0xFFFF12FC);
    ata_destroy(c);
}
END_TEST

START_TEST(a_stop_forgets_where_the_engine_was)
{
    struct ata_bench *c = make();
    descriptor(c, TABLE, 0x10000, 512);
    descriptor(c, TABLE + 8, 0x20000, 4096 | EOT);
    ata_lba(c, 2, 30);
    transfer(c, TABLE, 0xC8, TO_MEMORY);
    ck_assert_uint_eq(status(c), 0x05);
    ata_in(c, 7);
    ata_lba(c, 1, 50);
    transfer(c, TABLE, 0xC8, TO_MEMORY);
    ck_assert_uint_eq(memory(c, 0x10000), 50);
    ck_assert_uint_eq(memory(c, 0x20000), 31);
    ata_destroy(c);
}
END_TEST

/* --- errors -------------------------------------------------------------------------------------- */

START_TEST(memory_that_does_not_answer_stops_the_engine)
{
    struct ata_bench *c = make();
    descriptor(c, TABLE, 0x10000, 512);
    descriptor(c, TABLE + 8, 0xF0000000, 512 | EOT);
    ata_lba(c, 2, 30);
    transfer(c, TABLE, 0xC8, TO_MEMORY);
    ck_assert_uint_eq(status(c), 0x02);
    ck_assert_uint_eq(c->irq.rises, 0);
    ck_assert_uint_eq(memory(c, 0x10000), 30);
    ck_assert_uint_eq(pci_config_read(&c->f->pci, 0, IDE_DEVFN, 6, 2), 0x2280); /* master abort */
    pci_config_write(&c->f->pci, 0, IDE_DEVFN, 6, 2, 0x2000);
    ck_assert_uint_eq(pci_config_read(&c->f->pci, 0, IDE_DEVFN, 6, 2), 0x0280);
    fixture_out(c->f, BASE, 0);
    fixture_out(c->f, BASE + 2, 0x02);
    ck_assert_uint_eq(status(c), 0x00);
    fixture_out(c->f, 0x3F6, 0x04); /* what drivers do then */
    fixture_out(c->f, 0x3F6, 0x00);
    ata_wait(c);
    ck_assert_uint_eq(ata_alternate(c), 0x50);
    transfer(c, 0xFFFF0000, 0xC8, TO_MEMORY); /* a table that is nowhere */
    ck_assert_uint_eq(status(c), 0x02);
    ata_destroy(c);
}
END_TEST

START_TEST(a_bad_sector_ends_the_transfer_with_an_interrupt)
{
    struct ata_bench *c = make();
    c->disks[0].bad_lba = 32;
    c->disks[0].bad_result = BLOCK_READ_ERROR;
    descriptor(c, TABLE, 0x10000, 2048 | EOT);
    ata_lba(c, 4, 30);
    transfer(c, TABLE, 0xC8, TO_MEMORY);
    ck_assert_uint_eq(status(c), 0x05); /* the table has regions left */
    ata_expect_error(c, 0x40);
    ck_assert_uint_eq(ata_in(c, 3), 32);
    ck_assert_uint_eq(ata_in(c, 2), 2);
    ck_assert_uint_eq(memory(c, 0x10200), 31);
    ata_in(c, 7);
    ata_lba(c, 2, TOTAL - 1); /* the same past the end */
    transfer(c, TABLE, 0xC8, TO_MEMORY);
    ata_expect_error(c, 0x10);
    ck_assert_uint_eq(memory(c, 0x10000), TOTAL - 1);
    c->disks[0].bad_result = BLOCK_WRITE_ERROR;
    ata_lba(c, 4, 30);
    transfer(c, TABLE, 0xCA, TO_DRIVE);
    ata_expect_error(c, 0x04);
    ck_assert_uint_eq(ata_in(c, 3), 32);
    ata_destroy(c);
}
END_TEST

START_TEST(an_absent_drive_selected_meanwhile_changes_nothing)
{
    struct ata_bench *c = make();
    c->disks[0].is_slow = true;
    descriptor(c, TABLE, 0x10000, 512 | EOT);
    ata_lba(c, 1, 30);
    transfer(c, TABLE, 0xC8, TO_MEMORY);
    ata_out(c, 6, 0xB0);
    ata_out(c, 7, 0xEC);
    fixture_run_us(c->f, 100);
    disk_finish(&c->disks[0]);
    ata_wait(c);
    ck_assert_uint_eq(status(c), 0x04);
    ck_assert_uint_eq(memory(c, 0x10000), 30);
    ck_assert_uint_eq(ata_alternate(c), 0x50);
    ata_destroy(c);
}
END_TEST

START_TEST(a_reset_of_the_drive_ends_its_request)
{
    struct ata_bench *c = make();
    descriptor(c, TABLE, 0x10000, 512);
    ata_lba(c, 1, 30);
    ata_command(c, 0xC8);
    fixture_out(c->f, 0x3F6, 0x04);
    fixture_out(c->f, 0x3F6, 0x00);
    ata_wait(c);
    space_write(&c->f->ports, BASE + 4, 4, TABLE);
    fixture_out(c->f, BASE, TO_MEMORY);
    fixture_run_us(c->f, 100);
    ck_assert_uint_eq(memory(c, 0x10000), 0);
    ck_assert_uint_eq(ata_alternate(c), 0x50);
    ck_assert_uint_eq(status(c), 0x01);
    ata_destroy(c);
}
END_TEST

/* --- what can be seen ---------------------------------------------------------------------------- */

struct seen {
    unsigned dma, others;
    uint64_t bytes, causes;
    uint64_t command; /* id of the write to the command register */
};

static void count_access(void *self, const struct access *access)
{
    struct seen *seen = self;
    if (access->space_kind == ACCESS_DMA) {
        seen->dma++;
        seen->bytes += access->count;
        seen->causes += access->cause == seen->command;
        ck_assert_str_eq(access->device->name, "piix3-ide");
    } else {
        seen->others++;
        if (access->address == 0x1F7 && access->is_write)
            seen->command = access->id;
    }
}

START_TEST(the_door_shows_each_piece_with_its_cause)
{
    struct ata_bench *c = make();
    struct seen seen = {0};
    struct door_watcher watcher = {.after = count_access, .self = &seen};
    descriptor(c, TABLE, 0x10000, 512);
    descriptor(c, TABLE + 8, 0x20000, 512 | EOT);
    ata_lba(c, 2, 30);
    door_add_watcher(&c->f->door, &watcher);
    transfer(c, TABLE, 0xC8, TO_MEMORY);
    door_remove_watcher(&c->f->door, &watcher);
    ck_assert_uint_eq(seen.dma, 4); /* two descriptors, two regions */
    ck_assert_uint_eq(seen.bytes, 16 + 1024);
    ck_assert_uint_eq(seen.causes, 4);
    ata_destroy(c);
}
END_TEST

START_TEST(endless_tables_are_walked_as_far_as_the_data_go)
{
    struct ata_bench *c = make();
    struct seen seen = {0};
    struct door_watcher watcher = {.after = count_access, .self = &seen};
    for (uint32_t at = 0x50000; at < 0x60000; at += 8) /* 8,192 entries, two bytes each, no end */
        descriptor(c, at, 0x10000, 2);
    ata_lba(c, 0, 0);
    door_add_watcher(&c->f->door, &watcher);
    transfer(c, 0x50000, 0xC8, TO_MEMORY);
    door_remove_watcher(&c->f->door, &watcher);
    ck_assert_uint_eq(seen.dma, 2 * 256 * SECTOR_BYTES / 2);
    ck_assert_uint_eq(status(c), 0x05);
    ata_destroy(c);
}
END_TEST

START_TEST(status_and_table_are_described_in_words)
{
    struct ata_bench *c = make();
    ck_assert_str_eq(fixture_describe(c->f, ide_of(c), BASE + 2, false, 0x04),
                     "INTRQ has risen: done, table and transfer of one length");
    ck_assert_str_eq(fixture_describe(c->f, ide_of(c), BASE + 2, false, 0x01), "under way");
    ck_assert_str_eq(fixture_describe(c->f, ide_of(c), BASE, true, 0x09),
                     "RWCON=writes memory SSBM=start");
    ata_destroy(c);
}
END_TEST

START_TEST(state_survives_between_two_tables)
{
    struct ata_bench *c = make();
    struct state_stream saved = {0};
    struct error error = {STATUS_OK, ""};
    descriptor(c, TABLE, 0x10000, 700 | EOT);
    ata_lba(c, 2, 30);
    transfer(c, TABLE, 0xC8, TO_MEMORY);
    fixture_check_state(c->f->device);
    fixture_check_state(ide_of(c));
    device_save(c->f->device, &saved);
    device_save(ide_of(c), &saved);
    for (int i = 0; i < 2; i++) {
        descriptor(c, TABLE, 0x20000, 324 | EOT);
        fixture_out(c->f, BASE, 8);
        fixture_out(c->f, BASE, TO_MEMORY);
        fixture_run_us(c->f, 100);
        ck_assert_uint_eq(status(c), 0x04);
        ck_assert_uint_eq(ata_alternate(c), 0x50);
        saved.read = 0;
        ck_assert_int_eq(device_load(c->f->device, &saved, &error), STATUS_OK);
        ck_assert_int_eq(device_load(ide_of(c), &saved, &error), STATUS_OK);
        ck_assert_uint_eq(ata_alternate(c), 0x58);
    }
    state_stream_free(&saved);
    ata_destroy(c);
}
END_TEST

START_TEST(random_accesses_do_no_harm)
{
    struct ata_bench *c = make();
    for (uint32_t seed = 1; seed < 5; seed++) {
        for (uint32_t i = 0, x = seed; i < 64; i++)
            descriptor(c, TABLE + i * 8, fixture_random(&x) % 0x180000, fixture_random(&x));
        for (unsigned i = 0; i < 20; i++) {
            space_write(&c->f->ports, BASE + 4, 4, TABLE + i * 8);
            fixture_hostile(c->f, seed * 100 + i, 500);
        }
        fixture_check_state(c->f->device);
        fixture_check_state(ide_of(c));
    }
    ata_destroy(c);
}
END_TEST

Suite *ide_bus_master_suite(void);
Suite *ide_bus_master_suite(void)
{
    Suite *suite = suite_create("ide_bus_master");
    TCase *tcase = tcase_create("ide_bus_master");
    tcase_add_test(tcase, a_table_as_long_as_the_transfer_ends_with_interrupt_and_inactive);
    tcase_add_test(tcase, a_longer_table_stays_active_until_it_is_stopped);
    tcase_add_test(tcase, a_shorter_table_leaves_the_drive_waiting_without_interrupt);
    tcase_add_test(tcase, writes_come_from_memory);
    tcase_add_test(tcase, a_count_of_zero_is_64_kib);
    tcase_add_test(tcase, addresses_are_counted_within_64_kib);
    tcase_add_test(tcase, ext_commands_use_dma_too);
    tcase_add_test(tcase, the_drive_waits_for_the_start);
    tcase_add_test(tcase, the_start_may_come_before_the_command);
    tcase_add_test(tcase, without_bus_master_enable_nothing_moves);
    tcase_add_test(tcase, the_wrong_direction_moves_nothing);
    tcase_add_test(tcase, the_interrupt_bit_is_an_edge_of_intrq);
    tcase_add_test(tcase, software_keeps_its_capability_bits);
    tcase_add_test(tcase, a_stop_forgets_where_the_engine_was);
    tcase_add_test(tcase, memory_that_does_not_answer_stops_the_engine);
    tcase_add_test(tcase, a_bad_sector_ends_the_transfer_with_an_interrupt);
    tcase_add_test(tcase, an_absent_drive_selected_meanwhile_changes_nothing);
    tcase_add_test(tcase, a_reset_of_the_drive_ends_its_request);
    tcase_add_test(tcase, the_door_shows_each_piece_with_its_cause);
    tcase_add_test(tcase, endless_tables_are_walked_as_far_as_the_data_go);
    tcase_add_test(tcase, status_and_table_are_described_in_words);
    tcase_add_test(tcase, state_survives_between_two_tables);
    tcase_add_test(tcase, random_accesses_do_no_harm);
    suite_add_tcase(suite, tcase);
    return suite;
}

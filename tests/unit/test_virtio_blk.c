/* The virtio block device, and what every virtio device has in common, by the sections of VIRTIO 1.1.
 * The disk of tests/unit/virtio_bench.h stands behind it. */
#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "devices/types.h"
#include "devices/virtio_pci.h"
#include "tests/unit/virtio_bench.h"

#define EVENT_IDX    VIRTIO_BIT(29)
#define INDIRECT     VIRTIO_BIT(28)
#define FLUSH        VIRTIO_BIT(9)
#define WCE          VIRTIO_BIT(11)
#define SECTOR(b, n) ((b)->disk.bytes + (size_t)(n)*SECTOR_BYTES)
#define DATA(b)      ((b)->f->ram.bytes + VB_DATA + 0x1000)

static uint32_t config(struct vb *b, uint8_t offset, unsigned size)
{
    return pci_config_read(&b->f->pci, 0, VB_DEVFN, offset, size);
}

/* --- 4.1 PCI --------------------------------------------------------------------------------- */

START_TEST(identities_are_those_of_4_1_2_1)
{
    static const struct {
        const char *transport;
        uint32_t id, revision, subsystem;
    } ROWS[] = {
        {"transitional", 0x10011AF4, 0, 0x00021AF4},
        {"legacy",       0x10011AF4, 0, 0x00021AF4},
        {"modern",       0x10421AF4, 1, 0x11001AF4}
    };
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, ROWS[_i].transport, true);
    ck_assert_uint_eq(config(b, 0, 4), ROWS[_i].id);
    ck_assert_uint_eq(config(b, PCI_REVISION, 1), ROWS[_i].revision);
    ck_assert_uint_eq(config(b, PCI_SUBSYSTEM_VENDOR, 4), ROWS[_i].subsystem);
    ck_assert_uint_eq(config(b, PCI_STATUS, 2) >> 4 & 1, _i != 1);
    ck_assert_uint_eq(config(b, PCI_BAR0, 4) & 1, _i != 2);
    vb_free(b);
}
END_TEST

START_TEST(capabilities_name_all_five_structures)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, true);
    unsigned seen = 0;
    for (uint8_t at = (uint8_t)config(b, 0x34, 1); at;
         at = (uint8_t)config(b, (uint8_t)(at + 1), 1)) {
        unsigned type = config(b, (uint8_t)(at + 3), 1);
        ck_assert_uint_eq(config(b, at, 1), 9);
        ck_assert_uint_ge(config(b, (uint8_t)(at + 2), 1), 16);
        ck_assert_uint_eq(at % 4, 0);
        ck_assert(type == 5 || config(b, (uint8_t)(at + 4), 1) == 4);
        ck_assert_uint_le(config(b, (uint8_t)(at + 8), 4) + config(b, (uint8_t)(at + 12), 4),
                          VIRTIO_MODERN_BYTES);
        seen |= 1u << type;
    }
    ck_assert_uint_eq(seen, 0x3E);
    vb_free(b);
}
END_TEST

/* 4.1.4.7: configuration cycles reach the registers; looking at the window does not. */
START_TEST(window_reads_and_writes_registers)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, true);
    vb_start(b, 0);
    pci_config_write(&b->f->pci, 0, VB_DEVFN, 0x88, 1, 4);
    pci_config_write(&b->f->pci, 0, VB_DEVFN, 0x8C, 4, VIRTIO_MODERN_ISR);
    pci_config_write(&b->f->pci, 0, VB_DEVFN, 0x90, 4, 1);
    ck_assert_uint_eq(vb_request(b, 0, 3, 512, true), 0);
    ck_assert(b->intx);
    pci_config_peek(&b->f->pci, 0, VB_DEVFN, 0x94, 1);
    ck_assert(b->intx);
    ck_assert_uint_eq(config(b, 0x94, 1), 1);
    ck_assert(!b->intx);
    pci_config_write(&b->f->pci, 0, VB_DEVFN, 0x8C, 4, 0x14);
    pci_config_write(&b->f->pci, 0, VB_DEVFN, 0x94, 1, 0); /* resets */
    ck_assert_uint_eq(vb_status(b), 0);
    pci_config_write(&b->f->pci, 0, VB_DEVFN, 0x90, 4, 3); /* no such width: nothing happens */
    pci_config_write(&b->f->pci, 0, VB_DEVFN, 0x94, 1, 1);
    ck_assert_uint_eq(vb_status(b), 0);
    vb_free(b);
}
END_TEST

START_TEST(there_is_no_vector_and_no_second_queue)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, true);
    vb_out(b, 0x10, 2, 0);
    ck_assert_uint_eq(vb_in(b, 0x10, 2), 0xFFFF);
    ck_assert_uint_eq(vb_in(b, 0x12, 2), 1);
    ck_assert_uint_eq(vb_in(b, 0x18, 2), VB_SIZE);
    vb_out(b, 0x16, 2, 1);
    ck_assert_uint_eq(vb_in(b, 0x18, 2), 0);
    vb_out(b, 0x16, 2, 0xFFFF);
    vb_out(b, 0x1C, 2, 1);
    ck_assert_uint_eq(vb_in(b, 0x1C, 2), 0);
    vb_out(b, 0x16, 2, 0);
    vb_out(b, 0x18, 2, 100); /* no power of two */
    ck_assert_uint_eq(vb_in(b, 0x18, 2), VB_SIZE);
    vb_out(b, 0x18, 2, 8);
    ck_assert_uint_eq(vb_in(b, 0x18, 2), 8);
    vb_free(b);
}
END_TEST

/* --- 2.1, 2.2, 3.1 life ---------------------------------------------------------------------- */

static uint8_t negotiate(struct vb *b, uint32_t low, uint32_t high)
{
    vb_out(b, 0x14, 1, 0);
    vb_out(b, 0x14, 1, 3);
    vb_out(b, 0x08, 4, 0);
    vb_out(b, 0x0C, 4, low);
    vb_out(b, 0x08, 4, 1);
    vb_out(b, 0x0C, 4, high);
    vb_out(b, 0x14, 1, 0x0B);
    return vb_status(b);
}

START_TEST(features_ok_needs_version_1_and_nothing_else_than_was_offered)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, true);
    ck_assert_uint_eq(vb_in(b, 0x04, 4), 0x30006E54);
    vb_out(b, 0x00, 4, 1);
    ck_assert_uint_eq(vb_in(b, 0x04, 4), 1);
    vb_out(b, 0x00, 4, 2);
    ck_assert_uint_eq(vb_in(b, 0x04, 4), 0);
    ck_assert_uint_eq(negotiate(b, 0x30006E54, 1), 0x0B);
    ck_assert_uint_eq(negotiate(b, 0, 1), 0x0B);
    ck_assert_uint_eq(negotiate(b, 0, 0), 0x03);
    ck_assert_uint_eq(negotiate(b, 1u << 5, 1), 0x03);  /* RO, of a disk that is not */
    ck_assert_uint_eq(negotiate(b, 1u << 27, 1), 0x03); /* ANY_LAYOUT is legacy's */
    ck_assert_uint_eq(negotiate(b, FLUSH, 1), 0x0B);
    vb_out(b, 0x0C, 4, 0); /* the set is closed */
    ck_assert_uint_eq(vb_in(b, 0x0C, 4), 1);
    vb_free(b);
}
END_TEST

START_TEST(legacy_shows_the_low_half_with_any_layout)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, false);
    ck_assert_uint_eq(vb_in(b, 0, 4), 0x38006E54);
    vb_start(b, 0);
    ck_assert_uint_eq(vb_in(b, 0x0E, 2), 2);
    vb_out(b, 0x0E, 2, 0);
    ck_assert_uint_eq(vb_in(b, 8, 4), VB_QUEUE(0) >> 12);
    vb_out(b, 8, 4, 0);
    ck_assert_uint_eq(vb_in(b, 8, 4), 0);
    vb_free(b);
}
END_TEST

/* --- 5.2 the disk ---------------------------------------------------------------------------- */

START_TEST(configuration_tells_size_and_geometry)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, _i);
    uint32_t at = _i ? VIRTIO_MODERN_CONFIG : VIRTIO_LEGACY_CONFIG;
    ck_assert_uint_eq(vb_in(b, at, 4), VB_DISK_SECTORS);
    ck_assert_uint_eq(vb_in(b, at + 1, 1), VB_DISK_SECTORS >> 8);
    ck_assert_uint_eq(vb_in(b, at + 4, 4), 0);
    ck_assert_uint_eq(vb_in(b, at + 0x0C, 4), 126);
    ck_assert_uint_eq(vb_in(b, at + 0x10, 2), 62);
    ck_assert_uint_eq(vb_in(b, at + 0x12, 1), 4);
    ck_assert_uint_eq(vb_in(b, at + 0x13, 1), 4);
    ck_assert_uint_eq(vb_in(b, at + 0x14, 4), 512);
    vb_free(b);
}
END_TEST

START_TEST(reads_and_writes_come_back_by_the_used_ring_and_inta)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, _i);
    vb_start(b, FLUSH);
    ck_assert_uint_eq(vb_request(b, 0, 10, 4096, true), 0);
    ck_assert_mem_eq(DATA(b), SECTOR(b, 10), 4096);
    ck_assert_uint_eq(vb_used(b, 0), 1);
    ck_assert_uint_eq(vb_get(b, VB_USED(0) + 4, 4), 0);
    ck_assert_uint_eq(vb_get(b, VB_USED(0) + 8, 4), 4097);
    ck_assert(b->intx);
    ck_assert_uint_eq(vb_isr(b), 1);
    ck_assert(!b->intx);
    ck_assert_uint_eq(vb_isr(b), 0);
    memset(DATA(b), 0x5A, 1024);
    ck_assert_uint_eq(vb_request(b, 1, 998, 1024, false), 0);
    ck_assert_mem_eq(SECTOR(b, 998), DATA(b), 1024);
    ck_assert_uint_eq(vb_get(b, VB_USED(0) + 16, 4), 1); /* the status alone */
    ck_assert_uint_eq(b->disk.flushes, 0);
    ck_assert_uint_eq(vb_request(b, 4, 0, 0, true), 0);
    ck_assert_uint_eq(b->disk.flushes, 1);
    vb_free(b);
}
END_TEST

/* 64 KiB and more is several requests of the back-end. */
START_TEST(long_requests_go_in_pieces)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, true);
    vb_start(b, FLUSH);
    ck_assert_uint_eq(vb_request(b, 0, 100, 150 * 512, true), 0);
    ck_assert_mem_eq(DATA(b), SECTOR(b, 100), 150 * 512);
    ck_assert_uint_eq(b->disk.reads, 3);
    vb_free(b);
}
END_TEST

START_TEST(what_cannot_be_is_an_error_and_the_device_goes_on)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, _i);
    vb_start(b, 0);
    ck_assert_uint_eq(vb_request(b, 0, VB_DISK_SECTORS, 512, true), 1);
    ck_assert_uint_eq(vb_request(b, 0, VB_DISK_SECTORS - 1, 1024, true), 1);
    ck_assert_uint_eq(vb_request(b, 1, UINT64_MAX, 512, false), 1);
    ck_assert_uint_eq(vb_request(b, 0, 0, 511, true), 1);
    ck_assert_uint_eq(vb_request(b, 11, 0, 16, false), 2); /* DISCARD was not offered */
    ck_assert_uint_eq(vb_request(b, 0xFFFFFFFF, 0, 512, true), 2);
    ck_assert_uint_eq(vb_request(b, 8, 0, 20, true), 0);
    ck_assert_str_eq((const char *)DATA(b), "virtio-blk");
    ck_assert_uint_eq(vb_request(b, 0, 0, 512, true), 0);
    ck_assert_uint_eq(vb_used(b, 0), 8);
    vb_free(b);
}
END_TEST

/* A request with one range. */
static unsigned range_request(struct vb *b, uint32_t type, uint64_t sector, uint32_t sectors,
                              uint32_t flags)
{
    store_le64(DATA(b), sector);
    store_le32(DATA(b) + 8, sectors);
    store_le32(DATA(b) + 12, flags);
    return vb_request(b, type, 0, 16, false);
}

/* 5.2.6: types 11 and 13, a range of sectors instead of data; unmap is for WRITE ZEROES alone. */
START_TEST(ranges_become_zeros)
{
    enum { DISCARD = 11, WRITE_ZEROES = 13 };
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, _i), *other = vb_new(&VIRTIO_BLK_TYPE, NULL, _i);
    static const uint8_t ZEROS[200 * 512];
    vb_start(b, VIRTIO_BIT(13) | VIRTIO_BIT(14) | FLUSH);
    memset(b->disk.bytes, 0xEE, sizeof b->disk.bytes);
    ck_assert_uint_eq(range_request(b, WRITE_ZEROES, 10, 200, 0), 0);
    ck_assert_mem_eq(SECTOR(b, 10), ZEROS, 200 * 512);
    ck_assert_uint_eq(SECTOR(b, 9)[511], 0xEE);
    ck_assert_uint_eq(SECTOR(b, 210)[0], 0xEE);
    ck_assert_uint_eq(b->disk.writes, 4); /* in pieces of 64 sectors */
    ck_assert(!b->disk.freed);
    ck_assert_uint_eq(range_request(b, WRITE_ZEROES, 0, 1, 1), 0);
    ck_assert(b->disk.freed);
    ck_assert_uint_eq(range_request(b, DISCARD, VB_DISK_SECTORS - 8, 8, 0), 0);
    ck_assert(b->disk.freed);
    ck_assert_uint_eq(SECTOR(b, VB_DISK_SECTORS - 1)[0], 0);
    ck_assert_uint_eq(range_request(b, DISCARD, VB_DISK_SECTORS - 8, 9, 0), 1);
    ck_assert_uint_eq(range_request(b, DISCARD, UINT64_MAX, 2, 0), 1);
    ck_assert_uint_eq(range_request(b, WRITE_ZEROES, 0, 0x10001, 0), 1);
    ck_assert_uint_eq(range_request(b, DISCARD, 0, 1, 1), 2);
    ck_assert_uint_eq(range_request(b, WRITE_ZEROES, 0, 1, 2), 2);
    ck_assert_uint_eq(vb_request(b, DISCARD, 0, 32, false), 1); /* two ranges */
    ck_assert_uint_eq(range_request(b, DISCARD, 0, 0, 0), 0);
    ck_assert_uint_eq(vb_request(b, 1, 0, 512, false), 0); /* a write is one again */
    ck_assert(!b->disk.freed);
    ck_assert_uint_eq(other->disk.writes, 0);
    vb_free(b);
    vb_free(other);
}
END_TEST

/* 5.2.5.1, 5.2.6.2 */
START_TEST(writes_are_stable_at_once_unless_the_driver_flushes)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, true);
    vb_start(b, 0);
    vb_request(b, 1, 0, 512, false);
    ck_assert_uint_eq(b->disk.flushes, 1);
    vb_start(b, FLUSH | WCE);
    ck_assert_uint_eq(vb_in(b, VIRTIO_MODERN_CONFIG + 0x20, 1), 1);
    vb_request(b, 1, 0, 512, false);
    ck_assert_uint_eq(b->disk.flushes, 1);
    vb_out(b, VIRTIO_MODERN_CONFIG + 0x20, 1, 0);
    vb_request(b, 1, 0, 512, false);
    ck_assert_uint_eq(b->disk.flushes, 2);
    vb_free(b);
}
END_TEST

START_TEST(a_full_workstation_makes_it_wait)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, true);
    vb_start(b, FLUSH);
    b->disk.is_full = true;
    ck_assert_uint_eq(vb_request(b, 1, 0, 512, false), 0xEE);
    b->disk.is_full = false;
    fixture_run_us(b->f, 150000);
    ck_assert_uint_eq(b->f->ram.bytes[VB_DATA + 0xFFF], 0);
    vb_free(b);
}
END_TEST

START_TEST(reset_forgets_and_a_snapshot_keeps_what_is_under_way)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, true),
              *other = vb_new(&VIRTIO_BLK_TYPE, NULL, true);
    struct state_stream stream = {0};
    struct error error = {STATUS_OK, ""};
    vb_start(b, FLUSH);
    b->disk.holds = true;
    ck_assert_uint_eq(vb_request(b, 0, 5, 512, true), 0xEE);
    ck_assert_ptr_nonnull(b->disk.pending);
    device_save(b->f->device, &stream);
    memcpy(other->f->ram.bytes, b->f->ram.bytes, FIXTURE_RAM_FRAMES * FRAME_BYTES);
    vb_out(b, 0x14, 1, 0);
    ck_assert_uint_eq(b->disk.cancels, 1);
    fixture_run_us(b->f, 100);
    ck_assert_uint_eq(vb_used(b, 0), 0);
    ck_assert_int_eq(device_load(other->f->device, &stream, &error), STATUS_OK);
    fixture_run_us(other->f, 1000);
    ck_assert_uint_eq(vb_used(other, 0), 1);
    ck_assert_mem_eq(DATA(other), SECTOR(other, 5), 512);
    ck_assert(other->intx);
    state_stream_free(&stream);
    vb_free(b);
    vb_free(other);
}
END_TEST

/* --- 2.6 rings ------------------------------------------------------------------------------- */

START_TEST(indirect_tables_are_followed)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, _i);
    uint64_t table = VB_DATA + 0x8000;
    vb_start(b, INDIRECT);
    memset(b->f->ram.bytes + VB_DATA, 0, 16);
    vb_descriptor(b, table, 0, VB_DATA, 16, VB_NEXT, 2);
    vb_descriptor(b, table, 2, VB_DATA + 0x1000, 512, VB_NEXT | VB_WRITE, 1);
    vb_descriptor(b, table, 1, VB_DATA + 0xFFF, 1, VB_WRITE, 0);
    vb_descriptor(b, VB_QUEUE(0), 77, table, 48, VB_INDIRECT, 0);
    vb_offer(b, 0, 77);
    vb_notify(b, 0);
    fixture_run_us(b->f, 10);
    ck_assert_uint_eq(vb_used(b, 0), 1);
    ck_assert_uint_eq(vb_get(b, VB_USED(0) + 4, 4), 77);
    ck_assert_mem_eq(DATA(b), SECTOR(b, 0), 512);
    vb_free(b);
}
END_TEST

/* 2.6.7: the flag, and the event index. */
START_TEST(interrupts_are_suppressed_as_asked)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, true);
    vb_start(b, 0);
    vb_put16(b, VB_AVAILABLE(0), 1); /* NO_INTERRUPT */
    vb_request(b, 0, 0, 512, true);
    ck_assert_uint_eq(vb_used(b, 0), 1);
    ck_assert(!b->intx);
    vb_start(b, EVENT_IDX);
    vb_put16(b, VB_AVAILABLE(0) + 4 + 2 * VB_SIZE, 2); /* used_event: after the third */
    vb_request(b, 0, 0, 512, true);                    /* the first is always told */
    ck_assert_uint_eq(vb_isr(b), 1);
    ck_assert_uint_eq(vb_get(b, VB_USED(0) + 4 + 8 * VB_SIZE, 2), 1); /* avail_event */
    vb_request(b, 0, 0, 512, true);
    ck_assert(!b->intx);
    vb_request(b, 0, 0, 512, true);
    ck_assert(b->intx);
    vb_free(b);
}
END_TEST

/* While its requests are under way the driver is told not to notify. */
START_TEST(notifications_are_suppressed_while_busy)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, true);
    vb_start(b, 0);
    b->disk.holds = true;
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_uint_eq(vb_get(b, VB_USED(0), 2), 0);
        vb_request(b, 0, i, 512, true);
    }
    ck_assert_uint_eq(vb_get(b, VB_USED(0), 2), 1);
    vb_free(b);
}
END_TEST

/* Rings that no driver may write: NEEDS_RESET and a configuration interrupt (2.1.1), a line that says it,
 * and nothing else before the reset. */
static void break_ring(struct vb *b, int how)
{
    uint64_t table = VB_QUEUE(0), inner = VB_DATA + 0x8000;
    vb_descriptor(b, table, 0, VB_DATA, 16, VB_NEXT, 1);
    vb_descriptor(b, table, 1, VB_DATA + 0x1000, 512, VB_NEXT | VB_WRITE, 2);
    vb_descriptor(b, table, 2, VB_DATA + 0xFFF, 1, VB_WRITE, 0);
    vb_offer(b, 0, how == 0 ? VB_SIZE : 0);
    switch (how) {
    case 1:
        vb_descriptor(b, table, 2, VB_DATA + 0xFFF, 1, VB_WRITE | VB_NEXT, 1);
        break; /* a loop */
    case 2: vb_descriptor(b, table, 1, VB_DATA, 512, VB_NEXT | VB_WRITE, VB_SIZE); break;
    case 3: vb_descriptor(b, table, 1, VB_DATA, 0, VB_NEXT | VB_WRITE, 2); break;
    case 4: vb_descriptor(b, table, 1, 0x200000, 512, VB_NEXT | VB_WRITE, 2); break; /* no RAM */
    case 5: vb_descriptor(b, table, 1, UINT64_MAX - 4, 512, VB_NEXT | VB_WRITE, 2); break;
    case 6: /* the device's own notification */
        vb_descriptor(b, table, 1, VB_MEMORY + VIRTIO_MODERN_NOTIFY, 512, VB_NEXT | VB_WRITE, 2);
        break;
    case 7: vb_descriptor(b, table, 2, VB_DATA + 0xFFF, 1, 0, 0); break; /* read after write */
    case 8: vb_put16(b, VB_AVAILABLE(0) + 2, VB_SIZE + 1); break;
    case 9: vb_put16(b, VB_AVAILABLE(0) + 2, 0xFFFF); break;
    case 10: vb_descriptor(b, table, 0, inner, 16, VB_INDIRECT | VB_NEXT, 1); break;
    case 11: vb_descriptor(b, table, 0, inner, 15, VB_INDIRECT, 0); break;
    case 12: vb_descriptor(b, table, 0, inner, 0, VB_INDIRECT, 0); break;
    case 13: /* indirect inside of indirect */
        vb_descriptor(b, table, 0, inner, 32, VB_INDIRECT, 0);
        vb_descriptor(b, inner, 0, inner, 32, VB_INDIRECT, 0);
        break;
    case 14: vb_descriptor(b, table, 0, 0x300000, 0xFFFFFFF0, VB_INDIRECT, 0); break;
    case 15: vb_descriptor(b, table, 0, VB_DATA, 16, 0, 0); break;      /* no status */
    case 16: vb_descriptor(b, table, 0, VB_DATA, 8, VB_NEXT, 1); break; /* half a header */
    case 17: /* a table that comes back to itself */
        vb_descriptor(b, table, 0, inner, 32, VB_INDIRECT, 0);
        vb_descriptor(b, inner, 0, VB_DATA, 1, VB_NEXT, 1);
        vb_descriptor(b, inner, 1, VB_DATA, 1, VB_NEXT, 0);
        break;
    default: break;
    }
}
#define BREAKS 18

START_TEST(broken_rings_need_a_reset)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, true);
    memset(b->f->ram.bytes + VB_DATA, 0, 16);
    vb_start(b, INDIRECT);
    break_ring(b, _i);
    vb_notify(b, 0);
    fixture_run_us(b->f, 100);
    ck_assert_uint_eq(vb_status(b), 0x4F);
    ck_assert_uint_eq(vb_isr(b) & 2, 2);
    ck_assert_uint_eq(b->f->guest_errors, 1);
    vb_notify(b, 0);
    fixture_run_us(b->f, 100);
    ck_assert_uint_eq(b->f->guest_errors, 1);
    vb_start(b, 0);
    ck_assert_uint_eq(vb_request(b, 0, 1, 512, true), 0);
    ck_assert_uint_eq(vb_status(b), 0x0F);
    vb_free(b);
}
END_TEST

START_TEST(legacy_stands_still_instead)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, false);
    memset(b->f->ram.bytes + VB_DATA, 0, 16);
    vb_start(b, INDIRECT);
    break_ring(b, _i);
    vb_notify(b, 0);
    fixture_run_us(b->f, 100);
    ck_assert_uint_eq(vb_status(b), 0x07);
    ck_assert_uint_eq(vb_used(b, 0), 0);
    vb_start(b, 0);
    ck_assert_uint_eq(vb_request(b, 0, 1, 512, true), 0);
    vb_free(b);
}
END_TEST

START_TEST(without_bus_mastering_memory_is_not_touched)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, true);
    vb_start(b, 0);
    pci_config_write(&b->f->pci, 0, VB_DEVFN, PCI_COMMAND, 2, 3);
    ck_assert_uint_eq(vb_request(b, 0, 0, 512, true), 0xEE);
    ck_assert_uint_eq(vb_status(b), 0x4F);
    vb_free(b);
}
END_TEST

/* Descriptors of random numbers near what makes sense; other memory than RAM does not exist. */
START_TEST(random_rings_leave_it_alive)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, _i & 1),
              *idle = vb_new(&VIRTIO_BLK_TYPE, NULL, true);
    uint64_t before = fixture_hash(idle->f->device);
    uint32_t seed = 1000 + (uint32_t)_i;
    for (unsigned round = 0; round < 3000; round++) {
        if (round % 8 == 0)
            vb_start(b, fixture_random(&seed) & 0x30006E54);
        for (unsigned i = 0; i < 8; i++)
            vb_descriptor(b, fixture_random(&seed) % 4 ? VB_QUEUE(0) : VB_DATA,
                          fixture_random(&seed) % 8,
                          fixture_random(&seed) % 8
                              ? VB_DATA + fixture_random(&seed) % 0x2000
                              : (uint64_t)fixture_random(&seed) << (fixture_random(&seed) % 33),
                          fixture_random(&seed) >> (fixture_random(&seed) % 32),
                          fixture_random(&seed) % 8, fixture_random(&seed) % 9);
        store_le32(b->f->ram.bytes + VB_DATA + fixture_random(&seed) % 64 * 16,
                   fixture_random(&seed) % 12);
        vb_offer(b, 0, fixture_random(&seed) % 9);
        vb_notify(b, fixture_random(&seed) % 16 ? 0 : fixture_random(&seed));
        fixture_run(b->f, fixture_random(&seed) % 500);
        if (fixture_random(&seed) % 64 == 0)
            fixture_hostile(b->f, seed, 20);
    }
    fixture_check_state(b->f->device);
    ck_assert_uint_eq(fixture_hash(idle->f->device), before);
    vb_free(b);
    vb_free(idle);
}
END_TEST

/* --- in words -------------------------------------------------------------------------------- */

START_TEST(a_notification_says_what_is_asked)
{
    struct vb *b = vb_new(&VIRTIO_BLK_TYPE, NULL, false);
    uint64_t before;
    vb_start(b, 0);
    memset(b->f->ram.bytes + VB_DATA, 0, 16);
    store_le64(b->f->ram.bytes + VB_DATA + 8, 4096);
    for (unsigned i = 0; i < 2; i++)
        vb_offer(b, 0, 0);
    vb_descriptor(b, VB_QUEUE(0), 0, VB_DATA, 16, VB_NEXT, 1);
    vb_descriptor(b, VB_QUEUE(0), 1, VB_DATA + 0x1000, 4097, VB_WRITE, 0);
    before = fixture_hash(b->f->device);
    ck_assert_str_eq(
        fixture_describe(b->f, b->f->device, VB_PORTS + 0x10, true, 0),
        "queue 0 (requests) notified: 2 chains: READ 8 sectors at 4096, READ 8 sectors at 4096");
    ck_assert_str_eq(fixture_describe(b->f, b->f->device, VB_PORTS + 0x12, true, 7),
                     "ACKNOWLEDGE DRIVER DRIVER_OK");
    ck_assert_uint_eq(fixture_hash(b->f->device), before);
    vb_free(b);
}
END_TEST

Suite *virtio_blk_suite(void)
{
    Suite *suite = suite_create("virtio_blk");
    TCase *tc = tcase_create("virtio_blk");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, identities_are_those_of_4_1_2_1, 0, 3);
    tcase_add_test(tc, capabilities_name_all_five_structures);
    tcase_add_test(tc, window_reads_and_writes_registers);
    tcase_add_test(tc, there_is_no_vector_and_no_second_queue);
    tcase_add_test(tc, features_ok_needs_version_1_and_nothing_else_than_was_offered);
    tcase_add_test(tc, legacy_shows_the_low_half_with_any_layout);
    tcase_add_loop_test(tc, configuration_tells_size_and_geometry, 0, 2);
    tcase_add_loop_test(tc, reads_and_writes_come_back_by_the_used_ring_and_inta, 0, 2);
    tcase_add_test(tc, long_requests_go_in_pieces);
    tcase_add_loop_test(tc, what_cannot_be_is_an_error_and_the_device_goes_on, 0, 2);
    tcase_add_loop_test(tc, ranges_become_zeros, 0, 2);
    tcase_add_test(tc, writes_are_stable_at_once_unless_the_driver_flushes);
    tcase_add_test(tc, a_full_workstation_makes_it_wait);
    tcase_add_test(tc, reset_forgets_and_a_snapshot_keeps_what_is_under_way);
    tcase_add_loop_test(tc, indirect_tables_are_followed, 0, 2);
    tcase_add_test(tc, interrupts_are_suppressed_as_asked);
    tcase_add_test(tc, notifications_are_suppressed_while_busy);
    tcase_add_loop_test(tc, broken_rings_need_a_reset, 0, BREAKS);
    tcase_add_loop_test(tc, legacy_stands_still_instead, 0, BREAKS);
    tcase_add_test(tc, without_bus_mastering_memory_is_not_touched);
    tcase_add_loop_test(tc, random_rings_leave_it_alive, 0, 4);
    tcase_add_test(tc, a_notification_says_what_is_asked);
    suite_add_tcase(suite, tc);
    return suite;
}

/* The VGA on PCI: identity, frame buffer as RAM, the memory BAR, the monitor, the ROM. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "bus/display.h"
#include "bus/pci.h"
#include "devices/types.h"
#include "devices/vga.h"
#include "tests/unit/fixture.h"

#define DEVFN 0x10
#define LFB 0xE0000000u
#define MMIO 0xFEBF0000u
#define ROM 0xFEB00000u

struct bench {
    struct device_fixture *f;
    struct pci_bus bus;
    struct display_screen screen;
};

static void bench_init(struct bench *b, struct vga_config *extra)
{
    struct device_config config = {.screen = &b->screen, .extra = extra};
    memset(b, 0, sizeof *b);
    b->f = fixture_new();
    space_unmap_ram(&b->f->memory, 0xA0000, 32);
    b->bus.memory = &b->f->memory;
    b->bus.ports = &b->f->ports;
    b->f->env.pci = &b->bus;
    config.screen = &b->screen;
    fixture_add(b->f, &VGA_PCI_TYPE, &config);
}

static uint32_t config_read(struct bench *b, uint8_t offset)
{
    return pci_config_read(&b->bus, 0, DEVFN, offset, 4);
}

static void config_write(struct bench *b, uint8_t offset, uint32_t value)
{
    pci_config_write(&b->bus, 0, DEVFN, offset, 4, value);
}

static void place(struct bench *b)
{
    config_write(b, PCI_BAR0, LFB);
    config_write(b, PCI_BAR0 + 8, MMIO);
    config_write(b, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
}

START_TEST(firmware_finds_the_standard_vga)
{
    struct bench b;
    bench_init(&b, NULL);
    ck_assert_uint_eq(config_read(&b, PCI_VENDOR), 0x11111234);
    ck_assert_uint_eq(config_read(&b, PCI_REVISION) >> 8, 0x030000);
    config_write(&b, PCI_BAR0, 0xFFFFFFFF);
    ck_assert_uint_eq(config_read(&b, PCI_BAR0), 0xFF000008); /* 16 MiB, prefetchable */
    config_write(&b, PCI_BAR0 + 8, 0xFFFFFFFF);
    ck_assert_uint_eq(config_read(&b, PCI_BAR0 + 8), 0xFFFFF000);
    config_write(&b, PCI_ROM, 0xFFFFFFFF);
    ck_assert_uint_eq(config_read(&b, PCI_ROM), 0); /* none was given */
    device_fixture_free(b.f);
}
END_TEST

START_TEST(the_frame_buffer_is_ram_and_is_drawn)
{
    struct bench b;
    struct display_picture picture = {.capacity = 64 * 48};
    uint8_t bytes[4];
    uint64_t before;
    store_le32(bytes, 0x00336699);
    picture.pixels = calloc(picture.capacity, sizeof *picture.pixels);
    ck_assert_ptr_nonnull(picture.pixels);
    bench_init(&b, NULL);
    place(&b);
    space_write(&b.f->memory, MMIO + 0x502, 2, 64);
    space_write(&b.f->memory, MMIO + 0x504, 2, 48);
    space_write(&b.f->memory, MMIO + 0x506, 2, 32);
    space_write(&b.f->memory, MMIO + 0x508, 2, 0x41);
    ck_assert_uint_eq(space_read(&b.f->memory, MMIO + 0x500, 2), 0xB0C5);
    space_write(&b.f->ports, 0x1CE, 2, 1);
    ck_assert_uint_eq(space_read(&b.f->ports, 0x1CF, 2), 64);
    space_write(&b.f->memory, MMIO + 0x400, 1, 0x20); /* 3C0: show the picture */
    ck_assert_uint_eq(space_poke(&b.f->memory, LFB + (5 * 64 + 7) * 4, bytes, 4), 4);
    b.screen.draw(b.screen.self, &picture);
    ck_assert_uint_eq(picture.width, 64);
    ck_assert_uint_eq(picture.pixels[5 * 64 + 7], 0x336699);
    before = b.screen.generation(b.screen.self);
    fixture_run_us(b.f, 20000);
    ck_assert_uint_gt(b.screen.generation(b.screen.self), before);
    /* The same bytes through the bank at A0000. */
    ck_assert(space_page(&b.f->memory, LFB)->write != NULL);
    ck_assert_uint_eq(space_read(&b.f->memory, 0xA0000 + (5 * 64 + 7) * 4, 4), 0xFFFFFFFF);
    space_write(&b.f->ports, 0x3C2, 1, 3);
    ck_assert_uint_eq(space_read(&b.f->memory, 0xA0000 + (5 * 64 + 7) * 4, 4), 0x336699);
    free(picture.pixels);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(ports_are_in_the_memory_bar_too)
{
    struct bench b;
    bench_init(&b, NULL);
    place(&b);
    fixture_out(b.f, 0x3C2, 0x67);
    space_write(&b.f->memory, MMIO + 0x414, 2, 0x5A0E);
    fixture_out(b.f, 0x3D4, 0x0E);
    ck_assert_uint_eq(fixture_in(b.f, 0x3D5), 0x5A);
    ck_assert_uint_eq(space_read(&b.f->memory, MMIO + 0x40C, 1), 0x67);
    ck_assert_uint_eq(space_read(&b.f->memory, MMIO + 0x600, 4), 8);
    device_fixture_free(b.f);
}
END_TEST

/* The monitor, as a driver reads it: E-EDID 1.3, section 3. */
static void read_edid(struct bench *b, uint8_t edid[128])
{
    for (unsigned at = 0; at < 128; at++)
        edid[at] = (uint8_t)space_read(&b->f->memory, MMIO + at, 1);
}

START_TEST(a_monitor_is_described_by_a_valid_edid)
{
    static const uint8_t HEADER[8] = {0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0};
    struct bench b;
    uint8_t edid[128], sum = 0;
    bench_init(&b, NULL);
    place(&b);
    read_edid(&b, edid);
    for (unsigned at = 0; at < 128; at++)
        sum = (uint8_t)(sum + edid[at]);
    ck_assert_uint_eq(sum, 0);
    ck_assert_mem_eq(edid, HEADER, sizeof HEADER);
    ck_assert_uint_eq(edid[18], 1);
    ck_assert_uint_eq(edid[19], 3);
    ck_assert_uint_eq(edid[126], 0); /* no further block */
    /* Wider reads see the same bytes; writes are lost. */
    space_write(&b.f->memory, MMIO + 54, 4, 0);
    for (unsigned at = 0; at < 128; at += 4)
        ck_assert_uint_eq(space_read(&b.f->memory, MMIO + at, 4), load_le32(edid + at));
    ck_assert_uint_eq(space_read(&b.f->memory, MMIO + 19, 2), load_le16(edid + 19));
    device_fixture_free(b.f);
}
END_TEST

START_TEST(the_preferred_timing_is_1024x768_at_60_hz)
{
    struct bench b;
    uint8_t edid[128];
    uint32_t clock_hz, width, height, columns, lines;
    bench_init(&b, NULL);
    place(&b);
    read_edid(&b, edid);
    ck_assert(edid[24] & 2); /* the first timing is the preferred one */
    clock_hz = load_le16(edid + 54) * 10000u;
    width = edid[56] | (edid[58] & 0xF0u) << 4;
    height = edid[59] | (edid[61] & 0xF0u) << 4;
    columns = width + (edid[57] | (edid[58] & 0x0Fu) << 8);
    lines = height + (edid[60] | (edid[61] & 0x0Fu) << 8);
    ck_assert_uint_eq(width, 1024);
    ck_assert_uint_eq(height, 768);
    ck_assert_uint_eq(clock_hz / (columns * lines), 60);
    device_fixture_free(b.f);
}
END_TEST

static void sets_mode(struct bench *b, uint32_t width, uint32_t height)
{
    space_write(&b->f->memory, MMIO + 0x508, 2, 0);
    space_write(&b->f->memory, MMIO + 0x502, 2, width);
    space_write(&b->f->memory, MMIO + 0x504, 2, height);
    space_write(&b->f->memory, MMIO + 0x506, 2, 32);
    space_write(&b->f->memory, MMIO + 0x508, 2, 0x41);
    ck_assert_uint_eq(space_read(&b->f->memory, MMIO + 0x502, 2), width);
    ck_assert_uint_eq(space_read(&b->f->memory, MMIO + 0x504, 2), height);
}

START_TEST(the_card_sets_every_size_that_the_monitor_names)
{
    /* Of the established timings 1.3 has: byte, bit, size; 720x400 is text's. */
    static const struct {
        uint8_t at, bit;
        uint16_t width, height;
    } ESTABLISHED[] = {{35, 5, 640, 480}, {35, 0, 800, 600}, {36, 3, 1024, 768}};
    static const uint8_t ASPECTS[4][2] = {{16, 10}, {4, 3}, {5, 4}, {16, 9}};
    struct bench b;
    uint8_t edid[128];
    bench_init(&b, NULL);
    place(&b);
    read_edid(&b, edid);
    for (size_t i = 0; i < ARRAY_COUNT(ESTABLISHED); i++) {
        ck_assert(edid[ESTABLISHED[i].at] >> ESTABLISHED[i].bit & 1);
        sets_mode(&b, ESTABLISHED[i].width, ESTABLISHED[i].height);
    }
    for (unsigned at = 38; at < 54; at += 2) {
        uint32_t width = (edid[at] + 31u) * 8;
        const uint8_t *aspect = ASPECTS[edid[at + 1] >> 6];
        ck_assert_uint_eq(edid[at + 1] & 0x3F, 0); /* 60 Hz */
        sets_mode(&b, width, width * aspect[1] / aspect[0]);
    }
    ck_assert_uint_eq(b.f->guest_errors, 0);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(the_rom_bar_shows_the_video_bios)
{
    struct bench b;
    uint8_t rom[5000] = {0x55, 0xAA, 10};
    struct vga_config extra = {rom, sizeof rom, 40};
    rom[4999] = 0x77;
    bench_init(&b, &extra);
    place(&b);
    config_write(&b, PCI_ROM, 0xFFFFFFFE);
    ck_assert_uint_eq(config_read(&b, PCI_ROM), 0xFFFFE000);
    config_write(&b, PCI_ROM, ROM | 1);
    ck_assert_uint_eq(space_read(&b.f->memory, ROM, 2), 0xAA55);
    ck_assert_uint_eq(space_read(&b.f->memory, ROM + 4999, 1), 0x77);
    ck_assert_uint_eq(space_read(&b.f->memory, ROM + 5000, 1), 0xFF);
    space_write(&b.f->memory, ROM, 1, 0);
    ck_assert_uint_eq(space_read(&b.f->memory, ROM, 2), 0xAA55);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(state_is_saved_whole_and_bars_move_back)
{
    struct bench a, b;
    struct state_stream stream = {0};
    struct error error = {STATUS_OK, ""};
    uint32_t bytes = 0x12345678, back = 0;
    bench_init(&a, NULL);
    bench_init(&b, NULL);
    place(&a);
    space_poke(&a.f->memory, LFB + 0x100, &bytes, 4);
    fixture_check_state(a.f->device);
    device_save(a.f->device, &stream);
    ck_assert_int_eq(device_load(b.f->device, &stream, &error), STATUS_OK);
    ck_assert_uint_eq(space_peek(&b.f->memory, LFB + 0x100, &back, 4), 4);
    ck_assert_uint_eq(back, bytes);
    state_stream_free(&stream);
    device_fixture_free(a.f);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(reset_takes_the_bars_away)
{
    struct bench b;
    bench_init(&b, NULL);
    place(&b);
    b.f->device->type->reset(b.f->device, RESET_HARD);
    ck_assert_ptr_null(space_page(&b.f->memory, LFB)->read);
    ck_assert_uint_eq(config_read(&b, PCI_COMMAND) & 3, 0);
    device_fixture_free(b.f);
}
END_TEST

START_TEST(a_board_without_pci_refuses_it)
{
    struct device_fixture *f = fixture_new();
    struct error error = {STATUS_OK, ""};
    struct device *device;
    ck_assert_int_eq(fixture_try_add(f, &VGA_PCI_TYPE, NULL, &device, &error), STATUS_USAGE);
    ck_assert_int_eq(fixture_try_add(f, &NE2000_PCI_TYPE, NULL, &device, &error), STATUS_USAGE);
    device_fixture_free(f);
}
END_TEST

Suite *vga_pci_suite(void)
{
    Suite *suite = suite_create("vga_pci");
    TCase *tc = tcase_create("vga_pci");
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, firmware_finds_the_standard_vga);
    tcase_add_test(tc, the_frame_buffer_is_ram_and_is_drawn);
    tcase_add_test(tc, ports_are_in_the_memory_bar_too);
    tcase_add_test(tc, a_monitor_is_described_by_a_valid_edid);
    tcase_add_test(tc, the_preferred_timing_is_1024x768_at_60_hz);
    tcase_add_test(tc, the_card_sets_every_size_that_the_monitor_names);
    tcase_add_test(tc, the_rom_bar_shows_the_video_bios);
    tcase_add_test(tc, state_is_saved_whole_and_bars_move_back);
    tcase_add_test(tc, reset_takes_the_bars_away);
    tcase_add_test(tc, a_board_without_pci_refuses_it);
    suite_add_tcase(suite, tc);
    return suite;
}

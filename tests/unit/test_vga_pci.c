/* The VGA on PCI: identity, the linear frame buffer as RAM, the memory BAR, the ROM. */
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
    tcase_add_test(tc, the_rom_bar_shows_the_video_bios);
    tcase_add_test(tc, state_is_saved_whole_and_bars_move_back);
    tcase_add_test(tc, reset_takes_the_bars_away);
    tcase_add_test(tc, a_board_without_pci_refuses_it);
    suite_add_tcase(suite, tc);
    return suite;
}

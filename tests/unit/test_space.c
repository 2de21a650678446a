/* bus/space: who answers where. Two memory spaces and two port spaces around 16 frames of RAM, 4 of
 * ROM and a device whose bytes are its offsets. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "bus/clock.h"
#include "bus/device.h"
#include "bus/space.h"

#define PAGE FRAME_BYTES
#define RAM_FRAMES 16u
#define ROM_FRAMES 4u

/* Remembers the last access of its registers. */
struct echo {
    uint64_t offset, value;
    unsigned size, reads, writes, blocks;
};

static uint64_t echo_read(void *self, uint64_t offset, unsigned size)
{
    struct echo *echo = self;
    uint64_t value = 0;
    echo->offset = offset;
    echo->size = size;
    echo->reads++;
    for (unsigned i = 0; i < size; i++)
        value |= ((offset + i) & 0xFF) << (8 * i);
    return value;
}
static void echo_write(void *self, uint64_t offset, unsigned size, uint64_t value)
{
    struct echo *echo = self;
    echo->offset = offset;
    echo->size = size;
    echo->value = value;
    echo->writes++;
}
static size_t echo_read_block(void *self, uint64_t offset, unsigned size, void *bytes, size_t count)
{
    struct echo *echo = self;
    size_t moved = count < 10 ? count : 10;
    echo->offset = offset;
    echo->blocks++;
    memset(bytes, 0xE0, moved * size);
    return moved;
}
static size_t echo_write_block(void *self, uint64_t offset, unsigned size, const void *bytes,
                               size_t count)
{
    struct echo *echo = self;
    echo->offset = offset;
    echo->blocks++;
    echo->value = load_le(bytes, size);
    return count < 10 ? count : 10;
}
static const struct region_ops ECHO = {echo_read, echo_write, NULL, NULL};
static const struct region_ops ECHO_BLOCKS = {echo_read, echo_write, echo_read_block,
                                              echo_write_block};

static struct timeline timeline;
static struct door door;
static struct space memory, window, ports, other_ports;
static struct ram ram, rom;
static struct error error;
static struct echo echo;
static struct {
    unsigned calls;
    uint64_t frame_id;
    uint32_t offset, bytes;
} code;
static struct code_listener code_listener;
static unsigned remaps;
static struct space_listener map_listener;

static void code_written(void *self, uint64_t frame_id, uint32_t offset, uint32_t bytes)
{
    (void)self;
    code.calls++;
    code.frame_id = frame_id;
    code.offset = offset;
    code.bytes = bytes;
}
static void map_changed(void *self)
{
    (void)self;
    remaps++;
}

static void setup(void)
{
    memset(&error, 0, sizeof error);
    memset(&echo, 0, sizeof echo);
    memset(&code, 0, sizeof code);
    timeline_init(&timeline, 100000000);
    door_init(&door, &timeline);
    ck_assert_int_eq(space_init(&memory, "memory", SPACE_MEMORY, &door, &error), STATUS_OK);
    ck_assert_int_eq(space_init(&window, "window", SPACE_MEMORY, &door, &error), STATUS_OK);
    ck_assert_int_eq(space_init(&ports, "ports", SPACE_PORTS, &door, &error), STATUS_OK);
    ck_assert_int_eq(space_init(&other_ports, "other", SPACE_PORTS, &door, &error), STATUS_OK);
    ck_assert_int_eq(ram_init(&ram, "ram", 7, RAM_FRAMES, &error), STATUS_OK);
    ck_assert_int_eq(ram_init(&rom, "rom", 8, ROM_FRAMES, &error), STATUS_OK);
    for (size_t i = 0; i < RAM_FRAMES * PAGE; i++)
        ram.bytes[i] = (uint8_t)(i ^ i >> 8);
    memset(rom.bytes, 0xB0, ROM_FRAMES * PAGE);
    space_map_ram(&memory, 0, RAM_FRAMES, &ram, 0, true, true);
    code_listener = (struct code_listener){.written = code_written};
    ram_add_listener(&ram, &code_listener);
    map_listener = (struct space_listener){.remapped = map_changed};
    space_add_listener(&memory, &map_listener);
    remaps = 0;
}

static void teardown(void)
{
    space_fini(&other_ports);
    space_fini(&ports);
    space_fini(&window);
    space_fini(&memory);
    ram_fini(&ram);
    ram_fini(&rom);
    door_fini(&door);
}

static struct region *attach(struct space *space, uint64_t base, uint64_t length,
                             const struct region_ops *ops)
{
    struct region region = {.name = "echo", .self = &echo, .ops = ops, .base = base, .length = length};
    struct region *made = NULL;
    ck_assert_msg(space_attach(space, &region, &made, &error) == STATUS_OK, "%s", error.text);
    return made;
}

static void alias(struct space *from, uint64_t base, uint64_t length, struct space *to,
                  uint64_t alias_base)
{
    struct region region = {
        .name = "alias", .base = base, .length = length, .alias = to, .alias_base = alias_base};
    ck_assert_msg(space_attach(from, &region, NULL, &error) == STATUS_OK, "%s", error.text);
}

/* --- memory -------------------------------------------------------------------------------------- */

START_TEST(ram_is_little_endian_and_crosses_pages)
{
    space_write(&memory, 0x1FFE, 4, 0xDDCCBBAA);
    ck_assert_uint_eq(ram.bytes[0x1FFE], 0xAA);
    ck_assert_uint_eq(ram.bytes[0x1FFF], 0xBB);
    ck_assert_uint_eq(ram.bytes[0x2000], 0xCC);
    ck_assert_uint_eq(ram.bytes[0x2001], 0xDD);
    ck_assert_uint_eq(space_read(&memory, 0x1FFE, 4), 0xDDCCBBAA);
    ck_assert_uint_eq(space_read(&memory, 0x1FFF, 2), 0xCCBB);
}
END_TEST

START_TEST(unmapped_memory_floats_high_and_forgets)
{
    space_write(&memory, 0x20000, 4, 0);
    ck_assert_uint_eq(space_read(&memory, 0x20000, 4), 0xFFFFFFFF);
    ck_assert_uint_eq(space_read(&memory, 0x20000, 8), UINT64_MAX);
    ck_assert_uint_eq(space_read(&memory, RAM_FRAMES * PAGE - 1, 2),
                      0xFF00u | ram.bytes[RAM_FRAMES * PAGE - 1]);
    /* The bus has 36 lines: behind its last byte comes its first. */
    ck_assert_uint_eq(space_read(&memory, UINT64_MAX, 2), (unsigned)ram.bytes[0] << 8 | 0xFF);
}
END_TEST

START_TEST(rom_answers_reads_and_drops_writes)
{
    space_map_ram(&memory, 0xF0000, ROM_FRAMES, &rom, 0, true, false);
    attach(&memory, 0xF0000, PAGE, &ECHO); /* what lies behind hears nothing of it */
    space_write(&memory, 0xF0000, 4, 0);
    ck_assert_uint_eq(space_read(&memory, 0xF0000, 4), 0xB0B0B0B0);
    ck_assert(space_page(&memory, 0xF0000)->is_rom);
    ck_assert_ptr_null(space_page(&memory, 0xF0000)->write);
    ck_assert_uint_eq(echo.reads + echo.writes, 0);
    ck_assert_uint_eq(rom.flags[0], 0);
}
END_TEST

/* i440FX, 3.2.18: the two bits of a PAM register choose DRAM or the bus for each direction. */
START_TEST(shadow_ram_chooses_each_direction)
{
    space_map_shadow(&memory, 0xF0000, 1, &rom, 0, &ram, 3); /* read ROM, write DRAM */
    space_write(&memory, 0xF0010, 1, 0x5A);
    ck_assert_uint_eq(space_read(&memory, 0xF0010, 1), 0xB0);
    ck_assert_uint_eq(ram.bytes[3 * PAGE + 0x10], 0x5A);
    space_map_shadow(&memory, 0xF0000, 1, &ram, 3, NULL, 0); /* read DRAM, write protected */
    space_write(&memory, 0xF0010, 1, 0x77);
    ck_assert_uint_eq(space_read(&memory, 0xF0010, 1), 0x5A);
    space_map_shadow(&memory, 0xF0000, 1, &ram, 3, &ram, 3);
    space_write(&memory, 0xF0010, 1, 0x77);
    ck_assert_uint_eq(space_read(&memory, 0xF0010, 1), 0x77);
    space_unmap_ram(&memory, 0xF0000, 1);
    ck_assert_uint_eq(space_read(&memory, 0xF0010, 1), 0xFF);
    ck_assert_uint_eq(remaps, 4);
}
END_TEST

START_TEST(a20_off_folds_odd_megabytes)
{
    space_map_ram(&memory, 0x100000, 1, &ram, 5, true, true);
    space_map_ram(&memory, 0x300000, 1, &ram, 6, true, true);
    space_map_ram(&memory, 0x200000, 1, &ram, 7, true, true);
    ram.bytes[0x123] = 0x01;
    ram.bytes[5 * PAGE + 0x123] = 0x05;
    ram.bytes[6 * PAGE + 0x123] = 0x06;
    ram.bytes[7 * PAGE + 0x123] = 0x07;
    ck_assert_uint_eq(space_read(&memory, 0x100123, 1), 0x05);
    space_set_a20(&memory, false);
    ck_assert_uint_eq(space_read(&memory, 0x100123, 1), 0x01);
    ck_assert_uint_eq(space_read(&memory, 0x300123, 1), 0x07);
    ck_assert_ptr_eq(space_page(&memory, 0x100123), space_page(&memory, 0x123));
    space_write(&memory, 0x100123, 1, 0x99);
    ck_assert_uint_eq(ram.bytes[0x123], 0x99);
    /* Over the 1 MiB border the access wraps to address 0, byte by byte. */
    space_map_ram(&memory, 0xFF000, 1, &ram, 8, true, true);
    ram.bytes[0] = 0x77;
    ram.bytes[8 * PAGE + 0xFFF] = 0x66;
    ck_assert_uint_eq(space_read(&memory, 0xFFFFF, 2), 0x7766);
    space_set_a20(&memory, true);
    ck_assert_uint_eq(space_read(&memory, 0x300123, 1), 0x06);
    remaps = 0;
    space_set_a20(&memory, true);
    ck_assert_uint_eq(remaps, 0);
}
END_TEST

START_TEST(accesses_over_the_border_of_a_device_are_bytes)
{
    attach(&memory, RAM_FRAMES * PAGE, PAGE, &ECHO);
    ram.bytes[RAM_FRAMES * PAGE - 1] = 0xAB;
    ck_assert_uint_eq(space_read(&memory, RAM_FRAMES * PAGE - 1, 4), 0x020100AB);
    ck_assert_uint_eq(echo.reads, 3);
    ck_assert_uint_eq(echo.size, 1);
    space_write(&memory, RAM_FRAMES * PAGE - 1, 2, 0x4433);
    ck_assert_uint_eq(ram.bytes[RAM_FRAMES * PAGE - 1], 0x33);
    ck_assert_uint_eq(echo.value, 0x44);
    ck_assert_uint_eq(space_read(&memory, RAM_FRAMES * PAGE + 8, 4), 0x0B0A0908);
    ck_assert_uint_eq(echo.size, 4);
}
END_TEST

START_TEST(writes_mark_frames_and_tell_of_decoded_code)
{
    memset(ram.flags, 0, RAM_FRAMES);
    ram.flags[2] = FRAME_CODE;
    space_write(&memory, 0x1FFC, 4, 1);
    ck_assert_uint_eq(ram.flags[1], FRAME_WRITTEN);
    ck_assert_uint_eq(ram.flags[2], FRAME_CODE);
    ck_assert_uint_eq(code.calls, 0);
    space_write(&memory, 0x2010, 4, 1);
    ck_assert_uint_eq(code.calls, 1);
    ck_assert_uint_eq(code.frame_id, UINT64_C(7) << 32 | 2);
    ck_assert_uint_eq(code.offset, 0x10);
    ck_assert_uint_eq(code.bytes, 4);
    ck_assert(ram.flags[2] & FRAME_DIRTY);
    space_read(&memory, 0x3000, 4);
    ck_assert_uint_eq(ram.flags[3], 0);
}
END_TEST

/* --- who may be where ------------------------------------------------------------------------------- */

START_TEST(conflicts_name_both_sides_and_change_nothing)
{
    struct region one = {.name = "ne2000", .self = &echo, .ops = &ECHO, .base = 0x300, .length = 0x20};
    struct region two = {.name = "lance", .self = &echo, .ops = &ECHO, .base = 0x318, .length = 0x18};
    ck_assert_int_eq(space_attach(&ports, &one, NULL, &error), STATUS_OK);
    ck_assert_int_eq(space_attach(&ports, &two, NULL, &error), STATUS_USAGE);
    ck_assert_str_eq(error.text, "lance: port 0x318 belongs to ne2000 already; fix: another address");
    ck_assert_uint_eq(space_read(&ports, 0x320, 1), 0xFF);
    ck_assert_uint_eq(space_read(&ports, 0x31F, 1), 0x1F);
}
END_TEST

START_TEST(impossible_ranges_are_refused)
{
    static const struct {
        uint64_t base, length;
        bool is_port;
    } WRONG[] = {{0, 0, true}, {0x10000, 1, true}, {0xFFFF, 2, true}, {0, 0x10001, true},
                 {0x100, UINT64_MAX, true}, {0x800, PAGE, false}, {PAGE * 32, 0x800, false},
                 {UINT64_C(1) << 36, PAGE, false}, {UINT64_MAX & ~(uint64_t)0xFFF, PAGE, false}};
    for (size_t i = 0; i < ARRAY_COUNT(WRONG); i++) {
        struct region region = {.name = "x", .self = &echo, .ops = &ECHO, .base = WRONG[i].base,
                                .length = WRONG[i].length};
        memset(&error, 0, sizeof error);
        ck_assert_int_eq(space_attach(WRONG[i].is_port ? &ports : &memory, &region, NULL, &error),
                         STATUS_USAGE);
    }
}
END_TEST

START_TEST(a_detached_region_leaves_its_place_to_others)
{
    struct region *region = attach(&ports, 0x300, 0x20, &ECHO);
    ck_assert_uint_eq(space_read(&ports, 0x305, 1), 5);
    space_detach(&ports, region);
    ck_assert_uint_eq(space_read(&ports, 0x305, 1), 0xFF);
    attach(&ports, 0x310, 0x20, &ECHO);
    region = attach(&memory, 0x40000, 2 * PAGE, &ECHO);
    space_detach(&memory, region);
    ck_assert_uint_eq(space_read(&memory, 0x40000, 1), 0xFF);
    ck_assert_uint_eq(remaps, 2);
}
END_TEST

/* --- windows ------------------------------------------------------------------------------------------ */

START_TEST(an_alias_window_shows_another_space_at_another_place)
{
    alias(&window, 0x80000, 2 * PAGE, &memory, 4 * PAGE);
    ram.bytes[4 * PAGE + 5] = 0x45;
    ck_assert_uint_eq(space_read(&window, 0x80005, 1), 0x45);
    space_write(&window, 0x81FFF, 1, 0x67);
    ck_assert_uint_eq(ram.bytes[6 * PAGE - 1], 0x67);
    ck_assert(ram.flags[5] & FRAME_DIRTY);
    ck_assert_uint_eq(space_read(&window, 0x82000, 1), 0xFF);
    ck_assert_uint_eq(space_read(&window, 0x81FFF, 2), 0xFF67); /* nothing behind its end */
}
END_TEST

START_TEST(a_port_window_ends_where_it_ends)
{
    attach(&other_ports, 0x60, 8, &ECHO);
    alias(&ports, 0x300, 4, &other_ports, 0x62);
    ck_assert_uint_eq(space_read(&ports, 0x300, 2), 0x0302);
    echo.reads = 0;
    /* 0x303 shows 0x65; the device's 0x66 lies behind the window's end. */
    ck_assert_uint_eq(space_read(&ports, 0x303, 2), 0xFF05);
    ck_assert_uint_eq(echo.reads, 1);
    space_write(&ports, 0x303, 4, 0x44332211);
    ck_assert_uint_eq(echo.writes, 1);
    ck_assert_uint_eq(echo.value, 0x11);
}
END_TEST

START_TEST(ports_can_be_reached_through_memory)
{
    attach(&ports, 0x3C0, 0x10, &ECHO);
    alias(&memory, 0xFE000000, 16 * PAGE, &ports, 0);
    ck_assert_uint_eq(space_read(&memory, 0xFE0003C4, 2), 0x0504);
    ck_assert_uint_eq(space_read(&memory, 0xFE0003D0, 1), 0xFF);
}
END_TEST

START_TEST(windows_onto_themselves_end)
{
    alias(&window, 0, PAGE, &window, 0);
    alias(&ports, 0, 0x10000, &other_ports, 0);
    alias(&other_ports, 0, 0x10000, &ports, 0);
    ck_assert_uint_eq(space_read(&window, 0x10, 4), 0xFFFFFFFF);
    space_write(&window, 0x10, 4, 1);
    ck_assert_uint_eq(space_read(&ports, 0x60, 4), 0xFFFFFFFF);
    space_write(&ports, 0x60, 4, 1);
}
END_TEST

START_TEST(windows_between_page_borders_are_refused)
{
    struct region region = {.name = "w", .base = 0, .length = PAGE, .alias = &memory, .alias_base = 8};
    ck_assert_int_eq(space_attach(&window, &region, NULL, &error), STATUS_USAGE);
}
END_TEST

/* --- ports ---------------------------------------------------------------------------------------------- */

START_TEST(wide_accesses_over_neighbours_are_bytes)
{
    struct echo second = {0};
    struct region region = {.name = "b", .self = &second, .ops = &ECHO, .base = 0x71, .length = 1};
    attach(&ports, 0x70, 1, &ECHO);
    ck_assert_int_eq(space_attach(&ports, &region, NULL, &error), STATUS_OK);
    space_write(&ports, 0x70, 2, 0x2211);
    ck_assert_uint_eq(echo.value, 0x11);
    ck_assert_uint_eq(second.value, 0x22);
    ck_assert_uint_eq(space_read(&ports, 0x6F, 4), 0xFF0000FF);
    ck_assert_uint_eq(space_read(&ports, 0xFFFF, 4), 0xFFFFFFFF); /* wraps to port 0, as the CPU's */
}
END_TEST

START_TEST(blocks_go_to_who_takes_them_and_else_one_by_one)
{
    uint8_t bytes[64] = {0x11, 0x22};
    attach(&ports, 0x1F0, 1, &ECHO_BLOCKS);
    attach(&ports, 0x1F8, 8, &ECHO);
    ck_assert_uint_eq(space_read_block(&ports, 0x1F0, 1, bytes, 5), 5);
    ck_assert_uint_eq(bytes[4], 0xE0);
    ck_assert_uint_eq(bytes[5], 0);
    ck_assert_uint_eq(space_read_block(&ports, 0x1F0, 1, bytes, 64), 10);
    ck_assert_uint_eq(echo.blocks, 2);
    /* Two bytes at a region of one port: no block. */
    ck_assert_uint_eq(space_read_block(&ports, 0x1F0, 2, bytes, 5), 1);
    ck_assert_uint_eq(echo.blocks, 2);
    ck_assert_uint_eq(load_le16(bytes), 0xFF00);
    ck_assert_uint_eq(space_read_block(&ports, 0x1F9, 2, bytes, 5), 1);
    ck_assert_uint_eq(load_le16(bytes), 0x0201);
    ck_assert_uint_eq(space_write_block(&ports, 0x1F9, 2, bytes, 5), 1);
    ck_assert_uint_eq(echo.value, 0x0201);
    ck_assert_uint_eq(space_read_block(&ports, 0x5000, 4, bytes, 5), 1); /* nobody */
    ck_assert_uint_eq(load_le32(bytes), 0xFFFFFFFF);
    ck_assert_uint_eq(space_write_block(&ports, 0x5000, 4, bytes, 5), 1);
}
END_TEST

static uint32_t read_latch(void *self, const struct reg *row)
{
    struct echo *e = self;
    e->reads++;
    return (uint32_t)e->value + row->offset;
}
static void write_latch(void *self, const struct reg *row, uint32_t value)
{
    struct echo *e = self;
    e->writes++;
    e->offset = row->offset;
    e->value = value;
}
static bool latch_is_odd(const void *self)
{
    return ((const struct echo *)self)->value & 1;
}
static const struct reg LATCH_ROWS[] = {
    {.name = "BYTE", .offset = 0, .width = 1, .access = REG_RW, .read = read_latch,
     .write = write_latch},
    {.name = "WORD", .offset = 2, .width = 2, .access = REG_RW, .read = read_latch,
     .write = write_latch},
    {.name = "ODD", .offset = 4, .width = 1, .access = REG_READ, .is_selected = latch_is_odd,
     .read = read_latch},
    {.name = "MUTE", .offset = 5, .width = 1, .access = REG_RW},
    {.name = "CUT", .offset = 6, .width = 2, .access = REG_RW, .read = read_latch,
     .write = write_latch},
    REG_ROWS_END};
static const struct reg_bank LATCH = {"latch", LATCH_ROWS};

static void count_access(void *self, const struct access *access)
{
    unsigned *count = self;
    (void)access;
    ++*count;
}

/* Ports from 300h, whose last register reaches over the region's end. */
static void try_latch_ports(void)
{
    for (uint16_t port = 0x2FE; port < 0x309; port++)
        for (unsigned size = 1; size <= 4; size *= 2)
            for (unsigned value = 0x1F0; value < 0x1F2; value++) {
                struct echo before;
                uint64_t by_port;
                echo = (struct echo){.value = value};
                by_port = space_port_read(&ports, port, size);
                before = echo;
                echo = (struct echo){.value = value};
                ck_assert_uint_eq(by_port, space_read(&ports, port, size));
                ck_assert_mem_eq(&echo, &before, sizeof echo);
                space_port_write(&ports, port, size, 0x44332211);
                before = echo;
                echo = (struct echo){.value = value, .reads = before.reads};
                space_write(&ports, port, size, 0x44332211);
                ck_assert_mem_eq(&echo, &before, sizeof echo);
            }
}

START_TEST(the_short_way_to_a_port_is_the_long_one)
{
    unsigned seen = 0;
    struct door_watcher watcher = {.after = count_access, .self = &seen};
    struct region region = {.name = "latch", .self = &echo, .bank = &LATCH, .base = 0x300,
                            .length = 7};
    struct region *made;
    ck_assert_int_eq(space_attach(&ports, &region, &made, &error), STATUS_OK);
    echo.value = 0x1F0;
    ck_assert_uint_eq(space_port_read(&ports, 0x300, 1), 0xF0);
    ck_assert_uint_eq(space_port_read(&ports, 0x302, 2), 0x1F2);
    ck_assert_uint_eq(space_port_read(&ports, 0x304, 1), 0xFF);
    ck_assert_uint_eq(space_port_read(&ports, 0x305, 1), 0xFF);
    ck_assert_uint_eq(space_port_read(&ports, 0x306, 2), 0xFFF6); /* nobody has port 307h */
    try_latch_ports();
    door_add_watcher(&door, &watcher);
    space_port_write(&ports, 0x300, 1, 0x77);
    ck_assert_uint_eq(space_port_read(&ports, 0x302, 2), 0x79);
    ck_assert_uint_eq(seen, 2);
    door_remove_watcher(&door, &watcher);
    space_detach(&ports, made);
    ck_assert_uint_eq(space_port_read(&ports, 0x300, 1), 0xFF);
}
END_TEST

/* --- DMA ------------------------------------------------------------------------------------------------- */

START_TEST(dma_crosses_pages_marks_them_and_tells_of_code)
{
    uint8_t out[3 * PAGE], in[3 * PAGE];
    for (size_t i = 0; i < sizeof out; i++)
        out[i] = (uint8_t)(i * 7);
    memset(ram.flags, 0, RAM_FRAMES);
    ram.flags[3] = FRAME_CODE;
    ck_assert(space_dma_write(&memory, NULL, 0x1F80, out, sizeof out));
    ck_assert_mem_eq(ram.bytes + 0x1F80, out, sizeof out);
    for (unsigned frame = 0; frame < 6; frame++)
        ck_assert_uint_eq(ram.flags[frame] & FRAME_DIRTY, frame >= 1 && frame <= 4);
    ck_assert_uint_eq(code.calls, 1);
    ck_assert_uint_eq(code.offset, 0);
    ck_assert_uint_eq(code.bytes, PAGE);
    ck_assert(space_dma_read(&memory, NULL, 0x1F80, in, sizeof in));
    ck_assert_mem_eq(in, out, sizeof out);
    ck_assert(space_dma_write(&memory, NULL, 0x1F80, out, 0));
}
END_TEST

START_TEST(dma_into_devices_rom_and_nothing)
{
    uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    attach(&memory, RAM_FRAMES * PAGE, PAGE, &ECHO);
    ck_assert(space_dma_write(&memory, NULL, RAM_FRAMES * PAGE - 4, bytes, 8));
    ck_assert_uint_eq(echo.writes, 4);
    ck_assert_uint_eq(echo.value, 8);
    ck_assert(space_dma_read(&memory, NULL, RAM_FRAMES * PAGE - 4, bytes, 8));
    ck_assert_uint_eq(bytes[0], 1);
    ck_assert_uint_eq(bytes[7], 3); /* the device's offset */
    space_map_ram(&memory, 0xF0000, 1, &rom, 0, true, false);
    ck_assert(space_dma_write(&memory, NULL, 0xF0000, bytes, 8));
    ck_assert_uint_eq(rom.bytes[0], 0xB0);
    ck_assert(!space_dma_write(&memory, NULL, 0x50000, bytes, 8));
    ck_assert(!space_dma_read(&memory, NULL, (RAM_FRAMES + 1) * PAGE - 4, bytes, 8));
    ck_assert_uint_eq(bytes[3], 0xFF);
    ck_assert_uint_eq(bytes[4], 0xFF);
}
END_TEST

START_TEST(peek_and_poke_touch_memory_only)
{
    uint8_t bytes[2 * PAGE];
    attach(&memory, RAM_FRAMES * PAGE, PAGE, &ECHO);
    ck_assert_uint_eq(space_peek(&memory, (RAM_FRAMES - 1) * PAGE, bytes, sizeof bytes), PAGE);
    ck_assert_uint_eq(space_poke(&memory, RAM_FRAMES * PAGE - 2, bytes, 8), 2);
    ck_assert_uint_eq(echo.reads + echo.writes, 0);
    ck_assert_uint_eq(space_peek(&memory, 0x50000, bytes, 1), 0);
    space_map_ram(&memory, 0xF0000, 1, &rom, 0, true, false);
    ck_assert_uint_eq(space_poke(&memory, 0xF0000, "\x12", 1), 1); /* a loader may fill ROM */
    ck_assert_uint_eq(space_read(&memory, 0xF0000, 1), 0x12);
    ck_assert(rom.flags[0] & FRAME_DIRTY);
}
END_TEST

START_TEST(mapping_more_than_there_is_stops_at_the_end)
{
    space_map_ram(&memory, 0x200000, RAM_FRAMES + 5, &ram, 0, true, true);
    ck_assert_uint_eq(space_read(&memory, 0x200000 + RAM_FRAMES * PAGE, 1), 0xFF);
    space_map_ram(&memory, (UINT64_C(1) << 36) - PAGE, 4, &ram, 0, true, true);
    ck_assert_uint_eq(space_read(&memory, (UINT64_C(1) << 36) - PAGE + 1, 1), ram.bytes[1]);
}
END_TEST

Suite *space_suite(void)
{
    Suite *suite = suite_create("space");
    TCase *tcase = tcase_create("space");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, ram_is_little_endian_and_crosses_pages);
    tcase_add_test(tcase, unmapped_memory_floats_high_and_forgets);
    tcase_add_test(tcase, rom_answers_reads_and_drops_writes);
    tcase_add_test(tcase, shadow_ram_chooses_each_direction);
    tcase_add_test(tcase, a20_off_folds_odd_megabytes);
    tcase_add_test(tcase, accesses_over_the_border_of_a_device_are_bytes);
    tcase_add_test(tcase, writes_mark_frames_and_tell_of_decoded_code);
    tcase_add_test(tcase, conflicts_name_both_sides_and_change_nothing);
    tcase_add_test(tcase, impossible_ranges_are_refused);
    tcase_add_test(tcase, a_detached_region_leaves_its_place_to_others);
    tcase_add_test(tcase, an_alias_window_shows_another_space_at_another_place);
    tcase_add_test(tcase, a_port_window_ends_where_it_ends);
    tcase_add_test(tcase, ports_can_be_reached_through_memory);
    tcase_add_test(tcase, windows_onto_themselves_end);
    tcase_add_test(tcase, windows_between_page_borders_are_refused);
    tcase_add_test(tcase, wide_accesses_over_neighbours_are_bytes);
    tcase_add_test(tcase, blocks_go_to_who_takes_them_and_else_one_by_one);
    tcase_add_test(tcase, the_short_way_to_a_port_is_the_long_one);
    tcase_add_test(tcase, dma_crosses_pages_marks_them_and_tells_of_code);
    tcase_add_test(tcase, dma_into_devices_rom_and_nothing);
    tcase_add_test(tcase, peek_and_poke_touch_memory_only);
    tcase_add_test(tcase, mapping_more_than_there_is_stops_at_the_end);
    suite_add_tcase(suite, tcase);
    return suite;
}

/* PCI: configuration space, base addresses and the chip set's host and ISA bridges. The values of
 * the bridges' registers after reset are those of the data sheets, as `qemu-system-i386 -M pc`
 * shows them too. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "bus/pci.h"
#include "devices/i440fx.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"

struct board {
    struct device_fixture *f;
    struct pci_bus pci;
    struct ram rom;
    struct device *bridge, *isa;
};

static struct board *make(void)
{
    struct board *b = calloc(1, sizeof *b);
    struct error error = {STATUS_OK, ""};
    ck_assert_ptr_nonnull(b);
    b->f = fixture_new();
    b->pci.memory = &b->f->memory;
    b->pci.ports = &b->f->ports;
    b->f->env.pci = &b->pci;
    b->bridge = fixture_add(b->f, &I440FX_TYPE, NULL);
    b->isa = fixture_add(b->f, &PIIX3_TYPE, NULL);
    ck_assert_int_eq(ram_init(&b->rom, "rom", 2, 32, &error), STATUS_OK);
    memset(b->rom.bytes, 0xB1, (size_t)32 * FRAME_BYTES);
    memset(b->f->ram.bytes, 0xDA, (size_t)FIXTURE_RAM_FRAMES * FRAME_BYTES);
    return b;
}

static void destroy(struct board *b)
{
    device_fixture_free(b->f);
    ram_fini(&b->rom);
    free(b);
}

static uint32_t config_in(struct board *b, unsigned devfn, unsigned offset, unsigned size)
{
    space_write(&b->f->ports, 0xCF8, 4, 0x80000000u | devfn << 8 | (offset & 0xFC));
    return (uint32_t)space_read(&b->f->ports, 0xCFC + (offset & 3), size);
}

static void config_out(struct board *b, unsigned devfn, unsigned offset, unsigned size,
                       uint32_t value)
{
    space_write(&b->f->ports, 0xCF8, 4, 0x80000000u | devfn << 8 | (offset & 0xFC));
    space_write(&b->f->ports, 0xCFC + (offset & 3), size, value);
}

START_TEST(bridges_identify_themselves)
{
    struct board *b = make();
    ck_assert_uint_eq(config_in(b, 0, 0x00, 4), 0x12378086);
    ck_assert_uint_eq(config_in(b, 0, 0x08, 4), 0x06000002);
    ck_assert_uint_eq(config_in(b, 0, 0x2C, 4), 0x11001AF4);
    ck_assert_uint_eq(config_in(b, 8, 0x00, 4), 0x70008086);
    ck_assert_uint_eq(config_in(b, 8, 0x08, 4), 0x06010000);
    ck_assert_uint_eq(config_in(b, 8, 0x0E, 1), 0x80);
    ck_assert_uint_eq(config_in(b, 8, 0x60, 4), 0x80808080);
    destroy(b);
}
END_TEST

START_TEST(absent_functions_and_buses_read_all_ones)
{
    struct board *b = make();
    ck_assert_uint_eq(config_in(b, 0x18, 0, 4), 0xFFFFFFFF);
    space_write(&b->f->ports, 0xCF8, 4, 0x80010000);
    ck_assert_uint_eq(space_read(&b->f->ports, 0xCFC, 4), 0xFFFFFFFF);
    space_write(&b->f->ports, 0xCF8, 4, 0x00000000); /* CONE clear */
    ck_assert_uint_eq(space_read(&b->f->ports, 0xCFC, 2), 0xFFFF);
    config_out(b, 0x18, 4, 4, 0xFFFFFFFF);
    destroy(b);
}
END_TEST

START_TEST(identity_can_not_be_written)
{
    struct board *b = make();
    for (unsigned devfn = 0; devfn <= 8; devfn += 8)
        for (unsigned offset = 0; offset < 256; offset += 4)
            config_out(b, devfn, offset, 4, 0xFFFFFFFF);
    ck_assert_uint_eq(config_in(b, 0, 0, 4), 0x12378086);
    ck_assert_uint_eq(config_in(b, 8, 0, 4), 0x70008086);
    ck_assert_uint_eq(config_in(b, 0, 0x10, 4), 0); /* no base addresses */
    fixture_check_state(b->bridge);
    fixture_check_state(b->isa);
    destroy(b);
}
END_TEST

START_TEST(confadd_answers_double_words_only)
{
    struct board *b = make();
    space_write(&b->f->ports, 0xCF8, 4, 0x8000FBFF);
    ck_assert_uint_eq(space_read(&b->f->ports, 0xCF8, 4), 0x8000FBFC);
    space_write(&b->f->ports, 0xCF8, 1, 0x12);
    space_write(&b->f->ports, 0xCFA, 2, 0x1234);
    ck_assert_uint_eq(space_read(&b->f->ports, 0xCF8, 4), 0x8000FBFC);
    ck_assert_uint_eq(space_read(&b->f->ports, 0xCF8, 1), 0xFF);
    destroy(b);
}
END_TEST

START_TEST(port_cf9_resets_when_rcpu_rises)
{
    struct board *b = make();
    fixture_out(b->f, 0xCF9, 0x02);
    ck_assert_uint_eq(b->f->resets, 0);
    fixture_out(b->f, 0xCF9, 0x06);
    ck_assert_uint_eq(b->f->resets, 1);
    fixture_out(b->f, 0xCF9, 0x06);
    ck_assert_uint_eq(b->f->resets, 1);
    ck_assert_uint_eq(fixture_in(b->f, 0xCF9), 0x06);
    destroy(b);
}
END_TEST

/* --- shadow RAM ---------------------------------------------------------------------------------- */

static void give_memory(struct board *b)
{
    struct i440fx_memory memory = {&b->f->ram, 0, FIXTURE_RAM_FRAMES, &b->rom, 0, 0xE0000};
    i440fx_set_memory(b->bridge, &memory);
}

START_TEST(pam_chooses_dram_or_rom_for_each_direction)
{
    struct board *b = make();
    struct space *m = &b->f->memory;
    give_memory(b);
    ck_assert_uint_eq(space_read(m, 0xF1234, 1), 0xB1);
    space_write(m, 0xF1234, 1, 0x55); /* to PCI: lost */
    ck_assert_uint_eq(b->f->ram.bytes[0xF1234], 0xDA);
    config_out(b, 0, 0x59, 1, 0x20); /* write DRAM, read ROM: how a BIOS copies itself */
    space_write(m, 0xF1234, 1, 0x55);
    ck_assert_uint_eq(b->f->ram.bytes[0xF1234], 0x55);
    ck_assert_uint_eq(space_read(m, 0xF1234, 1), 0xB1);
    config_out(b, 0, 0x59, 1, 0x10); /* read DRAM, writes lost */
    ck_assert_uint_eq(space_read(m, 0xF1234, 1), 0x55);
    space_write(m, 0xF1234, 1, 0x66);
    ck_assert_uint_eq(space_read(m, 0xF1234, 1), 0x55);
    config_out(b, 0, 0x59, 1, 0x30);
    space_write(m, 0xF1234, 1, 0x66);
    ck_assert_uint_eq(space_read(m, 0xF1234, 1), 0x66);
    ck_assert_uint_eq(b->rom.bytes[0x11234], 0xB1);
    destroy(b);
}
END_TEST

START_TEST(each_pam_nibble_governs_its_sixteen_kilobytes)
{
    struct board *b = make();
    give_memory(b);
    for (unsigned segment = 0; segment < 12; segment++) {
        uint32_t base = 0xC0000 + segment * 0x4000;
        memset(&b->f->ram.bytes[0xC0000], 0, 0x40000);
        config_out(b, 0, 0x5A + segment / 2, 1, segment & 1 ? 0x20 : 0x02);
        for (uint32_t at = 0xC0000; at < 0x100000; at += 0x1000)
            space_write(&b->f->memory, at, 1, 0x77);
        for (uint32_t at = 0xC0000; at < 0x100000; at += 0x1000)
            ck_assert_uint_eq(b->f->ram.bytes[at],
                              at >= base && at < base + 0x4000 ? 0x77 : 0);
        config_out(b, 0, 0x5A + segment / 2, 1, 0);
    }
    destroy(b);
}
END_TEST

START_TEST(segments_without_rom_float_until_shadowed)
{
    struct board *b = make();
    give_memory(b);
    ck_assert_uint_eq(space_read(&b->f->memory, 0xC0000, 2), 0xFFFF);
    config_out(b, 0, 0x5A, 1, 0x03);
    ck_assert_uint_eq(space_read(&b->f->memory, 0xC0000, 2), 0xDADA);
    destroy(b);
}
END_TEST

/* 82441FX 3.2.23: the DRAM behind video memory, open or by SMIACT#; D_LCK holds until reset. */
START_TEST(smram_is_shown_when_open_or_in_smm)
{
    static const struct { uint8_t smram; bool smiact, is_shown; } ROWS[] = {
        {0x02, false, false}, {0x02, true, false}, {0x42, false, false}, {0x0A, false, false},
        {0x0A, true, true},   {0x4A, false, true}, {0x4A, true, true},   {0x2A, true, false},
    };
    struct board *b = make();
    struct space *m = &b->f->memory;
    space_map_shadow(m, 0xA0000, 0x20, NULL, 0, NULL, 0); /* nobody's, as a video card would have it */
    give_memory(b);
    for (size_t n = 0; n < ARRAY_COUNT(ROWS); n++) {
        config_out(b, 0, 0x72, 1, ROWS[n].smram);
        I440FX_TYPE.input(b->bridge, 0, ROWS[n].smiact);
        ck_assert_uint_eq(space_read(m, 0xA0000, 1), ROWS[n].is_shown ? 0xDA : 0xFF);
        ck_assert_uint_eq(space_read(m, 0xBFFFF, 1), ROWS[n].is_shown ? 0xDA : 0xFF);
        space_write(m, 0xA8000, 1, (uint8_t)n);
        ck_assert((b->f->ram.bytes[0xA8000] == n) == ROWS[n].is_shown);
        b->f->ram.bytes[0xA8000] = 0xDA;
    }
    I440FX_TYPE.input(b->bridge, 0, false);
    config_out(b, 0, 0x72, 1, 0x5A);
    ck_assert_uint_eq(config_in(b, 0, 0x72, 1), 0x1A); /* locking closes it */
    config_out(b, 0, 0x72, 1, 0x4A);
    ck_assert_uint_eq(space_read(m, 0xA0000, 1), 0xFF);
    I440FX_TYPE.input(b->bridge, 0, true);
    ck_assert_uint_eq(space_read(m, 0xA0000, 1), 0xDA);
    fixture_check_state(b->bridge);
    I440FX_TYPE.reset(b->bridge, RESET_HARD);
    ck_assert_uint_eq(space_read(m, 0xA0000, 1), 0xFF);
    config_out(b, 0, 0x72, 1, 0x4A);
    ck_assert_uint_eq(space_read(m, 0xA0000, 1), 0xDA);
    destroy(b);
}
END_TEST

static void count_write(void *self, uint64_t offset, unsigned size, uint64_t value)
{
    (void)offset;
    (void)size;
    (void)value;
    ++*(unsigned *)self;
}

/* A card's window lies in front of it: it answers when SMRAM is closed again, and when a state was loaded. */
START_TEST(video_memory_answers_when_smram_is_closed_and_after_a_load)
{
    static const struct region_ops OPS = {.write = count_write};
    struct board *b = make();
    struct space *m = &b->f->memory;
    struct state_stream saved = {0};
    struct error error = {STATUS_OK, ""};
    unsigned writes = 0;
    struct region window = {.name = "window", .self = &writes, .ops = &OPS, .base = 0xB8000, .length = 0x8000};
    struct region *attached;
    space_unmap_ram(m, 0xA0000, 0x20);
    ck_assert_int_eq(space_attach(m, &window, &attached, &error), STATUS_OK);
    give_memory(b);
    space_write(m, 0xB8000, 2, 0x0720);
    ck_assert_uint_eq(writes, 1);
    config_out(b, 0, 0x72, 1, 0x4A);
    space_write(m, 0xB8000, 2, 0x0720);
    ck_assert_uint_eq(writes, 1);
    config_out(b, 0, 0x72, 1, 0x0A);
    space_write(m, 0xB8000, 2, 0x0720);
    ck_assert_uint_eq(writes, 2);
    device_save(b->bridge, &saved);
    ck_assert_int_eq(device_load(b->bridge, &saved, &error), STATUS_OK);
    space_write(m, 0xB8000, 2, 0x0720);
    ck_assert_uint_eq(writes, 3);
    state_stream_free(&saved);
    space_detach(m, attached);
    destroy(b);
}
END_TEST

START_TEST(reset_and_load_put_the_map_back)
{
    struct board *b = make();
    struct state_stream saved = {0};
    struct error error = {STATUS_OK, ""};
    give_memory(b);
    config_out(b, 0, 0x59, 1, 0x30);
    device_save(b->bridge, &saved);
    I440FX_TYPE.reset(b->bridge, RESET_HARD);
    ck_assert_uint_eq(space_read(&b->f->memory, 0xF0000, 1), 0xB1);
    ck_assert_int_eq(device_load(b->bridge, &saved, &error), STATUS_OK);
    ck_assert_uint_eq(space_read(&b->f->memory, 0xF0000, 1), 0xDA);
    state_stream_free(&saved);
    destroy(b);
}
END_TEST

/* --- base addresses ------------------------------------------------------------------------------ */

/* A function with two ranges of ports and one of memory, and INTA#. */
struct card {
    struct device device;
    struct pci_function function;
};

static uint64_t card_read(void *self, uint64_t offset, unsigned size)
{
    (void)self;
    (void)size;
    return 0xC0 + offset;
}
static void card_write(void *self, uint64_t offset, unsigned size, uint64_t value)
{
    (void)self;
    (void)offset;
    (void)size;
    (void)value;
}
static const struct region_ops CARD_OPS = {.read = card_read, .write = card_write};
static const struct state_field CARD_STATE[] = {
    STATE_STRUCT(struct card, function, PCI_FUNCTION_STATE), STATE_TABLE_END};
static const struct reg CARD_ROWS[] = {REG_ROWS_END};
static const struct reg_bank CARD_BANK = {"card", CARD_ROWS};
static const struct reg_bank *const CARD_BANKS[] = {&CARD_BANK, NULL};
static const struct device_option CARD_OPTIONS[] = {
    {"devfn", "0x18", "place", 0, 255}, DEVICE_OPTIONS_END};

static enum status card_init(struct device *device, const struct device_config *config,
                             struct error *error);
static void card_reset(struct device *device, enum reset_kind kind)
{
    (void)kind;
    pci_function_reset(&((struct card *)device)->function);
}
static void card_fini(struct device *device)
{
    pci_remove(&((struct card *)device)->function);
}
static void card_loaded(struct device *device)
{
    pci_loaded(&((struct card *)device)->function);
}
static const struct device_type CARD_TYPE = {
    .name = "card", .title = "", .datasheet = "", .missing = "", .size = sizeof(struct card),
    .version = 1, .options = CARD_OPTIONS, .banks = CARD_BANKS, .state = CARD_STATE,
    .init = card_init, .reset = card_reset, .fini = card_fini, .loaded = card_loaded};

static enum status card_init(struct device *device, const struct device_config *config,
                             struct error *error)
{
    struct card *c = (struct card *)device;
    struct pci_bar ports = {.size = 32, .is_ports = true, .ops = &CARD_OPS};
    struct pci_bar memory = {.size = 0x2000, .ops = &CARD_OPS};
    pci_function_init(&c->function, device, 0x10EC, 0x8029, 0x020000, 0);
    pci_set_bar(&c->function, 0, &ports);
    pci_set_bar(&c->function, 1, &memory);
    return pci_add(config->env->pci, &c->function,
                   (uint8_t)device_number(&CARD_TYPE, config, "devfn"), 1, error);
}

START_TEST(base_addresses_tell_their_size_and_kind)
{
    struct board *b = make();
    fixture_add(b->f, &CARD_TYPE, NULL);
    config_out(b, 0x18, 4, 2, 3);
    config_out(b, 0x18, 0x10, 4, 0xFFFFFFFF);
    config_out(b, 0x18, 0x14, 4, 0xFFFFFFFF);
    ck_assert_uint_eq(config_in(b, 0x18, 0x10, 4), 0xFFFFFFE1);
    ck_assert_uint_eq(config_in(b, 0x18, 0x14, 4), 0xFFFFE000);
    ck_assert_uint_eq(config_in(b, 0x18, 0x18, 4), 0);
    ck_assert_uint_eq(config_in(b, 0x18, 0x3D, 1), 1);
    destroy(b);
}
END_TEST

START_TEST(ranges_move_with_their_base_and_the_command_register)
{
    struct board *b = make();
    struct device *card = fixture_add(b->f, &CARD_TYPE, NULL);
    struct space *ports = &b->f->ports, *memory = &b->f->memory;
    config_out(b, 0x18, 0x10, 4, 0xC000);
    config_out(b, 0x18, 0x14, 4, 0xE0000000);
    ck_assert_uint_eq(space_read(ports, 0xC001, 1), 0xFF);
    config_out(b, 0x18, 4, 2, 1);
    ck_assert_uint_eq(space_read(ports, 0xC001, 1), 0xC1);
    ck_assert_uint_eq(space_read(memory, 0xE0000002, 1), 0xFF);
    config_out(b, 0x18, 4, 2, 2);
    ck_assert_uint_eq(space_read(ports, 0xC001, 1), 0xFF);
    ck_assert_uint_eq(space_read(memory, 0xE0000002, 1), 0xC2);
    config_out(b, 0x18, 0x15, 1, 0x40); /* one byte of the base: 0xE0004000 */
    ck_assert_uint_eq(space_read(memory, 0xE0000002, 1), 0xFF);
    ck_assert_uint_eq(space_read(memory, 0xE0004002, 1), 0xC2);
    fixture_check_state(card);
    ck_assert_uint_eq(space_read(memory, 0xE0004002, 1), 0xC2);
    CARD_TYPE.reset(card, RESET_HARD);
    ck_assert_uint_eq(space_read(memory, 0xE0004002, 1), 0xFF);
    destroy(b);
}
END_TEST

START_TEST(a_base_over_ram_rom_or_another_device_is_not_decoded)
{
    struct board *b = make();
    struct device_config config = {.name = "second"};
    fixture_add(b->f, &CARD_TYPE, NULL);
    fixture_set(&config, "devfn", "0x20");
    fixture_add(b->f, &CARD_TYPE, &config);
    config_out(b, 0x18, 4, 2, 3);
    config_out(b, 0x20, 4, 2, 3);
    config_out(b, 0x18, 0x14, 4, 0x000F0000); /* RAM */
    ck_assert_uint_eq(space_read(&b->f->memory, 0xF0000, 1), 0xDA);
    config_out(b, 0x18, 0x14, 4, 0xE0000000);
    config_out(b, 0x20, 0x14, 4, 0xE0000000);
    ck_assert_uint_eq(space_read(&b->f->memory, 0xE0000001, 1), 0xC1);
    config_out(b, 0x20, 0x10, 4, 0xCE0); /* over CF8h */
    ck_assert_uint_eq(config_in(b, 0, 0, 4), 0x12378086);
    ck_assert_uint_ge(b->f->guest_errors, 3);
    destroy(b);
}
END_TEST

START_TEST(a_place_on_the_bus_is_taken_once)
{
    struct board *b = make();
    struct device *second = NULL;
    struct error error = {STATUS_OK, ""};
    fixture_add(b->f, &CARD_TYPE, NULL);
    ck_assert_int_eq(fixture_try_add(b->f, &CARD_TYPE, NULL, &second, &error), STATUS_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "device 3 function 0"));
    ck_assert_uint_eq(config_in(b, 0x18, 0, 4), 0x802910EC);
    destroy(b);
}
END_TEST

/* --- interrupt routing --------------------------------------------------------------------------- */

START_TEST(pirq_follows_slot_pin_and_route)
{
    struct board *b = make();
    struct fixture_probe irq10, irq11;
    struct card *card = (struct card *)fixture_add(b->f, &CARD_TYPE, NULL);
    fixture_probe(b->f, b->isa, "irq10", &irq10);
    fixture_probe(b->f, b->isa, "irq11", &irq11);
    irq_line_set(&card->function.intx, true); /* slot 3 pin A: PIRQC */
    ck_assert(!irq10.level);
    config_out(b, 8, 0x62, 1, 10);
    ck_assert(irq10.level);
    config_out(b, 8, 0x62, 1, 11);
    ck_assert(!irq10.level);
    ck_assert(irq11.level);
    config_out(b, 8, 0x62, 1, 0x8B);
    ck_assert(!irq11.level);
    destroy(b);
}
END_TEST

START_TEST(a_shared_line_stays_until_the_last_source_lets_go)
{
    struct board *b = make();
    struct fixture_probe irq11;
    struct device_config config = {.name = "second"};
    struct card *first = (struct card *)fixture_add(b->f, &CARD_TYPE, NULL), *second;
    fixture_set(&config, "devfn", "0x38"); /* slot 7: PIRQC as well */
    second = (struct card *)fixture_add(b->f, &CARD_TYPE, &config);
    fixture_probe(b->f, b->isa, "irq11", &irq11);
    config_out(b, 8, 0x62, 1, 11);
    irq_line_set(&first->function.intx, true);
    irq_line_set(&second->function.intx, true);
    irq_line_set(&first->function.intx, false);
    ck_assert(irq11.level);
    CARD_TYPE.reset(&second->device, RESET_HARD);
    ck_assert(!irq11.level);
    destroy(b);
}
END_TEST

START_TEST(sci_joins_irq_9)
{
    struct board *b = make();
    struct fixture_probe irq9;
    struct card *card = (struct card *)fixture_add(b->f, &CARD_TYPE, NULL);
    fixture_probe(b->f, b->isa, "irq9", &irq9);
    PIIX3_TYPE.input(b->isa, 0, true);
    ck_assert(irq9.level);
    config_out(b, 8, 0x62, 1, 9);
    irq_line_set(&card->function.intx, true);
    PIIX3_TYPE.input(b->isa, 0, false);
    ck_assert(irq9.level);
    irq_line_set(&card->function.intx, false);
    ck_assert(!irq9.level);
    destroy(b);
}
END_TEST

START_TEST(two_boards_do_not_see_each_other)
{
    struct board *a = make(), *b = make();
    config_out(a, 8, 0x60, 1, 5);
    ck_assert_uint_eq(config_in(b, 8, 0x60, 1), 0x80);
    destroy(a);
    destroy(b);
}
END_TEST

START_TEST(configuration_is_described_by_name)
{
    struct board *b = make();
    const char *text = fixture_describe(b->f, b->bridge, 0xCFC, true, 0);
    ck_assert_ptr_nonnull(strstr(text, "CONE is 0"));
    space_write(&b->f->ports, 0xCF8, 4, 0x80000858);
    space_write(&b->f->ports, 0xCF8, 4, 0x80000860);
    text = fixture_describe(b->f, b->bridge, 0xCFC, true, 11);
    ck_assert_ptr_nonnull(strstr(text, "PCI 00:01.0 piix3 PIRQRCA 60h <- 0B"));
    destroy(b);
}
END_TEST

START_TEST(random_accesses_do_no_harm)
{
    struct board *b = make();
    fixture_add(b->f, &CARD_TYPE, NULL);
    give_memory(b);
    fixture_hostile(b->f, 1, 20000);
    fixture_check_state(b->bridge);
    fixture_check_state(b->isa);
    destroy(b);
}
END_TEST

Suite *pci_suite(void);
Suite *pci_suite(void)
{
    Suite *suite = suite_create("pci");
    TCase *tcase = tcase_create("pci");
    tcase_add_test(tcase, bridges_identify_themselves);
    tcase_add_test(tcase, absent_functions_and_buses_read_all_ones);
    tcase_add_test(tcase, identity_can_not_be_written);
    tcase_add_test(tcase, confadd_answers_double_words_only);
    tcase_add_test(tcase, port_cf9_resets_when_rcpu_rises);
    tcase_add_test(tcase, pam_chooses_dram_or_rom_for_each_direction);
    tcase_add_test(tcase, each_pam_nibble_governs_its_sixteen_kilobytes);
    tcase_add_test(tcase, segments_without_rom_float_until_shadowed);
    tcase_add_test(tcase, smram_is_shown_when_open_or_in_smm);
    tcase_add_test(tcase, video_memory_answers_when_smram_is_closed_and_after_a_load);
    tcase_add_test(tcase, reset_and_load_put_the_map_back);
    tcase_add_test(tcase, base_addresses_tell_their_size_and_kind);
    tcase_add_test(tcase, ranges_move_with_their_base_and_the_command_register);
    tcase_add_test(tcase, a_base_over_ram_rom_or_another_device_is_not_decoded);
    tcase_add_test(tcase, a_place_on_the_bus_is_taken_once);
    tcase_add_test(tcase, pirq_follows_slot_pin_and_route);
    tcase_add_test(tcase, a_shared_line_stays_until_the_last_source_lets_go);
    tcase_add_test(tcase, sci_joins_irq_9);
    tcase_add_test(tcase, two_boards_do_not_see_each_other);
    tcase_add_test(tcase, configuration_is_described_by_name);
    tcase_add_test(tcase, random_accesses_do_no_harm);
    suite_add_tcase(suite, tcase);
    return suite;
}

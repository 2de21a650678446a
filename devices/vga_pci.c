/* VGA: the PCI form, 1234:1111, which firmware and operating systems know as the standard VGA.
 *
 * Specification: PCI 2.1; the Bochs VBE display interface; the standard VGA's layout:
 *   BAR 0   linear frame buffer: the video memory as RAM     prefetchable, `vram` MiB
 *   BAR 2   4 KiB: 000 EDID (vga_edid.h), 400 ports 3C0-3DF, 500 DISPI, 600 byte order
 *   ROM     video BIOS, as the board gave it (struct vga_config)
 * plus the fixed ports and the window of the ISA form, and DISPI at 1CE-1D0.
 *
 * MISSING: DDC (a monitor other than the one of vga_edid.h), big-endian frame buffer, gating of the
 * fixed addresses by the command register. Clock and interrupt lines: as vga.c. */
#include "devices/vga.h"

#include <string.h>

#include "bus/pci.h"
#include "devices/types.h"
#include "devices/vga_core.h"

#define ROM_BYTES_MAX (1u << 24)
#define MMIO_BYTES 4096u

struct vga_pci {
    struct vga vga;
    struct pci_function function;
    struct ram rom; /* not saved: the board gives it */
};

static const struct state_field STATE[] = {
    {"vga", STATE_NESTED, 0, offsetof(struct vga_pci, vga), sizeof(struct vga), 1, VGA_STATE, 0},
    STATE_STRUCT(struct vga_pci, function, PCI_FUNCTION_STATE),
    STATE_REBUILT(struct vga_pci, rom),
    STATE_TABLE_END};

static const struct device_option OPTIONS[] = {
    {"vram", "16", "video memory in MiB", 1, 64},
    {"devfn", "16", "place on the PCI bus: slot * 8 + function", 0, 255},
    DEVICE_OPTIONS_END};

/* The ROM's BAR is the next power of two that holds the image. */
static enum status make_rom(struct vga_pci *card, const struct device_config *config,
                            struct error *error)
{
    const struct vga_config *extra = config->extra;
    struct pci_bar bar = {0};
    size_t bytes = FRAME_BYTES;
    enum status status;
    if (!extra || !extra->rom || extra->rom_bytes == 0)
        return STATUS_OK;
    if (extra->rom_bytes > ROM_BYTES_MAX)
        return error_set(error, STATUS_USAGE, "%s: a video BIOS of %zu bytes; fix: one of at most "
                         "16 MiB", config->name, extra->rom_bytes);
    while (bytes < extra->rom_bytes)
        bytes *= 2;
    status = ram_init(&card->rom, "video BIOS", card->vga.vram.id + 1, bytes / FRAME_BYTES, error);
    if (status != STATUS_OK)
        return status;
    memset(card->rom.bytes, 0xFF, bytes);
    memcpy(card->rom.bytes, extra->rom, extra->rom_bytes);
    bar.size = bytes;
    bar.ram = &card->rom;
    pci_set_bar(&card->function, PCI_ROM_INDEX, &bar);
    return STATUS_OK;
}

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    struct vga_pci *card = (struct vga_pci *)device;
    struct pci_bar frame_buffer = {.is_prefetchable = true, .ram = &card->vga.vram};
    struct pci_bar mmio = {.size = MMIO_BYTES, .bank = &VGA_MMIO_BANK};
    enum status status;
    if (!config->env->pci)
        return error_set(error, STATUS_USAGE, "%s: vga-pci on a board without PCI; fix: vga",
                         config->name);
    frame_buffer.size = device_number(&VGA_PCI_TYPE, config, "vram") << 20;
    status = vga_init_common(&card->vga, config, (size_t)frame_buffer.size, true, error);
    if (status != STATUS_OK)
        return status;
    pci_function_init(&card->function, device, 0x1234, 0x1111, 0x030000, 2);
    pci_set_bar(&card->function, 0, &frame_buffer);
    pci_set_bar(&card->function, 2, &mmio);
    status = make_rom(card, config, error);
    if (status != STATUS_OK)
        return status;
    return pci_add(config->env->pci, &card->function,
                   (uint8_t)device_number(&VGA_PCI_TYPE, config, "devfn"), 0, error);
}

static void reset(struct device *device, enum reset_kind kind)
{
    vga_reset_common(device, kind);
    pci_function_reset(&((struct vga_pci *)device)->function);
}

static void fini(struct device *device)
{
    struct vga_pci *card = (struct vga_pci *)device;
    if (card->function.bus)
        pci_remove(&card->function);
    ram_fini(&card->rom);
    vga_fini_common(&card->vga);
}

static void loaded(struct device *device)
{
    vga_loaded_common(device);
    pci_loaded(&((struct vga_pci *)device)->function);
}

static const struct reg_bank *const BANKS[] = {
    &VGA_BANK,      &VGA_COLOUR_BANK, &VGA_MONO_BANK,  &VGA_SEQ_BANK,        &VGA_GFX_BANK,
    &VGA_CRTC_BANK, &VGA_ATTR_BANK,   &VGA_DISPI_BANK, &VGA_DISPI_REGS_BANK, &VGA_MMIO_BANK,
    NULL};

const struct device_type VGA_PCI_TYPE = {
    .name = "vga-pci",
    .title = "VGA on PCI with a linear frame buffer (DISPI)",
    .datasheet = "IBM PS/2 Hardware Interface Technical Reference, Video Subsystems (1992); Bochs "
                 "VBE display interface B0C5; PCI 2.1",
    .missing = "an interrupt pin: the vertical interrupt is seen in Input Status 0 alone\n"
               "overscan: the picture is the active area alone\n"
               "cursor skew, horizontal skew\n"
               "places of blanking and retrace: the picture does not move\n"
               "odd/even page select, Shift Load bits\n"
               "switch sense, feature connector\n"
               "video feedback in Input Status 1, gating by port 3C3\n"
               "big-endian frame buffer, gating of fixed addresses by the command register",
    .size = sizeof(struct vga_pci),
    .version = 2,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .init = init,
    .reset = reset,
    .fini = fini,
    .describe = vga_describe,
    .loaded = loaded,
};

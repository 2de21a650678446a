/* VGA: life cycle, state table and the ISA form.
 *
 * Specification: IBM Personal System/2 Hardware Interface Technical Reference, Video Subsystems
 * (1992), "VGA Function". See vga_core.h for the parts.
 *
 * Ports 3B4-3B5, 3BA, 3C0-3CF, 3D4-3D5, 3DA; memory A0000-BFFFF; with more than 256 KiB of memory
 * also DISPI at 1CE-1D0. Clock: the machine's virtual time (beam position, blinking); one event, while
 * the vertical interrupt is asked for. Interrupt line: the vertical one, IRQ 2 of the bus (IRQ 9). */
#include "devices/vga.h"

#include <string.h>

#include "base/bits.h"
#include "devices/types.h"
#include "devices/vga_core.h"

#define WINDOW_BASE 0xA0000u
#define WINDOW_BYTES 0x20000u
#define MADE_UP_ID 0x80000000u

const struct state_field VGA_STATE[] = {
    STATE_ONE(struct vga, misc),
    STATE_ONE(struct vga, feature),
    STATE_ONE(struct vga, subsystem_enable),
    STATE_ONE(struct vga, seq_index),
    STATE_ONE(struct vga, gfx_index),
    STATE_ONE(struct vga, crtc_index),
    STATE_ONE(struct vga, attr_index),
    STATE_ONE(struct vga, attr_is_data),
    STATE_ARRAY(struct vga, seq),
    STATE_ARRAY(struct vga, gfx),
    STATE_ARRAY(struct vga, crtc),
    STATE_ARRAY(struct vga, attr),
    STATE_ONE(struct vga, dac_mask),
    STATE_ONE(struct vga, dac_read_index),
    STATE_ONE(struct vga, dac_write_index),
    STATE_ONE(struct vga, dac_component),
    STATE_ONE(struct vga, dac_is_reading),
    STATE_ARRAY(struct vga, dac_held),
    STATE_ARRAY(struct vga, dac),
    STATE_ONE(struct vga, latches),
    STATE_ONE(struct vga, dispi_index),
    STATE_ARRAY(struct vga, dispi),
    STATE_ONE(struct vga, is_interrupt_pending),
    STATE_STRUCT(struct vga, irq, IRQ_LINE_STATE),
    STATE_TIMER(struct vga, retrace),
    STATE_BYTES(struct vga, memory, memory_bytes),
    STATE_REBUILT(struct vga, memory_bytes),
    STATE_REBUILT(struct vga, vram),
    STATE_REBUILT(struct vga, has_dispi),
    STATE_REBUILT(struct vga, write_way),
    STATE_REBUILT(struct vga, changes),
    STATE_TABLE_END};

/* The video memory's frames need an identity of their own among the world's (bus/ram.h). */
static uint32_t memory_identity(const struct device_config *config)
{
    const struct vga_config *extra = config->extra;
    uint64_t hash = HASH_START;
    if (extra && extra->ram_id)
        return extra->ram_id;
    hash = hash_bytes(hash, config->env->machine, strlen(config->env->machine) + 1);
    hash = hash_bytes(hash, config->name, strlen(config->name));
    return ((uint32_t)(hash ^ hash >> 32) & ~UINT32_C(1)) | MADE_UP_ID;
}

static enum status attach_all(struct vga *vga, struct error *error)
{
    static const struct reg WINDOW_ROWS[] = {REG_ROWS_END};
    static const struct reg_bank WINDOW_BANK = {"video memory", WINDOW_ROWS};
    const struct {
        bool is_memory;
        const struct reg_bank *bank;
        uint32_t base, length;
    } regions[] = {{false, &VGA_MONO_BANK, 0x3B0, 12},
                   {false, &VGA_BANK, 0x3C0, 16},
                   {false, &VGA_COLOUR_BANK, 0x3D0, 16},
                   {true, &WINDOW_BANK, WINDOW_BASE, WINDOW_BYTES},
                   {false, &VGA_DISPI_BANK, 0x1CE, 3}};
    const struct device_env *env = vga->device.env;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < ARRAY_COUNT(regions) && status == STATUS_OK; i++)
        if (regions[i].bank != &VGA_DISPI_BANK || vga->has_dispi)
            status = device_attach(&vga->device, regions[i].is_memory ? env->memory : env->ports,
                                   regions[i].bank,
                                   regions[i].is_memory ? &VGA_WINDOW_OPS : NULL, regions[i].base,
                                   regions[i].length, error);
    return status;
}

enum status vga_init_common(struct vga *vga, const struct device_config *config, size_t memory_bytes,
                            bool has_dispi, struct error *error)
{
    enum status status;
    vga_interrupt_init(vga);
    if (memory_bytes & (memory_bytes - 1))
        return error_set(error, STATUS_USAGE, "%s: vram=%zu KiB is not a power of two; fix: 256, "
                         "512, 1024 ...", config->name, memory_bytes / 1024);
    status = ram_init(&vga->vram, "video memory", memory_identity(config),
                      memory_bytes / FRAME_BYTES, error);
    if (status != STATUS_OK)
        return status;
    vga->memory = vga->vram.bytes;
    vga->memory_bytes = memory_bytes;
    vga->has_dispi = has_dispi;
    status = attach_all(vga, error);
    if (status == STATUS_OK && config->screen) {
        struct display_screen *screen = config->screen;
        screen->name = config->env->machine;
        screen->size = vga_size;
        screen->draw = vga_draw;
        screen->draw_lines = vga_draw_lines;
        screen->blinking = vga_blinking;
        screen->content = vga_content;
        screen->text = vga_text;
        screen->generation = vga_generation;
        screen->self = vga;
    }
    return status;
}

/* Registers to zero, but for the few that read otherwise; RESET# leaves the memory as it is. */
void vga_reset_common(struct device *device, enum reset_kind kind)
{
    struct vga *vga = (struct vga *)device;
    vga->misc = vga->feature = 0;
    vga->subsystem_enable = 1;
    vga->seq_index = vga->gfx_index = vga->crtc_index = vga->attr_index = 0;
    vga->attr_is_data = false;
    memset(vga->seq, 0, sizeof vga->seq);
    memset(vga->gfx, 0, sizeof vga->gfx);
    memset(vga->crtc, 0, sizeof vga->crtc);
    memset(vga->attr, 0, sizeof vga->attr);
    vga->dac_mask = 0xFF;
    vga->dac_read_index = vga->dac_write_index = vga->dac_component = 0;
    vga->dac_is_reading = false;
    memset(vga->dac_held, 0, sizeof vga->dac_held);
    memset(vga->dac, 0, sizeof vga->dac);
    vga->latches = 0;
    vga->changes = vga_generation(vga) + 1;
    vga_dispi_reset(vga);
    if (kind == RESET_POWER_ON) {
        ram_clear(&vga->vram);
        vga->changes++;
    }
    vga_registers_changed(vga);
    vga_interrupt_changed(vga);
}

void vga_fini_common(struct vga *vga)
{
    event_fini(&vga->retrace);
    ram_fini(&vga->vram);
}

/* After loading: indices that a damaged snapshot could hold are brought into range. */
void vga_loaded_common(struct device *device)
{
    struct vga *vga = (struct vga *)device;
    vga->dac_component %= 3;
    vga_registers_changed(vga);
    for (size_t frame = 0; frame < vga->vram.frames; frame++)
        ram_written(&vga->vram, frame, 0, FRAME_BYTES);
}

/* --- the ISA form --------------------------------------------------------------------------------- */

static const struct device_option OPTIONS[] = {
    {"vram", "256", "video memory in KiB; more than 256 adds the DISPI registers", 256, 16384},
    DEVICE_OPTIONS_END};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    size_t kib = (size_t)device_number(&VGA_TYPE, config, "vram");
    return vga_init_common((struct vga *)device, config, kib * 1024, kib > 256, error);
}

static void fini(struct device *device)
{
    vga_fini_common((struct vga *)device);
}

static const struct device_pin PINS[] = {{"irq", offsetof(struct vga, irq)}, {NULL, 0}};

static const struct reg_bank *const BANKS[] = {&VGA_BANK,      &VGA_COLOUR_BANK, &VGA_MONO_BANK,
                                               &VGA_SEQ_BANK,  &VGA_GFX_BANK,    &VGA_CRTC_BANK,
                                               &VGA_ATTR_BANK, NULL};

const struct device_type VGA_TYPE = {
    .name = "vga",
    .title = "VGA on the ISA bus",
    .datasheet = "IBM PS/2 Hardware Interface Technical Reference, Video Subsystems (1992)",
    .missing = "overscan: the picture is the active area alone\n"
               "cursor skew, horizontal skew\n"
               "places of blanking and retrace: the picture does not move\n"
               "odd/even page select, Shift Load bits\n"
               "switch sense, feature connector\n"
               "video feedback in Input Status 1, gating by port 3C3",
    .size = sizeof(struct vga),
    .version = 2,
    .options = OPTIONS,
    .banks = BANKS,
    .state = VGA_STATE,
    .pins = PINS,
    .init = init,
    .reset = vga_reset_common,
    .fini = fini,
    .describe = vga_describe,
    .loaded = vga_loaded_common,
};

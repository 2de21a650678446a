#include "frontends/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backends/char_stream.h"
#include "backends/file.h"
#include "backends/large_pages.h"
#include "base/bits.h"
#include "base/words.h"
#include "config.h"
#include "debugger/symbols.h"
#include "debugger/trace.h"
#include "frontends/debugging.h"
#include "frontends/frontend.h"
#include "frontends/screenshot.h"
#include "frontends/signals.h"
#include "frontends/sound.h"

#define ROM_BYTES_MAX ((size_t)16 << 20)
#define INPUT_CHUNK 256

/* The boot firmware that is part of the program (roms/firmware). */
extern const unsigned char firmware_image[];
extern const unsigned int firmware_image_bytes;

int session_fail(const struct error *error)
{
    fprintf(stderr, "vitrine: error: %s\n", error->text);
    return (int)error->status;
}

/* --- opening -------------------------------------------------------------------------------------------- */

static enum status open_clock(struct session *session, struct error *error)
{
    const char *text = session->options->rtc;
    if (!text)
        session->rtc_seconds = (uint64_t)time(NULL);
    else if (!words_number(text, &session->rtc_seconds) ||
             session->rtc_seconds > UINT64_C(253402300799))
        return error_set(error, STATUS_USAGE, "--rtc %s is not a number of seconds since 1970; fix: --rtc "
                         "$(date +%%s), say", text);
    return STATUS_OK;
}

static bool wants_stdio(const struct run_options *o)
{
    for (size_t i = 0; i < o->serials.count; i++)
        if (strcmp(o->serials.items[i], "stdio") == 0)
            return true;
    return false;
}

/* The kind of display: a word of --display, or what fits. */
static enum status choose_display(struct session *session, const char **kind, struct error *error)
{
    static const char *const KINDS[] = {"sdl", "terminal", "none"};
    const char *asked = session->options->display;
    bool is_known = asked == NULL;
    for (size_t i = 0; asked && i < ARRAY_COUNT(KINDS); i++)
        is_known = is_known || strcmp(asked, KINDS[i]) == 0;
    if (!is_known)
        return error_set(error, STATUS_USAGE, "--display %s; fix: sdl, terminal or none", asked);
    if (asked && session->options->wants_prompt && strcmp(asked, "terminal") == 0)
        return error_set(error, STATUS_USAGE, "--display terminal: the prompt is there; fix: sdl or none");
    *kind = asked;
    if (!asked && frontend_sdl_is_available())
        *kind = "sdl";
    else if (!asked && frontend_terminal_is_available() && !wants_stdio(session->options) &&
             !session->options->wants_prompt)
        *kind = "terminal";
    else if (!asked)
        *kind = "none";
    return STATUS_OK;
}

/* A window or a terminal wants real time, unless something else was asked for. */
static void choose_pace(struct session *session)
{
    const struct run_options *o = session->options;
    session->world.is_paced =
        o->is_realtime || (!o->is_max_speed && strcmp(session->display_kind, "none") != 0);
}

enum status session_open(struct session *session, const struct run_options *options,
                         uint64_t clock_hz, struct error *error)
{
    struct world_options world = {.hz = options->clock_hz ? options->clock_hz : clock_hz,
                                  .max_instructions = options->max_instructions,
                                  .timeout_seconds = options->timeout_seconds,
                                  .ram_made = prefer_large_pages,
                                  .log_level = options->is_verbose ? LOG_DEBUG : LOG_WARNING};
    enum status status;
    memset(session, 0, sizeof *session);
    session->options = options;
    if ((status = open_clock(session, error)) != STATUS_OK)
        return status;
    status = world_init(&session->world, &world, error);
    session->has_world = true;
    network_init(&session->network, &session->world, session->rtc_seconds);
    input_log_init(&session->inputs, &session->world);
    if (options->first_run) {
        session->player.log = &options->first_run->inputs;
        session->network.player = &session->player;
    }
    if (status != STATUS_OK ||
        (status = choose_display(session, &session->display_kind, error)) != STATUS_OK)
        return status;
    choose_pace(session);
    if (strcmp(session->display_kind, "terminal") == 0)
        status = frontend_terminal_open(&session->frontend, "Vitrine", error);
    return status;
}

#define ROOM_WAIT_NS 100000000L

/* No room for what a guest writes: the run stands still until there is some, windows stay alive, and
 * signals and --timeout still end it. */
static bool wait_for_room(void *self)
{
    struct session *session = self;
    struct timespec nap = {0, ROOM_WAIT_NS};
    nanosleep(&nap, NULL);
    world_look_up(&session->world);
    return !session->world.is_over;
}

struct block_image_options session_image_options(struct session *session)
{
    return (struct block_image_options){.image = {.has_overlay = session->options->overlay,
                                                  .set = &session->images,
                                                  .log = &session->world.log},
                                        .keeps_start = !session->options->first_run,
                                        .wait = wait_for_room,
                                        .wait_self = session};
}

enum status session_image(struct session *session, const char *path,
                          struct block_image_options *options, struct block **block,
                          struct error *error)
{
    const struct session *first = session->options->first_run;
    enum status status;
    options->again = first ? first->disks[session->disk_count] : NULL;
    status = block_image_open(block, path, options, error);
    if (status == STATUS_OK)
        session->disks[session->disk_count++] = *block;
    return status;
}

static enum status disk_word(const char *word, struct block_image_options *options,
                             struct session_disk_model *model, struct error *error)
{
    if (strncmp(word, "geometry=", 9) == 0) {
        if (!block_geometry_parse(word + 9, &options->geometry))
            return error_set(error, STATUS_USAGE, "--disk: %s; fix: geometry=C/H/S with C to 65535, H to "
                             "16, S to 63", word);
    } else if (strcmp(word, "ro") == 0) {
        options->image.is_read_only = true;
    } else if (strcmp(word, "overlay") == 0) {
        options->image.has_overlay = true;
    } else if (strncmp(word, "format=", 7) == 0) {
        if (!image_format_parse(word + 7, &options->image.format))
            return error_set(error, STATUS_USAGE, "--disk: %s; fix: format=raw, format=qcow2 or format=gz",
                             word);
    } else if (strcmp(word, "backing=any") == 0) {
        options->image.allows_any_backing = true;
    } else if (strcmp(word, "mechanics=realistic") == 0) {
        model->has_mechanics = true;
    } else if (strcmp(word, "model=virtio-blk") == 0 || strcmp(word, "model=ata") == 0) {
        model->is_virtio = strcmp(word, "model=virtio-blk") == 0;
    } else if (strncmp(word, "model=", 6) == 0) {
        return error_set(error, STATUS_USAGE, "--disk: %s; fix: model=ata or model=virtio-blk", word);
    } else if (strncmp(word, "transport=", 10) == 0 && strlen(word) < sizeof model->settings) {
        strcpy(model->settings, word);
    } else if (strncmp(word, "mechanics=", 10) == 0) {
        if (strcmp(word + 10, "immediate") != 0)
            return error_set(error, STATUS_USAGE, "--disk: %s; fix: mechanics=realistic or "
                             "mechanics=immediate", word);
    } else {
        return error_set(error, STATUS_USAGE, "--disk: unknown option '%s'; fix: format=F, geometry=C/H/S, "
                         "ro, overlay, backing=any, mechanics=M, model=M or transport=T", word);
    }
    return STATUS_OK;
}

/* Options that need another one. */
static enum status check_model(const struct session_disk_model *model, struct error *error)
{
    if (model->is_virtio && model->has_mechanics)
        return error_set(error, STATUS_USAGE, "--disk: a virtio-blk disk has no arm; fix: leave "
                         "mechanics=realistic out, or model=ata");
    if (!model->is_virtio && model->settings[0])
        return error_set(error, STATUS_USAGE, "--disk: %s goes with model=virtio-blk; fix: add it",
                         model->settings);
    return STATUS_OK;
}

enum status session_disk(struct session *session, const char *spec, struct block **block,
                         struct session_disk_model *model, struct error *error)
{
    struct block_image_options options = session_image_options(session);
    char words[4096], *word;
    enum status status;
    *block = NULL;
    memset(model, 0, sizeof *model);
    if (session->disk_count == SESSION_DISKS || strlen(spec) >= sizeof words)
        return error_set(error, STATUS_USAGE, "--disk: too many disks, or a path that is too long; fix: fewer "
                         "than %d, a shorter one", SESSION_DISKS);
    strcpy(words, spec);
    word = strchr(words, ',');
    while (word) {
        char *next;
        *word++ = '\0';
        next = strchr(word, ',');
        if (next)
            *next = '\0';
        if ((status = disk_word(word, &options, model, error)) != STATUS_OK)
            return status;
        if (next)
            *next = ',';
        word = next;
    }
    if ((status = check_model(model, error)) != STATUS_OK)
        return status;
    return session_image(session, words, &options, block, error);
}

enum status session_disc(struct session *session, const char *path, struct block **block,
                         struct error *error)
{
    struct block_image_options options = {.image = {.is_read_only = true,
                                                    .set = &session->images,
                                                    .log = &session->world.log}};
    *block = NULL;
    if (session->disk_count == SESSION_DISKS)
        return error_set(error, STATUS_USAGE, "--cdrom: too many images; fix: fewer than %d", SESSION_DISKS);
    return session_image(session, path, &options, block, error);
}

/* A port that is shown in the terminal where the display is; in a second run one like it. */
static bool shares_terminal(const struct session *session, const char *spec)
{
    const struct session *first = session->options->first_run;
    return strcmp(spec, "stdio") == 0 && !session->terminal_serial &&
           (first ? first->terminal_serial != NULL : session->frontend != NULL);
}

static enum status share_terminal(struct session *session, const char *spec,
                                  struct chardev **chardev, struct error *error)
{
    enum status status = STATUS_OK;
    if (session->options->first_run)
        status = char_stream_silent(&session->terminal_serial, spec, error);
    else
        session->terminal_serial = frontend_terminal_serial(session->frontend);
    *chardev = session->terminal_serial;
    return status;
}

enum status session_chardev(struct session *session, const char *spec, struct chardev **chardev,
                            struct error *error)
{
    enum status status;
    *chardev = NULL;
    if (strcmp(spec, "null") == 0)
        return STATUS_OK;
    if (strcmp(spec, "stdio") == 0 && session->options->wants_prompt)
        return error_set(error, STATUS_USAGE, "stdio is the debugger's prompt; fix: file:PATH, pty or unix:");
    if (shares_terminal(session, spec))
        return share_terminal(session, spec, chardev, error);
    if (session->chardev_count == SESSION_CHARDEVS)
        return error_set(error, STATUS_USAGE, "more than %d byte streams; fix: null for some", SESSION_CHARDEVS);
    for (size_t i = 0; strcmp(spec, "stdio") == 0 && i < session->chardev_count; i++)
        if (char_stream_is_stdio(session->chardevs[i]))
            return error_set(error, STATUS_USAGE, "two ports want stdio; fix: file:, pty or unix: for "
                             "one of them");
    status = session->options->first_run ? char_stream_silent(chardev, spec, error)
                                         : char_stream_open(chardev, spec, error);
    if (status == STATUS_OK)
        session->chardevs[session->chardev_count++] = *chardev;
    return status;
}

static enum status read_rom(const char *path, uint8_t **bytes, size_t *count, struct error *error)
{
    enum status status = file_read(path, ROM_BYTES_MAX, bytes, count, error);
    if (status == STATUS_OK && (*count < 65536 || *count % 4096 != 0))
        return error_set(error, STATUS_FILE, "%s: %zu bytes; fix: a ROM image of 64 KiB to 16 MiB in "
                         "whole pages", path, *count);
    return status;
}

enum status session_firmware(struct session *session, struct machine_blob *bios,
                             struct machine_blob *vga_bios, struct error *error)
{
    const char *path = session->options->bios;
    enum status status = STATUS_OK;
    const struct board *board = session->options->board ? board_find(session->options->board) : NULL;
    bool has_no_pci = board && !board->has_pci;
    bool is_embedded = path ? strcmp(path, "embedded") == 0
                            : has_no_pci || access(VITRINE_BIOS_PATH, R_OK) != 0;
    memset(vga_bios, 0, sizeof *vga_bios);
    if (is_embedded) {
        bios->bytes = firmware_image;
        bios->count = firmware_image_bytes;
        return STATUS_OK;
    }
    status = read_rom(path ? path : VITRINE_BIOS_PATH, &session->bios, &session->bios_bytes, error);
    if (status == STATUS_OK && access(VITRINE_VGABIOS_PATH, R_OK) == 0)
        status = file_read(VITRINE_VGABIOS_PATH, ROM_BYTES_MAX, &session->vga_bios,
                           &session->vga_bios_bytes, error);
    bios->bytes = session->bios;
    bios->count = session->bios_bytes;
    vga_bios->bytes = session->vga_bios;
    vga_bios->count = session->vga_bios_bytes;
    return status;
}

/* --- the recorded door ---------------------------------------------------------------------------------- */

static void deliver_record(void *self, const uint8_t *bytes, size_t count)
{
    struct session *session = self;
    struct input_record record;
    if (!input_record_unpack(&record, bytes, count))
        return;
    if (record.kind == INPUT_SERIAL && session->terminal_serial) {
        struct chardev *c = session->terminal_serial;
        if (c->room && c->room(c->device))
            c->receive(c->device, &record.character, 1);
        return;
    }
    input_record_apply(&record, session->machine->keyboard, session->machine->mouse);
}

static void take_record(void *self, const struct input_record *record)
{
    struct session *session = self;
    uint8_t bytes[INPUT_RECORD_BYTES];
    if (record->kind == INPUT_QUIT) {
        world_stop(&session->world, STATUS_OK);
        return;
    }
    input_record_pack(record, bytes);
    world_input(&session->world, &session->input_channel, bytes, sizeof bytes);
}

static void deliver_serial(void *self, const uint8_t *bytes, size_t count)
{
    struct chardev *chardev = self;
    chardev->receive(chardev->device, bytes, count);
}

static void deliver_modem(void *self, const uint8_t *bytes, size_t count)
{
    struct chardev *chardev = self;
    if (count == 1 && chardev->modem)
        chardev->modem(chardev->device, bytes[0]);
}

/* Ctrl-A x on a serial console's terminal ends the run; Ctrl-A Ctrl-A is one Ctrl-A. */
static size_t take_leave_keys(struct session *session, uint8_t *bytes, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_prefix = bytes[i] == 0x01;
        if (!session->has_leave_key && is_prefix) {
            session->has_leave_key = true;
            continue;
        }
        if (session->has_leave_key && (bytes[i] == 'x' || bytes[i] == 'X'))
            world_stop(&session->world, STATUS_OK);
        else
            bytes[kept++] = bytes[i];
        session->has_leave_key = false;
    }
    return kept;
}

static void replay(struct session *session, const struct world_channel *channel)
{
    uint8_t bytes[INPUT_LOG_RECORD_MAX];
    size_t count;
    while (input_player_take(&session->player, &session->world, channel, bytes, &count))
        world_input(&session->world, channel, bytes, count);
}

/* In the order of poll_outside(). */
static void replay_outside(void *self)
{
    struct session *session = self;
    replay(session, &session->input_channel);
    for (size_t i = 0; i < session->chardev_count; i++) {
        replay(session, &session->modem_channels[i]);
        replay(session, &session->serial_channels[i]);
    }
    network_poll(&session->network);
}

static void poll_outside(void *self)
{
    struct session *session = self;
    const struct input_sink sink = {take_record, session};
    uint8_t bytes[INPUT_CHUNK];
    if (session->frontend)
        session->frontend->poll(session->frontend, &sink);
    for (size_t i = 0; i < session->chardev_count; i++) {
        struct chardev *chardev = session->chardevs[i];
        uint8_t lines;
        size_t count = char_stream_take(chardev, bytes, sizeof bytes);
        if (char_stream_modem(chardev, &lines))
            world_input(&session->world, &session->modem_channels[i], &lines, 1);
        if (count && char_stream_is_terminal(chardev))
            count = take_leave_keys(session, bytes, count);
        if (count)
            world_input(&session->world, &session->serial_channels[i], bytes, count);
    }
    network_poll(&session->network);
    sound_poll(session->sound);
}

static void wait_outside(void *self, uint64_t ns)
{
    struct session *session = self;
    if (!session->options->is_max_speed)
        network_idle(&session->network, ns);
}

static void show_frame(void *self)
{
    struct session *session = self;
    if (session->frontend && session->screen)
        session->frontend->present(session->frontend, session->screen);
}

/* The debugger holds the world: the window stays alive, nothing goes in. */
static void drop_record(void *self, const struct input_record *record)
{
    struct session *session = self;
    if (record->kind == INPUT_QUIT)
        world_stop(&session->world, STATUS_OK);
}

static void stand_by(void *self)
{
    struct session *session = self;
    const struct input_sink sink = {drop_record, session};
    if (session->frontend)
        session->frontend->poll(session->frontend, &sink);
    show_frame(session);
}

static void say_way_out(const struct session *session)
{
    if (session->frontend && strcmp(session->frontend->kind, "terminal") != 0)
        fprintf(stderr, "vitrine: %s\n", session->frontend->leave);
    for (size_t i = 0; i < session->chardev_count; i++)
        if (char_stream_is_terminal(session->chardevs[i]))
            fprintf(stderr, "vitrine: Ctrl-A x ends the run\r\n");
}

static enum status open_trace(struct session *session, struct error *error)
{
    const struct run_options *o = session->options;
    const struct trace_settings settings = {.filter = o->trace,
                                            .path = o->trace_out,
                                            .format = o->trace_format,
                                            .folds_polls = o->folds_polls,
                                            .symbols = session->symbols,
                                            .process = o->process,
                                            .start_seconds = session->rtc_seconds};
    return trace_open(&session->trace, &session->world, &settings, error);
}

static void add_channels(struct session *session)
{
    session->input_channel.name = "keyboard and mouse";
    session->input_channel.deliver = deliver_record;
    session->input_channel.self = session;
    world_add_channel(&session->world, &session->input_channel);
    for (size_t i = 0; i < session->chardev_count; i++) {
        session->serial_channels[i].name = session->chardevs[i]->name;
        session->serial_channels[i].deliver = deliver_serial;
        session->serial_channels[i].self = session->chardevs[i];
        world_add_channel(&session->world, &session->serial_channels[i]);
        session->modem_channels[i].name = session->chardevs[i]->name;
        session->modem_channels[i].deliver = deliver_modem;
        session->modem_channels[i].self = session->chardevs[i];
        world_add_channel(&session->world, &session->modem_channels[i]);
    }
}

void session_replay(struct session *session, struct machine *machine)
{
    session->machine = machine;
    add_channels(session);
    session->watcher = (struct world_watcher){.poll = replay_outside, .self = session};
    world_add_watcher(&session->world, &session->watcher);
}

enum status session_show(struct session *session, struct machine *machine, struct error *error)
{
    enum status status = STATUS_OK;
    session->machine = machine;
    if (!session->screen)
        session->screen = machine->screen;
    if (!session->debugged)
        session->debugged = machine;
    if (session->options->is_stopped && !session->options->gdb && !session->options->wants_prompt)
        return error_set(error, STATUS_USAGE, "--stopped goes with --gdb; fix: add --gdb PORT");
    status = debugging_open(session, error);
    if (status == STATUS_OK && strcmp(session->display_kind, "sdl") == 0)
        status = frontend_sdl_open(&session->frontend, machine->name, error);
    if (status == STATUS_OK && session->options->trace)
        status = open_trace(session, error);
    else if (status == STATUS_OK && (session->options->trace_out || session->options->trace_format ||
                                     session->options->process))
        status = error_set(error, STATUS_USAGE, "--%s goes with --trace; fix: add --trace io",
                           session->options->process     ? "process"
                           : session->options->trace_out ? "trace-out"
                                                         : "trace-format");
    if (status != STATUS_OK)
        return status;
    add_channels(session);
    session->watcher.poll = poll_outside;
    session->watcher.frame = show_frame;
    session->watcher.idle = wait_outside;
    session->watcher.held = stand_by;
    session->watcher.self = session;
    world_add_watcher(&session->world, &session->watcher);
    say_way_out(session);
    return STATUS_OK;
}

/* --- running and ending ------------------------------------------------------------------------------------ */

static enum status write_screenshot(struct session *session, struct error *error)
{
    const struct display_screen *screen = session->machine->screen;
    struct display_picture picture = {0};
    enum status status;
    if (!screen)
        return error_set(error, STATUS_USAGE, "--screenshot: this machine has no screen; fix: leave it out");
    picture.capacity = (size_t)DISPLAY_WIDTH_MAX * DISPLAY_HEIGHT_MAX;
    picture.pixels = calloc(picture.capacity, sizeof *picture.pixels);
    if (!picture.pixels)
        return error_set(error, STATUS_INTERNAL, "out of memory for the screenshot");
    screen->draw(screen->self, &picture);
    status = screenshot_write(session->options->screenshot, &picture, error);
    free(picture.pixels);
    return status;
}

int session_run(struct session *session, struct error *error)
{
    int exit_status;
    session->signals = signals_start(&session->world);
    exit_status = debugging_run(session, error);
    signals_stop(session->signals);
    session->signals = NULL;
    if (session->options->screenshot && write_screenshot(session, error) != STATUS_OK)
        exit_status = (int)error->status;
    trace_close(session->trace);
    session->trace = NULL;
    if (session->options->is_verbose)
        network_report(&session->network);
    return exit_status;
}

void session_end_display(struct session *session)
{
    if (session->frontend)
        session->frontend->close(session->frontend);
    session->frontend = NULL;
}

void session_close(struct session *session)
{
    trace_close(session->trace);
    session_end_display(session);
    for (size_t i = 0; i < session->chardev_count; i++)
        session->chardevs[i]->close(session->chardevs[i]);
    for (size_t i = 0; i < session->disk_count; i++)
        session->disks[i]->ops->close(session->disks[i]);
    if (session->options && session->options->first_run && session->terminal_serial)
        session->terminal_serial->close(session->terminal_serial);
    network_close(&session->network);
    input_log_fini(&session->inputs);
    free(session->bios);
    free(session->vga_bios);
    symbols_free(session->symbols);
    if (session->has_world)
        world_fini(&session->world);
}

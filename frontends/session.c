#include "frontends/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backends/char_stream.h"
#include "backends/file.h"
#include "base/bits.h"
#include "base/words.h"
#include "config.h"
#include "debugger/trace.h"
#include "frontends/frontend.h"
#include "frontends/screenshot.h"
#include "frontends/signals.h"

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
        return error_set(error, STATUS_USAGE, "--rtc %s is not a number of seconds since 1970", text);
    return STATUS_OK;
}

enum status session_open(struct session *session, const struct run_options *options,
                         uint64_t clock_hz, struct error *error)
{
    struct world_options world = {.hz = options->clock_hz ? options->clock_hz : clock_hz,
                                  .max_instructions = options->max_instructions,
                                  .timeout_seconds = options->timeout_seconds,
                                  .log_level = options->is_verbose ? LOG_DEBUG : LOG_WARNING};
    enum status status;
    memset(session, 0, sizeof *session);
    session->options = options;
    if ((status = open_clock(session, error)) != STATUS_OK)
        return status;
    status = world_init(&session->world, &world, error);
    session->has_world = status == STATUS_OK;
    return status;
}

static bool parse_geometry(const char *text, struct block_geometry *g)
{
    unsigned c, h, s;
    int used = 0;
    if (sscanf(text, "%u/%u/%u%n", &c, &h, &s, &used) != 3 || text[used] != '\0' || c < 1 ||
        c > 65535 || h < 1 || h > 16 || s < 1 || s > 63)
        return false;
    g->cylinders = c;
    g->heads = (uint16_t)h;
    g->sectors = (uint16_t)s;
    g->total = (uint64_t)c * h * s;
    return true;
}

static enum status disk_word(const char *word, struct block_raw_options *raw, struct error *error)
{
    if (strncmp(word, "geometry=", 9) == 0) {
        if (!parse_geometry(word + 9, &raw->geometry))
            return error_set(error, STATUS_USAGE, "--disk: %s; fix: geometry=C/H/S with C to 65535, H to "
                             "16, S to 63", word);
    } else if (strcmp(word, "ro") == 0) {
        raw->is_read_only = true;
    } else if (strcmp(word, "overlay") == 0) {
        raw->has_overlay = true;
    } else {
        return error_set(error, STATUS_USAGE, "--disk: unknown option '%s'; fix: geometry=C/H/S, ro or "
                         "overlay", word);
    }
    return STATUS_OK;
}

enum status session_disk(struct session *session, const char *spec, struct block **block,
                         struct error *error)
{
    struct block_raw_options raw = {.has_overlay = session->options->overlay};
    char words[4096], *word;
    enum status status;
    *block = NULL;
    if (session->disk_count == SESSION_DISKS || strlen(spec) >= sizeof words)
        return error_set(error, STATUS_USAGE, "--disk: too many disks, or a path that is too long");
    strcpy(words, spec);
    word = strchr(words, ',');
    while (word) {
        char *next;
        *word++ = '\0';
        next = strchr(word, ',');
        if (next)
            *next = '\0';
        if ((status = disk_word(word, &raw, error)) != STATUS_OK)
            return status;
        if (next)
            *next = ',';
        word = next;
    }
    status = block_raw_open(block, words, &raw, &session->images, error);
    if (status == STATUS_OK)
        session->disks[session->disk_count++] = *block;
    return status;
}

enum status session_chardev(struct session *session, const char *spec, struct chardev **chardev,
                            struct error *error)
{
    enum status status;
    *chardev = NULL;
    if (strcmp(spec, "null") == 0)
        return STATUS_OK;
    if (session->chardev_count == SESSION_CHARDEVS)
        return error_set(error, STATUS_USAGE, "more than %d byte streams", SESSION_CHARDEVS);
    for (size_t i = 0; strcmp(spec, "stdio") == 0 && i < session->chardev_count; i++)
        if (char_stream_is_stdio(session->chardevs[i]))
            return error_set(error, STATUS_USAGE, "two ports want stdio; fix: file:, pty or unix: for "
                             "one of them");
    status = char_stream_open(chardev, spec, error);
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
    bool is_embedded = path ? strcmp(path, "embedded") == 0 : access(VITRINE_BIOS_PATH, R_OK) != 0;
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

/* From the speaker's state to samples, in virtual time.
 *
 * Sample n is the speaker's level at n/48000 s of the machine's clock: OUT2 of the timer where bit 1 of
 * port 61h lets it through, else silence. Nothing is scheduled for that: both chips tell before they change,
 * and what has sounded since the last time is computed from the state that is about to go. So a run is the
 * same with and without sound. WAV: Microsoft/IBM, Multimedia Programming Interface 1.0, "RIFF WAVE". */
#include "frontends/sound.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "devices/i8254.h"
#include "devices/speaker.h"
#include "machine/machine.h"

#define RATE 48000u
#define LOUDNESS 6000
#define SAMPLES 4096u
#define HEADER_BYTES 44u
#define TIMER_NUMERATOR UINT64_C(105000000) /* the 8254's clock in Hz, over 88 */
#define TIMER_DENOMINATOR UINT64_C(88)

struct sound {
    struct machine *machine;
    struct device *speaker, *timer;
    struct sound_tap tap;
    uint64_t next; /* number of the sample that comes next */
    FILE *file;
    uint64_t written; /* bytes of samples in the file */
    unsigned sdl;     /* 0: none */
    short samples[SAMPLES];
    unsigned count;
};

static void hand_on(struct sound *sound)
{
    uint8_t bytes[2 * SAMPLES];
    for (unsigned i = 0; i < sound->count; i++)
        store_le16(bytes + 2 * i, (uint16_t)sound->samples[i]);
    if (sound->file)
        sound->written += 2 * fwrite(bytes, 2, sound->count, sound->file);
    if (sound->sdl)
        sound_sdl_play(sound->sdl, sound->samples, sound->count);
    sound->count = 0;
}

static short level_at(const struct sound *sound, uint64_t sample)
{
    uint64_t tick = muldiv_floor(sample, TIMER_NUMERATOR, TIMER_DENOMINATOR * RATE);
    if (!speaker_is_driven(sound->speaker))
        return 0;
    return i8254_out_at(sound->timer, 2, tick) ? LOUDNESS : -LOUDNESS;
}

static void take_down(void *self)
{
    struct sound *sound = self;
    uint64_t now = clock_ticks(&sound->machine->clock, RATE, 1);
    while (sound->next < now) {
        sound->samples[sound->count++] = level_at(sound, sound->next++);
        if (sound->count == SAMPLES)
            hand_on(sound);
    }
}

void sound_poll(struct sound *sound)
{
    if (!sound)
        return;
    take_down(sound);
    hand_on(sound);
}

/* Mono, 16 bits. */
static void write_header(struct sound *sound)
{
    uint8_t header[HEADER_BYTES] = "RIFF....WAVEfmt ";
    uint32_t bytes = sound->written > UINT32_MAX - HEADER_BYTES ? UINT32_MAX - HEADER_BYTES
                                                                : (uint32_t)sound->written;
    store_le32(header + 4, bytes + HEADER_BYTES - 8);
    store_le32(header + 16, 16);
    store_le16(header + 20, 1);
    store_le16(header + 22, 1);
    store_le32(header + 24, RATE);
    store_le32(header + 28, RATE * 2);
    store_le16(header + 32, 2);
    store_le16(header + 34, 16);
    memcpy(header + 36, "data", 4);
    store_le32(header + 40, bytes);
    rewind(sound->file);
    fwrite(header, 1, sizeof header, sound->file);
}

static enum status open_file(struct sound *sound, const char *path, struct error *error)
{
    sound->file = fopen(path, "wb");
    if (!sound->file)
        return error_set(error, STATUS_FILE, "--sound file:%s: cannot be written; fix: a path that can",
                         path);
    write_header(sound);
    return STATUS_OK;
}

enum status sound_open(struct sound **out, const char *spec, struct machine *machine,
                       struct error *error)
{
    struct sound *sound;
    enum status status;
    *out = NULL;
    if (!spec || strcmp(spec, "none") == 0)
        return STATUS_OK;
    sound = calloc(1, sizeof *sound);
    if (!sound)
        return error_set(error, STATUS_INTERNAL, "out of memory for sound");
    if (strncmp(spec, "file:", 5) == 0 && spec[5])
        status = open_file(sound, spec + 5, error);
    else if (strcmp(spec, "sdl") == 0)
        status = sound_sdl_open(&sound->sdl, RATE, error);
    else
        status = error_set(error, STATUS_USAGE, "--sound %s; fix: none, sdl or file:PATH", spec);
    if (status != STATUS_OK) {
        free(sound);
        return status;
    }
    sound->machine = machine;
    sound->speaker = machine_find(machine, "speaker");
    sound->timer = machine_find(machine, "pit");
    sound->next = clock_ticks(&machine->clock, RATE, 1);
    sound->tap = (struct sound_tap){take_down, sound};
    speaker_set_tap(sound->speaker, &sound->tap);
    i8254_set_tap(sound->timer, &sound->tap);
    *out = sound;
    return STATUS_OK;
}

void sound_close(struct sound *sound)
{
    if (!sound)
        return;
    sound_poll(sound);
    speaker_set_tap(sound->speaker, NULL);
    i8254_set_tap(sound->timer, NULL);
    if (sound->file) {
        write_header(sound);
        fclose(sound->file);
    }
    if (sound->sdl)
        sound_sdl_close(sound->sdl);
    free(sound);
}

/* --floppy: the diskettes of a drive, from the command line. */
#include <string.h>

#include "devices/floppy_disk.h"
#include "frontends/session.h"

static enum status floppy_word(const char *word, struct block_image_options *options,
                               bool *has_mechanics, struct error *error)
{
    if (strcmp(word, "ro") == 0)
        options->image.is_read_only = true;
    else if (strcmp(word, "overlay") == 0)
        options->image.has_overlay = true;
    else if (strcmp(word, "mechanics=realistic") == 0)
        *has_mechanics = true;
    else if (strncmp(word, "format=", 7) == 0 &&
             image_format_parse(word + 7, &options->image.format))
        return STATUS_OK;
    else if (strncmp(word, "next=", 5) != 0 && strcmp(word, "mechanics=immediate") != 0)
        return error_set(error, STATUS_USAGE,
                         "--floppy: unknown option '%s'; fix: ro, overlay, "
                         "format=raw|qcow2|gz, mechanics=immediate|realistic or next=FILE",
                         word);
    return STATUS_OK;
}

static enum status refuse_length(const char *path, uint64_t sectors, struct error *error)
{
    const struct floppy_format *format = floppy_format_for(sectors);
    unsigned long long bytes = sectors * SECTOR_BYTES;
    if (!format)
        return error_set(error, STATUS_FILE,
                         "--floppy: %s has %llu bytes, more than any diskette; fix: --disk %s", path,
                         bytes, path);
    return error_set(error, STATUS_FILE,
                     "--floppy: %s has %llu bytes, and no diskette does; fix: vitrine disk pad %s "
                     "--size %uK", path, bytes, path, format->sectors / 2u);
}

/* One more diskette of the pile: its length names its format. */
static enum status add_disk(struct session *session, const char *path,
                            struct block_image_options *options, struct block **disks,
                            struct error *error)
{
    size_t count = 0;
    struct block_geometry g;
    enum status status;
    while (count < MACHINE_FLOPPY_DISKS && disks[count])
        count++;
    if (count == MACHINE_FLOPPY_DISKS || session->disk_count == SESSION_DISKS)
        return error_set(error, STATUS_USAGE,
                         "--floppy: more than %d diskettes for a drive; fix: leave some out",
                         MACHINE_FLOPPY_DISKS);
    status = session_image(session, path, options, &disks[count], error);
    if (status != STATUS_OK)
        return status;
    disks[count]->ops->geometry(disks[count], &g);
    return floppy_format_of(g.total) ? STATUS_OK : refuse_length(path, g.total, error);
}

enum status session_floppy(struct session *session, const char *spec, struct block **disks,
                           bool *has_mechanics, struct error *error)
{
    struct block_image_options options = session_image_options(session);
    char words[4096];
    size_t length = strlen(spec);
    enum status status = STATUS_OK;
    if (length >= sizeof words)
        return error_set(error, STATUS_USAGE, "--floppy: too long; fix: shorter paths");
    memcpy(words, spec, length + 1);
    for (char *at = words; *at; at++)
        if (*at == ',')
            *at = '\0';
    for (size_t at = strlen(words) + 1; at < length && status == STATUS_OK;
         at += strlen(words + at) + 1)
        status = floppy_word(words + at, &options, has_mechanics, error);
    if (status == STATUS_OK)
        status = add_disk(session, words, &options, disks, error);
    for (size_t at = strlen(words) + 1; at < length && status == STATUS_OK;
         at += strlen(words + at) + 1)
        if (strncmp(words + at, "next=", 5) == 0)
            status = add_disk(session, words + at + 5, &options, disks, error);
    return status;
}

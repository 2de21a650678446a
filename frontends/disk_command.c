/* vitrine disk: its words. What the verbs do stands in disk_create.c, disk_check.c, disk_convert.c. */
#include "frontends/disk_command.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/words.h"
#include "frontends/commands.h"
#include "frontends/verbs.h"

#define SIZE_MAX_BYTES ((uint64_t)1 << 47) /* of 2^38 sectors: far beyond any ATA disk here */

static const char *const NAMES[] = {"--geometry", "--size",  "--format",     "--from",
                                    "--backing",  "--force", "--any-backing"};

static const struct verb {
    const char *name;
    enum status (*run)(const struct disk_options *options, struct error *error);
    const char *usage, *meaning;
    const char *takes; /* options, each with a blank behind */
} VERBS[] = {
    {"create",  disk_create,  "FILE --geometry C/H/S | --size SIZE | --backing FILE",
     "a new image of zeros",                                                                                                   "--geometry --size --format --backing --from --force --any-backing "},
    {"convert", disk_convert, "FILE NEW [--from FORMAT] [--format FORMAT]",
     "the same disk in another format",                                                                                        "--from --format --force --any-backing "                            },
    {"info",    disk_info,    "FILE",                                                 "format, size, geometry, partitions",
     "--geometry --format --any-backing "                                                                                                                                                          },
    {"check",   disk_check,   "FILE [--geometry C/H/S]",                              "reads every sector, checks the tables",
     "--geometry --format --any-backing "                                                                                                                                                          },
    {"pad",     disk_pad,     "FILE [--geometry C/H/S | --size SIZE]",
     "zeros at the end, up to whole sectors",                                                                                  "--geometry --size --format "                                       },
};

/* --- options --------------------------------------------------------------------------------- */

static enum status unknown_option(const char *word, struct error *error)
{
    const char *nearest = words_nearest(word, NAMES, ARRAY_COUNT(NAMES));
    return error_set(error, STATUS_USAGE, "unknown option '%s'; fix: %s%s%s", word,
                     nearest ? "did you mean '" : "vitrine disk --help lists them",
                     nearest ? nearest : "", nearest ? "'?" : "");
}

static enum status take_value(struct disk_options *o, const char *word, const char *value,
                              struct error *error)
{
    if (strcmp(word, "--backing") == 0) {
        o->backing = value;
        return STATUS_OK;
    }
    if (strcmp(word, "--format") == 0 || strcmp(word, "--from") == 0) {
        enum image_format *format = strcmp(word, "--from") == 0 ? &o->from : &o->format;
        return image_format_parse(value, format)
                   ? STATUS_OK
                   : error_set(error, STATUS_USAGE, "%s %s; fix: raw, qcow2 or gz", word, value);
    }
    if (strcmp(word, "--geometry") == 0)
        return block_geometry_parse(value, &o->geometry)
                   ? STATUS_OK
                   : error_set(error, STATUS_USAGE,
                               "--geometry %s; fix: C/H/S with C to 65535, H to "
                               "16, S to 63",
                               value);
    if (!words_size(value, &o->size) || o->size == 0 || o->size > SIZE_MAX_BYTES ||
        o->size % SECTOR_BYTES)
        return error_set(error, STATUS_USAGE,
                         "--size %s; fix: whole sectors of 512 bytes, 512 to 128T", value);
    return STATUS_OK;
}

static enum status parse_option(struct disk_options *o, const struct verb *verb, const char *word,
                                const char *value, bool *took_value, struct error *error)
{
    bool is_known = false;
    char padded[32];
    *took_value = false;
    for (size_t i = 0; i < ARRAY_COUNT(NAMES); i++)
        is_known = is_known || strcmp(word, NAMES[i]) == 0;
    if (!is_known)
        return unknown_option(word, error);
    snprintf(padded, sizeof padded, "%s ", word);
    if (!strstr(verb->takes, padded))
        return error_set(error, STATUS_USAGE, "%s does not go with %s; fix: leave it out", word,
                         verb->name);
    if (strcmp(word, "--force") == 0) {
        o->is_forced = true;
        return STATUS_OK;
    }
    if (strcmp(word, "--any-backing") == 0) {
        o->allows_any_backing = true;
        return STATUS_OK;
    }
    if (!value)
        return error_set(error, STATUS_USAGE,
                         "%s needs a value; fix: --geometry 1000/16/63, --size "
                         "64M, --format qcow2",
                         word);
    *took_value = true;
    return take_value(o, word, value, error);
}

static enum status parse(struct disk_options *o, const struct verb *verb, int argc, char **argv,
                         struct error *error)
{
    bool wants_two = verb->run == disk_convert;
    memset(o, 0, sizeof *o);
    for (int i = 0; i < argc; i++) {
        bool took_value;
        enum status status;
        if (strncmp(argv[i], "--", 2) != 0) {
            if (o->path && (o->second || !wants_two))
                return error_set(error, STATUS_USAGE,
                                 "'%s': one image at a time; fix: leave it out", argv[i]);
            *(o->path ? &o->second : &o->path) = argv[i];
            continue;
        }
        status =
            parse_option(o, verb, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &took_value, error);
        if (status != STATUS_OK)
            return status;
        i += took_value;
    }
    if (!o->path)
        return error_set(error, STATUS_USAGE, "no image file is named; fix: name one");
    if (wants_two && !o->second)
        return error_set(error, STATUS_USAGE,
                         "the new image has no name; fix: convert %s disk.img, say", o->path);
    return STATUS_OK;
}

/* --- the command ----------------------------------------------------------------------------- */

static int usage(FILE *out, int exit_status)
{
    fprintf(out, "usage:\n");
    for (size_t i = 0; i < ARRAY_COUNT(VERBS); i++)
        fprintf(out, "  vitrine disk %-7s %-56s %s\n", VERBS[i].name, VERBS[i].usage,
                VERBS[i].meaning);
    fprintf(out, "formats: raw, qcow2, gz (only read); as --format says, else as the name ends: "
                 ".qcow2, .gz\n"
                 "--from FORMAT    of convert's first file, or of create's backing file\n"
                 "--force          replaces a file that is there\n"
                 "--any-backing    a backing file may lie outside of its image's folder\n");
    return exit_status;
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
    struct disk_options options;
    struct error error = {STATUS_OK, ""};
    if (parse(&options, verb, argc, argv, &error) == STATUS_OK)
        verb->run(&options, &error);
    if (error.status != STATUS_OK)
        fprintf(stderr, "vitrine: error: disk %s: %s\n", verb->name, error.text);
    return (int)error.status;
}

int disk_command(int argc, char **argv)
{
    const char *names[ARRAY_COUNT(VERBS)];
    int found;
    if (argc < 1)
        return usage(stderr, STATUS_USAGE);
    if (strcmp(argv[0], "--help") == 0)
        return usage(stdout, STATUS_OK);
    for (size_t i = 0; i < ARRAY_COUNT(VERBS); i++)
        names[i] = VERBS[i].name;
    found = verbs_find("disk", argv[0], names, ARRAY_COUNT(VERBS), "create, convert, info, check or pad");
    return found < 0 ? STATUS_USAGE : run_verb(&VERBS[found], argc - 1, argv + 1);
}

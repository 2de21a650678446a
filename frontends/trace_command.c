/* vitrine trace: its words. */
#include "frontends/trace_command.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "debugger/trace_diff.h"
#include "debugger/trace_formats.h"
#include "debugger/vtr.h"
#include "frontends/commands.h"
#include "frontends/verbs.h"

static const struct verb {
    const char *name;
    int (*run)(const struct trace_options *options, struct error *error);
    const char *usage, *meaning;
    const char *option;   /* the one it takes; NULL: none */
    unsigned least, most; /* files */
} VERBS[] = {
    {"convert", trace_convert, "FILE.vtr [OUT] [--format NAME]",  "the same records in another form",
     "--format",                                                                                                  1, 2},
    {"report",  trace_report,  "FILE.vtr [OUT.html]",             "one page: lanes, causes, the disk's surface, packets, costs",
     NULL,                                                                                                        1, 2},
    {"diff",    trace_diff,    "A.vtr B.vtr [--ignore NAME,...]", "where two runs part",              "--ignore", 2,
     2                                                                                                                },
};

/* A form that shows some kinds of records only: says so where there were none. */
static void say_nothing_shown(const struct trace_options *options, const char *out,
                              const struct vtr_reader *reader)
{
    const struct trace_format *format;
    struct error unused;
    if (trace_format_find(&format, options->format, out, &unused) == STATUS_OK && format->kinds &&
        !(vtr_kinds(reader) & format->kinds))
        fprintf(stderr, "vitrine: note: %s has nothing that %s shows; fix: trace again with --trace %s, or all\n",
                options->paths[0], format->name, format->filter);
}

/* --- the verbs ------------------------------------------------------------------------------------------ */

int trace_convert(const struct trace_options *options, struct error *error)
{
    const char *out = options->paths[1] ? options->paths[1] : "-";
    struct vtr_reader *reader;
    struct trace_sink sink;
    if (vtr_open(&reader, options->paths[0], error) != STATUS_OK)
        return (int)error->status;
    if (trace_format_open(&sink, options->format, out, error) == STATUS_OK &&
        vtr_copy(reader, &sink, error) == STATUS_OK) {
        if (!vtr_is_complete(reader))
            fprintf(stderr,
                    "vitrine: note: %s has no end: the run was killed, its last moments are missing\n",
                    options->paths[0]);
        say_nothing_shown(options, out, reader);
    }
    vtr_close(reader);
    return (int)error->status;
}

/* "run.vtr" → "run.html" beside it, unless it is told where. */
int trace_report(const struct trace_options *options, struct error *error)
{
    struct trace_options page = {{options->paths[0], options->paths[1]}, "html", NULL};
    char path[FILENAME_MAX];
    const char *end = strrchr(options->paths[0], '.');
    size_t length = end ? (size_t)(end - options->paths[0]) : strlen(options->paths[0]);
    int exit_status;
    if (length + sizeof ".html" > sizeof path)
        return (int)error_set(error, STATUS_USAGE, "%.60s...: too long; fix: name the page", options->paths[0]);
    snprintf(path, sizeof path, "%.*s.html", (int)length, options->paths[0]);
    if (!page.paths[1])
        page.paths[1] = path;
    exit_status = trace_convert(&page, error);
    if (exit_status == STATUS_OK && strcmp(page.paths[1], "-") != 0)
        fprintf(stderr, "vitrine: %s is written: open it in a browser\n", page.paths[1]);
    return exit_status;
}

int trace_diff(const struct trace_options *options, struct error *error)
{
    struct vtr_reader *a, *b = NULL;
    bool differs = false;
    if (vtr_open(&a, options->paths[0], error) == STATUS_OK &&
        vtr_open(&b, options->paths[1], error) == STATUS_OK)
        trace_diff_print(stdout, a, b, options->ignore, &differs, error);
    vtr_close(a);
    vtr_close(b);
    return error->status == STATUS_OK && differs ? 1 : (int)error->status;
}

/* --- words ---------------------------------------------------------------------------------------------- */

static enum status parse_option(struct trace_options *options, const struct verb *verb,
                                const char *word, const char *value, struct error *error)
{
    const char **to =
        verb->option && strcmp(verb->option, "--format") == 0 ? &options->format : &options->ignore;
    if (!verb->option || strcmp(word, verb->option) != 0)
        return error_set(error, STATUS_USAGE, "unknown option '%s'; fix: %s", word,
                         verb->option ? verb->option : "leave it out");
    if (!value || *to)
        return error_set(error, STATUS_USAGE, "%s needs one value; fix: %s", word, verb->usage);
    *to = value;
    return STATUS_OK;
}

static enum status parse(struct trace_options *options, const struct verb *verb, int argc,
                         char **argv, struct error *error)
{
    unsigned count = 0;
    memset(options, 0, sizeof *options);
    for (int i = 0; i < argc; i++) {
        enum status status = STATUS_OK;
        if (strncmp(argv[i], "--", 2) == 0) {
            status = parse_option(options, verb, argv[i], i + 1 < argc ? argv[i + 1] : NULL, error);
            i++;
        } else if (count == verb->most) {
            status = error_set(error, STATUS_USAGE, "'%s': too many files; fix: %s", argv[i],
                               verb->usage);
        } else {
            options->paths[count++] = argv[i];
        }
        if (status != STATUS_OK)
            return status;
    }
    if (count < verb->least)
        return error_set(error, STATUS_USAGE, "a file is missing; fix: %s", verb->usage);
    return STATUS_OK;
}

static int usage(FILE *out, int exit_status)
{
    fprintf(out, "usage:\n");
    for (size_t i = 0; i < ARRAY_COUNT(VERBS); i++)
        fprintf(out, "  vitrine trace %-8s %-32s %s\n", VERBS[i].name, VERBS[i].usage,
                VERBS[i].meaning);
    fprintf(out,
            "FILE.vtr is what a run with --trace all --trace-out FILE.vtr wrote. The form is what\n"
            "--format says, else as OUT ends:\n");
    if (out == stdout)
        trace_formats_print("  ");
    else
        fprintf(out, "  vitrine trace --help lists them\n");
    return exit_status;
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
    struct trace_options options;
    struct error error = {STATUS_OK, ""};
    int exit_status = (int)parse(&options, verb, argc, argv, &error);
    if (exit_status == STATUS_OK)
        exit_status = verb->run(&options, &error);
    if (error.status != STATUS_OK)
        fprintf(stderr, "vitrine: error: trace %s: %s\n", verb->name, error.text);
    return exit_status;
}

int trace_command(int argc, char **argv)
{
    const char *names[ARRAY_COUNT(VERBS)];
    int found;
    if (argc < 1)
        return usage(stderr, STATUS_USAGE);
    if (strcmp(argv[0], "--help") == 0)
        return usage(stdout, STATUS_OK);
    for (size_t i = 0; i < ARRAY_COUNT(VERBS); i++)
        names[i] = VERBS[i].name;
    found = verbs_find("trace", argv[0], names, ARRAY_COUNT(VERBS), "vitrine trace --help");
    return found < 0 ? STATUS_USAGE : run_verb(&VERBS[found], argc - 1, argv + 1);
}

/* vitrine: the program. Each command is a row. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/status.h"
#include "base/words.h"
#include "config.h"
#include "frontends/commands.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv); /* words behind the command; returns the exit status */
    const char *usage, *meaning;
} COMMANDS[] = {
    {"run", run_command, "[OPTIONS] [IMAGE]", "run one machine"},
    {"host", host_command, "[OPTIONS] LAB.ini", "run one host with several guests"},
    {"debug", debug_command, "[OPTIONS] [IMAGE]", "the same as run, stopped at the first instruction"},
    {"disk", disk_command, "create|convert|info|check|pad FILE", "work on disk images"},
    {"trace", trace_command, "convert|diff FILE.vtr", "work on traces"},
    {"doctor", doctor_command, "", "what is built in, what is missing, how to get it"},
};

static void print_usage(FILE *out)
{
    fprintf(out, "Vitrine %s: a PC in a glass case\n\nusage:\n", VITRINE_VERSION);
    for (size_t i = 0; i < ARRAY_COUNT(COMMANDS); i++)
        fprintf(out, "  vitrine %-7s %-26s %s\n", COMMANDS[i].name, COMMANDS[i].usage,
                COMMANDS[i].meaning);
    fprintf(out, "\nvitrine COMMAND --help lists the options. README.md has examples.\n");
}

static int unknown_command(const char *word)
{
    const char *names[ARRAY_COUNT(COMMANDS)], *nearest;
    for (size_t i = 0; i < ARRAY_COUNT(COMMANDS); i++)
        names[i] = COMMANDS[i].name;
    nearest = words_nearest(word, names, ARRAY_COUNT(COMMANDS));
    if (nearest)
        fprintf(stderr, "vitrine: error: unknown command '%s'; fix: did you mean '%s'?\n", word,
                nearest);
    else
        fprintf(stderr, "vitrine: error: unknown command '%s'; fix: vitrine run %s\n", word, word);
    return STATUS_USAGE;
}

int main(int argc, char **argv)
{
#ifdef SIGXFSZ
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is an error of the write, not our end */
#endif
    if (argc < 2) {
        print_usage(stderr);
        return STATUS_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return STATUS_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("vitrine %s\n", VITRINE_VERSION);
        return STATUS_OK;
    }
    for (size_t i = 0; i < ARRAY_COUNT(COMMANDS); i++)
        if (strcmp(argv[1], COMMANDS[i].name) == 0)
            return COMMANDS[i].run(argc - 2, argv + 2);
    return unknown_command(argv[1]);
}

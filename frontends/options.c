#include "frontends/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/words.h"

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_LIST, OPTION_NUMBER, OPTION_SIZE };

struct option {
    const char *name;
    enum option_kind kind;
    size_t offset;
    const char *value, *meaning;
    uint64_t minimum, maximum;
};

#define AT(member) offsetof(struct run_options, member)

static const struct option OPTIONS[] = {
    {"memory", OPTION_SIZE, AT(memory_bytes), "SIZE", "RAM of the machine (default 128M)",
     1 << 20, UINT64_C(0xE0000000)},
    {"cpu", OPTION_TEXT, AT(cpu), "MODEL", "8086 8088 80186 80286 80386 80486 pentium p6 pentium3 max (default p6)", 0, 0},
    {"board", OPTION_TEXT, AT(board), "NAME", "pc, pc-apic, isa (no PCI) or full (default pc)", 0, 0},
    {"bios", OPTION_TEXT, AT(bios), "FILE", "firmware (default SeaBIOS, else the embedded one)", 0, 0},
    {"disk", OPTION_LIST, AT(disks), "FILE[,opt=val]", "hard disk image; format=raw|qcow2|gz, "
     "geometry=C/H/S, ro, overlay, backing=any, mechanics=realistic, model=ata|virtio-blk", 0, 0},
    {"floppy", OPTION_LIST, AT(floppies), "FILE[,opt=val]", "diskette image for drive A:, given again for B:; ro, "
     "overlay, format=, mechanics=, next=FILE: put in by the prompt's `floppy`", 0, 0},
    {"cdrom", OPTION_LIST, AT(cdroms), "FILE", "CD-ROM image; given again: what is in the tray after an eject", 0, 0},
    {"kernel", OPTION_TEXT, AT(kernel), "FILE", "bzImage or multiboot ELF, booted after the firmware",
     0, 0},
    {"initrd", OPTION_TEXT, AT(initrd), "FILE", "initial RAM disk for --kernel", 0, 0},
    {"append", OPTION_TEXT, AT(append), "TEXT", "command line for --kernel", 0, 0},
    {"nic", OPTION_LIST, AT(nics), "MODEL[,opt=val]",
     "ne2k-isa, ne2k-pci or virtio-net; mac=, net=user|stream:PATH|tap:NAME|switch|receiver, pcap=FILE", 0, 0},
    {"serial", OPTION_LIST, AT(serials), "WHERE", "stdio, file:PATH, pty, unix:PATH, tcp:PORT or null", 0, 0},
    {"display", OPTION_TEXT, AT(display), "KIND", "sdl, terminal or none", 0, 0},
    {"screenshot", OPTION_TEXT, AT(screenshot), "FILE", "write the screen as PNG at the end", 0, 0},
    {"trace", OPTION_TEXT, AT(trace), "FILTER", "what to log: io, io,irq,disk, all, io:dev=NAME", 0, 0},
    {"trace-out", OPTION_TEXT, AT(trace_out), "FILE", "where to log (default stderr)", 0, 0},
    {"trace-format", OPTION_TEXT, AT(trace_format), "NAME", "how: text, json, vtr ... (default: as FILE ends, else json)",
     0, 0},
    {"from", OPTION_TEXT, AT(from), "ADDRESS|SYMBOL", "trace from that instruction on", 0, 0},
    {"no-firmware", OPTION_FLAG, AT(no_firmware), NULL, "trace from the boot sector or kernel on, without the firmware's code", 0, 0},
    {"firmware", OPTION_FLAG, AT(firmware), NULL, "debug: trace the firmware too", 0, 0},
    {"fold-polls", OPTION_FLAG, AT(folds_polls), NULL, "trace a loop that waits for a status as one record", 0, 0},
    {"process", OPTION_TEXT, AT(process), "current=WHERE,name=OFFSET", "where the guests' system keeps a pointer to the task "
     "that runs (address, symbol, fs:OFFSET), and the name in it: for the trace", 0, 0},
    {"magic-break", OPTION_FLAG, AT(has_magic_breaks), NULL, "XCHG BX,BX stops in the debugger", 0, 0},
    {"gdb", OPTION_TEXT, AT(gdb), "[HOST:]PORT", "wait for gdb on a loopback port", 0, 0},
    {"stopped", OPTION_FLAG, AT(is_stopped), NULL, "with --gdb, debug: stand before the first instruction", 0, 0},
    {"sym", OPTION_LIST, AT(symbols), "ELF[,offset=N]", "symbols and source lines of the guest; may be repeated", 0, 0},
    {"timeout", OPTION_NUMBER, AT(timeout_seconds), "SECONDS", "end with status 8 after that time", 1,
     1000000},
    {"max-instructions", OPTION_NUMBER, AT(max_instructions), "N", "end with status 8 after them", 1,
     UINT64_MAX >> 1},
    {"no-reboot", OPTION_FLAG, AT(no_reboot), NULL, "a triple fault ends with status 4", 0, 0},
    {"clock", OPTION_NUMBER, AT(clock_hz), "HZ", "instructions to a virtual second (default 200000000)",
     1000000, UINT64_C(10000000000)},
    {"realtime", OPTION_FLAG, AT(is_realtime), NULL, "a virtual second takes a second", 0, 0},
    {"max-speed", OPTION_FLAG, AT(is_max_speed), NULL, "as fast as possible", 0, 0},
    {"rtc", OPTION_TEXT, AT(rtc), "SECONDS", "initial real-time clock, since 1970 (default: now)", 0, 0},
    {"overlay", OPTION_FLAG, AT(overlay), NULL, "leave disk images untouched", 0, 0},
    {"snapshot-load", OPTION_TEXT, AT(snapshot_load), "FILE", "start from a saved state", 0, 0},
    {"snapshot-save", OPTION_TEXT, AT(snapshot_save), "FILE", "save the state at the end", 0, 0},
    {"sound", OPTION_TEXT, AT(sound), "WHERE", "the speaker: none (default), sdl, or file:PATH, a WAV file", 0, 0},
    {"parallel", OPTION_TEXT, AT(parallel), "WHERE", "where LPT1 prints: file:PATH, or as --serial", 0, 0},
    {"debug-console", OPTION_TEXT, AT(debug_console), "WHERE", "ports 402h and E9h, as --serial", 0, 0},
    {"drivers", OPTION_FLAG, AT(draws_drivers), NULL, "host: show who drives which device, and end", 0, 0},
    {"gantt", OPTION_TEXT, AT(gantt), "FILE.svg[,from=MS][,to=MS]", "host: draw which guest ran when", 0, 0},
    {"hash", OPTION_FLAG, AT(prints_hash), NULL, "print the hash of the machine at the end", 0, 0},
    {"verbose", OPTION_FLAG, AT(is_verbose), NULL, "say more", 0, 0},
    {"help", OPTION_FLAG, AT(wants_help), NULL, "this text", 0, 0},
};

static const struct option *find(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_COUNT(OPTIONS); i++)
        if (strlen(OPTIONS[i].name) == length && strncmp(OPTIONS[i].name, name, length) == 0)
            return &OPTIONS[i];
    return NULL;
}

static enum status unknown(const char *name, size_t length, struct error *error)
{
    const char *names[ARRAY_COUNT(OPTIONS)], *nearest;
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)length, name);
    for (size_t i = 0; i < ARRAY_COUNT(OPTIONS); i++)
        names[i] = OPTIONS[i].name;
    nearest = words_nearest(word, names, ARRAY_COUNT(OPTIONS));
    if (nearest)
        return error_set(error, STATUS_USAGE, "unknown option --%s; fix: did you mean --%s?", word,
                         nearest);
    return error_set(error, STATUS_USAGE, "unknown option --%s; fix: vitrine run --help lists them",
                     word);
}

static enum status store_number(const struct option *option, uint64_t *to, const char *value,
                                struct error *error)
{
    bool is_good = option->kind == OPTION_SIZE ? words_size(value, to) : words_number(value, to);
    if (!is_good || *to < option->minimum || *to > option->maximum)
        return error_set(error, STATUS_USAGE, "--%s %s is not a %s from %llu to %llu; fix: --%s %s",
                         option->name, value, option->kind == OPTION_SIZE ? "size" : "number",
                         (unsigned long long)option->minimum, (unsigned long long)option->maximum,
                         option->name, option->kind == OPTION_SIZE ? "128M" : "a number in it");
    return STATUS_OK;
}

static enum status store(struct run_options *options, const struct option *option,
                         const char *value, struct error *error)
{
    char *at = (char *)options + option->offset;
    const char **text;
    struct option_list *list;
    switch (option->kind) {
    case OPTION_FLAG: *(bool *)at = true; return STATUS_OK;
    case OPTION_TEXT:
        text = (const char **)(void *)at;
        if (*text)
            return error_set(error, STATUS_USAGE, "--%s is given twice; fix: leave one out",
                             option->name);
        *text = value;
        return STATUS_OK;
    case OPTION_LIST:
        list = (struct option_list *)(void *)at;
        if (list->count == OPTION_LIST_MAX)
            return error_set(error, STATUS_USAGE, "--%s is given more than %d times; fix: leave some out", option->name,
                             OPTION_LIST_MAX);
        list->items[list->count++] = value;
        return STATUS_OK;
    case OPTION_NUMBER:
    case OPTION_SIZE: return store_number(option, (uint64_t *)(void *)at, value, error);
    }
    return STATUS_OK;
}

/* "--name value" or "--name=value"; *used counts the words taken. */
static enum status parse_option(struct run_options *options, int argc, char **argv, int *used,
                                bool *seen, struct error *error)
{
    const char *name = argv[0] + 2, *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const struct option *option = find(name, length);
    const char *value = equals ? equals + 1 : NULL;
    if (!option)
        return unknown(name, length, error);
    *used = 1;
    if (option->kind == OPTION_FLAG && value)
        return error_set(error, STATUS_USAGE, "--%s takes no value; fix: --%s alone", option->name,
                         option->name);
    if (option->kind != OPTION_FLAG && !value) {
        if (argc < 2 || strncmp(argv[1], "--", 2) == 0)
            return error_set(error, STATUS_USAGE, "--%s needs a value; fix: --%s %s", option->name,
                             option->name, option->value);
        value = argv[1];
        *used = 2;
    }
    if (seen[option - OPTIONS] && option->kind != OPTION_LIST)
        return error_set(error, STATUS_USAGE, "--%s is given twice; fix: leave one out",
                         option->name);
    seen[option - OPTIONS] = true;
    return store(options, option, value, error);
}

enum status run_options_parse(struct run_options *options, int argc, char **argv,
                              struct error *error)
{
    bool seen[ARRAY_COUNT(OPTIONS)] = {false};
    memset(options, 0, sizeof *options);
    for (int i = 0; i < argc;) {
        int used = 1;
        enum status status = STATUS_OK;
        if (strncmp(argv[i], "--", 2) == 0 && argv[i][2] != '\0')
            status = parse_option(options, argc - i, argv + i, &used, seen, error);
        else if (argv[i][0] == '-' && argv[i][1] != '\0')
            status = error_set(error, STATUS_USAGE, "unknown option %s; fix: options have two dashes",
                               argv[i]);
        else if (options->image)
            status = error_set(error, STATUS_USAGE, "two images: %s and %s; fix: --disk for the second",
                               options->image, argv[i]);
        else
            options->image = argv[i];
        if (status != STATUS_OK)
            return status;
        i += used;
    }
    if (options->is_realtime && options->is_max_speed)
        return error_set(error, STATUS_USAGE, "--realtime and --max-speed exclude each other; fix: "
                         "leave one out");
    return STATUS_OK;
}

void run_options_print(void)
{
    for (size_t i = 0; i < ARRAY_COUNT(OPTIONS); i++) {
        char left[48];
        snprintf(left, sizeof left, "--%s%s%s", OPTIONS[i].name, OPTIONS[i].value ? " " : "",
                 OPTIONS[i].value ? OPTIONS[i].value : "");
        printf("  %-26s %s\n", left, OPTIONS[i].meaning);
    }
}

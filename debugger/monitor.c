#include "debugger/monitor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/words.h"
#include "debugger/disassemble.h"
#include "debugger/monitor_internal.h"
#include "debugger/symbols.h"
#include "debugger/trace.h"
#include "devices/i82077aa.h"
#include "machine/machine.h"

#define PROMPT "(vitrine) "

void monitor_print(struct monitor *monitor, const char *format, ...)
{
    char text[8192];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    monitor->options.io.write(monitor->options.io.self, text);
}

/* --- running ------------------------------------------------------------------------------------------------ */

static void forget_temporary(struct monitor *monitor)
{
    if (monitor->temporary)
        engine_remove_point(&monitor->engine, monitor->temporary);
    monitor->temporary = 0;
}

/* Adds a point; says what is wrong when it gives 0. */
static int add_point(struct monitor *monitor, const struct engine_point *point)
{
    struct error error = {STATUS_OK, ""};
    int number = 0;
    if (engine_add_point(&monitor->engine, point, &number, &error) != STATUS_OK)
        monitor_print(monitor, "%s\n", error.text);
    return number;
}

static void run_to(struct monitor *monitor, uint64_t linear)
{
    const struct engine_point point = {
        .kind = CPU_WATCH_EXECUTE, .is_temporary = true, .address = linear, .length = 1};
    monitor->temporary = add_point(monitor, &point);
    if (monitor->temporary)
        engine_resume(&monitor->engine);
}

/* One instruction; a call is run to where it comes back. */
static void step_over(struct monitor *monitor)
{
    struct cpu *cpu = monitor->engine.machine->cpu;
    uint8_t bytes[INSTRUCTION_BYTES_MAX];
    struct cpu_registers r;
    struct disassembly code;
    uint64_t linear;
    cpu_get_registers(cpu, &r);
    linear = monitor_linear_ip(&r);
    disassemble(&code, r.ip, bytes, cpu_peek(cpu, linear, bytes, sizeof bytes), monitor_bits(&r));
    if (code.is_known && code.is_call)
        run_to(monitor, linear + code.length);
    else
        engine_step(&monitor->engine);
}

static void step_on(struct monitor *monitor)
{
    monitor->steps_left--;
    if (monitor->steps_over)
        step_over(monitor);
    else
        engine_step(&monitor->engine);
}

static void on_step(struct monitor *monitor, const struct monitor_words *words)
{
    monitor->steps_over = words->words[0][0] == 'n';
    if (monitor_count(monitor, words, 1, 1, &monitor->steps_left))
        step_on(monitor);
}

static void on_continue(struct monitor *monitor, const struct monitor_words *words)
{
    (void)words;
    engine_resume(&monitor->engine);
}

static void on_until(struct monitor *monitor, const struct monitor_words *words)
{
    uint64_t address;
    if (words->count < 2)
        monitor_print(monitor, "until needs an address\n");
    else if (monitor_address(monitor, words->words[1], &address))
        run_to(monitor, address);
}

static void on_reset(struct monitor *monitor, const struct monitor_words *words)
{
    struct cpu_registers r;
    (void)words;
    engine_reset(&monitor->engine);
    cpu_get_registers(monitor->engine.machine->cpu, &r);
    monitor_print(monitor, "reset\n");
    monitor_list_line(monitor, &r, monitor_linear_ip(&r));
}

static void on_quit(struct monitor *monitor, const struct monitor_words *words)
{
    (void)words;
    world_stop(monitor->engine.world, STATUS_OK);
}

/* --- points -------------------------------------------------------------------------------------------------- */

static void on_break(struct monitor *monitor, const struct monitor_words *words)
{
    struct engine_point point = {.kind = CPU_WATCH_EXECUTE, .length = 1};
    char symbol[128];
    int number;
    if (words->count < 2) {
        monitor_print(monitor, "break needs an address or a symbol\n");
        return;
    }
    if (!monitor_place(monitor, words->words[1], &point.address, &point.is_physical) ||
        (number = add_point(monitor, &point)) == 0)
        return;
    symbols_text(monitor->options.symbols, point.address, symbol, sizeof symbol);
    monitor_print(monitor, "breakpoint %d at %08llx%s\n", number, (unsigned long long)point.address,
                  symbol);
}

static void on_watch(struct monitor *monitor, const struct monitor_words *words)
{
    struct engine_point point = {.kind = words->words[0][0] == 'r'   ? CPU_WATCH_READ
                                         : words->words[0][0] == 'a' ? CPU_WATCH_ACCESS
                                                                     : CPU_WATCH_WRITE};
    int number;
    if (words->count < 2) {
        monitor_print(monitor, "%s needs an address, and may take a number of bytes (4)\n",
                      words->words[0]);
        return;
    }
    if (!monitor_place(monitor, words->words[1], &point.address, &point.is_physical) ||
        !monitor_count(monitor, words, 2, 4, &point.length) ||
        (number = add_point(monitor, &point)) == 0)
        return;
    monitor_print(monitor, "watchpoint %d at %08llx, %llu bytes\n", number,
                  (unsigned long long)point.address, (unsigned long long)point.length);
}

static void on_delete(struct monitor *monitor, const struct monitor_words *words)
{
    uint64_t number;
    if (words->count < 2) {
        while (monitor->engine.point_count)
            engine_remove_point(&monitor->engine, monitor->engine.points[0].number);
        monitor_print(monitor, "no breakpoints and no watchpoints any more\n");
    } else if (monitor_count(monitor, words, 1, 0, &number) &&
               (number > INT32_MAX || !engine_remove_point(&monitor->engine, (int)number))) {
        monitor_print(monitor, "there is no number %llu\n", (unsigned long long)number);
    }
}

/* --- changing, tracing ----------------------------------------------------------------------------------------- */

static void on_set(struct monitor *monitor, const struct monitor_words *words)
{
    struct cpu *cpu = monitor->engine.machine->cpu;
    struct cpu_registers r;
    uint64_t value;
    if (words->count < 3) {
        monitor_print(monitor, "set needs a register and a value: set eax 0x10\n");
        return;
    }
    if (!monitor_address(monitor, words->words[2], &value))
        return;
    cpu_get_registers(cpu, &r);
    if (monitor_set_register(&r, words->words[1], value))
        cpu_set_registers(cpu, &r);
    else
        monitor_print(monitor, "'%s' is no register that can be set\n", words->words[1]);
}

/* trace on [FILTER [FILE [FORMAT]]], trace off. */
static void on_trace(struct monitor *monitor, const struct monitor_words *words)
{
    const char *word = words->count > 1 ? words->words[1] : "";
    struct error error = {STATUS_OK, ""};
    if (strcmp(word, "off") == 0) {
        trace_close(monitor->trace);
        monitor->trace = NULL;
    } else if (strcmp(word, "on") == 0 && monitor->trace) {
        monitor_print(monitor, "the trace is on; trace off first\n");
    } else if (strcmp(word, "on") == 0) {
        const struct trace_settings settings = {
            .filter = words->count > 2 ? words->words[2] : "io",
            .path = words->count > 3 ? words->words[3] : "-",
            .format = words->count > 4 ? words->words[4] : NULL,
            .symbols = monitor->options.symbols,
            .start_seconds = monitor->engine.machine->config.rtc_seconds};
        if (trace_open(&monitor->trace, monitor->engine.world, &settings, &error) != STATUS_OK)
            monitor_print(monitor, "%s\n", error.text);
    } else {
        monitor_print(monitor, "trace on [FILTER [FILE [FORMAT]]] or trace off; it is %s\n",
                      monitor->trace ? "on" : "off");
    }
}

/* {drive, number in its pile; past its end: none}. */
static void deliver_media(void *self, const uint8_t *bytes, size_t count)
{
    struct monitor *monitor = self;
    if (count == 2)
        i82077aa_change(machine_find(monitor->engine.machine, "fdc"), bytes[0], bytes[1]);
}

static void change_diskette(struct monitor *monitor, unsigned drive, unsigned disk)
{
    const uint8_t change[2] = {(uint8_t)drive, (uint8_t)disk};
    world_input(monitor->engine.world, &monitor->media, change, sizeof change);
}

/* floppy, floppy a N, floppy a none: which diskette of the pile (from 1) lies in a drive. */
static void on_floppy(struct monitor *monitor, const struct monitor_words *words)
{
    struct device *fdc = machine_find(monitor->engine.machine, "fdc");
    unsigned drive = words->count > 1 && (words->words[1][0] | 0x20) == 'b' ? 1 : 0;
    unsigned disks = i82077aa_disks(fdc, drive);
    uint64_t number = 0;
    if (words->count > 2 && strcmp(words->words[2], "none") == 0)
        change_diskette(monitor, drive, disks);
    else if (words->count > 2 && !monitor_count(monitor, words, 2, 1, &number))
        return;
    else if (words->count > 2 && (number < 1 || number > disks))
        monitor_print(monitor, "drive %c has %u diskettes: --floppy FILE,next=FILE gives it more\n",
                      'A' + drive, disks);
    else if (words->count > 2)
        change_diskette(monitor, drive, (unsigned)number - 1);
    for (drive = 0; drive < 2; drive++) {
        const char *name = i82077aa_disk_name(fdc, drive);
        monitor_print(monitor, "%c: %s\n", 'A' + drive, name ? name : "-");
    }
}

/* --- commands ---------------------------------------------------------------------------------------------------- */

static void on_help(struct monitor *monitor, const struct monitor_words *words);

static const struct monitor_command COMMANDS[] = {
    {"help",        "h",         "[COMMAND]",              "this list",                                                       on_help,           false},
    {"step",        "s",         "[N]",                    "carry out one instruction, or N",                                 on_step,           true },
    {"next",        "n",         "[N]",                    "the same, calls as one",                                          on_step,           true },
    {"continue",    "c",         "",                       "go on",                                                           on_continue,       true },
    {"until",       NULL,        "ADDRESS",                "go on up to there",                                               on_until,          false},
    {"break",       "b",         "ADDRESS",                "stop before the instruction at a linear address or phys:ADDRESS",
     on_break,                                                                                                                                   false},
    {"watch",       NULL,        "ADDRESS [BYTES]",        "stop after a write",                                              on_watch,          false},
    {"rwatch",      NULL,        "ADDRESS [BYTES]",        "stop after a read",                                               on_watch,          false},
    {"awatch",      NULL,        "ADDRESS [BYTES]",        "stop after a read or write",                                      on_watch,          false},
    {"delete",      "d",         "[N]",                    "take away a break- or watchpoint, or all",                        on_delete,         false},
    {"info",        "i",         "TOPIC",                  "registers, segments, cr, breakpoints, devices, time, line [ADDRESS]", monitor_info,
     false                                                                                                                                            },
    {"x",           NULL,        "/FMT ADDRESS",           "memory: x/16xb, x/4xw, x/s, x/5i",                                monitor_examine,   true },
    {"disassemble", "u",         "[ADDRESS [N]]",          "code",                                                            monitor_list,      true },
    {"bt",          "backtrace", "",                       "the calls that led here, by frame pointers",                      monitor_backtrace, false},
    {"device",      NULL,        "NAME",                   "a device's registers and state",                                  monitor_device,    false},
    {"set",         NULL,        "REGISTER VALUE",         "change a register",                                               on_set,            false},
    {"trace",       NULL,        "on [FILTER [FILE [FORMAT]]]|off", "log what happens, here or in a file",                                  on_trace,          false},
    {"floppy",      NULL,        "[DRIVE [N|none]]",       "which diskettes lie in the drives; put number N in, or take it out", on_floppy,
     false                                                                                                                                            },
    {"reset",       NULL,        "",                       "the RESET# line",                                                 on_reset,          false},
    {"quit",        "q",         "",                       "end the run",                                                     on_quit,           false},
};

static void on_help(struct monitor *monitor, const struct monitor_words *words)
{
    for (size_t i = 0; i < ARRAY_COUNT(COMMANDS); i++) {
        const struct monitor_command *c = &COMMANDS[i];
        char left[64];
        if (words->count > 1 && strcmp(words->words[1], c->name) != 0)
            continue;
        snprintf(left, sizeof left, "%s%s%s %s", c->name, c->alias ? ", " : "",
                 c->alias ? c->alias : "", c->usage);
        monitor_print(monitor, "%-32s %s\n", left, c->meaning);
    }
    monitor_print(monitor,
                  "addresses: 0x7c00, 7c00h, 0040:0017, $eip, symbols, sums; an empty line "
                  "repeats\n");
}

static const struct monitor_command *find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(COMMANDS); i++)
        if (strcmp(COMMANDS[i].name, name) == 0 ||
            (COMMANDS[i].alias && strcmp(COMMANDS[i].alias, name) == 0))
            return &COMMANDS[i];
    return NULL;
}

static void unknown(struct monitor *monitor, const char *name)
{
    const char *names[ARRAY_COUNT(COMMANDS)], *nearest;
    for (size_t i = 0; i < ARRAY_COUNT(COMMANDS); i++)
        names[i] = COMMANDS[i].name;
    nearest = words_nearest(name, names, ARRAY_COUNT(COMMANDS));
    monitor_print(monitor, "no command '%s'; %s%s\n", name,
                  nearest ? "did you mean " : "help lists them", nearest ? nearest : "");
}

/* Cuts the line into words, and the format off the first. */
static void split(char *line, struct monitor_words *words)
{
    static const char SPACE[] = " \t\r\n";
    char *slash;
    memset(words, 0, sizeof *words);
    words->format = "";
    line += strspn(line, SPACE);
    while (*line && words->count < MONITOR_WORDS) {
        words->words[words->count++] = line;
        line += strcspn(line, SPACE);
        if (*line)
            *line++ = '\0';
        line += strspn(line, SPACE);
    }
    slash = words->count ? strchr(words->words[0], '/') : NULL;
    if (slash) {
        *slash = '\0';
        words->format = slash + 1;
    }
}

static void execute(struct monitor *monitor, char *line)
{
    const struct monitor_command *command;
    struct monitor_words words;
    char copy[MONITOR_LINE_BYTES];
    if (line[strspn(line, " \t\r\n")] == '\0')
        snprintf(line, MONITOR_LINE_BYTES, "%s", monitor->last_line);
    memcpy(copy, line, MONITOR_LINE_BYTES);
    split(line, &words);
    monitor->last_line[0] = '\0';
    if (words.count == 0)
        return;
    command = find_command(words.words[0]);
    if (!command) {
        unknown(monitor, words.words[0]);
        return;
    }
    /* Looking on goes on where it ended: the address is left out. */
    if (command->run == monitor_examine || command->run == monitor_list)
        snprintf(monitor->last_line, MONITOR_LINE_BYTES, "%s%s%s", command->name,
                 words.format[0] ? "/" : "", words.format);
    else if (command->is_repeated)
        memcpy(monitor->last_line, copy, MONITOR_LINE_BYTES);
    command->run(monitor, &words);
}

/* --- the engine's client ----------------------------------------------------------------------------------------- */

static void say_point(struct monitor *monitor, const struct engine_stop *stop)
{
    uint8_t bytes[8];
    uint64_t count = stop->point.length < 8 ? stop->point.length : 8;
    if (stop->point.is_temporary)
        return;
    if (stop->point.kind == CPU_WATCH_EXECUTE) {
        monitor_print(monitor, "breakpoint %d\n", stop->point.number);
        return;
    }
    monitor_print(monitor, "watchpoint %d: %08llx was %s", stop->point.number,
                  (unsigned long long)stop->address, stop->is_write ? "written" : "read");
    if (cpu_peek(monitor->engine.machine->cpu, stop->point.address, bytes, (size_t)count) ==
            count &&
        !stop->point.is_physical) {
        monitor_print(monitor, ", holds");
        for (uint64_t i = 0; i < count; i++)
            monitor_print(monitor, " %02x", bytes[i]);
    }
    monitor_print(monitor, "\n");
}

static void on_stopped(void *self, const struct engine_stop *stop)
{
    struct monitor *monitor = self;
    struct cpu_registers r;
    bool is_planned = stop->reason == STOP_STEP ||
                      (stop->reason == STOP_POINT && stop->point.number == monitor->temporary);
    forget_temporary(monitor);
    if (is_planned && monitor->steps_left) {
        step_on(monitor);
        return;
    }
    monitor->steps_left = 0;
    monitor->has_listed = false;
    trace_flush(monitor->trace);
    switch (stop->reason) {
    case STOP_ASKED:
    case STOP_STEP: break;
    case STOP_POINT: say_point(monitor, stop); break;
    case STOP_MAGIC: monitor_print(monitor, "magic breakpoint\n"); break;
    case STOP_SHUTDOWN:
        monitor_print(monitor,
                      "triple fault (explained above); continue carries out what follows\n");
        break;
    }
    cpu_get_registers(monitor->engine.machine->cpu, &r);
    monitor_list_line(monitor, &r, monitor_linear_ip(&r));
}

static void on_serve(void *self)
{
    struct monitor *monitor = self;
    char line[MONITOR_LINE_BYTES];
    if (monitor->options.io.read_line(monitor->options.io.self, PROMPT, line, sizeof line))
        execute(monitor, line);
    else
        world_stop(monitor->engine.world, STATUS_OK); /* the end of the input */
}

static void on_over(void *self, int exit_status)
{
    struct monitor *monitor = self;
    monitor_print(monitor, "the run is over, exit status %d\n", exit_status);
}

enum status monitor_new(struct monitor **monitor, struct world *world, struct machine *machine,
                        const struct monitor_options *options, struct error *error)
{
    struct monitor *made = calloc(1, sizeof *made);
    const struct engine_client client = {on_stopped, on_serve, NULL, on_over, made, true};
    const struct engine_point first = {.kind = CPU_WATCH_EXECUTE,
                                       .is_temporary = true,
                                       .is_physical = options->first_is_physical,
                                       .address = options->first,
                                       .length = 1};
    int number;
    *monitor = NULL;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for the monitor");
    made->options = *options;
    made->media = (struct world_channel){.name = "media", .deliver = deliver_media, .self = made};
    world_add_channel(world, &made->media);
    engine_init(&made->engine, world, machine, &client);
    *monitor = made;
    if (options->has_first)
        return engine_add_point(&made->engine, &first, &number, error);
    engine_hold(&made->engine);
    return STATUS_OK;
}

void monitor_free(struct monitor *monitor)
{
    if (!monitor)
        return;
    trace_close(monitor->trace);
    engine_fini(&monitor->engine);
    free(monitor);
}

int monitor_run(struct monitor *monitor)
{
    return engine_run(&monitor->engine);
}

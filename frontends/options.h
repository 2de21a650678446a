/* The command line of run and debug, as data: one table serves parsing, messages and --help. */
#ifndef VITRINE_FRONTENDS_OPTIONS_H
#define VITRINE_FRONTENDS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define OPTION_LIST_MAX 4

struct option_list {
    const char *items[OPTION_LIST_MAX];
    size_t count;
};

struct session;

struct run_options {
    const char *image; /* the operand; NULL: none */
    uint64_t memory_bytes; /* 0: not given */
    const char *cpu, *board, *bios, *kernel, *initrd, *append;
    struct option_list disks, floppies, cdroms, nics, serials, symbols;
    const char *display, *screenshot;
    const char *trace, *trace_out, *trace_format, *from, *process;
    bool folds_polls, no_firmware, firmware, has_magic_breaks;
    const char *gdb;
    uint64_t timeout_seconds, max_instructions, clock_hz;
    const char *gantt;
    bool draws_drivers;
    const char *rtc, *snapshot_load, *snapshot_save, *parallel, *debug_console;
    const char *sound; /* NULL: none */
    bool wants_prompt; /* vitrine debug; not an option */
    /* Of run_again.h, no option: this run is that one made again, and leads nowhere outside. */
    const struct session *first_run;
    bool is_stopped, no_reboot, is_realtime, is_max_speed, overlay, prints_hash, is_verbose, wants_help;
};

/* Fills in the defaults, then the words argv[0..argc-1] (without the program and command). */
enum status run_options_parse(struct run_options *options, int argc, char **argv,
                              struct error *error);
/* The table as text for --help. */
void run_options_print(void);

#endif

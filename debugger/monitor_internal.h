/* What the files of the monitor share. */
#ifndef VITRINE_DEBUGGER_MONITOR_INTERNAL_H
#define VITRINE_DEBUGGER_MONITOR_INTERNAL_H

#include "cpu/cpu.h"
#include "debugger/engine.h"
#include "debugger/monitor.h"

#define MONITOR_LINE_BYTES 512
#define MONITOR_WORDS      8

struct trace;

struct monitor {
    struct engine engine;
    struct world_channel media; /* the hand that changes diskettes comes from outside, too */
    struct monitor_options options;
    struct trace *trace;                 /* NULL: off */
    int temporary;                       /* point of next and until; 0: none */
    uint64_t steps_left;                 /* of `step N` */
    bool steps_over;                     /* they go over calls */
    uint64_t next_examined, next_listed; /* where x and disassemble go on */
    bool has_examined, has_listed;
    char last_line[MONITOR_LINE_BYTES]; /* an empty line repeats it */
    char text[65536];                   /* of one answer */
};

/* A command's words; words[0] is its name, with the format behind a slash cut off. */
struct monitor_words {
    int count;
    const char *words[MONITOR_WORDS];
    const char *format; /* "10xw" of "x/10xw"; "" when there is none */
};

struct monitor_command {
    const char *name, *alias, *usage, *meaning;
    void (*run)(struct monitor *monitor, const struct monitor_words *words);
    bool is_repeated; /* by an empty line */
};

void monitor_print(struct monitor *monitor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "0x7c00", "7c00h", "0040:0017", "$eip", "main+4", and sums of them: a linear address. Says what is
 * wrong when it gives false. */
bool monitor_address(struct monitor *monitor, const char *text, uint64_t *address);
/* The same with "phys:" in front allowed. */
bool monitor_place(struct monitor *monitor, const char *text, uint64_t *address, bool *is_physical);
/* A count such as that of step; `initial` where the word is missing. */
bool monitor_count(struct monitor *monitor, const struct monitor_words *words, int index,
                   uint64_t initial, uint64_t *count);
uint64_t monitor_linear_ip(const struct cpu_registers *registers);
unsigned monitor_bits(const struct cpu_registers *registers); /* 16 or 32, of the code segment */
/* Sets or finds a register by name, with or without `$`. */
bool monitor_register(const struct cpu_registers *registers, const char *name, uint64_t *value);
bool monitor_set_register(struct cpu_registers *registers, const char *name, uint64_t value);
/* The instruction at a linear address as a line of the listing; returns its length, 0: unreadable. */
size_t monitor_list_line(struct monitor *monitor, const struct cpu_registers *registers,
                         uint64_t linear);

void monitor_info(struct monitor *monitor, const struct monitor_words *words);
void monitor_examine(struct monitor *monitor, const struct monitor_words *words);
void monitor_list(struct monitor *monitor, const struct monitor_words *words);
void monitor_backtrace(struct monitor *monitor, const struct monitor_words *words);
void monitor_device(struct monitor *monitor, const struct monitor_words *words);

#endif

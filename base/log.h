/* The log context: where messages about the guest and the workstation go.
 *
 * Owned by a world and handed down; there is no global logger. Guest trouble is reported once per
 * place (device, register, CS:EIP), for so many places as are remembered and then no more: however
 * many places a hostile guest invents, it cannot fill a disk. */
#ifndef VITRINE_BASE_LOG_H
#define VITRINE_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

#define LOG_PLACES 256 /* places remembered; trouble at any further one is only counted */

struct log {
    void (*write)(void *self, enum log_level level, const char *line);
    void *self;
    enum log_level level;           /* lines above it are dropped */
    uint64_t places[LOG_PLACES];    /* hashes of places already reported */
    uint32_t place_count;
    bool is_full; /* that no further place fits was said */
    uint64_t suppressed;            /* guest-error lines not written */
};

/* A log that writes lines to standard error. */
void log_init(struct log *log, enum log_level level);
void log_line(struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* True the first time this place is seen; the caller then writes one line. When the places are used
 * up, says so in a line of its own, once, and is false from then on. */
bool log_first(struct log *log, uint64_t place);

#endif

/* Status codes and the one message that goes with a failure.
 *
 * A function that can fail returns `enum status` and fills `struct error`. The codes are the exit
 * statuses of the program (README.md, "Exit status"), so that main() returns what it was told. */
#ifndef VITRINE_BASE_STATUS_H
#define VITRINE_BASE_STATUS_H

#include <stddef.h>

enum status {
    STATUS_OK = 0,       /* done; for a run: powered off */
    STATUS_USAGE = 2,    /* command line or configuration */
    STATUS_TRIPLE = 4,   /* triple fault with --no-reboot */
    STATUS_FILE = 6,     /* a file: missing, short, unreadable, locked */
    STATUS_TIMEOUT = 8,  /* --timeout or --max-instructions */
    STATUS_INTERNAL = 70 /* a bug of ours, or the workstation out of memory */
};

/* One message: what, where, how to fix. Empty text: nothing went wrong. */
struct error {
    enum status status;
    char text[1024];
};

/* Records a failure and returns its status. The first failure is kept: later ones follow from it. */
enum status error_set(struct error *error, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " in front of the recorded message (a file and line, an option). */
void error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* snprintf that always terminates and appends at *used; never writes past size. */
void text_append(char *text, size_t size, size_t *used, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif

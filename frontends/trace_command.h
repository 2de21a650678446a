/* vitrine trace: what its verbs share. Each takes the words behind it and returns the exit status. */
#ifndef VITRINE_FRONTENDS_TRACE_COMMAND_H
#define VITRINE_FRONTENDS_TRACE_COMMAND_H

#include "base/status.h"

/* Words of a verb: up to two files, and options with a value. */
struct trace_options {
    const char *paths[2];
    const char *format; /* --format */
    const char *ignore; /* --ignore */
};

/* Two readers say how two runs went; 1: they differ (as diff does). */
int trace_convert(const struct trace_options *options, struct error *error);
int trace_report(const struct trace_options *options, struct error *error);
int trace_diff(const struct trace_options *options, struct error *error);

#endif

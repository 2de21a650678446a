#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void write_to_stderr(void *self, enum log_level level, const char *line)
{
    static const char *const NAMES[] = {"error", "warning", "info", "debug"};
    (void)self;
    fprintf(stderr, "vitrine: %s: %s\n", NAMES[level], line);
}

void log_init(struct log *log, enum log_level level)
{
    memset(log, 0, sizeof *log);
    log->write = write_to_stderr;
    log->level = level;
}

void log_line(struct log *log, enum log_level level, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    if (level > log->level)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    log->write(log->self, level, line);
}

bool log_first(struct log *log, uint64_t place)
{
    for (uint32_t i = 0; i < log->place_count; i++) {
        if (log->places[i] == place) {
            log->suppressed++;
            return false;
        }
    }
    if (log->place_count == LOG_PLACES) {
        if (!log->is_full)
            log_line(log, LOG_WARNING, "guest errors at %d places: further places are only counted",
                     LOG_PLACES);
        log->is_full = true;
        log->suppressed++;
        return false;
    }
    log->places[log->place_count++] = place;
    return true;
}

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
    uint32_t known = log->place_count < LOG_PLACES ? log->place_count : LOG_PLACES;
    for (uint32_t i = 0; i < known; i++) {
        if (log->places[i] == place) {
            log->suppressed++;
            return false;
        }
    }
    log->places[log->place_count++ % LOG_PLACES] = place;
    return true;
}

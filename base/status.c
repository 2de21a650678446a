#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum status error_set(struct error *error, enum status status, const char *format, ...)
{
    va_list arguments;
    if (error->text[0] != '\0')
        return error->status;
    error->status = status;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return status;
}

void error_prefix(struct error *error, const char *format, ...)
{
    char text[sizeof error->text];
    va_list arguments;
    int used;
    va_start(arguments, format);
    used = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (used < 0 || (size_t)used >= sizeof text)
        return;
    snprintf(text + used, sizeof text - (size_t)used, ": %.*s", (int)sizeof text - used - 3,
             error->text);
    memcpy(error->text, text, sizeof text);
}

void text_append(char *text, size_t size, size_t *used, const char *format, ...)
{
    va_list arguments;
    int wanted;
    if (*used >= size)
        return;
    va_start(arguments, format);
    wanted = vsnprintf(text + *used, size - *used, format, arguments);
    va_end(arguments);
    if (wanted < 0)
        return;
    *used += (size_t)wanted;
    if (*used >= size)
        *used = size - 1;
}

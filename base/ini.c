#include "base/ini.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 65536

enum status ini_error(const struct ini *ini, int line, struct error *error, const char *format, ...)
{
    char text[sizeof error->text - 300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_set(error, STATUS_USAGE, "%.250s:%d: error: %s", ini->path, line, text);
}

void ini_free(struct ini *ini)
{
    free(ini->path);
    free(ini->text);
    free(ini->entries);
    memset(ini, 0, sizeof *ini);
}

/* The length of the UTF-8 sequence at p; 0 when it is not one (RFC 3629, section 4). */
static size_t utf8_length(const unsigned char *p)
{
    size_t length = p[0] < 0x80 ? 1 : p[0] >= 0xC2 && p[0] < 0xE0 ? 2
                    : p[0] >= 0xE0 && p[0] < 0xF0 ? 3 : p[0] >= 0xF0 && p[0] < 0xF5 ? 4 : 0;
    for (size_t i = 1; i < length; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    /* Longer than needed, surrogates, past U+10FFFF. */
    if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
        (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
        return 0;
    return length;
}

static enum status check_text(const struct ini *ini, size_t length, struct error *error)
{
    const unsigned char *p = (const unsigned char *)ini->text;
    int line = 1;
    size_t start = 0;
    for (size_t i = 0; i < length;) {
        size_t step = utf8_length(p + i);
        if (p[i] == '\0')
            return ini_error(ini, line, error, "a NUL byte; fix: save the file as text");
        if (step == 0 || i + step > length)
            return ini_error(ini, line, error, "not UTF-8 (byte %02Xh); fix: save the file as UTF-8",
                             p[i]);
        if (p[i] == '\n') {
            line++;
            start = i + 1;
        }
        if (i + 1 - start > LINE_MAX_BYTES)
            return ini_error(ini, line, error, "the line is longer than 64 KiB; fix: shorten it");
        i += step;
    }
    return STATUS_OK;
}

static char *trim(char *text)
{
    char *end = text + strlen(text);
    while (*text == ' ' || *text == '\t')
        text++;
    while (end > text && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        *--end = '\0';
    return text;
}

static enum status parse_line(struct ini *ini, char *text, int line, struct error *error)
{
    struct ini_entry *entry = &ini->entries[ini->count];
    const struct ini_entry *before = ini->count ? &ini->entries[ini->count - 1] : NULL;
    char *equals;
    text = trim(text);
    if (*text == '\0' || *text == '#' || *text == ';')
        return STATUS_OK;
    entry->line = line;
    entry->section = before ? before->section : "";
    entry->section_line = before ? before->section_line : 0;
    entry->key = entry->value = NULL;
    if (*text == '[') {
        size_t length = strlen(text);
        if (text[length - 1] != ']')
            return ini_error(ini, line, error, "the section has no closing bracket; fix: %s]", text);
        text[length - 1] = '\0';
        entry->section = trim(text + 1);
        entry->section_line = line;
    } else {
        equals = strchr(text, '=');
        if (!equals || equals == text)
            return ini_error(ini, line, error, "'%.60s' is not key = value", text);
        *equals = '\0';
        entry->key = trim(text);
        entry->value = trim(equals + 1);
        if (ini->count == 0)
            return ini_error(ini, line, error, "'%s' stands before any section; fix: [host] first",
                             entry->key);
    }
    ini->count++;
    return STATUS_OK;
}

static size_t count_lines(const char *text)
{
    size_t lines = 1;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

enum status ini_parse(struct ini *ini, const char *path, const void *bytes, size_t length,
                      struct error *error)
{
    enum status status;
    char *line;
    memset(ini, 0, sizeof *ini);
    ini->path = malloc(strlen(path) + 1);
    ini->text = malloc(length + 1);
    if (!ini->path || !ini->text)
        return error_set(error, STATUS_INTERNAL, "out of memory for %s", path);
    strcpy(ini->path, path);
    memcpy(ini->text, bytes, length);
    ini->text[length] = '\0';
    if ((status = check_text(ini, length, error)) != STATUS_OK)
        return status;
    line = ini->text;
    if (strncmp(line, "\xEF\xBB\xBF", 3) == 0)
        line += 3;
    ini->entries = calloc(count_lines(line), sizeof *ini->entries);
    if (!ini->entries)
        return error_set(error, STATUS_INTERNAL, "out of memory for %s", path);
    for (int number = 1; line; number++) {
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        if ((status = parse_line(ini, line, number, error)) != STATUS_OK)
            return status;
        line = end ? end + 1 : NULL;
    }
    return STATUS_OK;
}

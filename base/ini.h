/* Settings files: [section words], key = value, # or ; comments.
 *
 * The whole file is read and checked first: UTF-8 (a byte-order mark and CRLF are accepted), no NUL,
 * lines below 64 KiB. Every entry knows its line, so that every message can say `file:line:`. */
#ifndef VITRINE_BASE_INI_H
#define VITRINE_BASE_INI_H

#include <stddef.h>

#include "base/status.h"

struct ini_entry {
    const char *section; /* the words between the brackets; "" before the first */
    int section_line;
    const char *key;     /* NULL: the section's own heading */
    const char *value;
    int line;
};

struct ini {
    char *path;
    char *text; /* the entries point into it */
    struct ini_entry *entries;
    size_t count;
};

/* `path` names the text in messages; the bytes are copied. */
enum status ini_parse(struct ini *ini, const char *path, const void *bytes, size_t length,
                      struct error *error);
void ini_free(struct ini *ini);
/* error_set with "file:line: error: " in front. */
enum status ini_error(const struct ini *ini, int line, struct error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif

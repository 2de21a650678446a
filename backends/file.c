#include "backends/file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum status file_read(const char *path, size_t limit, uint8_t **bytes, size_t *count,
                      struct error *error)
{
    struct stat facts;
    FILE *file;
    *bytes = NULL;
    *count = 0;
    if (stat(path, &facts) != 0)
        return error_set(error, STATUS_FILE, "%s: %s; fix: check the name", path, strerror(errno));
    if (S_ISDIR(facts.st_mode))
        return error_set(error, STATUS_FILE, "%s: is a directory; fix: name a file in it", path);
    if (!S_ISREG(facts.st_mode))
        return error_set(error, STATUS_FILE, "%s: not a regular file; fix: copy it to one", path);
    if (facts.st_size == 0)
        return error_set(error, STATUS_FILE, "%s: the file is empty; fix: name another", path);
    if ((uint64_t)facts.st_size > limit)
        return error_set(error, STATUS_FILE, "%s: %lld bytes are too many (at most %zu); fix: name another", path,
                         (long long)facts.st_size, limit);
    file = fopen(path, "rb");
    if (!file)
        return error_set(error, STATUS_FILE, "%s: %s; fix: check its permissions", path,
                         strerror(errno));
    *bytes = malloc((size_t)facts.st_size);
    if (*bytes)
        *count = fread(*bytes, 1, (size_t)facts.st_size, file);
    fclose(file);
    if (*count == (size_t)facts.st_size)
        return STATUS_OK;
    free(*bytes);
    *bytes = NULL;
    return error_set(error, STATUS_FILE, "%s: could not be read whole; fix: nobody may change it meanwhile", path);
}

enum status file_write(const char *path, const void *bytes, size_t count, struct error *error)
{
    char temporary[4096];
    FILE *file;
    bool is_good;
    int length = snprintf(temporary, sizeof temporary, "%s.part", path);
    if (length < 0 || (size_t)length >= sizeof temporary)
        return error_set(error, STATUS_FILE, "%.200s...: the name is too long; fix: a shorter one", path);
    file = fopen(temporary, "wb");
    if (!file)
        return error_set(error, STATUS_FILE, "%s: %s; fix: check the folder", path, strerror(errno));
    is_good = fwrite(bytes, 1, count, file) == count;
    is_good = fclose(file) == 0 && is_good;
    if (is_good && rename(temporary, path) == 0)
        return STATUS_OK;
    error_set(error, STATUS_FILE, "%s: %s; fix: see to room and rights there", path, strerror(errno));
    remove(temporary);
    return STATUS_FILE;
}

bool file_is_foreign(const char *path, char first)
{
    struct stat facts;
    FILE *file;
    int byte;
    if (stat(path, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_size == 0)
        return false;
    file = fopen(path, "rb");
    if (!file)
        return false;
    byte = fgetc(file);
    fclose(file);
    return byte != (unsigned char)first;
}

enum status file_make_folder(const char *path, struct error *error)
{
    struct stat found;
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && stat(path, &found) == 0 && S_ISDIR(found.st_mode)))
        return STATUS_OK;
    return error_set(error, STATUS_FILE, "%s: %s; fix: a folder that can be made", path,
                     strerror(errno));
}

/* Files of captures: see captures.h. */
#include "tests/oracle/captures.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "base/bits.h"

char *captures_read(const char *path, size_t *size)
{
    gzFile file = gzopen(path, "rb");
    size_t capacity = 1 << 20, used = 0;
    char *bytes = malloc(capacity);
    int got;
    if (file == NULL || bytes == NULL) {
        free(bytes);
        if (file != NULL)
            gzclose(file);
        return NULL;
    }
    while ((got = gzread(file, bytes + used, (unsigned)(capacity - used - 1))) > 0) {
        used += (size_t)got;
        if (used + 1 == capacity) {
            char *larger = realloc(bytes, capacity *= 2);
            if (larger == NULL)
                exit(70);
            bytes = larger;
        }
    }
    gzclose(file);
    bytes[used] = '\0';
    *size = used;
    return bytes;
}

bool captures_have_name(const char *name)
{
    static const char *const ENDS[] = {".moo", ".moo.gz", ".json", ".json.gz"};
    const char *end = strchr(name, '.');
    if (end != NULL && isdigit((unsigned char)end[1])) /* the digit of a group */
        end = strchr(end + 1, '.');
    for (size_t n = 0; n < ARRAY_COUNT(ENDS); n++)
        if (end != NULL && isxdigit((unsigned char)name[0]) && isxdigit((unsigned char)name[1]) &&
            strcasecmp(end, ENDS[n]) == 0)
            return true;
    return false;
}

static void name_processor(const char *metadata, char cpu[5])
{
    static const char *const CPU[] = {"cpu"};
    const char *found = metadata != NULL ? capture_json_find(metadata, CPU, 1) : NULL;
    size_t length = found != NULL && *found == '"' ? strcspn(found + 1, "\"") : 0;
    memcpy(cpu, length > 0 ? "    " : "386E", 5);
    memcpy(cpu, found != NULL ? found + 1 : cpu, length < 4 ? length : 4);
}

bool captures_open(struct captures *captures, const char *path, const char *metadata)
{
    size_t size;
    *captures = (struct captures){.bytes = captures_read(path, &size)};
    if (captures->bytes == NULL) {
        fprintf(stderr, "vectors: %s: cannot be read; fix: name a file of the set\n", path);
        return false;
    }
    captures->is_json = capture_json_open(&captures->json, captures->bytes);
    if (captures->is_json) {
        name_processor(metadata, captures->moo.cpu);
    } else if (!moo_open(&captures->moo, (const uint8_t *)captures->bytes, size)) {
        fprintf(stderr, "vectors: %s: neither MOO nor JSON; fix: leave the file out\n", path);
        return false;
    }
    return true;
}

bool captures_next(struct captures *captures, struct moo_test *test)
{
    return captures->is_json ? capture_json_next(&captures->json, test)
                             : moo_next(&captures->moo, test);
}

bool captures_have_ended(const struct captures *captures)
{
    return captures->is_json ? capture_json_has_ended(&captures->json)
                             : captures->moo.at == captures->moo.end;
}

void captures_close(struct captures *captures)
{
    capture_json_close(&captures->json);
    free(captures->bytes);
}

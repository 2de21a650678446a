/* Reading captures in JSON: see capture_json.h. What is not JSON ends the file; nothing is read behind its zero. */
#include "tests/unit/capture_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bits.h"

/* --- JSON --------------------------------------------------------------------------------------------- */

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

static bool take(const char **at, char wanted)
{
    *at = skip_space(*at);
    if (**at != wanted)
        return false;
    ++*at;
    return true;
}

/* A string, cut to what fits. No name or hash of the sets has escapes: they stay as they are. */
static bool take_string(const char **at, char *text, size_t size)
{
    if (!take(at, '"'))
        return false;
    size_t used = 0;
    for (; **at != '"'; ++*at) {
        if (**at == '\0' || (**at == '\\' && *++*at == '\0'))
            return false;
        if (used + 1 < size)
            text[used++] = **at;
    }
    ++*at;
    text[used] = '\0';
    return true;
}

static bool take_number(const char **at, uint32_t *value)
{
    char *end;
    *at = skip_space(*at);
    *value = (uint32_t)strtoll(*at, &end, 10);
    if (end == *at)
        return false;
    *at = end;
    return true;
}

/* Any value. */
static bool skip_value(const char **at)
{
    char text[8];
    unsigned depth = 0;
    do {
        *at = skip_space(*at);
        char c = **at;
        size_t length = strchr("{}[],:", c) != NULL ? 1 : strcspn(*at, " \t\r\n,:]}");
        if (c == '\0' || (depth == 0 && strchr("}],:", c) != NULL))
            return false;
        if (c == '"' ? !take_string(at, text, sizeof text) : length == 0)
            return false;
        if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        if (c != '"')
            *at += length;
    } while (depth > 0);
    return true;
}

/* The next key of an object whose brace has been taken; false: its end. */
static bool next_key(const char **at, bool *is_first, char *key, size_t size)
{
    if (take(at, '}') || (!*is_first && !take(at, ',')))
        return false;
    *is_first = false;
    return take_string(at, key, size) && take(at, ':');
}

/* The same for an array. */
static bool next_element(const char **at, bool *is_first)
{
    if (take(at, ']') || (!*is_first && !take(at, ',')))
        return false;
    *is_first = false;
    return **at != '\0';
}

const char *capture_json_find(const char *text, const char *const *path, size_t count)
{
    char key[64];
    bool is_first = true;
    if (count == 0)
        return skip_space(text);
    if (!take(&text, '{'))
        return NULL;
    while (next_key(&text, &is_first, key, sizeof key)) {
        if (strcasecmp(key, path[0]) == 0)
            return capture_json_find(text, path + 1, count - 1);
        if (!skip_value(&text))
            return NULL;
    }
    return NULL;
}

/* --- tests -------------------------------------------------------------------------------------------- */

static int register_of(const char *name)
{
    static const char *const NAMES[MOO_REGISTERS] = {"cr0", "cr3", "ax", "bx",    "cx",  "dx", "si",
                                                     "di",  "bp",  "sp", "cs",    "ds",  "es", "fs",
                                                     "gs",  "ss",  "ip", "flags", "dr6", "dr7"};
    bool is_extended = name[0] == 'e' && strlen(name) > 2;
    for (int n = 0; n < MOO_REGISTERS; n++)
        if (strcmp(name + is_extended, NAMES[n]) == 0)
            return n;
    return -1;
}

/* Older sets have negative numbers where IP wraps. */
static bool parse_registers(const char **at, struct moo_registers *to)
{
    char name[16];
    bool is_first = true;
    uint32_t value;
    if (!take(at, '{'))
        return false;
    while (next_key(at, &is_first, name, sizeof name)) {
        int n = register_of(name);
        if (!take_number(at, &value))
            return false;
        if (n < 0)
            continue;
        to->value[n] = name[0] == 'e' || n < MOO_AX || n > MOO_FLAGS ? value : value & 0xffff;
        to->present |= 1u << n;
    }
    return true;
}

static bool append(struct capture_json *file, uint32_t address, uint32_t value)
{
    if (file->ram_used + 5 > file->ram_room) {
        size_t room = 2 * file->ram_room + 1280;
        uint8_t *larger = realloc(file->ram, room);
        if (larger == NULL)
            return false;
        file->ram = larger;
        file->ram_room = room;
    }
    store_le32(file->ram + file->ram_used, address);
    file->ram[file->ram_used + 4] = (uint8_t)value;
    file->ram_used += 5;
    return true;
}

static bool parse_ram(struct capture_json *file, const char **at, uint32_t *count)
{
    bool is_first = true;
    uint32_t address, value;
    if (!take(at, '['))
        return false;
    for (; next_element(at, &is_first); ++*count)
        if (!take(at, '[') || !take_number(at, &address) || !take(at, ',') ||
            !take_number(at, &value) || !take(at, ']') || !append(file, address, value))
            return false;
    return true;
}

/* *offset: where in the file's buffer its memory begins. */
static bool parse_state(struct capture_json *file, const char **at, struct moo_state *state,
                        size_t *offset)
{
    char key[16];
    bool is_first = true, is_good = true;
    if (!take(at, '{'))
        return false;
    *offset = file->ram_used;
    while (is_good && next_key(at, &is_first, key, sizeof key))
        is_good = strcmp(key, "regs") == 0  ? parse_registers(at, &state->registers)
                  : strcmp(key, "ram") == 0 ? parse_ram(file, at, &state->count)
                                            : skip_value(at);
    return is_good;
}

static bool parse_bytes(struct capture_json *file, const char **at, uint32_t *count)
{
    bool is_first = true;
    uint32_t value;
    if (!take(at, '['))
        return false;
    while (next_element(at, &is_first)) {
        if (!take_number(at, &value))
            return false;
        if (*count < sizeof file->bytes)
            file->bytes[(*count)++] = (uint8_t)value;
    }
    return true;
}

static bool parse_exception(const char **at, struct moo_test *test)
{
    static const char *const NUMBER[] = {"number"};
    const char *number = capture_json_find(*at, NUMBER, 1);
    uint32_t value = 0;
    test->has_exception = number != NULL && take_number(&number, &value);
    test->vector = (uint8_t)value;
    return skip_value(at);
}

static bool parse_field(struct capture_json *file, const char *key, struct moo_test *test,
                        size_t *offsets)
{
    const char **at = &file->at;
    if (strcmp(key, "name") == 0)
        return take_string(at, test->name, sizeof test->name);
    if (strcmp(key, "bytes") == 0)
        return parse_bytes(file, at, &test->byte_count);
    if (strcmp(key, "initial") == 0)
        return parse_state(file, at, &test->initial, &offsets[0]);
    if (strcmp(key, "final") == 0)
        return parse_state(file, at, &test->final, &offsets[1]);
    if (strcmp(key, "hash") == 0 || strcmp(key, "test_hash") == 0)
        return take_string(at, test->hash, sizeof test->hash);
    if (strcmp(key, "idx") == 0 || strcmp(key, "test_num") == 0)
        return take_number(at, &test->index);
    if (strcmp(key, "exception") == 0)
        return parse_exception(at, test);
    return skip_value(at);
}

bool capture_json_open(struct capture_json *file, const char *text)
{
    *file = (struct capture_json){.at = text};
    return take(&file->at, '[') && *skip_space(file->at) == '{';
}

bool capture_json_next(struct capture_json *file, struct moo_test *test)
{
    char key[32];
    bool is_first = true;
    size_t offsets[2] = {0, 0};
    memset(test, 0, sizeof *test);
    file->ram_used = 0;
    take(&file->at, ',');
    if (!take(&file->at, '{'))
        return false;
    while (next_key(&file->at, &is_first, key, sizeof key))
        if (!parse_field(file, key, test, offsets))
            return false;
    if (file->ram != NULL) {
        test->initial.ram = file->ram + offsets[0];
        test->final.ram = file->ram + offsets[1];
    }
    test->bytes = file->bytes;
    moo_complete(test, NULL);
    return test->initial.registers.present != 0;
}

bool capture_json_has_ended(const struct capture_json *file)
{
    return *skip_space(file->at) == ']';
}

void capture_json_close(struct capture_json *file)
{
    free(file->ram);
    *file = (struct capture_json){.at = ""};
}

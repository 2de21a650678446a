#include "debugger/symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/file.h"
#include "base/bits.h"
#include "base/words.h"
#include "debugger/elf.h"

#define ELF_BYTES_MAX ((size_t)1 << 30)
#define FAR_BYTES     0x10000u /* a symbol without a size reaches no further */
#define PATH_ROOM     4096

/* Symbol table entries: [0] ELF32, [1] ELF64. The name comes first in both. */
struct layout {
    uint8_t entry_bytes, info, section, value, size, word;
};
static const struct layout LAYOUTS[2] = {
    {16, 12, 14, 4, 8,  4},
    {24, 4,  6,  8, 16, 8},
};
enum elf_value { STT_NOTYPE = 0, STT_OBJECT = 1, STT_FUNC = 2, SHN_UNDEF = 0, SHN_ABS = 0xFFF1 };

struct symbol {
    uint64_t address, size;
    const char *name;
};

/* One file; the newest is first. */
struct symbols {
    struct symbols *next;
    uint8_t *bytes; /* the file; the names point into it */
    size_t byte_count;
    struct symbol *rows; /* by address */
    size_t count;
    struct line_table *lines; /* NULL: none */
    uint64_t offset; /* of the guest's addresses from the file's; the rows have it already */
};

static bool is_wanted(const struct layout *layout, const uint8_t *entry)
{
    unsigned type = entry[layout->info] & 15u, section = load_le16(entry + layout->section);
    return (type == STT_NOTYPE || type == STT_OBJECT || type == STT_FUNC) && section != SHN_UNDEF &&
           section != SHN_ABS;
}

static void take_symbols(struct symbols *s, const struct layout *layout,
                         const struct elf_section *table, const struct elf_section *names)
{
    for (size_t i = 0; i < table->count / layout->entry_bytes; i++) {
        const uint8_t *entry = table->bytes + i * layout->entry_bytes;
        uint32_t at = load_le32(entry);
        if (!is_wanted(layout, entry) || at >= names->count || names->bytes[at] == '\0')
            continue;
        s->rows[s->count++] = (struct symbol){
            load_le(entry + layout->value, layout->word) + s->offset,
            load_le(entry + layout->size, layout->word), (const char *)names->bytes + at};
    }
}

/* By address; of several at one address the sized one is found first from below. */
static int compare(const void *a, const void *b)
{
    const struct symbol *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return -strcmp(x->name, y->name);
}

static enum status parse(struct symbols *s, struct error *error)
{
    struct elf elf;
    struct elf_section table, names;
    const struct layout *layout;
    enum status status = elf_open(&elf, s->bytes, s->byte_count, error);
    if (status != STATUS_OK)
        return status;
    if (!elf_section_of_type(&elf, ELF_SYMTAB, &table))
        return error_set(error, STATUS_FILE, "no symbol table; fix: the file before strip");
    if (!table.bytes || !elf_section(&elf, table.link, &names) || !names.bytes ||
        names.count == 0 || names.bytes[names.count - 1] != '\0')
        return error_set(error, STATUS_FILE,
                         "its symbol table lies outside the file; fix: build it again");
    layout = &LAYOUTS[elf.is_64];
    s->rows = calloc(table.count / layout->entry_bytes + 1, sizeof *s->rows);
    if (!s->rows)
        return error_set(error, STATUS_INTERNAL, "out of memory for its symbols");
    take_symbols(s, layout, &table, &names);
    qsort(s->rows, s->count, sizeof *s->rows, compare);
    return line_table_new(&s->lines, &elf, error);
}

/* "FILE,offset=N" → the path, and the offset where it is given. */
static enum status split(const char *spec, char *path, uint64_t *offset, struct error *error)
{
    static const char OPTION[] = "offset=";
    size_t length = strcspn(spec, ",");
    const char *option = spec[length] ? spec + length + 1 : NULL;
    *offset = 0;
    if (length == 0 || length >= PATH_ROOM)
        return error_set(error, STATUS_USAGE, "no file's name; fix: --sym FILE[,offset=BYTES]");
    memcpy(path, spec, length);
    path[length] = '\0';
    if (option && (strncmp(option, OPTION, sizeof OPTION - 1) != 0 ||
                   !words_number(option + sizeof OPTION - 1, offset)))
        return error_set(error, STATUS_USAGE,
                         "'%.100s' is no option of it; fix: offset=0x100000, say", option);
    return STATUS_OK;
}

enum status symbols_add(struct symbols **symbols, const char *spec, struct error *error)
{
    struct symbols *made = calloc(1, sizeof *made);
    char path[PATH_ROOM];
    enum status status;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for symbols");
    status = split(spec, path, &made->offset, error);
    if (status == STATUS_OK)
        status = file_read(path, ELF_BYTES_MAX, &made->bytes, &made->byte_count, error);
    if (status == STATUS_OK && (status = parse(made, error)) != STATUS_OK)
        error_prefix(error, "%s", path);
    if (status != STATUS_OK) {
        symbols_free(made);
        return status;
    }
    made->next = *symbols;
    *symbols = made;
    return STATUS_OK;
}

void symbols_free(struct symbols *symbols)
{
    while (symbols) {
        struct symbols *next = symbols->next;
        line_table_free(symbols->lines);
        free(symbols->rows);
        free(symbols->bytes);
        free(symbols);
        symbols = next;
    }
}

bool symbols_find(const struct symbols *symbols, const char *name, uint64_t *address)
{
    for (; symbols; symbols = symbols->next)
        for (size_t i = 0; i < symbols->count; i++)
            if (strcmp(symbols->rows[i].name, name) == 0) {
                *address = symbols->rows[i].address;
                return true;
            }
    return false;
}

static const char *name_at(const struct symbols *symbols, uint64_t address, uint64_t *offset)
{
    size_t low = 0, high = symbols->count;
    const struct symbol *row;
    while (low < high) { /* the first row above the address */
        size_t middle = low + (high - low) / 2;
        if (symbols->rows[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    row = &symbols->rows[low - 1];
    *offset = address - row->address;
    return *offset < (row->size ? row->size : FAR_BYTES) ? row->name : NULL;
}

const char *symbols_at(const struct symbols *symbols, uint64_t address, uint64_t *offset)
{
    const char *name = NULL;
    for (; symbols && !name; symbols = symbols->next)
        name = name_at(symbols, address, offset);
    return name;
}

bool symbols_line(const struct symbols *symbols, uint64_t address, struct line_place *place)
{
    for (; symbols; symbols = symbols->next)
        if (line_table_find(symbols->lines, address - symbols->offset, place))
            return true;
    return false;
}

void symbols_text(const struct symbols *symbols, uint64_t address, char *text, size_t size)
{
    uint64_t offset = 0;
    size_t used = 0;
    const char *name = symbols_at(symbols, address, &offset);
    if (size)
        text[0] = '\0';
    if (name && offset)
        text_append(text, size, &used, " <%s+%llu>", name, (unsigned long long)offset);
    else if (name)
        text_append(text, size, &used, " <%s>", name);
}

void symbols_code_text(const struct symbols *symbols, uint64_t address, char *text, size_t size)
{
    struct line_place place;
    size_t used;
    const char *slash;
    symbols_text(symbols, address, text, size);
    if (!symbols_line(symbols, address, &place))
        return;
    used = strlen(text);
    slash = strrchr(place.file, '/');
    text_append(text, size, &used, " at %s:%u", slash ? slash + 1 : place.file,
                (unsigned)place.line);
}

const char *symbols_nearest_name(const struct symbols *symbols, const char *name)
{
    const char **names, *nearest;
    size_t count = symbols_count(symbols), used = 0;
    if (count == 0)
        return NULL;
    names = malloc(count * sizeof *names);
    if (!names)
        return NULL;
    for (; symbols; symbols = symbols->next)
        for (size_t i = 0; i < symbols->count; i++)
            names[used++] = symbols->rows[i].name;
    nearest = words_nearest(name, names, count);
    free(names);
    return nearest;
}

size_t symbols_count(const struct symbols *symbols)
{
    size_t count = 0;
    for (; symbols; symbols = symbols->next)
        count += symbols->count;
    return count;
}

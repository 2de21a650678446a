#include "debugger/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "backends/file.h"
#include "base/bits.h"
#include "base/words.h"

#define ELF_BYTES_MAX ((size_t)1 << 30)
#define FAR_BYTES     0x10000u /* a symbol without a size reaches no further */

enum elf_layout {
    HEADER_BYTES = 52,
    HEADER_SHOFF = 32,
    HEADER_SHENTSIZE = 46,
    HEADER_SHNUM = 48,
    SECTION_BYTES = 40,
    SECTION_TYPE = 4,
    SECTION_OFFSET = 16,
    SECTION_SIZE = 20,
    SECTION_LINK = 24,
    SYMBOL_BYTES = 16,
    SYMBOL_VALUE = 4,
    SYMBOL_SIZE = 8,
    SYMBOL_INFO = 12,
    SYMBOL_SECTION = 14
};
enum elf_value {
    SHT_SYMTAB = 2,
    STT_NOTYPE = 0,
    STT_OBJECT = 1,
    STT_FUNC = 2,
    SHN_UNDEF = 0,
    SHN_ABS = 0xFFF1
};

struct symbol {
    uint32_t address, size;
    const char *name;
};

struct symbols {
    uint8_t *bytes; /* the file; the names point into it */
    size_t byte_count;
    struct symbol *rows; /* by address */
    size_t count;
};

/* `count` bytes at `offset`; NULL where the file ends before. */
static const uint8_t *part(const struct symbols *s, uint64_t offset, uint64_t count)
{
    if (offset > s->byte_count || count > s->byte_count - offset)
        return NULL;
    return s->bytes + offset;
}

static bool is_wanted(const uint8_t *entry)
{
    unsigned type = entry[SYMBOL_INFO] & 15u, section = load_le16(entry + SYMBOL_SECTION);
    return (type == STT_NOTYPE || type == STT_OBJECT || type == STT_FUNC) && section != SHN_UNDEF &&
           section != SHN_ABS;
}

static void take_symbols(struct symbols *s, const uint8_t *table, size_t entries, const char *names,
                         size_t name_bytes)
{
    for (size_t i = 0; i < entries; i++) {
        const uint8_t *entry = table + i * SYMBOL_BYTES;
        uint32_t at = load_le32(entry);
        if (!is_wanted(entry) || at >= name_bytes || names[at] == '\0')
            continue;
        s->rows[s->count++] = (struct symbol){load_le32(entry + SYMBOL_VALUE),
                                              load_le32(entry + SYMBOL_SIZE), names + at};
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

static const uint8_t *section_at(const struct symbols *s, unsigned index)
{
    const uint8_t *header = s->bytes;
    if (index >= load_le16(header + HEADER_SHNUM))
        return NULL;
    return part(s, load_le32(header + HEADER_SHOFF) + (uint64_t)index * SECTION_BYTES,
                SECTION_BYTES);
}

static const uint8_t *section_bytes(const struct symbols *s, const uint8_t *section, size_t *count)
{
    *count = load_le32(section + SECTION_SIZE);
    return part(s, load_le32(section + SECTION_OFFSET), *count);
}

static enum status parse(struct symbols *s, const char *path, struct error *error)
{
    const uint8_t *section = NULL, *strings, *table, *names;
    size_t table_bytes, name_bytes;
    if (s->byte_count < HEADER_BYTES || memcmp(s->bytes,
                                               "\x7f"
                                               "ELF\1\1",
                                               6) != 0)
        return error_set(error, STATUS_FILE,
                         "%s: no 32-bit little-endian ELF file; fix: name the guest's "
                         "ELF, built with -m32",
                         path);
    if (load_le16(s->bytes + HEADER_SHENTSIZE) != SECTION_BYTES)
        return error_set(error, STATUS_FILE, "%s: no section headers; fix: the file before strip",
                         path);
    for (unsigned i = 0; (section = section_at(s, i)) != NULL; i++)
        if (load_le32(section + SECTION_TYPE) == SHT_SYMTAB)
            break;
    if (!section)
        return error_set(error, STATUS_FILE, "%s: no symbol table; fix: the file before strip",
                         path);
    strings = section_at(s, load_le32(section + SECTION_LINK));
    table = section_bytes(s, section, &table_bytes);
    names = strings ? section_bytes(s, strings, &name_bytes) : NULL;
    if (!table || !names || name_bytes == 0 || names[name_bytes - 1] != '\0')
        return error_set(error, STATUS_FILE,
                         "%s: its symbol table lies outside the file: it is damaged", path);
    s->rows = calloc(table_bytes / SYMBOL_BYTES + 1, sizeof *s->rows);
    if (!s->rows)
        return error_set(error, STATUS_INTERNAL, "out of memory for the symbols of %s", path);
    take_symbols(s, table, table_bytes / SYMBOL_BYTES, (const char *)names, name_bytes);
    qsort(s->rows, s->count, sizeof *s->rows, compare);
    return STATUS_OK;
}

enum status symbols_load(struct symbols **symbols, const char *path, struct error *error)
{
    struct symbols *made = calloc(1, sizeof *made);
    enum status status;
    *symbols = NULL;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for the symbols of %s", path);
    status = file_read(path, ELF_BYTES_MAX, &made->bytes, &made->byte_count, error);
    if (status == STATUS_OK)
        status = parse(made, path, error);
    if (status != STATUS_OK) {
        symbols_free(made);
        return status;
    }
    *symbols = made;
    return STATUS_OK;
}

void symbols_free(struct symbols *symbols)
{
    if (!symbols)
        return;
    free(symbols->rows);
    free(symbols->bytes);
    free(symbols);
}

bool symbols_find(const struct symbols *symbols, const char *name, uint64_t *address)
{
    for (size_t i = 0; symbols && i < symbols->count; i++)
        if (strcmp(symbols->rows[i].name, name) == 0) {
            *address = symbols->rows[i].address;
            return true;
        }
    return false;
}

const char *symbols_at(const struct symbols *symbols, uint64_t address, uint64_t *offset)
{
    size_t low = 0, high = symbols ? symbols->count : 0;
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

void symbols_text(const struct symbols *symbols, uint64_t address, char *text, size_t size)
{
    uint64_t offset;
    size_t used = 0;
    const char *name = symbols_at(symbols, address, &offset);
    if (size)
        text[0] = '\0';
    if (name && offset)
        text_append(text, size, &used, " <%s+%llu>", name, (unsigned long long)offset);
    else if (name)
        text_append(text, size, &used, " <%s>", name);
}

const char *symbols_nearest_name(const struct symbols *symbols, const char *name)
{
    const char **names, *nearest;
    if (!symbols || symbols->count == 0)
        return NULL;
    names = malloc(symbols->count * sizeof *names);
    if (!names)
        return NULL;
    for (size_t i = 0; i < symbols->count; i++)
        names[i] = symbols->rows[i].name;
    nearest = words_nearest(name, names, symbols->count);
    free(names);
    return nearest;
}

size_t symbols_count(const struct symbols *symbols)
{
    return symbols ? symbols->count : 0;
}

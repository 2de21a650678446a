#include "debugger/trace_process.h"

#include <string.h>

#include "base/bits.h"
#include "base/words.h"
#include "debugger/symbols.h"

#define NAME_BYTES 16u /* of which a name has at most, unless it is said otherwise */
#define WORD_BYTES 128

static enum status parse_current(struct process_layout *layout, const char *where,
                                 const struct symbols *symbols, struct error *error)
{
    const char *nearest;
    layout->is_in_fs = strncmp(where, "fs:", 3) == 0;
    if (words_number(layout->is_in_fs ? where + 3 : where, &layout->current) ||
        (!layout->is_in_fs && symbols_find(symbols, where, &layout->current)))
        return STATUS_OK;
    nearest = symbols_nearest_name(symbols, where);
    return error_set(error, STATUS_USAGE,
                     "--process: current=%s is no address and no symbol; fix: %s%s", where,
                     nearest ? "did you mean " : "an address, fs:OFFSET, or --sym ELF with the symbol",
                     nearest ? nearest : "");
}

static enum status parse_word(struct process_layout *layout, const char *word,
                              const struct symbols *symbols, struct error *error)
{
    if (strncmp(word, "current=", 8) == 0)
        return parse_current(layout, word + 8, symbols, error);
    if ((strncmp(word, "name=", 5) == 0 && words_number(word + 5, &layout->name)) ||
        (strncmp(word, "bytes=", 6) == 0 && words_number(word + 6, &layout->bytes) &&
         layout->bytes > 0 && layout->bytes < PROCESS_NAME_BYTES))
        return STATUS_OK;
    return error_set(error, STATUS_USAGE,
                     "--process: '%s'; fix: current=ADDRESS|SYMBOL|fs:OFFSET,name=OFFSET[,bytes=1 to "
                     "%d]",
                     word, PROCESS_NAME_BYTES - 1);
}

enum status process_layout_parse(struct process_layout *layout, const char *text,
                                 const struct symbols *symbols, struct error *error)
{
    enum status status = STATUS_OK;
    *layout = (struct process_layout){.is_declared = true, .name = UINT64_MAX, .bytes = NAME_BYTES};
    layout->current = UINT64_MAX;
    while (status == STATUS_OK && *text) {
        char word[WORD_BYTES];
        size_t length = strcspn(text, ",");
        size_t kept = length < sizeof word ? length : sizeof word - 1;
        memcpy(word, text, kept);
        word[kept] = '\0';
        status = parse_word(layout, word, symbols, error);
        text += length + (text[length] == ',');
    }
    if (status == STATUS_OK && (layout->current == UINT64_MAX || layout->name == UINT64_MAX))
        status = error_set(error, STATUS_USAGE,
                           "--process needs current= and name=; fix: "
                           "current=ADDRESS|SYMBOL|fs:OFFSET,name=OFFSET");
    return status;
}

bool process_name(const struct process_layout *layout, const struct access_origin *origin,
                  char *name)
{
    uint8_t pointer[4];
    uint64_t where = layout->current + (layout->is_in_fs ? origin->fs_base : 0);
    size_t count, length = 0;
    if (!layout->is_declared || !origin->peek ||
        origin->peek(origin->processor, where & UINT32_MAX, pointer, sizeof pointer) !=
            sizeof pointer)
        return false;
    where = (load_le32(pointer) + layout->name) & UINT32_MAX;
    count = origin->peek(origin->processor, where, name, (size_t)layout->bytes);
    while (length < count && name[length] >= 0x20 && name[length] <= 0x7E)
        length++;
    name[length] = '\0';
    return length > 0;
}

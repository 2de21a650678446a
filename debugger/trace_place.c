#include "debugger/trace_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "debugger/disassemble.h"
#include "debugger/symbols.h"

#define PLACES 1024u /* kept, by the lower bits of their addresses; a power of two */

struct place {
    uint64_t linear;
    bool is_code32;
    uint8_t bytes[TRACE_INSTRUCTION_BYTES]; /* as they were read */
    uint8_t count;                          /* of these; 0: not in use */
    uint8_t length;                         /* of the instruction */
    char instruction[96], symbol[96], line[96];
};

struct trace_places {
    const struct symbols *symbols;
    struct place places[PLACES];
};

struct trace_places *trace_places_new(const struct symbols *symbols)
{
    struct trace_places *places = calloc(1, sizeof *places);
    if (places)
        places->symbols = symbols;
    return places;
}

void trace_places_free(struct trace_places *places)
{
    free(places);
}

/* "lab_main+0x12", "main.c:33". */
static void name_place(const struct symbols *symbols, struct place *place)
{
    struct line_place line;
    uint64_t offset = 0;
    size_t used = 0;
    const char *name = symbols_at(symbols, place->linear, &offset), *slash;
    place->symbol[0] = place->line[0] = '\0';
    if (name)
        text_append(place->symbol, sizeof place->symbol, &used, "%s", name);
    if (name && offset)
        text_append(place->symbol, sizeof place->symbol, &used, "+0x%llx",
                    (unsigned long long)offset);
    if (!symbols_line(symbols, place->linear, &line))
        return;
    slash = strrchr(line.file, '/');
    used = 0;
    text_append(place->line, sizeof place->line, &used, "%s:%u", slash ? slash + 1 : line.file,
                (unsigned)line.line);
}

static void learn(struct trace_places *places, struct place *place,
                  const struct access_origin *origin, const uint8_t *bytes, size_t count)
{
    struct disassembly code;
    size_t used = 0;
    disassemble(&code, origin->eip, bytes, count, origin->is_code32 ? 32 : 16);
    place->linear = origin->linear;
    place->is_code32 = origin->is_code32;
    place->count = (uint8_t)count;
    place->length = (uint8_t)(code.is_known ? code.length : count);
    memcpy(place->bytes, bytes, count);
    place->instruction[0] = '\0';
    if (code.is_known)
        text_append(place->instruction, sizeof place->instruction, &used, "%s", code.text);
    name_place(places->symbols, place);
}

void trace_places_look(struct trace_places *places, const struct access_origin *origin,
                       struct trace_record *record)
{
    struct place *place = &places->places[(origin->linear ^ origin->linear >> 10) & (PLACES - 1)];
    uint8_t bytes[TRACE_INSTRUCTION_BYTES];
    size_t count;
    if (!origin->peek)
        return;
    count = origin->peek(origin->processor, origin->linear, bytes, sizeof bytes);
    if (count == 0)
        return;
    if (place->count != count || place->linear != origin->linear ||
        place->is_code32 != origin->is_code32 || memcmp(place->bytes, bytes, count) != 0)
        learn(places, place, origin, bytes, count);
    record->instruction = place->instruction;
    record->symbol = place->symbol;
    record->source_line = place->line;
    if (place->instruction[0])
        return;
    record->code_bytes = place->length;
    memcpy(record->code, place->bytes, place->length);
}

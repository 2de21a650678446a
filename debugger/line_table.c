#include "debugger/line_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "debugger/elf.h"

#define ROWS_MAX      ((size_t)32 << 20) /* a large kernel has some ten million */
#define FILES_MAX     ((size_t)4 << 20)
#define FORMATS_MAX   255u /* a byte counts them */
#define OPCODES_MAX   255u
#define OVERLAPS_SEEN 64u /* sequences below an address that are asked for it */

enum standard_opcode {
    LNS_EXTENDED = 0,
    LNS_COPY,
    LNS_ADVANCE_PC,
    LNS_ADVANCE_LINE,
    LNS_SET_FILE,
    LNS_SET_COLUMN,
    LNS_NEGATE_STMT,
    LNS_SET_BASIC_BLOCK,
    LNS_CONST_ADD_PC,
    LNS_FIXED_ADVANCE_PC
};
enum extended_opcode { LNE_END_SEQUENCE = 1, LNE_SET_ADDRESS = 2 };
enum content_type { LNCT_PATH = 1, LNCT_DIRECTORY_INDEX = 2 };
enum form {
    FORM_BLOCK2 = 0x03,
    FORM_BLOCK4 = 0x04,
    FORM_DATA2 = 0x05,
    FORM_DATA4 = 0x06,
    FORM_DATA8 = 0x07,
    FORM_STRING = 0x08,
    FORM_BLOCK = 0x09,
    FORM_BLOCK1 = 0x0A,
    FORM_DATA1 = 0x0B,
    FORM_STRP = 0x0E,
    FORM_UDATA = 0x0F,
    FORM_DATA16 = 0x1E,
    FORM_LINE_STRP = 0x1F
};

struct source_file {
    const char *folder, *name;
};

struct row {
    uint64_t address;
    uint32_t file; /* of the table's files */
    uint32_t line;
};

/* Rows of rising addresses; the last one is the end, behind the last instruction. */
struct sequence {
    uint64_t low, high;
    size_t first, count;
};

struct line_table {
    struct row *rows;
    struct sequence *sequences; /* by `low` */
    struct source_file *files;
    size_t row_count, row_room, sequence_count, sequence_room, file_count, file_room;
};

/* Bytes that are read in order; past the end everything is 0 and `is_short`. */
struct cursor {
    const uint8_t *at, *end;
    bool is_short;
};

/* What one unit's header says, and the registers of its state machine (6.2.2). */
struct unit {
    struct cursor in;
    unsigned version, address_bytes, offset_bytes;
    unsigned least_length, line_range, opcode_base;
    int line_base;
    uint8_t operands[OPCODES_MAX + 1];
    struct elf_section strings, line_strings;
    size_t first_file;   /* of the table's */
    size_t first_folder; /* of `folders` */
    uint64_t address, file;
    uint32_t line;
    size_t sequence_start; /* row */
};

struct parser {
    struct line_table *table;
    struct unit unit;
    const char **folders; /* of one unit */
    size_t folder_count, folder_room;
    bool is_out_of_memory;
};

/* --- bytes ------------------------------------------------------------------------------------------ */

static const uint8_t *take(struct cursor *in, uint64_t count)
{
    const uint8_t *at = in->at;
    if (count > (uint64_t)(in->end - in->at)) {
        in->is_short = true;
        in->at = in->end;
        return NULL;
    }
    in->at += count;
    return at;
}

static uint64_t take_number(struct cursor *in, unsigned bytes)
{
    const uint8_t *at = take(in, bytes);
    uint64_t value = 0;
    for (unsigned i = 0; at && i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

/* LEB128 (7.6); bits past the 64th are dropped. */
static uint64_t take_leb(struct cursor *in, bool is_signed)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;
    do {
        byte = (uint8_t)take_number(in, 1);
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7F) << shift;
        shift += 7;
    } while (byte & 0x80);
    if (is_signed && shift < 64 && byte & 0x40)
        value |= UINT64_MAX << shift;
    return value;
}

static const char *take_string(struct cursor *in)
{
    const uint8_t *end = memchr(in->at, 0, (size_t)(in->end - in->at));
    const char *text = (const char *)in->at;
    if (!end) {
        in->is_short = true;
        in->at = in->end;
        return "";
    }
    in->at = end + 1;
    return text;
}

/* --- growing ------------------------------------------------------------------------------------------ */

/* Room for one more of `bytes`; false: too many, or out of memory. */
static bool grow(struct parser *parser, void *list, size_t *room, size_t count, size_t bytes,
                 size_t limit)
{
    void **at = list, *grown;
    if (count < *room)
        return true;
    if (count >= limit)
        return false;
    *room = *room ? 2 * *room : 64;
    grown = realloc(*at, *room * bytes);
    if (!grown)
        parser->is_out_of_memory = true;
    else
        *at = grown;
    return grown != NULL;
}

static bool add_row(struct parser *parser)
{
    struct line_table *table = parser->table;
    const struct unit *unit = &parser->unit;
    uint64_t file = unit->version >= 5 ? unit->file : unit->file - 1; /* 1 was the first before 5 */
    if (!grow(parser, &table->rows, &table->row_room, table->row_count, sizeof *table->rows,
              ROWS_MAX))
        return false;
    if (file >= table->file_count - unit->first_file)
        file = UINT32_MAX;
    else
        file += unit->first_file;
    table->rows[table->row_count++] = (struct row){unit->address, (uint32_t)file, unit->line};
    return true;
}

static bool add_sequence(struct parser *parser)
{
    struct line_table *table = parser->table;
    const struct row *rows = table->rows;
    size_t first = parser->unit.sequence_start, count = table->row_count - first;
    parser->unit.sequence_start = table->row_count;
    if (count < 2 || rows[first].address >= rows[table->row_count - 1].address)
        return true; /* covers nothing */
    if (!grow(parser, &table->sequences, &table->sequence_room, table->sequence_count,
              sizeof *table->sequences, ROWS_MAX))
        return false;
    table->sequences[table->sequence_count++] =
        (struct sequence){rows[first].address, rows[table->row_count - 1].address, first, count};
    return true;
}

static bool add_folder(struct parser *parser, const char *name)
{
    if (!grow(parser, &parser->folders, &parser->folder_room, parser->folder_count,
              sizeof *parser->folders, FILES_MAX))
        return false;
    parser->folders[parser->folder_count++] = name;
    return true;
}

/* Folder 0 is the one the compiler ran in: it says nothing about the file. */
static bool add_file(struct parser *parser, const char *name, uint64_t folder)
{
    struct line_table *table = parser->table;
    bool is_known = folder > 0 && folder < parser->folder_count;
    if (!grow(parser, &table->files, &table->file_room, table->file_count, sizeof *table->files,
              FILES_MAX))
        return false;
    table->files[table->file_count++] =
        (struct source_file){is_known ? parser->folders[folder] : "", name};
    return true;
}

/* --- the header's files (6.2.4) ------------------------------------------------------------------------- */

/* Versions 2 to 4: names up to an empty one. */
static bool take_old_files(struct parser *parser, struct cursor *in)
{
    bool has_room = add_folder(parser, "");
    while (has_room && !in->is_short && in->at < in->end && *in->at)
        has_room = add_folder(parser, take_string(in));
    take(in, 1);
    while (has_room && !in->is_short && in->at < in->end && *in->at) {
        const char *name = take_string(in);
        uint64_t folder = take_leb(in, false);
        take_leb(in, false); /* time */
        take_leb(in, false); /* length */
        has_room = add_file(parser, name, folder);
    }
    take(in, 1);
    return has_room;
}

static const char *string_at(const struct elf_section *section, uint64_t offset)
{
    if (!section->bytes || offset >= section->count || section->bytes[section->count - 1] != '\0')
        return "";
    return (const char *)section->bytes + offset;
}

/* A value of some form; *text where it is one. */
static uint64_t take_form(const struct unit *unit, struct cursor *in, uint64_t form,
                          const char **text)
{
    switch (form) {
    case FORM_STRING: *text = take_string(in); return 0;
    case FORM_STRP:
        *text = string_at(&unit->strings, take_number(in, unit->offset_bytes));
        return 0;
    case FORM_LINE_STRP:
        *text = string_at(&unit->line_strings, take_number(in, unit->offset_bytes));
        return 0;
    case FORM_DATA1: return take_number(in, 1);
    case FORM_DATA2: return take_number(in, 2);
    case FORM_DATA4: return take_number(in, 4);
    case FORM_DATA8: return take_number(in, 8);
    case FORM_DATA16: take(in, 16); return 0;
    case FORM_UDATA: return take_leb(in, false);
    case FORM_BLOCK: take(in, take_leb(in, false)); return 0;
    case FORM_BLOCK1: take(in, take_number(in, 1)); return 0;
    case FORM_BLOCK2: take(in, take_number(in, 2)); return 0;
    case FORM_BLOCK4: take(in, take_number(in, 4)); return 0;
    }
    in->is_short = true; /* no form of known size: nothing behind it can be found */
    return 0;
}

/* Version 5: which contents an entry has comes first; folders, then files. */
static bool take_entries(struct parser *parser, struct cursor *in, bool are_files)
{
    uint64_t formats[FORMATS_MAX][2];
    unsigned format_count = (unsigned)take_number(in, 1);
    uint64_t count;
    for (unsigned i = 0; i < format_count; i++) {
        formats[i][0] = take_leb(in, false);
        formats[i][1] = take_leb(in, false);
    }
    count = take_leb(in, false);
    if (format_count == 0)
        return true;
    for (uint64_t i = 0; i < count && !in->is_short && in->at < in->end; i++) {
        const char *name = "";
        uint64_t folder = 0;
        for (unsigned f = 0; f < format_count; f++) {
            const char *text = NULL;
            uint64_t value = take_form(&parser->unit, in, formats[f][1], &text);
            if (formats[f][0] == LNCT_PATH && text)
                name = text;
            else if (formats[f][0] == LNCT_DIRECTORY_INDEX)
                folder = value;
        }
        if (!(are_files ? add_file(parser, name, folder) : add_folder(parser, name)))
            return false;
    }
    return true;
}

static bool take_files(struct parser *parser, struct cursor *in)
{
    parser->folder_count = 0;
    parser->unit.first_file = parser->table->file_count;
    if (parser->unit.version < 5)
        return take_old_files(parser, in);
    return take_entries(parser, in, false) && take_entries(parser, in, true);
}

/* --- the program (6.2.5) ---------------------------------------------------------------------------------- */

static void reset_registers(struct unit *unit)
{
    unit->address = 0;
    unit->file = 1;
    unit->line = 1;
}

static bool run_extended(struct parser *parser)
{
    struct unit *unit = &parser->unit;
    uint64_t length = take_leb(&unit->in, false);
    struct cursor in = {unit->in.at, unit->in.at, false};
    unsigned opcode;
    if (!take(&unit->in, length) || length == 0)
        return true;
    in.end = unit->in.at;
    opcode = (unsigned)take_number(&in, 1);
    if (opcode == LNE_SET_ADDRESS) {
        unit->address = take_number(&in, length - 1 < 8 ? (unsigned)length - 1 : 8);
    } else if (opcode == LNE_END_SEQUENCE) {
        bool has_room = add_row(parser) && add_sequence(parser);
        reset_registers(unit);
        return has_room;
    }
    return true;
}

static bool run_special(struct parser *parser, unsigned opcode)
{
    struct unit *unit = &parser->unit;
    unsigned adjusted = opcode - unit->opcode_base;
    unit->address += (uint64_t)unit->least_length * (adjusted / unit->line_range);
    unit->line += (uint32_t)(unit->line_base + (int)(adjusted % unit->line_range));
    return add_row(parser);
}

static bool run_opcode(struct parser *parser, unsigned opcode)
{
    struct unit *unit = &parser->unit;
    struct cursor *in = &unit->in;
    if (opcode >= unit->opcode_base)
        return run_special(parser, opcode);
    switch (opcode) {
    case LNS_EXTENDED: return run_extended(parser);
    case LNS_COPY: return add_row(parser);
    case LNS_ADVANCE_PC: unit->address += unit->least_length * take_leb(in, false); break;
    case LNS_ADVANCE_LINE: unit->line += (uint32_t)take_leb(in, true); break;
    case LNS_SET_FILE: unit->file = take_leb(in, false); break;
    case LNS_SET_COLUMN: take_leb(in, false); break;
    case LNS_NEGATE_STMT:
    case LNS_SET_BASIC_BLOCK: break;
    case LNS_CONST_ADD_PC:
        unit->address +=
            (uint64_t)unit->least_length * ((255 - unit->opcode_base) / unit->line_range);
        break;
    case LNS_FIXED_ADVANCE_PC: unit->address += take_number(in, 2); break;
    default: /* a later version's: its operands are counted in the header */
        for (unsigned i = 0; i < unit->operands[opcode]; i++)
            take_leb(in, false);
    }
    return true;
}

/* --- units ------------------------------------------------------------------------------------------------ */

/* The header behind its length; false where the unit can't be read. *is_known: it is worth running. */
static bool take_header(struct parser *parser, bool *is_known)
{
    struct unit *unit = &parser->unit;
    struct cursor *in = &unit->in, files;
    uint64_t header_bytes;
    unit->version = (unsigned)take_number(in, 2);
    *is_known = unit->version >= 2 && unit->version <= 5;
    if (!*is_known)
        return !in->is_short;
    if (unit->version >= 5)
        take(in, 2); /* sizes of address and segment selector */
    header_bytes = take_number(in, unit->offset_bytes);
    files = *in;
    if (!take(in, header_bytes)) /* the program starts behind it */
        return false;
    files.end = in->at;
    unit->least_length = (unsigned)take_number(&files, 1);
    if (unit->version >= 4)
        take(&files, 1); /* operations to an instruction: 1 on x86 */
    take(&files, 1);     /* default_is_stmt */
    unit->line_base = (int8_t)take_number(&files, 1);
    unit->line_range = (unsigned)take_number(&files, 1);
    unit->opcode_base = (unsigned)take_number(&files, 1);
    for (unsigned i = 1; i < unit->opcode_base; i++)
        unit->operands[i] = (uint8_t)take_number(&files, 1);
    return unit->line_range && unit->opcode_base && take_files(parser, &files) && !files.is_short;
}

static bool take_unit(struct parser *parser)
{
    struct unit *unit = &parser->unit;
    bool is_known;
    reset_registers(unit);
    unit->sequence_start = parser->table->row_count;
    if (!take_header(parser, &is_known))
        return false;
    while (is_known && unit->in.at < unit->in.end)
        if (!run_opcode(parser, (unsigned)take_number(&unit->in, 1)) || unit->in.is_short)
            return false;
    parser->table->row_count = unit->sequence_start; /* rows of a sequence without an end */
    return true;
}

static int by_address(const void *a, const void *b)
{
    const struct sequence *x = a, *y = b;
    if (x->low != y->low)
        return x->low < y->low ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

static enum status parse(struct parser *parser, struct cursor in, struct error *error)
{
    const uint8_t *start = in.at;
    while (in.at < in.end) {
        const uint8_t *unit_start = in.at, *body;
        uint64_t length = take_number(&in, 4);
        parser->unit.offset_bytes = length == 0xFFFFFFFF ? 8 : 4; /* 7.4: 64-bit DWARF */
        if (length == 0xFFFFFFFF)
            length = take_number(&in, 8);
        body = take(&in, length);
        parser->unit.in = (struct cursor){body, in.at, false};
        if (!body || !take_unit(parser))
            return error_set(error, parser->is_out_of_memory ? STATUS_INTERNAL : STATUS_FILE,
                             parser->is_out_of_memory
                                 ? "out of memory for its source lines"
                                 : "its source lines (.debug_line) are damaged at byte %zu; fix: "
                                   "build it again, or strip -g a copy",
                             (size_t)(unit_start - start));
    }
    return STATUS_OK;
}

enum status line_table_new(struct line_table **table, const struct elf *elf, struct error *error)
{
    struct elf_section lines;
    struct parser *parser;
    enum status status;
    *table = NULL;
    if (!elf_section_named(elf, ".debug_line", &lines) || !lines.bytes ||
        lines.flags & ELF_COMPRESSED)
        return STATUS_OK;
    parser = calloc(1, sizeof *parser);
    if (parser)
        parser->table = calloc(1, sizeof *parser->table);
    if (!parser || !parser->table) {
        free(parser);
        return error_set(error, STATUS_INTERNAL, "out of memory for its source lines");
    }
    elf_section_named(elf, ".debug_str", &parser->unit.strings);
    elf_section_named(elf, ".debug_line_str", &parser->unit.line_strings);
    status = parse(parser, (struct cursor){lines.bytes, lines.bytes + lines.count, false}, error);
    if (status == STATUS_OK) {
        *table = parser->table;
        if ((*table)->sequence_count)
            qsort((*table)->sequences, (*table)->sequence_count, sizeof *(*table)->sequences,
                  by_address);
    } else {
        line_table_free(parser->table);
    }
    free(parser->folders);
    free(parser);
    return status;
}

void line_table_free(struct line_table *table)
{
    if (!table)
        return;
    free(table->rows);
    free(table->sequences);
    free(table->files);
    free(table);
}

/* --- looking up --------------------------------------------------------------------------------------------- */

/* The last row at or below the address; of several at one address the last holds. */
static const struct row *find_row(const struct line_table *table, const struct sequence *sequence,
                                  uint64_t address)
{
    const struct row *rows = table->rows + sequence->first;
    size_t low = 0, high = sequence->count - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? &rows[low - 1] : NULL;
}

bool line_table_find(const struct line_table *table, uint64_t address, struct line_place *place)
{
    size_t low = 0, high = table ? table->sequence_count : 0;
    while (low < high) { /* the first sequence above the address */
        size_t middle = low + (high - low) / 2;
        if (table->sequences[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    for (unsigned seen = 0; low > 0 && seen < OVERLAPS_SEEN; seen++) {
        const struct sequence *sequence = &table->sequences[--low];
        const struct row *row =
            address < sequence->high ? find_row(table, sequence, address) : NULL;
        if (row && row->line && row->file < table->file_count) {
            place->folder = table->files[row->file].folder;
            place->file = table->files[row->file].name;
            place->line = row->line;
            return true;
        }
    }
    return false;
}

/* Reads the native form of a trace. The file may be anything: every length is checked, and what a
 * record may hold is what the program can name. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/bits.h"
#include "debugger/vtr.h"
#include "debugger/vtr_format.h"

struct vtr_reader {
    FILE *file;
    char path[256]; /* for messages */
    struct trace_head head;
    uint64_t block_at;   /* where the current block begins in the file */
    uint32_t records;    /* read so far, modulo 2^32 */
    uint32_t left;       /* records of the current block */
    uint8_t *raw;        /* of the current block */
    size_t raw_capacity; /* of `raw` */
    uint8_t *draft;      /* raw bytes of the last block, which was a draft; NULL: it was none */
    size_t draft_bytes;
    const uint8_t *at, *end;
    const char **texts;
    size_t text_count, text_capacity;
    struct trace_record record; /* as before, then as read */
    unsigned kinds;             /* of records that were read, by bit */
    bool is_complete, is_over;
    struct error failure; /* said again by every further call */
};

/* --- messages -------------------------------------------------------------------------------------------- */

static enum status fail(struct vtr_reader *reader, const char *what)
{
    reader->is_over = true;
    return error_set(
        &reader->failure, STATUS_FILE,
        "%s: %s at byte %llu, after %lu records; fix: use what came before, or trace again",
        reader->path, what, (unsigned long long)reader->block_at, (unsigned long)reader->records);
}

/* --- blocks ---------------------------------------------------------------------------------------------- */

static bool unpack(uint8_t *raw, size_t raw_bytes, const uint8_t *packed, size_t packed_bytes)
{
    uLongf count = (uLongf)raw_bytes;
    return uncompress(raw, &count, packed, (uLong)packed_bytes) == Z_OK && count == raw_bytes;
}

static bool make_room(struct vtr_reader *reader, size_t bytes)
{
    uint8_t *grown;
    if (bytes <= reader->raw_capacity)
        return true;
    grown = realloc(reader->raw, bytes);
    if (!grown)
        return false;
    reader->raw = grown;
    reader->raw_capacity = bytes;
    return true;
}

static enum status load_body(struct vtr_reader *reader, const uint8_t *head)
{
    size_t raw = load_le32(head + 8), packed = load_le32(head + 12);
    uint8_t *bytes = NULL;
    enum status status = STATUS_OK;
    uLong crc = crc32(0, head, 16);
    if (raw > VTR_BLOCK_LIMIT || packed > compressBound(VTR_BLOCK_LIMIT))
        return fail(reader, "a damaged block");
    bytes = malloc(packed ? packed : 1);
    if (!bytes || !make_room(reader, raw)) {
        free(bytes);
        reader->is_over = true;
        return error_set(&reader->failure, STATUS_INTERNAL, "out of memory for %s", reader->path);
    }
    if (fread(bytes, 1, packed, reader->file) != packed)
        status = fail(reader, "the file ends in the middle of a block");
    else if (crc32(crc, bytes, (uInt)packed) != load_le32(head + 16) ||
             (packed && !unpack(reader->raw, raw, bytes, packed)))
        status = fail(reader, "a damaged block");
    free(bytes);
    reader->at = reader->raw;
    reader->end = reader->raw + raw;
    return status;
}

/* The end's block tells how many records the file has. */
static enum status take_end(struct vtr_reader *reader, uint32_t records)
{
    if (records != reader->records)
        return fail(reader, "records are missing before the end");
    if (fgetc(reader->file) != EOF)
        return fail(reader, "something behind the end");
    reader->is_complete = reader->is_over = true;
    return STATUS_OK;
}

/* Kept until it is known whether something whole follows. */
static void keep_draft(struct vtr_reader *reader)
{
    free(reader->draft);
    reader->draft = reader->raw;
    reader->draft_bytes = (size_t)(reader->end - reader->raw);
    reader->raw = NULL;
    reader->raw_capacity = 0;
    reader->at = reader->end = NULL;
    reader->left = 0;
}

static void drop_draft(struct vtr_reader *reader)
{
    free(reader->draft);
    reader->draft = NULL;
}

/* Nothing came: it is the last record. */
static void take_draft(struct vtr_reader *reader)
{
    free(reader->raw);
    reader->raw = reader->draft;
    reader->raw_capacity = reader->draft_bytes;
    reader->draft = NULL;
    reader->at = reader->raw;
    reader->end = reader->raw + reader->draft_bytes;
    reader->left = 1;
    reader->text_count = 0;
    memset(&reader->record, 0, sizeof reader->record);
}

static enum status load_block(struct vtr_reader *reader)
{
    uint8_t head[VTR_BLOCK_HEAD];
    size_t count = fread(head, 1, sizeof head, reader->file);
    enum status status;
    if (count == 0 && !ferror(reader->file)) { /* the run was killed between two blocks */
        reader->is_over = true;
        return STATUS_OK;
    }
    if (count != sizeof head)
        return fail(reader, "the file ends in the middle of a block");
    if (load_le32(head) != VTR_BLOCK_MAGIC && load_le32(head) != VTR_DRAFT_MAGIC)
        return fail(reader, "a damaged block");
    status = load_body(reader, head);
    if (status != STATUS_OK)
        return status;
    if (load_le32(head) == VTR_DRAFT_MAGIC) {
        reader->block_at += VTR_BLOCK_HEAD + load_le32(head + 12);
        keep_draft(reader);
        return STATUS_OK;
    }
    drop_draft(reader);
    if (load_le32(head + 12) == 0)
        return take_end(reader, load_le32(head + 4));
    reader->block_at += VTR_BLOCK_HEAD + load_le32(head + 12);
    reader->left = load_le32(head + 4);
    reader->text_count = 0;
    memset(&reader->record, 0, sizeof reader->record);
    return STATUS_OK;
}

/* --- a record's members ---------------------------------------------------------------------------------- */

static bool get_varint(struct vtr_reader *reader, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
        uint8_t byte = *reader->at++;
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static bool get_length(struct vtr_reader *reader, size_t limit, size_t *length)
{
    uint64_t value;
    if (!get_varint(reader, &value) || value > limit ||
        value > (uint64_t)(reader->end - reader->at))
        return false;
    *length = (size_t)value;
    return true;
}

static bool add_text(struct vtr_reader *reader, const char *text)
{
    if (reader->text_count == reader->text_capacity) {
        size_t capacity = reader->text_capacity ? 2 * reader->text_capacity : 1024;
        const char **grown = realloc((void *)reader->texts, capacity * sizeof *grown);
        if (!grown)
            return false;
        reader->texts = grown;
        reader->text_capacity = capacity;
    }
    reader->texts[reader->text_count++] = text;
    return true;
}

static bool get_text(struct vtr_reader *reader, const char **text)
{
    uint64_t place;
    size_t length;
    if (!get_varint(reader, &place) || place > reader->text_count + 1)
        return false;
    if (place == reader->text_count + 1) {
        if (!get_length(reader, VTR_BYTES_MAX, &length) ||
            (size_t)(reader->end - reader->at) <= length ||
            strnlen((const char *)reader->at, length + 1) != length ||
            !add_text(reader, (const char *)reader->at))
            return false;
        reader->at += length + 1;
    }
    *text = place ? reader->texts[place - 1] : NULL;
    return true;
}

static void put_number(uint8_t *at, unsigned width, uint64_t value)
{
    switch (width) {
    case 1: *at = (uint8_t)value; break;
    case 2: *(uint16_t *)(void *)at = (uint16_t)value; break;
    case 4: *(uint32_t *)(void *)at = (uint32_t)value; break;
    default: *(uint64_t *)(void *)at = value; break;
    }
}

static uint64_t number_at(const uint8_t *at, unsigned width)
{
    switch (width) {
    case 1: return *at;
    case 2: return *(const uint16_t *)(const void *)at;
    case 4: return *(const uint32_t *)(const void *)at;
    default: return *(const uint64_t *)(const void *)at;
    }
}

static bool get_number(struct vtr_reader *reader, const struct vtr_member *member, uint8_t *at)
{
    uint64_t value;
    if (!get_varint(reader, &value))
        return false;
    if (member->type == VTR_NUMBER)
        value = number_at(at, member->width) + (value >> 1 ^ (uint64_t) - (int64_t)(value & 1));
    else if (value >= member->limit)
        return false;
    put_number(at, member->width, value);
    return true;
}

static bool get_code(struct vtr_reader *reader)
{
    size_t length;
    if (!get_length(reader, TRACE_INSTRUCTION_BYTES, &length))
        return false;
    memcpy(reader->record.code, reader->at, length);
    reader->record.code_bytes = (uint8_t)length;
    reader->at += length;
    return true;
}

static bool get_bytes(struct vtr_reader *reader)
{
    if (!get_length(reader, VTR_BYTES_MAX, &reader->record.byte_count))
        return false;
    reader->record.bytes = reader->at;
    reader->at += reader->record.byte_count;
    return true;
}

/* Apart: inlined, gcc takes a member's type for that of the place it has computed. */
static __attribute__((noinline)) bool get_member(struct vtr_reader *reader,
                                                 const struct vtr_member *member)
{
    uint8_t *at = (uint8_t *)&reader->record + member->offset;
    switch ((enum vtr_type)member->type) {
    case VTR_NUMBER:
    case VTR_BOOL:
    case VTR_ENUM: return get_number(reader, member, at);
    case VTR_TEXT: return get_text(reader, (const char **)(void *)at);
    case VTR_CODE: return get_code(reader);
    case VTR_BYTES: return get_bytes(reader);
    }
    return false;
}

static bool get_record(struct vtr_reader *reader)
{
    uint64_t mask;
    unsigned kind = reader->at < reader->end ? *reader->at++ : TRACE_KINDS;
    if (kind >= TRACE_KINDS || !get_varint(reader, &mask) || mask >> VTR_MEMBER_COUNT)
        return false;
    reader->record.kind = (enum trace_kind)kind;
    reader->kinds |= 1u << kind;
    reader->record.code_bytes = 0; /* these are not compared with the record before */
    reader->record.bytes = NULL;
    reader->record.byte_count = 0;
    for (unsigned i = 0; mask; i++, mask >>= 1)
        if ((mask & 1) && !get_member(reader, &VTR_MEMBERS[i]))
            return false;
    return true;
}

enum status vtr_next(struct vtr_reader *reader, const struct trace_record **record,
                     struct error *error)
{
    *record = NULL;
    while (!reader->is_over && reader->left == 0) {
        if (reader->at != reader->end)
            fail(reader, "a damaged block");
        else
            load_block(reader);
    }
    if (reader->is_over && reader->draft)
        take_draft(reader);
    else if (reader->is_over)
        reader->left = 0;
    if (reader->left && !get_record(reader)) {
        reader->left = 0;
        fail(reader, "a damaged block");
    }
    if (reader->left == 0 && reader->failure.status != STATUS_OK)
        return error_set(error, reader->failure.status, "%s", reader->failure.text);
    if (reader->left == 0)
        return STATUS_OK;
    reader->left--;
    reader->records++;
    *record = &reader->record;
    return STATUS_OK;
}

/* --- life ------------------------------------------------------------------------------------------------------ */

static enum status take_head(struct vtr_reader *reader, struct error *error)
{
    uint8_t head[VTR_HEAD_BYTES];
    size_t count = fread(head, 1, sizeof head, reader->file);
    if (count < 8 || memcmp(head, VTR_MAGIC, 8) != 0)
        return error_set(error, STATUS_FILE,
                         "%s: is no trace; fix: name a file that --trace-out FILE.vtr wrote",
                         reader->path);
    /* First: a later head may be another one altogether. */
    if (count >= 12 && load_le32(head + 8) > VTR_VERSION)
        return error_set(error, STATUS_FILE,
                         "%s: has version %lu, this program reads up to %u; fix: a newer Vitrine",
                         reader->path, (unsigned long)load_le32(head + 8), VTR_VERSION);
    if (count != sizeof head || load_le32(head + 28) != crc32(0, head, 28) || head[8] == 0)
        return error_set(error, STATUS_FILE, "%s: its head is damaged; fix: trace again",
                         reader->path);
    reader->head.hz = load_le64(head + 12);
    reader->head.start_seconds = load_le64(head + 20);
    reader->block_at = VTR_HEAD_BYTES;
    return STATUS_OK;
}

enum status vtr_open(struct vtr_reader **reader, const char *path, struct error *error)
{
    struct vtr_reader *made = calloc(1, sizeof *made);
    enum status status;
    *reader = NULL;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for %s", path);
    snprintf(made->path, sizeof made->path, "%s", path);
    made->file = fopen(path, "rb");
    if (!made->file)
        status = error_set(error, STATUS_FILE, "%s: %s; fix: name a trace", path, strerror(errno));
    else
        status = take_head(made, error);
    if (status != STATUS_OK) {
        vtr_close(made);
        return status;
    }
    *reader = made;
    return STATUS_OK;
}

const struct trace_head *vtr_head(const struct vtr_reader *reader)
{
    return &reader->head;
}

bool vtr_is_complete(const struct vtr_reader *reader)
{
    return reader->is_complete;
}

unsigned vtr_kinds(const struct vtr_reader *reader)
{
    return reader->kinds;
}

void vtr_close(struct vtr_reader *reader)
{
    if (!reader)
        return;
    if (reader->file)
        fclose(reader->file);
    free(reader->raw);
    free(reader->draft);
    free((void *)reader->texts);
    free(reader);
}

enum status vtr_copy(struct vtr_reader *reader, const struct trace_sink *sink, struct error *error)
{
    const struct trace_record *record;
    struct error first = {STATUS_OK, ""}, last = {STATUS_OK, ""};
    enum status status = STATUS_OK;
    if (sink->begin)
        status = sink->begin(sink->self, vtr_head(reader), &first);
    while (status == STATUS_OK && (status = vtr_next(reader, &record, &first)) == STATUS_OK &&
           record)
        status = sink->record(sink->self, record, &first);
    sink->end(sink->self, status == STATUS_OK ? &first : &last);
    return first.status == STATUS_OK ? STATUS_OK : error_set(error, first.status, "%s", first.text);
}

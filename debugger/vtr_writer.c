/* Writes the native form of a trace. The run's thread encodes records into a buffer; the thread behind
 * backends/background_file packs and writes it. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "backends/background_file.h"
#include "base/bits.h"
#include "debugger/trace_put.h"
#include "debugger/vtr.h"
#include "debugger/vtr_format.h"

#define BLOCK_BYTES  ((size_t)512 << 10)
#define RECORD_BYTES 12288u /* that a record needs at most: its numbers, texts and bytes */
#define INTERVAL_MS  20u
#define LEVEL        1     /* of zlib: quick */
#define SLOTS        4096u /* of the table of texts; a power of two */
#define SLOTS_USED   3072u /* more texts are written each time */
#define ARENA_BYTES  ((size_t)256 << 10)
#define TEXT_BYTES   (PUT_TEXT_MAX - 1)

struct text_slot {
    uint32_t block; /* in which block it was filled */
    uint32_t hash, place, length;
    const char *text;
};

struct vtr_writer {
    struct background_file *file;
    uint32_t records; /* of the whole file */
    uint32_t block;   /* number of this one */
    uint32_t text_count, slots_used;
    struct text_slot slots[SLOTS];
    char arena[ARENA_BYTES];
    size_t arena_used;
    uint64_t before[VTR_MEMBER_COUNT]; /* of the record before: numbers, places of texts */
    const char *path;                  /* until `begin` */
    z_stream packer;                   /* the thread's */
};

/* --- texts --------------------------------------------------------------------------------------------- */

static uint32_t hash_of(const char *text, size_t length)
{
    uint64_t hash = length, word;
    for (; length >= 8; length -= 8, text += 8) {
        memcpy(&word, text, 8);
        hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 32;
    }
    word = 0;
    memcpy(&word, text, length);
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint32_t)(hash >> 32);
}

static void remember(struct vtr_writer *writer, struct text_slot *slot, const char *text,
                     uint32_t length, uint32_t hash)
{
    if (writer->slots_used == SLOTS_USED || ARENA_BYTES - writer->arena_used < length)
        return;
    memcpy(writer->arena + writer->arena_used, text, length);
    *slot = (struct text_slot){writer->block, hash, writer->text_count, length,
                               writer->arena + writer->arena_used};
    writer->arena_used += length;
    writer->slots_used++;
}

/* The text's place among the block's, from 1; one more than there were: it has to be written. */
static uint32_t place_of(struct vtr_writer *writer, const char *text)
{
    uint32_t length, hash, i;
    if (!text || !text[0])
        return 0;
    length = (uint32_t)strnlen(text, TEXT_BYTES);
    hash = hash_of(text, length);
    for (i = hash & (SLOTS - 1); writer->slots[i].block == writer->block;
         i = (i + 1) & (SLOTS - 1)) {
        const struct text_slot *slot = &writer->slots[i];
        if (slot->hash == hash && slot->length == length && memcmp(slot->text, text, length) == 0)
            return slot->place;
    }
    writer->text_count++;
    remember(writer, &writer->slots[i], text, length, hash);
    return writer->text_count;
}

/* --- a record -------------------------------------------------------------------------------------------- */

static inline uint8_t *put_varint(uint8_t *to, uint64_t value)
{
    while (value >= 0x80) {
        *to++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *to++ = (uint8_t)value;
    return to;
}

static inline uint64_t zigzag(uint64_t difference)
{
    return difference << 1 ^ (uint64_t) - (int64_t)(difference >> 63);
}

static uint8_t *put_blob(uint8_t *to, const uint8_t *bytes, size_t count)
{
    to = put_varint(to, count);
    memcpy(to, bytes, count);
    return to + count;
}

/* The terminating NUL is written, too: the reader's texts lie in the block. */
static uint8_t *put_new_text(uint8_t *to, const char *text)
{
    size_t length = strnlen(text, TEXT_BYTES);
    to = put_blob(to, (const uint8_t *)text, length);
    *to++ = '\0';
    return to;
}

static inline uint64_t number_at(const uint8_t *at, unsigned width)
{
    switch (width) {
    case 1: return *at;
    case 2: return *(const uint16_t *)(const void *)at;
    case 4: return *(const uint32_t *)(const void *)at;
    default: return *(const uint64_t *)(const void *)at;
    }
}

struct change {
    uint64_t value;
    bool is_new_text;
};

/* What of the record differs from the one before, as a mask. */
static uint64_t compare(struct vtr_writer *writer, const struct trace_record *record,
                        struct change *changes)
{
    uint64_t mask = 0;
    for (unsigned i = 0; i < VTR_MEMBER_COUNT; i++) {
        const struct vtr_member *member = &VTR_MEMBERS[i];
        const uint8_t *at = (const uint8_t *)record + member->offset;
        uint64_t value;
        uint32_t texts = writer->text_count;
        if (member->type == VTR_TEXT) {
            value = place_of(writer, *(const char *const *)(const void *)at);
        } else if (member->type >= VTR_CODE) {
            mask |= (uint64_t)(member->type == VTR_CODE ? record->code_bytes != 0
                                                        : record->byte_count != 0)
                    << i;
            continue;
        } else {
            value = number_at(at, member->width);
        }
        if (value == writer->before[i])
            continue;
        mask |= UINT64_C(1) << i;
        changes[i].is_new_text = writer->text_count != texts;
        changes[i].value = member->type == VTR_NUMBER ? zigzag(value - writer->before[i]) : value;
        writer->before[i] = value;
    }
    return mask;
}

static uint8_t *put_member(uint8_t *to, const struct vtr_member *member,
                           const struct trace_record *record, const struct change *change)
{
    const uint8_t *at = (const uint8_t *)record + member->offset;
    if (member->type == VTR_CODE)
        return put_blob(to, record->code, record->code_bytes);
    if (member->type == VTR_BYTES)
        return put_blob(to, record->bytes,
                        record->byte_count < VTR_BYTES_MAX ? record->byte_count : VTR_BYTES_MAX);
    to = put_varint(to, change->value);
    return change->is_new_text ? put_new_text(to, *(const char *const *)(const void *)at) : to;
}

static void begin_block(struct vtr_writer *writer)
{
    memset(writer->before, 0, sizeof writer->before);
    writer->block++;
    writer->text_count = writer->slots_used = 0;
    writer->arena_used = 0;
}

static void put_record(struct vtr_writer *writer, struct background_block *block,
                       const struct trace_record *record)
{
    struct change changes[VTR_MEMBER_COUNT];
    uint64_t mask;
    uint8_t *to;
    if (block->used == 0)
        begin_block(writer);
    mask = compare(writer, record, changes);
    to = block->bytes + block->used;
    *to++ = (uint8_t)record->kind;
    to = put_varint(to, mask);
    for (unsigned i = 0; mask; i++, mask >>= 1)
        if (mask & 1)
            to = put_member(to, &VTR_MEMBERS[i], record, &changes[i]);
    block->used = (size_t)(to - block->bytes);
    block->records++;
}

/* A draft that the thread has not taken yet is replaced at once. */
static void drop_draft(struct background_block *block)
{
    if (!block->is_draft)
        return;
    block->used = 0;
    block->records = 0;
    block->is_draft = false;
}

static enum status write_record(void *self, const struct trace_record *record, struct error *error)
{
    struct vtr_writer *writer = self;
    struct background_block *block = background_file_begin(writer->file, RECORD_BYTES);
    if (!block)
        return background_file_status(writer->file, error);
    drop_draft(block);
    put_record(writer, block, record);
    writer->records++;
    background_file_end(writer->file);
    return STATUS_OK;
}

/* A block of its own. Where records wait for the thread, the next draft will do: nothing follows them
 * while a record grows. */
static enum status write_draft(void *self, const struct trace_record *open, struct error *error)
{
    struct vtr_writer *writer = self;
    struct background_block *block =
        open ? background_file_begin(writer->file, RECORD_BYTES) : NULL;
    if (!block)
        return background_file_status(writer->file, error);
    drop_draft(block);
    if (block->used == 0) {
        put_record(writer, block, open);
        block->is_draft = true;
    }
    background_file_end(writer->file);
    return STATUS_OK;
}

/* --- blocks ------------------------------------------------------------------------------------------------ */

static size_t seal(uint8_t *block, uint32_t magic, uint32_t records, size_t raw, size_t packed)
{
    uLong crc;
    store_le32(block, magic);
    store_le32(block + 4, records);
    store_le32(block + 8, (uint32_t)raw);
    store_le32(block + 12, (uint32_t)packed);
    crc = crc32(0, block, 16);
    store_le32(block + 16, (uint32_t)crc32(crc, block + VTR_BLOCK_HEAD, (uInt)packed));
    return VTR_BLOCK_HEAD + packed;
}

static size_t pack(void *self, const struct background_block *block, uint8_t *to)
{
    struct vtr_writer *writer = self;
    z_stream *z = &writer->packer;
    deflateReset(z);
    z->next_in = block->bytes;
    z->avail_in = (uInt)block->used;
    z->next_out = to + VTR_BLOCK_HEAD;
    z->avail_out = (uInt)deflateBound(z, (uLong)block->used);
    deflate(z, Z_FINISH);
    return seal(to, block->is_draft ? VTR_DRAFT_MAGIC : VTR_BLOCK_MAGIC, block->records,
                block->used, z->total_out);
}

/* --- life ---------------------------------------------------------------------------------------------------- */

static enum status end(void *self, struct error *error)
{
    struct vtr_writer *writer = self;
    uint8_t tail[VTR_BLOCK_HEAD];
    enum status status = STATUS_OK;
    seal(tail, VTR_BLOCK_MAGIC, writer->records, 0, 0);
    if (writer->file)
        status = background_file_close(writer->file, tail, sizeof tail, error);
    deflateEnd(&writer->packer);
    free(writer);
    return status;
}

/* The file is made when its head is known. */
static enum status begin(void *self, const struct trace_head *head, struct error *error)
{
    struct vtr_writer *writer = self;
    const struct background_settings settings = {
        VTR_MAGIC[0], BLOCK_BYTES, VTR_BLOCK_HEAD + deflateBound(&writer->packer, BLOCK_BYTES),
        INTERVAL_MS,  pack,        writer};
    uint8_t bytes[VTR_HEAD_BYTES];
    memcpy(bytes, VTR_MAGIC, 8);
    store_le32(bytes + 8, VTR_VERSION);
    store_le64(bytes + 12, head->hz);
    store_le64(bytes + 20, head->start_seconds);
    store_le32(bytes + 28, (uint32_t)crc32(0, bytes, 28));
    return background_file_open(&writer->file, writer->path, &settings, bytes, sizeof bytes, error);
}

enum status vtr_writer_new(struct trace_sink *sink, const char *path, struct error *error)
{
    struct vtr_writer *writer = calloc(1, sizeof *writer);
    if (!writer || deflateInit(&writer->packer, LEVEL) != Z_OK) {
        free(writer);
        return error_set(error, STATUS_INTERNAL, "out of memory for the trace");
    }
    writer->path = path;
    *sink = (struct trace_sink){begin, write_record, end, NULL, writer, write_draft};
    return STATUS_OK;
}

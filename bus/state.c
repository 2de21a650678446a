#include "bus/state.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/bits.h"
#include "bus/clock.h"

void state_stream_free(struct state_stream *stream)
{
    free(stream->bytes);
    memset(stream, 0, sizeof *stream);
}

void state_put(struct state_stream *stream, const void *bytes, size_t count)
{
    if (stream->used + count > stream->capacity) {
        size_t capacity = (stream->used + count) * 2 + 256;
        uint8_t *grown = realloc(stream->bytes, capacity);
        if (!grown) {
            stream->has_failed = true;
            return;
        }
        stream->bytes = grown;
        stream->capacity = capacity;
    }
    if (count)
        memcpy(stream->bytes + stream->used, bytes, count);
    stream->used += count;
}

void state_put_uint(struct state_stream *stream, uint64_t value, unsigned bytes)
{
    uint8_t raw[8];
    store_le64(raw, value);
    state_put(stream, raw, bytes);
}

bool state_get(struct state_stream *stream, void *bytes, size_t count)
{
    if (stream->has_failed || count > stream->used - stream->read) {
        stream->has_failed = true;
        if (count)
            memset(bytes, 0, count);
        return false;
    }
    if (count) /* an empty buffer may be NULL */
        memcpy(bytes, stream->bytes + stream->read, count);
    stream->read += count;
    return true;
}

uint64_t state_get_uint(struct state_stream *stream, unsigned bytes)
{
    uint8_t raw[8] = {0};
    state_get(stream, raw, bytes);
    return load_le64(raw);
}

/* Integers of the workstation's byte order, by size. */
static uint64_t read_native(const void *at, size_t size)
{
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    switch (size) {
    case 1: return *(const uint8_t *)at;
    case 2: memcpy(&u16, at, 2); return u16;
    case 4: memcpy(&u32, at, 4); return u32;
    default: memcpy(&u64, at, 8); return u64;
    }
}

static void write_native(void *at, size_t size, uint64_t value)
{
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;
    switch (size) {
    case 1: *(uint8_t *)at = (uint8_t)value; break;
    case 2: memcpy(at, &u16, 2); break;
    case 4: memcpy(at, &u32, 4); break;
    default: memcpy(at, &value, 8); break;
    }
}

static void save_element(struct state_stream *stream, const struct state_field *row,
                         const uint8_t *at, const uint8_t *object)
{
    const uint8_t *buffer;
    size_t length;
    switch (row->kind) {
    case STATE_UINT: state_put_uint(stream, read_native(at, row->size), (unsigned)row->size); break;
    case STATE_EVENT: event_save((const struct event *)(const void *)at, stream); break;
    case STATE_NESTED: state_save(stream, row->table, at); break;
    case STATE_BUFFER:
        memcpy(&buffer, at, sizeof buffer);
        memcpy(&length, object + row->length_offset, sizeof length);
        state_put_uint(stream, length, 8);
        state_put(stream, buffer, length);
        break;
    case STATE_DERIVED:
    case STATE_END: break;
    }
}

void state_save(struct state_stream *stream, const struct state_field *table, const void *object)
{
    for (const struct state_field *row = table; row->kind != STATE_END; row++) {
        const uint8_t *at = (const uint8_t *)object + row->offset;
        if (row->kind == STATE_UINT && row->size == 1) {
            state_put(stream, at, row->count);
            continue;
        }
        for (size_t i = 0; i < row->count; i++)
            save_element(stream, row, at + i * row->size, object);
    }
}

static bool load_element(struct state_stream *stream, const struct state_field *row, uint8_t *at,
                         const uint8_t *object, unsigned version)
{
    uint8_t *buffer;
    size_t length;
    switch (row->kind) {
    case STATE_UINT:
        write_native(at, row->size, state_get_uint(stream, (unsigned)row->size));
        break;
    case STATE_EVENT: event_load((struct event *)(void *)at, stream); break;
    case STATE_NESTED: return state_load(stream, row->table, at, version);
    case STATE_BUFFER:
        memcpy(&buffer, at, sizeof buffer);
        memcpy(&length, object + row->length_offset, sizeof length);
        if (state_get_uint(stream, 8) != length)
            return false;
        state_get(stream, buffer, length);
        break;
    case STATE_DERIVED:
    case STATE_END: break;
    }
    return !stream->has_failed;
}

bool state_load(struct state_stream *stream, const struct state_field *table, void *object,
                unsigned version)
{
    for (const struct state_field *row = table; row->kind != STATE_END; row++) {
        uint8_t *at = (uint8_t *)object + row->offset;
        if (row->since > version)
            continue;
        for (size_t i = 0; i < row->count; i++)
            if (!load_element(stream, row, at + i * row->size, object, version))
                return false;
    }
    return true;
}

uint64_t state_hash(uint64_t hash, const struct state_field *table, const void *object)
{
    struct state_stream stream = {0};
    state_save(&stream, table, object);
    hash = hash_bytes(hash, stream.bytes, stream.used);
    state_stream_free(&stream);
    return hash;
}

void state_put_section(struct state_stream *stream, const char *name, unsigned version,
                       const struct state_stream *payload)
{
    size_t length = strlen(name);
    uint32_t crc = (uint32_t)crc32_z(0, payload->bytes, payload->used);
    state_put_uint(stream, length, 2);
    state_put(stream, name, length);
    state_put_uint(stream, version, 4);
    state_put_uint(stream, payload->used, 8);
    state_put_uint(stream, crc, 4);
    state_put(stream, payload->bytes, payload->used);
    stream->has_failed |= payload->has_failed;
}

enum status state_get_section(struct state_stream *stream, const char *name, unsigned *version,
                              struct state_stream *payload, struct error *error)
{
    char found[256] = "";
    size_t length = (size_t)state_get_uint(stream, 2);
    uint64_t bytes;
    uint32_t crc;
    if (length < sizeof found)
        state_get(stream, found, length);
    *version = (unsigned)state_get_uint(stream, 4);
    bytes = state_get_uint(stream, 8);
    crc = (uint32_t)state_get_uint(stream, 4);
    if (length >= sizeof found || stream->has_failed || bytes > stream->used - stream->read)
        return error_set(error, STATUS_FILE, "the snapshot ends before section '%s'; fix: save it "
                         "again", name);
    if (strcmp(found, name) != 0)
        return error_set(error, STATUS_FILE, "the snapshot has section '%s' where '%s' is expected; "
                         "fix: load it into the machine it was saved from", found, name);
    memset(payload, 0, sizeof *payload);
    payload->bytes = stream->bytes + stream->read;
    payload->used = (size_t)bytes;
    stream->read += (size_t)bytes;
    if ((uint32_t)crc32_z(0, payload->bytes, payload->used) != crc)
        return error_set(error, STATUS_FILE, "section '%s' of the snapshot is damaged (CRC); fix: "
                         "save it again", name);
    return STATUS_OK;
}

size_t state_first_gap(const struct state_field *table, size_t start, size_t end)
{
    size_t covered = start;
    while (covered < end) {
        size_t next = end, reach = covered;
        for (const struct state_field *row = table; row->kind != STATE_END; row++) {
            size_t stop = row->offset + row->size * row->count;
            if (row->offset <= covered && stop > reach)
                reach = stop;
            if (row->offset > covered && row->offset < next)
                next = row->offset;
        }
        if (reach > covered)
            covered = reach;
        else if (next - covered >= sizeof(uint64_t))
            return covered;
        else
            covered = next;
    }
    return SIZE_MAX;
}

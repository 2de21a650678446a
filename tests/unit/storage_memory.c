#include "tests/unit/storage_memory.h"

#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR      512u
#define PENDING_MAX 8192u

static struct storage_memory *memory_of(struct storage *storage)
{
    return (struct storage_memory *)(void *)storage;
}

static int memory_read(struct storage *storage, void *bytes, size_t count, uint64_t offset)
{
    struct storage_memory *m = memory_of(storage);
    m->reads++;
    if (m->read_error)
        return m->read_error;
    if (offset > m->size || count > m->size - offset)
        return ENODATA;
    memcpy(bytes, m->bytes + offset, count);
    return 0;
}

/* Remembers the sector as it is now among those that are not stable yet. */
static void hold_back(struct storage_memory *m, uint64_t sector)
{
    ck_assert_uint_lt(m->pending_count, PENDING_MAX);
    m->pending[m->pending_count] = sector;
    memcpy(m->pending_bytes + m->pending_count * SECTOR, m->bytes + sector * SECTOR, SECTOR);
    m->pending_count++;
}

static int memory_write(struct storage *storage, const void *bytes, size_t count, uint64_t offset)
{
    struct storage_memory *m = memory_of(storage);
    if (m->watch)
        m->watch(m, m->self);
    if (m->write_error)
        return m->write_error;
    if (m->fail_write_after != UINT_MAX && m->fail_write_after-- == 0) {
        m->fail_write_after = 0;
        return ENOSPC;
    }
    if (offset > m->limit || count > m->limit - offset)
        return ENOSPC;
    memcpy(m->bytes + offset, bytes, count);
    if (offset + count > m->size)
        m->size = (size_t)offset + count;
    for (uint64_t s = offset / SECTOR; s * SECTOR < offset + count; s++)
        hold_back(m, s);
    m->writes++;
    return 0;
}

static int memory_sync(struct storage *storage)
{
    struct storage_memory *m = memory_of(storage);
    if (m->watch)
        m->watch(m, m->self);
    if (m->sync_error)
        return m->sync_error;
    memcpy(m->stable, m->bytes, m->size);
    m->stable_size = m->size;
    m->pending_count = 0;
    m->syncs++;
    return 0;
}

static int memory_resize(struct storage *storage, uint64_t bytes)
{
    struct storage_memory *m = memory_of(storage);
    if (bytes > m->limit)
        return ENOSPC;
    if (bytes < m->size)
        memset(m->bytes + bytes, 0, m->size - (size_t)bytes);
    m->size = (size_t)bytes;
    return 0;
}

static uint64_t memory_size(struct storage *storage)
{
    return memory_of(storage)->size;
}

static void memory_close(struct storage *storage)
{
    memory_of(storage)->is_closed = true;
}

static const struct storage_ops OPS = {.read = memory_read,
                                       .write = memory_write,
                                       .sync = memory_sync,
                                       .resize = memory_resize,
                                       .size = memory_size,
                                       .close = memory_close};

struct storage_memory *storage_memory_new(size_t limit)
{
    struct storage_memory *m = calloc(1, sizeof *m);
    limit = (limit + SECTOR - 1) / SECTOR * SECTOR;
    m->storage.ops = &OPS;
    m->limit = limit;
    m->fail_write_after = UINT_MAX;
    m->bytes = calloc(1, limit);
    m->stable = calloc(1, limit);
    m->pending = calloc(PENDING_MAX, sizeof *m->pending);
    m->pending_bytes = calloc(PENDING_MAX, SECTOR);
    ck_assert(m->bytes && m->stable && m->pending && m->pending_bytes);
    return m;
}

void storage_memory_free(struct storage_memory *m)
{
    free(m->bytes);
    free(m->stable);
    free(m->pending);
    free(m->pending_bytes);
    free(m);
}

struct storage_memory *storage_memory_after_power_loss(const struct storage_memory *memory,
                                                       uint64_t arrived)
{
    struct storage_memory *after = storage_memory_new(memory->limit);
    memcpy(after->bytes, memory->stable, memory->stable_size);
    after->size = memory->stable_size;
    for (size_t i = 0; i < memory->pending_count; i++) {
        size_t at = (size_t)memory->pending[i] * SECTOR;
        if (!(arrived >> (i & 63) & 1))
            continue;
        memcpy(after->bytes + at, memory->pending_bytes + i * SECTOR, SECTOR);
        if (at + SECTOR > after->size)
            after->size = at + SECTOR;
    }
    memcpy(after->stable, after->bytes, after->size);
    after->stable_size = after->size;
    return after;
}

void storage_memory_load(struct storage_memory *memory, const char *path)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    memory->size = fread(memory->bytes, 1, memory->limit, file);
    ck_assert_int_eq(fgetc(file), EOF);
    fclose(file);
    memcpy(memory->stable, memory->bytes, memory->size);
    memory->stable_size = memory->size;
}

void storage_memory_store(const struct storage_memory *memory, const char *path)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(memory->bytes, 1, memory->size, file), memory->size);
    ck_assert_int_eq(fclose(file), 0);
}

#include "tests/unit/block_bench.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static void completed(struct block_request *request)
{
    ++*(unsigned *)request->owner;
}

enum block_result bench_request(struct block *block, enum block_op op, uint64_t lba,
                                uint32_t sectors, uint8_t *bytes, uint32_t *done)
{
    unsigned completions = 0;
    struct block_request request = {.op = op,
                                    .at = {.lba = lba},
                                    .sectors = sectors,
                                    .bytes = bytes,
                                    .complete = completed,
                                    .owner = &completions};
    block->ops->submit(block, &request);
    ck_assert_uint_eq(completions, 1);
    if (done)
        *done = request.done_sectors;
    return request.result;
}

enum block_result bench_put(struct block *block, uint64_t lba, uint8_t value)
{
    uint8_t bytes[SECTOR_BYTES];
    memset(bytes, value, sizeof bytes);
    return bench_request(block, BLOCK_WRITE, lba, 1, bytes, NULL);
}

uint8_t bench_get(struct block *block, uint64_t lba)
{
    uint8_t bytes[SECTOR_BYTES];
    ck_assert_int_eq(bench_request(block, BLOCK_READ, lba, 1, bytes, NULL), BLOCK_OK);
    for (size_t i = 1; i < sizeof bytes; i++)
        ck_assert_uint_eq(bytes[i], bytes[0]);
    return bytes[0];
}

struct block *bench_raw_disk(struct storage_memory **memory, uint32_t sectors,
                             const struct block_image_options *options)
{
    struct error error = {STATUS_OK, ""};
    struct image *image;
    struct block *block;
    *memory = storage_memory_new((size_t)sectors * SECTOR_BYTES);
    (*memory)->size = (size_t)sectors * SECTOR_BYTES;
    ck_assert_msg(image_raw_open(&image, &(*memory)->storage, "memory.img", &options->image,
                                 &error) == STATUS_OK,
                  "%s", error.text);
    ck_assert_int_eq(block_image_new(&block, image, "memory.img", options, &error), STATUS_OK);
    return block;
}

static void keep_line(void *self, enum log_level level, const char *line)
{
    struct bench_log *log = self;
    (void)level;
    snprintf(log->line, sizeof log->line, "%s", line);
    log->lines++;
}

void bench_log_init(struct bench_log *log)
{
    memset(log, 0, sizeof *log);
    log_init(&log->log, LOG_WARNING);
    log->log.write = keep_line;
    log->log.self = log;
}

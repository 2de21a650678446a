/* qcow2 against a plain array, through refills, snapshots of our own making, full disks and losses of
 * power. tests/scripts/qcow2.sh has QEMU's own program judge such images. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/qcow2.h"
#include "base/bits.h"
#include "tests/unit/block_bench.h"

#define CLUSTER 65536u
#define MIB     (1u << 20)

static const struct image_options WRITING;
static const struct image_options READING = {.is_read_only = true};

static struct image *open_on(struct storage_memory *memory, const struct image_options *options)
{
    struct error error = {STATUS_OK, ""};
    struct image *image;
    enum status status =
        image_qcow2_open(&image, &memory->storage, "memory.qcow2", options, &error);
    ck_assert_msg(status == STATUS_OK, "%s", error.text);
    return image;
}

static struct storage_memory *create(uint64_t sectors, size_t limit)
{
    struct storage_memory *memory = storage_memory_new(limit);
    ck_assert_int_eq(qcow2_create(&memory->storage, sectors, NULL, NULL), 0);
    memory->storage.ops->sync(&memory->storage);
    return memory;
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Faults by the image's own check, and leaks as its lines tell. */
static void expect_sound(struct storage_memory *memory, bool may_leak)
{
    struct image *image = open_on(memory, &READING);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    uint64_t faults = image->ops->check(image, out);
    fclose(out);
    ck_assert_msg(faults == 0 && (may_leak || size == 0), "%s", text);
    free(text);
    image_close(image);
}

/* An image with other parameters than ours, empty: header, refcount table, one block, L1. */
static struct storage_memory *create_odd(uint32_t version, unsigned cluster_bits,
                                         unsigned refcount_order, uint64_t sectors, size_t limit)
{
    struct storage_memory *m = storage_memory_new(limit);
    size_t cluster = (size_t)1 << cluster_bits;
    uint64_t l2_covers = (uint64_t)cluster * cluster / 8; /* bytes */
    uint64_t l1 = (sectors * 512 + l2_covers - 1) / l2_covers;
    size_t l1_clusters = (size_t)(l1 * 8 + cluster - 1) / cluster;
    uint8_t *h = m->bytes, *block = m->bytes + 2 * cluster;
    memcpy(h, "QFI\xFB", 4);
    store_be32(h + 4, version);
    store_be32(h + 20, cluster_bits);
    store_be64(h + 24, sectors * 512);
    store_be32(h + 36, (uint32_t)l1);
    store_be64(h + 40, 3 * cluster);
    store_be64(h + 48, cluster);
    store_be32(h + 56, 1);
    if (version == 3) {
        store_be32(h + 96, refcount_order);
        store_be32(h + 100, 104);
    }
    store_be64(m->bytes + cluster, 2 * cluster);
    for (size_t i = 0; i < 3 + l1_clusters; i++) {
        size_t bit = i << refcount_order; /* counts below a byte begin at its low bits */
        size_t byte = refcount_order < 3 ? bit / 8 : (bit + ((size_t)1 << refcount_order)) / 8 - 1;
        ck_assert_uint_lt(byte, cluster);
        block[byte] = (uint8_t)(block[byte] | 1u << (refcount_order < 3 ? bit % 8 : 0));
    }
    m->size = (3 + l1_clusters) * cluster;
    m->storage.ops->sync(&m->storage);
    return m;
}

/* Random writes and reads against an array; the image is opened anew now and then. */
static void compare_with_array(struct storage_memory *memory, uint32_t sectors, uint32_t seed,
                               unsigned rounds)
{
    uint8_t *array = calloc(sectors, 512), bytes[64 * 512];
    struct image *image = open_on(memory, &WRITING);
    for (unsigned round = 0; round < rounds; round++) {
        uint32_t count = next_random(&seed) % 63 + 1, lba = next_random(&seed) % (sectors - count);
        if (next_random(&seed) % 2) {
            memset(bytes, (int)next_random(&seed), count * 512);
            ck_assert_int_eq(image->ops->write(image, lba, count, bytes), 0);
            memcpy(array + (size_t)lba * 512, bytes, count * 512);
        } else {
            ck_assert_int_eq(image->ops->read(image, lba, count, bytes), 0);
            ck_assert(memcmp(bytes, array + (size_t)lba * 512, count * 512) == 0);
        }
        if (round % 100 == 99) {
            ck_assert_int_eq(image_close(image), 0);
            expect_sound(memory, false);
            image = open_on(memory, &WRITING);
        }
        memory->pending_count = 0; /* no power is lost here */
    }
    for (uint32_t lba = 0; lba < sectors; lba++) {
        ck_assert_int_eq(image->ops->read(image, lba, 1, bytes), 0);
        ck_assert(memcmp(bytes, array + (size_t)lba * 512, 512) == 0);
    }
    image_close(image);
    free(array);
}

START_TEST(sectors_are_kept_as_in_an_array)
{
    struct storage_memory *memory = create(20 * MIB / 512 + 7, 24 * MIB);
    compare_with_array(memory, 20 * MIB / 512 + 7, 1, 600);
    storage_memory_free(memory);
}
END_TEST

/* Small clusters: many L2 tables, new refcount blocks, and a refcount table that has to grow. */
START_TEST(every_size_of_cluster_and_refcount_works)
{
    static const struct {
        uint32_t version, cluster_bits, refcount_order;
    } ROWS[] = {
        {3, 9,  6},
        {3, 9,  4},
        {2, 9,  4},
        {3, 9,  0},
        {3, 10, 2},
        {3, 12, 5},
        {3, 12, 1},
        {3, 12, 3},
        {2, 21, 4}
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        uint32_t sectors = ROWS[i].cluster_bits == 9 ? 8000 : 12000;
        struct storage_memory *memory = create_odd(ROWS[i].version, ROWS[i].cluster_bits,
                                                   ROWS[i].refcount_order, sectors, 16 * MIB);
        compare_with_array(memory, sectors, (uint32_t)i, 500);
        expect_sound(memory, false);
        storage_memory_free(memory);
    }
}
END_TEST

START_TEST(the_refcount_table_grows_with_the_file)
{
    /* 512-byte clusters, 64-bit counts: a table of one cluster counts 64 · 64 clusters, 2 MiB. */
    struct storage_memory *memory = create_odd(3, 9, 6, 10000, 16 * MIB);
    struct image *image = open_on(memory, &WRITING);
    uint8_t bytes[512];
    for (uint32_t lba = 0; lba < 10000; lba++) {
        memset(bytes, (int)lba, sizeof bytes);
        ck_assert_int_eq(image->ops->write(image, lba, 1, bytes), 0);
        memory->pending_count = 0;
    }
    image_close(image);
    ck_assert_uint_gt(load_be32(memory->bytes + 56), 1); /* refcount_table_clusters */
    expect_sound(memory, false);
    image = open_on(memory, &READING);
    for (uint32_t lba = 0; lba < 10000; lba += 7) {
        ck_assert_int_eq(image->ops->read(image, lba, 1, bytes), 0);
        ck_assert_uint_eq(bytes[511], lba & 0xFF);
    }
    image_close(image);
    storage_memory_free(memory);
}
END_TEST

/* --- loss of power and kills --------------------------------------------------------------------- */

#define CRASH_SECTORS 2048u /* of 1 MiB, in 4 KiB clusters */

struct crash {
    uint8_t flushed[CRASH_SECTORS]; /* the value that a flush has confirmed */
    uint8_t latest[CRASH_SECTORS];
    uint8_t may[CRASH_SECTORS][32]; /* values written since: a bit each of 256 */
    unsigned tried;
    uint32_t seed;
};

static void remember(struct crash *c, uint32_t lba, uint8_t value)
{
    c->latest[lba] = value;
    c->may[lba][value / 8] = (uint8_t)(c->may[lba][value / 8] | 1u << (value % 8));
}

static void flushed(struct crash *c)
{
    memcpy(c->flushed, c->latest, sizeof c->flushed);
    memset(c->may, 0, sizeof c->may);
    for (uint32_t i = 0; i < CRASH_SECTORS; i++)
        remember(c, i, c->latest[i]);
}

/* Every sector is one of the values that it may have, and not torn; all tables are sound. */
static void expect_survivor(struct crash *c, struct storage_memory *after)
{
    struct image *image;
    expect_sound(after, true);
    image = open_on(after, &WRITING);
    for (uint32_t lba = 0; lba < CRASH_SECTORS; lba++) {
        uint8_t bytes[512];
        ck_assert_int_eq(image->ops->read(image, lba, 1, bytes), 0);
        ck_assert(memcmp(bytes, bytes + 1, sizeof bytes - 1) == 0); /* not torn */
        ck_assert_msg(c->may[lba][bytes[0] / 8] >> (bytes[0] % 8) & 1,
                      "sector %u holds %u, flushed was %u, latest %u", lba, bytes[0],
                      c->flushed[lba], c->latest[lba]);
    }
    image_close(image);
    c->tried++;
}

/* A header that is on its way, to say where the refcount table is from now on. */
static bool is_header_pending(const struct storage_memory *memory)
{
    for (size_t i = 0; i < memory->pending_count; i++)
        if (memory->pending[i] == 0)
            return true;
    return false;
}

/* At some of the writes, and at each while the header changes: all that is pending arrived (a kill), none of it, or a part. */
static void lose_power(struct storage_memory *memory, void *self)
{
    struct crash *c = self;
    static const uint64_t FIRST[] = {UINT64_MAX, 0};
    if (next_random(&c->seed) % 50 && !is_header_pending(memory))
        return;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t random = (uint64_t)next_random(&c->seed) << 40 ^
                          (uint64_t)next_random(&c->seed) << 20 ^ next_random(&c->seed);
        struct storage_memory *after =
            storage_memory_after_power_loss(memory, i < 2 ? FIRST[i] : random);
        expect_survivor(c, after);
        storage_memory_free(after);
    }
}

#define SQUEEZED 64u /* sectors that are compressed at first, sixteen to a cluster of the file */
#define TOGETHER 16u

static size_t deflate_sector(uint8_t *to, size_t room, uint8_t value)
{
    uint8_t sector[512];
    z_stream z = {
        .next_in = sector, .avail_in = sizeof sector, .next_out = to, .avail_out = (uInt)room};
    memset(sector, value, sizeof sector);
    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, -12, 8, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}

/* As qemu-img convert -c leaves them: they share clusters, which are counted once for each. */
static void squeeze(struct storage_memory *memory)
{
    struct image *image = open_on(memory, &WRITING);
    struct qcow2 *q = qcow2_of(image);
    uint64_t offset = 0, hosts[SQUEEZED / TOGETHER];
    size_t used = 0;
    for (uint32_t lba = 0; lba < SQUEEZED; lba++) {
        struct qcow2_table *table;
        ck_assert_int_eq(qcow2_own_table(q, lba, &table), 0);
        if (lba % TOGETHER == 0) {
            ck_assert_int_eq(qcow2_allocate(q, &offset), 0);
            memory->size = (size_t)offset + 512;
            q->data_end = memory->size;
            hosts[lba / TOGETHER] = offset / 512;
            used = 0;
        }
        qcow2_set_entry(q, table, lba, (offset + used) | QCOW2_COMPRESSED);
        used += deflate_sector(memory->bytes + offset + used, 512 - used, (uint8_t)(lba + 1));
    }
    ck_assert_int_eq(image_close(image), 0);
    for (size_t i = 0; i < ARRAY_COUNT(hosts); i++)
        store_be16(memory->bytes + 2 * 512 + hosts[i] * 2, TOGETHER);
    memory->storage.ops->sync(&memory->storage);
    expect_sound(memory, false);
}

/* Writes and flushes at random; at some of the writes the power is lost. The first `squeezed` sectors hold
 * what squeeze() left. */
static void write_and_lose_power(struct storage_memory *memory, uint32_t squeezed, unsigned rounds)
{
    struct crash *c = calloc(1, sizeof *c);
    struct image *image = open_on(memory, &WRITING);
    c->seed = 4711;
    for (uint32_t i = 0; i < squeezed; i++)
        c->latest[i] = (uint8_t)(i + 1);
    flushed(c);
    memory->watch = lose_power;
    memory->self = c;
    for (unsigned round = 0; round < rounds; round++) {
        uint32_t count = next_random(&c->seed) % 24 + 1;
        uint32_t range = round % 3 || !squeezed ? CRASH_SECTORS - count : squeezed;
        uint32_t lba = next_random(&c->seed) % range;
        uint8_t value = (uint8_t)next_random(&c->seed), bytes[24 * 512];
        memset(bytes, value, sizeof bytes);
        for (uint32_t i = 0; i < count; i++)
            remember(c, lba + i, value);
        ck_assert_int_eq(image->ops->write(image, lba, count, bytes), 0);
        if (round % 10 == 9) {
            ck_assert_int_eq(image->ops->flush(image), 0);
            flushed(c);
        }
    }
    image_close(image);
    memory->watch = NULL;
    ck_assert_uint_gt(c->tried, rounds / 2);
    expect_sound(memory, false);
    free(c);
}

START_TEST(flushed_sectors_survive_a_loss_of_power_at_any_time)
{
    struct storage_memory *memory = create_odd(3, 9, 4, CRASH_SECTORS, 3 * MIB);
    squeeze(memory);
    write_and_lose_power(memory, SQUEEZED, 150);
    storage_memory_free(memory);
}
END_TEST

/* The table counts 64 · 64 clusters, and the next free one is shortly before their end. */
START_TEST(a_loss_of_power_finds_the_old_refcount_table_or_the_new_one)
{
    struct storage_memory *memory = create_odd(3, 9, 6, CRASH_SECTORS, 4 * MIB);
    memory->size = (64 * 64 - 100) * 512;
    memory->storage.ops->sync(&memory->storage);
    write_and_lose_power(memory, 0, 60);
    ck_assert_uint_gt(load_be32(memory->bytes + 56), 1); /* refcount_table_clusters */
    storage_memory_free(memory);
}
END_TEST

START_TEST(a_full_disk_loses_nothing)
{
    struct storage_memory *memory = create_odd(3, 9, 4, CRASH_SECTORS, 3 * MIB);
    struct image *image = open_on(memory, &WRITING);
    uint8_t latest[CRASH_SECTORS] = {0}, bytes[512];
    uint32_t seed = 5;
    unsigned full = 0;
    for (unsigned round = 0; round < 3000; round++) {
        uint32_t lba = next_random(&seed) % CRASH_SECTORS;
        uint8_t value = (uint8_t)next_random(&seed);
        int code;
        memset(bytes, value, sizeof bytes);
        memory->fail_write_after = next_random(&seed) % 6;
        while ((code = image->ops->write(image, lba, 1, bytes)) == ENOSPC) {
            full++;
            ck_assert_int_eq(image->ops->read(image, lba, 1, bytes), 0);
            ck_assert_uint_eq(bytes[0], latest[lba]); /* the old one, until it is new */
            memset(bytes, value, sizeof bytes);
            memory->fail_write_after = next_random(&seed) % 60 + 1; /* some room was made */
        }
        ck_assert_int_eq(code, 0);
        latest[lba] = value;
        memory->pending_count = 0;
    }
    memory->fail_write_after = 10000;
    ck_assert_int_eq(image_close(image), 0);
    ck_assert_uint_gt(full, 100);
    expect_sound(memory, true);
    image = open_on(memory, &READING);
    for (uint32_t lba = 0; lba < CRASH_SECTORS; lba++) {
        ck_assert_int_eq(image->ops->read(image, lba, 1, bytes), 0);
        ck_assert_uint_eq(bytes[0], latest[lba]);
    }
    image_close(image);
    storage_memory_free(memory);
}
END_TEST

/* --- what is refused ------------------------------------------------------------------------- */

static void expect_refused(struct storage_memory *memory, const struct image_options *options,
                           const char *words)
{
    struct error error = {STATUS_OK, ""};
    struct image *image;
    memory->is_closed = false;
    ck_assert_int_eq(image_qcow2_open(&image, &memory->storage, "memory.qcow2", options, &error),
                     STATUS_FILE);
    ck_assert_ptr_null(image);
    ck_assert(memory->is_closed);
    ck_assert_msg(strstr(error.text, words) && strstr(error.text, "fix: "), "no %s in: %s", words,
                  error.text);
}

START_TEST(what_is_not_known_here_is_refused_by_name)
{
    struct storage_memory *memory = create(2048, 4 * MIB);
    static const struct {
        unsigned at;
        uint8_t value;
        const char *words;
    } ROWS[] = {
        {7,   1,    "version 1"             },
        {7,   4,    "version 4"             },
        {35,  1,    "encrypted"             },
        {79,  4,    "another file"          },
        {79,  16,   "extended L2"           },
        {79,  32,   "not known"             },
        {72,  1,    "not known"             },
        {79,  1,    "refcounts may be wrong"},
        {79,  2,    "corrupt"               },
        {23,  8,    "damaged"               },
        {23,  22,   "damaged"               },
        {20,  1,    "damaged"               },
        {99,  7,    "damaged"               },
        {103, 96,   "damaged"               },
        {31,  1,    "whole sectors"         },
        {40,  1,    "ends before"           },
        {46,  1,    "L1"                    },
        {39,  0,    "L1"                    },
        {36,  1,    "L1"                    },
        {48,  0x80, "refcount table"        },
        {59,  0,    "refcount table"        },
        {58,  1,    "refcount table"        }
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        uint8_t old = memory->bytes[ROWS[i].at];
        memory->bytes[ROWS[i].at] = ROWS[i].value;
        expect_refused(memory, &WRITING, ROWS[i].words);
        memory->bytes[ROWS[i].at] = old;
    }
    memory->bytes[79] = QCOW2_DIRTY; /* its sectors can be read all the same */
    image_close(open_on(memory, &READING));
    memory->bytes[79] = 0;
    memory->bytes[95] = 1; /* autoclear: bitmaps, which a writer without knowledge must clear */
    image_close(open_on(memory, &READING));
    ck_assert_uint_eq(memory->bytes[95], 1);
    image_close(open_on(memory, &WRITING));
    ck_assert_uint_eq(memory->bytes[95], 0);
    memory->size = 50000;
    expect_refused(memory, &READING, "ends before");
    memory->size = 60;
    expect_refused(memory, &READING, "too short");
    storage_memory_free(memory);
}
END_TEST

/* --- fuzz ------------------------------------------------------------------------------------ */

static void damage(struct storage_memory *memory, uint32_t *seed)
{
    static const uint64_t EXTREMES[] = {0,
                                        1,
                                        UINT64_MAX,
                                        QCOW2_COPIED,
                                        QCOW2_COMPRESSED,
                                        512,
                                        CLUSTER,
                                        QCOW2_COPIED | 3 * CLUSTER,
                                        QCOW2_COPIED | 512 * CLUSTER};
    unsigned changes = next_random(seed) % 4 + 1;
    for (unsigned i = 0; i < changes; i++) {
        /* The header, or the first entries of one of the other clusters: tables, most of them. */
        size_t at = next_random(seed) % 3
                        ? next_random(seed) % 112
                        : next_random(seed) % (memory->size / 512) * 512 + next_random(seed) % 16;
        if (next_random(seed) % 2)
            memory->bytes[at] = (uint8_t)next_random(seed);
        else
            store_be64(memory->bytes + (at & ~(size_t)7),
                       EXTREMES[next_random(seed) % ARRAY_COUNT(EXTREMES)]);
    }
}

static void use(struct image *image, uint32_t *seed)
{
    uint8_t bytes[16 * 512];
    memset(bytes, 0x5A, sizeof bytes);
    for (unsigned i = 0; i < 30; i++) {
        uint32_t count = next_random(seed) % 16 + 1;
        uint64_t lba = i < 10 ? next_random(seed) % 200 : next_random(seed);
        if (image->sectors < 32)
            break;
        lba %= image->sectors - count;
        if (next_random(seed) % 2)
            (void)image->ops->read(image, lba, count, bytes);
        else
            (void)image->ops->write(image, lba, count, bytes);
        (void)image->ops->zeros(image, lba);
        if (i % 10 == 9)
            (void)image->ops->flush(image);
    }
}

START_TEST(damaged_images_do_no_harm)
{
    struct storage_memory *good = create_odd(3, 9, 4, 4000, MIB), *memory;
    struct image *image = open_on(good, &WRITING);
    uint8_t bytes[512] = {1};
    FILE *nowhere = fopen("/dev/null", "w");
    uint32_t seed = 99;
    unsigned opened = 0;
    for (uint32_t lba = 0; lba < 4000; lba += 40)
        ck_assert_int_eq(image->ops->write(image, lba, 1, bytes), 0);
    image_close(image);
    memory = storage_memory_new(MIB);
    for (unsigned round = 0; round < 3000; round++) {
        struct error error = {STATUS_OK, ""};
        memcpy(memory->bytes, good->bytes, good->limit);
        memory->size = good->size;
        memory->reads = 0;
        damage(memory, &seed);
        if (image_qcow2_open(&image, &memory->storage, "memory.qcow2", &WRITING, &error) !=
            STATUS_OK) {
            ck_assert_ptr_nonnull(strstr(error.text, "fix: "));
            continue;
        }
        opened++;
        use(image, &seed);
        if (image->ops->check(image, nowhere) == 0)
            use(image, &seed);
        image_close(image);
        memory->pending_count = 0;
        ck_assert_uint_lt(memory->reads, 200000); /* work is bounded, whatever the tables say */
    }
    ck_assert_uint_gt(opened, 500);
    fclose(nowhere);
    storage_memory_free(good);
    storage_memory_free(memory);
}
END_TEST

Suite *qcow2_suite(void);
Suite *qcow2_suite(void)
{
    Suite *suite = suite_create("qcow2");
    TCase *tcase = tcase_create("qcow2");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, sectors_are_kept_as_in_an_array);
    tcase_add_test(tcase, every_size_of_cluster_and_refcount_works);
    tcase_add_test(tcase, the_refcount_table_grows_with_the_file);
    tcase_add_test(tcase, flushed_sectors_survive_a_loss_of_power_at_any_time);
    tcase_add_test(tcase, a_loss_of_power_finds_the_old_refcount_table_or_the_new_one);
    tcase_add_test(tcase, a_full_disk_loses_nothing);
    tcase_add_test(tcase, what_is_not_known_here_is_refused_by_name);
    tcase_add_test(tcase, damaged_images_do_no_harm);
    suite_add_tcase(suite, tcase);
    return suite;
}

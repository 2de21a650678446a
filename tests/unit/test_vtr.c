/* The native form of a trace: what is written is read back; a file may be cut, damaged or another's. */
#include "debugger/vtr.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "base/bits.h"
#include "debugger/trace.h"
#include "debugger/trace_fold.h"
#include "debugger/trace_formats.h"
#include "debugger/vtr_format.h"

#define RECORDS 3000u

/* A pseudo-random sequence of Marsaglia (xorshift64): the same in every run. */
static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static const char *const TEXTS[] = {NULL,
                                    "",
                                    "ide0",
                                    "pit",
                                    "READ SECTORS 1 at C/H/S 0/0/1",
                                    "\xE2\x86\x92",
                                    "a \"quoted\"\n line"};

/* A record in which anything may stand, texts of their own among it. */
static void make_record(struct trace_record *record, uint64_t *seed, char text[64],
                        uint8_t bytes[1518])
{
    memset(record, 0, sizeof *record);
    record->kind = (enum trace_kind)(next(seed) % TRACE_KINDS);
    record->seq = next(seed) >> next(seed) % 64;
    record->cause = next(seed) % 3 ? 0 : record->seq - 1;
    record->time = next(seed) % 1000;
    record->ns = UINT64_MAX - next(seed) % 7;
    record->machine = TEXTS[next(seed) % ARRAY_COUNT(TEXTS)];
    record->has_cpu = next(seed) & 1;
    record->cs = (uint16_t)next(seed);
    record->eip = next(seed) >> 32;
    record->instructions = next(seed);
    record->mode = (enum processor_mode)(next(seed) % PROCESSOR_MODES);
    record->space = (enum access_space)(next(seed) % 4);
    record->is_write = next(seed) & 1;
    record->size = 1u << next(seed) % 4;
    record->address = next(seed);
    record->value = next(seed);
    record->count = next(seed) % 2 ? 1 : 256;
    record->device = TEXTS[next(seed) % ARRAY_COUNT(TEXTS)];
    record->has_old = next(seed) & 1;
    record->old = next(seed);
    record->decision = (enum decision)(next(seed) % 6);
    record->step = (enum interrupt_step)(next(seed) % INTERRUPT_STEPS);
    record->has_chs = next(seed) & 1;
    record->cylinder = (uint32_t)next(seed);
    record->sector = (uint32_t)next(seed);
    snprintf(text, 64, "value %llx", (unsigned long long)next(seed));
    record->meaning = next(seed) % 2 ? text : NULL;
    record->target = record->meaning;
    record->code_bytes = (uint8_t)(next(seed) % 16);
    memset(record->code, (int)(next(seed) & 0xFF), sizeof record->code);
    record->byte_count = next(seed) % 4 ? 0 : (size_t)(next(seed) % 1518);
    for (size_t i = 0; i < record->byte_count; i++)
        bytes[i] = (uint8_t)next(seed);
    record->bytes = bytes;
}

/* Writes RECORDS of them; `path` is a template of mkstemp. */
static void write_trace(char *path, uint64_t seed)
{
    struct trace_sink sink;
    struct error error = {STATUS_OK, ""};
    struct trace_head head = {200000000, 1700000000};
    struct trace_record record;
    char text[64];
    uint8_t bytes[1518];
    close(mkstemp(path));
    ck_assert_int_eq(vtr_writer_new(&sink, path, &error), STATUS_OK);
    ck_assert_msg(sink.begin(sink.self, &head, &error) == STATUS_OK, "%s", error.text);
    for (unsigned i = 0; i < RECORDS; i++) {
        make_record(&record, &seed, text, bytes);
        ck_assert_int_eq(sink.record(sink.self, &record, &error), STATUS_OK);
    }
    ck_assert_int_eq(sink.end(sink.self, &error), STATUS_OK);
}

START_TEST(what_was_written_is_read)
{
    char path[] = "vtr-test-XXXXXX", text[64];
    static char wanted[TRACE_LINE_BYTES], got[TRACE_LINE_BYTES];
    uint8_t bytes[1518];
    uint64_t seed = 88172645463325252u;
    struct vtr_reader *reader;
    struct error error = {STATUS_OK, ""};
    const struct trace_record *record;
    struct trace_record made;
    write_trace(path, seed);
    ck_assert_int_eq(vtr_open(&reader, path, &error), STATUS_OK);
    ck_assert_uint_eq(vtr_head(reader)->hz, 200000000);
    ck_assert_uint_eq(vtr_head(reader)->start_seconds, 1700000000);
    for (unsigned i = 0; i < RECORDS; i++) {
        size_t length;
        make_record(&made, &seed, text, bytes);
        length = trace_json_line(wanted, &made);
        ck_assert_int_eq(vtr_next(reader, &record, &error), STATUS_OK);
        ck_assert_ptr_nonnull(record);
        ck_assert_uint_eq(trace_json_line(got, record), length);
        ck_assert_int_eq(memcmp(got, wanted, length), 0);
    }
    ck_assert_int_eq(vtr_next(reader, &record, &error), STATUS_OK);
    ck_assert_ptr_null(record);
    ck_assert(vtr_is_complete(reader));
    vtr_close(reader);
    remove(path);
}
END_TEST

static size_t load(const char *path, uint8_t **bytes)
{
    FILE *file = fopen(path, "rb");
    size_t count;
    fseek(file, 0, SEEK_END);
    count = (size_t)ftell(file);
    rewind(file);
    *bytes = malloc(count + 1);
    ck_assert_uint_eq(fread(*bytes, 1, count, file), count);
    fclose(file);
    return count;
}

static void store(const char *path, const uint8_t *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
    fclose(file);
}

/* Reads to the end; what every record says is looked at, so that sanitizers see a wrong pointer. */
static enum status read_all(const char *path, unsigned *records, bool *is_complete)
{
    static char line[TRACE_LINE_BYTES];
    struct vtr_reader *reader;
    struct error error = {STATUS_OK, ""};
    const struct trace_record *record;
    enum status status = vtr_open(&reader, path, &error);
    *records = 0;
    *is_complete = false;
    while (status == STATUS_OK && (status = vtr_next(reader, &record, &error)) == STATUS_OK &&
           record)
        *records += trace_json_line(line, record) != 0;
    if (reader)
        *is_complete = vtr_is_complete(reader);
    if (status != STATUS_OK)
        ck_assert_msg(strstr(error.text, path) && strstr(error.text, "fix: "), "%s", error.text);
    vtr_close(reader);
    return status;
}

/* Byte by byte through the head and the end, in leaps between. */
static size_t step(size_t cut, size_t count)
{
    size_t leap = count - 60 - cut;
    return cut < 100 || cut + 60 >= count ? 1 : leap < 1997 ? leap : 1997;
}

START_TEST(a_file_that_was_cut_is_read_up_to_there)
{
    char path[] = "vtr-test-XXXXXX";
    uint8_t *bytes;
    size_t count;
    unsigned records, best = 0;
    bool is_complete;
    write_trace(path, 1);
    count = load(path, &bytes);
    for (size_t cut = 0; cut < count; cut += step(cut, count)) {
        enum status status;
        store(path, bytes, cut);
        status = read_all(path, &records, &is_complete);
        ck_assert(!is_complete);
        ck_assert(status == STATUS_FILE || cut == VTR_HEAD_BYTES || records > 0);
        ck_assert_uint_ge(records, best); /* never less than a shorter file gave */
        best = records;
    }
    ck_assert_uint_eq(best, RECORDS); /* without its end, but whole */
    free(bytes);
    remove(path);
}
END_TEST

START_TEST(a_damaged_file_is_refused)
{
    char path[] = "vtr-test-XXXXXX";
    uint8_t *bytes;
    size_t count;
    unsigned records;
    bool is_complete;
    write_trace(path, 2);
    count = load(path, &bytes);
    for (size_t at = 0; at < count; at += at < 100 || at + 30 > count ? 1 : 1499) {
        bytes[at] ^= 0x10;
        store(path, bytes, count);
        ck_assert_int_eq(read_all(path, &records, &is_complete), STATUS_FILE);
        bytes[at] ^= 0x10;
    }
    store(path, (const uint8_t *)"{\"seq\":1}\n", 10); /* somebody else's */
    ck_assert_int_eq(read_all(path, &records, &is_complete), STATUS_FILE);
    ck_assert_int_eq(read_all("/no/such/trace.vtr", &records, &is_complete), STATUS_FILE);
    free(bytes);
    remove(path);
}
END_TEST

/* A block of `raw`, with right sums: only what it says is wrong. */
static size_t seal(uint8_t *to, const uint8_t *raw, size_t count, uint32_t records)
{
    uLongf packed = compressBound((uLong)count);
    compress(to + VTR_BLOCK_HEAD, &packed, raw, (uLong)count);
    store_le32(to, VTR_BLOCK_MAGIC);
    store_le32(to + 4, records);
    store_le32(to + 8, (uint32_t)count);
    store_le32(to + 12, (uint32_t)packed);
    store_le32(to + 16, (uint32_t)crc32(crc32(0, to, 16), to + VTR_BLOCK_HEAD, (uInt)packed));
    return VTR_BLOCK_HEAD + packed;
}

START_TEST(a_hostile_file_does_no_harm)
{
    char path[] = "vtr-test-XXXXXX";
    uint8_t *bytes, *raw = malloc(VTR_BLOCK_LIMIT), *file = malloc(VTR_BLOCK_LIMIT);
    uint64_t seed = 3;
    uLongf raw_bytes = VTR_BLOCK_LIMIT;
    uint32_t records;
    write_trace(path, 4);
    load(path, &bytes);
    records = load_le32(bytes + VTR_HEAD_BYTES + 4);
    ck_assert_int_eq(uncompress(raw, &raw_bytes, bytes + VTR_HEAD_BYTES + VTR_BLOCK_HEAD,
                                load_le32(bytes + VTR_HEAD_BYTES + 12)),
                     Z_OK);
    if (raw_bytes > 20000)
        raw_bytes = 20000;
    memcpy(file, bytes, VTR_HEAD_BYTES);
    for (unsigned round = 0; round < 500; round++) {
        uint8_t kept[4];
        size_t at[4], count;
        unsigned read;
        bool is_complete;
        for (unsigned i = 0; i < 4; i++) {
            at[i] = (size_t)(next(&seed) % (i ? 2000 : raw_bytes));
            kept[i] = raw[at[i]];
            raw[at[i]] = (uint8_t)next(&seed);
        }
        count = seal(file + VTR_HEAD_BYTES, raw, raw_bytes, round % 2 ? records : UINT32_MAX);
        store(path, file, VTR_HEAD_BYTES + count);
        ck_assert_int_eq(read_all(path, &read, &is_complete), STATUS_FILE);
        for (unsigned i = 4; i--;)
            raw[at[i]] = kept[i];
    }
    free(raw);
    free(file);
    free(bytes);
    remove(path);
}
END_TEST

/* A write, a loop of reads that is drafted now and then, a write; `done` after each step, when the file has
 * what it is to have. */
static void write_loop(const char *path, const char *format, void (*done)(const char *path))
{
    struct trace_sink sink;
    struct error error = {STATUS_OK, ""};
    struct trace_head head = {200000000, 0};
    struct trace_record record = {.kind = TRACE_ACCESS, .size = 1, .count = 1, .has_cpu = true};
    const struct timespec thread_writes = {0, 60000000};
    ck_assert_int_eq(trace_format_open(&sink, format, path, &error), STATUS_OK);
    ck_assert_int_eq(trace_fold_open(&sink, &error), STATUS_OK);
    ck_assert_int_eq(sink.begin(sink.self, &head, &error), STATUS_OK);
    record.is_write = true;
    ck_assert_int_eq(sink.record(sink.self, &record, &error), STATUS_OK);
    record.is_write = false;
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned n = 0; n < 700; n++, record.seq++)
            ck_assert_int_eq(sink.record(sink.self, &record, &error), STATUS_OK);
        ck_assert_int_eq(sink.draft(sink.self, NULL, &error), STATUS_OK);
        nanosleep(&thread_writes, NULL); /* of a .vtr; where it is late, the next one finds a place */
        ck_assert_int_eq(sink.draft(sink.self, NULL, &error), STATUS_OK);
        nanosleep(&thread_writes, NULL);
        if (done)
            done(path);
    }
    record.is_write = true;
    ck_assert_int_eq(sink.record(sink.self, &record, &error), STATUS_OK);
    ck_assert_int_eq(sink.end(sink.self, &error), STATUS_OK);
}

/* How many accesses the loop has, as far as the file tells; 0: it is not there. */
static uint64_t read_loop(const char *path)
{
    struct vtr_reader *reader;
    struct error error = {STATUS_OK, ""};
    const struct trace_record *record;
    uint64_t loop = 0;
    ck_assert_int_eq(vtr_open(&reader, path, &error), STATUS_OK);
    while (vtr_next(reader, &record, &error) == STATUS_OK && record) {
        ck_assert(!loop || record->is_write); /* there is one */
        if (!record->is_write)
            loop = record->folded + 1;
    }
    vtr_close(reader);
    return loop;
}

START_TEST(a_loop_that_grows_is_in_a_file_that_was_cut)
{
    char path[] = "vtr-test-XXXXXX";
    uint8_t *bytes;
    size_t count;
    uint64_t best = 0;
    unsigned records;
    bool is_complete;
    close(mkstemp(path));
    write_loop(path, "vtr", NULL);
    ck_assert_int_eq(read_all(path, &records, &is_complete), STATUS_OK);
    ck_assert(is_complete && records == 3);
    ck_assert_uint_eq(read_loop(path), 2800);
    count = load(path, &bytes);
    for (size_t cut = VTR_HEAD_BYTES; cut < count; cut++) {
        uint64_t loop;
        store(path, bytes, cut);
        loop = read_loop(path);
        ck_assert_uint_ge(loop, best); /* nowhere less than a shorter file gave */
        ck_assert_uint_eq(loop % 700, 0);
        best = loop;
    }
    ck_assert_uint_eq(best, 2800);
    free(bytes);
    remove(path);
}
END_TEST

/* The last line ends and tells of a loop that has grown by 700. */
static void look_at_draft(const char *path)
{
    uint8_t *bytes;
    size_t count = load(path, &bytes);
    const char *folded;
    bytes[count] = '\0';
    ck_assert_int_eq(bytes[count - 1], '\n');
    ck_assert_ptr_nonnull(folded = strstr((char *)bytes, "\"folded\":"));
    ck_assert_uint_eq((strtoull(folded + 9, NULL, 10) + 1) % 700, 0);
    ck_assert_ptr_null(strstr(folded + 9, "\"folded\""));
    free(bytes);
}

START_TEST(the_draft_of_a_line_is_replaced_by_it)
{
    char path[] = "vtr-test-XXXXXX";
    uint8_t *bytes;
    size_t count, lines = 0;
    close(mkstemp(path));
    write_loop(path, "json", look_at_draft);
    count = load(path, &bytes);
    bytes[count] = '\0';
    for (size_t i = 0; i < count; i++)
        lines += bytes[i] == '\n';
    ck_assert_uint_eq(lines, 3);
    ck_assert_ptr_nonnull(strstr((char *)bytes, "\"folded\":2799"));
    free(bytes);
    remove(path);
}
END_TEST

START_TEST(a_full_disk_is_told_and_somebody_elses_file_left_alone)
{
    struct trace_sink sink;
    struct error error = {STATUS_OK, ""};
    struct trace_head head = {200000000, 0};
    struct trace_record record = {.kind = TRACE_ACCESS};
    char path[] = "vtr-test-XXXXXX";
    enum status status = STATUS_OK;
    close(mkstemp(path));
    store(path, (const uint8_t *)"disk", 4);
    ck_assert_int_eq(vtr_writer_new(&sink, path, &error), STATUS_OK);
    ck_assert_int_eq(sink.begin(sink.self, &head, &error), STATUS_USAGE);
    ck_assert_int_eq(sink.end(sink.self, &error), STATUS_OK);
    remove(path);
    if (access("/dev/full", W_OK) != 0)
        return;
    error = (struct error){STATUS_OK, ""};
    ck_assert_int_eq(vtr_writer_new(&sink, "/dev/full", &error), STATUS_OK);
    ck_assert_int_eq(sink.begin(sink.self, &head, &error), STATUS_OK);
    for (unsigned i = 0; i < 2000000 && status == STATUS_OK; i++)
        status = sink.record(sink.self, &record, &error);
    ck_assert_int_eq(status, STATUS_FILE);
    ck_assert_ptr_nonnull(strstr(error.text, "/dev/full: No space left"));
    sink.end(sink.self, &error);
}
END_TEST

Suite *vtr_suite(void);
Suite *vtr_suite(void)
{
    Suite *suite = suite_create("vtr");
    TCase *tcase = tcase_create("vtr");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, what_was_written_is_read);
    tcase_add_test(tcase, a_file_that_was_cut_is_read_up_to_there);
    tcase_add_test(tcase, a_damaged_file_is_refused);
    tcase_add_test(tcase, a_hostile_file_does_no_harm);
    tcase_add_test(tcase, a_loop_that_grows_is_in_a_file_that_was_cut);
    tcase_add_test(tcase, the_draft_of_a_line_is_replaced_by_it);
    tcase_add_test(tcase, a_full_disk_is_told_and_somebody_elses_file_left_alone);
    suite_add_tcase(suite, tcase);
    return suite;
}

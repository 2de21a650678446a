/* The trace: lines are JSON (jq reads them), filters, what a full disk does. */
#include "debugger/trace.h"
#include "debugger/trace_fold.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus/device.h"
#include "bus/regs.h"
#include "bus/space.h"
#include "machine/world.h"

static const struct reg_field LEVEL_FIELDS[] = {
    {"LEVEL", 0, 4, NULL, "how much"},
    REG_FIELDS_END
};

struct toy {
    struct device device;
    uint8_t level;
};
static uint32_t toy_peek(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct toy *)self)->level;
}
static void toy_write(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    ((struct toy *)self)->level = (uint8_t)value;
}
static const struct reg TOY_ROWS[] = {
    {.name = "LEV",
     .meaning = "level",
     .width = 1,
     .access = REG_RW,
     .writable = 0xFF,
     .write = toy_write,
     .peek = toy_peek,
     .fields = LEVEL_FIELDS},
    REG_ROWS_END
};
static const struct reg_bank TOY_BANK = {"toy", TOY_ROWS};
static const struct device_type TOY_TYPE = {.name = "toychip", .size = sizeof(struct toy)};

/* A world without machines: a door, one port space and a toy at ports 40h-43h. */
struct bench {
    struct world world;
    struct space ports;
    struct toy toy;
    char last[1024];
    unsigned lines;
};

static void keep_line(void *self, enum log_level level, const char *line)
{
    struct bench *b = self;
    (void)level;
    snprintf(b->last, sizeof b->last, "%s", line);
    b->lines++;
}

static struct bench *bench_new(void)
{
    struct bench *b = calloc(1, sizeof *b);
    struct error error = {0};
    timeline_init(&b->world.timeline, 100000000);
    door_init(&b->world.door, &b->world.timeline);
    log_init(&b->world.log, LOG_INFO);
    b->world.log.write = keep_line;
    b->world.log.self = b;
    ck_assert_int_eq(space_init(&b->ports, "alpha", SPACE_PORTS, &b->world.door, &error), 0);
    b->toy.device.type = &TOY_TYPE;
    b->toy.device.name = "toy0";
    ck_assert_int_eq(space_attach(&b->ports,
                                  &(struct region){.name = "toy",
                                                   .device = &b->toy.device,
                                                   .self = &b->toy,
                                                   .bank = &TOY_BANK,
                                                   .base = 0x40,
                                                   .length = 4},
                                  NULL, &error),
                     0);
    return b;
}

static void bench_free(struct bench *b)
{
    space_fini(&b->ports);
    door_fini(&b->world.door);
    free(b);
}

/* Traces what `act` does and gives back the file's text. */
static const char *traced(struct bench *b, const char *filter, void (*act)(struct bench *),
                          char *text, size_t size)
{
    struct trace *trace;
    struct error error = {0};
    char path[] = "trace-test-XXXXXX";
    int descriptor = mkstemp(path);
    FILE *file;
    size_t count;
    ck_assert_int_ge(descriptor, 0);
    ck_assert_msg(trace_open(&trace, &b->world,
                             &(struct trace_settings){.filter = filter, .path = path},
                             &error) == STATUS_OK,
                  "%s", error.text);
    act(b);
    trace_close(trace);
    file = fdopen(descriptor, "rb");
    count = fread(text, 1, size - 1, file);
    text[count] = '\0';
    fclose(file);
    remove(path);
    return text;
}

static void write_then_read(struct bench *b)
{
    b->world.timeline.now = 1204;
    space_write(&b->ports, 0x40, 1, 0x37);
    b->world.timeline.now = 1205;
    space_read(&b->ports, 0x99, 2);
}

START_TEST(a_line_says_what_was_done_and_who_answered)
{
    struct bench *b = bench_new();
    char text[4096];
    traced(b, "io", write_then_read, text, sizeof text);
    ck_assert_str_eq(text,
                     "{\"seq\":1,\"cause\":0,\"ns\":12040,\"time\":1204,\"machine\":\"alpha\","
                     "\"dir\":\"out\",\"space\":\"port\",\"addr\":\"0x40\",\"size\":1,"
                     "\"value\":\"0x37\",\"device\":\"toy0\",\"reg\":\"LEV\",\"old\":\"0x0\","
                     "\"new\":\"0x37\",\"changed\":\"LEVEL 0→7\","
                     "\"meaning\":\"LEVEL=7\"}\n"
                     "{\"seq\":2,\"cause\":0,\"ns\":12050,\"time\":1205,\"machine\":\"alpha\","
                     "\"dir\":\"in\",\"space\":\"port\",\"addr\":\"0x99\",\"size\":2,"
                     "\"value\":\"0xffff\"}\n");
    bench_free(b);
}
END_TEST

START_TEST(texts_are_escaped_so_that_jq_reads_them_back)
{
    struct access access = {
        .id = 1,
        .size = 8,
        .count = UINT64_MAX,
        .value = UINT64_MAX,
        .address = UINT64_MAX,
        .space_kind = ACCESS_DMA,
        .is_write = true,
        .decision = DECISION_MAP,
        .origin = {.machine = "a\"b\\c",
                   .has_cpu = true,
                   .cs = 0xFFFF,
                   .eip = UINT64_MAX,
                   .cpl = 3,
                   .cpu = 2}
    };
    struct trace_record record;
    char line[TRACE_LINE_BYTES];
    size_t length;
    FILE *jq;
    for (size_t i = 0; i + 1 < sizeof access.note; i++)
        access.note[i] = (char)(1 + i % 31); /* control characters take six letters each */
    memcpy(access.meaning, "\xE2\x86\x92 ok \xFF cut \xE2\x86", 15); /* an arrow, and halves */
    trace_record_of_access(&record, &access, UINT64_MAX);
    length = trace_json_line(line, &record);
    ck_assert_uint_le(length, sizeof line);
    ck_assert_int_eq(line[length - 1], '\n');
    ck_assert_ptr_null(memchr(line, '\n', length - 1));
    if (system("jq --version >/dev/null 2>&1") != 0)
        return;
    jq = popen("jq -e '.machine==\"a\\\"b\\\\c\" and (.note|length)==255 and .cpl==3 and "
               ".meaning==\"\\u2192 ok \\ufffd cut \\ufffd\\ufffd\" and .dir==\"write\" and "
               ".decision==\"map\" and .eip==\"0xffffffffffffffff\"' >/dev/null",
               "w");
    ck_assert_ptr_nonnull(jq);
    fwrite(line, 1, length, jq);
    ck_assert_int_eq(pclose(jq), 0);
}
END_TEST

static void many(struct bench *b)
{
    for (unsigned i = 0; i < 200; i++)
        space_write(&b->ports, 0x3F + i % 6, 1, i);
}

static unsigned count_lines(struct bench *b, const char *filter)
{
    static const size_t SIZE = 200000;
    char *text = malloc(SIZE);
    unsigned count = 0;
    traced(b, filter, many, text, SIZE);
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        count++;
    free(text);
    return count;
}

START_TEST(filters_narrow_by_part_and_widen_by_word)
{
    struct bench *b = bench_new();
    ck_assert_uint_eq(count_lines(b, "io"), 200);
    ck_assert_uint_eq(count_lines(b, "io:dir=out"), 200);
    ck_assert_uint_eq(count_lines(b, "io:dir=in,read,write"), 0);
    ck_assert_uint_eq(count_lines(b, "io:machine=alpha"), 200);
    ck_assert_uint_eq(count_lines(b, "io:space=port"), 200);
    ck_assert_uint_eq(count_lines(b, "io:space=mmio,dma"), 0);
    ck_assert_uint_eq(count_lines(b, "io:port=0x3f"), 34);
    ck_assert_uint_eq(count_lines(b, "io:port=0x3f,0x40-0x41"), 101);
    ck_assert_uint_eq(count_lines(b, "io:addr=0-0xffffffff"), 0);
    ck_assert_uint_eq(count_lines(b, "io:dev=toy"), 133); /* toy0, without its number */
    ck_assert_uint_eq(count_lines(b, "io:dev=toy0"), 133);
    ck_assert_uint_eq(count_lines(b, "io:dev=toychip:port=0x40"), 34);
    ck_assert_uint_eq(count_lines(b, "io:reg=LEV"), 34);
    ck_assert_uint_eq(count_lines(b, "io:reg=LEVEL"), 0);
    ck_assert_uint_eq(count_lines(b, "io:field=LEVEL=7"), 5); /* 7, 55, 103, 151, 199 */
    ck_assert_uint_eq(count_lines(b, "io:field=LEVEL=7,LEVEL=0x1"), 10);
    ck_assert_uint_eq(count_lines(b, "io:icount=0-100"), 0); /* nobody executes here */
    bench_free(b);
}
END_TEST

/* --- loops that wait for a status ----------------------------------------------------------------------- */

struct folded {
    char text[512];
    unsigned ends;
};

static enum status take_folded(void *self, const struct trace_record *record, struct error *error)
{
    struct folded *f = self;
    size_t used = strlen(f->text);
    (void)error;
    used +=
        (size_t)snprintf(f->text + used, sizeof f->text - used, "%llu %s %s %02llx +%llu",
                         (unsigned long long)record->seq, trace_direction(record), record->meaning,
                         (unsigned long long)record->value, (unsigned long long)record->folded);
    if (record->round > 1)
        used += (size_t)snprintf(f->text + used, sizeof f->text - used, " of %u with %s",
                                 (unsigned)record->round, record->with);
    snprintf(f->text + used, sizeof f->text - used, "; ");
    return STATUS_OK;
}

static enum status end_folded(void *self, struct error *error)
{
    (void)error;
    ((struct folded *)self)->ends++;
    return STATUS_OK;
}

/* One access; its text is gone afterwards, as a trace's are. */
static void put_at(const struct trace_sink *sink, uint64_t seq, bool is_write, uint64_t linear,
                   uint64_t address, uint64_t value)
{
    struct error error = {STATUS_OK, ""};
    char words[16];
    struct trace_record record = {.kind = TRACE_ACCESS,
                                  .seq = seq,
                                  .machine = "alpha",
                                  .has_cpu = true,
                                  .linear = linear,
                                  .is_write = is_write,
                                  .size = 1,
                                  .count = 1,
                                  .address = address,
                                  .value = value,
                                  .meaning = words};
    snprintf(words, sizeof words, "m%llu", (unsigned long long)seq);
    ck_assert_int_eq(sink->record(sink->self, &record, &error), STATUS_OK);
    memset(words, 'x', sizeof words - 1);
}

static void put_access(const struct trace_sink *sink, uint64_t seq, bool is_write, uint64_t linear,
                       uint64_t value)
{
    put_at(sink, seq, is_write, linear, 0x1F7, value);
}

START_TEST(a_loop_over_several_registers_is_one_record)
{
    struct folded f = {0};
    struct error error = {STATUS_OK, ""};
    struct trace_sink sink = {NULL, take_folded, end_folded, NULL, &f, NULL};
    ck_assert_int_eq(trace_fold_open(&sink, &error), STATUS_OK);
    put_access(&sink, 1, false, 0x7C00, 0x80);
    for (unsigned i = 0; i < 300; i++) { /* two ports by one function, then a third elsewhere */
        put_at(&sink, 10 + i, false, 0x7C40, 0x1F7, 0x80);
        put_at(&sink, 1010 + i, false, 0x7C40, 0x64, 0x1C);
        put_at(&sink, 2010 + i, false, 0x7C60, 0x3FD, 0x60);
    }
    put_at(&sink, 4000, false, 0x7C40, 0x1F7, 0x80); /* a part of a round still belongs to it */
    put_at(&sink, 4001, false, 0x7C40, 0x64, 0x1D);  /* a key: the end */
    put_at(&sink, 4002, true, 0x7C70, 0x64, 1);
    ck_assert_int_eq(sink.end(sink.self, &error), STATUS_OK);
    ck_assert_str_eq(f.text,
                     "1 in m1 80 +0; 10 in m10 80 +900 of 3 with in 0x64 = 0x1c; in 0x3fd = "
                     "0x60; 4001 in m4001 1d +0; 4002 out m4002 01 +0; ");
}
END_TEST

START_TEST(reads_that_are_no_loop_come_out_in_their_order)
{
    struct folded f = {0};
    struct error error = {STATUS_OK, ""};
    struct trace_sink sink = {NULL, take_folded, end_folded, NULL, &f, NULL};
    char expected[512] = "";
    size_t used = 0;
    ck_assert_int_eq(trace_fold_open(&sink, &error), STATUS_OK);
    for (unsigned i = 1; i <= 25; i++) { /* more than wait */
        put_at(&sink, i, false, 0x7C40, 0x1F0, i);
        used += (size_t)snprintf(expected + used, sizeof expected - used, "%u in m%u %02x +0; ", i,
                                 i, i);
    }
    ck_assert_int_eq(sink.flush(sink.self, &error), STATUS_OK);
    ck_assert_str_eq(f.text, expected);
    ck_assert_int_eq(sink.end(sink.self, &error), STATUS_OK);
    ck_assert_str_eq(f.text, expected);
}
END_TEST

START_TEST(a_loop_that_waits_is_one_record_and_its_end_another)
{
    struct folded f = {0};
    struct error error = {STATUS_OK, ""};
    struct trace_sink sink = {NULL, take_folded, end_folded, NULL, &f, NULL};
    ck_assert_int_eq(trace_fold_open(&sink, &error), STATUS_OK);
    put_access(&sink, 1, true, 0x7C00, 0x20);
    for (unsigned i = 0; i < 1204; i++)
        put_access(&sink, 2 + i, false, 0x7C02, 0x80);
    put_access(&sink, 2000, false, 0x7C02, 0x50); /* ready */
    put_access(&sink, 2001, false, 0x7C08, 0x50); /* another instruction */
    put_access(&sink, 2002, true, 0x7C0A, 1);     /* writes are never alike */
    put_access(&sink, 2003, true, 0x7C0A, 1);
    put_access(&sink, 2004, false, 0x7C02, 0x80);
    ck_assert_int_eq(sink.end(sink.self, &error), STATUS_OK);
    ck_assert_str_eq(f.text, "1 out m1 20 +0; 2 in m2 80 +1203; 2000 in m2000 50 +0; "
                             "2001 in m2001 50 +0; 2002 out m2002 01 +0; 2003 out m2003 01 +0; "
                             "2004 in m2004 80 +0; ");
    ck_assert_uint_eq(f.ends, 1);
}
END_TEST

struct bad_filter {
    const char *text, *says;
};
static const struct bad_filter BAD[] = {
    {"",                                                                                  "says nothing"                                },
    {"oi",                                                                                "no kind of trace 'oi'; fix: did you mean io?"},
    {"io:",                                                                               "does not start with a word"                  },
    {"io:dv=toy",                                                                         "did you mean dev?"                           },
    {"io:dev",                                                                            "dev needs a value"                           },
    {"io:dev=",                                                                           "takes 1 to"                                  },
    {"io:dev=toy,",                                                                       "takes 1 to"                                  },
    {"io:dev=toi0",                                                                       "no device 'toi0'; fix: did you mean toy0?"   },
    {"io:dev=keyboard",                                                                   "no device 'keyboard'; fix: one of toy0"      },
    {"io:machine=alfa",                                                                   "did you mean alpha?"                         },
    {"io:dir=outt",                                                                       "did you mean out?"                           },
    {"io:space=ports",                                                                    "did you mean port?"                          },
    {"io:port=x",                                                                         "is no range"                                 },
    {"io:port=0x40-",                                                                     "is no range"                                 },
    {"io:port=-1",                                                                        "is no range"                                 },
    {"io:port=0x50-0x40",                                                                 "the lower end first"                         },
    {"io:port=0x10000",                                                                   "goes past 0xffff"                            },
    {"io:field=LEVEL",                                                                      "has no value; fix: field=NAME=NUMBER"        },
    {"io:field==3",                                                                         "has no value"                                },
    {"io:icount=5-x",                                                                       "is no range"                                 },
    {"io:ip=0x100000000",                                                                   "goes past 0xffffffff"                        },
    {"io:firmware=no",                                                                      "fix: --no-firmware"                          },
    {"io:dir=in:dir=out",                                                                 "given twice"                                 },
    {"io:dev=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "letters"                                                                                                                          },
    {"io:port=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",                                         "takes 1 to"                                  },
};

START_TEST(a_bad_filter_is_refused_with_the_nearest_match)
{
    struct bench *b = bench_new();
    struct trace_filter *filter;
    struct error error = {0};
    ck_assert_int_eq(trace_filter_new(&filter, BAD[_i].text, &b->world.door, &error), STATUS_USAGE);
    ck_assert_ptr_null(filter);
    ck_assert_msg(strstr(error.text, BAD[_i].says) != NULL, "'%s' lacks '%s'", error.text,
                  BAD[_i].says);
    bench_free(b);
}
END_TEST

START_TEST(a_file_that_cannot_be_made_is_refused)
{
    struct bench *b = bench_new();
    struct trace *trace;
    struct error error = {0};
    ck_assert_int_eq(
        trace_open(&trace, &b->world,
                   &(struct trace_settings){.filter = "io", .path = "/no/such/folder/x"}, &error),
        STATUS_FILE);
    ck_assert_ptr_nonnull(strstr(error.text, "/no/such/folder/x: No such file"));
    ck_assert_ptr_null(b->world.door.watchers);
    bench_free(b);
}
END_TEST

START_TEST(a_file_that_is_no_trace_is_left_alone)
{
    struct bench *b = bench_new();
    struct trace *trace;
    struct error error = {0};
    char path[] = "trace-test-XXXXXX", kept[8] = "";
    FILE *file = fdopen(mkstemp(path), "wb");
    fputs("disk", file);
    fclose(file);
    ck_assert_int_eq(trace_open(&trace, &b->world,
                                &(struct trace_settings){.filter = "io", .path = path}, &error),
                     STATUS_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "holds something that is no trace"));
    file = fopen(path, "rb");
    ck_assert_ptr_nonnull(fgets(kept, sizeof kept, file));
    ck_assert_str_eq(kept, "disk");
    fclose(file);
    file = fopen(path, "wb");
    fputs("{\"seq\":1}\n", file);
    fclose(file);
    ck_assert_int_eq(trace_open(&trace, &b->world,
                                &(struct trace_settings){.filter = "io", .path = path}, &error),
                     STATUS_OK); /* an old trace */
    trace_close(trace);
    remove(path);
    bench_free(b);
}
END_TEST

START_TEST(a_full_disk_is_said_once_and_the_run_goes_on)
{
    struct bench *b = bench_new();
    struct trace *trace;
    struct error error = {0};
    if (trace_open(&trace, &b->world, &(struct trace_settings){.filter = "io", .path = "/dev/full"},
                   &error) != STATUS_OK)
        return; /* a workstation without that device */
    for (unsigned round = 0; round < 20; round++)
        many(b);
    ck_assert_uint_eq(b->toy.level, 199 - 199 % 6 + 1);
    trace_close(trace);
    ck_assert_uint_eq(b->lines, 1);
    ck_assert_ptr_nonnull(strstr(b->last, "/dev/full: No space left"));
    bench_free(b);
}
END_TEST

START_TEST(nothing_is_looked_at_after_the_end)
{
    struct bench *b = bench_new();
    char text[4096];
    traced(b, "io", write_then_read, text, sizeof text);
    ck_assert_ptr_null(b->world.door.watchers);
    ck_assert(!b->ports.is_hooked);
    bench_free(b);
}
END_TEST

Suite *trace_suite(void);
Suite *trace_suite(void)
{
    Suite *suite = suite_create("trace");
    TCase *tests = tcase_create("trace");
    tcase_add_test(tests, a_line_says_what_was_done_and_who_answered);
    tcase_add_test(tests, texts_are_escaped_so_that_jq_reads_them_back);
    tcase_add_test(tests, filters_narrow_by_part_and_widen_by_word);
    tcase_add_test(tests, a_loop_that_waits_is_one_record_and_its_end_another);
    tcase_add_test(tests, a_loop_over_several_registers_is_one_record);
    tcase_add_test(tests, reads_that_are_no_loop_come_out_in_their_order);
    tcase_add_loop_test(tests, a_bad_filter_is_refused_with_the_nearest_match, 0,
                        sizeof BAD / sizeof BAD[0]);
    tcase_add_test(tests, a_file_that_cannot_be_made_is_refused);
    tcase_add_test(tests, a_file_that_is_no_trace_is_left_alone);
    tcase_add_test(tests, a_full_disk_is_said_once_and_the_run_goes_on);
    tcase_add_test(tests, nothing_is_looked_at_after_the_end);
    suite_add_tcase(suite, tests);
    return suite;
}

/* The prompt, scripted: what it answers on a real machine. */
#include "debugger/monitor.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "debug_bench.h"

struct script {
    const char *lines; /* separated by newlines */
    char out[65536];
};

static bool read_line(void *self, const char *prompt, char *line, size_t size)
{
    struct script *s = self;
    size_t length = strcspn(s->lines, "\n");
    (void)prompt;
    if (*s->lines == '\0')
        return false;
    snprintf(line, size, "%.*s", (int)length, s->lines);
    s->lines += length + (s->lines[length] == '\n');
    return true;
}

static void write_text(void *self, const char *text)
{
    struct script *s = self;
    size_t used = strlen(s->out);
    snprintf(s->out + used, sizeof s->out - used, "%s", text);
}

/* What the monitor says to the lines, from the start at 7C00h to the end; the caller frees. */
static char *told(const char *lines, int *exit_status)
{
    struct debug_bench *bench = debug_bench_new();
    struct script *script = calloc(1, sizeof *script);
    const struct monitor_options options = {
        .io = {script, read_line, write_text}
    };
    struct monitor *monitor;
    struct error error = {STATUS_OK, ""};
    char *out;
    script->lines = lines;
    ck_assert_int_eq(monitor_new(&monitor, &bench->world, bench->machine, &options, &error), 0);
    *exit_status = monitor_run(monitor);
    monitor_free(monitor);
    debug_bench_free(bench);
    out = strdup(script->out);
    free(script);
    return out;
}

struct talk {
    const char *lines, *says[6];
};
static const struct talk TALKS[] = {
    {"",                                                           {"=> 00007c00: b9"}                                              },
    {"s",                                                          {"=> 00007c03: 40"}                                              },
    {"step 4",                                                     {"=> 00007c0f: 43"}                                              },
    {"s\n\n\n",                                                    {"=> 00007c03", "=> 00007c04", "=> 00007c07"}                    }, /* an empty line repeats */
    {"b 0x7c0a\nc\nc\ninfo b",
     {"breakpoint 1 at 00007c0a", "breakpoint 1\n=> 00007c0a", "hit 2 times"}                                                       },
    {"b phys:7c0fh\nc\nbt",                                        {"breakpoint 1\n=> 00007c0f", "#0  00007c0f"}                    },
    {"until 0000:7C0A\ninfo b",                                    {"=> 00007c0a", "no breakpoints"}                                },
    {"watch 0x500 2\nc\nc",
     {"watchpoint 1 at 00000500, 2 bytes",
      "watchpoint 1: 00000500 was written, holds 01 00\n=> 00007c07", "holds 02 00"}                                                },
    {"awatch 0x6ffe 2\nc\nc",                                      {"was written", "was read"}                                      },
    {"b 0x7c03\nd 1\nd 1\nd\ninfo b",                              {"there is no number 1", "watchpoints any more"}                 },
    {"set ax 0x1234\nset bl 1\nset nothing 1\ninfo registers",
     {"eax 00001234", "'bl' is no register", "'nothing' is no register"}                                                            },
    {"x/4xb 0x7c00\nx/2xh $ip\nx/d 0x7c00\nx/c 7c03h\nx/s 0x7c00",
     {"00007c00: b9 64 00 40", "00007c00: 64b9 4000", " 1073767609", "00007c03: '@'", "\".d\""}                                     },
    {"x/2xb 0x7c00\n\n",                                           {"00007c00: b9 64", "00007c02: 00 40"}                           },
    {"x/99999999999x 0\nx/3q 0\nx",                                {"x/ takes 1 to", "x needs an address"}                          },
    {"x/xw 0xa0000000",                                            {"(no memory)"}                                                  },
    {"b nowhere\nb 0x7c0g\nb 1234567:0\nb",
     {"'nowhere' is no address", "'0x7c0g'", "'1234567:0'", "break needs an address"}                                               },
    {"stpe\nfrobnicate\nhelp until",
     {"did you mean step", "no command 'frobnicate'; help lists them", "go on up to there"}                                         },
    {"info\ninfo devices\ninfo cr\ninfo seg\ninfo time",
     {"info registers, segments", "pit          i8254", "real", "cs   0000  base 00000000",
      "0 of this CPU"}                                                                                                              },
    {"device pit\ndevice pti",                                     {"registers of i8254", "counters 0", "did you mean pit"}         },
    {"s 0\ns x\ns -1",                                             {"'0' is no count from 1", "'x' is no count", "'-1' is no count"}},
    {"reset",                                                      {"reset\nfffffff0"}                                              },
    {"trace\ntrace on oi\ntrace off",                              {"it is off", "did you mean io?"}                                },
};

START_TEST(it_answers_as_a_person_expects)
{
    int exit_status;
    char *out = told(TALKS[_i].lines, &exit_status);
    for (const char *const *says = TALKS[_i].says; *says; says++)
        ck_assert_msg(strstr(out, *says) != NULL, "'%s' is not in:\n%s", *says, out);
    ck_assert_int_eq(exit_status, 0);
    free(out);
}
END_TEST

START_TEST(next_goes_over_calls)
{
    int exit_status;
    char *out = told("s 3\nn\nq", &exit_status);
#if HAVE_CAPSTONE
    ck_assert_ptr_nonnull(strstr(out, "=> 00007c0a"));
    ck_assert_ptr_nonnull(strstr(out, "call 0x7c0f"));
#else
    ck_assert_ptr_nonnull(strstr(out, "=> 00007c0f")); /* one instruction, as step */
#endif
    free(out);
}
END_TEST

START_TEST(the_end_of_the_run_is_told)
{
    int exit_status;
    char *out = told("c\ns\n", &exit_status);
    ck_assert_int_eq(exit_status, BENCH_EXIT_STATUS);
    ck_assert_ptr_nonnull(strstr(out, "the run is over, exit status 201"));
    free(out);
}
END_TEST

/* A hand that changes diskettes is outside of the world: it comes in by the recorded door. */
START_TEST(a_changed_diskette_is_an_input)
{
    static const char *const LINES[] = {"floppy\nq", "floppy a none\nq"};
    for (unsigned i = 0; i < 2; i++) {
        struct debug_bench *bench = debug_bench_new();
        struct script *script = calloc(1, sizeof *script);
        const struct monitor_options options = {
            .io = {script, read_line, write_text}
        };
        struct monitor *monitor;
        struct error error = {STATUS_OK, ""};
        script->lines = LINES[i];
        ck_assert_int_eq(monitor_new(&monitor, &bench->world, bench->machine, &options, &error), 0);
        monitor_run(monitor);
        ck_assert_uint_eq(bench->world.input_count, i);
        monitor_free(monitor);
        debug_bench_free(bench);
        free(script);
    }
}
END_TEST

START_TEST(long_lines_and_many_words_do_no_harm)
{
    char line[2000];
    int exit_status;
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    free(told(line, &exit_status));
    for (size_t i = 1; i < sizeof line - 1; i += 2)
        line[i] = i % 10 == 1 ? '/' : ' ';
    free(told(line, &exit_status));
    free(told("x////// 1 2 3 4 5 6 7 8 9 10\n/\n/x\nb +\nb -\nb 1+\nb :\nb $\nset\ndevice /",
              &exit_status));
}
END_TEST

Suite *monitor_suite(void);
Suite *monitor_suite(void)
{
    Suite *suite = suite_create("monitor");
    TCase *tests = tcase_create("monitor");
    tcase_add_loop_test(tests, it_answers_as_a_person_expects, 0, sizeof TALKS / sizeof TALKS[0]);
    tcase_add_test(tests, next_goes_over_calls);
    tcase_add_test(tests, the_end_of_the_run_is_told);
    tcase_add_test(tests, a_changed_diskette_is_an_input);
    tcase_add_test(tests, long_lines_and_many_words_do_no_harm);
    suite_add_tcase(suite, tests);
    return suite;
}

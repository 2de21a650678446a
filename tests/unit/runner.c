/*
 * The unit-test program: runs the suites named on the command line, or all of them; --list prints their names.
 *
 * The list of suites is generated from the names of the files tests/unit/test_NAME.c, each of which
 * exports `Suite *NAME_suite(void)`. Check's own variables work as documented (Check 0.15 manual,
 * appendix A): CK_FORK=no runs everything in one process, for gdb, CK_VERBOSITY=verbose prints every
 * test.
 *
 * Exit status: 0 when every test passed, 1 otherwise, 2 when a named suite does not exist.
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#define SUITE(name) Suite *name##_suite(void);
#include "unit_suites.h"
#undef SUITE

struct suite_row {
    const char *name;
    Suite *(*make)(void);
};

#define SUITE(name) {#name, name##_suite},
static const struct suite_row suites[] = {
#include "unit_suites.h"
    {NULL, NULL},
};
#undef SUITE

static bool suite_is_named(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return true;
        }
    }
    return argc < 2;
}

static bool every_name_exists(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const struct suite_row *row = suites;
        while (row->name != NULL && strcmp(row->name, argv[i]) != 0) {
            row++;
        }
        if (row->name == NULL) {
            fprintf(stderr, "unit-tests: no suite '%s'; the suites are:", argv[i]);
            for (row = suites; row->name != NULL; row++) {
                fprintf(stderr, " %s", row->name);
            }
            fputc('\n', stderr);
            return false;
        }
    }
    return true;
}

/* Tests make and free hundreds of processors of some MiB. glibc would give each back to the kernel and take it
 * anew page by page: where page faults are slow, most of the time of some suites. */
static void keep_freed_memory(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (const struct suite_row *row = suites; row->name != NULL; row++) {
            puts(row->name);
        }
        return EXIT_SUCCESS;
    }
    keep_freed_memory();
    if (!every_name_exists(argc, argv)) {
        return 2;
    }
    SRunner *runner = srunner_create(NULL);
    for (const struct suite_row *row = suites; row->name != NULL; row++) {
        if (suite_is_named(row->name, argc, argv)) {
            srunner_add_suite(runner, row->make());
        }
    }
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

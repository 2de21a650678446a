/* The two halves of the silicon oracle, the processor underneath and our core, as silicon.c and opcodes.c use them:
 * each runs the same test in the same little world (silicon.h). */
#ifndef VITRINE_TESTS_ORACLE_HALVES_H
#define VITRINE_TESTS_ORACLE_HALVES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "tests/oracle/silicon.h"
#include "tests/unit/cpu_box.h"

struct halves {
    struct cpu_box box;
    struct cpu_registers clean;
    struct cpu_exit exit; /* what ended our run */
    bool has_exit;
    int to_native, from_native;
    pid_t native;
    uint32_t data[DATA_WRITABLE / 4]; /* of our last run */
};

/* Starts the native half; it ends when its pipe is closed. */
void halves_start(struct halves *h, const char *path);
/* A batch: its count, then as many tests, then their results. Ends the program with 77 where this kernel has no
 * LDT for us. */
void halves_send(const struct halves *h, uint32_t count);
void halves_send_test(const struct halves *h, const struct silicon_test *test);
void halves_receive(const struct halves *h, void *to, size_t bytes);

/* Our core as the kernel has set up the process. NULL: the default model. */
void halves_set_up(struct halves *h, const char *model, bool has_fpu);
void halves_run_ours(struct halves *h, const struct silicon_test *test,
                     struct silicon_result *result);

#endif

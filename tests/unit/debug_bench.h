/* A real machine with a little real-mode program, for tests of the debugger.
 *
 *   7C00  mov cx, 100          7C0C  out 0F4h, al    (the run ends with status 201)
 *   7C03  inc ax               7C0E  hlt
 *   7C04  mov [500h], ax       7C0F  inc bx
 *   7C07  call 7C0Fh           7C10  ret
 *   7C0A  loop 7C03h
 */
#ifndef VITRINE_TESTS_DEBUG_BENCH_H
#define VITRINE_TESTS_DEBUG_BENCH_H

#include "machine/machine.h"

#define BENCH_EXIT_STATUS  201
#define BENCH_INSTRUCTIONS (1 + 100 * 6 + 1) /* up to the exit, the `out` included */

struct debug_bench {
    struct world world;
    struct machine *machine;
    char log[8192]; /* lines that were logged */
};

struct debug_bench *debug_bench_new(void);
/* The same with another program at 7C00h. */
struct debug_bench *debug_bench_with(const void *code, size_t count);
void debug_bench_free(struct debug_bench *bench);
uint64_t debug_bench_ip(const struct debug_bench *bench);

#endif

/*
 * The 80-bit arithmetic against the workstation's x87: results, exceptions and condition codes of
 * random and special operands under all rounding modes, precisions and masks.
 *
 * f80_silicon [CASES [SEED [OPERATION]]]: CASES for each operation (1,000,000). Exit status 1 when
 * an exact operation differs. For transcendentals the distances in units of the last place are
 * counted, not judged: the silicon is not exact there (see f80_transcendental.c).
 */
#include "tests/fuzz/f80_cases.h"

#if SILICON_PRESENT

int main(int argc, char **argv)
{
    uint64_t cases = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    bool failed = false;
    struct silicon silicon;
    if (!silicon_open(&silicon)) {
        fprintf(stderr, "f80_silicon: no executable memory to be had\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof OPERATIONS / sizeof *OPERATIONS; i++) {
        const struct operation *op = &OPERATIONS[i];
        uint64_t differences = 0;
        struct spread far = {{0}};
        if (argc > 3 && strcmp(argv[3], op->name) != 0)
            continue;
        for (uint64_t n = 0; n < cases; n++)
            differences += !run_case(&silicon, op, &seed, differences < 8, &far);
        printf("%-14s %" PRIu64 " cases, %" PRIu64 " differences", op->name, cases, differences);
        if (op->is_transcendental)
            printf("; the same %" PRIu64 ", 1 ulp apart %" PRIu64 ", 2 %" PRIu64 ", more %" PRIu64,
                   far.count[0], far.count[1], far.count[2], far.count[3]);
        printf("\n");
        failed |= differences != 0 && !op->is_transcendental;
    }
    silicon_close(&silicon);
    return failed;
}

#else

int main(void)
{
    printf("f80_silicon: skipped: the workstation is no x86-64 under Linux\n");
    return 0;
}

#endif

/*
 * Every row of cpu/ops_simd.def that works on values against the workstation's own MMX and SSE:
 * results, flags, MXCSR, and which exceptions stop the write. RCPPS and RSQRTPS by their bound.
 *
 * simd_silicon [CASES [SEED [MNEMONIC]]]: CASES for each row (100,000). Exit status 1 when anything
 * differs.
 */
#include "tests/fuzz/simd_cases.h"

#if SILICON_PRESENT

int main(int argc, char **argv)
{
    uint64_t cases = argc > 1 ? strtoull(argv[1], NULL, 0) : 100000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    uint64_t total = 0, encodings = 0, differing = 0;
    const struct opcode_row *row;
    struct simd_silicon silicon;
    if (!simd_open(&silicon)) {
        fprintf(stderr, "simd_silicon: no executable memory to be had\n");
        return 2;
    }
    for (size_t i = 0; (row = simd_row_at(i)) != NULL; i++) {
        uint64_t differences = 0;
        if (!row->simd.function || !simd_silicon_has(row) ||
            (argc > 3 && strcmp(argv[3], row->mnemonic) != 0))
            continue;
        for (uint64_t n = 0; n < cases; n++)
            differences += !simd_run_case(&silicon, row, &seed, differences < 2);
        if (differences != 0)
            printf("%04X %s: %" PRIu64 " differences\n", row->opcode, row->mnemonic, differences);
        total += cases;
        encodings++;
        differing += differences;
    }
    printf("%" PRIu64 " rows, %" PRIu64 " cases, %" PRIu64 " differences\n", encodings, total,
           differing);
    simd_close(&silicon);
    return differing != 0;
}

#else

int main(void)
{
    printf("simd_silicon: skipped: the workstation is no x86-64 under Linux\n");
    return 0;
}

#endif

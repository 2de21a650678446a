/*
 * Every x87 instruction on whole random states (registers, tags, TOP, flags, control word, memory)
 * against the workstation's own. The transcendentals may differ by one unit in the last place.
 *
 * x87_silicon [CASES [SEED [OPCODE [MODRM]]]]: CASES for each of the 8 * 72 encodings (20,000).
 * Exit status 1 when anything differs.
 */
#include "tests/fuzz/x87_cases.h"

#if SILICON_PRESENT

int main(int argc, char **argv)
{
    uint64_t cases = argc > 1 ? strtoull(argv[1], NULL, 0) : 20000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    unsigned only_opcode = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 16) : 0;
    unsigned only_modrm = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 16) : 0;
    uint64_t total = 0, encodings = 0, differing = 0;
    struct silicon silicon;
    if (!silicon_open(&silicon)) {
        fprintf(stderr, "x87_silicon: no executable memory to be had\n");
        return 2;
    }
    for (unsigned i = 0; i < 8 * 256; i++) {
        uint8_t opcode = (uint8_t)(0xD8 + (i >> 8)), modrm = (uint8_t)i;
        if ((modrm < 0xC0 && (modrm & 0xC7) != 0x07) || !is_defined(opcode, modrm))
            continue;
        if ((only_opcode && only_opcode != opcode) || (only_modrm && only_modrm != modrm))
            continue;
        uint64_t differences = 0;
        for (uint64_t n = 0; n < cases; n++)
            differences += !run_instruction(&silicon, opcode, modrm, &seed, differences < 3);
        if (differences != 0)
            printf("%02X %02X: %" PRIu64 " differences\n", opcode, modrm, differences);
        total += cases;
        encodings++;
        differing += differences;
    }
    printf("%" PRIu64 " encodings, %" PRIu64 " cases, %" PRIu64 " differences\n", encodings, total,
           differing);
    silicon_close(&silicon);
    return differing != 0;
}

#else

int main(void)
{
    printf("x87_silicon: skipped: the workstation is no x86-64 under Linux\n");
    return 0;
}

#endif

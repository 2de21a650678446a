/* Which opcodes are there? Every byte of the maps 00-FF, 0F, 0F 38 and 0F 3A, with every ModRM and with the prefixes
 * that choose or refuse an instruction, on the processor underneath and on our model "max": is it #UD or not?
 *
 *   opcodes [-m MODEL] NATIVE
 *
 * Prints a line PREFIXES OPCODE MODRMS WHO for each opcode where the two answers differ, WHO being the one that
 * carries it out: "ours" or "silicon". opcodes.txt says which of them may be; opcodes.py compares. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "tests/oracle/halves.h"

#define VECTOR_UD 6

static const struct {
    const char *name;
    uint8_t length, bytes[2];
} PREFIXES[] = {
    {"np",   0, {0}         },
    {"66",   1, {0x66}      },
    {"f2",   1, {0xf2}      },
    {"f3",   1, {0xf3}      },
    {"66f2", 2, {0x66, 0xf2}},
    {"66f3", 2, {0x66, 0xf3}},
    {"f0",   1, {0xf0}      },
    {"66f0", 2, {0x66, 0xf0}},
    {"f2f0", 2, {0xf2, 0xf0}},
    {"f3f0", 2, {0xf3, 0xf0}}
};
static const struct {
    const char *name;
    uint8_t length, bytes[2];
} MAPS[] = {
    {"",     0, {0}         },
    {"0f",   1, {0x0f}      },
    {"0f38", 2, {0x0f, 0x38}},
    {"0f3a", 2, {0x0f, 0x3a}}
};

static bool is_prefix(unsigned opcode)
{
    static const uint8_t BYTES[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65,
                                    0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x0f};
    return memchr(BYTES, (int)opcode, sizeof BYTES) != NULL;
}

/* These leave the process: the kernel would answer. */
static bool leaves_process(unsigned map, unsigned opcode, unsigned modrm)
{
    return (map == 0 && opcode == 0xcd && modrm == 0x80) || (map == 1 && opcode == 0x34);
}

static void make_test(struct silicon_test *test, unsigned prefix, unsigned map, unsigned opcode,
                      unsigned modrm)
{
    memset(test, 0, sizeof *test);
    test->seed = 1;
    test->eflags = 0x202;
    for (unsigned n = 0; n < 8; n++)
        test->gpr[n] = 0x800; /* inside the data; as a branch's target, traps */
    uint8_t *p = test->code;
    memcpy(p, PREFIXES[prefix].bytes, PREFIXES[prefix].length);
    p += PREFIXES[prefix].length;
    memcpy(p, MAPS[map].bytes, MAPS[map].length);
    p += MAPS[map].length;
    *p++ = (uint8_t)opcode;
    *p++ = (uint8_t)modrm;
    test->code_length = (uint32_t)(p - test->code);
}

static bool is_undefined(const struct silicon_result *result)
{
    return result->vector == VECTOR_UD && result->eip == 0;
}

/* Prints the runs of ModRM bytes that one side alone carries out. */
static void print_modrms(const bool is_only[256], const char *prefix, const char *map,
                         unsigned opcode, const char *who)
{
    for (unsigned first = 0; first < 256; first++) {
        unsigned last = first;
        if (!is_only[first])
            continue;
        while (last < 255 && is_only[last + 1])
            last++;
        printf("%s %s%02x %02x-%02x %s\n", prefix, map, opcode, first, last, who);
        first = last;
    }
}

/* All ModRM bytes behind an opcode: two batches. */
static unsigned compare(struct halves *h, unsigned prefix, unsigned map, unsigned opcode)
{
    static const char *const WHO[] = {"ours", "silicon"};
    bool is_only[2][256] = {{false}};
    struct silicon_test tests[BATCH];
    struct silicon_result theirs[BATCH], ours;
    unsigned count = 0;
    for (unsigned first = 0; first < 256; first += BATCH) {
        halves_send(h, BATCH);
        for (unsigned n = 0; n < BATCH; n++) {
            bool leaves = leaves_process(map, opcode, first + n);
            make_test(&tests[n], prefix, map, leaves ? 0x90 : opcode, first + n);
            halves_send_test(h, &tests[n]);
        }
        halves_receive(h, theirs, sizeof theirs);
        for (unsigned n = 0; n < BATCH; n++, count++) {
            halves_run_ours(h, &tests[n], &ours);
            bool has[2] = {!is_undefined(&ours), !is_undefined(&theirs[n])};
            is_only[0][first + n] = has[0] && !has[1];
            is_only[1][first + n] = has[1] && !has[0];
        }
    }
    for (unsigned who = 0; who < 2; who++)
        print_modrms(is_only[who], PREFIXES[prefix].name, MAPS[map].name, opcode, WHO[who]);
    return count;
}

int main(int argc, char **argv)
{
    struct halves *h = calloc(1, sizeof *h);
    const char *model = "max";
    unsigned count = 0;
    int option;
    while ((option = getopt(argc, argv, "m:")) != -1)
        if (option == 'm')
            model = optarg;
    if (h == NULL || optind + 1 != argc) {
        fprintf(stderr, "usage: opcodes [-m MODEL] NATIVE\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    halves_start(h, argv[optind]);
    halves_set_up(h, model, true);
    for (unsigned prefix = 0; prefix < ARRAY_COUNT(PREFIXES); prefix++)
        for (unsigned map = 0; map < ARRAY_COUNT(MAPS); map++)
            for (unsigned opcode = 0; opcode < 256; opcode++)
                if (!(map == 0 && is_prefix(opcode)) && !(map == 1 && (opcode | 2) == 0x3a))
                    count += compare(h, prefix, map, opcode);
    printf("%u opcodes\n", count);
    close(h->to_native);
    cpu_box_fini(&h->box);
    free(h);
    return 0;
}

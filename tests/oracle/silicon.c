/* Runs random instruction streams on the processor underneath (native.c) and on our core, and
 * compares registers, defined flags, memory, and the fault: vector, error code, EIP, CR2.
 *
 *   silicon [-n TESTS] [-s SEED] [-v SHOWN] [-o MNEMONIC] [-x 0|1] [-m MODEL] NATIVE
 *   silicon -H [...]   runs them on our core alone and prints a hash of all results
 *
 * -x 1: with x87, MMX and SSE. The model is "p6", with them "max".
 *
 * A stream that differs is run again, cut to its first 1, 2, 3 … instructions, so that what is shown
 * is the first instruction at which the two part. Exit status 1 when anything differs. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "tests/oracle/compare_fpu.h"
#include "tests/oracle/generate.h"
#include "tests/oracle/halves.h"

struct silicon {
    struct halves halves;
    struct generator generator;
    unsigned shown, show;
    uint64_t tests, instructions, different, explained, disturbed;
    struct stream streams[BATCH];
    struct silicon_result theirs[BATCH];
    struct {
        const char *mnemonic;
        uint64_t count;
    } blame[256];
};

static void send_streams(const struct silicon *s, const struct stream *streams, uint32_t count)
{
    halves_send(&s->halves, count);
    for (uint32_t n = 0; n < count; n++) {
        halves_send_test(&s->halves, &streams[n].test);
    }
}

/* --- comparing -------------------------------------------------------------------------------------------- */

/* The index of the instruction in front of which the stream stopped; count at the end. */
static unsigned stopped_at(const struct stream *stream, const struct silicon_result *theirs)
{
    uint32_t eip = theirs->vector == 3 || theirs->vector == 4 ? theirs->eip - 1 : theirs->eip;
    for (unsigned n = 0; n < stream->count; n++) {
        if (eip < stream->start[n + 1]) {
            return n;
        }
    }
    return stream->count;
}

static bool same_but_fpu(const struct stream *stream, const struct silicon_result *ours,
                         const struct silicon_result *theirs)
{
    uint32_t mask =
        FLAGS_ARITHMETIC | FLAG_DF | FLAG_TF | FLAG_IF | FLAG_NT | FLAG_AC | FLAG_ID | FLAG_IOPL;
    mask &= ~stream->undefined[stopped_at(stream, theirs)];
    return ours->vector == theirs->vector && ours->error == theirs->error &&
           ours->eip == theirs->eip && ((ours->eflags ^ theirs->eflags) & mask) == 0 &&
           (ours->vector != 14 || ours->cr2 == theirs->cr2) &&
           memcmp(ours->gpr, theirs->gpr, sizeof ours->gpr) == 0 &&
           memcmp(ours->segments, theirs->segments, sizeof ours->segments) == 0 &&
           ours->data_hash == theirs->data_hash;
}

static bool agrees(const struct stream *stream, const struct silicon_result *ours,
                   const struct silicon_result *theirs)
{
    if (theirs->vector == VECTOR_NEVER_ENDS) {
        return ours->vector == VECTOR_NEVER_ENDS;
    }
    if (stream->row[0] != NULL && generator_leaves(stream->row[0]) && theirs->eip != 0 &&
        theirs->eip < stream->test.code_length + 12 + 127) {
        return true; /* it jumped into its own bytes: instructions that are left out may be there, and
                        a short branch from one of them */
    }
    return same_but_fpu(stream, ours, theirs) &&
           ((stream->test.flags & TEST_FPU) == 0 || fpu_agrees(&ours->fpu, &theirs->fpu));
}

static bool is_fault_of_operand(uint32_t vector)
{
    return vector == 12 || vector == 13 || vector == 14 || vector == 17 || vector == 19;
}

static bool is_amd(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_cpu_is("amd") != 0;
#else
    return false;
#endif
}

/* Those of x87, MMX and SSE; row: the instruction that stopped the stream, or NULL. */
static unsigned explained_fpu(const struct stream *stream, const struct silicon_result *ours,
                              const struct silicon_result *theirs, const struct opcode_row *row)
{
    const uint8_t *last = &stream->test.code[stream->start[stream->count - 1]];
    bool is_same = same_but_fpu(stream, ours, theirs);
    if (is_same && is_fault_of_operand(theirs->vector) &&
        fpu_agrees_after_mmx(&ours->fpu, &theirs->fpu)) {
        return 4; /* MMX instructions that fault: TOP and tags are set already */
    }
    if (is_same && fpu_is_compare_to_flags(last) && fpu_agrees_but_c1(&ours->fpu, &theirs->fpu)) {
        return 5; /* FCOMI and its kin: Intel and AMD leave C1 */
    }
    if (row != NULL && strncmp(row->mnemonic, "maskmov", 7) == 0) {
        return 6; /* MASKMOVQ, MASKMOVDQU: bytes that are not written fault as well */
    }
    const struct opcode_row *last_row = stream->row[stream->count - 1];
    if ((ours->vector == 17 || theirs->vector == 17) && last_row != NULL &&
        last_row->simd.memory_bytes == 16 && last_row->simd.attributes == SIMD_UNALIGNED) {
        return 7; /* MOVUPS and its kin with alignment checks on */
    }
    if (row != NULL && row->opcode >= 0xd8 && row->opcode <= 0xdf &&
        ours->vector == theirs->vector && is_fault_of_operand(ours->vector) &&
        ours->data_hash != theirs->data_hash) {
        return 9; /* a store of ten bytes of which the last two fault */
    }
    if (is_amd() && row != NULL && row->opcode >= 0xd8 && row->opcode <= 0xdf &&
        is_fault_of_operand(theirs->vector) && (ours->vector == 3 || ours->vector == 1) &&
        ours->fpu.status & 0x80) {
        return 16; /* a store that an unmasked exception holds back: AMD asks for its place all the same */
    }
    if (is_amd() && last_row != NULL && strcmp(last_row->mnemonic, "ldmxcsr") == 0 &&
        ours->vector == 13 && theirs->fpu.mxcsr >> 17 == 1) {
        return 15; /* LDMXCSR: AMD has bit 17, MM */
    }
    return 0;
}

/* LOOPE or LOOPNE behind F2h or F3h. */
static bool is_repeated_loop(const struct stream *stream, unsigned n)
{
    const struct opcode_row *row = stream->row[n];
    const uint8_t *code = &stream->test.code[stream->start[n]];
    unsigned bytes = stream->start[n + 1] - stream->start[n];
    return row != NULL && strncmp(row->mnemonic, "loop", 4) == 0 && row->mnemonic[4] != 0 &&
           (memchr(code, 0xf2, bytes - 1) != NULL || memchr(code, 0xf3, bytes - 1) != NULL);
}

static bool differs_in_memory_only(const struct stream *stream, const struct silicon_result *ours,
                                   const struct silicon_result *theirs)
{
    struct silicon_result other = *ours;
    other.data_hash = theirs->data_hash;
    return agrees(stream, &other, theirs);
}

/* Those of AMD's processors; at: the instruction that stopped the stream, row: of it, or NULL. */
static unsigned explained_amd(const struct stream *stream, const struct silicon_result *ours,
                              const struct silicon_result *theirs, unsigned at,
                              const struct opcode_row *row)
{
    if (is_repeated_loop(stream, stream->count - 1) &&
        (ours->vector == 13 || theirs->vector == 13 || memcmp(ours->gpr, theirs->gpr, sizeof ours->gpr) == 0)) {
        return 12; /* LOOPE, LOOPNE: F2h or F3h says which of them it is */
    }
    if (row != NULL && strcmp(row->mnemonic, "mov") == 0 && ours->vector == 6 && theirs->vector == 13 &&
        memchr(&stream->test.code[stream->start[at]], 0xf0, stream->start[at + 1] - stream->start[at])) {
        return 13; /* LOCK MOV CR0: another name of CR8, and privileged */
    }
    if (row != NULL && strcmp(row->mnemonic, "retf") == 0 && theirs->vector == 17) {
        return 14; /* RETF with alignment checks on: both words are read as one */
    }
    if (row != NULL && strcmp(row->mnemonic, "callf") == 0 && is_fault_of_operand(ours->vector) &&
        differs_in_memory_only(stream, ours, theirs)) {
        return 17; /* far CALL whose second push faults: the first one has been written */
    }
    return 0;
}

/* Differences between makers' processors where the manual is followed here. Each has a number in
 * tests/oracle/README.md; 0: none of them. */
static unsigned explained_by(const struct stream *stream, const struct silicon_result *ours,
                             const struct silicon_result *theirs)
{
    unsigned at = stopped_at(stream, theirs);
    const struct opcode_row *row = at < stream->count ? stream->row[at] : NULL;
    bool same_place = ours->eip == theirs->eip && row != NULL;
    bool is_call = row != NULL && strncmp(row->mnemonic, "call", 4) == 0; /* and callf */
    if (same_place && is_call && ours->vector == 13 &&
        (is_fault_of_operand(theirs->vector) || theirs->vector == 17 ||
         theirs->data_hash != ours->data_hash)) {
        return 1; /* CALL: target checked before the stack */
    }
    if (same_place && strcmp(row->mnemonic, "popa") == 0 && ours->vector == theirs->vector) {
        return 2; /* POPA that faults: AMD has loaded some registers already */
    }
    if (same_place && theirs->vector == 6 && ours->vector == 13 &&
        (strcmp(row->mnemonic, "ud0") == 0 || strcmp(row->mnemonic, "ud1") == 0)) {
        return 3; /* UD0 and UD1 at the end of CS: AMD does not fetch their ModRM */
    }
    if (same_place && strcmp(row->mnemonic, "cmps") == 0 && is_fault_of_operand(ours->vector) &&
        is_fault_of_operand(theirs->vector) && ours->data_hash == theirs->data_hash) {
        return 8; /* CMPS whose operands fault both: Intel reports ES:[EDI]'s */
    }
    if (same_place && (row->attributes & ROW_REPS) != 0 && row->argument == 1 && is_amd() &&
        ours->vector == theirs->vector) {
        return 10; /* REP CMPS, SCAS cut by a fault or trap: AMD has the last element's flags */
    }
    if (same_place && strcmp(row->mnemonic, "bound") == 0 && theirs->vector == 5) {
        return 11; /* BOUND below the first bound: Intel does not read the second */
    }
    unsigned number = is_amd() ? explained_amd(stream, ours, theirs, at, row) : 0;
    return number != 0 ? number : explained_fpu(stream, ours, theirs, row);
}

/* The stream's first `count` instructions, with its jumps' targets still inside. */
static struct stream cut(const struct stream *stream, unsigned count)
{
    struct stream shorter = *stream;
    shorter.count = count;
    shorter.test.code_length = stream->start[count];
    shorter.test.flags |= TEST_DUMP;
    return shorter;
}

static void show_data(const uint32_t *ours, const uint32_t *theirs, const uint32_t *before)
{
    unsigned shown = 0;
    for (unsigned n = 0; n < DATA_WRITABLE / 4 && shown < 6; n++) {
        if (ours[n] != theirs[n]) {
            printf("    [%04x] %08x, silicon %08x, was %08x\n", 4 * n, ours[n], theirs[n],
                   before[n]);
            shown++;
        }
    }
}

static void show(const struct stream *stream, const struct silicon_result *ours,
                 const struct silicon_result *theirs)
{
    static const char *const NAMES[] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
    printf("  %s%s eflags %x:\n", (stream->test.flags & TEST_CODE16) ? "code16" : "code32",
           (stream->test.flags & TEST_STACK16) ? " stack16" : "", stream->test.eflags);
    for (unsigned n = 0; n < stream->count; n++) {
        printf("    %02x: ", stream->start[n]);
        for (uint32_t at = stream->start[n]; at < stream->start[n + 1]; at++) {
            printf("%02x", stream->test.code[at]);
        }
        printf("  %s\n", stream->row[n] != NULL ? stream->row[n]->mnemonic : "cmp (filler)");
    }
    printf("    vector %u error %x eip %x, silicon %u %x %x\n", ours->vector, ours->error,
           ours->eip, theirs->vector, theirs->error, theirs->eip);
    if (ours->vector == 14 && ours->cr2 != theirs->cr2) {
        printf("    cr2 %x, silicon %x\n", ours->cr2, theirs->cr2);
    }
    printf("    eflags %x, silicon %x, differ %x, undefined %x\n", ours->eflags, theirs->eflags,
           ours->eflags ^ theirs->eflags, stream->undefined[stopped_at(stream, theirs)]);
    for (unsigned n = 0; n < 8; n++) {
        if (ours->gpr[n] != theirs->gpr[n]) {
            printf("    %s %08x, silicon %08x, was %08x\n", NAMES[n], ours->gpr[n], theirs->gpr[n],
                   stream->test.gpr[n]);
        }
    }
    static const char *const SEGMENTS[] = {"es", "cs", "ss", "ds", "fs", "gs"};
    for (unsigned n = 0; n < 6; n++) {
        if (ours->segments[n] != theirs->segments[n]) {
            printf("    %s %04x, silicon %04x\n", SEGMENTS[n], ours->segments[n],
                   theirs->segments[n]);
        }
    }
    for (unsigned n = 0; n < 8; n++) {
        printf("%s%s=%08x", n == 0 ? "    before: " : " ", NAMES[n], stream->test.gpr[n]);
    }
    printf("\n");
    if ((stream->test.flags & TEST_FPU) != 0) {
        fpu_show(&ours->fpu, &theirs->fpu, &stream->test.fpu);
    }
}

static void blame(struct silicon *s, const char *mnemonic)
{
    unsigned n = 0;
    while (n < 255 && s->blame[n].mnemonic != NULL && strcmp(s->blame[n].mnemonic, mnemonic) != 0) {
        n++;
    }
    s->blame[n].mnemonic = mnemonic;
    s->blame[n].count++;
}

/* An interrupt of the workstation came that no tick of ours tells of: its return has cleared the RPL of a null selector
 * (SDM 2A IRET, outer level). */
static bool is_interrupted(const struct stream *stream, const struct silicon_result *ours,
                           const struct silicon_result *theirs)
{
    struct silicon_result other = *ours;
    for (unsigned n = 0; n < 6; n++) {
        if (ours->segments[n] < 4 && theirs->segments[n] == 0) {
            other.segments[n] = 0;
        }
    }
    return agrees(stream, &other, theirs);
}

/* Finds the shortest part of the stream that differs, and shows it unless it is explained: true. */
static bool explain(struct silicon *s, const struct stream *stream,
                    const struct silicon_result *first_ours,
                    const struct silicon_result *first_theirs)
{
    uint32_t theirs_data[DATA_WRITABLE / 4], before[DATA_WRITABLE / 4];
    for (unsigned count = 1; count <= stream->count; count++) {
        struct stream shorter = cut(stream, count);
        struct silicon_result ours, theirs;
        send_streams(s, &shorter, 1);
        halves_receive(&s->halves, &theirs, sizeof theirs);
        halves_receive(&s->halves, theirs_data, sizeof theirs_data);
        halves_run_ours(&s->halves, &shorter.test, &ours);
        if (!agrees(&shorter, &ours, &theirs)) {
            if (explained_by(&shorter, &ours, &theirs) != 0) {
                return true;
            }
            const struct opcode_row *row = shorter.row[count - 1];
            blame(s, row != NULL ? row->mnemonic : "cmp (filler)");
            if (s->shown++ < s->show) {
                show(&shorter, &ours, &theirs);
                silicon_fill(shorter.test.seed, before, DATA_WRITABLE / 4);
                show_data(s->halves.data, theirs_data, before);
            }
            return false;
        }
    }
    if (is_interrupted(stream, first_ours, first_theirs)) {
        s->disturbed++;
        return true;
    }
    blame(s, "(first time only)");
    if (s->shown++ < s->show) {
        printf("  differs only the first time, not cut to its parts:\n");
        show(stream, first_ours, first_theirs);
    }
    return false;
}

static void run_batch(struct silicon *s, uint32_t count)
{
    bool differs[BATCH] = {false};
    for (uint32_t n = 0; n < count; n++) {
        generate(&s->generator, &s->streams[n]);
    }
    send_streams(s, s->streams, count);
    struct silicon_result ours[BATCH];
    for (uint32_t n = 0; n < count; n++) {
        halves_run_ours(&s->halves, &s->streams[n].test, &ours[n]);
    }
    halves_receive(&s->halves, s->theirs, count * sizeof s->theirs[0]);
    for (uint32_t n = 0; n < count; n++) {
        differs[n] = !agrees(&s->streams[n], &ours[n], &s->theirs[n]);
        if (differs[n] && s->theirs[n].was_disturbed) {
            differs[n] = false;
            s->disturbed++;
        }
        s->tests++;
        s->instructions += stopped_at(&s->streams[n], &s->theirs[n]);
    }
    for (uint32_t n = 0; n < count; n++) {
        if (differs[n]) {
            bool is_explained = explain(s, &s->streams[n], &ours[n], &s->theirs[n]);
            *(is_explained ? &s->explained : &s->different) += 1;
        }
    }
}

/* --- our core alone ---------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, const void *bytes, size_t count)
{
    const uint8_t *p = bytes;
    for (size_t n = 0; n < count; n++) {
        hash = (hash ^ p[n]) * UINT64_C(0x100000001b3); /* FNV-1a */
    }
    return hash;
}
static uint64_t mix_words(uint64_t hash, const uint32_t *words, size_t count)
{
    for (size_t n = 0; n < count; n++) {
        uint8_t bytes[4];
        store_le32(bytes, words[n]);
        hash = mix(hash, bytes, sizeof bytes);
    }
    return hash;
}

/* The same on every workstation, whatever its byte order, and with every form of dispatch. */
static uint64_t hash_of_result(uint64_t hash, const struct silicon_result *r)
{
    const struct fpu_image *f = &r->fpu;
    const uint32_t words[] = {r->vector,    r->error,   r->cr2,    r->eip, r->eflags,
                              r->data_hash, f->control, f->status, f->tag, f->mxcsr};
    hash = mix_words(hash, words, ARRAY_COUNT(words));
    hash = mix_words(hash, r->gpr, ARRAY_COUNT(r->gpr));
    for (unsigned n = 0; n < 6; n++) {
        hash = mix_words(hash, &(uint32_t){r->segments[n]}, 1);
    }
    hash = mix(hash, f->st, sizeof f->st);
    return mix(hash, f->xmm, sizeof f->xmm);
}

static int print_hash(struct silicon *s, uint64_t tests)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (uint64_t n = 0; n < tests; n++) {
        struct silicon_result result;
        generate(&s->generator, &s->streams[0]);
        halves_run_ours(&s->halves, &s->streams[0].test, &result);
        hash = hash_of_result(hash, &result);
    }
    printf("%llu tests, hash %016llx\n", (unsigned long long)tests, (unsigned long long)hash);
    cpu_box_fini(&s->halves.box);
    return 0;
}

static int compare(struct silicon *s, uint64_t tests, const char *path)
{
    signal(SIGPIPE, SIG_IGN);
    halves_start(&s->halves, path);
    for (uint64_t done = 0; done < tests; done += BATCH) {
        run_batch(s, tests - done < BATCH ? (uint32_t)(tests - done) : BATCH);
    }
    close(s->halves.to_native);
    printf(
        "%llu tests, %llu instructions, %llu differ, %llu differences explained, %llu disturbed\n",
        (unsigned long long)s->tests, (unsigned long long)s->instructions,
        (unsigned long long)s->different, (unsigned long long)s->explained,
        (unsigned long long)s->disturbed);
    for (unsigned n = 0; n < 256 && s->blame[n].mnemonic != NULL; n++) {
        printf("  %8llu %s\n", (unsigned long long)s->blame[n].count, s->blame[n].mnemonic);
    }
    cpu_box_fini(&s->halves.box);
    return s->different == 0 && s->instructions > tests / 2 && s->disturbed < 10 + tests / 10000
               ? 0
               : 1;
}

/* What the processor underneath lacks cannot be compared. */
static bool silicon_has(const struct opcode_row *row)
{
#if defined(__x86_64__) || defined(__i386__)
    switch (row->feature) {
    case FEATURE_SSE3: return __builtin_cpu_supports("sse3") != 0;
    case FEATURE_SSSE3: return __builtin_cpu_supports("ssse3") != 0;
    case FEATURE_SSE41: return __builtin_cpu_supports("sse4.1") != 0;
    case FEATURE_SSE42: return __builtin_cpu_supports("sse4.2") != 0;
    case FEATURE_POPCNT: return __builtin_cpu_supports("popcnt") != 0;
    default: break;
    }
#endif
    (void)row;
    return true;
}

int main(int argc, char **argv)
{
    struct silicon *s = calloc(1, sizeof *s);
    uint64_t tests = 100000, seed = 1;
    struct generator_choice choice = {.has_row = silicon_has};
    const char *model = NULL;
    bool is_alone = false;
    int option;
    if (s == NULL) {
        return 70;
    }
    s->show = 5;
    while ((option = getopt(argc, argv, "n:s:v:o:x:m:H")) != -1) {
        switch (option) {
        case 'n': tests = strtoull(optarg, NULL, 0); break;
        case 's': seed = strtoull(optarg, NULL, 0); break;
        case 'v': s->show = (unsigned)atoi(optarg); break;
        case 'o': choice.only = optarg; break;
        case 'x': choice.has_fpu = atoi(optarg) != 0; break;
        case 'm': model = optarg; break;
        case 'H': is_alone = true; break;
        default: optind = argc + 1; break;
        }
    }
    if (optind + (is_alone ? 0 : 1) != argc) {
        fprintf(stderr, "usage: silicon [-n TESTS] [-s SEED] [-v SHOWN] [-o MNEMONIC] [-x 0|1] "
                        "[-m MODEL] -H | NATIVE\n");
        return 2;
    }
    if (is_alone) {
        choice.has_row = NULL;
    }
    generator_init(&s->generator, seed, &choice);
    halves_set_up(&s->halves,
                  model != NULL    ? model
                  : choice.has_fpu ? "max"
                                   : NULL,
                  choice.has_fpu);
    int status = is_alone ? print_hash(s, tests) : compare(s, tests, argv[optind]);
    free(s);
    return status;
}

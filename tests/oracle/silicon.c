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
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "cpu/run.h"
#include "tests/oracle/compare_fpu.h"
#include "tests/oracle/generate.h"
#include "tests/unit/cpu_box.h"

#define PHYSICAL_DATA  0x10000u
#define PHYSICAL_CODE  0x20000u
#define PAGE_DIRECTORY 0x1000u
#define PAGE_TABLE     0x2000u
#define LDT_PAGE       0x3000u
#define LINEAR_LDT     0x10020000u

struct silicon {
    struct cpu_box box;
    struct cpu_registers clean;
    struct generator generator;
    struct cpu_exit exit; /* what ended our run */
    bool has_exit;
    int to_native, from_native;
    pid_t native;
    unsigned shown, show;
    uint64_t tests, instructions, different, explained, disturbed;
    struct stream streams[BATCH];
    struct silicon_result theirs[BATCH];
    uint32_t data[DATA_WRITABLE / 4];
    struct {
        const char *mnemonic;
        uint64_t count;
    } blame[256];
};

/* --- the other half ------------------------------------------------------------------------------------- */

static void start_native(struct silicon *s, const char *path)
{
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0) {
        exit(70);
    }
    s->native = fork();
    if (s->native == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        close(to[1]);
        close(from[0]);
        execl(path, path, (char *)NULL);
        _exit(6);
    }
    close(to[0]);
    close(from[1]);
    s->to_native = to[1];
    s->from_native = from[0];
}

static void transfer(int fd, void *bytes, size_t count, bool is_write, const struct silicon *s)
{
    uint8_t *p = bytes;
    while (count > 0) {
        ssize_t done = is_write ? write(fd, p, count) : read(fd, p, count);
        if (done <= 0) {
            int status = 0;
            waitpid(s->native, &status, 0);
            if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
                printf("this kernel gives a 32-bit process no LDT\n");
                exit(77);
            }
            fprintf(stderr, "silicon: the native half ended (status %x)\n", (unsigned)status);
            exit(70);
        }
        p += done;
        count -= (size_t)done;
    }
}

static void send_tests(struct silicon *s, const struct stream *streams, uint32_t count)
{
    transfer(s->to_native, &count, sizeof count, true, s);
    for (uint32_t n = 0; n < count; n++) {
        struct silicon_test test = streams[n].test;
        transfer(s->to_native, &test, sizeof test, true, s);
    }
}

/* --- our half --------------------------------------------------------------------------------------------- */

static bool on_exit_hook(void *self, struct cpu *cpu, const struct cpu_exit *exit_)
{
    struct silicon *s = self;
    (void)cpu;
    if (s->has_exit) {
        return true; /* the trap behind an INT3 that the hook has taken for itself */
    }
    s->exit = *exit_;
    s->has_exit = true;
    timeline_cut(&s->box.timeline);
    return true;
}

static void map_page(struct cpu_box *box, uint32_t linear, uint32_t physical, uint32_t bits)
{
    cpu_box_poke32(box, PAGE_TABLE + (linear >> 12 & 0x3ff) * 4, physical | bits);
}

/* As the kernel builds them: accessed, DPL 3, AVL set. */
static void write_ldt(struct cpu_box *box)
{
    for (unsigned n = 1; n < LDT_COUNT; n++) {
        const struct ldt_entry *e = &LDT[n];
        uint32_t type = (e->is_read_exec_only ? 0u : 2u) | (uint32_t)e->contents << 2 | 1;
        uint32_t high = (e->base & 0xff000000u) | (e->base >> 16 & 0xff) | (e->limit & 0xf0000) |
                        type << 8 | 0x7000u | (e->is_absent ? 0 : 0x8000u) | 1u << 20 |
                        (uint32_t)e->is_32 << 22 | (uint32_t)e->in_pages << 23;
        cpu_box_poke32(box, LDT_PAGE + 8 * n, e->base << 16 | (e->limit & 0xffff));
        cpu_box_poke32(box, LDT_PAGE + 8 * n + 4, high);
    }
}

/* Words as the guest has them in memory, from or to the workstation's order. */
static void reorder(uint32_t *words, unsigned count)
{
    for (unsigned n = 0; n < count; n++) {
        words[n] = load_le32(&words[n]);
    }
}
static void fill_data(uint32_t seed, uint32_t *words, unsigned count)
{
    silicon_fill(seed, words, count);
    reorder(words, count);
}

static void set_up_core(struct silicon *s, const char *model)
{
    struct cpu_box *box = &s->box;
    uint32_t constant[1024];
    cpu_box_init(box, model, 64);
    cpu_box_poke32(box, PAGE_DIRECTORY + (LINEAR_DATA >> 22) * 4, PAGE_TABLE | 7);
    map_page(box, LINEAR_DATA, PHYSICAL_DATA, 7);
    map_page(box, LINEAR_DATA + 0x1000, PHYSICAL_DATA + 0x1000, 7);
    map_page(box, LINEAR_DATA + 0x2000, PHYSICAL_DATA + 0x2000, 5);
    map_page(box, LINEAR_CODE, PHYSICAL_CODE, 7);
    map_page(box, LINEAR_LDT, LDT_PAGE, 3);
    write_ldt(box);
    fill_data(1, constant, 1024);
    cpu_box_poke(box, PHYSICAL_DATA + 0x2000, constant, sizeof constant);
    const struct cpu_exit_hook hook = {CPU_EXIT_EXCEPTION | CPU_EXIT_INT_N, on_exit_hook, s};
    cpu_set_exit_hook(box->cpu, &hook);
    cpu_get_registers(box->cpu, &s->clean);
    uint8_t traps[CODE_LIMIT + 1];
    memset(traps, 0xcc, sizeof traps);
    cpu_box_poke(box, PHYSICAL_CODE, traps, sizeof traps);
    s->clean.gdtr.limit = 0;
    s->clean.cr0 = 0x80050033; /* PG AM WP NE ET MP PE, as Linux has them */
    s->clean.cr3 = PAGE_DIRECTORY;
    s->clean.cr4 = s->generator.has_fpu ? 0x600 : 0; /* OSFXSR, OSXMMEXCPT */
    for (unsigned n = 0; n < 6; n++) {
        s->clean.segment[n] = (struct cpu_segment){.base = LINEAR_DATA,
                                                   .limit = DATA_LIMIT,
                                                   .selector = SELECTOR_DATA32,
                                                   .attributes = 0x4f3};
    }
    s->clean.segment[CPU_GS] = (struct cpu_segment){.attributes = 0x8000};
    s->clean.ldtr = (struct cpu_segment){LINEAR_LDT, LDT_COUNT * 8 - 1, 0x50, 0x82};
    s->clean.tr = (struct cpu_segment){.attributes = 0x8b};
}

static void run_ours(struct silicon *s, const struct silicon_test *test,
                     struct silicon_result *result)
{
    struct cpu_registers r = s->clean;
    uint8_t code[CODE_BYTES];
    bool code16 = (test->flags & TEST_CODE16) != 0, stack16 = (test->flags & TEST_STACK16) != 0;
    /* Large code runs by the general handlers, hot blocks by those of their registers. */
    s->box.cpu->run->handlers = test->seed & 1 ? HANDLERS_BY_REGISTER : HANDLERS_BY_HEAT;
    fill_data(test->seed, s->data, DATA_WRITABLE / 4);
    cpu_box_poke(&s->box, PHYSICAL_DATA, s->data, DATA_WRITABLE);
    if ((test->flags & TEST_FPU) != 0) {
        fpu_to_core(s->box.cpu, &test->fpu);
    }
    memset(code, 0xcc, sizeof code);
    memcpy(code, test->code, test->code_length);
    cpu_box_poke(&s->box, PHYSICAL_CODE, code, sizeof code);
    for (unsigned n = 0; n < 8; n++) {
        r.gpr[n] = test->gpr[n];
    }
    r.flags = test->eflags;
    r.ip = 0;
    r.segment[CPU_CS] = (struct cpu_segment){
        .base = LINEAR_CODE,
        .limit = CODE_LIMIT,
        .selector = code16 ? SELECTOR_CODE16 : SELECTOR_CODE32,
        .attributes = code16 ? 0x0fb : 0x4fb,
    };
    r.segment[CPU_SS].selector = stack16 ? SELECTOR_DATA16 : SELECTOR_DATA32;
    r.segment[CPU_SS].attributes = stack16 ? 0x0f3 : 0x4f3;
    cpu_set_registers(s->box.cpu, &r);
    s->has_exit = false;
    memset(result, 0, sizeof *result);
    enum cpu_stop stop = cpu_box_run(&s->box, 100000);
    if (stop == CPU_STOP_SHUTDOWN) {
        cpu_reset(s->box.cpu);
    }
    cpu_get_registers(s->box.cpu, &r);
    result->vector = s->has_exit ? s->exit.vector : VECTOR_NEVER_ENDS + (unsigned)stop;
    result->error = s->has_exit && s->exit.has_error ? s->exit.error_code : 0;
    result->cr2 = (uint32_t)r.cr2;
    result->eip = (uint32_t)r.ip;
    result->eflags = (uint32_t)r.flags;
    for (unsigned n = 0; n < 6; n++) {
        result->segments[n] = r.segment[n].selector;
    }
    for (unsigned n = 0; n < 8; n++) {
        result->gpr[n] = (uint32_t)r.gpr[n];
    }
    cpu_box_peek(&s->box, PHYSICAL_DATA, s->data, DATA_WRITABLE);
    reorder(s->data, DATA_WRITABLE / 4);
    if ((test->flags & TEST_FPU) != 0) {
        fpu_from_core(s->box.cpu, &result->fpu);
    }
    result->data_hash = silicon_hash(s->data, DATA_WRITABLE / 4);
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
    const struct opcode_row *ours_row = stream->row[stopped_at(stream, ours) % STREAM_MAX];
    if (ours->vector == 17 && ours_row != NULL && ours_row->simd.memory_bytes == 16 &&
        ours_row->simd.attributes == SIMD_UNALIGNED) {
        return 7; /* MOVUPS and its kin with alignment checks on */
    }
    if (row != NULL && row->opcode >= 0xd8 && row->opcode <= 0xdf &&
        ours->vector == theirs->vector && is_fault_of_operand(ours->vector) &&
        ours->data_hash != theirs->data_hash) {
        return 9; /* a store of ten bytes of which the last two fault */
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
    return explained_fpu(stream, ours, theirs, row);
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

/* Finds the shortest part of the stream that differs, and shows it unless it is explained: true. */
static bool explain(struct silicon *s, const struct stream *stream,
                    const struct silicon_result *first_ours,
                    const struct silicon_result *first_theirs)
{
    uint32_t theirs_data[DATA_WRITABLE / 4], before[DATA_WRITABLE / 4];
    for (unsigned count = 1; count <= stream->count; count++) {
        struct stream shorter = cut(stream, count);
        struct silicon_result ours, theirs;
        send_tests(s, &shorter, 1);
        transfer(s->from_native, &theirs, sizeof theirs, false, s);
        transfer(s->from_native, theirs_data, sizeof theirs_data, false, s);
        run_ours(s, &shorter.test, &ours);
        if (!agrees(&shorter, &ours, &theirs)) {
            if (explained_by(&shorter, &ours, &theirs) != 0) {
                return true;
            }
            const struct opcode_row *row = shorter.row[count - 1];
            blame(s, row != NULL ? row->mnemonic : "cmp (filler)");
            if (s->shown++ < s->show) {
                show(&shorter, &ours, &theirs);
                silicon_fill(shorter.test.seed, before, DATA_WRITABLE / 4);
                show_data(s->data, theirs_data, before);
            }
            return false;
        }
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
    send_tests(s, s->streams, count);
    struct silicon_result ours[BATCH];
    for (uint32_t n = 0; n < count; n++) {
        run_ours(s, &s->streams[n].test, &ours[n]);
    }
    transfer(s->from_native, s->theirs, count * sizeof s->theirs[0], false, s);
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
        run_ours(s, &s->streams[0].test, &result);
        hash = hash_of_result(hash, &result);
    }
    printf("%llu tests, hash %016llx\n", (unsigned long long)tests, (unsigned long long)hash);
    cpu_box_fini(&s->box);
    return 0;
}

static int compare(struct silicon *s, uint64_t tests, const char *path)
{
    signal(SIGPIPE, SIG_IGN);
    start_native(s, path);
    for (uint64_t done = 0; done < tests; done += BATCH) {
        run_batch(s, tests - done < BATCH ? (uint32_t)(tests - done) : BATCH);
    }
    close(s->to_native);
    printf(
        "%llu tests, %llu instructions, %llu differ, %llu differences explained, %llu disturbed\n",
        (unsigned long long)s->tests, (unsigned long long)s->instructions,
        (unsigned long long)s->different, (unsigned long long)s->explained,
        (unsigned long long)s->disturbed);
    for (unsigned n = 0; n < 256 && s->blame[n].mnemonic != NULL; n++) {
        printf("  %8llu %s\n", (unsigned long long)s->blame[n].count, s->blame[n].mnemonic);
    }
    cpu_box_fini(&s->box);
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
    set_up_core(s, model != NULL ? model : choice.has_fpu ? "max" : NULL);
    int status = is_alone ? print_hash(s, tests) : compare(s, tests, argv[optind]);
    free(s);
    return status;
}

/* The silicon's half of the oracle: gcc -m32 -static; reads tests from standard input, runs each on
 * the processor underneath, writes results to standard output (silicon.h).
 *
 * Every test ends in a signal (INT3 at the end, or its fault). The handler stores the registers from
 * the signal's frame, puts the next test's there, and returns into it. GS may hold anything while
 * this runs, so nothing here uses the C library behind start-up: system calls are made by hand. */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "tests/oracle/silicon.h"

static struct silicon_test tests[BATCH];
static struct silicon_result results[BATCH];
static uint32_t count, current;
static int is_started;
static uint32_t serial, seen, ticks; /* tests begun; the same at the timer's last tick */
static uint8_t alternate[65536];

static long call3(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "0"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
}
static _Noreturn void leave(int status)
{
    for (;;) {
        call3(SYS_exit_group, status, 0, 0);
    }
}
static void read_all(void *to, uint32_t bytes)
{
    uint8_t *p = to;
    while (bytes > 0) {
        long got = call3(SYS_read, 0, (long)p, (long)bytes);
        if (got <= 0) {
            leave(0); /* the other half is done */
        }
        p += got;
        bytes -= (uint32_t)got;
    }
}
static void write_all(const void *from, uint32_t bytes)
{
    const uint8_t *p = from;
    while (bytes > 0) {
        long done = call3(SYS_write, 1, (long)p, (long)bytes);
        if (done <= 0) {
            leave(1);
        }
        p += done;
        bytes -= (uint32_t)done;
    }
}

#define SS_AUTODISARM_BIT (1u << 31) /* linux/signal.h, which does not go with signal.h */

static uint32_t *data(void)
{
    return (uint32_t *)LINEAR_DATA;
}

/* The signal frame has the FSAVE image, from which the kernel takes the x87, and behind its status and
 * magic number the FXSAVE image, from which it takes MXCSR (at 24) and the XMM registers (at 160). */
#define FXSAVE_OF(fp) ((uint8_t *)(fp) + 112)

static void fpu_load(fpregset_t fp, const struct fpu_image *image)
{
    unsigned long tag = 0xffff0000u;
    for (unsigned n = 0; n < 8; n++) {
        tag |= (image->tag >> n & 1) != 0 ? 0 : 3ul << 2 * n;
        __builtin_memcpy(&fp->_st[n], image->st[n], 10);
    }
    fp->cw = image->control | 0xffff0000u;
    fp->sw = image->status | 0xffff0000u;
    fp->tag = tag;
    __builtin_memcpy(FXSAVE_OF(fp) + 24, &image->mxcsr, 4);
    __builtin_memcpy(FXSAVE_OF(fp) + 160, image->xmm, sizeof image->xmm);
}
static void fpu_store(fpregset_t fp, struct fpu_image *image)
{
    __builtin_memset(image, 0, sizeof *image);
    image->control = (uint16_t)fp->cw;
    image->status = (uint16_t)fp->sw;
    for (unsigned n = 0; n < 8; n++) {
        image->tag |= (uint16_t)((fp->tag >> 2 * n & 3) != 3 ? 1u << n : 0);
        __builtin_memcpy(image->st[n], &fp->_st[n], 10);
    }
    __builtin_memcpy(&image->mxcsr, FXSAVE_OF(fp) + 24, 4);
    __builtin_memcpy(image->xmm, FXSAVE_OF(fp) + 160, sizeof image->xmm);
}

static const uint8_t GREGS[8] = {REG_EAX, REG_ECX, REG_EDX, REG_EBX,
                                 REG_ESP, REG_EBP, REG_ESI, REG_EDI};

static void begin(ucontext_t *context, const struct silicon_test *test)
{
    greg_t *r = context->uc_mcontext.gregs;
    uint8_t *code = (uint8_t *)LINEAR_CODE;
    silicon_fill(test->seed, data(), DATA_WRITABLE / 4);
    for (unsigned n = 0; n < CODE_BYTES; n++) {
        code[n] = n < test->code_length ? test->code[n] : 0xcc;
    }
    for (unsigned n = 0; n < 8; n++) {
        r[GREGS[n]] = (greg_t)test->gpr[n];
    }
    r[REG_EFL] = (greg_t)test->eflags;
    r[REG_EIP] = 0;
    r[REG_CS] = (test->flags & TEST_CODE16) != 0 ? SELECTOR_CODE16 : SELECTOR_CODE32;
    r[REG_SS] = (test->flags & TEST_STACK16) != 0 ? SELECTOR_DATA16 : SELECTOR_DATA32;
    r[REG_DS] = r[REG_ES] = r[REG_FS] = SELECTOR_DATA32;
    r[REG_GS] = 0;
    if ((test->flags & TEST_FPU) != 0) {
        fpu_load(context->uc_mcontext.fpregs, &test->fpu);
    }
}

static void end(const ucontext_t *context, struct silicon_result *result)
{
    const greg_t *r = context->uc_mcontext.gregs;
    result->vector = (uint32_t)r[REG_TRAPNO];
    result->error = (uint32_t)r[REG_ERR];
    result->cr2 = (uint32_t)context->uc_mcontext.cr2;
    result->eip = (uint32_t)r[REG_EIP];
    result->eflags = (uint32_t)r[REG_EFL];
    for (unsigned n = 0; n < 8; n++) {
        result->gpr[n] = (uint32_t)r[GREGS[n]];
    }
    static const uint8_t SEGMENTS[6] = {REG_ES, REG_CS, REG_SS, REG_DS, REG_FS, REG_GS};
    for (unsigned n = 0; n < 6; n++) {
        result->segments[n] = (uint16_t)r[SEGMENTS[n]];
    }
    result->data_hash = silicon_hash(data(), DATA_WRITABLE / 4);
    fpu_store(context->uc_mcontext.fpregs, &result->fpu);
}

static void next_batch(void)
{
    read_all(&count, sizeof count);
    if (count == 0 || count > BATCH) {
        leave(0);
    }
    read_all(tests, count * sizeof tests[0]);
    current = 0;
}

/* Ticks may come in a bunch: only some of them in a row say that a test never ends. */
static int is_still_running(void)
{
    ticks = is_started && seen == serial ? ticks + 1 : 0;
    seen = serial;
    return ticks < 5;
}

/* Stores the test that has just ended and starts the next one. */
static void on_signal(int number, siginfo_t *info, void *argument)
{
    ucontext_t *context = argument;
    /* AC stays set in a handler, where not all is aligned; ID would stay for the next test */
    __asm__ volatile("pushf; andl $~0x240000, (%%esp); popf" ::: "memory", "cc");
    (void)info;
    if (number == SIGVTALRM && is_still_running()) {
        results[current].was_disturbed = is_started;
        return;
    }
    if (is_started) {
        end(context, &results[current]);
        results[current].vector = number == SIGVTALRM ? VECTOR_NEVER_ENDS : results[current].vector;
    }
    if (!is_started) {
        is_started = 1; /* the trap of main() */
    } else if ((tests[current].flags & TEST_DUMP) != 0) {
        write_all(&results[current], sizeof results[0]);
        write_all(data(), DATA_WRITABLE);
        next_batch();
    } else if (++current == count) {
        write_all(results, count * sizeof results[0]);
        next_batch();
    }
    serial++;
    results[current].was_disturbed = 0;
    begin(context, &tests[current]);
}

/* A test that has run for a whole tick of processor time never ends. */
static void start_timer(void)
{
    const struct {
        int32_t interval_s, interval_us, first_s, first_us;
    } timer = {0, 2000, 0, 2000};
    call3(SYS_setitimer, 1, (long)&timer, 0);
}

static int segment(unsigned entry)
{
    const struct ldt_entry *e = &LDT[entry];
    struct user_desc d = {.entry_number = entry, .base_addr = e->base, .limit = e->limit};
    d.seg_32bit = e->is_32 & 1;
    d.contents = e->contents & 3;
    d.read_exec_only = e->is_read_exec_only & 1;
    d.limit_in_pages = e->in_pages & 1;
    d.seg_not_present = e->is_absent & 1;
    d.useable = 1;
    return (int)call3(SYS_modify_ldt, 0x11, (long)&d, sizeof d);
}

/* Status 77 (skipped) where this kernel has no LDT for us. */
static void set_up(void)
{
    static const int SIGNALS[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGVTALRM};
    for (unsigned n = 1; n < LDT_COUNT; n++) {
        if (segment(n) != 0) {
            leave(77);
        }
    }
    const int flags = MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS;
    uint8_t *pages = mmap((void *)LINEAR_DATA, 0x3000, PROT_READ | PROT_WRITE, flags, -1, 0);
    uint8_t *code =
        mmap((void *)LINEAR_CODE, 0x1000, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1, 0);
    if (pages != (uint8_t *)LINEAR_DATA || code != (uint8_t *)LINEAR_CODE) {
        leave(77);
    }
    silicon_fill(1, (uint32_t *)(LINEAR_DATA + 0x2000), 1024);
    mprotect((void *)(LINEAR_DATA + 0x2000), 0x1000, PROT_READ);
    __builtin_memset(code, 0xcc, 0x1000);
    /* Of a test's ESP that happens to lie in it the kernel must not think that we are on it (sigaltstack(2)). */
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate, .ss_flags = (int)SS_AUTODISARM_BIT};
    sigaltstack(&stack, NULL);
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    sigfillset(&action.sa_mask);
    for (unsigned n = 0; n < sizeof SIGNALS / sizeof SIGNALS[0]; n++) {
        sigaction(SIGNALS[n], &action, NULL);
    }
}

int main(void)
{
    set_up();
    next_batch();
    start_timer();
    __asm__ volatile("int3"); /* the handler starts test 0 */
    return 1;
}

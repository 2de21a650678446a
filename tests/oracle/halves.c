/* The two halves of the silicon oracle: see halves.h. */
#include "tests/oracle/halves.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "cpu/run.h"
#include "tests/oracle/compare_fpu.h"

#define NOT_EXECUTED 6 /* status of the other half: the kernel knows no such program */
#define NO_PROGRAM   7
#define PHYSICAL_DATA  0x10000u
#define PHYSICAL_CODE  0x20000u
#define PAGE_DIRECTORY 0x1000u
#define PAGE_TABLE     0x2000u
#define LDT_PAGE       0x3000u
#define LINEAR_LDT     0x10020000u

/* --- the other half ------------------------------------------------------------------------------------- */

void halves_start(struct halves *h, const char *path)
{
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0) {
        exit(70);
    }
    h->native = fork();
    if (h->native == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        close(to[1]);
        close(from[0]);
        execl(path, path, (char *)NULL);
        _exit(errno == ENOEXEC ? NOT_EXECUTED : NO_PROGRAM);
    }
    close(to[0]);
    close(from[1]);
    h->to_native = to[1];
    h->from_native = from[0];
}

static void transfer(const struct halves *h, int fd, void *bytes, size_t count, bool is_write)
{
    uint8_t *p = bytes;
    while (count > 0) {
        ssize_t done = is_write ? write(fd, p, count) : read(fd, p, count);
        if (done <= 0) {
            int status = 0;
            waitpid(h->native, &status, 0);
            if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
                printf("this kernel gives a 32-bit process no LDT\n");
                exit(77);
            }
            if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_EXECUTED) {
                printf("this kernel executes no 32-bit program\n");
                exit(77);
            }
            fprintf(stderr, "silicon: the native half ended (status %x)\n", (unsigned)status);
            exit(70);
        }
        p += done;
        count -= (size_t)done;
    }
}

void halves_send(const struct halves *h, uint32_t count)
{
    transfer(h, h->to_native, &count, sizeof count, true);
}

void halves_send_test(const struct halves *h, const struct silicon_test *test)
{
    struct silicon_test copy = *test;
    transfer(h, h->to_native, &copy, sizeof copy, true);
}

void halves_receive(const struct halves *h, void *to, size_t bytes)
{
    transfer(h, h->from_native, to, bytes, false);
}

/* --- our half --------------------------------------------------------------------------------------------- */

static bool on_exit_hook(void *self, struct cpu *cpu, const struct cpu_exit *exit_)
{
    struct halves *h = self;
    (void)cpu;
    if (h->has_exit) {
        return true; /* the trap behind an INT3 that the hook has taken for itself */
    }
    h->exit = *exit_;
    h->has_exit = true;
    timeline_cut(&h->box.timeline);
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

void halves_set_up(struct halves *h, const char *model, bool has_fpu)
{
    struct cpu_box *box = &h->box;
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
    const struct cpu_exit_hook hook = {CPU_EXIT_EXCEPTION | CPU_EXIT_INT_N, on_exit_hook, h};
    cpu_set_exit_hook(box->cpu, &hook);
    cpu_get_registers(box->cpu, &h->clean);
    uint8_t traps[CODE_LIMIT + 1];
    memset(traps, 0xcc, sizeof traps);
    cpu_box_poke(box, PHYSICAL_CODE, traps, sizeof traps);
    h->clean.gdtr.limit = 0;
    h->clean.cr0 = 0x80050033; /* PG AM WP NE ET MP PE, as Linux has them */
    h->clean.cr3 = PAGE_DIRECTORY;
    h->clean.cr4 = has_fpu ? 0x600 : 0; /* OSFXSR, OSXMMEXCPT */
    for (unsigned n = 0; n < 6; n++) {
        h->clean.segment[n] = (struct cpu_segment){.base = LINEAR_DATA,
                                                   .limit = DATA_LIMIT,
                                                   .selector = SELECTOR_DATA32,
                                                   .attributes = 0x4f3};
    }
    h->clean.segment[CPU_GS] = (struct cpu_segment){.attributes = 0x8000};
    h->clean.ldtr = (struct cpu_segment){LINEAR_LDT, LDT_COUNT * 8 - 1, 0x50, 0x82};
    h->clean.tr = (struct cpu_segment){.attributes = 0x8b};
}

void halves_run_ours(struct halves *h, const struct silicon_test *test,
                     struct silicon_result *result)
{
    struct cpu_registers r = h->clean;
    uint8_t code[CODE_BYTES];
    bool code16 = (test->flags & TEST_CODE16) != 0, stack16 = (test->flags & TEST_STACK16) != 0;
    /* Large code runs by the general handlers, hot blocks by those of their registers. */
    h->box.cpu->run->handlers = test->seed & 1 ? HANDLERS_BY_REGISTER : HANDLERS_BY_HEAT;
    fill_data(test->seed, h->data, DATA_WRITABLE / 4);
    cpu_box_poke(&h->box, PHYSICAL_DATA, h->data, DATA_WRITABLE);
    if ((test->flags & TEST_FPU) != 0) {
        fpu_to_core(h->box.cpu, &test->fpu);
    }
    memset(code, 0xcc, sizeof code);
    memcpy(code, test->code, test->code_length);
    cpu_box_poke(&h->box, PHYSICAL_CODE, code, sizeof code);
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
    cpu_set_registers(h->box.cpu, &r);
    h->has_exit = false;
    memset(result, 0, sizeof *result);
    enum cpu_stop stop = cpu_box_run(&h->box, 100000);
    if (stop == CPU_STOP_SHUTDOWN) {
        cpu_reset(h->box.cpu);
    }
    cpu_get_registers(h->box.cpu, &r);
    result->vector = h->has_exit ? h->exit.vector : VECTOR_NEVER_ENDS + (unsigned)stop;
    result->error = h->has_exit && h->exit.has_error ? h->exit.error_code : 0;
    result->cr2 = (uint32_t)r.cr2;
    result->eip = (uint32_t)r.ip;
    result->eflags = (uint32_t)r.flags;
    for (unsigned n = 0; n < 6; n++) {
        result->segments[n] = r.segment[n].selector;
    }
    for (unsigned n = 0; n < 8; n++) {
        result->gpr[n] = (uint32_t)r.gpr[n];
    }
    cpu_box_peek(&h->box, PHYSICAL_DATA, h->data, DATA_WRITABLE);
    reorder(h->data, DATA_WRITABLE / 4);
    if ((test->flags & TEST_FPU) != 0) {
        fpu_from_core(h->box.cpu, &result->fpu);
    }
    result->data_hash = silicon_hash(h->data, DATA_WRITABLE / 4);
}

/* The benchmark guest: reads `kernel=NAME units=N` from its command line, runs that kernel N times (0:
 * for ever) and says on COM1:
 *
 *   S NAME          after the kernel's preparation
 *   .CHECKSUM       after each unit, 8 hexadecimal digits
 *   E               at the end; then it powers the machine off
 *
 * so that whoever reads the line can take the time between the first unit and the last. Interrupts
 * stay off. No kernel reads a clock: the instructions of a unit are the same on every machine. */
#include "bench.h"

#define COM1 0x3F8u
#define LINE_STATUS (COM1 + 5) /* 16550 data sheet, table 2: bit 5 THRE */
#define THRE 0x20u

static inline void out8(uint32_t port, uint32_t value)
{
    __asm__ volatile("outb %b0, %w1" : : "a"(value), "Nd"(port));
}
static inline uint32_t in8(uint32_t port)
{
    uint8_t value;
    __asm__ volatile("inb %w1, %b0" : "=a"(value) : "Nd"(port));
    return value;
}

static void open_serial(void)
{
    out8(COM1 + 1, 0);    /* no interrupts */
    out8(COM1 + 3, 0x83); /* DLAB */
    out8(COM1, 1);        /* 115,200 bits a second */
    out8(COM1 + 1, 0);
    out8(COM1 + 3, 3);    /* 8 N 1 */
    out8(COM1 + 2, 7);    /* FIFOs on and empty */
}

/* A line of at most 16 characters waits once, for the whole FIFO to be free. */
static void print_line(const char *text)
{
    for (uint32_t patience = 0x100000; patience && !(in8(LINE_STATUS) & THRE); patience--)
        ;
    while (*text)
        out8(COM1, (uint8_t)*text++);
    out8(COM1, '\n');
}

static void print_unit(uint32_t sum)
{
    char line[10] = ".";
    for (unsigned i = 0; i < 8; i++)
        line[1 + i] = "0123456789abcdef"[sum >> (28 - 4 * i) & 15];
    line[9] = '\0';
    print_line(line);
}

/* isa-debug-exit of QEMU and Vitrine; the "Shutdown" port of Bochs. Elsewhere: HLT for ever. */
static void power_off(void)
{
    out8(0xF4, 0x10);
    for (const char *c = "Shutdown"; *c; c++)
        out8(0x8900, (uint8_t)*c);
}

void unexpected(uint32_t where);
void unexpected(uint32_t where)
{
    print_line("TRAP");
    print_unit(where);
    power_off();
}

/* --- kernels that need a few lines around their instructions -------------------------------------------- */

static uint32_t run_alu(void)
{
    return k_alu(500000);
}

static uint32_t run_copy(void)
{
    for (unsigned turn = 0; turn < 32; turn++)
        k_copy(HEAP, HEAP + 0x31000, 8192);
    return *(const uint32_t *)(const void *)(HEAP + 0x31000 + 4096);
}

/* One ring through `count` nodes of 64 bytes in random order (Sattolo's shuffle of the order). */
static void make_ring(uint32_t count)
{
    uint32_t *order = (uint32_t *)(void *)(HEAP + 0x900000), state = 2463534242u;
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    for (uint32_t i = count - 1; i > 0; i--) {
        uint32_t k = next_random(&state) % i, kept = order[i];
        order[i] = order[k];
        order[k] = kept;
    }
    for (uint32_t i = 0; i < count; i++)
        *(void **)(void *)(HEAP + order[i] * 64) = HEAP + order[(i + 1) % count] * 64;
}
static void prepare_chase_8m(void)
{
    make_ring((8u << 20) / 64);
}
static void prepare_chase_16k(void)
{
    make_ring((16u << 10) / 64);
}
static uint32_t run_chase_8m(void)
{
    return (uint32_t)(uintptr_t)k_chase(HEAP, 100000);
}
static uint32_t run_chase_16k(void)
{
    return (uint32_t)(uintptr_t)k_chase(HEAP, 500000);
}

static uint32_t run_rep_big(void)
{
    for (uint32_t turn = 0; turn < 400; turn++) {
        k_rep_stos(HEAP, turn, 4096);
        k_rep_movs(HEAP, HEAP + 0x11000, 4096);
    }
    return *(const uint32_t *)(const void *)(HEAP + 0x11000 + 0x3FFC);
}
static uint32_t run_rep_small(void)
{
    for (uint32_t turn = 0; turn < 30000; turn++) {
        uint8_t *at = HEAP + (turn * 48 & 0xFF0);
        k_rep_stos(at, turn, 16);
        k_rep_movs(at, at + 0x11000, 16);
    }
    return *(const uint32_t *)(const void *)(HEAP + 0x11000);
}

static uint32_t run_out(void)
{
    k_out(300000);
    return 0;
}
static uint32_t run_in(void)
{
    k_in(300000);
    return 0;
}
static uint32_t run_calls(void)
{
    return k_system_calls(50000);
}

static volatile uint32_t faults;
void page_fault(uint32_t linear);
void page_fault(uint32_t linear)
{
    faults++;
    PAGE_TABLES[linear / PAGE_BYTES] |= 1;
}
static uint32_t run_page_faults(void)
{
    for (unsigned turn = 0; turn < 150; turn++)
        for (uint32_t at = FAULTING_PAGES; at < FAULTING_PAGES + 64 * PAGE_BYTES; at += PAGE_BYTES) {
            PAGE_TABLES[at / PAGE_BYTES] &= ~1u;
            __asm__ volatile("invlpg (%0)" : : "r"(at) : "memory");
            (*(volatile uint32_t *)(uintptr_t)at)++;
        }
    return faults;
}

static uint32_t run_reload(void)
{
    uint32_t sum = 0, cr3;
    for (uint32_t turn = 0; turn < 5000; turn++) {
        __asm__ volatile("mov %%cr3, %0\n\tmov %0, %%cr3" : "=r"(cr3) : : "memory");
        for (uint32_t page = 0; page < 32; page++)
            sum += *(volatile uint32_t *)(void *)(HEAP + page * PAGE_BYTES);
    }
    return sum;
}

static uint32_t run_patch(void)
{
    return k_patch(40000);
}

static const struct kernel {
    const char *name;
    uint32_t (*run)(void);
    void (*prepare)(void);
} KERNELS[] = {
    {"alu", run_alu, NULL},
    {"copy", run_copy, NULL},
    {"chase8m", run_chase_8m, prepare_chase_8m},
    {"chase16k", run_chase_16k, prepare_chase_16k},
    {"sieve", k_sieve, NULL},
    {"qsort", k_qsort, NULL},
    {"crc32", k_crc32, NULL},
    {"sha256", k_sha256, NULL},
    {"recursion", k_recursion, NULL},
    {"mix", k_mix, NULL},
    {"records", k_records, NULL},
    {"bigcode", k_bigcode, NULL},
    {"mandel", k_mandel, NULL},
    {"nbody", k_nbody, NULL},
    {"repbig", run_rep_big, NULL},
    {"repsmall", run_rep_small, NULL},
    {"out80", run_out, NULL},
    {"in3fd", run_in, NULL},
    {"syscall", run_calls, NULL},
    {"pagefault", run_page_faults, NULL},
    {"cr3", run_reload, NULL},
    {"real", k_real_mode, NULL},
    {"smc", run_patch, NULL},
    {"sse-mandel", k_sse_mandel, prepare_sse},
    {"sse-nbody", k_sse_nbody, prepare_sse},
    {"sse-scan", k_sse_scan, prepare_sse},
    {"sse-copy", k_sse_copy, prepare_sse},
    {"sse-pixels", k_sse_pixels, prepare_sse},
};

/* --- the command line ------------------------------------------------------------------------------------ */

/* The text behind `word` in the command line, or NULL. */
static const char *find_word(const char *line, const char *word)
{
    for (const char *at = line; *at; at++) {
        size_t i = 0;
        while (word[i] && at[i] == word[i])
            i++;
        if (!word[i] && (at == line || at[-1] == ' '))
            return at + i;
    }
    return NULL;
}

static const struct kernel *find_kernel(const char *name)
{
    for (size_t i = 0; name && i < sizeof KERNELS / sizeof KERNELS[0]; i++) {
        size_t k = 0;
        while (KERNELS[i].name[k] && KERNELS[i].name[k] == name[k])
            k++;
        if (!KERNELS[i].name[k] && (name[k] == ' ' || name[k] == '\0'))
            return &KERNELS[i];
    }
    return NULL;
}

static uint32_t read_number(const char *text)
{
    uint32_t value = 0;
    while (text && *text >= '0' && *text <= '9')
        value = value * 10 + (uint32_t)(*text++ - '0');
    return value;
}

void bench_main(const char *line);
void bench_main(const char *line)
{
    const struct kernel *kernel = find_kernel(find_word(line, "kernel="));
    uint32_t units = read_number(find_word(line, "units="));
    char start[16] = "S ";
    open_serial();
    if (!kernel) {
        print_line("no such kernel");
        power_off();
        return;
    }
    if (kernel->prepare)
        kernel->prepare();
    for (size_t i = 0; i < 13 && kernel->name[i]; i++)
        start[2 + i] = kernel->name[i];
    print_line(start);
    for (uint32_t unit = 0; !units || unit < units; unit++)
        print_unit(kernel->run());
    print_line("E");
    power_off();
}

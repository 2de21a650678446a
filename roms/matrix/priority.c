/* Several things at once: what one instruction raises that has many reasons to fault or trap, with an
 * interrupt waiting.
 *
 * Specification: Intel SDM 3A (2023) 6.9, table 6-2 (priority among exceptions and interrupts); 17.3.1.1 (RF),
 * 6.8.3 (MOV to SS holds them back); 2B STI. */
#include "matrix.h"

#define PAGE_END   0xe000u /* the instruction's last byte is the first of this page */
#define SEL_SHORT  SLOT_TARGET
#define IRQ_VECTOR 0x20u
#define CR0_TS     8u
#define CR0_AM     0x40000u
#define CR0_PG_WP  0x80010000u
#define CR0_NE     0x20u

enum reason {
    CODE_BREAKPOINT = 1,
    CODE_LIMIT = 2,
    CODE_PAGE = 4,
    LOCKED = 8,
    TASK_SWITCHED = 0x10,
    X87_PENDING = 0x20,
    DATA_LIMIT = 0x40,
    DATA_PAGE = 0x80,
    UNALIGNED = 0x100,
    SINGLE_STEP = 0x200,
    INTERRUPT = 0x400,
    REASONS = 0x800
};

static const struct {
    uint8_t length, bytes[6];
} INSTRUCTIONS[] = {
    {2, {0x8b, 0x03}      }, /* mov eax, [ebx] */
    {2, {0x01, 0x03}      }, /* add [ebx], eax: LOCK is allowed */
    {2, {0xd9, 0x03}      }, /* fld dword [ebx] */
    {3, {0x0f, 0x6f, 0x03}}, /* movq mm0, [ebx] */
    {3, {0x0f, 0x28, 0x03}}, /* movaps xmm0, [ebx] */
    {2, {0xff, 0x33}      }, /* push dword [ebx] */
    {3, {0x0f, 0x20, 0xc0}}, /* mov eax, cr0 */
    {2, {0x8e, 0x13}      }, /* mov ss, [ebx] */
    {2, {0xf7, 0x33}      }, /* div dword [ebx] */
    {2, {0x0f, 0x0b}      }, /* ud2 */
    {2, {0x66, 0xec}      }, /* in al, dx, closed by the I/O map */
    {2, {0x62, 0x03}      }, /* bound eax, [ebx] */
    {2, {0xff, 0x2b}      }, /* jmp far [ebx] */
    {2, {0xcd, 0x30}      }, /* int 30h */
    {2, {0x9b, 0x9b}      }, /* wait, twice */
    {2, {0x66, 0x9d}      }, /* popf */
};

static uint32_t directory[1024] __attribute__((aligned(4096)));
static uint32_t table[1024] __attribute__((aligned(4096)));

static inline void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}
static inline uint8_t in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
static uint32_t cr0_read(void)
{
    uint32_t value;
    __asm__ volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}
static void cr0_write(uint32_t value)
{
    __asm__ volatile("mov %0, %%cr0" ::"r"(value) : "memory");
}

/* --- an interrupt that waits: channel 0 of the 8254 in mode 0 (8254 data sheet; 8259A, OCW3) ------------ */

static void pic_set_up(void)
{
    static const uint8_t MASTER[] = {0x11, IRQ_VECTOR, 4, 1}, SLAVE[] = {0x11, 0x28, 2, 1};
    for (unsigned n = 0; n < 4; n++) {
        out8(n == 0 ? 0x20 : 0x21, MASTER[n]);
        out8(n == 0 ? 0xa0 : 0xa1, SLAVE[n]);
    }
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
}

static void interrupt_arm(void)
{
    out8(0x43, 0x30);
    out8(0x40, 0x20);
    out8(0x40, 0);
    out8(0x20, 0x0a); /* IRR */
    while ((in8(0x20) & 1) == 0) {
    }
}

/* --- one attempt ----------------------------------------------------------------------------------------- */

static void debug_set(uint32_t dr0, uint32_t dr1, uint32_t dr7)
{
    __asm__ volatile("mov %0, %%dr0; mov %1, %%dr1; mov %2, %%dr6; mov %3, %%dr7" ::"r"(dr0),
                     "r"(dr1), "r"(0), "r"(dr7));
}

static void x87_set(bool is_pending)
{
    static const uint16_t CONTROL = 0x037b; /* ZE is not masked */
    __asm__ volatile("clts; fninit");
    if (is_pending) {
        __asm__ volatile("fldcw %0; fld1; fldz; fdivrp" ::"m"(CONTROL));
    }
}

static void pages_set(uint32_t code, uint32_t data)
{
    table[PAGE_END >> 12] = PAGE_END | code;
    table[DATA_AT >> 12] = DATA_AT | data;
    __asm__ volatile("mov %0, %%cr3" ::"r"(directory) : "memory");
}

static void run(struct state *s, uint32_t reasons, uint64_t key)
{
    bool waits = (reasons & INTERRUPT) != 0;
    x87_set((reasons & X87_PENDING) != 0);
    pages_set((reasons & CODE_PAGE) != 0 ? 0 : 7, (reasons & DATA_PAGE) != 0 ? 0 : 7);
    uint32_t cr0 = cr0_read();
    cr0_write(cr0 | CR0_NE | ((reasons & UNALIGNED) != 0 ? CR0_AM : 0) |
              ((reasons & TASK_SWITCHED) != 0 ? CR0_TS : 0));
    out8(0x21, waits ? 0xfe : 0xff);
    attempt_and_print(s, key);
    out8(0x21, 0xff);
    debug_set(0, 0, 0);
    cr0_write(cr0);
    pages_set(7, 7);
    x87_set(false);
    if (waits) {
        out8(0x20, 0x0b); /* ISR: has it been taken? */
        if ((in8(0x20) & 1) != 0) {
            out8(0x20, 0x20);
            interrupt_arm();
        }
    }
}

static void one(unsigned n, uint32_t reasons)
{
    unsigned length = INSTRUCTIONS[n].length + ((reasons & LOCKED) != 0 ? 1 : 0);
    uint8_t *at = (uint8_t *)(PAGE_END + 1 - length);
    machine_reset();
    *(uint32_t *)DATA_AT = *(uint32_t *)(DATA_AT + 4) = 0;
    *(uint16_t *)(PAGE_END + 1) = 0x30cd;
    *(uint16_t *)(PAGE_END + 3) = 0x30cd;
    struct state s = state_of_ring(3);
    s.eip = (uint32_t)at;
    if ((reasons & LOCKED) != 0) {
        *at++ = 0xf0;
    }
    for (unsigned k = 0; k < INSTRUCTIONS[n].length; k++) {
        at[k] = INSTRUCTIONS[n].bytes[k];
    }
    if ((reasons & CODE_LIMIT) != 0) {
        descriptor_set(SLOT_GATE, 0, PAGE_END - 1, access_of(TYPE_CODE, 3, true) | 1, 4);
        s.cs = SLOT_GATE | 3;
    }
    if ((reasons & DATA_LIMIT) != 0) {
        descriptor_set(SEL_SHORT, 0, DATA_AT - 1, access_of(TYPE_DATA, 3, true) | 1, 4);
        s.ds = SEL_SHORT | 3;
    }
    s.ebx = DATA_AT + ((reasons & UNALIGNED) != 0 ? 1 : 0);
    s.edx = 0x80;
    s.eflags = 2 | ((reasons & UNALIGNED) != 0 ? FLAG_AC : 0) |
               ((reasons & SINGLE_STEP) != 0 ? FLAG_TF : 0) |
               ((reasons & INTERRUPT) != 0 ? FLAG_IF : 0);
    if ((reasons & CODE_BREAKPOINT) != 0) {
        debug_set(s.eip, 0, 0x401);
    }
    run(&s, reasons, (uint64_t)n << 12 | reasons);
}

/* --- sequences: what holds interrupts and traps back ------------------------------------------------------ */

#define MOV_SS 0x138e /* mov ss, [ebx] */
static const struct {
    uint8_t length, bytes[8];
} SEQUENCES[] = {
    {3, {0xfb, 0x90, 0x90}            }, /* sti; nop; nop */
    {3, {0xfb, 0xfb, 0x90}            }, /* sti; sti; nop */
    {3, {0xfb, 0xfa, 0x90}            }, /* sti; cli; nop */
    {4, {0x8e, 0x13, 0x90, 0x90}      }, /* mov ss, [ebx]; nop; nop */
    {5, {0x8e, 0x13, 0x8e, 0x13, 0x90}}, /* mov ss; mov ss; nop */
    {4, {0xfb, 0x8e, 0x13, 0x90}      }, /* sti; mov ss; nop */
    {4, {0x8e, 0x13, 0xfb, 0x90}      }, /* mov ss; sti; nop */
    {3, {0x9d, 0x90, 0x90}            }, /* popfd; nop; nop */
    {4, {0x8e, 0x13, 0x9d, 0x90}      }, /* mov ss; popfd; nop */
    {4, {0x8b, 0x03, 0x90, 0x90}      }, /* mov eax, [ebx]; nop; nop */
    {4, {0x8e, 0x13, 0xf1, 0x90}      }, /* mov ss; icebp */
    {4, {0x8e, 0x13, 0xcc, 0x90}      }, /* mov ss; int3 */
    {5, {0x8e, 0x13, 0xcd, 0x30, 0x90}}, /* mov ss; int 30h */
    {5, {0x8e, 0x13, 0x0f, 0x0b, 0x90}}, /* mov ss; ud2 */
    {4, {0x17, 0x90, 0x90, 0x90}      }, /* pop ss; nop */
    {5, {0x0f, 0xb2, 0x23, 0x90, 0x90}}, /* lss esp, [ebx] */
    {4, {0xf3, 0xab, 0x90, 0x90}      }, /* rep stosd */
};
enum sequence_bit {
    STEP = 1,
    WATCH = 2,
    BREAK_SECOND = 4,
    WAITS = 8,
    HAS_IF = 16,
    RESUME = 32,
    SEQUENCE_BITS = 64
};

static void sequence(unsigned n, unsigned bits)
{
    machine_reset();
    static const uint32_t IMAGE[] = {0x202, 0x10};
    uint32_t *data = (uint32_t *)DATA_AT;
    data[0] = SEQUENCES[n].bytes[0] == 0x0f ? STACK_AT : KDATA;
    data[1] = KDATA;
    code_begin();
    for (unsigned k = 0; k < SEQUENCES[n].length; k++) {
        code_put(SEQUENCES[n].bytes[k], 1);
    }
    struct state s = state_of_ring(0);
    stack_set(&s, 4, 2, SEQUENCES[n].bytes[0] == 0x17 ? IMAGE + 1 : IMAGE);
    if (SEQUENCES[n].bytes[0] == 0x17) {
        *(uint32_t *)s.esp = KDATA;
    }
    s.ecx = 4;
    s.eflags = 2 | ((bits & STEP) != 0 ? FLAG_TF : 0) | ((bits & HAS_IF) != 0 ? FLAG_IF : 0) |
               ((bits & RESUME) != 0 ? 0x10000u : 0);
    bool is_pair = SEQUENCES[n].bytes[0] == 0x8e;
    uint32_t dr7 =
        ((bits & WATCH) != 0 ? 0xf0000cu : 0) | ((bits & BREAK_SECOND) != 0 ? 3u : 0) | 0x400u;
    if (dr7 != 0x400) {
        debug_set(CODE_AT + ((bits & RESUME) != 0 ? 0 : is_pair ? 2 : 1), DATA_AT, dr7);
    }
    run(&s, (bits & WAITS) != 0 ? INTERRUPT : 0, n << 8 | bits);
}

void priority_run(void)
{
    directory[0] = (uint32_t)table | 7;
    for (uint32_t n = 0; n < 1024; n++) {
        table[n] = n << 12 | 7;
    }
    pages_set(7, 7);
    cr0_write(cr0_read() | CR0_PG_WP);
    uint32_t cr4, features = 1, b, c, d;
    __asm__ volatile("cpuid" : "+a"(features), "=b"(b), "=c"(c), "=d"(d));
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    if ((d & 1u << 25) != 0) {
        __asm__ volatile("mov %0, %%cr4" ::"r"(cr4 | 0x600)); /* OSFXSR, OSXMMEXCPT */
    }
    pic_set_up();
    interrupt_arm();
    group("priority.one");
    for (unsigned n = 0; n < ARRAY_COUNT(INSTRUCTIONS); n++) {
        for (uint32_t reasons = 0; reasons < REASONS; reasons++) {
            one(n, reasons);
        }
    }
    group("priority.sequence");
    for (unsigned n = 0; n < ARRAY_COUNT(SEQUENCES); n++) {
        for (unsigned bits = 0; bits < SEQUENCE_BITS; bits++) {
            sequence(n, bits);
        }
    }
}

/* Tables, the outcome of an attempt, and its line.
 *
 *   KEY v=vector e=error cs ip f=flags ss sp ds es fs gs s=hash of the stack a=access bytes cr2
 *
 * Specification: Intel SDM 3A (2023) 3.4.5, 6.11, 7.2. */
#include "matrix.h"

#define CODE_GAP 16 /* bytes between vector entries */

struct tss tss, task;
static struct tss fault_task;
static uint8_t fault_stack[1024];
static uint64_t gdt[GDT_BYTES / 8], idt[VECTOR_TEST + 1];
static uint32_t code_at;

extern uint8_t vector_entries[];
void fault_task_entry(void);
void attempt(const struct state *state);

static struct outcome {
    uint32_t vector, error, cs, eip, eflags, ss, esp, ds, es, fs, gs, cr2;
} outcome;

static inline void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

/* --- output ---------------------------------------------------------------------------------------------- */

static void print(const char *text)
{
    while (*text != '\0') {
        out8(0xe9, (uint8_t)*text++);
    }
}
static void print_hex(uint64_t value, unsigned digits)
{
    while (digits-- > 0) {
        out8(0xe9, (uint8_t) "0123456789ABCDEF"[value >> 4 * digits & 15]);
    }
}
static void print_field(const char *name, uint32_t value, unsigned digits)
{
    print(name);
    print_hex(value, digits);
}
void group(const char *name)
{
    print("@");
    print(name);
    print("\n");
}

/* --- tables ---------------------------------------------------------------------------------------------- */

void descriptor_set(unsigned selector, uint32_t base, uint32_t limit, unsigned access,
                    unsigned flags)
{
    uint32_t low = base << 16 | (limit & 0xffff);
    uint32_t high =
        (base & 0xff000000u) | flags << 20 | (limit & 0xf0000u) | access << 8 | (base >> 16 & 0xff);
    gdt[selector / 8] = (uint64_t)high << 32 | low;
}
static uint64_t gate(unsigned target, uint32_t offset, unsigned access, unsigned count)
{
    uint32_t high = (offset & 0xffff0000u) | access << 8 | count;
    return (uint64_t)high << 32 | target << 16 | (offset & 0xffff);
}
void gate_set(unsigned selector, unsigned target, uint32_t offset, unsigned access, unsigned count)
{
    gdt[selector / 8] = gate(target, offset, access, count);
}
void idt_set(unsigned vector, unsigned target, uint32_t offset, unsigned access)
{
    idt[vector] = gate(target, offset, access, 0);
}

/* Doublewords: bytes is a multiple of four. */
static void fill(void *to, uint32_t value, uint32_t bytes)
{
    uint32_t count = bytes / 4;
    __asm__ volatile("rep stosl" : "+D"(to), "+c"(count) : "a"(value) : "memory");
}

static void tables_load(void)
{
    const struct __attribute__((packed)) {
        uint16_t limit;
        uint32_t base;
    } gdtr = {sizeof gdt - 1, (uint32_t)gdt}, idtr = {sizeof idt - 1, (uint32_t)idt};
    __asm__ volatile("lgdt %0; lidt %1; lldt %w2; ltr %w3" ::"m"(gdtr), "m"(idtr), "r"(0),
                     "r"(SEL_TSS)
                     : "memory");
}

static void task_reset(struct tss *t)
{
    fill(t, 0, sizeof *t);
    t->esp0 = STACK0_AT;
    t->ss0 = KDATA;
    t->esp1 = STACK1_AT;
    t->ss1 = SEL_DATA + 8 + 1;
    t->esp2 = STACK2_AT;
    t->ss2 = SEL_DATA + 16 + 2;
    t->map = 104 + 32;
    fill(t->bits, 0xffffffff, sizeof t->bits);
}

static void tasks_reset(void)
{
    task_reset(&tss);
    task_reset(&task);
    task_reset(&fault_task);
    task.eip = LANDING_AT;
    task.cs = KCODE;
    task.esp = STACK1_AT;
    task.eflags = 2;
    fault_task.eip = (uint32_t)fault_task_entry;
    fault_task.cs = KCODE;
    fault_task.esp = (uint32_t)(fault_stack + sizeof fault_stack);
    fault_task.eflags = 2;
    task.ss = task.ds = task.es = task.fs = task.gs = KDATA;
    fault_task.ss = fault_task.ds = fault_task.es = fault_task.fs = fault_task.gs = KDATA;
}

void machine_reset(void)
{
    fill(gdt, 0, sizeof gdt);
    descriptor_set(KCODE, 0, 0xfffff, access_of(TYPE_CODE, 0, true) | 1, 12);
    descriptor_set(KDATA, 0, 0xfffff, access_of(TYPE_DATA, 0, true) | 1, 12);
    descriptor_set(SEL_TSS, (uint32_t)&tss, TSS_LIMIT, access_of(TYPE_TSS32, 0, true), 0);
    descriptor_set(SEL_FAULT_TSS, (uint32_t)&fault_task, 103, access_of(TYPE_TSS32, 0, true), 0);
    descriptor_set(SEL_TASK, (uint32_t)&task, 103, access_of(TYPE_TSS32, 3, true), 0);
    for (unsigned ring = 0; ring < 4; ring++) {
        descriptor_set(SEL_CODE + 8 * ring, 0, 0xfffff, access_of(TYPE_CODE, ring, true) | 1, 12);
        descriptor_set(SEL_DATA + 8 * ring, 0, 0xfffff, access_of(TYPE_DATA, ring, true) | 1, 12);
    }
    descriptor_set(SEL_CONFORMING, 0, 0xfffff, access_of(TYPE_CONFORMING, 0, true) | 1, 12);
    for (unsigned n = 0; n < VECTOR_TEST; n++) {
        idt_set(n, KCODE, (uint32_t)vector_entries + CODE_GAP * n,
                access_of(TYPE_INT32, n == VECTOR_LANDING ? 3 : 0, true));
    }
    idt_set(8, SEL_FAULT_TSS, 0, access_of(TYPE_TASK_GATE, 0, true));
    idt[VECTOR_TEST] = 0;
    tasks_reset();
    static const uint16_t USED[] = {CODE_AT + 0x200, DATA_AT + 0x200, STACK_AT,
                                    STACK0_AT,       STACK1_AT,       STACK2_AT};
    for (unsigned n = 0; n < ARRAY_COUNT(USED); n++) {
        fill((void *)(USED[n] - 0x200u), 0, 0x200);
    }
    for (uint32_t n = 0; n < 16; n++) {
        *(uint16_t *)(LANDING_AT + 2 * n) = 0x30cd; /* int 30h */
    }
    tables_load();
}

/* --- the outcome ----------------------------------------------------------------------------------------- */

/* What entry.asm and the processor push. */
struct frame {
    uint32_t gs, fs, es, ds, edi, esi, ebp, own_esp, ebx, edx, ecx, eax, vector, error, eip, cs,
        eflags, esp, ss, v86_es, v86_ds, v86_fs, v86_gs;
};

void outcome_take(const struct frame *f);
void outcome_of_task(uint32_t error);

void outcome_take(const struct frame *f)
{
    bool is_v86 = (f->eflags & FLAG_VM) != 0;
    uint16_t ss;
    __asm__("mov %%ss, %0" : "=r"(ss));
    outcome = (struct outcome){
        f->vector,         f->error,       f->cs & 0xffff, f->eip,         f->eflags,      ss,
        (uint32_t)&f->esp, f->ds & 0xffff, f->es & 0xffff, f->fs & 0xffff, f->gs & 0xffff, 0};
    if (is_v86) {
        outcome.ds = f->v86_ds & 0xffff;
        outcome.es = f->v86_es & 0xffff;
        outcome.fs = f->v86_fs & 0xffff;
        outcome.gs = f->v86_gs & 0xffff;
    }
    if (is_v86 || (f->cs & 3) != 0) {
        outcome.ss = f->ss & 0xffff;
        outcome.esp = f->esp;
    }
    __asm__("mov %%cr2, %0" : "=r"(outcome.cr2));
    outcome.cr2 = f->vector == 14 ? outcome.cr2 : 0;
}

/* The double fault's task: the attempt's registers are in its TSS, or in that it had switched to. */
void outcome_of_task(uint32_t error)
{
    const struct tss *t = (fault_task.link & 0xffff) == SEL_TASK ? &task : &tss;
    outcome = (struct outcome){8,
                               error,
                               t->cs & 0xffff,
                               t->eip,
                               t->eflags & ~0x10000u,
                               t->ss & 0xffff,
                               t->esp,
                               t->ds & 0xffff,
                               t->es & 0xffff,
                               t->fs & 0xffff,
                               t->gs & 0xffff,
                               0};
}

static uint32_t stack_hash(void)
{
    uint32_t hash = 0x811c9dc5u, at = outcome.esp;
    if ((outcome.eflags & FLAG_VM) != 0) {
        at = (outcome.ss << 4) + (at & 0xffff);
    }
    for (uint32_t n = 0; n < STACK_HASH && at >= CODE_AT && at + n < STACK2_AT; n++) {
        hash = (hash ^ *(const uint8_t *)(at + n)) * 0x01000193u;
    }
    return hash;
}

void attempt_and_print(const struct state *state, uint64_t key)
{
    attempt(state);
    print_hex(key, 16);
    print_field(" v=", outcome.vector, 2);
    print_field(" e=", outcome.error, 4);
    print_field(" cs=", outcome.cs, 4);
    print_field(" ip=", outcome.eip, 8);
    print_field(" f=", outcome.eflags, 8);
    print_field(" ss=", outcome.ss, 4);
    print_field(" sp=", outcome.esp, 8);
    print_field(" ds=", outcome.ds, 4);
    print_field(" es=", outcome.es, 4);
    print_field(" fs=", outcome.fs, 4);
    print_field(" gs=", outcome.gs, 4);
    print_field(" s=", stack_hash(), 8);
    print_field(" a=", (uint32_t)(gdt[SLOT_GATE / 8] >> 40) & 0xff, 2);
    print_hex(gdt[SLOT_TARGET / 8] >> 40, 2);
    print_hex(gdt[SLOT_STACK / 8] >> 40, 2);
    print_hex(gdt[SEL_TASK / 8] >> 40, 2);
    print_field(" cr2=", outcome.cr2, 8);
    print("\n");
}

/* --- states ---------------------------------------------------------------------------------------------- */

struct state state_of_ring(unsigned cpl)
{
    return (struct state){
        .eip = CODE_AT,
        .cs = (cpl == 0 ? (unsigned)KCODE : SEL_CODE + 8 * cpl) | cpl,
        .eflags = 2 | FLAG_IF,
        .esp = STACK_AT,
        .ss = (cpl == 0 ? (unsigned)KDATA : SEL_DATA + 8 * cpl) | cpl,
        .es = SEL_DATA + 8 + 1,
        .ds = SEL_DATA + 24 + 3,
        .fs = SEL_DATA + 16 + 2,
        .gs = SEL_CONFORMING,
        .eax = 0xa1a2a3a4,
        .ebx = DATA_AT,
        .ecx = 0xc1c2c3c4,
        .edx = 0xd1d2d3d4,
    };
}

struct state state_of_v86(uint32_t flags)
{
    struct state s = state_of_ring(0);
    s.cs = s.ds = s.es = s.fs = s.gs = s.ss = 0;
    s.eflags = 2 | FLAG_VM | flags;
    return s;
}

void code_begin(void)
{
    code_at = CODE_AT;
}
void code_put(uint32_t value, unsigned bytes)
{
    for (unsigned n = 0; n < bytes; n++) {
        *(uint8_t *)code_at++ = (uint8_t)(value >> 8 * n);
    }
    *(uint16_t *)code_at = 0x30cd; /* the landing's, behind it */
}

void stack_set(struct state *state, unsigned bytes, unsigned count, const uint32_t *values)
{
    state->esp -= bytes * count;
    for (unsigned n = 0; n < count; n++) {
        for (unsigned k = 0; k < bytes; k++) {
            *(uint8_t *)(state->esp + bytes * n + k) = (uint8_t)(values[n] >> 8 * k);
        }
    }
}

/* --- the run --------------------------------------------------------------------------------------------- */

static _Noreturn void power_off(void)
{
    group("end");
    out8(0xf4, 0x10);
    for (const char *p = "Shutdown"; *p != '\0'; p++) {
        __asm__ volatile("outb %b0, %w1" ::"a"(*p), "d"(0x8900));
    }
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}

void lab_main(uint32_t magic, const void *information);
void lab_main(uint32_t magic, const void *information)
{
    (void)magic;
    (void)information;
    out8(0x21, 0xff); /* both interrupt controllers: all masked */
    out8(0xa1, 0xff);
    gates_run();
    returns_run();
    interrupts_run();
    segments_run();
    v86_run();
    priority_run();
    power_off();
}

/* A small guest for tests of the CPU: see cpu_guest.h. */
#include "tests/unit/cpu_guest.h"

void gdt_set(struct cpu_box *box, unsigned selector, uint32_t base, uint32_t limit,
             uint32_t attributes)
{
    uint32_t at = GDT + (selector & ~7u);
    cpu_box_poke32(box, at, (base << 16) | (limit & 0xffff));
    cpu_box_poke32(box, at + 4,
                   (base & 0xff000000u) | (base >> 16 & 0xff) | (limit & 0xf0000) |
                       (attributes & 0xff) << 8 | (attributes & 0xf00) << 12);
}

void gate_set(struct cpu_box *box, uint32_t at, unsigned selector, uint32_t offset,
              uint32_t attributes)
{
    cpu_box_poke32(box, at, (uint32_t)selector << 16 | (offset & 0xffff));
    cpu_box_poke32(box, at + 4, (offset & 0xffff0000u) | attributes << 8);
}

void cpu_guest_init_model(struct cpu_box *box, const char *model)
{
    struct cpu_registers r;
    cpu_box_init(box, model, PAGES);
    gdt_set(box, SEL_CODE0, 0, 0xfffff, 0xc9b);
    gdt_set(box, SEL_DATA0, 0, 0xfffff, 0xc93);
    gdt_set(box, SEL_CODE3, 0, 0xfffff, 0xcfb);
    gdt_set(box, SEL_DATA3, 0, 0xfffff, 0xcf3);
    gdt_set(box, SEL_TSS, TSS, 0x67, 0x08b);
    gdt_set(box, SEL_TSS2, TSS2, 0x67, 0x089);
    gdt_set(box, SEL_ABSENT, 0, 0xfffff, 0xc13);
    gdt_set(box, SEL_READONLY, 0, 0xfff, 0x491);
    gdt_set(box, SEL_CONFORMING, 0, 0xfffff, 0xc9e);
    gdt_set(box, SEL_CODE16, 0, 0xffff, 0x09b);
    gate_set(box, GDT + SEL_TASKGATE, SEL_TSS2, 0, 0xe5);
    for (unsigned v = 0; v < 32; v++) {
        gate_set(box, IDT + 8 * v, SEL_CODE0, HANDLERS + 16 * v, 0x8e);
        cpu_box_poke(box, HANDLERS + 16 * v, "\xf4", 1);
    }
    cpu_box_poke32(box, TSS + 4, STACK0);
    cpu_box_poke32(box, TSS + 8, SEL_DATA0);
    cpu_get_registers(box->cpu, &r);
    r.gdtr.base = GDT;
    r.gdtr.limit = 0x7f;
    r.idtr.base = IDT;
    r.idtr.limit = 32 * 8 - 1;
    r.tr = (struct cpu_segment){TSS, 0x67, SEL_TSS, 0x08b};
    r.ldtr = (struct cpu_segment){0};
    r.cr0 = 0x11;
    r.ip = CODE;
    r.gpr[CPU_SP] = STACK0;
    for (unsigned n = 0; n < 6; n++) {
        r.segment[n] = (struct cpu_segment){0, 0xffffffffu, SEL_DATA0, 0xc93};
    }
    r.segment[CPU_CS] = (struct cpu_segment){0, 0xffffffffu, SEL_CODE0, 0xc9b};
    cpu_set_registers(box->cpu, &r);
}

void cpu_guest_init(struct cpu_box *box)
{
    cpu_guest_init_model(box, NULL);
}

void cpu_guest_ring3(struct cpu_box *box)
{
    struct cpu_registers r;
    cpu_get_registers(box->cpu, &r);
    for (unsigned n = 0; n < 6; n++) {
        r.segment[n] = (struct cpu_segment){0, 0xffffffffu, SEL_DATA3, 0xcf3};
    }
    r.segment[CPU_CS] = (struct cpu_segment){0, 0xffffffffu, SEL_CODE3, 0xcfb};
    r.gpr[CPU_SP] = STACK3;
    cpu_set_registers(box->cpu, &r);
}

void cpu_guest_paged(struct cpu_box *box, uint32_t directory, uint32_t table)
{
    enum { PRESENT_WRITABLE = 3 };
    struct cpu_registers r;
    cpu_box_poke32(box, directory, table | PRESENT_WRITABLE);
    for (uint32_t n = 0; n < PAGES; n++)
        cpu_box_poke32(box, table + 4 * n, n << 12 | PRESENT_WRITABLE);
    cpu_get_registers(box->cpu, &r);
    r.cr3 = directory;
    r.cr0 |= 0x80000000u;
    cpu_set_registers(box->cpu, &r);
}

void cpu_guest_v86(struct cpu_box *box, unsigned iopl)
{
    struct cpu_registers r;
    cpu_get_registers(box->cpu, &r);
    for (unsigned n = 0; n < 6; n++) {
        r.segment[n] = (struct cpu_segment){0, 0xffff, 0, 0xf3};
    }
    r.segment[CPU_CS].selector = CODE >> 4;
    r.segment[CPU_CS].base = CODE;
    r.ip = 0;
    r.gpr[CPU_SP] = STACK3;
    r.flags = 2u | 1u << 17 | 0x200u | iopl << 12;
    cpu_set_registers(box->cpu, &r);
}

struct cpu_registers cpu_guest_run(struct cpu_box *box, const char *code, size_t length)
{
    struct cpu_registers r;
    cpu_box_poke(box, CODE, code, length);
    cpu_box_run(box, 1000);
    cpu_get_registers(box->cpu, &r);
    return r;
}

int stopped_vector(const struct cpu_registers *r)
{
    uint64_t at = r->ip - 1;
    return at >= HANDLERS && at < HANDLERS + 512 && at % 16 == 0 ? (int)((at - HANDLERS) / 16) : -1;
}
uint32_t stack_word(const struct cpu_box *box, const struct cpu_registers *r, unsigned n)
{
    return cpu_box_peek32(box, r->gpr[CPU_SP] + 4 * n);
}

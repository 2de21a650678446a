/* interrupts.c: the interrupt descriptor table and the way from a vector to a handler.
 *
 * Specification: Intel SDM vol. 3, §6.10-6.12 (IDT, gate descriptors), Table 6-1 (exceptions).
 * Vectors 0-31 belong to the CPU; the two 8259A are programmed to use 32-47 (pic.c). */
#include "lab/interrupts.h"

#include "lab/io.h"
#include "lab/pic.h"
#include "lab/power.h"
#include "lab/print.h"

enum { VECTOR_COUNT = 49, FIRST_IRQ_VECTOR = 32, CODE_SELECTOR = 0x08 };

/* An interrupt gate: present, ring 0, 32-bit; clears IF on the way in (SDM vol. 3, Figure 6-2). */
enum { GATE_INTERRUPT_32 = 0x8E };

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t reserved;
    uint8_t type;
    uint16_t offset_high;
} __attribute__((packed));

struct idt_pointer {
    uint16_t limit;
    uint32_t base;
} __attribute__((packed));

extern const uint32_t vector_entries[VECTOR_COUNT]; /* vectors.asm */

static struct gate idt[VECTOR_COUNT];
static void (*irq_handlers[16])(void);
static void (*upcall_handler)(void);

void interrupts_init(void)
{
    struct idt_pointer pointer = { sizeof idt - 1, (uint32_t)(uintptr_t)idt };

    for (unsigned vector = 0; vector < VECTOR_COUNT; vector++) {
        uint32_t entry = vector_entries[vector];
        idt[vector] = (struct gate){
            .offset_low = (uint16_t)(entry & 0xFFFF),
            .selector = CODE_SELECTOR,
            .type = GATE_INTERRUPT_32,
            .offset_high = (uint16_t)(entry >> 16),
        };
    }
    __asm__ volatile("lidt %0" : : "m"(pointer));
    pic_init(FIRST_IRQ_VECTOR);
}

void interrupts_attach(unsigned line, void (*handler)(void))
{
    irq_handlers[line & 15] = handler;
    pic_unmask(line & 15);
}

void interrupts_detach(unsigned line)
{
    pic_mask(line & 15);
    irq_handlers[line & 15] = 0;
}

void interrupts_on_upcall(void (*handler)(void))
{
    upcall_handler = handler;
}

static void report_exception(const struct interrupt_frame *frame)
{
    print("\nexception %u error=%08x at %04x:%08x eflags=%08x\n", frame->vector,
          frame->error_code, frame->cs, frame->eip, frame->eflags);
    print("eax=%08x ebx=%08x ecx=%08x edx=%08x esi=%08x edi=%08x ebp=%08x\n", frame->eax,
          frame->ebx, frame->ecx, frame->edx, frame->esi, frame->edi, frame->ebp);
    power_off();
}

void interrupt_dispatch(const struct interrupt_frame *frame)
{
    unsigned line = frame->vector - FIRST_IRQ_VECTOR;

    if (frame->vector < FIRST_IRQ_VECTOR) {
        report_exception(frame);
        return;
    }
    io_counts.interrupts++;
    if (frame->vector == UPCALL_VECTOR) {
        if (upcall_handler)
            upcall_handler();
        return; /* no 8259 has asked: there is none to be told */
    }
    if (pic_is_spurious(line))
        return;
    if (irq_handlers[line])
        irq_handlers[line]();
    pic_end_of_interrupt(line);
}

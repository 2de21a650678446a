/* interrupts.h: the interrupt descriptor table, and handlers for the 16 interrupt lines. */
#ifndef LAB_INTERRUPTS_H
#define LAB_INTERRUPTS_H

#include <stdbool.h>
#include <stdint.h>

/* What vectors.asm leaves on the stack, lowest address first. */
struct interrupt_frame {
    uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax; /* PUSHAD */
    uint32_t vector, error_code;                     /* vectors.asm */
    uint32_t eip, cs, eflags;                        /* the CPU */
};

/* Fills and loads the IDT, programs the two 8259A and leaves all lines masked, interrupts off. */
void interrupts_init(void);

/* Calls `handler` whenever line 0-15 interrupts, and unmasks the line. The handler runs with
 * interrupts off; the end-of-interrupt command is sent after it. */
void interrupts_attach(unsigned line, void (*handler)(void));
void interrupts_detach(unsigned line);

/* The vector behind the lines': a hypervisor's, for which no 8259 wants an end of interrupt. */
enum { UPCALL_VECTOR = 48 };
void interrupts_on_upcall(void (*handler)(void));

void interrupt_dispatch(const struct interrupt_frame *frame);

#endif

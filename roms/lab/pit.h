/* pit.h: time. Counter 0 of the 8254 interrupts 100 times a second through IRQ 0. */
#ifndef LAB_PIT_H
#define LAB_PIT_H

#include <stdbool.h>
#include <stdint.h>

enum { PIT_TICKS_PER_SECOND = 100 };

/* Who polls for something that may take seconds (a key, a frame) asks so many times, then sleeps until
 * the next tick: a log of all I/O would otherwise hold little else. */
enum { PIT_POLLS_PER_TICK = 64 };

/* Starts the ticks. Needs interrupts_init(). */
void pit_init(void);

/* Ticks since pit_init(). */
uint32_t pit_ticks(void);

/* Halts the CPU until so many ticks have passed. */
void pit_sleep(uint32_t ticks);

/* Halts the CPU until an interrupt handler has set *flag (true) or the ticks have passed (false). */
bool pit_wait_for(const volatile bool *flag, uint32_t ticks);

#endif

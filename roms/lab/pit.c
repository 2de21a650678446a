/* pit.c: the 8254 programmable interval timer as the labs' clock.
 *
 * Specification: Intel 8254 data sheet (231164, 1993): control word p.5-6, mode 2 p.12.
 * Clock: 105/88 MHz = 1.1931818 MHz; a reload value of 11932 gives 99.998 Hz.
 *
 *   OUT0  ‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾|_|‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾|_|‾‾    low for one clock: the rise raises IRQ 0
 *         11932 ......... 2 1 11932 ......... 2 1 11932                                      */
#include "lab/pit.h"

#include "lab/interrupts.h"
#include "lab/io.h"

enum {
    PIT_COUNTER_0 = 0x40,
    PIT_CONTROL = 0x43,
    PIT_COUNTER0_LSB_MSB_MODE2 = 0x34, /* SC=0, RW=3, M=2, binary */
    PIT_RELOAD = 11932,
    PIT_LINE = 0
};

static volatile uint32_t ticks_so_far;

static void count_tick(void)
{
    ticks_so_far++;
}

void pit_init(void)
{
    io_out8(PIT_CONTROL, PIT_COUNTER0_LSB_MSB_MODE2);
    io_out8(PIT_COUNTER_0, PIT_RELOAD & 0xFF);
    io_out8(PIT_COUNTER_0, PIT_RELOAD >> 8);
    interrupts_attach(PIT_LINE, count_tick);
}

uint32_t pit_ticks(void)
{
    return ticks_so_far;
}

void pit_sleep(uint32_t ticks)
{
    const volatile bool never = false;

    (void)pit_wait_for(&never, ticks);
}

bool pit_wait_for(const volatile bool *flag, uint32_t ticks)
{
    uint32_t start = ticks_so_far;
    bool is_set;

    cpu_disable_interrupts(); /* the question and the HLT must not be torn apart */
    while (!*flag && ticks_so_far - start < ticks) {
        cpu_enable_and_halt();
        cpu_disable_interrupts();
    }
    is_set = *flag;
    cpu_enable_interrupts();
    return is_set;
}

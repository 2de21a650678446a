/* transmit.c: a stream of full frames, as a TCP stack sends it, and how much of the time is left.
 *
 * For each frame the guest works for itself (work=) and loads CR3 once: its kernel goes from one process
 * to another. The card is loaded once, and one OUT sends the same frame again, as a card does that fetches
 * its frames by DMA. Who receives acknowledges every second frame; no more than a window of frames is
 * without its acknowledgement. Interrupts are taken as Linux 2.2 took them: mask, end, unmask.
 *
 *   guest   work for frame 2 ─ HLT ┐ work for frame 3 ─ HLT ┐
 *   card    frame 1 ───────────────┴ frame 2 ───────────────┴ frame 3 ...  by the interrupt */
#include "experiments/experiments.h"

#include "lab/hypercall.h"
#include "lab/interrupts.h"
#include "lab/io.h"
#include "lab/memory.h"
#include "lab/ne2000.h"
#include "lab/options.h"
#include "lab/pit.h"
#include "lab/print.h"

enum { NIC = 0x300, NIC_LINE = 5, CR = NIC, BNRY = NIC + 3, ISR = NIC + 7, CURR = NIC + 7, IMR = NIC + 15,
       CR_SEND = 0x26, CR_PAGE_0 = 0x22, CR_PAGE_1 = 0x62, PIC_DATA = 0x21, FIRST_PAGE = 0x46, LAST_PAGE = 0x7F, PAGES = LAST_PAGE + 1 - FIRST_PAGE };
enum { FRAMES_BEFORE = 200, FRAMES_ACKNOWLEDGED = 2, WINDOW = 32 };

static uint8_t frame[ETHERNET_MAX_BYTES];
static volatile bool is_sent, is_ready; /* the card is free; a frame waits for it */
static volatile uint32_t in_flight;     /* sent, and not acknowledged */
static uint32_t halted, woken; /* time stamps: in HLT altogether, and when the card interrupted last */
static uint8_t boundary, lines_masked;

static uint32_t time_stamp(void)
{
    uint32_t low;

    __asm__ volatile("rdtsc" : "=a"(low) : : "edx");
    return low;
}

/* Hands the frame that is ready to the card, if that is free and the window open. */
static void kick(void)
{
    if (!is_ready || !is_sent || in_flight >= WINDOW)
        return;
    is_ready = is_sent = false;
    in_flight++;
    io_out8(CR, CR_SEND);
}

/* An acknowledgement takes one page of the card's memory, which is given back unread. */
static void take_acknowledgements(uint32_t count)
{
    uint32_t frames = count * FRAMES_ACKNOWLEDGED;

    if (count == 0)
        return;
    in_flight -= in_flight < frames ? in_flight : frames;
    boundary = (uint8_t)(FIRST_PAGE + (boundary - FIRST_PAGE + count) % PAGES);
    io_out8(BNRY, boundary);
}

/* How many the card holds. A card with its descriptors in memory shows that without a port; this one has it
 * looked up at the timer's ticks only, for those that came with the interrupt of another. */
static uint32_t acknowledgements(void)
{
    uint32_t next;

    io_out8(CR, CR_PAGE_1);
    next = io_in8(CURR);
    io_out8(CR, CR_PAGE_0);
    return (next - 1 - boundary + PAGES) % PAGES;
}

static void serve_card(bool is_tick)
{
    uint32_t held = is_tick ? acknowledgements() : 0;
    uint8_t causes = io_in8(ISR);

    io_out8(ISR, causes);
    if (causes & NE2000_PTX)
        is_sent = true;
    take_acknowledgements(is_tick ? held : (causes & NE2000_PRX) != 0);
    kick();
}

/* As Linux 2.2 does with any line; the dispatcher's EOI is the one in the middle. */
static void on_interrupt(void)
{
    woken = time_stamp();
    io_out8(PIC_DATA, (uint8_t)(lines_masked | 1u << NIC_LINE));
    serve_card(false);
    io_out8(PIC_DATA, lines_masked);
}

/* One frame is ready; waits until the card has it and the next can be made. Idle is from HLT to the next
 * hardware interrupt. */
static void send(void)
{
    static uint32_t ticks;

    cpu_disable_interrupts();
    is_ready = true;
    kick();
    while (is_ready) {
        uint32_t start = time_stamp();

        woken = 0;
        cpu_enable_and_halt();
        cpu_disable_interrupts();
        halted += (woken ? woken : time_stamp()) - start;
        if (ticks != pit_ticks())
            serve_card(true);
        ticks = pit_ticks();
    }
    cpu_enable_interrupts();
}

/* Sends the frame for the first time, the long way, and sees it off. */
static bool load_frame(void)
{
    static const uint8_t receiver[MAC_BYTES] = { 0x52, 0x54, 0x00, 0x56, 0x54, 0xFE };
    struct ne2000 nic;

    if (!ne2000_reset(&nic, NIC, NIC_LINE))
        return false;
    ne2000_start(&nic);
    boundary = FIRST_PAGE;
    memcpy(frame, receiver, MAC_BYTES);
    memcpy(frame + MAC_BYTES, nic.mac, MAC_BYTES);
    ne2000_send(&nic, frame, sizeof frame);
    is_sent = ne2000_poll(&nic, NE2000_PTX, 100);
    interrupts_attach(NIC_LINE, on_interrupt);
    lines_masked = io_in8(PIC_DATA);
    io_out8(IMR, NE2000_PTX | NE2000_PRX);
    return is_sent;
}

static void work(uint32_t instructions)
{
    uint32_t turns = instructions / 2; /* two instructions each */

    __asm__ volatile("1: decl %0; jnz 1b" : "+r"(turns));
    __asm__ volatile("movl %%cr3, %%eax; movl %%eax, %%cr3" : : : "eax", "memory");
}

void experiment_transmit(void)
{
    uint32_t frames = options_number("frames", 1000), instructions = options_number("work", 14300);
    uint32_t start = 0, idle = 0;
    bool is_native = options_number("native", 0); /* nobody is there to be called */

    if (!load_frame()) {
        print("transmit: FAILED, no card at %xh\n", NIC);
        return;
    }
    for (uint32_t n = 0; n < frames + FRAMES_BEFORE; n++) {
        if (n == FRAMES_BEFORE) { /* it runs steadily */
            start = time_stamp();
            idle = halted;
            if (!is_native)
                measure_mark();
        }
        work(instructions);
        send();
    }
    if (!is_native)
        measure_mark();
    print("transmit: ok frames=%u cycles=%u idle=%u\n", frames, time_stamp() - start, halted - idle);
}

/* pic.c: programs the two 8259A, master at 20h and slave at A0h on the master's line 2.
 *
 * Specification: Intel 8259A data sheet (231468, 1988): initialization command words p.10-13,
 * operation command words p.13-15, poll and read of ISR p.16. */
#include "lab/pic.h"

#include "lab/io.h"

enum { MASTER_COMMAND = 0x20, MASTER_DATA = 0x21, SLAVE_COMMAND = 0xA0, SLAVE_DATA = 0xA1 };

enum {
    ICW1_INIT_WITH_ICW4 = 0x11, /* edge triggered, cascaded, ICW4 follows */
    ICW4_8086_MODE = 0x01,
    OCW2_NON_SPECIFIC_EOI = 0x20,
    OCW3_READ_ISR = 0x0B,
    CASCADE_LINE = 2
};

/* The ticks of the timer cost accesses, too, which say nothing about a device: counted apart. */
static void pic_out(uint16_t port, uint8_t value)
{
    io_counts.interrupt_controller++;
    io_out8(port, value);
}

static uint8_t pic_in(uint16_t port)
{
    io_counts.interrupt_controller++;
    return io_in8(port);
}

void pic_init(unsigned first_vector)
{
    pic_out(MASTER_COMMAND, ICW1_INIT_WITH_ICW4);
    pic_out(MASTER_DATA, (uint8_t)first_vector);      /* ICW2: vector of line 0 */
    pic_out(MASTER_DATA, 1 << CASCADE_LINE);          /* ICW3: a slave hangs on line 2 */
    pic_out(MASTER_DATA, ICW4_8086_MODE);

    pic_out(SLAVE_COMMAND, ICW1_INIT_WITH_ICW4);
    pic_out(SLAVE_DATA, (uint8_t)(first_vector + 8)); /* ICW2: vector of line 8 */
    pic_out(SLAVE_DATA, CASCADE_LINE);                /* ICW3: the slave's own number */
    pic_out(SLAVE_DATA, ICW4_8086_MODE);

    pic_out(MASTER_DATA, 0xFF & ~(1 << CASCADE_LINE)); /* OCW1: a set bit masks a line */
    pic_out(SLAVE_DATA, 0xFF);
}

void pic_mask(unsigned line)
{
    uint16_t port = line < 8 ? MASTER_DATA : SLAVE_DATA;

    pic_out(port, (uint8_t)(pic_in(port) | (1u << (line & 7))));
}

void pic_unmask(unsigned line)
{
    uint16_t port = line < 8 ? MASTER_DATA : SLAVE_DATA;

    pic_out(port, (uint8_t)(pic_in(port) & ~(1u << (line & 7))));
}

void pic_end_of_interrupt(unsigned line)
{
    if (line >= 8)
        pic_out(SLAVE_COMMAND, OCW2_NON_SPECIFIC_EOI);
    pic_out(MASTER_COMMAND, OCW2_NON_SPECIFIC_EOI);
}

bool pic_is_spurious(unsigned line)
{
    uint16_t port = line < 8 ? MASTER_COMMAND : SLAVE_COMMAND;

    if (line != 7 && line != 15)
        return false;
    pic_out(port, OCW3_READ_ISR);
    if (pic_in(port) & 0x80)
        return false;
    if (line == 15) /* for the master, the slave's request was a real one */
        pic_out(MASTER_COMMAND, OCW2_NON_SPECIFIC_EOI);
    return true;
}

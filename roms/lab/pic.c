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

void pic_init(unsigned first_vector)
{
    io_out8(MASTER_COMMAND, ICW1_INIT_WITH_ICW4);
    io_out8(MASTER_DATA, (uint8_t)first_vector);      /* ICW2: vector of line 0 */
    io_out8(MASTER_DATA, 1 << CASCADE_LINE);          /* ICW3: a slave hangs on line 2 */
    io_out8(MASTER_DATA, ICW4_8086_MODE);

    io_out8(SLAVE_COMMAND, ICW1_INIT_WITH_ICW4);
    io_out8(SLAVE_DATA, (uint8_t)(first_vector + 8)); /* ICW2: vector of line 8 */
    io_out8(SLAVE_DATA, CASCADE_LINE);                /* ICW3: the slave's own number */
    io_out8(SLAVE_DATA, ICW4_8086_MODE);

    io_out8(MASTER_DATA, 0xFF & ~(1 << CASCADE_LINE)); /* OCW1: a set bit masks a line */
    io_out8(SLAVE_DATA, 0xFF);
}

void pic_mask(unsigned line)
{
    uint16_t port = line < 8 ? MASTER_DATA : SLAVE_DATA;

    io_out8(port, (uint8_t)(io_in8(port) | (1u << (line & 7))));
}

void pic_unmask(unsigned line)
{
    uint16_t port = line < 8 ? MASTER_DATA : SLAVE_DATA;

    io_out8(port, (uint8_t)(io_in8(port) & ~(1u << (line & 7))));
}

void pic_end_of_interrupt(unsigned line)
{
    if (line >= 8)
        io_out8(SLAVE_COMMAND, OCW2_NON_SPECIFIC_EOI);
    io_out8(MASTER_COMMAND, OCW2_NON_SPECIFIC_EOI);
}

bool pic_is_spurious(unsigned line)
{
    uint16_t port = line < 8 ? MASTER_COMMAND : SLAVE_COMMAND;

    if (line != 7 && line != 15)
        return false;
    io_out8(port, OCW3_READ_ISR);
    if (io_in8(port) & 0x80)
        return false;
    if (line == 15) /* for the master, the slave's request was a real one */
        io_out8(MASTER_COMMAND, OCW2_NON_SPECIFIC_EOI);
    return true;
}

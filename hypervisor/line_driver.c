#include "hypervisor/line_driver.h"

#include "bus/door.h"

/* PC16550D, table II. */
#define COM1      0x3F8u
#define RBR_THR   (COM1 + 0u)
#define IER       (COM1 + 1u)
#define IIR_FCR   (COM1 + 2u)
#define LCR       (COM1 + 3u)
#define MCR       (COM1 + 4u)
#define LSR       (COM1 + 5u)
#define MSR       (COM1 + 6u)
#define IER_DATA  0x03u /* received data, transmitter empty */
#define IIR_NONE  0x01u
#define IIR_WHAT  0x0Eu
#define IIR_THRE  0x02u
#define FCR_START 0x07u /* FIFOs on and empty, a byte interrupts */
#define LCR_8N1   0x03u
#define LCR_DLAB  0x80u
#define MCR_ON    0x0Bu /* DTR, RTS, OUT2: the adapter's gate to the interrupt */
#define LSR_DATA  0x01u
#define CAUSES    8u /* of interrupts, at one look */
/* PC/AT, parallel adapter. */
#define LPT1              0x378u
#define LPT_DATA          (LPT1 + 0u)
#define LPT_CONTROL       (LPT1 + 2u)
#define LPT_QUIET         0x0Cu /* INIT, SLIN: selected, initialised */
#define LPT_IRQEN         0x10u
#define LPT_STROBE        0x01u
#define LPT_STATUS_OFFSET 1u

/* --- COM1 --------------------------------------------------------------------------------------------- */

static void serial_start(struct vmm *vmm)
{
    host_outb(vmm, LCR, LCR_DLAB | LCR_8N1);
    host_outb(vmm, RBR_THR, 1); /* 115,200 baud */
    host_outb(vmm, IER, 0);
    host_outb(vmm, LCR, LCR_8N1);
    host_outb(vmm, IIR_FCR, FCR_START);
    host_outb(vmm, MCR, MCR_ON);
    host_outb(vmm, IER, IER_DATA);
}

static void serial_stop(struct vmm *vmm)
{
    host_outb(vmm, LCR, LCR_8N1);
    host_outb(vmm, IER, 0);
    host_outb(vmm, MCR, 0);
}

static void serial_send(struct vmm *vmm, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        host_outb(vmm, RBR_THR, bytes[i]);
}

static size_t serial_serve(struct vmm *vmm, uint8_t *bytes, bool *is_sent)
{
    size_t count = 0;
    for (unsigned i = 0; i < CAUSES; i++) {
        uint8_t cause = host_inb(vmm, IIR_FCR);
        if (cause & IIR_NONE)
            break;
        if ((cause & IIR_WHAT) == IIR_THRE)
            *is_sent = true;
        else
            host_inb(vmm, MSR);
        while (count < LINE_BURST && (host_inb(vmm, LSR) & LSR_DATA))
            bytes[count++] = host_inb(vmm, RBR_THR);
    }
    return count;
}

static bool serial_is_served(const struct access *access, unsigned offset)
{
    return !access->is_write && offset == IIR_FCR - COM1 && (access->value & IIR_NONE);
}

/* --- LPT1 --------------------------------------------------------------------------------------------- */

static void printer_start(struct vmm *vmm)
{
    host_outb(vmm, LPT_CONTROL, LPT_QUIET | LPT_IRQEN);
}

static void printer_stop(struct vmm *vmm)
{
    host_outb(vmm, LPT_CONTROL, LPT_QUIET);
}

/* One byte; the end of its acknowledge pulse interrupts. */
static void printer_send(struct vmm *vmm, const uint8_t *bytes, size_t count)
{
    (void)count;
    host_outb(vmm, LPT_DATA, *bytes);
    host_outb(vmm, LPT_CONTROL, LPT_QUIET | LPT_IRQEN | LPT_STROBE);
    host_outb(vmm, LPT_CONTROL, LPT_QUIET | LPT_IRQEN);
}

static size_t printer_serve(struct vmm *vmm, uint8_t *bytes, bool *is_sent)
{
    (void)vmm;
    (void)bytes;
    *is_sent = true;
    return 0;
}

static bool printer_is_served(const struct access *access, unsigned offset)
{
    return !access->is_write && offset == LPT_STATUS_OFFSET;
}

const struct line_driver_type LINE_DRIVERS[LAB_LINES] = {
    [LINE_SERIAL] = {"COM1", "com1", COM1, 8, 4, LINE_BURST, serial_start,  serial_stop,  serial_send,
                     serial_serve,  serial_is_served },
    [LINE_PRINTER] = {"LPT1", "lpt1", LPT1, 3, 7, 1,          printer_start, printer_stop, printer_send,
                     printer_serve, printer_is_served},
};

/* National Semiconductor 16550A: an asynchronous receiver/transmitter with FIFOs.
 *
 * Specification: PC16550D data sheet, TL/C/8652, June 1995 ("PC16550D"). OUT2 gates the interrupt on
 * the PC's adapter (IBM PC/AT Technical Reference, September 1985, Serial/Parallel Adapter).
 * Missing: sending breaks, parity and framing errors (the wire is perfect), the
 * frame format of what it sends, DMA signalling pins.
 * Clock: 1.8432 MHz / 16 / divisor = baud. Output: irq.
 *
 * With the option pace off a byte leaves at the moment it is written: THR is empty again at once, but
 * the THRE interrupt follows the data sheet (a write clears it, emptiness sets it). With pace on a
 * character takes its bits' time, both ways. */
#include <stdio.h>
#include <string.h>

#include "bus/chardev.h"
#include "devices/types.h"

#define FIFO_BYTES 16u
#define HANG_UP_NS UINT64_C(50000000) /* S25 of a Hayes modem: five hundredths of a second */

enum { IER_ERBFI = 1, IER_ETBEI = 2, IER_ELSI = 4, IER_EDSSI = 8 };
enum { IIR_NONE = 0x01, IIR_MSR = 0x00, IIR_THRE = 0x02, IIR_RDA = 0x04, IIR_RLS = 0x06,
       IIR_CTI = 0x0C, IIR_FIFOS = 0xC0 };
enum { FCR_ENABLE = 0x01, FCR_RX_RESET = 0x02, FCR_TX_RESET = 0x04 };
enum { LCR_STB = 0x04, LCR_PEN = 0x08, LCR_BREAK = 0x40, LCR_DLAB = 0x80 };
enum { MCR_DTR = 1, MCR_RTS = 2, MCR_OUT1 = 4, MCR_OUT2 = 8, MCR_LOOP = 16 };
enum { LSR_DR = 0x01, LSR_OE = 0x02, LSR_BI = 0x10, LSR_ERRORS = 0x1E, LSR_THRE = 0x20,
       LSR_TEMT = 0x40 };
enum { MSR_TERI = 0x04, MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80 };

struct uart {
    struct device device;
    uint8_t ier, fcr, lcr, mcr, msr, scr;
    uint8_t errors;       /* OE and BI of LSR, until it is read */
    uint8_t dll, dlm;
    uint8_t rx[FIFO_BYTES], tx[FIFO_BYTES];
    uint8_t rx_count, tx_count; /* oldest first */
    uint16_t rx_breaks;   /* bit n: rx[n] is a break that the LSR has not shown */
    uint8_t shift;        /* the transmitter's shift register, pace on */
    bool is_shifting;
    bool thre_pending;    /* the THRE interrupt was not yet identified */
    bool has_timed_out;   /* character timeout indication */
    uint8_t modem_in;     /* CTS, DSR, RI, DCD of the other side, where MSR has them */
    uint8_t modem_out;    /* DTR and RTS as the other side knows them */
    struct event timeout, transmitted, received, hang_up;
    struct irq_line irq;
    struct chardev *chardev;
    bool is_paced;
    uint64_t clock_hz;
};

static const struct state_field STATE[] = {
    STATE_ONE(struct uart, ier),
    STATE_ONE(struct uart, fcr),
    STATE_ONE(struct uart, lcr),
    STATE_ONE(struct uart, mcr),
    STATE_ONE(struct uart, msr),
    STATE_ONE(struct uart, scr),
    STATE_ONE(struct uart, errors),
    STATE_ONE(struct uart, dll),
    STATE_ONE(struct uart, dlm),
    STATE_ARRAY(struct uart, rx),
    STATE_ARRAY(struct uart, tx),
    STATE_ONE(struct uart, rx_count),
    STATE_ONE(struct uart, tx_count),
    STATE_ONE_SINCE(2, struct uart, rx_breaks),
    STATE_ONE(struct uart, shift),
    STATE_ONE(struct uart, is_shifting),
    STATE_ONE(struct uart, thre_pending),
    STATE_ONE(struct uart, has_timed_out),
    STATE_TIMER(struct uart, timeout),
    STATE_TIMER(struct uart, transmitted),
    STATE_TIMER(struct uart, received),
    STATE_ONE_SINCE(3, struct uart, modem_in),
    STATE_ONE_SINCE(3, struct uart, modem_out),
    {"hang_up", STATE_EVENT, 3, offsetof(struct uart, hang_up), sizeof(struct event), 1, NULL, 0},
    STATE_STRUCT(struct uart, irq, IRQ_LINE_STATE),
    STATE_REBUILT(struct uart, chardev),
    STATE_REBUILT(struct uart, is_paced),
    STATE_REBUILT(struct uart, clock_hz),
    STATE_TABLE_END,
};

/* --- interrupts ---------------------------------------------------------------------------------- */

static unsigned rx_capacity(const struct uart *uart)
{
    return uart->fcr & FCR_ENABLE ? FIFO_BYTES : 1;
}

static unsigned rx_trigger(const struct uart *uart)
{
    static const uint8_t LEVELS[] = {1, 4, 8, 14};
    return uart->fcr & FCR_ENABLE ? LEVELS[uart->fcr >> 6] : 1;
}

/* The most urgent interrupt (PC16550D table IV): line status, data, timeout, THRE, modem status. */
static uint8_t identification(const struct uart *uart)
{
    if ((uart->ier & IER_ELSI) && uart->errors)
        return IIR_RLS;
    if ((uart->ier & IER_ERBFI) && uart->rx_count >= rx_trigger(uart))
        return IIR_RDA;
    if ((uart->ier & IER_ERBFI) && uart->has_timed_out)
        return IIR_CTI;
    if ((uart->ier & IER_ETBEI) && uart->thre_pending)
        return IIR_THRE;
    if ((uart->ier & IER_EDSSI) && (uart->msr & 0x0F))
        return IIR_MSR;
    return IIR_NONE;
}

/* In loopback OUT2's pin is inactive, so that the adapter's gate is closed (PC16550D p.20). */
static void update(struct uart *uart)
{
    bool is_gated = (uart->mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2;
    irq_line_set(&uart->irq, is_gated && identification(uart) != IIR_NONE);
}

/* --- time ---------------------------------------------------------------------------------------- */

/* Start, data, parity and stop bits of one character. */
static unsigned character_bits(const struct uart *uart)
{
    return 1u + 5u + (uart->lcr & 3u) + (uart->lcr & LCR_PEN ? 1u : 0u) +
           (uart->lcr & LCR_STB ? 2u : 1u);
}

static uint64_t character_ns(const struct uart *uart)
{
    uint64_t divisor = (uint64_t)(uart->dll | uart->dlm << 8);
    if (divisor == 0)
        divisor = 1;
    return UINT64_C(16000000000) * divisor * character_bits(uart) / uart->clock_hz;
}

static void arm(struct uart *uart, struct event *event, unsigned characters)
{
    event_arm(event, clock_after_ns(uart->device.env->clock, characters * character_ns(uart)));
}

/* --- receiving ----------------------------------------------------------------------------------- */

/* PC16550D 8.4, BI: a break shows when its character is the next to be read. */
static void show_break(struct uart *uart)
{
    if (uart->rx_breaks & 1)
        uart->errors |= LSR_BI;
    uart->rx_breaks &= (uint16_t)~1u;
}

static void push_received(struct uart *uart, uint8_t byte, bool is_break)
{
    if (uart->rx_count >= rx_capacity(uart)) {
        /* PC16550D p.18: the FIFO keeps what it has; without FIFOs the new byte wins. */
        uart->errors |= LSR_OE;
        if (!(uart->fcr & FCR_ENABLE)) {
            uart->rx[0] = byte;
            uart->rx_breaks = is_break;
        }
    } else {
        uart->rx_breaks |= (uint16_t)(is_break << uart->rx_count);
        uart->rx[uart->rx_count++] = byte;
    }
    show_break(uart);
    uart->has_timed_out = false;
    if (uart->fcr & FCR_ENABLE)
        arm(uart, &uart->timeout, 4); /* PC16550D p.22: four character times without an access */
}

static void timed_out(void *self)
{
    struct uart *uart = self;
    uart->has_timed_out = uart->rx_count > 0;
    update(uart);
}

static size_t back_end_room(void *self)
{
    struct uart *uart = self;
    size_t room = rx_capacity(uart) - uart->rx_count;
    if (uart->mcr & MCR_LOOP)
        return 0;
    if (uart->is_paced)
        return room && !event_is_armed(&uart->received) ? 1 : 0;
    return room;
}

static void back_end_receive(void *self, const uint8_t *bytes, size_t count)
{
    struct uart *uart = self;
    for (size_t i = 0; i < count; i++)
        push_received(uart, bytes[i], false);
    if (uart->is_paced && count)
        arm(uart, &uart->received, 1);
    update(uart);
}

/* There is room: last thing in an access, as the back-end may answer at once. */
static void tell_ready(struct uart *uart)
{
    if (uart->chardev && uart->chardev->ready && back_end_room(uart) > 0)
        uart->chardev->ready(uart->chardev);
}

static void received(void *self)
{
    tell_ready(self);
}

/* --- transmitting ---------------------------------------------------------------------------------- */

static void send(struct uart *uart, uint8_t byte)
{
    byte &= (uint8_t)(0xFFu >> (3 - (uart->lcr & 3)));
    if (uart->mcr & MCR_LOOP)
        push_received(uart, byte, false);
    else if (uart->chardev)
        uart->chardev->write(uart->chardev, &byte, 1);
}

/* The shift register takes the next byte; the last one leaves the holding register empty. */
static void start_shifting(struct uart *uart)
{
    uart->shift = uart->tx[0];
    memmove(uart->tx, uart->tx + 1, FIFO_BYTES - 1);
    uart->is_shifting = true;
    if (--uart->tx_count == 0)
        uart->thre_pending = true;
    arm(uart, &uart->transmitted, 1);
}

static void transmitted(void *self)
{
    struct uart *uart = self;
    if (!(uart->mcr & MCR_LOOP) && chardev_is_busy(uart->chardev)) { /* the other side holds it back */
        arm(uart, &uart->transmitted, 1);
        return;
    }
    uart->is_shifting = false;
    send(uart, uart->shift);
    if (uart->tx_count)
        start_shifting(uart);
    update(uart);
}

/* Without the pace of the wire a byte is gone at once, unless it, or one before it, is held back. */
static bool goes_at_once(const struct uart *uart)
{
    return !uart->is_paced && !uart->is_shifting &&
           ((uart->mcr & MCR_LOOP) || !chardev_is_busy(uart->chardev));
}

static void write_thr(void *self, const struct reg *row, uint32_t value)
{
    struct uart *uart = self;
    unsigned capacity = uart->fcr & FCR_ENABLE ? FIFO_BYTES : 1;
    (void)row;
    uart->thre_pending = false;
    update(uart);
    if (goes_at_once(uart)) {
        send(uart, (uint8_t)value);
        uart->thre_pending = true;
    } else {
        if (uart->tx_count == capacity) {
            device_guest_error(&uart->device, "THR written while it is full");
            uart->tx_count--;
        }
        uart->tx[uart->tx_count++] = (uint8_t)value;
        if (!uart->is_shifting)
            start_shifting(uart);
    }
    update(uart);
}

/* --- registers: behaviour ---------------------------------------------------------------------------- */

static uint32_t peek_rbr(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct uart *)self)->rx[0];
}

static uint32_t read_rbr(void *self, const struct reg *row)
{
    struct uart *uart = self;
    uint8_t byte = uart->rx[0];
    (void)row;
    uart->has_timed_out = false;
    event_disarm(&uart->timeout);
    if (uart->rx_count) {
        if (--uart->rx_count) {
            memmove(uart->rx, uart->rx + 1, FIFO_BYTES - 1);
            uart->rx_breaks >>= 1;
            show_break(uart);
            arm(uart, &uart->timeout, 4);
        }
        update(uart);
        tell_ready(uart);
    }
    return byte;
}

static uint32_t peek_ier(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct uart *)self)->ier;
}

/* Enabling ETBEI while the holding register is empty interrupts at once. */
static void write_ier(void *self, const struct reg *row, uint32_t value)
{
    struct uart *uart = self;
    uint8_t enabled = (uint8_t)(value & ~uart->ier & 0x0F);
    (void)row;
    uart->ier = value & 0x0F;
    if ((enabled & IER_ETBEI) && uart->tx_count == 0)
        uart->thre_pending = true;
    update(uart);
}

static uint32_t peek_iir(const void *self, const struct reg *row)
{
    const struct uart *uart = self;
    (void)row;
    return identification(uart) | (uart->fcr & FCR_ENABLE ? IIR_FIFOS : 0u);
}

/* Reading it clears the THRE interrupt, if that is the one it names (PC16550D table IV). */
static uint32_t read_iir(void *self, const struct reg *row)
{
    struct uart *uart = self;
    uint32_t value = peek_iir(self, row);
    if ((value & 0x0F) == IIR_THRE)
        uart->thre_pending = false;
    update(uart);
    return value;
}

static void reset_rx(struct uart *uart)
{
    uart->rx_count = 0;
    uart->rx_breaks = 0;
    uart->has_timed_out = false;
    event_disarm(&uart->timeout);
}

static void reset_tx(struct uart *uart)
{
    if (uart->tx_count) /* the shift register goes on */
        uart->thre_pending = true;
    uart->tx_count = 0;
}

static void write_fcr(void *self, const struct reg *row, uint32_t value)
{
    struct uart *uart = self;
    bool has_switched = ((uart->fcr ^ value) & FCR_ENABLE) != 0;
    (void)row;
    if (has_switched || (value & FCR_RX_RESET))
        reset_rx(uart);
    if (has_switched || (value & FCR_TX_RESET))
        reset_tx(uart);
    /* PC16550D p.21: the other bits count only together with bit 0. */
    uart->fcr = value & FCR_ENABLE ? (uint8_t)(value & 0xC9) : 0;
    update(uart);
    tell_ready(uart);
}

static uint32_t peek_lcr(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct uart *)self)->lcr;
}

static void write_lcr(void *self, const struct reg *row, uint32_t value)
{
    struct uart *uart = self;
    bool starts_break = (value & ~(uint32_t)uart->lcr & LCR_BREAK) != 0;
    (void)row;
    if ((uart->lcr & ~value & LCR_DLAB) && !(uart->dll | uart->dlm))
        device_guest_error(&uart->device, "a divisor of 0 stays in the latch: there is no baud rate");
    uart->lcr = (uint8_t)value;
    if (starts_break && (uart->mcr & MCR_LOOP))
        push_received(uart, 0, true);
    update(uart);
}

static uint32_t peek_mcr(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct uart *)self)->mcr;
}

/* New levels of the modem's lines; changes set the delta bits, RI only its falling edge. */
static void set_modem_lines(struct uart *uart, uint8_t lines)
{
    uint8_t changed = (uint8_t)((uart->msr ^ lines) & 0xF0);
    uint8_t deltas = (uint8_t)(changed >> 4);
    if (lines & MSR_RI)
        deltas &= (uint8_t)~MSR_TERI;
    uart->msr = (uint8_t)(lines | (uart->msr & 0x0F) | deltas);
}

/* Those of the other side; in loopback RTS, DTR, OUT1, OUT2. */
static void update_modem_lines(struct uart *uart)
{
    uint8_t lines = uart->modem_in;
    if (uart->mcr & MCR_LOOP)
        lines = (uint8_t)((uart->mcr & MCR_RTS ? MSR_CTS : 0) | (uart->mcr & MCR_DTR ? MSR_DSR : 0) |
                          (uart->mcr & MCR_OUT1 ? MSR_RI : 0) |
                          (uart->mcr & MCR_OUT2 ? MSR_DCD : 0));
    set_modem_lines(uart, lines);
}

/* The back-end gives new lines. */
static void back_end_modem(void *self, uint8_t lines)
{
    struct uart *uart = self;
    uart->modem_in = lines & 0xF0;
    uart->chardev->modem_in = uart->modem_in;
    update_modem_lines(uart);
    update(uart);
}

static void tell_modem(struct uart *uart, uint8_t lines)
{
    uint8_t changed = lines ^ uart->modem_out;
    uart->modem_out = lines;
    if (changed && uart->chardev && uart->chardev->set_modem)
        uart->chardev->set_modem(uart->chardev, lines, changed);
}

/* In loopback the pins are inactive (PC16550D p.20). A modem takes no notice of DTR's fall before
 * HANG_UP_NS, as drivers let it fall in passing. */
static void update_modem_pins(struct uart *uart)
{
    uint8_t pins = (uint8_t)(uart->mcr & MCR_LOOP ? 0 : uart->mcr & (MCR_DTR | MCR_RTS));
    if (!(uart->modem_out & ~pins & MODEM_DTR))
        event_disarm(&uart->hang_up);
    else if (!event_is_armed(&uart->hang_up))
        event_arm(&uart->hang_up, clock_after_ns(uart->device.env->clock, HANG_UP_NS));
    tell_modem(uart, (uint8_t)(pins | (uart->modem_out & MODEM_DTR)));
}

static void hang_up(void *self)
{
    struct uart *uart = self;
    tell_modem(uart, (uint8_t)(uart->modem_out & ~MODEM_DTR));
}

static void write_mcr(void *self, const struct reg *row, uint32_t value)
{
    struct uart *uart = self;
    (void)row;
    uart->mcr = value & 0x1F;
    update_modem_lines(uart);
    update_modem_pins(uart);
    update(uart);
    tell_ready(uart);
}

static uint32_t peek_lsr(const void *self, const struct reg *row)
{
    const struct uart *uart = self;
    uint32_t value = uart->errors;
    (void)row;
    if (uart->rx_count)
        value |= LSR_DR;
    if (uart->tx_count == 0)
        value |= LSR_THRE;
    if (uart->tx_count == 0 && !uart->is_shifting)
        value |= LSR_TEMT;
    if ((uart->fcr & FCR_ENABLE) && (uart->errors & LSR_BI || uart->rx_breaks))
        value |= 0x80; /* somewhere in the FIFO */
    return value;
}

static uint32_t read_lsr(void *self, const struct reg *row)
{
    struct uart *uart = self;
    uint32_t value = peek_lsr(self, row);
    uart->errors = 0;
    update(uart);
    return value;
}

static uint32_t peek_msr(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct uart *)self)->msr;
}

static uint32_t read_msr(void *self, const struct reg *row)
{
    struct uart *uart = self;
    uint32_t value = peek_msr(self, row);
    uart->msr &= 0xF0;
    update(uart);
    return value;
}

static uint32_t peek_scr(const void *self, const struct reg *row)
{
    (void)row;
    return ((const struct uart *)self)->scr;
}
static void write_scr(void *self, const struct reg *row, uint32_t value)
{
    (void)row;
    ((struct uart *)self)->scr = (uint8_t)value;
}
static uint32_t peek_divisor(const void *self, const struct reg *row)
{
    const struct uart *uart = self;
    return row->offset == 0 ? uart->dll : uart->dlm;
}
static void write_divisor(void *self, const struct reg *row, uint32_t value)
{
    struct uart *uart = self;
    *(row->offset == 0 ? &uart->dll : &uart->dlm) = (uint8_t)value;
}
static bool has_dlab(const void *self)
{
    return (((const struct uart *)self)->lcr & LCR_DLAB) != 0;
}
static bool has_no_dlab(const void *self)
{
    return !has_dlab(self);
}

/* --- registers: the table ------------------------------------------------------------------------------ */

static const struct reg_field IER_FIELDS[] = {
    {"ERBFI", 0, 1, NULL, "received data available"},
    {"ETBEI", 1, 1, NULL, "transmitter holding register empty"},
    {"ELSI", 2, 1, NULL, "receiver line status"},
    {"EDSSI", 3, 1, NULL, "modem status"},
    REG_FIELDS_END,
};
static const struct reg_field IIR_FIELDS[] = {
    {"PENDING", 0, 1, (const char *const[]){"yes", "no"}, "an interrupt is pending"},
    {"ID", 1, 3, (const char *const[]){"modem status", "THR empty", "data available", "line status",
                                       "4", "5", "character timeout", "7"}, "which"},
    {"FIFO", 6, 2, NULL, "3: FIFOs enabled"},
    REG_FIELDS_END,
};
static const struct reg_field FCR_FIELDS[] = {
    {"ENABLE", 0, 1, NULL, "both FIFOs"},
    {"RXRST", 1, 1, NULL, "empties the receiver FIFO"},
    {"TXRST", 2, 1, NULL, "empties the transmitter FIFO"},
    {"DMA", 3, 1, NULL, "DMA mode"},
    {"TRIGGER", 6, 2, (const char *const[]){"1", "4", "8", "14"}, "receiver's trigger level"},
    REG_FIELDS_END,
};
static const struct reg_field LCR_FIELDS[] = {
    {"WLS", 0, 2, (const char *const[]){"5", "6", "7", "8"}, "data bits"},
    {"STB", 2, 1, (const char *const[]){"1", "2"}, "stop bits"},
    {"parity", 3, 3, (const char *const[]){"none", "odd", "none", "even", "none", "mark", "none",
                                           "space"}, "PEN, EPS and stick parity"},
    {"BREAK", 6, 1, NULL, "set break"},
    {"DLAB", 7, 1, NULL, "divisor latch access"},
    REG_FIELDS_END,
};
static const struct reg_field MCR_FIELDS[] = {
    {"DTR", 0, 1, NULL, "data terminal ready"}, {"RTS", 1, 1, NULL, "request to send"},
    {"OUT1", 2, 1, NULL, "user output 1"},      {"OUT2", 3, 1, NULL, "interrupt gate on the PC"},
    {"LOOP", 4, 1, NULL, "loopback"},           REG_FIELDS_END,
};
static const struct reg_field LSR_FIELDS[] = {
    {"DR", 0, 1, NULL, "data ready"},       {"OE", 1, 1, NULL, "overrun"},
    {"PE", 2, 1, NULL, "parity error"},     {"FE", 3, 1, NULL, "framing error"},
    {"BI", 4, 1, NULL, "break"},            {"THRE", 5, 1, NULL, "holding register empty"},
    {"TEMT", 6, 1, NULL, "transmitter empty"}, {"ERR", 7, 1, NULL, "error in the receiver FIFO"},
    REG_FIELDS_END,
};
static const struct reg_field MSR_FIELDS[] = {
    {"DCTS", 0, 1, NULL, "CTS changed"}, {"DDSR", 1, 1, NULL, "DSR changed"},
    {"TERI", 2, 1, NULL, "RI ended"},    {"DDCD", 3, 1, NULL, "DCD changed"},
    {"CTS", 4, 1, NULL, "clear to send"}, {"DSR", 5, 1, NULL, "data set ready"},
    {"RI", 6, 1, NULL, "ring indicator"}, {"DCD", 7, 1, NULL, "data carrier detect"},
    REG_FIELDS_END,
};

static const struct reg ROWS[] = {
    {.name = "DLL", .meaning = "divisor latch, low", .offset = 0, .width = 1, .access = REG_RW,
     .reset = 1, .writable = 0xFF, .is_selected = has_dlab, .write = write_divisor,
     .peek = peek_divisor, .section = "PC16550D 8.3"},
    {.name = "RBR", .meaning = "receiver buffer", .offset = 0, .width = 1,
     .access = REG_READ | REG_CLEARS_ON_READ, .read = read_rbr, .peek = peek_rbr,
     .section = "PC16550D 8.0"},
    {.name = "THR", .meaning = "transmitter holding register", .offset = 0, .width = 1,
     .access = REG_WRITE, .write = write_thr, .section = "PC16550D 8.0"},
    {.name = "DLM", .meaning = "divisor latch, high", .offset = 1, .width = 1, .access = REG_RW,
     .writable = 0xFF, .is_selected = has_dlab, .write = write_divisor, .peek = peek_divisor,
     .section = "PC16550D 8.3"},
    {.name = "IER", .meaning = "interrupt enable", .offset = 1, .width = 1, .access = REG_RW,
     .writable = 0x0F, .is_selected = has_no_dlab, .write = write_ier, .peek = peek_ier,
     .fields = IER_FIELDS, .section = "PC16550D 8.7"},
    {.name = "IIR", .meaning = "interrupt identification", .offset = 2, .width = 1,
     .access = REG_READ | REG_CLEARS_ON_READ, .reset = IIR_NONE, .read = read_iir, .peek = peek_iir,
     .fields = IIR_FIELDS, .section = "PC16550D 8.6"},
    {.name = "FCR", .meaning = "FIFO control", .offset = 2, .width = 1, .access = REG_WRITE,
     .write = write_fcr, .fields = FCR_FIELDS, .section = "PC16550D 8.5"},
    {.name = "LCR", .meaning = "line control", .offset = 3, .width = 1, .access = REG_RW,
     .writable = 0xFF, .write = write_lcr, .peek = peek_lcr, .fields = LCR_FIELDS,
     .section = "PC16550D 8.1"},
    {.name = "MCR", .meaning = "modem control", .offset = 4, .width = 1, .access = REG_RW,
     .writable = 0x1F, .write = write_mcr, .peek = peek_mcr, .fields = MCR_FIELDS,
     .section = "PC16550D 8.8"},
    {.name = "LSR", .meaning = "line status", .offset = 5, .width = 1,
     .access = REG_READ | REG_CLEARS_ON_READ, .reset = LSR_THRE | LSR_TEMT, .read = read_lsr,
     .peek = peek_lsr, .fields = LSR_FIELDS, .section = "PC16550D 8.4"},
    {.name = "MSR", .meaning = "modem status", .offset = 6, .width = 1,
     .access = REG_READ | REG_CLEARS_ON_READ, .read = read_msr, .peek = peek_msr,
     .fields = MSR_FIELDS, .section = "PC16550D 8.9"},
    {.name = "SCR", .meaning = "scratchpad", .offset = 7, .width = 1, .access = REG_RW,
     .writable = 0xFF, .write = write_scr, .peek = peek_scr, .section = "PC16550D 8.10"},
    REG_ROWS_END,
};
static const struct reg_bank BANK = {"uart16550", ROWS};
static const struct reg_bank *const BANKS[] = {&BANK, NULL};

/* --- in words -------------------------------------------------------------------------------------------- */

static void describe_byte(const char *what, uint32_t value, char *text, size_t size)
{
    if (value >= 0x20 && value < 0x7F)
        snprintf(text, size, "%s '%c'", what, (char)value);
    else
        snprintf(text, size, "%s %02Xh", what, value);
}

static void describe_divisor(const struct uart *uart, const struct access *access, uint32_t value,
                             char *text, size_t size)
{
    unsigned divisor = (unsigned)(uart->dll | uart->dlm << 8);
    if (access->is_write && access->reg->offset == 0)
        divisor = (divisor & 0xFF00) | value;
    else if (access->is_write)
        divisor = (divisor & 0xFF) | value << 8;
    if (divisor == 0)
        snprintf(text, size, "divisor 0: no baud rate");
    else
        snprintf(text, size, "divisor %u → %llu baud", divisor,
                 (unsigned long long)(uart->clock_hz / 16 / divisor));
}

static void describe(const struct device *device, const struct access *access, char *text,
                     size_t size)
{
    const struct uart *uart = (const struct uart *)device;
    const struct reg *row = access->reg;
    uint32_t value = (uint32_t)access->value & 0xFF;
    size_t used = 0;
    if (!row)
        return;
    if (row->peek == peek_divisor) {
        describe_divisor(uart, access, value, text, size);
    } else if (row->offset == 0) {
        if (access->is_write)
            describe_byte(uart->mcr & MCR_LOOP ? "sends to itself" : "sends", value, text, size);
        else if (uart->rx_count == 0)
            snprintf(text, size, "nothing received");
        else
            describe_byte("received", value, text, size);
    } else {
        text_append(text, size, &used, "%s: ", row->meaning);
        reg_fields_text(row, value, text + used, size - used);
    }
}

/* --- life cycle ------------------------------------------------------------------------------------------- */

/* MR (PC16550D table III). The divisor latch is not reset by it; at power-on: 115,200 baud. */
static void reset(struct device *device, enum reset_kind kind)
{
    struct uart *uart = (struct uart *)device;
    uart->ier = uart->fcr = uart->lcr = uart->mcr = uart->errors = 0;
    uart->tx_count = 0;
    uart->is_shifting = uart->thre_pending = false;
    reset_rx(uart);
    event_disarm(&uart->transmitted);
    event_disarm(&uart->received);
    if (kind == RESET_POWER_ON) {
        uart->dll = 1;
        uart->dlm = uart->scr = 0;
        uart->shift = 0;
        memset(uart->rx, 0, sizeof uart->rx);
        memset(uart->tx, 0, sizeof uart->tx);
    }
    uart->msr = 0;
    update_modem_lines(uart);
    update_modem_pins(uart);
    uart->msr &= 0xF0;
    update(uart);
}

static const struct device_option OPTIONS[] = {
    {"base", "0x3f8", "first of the eight ports", 0, 0xFFF8},
    {"clock", "1843200", "Hz; 16 times the rate of divisor 1", 1, 100000000},
    {"pace", "0", "1: characters take their time at the baud rate", 0, 1},
    DEVICE_OPTIONS_END,
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    struct uart *uart = (struct uart *)device;
    struct clock *clock = config->env->clock;
    event_init(&uart->timeout, clock, "uart16550 character timeout", timed_out, uart);
    event_init(&uart->transmitted, clock, "uart16550 transmitted", transmitted, uart);
    event_init(&uart->received, clock, "uart16550 received", received, uart);
    event_init(&uart->hang_up, clock, "uart16550 DTR", hang_up, uart);
    uart->clock_hz = device_number(&UART16550_TYPE, config, "clock");
    uart->is_paced = device_number(&UART16550_TYPE, config, "pace") != 0;
    uart->chardev = config->chardev;
    uart->modem_in = chardev_modem_in(uart->chardev);
    if (uart->chardev) {
        uart->chardev->device = uart;
        uart->chardev->room = back_end_room;
        uart->chardev->receive = back_end_receive;
        uart->chardev->modem = back_end_modem;
    }
    return device_attach(device, config->env->ports, &BANK, NULL,
                         device_number(&UART16550_TYPE, config, "base"), 8, error);
}

static void fini(struct device *device)
{
    struct uart *uart = (struct uart *)device;
    event_fini(&uart->timeout);
    event_fini(&uart->transmitted);
    event_fini(&uart->received);
    event_fini(&uart->hang_up);
}

/* The back-end, whose lines may have changed meanwhile, says so at its next turn. */
static void loaded(struct device *device)
{
    struct uart *uart = (struct uart *)device;
    if (uart->chardev)
        uart->chardev->modem_in = uart->modem_in;
}

static const struct device_pin PINS[] = {{"irq", offsetof(struct uart, irq)}, {NULL, 0}};

const struct device_type UART16550_TYPE = {
    .name = "uart16550",
    .title = "16550A serial port",
    .datasheet = "National Semiconductor PC16550D data sheet, TL/C/8652, June 1995",
    .missing =
        "breaks are not sent to the back-end\n"
        "modem lines other than a connection's: DSR and DCD tell of a socket's peer, DTR's fall hangs "
        "up; RI never comes, nobody heeds RTS; a pty has none\n"
        "what a back-end sends is not cut to the frame format\n"
        "parity and framing errors: the wire is perfect\n"
        "TXRDY and RXRDY: nobody listens on a PC",
    .size = sizeof(struct uart),
    .version = 3,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .pins = PINS,
    .init = init,
    .reset = reset,
    .fini = fini,
    .describe = describe,
    .loaded = loaded,
};

/* print.c: formatted text to COM1, to port E9h and to the screen.
 *
 * Specification: National Semiconductor PC16550D data sheet (1995), §8.1-8.7 (registers).
 * Port E9h is a convention of Bochs: a byte written there appears on the workstation's console. */
#include "lab/print.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "lab/io.h"
#include "lab/vga.h"

enum { COM1 = 0x3F8, DEBUG_PORT = 0xE9 };

/* Register offsets; DLAB is bit 7 of LCR. */
enum { UART_THR = 0, UART_DLL = 0, UART_IER = 1, UART_DLM = 1, UART_FCR = 2, UART_LCR = 3,
       UART_MCR = 4, UART_LSR = 5 };

enum { LCR_DLAB = 0x80, LCR_8N1 = 0x03, FCR_ENABLE_AND_CLEAR = 0x07, MCR_DTR_RTS = 0x03,
       LSR_THRE = 0x20 };

void print_init(void)
{
    io_out8(COM1 + UART_IER, 0);
    io_out8(COM1 + UART_LCR, LCR_DLAB | LCR_8N1);
    io_out8(COM1 + UART_DLL, 1); /* 1.8432 MHz / 16 / 1 = 115200 baud */
    io_out8(COM1 + UART_DLM, 0);
    io_out8(COM1 + UART_LCR, LCR_8N1);
    io_out8(COM1 + UART_FCR, FCR_ENABLE_AND_CLEAR);
    io_out8(COM1 + UART_MCR, MCR_DTR_RTS);
}

static void serial_char(char c)
{
    /* Polling, and bounded: without a serial port the line status reads as FFh and nothing is lost. */
    for (unsigned tries = 0; tries < 100000 && !(io_in8(COM1 + UART_LSR) & LSR_THRE); tries++)
        ;
    io_out8(COM1 + UART_THR, (uint8_t)c);
}

static void print_char(char c)
{
    if (c == '\n')
        serial_char('\r');
    serial_char(c);
    io_out8(DEBUG_PORT, (uint8_t)c);
    vga_log_char(c);
}

struct field {
    unsigned width;
    bool is_left;
    char pad;
};

static void print_field(const struct field *field, const char *text, unsigned length)
{
    unsigned padding = field->width > length ? field->width - length : 0;

    for (unsigned i = 0; i < padding && !field->is_left; i++)
        print_char(field->pad);
    for (unsigned i = 0; i < length; i++)
        print_char(text[i]);
    for (unsigned i = 0; i < padding && field->is_left; i++)
        print_char(' ');
}

static void print_number(const struct field *field, uint32_t value, uint32_t base)
{
    char digits[12];
    unsigned first = sizeof digits;

    do {
        digits[--first] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    print_field(field, digits + first, sizeof digits - first);
}

static void print_string(const struct field *field, const char *text)
{
    unsigned length = 0;

    while (text[length])
        length++;
    print_field(field, text, length);
}

/* Reads `-`, `0` and the width behind a `%`; leaves *format at the conversion letter. */
static struct field parse_field(const char **format)
{
    struct field field = { 0, false, ' ' };

    for (; **format == '-' || **format == '0'; ++*format) {
        if (**format == '-')
            field.is_left = true;
        else
            field.pad = '0';
    }
    for (; **format >= '0' && **format <= '9'; ++*format)
        field.width = field.width * 10 + (unsigned)(**format - '0');
    return field;
}

void print(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    for (; *format; format++) {
        struct field field;
        char c;

        if (*format != '%') {
            print_char(*format);
            continue;
        }
        format++;
        field = parse_field(&format);
        switch (*format) {
        case 's': print_string(&field, va_arg(arguments, const char *)); break;
        case 'u': print_number(&field, va_arg(arguments, unsigned), 10); break;
        case 'x': print_number(&field, va_arg(arguments, unsigned), 16); break;
        case 'c': c = (char)va_arg(arguments, int); print_field(&field, &c, 1); break;
        default: print_char(*format); break;
        }
    }
    va_end(arguments);
}

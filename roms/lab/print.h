/* print.h: text to the first serial line, to the debug port E9h and to the log area of the screen. */
#ifndef LAB_PRINT_H
#define LAB_PRINT_H

/* Sets the serial line to 115200 baud, 8N1. */
void print_init(void);

/* A small printf: %s %c %u %x %%, each with an optional width, `-` (left) and `0` (zeros). */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

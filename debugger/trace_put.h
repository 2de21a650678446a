/* Pieces of text for the formats of a trace. Numbers are formatted by hand: printf would take most of
 * a traced run's time. Each function writes at `to`, without a NUL, and returns the end. */
#ifndef VITRINE_DEBUGGER_TRACE_PUT_H
#define VITRINE_DEBUGGER_TRACE_PUT_H

#include <stddef.h>
#include <stdint.h>

#define PUT_TEXT_MAX   300u /* bytes of one text that are written; those of door.h are below it */
#define PUT_QUOTED_MAX (6 * PUT_TEXT_MAX + 2)

char *put_text(char *to, const char *text);
char *put_decimal(char *to, uint64_t value);
char *put_hex(char *to, uint64_t value); /* without a prefix */
/* A text in quotes (RFC 8259, section 7). Bytes that are no UTF-8 become U+FFFD. */
char *put_quoted(char *to, const char *text);

#endif

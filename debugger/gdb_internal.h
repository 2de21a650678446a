/* What the two halves of the gdb stub share: replies (gdb_stub.c) and commands (gdb_commands.c). */
#ifndef VITRINE_DEBUGGER_GDB_INTERNAL_H
#define VITRINE_DEBUGGER_GDB_INTERNAL_H

#include "debugger/gdb_stub.h"

#define GDB_ERROR_INVALID "E16" /* EINVAL */

/* A reply: begin, put, end; or a text at once. */
void gdb_reply_begin(struct gdb_stub *stub);
void gdb_put_char(struct gdb_stub *stub, char c);
void gdb_put_text(struct gdb_stub *stub, const char *text);
void gdb_put_hex(struct gdb_stub *stub, const void *bytes, size_t count);
/* Bytes as they are, with `}` before those that mean something in a packet. */
void gdb_put_escaped(struct gdb_stub *stub, const char *bytes, size_t count);
void gdb_reply_end(struct gdb_stub *stub);
void gdb_reply(struct gdb_stub *stub, const char *text);
/* The value of a hexadecimal digit, -1 for anything else. */
int gdb_digit(char c);

/* Why the machine stands: "T05thread:1;watch:b8000;". */
void gdb_reply_stop(struct gdb_stub *stub);
/* Carries out the packet in stub->in. */
void gdb_handle_packet(struct gdb_stub *stub);

#endif

/* A record as a line of text, for people. */
#ifndef VITRINE_DEBUGGER_TRACE_TEXT_H
#define VITRINE_DEBUGGER_TRACE_TEXT_H

#include "debugger/trace_record.h"

#define TRACE_TEXT_BYTES 8192u
/* Writes the line, its newline included, at `text`, which has TRACE_TEXT_BYTES; returns its length. */
size_t trace_text_line(char *text, const struct trace_record *record);

#endif

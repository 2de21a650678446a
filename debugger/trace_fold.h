/* --fold-polls: a loop that reads statuses again and again is one record with the number of its
 * repetitions. A round of it is up to FOLD_ROUND_MAX reads, by one instruction or several, of one place or
 * several (also a waiting function that is called for each); each reads in each round the same value at the
 * same place, and nothing else that the trace shows happens in between. The record is that of the round's first
 * read, `with` names the others; what ends the loop is a record of its own. While it
 * goes on, its draft stands at the end of the file (trace_record.h), so that a run that is killed leaves it. */
#ifndef VITRINE_DEBUGGER_TRACE_FOLD_H
#define VITRINE_DEBUGGER_TRACE_FOLD_H

#include "debugger/trace_record.h"

#define FOLD_ROUND_MAX 8

/* Puts itself in front of a sink, which it owns from then on. Errors: STATUS_INTERNAL. */
enum status trace_fold_open(struct trace_sink *sink, struct error *error);

#endif

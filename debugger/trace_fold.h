/* --fold-polls: a loop that reads one status again and again is one record with the number of its
 * repetitions. The same instruction reads the same value at the same place, and nothing else that the
 * trace shows happens in between; the value that ends the loop is a record of its own. */
#ifndef VITRINE_DEBUGGER_TRACE_FOLD_H
#define VITRINE_DEBUGGER_TRACE_FOLD_H

#include "debugger/trace_record.h"

/* Puts itself in front of a sink, which it owns from then on. Errors: STATUS_INTERNAL. */
enum status trace_fold_open(struct trace_sink *sink, struct error *error);

#endif

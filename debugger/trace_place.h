/* Where an access comes from, in words: the instruction, its symbol and its source line. What was found
 * once is kept by place and bytes: a run makes its accesses from few places. */
#ifndef VITRINE_DEBUGGER_TRACE_PLACE_H
#define VITRINE_DEBUGGER_TRACE_PLACE_H

#include "bus/door.h"
#include "debugger/trace_record.h"

struct symbols;
struct trace_places;

/* `symbols` may be NULL and outlive the places. NULL: out of memory. */
struct trace_places *trace_places_new(const struct symbols *symbols);
void trace_places_free(struct trace_places *places);
/* Sets instruction (or code, where no disassembler is built in), symbol and source line; the texts
 * live until the next call. */
void trace_places_look(struct trace_places *places, const struct access_origin *origin,
                       struct trace_record *record);

#endif

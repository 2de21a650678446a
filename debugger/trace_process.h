/* Which process a guest's operating system runs, where its layout was declared:
 *
 *   --process current=WHERE,name=OFFSET[,bytes=N]
 *
 *   WHERE ──► pointer (32 bits) ──► the task's record: OFFSET bytes on, its name (N at most, 16)
 *
 * WHERE is an address, a symbol (--sym) or fs:OFFSET, as in a kernel that keeps what is each processor's
 * own in a segment. Memory is read by the guest's page tables, as the processor would. */
#ifndef VITRINE_DEBUGGER_TRACE_PROCESS_H
#define VITRINE_DEBUGGER_TRACE_PROCESS_H

#include "base/status.h"
#include "bus/door.h"

#define PROCESS_NAME_BYTES 64

struct symbols;

struct process_layout {
    bool is_declared, is_in_fs;
    uint64_t current, name;
    uint64_t bytes;
};

/* Errors: STATUS_USAGE, with the word at fault. */
enum status process_layout_parse(struct process_layout *layout, const char *text,
                                 const struct symbols *symbols, struct error *error);
/* The name as text of PROCESS_NAME_BYTES at most; false: none is declared, or nothing printable is
 * there. */
bool process_name(const struct process_layout *layout, const struct access_origin *origin,
                  char *name);

#endif

/* Where two runs part: the first record in which two traces differ. */
#ifndef VITRINE_DEBUGGER_TRACE_DIFF_H
#define VITRINE_DEBUGGER_TRACE_DIFF_H

#include <stdbool.h>
#include <stdio.h>

#include "base/status.h"
#include "debugger/vtr.h"

/* Compares record by record, field by field but those of `ignore` ("ns,time"; NULL: none), and prints
 * the last records that both have, then what each did. Errors: STATUS_USAGE (no such field),
 * STATUS_FILE (of a reader). */
enum status trace_diff_print(FILE *out, struct vtr_reader *a, struct vtr_reader *b,
                             const char *ignore, bool *differs, struct error *error);

#endif

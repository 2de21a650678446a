/* Running the world of a session: plainly, with gdb at the wheel (--gdb), or at the debugger's prompt
 * (vitrine debug). */
#ifndef VITRINE_FRONTENDS_DEBUGGING_H
#define VITRINE_FRONTENDS_DEBUGGING_H

#include "base/status.h"

struct session;

/* Reads the symbols (--sym) and has triple faults explained with them. */
enum status debugging_open(struct session *session, struct error *error);
/* Returns the exit status; with error->text set nothing has run. */
int debugging_run(struct session *session, struct error *error);

#endif

/* Running the world of a session: plainly, with gdb at the wheel (--gdb), or at the debugger's prompt
 * (vitrine debug). */
#ifndef VITRINE_FRONTENDS_DEBUGGING_H
#define VITRINE_FRONTENDS_DEBUGGING_H

#include "base/status.h"

struct session;

/* Returns the exit status; with error->text set nothing has run. */
int debugging_run(struct session *session, struct error *error);

#endif

/* The debugger's prompt on the workstation's terminal: lines with editing and history by libedit
 * where configure found it, plain lines from a pipe or without it. */
#ifndef VITRINE_FRONTENDS_PROMPT_H
#define VITRINE_FRONTENDS_PROMPT_H

#include "base/status.h"
#include "debugger/monitor.h"

struct prompt;
struct world;

/* Waiting for a line ends when somebody asked for the end of this world. */
enum status prompt_new(struct prompt **prompt, struct world *world, struct error *error);
void prompt_free(struct prompt *prompt);
struct monitor_io prompt_io(struct prompt *prompt);

#endif

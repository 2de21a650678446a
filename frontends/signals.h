/* SIGINT and SIGTERM end a run cleanly: one thread waits for them, everything is flushed, the status
 * is 128 + the signal. A second one ends the program at once. */
#ifndef VITRINE_FRONTENDS_SIGNALS_H
#define VITRINE_FRONTENDS_SIGNALS_H

struct signal_thread;
struct world;

struct signal_thread *signals_start(struct world *world); /* NULL: not possible here */
void signals_stop(struct signal_thread *thread);

#endif

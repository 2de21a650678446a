#include "frontends/signals.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "machine/world.h"

struct signal_thread {
    pthread_t thread;
    struct world *world;
    sigset_t set;
    atomic_bool is_ending;
};

static void *wait_for_signals(void *self)
{
    struct signal_thread *t = self;
    int count = 0, number;
    while (sigwait(&t->set, &number) == 0) {
        if (atomic_load(&t->is_ending))
            return NULL;
        if (number == SIGINT && world_request_break(t->world))
            continue; /* back to the debugger's prompt */
        if (++count > 1)
            _exit(128 + number);
        world_request_stop(t->world, 128 + number);
    }
    return NULL;
}

struct signal_thread *signals_start(struct world *world)
{
    struct signal_thread *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->world = world;
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is an error of write(), not our end */
    sigemptyset(&t->set);
    sigaddset(&t->set, SIGINT);
    sigaddset(&t->set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &t->set, NULL);
    if (pthread_create(&t->thread, NULL, wait_for_signals, t) != 0) {
        pthread_sigmask(SIG_UNBLOCK, &t->set, NULL);
        free(t);
        return NULL;
    }
    return t;
}

void signals_stop(struct signal_thread *thread)
{
    if (!thread)
        return;
    atomic_store(&thread->is_ending, true);
    pthread_kill(thread->thread, SIGTERM);
    pthread_join(thread->thread, NULL);
    pthread_sigmask(SIG_UNBLOCK, &thread->set, NULL);
    free(thread);
}

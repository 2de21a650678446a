#include "backends/background_file.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backends/file.h"

struct background_file {
    FILE *file;
    char path[256]; /* for messages */
    struct background_settings settings;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wanted, swapped;
    struct background_block blocks[2];
    struct background_block *filling;
    bool is_full, is_closing;
    int failure;     /* errno of the first write that failed; 0: none */
    uint8_t *packed; /* the thread's */
};

/* --- the thread ---------------------------------------------------------------------------------------- */

static int write_bytes(struct background_file *file, const void *bytes, size_t count)
{
    errno = 0;
    return fwrite(bytes, 1, count, file->file) == count ? 0 : errno ? errno : EIO;
}

static void wait_interval(struct background_file *file)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)file->settings.interval_ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (!file->is_full && !file->is_closing &&
           pthread_cond_timedwait(&file->wanted, &file->lock, &until) == 0)
        ;
}

/* Takes the filled buffer away, the other one comes in its place. */
static struct background_block *swap(struct background_file *file)
{
    struct background_block *taken = file->filling;
    file->filling = &file->blocks[taken == &file->blocks[0]];
    file->filling->used = 0;
    file->filling->records = 0;
    file->filling->is_draft = false;
    file->is_full = false;
    pthread_cond_broadcast(&file->swapped);
    return taken;
}

static void *write_blocks(void *self)
{
    struct background_file *file = self;
    bool is_last = false;
    pthread_mutex_lock(&file->lock);
    while (!is_last) {
        const struct background_block *taken;
        int failure = file->failure;
        wait_interval(file);
        is_last = file->is_closing;
        taken = swap(file);
        pthread_mutex_unlock(&file->lock);
        if (taken->used && !failure)
            failure = write_bytes(file, file->packed,
                                  file->settings.pack(file->settings.self, taken, file->packed));
        pthread_mutex_lock(&file->lock);
        file->failure = failure;
    }
    pthread_mutex_unlock(&file->lock);
    return NULL;
}

/* --- the run's side ---------------------------------------------------------------------------------- */

struct background_block *background_file_begin(struct background_file *file, size_t bytes)
{
    pthread_mutex_lock(&file->lock);
    while (file->filling->capacity - file->filling->used < bytes) {
        file->is_full = true;
        pthread_cond_signal(&file->wanted);
        pthread_cond_wait(&file->swapped, &file->lock);
    }
    if (!file->failure)
        return file->filling;
    pthread_mutex_unlock(&file->lock);
    return NULL;
}

void background_file_end(struct background_file *file)
{
    pthread_mutex_unlock(&file->lock);
}

static enum status status_of(const struct background_file *file, int failure, struct error *error)
{
    return failure ? error_set(error, STATUS_FILE, "%s: %s", file->path, strerror(failure))
                   : STATUS_OK;
}

enum status background_file_status(struct background_file *file, struct error *error)
{
    int failure;
    pthread_mutex_lock(&file->lock);
    failure = file->failure;
    pthread_mutex_unlock(&file->lock);
    return status_of(file, failure, error);
}

/* --- life ------------------------------------------------------------------------------------------------ */

static void release(struct background_file *file)
{
    if (file->file)
        fclose(file->file);
    free(file->blocks[0].bytes);
    free(file->blocks[1].bytes);
    free(file->packed);
    free(file);
}

static enum status create(struct background_file *file, const void *head, size_t head_bytes,
                          struct error *error)
{
    if (file_is_foreign(file->path, file->settings.first))
        return error_set(error, STATUS_USAGE,
                         "%s: holds something that is no trace of this format; fix: a new file",
                         file->path);
    file->file = fopen(file->path, "wb");
    if (!file->file)
        return error_set(error, STATUS_FILE, "%s: %s; fix: a file that can be made", file->path,
                         strerror(errno));
    setvbuf(file->file, NULL, _IONBF, 0);
    file->failure = write_bytes(file, head, head_bytes); /* said with the first record */
    return STATUS_OK;
}

/* Signals are taken by the thread that waits for them, not here. */
static bool start_thread(struct background_file *file)
{
    sigset_t all, before;
    bool is_started;
    pthread_mutex_init(&file->lock, NULL);
    pthread_cond_init(&file->wanted, NULL);
    pthread_cond_init(&file->swapped, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    is_started = pthread_create(&file->thread, NULL, write_blocks, file) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return is_started;
}

enum status background_file_open(struct background_file **file, const char *path,
                                 const struct background_settings *settings, const void *head,
                                 size_t head_bytes, struct error *error)
{
    struct background_file *made = calloc(1, sizeof *made);
    enum status status = STATUS_OK;
    *file = NULL;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for %s", path);
    snprintf(made->path, sizeof made->path, "%s", path);
    made->settings = *settings;
    made->filling = &made->blocks[0];
    made->packed = malloc(settings->packed_bytes);
    for (unsigned i = 0; i < 2; i++) {
        made->blocks[i].bytes = malloc(settings->block_bytes);
        made->blocks[i].capacity = settings->block_bytes;
    }
    if (!made->packed || !made->blocks[0].bytes || !made->blocks[1].bytes)
        status = error_set(error, STATUS_INTERNAL, "out of memory for %s", path);
    if (status == STATUS_OK)
        status = create(made, head, head_bytes, error);
    if (status == STATUS_OK && !start_thread(made))
        status = error_set(error, STATUS_INTERNAL, "%s: no thread to write it", path);
    if (status != STATUS_OK) {
        release(made);
        return status;
    }
    *file = made;
    return STATUS_OK;
}

enum status background_file_close(struct background_file *file, const void *tail, size_t tail_bytes,
                                  struct error *error)
{
    enum status status;
    int failure;
    pthread_mutex_lock(&file->lock);
    file->is_closing = true;
    pthread_cond_signal(&file->wanted);
    pthread_mutex_unlock(&file->lock);
    pthread_join(file->thread, NULL);
    failure = file->failure ? file->failure : write_bytes(file, tail, tail_bytes);
    if (fclose(file->file) != 0 && !failure)
        failure = errno;
    file->file = NULL;
    status = status_of(file, failure, error);
    pthread_cond_destroy(&file->wanted);
    pthread_cond_destroy(&file->swapped);
    pthread_mutex_destroy(&file->lock);
    release(file);
    return status;
}

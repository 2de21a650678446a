#include "hypervisor/disk_queue.h"

#include <stdlib.h>
#include <string.h>

bool disk_queue_init(struct disk_queue *queue, const struct lab *lab)
{
    memset(queue, 0, sizeof *queue);
    queue->is_elevator = lab->is_elevator;
    queue->capacity = lab->guest_count * DISK_QUEUE_PER_GUEST;
    for (unsigned i = 0; i < lab->guest_count; i++)
        queue->share[i] = lab->guests[i].disk_share;
    queue->jobs = calloc(queue->capacity ? queue->capacity : 1, sizeof *queue->jobs);
    return queue->jobs != NULL;
}

void disk_queue_fini(struct disk_queue *queue)
{
    free(queue->jobs);
}

static uint64_t scaled(const struct disk_queue *queue, unsigned owner, uint64_t sectors)
{
    uint64_t share = queue->share[owner] ? queue->share[owner] : LAB_DISK_SHARE;
    return sectors * LAB_DISK_SHARE * 1024 / share;
}

bool disk_queue_put(struct disk_queue *queue, const struct disk_job *job)
{
    struct disk_job *place = &queue->jobs[queue->waiting];
    if (queue->waiting == queue->capacity || queue->waiting_of[job->owner] == DISK_QUEUE_PER_GUEST)
        return false;
    if (queue->waiting_of[job->owner]++ == 0 && queue->served[job->owner] < queue->floor)
        queue->served[job->owner] = queue->floor;
    *place = *job;
    place->sequence = queue->next_sequence++;
    queue->flushes_of[job->owner] += job->op == BLOCK_FLUSH;
    queue->waiting++;
    return true;
}

static uint64_t least_served(const struct disk_queue *queue)
{
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < queue->waiting; i++)
        if (queue->served[queue->jobs[i].owner] < least)
            least = queue->served[queue->jobs[i].owner];
    return least;
}

/* C-LOOK as a number: what lies ahead of the head comes before what lies behind. */
static bool is_before(const struct disk_queue *queue, const struct disk_job *a,
                      const struct disk_job *b)
{
    if (queue->is_elevator && a->at.lba != b->at.lba) {
        bool a_behind = a->at.lba < queue->head_lba, b_behind = b->at.lba < queue->head_lba;
        return a_behind != b_behind ? b_behind : a->at.lba < b->at.lba;
    }
    return a->sequence < b->sequence;
}

/* One guest's flush waits for what it wrote before, and what it asks for later for the flush. */
static bool is_held(const struct disk_queue *queue, const struct disk_job *job)
{
    for (unsigned i = 0; queue->flushes_of[job->owner] && i < queue->waiting; i++) {
        const struct disk_job *other = &queue->jobs[i];
        if (other->owner == job->owner && other->sequence < job->sequence &&
            (other->op == BLOCK_FLUSH || job->op == BLOCK_FLUSH))
            return true;
    }
    return false;
}

/* The order is in the sequence numbers: the last may fill the gap. */
static void remove_at(struct disk_queue *queue, unsigned at)
{
    const struct disk_job *job = &queue->jobs[at];
    queue->waiting_of[job->owner]--;
    queue->flushes_of[job->owner] -= job->op == BLOCK_FLUSH;
    queue->jobs[at] = queue->jobs[--queue->waiting];
}

bool disk_queue_take(struct disk_queue *queue, struct disk_job *job)
{
    uint64_t most = least_served(queue) + DISK_QUANTUM_SECTORS * 1024;
    unsigned best = queue->waiting;
    if (queue->waiting == 0)
        return false;
    for (unsigned i = 0; i < queue->waiting; i++) {
        const struct disk_job *at = &queue->jobs[i];
        if (queue->served[at->owner] <= most && !is_held(queue, at) &&
            (best == queue->waiting || is_before(queue, at, &queue->jobs[best])))
            best = i;
    }
    *job = queue->jobs[best];
    remove_at(queue, best);
    queue->floor = queue->served[job->owner];
    queue->served[job->owner] += scaled(queue, job->owner, job->sectors ? job->sectors : 1);
    if (job->op != BLOCK_FLUSH)
        queue->head_lba = job->at.lba + job->sectors;
    return true;
}

void disk_queue_cancel(struct disk_queue *queue, const struct block_request *request)
{
    unsigned i = 0;
    while (i < queue->waiting)
        if (queue->jobs[i].request == request)
            remove_at(queue, i);
        else
            i++;
}

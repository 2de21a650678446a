/* The requests that wait for the host's disk: who is next.
 *
 * Order: FIFO, by arrival; or elevator (C-LOOK: Worthington, Ganger and Patt, SIGMETRICS 1994, section 3),
 * upwards from where the last one ended, then from the lowest again. Before the order come the shares:
 * a guest that is more than a quantum ahead of the least served one, by sectors over its share, has to
 * wait (start-time fair queueing: Goyal, Vin and Cheng, 1996; a guest that asked for nothing saves
 * nothing up). */
#ifndef VITRINE_HYPERVISOR_DISK_QUEUE_H
#define VITRINE_HYPERVISOR_DISK_QUEUE_H

#include "bus/block.h"
#include "hypervisor/lab.h"

#define DISK_QUEUE_PER_GUEST 256u
#define DISK_QUANTUM_SECTORS 256u /* at the usual share */

struct guest;

struct disk_job {
    struct guest *guest;
    unsigned owner;                /* its number */
    struct block_request *request; /* NULL: cancelled under way, its data goes nowhere */
    enum block_op op;
    struct block_address at;       /* physical, of the next sector */
    uint32_t sectors, done;        /* of this job */
    bool is_cut;                   /* the request asked for more than its guest has */
    uint64_t cause;
    uint64_t sequence;             /* of its arrival */
};

struct disk_queue {
    bool is_elevator;
    uint64_t head_lba;                     /* behind the last sector that was asked for */
    struct disk_job *jobs;
    unsigned waiting, capacity;
    uint64_t next_sequence;
    unsigned waiting_of[LAB_GUESTS_MAX], flushes_of[LAB_GUESTS_MAX];
    uint64_t share[LAB_GUESTS_MAX];        /* 0: the usual */
    uint64_t served[LAB_GUESTS_MAX];       /* sectors, scaled by the share */
    uint64_t floor;                        /* of the guest that was served last, when it was taken */
};

/* false: out of memory. */
bool disk_queue_init(struct disk_queue *queue, const struct lab *lab);
void disk_queue_fini(struct disk_queue *queue);
/* A copy of the job, at the end; false when its guest has as many as it may. */
bool disk_queue_put(struct disk_queue *queue, const struct disk_job *job);
/* The next one, taken out; false: none waits. */
bool disk_queue_take(struct disk_queue *queue, struct disk_job *job);
/* Takes a request out that has not been taken: it gives its place back, holds nothing up, and is not
 * reckoned against its guest's share. */
void disk_queue_cancel(struct disk_queue *queue, const struct block_request *request);

#endif

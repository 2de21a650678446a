/* blkfront.h: a disk reached through a ring in shared memory: no port is touched. */
#ifndef LAB_BLKFRONT_H
#define LAB_BLKFRONT_H

#include <stdbool.h>
#include <stdint.h>

enum { BLKFRONT_SLOTS = 32, BLKFRONT_BLOCK_BYTES = 4096, BLKFRONT_BLOCK_SECTORS = 8 };

/* Connects to the back-end; *sectors is the disk's size. False: there is none. */
bool blkfront_init(uint32_t *sectors);
/* Puts a request for a block of 4 KiB, whose memory is page-aligned, into the ring; false: it is full. */
bool blkfront_put(bool is_write, uint32_t sector, uint32_t grant);
/* Shows what was put and tells the back-end when it wants to be told: one hypercall a batch at most. */
void blkfront_push(void);
/* Requests that are not answered yet. */
uint32_t blkfront_waiting(void);
/* Sleeps until one more is answered. False: an answer was an error. */
bool blkfront_wait(void);
extern uint32_t blkfront_notifications;

#endif

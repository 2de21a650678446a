/* netfront.h: a network card reached through two rings in shared memory: no port is touched. */
#ifndef LAB_NETFRONT_H
#define LAB_NETFRONT_H

#include <stdbool.h>
#include <stdint.h>

enum { NETFRONT_SLOTS = 256, NETFRONT_BUFFERS = 32, NETFRONT_MAC_BYTES = 6 };

/* Connects to the back-end, lends it the buffers for what arrives; `mac` is the card's address. False:
 * there is none. Call once. */
bool netfront_init(uint8_t mac[NETFRONT_MAC_BYTES]);
/* Puts a frame into the ring; false: it is full, or the frame is longer than a page. */
bool netfront_put(const void *frame, uint32_t bytes);
/* Shows what was put and tells the back-end when it wants to be told: one hypercall a batch at most. */
void netfront_push(void);
/* Frames that the back-end has not answered yet, and answers that were errors. */
uint32_t netfront_waiting(void);
uint32_t netfront_errors(void);
/* Takes the next frame that arrived: its length, or 0. Its buffer is lent again. */
uint32_t netfront_receive(void *frame, uint32_t max_bytes);
/* Halts until a frame has arrived (true) or so many ticks have passed. */
bool netfront_wait(uint32_t ticks);

#endif

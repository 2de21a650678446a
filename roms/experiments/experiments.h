/* experiments.h: one measurement a run, named by lab= on the command line. What they print is checked by
 * `make labs`. */
#ifndef EXPERIMENTS_H
#define EXPERIMENTS_H

#include <stdint.h>

/* One block of 4 KiB of the disk, several ways: port accesses, DMA, virtio, a ring, system calls. */
void experiment_ways(void);
/* The same through a virtio disk. */
void experiment_virtio(void);
/* 512 blocks through the ring, four to a burst: how often is the back-end told? */
void experiment_batch(void);
/* Frames sent as a TCP stack would; work= instructions of its own for each. */
void experiment_transmit(void);
/* The first, last and next cylinder, through the ring and by ports. */
void experiment_cylinders(void);

/* The same block again and again, one way: requests a second. */
void experiment_rate(void);
/* A frame to another guest and back, by ports or through a ring; and the other guest. */
void experiment_ping(void);
void experiment_echo(void);

/* A page's worth of the disk, of which more than one experiment speaks. */
enum { BLOCK_BYTES = 4096, BLOCK_SECTORS = 8 };

/* Where start.asm goes. */
void lab_main(uint32_t magic, uint32_t information);

#endif

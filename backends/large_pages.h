/* Large pages of the workstation for a guest's RAM. */
#ifndef VITRINE_BACKENDS_LARGE_PAGES_H
#define VITRINE_BACKENDS_LARGE_PAGES_H

#include <stddef.h>
#include <stdint.h>

/* Asks for large pages of 2 MiB under untouched memory; nothing but time depends on the answer. The
 * workstation's TLB has few entries, and a guest that walks through 8 MiB misses them at each step. A small
 * guest (below 16 MiB) is left alone: it touches little, and there may be 64 of them. */
void prefer_large_pages(uint8_t *bytes, size_t count);

#endif

#include "backends/large_pages.h"

#ifndef _WIN32
#include <sys/mman.h>
#endif

#define LARGE_PAGE  ((size_t)2 << 20)
#define LEAST_BYTES (8 * LARGE_PAGE)

void prefer_large_pages(uint8_t *bytes, size_t count)
{
#ifdef MADV_HUGEPAGE
    if (count >= LEAST_BYTES)
        (void)madvise(bytes, count & ~(LARGE_PAGE - 1), MADV_HUGEPAGE); /* madvise(2); Linux */
#else
    (void)bytes;
    (void)count;
#endif
}

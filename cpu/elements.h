/* Runs of elements of 1, 2 or 4 bytes in plain memory, as REP MOVS and REP STOS leave them that go upwards. */
#ifndef VITRINE_CPU_ELEMENTS_H
#define VITRINE_CPU_ELEMENTS_H

#include <string.h>

#include "cpu/internal.h"

/* Goes on with what the `period` bytes in front of `to` say, in copies twice as long each time. */
static inline void elements_repeat(uint8_t *to, size_t period, size_t total)
{
    const uint8_t *from = to - period;
    while (total) {
        size_t n = total < period ? total : period;
        memcpy(to, from, n);
        to += n;
        total -= n;
        period += n;
    }
}

/* As if element after element: a copy onto what it has yet to read repeats its beginning. */
static inline void elements_copy(uint8_t *to, const uint8_t *from, uint64_t count, unsigned bytes)
{
    size_t total = (size_t)count * bytes;
    uintptr_t distance = (uintptr_t)to - (uintptr_t)from;
    if (total >= 32 && distance >= total)
        memmove(to, from, total);
    else if (total >= 64 && distance >= bytes) /* no element reads what it writes */
        elements_repeat(to, distance, total);
    else
        for (size_t at = 0; at < total; at += bytes)
            store_le(to + at, bytes, load_le(from + at, bytes));
}

static inline void elements_fill(uint8_t *to, uint64_t value, uint64_t count, unsigned bytes)
{
    size_t total = (size_t)count * bytes, first = total < 64 ? total : 64;
    if (total >= 32 && value == (value & 0xff) * (mask_bytes(bytes) / 0xff)) {
        memset(to, (int)(value & 0xff), total);
        return;
    }
    for (size_t at = 0; at < first; at += bytes)
        store_le(to + at, bytes, value);
    elements_repeat(to + first, first, total - first);
}

#endif

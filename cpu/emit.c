/* Choosing specialised handlers for decoded instructions. */
#include "cpu/blocks.h"

bool emit_fast(struct builder *b, const struct instruction *i)
{
    (void)b;
    (void)i;
    return false;
}

/* The handlers of ops_32.c once more, stepping (tracks.h). */
#define HANDLERS_STEP
#include "cpu/ops.h"
#include "cpu/tracks.h"

#if DISPATCH_IS_CHAINED
#define BITS 32
#define OPS_NAME TRACK_OPS_32
#include "cpu/ops_template.h"

const struct op *track_system(OP_PARAMETERS)
{
    if (!run_system(cpu, op))
        return OP_STOP;
    ENTER_OFFSET(cpu->ip);
}
#endif

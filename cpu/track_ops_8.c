/* The handlers of ops_8.c once more, stepping (tracks.h). */
#define HANDLERS_STEP
#include "cpu/ops.h"
#include "cpu/tracks.h"

#if DISPATCH_IS_CHAINED
#define BITS 8
#define OPS_NAME TRACK_OPS_8
#include "cpu/ops_template.h"
#endif

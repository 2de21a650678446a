/* The handlers of pairs once more, stepping (tracks.h). */
#define HANDLERS_STEP
#include "cpu/ops_pairs.h"
#include "cpu/tracks.h"

#if DISPATCH_IS_CHAINED
#define PAIR_OPS TRACK_OPS_32
#define PAIR_HANDLERS TRACK_PAIRS
#include "cpu/ops_pairs_template.h"
#endif

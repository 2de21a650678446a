/* Chains that begin with what only moves (ops_chains_template.h). */
#include "cpu/ops_chains.h"

#define CHAINS OP_CHAINS_OF_MOVES
#define TAKERS(X)                                                            \
    X(mov_rr, OPS_32.mov[OP_RR], FIELD_S)                                    \
    X(lea_b, OPS_32.lea[OP_B], FIELD_BASE)                                   \
    X(lea_f, OPS_32.lea[OP_F], FIELD_INDEX)                                  \
    X(movzx8, OPS_32.movzx8[0], FIELD_S8)                                    \
    X(movzx16, OPS_32.movzx16[0], FIELD_S)
#define OTHERS(X)
#include "cpu/ops_chains_template.h"

/* Chains that begin with a shift, a product or a complement (ops_chains_template.h). */
#include "cpu/ops_chains.h"

#define CHAINS OP_CHAINS_OF_SHIFTS
#define TAKERS(X) X(imul_quiet, OPS_32.imul_quiet[0], FIELD_S)
#define OTHERS(X)                                                            \
    X(rol_quiet, OPS_32.shift_i_quiet[0])                                    \
    X(ror_quiet, OPS_32.shift_i_quiet[1])                                    \
    X(shl_quiet, OPS_32.shift_i_quiet[4])                                    \
    X(shr_quiet, OPS_32.shift_i_quiet[5])                                    \
    X(sar_quiet, OPS_32.shift_i_quiet[7])                                    \
    X(not, OPS_32.unary[OP_NOT][0])
#include "cpu/ops_chains_template.h"

/* Chains that begin with an addition or a logical operation (ops_chains_template.h). */
#include "cpu/ops_chains.h"

#define CHAINS OP_CHAINS_OF_ALU
#define TAKERS(X)                                                            \
    X(add_rr_quiet, OPS_32.alu_quiet[ALU_ADD][OP_RR], FIELD_S)               \
    X(or_rr_quiet, OPS_32.alu_quiet[ALU_OR][OP_RR], FIELD_S)                 \
    X(and_rr_quiet, OPS_32.alu_quiet[ALU_AND][OP_RR], FIELD_S)               \
    X(sub_rr_quiet, OPS_32.alu_quiet[ALU_SUB][OP_RR], FIELD_S)               \
    X(xor_rr_quiet, OPS_32.alu_quiet[ALU_XOR][OP_RR], FIELD_S)
#define OTHERS(X)                                                            \
    X(add_ri_quiet, OPS_32.alu_quiet[ALU_ADD][OP_RI])                        \
    X(or_ri_quiet, OPS_32.alu_quiet[ALU_OR][OP_RI])                          \
    X(and_ri_quiet, OPS_32.alu_quiet[ALU_AND][OP_RI])                        \
    X(sub_ri_quiet, OPS_32.alu_quiet[ALU_SUB][OP_RI])                        \
    X(xor_ri_quiet, OPS_32.alu_quiet[ALU_XOR][OP_RI])
#include "cpu/ops_chains_template.h"

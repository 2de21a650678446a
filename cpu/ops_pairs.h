/* Handlers for two operations in a row: one dispatch for both.
 *
 * The two ops stay as they are, and each keeps its fields; only the first one's handler becomes that of the
 * pair. It does the first operation, steps on to the second op and does that. Whatever cannot go the short
 * way goes on at the op's own general handler: of the first, which passes on to the second op as ever, or of
 * the second. So a pair is invisible to time, faults, written code and whoever enters at the second op.
 *
 * The registers are the ops' fields: large code, where a dispatch is mostly a wrong guess of the predictor
 * and costs more than all the rest, is what pairs are for. */
#ifndef VITRINE_CPU_OPS_PAIRS_H
#define VITRINE_CPU_OPS_PAIRS_H

#include "cpu/ops.h"

#define PAIR_FIRSTS 31
#define PAIR_SECONDS 53
extern op_handler *const OP_PAIRS[PAIR_FIRSTS][PAIR_SECONDS];

#define PAIR_NONE 0xff
/* What a general handler may be: number of the first or second of a pair, or PAIR_NONE. Open addressing, at
 * most half full. */
#define PAIR_SLOTS 512u
struct op_pair_map {
    struct op_pair_role {
        op_handler *general;
        uint8_t first, second;
    } slot[PAIR_SLOTS];
};
void op_pair_map_init(struct op_pair_map *map);
/* For maps of other tables of the kind (ops_chains.h, ops_goto.h). */
void op_pair_add_role(struct op_pair_map *map, op_handler *general, unsigned first, unsigned second);
const struct op_pair_role *op_pair_role(const struct op_pair_map *map, op_handler *handler); /* NULL: none */
/* The handler of two ops with these general handlers, or NULL. */
op_handler *op_pair(const struct op_pair_map *map, op_handler *first, op_handler *second);
/* Of a pair's handler the first op's general one; any other handler is its own. */
op_handler *op_pair_first(op_handler *handler);

#endif

/* Tracks: dispatches of a block's own, for wide code.
 *
 * The processor underneath guesses where an indirect jump goes by its place, and by the way that led there where
 * one place goes to many targets. The guesses by place are good and many; those by way are fewer than a shell's
 * loop has dispatches. There, by the time it took, most guesses were wrong when each of some four hundred
 * handlers ended in the jump to whatever comes next.
 *
 *   track_0a1   op = first(cpu, op);            a block that has this track for itself: each of these
 *               op = op->handler(cpu, op);      calls always has the same target, and is guessed right
 *               op = op->handler(cpu, op);
 *               ...
 *
 * The tracks are some thousand copies of 32 functions, one for each number of steps, made by the preprocessor. No step
 * is followed by a question: a block's last op returns the first of another block, whose track is jumped to. Copies differ
 * in nothing but their places, and any op may be done on any track: which one a block has changes speed only. Whoever
 * leaves a block in its middle does so by returning what comes instead, and the steps that are left do that. A step is a
 * call and a return more than a jump is, and the copies have to be fetched; so a track is for a block that comes again and
 * again among many others (heat.h): not for a small loop, whose jumps are guessed well, and not for code that runs once.
 *
 * Who enters a block calls block->enter, which else is the first op's handler, so that everybody comes to a track by the
 * jump that he would make anyway. On a track run stepping handlers, the general ones compiled in that form
 * (blocks.h). A chained one in between runs on to the next stepping one, one call early for those behind it; the
 * last one must not be chained, as it would go on to other tracks without having returned from this.
 *
 * A track knows whose it is: the first op of its block stands in tracks->first. When that is who comes, the track goes
 * on with what it knows instead of what it was handed: these are equal, but the processor underneath need not wait
 * until the last block has found out where the next one lies.
 *
 * M. A. Ertl, D. Gregg, "Optimizing indirect branch prediction accuracy in virtual machine interpreters" (2003):
 * replication. M. Berndl and others, "Context threading" (2005): guesses by place, with generated calls. */
#ifndef VITRINE_CPU_TRACKS_H
#define VITRINE_CPU_TRACKS_H

#include "cpu/ops.h"
#include "cpu/ops_pairs.h"

/* The stepping forms of OPS_8 ... and of OP_PAIRS. */
extern const struct op_handlers TRACK_OPS_8, TRACK_OPS_16, TRACK_OPS_32;
op_handler track_system;
extern op_handler *const TRACK_PAIRS[PAIR_FIRSTS][PAIR_SECONDS];

/* The longest kind of track; the most copies of a kind. */
#define TRACK_STEPS 32u
#define TRACK_COPIES 1024u

/* Both forms of each handler; open addressing by the chained one, less than half full. */
#define TRACK_SLOTS 8192u
struct tracks {
    struct track_forms {
        op_handler *chained, *stepping;
    } slot[TRACK_SLOTS];
    const struct op *first[TRACK_STEPS + 1][TRACK_COPIES]; /* of the block that a track was last given to */
    uint32_t next[TRACK_STEPS + 1]; /* of each kind: the track that the next block gets; they go round */
    bool are_used; /* not every processor gains by them: tracks_init() asks which one this is */
};
void tracks_init(struct tracks *tracks);

/* Gives a finished block of the pool a track, where its last op has a stepping form; takes it away. */
void track_take(struct tracks *tracks, struct block *block);
void track_leave(const struct tracks *tracks, struct block *block);
/* A general handler that returns the next op; NULL: it has one form only. */
op_handler *track_stepping_form(const struct tracks *tracks, op_handler *handler);

#endif

/* Switches for measurement: what each technique of the interpreter gives is seen by leaving it out.
 * All are 1 in every program that is used. rules.mk builds the others, with one switch at 0 (make
 * obj/without/NAME/vitrine); tests/bench/techniques.sh measures them side by side, and
 * docs/performance.md explains what is seen.
 *
 * A switch changes speed only: what the guest sees is the same to the bit, which
 * tests/full/techniques-change-nothing.sh checks. */
#ifndef VITRINE_CPU_TECHNIQUES_H
#define VITRINE_CPU_TECHNIQUES_H

#ifndef TECHNIQUE_BLOCKS /* decoded blocks are kept; 0: decoded anew each time they are entered */
#define TECHNIQUE_BLOCKS 1
#endif
#ifndef TECHNIQUE_SPECIALISED /* handlers by operand size and form; 0: the plain ones only */
#define TECHNIQUE_SPECIALISED 1
#endif
#ifndef TECHNIQUE_REGISTERS /* handlers by register for hot blocks */
#define TECHNIQUE_REGISTERS 1
#endif
#ifndef TECHNIQUE_CHAINS /* there, one handler for two operations on one register */
#define TECHNIQUE_CHAINS 1
#endif
#ifndef TECHNIQUE_FORWARDING /* there, an operation's result goes to the next one in a register of the workstation */
#define TECHNIQUE_FORWARDING 1
#endif
#ifndef TECHNIQUE_GUESSES /* there, reads and writes that do not wait for the TLB */
#define TECHNIQUE_GUESSES 1
#endif
#ifndef TECHNIQUE_TAIL_CALLS /* a handler jumps to the next; 0: returns to a loop that calls it */
#define TECHNIQUE_TAIL_CALLS 1
#endif
#ifndef TECHNIQUE_FUSION /* compare and branch, runs of PUSH and POP in one operation */
#define TECHNIQUE_FUSION 1
#endif
#ifndef TECHNIQUE_PAIRS /* one handler for two frequent operations in a row */
#define TECHNIQUE_PAIRS 1
#endif
#ifndef TECHNIQUE_TRACKS /* places of their own for the dispatches of wide code */
#define TECHNIQUE_TRACKS 1
#endif
#ifndef TECHNIQUE_LAZY_FLAGS /* flags are computed when asked for; 0: by each operation */
#define TECHNIQUE_LAZY_FLAGS 1
#endif
#ifndef TECHNIQUE_DEAD_FLAGS /* what nobody will ask for is not even noted */
#define TECHNIQUE_DEAD_FLAGS 1
#endif
#ifndef TECHNIQUE_LINKS /* from block to block without a search */
#define TECHNIQUE_LINKS 1
#endif
#ifndef TECHNIQUE_JUMP_CACHE /* targets of indirect jumps, and of what RETURNS does not know, by their linear address */
#define TECHNIQUE_JUMP_CACHE 1
#endif
#ifndef TECHNIQUE_RETURNS /* targets of RET by a stack of the last CALLs */
#define TECHNIQUE_RETURNS 1
#endif
#ifndef TECHNIQUE_TLB /* host pointers by linear page; 0: each access asks TLB and address space */
#define TECHNIQUE_TLB 1
#endif
#ifndef TECHNIQUE_CODE_LINES /* code is watched by lines of 64 bytes; 0: by pages */
#define TECHNIQUE_CODE_LINES 1
#endif
#ifndef TECHNIQUE_PATCHING /* a write to an immediate changes its operation; 0: kills the block */
#define TECHNIQUE_PATCHING 1
#endif
#ifndef TECHNIQUE_PORTS /* IN and OUT with handlers that go straight to a port's register */
#define TECHNIQUE_PORTS 1
#endif

#endif

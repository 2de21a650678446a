/* A ring, its event channel, the VMM's back-end and the scheduler (hypervisor/ring.c, events.c, doorbell.c,
 * dispatch.c; roms/lab/blkfront.c) as a model for Spin: does every request get its answer, or does somebody
 * sleep for ever? A front-end that sleeps too early, or a back-end, is a state in which nothing can go on and
 * not everybody has ended: Spin's "invalid end state".
 *
 * Two guests, with a ring of SLOTS slots and 3 and 1 requests to make. Only the guest that the scheduler
 * has chosen executes; between any two of its steps the VMM may work or another guest be chosen. The VMM's
 * work is not interrupted (it runs between guest instructions), but disks complete whenever they like.
 *
 * Seeded mistakes: -DNO_FINAL_CHECK the back-end sleeps without looking again; -DNO_FRONT_CHECK the front-end
 * halts without looking again; -DHALT_IN_TWO STI and HLT with a gap between; -DNO_WAKE the scheduler is not
 * told of an upcall; -DEARLY_EVENT the back-end compares with an old index. */
#define GUESTS 2
#define SLOTS 2
#define REQUESTS (3 - 2 * me)

typedef ring_t {
    byte req_prod, req_event, rsp_prod, rsp_event; /* the shared page; the guest's side: */
    byte made, rsp_cons;
    byte req_cons, rsp_pvt;                        /* the back-end's */
    byte at_disk;
    bool is_rung;
    bool pending, interrupt; /* the channel's bit; the upcall on its way to the CPU */
    bool is_halted, has_ended
};
ring_t ring[GUESTS];
byte running = GUESTS; /* whose vCPU the CPU runs; GUESTS: nobody's */

/* event in (before, now]: the other side asked to be told of something that is new. */
#define IS_TOLD(event, before, now) ((event) > (before) && (event) <= (now))
#define MINE (running == me)

/* --- the front-end, one instruction at a time ------------------------------------------------------------- */

proctype guest(byte me)
{
    byte before;
    ring[me].req_event = 1;
    ring[me].rsp_event = 1;
work:
    do
    :: atomic { MINE && ring[me].made < REQUESTS && ring[me].made - ring[me].rsp_cons < SLOTS ->
           ring[me].made++ } /* a slot is filled in; now it is published */
       atomic { MINE -> before = ring[me].req_prod; ring[me].req_prod = ring[me].made }
       atomic { MINE ->
           if
           :: IS_TOLD(ring[me].req_event, before, ring[me].req_prod) -> ring[me].is_rung = true
           :: else
           fi;
           before = 0 }
    :: atomic { MINE && ring[me].rsp_cons < ring[me].rsp_prod -> ring[me].rsp_cons++ }
    :: atomic { MINE && ring[me].rsp_cons == REQUESTS -> goto done }
    :: atomic { MINE && ring[me].rsp_cons < REQUESTS && ring[me].rsp_cons == ring[me].rsp_prod &&
           (ring[me].made == REQUESTS || ring[me].made - ring[me].rsp_cons == SLOTS) -> break }
    od;
    atomic { MINE -> ring[me].rsp_event = ring[me].rsp_cons + 1 }
#ifndef NO_FRONT_CHECK
    if
    :: atomic { MINE && ring[me].rsp_cons < ring[me].rsp_prod -> goto work }
    :: atomic { MINE && ring[me].rsp_cons == ring[me].rsp_prod -> skip }
    fi;
#endif
#ifdef HALT_IN_TWO
    atomic { MINE -> ring[me].interrupt = false } /* the interrupt comes, its handler returns ... */
    atomic { MINE -> ring[me].is_halted = true; running = GUESTS } /* ... and then it halts */
#else
    atomic { MINE -> /* STI; HLT: an interrupt that waits already is taken instead */
        if
        :: ring[me].interrupt
        :: else -> ring[me].is_halted = true; running = GUESTS
        fi }
#endif
    atomic { MINE -> ring[me].interrupt = false; ring[me].pending = false }
    goto work;
done:
    ring[me].has_ended = true;
    running = GUESTS
}

/* --- the VMM: scheduler, back-ends, disk -------------------------------------------------------------------- */

inline raise(g)
{
    if
    :: !ring[g].pending ->
        ring[g].pending = true;
        ring[g].interrupt = true;
#ifndef NO_WAKE
        ring[g].is_halted = false
#endif
    :: else
    fi
}

#ifdef EARLY_EVENT
#define NEWS_UP_TO(g) old
#else
#define NEWS_UP_TO(g) ring[g].rsp_prod
#endif

/* Doorbell, requests to the disk, answers; the disk takes its time. From its last look to the doorbell's reset
 * nobody else runs: the VMM works between two instructions of a guest. */
proctype backend(byte g)
{
    byte old;
end:
    do
    :: atomic { ring[g].is_rung && ring[g].req_cons < ring[g].req_prod ->
           ring[g].req_cons++; ring[g].at_disk++ }
    :: atomic { ring[g].is_rung && ring[g].req_cons == ring[g].req_prod -> skip };
       ring[g].req_event = ring[g].req_cons + 1;
#ifdef NO_FINAL_CHECK
       ring[g].is_rung = false
#else
       atomic {
           if
           :: ring[g].req_cons < ring[g].req_prod
           :: else -> ring[g].is_rung = false
           fi }
#endif
    :: atomic { ring[g].at_disk > 0 -> ring[g].at_disk--; ring[g].rsp_pvt++ }
    :: atomic { ring[g].rsp_prod < ring[g].rsp_pvt ->
           old = ring[g].rsp_prod;
           ring[g].rsp_prod = ring[g].rsp_pvt;
           if
           :: IS_TOLD(ring[g].rsp_event, old, NEWS_UP_TO(g)) -> raise(g)
           :: else
           fi;
           old = 0 }
    od
}

#define CAN_RUN(g) (running != g && !ring[g].is_halted && !ring[g].has_ended)

/* The slice is over, or the CPU was idle. */
proctype scheduler()
{
end:
    do
    :: atomic { CAN_RUN(0) -> running = 0 }
    :: atomic { CAN_RUN(1) -> running = 1 }
    od
}

init { atomic { run guest(0); run guest(1); run backend(0); run backend(1); run scheduler() } }

/* GDB's remote serial protocol (GDB manual 13, appendix E), on byte buffers.
 *
 * Bytes that came in go to gdb_stub_receive(); what it has to say goes out through the target's
 * `send`. It knows no socket and no machine: see debugger/gdb_server.c for both.
 *
 *   $<body>#<sum>  ->  + or -, then the reply $...#..   (no + and - after QStartNoAckMode)
 *   03h            ->  stop
 *
 * What comes in is not trusted: a connection whose first byte is none of + - $ 03h is hung up (a web
 * page could reach a port of the workstation), packets have a longest length, numbers are checked.
 * MISSING: non-stop mode, several threads, tracepoints, reverse execution, files, 64-bit registers. */
#ifndef VITRINE_DEBUGGER_GDB_STUB_H
#define VITRINE_DEBUGGER_GDB_STUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "debugger/engine.h"
#include "debugger/gdb_registers.h"

#define GDB_PACKET_BYTES 16384u /* longest body, both ways */
#define GDB_POINT_TYPES  5      /* Z0 … Z4: the tag of an engine_point is the type */

/* What the stub asks of the machine and of the connection; self is given to all. */
struct gdb_target {
    void *self;
    void (*get_registers)(void *self, struct gdb_registers *registers);
    void (*set_registers)(void *self, const struct gdb_registers *registers);
    /* Linear addresses, RAM and ROM only; how many bytes could be had. */
    size_t (*peek)(void *self, uint64_t linear, void *bytes, size_t count);
    size_t (*poke)(void *self, uint64_t linear, const void *bytes, size_t count);
    /* Points of Z packets; adding one that is there, or removing one that is not, is no error. */
    bool (*add_point)(void *self, unsigned type, uint64_t linear, uint64_t length);
    void (*remove_point)(void *self, unsigned type, uint64_t linear, uint64_t length);
    void (*resume)(void *self,
                   bool is_step); /* gdb_stub_stopped() is called when it stands again */
    void (*hold)(void *self);
    /* "monitor LINE": the answer is a text of lines. */
    void (*command)(void *self, const char *line, char *text, size_t size);
    void (*detach)(void *self);      /* gdb leaves: no points, the machine runs */
    void (*kill)(void *self);        /* gdb wants the run to end */
    const char *(*name)(void *self); /* of the machine */
    void (*send)(void *self, const void *bytes, size_t count);
    void (*hang_up)(void *self);
};

enum gdb_frame { GDB_IDLE, GDB_BODY, GDB_SUM_HIGH, GDB_SUM_LOW };

struct gdb_stub {
    struct gdb_target target;
    enum gdb_frame frame;
    bool is_open;     /* the first byte was one of the protocol */
    bool is_over;     /* hung up: what still comes in is dropped */
    bool is_running;  /* gdb waits for a stop */
    bool is_overlong; /* the packet does not fit */
    bool uses_acks;
    bool knows_swbreak, knows_hwbreak;
    uint8_t sum;   /* of the body so far */
    char sum_high; /* first digit of the checksum */
    size_t in_count, out_count;
    struct engine_stop stop;
    char in[GDB_PACKET_BYTES + 1];  /* the body, NUL behind it */
    char out[GDB_PACKET_BYTES + 8]; /* the last packet, kept to be sent again */
    char xml[GDB_XML_BYTES];
};

/* A new connection to a machine that stands because of `stop`. */
void gdb_stub_init(struct gdb_stub *stub, const struct gdb_target *target,
                   const struct engine_stop *stop);
/* Can a conversation start with that byte? */
bool gdb_stub_starts_well(uint8_t byte);
void gdb_stub_receive(struct gdb_stub *stub, const void *bytes, size_t count);
/* The machine came to stand. */
void gdb_stub_stopped(struct gdb_stub *stub, const struct engine_stop *stop);
/* The run is over with that exit status. */
void gdb_stub_ended(struct gdb_stub *stub, int exit_status);

#endif

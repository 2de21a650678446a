/* State tables: every field of every device, as data.
 *
 * One table serves the snapshot, the reset check, the run hash, the debugger's device card and
 * reverse execution. A row names a field, its kind and its place in the structure; `since` says in
 * which version of the table it appeared, so that old snapshots load. DERIVED rows mark what is
 * rebuilt after loading (pointers, caches) and keep the coverage test honest: every byte of a
 * structure behind its `struct device` belongs to a row or is padding.
 *
 * Saved form: little endian, in table order, no padding. Save, load, save again gives the same
 * bytes. */
#ifndef VITRINE_BUS_STATE_H
#define VITRINE_BUS_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum state_kind {
    STATE_END,
    STATE_UINT,    /* count unsigned integers (or bool, enum) of `size` bytes: 1, 2, 4 or 8 */
    STATE_EVENT,   /* count struct event: armed or not, when, sequence */
    STATE_NESTED,  /* count structures of `size` bytes described by `table` */
    STATE_BUFFER,  /* pointer to bytes; their number is the size_t at length_offset */
    STATE_DERIVED  /* count * size bytes that are not saved */
};

struct state_field {
    const char *name;
    enum state_kind kind;
    uint16_t since; /* version of the table in which the row appeared; 0 = from the start */
    size_t offset, size, count;
    const struct state_field *table;
    size_t length_offset;
};

#define STATE_MEMBER(type, member) ((type *)0)->member
/* One integer, bool or enum. */
#define STATE_ONE(type, member) \
    {#member, STATE_UINT, 0, offsetof(type, member), sizeof STATE_MEMBER(type, member), 1, NULL, 0}
/* The same in a row that the first version of the table did not have. */
#define STATE_ONE_SINCE(version, type, member)                                               \
    {#member, STATE_UINT, version, offsetof(type, member), sizeof STATE_MEMBER(type, member), \
     1, NULL, 0}
#define STATE_ARRAY_SINCE(version, type, member)                                                \
    {#member, STATE_UINT, version, offsetof(type, member), sizeof STATE_MEMBER(type, member)[0], \
     sizeof STATE_MEMBER(type, member) / sizeof STATE_MEMBER(type, member)[0], NULL, 0}
/* An array of integers (of one dimension, or more given as one block of elements). */
#define STATE_ARRAY(type, member)                                                         \
    {#member, STATE_UINT, 0, offsetof(type, member), sizeof STATE_MEMBER(type, member)[0], \
     sizeof STATE_MEMBER(type, member) / sizeof STATE_MEMBER(type, member)[0], NULL, 0}
/* A nested structure, or an array of them, with a table of its own. */
#define STATE_STRUCT(type, member, rows)                                                     \
    {#member, STATE_NESTED, 0, offsetof(type, member), sizeof STATE_MEMBER(type, member), 1, \
     rows, 0}
#define STATE_STRUCTS(type, member, rows)                                                    \
    {#member, STATE_NESTED, 0, offsetof(type, member), sizeof STATE_MEMBER(type, member)[0], \
     sizeof STATE_MEMBER(type, member) / sizeof STATE_MEMBER(type, member)[0], rows, 0}
#define STATE_TIMER(type, member) \
    {#member, STATE_EVENT, 0, offsetof(type, member), sizeof STATE_MEMBER(type, member), 1, NULL, 0}
#define STATE_TIMERS(type, member)                                                          \
    {#member, STATE_EVENT, 0, offsetof(type, member), sizeof STATE_MEMBER(type, member)[0], \
     sizeof STATE_MEMBER(type, member) / sizeof STATE_MEMBER(type, member)[0], NULL, 0}
/* uint8_t *member with its size_t length in the same structure. */
#define STATE_BYTES(type, member, length)                                                    \
    {#member, STATE_BUFFER, 0, offsetof(type, member), sizeof STATE_MEMBER(type, member), 1, \
     NULL, offsetof(type, length)}
/* Not saved: rebuilt by init, wiring or the type's `loaded`. */
#define STATE_REBUILT(type, member)                                                           \
    {#member, STATE_DERIVED, 0, offsetof(type, member), sizeof STATE_MEMBER(type, member), 1, \
     NULL, 0}
#define STATE_TABLE_END {NULL, STATE_END, 0, 0, 0, 0, NULL, 0}

/* A growable byte string: what is saved, or what is loaded from. */
struct state_stream {
    uint8_t *bytes;
    size_t used, capacity, read;
    bool has_failed; /* out of memory when writing; short when reading */
};

void state_stream_free(struct state_stream *stream);
void state_put(struct state_stream *stream, const void *bytes, size_t count);
void state_put_uint(struct state_stream *stream, uint64_t value, unsigned bytes);
/* Returns false, and zero-fills, past the end. */
bool state_get(struct state_stream *stream, void *bytes, size_t count);
uint64_t state_get_uint(struct state_stream *stream, unsigned bytes);

/* Appends the fields of `object` to the stream. */
void state_save(struct state_stream *stream, const struct state_field *table, const void *object);
/* Reads them back. `version` is that of the saved form: rows with a later `since` keep their value.
 * Returns false when the stream is short or a buffer's length differs. */
bool state_load(struct state_stream *stream, const struct state_field *table, void *object,
                unsigned version);
/* 64-bit hash of the saved form. */
uint64_t state_hash(uint64_t hash, const struct state_field *table, const void *object);
/* A named section: {name, version, length, CRC-32, payload}. */
void state_put_section(struct state_stream *stream, const char *name, unsigned version,
                       const struct state_stream *payload);
/* Reads the next section; checks its name and CRC. The payload borrows the stream's bytes. */
enum status state_get_section(struct state_stream *stream, const char *name, unsigned *version,
                              struct state_stream *payload, struct error *error);

/* For tests: the offset of the first run of 8 or more bytes of a structure, from `start` to `end`,
 * that no row covers; SIZE_MAX when there is none. */
size_t state_first_gap(const struct state_field *table, size_t start, size_t end);

#endif

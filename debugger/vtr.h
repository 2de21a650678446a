/* The native form of a trace, FILE.vtr: small, quick to write, whole up to the last moment.
 *
 *   head   "\x89VTR\r\n\x1a\n", version 32, hz 64, start_seconds 64, CRC-32 of these 28 bytes
 *   block  "BLK\n", records 32, raw bytes 32, packed bytes 32, CRC-32 of these 16 bytes and the
 *          packed ones, packed bytes: a zlib stream (RFC 1950) of the raw ones
 *   draft  "DFT\n", else as a block: one record that was growing still; it counts only where nothing
 *          that is whole follows (trace_record.h)
 *   end    a block of no bytes; its `records` are those of the whole file, modulo 2^32
 *
 * Numbers are little-endian. Each block stands for itself: its texts are defined in it and its first
 * record does not build on one before. The raw bytes of a record: its kind (1 byte), a mask of the
 * members that differ from the record before (varint), then each of these in the order of
 * VTR_MEMBERS: a number as the zigzag varint of the difference, a text as the varint of its place
 * among the block's texts (0: none; one more than there are: a new one, length and bytes follow),
 * bytes as length and bytes. A thread packs and writes what there is every 20 ms: a run that is
 * killed loses no more, and the file then has no end. */
#ifndef VITRINE_DEBUGGER_VTR_H
#define VITRINE_DEBUGGER_VTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "debugger/trace_record.h"

/* --- reading ---------------------------------------------------------------------------------------- */

struct vtr_reader;

/* Errors: STATUS_FILE (not there, no trace, of a later version, its head is damaged). */
enum status vtr_open(struct vtr_reader **reader, const char *path, struct error *error);
const struct trace_head *vtr_head(const struct vtr_reader *reader);
/* The next record, in the order in which they were written; *record is NULL when there is no more.
 * Record, texts and bytes live until the next call. Errors: STATUS_FILE (cut in the middle of a
 * block, damaged): what came before is good, and every further call says the same. */
enum status vtr_next(struct vtr_reader *reader, const struct trace_record **record,
                     struct error *error);
/* After the last record: the run closed the file. False: it was killed, and what it did in its last
 * 40 ms or so is missing. */
bool vtr_is_complete(const struct vtr_reader *reader);
/* The kinds of the records read so far: bit n for enum trace_kind n. */
unsigned vtr_kinds(const struct vtr_reader *reader);
/* NULL is allowed. */
void vtr_close(struct vtr_reader *reader);

/* Reads all records into a sink: begin, record, end. The first failure of reader or sink is returned,
 * after the sink's end. */
enum status vtr_copy(struct vtr_reader *reader, const struct trace_sink *sink, struct error *error);

/* --- writing ---------------------------------------------------------------------------------------- */

/* A sink that writes a .vtr; freed by its `end`. `path` is kept until its `begin`, which makes the
 * file and may refuse: STATUS_USAGE (there is a file that is no trace), STATUS_FILE. */
enum status vtr_writer_new(struct trace_sink *sink, const char *path, struct error *error);

#endif

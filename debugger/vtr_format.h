/* What writer and reader of .vtr files share: the head, the block's head, the table of members. */
#ifndef VITRINE_DEBUGGER_VTR_FORMAT_H
#define VITRINE_DEBUGGER_VTR_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define VTR_MAGIC       "\x89VTR\r\n\x1a\n"
#define VTR_VERSION     3u
#define VTR_HEAD_BYTES  32u               /* magic 8, version 4, hz 8, start 8, CRC 4 */
#define VTR_BLOCK_MAGIC 0x0A4B4C42u       /* "BLK\n" */
#define VTR_DRAFT_MAGIC 0x0A544644u       /* "DFT\n" */
#define VTR_BLOCK_HEAD  20u               /* magic, records, raw bytes, packed bytes, CRC: 4 each */
#define VTR_BLOCK_LIMIT ((size_t)1 << 24) /* raw bytes; the writer's blocks are smaller */
#define VTR_BYTES_MAX   4096u             /* of a frame or a text */

enum vtr_type { VTR_NUMBER, VTR_BOOL, VTR_ENUM, VTR_TEXT, VTR_CODE, VTR_BYTES };

struct vtr_member {
    uint16_t offset; /* in struct trace_record */
    uint8_t width;
    uint8_t type;  /* enum vtr_type */
    uint8_t limit; /* of an enum: one more than its last value */
};

/* In the order of their bits in a record's mask: what changes most often first. */
#define VTR_MEMBER_COUNT 51u
extern const struct vtr_member VTR_MEMBERS[VTR_MEMBER_COUNT];

#endif

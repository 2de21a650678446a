/* Blocks of a pcapng file, one at a time, for whoever writes one.
 *
 * Specification: draft-ietf-opsawg-pcapng: sections 4.1 (Section Header Block), 4.2 (Interface
 * Description Block), 4.3 (Enhanced Packet Block), 3.5 (options). Every block is {type, length, body,
 * length} in multiples of four bytes; options are {code, length, value padded to four}. */
#ifndef VITRINE_BACKENDS_PCAPNG_H
#define VITRINE_BACKENDS_PCAPNG_H

#include <stddef.h>
#include <stdint.h>

#define PCAPNG_ETHERNET 1u   /* LINKTYPE_ETHERNET */
#define PCAPNG_USER0    147u /* LINKTYPE_USER0: what it means is agreed upon */
#define PCAPNG_UNKNOWN  0u   /* directions of a packet */
#define PCAPNG_INBOUND  1u
#define PCAPNG_OUTBOUND 2u

#define PCAPNG_PACKET_MAX  16384u
#define PCAPNG_COMMENT_MAX 128u
#define PCAPNG_BLOCK_BYTES (PCAPNG_PACKET_MAX + PCAPNG_COMMENT_MAX + 64u)

struct pcapng_block {
    uint8_t bytes[PCAPNG_BLOCK_BYTES];
    size_t used;
};

struct pcapng_packet {
    uint32_t interface, direction; /* interfaces are numbered as they are described, from 0 */
    uint64_t ns;                   /* since 1970 */
    const uint8_t *bytes;
    size_t count;        /* on the wire; at most PCAPNG_PACKET_MAX are kept */
    const char *comment; /* NULL: none */
};

/* Each makes a whole block. Times have nanoseconds. */
void pcapng_section(struct pcapng_block *block);
void pcapng_interface(struct pcapng_block *block, uint32_t link_type, const char *name);
void pcapng_packet(struct pcapng_block *block, const struct pcapng_packet *packet);

#endif

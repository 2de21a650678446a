#include "backends/pcapng.h"

#include <string.h>

#include "base/bits.h"

#define BLOCK_SECTION     0x0A0D0D0Au
#define BLOCK_INTERFACE   1u
#define BLOCK_PACKET      6u
#define BYTE_ORDER_MAGIC  0x1A2B3C4Du
#define OPTION_END        0u
#define OPTION_COMMENT    1u
#define OPTION_IF_NAME    2u
#define OPTION_IF_TSRESOL 9u
#define OPTION_EPB_FLAGS  2u
#define NANOSECONDS       9u /* if_tsresol: units of 10^-9 s */
#define NAME_BYTES        64u

static void put32(struct pcapng_block *block, uint32_t value)
{
    store_le32(block->bytes + block->used, value);
    block->used += 4;
}

static void put_padded(struct pcapng_block *block, const void *bytes, size_t count)
{
    memcpy(block->bytes + block->used, bytes, count);
    block->used += count;
    while (block->used % 4)
        block->bytes[block->used++] = 0;
}

static void put_option(struct pcapng_block *block, uint32_t code, const void *bytes, size_t count)
{
    put32(block, code | (uint32_t)count << 16);
    put_padded(block, bytes, count);
}

static void begin(struct pcapng_block *block, uint32_t type)
{
    block->used = 0;
    put32(block, type);
    put32(block, 0); /* the length, known at the end */
}

static void end(struct pcapng_block *block)
{
    put32(block, OPTION_END);
    store_le32(block->bytes + 4, (uint32_t)block->used + 4);
    put32(block, (uint32_t)block->used + 4);
}

void pcapng_section(struct pcapng_block *block)
{
    static const uint8_t UNKNOWN_LENGTH[8] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    begin(block, BLOCK_SECTION);
    put32(block, BYTE_ORDER_MAGIC);
    put32(block, 1); /* version 1.0 */
    put_padded(block, UNKNOWN_LENGTH, sizeof UNKNOWN_LENGTH);
    end(block);
}

void pcapng_interface(struct pcapng_block *block, uint32_t link_type, const char *name)
{
    static const uint8_t RESOLUTION = NANOSECONDS;
    size_t length = strlen(name);
    begin(block, BLOCK_INTERFACE);
    put32(block, link_type);
    put32(block, 0); /* no limit of the captured length */
    put_option(block, OPTION_IF_NAME, name, length < NAME_BYTES ? length : NAME_BYTES);
    put_option(block, OPTION_IF_TSRESOL, &RESOLUTION, 1);
    end(block);
}

void pcapng_packet(struct pcapng_block *block, const struct pcapng_packet *packet)
{
    size_t kept = packet->count < PCAPNG_PACKET_MAX ? packet->count : PCAPNG_PACKET_MAX;
    size_t length = packet->comment ? strlen(packet->comment) : 0;
    uint8_t flags[4];
    store_le32(flags, packet->direction);
    begin(block, BLOCK_PACKET);
    put32(block, packet->interface);
    put32(block, (uint32_t)(packet->ns >> 32));
    put32(block, (uint32_t)packet->ns);
    put32(block, (uint32_t)kept);
    put32(block, (uint32_t)packet->count);
    put_padded(block, packet->bytes, kept);
    if (length)
        put_option(block, OPTION_COMMENT, packet->comment,
                   length < PCAPNG_COMMENT_MAX ? length : PCAPNG_COMMENT_MAX);
    if (packet->direction != PCAPNG_UNKNOWN)
        put_option(block, OPTION_EPB_FLAGS, flags, sizeof flags);
    end(block);
}

/* For tests of the NE2000: a card on a cable that keeps what it hears, and its registers as a driver uses them. */
#ifndef VITRINE_TESTS_NE2000_BENCH_H
#define VITRINE_TESTS_NE2000_BENCH_H

#include <check.h>
#include <string.h>

#include "base/bits.h"
#include "bus/net.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"

#define IO 0x300
#define RING_FIRST 0x46
#define RING_END 0x80

static const uint8_t MAC[6] = {0x52, 0x54, 0x00, 0xAA, 0xBB, 0x01};

/* A card and the other end of its cable. */
struct bench {
    struct device_fixture *f;
    struct net_port cable;
    struct fixture_probe irq;
    uint8_t sent[2048];
    size_t sent_bytes;
    unsigned sent_count;
    uint64_t sent_at, sent_cause;
};

static inline void cable_receive(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    struct bench *b = self;
    ck_assert_uint_le(bytes, sizeof b->sent);
    memcpy(b->sent, frame, bytes);
    b->sent_bytes = bytes;
    b->sent_count++;
    b->sent_at = b->f->timeline.now;
    b->sent_cause = cause;
}

static inline void out(struct bench *b, unsigned reg, unsigned value)
{
    fixture_out(b->f, (uint16_t)(IO + reg), (uint8_t)value);
}

static inline unsigned in(struct bench *b, unsigned reg)
{
    return fixture_in(b->f, (uint16_t)(IO + reg));
}

/* With two options more. */
static inline void bench_init_with(struct bench *b, const char *name, const char *value,
                                   const char *other_name, const char *other_value)
{
    struct device_config config = {0};
    memset(b, 0, sizeof *b);
    b->cable.receive = cable_receive;
    b->cable.self = b;
    config.net = &b->cable;
    fixture_set(&config, "mac", "52:54:00:aa:bb:01");
    fixture_set(&config, name, value);
    fixture_set(&config, other_name, other_value);
    b->f = device_fixture_new(&NE2000_TYPE, &config);
    fixture_probe(b->f, b->f->device, "irq", &b->irq);
}

static inline void bench_init_at(struct bench *b, const char *mbit, const char *handover)
{
    bench_init_with(b, "mbit", mbit, "handover", handover);
}

static inline void bench_init(struct bench *b)
{
    bench_init_at(b, "10", "end");
}

/* As a driver does: ring 46-80, word transfers, own address, started. */
static inline void start(struct bench *b)
{
    out(b, 0x00, 0x21);
    out(b, 0x0E, 0x49);
    out(b, 0x0C, 0x04); /* broadcast */
    out(b, 0x0D, 0x00);
    out(b, 0x01, RING_FIRST);
    out(b, 0x02, RING_END);
    out(b, 0x03, RING_FIRST);
    out(b, 0x07, 0xFF);
    out(b, 0x0F, 0x3F);
    out(b, 0x00, 0x61);
    for (unsigned i = 0; i < 6; i++)
        out(b, 1 + i, MAC[i]);
    for (unsigned i = 0; i < 8; i++)
        out(b, 8 + i, 0);
    out(b, 0x07, RING_FIRST + 1);
    out(b, 0x00, 0x22);
}

static inline void remote(struct bench *b, bool is_write, unsigned address, unsigned count)
{
    out(b, 0x08, address & 0xFF);
    out(b, 0x09, address >> 8);
    out(b, 0x0A, count & 0xFF);
    out(b, 0x0B, count >> 8);
    out(b, 0x00, is_write ? 0x12 : 0x0A);
}

static inline void read_memory(struct bench *b, unsigned address, uint8_t *bytes, unsigned count)
{
    remote(b, false, address, count);
    for (unsigned i = 0; i < count; i += 2)
        store_le16(bytes + i, (uint16_t)space_read(&b->f->ports, IO + 0x10, 2));
}

static inline void write_memory(struct bench *b, unsigned address, const uint8_t *bytes,
                                unsigned count)
{
    remote(b, true, address, count);
    for (unsigned i = 0; i < count; i += 2)
        space_write(&b->f->ports, IO + 0x10, 2, load_le16(bytes + i));
}

static inline void make_frame(uint8_t *frame, size_t bytes, const uint8_t *to, uint32_t seed)
{
    for (size_t i = 0; i < bytes; i++)
        frame[i] = (uint8_t)fixture_random(&seed);
    memcpy(frame, to, 6);
}

static inline void give(struct bench *b, const uint8_t *frame, size_t bytes)
{
    net_send(&b->cable, frame, bytes, 77);
}

static inline void transmit(struct bench *b, unsigned page, unsigned bytes)
{
    out(b, 0x04, page);
    out(b, 0x05, bytes & 0xFF);
    out(b, 0x06, bytes >> 8);
    out(b, 0x00, 0x26);
}

#endif

#include "debugger/gdb_stub.h"

#include <stdio.h>
#include <string.h>

#include "debugger/gdb_internal.h"

/* --- packets out ----------------------------------------------------------------------------------------- */

void gdb_reply_begin(struct gdb_stub *stub)
{
    stub->out[0] = '$';
    stub->out_count = 1;
}

void gdb_put_char(struct gdb_stub *stub, char c)
{
    if (stub->out_count <= GDB_PACKET_BYTES)
        stub->out[stub->out_count++] = c;
}

void gdb_put_text(struct gdb_stub *stub, const char *text)
{
    while (*text)
        gdb_put_char(stub, *text++);
}

void gdb_put_hex(struct gdb_stub *stub, const void *bytes, size_t count)
{
    const uint8_t *from = bytes;
    for (size_t i = 0; i < count; i++) {
        gdb_put_char(stub, "0123456789abcdef"[from[i] >> 4]);
        gdb_put_char(stub, "0123456789abcdef"[from[i] & 15]);
    }
}

void gdb_put_escaped(struct gdb_stub *stub, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strchr("#$}*", bytes[i]) && bytes[i]) {
            gdb_put_char(stub, '}');
            gdb_put_char(stub, (char)(bytes[i] ^ 0x20));
        } else {
            gdb_put_char(stub, bytes[i]);
        }
    }
}

void gdb_reply_end(struct gdb_stub *stub)
{
    uint8_t sum = 0;
    for (size_t i = 1; i < stub->out_count; i++)
        sum = (uint8_t)(sum + (uint8_t)stub->out[i]);
    stub->out[stub->out_count++] = '#';
    stub->out[stub->out_count++] = "0123456789abcdef"[sum >> 4];
    stub->out[stub->out_count++] = "0123456789abcdef"[sum & 15];
    stub->target.send(stub->target.self, stub->out, stub->out_count);
}

void gdb_reply(struct gdb_stub *stub, const char *text)
{
    gdb_reply_begin(stub);
    gdb_put_text(stub, text);
    gdb_reply_end(stub);
}

void gdb_stub_stopped(struct gdb_stub *stub, const struct engine_stop *stop)
{
    stub->stop = *stop;
    if (!stub->is_running)
        return;
    stub->is_running = false;
    gdb_reply_stop(stub);
}

void gdb_stub_ended(struct gdb_stub *stub, int exit_status)
{
    char text[8];
    if (!stub->is_open || stub->is_over)
        return;
    snprintf(text, sizeof text, "W%02x", (unsigned)exit_status & 0xFFu);
    if (stub->is_running)
        gdb_reply(stub, text);
    stub->is_over = true;
    stub->target.hang_up(stub->target.self);
}

/* --- packets in ---------------------------------------------------------------------------------------------- */

int gdb_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void send_char(struct gdb_stub *stub, char c)
{
    stub->target.send(stub->target.self, &c, 1);
}

static void end_packet(struct gdb_stub *stub, char low)
{
    int value_high = gdb_digit(stub->sum_high), value_low = gdb_digit(low);
    bool is_good = value_high >= 0 && value_low >= 0 && (value_high << 4 | value_low) == stub->sum;
    stub->frame = GDB_IDLE;
    if (stub->uses_acks)
        send_char(stub, is_good ? '+' : '-');
    if (!is_good)
        return;
    if (stub->is_overlong)
        gdb_reply(stub, GDB_ERROR_INVALID);
    else
        gdb_handle_packet(stub);
}

static void start_packet(struct gdb_stub *stub)
{
    stub->frame = GDB_BODY;
    stub->in_count = 0;
    stub->sum = 0;
    stub->is_overlong = false;
}

static void body_byte(struct gdb_stub *stub, char c)
{
    if (c == '$') { /* inside a packet it would be escaped: the rest of the last one was lost */
        start_packet(stub);
        return;
    }
    if (c == '#') {
        stub->frame = GDB_SUM_HIGH;
        return;
    }
    stub->sum = (uint8_t)(stub->sum + (uint8_t)c);
    if (stub->in_count < GDB_PACKET_BYTES)
        stub->in[stub->in_count++] = c;
    else
        stub->is_overlong = true;
}

static void between_packets(struct gdb_stub *stub, char c)
{
    if (c == '$')
        start_packet(stub);
    else if (c == 3 && stub->is_running)
        stub->target.hold(stub->target.self);
    else if (c == '-' && stub->uses_acks && stub->out_count)
        stub->target.send(stub->target.self, stub->out, stub->out_count);
    /* '+' and noise: nothing to do */
}

bool gdb_stub_starts_well(uint8_t byte)
{
    return byte == '+' || byte == '-' || byte == '$' || byte == 3;
}

void gdb_stub_receive(struct gdb_stub *stub, const void *bytes, size_t count)
{
    const char *from = bytes;
    for (size_t i = 0; i < count && !stub->is_over; i++) {
        char c = from[i];
        if (!stub->is_open && !gdb_stub_starts_well((uint8_t)c)) {
            stub->is_over = true;
            stub->target.hang_up(stub->target.self);
            return;
        }
        stub->is_open = true;
        switch (stub->frame) {
        case GDB_IDLE: between_packets(stub, c); break;
        case GDB_BODY: body_byte(stub, c); break;
        case GDB_SUM_HIGH:
            stub->sum_high = c;
            stub->frame = GDB_SUM_LOW;
            break;
        case GDB_SUM_LOW: end_packet(stub, c); break;
        }
    }
}

void gdb_stub_init(struct gdb_stub *stub, const struct gdb_target *target,
                   const struct engine_stop *stop)
{
    memset(stub, 0, sizeof *stub);
    stub->target = *target;
    stub->stop = *stop;
    stub->uses_acks = true;
}

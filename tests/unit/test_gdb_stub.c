/* The gdb protocol on byte buffers: packets as gdb sends them, and what nobody should send. */
#include "debugger/gdb_stub.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_BYTES 256u /* at 1000h */
#define MEMORY_BASE  0x1000u

/* A target that is no machine: registers, a little memory, and notes of what was asked. */
struct fake {
    struct gdb_stub *stub;
    struct gdb_registers registers;
    uint8_t memory[MEMORY_BYTES];
    bool points[GDB_POINT_TYPES];
    uint64_t point_address, point_length;
    unsigned continues, steps, holds, detaches, kills, hang_ups;
    char line[256]; /* of the last monitor command */
    char *sent;
    size_t sent_count, sent_room;
};

static void get_registers(void *self, struct gdb_registers *registers)
{
    *registers = ((struct fake *)self)->registers;
}
static void set_registers(void *self, const struct gdb_registers *registers)
{
    ((struct fake *)self)->registers = *registers;
}
static size_t reachable(uint64_t linear, size_t count)
{
    uint64_t end = MEMORY_BASE + MEMORY_BYTES;
    if (linear < MEMORY_BASE || linear >= end)
        return 0;
    return count < end - linear ? count : (size_t)(end - linear);
}
static size_t peek(void *self, uint64_t linear, void *bytes, size_t count)
{
    count = reachable(linear, count);
    if (count)
        memcpy(bytes, ((struct fake *)self)->memory + (linear - MEMORY_BASE), count);
    return count;
}
static size_t poke(void *self, uint64_t linear, const void *bytes, size_t count)
{
    count = reachable(linear, count);
    if (count)
        memcpy(((struct fake *)self)->memory + (linear - MEMORY_BASE), bytes, count);
    return count;
}
static bool add_point(void *self, unsigned type, uint64_t linear, uint64_t length)
{
    struct fake *f = self;
    f->points[type] = true;
    f->point_address = linear;
    f->point_length = length;
    return true;
}
static void remove_point(void *self, unsigned type, uint64_t linear, uint64_t length)
{
    (void)linear;
    (void)length;
    ((struct fake *)self)->points[type] = false;
}
static void resume(void *self, bool is_step)
{
    struct fake *f = self;
    f->steps += is_step;
    f->continues += !is_step;
}
static void hold(void *self)
{
    ((struct fake *)self)->holds++;
}
static void command(void *self, const char *line, char *text, size_t size)
{
    struct fake *f = self;
    snprintf(f->line, sizeof f->line, "%s", line);
    if (strcmp(line, "long") == 0)
        memset(text, 'x', size - 1), text[size - 1] = '\0';
    else
        snprintf(text, size, "done\n");
}
static void detach(void *self)
{
    ((struct fake *)self)->detaches++;
}
static void kill_run(void *self)
{
    ((struct fake *)self)->kills++;
}
static const char *name(void *self)
{
    (void)self;
    return "alpha";
}
static void send_bytes(void *self, const void *bytes, size_t count)
{
    struct fake *f = self;
    if (f->sent_count + count + 1 > f->sent_room) {
        f->sent_room = 2 * (f->sent_count + count + 1);
        f->sent = realloc(f->sent, f->sent_room);
    }
    memcpy(f->sent + f->sent_count, bytes, count);
    f->sent_count += count;
    f->sent[f->sent_count] = '\0';
}
static void hang_up(void *self)
{
    ((struct fake *)self)->hang_ups++;
}

static struct fake *fake_new(void)
{
    struct fake *f = calloc(1, sizeof *f);
    const struct gdb_target target = {f,         get_registers, set_registers, peek,       poke,
                                      add_point, remove_point,  resume,        hold,       command,
                                      detach,    kill_run,      name,          send_bytes, hang_up};
    const struct engine_stop stop = {.reason = STOP_ASKED};
    f->stub = calloc(1, sizeof *f->stub);
    f->sent = calloc(1, 1);
    f->registers.cpu.flags = 2;
    gdb_stub_init(f->stub, &target, &stop);
    return f;
}

static void fake_free(struct fake *f)
{
    free(f->stub);
    free(f->sent);
    free(f);
}

/* Sends bytes as they are; gives back what came since. */
static const char *raw(struct fake *f, const void *bytes, size_t count)
{
    f->sent_count = 0;
    f->sent[0] = '\0';
    gdb_stub_receive(f->stub, bytes, count);
    return f->sent;
}

static size_t frame(char *to, const char *body, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (unsigned char)body[i];
    to[0] = '$';
    memcpy(to + 1, body, count);
    snprintf(to + 1 + count, 4, "#%02x", sum & 0xFF);
    return count + 4;
}

/* The body of the reply to a packet; its frame and checksum are checked here. */
static const char *ask_bytes(struct fake *f, const char *body, size_t count)
{
    char *packet = malloc(count + 8);
    size_t length;
    unsigned sum = 0, said;
    char *hash;
    raw(f, packet, frame(packet, body, count));
    free(packet);
    length = f->sent_count;
    ck_assert_msg(f->sent[0] == '+' && f->sent[1] == '$', "no reply: %s", f->sent);
    hash = strrchr(f->sent, '#');
    ck_assert_ptr_eq(hash, f->sent + length - 3);
    for (const char *c = f->sent + 2; c < hash; c++)
        sum += (unsigned char)*c;
    ck_assert_int_eq(sscanf(hash + 1, "%x", &said), 1);
    ck_assert_uint_eq(said, sum & 0xFF);
    *hash = '\0';
    return f->sent + 2;
}

static const char *ask(struct fake *f, const char *body)
{
    return ask_bytes(f, body, strlen(body));
}

START_TEST(the_start_of_a_session_goes_as_gdb_expects)
{
    struct fake *f = fake_new();
    ck_assert_ptr_nonnull(strstr(ask(f, "qSupported:multiprocess+;swbreak+;hwbreak+;qRelocInsn+"),
                                 "PacketSize=4000;QStartNoAckMode+;qXfer:features:read+"));
    ck_assert_str_eq(ask(f, "vMustReplyEmpty"), "");
    ck_assert_str_eq(ask(f, "Hg0"), "OK");
    ck_assert_str_eq(ask(f, "qTStatus"), "");
    ck_assert_str_eq(ask(f, "?"), "T02thread:1;");
    ck_assert_str_eq(ask(f, "qfThreadInfo"), "m1");
    ck_assert_str_eq(ask(f, "qsThreadInfo"), "l");
    ck_assert_str_eq(ask(f, "qAttached"), "1");
    ck_assert_str_eq(ask(f, "qC"), "QC1");
    ck_assert_str_eq(ask(f, "qCRC:1000,10"), "");
    ck_assert_str_eq(ask(f, "qThreadExtraInfo,1"), "616c706861");
    ck_assert_str_eq(ask(f, "vCont?"), "vCont;c;C;s;S");
    fake_free(f);
}
END_TEST

START_TEST(without_acks_only_replies_are_sent)
{
    struct fake *f = fake_new();
    ck_assert_str_eq(ask(f, "QStartNoAckMode"), "OK");
    ck_assert_str_eq(raw(f, "+$qC#b4", 7), "$QC1#c5");
    ck_assert_str_eq(raw(f, "-", 1), ""); /* means nothing any more */
    fake_free(f);
}
END_TEST

START_TEST(registers_are_read_and_written_in_gdbs_order)
{
    struct fake *f = fake_new();
    char packet[1024] = "G";
    size_t length;
    f->registers.cpu.gpr[CPU_AX] = 0x12345678;
    f->registers.cpu.ip = 0x7C00;
    f->registers.cpu.segment[CPU_GS].selector = 0x33;
    f->registers.cpu.cr0 = 0x80000011;
    ck_assert_str_eq(ask(f, "p0"), "78563412");
    ck_assert_str_eq(ask(f, "p8"), "007c0000");
    ck_assert_str_eq(ask(f, "pf"), "33000000");
    ck_assert_str_eq(ask(f, "p26"), "11000080"); /* cr0 */
    snprintf(packet + 1, sizeof packet - 1, "%s", ask(f, "g"));
    length = strlen(packet);
    ck_assert_uint_eq(length, 1 + 2 * (16 * 4 + 8 * 10 + 8 * 4 + 16 * 4));
    memcpy(packet + 1, "01020304", 8);
    ck_assert_str_eq(ask(f, packet), "OK");
    ck_assert_uint_eq(f->registers.cpu.gpr[CPU_AX], 0x04030201);
    ck_assert_uint_eq(f->registers.cpu.ip, 0x7C00);
    ck_assert_str_eq(ask(f, "P8=f0ff0000"), "OK");
    ck_assert_uint_eq(f->registers.cpu.ip, 0xFFF0);
    fake_free(f);
}
END_TEST

START_TEST(short_and_long_register_packets_change_nothing)
{
    struct fake *f = fake_new();
    char packet[1024];
    f->registers.cpu.gpr[CPU_AX] = 7;
    ck_assert_str_eq(ask(f, "G"), "E16");
    ck_assert_str_eq(ask(f, "G01020304"), "E16");
    ck_assert_str_eq(ask(f, "G0102030"), "E16");
    ck_assert_str_eq(ask(f, "Gzz020304"), "E16");
    snprintf(packet, sizeof packet, "G%s", ask(f, "g"));
    packet[1] = 'f';
    strcat(packet, "00");
    ck_assert_str_eq(ask(f, packet), "E16");
    ck_assert_str_eq(ask(f, "p30"), "E16");
    ck_assert_str_eq(ask(f, "pffffffffffffffff"), "E16");
    ck_assert_str_eq(ask(f, "p10000000000000000"), "E16");
    ck_assert_str_eq(ask(f, "p"), "E16");
    ck_assert_str_eq(ask(f, "P0=0102"), "E16");
    ck_assert_str_eq(ask(f, "P0=0102030405"), "E16");
    ck_assert_str_eq(ask(f, "P99=00000000"), "E16");
    ck_assert_uint_eq(f->registers.cpu.gpr[CPU_AX], 7);
    fake_free(f);
}
END_TEST

START_TEST(a_selector_moves_its_base_in_real_mode_only)
{
    struct fake *f = fake_new();
    ck_assert_str_eq(ask(f, "Pc=00b80000"), "OK");
    ck_assert_uint_eq(f->registers.cpu.segment[CPU_DS].base, 0xB8000);
    f->registers.cpu.cr0 = 1;
    ck_assert_str_eq(ask(f, "Pc=10000000"), "E16");
    ck_assert_str_eq(ask(f, "Pc=00b80000"), "OK"); /* as it is */
    f->registers.cpu.flags |= 0x20000;             /* virtual 8086 */
    ck_assert_str_eq(ask(f, "Pc=00400000"), "OK");
    ck_assert_uint_eq(f->registers.cpu.segment[CPU_DS].base, 0x40000);
    fake_free(f);
}
END_TEST

START_TEST(x87_tags_are_the_sixteen_bits_of_fsave)
{
    struct fake *f = fake_new();
    uint8_t *image = f->registers.fxsave;
    image[3] = 5 << 3;    /* TOP = 5: ST(0) is physical register 5 */
    image[4] = 0xE0;      /* 5, 6 and 7 are in use */
    image[32 + 7] = 0x80; /* ST(0) = 1.0 */
    image[32 + 8] = 0xFF;
    image[32 + 9] = 0x3F;
    image[64 + 8] = 0xFF; /* ST(2): infinity; ST(1): zero */
    image[64 + 9] = 0x7F;
    image[64 + 7] = 0x80;
    ck_assert_str_eq(ask(f, "p1a"), "ff930000");
    ck_assert_str_eq(ask(f, "P1a=ffff0000"), "OK");
    ck_assert_uint_eq(image[4], 0);
    fake_free(f);
}
END_TEST

START_TEST(memory_is_read_as_far_as_it_goes)
{
    struct fake *f = fake_new();
    f->memory[0] = 0xAB;
    f->memory[1] = 0xCD;
    ck_assert_str_eq(ask(f, "m1000,2"), "abcd");
    ck_assert_uint_eq(strlen(ask(f, "m1000,ffffffff")), 2 * MEMORY_BYTES);
    ck_assert_str_eq(ask(f, "m0,ffffffff"), "E0e");
    ck_assert_str_eq(ask(f, "mffffffffffffffff,ffffffffffffffff"), "E0e");
    ck_assert_str_eq(ask(f, "m1000,0"), "");
    ck_assert_str_eq(ask(f, "m1000"), "E16");
    ck_assert_str_eq(ask(f, "m,"), "E16");
    ck_assert_str_eq(ask(f, "m1000,2x"), "E16");
    fake_free(f);
}
END_TEST

START_TEST(memory_is_written_whole_or_not_at_all)
{
    struct fake *f = fake_new();
    ck_assert_str_eq(ask(f, "M1000,3:010203"), "OK");
    ck_assert_mem_eq(f->memory, "\1\2\3", 3);
    ck_assert_str_eq(ask(f, "M1000,2:aabbcc"), "E16"); /* more bytes than it says */
    ck_assert_str_eq(ask(f, "M1000,4:aabbcc"), "E16"); /* fewer */
    ck_assert_str_eq(ask(f, "M1000,ffffffff:aa"), "E16");
    ck_assert_str_eq(ask(f, "M10ff,2:aabb"), "E0e"); /* the second byte is outside */
    ck_assert_mem_eq(f->memory, "\1\2\3", 3);
    ck_assert_uint_eq(f->memory[255], 0);
    ck_assert_str_eq(ask_bytes(f, "X1000,4:}\x03\x00}]z", 14), "OK"); /* '#', 0, '}', 'z' */
    ck_assert_mem_eq(f->memory, "#\0}z", 4);
    ck_assert_str_eq(ask(f, "X1000,0:"), "OK"); /* how gdb asks whether X is known */
    ck_assert_str_eq(ask(f, "X1000,2:a"), "E16");
    ck_assert_str_eq(ask(f, "X1000,1:}"), "OK"); /* an escape of nothing is itself */
    fake_free(f);
}
END_TEST

START_TEST(going_on_is_answered_by_the_stop)
{
    struct fake *f = fake_new();
    struct engine_stop stop = {.reason = STOP_STEP};
    ask(f, "qSupported:swbreak+;hwbreak+");
    ck_assert_str_eq(raw(f, "$vCont;s:1;c#c1", 15), "+");
    ck_assert_uint_eq(f->steps, 1);
    gdb_stub_stopped(f->stub, &stop);
    ck_assert_str_eq(f->sent, "+$T05thread:1;#d7");
    ck_assert_str_eq(raw(f, "$c#63", 5), "+");
    ck_assert_uint_eq(f->continues, 1);
    stop = (struct engine_stop){
        .reason = STOP_POINT, .point = {.kind = CPU_WATCH_WRITE, .tag = 2},
             .address = 0xB8000
    };
    gdb_stub_stopped(f->stub, &stop);
    ck_assert_str_eq(ask(f, "?"), "T05thread:1;watch:b8000;");
    stop = (struct engine_stop){.reason = STOP_POINT, .point = {.kind = CPU_WATCH_EXECUTE}};
    gdb_stub_stopped(f->stub, &stop);
    ck_assert_str_eq(ask(f, "?"), "T05thread:1;swbreak:;");
    stop.point.tag = 1;
    gdb_stub_stopped(f->stub, &stop);
    ck_assert_str_eq(ask(f, "?"), "T05thread:1;hwbreak:;");
    f->registers.cpu.segment[CPU_CS].base = 0x7c00; /* gdb would look for it at EIP */
    ck_assert_str_eq(ask(f, "?"), "T05thread:1;");
    stop = (struct engine_stop){.reason = STOP_SHUTDOWN};
    gdb_stub_stopped(f->stub, &stop);
    ck_assert_str_eq(ask(f, "?"), "T0bthread:1;");
    fake_free(f);
}
END_TEST

START_TEST(a_running_machine_is_interrupted_by_03h_only)
{
    struct fake *f = fake_new();
    struct engine_stop stop = {.reason = STOP_ASKED};
    raw(f, "\x03", 1);
    ck_assert_uint_eq(f->holds, 0); /* it stands already */
    raw(f, "$c#63", 5);
    ck_assert_str_eq(ask(f, "m1000,4"), "E10");
    ck_assert_str_eq(ask(f, "g"), "E10");
    raw(f, "\x03", 1);
    ck_assert_uint_eq(f->holds, 1);
    gdb_stub_stopped(f->stub, &stop);
    ck_assert_str_eq(f->sent, "$T02thread:1;#d4");
    fake_free(f);
}
END_TEST

START_TEST(points_have_the_five_types_of_gdb)
{
    struct fake *f = fake_new();
    ck_assert_str_eq(ask(f, "Z0,7c00,1"), "OK");
    ck_assert(f->points[0]);
    ck_assert_str_eq(ask(f, "Z2,b8000,4;X1,0"), "OK");
    ck_assert(f->points[2]);
    ck_assert_uint_eq(f->point_length, 4);
    ck_assert_str_eq(ask(f, "z2,b8000,4"), "OK");
    ck_assert(!f->points[2]);
    ck_assert_str_eq(ask(f, "z3,0,1"), "OK"); /* not there: no error */
    ck_assert_str_eq(ask(f, "Z5,0,1"), "");
    ck_assert_str_eq(ask(f, "Z2,0,0"), "E16");
    ck_assert_str_eq(ask(f, "Z2,0,ffffffffffffffff"), "E16");
    ck_assert_str_eq(ask(f, "Z2,0"), "E16");
    ck_assert_str_eq(ask(f, "Z"), "E16");
    fake_free(f);
}
END_TEST

START_TEST(the_target_description_comes_in_parts)
{
    struct fake *f = fake_new();
    char xml[GDB_XML_BYTES] = "", packet[64];
    size_t used = 0;
    for (const char *part = "m"; *part == 'm';) {
        snprintf(packet, sizeof packet, "qXfer:features:read:target.xml:%zx,200", used);
        part = ask(f, packet);
        ck_assert(*part == 'm' || *part == 'l');
        memcpy(xml + used, part + 1, strlen(part));
        used += strlen(part + 1);
    }
    ck_assert_uint_gt(used, 1000);
    ck_assert_str_eq(xml + used - 9, "</target>");
    ck_assert_ptr_nonnull(strstr(xml, "<reg name=\"st7\" bitsize=\"80\" type=\"i387_ext\"/>"));
    ck_assert_str_eq(ask(f, "qXfer:features:read:../../etc/passwd:0,100"), "E00");
    ck_assert_str_eq(ask(f, "qXfer:../../:read:x:0,100"), "");
    ck_assert_str_eq(ask(f, "qXfer:features:read:target.xml:ffffffff,10"), "E16");
    ck_assert_str_eq(ask(f, "qXfer:features:read:target.xml:0"), "E16");
    fake_free(f);
}
END_TEST

START_TEST(monitor_commands_are_answered_in_text)
{
    struct fake *f = fake_new();
    ck_assert_str_eq(raw(f, "$qRcmd,7265736574#37", 20), "+$O646f6e650a#ec$OK#9a");
    ck_assert_str_eq(f->line, "reset");
    ck_assert_str_eq(ask(f, "qRcmd,zz"), "E16");
    ck_assert_str_eq(ask(f, "qRcmd,726"), "E16");
    raw(f, "$qRcmd,6c6f6e67#60", 18); /* "long": several packets, none too long */
    ck_assert_uint_gt(f->sent_count, 2 * 16000);
    for (const char *at = f->sent; (at = strchr(at, '$')) != NULL; at++)
        ck_assert_uint_le(strcspn(at, "#"), GDB_PACKET_BYTES);
    fake_free(f);
}
END_TEST

START_TEST(a_bad_checksum_is_answered_with_minus)
{
    struct fake *f = fake_new();
    ck_assert_str_eq(raw(f, "$g#00", 5), "-");
    ck_assert_str_eq(raw(f, "$g#zz", 5), "-");
    ck_assert_str_eq(raw(f, "$g#6\n", 5), "-");
    ck_assert_str_eq(raw(f, "$?#3f", 5), "+$T02thread:1;#d4");
    ck_assert_str_eq(raw(f, "-", 1), "$T02thread:1;#d4"); /* once more */
    fake_free(f);
}
END_TEST

START_TEST(a_packet_without_end_grows_nothing)
{
    struct fake *f = fake_new();
    char *flood = malloc(1 << 20);
    memset(flood, 'A', 1 << 20);
    flood[0] = '$';
    ck_assert_str_eq(raw(f, flood, 1 << 20), "");
    ck_assert_uint_le(f->stub->in_count, GDB_PACKET_BYTES);
    ck_assert_str_eq(raw(f, "$?#3f", 5), "+$T02thread:1;#d4"); /* a new one starts */
    memset(flood, 3, 1 << 20);
    ck_assert_str_eq(raw(f, flood, 100000), "");
    ck_assert_str_eq(raw(f, "$?#3f", 5), "+$T02thread:1;#d4");
    free(flood);
    fake_free(f);
}
END_TEST

START_TEST(an_overlong_packet_is_refused_at_its_end)
{
    struct fake *f = fake_new();
    char *body = malloc(GDB_PACKET_BYTES + 100);
    memset(body, 'm', GDB_PACKET_BYTES + 100);
    ck_assert_str_eq(ask_bytes(f, body, GDB_PACKET_BYTES + 100), "E16");
    ck_assert_str_eq(ask_bytes(f, body, GDB_PACKET_BYTES), "E16"); /* fits; no address */
    free(body);
    fake_free(f);
}
END_TEST

START_TEST(a_web_page_is_hung_up_on)
{
    struct fake *f = fake_new();
    ck_assert_str_eq(raw(f, "POST / HTTP/1.1\r\n\r\n$k#6b", 24), "");
    ck_assert_uint_eq(f->hang_ups, 1);
    ck_assert_uint_eq(f->kills, 0);
    ck_assert_str_eq(raw(f, "$k#6b", 5), "");
    ck_assert_uint_eq(f->kills, 0);
    fake_free(f);
}
END_TEST

START_TEST(leaving_and_killing_end_the_conversation)
{
    struct fake *f = fake_new();
    ck_assert_str_eq(ask(f, "D"), "OK");
    ck_assert_uint_eq(f->detaches, 1);
    ck_assert_uint_eq(f->hang_ups, 1);
    fake_free(f);
    f = fake_new();
    raw(f, "$k#6b$?#3f", 10);
    ck_assert_uint_eq(f->kills, 1);
    ck_assert_str_eq(f->sent, "+");
    fake_free(f);
    f = fake_new();
    raw(f, "$c#63", 5);
    gdb_stub_ended(f->stub, 0x107);
    ck_assert_str_eq(f->sent, "+$W07#be");
    ck_assert_uint_eq(f->hang_ups, 1);
    fake_free(f);
}
END_TEST

/* Whatever comes in, the stub stays within its buffers (the sanitizers watch) and never hangs. */
START_TEST(random_bytes_and_mutated_packets_do_no_harm)
{
    static const char *const SEEDS[] = {
        "m1000,10",       "G0102",     "X1000,4:abcd",
        "Z0,1000,1",      "vCont;s:1", "qXfer:features:read:target.xml:0,fff",
        "qRcmd,6c6f6e67", "g",         "P1a=ffff0000",
        "M1000,2:aabb",   "s1000",     "H",
        "qSupported:"};
    struct fake *f = fake_new();
    uint32_t seed = 12345;
    struct engine_stop stop = {.reason = STOP_STEP};
    raw(f, "+", 1);
    for (unsigned round = 0; round < 20000; round++) {
        char body[64], packet[80];
        size_t length;
        const char *from;
        seed = seed * 1664525 + 1013904223;
        from = SEEDS[(seed >> 8) % (sizeof SEEDS / sizeof SEEDS[0])];
        length = strlen(from);
        memcpy(body, from, length);
        body[(seed >> 16) % length] = (char)(seed >> 24);
        length -= (seed >> 4) % 3 == 0 ? (seed >> 6) % length : 0;
        raw(f, packet, frame(packet, body, length));
        gdb_stub_stopped(f->stub, &stop);
        f->stub->is_over = false;
        ck_assert_uint_lt(f->sent_count, 200000);
    }
    fake_free(f);
}
END_TEST

Suite *gdb_stub_suite(void);
Suite *gdb_stub_suite(void)
{
    Suite *suite = suite_create("gdb_stub");
    TCase *tests = tcase_create("gdb_stub");
    tcase_add_test(tests, the_start_of_a_session_goes_as_gdb_expects);
    tcase_add_test(tests, without_acks_only_replies_are_sent);
    tcase_add_test(tests, registers_are_read_and_written_in_gdbs_order);
    tcase_add_test(tests, short_and_long_register_packets_change_nothing);
    tcase_add_test(tests, a_selector_moves_its_base_in_real_mode_only);
    tcase_add_test(tests, x87_tags_are_the_sixteen_bits_of_fsave);
    tcase_add_test(tests, memory_is_read_as_far_as_it_goes);
    tcase_add_test(tests, memory_is_written_whole_or_not_at_all);
    tcase_add_test(tests, going_on_is_answered_by_the_stop);
    tcase_add_test(tests, a_running_machine_is_interrupted_by_03h_only);
    tcase_add_test(tests, points_have_the_five_types_of_gdb);
    tcase_add_test(tests, the_target_description_comes_in_parts);
    tcase_add_test(tests, monitor_commands_are_answered_in_text);
    tcase_add_test(tests, a_bad_checksum_is_answered_with_minus);
    tcase_add_test(tests, a_packet_without_end_grows_nothing);
    tcase_add_test(tests, an_overlong_packet_is_refused_at_its_end);
    tcase_add_test(tests, a_web_page_is_hung_up_on);
    tcase_add_test(tests, leaving_and_killing_end_the_conversation);
    tcase_add_test(tests, random_bytes_and_mutated_packets_do_no_harm);
    suite_add_tcase(suite, tests);
    return suite;
}

/* What gdb's packets ask for. */
#include "debugger/gdb_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"

#define MEMORY_BYTES_MAX    (GDB_PACKET_BYTES / 2)
#define COMMAND_REPLY_BYTES 16384
#define COMMAND_PART_BYTES  2048 /* of a reply in one O packet */
#define SIGNAL_INT          2
#define SIGNAL_TRAP         5
#define SIGNAL_SEGV         11
#define ERROR_FAULT         "E0e" /* EFAULT: nothing answers at that address */
#define ERROR_BUSY          "E10" /* EBUSY: it runs, or there are too many */

static const char *watch_word(enum cpu_watch_kind kind)
{
    switch (kind) {
    case CPU_WATCH_EXECUTE: return "";
    case CPU_WATCH_WRITE: return "watch";
    case CPU_WATCH_READ: return "rwatch";
    case CPU_WATCH_ACCESS: return "awatch";
    }
    return "";
}

/* Which of gdb's own breakpoints it stands at. Only where EIP is a linear address: gdb looks for its breakpoint at EIP, takes
 * one that it does not find there for a late report of one that is gone by now, and goes on without a word. Without the
 * word it says SIGTRAP. */
static const char *breakpoint_word(const struct gdb_stub *stub)
{
    bool is_hard = stub->stop.point.tag == 1;
    struct gdb_registers registers;
    stub->target.get_registers(stub->target.self, &registers);
    if (registers.cpu.segment[CPU_CS].base != 0 || !(is_hard ? stub->knows_hwbreak : stub->knows_swbreak))
        return "";
    return is_hard ? "hwbreak:;" : "swbreak:;";
}

/* Why the machine stands: "T05thread:1;watch:b8000;". */
void gdb_reply_stop(struct gdb_stub *stub)
{
    static const uint8_t SIGNALS[] = {[STOP_ASKED] = SIGNAL_INT,
                                      [STOP_STEP] = SIGNAL_TRAP,
                                      [STOP_POINT] = SIGNAL_TRAP,
                                      [STOP_MAGIC] = SIGNAL_TRAP,
                                      [STOP_SHUTDOWN] = SIGNAL_SEGV};
    const struct engine_stop *stop = &stub->stop;
    char text[64];
    gdb_reply_begin(stub);
    gdb_put_char(stub, 'T');
    gdb_put_hex(stub, &SIGNALS[stop->reason], 1);
    gdb_put_text(stub, "thread:1;");
    if (stop->reason == STOP_POINT && stop->point.kind != CPU_WATCH_EXECUTE) {
        snprintf(text, sizeof text, "%s:%llx;", watch_word(stop->point.kind),
                 (unsigned long long)stop->address);
        gdb_put_text(stub, text);
    } else if (stop->reason == STOP_POINT) {
        gdb_put_text(stub, breakpoint_word(stub));
    }
    gdb_reply_end(stub);
}

/* --- numbers in -------------------------------------------------------------------------------------------- */

/* A number of 1 to 16 digits; moves *text behind it. */
static bool take_number(const char **text, uint64_t *value)
{
    unsigned digits = 0;
    *value = 0;
    while (gdb_digit(**text) >= 0 && digits < 17) {
        *value = *value << 4 | (uint64_t)gdb_digit(**text);
        (*text)++;
        digits++;
    }
    return digits >= 1 && digits <= 16;
}

static bool take_char(const char **text, char c)
{
    if (**text != c)
        return false;
    (*text)++;
    return true;
}

/* "ADDRESS,LENGTH". */
static bool take_range(const char **text, uint64_t *address, uint64_t *length)
{
    return take_number(text, address) && take_char(text, ',') && take_number(text, length);
}

/* Pairs of digits up to the end; false when they are not exactly `count` bytes. */
static bool take_bytes(const char *text, uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++, text += 2) {
        int high = gdb_digit(text[0]), low = high < 0 ? -1 : gdb_digit(text[1]);
        if (low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return *text == '\0';
}

/* --- registers and memory --------------------------------------------------------------------------------- */

static void on_get_registers(struct gdb_stub *stub, const char *args)
{
    struct gdb_registers registers;
    (void)args;
    stub->target.get_registers(stub->target.self, &registers);
    gdb_reply_begin(stub);
    for (unsigned i = 0; i < gdb_registers_count(); i++) {
        uint8_t bytes[GDB_REGISTER_BYTES_MAX];
        gdb_register_get(&registers, i, bytes);
        gdb_put_hex(stub, bytes, gdb_register_bytes(i));
    }
    gdb_reply_end(stub);
}

/* All or nothing: a short packet changes no register. */
static void on_set_registers(struct gdb_stub *stub, const char *args)
{
    struct gdb_registers registers;
    stub->target.get_registers(stub->target.self, &registers);
    for (unsigned i = 0; i < gdb_registers_count(); i++) {
        uint8_t bytes[GDB_REGISTER_BYTES_MAX];
        unsigned count = gdb_register_bytes(i);
        char part[2 * GDB_REGISTER_BYTES_MAX + 1];
        size_t length = strnlen(args, 2 * count);
        memcpy(part, args, length);
        part[length] = '\0';
        if (!take_bytes(part, bytes, count) || !gdb_register_set(&registers, i, bytes)) {
            gdb_reply(stub, GDB_ERROR_INVALID);
            return;
        }
        args += length;
    }
    if (*args) {
        gdb_reply(stub, GDB_ERROR_INVALID);
        return;
    }
    stub->target.set_registers(stub->target.self, &registers);
    gdb_reply(stub, "OK");
}

static void on_get_register(struct gdb_stub *stub, const char *args)
{
    struct gdb_registers registers;
    uint8_t bytes[GDB_REGISTER_BYTES_MAX];
    uint64_t number;
    if (!take_number(&args, &number) || *args || number >= gdb_registers_count()) {
        gdb_reply(stub, GDB_ERROR_INVALID);
        return;
    }
    stub->target.get_registers(stub->target.self, &registers);
    gdb_register_get(&registers, (unsigned)number, bytes);
    gdb_reply_begin(stub);
    gdb_put_hex(stub, bytes, gdb_register_bytes((unsigned)number));
    gdb_reply_end(stub);
}

static void on_set_register(struct gdb_stub *stub, const char *args)
{
    struct gdb_registers registers;
    uint8_t bytes[GDB_REGISTER_BYTES_MAX];
    uint64_t number;
    if (!take_number(&args, &number) || !take_char(&args, '=') || number >= gdb_registers_count() ||
        !take_bytes(args, bytes, gdb_register_bytes((unsigned)number))) {
        gdb_reply(stub, GDB_ERROR_INVALID);
        return;
    }
    stub->target.get_registers(stub->target.self, &registers);
    if (!gdb_register_set(&registers, (unsigned)number, bytes)) {
        gdb_reply(stub, GDB_ERROR_INVALID);
        return;
    }
    stub->target.set_registers(stub->target.self, &registers);
    gdb_reply(stub, "OK");
}

/* As much as fits and answers; at least one byte, or an error. */
static void on_read_memory(struct gdb_stub *stub, const char *args)
{
    uint8_t bytes[MEMORY_BYTES_MAX];
    uint64_t address, length;
    size_t count;
    if (!take_range(&args, &address, &length) || *args) {
        gdb_reply(stub, GDB_ERROR_INVALID);
        return;
    }
    count = length < sizeof bytes ? (size_t)length : sizeof bytes;
    if (length)
        count = stub->target.peek(stub->target.self, address, bytes, count);
    if (count == 0 && length) {
        gdb_reply(stub, ERROR_FAULT);
        return;
    }
    gdb_reply_begin(stub);
    gdb_put_hex(stub, bytes, count);
    gdb_reply_end(stub);
}

static void write_memory(struct gdb_stub *stub, uint64_t address, const uint8_t *bytes,
                         size_t count)
{
    uint8_t probe[MEMORY_BYTES_MAX];
    /* All or nothing: nothing is written where a part has nobody to take it. */
    if (stub->target.peek(stub->target.self, address, probe, count) != count ||
        stub->target.poke(stub->target.self, address, bytes, count) != count)
        gdb_reply(stub, ERROR_FAULT);
    else
        gdb_reply(stub, "OK");
}

static void on_write_memory(struct gdb_stub *stub, const char *args)
{
    uint8_t bytes[MEMORY_BYTES_MAX];
    uint64_t address, length;
    if (!take_range(&args, &address, &length) || !take_char(&args, ':') || length > sizeof bytes ||
        !take_bytes(args, bytes, (size_t)length))
        gdb_reply(stub, GDB_ERROR_INVALID);
    else
        write_memory(stub, address, bytes, (size_t)length);
}

/* The same with bytes as they are, `}` before those that mean something in a packet. */
static void on_write_binary(struct gdb_stub *stub, const char *args)
{
    uint8_t bytes[MEMORY_BYTES_MAX];
    const char *end = stub->in + stub->in_count;
    uint64_t address, length;
    size_t count = 0;
    if (!take_range(&args, &address, &length) || !take_char(&args, ':') || length > sizeof bytes) {
        gdb_reply(stub, GDB_ERROR_INVALID);
        return;
    }
    while (args < end && count < length) {
        bool is_escaped = *args == '}' && args + 1 < end;
        args += is_escaped;
        bytes[count++] = (uint8_t)(*args++ ^ (is_escaped ? 0x20 : 0));
    }
    if (count != length || args != end)
        gdb_reply(stub, GDB_ERROR_INVALID);
    else
        write_memory(stub, address, bytes, count);
}

/* --- running ------------------------------------------------------------------------------------------------ */

static void go(struct gdb_stub *stub, bool is_step)
{
    stub->is_running = true;
    stub->target.resume(stub->target.self, is_step);
}

/* c, s: from another address when one is given. C, S: the same behind a signal, which a machine has
 * no use for. */
static void go_from(struct gdb_stub *stub, const char *args, bool is_step)
{
    uint64_t address;
    if (*args) {
        struct gdb_registers registers;
        if (!take_number(&args, &address) || *args) {
            gdb_reply(stub, GDB_ERROR_INVALID);
            return;
        }
        stub->target.get_registers(stub->target.self, &registers);
        registers.cpu.ip = address;
        stub->target.set_registers(stub->target.self, &registers);
    }
    go(stub, is_step);
}

static void on_continue(struct gdb_stub *stub, const char *args)
{
    go_from(stub, args, false);
}

static void on_step(struct gdb_stub *stub, const char *args)
{
    go_from(stub, args, true);
}

static const char *behind_signal(const char *args)
{
    const char *semicolon = strchr(args, ';');
    return semicolon ? semicolon + 1 : "";
}

static void on_continue_signal(struct gdb_stub *stub, const char *args)
{
    go_from(stub, behind_signal(args), false);
}

static void on_step_signal(struct gdb_stub *stub, const char *args)
{
    go_from(stub, behind_signal(args), true);
}

/* vCont;ACTION[:THREAD]...: the first action is for the one thread there is. */
static void on_vcont(struct gdb_stub *stub, const char *args)
{
    switch (*args) {
    case 'c':
    case 'C': go(stub, false); break;
    case 's':
    case 'S': go(stub, true); break;
    default: gdb_reply(stub, GDB_ERROR_INVALID); break;
    }
}

static void on_vcont_query(struct gdb_stub *stub, const char *args)
{
    (void)args;
    gdb_reply(stub, "vCont;c;C;s;S");
}

static void on_why(struct gdb_stub *stub, const char *args)
{
    (void)args;
    gdb_reply_stop(stub);
}

static void on_detach(struct gdb_stub *stub, const char *args)
{
    (void)args;
    gdb_reply(stub, "OK");
    stub->is_over = true;
    stub->target.detach(stub->target.self);
    stub->target.hang_up(stub->target.self);
}

static void on_kill(struct gdb_stub *stub, const char *args)
{
    (void)args;
    stub->is_over = true;
    stub->target.kill(stub->target.self);
    stub->target.hang_up(stub->target.self);
}

/* vKill;PID is answered, k is not. */
static void on_vkill(struct gdb_stub *stub, const char *args)
{
    gdb_reply(stub, "OK");
    on_kill(stub, args);
}

/* --- points ----------------------------------------------------------------------------------------------- */

/* "TYPE,ADDRESS,KIND[;condition...]". */
static void change_point(struct gdb_stub *stub, const char *args, bool is_added)
{
    uint64_t type, address, length;
    if (!take_number(&args, &type) || !take_char(&args, ',') ||
        !take_range(&args, &address, &length)) {
        gdb_reply(stub, GDB_ERROR_INVALID);
        return;
    }
    if (type >= GDB_POINT_TYPES) {
        gdb_reply(stub, ""); /* not supported */
        return;
    }
    if (type < 2)
        length = 1; /* of a breakpoint only the first byte counts */
    if (!is_added)
        stub->target.remove_point(stub->target.self, (unsigned)type, address, length);
    else if (length == 0 || length > GDB_PACKET_BYTES) {
        gdb_reply(stub, GDB_ERROR_INVALID);
        return;
    } else if (!stub->target.add_point(stub->target.self, (unsigned)type, address, length)) {
        gdb_reply(stub, ERROR_BUSY);
        return;
    }
    gdb_reply(stub, "OK");
}

static void on_add_point(struct gdb_stub *stub, const char *args)
{
    change_point(stub, args, true);
}

static void on_remove_point(struct gdb_stub *stub, const char *args)
{
    change_point(stub, args, false);
}

/* --- queries ----------------------------------------------------------------------------------------------- */

static void on_ok(struct gdb_stub *stub, const char *args)
{
    (void)args;
    gdb_reply(stub, "OK");
}

static void on_supported(struct gdb_stub *stub, const char *args)
{
    char text[128];
    stub->knows_swbreak = strstr(args, "swbreak+") != NULL;
    stub->knows_hwbreak = strstr(args, "hwbreak+") != NULL;
    snprintf(text, sizeof text,
             "PacketSize=%x;QStartNoAckMode+;qXfer:features:read+;swbreak+;hwbreak+;"
             "vContSupported+",
             GDB_PACKET_BYTES);
    gdb_reply(stub, text);
}

static void on_no_acks(struct gdb_stub *stub, const char *args)
{
    (void)args;
    gdb_reply(stub, "OK");
    stub->uses_acks = false;
}

static void on_thread_now(struct gdb_stub *stub, const char *args)
{
    gdb_reply(stub, *args ? "" : "QC1"); /* qCRC and others are not for us */
}

static void on_first_threads(struct gdb_stub *stub, const char *args)
{
    (void)args;
    gdb_reply(stub, "m1");
}

static void on_more_threads(struct gdb_stub *stub, const char *args)
{
    (void)args;
    gdb_reply(stub, "l");
}

static void on_thread_name(struct gdb_stub *stub, const char *args)
{
    const char *name = stub->target.name(stub->target.self);
    (void)args;
    gdb_reply_begin(stub);
    gdb_put_hex(stub, name, strlen(name));
    gdb_reply_end(stub);
}

static void on_attached(struct gdb_stub *stub, const char *args)
{
    (void)args;
    gdb_reply(stub, "1"); /* gdb detaches at its end instead of killing */
}

/* "target.xml:OFFSET,LENGTH". */
static void on_features(struct gdb_stub *stub, const char *args)
{
    static const char NAME[] = "target.xml:";
    uint64_t offset, length;
    size_t count;
    if (strncmp(args, NAME, sizeof NAME - 1) != 0) {
        gdb_reply(stub, "E00"); /* no such annex */
        return;
    }
    args += sizeof NAME - 1;
    count = gdb_registers_xml(stub->xml, sizeof stub->xml);
    if (!take_range(&args, &offset, &length) || *args || offset > count) {
        gdb_reply(stub, GDB_ERROR_INVALID);
        return;
    }
    if (length > MEMORY_BYTES_MAX)
        length = MEMORY_BYTES_MAX; /* each byte may need an escape */
    count -= (size_t)offset;
    gdb_reply_begin(stub);
    gdb_put_char(stub, length < count ? 'm' : 'l');
    gdb_put_escaped(stub, stub->xml + offset, length < count ? (size_t)length : count);
    gdb_reply_end(stub);
}

/* qRcmd,HEX: gdb's "monitor" command. The answer comes in O packets, then OK. */
static void on_command(struct gdb_stub *stub, const char *args)
{
    uint8_t line[256];
    char text[COMMAND_REPLY_BYTES] = "";
    size_t count = strlen(args) / 2, length;
    if (count >= sizeof line || !take_bytes(args, line, count)) {
        gdb_reply(stub, GDB_ERROR_INVALID);
        return;
    }
    line[count] = '\0';
    stub->target.command(stub->target.self, (const char *)line, text, sizeof text);
    length = strlen(text);
    for (size_t done = 0; done < length; done += COMMAND_PART_BYTES) {
        size_t part = length - done < COMMAND_PART_BYTES ? length - done : COMMAND_PART_BYTES;
        gdb_reply_begin(stub);
        gdb_put_char(stub, 'O');
        gdb_put_hex(stub, text + done, part);
        gdb_reply_end(stub);
    }
    if (!stub->is_over)
        gdb_reply(stub, "OK");
}

/* --- the table ------------------------------------------------------------------------------------------------- */

struct packet_row {
    const char *start; /* of the body; the rest are arguments */
    void (*handle)(struct gdb_stub *stub, const char *args);
    bool while_running;
};

static const struct packet_row PACKETS[] = {
    {"?",                    on_why,             false},
    {"g",                    on_get_registers,   false},
    {"G",                    on_set_registers,   false},
    {"p",                    on_get_register,    false},
    {"P",                    on_set_register,    false},
    {"m",                    on_read_memory,     false},
    {"M",                    on_write_memory,    false},
    {"X",                    on_write_binary,    false},
    {"c",                    on_continue,        false},
    {"s",                    on_step,            false},
    {"C",                    on_continue_signal, false},
    {"S",                    on_step_signal,     false},
    {"vCont?",               on_vcont_query,     true },
    {"vCont;",               on_vcont,           false},
    {"vKill;",               on_vkill,           true },
    {"Z",                    on_add_point,       false},
    {"z",                    on_remove_point,    false},
    {"H",                    on_ok,              true },
    {"T",                    on_ok,              true },
    {"D",                    on_detach,          true },
    {"k",                    on_kill,            true },
    {"qSupported",           on_supported,       true },
    {"QStartNoAckMode",      on_no_acks,         true },
    {"qXfer:features:read:", on_features,        true },
    {"qC",                   on_thread_now,      true },
    {"qfThreadInfo",         on_first_threads,   true },
    {"qsThreadInfo",         on_more_threads,    true },
    {"qThreadExtraInfo",     on_thread_name,     true },
    {"qAttached",            on_attached,        true },
    {"qSymbol:",             on_ok,              true },
    {"qRcmd,",               on_command,         false},
};

void gdb_handle_packet(struct gdb_stub *stub)
{
    stub->in[stub->in_count] = '\0';
    for (size_t i = 0; i < ARRAY_COUNT(PACKETS); i++) {
        size_t length = strlen(PACKETS[i].start);
        if (strncmp(stub->in, PACKETS[i].start, length) != 0)
            continue;
        if (stub->is_running && !PACKETS[i].while_running)
            gdb_reply(stub, ERROR_BUSY);
        else
            PACKETS[i].handle(stub, stub->in + length);
        return;
    }
    gdb_reply(stub, ""); /* unknown: "not supported" */
}

#include "debugger/gdb_server.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "backends/tcp.h"
#include "debugger/card.h"
#include "debugger/engine.h"
#include "debugger/gdb_stub.h"
#include "machine/machine.h"

#define WAIT_MS     100
#define CHUNK_BYTES 1024 /* read at once: bounds what a flood of requests makes us answer */

struct gdb_server {
    struct engine engine;
    struct gdb_stub stub;
    struct tcp_server *socket;
    bool is_connected;
    bool has_greeted; /* the client's first byte was one of the protocol */
    size_t waiting_count;
    uint8_t waiting[CHUNK_BYTES]; /* came in while the machine was still running */
};

static struct log *log_of(struct gdb_server *server)
{
    return &server->engine.world->log;
}

/* --- the stub's target ---------------------------------------------------------------------------------- */

static struct cpu *cpu_of(void *self)
{
    return ((struct gdb_server *)self)->engine.machine->cpu;
}

static void get_registers(void *self, struct gdb_registers *registers)
{
    cpu_get_registers(cpu_of(self), &registers->cpu);
    cpu_get_fxsave(cpu_of(self), registers->fxsave);
}

static void set_registers(void *self, const struct gdb_registers *registers)
{
    cpu_set_registers(cpu_of(self), &registers->cpu);
    cpu_set_fxsave(cpu_of(self), registers->fxsave);
}

static size_t peek(void *self, uint64_t linear, void *bytes, size_t count)
{
    return cpu_peek(cpu_of(self), linear, bytes, count);
}

static size_t poke(void *self, uint64_t linear, const void *bytes, size_t count)
{
    return cpu_poke(cpu_of(self), linear, bytes, count);
}

static const struct engine_point *find_point(const struct engine *engine, unsigned type,
                                             uint64_t linear, uint64_t length)
{
    for (size_t i = 0; i < engine->point_count; i++) {
        const struct engine_point *point = &engine->points[i];
        if (point->tag == (int)type && point->address == linear && point->length == length)
            return point;
    }
    return NULL;
}

static bool add_point(void *self, unsigned type, uint64_t linear, uint64_t length)
{
    static const enum cpu_watch_kind KINDS[GDB_POINT_TYPES] = {
        CPU_WATCH_EXECUTE, CPU_WATCH_EXECUTE, CPU_WATCH_WRITE, CPU_WATCH_READ, CPU_WATCH_ACCESS};
    struct gdb_server *server = self;
    struct engine_point point = {
        .tag = (int)type, .kind = KINDS[type], .address = linear, .length = length};
    struct error ignored = {0};
    int number;
    return find_point(&server->engine, type, linear, length) ||
           engine_add_point(&server->engine, &point, &number, &ignored) == STATUS_OK;
}

static void remove_point(void *self, unsigned type, uint64_t linear, uint64_t length)
{
    struct gdb_server *server = self;
    const struct engine_point *point = find_point(&server->engine, type, linear, length);
    if (point)
        engine_remove_point(&server->engine, point->number);
}

static void remove_points(struct gdb_server *server)
{
    while (server->engine.point_count)
        engine_remove_point(&server->engine, server->engine.points[0].number);
}

static void resume(void *self, bool is_step)
{
    struct gdb_server *server = self;
    if (is_step)
        engine_step(&server->engine);
    else
        engine_resume(&server->engine);
}

static void hold(void *self)
{
    engine_hold(&((struct gdb_server *)self)->engine);
}

static void command(void *self, const char *line, char *text, size_t size)
{
    struct gdb_server *server = self;
    struct machine *machine = server->engine.machine;
    size_t used = 0;
    if (strcmp(line, "reset") == 0) {
        engine_reset(&server->engine);
        text_append(text, size, &used,
                    "%s is reset; gdb's registers are old until it stops again\n", machine->name);
    } else if (strcmp(line, "info devices") == 0) {
        card_list(machine, text, size);
    } else if (strncmp(line, "device ", 7) == 0) {
        const struct device *device = card_find(machine, line + 7, text, size);
        if (device)
            card_show(device, text, size);
    } else if (strcmp(line, "quit") == 0) {
        world_stop(server->engine.world, STATUS_OK);
    } else {
        text_append(text, size, &used,
                    "monitor commands: reset, info devices, device NAME, quit\n");
    }
}

static void detach(void *self)
{
    struct gdb_server *server = self;
    remove_points(server);
    engine_resume(&server->engine);
    log_line(log_of(server), LOG_INFO, "gdb: left; %s runs", server->engine.machine->name);
}

static void kill_run(void *self)
{
    world_stop(((struct gdb_server *)self)->engine.world, STATUS_OK);
}

static const char *name(void *self)
{
    return ((struct gdb_server *)self)->engine.machine->name;
}

static void send_bytes(void *self, const void *bytes, size_t count)
{
    tcp_server_send(((struct gdb_server *)self)->socket, bytes, count);
}

static void hang_up(void *self)
{
    struct gdb_server *server = self;
    server->is_connected = false;
    tcp_server_hang_up(server->socket);
}

/* --- the engine's client --------------------------------------------------------------------------------- */

static void connected(struct gdb_server *server)
{
    const struct gdb_target target = {server,    get_registers, set_registers, peek,       poke,
                                      add_point, remove_point,  resume,        hold,       command,
                                      detach,    kill_run,      name,          send_bytes, hang_up};
    gdb_stub_init(&server->stub, &target, &server->engine.stop);
    server->is_connected = true;
    server->has_greeted = false;
    server->waiting_count = 0;
}

/* gdb is gone without a word. What it did to the machine stays, its points go. */
static void lost(struct gdb_server *server)
{
    server->is_connected = false;
    remove_points(server);
    if (server->has_greeted)
        log_line(log_of(server), LOG_WARNING,
                 "gdb: connection lost; %s %s; fix: connect again to port %u",
                 server->engine.machine->name, server->engine.is_stopped ? "stands" : "runs",
                 tcp_server_port(server->socket));
}

static void feed(struct gdb_server *server, const uint8_t *bytes, size_t count)
{
    gdb_stub_receive(&server->stub, bytes, count);
    if (!server->stub.is_open && !server->is_connected)
        log_line(log_of(server), LOG_WARNING,
                 "gdb: a client was sent away that does not speak gdb's protocol");
    server->has_greeted = server->stub.is_open;
}

/* The first bytes of gdb: it expects a machine that stands. They wait until it does. */
static void greet(struct gdb_server *server, const uint8_t *bytes, size_t count)
{
    if (!gdb_stub_starts_well(bytes[0])) {
        feed(server, bytes, count);
        return;
    }
    memcpy(server->waiting, bytes, count);
    server->waiting_count = count;
    engine_hold(&server->engine);
}

static void look(struct gdb_server *server, int wait_ms)
{
    uint8_t bytes[CHUNK_BYTES];
    size_t count;
    switch (tcp_server_look(server->socket, wait_ms, bytes, sizeof bytes, &count)) {
    case TCP_NOTHING: break;
    case TCP_CONNECTED: connected(server); break;
    case TCP_REFUSED:
        log_line(log_of(server), LOG_WARNING, "gdb: a second client was sent away: one at a time");
        break;
    case TCP_BYTES:
        if (!server->has_greeted && !server->engine.is_stopped)
            greet(server, bytes, count);
        else
            feed(server, bytes, count);
        break;
    case TCP_CLOSED: lost(server); break;
    }
}

static void on_poll(void *self)
{
    struct gdb_server *server = self;
    if (server->waiting_count == 0)
        look(server, 0);
}

static void on_serve(void *self)
{
    struct gdb_server *server = self;
    size_t count = server->waiting_count;
    server->waiting_count = 0;
    if (count)
        feed(server, server->waiting, count);
    else
        look(server, WAIT_MS);
}

static void on_stopped(void *self, const struct engine_stop *stop)
{
    struct gdb_server *server = self;
    if (server->is_connected)
        gdb_stub_stopped(&server->stub, stop);
    else if (stop->reason != STOP_ASKED)
        engine_resume(&server->engine); /* a triple fault that nobody is there to see */
}

static void on_over(void *self, int exit_status)
{
    struct gdb_server *server = self;
    if (server->is_connected)
        gdb_stub_ended(&server->stub, exit_status);
}

/* --- life ---------------------------------------------------------------------------------------------------- */

enum status gdb_server_new(struct gdb_server **server, struct world *world, struct machine *machine,
                           const char *where, bool is_stopped, struct error *error)
{
    struct gdb_server *made = calloc(1, sizeof *made);
    const struct engine_client client = {on_stopped, on_serve, on_poll, on_over, made, false};
    enum status status;
    *server = NULL;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for gdb");
    status = tcp_server_new(&made->socket, where, error);
    if (status != STATUS_OK) {
        free(made);
        return status;
    }
    engine_init(&made->engine, world, machine, &client);
    if (is_stopped)
        engine_hold(&made->engine);
    log_line(&world->log, LOG_INFO, "gdb: %s %s; gdb -ex 'target remote 127.0.0.1:%u' reaches it",
             machine->name, is_stopped ? "waits" : "runs", tcp_server_port(made->socket));
    *server = made;
    return STATUS_OK;
}

void gdb_server_free(struct gdb_server *server)
{
    if (!server)
        return;
    engine_fini(&server->engine);
    tcp_server_free(server->socket);
    free(server);
}

unsigned gdb_server_port(const struct gdb_server *server)
{
    return tcp_server_port(server->socket);
}

int gdb_server_run(struct gdb_server *server)
{
    return engine_run(&server->engine);
}

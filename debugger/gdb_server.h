/* --gdb: a loopback port where gdb reaches one machine of a world. */
#ifndef VITRINE_DEBUGGER_GDB_SERVER_H
#define VITRINE_DEBUGGER_GDB_SERVER_H

#include <stdbool.h>

#include "base/status.h"

struct gdb_server;
struct machine;
struct world;

/* Listens at `where`, "[HOST:]PORT". With is_stopped the machine does not start before gdb says so.
 * The world and the machine outlive it. Errors: those of tcp_server_new. */
enum status gdb_server_new(struct gdb_server **server, struct world *world, struct machine *machine,
                           const char *where, bool is_stopped, struct error *error);
void gdb_server_free(struct gdb_server *server);
unsigned gdb_server_port(const struct gdb_server *server);
/* Runs the world in place of world_run(). */
int gdb_server_run(struct gdb_server *server);

#endif

#include "frontends/debugging.h"

#include <stdio.h>

#include "debugger/disassemble.h"
#include "debugger/gdb_server.h"
#include "debugger/monitor.h"
#include "debugger/symbols.h"
#include "frontends/prompt.h"
#include "frontends/session.h"

#define BOOT_SECTOR 0x7C00u /* where firmware puts it, as a physical address */

/* With gdb at the wheel it says when the machine runs. */
static int run_with_gdb(struct session *session, struct error *error)
{
    struct gdb_server *server;
    int exit_status;
    enum status status = gdb_server_new(&server, &session->world, session->debugged,
                                        session->options->gdb, session->options->is_stopped, error);
    if (status != STATUS_OK) {
        error_prefix(error, "--gdb");
        return (int)status;
    }
    fprintf(stderr, "vitrine: gdb: target remote localhost:%u\n", gdb_server_port(server));
    exit_status = gdb_server_run(server);
    gdb_server_free(server);
    return exit_status;
}

/* The first stop: the reset vector with --stopped, a kernel's entry, else the boot sector. */
static int run_monitor(struct session *session, struct prompt *prompt, struct error *error)
{
    struct monitor_options options = {.io = prompt_io(prompt), .symbols = session->symbols};
    struct monitor *monitor;
    enum status status;
    int exit_status;
    options.has_first = !session->options->is_stopped;
    options.first_is_physical = !session->kernel_entry;
    options.first = session->kernel_entry ? session->kernel_entry : BOOT_SECTOR;
    status = monitor_new(&monitor, &session->world, session->debugged, &options, error);
    exit_status = status == STATUS_OK ? monitor_run(monitor) : (int)status;
    monitor_free(monitor);
    return exit_status;
}

static int run_at_prompt(struct session *session, struct error *error)
{
    struct prompt *prompt;
    int exit_status;
    enum status status = prompt_new(&prompt, &session->world, error);
    exit_status = status == STATUS_OK ? run_monitor(session, prompt, error) : (int)status;
    prompt_free(prompt);
    return exit_status;
}

enum status debugging_open(struct session *session, struct error *error)
{
    enum status status = STATUS_OK;
    const struct option_list *files = &session->options->symbols;
    for (size_t i = 0; status == STATUS_OK && i < files->count; i++)
        status = symbols_add(&session->symbols, files->items[i], error);
    if (status != STATUS_OK)
        error_prefix(error, "--sym");
    session->debugged->place = disassemble_place;
    session->debugged->place_self = session->symbols;
    return status;
}

int debugging_run(struct session *session, struct error *error)
{
    if (session->options->wants_prompt)
        return run_at_prompt(session, error);
    if (session->options->gdb)
        return run_with_gdb(session, error);
    return world_run(&session->world);
}

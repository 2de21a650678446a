#include "frontends/debugging.h"

#include <stdio.h>

#include "base/words.h"
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

/* The text of --from: a number or a symbol. */
static enum status find_start(const struct session *session, uint64_t *from, struct error *error)
{
    const char *text = session->options->from, *nearest;
    if (words_number(text, from) || symbols_find(session->symbols, text, from))
        return STATUS_OK;
    nearest = symbols_nearest_name(session->symbols, text);
    return error_set(error, STATUS_USAGE, "--from %s: no such symbol; fix: %s%s", text,
                     nearest ? "did you mean " : "an address, or --sym ELF with the symbol",
                     nearest ? nearest : "");
}

/* --from and --no-firmware, which `debug` has unless it is told otherwise. */
static enum status set_scope(struct session *session, struct error *error)
{
    const struct run_options *o = session->options;
    bool hides = o->no_firmware || (o->wants_prompt && !o->firmware);
    uint64_t from = 0;
    enum status status = o->from ? find_start(session, &from, error) : STATUS_OK;
    if (o->firmware && (o->no_firmware || !o->wants_prompt))
        return error_set(error, STATUS_USAGE, "--firmware is for `vitrine debug`, whose traces hide it; "
                         "fix: leave it out");
    for (size_t i = 0; status == STATUS_OK && (o->from || hides) && i < session->guest_count; i++) {
        machine_watch_start(session->guests[i], o->from ? &from : NULL, hides);
        session->guests[i]->has_started = !o->from && o->snapshot_load; /* it was before */
    }
    return status;
}

enum status debugging_open(struct session *session, struct error *error)
{
    enum status status = STATUS_OK;
    const struct option_list *files = &session->options->symbols;
    for (size_t i = 0; status == STATUS_OK && i < files->count; i++)
        status = symbols_add(&session->symbols, files->items[i], error);
    if (status != STATUS_OK)
        error_prefix(error, "--sym");
    for (size_t i = 0; i < session->guest_count; i++) {
        session->guests[i]->place = disassemble_place;
        session->guests[i]->place_self = session->symbols;
        cpu_set_magic_breaks(session->guests[i]->cpu, session->options->has_magic_breaks);
    }
    return status == STATUS_OK ? set_scope(session, error) : status;
}

int debugging_run(struct session *session, struct error *error)
{
    if (session->options->wants_prompt)
        return run_at_prompt(session, error);
    if (session->options->gdb)
        return run_with_gdb(session, error);
    return world_run(&session->world);
}

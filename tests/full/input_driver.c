/* vitrine run, with hands: input-driver HANDS OPTION... A line of HANDS is one movement of them, at virtual times
 * that do not fall:
 *
 *   MILLISECONDS key USAGE 0|1                   a key (USB HID, page 7) up or down
 *   MILLISECONDS mouse DX DY DZ BUTTONS          right, down, away from the user; a bit a button
 *
 * They come in by the recorded door, as those of a window do. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontends/run_internal.h"

struct hands {
    struct run run;
    struct world_watcher watcher;
    FILE *file;
    uint64_t at_ms;
    struct input_record next;
    bool is_done;
};

/* Reads one line; the file's end is the hands' end. */
static void read_next(struct hands *h)
{
    int a, b, c, d = 0, count;
    char line[128], kind[16];
    h->is_done = true;
    if (!fgets(line, sizeof line, h->file))
        return;
    count = sscanf(line, "%" SCNu64 " %15s %d %d %d %d", &h->at_ms, kind, &a, &b, &c, &d);
    memset(&h->next, 0, sizeof h->next);
    h->is_done = false;
    if (count == 4 && strcmp(kind, "key") == 0) {
        h->next.kind = INPUT_KEY;
        h->next.usage = (uint8_t)a;
        h->next.is_pressed = b != 0;
    } else if (count == 6 && strcmp(kind, "mouse") == 0) {
        h->next.kind = INPUT_MOUSE;
        h->next.dx = (int16_t)a;
        h->next.dy = (int16_t)b;
        h->next.dz = (int8_t)c;
        h->next.buttons = (uint8_t)d;
    } else {
        fprintf(stderr, "no movement: %s", line);
        exit(2);
    }
}

static void poll_hands(void *self)
{
    struct hands *h = self;
    struct session *session = &h->run.session;
    uint8_t bytes[INPUT_RECORD_BYTES];
    while (!h->is_done && clock_ns(&session->world.clock) >= h->at_ms * UINT64_C(1000000)) {
        input_record_pack(&h->next, bytes);
        world_input(&session->world, &session->input_channel, bytes, sizeof bytes);
        read_next(h);
    }
}

int main(int argc, char **argv)
{
    struct hands *h = calloc(1, sizeof *h);
    struct error error = {STATUS_OK, ""};
    int status = 2;
    h->file = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (!h->file) {
        fprintf(stderr, "usage: input-driver HANDS OPTION...\n");
        free(h);
        return 2;
    }
    read_next(h);
    if (run_options_parse(&h->run.options, argc - 2, argv + 2, &error) == STATUS_OK &&
        run_build(&h->run, &error) == STATUS_OK &&
        session_show(&h->run.session, h->run.machine, &error) == STATUS_OK) {
        h->watcher = (struct world_watcher){.poll = poll_hands, .self = h};
        world_add_watcher(&h->run.session.world, &h->watcher);
        status = session_run(&h->run.session, &error);
    }
    run_close(&h->run);
    fclose(h->file);
    if (error.text[0])
        status = session_fail(&error);
    free(h);
    return status;
}

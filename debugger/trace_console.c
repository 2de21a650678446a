#include "debugger/trace_console.h"

#include "base/bits.h"
#include "bus/device.h"
#include "devices/types.h"

static struct console_line *line_of(struct trace_console *console, const struct access *access)
{
    for (size_t i = 0; i < ARRAY_COUNT(console->lines); i++) {
        struct console_line *line = &console->lines[i];
        if (line->machine == access->origin.machine && line->address == access->address)
            return line;
        if (line->machine)
            continue;
        line->machine = access->origin.machine;
        line->address = access->address;
        return line;
    }
    return NULL;
}

static void say(struct trace_console *console, struct console_line *line)
{
    struct door_event event = {.kind = DOOR_TEXT,
                               .cause = line->cause,
                               .machine = line->machine,
                               .source = line->address == 0xE9 ? "port e9" : "firmware log",
                               .bytes = line->bytes,
                               .byte_count = line->count};
    if (line->count)
        console->say(console->self, &event);
    line->count = 0;
}

void trace_console_look(struct trace_console *console, const struct access *access)
{
    struct console_line *line;
    if (!access->device || access->device->type != &DEBUG_PORTS_TYPE || !access->is_write ||
        !(line = line_of(console, access)))
        return;
    if (line->count == 0)
        line->cause = access->id;
    if ((access->value & 0xFF) == '\n') {
        say(console, line);
        return;
    }
    if ((access->value & 0xFF) != '\r')
        line->bytes[line->count++] = (uint8_t)access->value;
    if (line->count == CONSOLE_LINE_BYTES)
        say(console, line);
}

void trace_console_flush(struct trace_console *console)
{
    for (size_t i = 0; i < ARRAY_COUNT(console->lines); i++)
        say(console, &console->lines[i]);
}

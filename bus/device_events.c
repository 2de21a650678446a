#include "bus/device_events.h"

#include <stdio.h>

static struct door_event begin(const struct device *device, enum door_event_kind kind)
{
    return (struct door_event){
        .kind = kind, .machine = device->env->machine, .source = device->name};
}

void device_event_disk(const struct device *device, const struct block_request *request,
                       const struct block_geometry *geometry)
{
    static const char *const WORDS[] = {NULL, NULL, "flush", "verify"};
    struct door_event event = begin(device, DOOR_DISK);
    struct block_address at = request->at;
    bool has_chs = geometry && geometry->heads && geometry->sectors;
    event.cause = request->cause;
    event.is_write = request->op == BLOCK_WRITE;
    event.count = request->sectors;
    event.words = WORDS[request->op];
    if (has_chs && at.is_chs)
        block_chs_to_lba(geometry, &at, &at.lba);
    else if (has_chs)
        at = block_lba_to_chs(geometry, at.lba);
    event.address = at.lba;
    event.has_chs = has_chs && request->op != BLOCK_FLUSH;
    event.cylinder = at.cylinder;
    event.head = at.head;
    event.sector = at.sector;
    door_show(device->env->door, &event);
}

void device_event_frame(const struct device *device, bool is_sent, const uint8_t *bytes,
                        size_t count)
{
    struct door_event event = begin(device, DOOR_FRAME);
    event.is_write = is_sent;
    event.target = is_sent ? "wire" : event.source;
    if (!is_sent)
        event.source = "wire";
    event.bytes = bytes;
    event.byte_count = count;
    door_show(device->env->door, &event);
}

void device_event_drq(const struct device *device, unsigned channel, size_t bytes, bool to_memory)
{
    char words[48];
    struct door_event event = begin(device, DOOR_WIRE);
    event.line = channel;
    event.level = true;
    event.words = words;
    snprintf(words, sizeof words, "DREQ: %zu bytes %s memory", bytes, to_memory ? "to" : "from");
    door_show(device->env->door, &event);
    event.level = false;
    event.words = NULL;
    door_show(device->env->door, &event);
}

#include "bus/device.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/words.h"

/* --- options ----------------------------------------------------------------------------------- */

static const struct device_option *find_option(const struct device_type *type, const char *name)
{
    for (const struct device_option *o = type->options; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

const char *device_text(const struct device_type *type, const struct device_config *config,
                        const char *name)
{
    const struct device_option *option = find_option(type, name);
    for (size_t i = 0; i < DEVICE_SETTINGS && config->settings[i].name; i++)
        if (strcmp(config->settings[i].name, name) == 0)
            return config->settings[i].value;
    return option ? option->initial : NULL;
}

uint64_t device_number(const struct device_type *type, const struct device_config *config,
                       const char *name)
{
    const char *text = device_text(type, config, name);
    uint64_t value;
    return text && words_number(text, &value) ? value : 0;
}

static enum status check_setting(const struct device_type *type, const char *instance,
                                 const char *name, const char *value, struct error *error)
{
    const struct device_option *option = find_option(type, name);
    const char *nearest = NULL;
    uint64_t number;
    if (!option) {
        size_t best = SIZE_MAX;
        for (const struct device_option *o = type->options; o && o->name; o++)
            if (words_distance(o->name, name) < best) {
                best = words_distance(o->name, name);
                nearest = o->name;
            }
        if (nearest)
            return error_set(error, STATUS_USAGE, "%s: unknown option '%s'; fix: did you mean '%s'?",
                             instance, name, nearest);
        return error_set(error, STATUS_USAGE, "%s: %s has no options; fix: leave '%s' out", instance,
                         type->name, name);
    }
    if (option->minimum == 0 && option->maximum == 0)
        return STATUS_OK;
    if (!words_number(value, &number) || number < option->minimum || number > option->maximum)
        return error_set(error, STATUS_USAGE, "%s: %s=%s is not possible; fix: a number from %#llx to "
                         "%#llx", instance, name, value, (unsigned long long)option->minimum,
                         (unsigned long long)option->maximum);
    return STATUS_OK;
}

/* --- life -------------------------------------------------------------------------------------- */

enum status device_new(struct device **device, const struct device_type *type,
                       const struct device_config *config, struct error *error)
{
    struct device *made;
    enum status status;
    *device = NULL;
    for (size_t i = 0; i < DEVICE_SETTINGS && config->settings[i].name; i++) {
        status = check_setting(type, config->name, config->settings[i].name,
                               config->settings[i].value, error);
        if (status != STATUS_OK)
            return status;
    }
    made = calloc(1, type->size);
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for %s", config->name);
    made->type = type;
    made->name = config->name;
    made->env = config->env;
    door_reserve(config->env->door, type->size);
    status = type->init(made, config, error);
    if (status != STATUS_OK) {
        device_free(made);
        return status;
    }
    type->reset(made, RESET_POWER_ON);
    made->next_at_door = config->env->door->devices;
    config->env->door->devices = made;
    *device = made;
    return STATUS_OK;
}

static void detach_all(struct device *device, struct space *space)
{
    struct region *next;
    if (!space)
        return;
    for (struct region *region = space->regions; region; region = next) {
        next = region->next;
        if (region->device == device)
            space_detach(space, region);
    }
}

static void leave_door(struct device *device)
{
    struct device **at = &device->env->door->devices;
    while (*at && *at != device)
        at = &(*at)->next_at_door;
    if (*at)
        *at = device->next_at_door;
}

void device_free(struct device *device)
{
    if (!device)
        return;
    leave_door(device);
    if (device->type->fini)
        device->type->fini(device);
    detach_all(device, device->env->ports);
    detach_all(device, device->env->memory);
    free(device);
}

enum status device_attach(struct device *device, struct space *space, const struct reg_bank *bank,
                          const struct region_ops *ops, uint64_t base, uint64_t length,
                          struct error *error)
{
    struct region region = {.name = bank ? bank->name : device->name,
                            .device = device,
                            .self = device,
                            .ops = ops,
                            .bank = bank,
                            .base = base,
                            .length = length};
    return space_attach(space, &region, NULL, error);
}

/* --- wires --------------------------------------------------------------------------------------- */

struct irq_line *device_pin(struct device *device, const char *name)
{
    for (const struct device_pin *pin = device->type->pins; pin && pin->name; pin++)
        if (strcmp(pin->name, name) == 0)
            return (struct irq_line *)(void *)((uint8_t *)device + pin->offset);
    return NULL;
}

int device_input(const struct device_type *type, const char *name)
{
    for (int i = 0; type->inputs && type->inputs[i]; i++)
        if (strcmp(type->inputs[i], name) == 0)
            return i;
    return -1;
}

static void pin_changed(void *self, unsigned input, bool level)
{
    struct device *device = self;
    device->type->input(device, input, level);
}

enum status device_wire(struct device *from, const char *pin, struct device *to, const char *input,
                        struct error *error)
{
    struct irq_line *line = device_pin(from, pin);
    int number = device_input(to->type, input);
    if (!line || number < 0)
        return error_set(error, STATUS_INTERNAL, "there is no wire %s.%s to %s.%s", from->name, pin,
                         to->name, input);
    irq_line_connect(line, pin_changed, to, (unsigned)number);
    return STATUS_OK;
}

/* --- guest trouble ------------------------------------------------------------------------------- */

/* One line of a device that says what it was asked, by whom. */
static void report(const struct device *device, const struct access_origin *origin, const char *text)
{
    const struct device_env *env = device->env;
    struct access access;
    char place[256] = "";
    if (!space_asked_access(env->memory, &access))
        space_asked_access(env->ports, &access);
    if (env->place && origin->has_cpu)
        env->place(env->self, origin->linear, place, sizeof place);
    log_line(env->log, LOG_WARNING,
             "%s: guest-error dev=%s reg=%s port=%llx val=%llx cs:ip=%04x:%08llx%s: %s",
             env->machine, device->name, access.reg ? access.reg->name : "-",
             (unsigned long long)access.address, (unsigned long long)access.value, origin->cs,
             (unsigned long long)origin->eip, place, text);
}

void device_guest_error(struct device *device, const char *format, ...)
{
    const struct device_env *env = device->env;
    struct access_origin origin = {0};
    uint64_t place = HASH_START;
    char text[512];
    va_list arguments;
    if (env->ports->origin)
        env->ports->origin(env->ports->origin_self, &origin);
    place = hash_bytes(place, device->name, strlen(device->name));
    place = hash_bytes(place, &format, sizeof format);
    place = hash_bytes(place, &origin.cs, sizeof origin.cs);
    place = hash_bytes(place, &origin.eip, sizeof origin.eip);
    if (!log_first(env->log, place))
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    report(device, &origin, text);
}

void device_show_interrupt(struct device *device, unsigned line, enum interrupt_step step, int vector,
                           const char *words)
{
    struct door_event event = {.kind = DOOR_INTERRUPT,
                               .machine = device->env->machine,
                               .source = device->name,
                               .line = line,
                               .step = step,
                               .level = step != INTERRUPT_LOWERED,
                               .has_vector = vector >= 0,
                               .vector = (uint8_t)(vector & 0xFF),
                               .words = words};
    door_show(device->env->door, &event);
}

/* --- state ----------------------------------------------------------------------------------------- */

void device_save(const struct device *device, struct state_stream *stream)
{
    struct state_stream payload = {0};
    state_save(&payload, device->type->state, device);
    state_put_section(stream, device->name, device->type->version, &payload);
    state_stream_free(&payload);
}

enum status device_load(struct device *device, struct state_stream *stream, struct error *error)
{
    struct state_stream payload;
    unsigned version;
    enum status status = state_get_section(stream, device->name, &version, &payload, error);
    if (status != STATUS_OK)
        return status;
    if (version > device->type->version)
        return error_set(error, STATUS_FILE, "section '%s' of the snapshot has version %u, this program "
                         "knows %u; fix: load it with a newer Vitrine", device->name, version,
                         device->type->version);
    if (!state_load(&payload, device->type->state, device, version) ||
        payload.read != payload.used)
        return error_set(error, STATUS_FILE, "section '%s' of the snapshot does not fit this machine; "
                         "fix: load it into the machine it was saved from", device->name);
    if (device->type->loaded)
        device->type->loaded(device);
    return STATUS_OK;
}

const struct device_type *device_type_find(const char *name)
{
    for (size_t i = 0; DEVICE_TYPES[i]; i++)
        if (strcmp(DEVICE_TYPES[i]->name, name) == 0)
            return DEVICE_TYPES[i];
    return NULL;
}

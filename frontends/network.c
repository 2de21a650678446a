#include "frontends/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backends/net_capture.h"
#include "backends/net_receiver.h"
#include "backends/net_switch.h"

#define WAITED_MAX    64
#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MS     INT64_C(1000000)
#define BEHIND_NS     (250 * NS_PER_MS) /* more is not made up */

struct network_cable {
    struct network *network;
    struct net_words words;
    bool leads_outside;
    struct net_backend *backend; /* the outside; NULL: none, or it is played */
    struct net_port played;      /* its end of the cable, where it is */
    struct net_capture *capture; /* NULL: nobody listens */
    struct world_channel channel;
    struct event wire_free;
    struct net_receiver receiver; /* net=receiver */
    char name[64];
    struct network_cable *next;
};

/* --- the door ---------------------------------------------------------------------------------------- */

static void deliver(void *self, const uint8_t *bytes, size_t count)
{
    struct network_cable *cable = self;
    net_send(cable->backend ? &cable->backend->port : &cable->played, bytes, count, 0);
}

static void drop_frame(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    (void)self;
    (void)frame;
    (void)bytes;
    (void)cause;
}

/* The next frame from outside; false: there is none now. */
static bool take_frame(struct network_cable *cable, uint8_t *bytes, size_t *count)
{
    struct network *network = cable->network;
    const struct net_frame *frame;
    if (!cable->backend)
        return input_player_take(network->player, network->world, &cable->channel, bytes, count);
    frame = net_queue_first(&cable->backend->from_outside);
    if (!frame)
        return false;
    *count = frame->count;
    memcpy(bytes, frame->bytes, frame->count);
    net_queue_drop_first(&cable->backend->from_outside);
    return true;
}

/* A frame takes its time on the wire. */
static void hand_in(void *self)
{
    struct network_cable *cable = self;
    struct world *world = cable->network->world;
    uint8_t bytes[INPUT_LOG_RECORD_MAX];
    size_t count;
    if (event_is_armed(&cable->wire_free) || !take_frame(cable, bytes, &count))
        return;
    world_input(world, &cable->channel, bytes, count);
    event_arm(&cable->wire_free, clock_after_ns(&world->clock, net_wire_ns(count)));
}

void network_poll(struct network *network)
{
    const struct timeline *timeline = &network->world->timeline;
    for (struct network_cable *cable = network->cables; cable; cable = cable->next) {
        if (cable->backend)
            cable->backend->ops->exchange(cable->backend, timeline_ns(timeline, timeline->now));
        if (cable->leads_outside)
            hand_in(cable);
    }
}

/* Adds what passed on both clocks until the end of the idle time. What a workstation was too slow
 * for is made up by not waiting; what it was faster in is not waited for. */
static void compare_clocks(struct network *network, int64_t idle_ns)
{
    const struct timeline *timeline = &network->world->timeline;
    struct timespec now;
    int64_t virtual_ns = (int64_t)timeline_ns(timeline, timeline->now) + idle_ns, real_ns;
    timespec_get(&now, TIME_UTC);
    real_ns = (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
    network->ahead_ns += (virtual_ns - network->virtual_ns) - (real_ns - network->real_ns);
    if (network->ahead_ns > idle_ns + NS_PER_MS)
        network->ahead_ns = idle_ns + NS_PER_MS;
    if (network->ahead_ns < -BEHIND_NS)
        network->ahead_ns = -BEHIND_NS;
    network->virtual_ns = virtual_ns;
    network->real_ns = real_ns;
}

/* poll() counts in milliseconds: less adds up. */
void network_idle(struct network *network, uint64_t ns)
{
    struct net_backend *waited[WAITED_MAX];
    size_t count = 0;
    for (struct network_cable *cable = network->cables; cable && count < WAITED_MAX;
         cable = cable->next)
        if (cable->backend)
            waited[count++] = cable->backend;
    if (count == 0)
        return;
    compare_clocks(network, (int64_t)ns);
    if (network->ahead_ns >= NS_PER_MS)
        net_backend_wait(waited, count, (int)(network->ahead_ns / NS_PER_MS));
}

/* --- plugging ------------------------------------------------------------------------------------------ */

static struct network_cable *add_cable(struct network *network, const char *name)
{
    struct network_cable *cable = calloc(1, sizeof *cable), **end = &network->cables;
    if (!cable)
        return NULL;
    while (*end)
        end = &(*end)->next;
    *end = cable;
    cable->network = network;
    snprintf(cable->name, sizeof cable->name, "%s", name);
    net_receiver_init(&cable->receiver, &network->world->clock);
    event_init(&cable->wire_free, &network->world->clock, "wire free", hand_in, cable);
    return cable;
}

static enum status open_end(struct network *network, struct network_cable *cable,
                            struct net_port **port, struct error *error)
{
    enum status status;
    if (cable->words.kind == NET_NONE)
        return STATUS_OK;
    if (cable->words.kind == NET_RECEIVER) {
        *port = &cable->receiver.port;
        return STATUS_OK;
    }
    if (cable->words.kind == NET_SWITCH) {
        if (!network->net_switch && !(network->net_switch = net_switch_new()))
            return error_set(error, STATUS_INTERNAL, "out of memory for net=switch");
        *port = net_switch_port(network->net_switch);
        return *port ? STATUS_OK
                     : error_set(error, STATUS_USAGE, "net=switch has %d ports; fix: fewer NICs",
                                 NET_SWITCH_PORTS);
    }
    if (network->player) {
        cable->played = (struct net_port){.name = cable->name, .receive = drop_frame};
        *port = &cable->played;
    } else {
        status = net_backend_open(&cable->backend, &cable->words, error);
        if (status != STATUS_OK)
            return status;
        *port = &cable->backend->port;
    }
    cable->leads_outside = true;
    cable->channel.name = cable->name;
    cable->channel.deliver = deliver;
    cable->channel.self = cable;
    world_add_channel(network->world, &cable->channel);
    return STATUS_OK;
}

static enum status open_capture(const struct network *network, struct network_cable *cable,
                                struct error *error)
{
    if (!cable->words.pcap || network->player)
        return STATUS_OK;
    for (const struct network_cable *other = network->cables; other != cable; other = other->next)
        if (other->words.pcap && strcmp(other->words.pcap, cable->words.pcap) == 0)
            return error_set(error, STATUS_USAGE, "pcap=%s is %s's already; fix: a file for each",
                             cable->words.pcap, other->name);
    return net_capture_open(&cable->capture, cable->words.pcap, cable->name,
                            &network->world->timeline, network->start_seconds, error);
}

/* A capture stands between the NIC and what its cable leads to. */
enum status network_plug(struct network *network, const char *name, const char *options,
                         struct net_port **port, struct error *error)
{
    struct network_cable *cable = add_cable(network, name);
    enum status status;
    *port = NULL;
    if (!cable)
        return error_set(error, STATUS_INTERNAL, "out of memory for a cable");
    if ((status = net_words_parse(&cable->words, options, error)) != STATUS_OK ||
        (status = open_end(network, cable, port, error)) != STATUS_OK ||
        (status = open_capture(network, cable, error)) != STATUS_OK)
        return status;
    if (cable->capture) {
        struct net_through *ends = net_capture_ends(cable->capture);
        if (*port)
            net_connect(&ends->far, *port);
        *port = &ends->near;
    }
    return STATUS_OK;
}

enum status network_listen(struct network *network, const char *name, const char *options,
                           struct net_through **through, struct error *error)
{
    struct network_cable *cable;
    enum status status;
    *through = NULL;
    if (!*options)
        return STATUS_OK;
    if (!(cable = add_cable(network, name)))
        return error_set(error, STATUS_INTERNAL, "out of memory for a cable");
    if ((status = net_words_parse(&cable->words, options, error)) != STATUS_OK)
        return status;
    if (cable->words.kind != NET_NONE)
        return error_set(error, STATUS_USAGE,
                         "net= is the host's, a guest is at the hypervisor's "
                         "switch; fix: net= in [host]");
    status = open_capture(network, cable, error);
    if (cable->capture)
        *through = net_capture_ends(cable->capture);
    return status;
}

/* --- life ------------------------------------------------------------------------------------------------ */

void network_init(struct network *network, struct world *world, uint64_t start_seconds)
{
    memset(network, 0, sizeof *network);
    network->world = world;
    network->start_seconds = start_seconds;
}

void network_report(const struct network *network)
{
    for (const struct network_cable *cable = network->cables; cable; cable = cable->next) {
        const struct net_counts *n = cable->backend ? &cable->backend->counts : NULL;
        if (n)
            fprintf(stderr,
                    "vitrine: %s, net=%s: %llu frames sent, %llu received; dropped: %llu "
                    "sending, %llu receiving, %llu malformed\n",
                    cable->name, cable->words.net, (unsigned long long)n->sent,
                    (unsigned long long)n->received, (unsigned long long)n->dropped_sending,
                    (unsigned long long)n->dropped_receiving, (unsigned long long)n->malformed);
    }
}

void network_close(struct network *network)
{
    while (network->cables) {
        struct network_cable *cable = network->cables;
        network->cables = cable->next;
        if (cable->backend)
            cable->backend->ops->close(cable->backend);
        net_capture_close(cable->capture);
        net_receiver_fini(&cable->receiver);
        event_fini(&cable->wire_free);
        free(cable);
    }
    net_switch_free(network->net_switch);
    network->net_switch = NULL;
}

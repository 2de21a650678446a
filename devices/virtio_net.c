/* A virtio network card (VIRTIO 1.1, 5.1).
 *
 *   queue 0  receive    room for {header} frame; several chains a frame with MRG_RXBUF
 *   queue 1  transmit   {header} frame
 *   queue 2  control    {class 1, command 1} data {ack 1}
 *
 *   header   flags 1, gso 1, hdr_len 2, gso_size 2, csum_start 2, csum_offset 2 [, num_buffers 2]
 *            the last with MRG_RXBUF or VERSION_1 (5.1.6.1)
 *
 * One frame is on the wire at a time, for as long as it takes at `mbit` Mbit/s; the next one is taken when
 * it has left. A frame for which there is no room is lost. Until the driver controls reception
 * (CTRL_RX), everything is received, since it could not ask for less.
 *
 * MISSING: checksum and segmentation offloads, VLAN filter, several queues, announcements, MTU;
 * the link stays as it is. Clock: virtual time. Interrupt line: INTA#. */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "bus/device_events.h"
#include "bus/net.h"
#include "devices/types.h"
#include "devices/virtio_pci.h"

#define QUEUE_RECEIVE  0u
#define QUEUE_TRANSMIT 1u
#define QUEUE_CONTROL  2u
#define HEADER_SHORT   10u
#define HEADER_LONG    12u
#define CONFIG_BYTES   8u
#define TABLE_MAX      64u /* addresses of the filter, of each kind */

enum net_feature {
    NET_F_MAC = 5,
    NET_F_MRG_RXBUF = 15,
    NET_F_STATUS = 16,
    NET_F_CTRL_VQ = 17,
    NET_F_CTRL_RX = 18,
    NET_F_CTRL_RX_EXTRA = 20,
    NET_F_CTRL_MAC_ADDR = 23
};
#define FEATURES                                                                                   \
    (VIRTIO_BIT(NET_F_MAC) | VIRTIO_BIT(NET_F_MRG_RXBUF) | VIRTIO_BIT(NET_F_STATUS) |              \
     VIRTIO_BIT(NET_F_CTRL_VQ) | VIRTIO_BIT(NET_F_CTRL_RX) | VIRTIO_BIT(NET_F_CTRL_RX_EXTRA) |     \
     VIRTIO_BIT(NET_F_CTRL_MAC_ADDR))
/* 5.1.6.5 */
enum control_class { CONTROL_RX = 0, CONTROL_MAC = 1 };
enum control_mac { MAC_TABLE_SET = 0, MAC_ADDR_SET = 1 };
enum control_rx { RX_PROMISC, RX_ALLMULTI, RX_ALLUNI, RX_NOMULTI, RX_NOUNI, RX_NOBCAST, RX_MODES };

struct mac_table {
    uint8_t macs[TABLE_MAX][NET_MAC_BYTES];
    uint8_t count;
    bool has_overflown; /* the driver has more: all of the kind are received */
};

struct virtio_net {
    struct virtio_pci pci; /* first */
    uint8_t mac[NET_MAC_BYTES];
    bool modes[RX_MODES];
    struct mac_table unicast, multicast;
    bool is_sending;
    uint16_t sending_head, sending_bytes;
    uint8_t frame[NET_FRAME_MAX]; /* on the wire */
    uint64_t sending_cause;
    uint64_t lost; /* received frames without room */
    struct event sent;
    /* Not saved: */
    struct net_port port;
    uint8_t own_mac[NET_MAC_BYTES];
    uint32_t mbit;
};

static const struct state_field TABLE_STATE[] = {
    {"macs", STATE_UINT, 0, offsetof(struct mac_table, macs), 1, TABLE_MAX *NET_MAC_BYTES, NULL, 0},
    STATE_ONE(struct mac_table, count),
    STATE_ONE(struct mac_table, has_overflown),
    STATE_TABLE_END,
};
static const struct state_field STATE[] = {
    STATE_STRUCT(struct virtio_net, pci, VIRTIO_PCI_STATE),
    STATE_ARRAY(struct virtio_net, mac),
    STATE_ARRAY(struct virtio_net, modes),
    STATE_STRUCT(struct virtio_net, unicast, TABLE_STATE),
    STATE_STRUCT(struct virtio_net, multicast, TABLE_STATE),
    STATE_ONE(struct virtio_net, is_sending),
    STATE_ONE(struct virtio_net, sending_head),
    STATE_ONE(struct virtio_net, sending_bytes),
    STATE_ARRAY(struct virtio_net, frame),
    STATE_REBUILT(struct virtio_net, sending_cause),
    STATE_ONE(struct virtio_net, lost),
    STATE_TIMER(struct virtio_net, sent),
    STATE_REBUILT(struct virtio_net, port),
    STATE_REBUILT(struct virtio_net, own_mac),
    STATE_REBUILT(struct virtio_net, mbit),
    STATE_TABLE_END,
};

static struct virtio_net *net_of(struct virtio *v)
{
    return (struct virtio_net *)&v->device;
}

static size_t header_bytes(const struct virtio *v)
{
    return virtio_has(v, VIRTIO_F_VERSION_1) || virtio_has(v, NET_F_MRG_RXBUF) ? HEADER_LONG
                                                                               : HEADER_SHORT;
}

/* --- transmission ---------------------------------------------------------------------------- */

static uint64_t wire_ns(const struct virtio_net *n, size_t bytes)
{
    return net_wire_ns(bytes) * 10 / n->mbit; /* net_wire_ns: at 10 Mbit/s */
}

/* Takes the chain's frame; one that no wire carries is dropped, and still used up. */
static bool load_frame(struct virtio_net *n, const struct virtqueue_chain *chain)
{
    struct virtio *v = &n->pci.virtio;
    size_t header = header_bytes(v);
    uint64_t bytes = chain->readable_bytes - header;
    if (chain->readable_bytes < header) {
        virtio_fail(v, "a frame without its header");
        return false;
    }
    if (bytes < NET_HEADER_BYTES || bytes > NET_FRAME_MAX) {
        device_guest_error(&v->device, "a frame of %llu bytes is not put on the wire",
                           (unsigned long long)bytes);
        bytes = 0;
    }
    memset(n->frame, 0, NET_FRAME_MIN);
    if (bytes && !virtqueue_read(v, chain, header, n->frame, (size_t)bytes))
        return false;
    n->sending_bytes = (uint16_t)(bytes && bytes < NET_FRAME_MIN ? NET_FRAME_MIN : bytes);
    return true;
}

static void send_next(struct virtio_net *n)
{
    struct virtio *v = &n->pci.virtio;
    struct virtqueue *queue = &v->queues[QUEUE_TRANSMIT];
    struct virtqueue_chain chain;
    if (n->is_sending)
        return;
    if (!virtqueue_take(v, queue, &chain)) {
        virtqueue_silence(v, queue, false);
        return;
    }
    if (!load_frame(n, &chain))
        return;
    n->is_sending = true;
    n->sending_head = chain.head;
    n->sending_cause = queue->cause;
    event_arm(&n->sent, clock_after_ns(v->device.env->clock, wire_ns(n, n->sending_bytes)));
    virtqueue_silence(v, queue, true);
}

/* The last bit has left. */
static void sent(void *self)
{
    struct virtio_net *n = self;
    struct virtio *v = &n->pci.virtio;
    struct door *door = v->device.env->door;
    uint64_t outer = door->cause;
    door->cause = n->sending_cause;
    n->is_sending = false;
    if (n->sending_bytes) {
        device_show_frame(&v->device, true, n->frame, n->sending_bytes);
        net_send(&n->port, n->frame, n->sending_bytes, n->sending_cause);
    }
    virtqueue_return(v, &v->queues[QUEUE_TRANSMIT], 0, n->sending_head, 0);
    virtqueue_publish(v, &v->queues[QUEUE_TRANSMIT], 1);
    send_next(n);
    door->cause = outer;
}

/* --- reception ------------------------------------------------------------------------------- */

static bool is_in(const struct mac_table *table, const uint8_t *mac)
{
    for (unsigned i = 0; i < table->count; i++)
        if (memcmp(table->macs[i], mac, NET_MAC_BYTES) == 0)
            return true;
    return table->has_overflown;
}

/* 5.1.6.5.1, 5.1.6.5.2 */
static bool is_wanted(const struct virtio_net *n, const uint8_t *frame)
{
    static const uint8_t BROADCAST[NET_MAC_BYTES] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    const bool *modes = n->modes;
    if (!virtio_has(&n->pci.virtio, NET_F_CTRL_RX) || modes[RX_PROMISC])
        return true;
    if (memcmp(frame, BROADCAST, NET_MAC_BYTES) == 0)
        return !modes[RX_NOBCAST];
    if (frame[0] & 1)
        return !modes[RX_NOMULTI] && (modes[RX_ALLMULTI] || is_in(&n->multicast, frame));
    if (memcmp(frame, n->mac, NET_MAC_BYTES) == 0)
        return !modes[RX_NOUNI];
    return !modes[RX_NOUNI] && (modes[RX_ALLUNI] || is_in(&n->unicast, frame));
}

/* One chain's part of {header, frame}, from *done on; false: the device has failed. */
static bool fill(struct virtio *v, const struct virtqueue_chain *chain, const uint8_t *header,
                 size_t header_size, const uint8_t *frame, size_t bytes, size_t *done)
{
    uint64_t room = chain->writable_bytes;
    size_t part = 0;
    if (*done == 0) {
        if (room < header_size) {
            virtio_fail(v, "a buffer for a frame has no room for its header");
            return false;
        }
        if (!virtqueue_write(v, chain, 0, header, header_size))
            return false;
        *done = part = header_size;
    }
    room -= part;
    if (room > header_size + bytes - *done)
        room = header_size + bytes - *done;
    if (room && !virtqueue_write(v, chain, part, frame + *done - header_size, (size_t)room))
        return false;
    *done += (size_t)room;
    return true;
}

/* Into as many chains as it takes, with MRG_RXBUF; else one must do. False: nothing was received, and
 * the chains wait for the next frame. */
static bool store_frame(struct virtio_net *n, const uint8_t *frame, size_t bytes)
{
    struct virtio *v = &n->pci.virtio;
    struct virtqueue *queue = &v->queues[QUEUE_RECEIVE];
    uint16_t first_taken = queue->taken, used = 0;
    uint16_t limit = virtio_has(v, NET_F_MRG_RXBUF) ? queue->size : 1;
    uint8_t header[HEADER_LONG] = {0};
    size_t header_size = header_bytes(v), total = header_size + bytes, done = 0;
    struct virtqueue_chain first, chain;
    while (done < total && used < limit) {
        size_t before = done;
        if (!virtqueue_take(v, queue, &chain) ||
            !fill(v, &chain, header, header_size, frame, bytes, &done))
            break;
        if (used == 0)
            first = chain;
        virtqueue_return(v, queue, used++, chain.head, (uint32_t)(done - before));
    }
    store_le16(header + 10, used); /* num_buffers: known only now */
    if (done < total ||
        (header_size == HEADER_LONG && !virtqueue_write(v, &first, 0, header, header_size))) {
        queue->taken = first_taken;
        return false;
    }
    virtqueue_publish(v, queue, used);
    return true;
}

static void receive(void *self, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    struct virtio_net *n = self;
    struct virtio *v = &n->pci.virtio;
    struct door *door = v->device.env->door;
    uint64_t outer = door->cause;
    if (!(v->status & VIRTIO_DRIVER_OK) || v->is_broken || !v->is_master ||
        bytes < NET_HEADER_BYTES || bytes > NET_FRAME_MAX || !is_wanted(n, frame))
        return;
    door->cause = cause;
    device_show_frame(&v->device, false, frame, bytes);
    if (!store_frame(n, frame, bytes))
        n->lost++;
    door->cause = outer;
}

/* --- control --------------------------------------------------------------------------------- */

/* {entries 4, addresses}: the driver's list of one kind. False: it is longer than the chain. */
static bool load_table(struct virtio *v, const struct virtqueue_chain *chain, uint64_t *at,
                       struct mac_table *table)
{
    uint8_t count[4];
    uint32_t entries;
    if (*at + 4 > chain->readable_bytes || !virtqueue_read(v, chain, *at, count, sizeof count))
        return false;
    entries = load_le32(count);
    *at += 4;
    if ((uint64_t)entries * NET_MAC_BYTES > chain->readable_bytes - *at)
        return false;
    table->has_overflown = entries > TABLE_MAX;
    table->count = (uint8_t)(entries > TABLE_MAX ? TABLE_MAX : entries);
    if (table->count &&
        !virtqueue_read(v, chain, *at, table->macs, (size_t)table->count * NET_MAC_BYTES))
        return false;
    *at += (uint64_t)entries * NET_MAC_BYTES;
    return true;
}

static bool set_tables(struct virtio_net *n, const struct virtqueue_chain *chain)
{
    struct mac_table unicast = {.count = 0}, multicast = {.count = 0};
    struct virtio *v = &n->pci.virtio;
    uint64_t at = 2;
    if (!load_table(v, chain, &at, &unicast) || !load_table(v, chain, &at, &multicast))
        return false;
    n->unicast = unicast;
    n->multicast = multicast;
    return true;
}

static bool carry_out(struct virtio_net *n, const struct virtqueue_chain *chain)
{
    struct virtio *v = &n->pci.virtio;
    uint8_t command[2], value[NET_MAC_BYTES];
    uint64_t data = chain->readable_bytes - 2;
    if (chain->readable_bytes < 2 || !virtqueue_read(v, chain, 0, command, 2))
        return false;
    if (command[0] == CONTROL_RX && command[1] < RX_MODES && data >= 1 &&
        virtqueue_read(v, chain, 2, value, 1)) {
        n->modes[command[1]] = value[0] != 0;
        return true;
    }
    if (command[0] == CONTROL_MAC && command[1] == MAC_TABLE_SET)
        return set_tables(n, chain);
    if (command[0] == CONTROL_MAC && command[1] == MAC_ADDR_SET && data == NET_MAC_BYTES &&
        virtqueue_read(v, chain, 2, value, NET_MAC_BYTES)) {
        memcpy(n->mac, value, NET_MAC_BYTES);
        return true;
    }
    return false;
}

/* All that waits, at once: the driver looks for the answer right after its notification. */
static void control(struct virtio_net *n)
{
    struct virtio *v = &n->pci.virtio;
    struct virtqueue *queue = &v->queues[QUEUE_CONTROL];
    struct virtqueue_chain chain;
    for (unsigned i = 0; i < queue->size && virtqueue_take(v, queue, &chain); i++) {
        uint8_t ack;
        if (chain.writable_bytes < 1) {
            virtio_fail(v, "a command without room for its answer");
            return;
        }
        ack = carry_out(n, &chain) ? 0 : 1;
        if (v->is_broken || !virtqueue_write(v, &chain, chain.writable_bytes - 1, &ack, 1))
            return;
        virtqueue_return(v, queue, 0, chain.head, 1);
        virtqueue_publish(v, queue, 1);
    }
    virtqueue_silence(v, queue, false);
}

static void notified(struct virtio *v, struct virtqueue *queue)
{
    if (queue->number == QUEUE_TRANSMIT)
        send_next(net_of(v));
    else if (queue->number == QUEUE_CONTROL)
        control(net_of(v));
    else
        virtqueue_silence(v, queue, true); /* frames look for room themselves */
}

/* --- registers ------------------------------------------------------------------------------- */

static uint32_t config_peek(const void *self, const struct reg *row)
{
    const struct virtio_net *n = self;
    uint8_t bytes[CONFIG_BYTES];
    memcpy(bytes, n->mac, NET_MAC_BYTES);
    store_le16(bytes + 6, n->port.peer ? 1 : 0);
    return (uint32_t)load_le(bytes + virtio_config_offset(row), row->width);
}

/* 5.1.4.2: the legacy interface's way to change the address. */
static void mac_write(void *self, const struct reg *row, uint32_t value)
{
    struct virtio_net *n = self;
    n->mac[virtio_config_offset(row)] = (uint8_t)value;
}

static const char *const LINK_VALUES[] = {"down", "up"};
static const struct reg_field STATUS_FIELDS[] = {
    {"LINK_UP", 0, 1, LINK_VALUES, "a cable is there"},
    REG_FIELDS_END
};
#define MAC_ROW(number, base, how, mask, set)                                                      \
    {                                                                                              \
        .name = "mac " #number, .meaning = "the station's address", .offset = (base) + (number),   \
        .width = 1, .access = (how), .writable = (mask), .peek = config_peek, .write = (set),      \
        .section = "5.1.4"                                                                         \
    }
#define CONFIG_ROWS(base, how, mask, set)                                                          \
    MAC_ROW(0, base, how, mask, set), MAC_ROW(1, base, how, mask, set),                            \
        MAC_ROW(2, base, how, mask, set), MAC_ROW(3, base, how, mask, set),                        \
        MAC_ROW(4, base, how, mask, set), MAC_ROW(5, base, how, mask, set),                        \
    {                                                                                              \
        .name = "status", .meaning = "link", .offset = (base) + 6, .width = 2, .access = REG_READ, \
        .peek = config_peek, .fields = STATUS_FIELDS, .section = "5.1.4"                           \
    }

static const struct reg LEGACY_ROWS[] = {
    VIRTIO_LEGACY_ROWS((uint32_t)(FEATURES | VIRTIO_RING_FEATURES), VIRTQUEUE_SIZE_MAX),
    CONFIG_ROWS(VIRTIO_LEGACY_CONFIG, REG_RW, 0xFF, mac_write), REG_ROWS_END};
static const struct reg MODERN_ROWS[] = {
    VIRTIO_NOTIFY_ROW(0),
    VIRTIO_NOTIFY_ROW(1),
    VIRTIO_NOTIFY_ROW(2),
    VIRTIO_MODERN_ROWS((uint32_t)((FEATURES | VIRTIO_RING_FEATURES) & ~VIRTIO_LEGACY_FEATURES), 3,
                       VIRTQUEUE_SIZE_MAX),
    CONFIG_ROWS(VIRTIO_MODERN_CONFIG, REG_READ, 0, NULL),
    REG_ROWS_END};
static const struct reg_bank LEGACY_BANK = {"legacy", LEGACY_ROWS};
static const struct reg_bank MODERN_BANK = {"modern", MODERN_ROWS};
static const struct reg_bank *const BANKS[] = {&VIRTIO_PCI_CONFIG_BANK, &LEGACY_BANK, &MODERN_BANK,
                                               NULL};

/* --- in words -------------------------------------------------------------------------------- */

static void describe_chain(const struct virtio *v, const struct virtqueue *queue,
                           const struct virtqueue_chain *chain, char *text, size_t size)
{
    static const char *const MODES[RX_MODES] = {"PROMISC", "ALLMULTI", "ALLUNI",
                                                "NOMULTI", "NOUNI",    "NOBCAST"};
    uint8_t bytes[HEADER_LONG + NET_MAC_BYTES];
    size_t header = header_bytes(v), got = virtqueue_peek_bytes(v, chain, bytes, sizeof bytes),
           used = 0;
    const uint8_t *to = bytes + header;
    if (queue->number == QUEUE_RECEIVE)
        text_append(text, size, &used, "room for %llu bytes",
                    (unsigned long long)chain->writable_bytes);
    else if (queue->number == QUEUE_TRANSMIT && got >= header + NET_MAC_BYTES)
        text_append(text, size, &used, "%llu bytes to %02x:%02x:%02x:%02x:%02x:%02x",
                    (unsigned long long)(chain->readable_bytes - header), to[0], to[1], to[2],
                    to[3], to[4], to[5]);
    else if (queue->number == QUEUE_CONTROL && got >= 3 && bytes[0] == CONTROL_RX &&
             bytes[1] < RX_MODES)
        text_append(text, size, &used, "%s %s", MODES[bytes[1]], bytes[2] ? "on" : "off");
    else if (queue->number == QUEUE_CONTROL && got >= 2 && bytes[0] == CONTROL_MAC)
        text_append(text, size, &used,
                    bytes[1] == MAC_TABLE_SET ? "table of addresses" : "own address");
    else
        text_append(text, size, &used, "%llu bytes", (unsigned long long)chain->readable_bytes);
}

/* --- life ------------------------------------------------------------------------------------ */

static void forget(struct virtio *v)
{
    struct virtio_net *n = net_of(v);
    event_disarm(&n->sent);
    n->is_sending = false;
    n->sending_head = n->sending_bytes = 0;
    memset(n->frame, 0, sizeof n->frame);
    memset(n->modes, 0, sizeof n->modes);
    memset(&n->unicast, 0, sizeof n->unicast);
    memset(&n->multicast, 0, sizeof n->multicast);
    memcpy(n->mac, n->own_mac, sizeof n->mac);
}

static const char *const QUEUES[] = {"receive", "transmit", "control", NULL};
static const struct virtio_feature FEATURE_NAMES[] = {
    {NET_F_MAC,           "MAC"          },
    {NET_F_MRG_RXBUF,     "MRG_RXBUF"    },
    {NET_F_STATUS,        "STATUS"       },
    {NET_F_CTRL_VQ,       "CTRL_VQ"      },
    {NET_F_CTRL_RX,       "CTRL_RX"      },
    {NET_F_CTRL_RX_EXTRA, "CTRL_RX_EXTRA"},
    {NET_F_CTRL_MAC_ADDR, "CTRL_MAC_ADDR"},
    {0,                   NULL           }
};
static const struct virtio_ops OPS = {QUEUES, FEATURE_NAMES, notified, forget, describe_chain};

static const struct device_option OPTIONS[] = {
    {"mac",  "52:54:00:12:34:56", "the station's address",        0,  0   },
    {"mbit", "100",               "speed of the wire, in Mbit/s", 10, 1000},
    VIRTIO_PCI_OPTIONS("0x18"),
    DEVICE_OPTIONS_END
};

static enum status init(struct device *device, const struct device_config *config,
                        struct error *error)
{
    static const uint16_t SIZES[] = {VIRTQUEUE_SIZE_MAX, VIRTQUEUE_SIZE_MAX, 64};
    static const struct virtio_pci_identity IDENTITY = {0x020000, &LEGACY_BANK, &MODERN_BANK, 32};
    struct virtio_net *n = (struct virtio_net *)device;
    const char *mac = device_text(&VIRTIO_NET_TYPE, config, "mac");
    event_init(&n->sent, config->env->clock, "virtio-net transmission", sent, n);
    if (!net_parse_mac(mac, n->own_mac))
        return error_set(error, STATUS_USAGE,
                         "%s: mac=%s is not the address of one station; fix: "
                         "six bytes like 52:54:00:12:34:56, the first one even",
                         config->name, mac);
    n->mbit = (uint32_t)device_number(&VIRTIO_NET_TYPE, config, "mbit");
    n->port.name = config->name;
    n->port.receive = receive;
    n->port.self = n;
    if (config->net)
        net_connect(&n->port, config->net);
    virtio_init(&n->pci.virtio, &OPS, 1, FEATURES, SIZES);
    return virtio_pci_init(&n->pci, config, &IDENTITY, error);
}

static void reset(struct device *device, enum reset_kind kind)
{
    struct virtio_net *n = (struct virtio_net *)device;
    (void)kind;
    virtio_pci_reset(&n->pci);
    n->lost = 0;
    n->sending_cause = 0;
}

static void fini(struct device *device)
{
    struct virtio_net *n = (struct virtio_net *)device;
    if (n->port.peer)
        n->port.peer->peer = NULL;
    virtio_pci_fini(&n->pci);
    event_fini(&n->sent);
}

static void loaded(struct device *device)
{
    virtio_pci_loaded(&((struct virtio_net *)device)->pci);
}

const struct device_type VIRTIO_NET_TYPE = {
    .name = "virtio-net",
    .title = "Virtio network card (PCI)",
    .datasheet = "Virtual I/O Device (VIRTIO) 1.1, OASIS Committee Specification 01, 11 April 2019",
    .missing =
        "MSI-X: vectors read FFFFh, INTA# is used\n"
        "checksum and segmentation offloads, VLAN filter, several queues, announcements, MTU\n"
        "packed queues; the link stays as it is",
    .size = sizeof(struct virtio_net),
    .version = 1,
    .options = OPTIONS,
    .banks = BANKS,
    .state = STATE,
    .init = init,
    .reset = reset,
    .fini = fini,
    .describe = virtio_pci_describe,
    .loaded = loaded,
};

#include "bus/net.h"

#include <stdio.h>
#include <string.h>

#define BYTE_NS        800u /* 10 Mbit/s */
#define OVERHEAD_BYTES 24u  /* preamble and SFD 8, FCS 4, interframe gap 12 */

uint64_t net_wire_ns(size_t bytes)
{
    if (bytes < NET_FRAME_MIN)
        bytes = NET_FRAME_MIN;
    return (uint64_t)(bytes + OVERHEAD_BYTES) * BYTE_NS;
}

bool net_parse_mac(const char *text, uint8_t mac[NET_MAC_BYTES])
{
    unsigned parts[NET_MAC_BYTES];
    int used = 0;
    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &parts[0], &parts[1], &parts[2], &parts[3],
               &parts[4], &parts[5], &used) != 6 || text[used] != '\0')
        return false;
    for (unsigned i = 0; i < NET_MAC_BYTES; i++)
        mac[i] = (uint8_t)parts[i];
    return !(mac[0] & 1); /* an individual address (IEEE 802-2014, 8.2) */
}

/* --- queue ----------------------------------------------------------------------------------------- */

struct net_frame *net_queue_add(struct net_queue *queue)
{
    if (queue->waiting == NET_QUEUE_FRAMES)
        return NULL;
    return &queue->frames[(queue->head + queue->waiting++) % NET_QUEUE_FRAMES];
}

bool net_queue_put(struct net_queue *queue, const uint8_t *frame, size_t bytes, uint64_t cause)
{
    struct net_frame *place = net_queue_add(queue);
    if (!place)
        return false;
    memcpy(place->bytes, frame, bytes);
    place->count = bytes;
    place->cause = cause;
    return true;
}

const struct net_frame *net_queue_first(const struct net_queue *queue)
{
    return queue->waiting ? &queue->frames[queue->head] : NULL;
}

void net_queue_drop_first(struct net_queue *queue)
{
    queue->head = (queue->head + 1) % NET_QUEUE_FRAMES;
    queue->waiting--;
}

/* --- bridge ---------------------------------------------------------------------------------------- */

static unsigned find(const struct net_table *table, const uint8_t *mac)
{
    unsigned i = 0;
    while (i < NET_TABLE_ADDRESSES && !(table->addresses[i].is_known &&
                                        memcmp(table->addresses[i].mac, mac, NET_MAC_BYTES) == 0))
        i++;
    return i;
}

void net_table_learn(struct net_table *table, const uint8_t *frame, unsigned port)
{
    const uint8_t *mac = frame + NET_MAC_BYTES;
    unsigned place;
    if (mac[0] & 1) /* a group is never a source */
        return;
    place = find(table, mac);
    if (place == NET_TABLE_ADDRESSES)
        place = table->next++ % NET_TABLE_ADDRESSES;
    memcpy(table->addresses[place].mac, mac, NET_MAC_BYTES);
    table->addresses[place].port = port;
    table->addresses[place].is_known = true;
}

bool net_table_forwards(const struct net_table *table, const uint8_t *frame, unsigned from,
                        unsigned to)
{
    unsigned place = NET_TABLE_ADDRESSES;
    if (from == to)
        return false;
    if (!(frame[0] & 1))
        place = find(table, frame);
    return place == NET_TABLE_ADDRESSES || table->addresses[place].port == to;
}

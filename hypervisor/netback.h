/* The back-end of a guest's NIC: two rings of Xen's network interface (netif.h). Connected, it takes
 * the place of the emulated card at the guest's port of the switch; disconnected, the card is back. */
#ifndef VITRINE_HYPERVISOR_NETBACK_H
#define VITRINE_HYPERVISOR_NETBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct netback;
struct pv;

struct netback_counts {
    uint64_t sent, received, dropped, errors, notifications, upcalls, restarts;
};

enum status netback_new(struct netback **back, struct pv *pv, struct error *error);
void netback_free(struct netback *back);
/* The front-end's rings and port; false: not granted, not open, or connected already. */
bool netback_connect(struct netback *back, uint32_t tx_ref, uint32_t rx_ref, uint32_t port);
void netback_disconnect(struct netback *back);
/* As blkback's (blkback.h); nothing is ever under way here. Meanwhile frames for the guest are dropped. */
void netback_pause(struct netback *back);
void netback_resume(struct netback *back);
void netback_kill(struct netback *back);
void netback_restart(struct netback *back);
struct netback_counts netback_counts(const struct netback *back);

#endif

#include "hypervisor/costs.h"

const struct cost_row COST_ROWS[COST_ITEMS] = {
    [COST_TRAP] = {"trap", 700, "a guest's access leaves to the VMM and comes back",
                   "Adams and Agesen, ASPLOS 2006, table 1: 2,409 cycles at 3.8 GHz (Pentium 4 672)"},
    [COST_WORLD_SWITCH] = {"world_switch", 4450, "VMM to host operating system, one way",
                           "Sugerman et al., USENIX 2001, section 3.3: 4.45 microseconds at 733 MHz"},
    [COST_HYPERCALL] = {"hypercall", 700, "a guest calls the VMM on purpose",
                        "as a trap: the same exit on the same processor"},
    [COST_COPY_KIB] = {"copy_kib", 640, "1,024 bytes copied",
                       "1.6 GB/s: PC133 memory read and written once (JEDEC 21-C, 1.06 GB/s peak a way)"},
    [COST_INTERRUPT] = {"interrupt", 700, "an interrupt injected into a guest",
                        "one exit and entry, as a trap"},
    [COST_CONTEXT_SWITCH] = {"context_switch", 2000, "from one guest's vCPU to another's",
                             "an address-space switch with cold TLB: order of Liedtke, SOSP 1995"},
    [COST_HOST_IO] = {"host_io", 22700, "a read or write of the VMApp, host driver included",
                      "Sugerman et al., table 2: 22.7 microseconds to transmit via the VMNet"},
    [COST_HOST_SELECT] = {"host_select", 4000, "the VMApp's select() on its descriptors",
                          "four times a simple system call of such a processor: order of lmbench's "
                          "lat_select, McVoy and Staelin, USENIX 1996"},
    [COST_VMAPP] = {"vmapp", 7700, "the VMApp's own work in a visit to the host",
                    "Sugerman et al., table 2: what its rows leave of the total, 6.3 % of 123 "
                    "microseconds a packet"},
    [COST_GUEST_SWITCH] = {"guest_switch", 0, "a guest loads CR3",
                           "nothing: with nested paging it does so itself (Intel SDM 3C, 25.6.2, "
                           "CR3-load exiting is 0)"},
};

void costs_defaults(struct costs *costs)
{
    for (int i = 0; i < COST_ITEMS; i++)
        costs->ns[i] = COST_ROWS[i].default_ns;
}

uint64_t costs_note(const struct costs *costs, struct cost_account *account, enum io_interface interface,
                    enum io_device device, enum cost_item item, uint64_t units)
{
    struct io_count *io = &account->io[interface][device];
    uint64_t ns = costs->ns[item] * units;
    account->count[item] += units;
    account->charged_ns[item] += ns;
    io->count[item] += units;
    io->charged_ns += ns;
    return ns;
}

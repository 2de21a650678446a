#include "hypervisor/hypercall.h"

#include <stdio.h>

#include "base/bits.h"
#include "hypervisor/guest.h"
#include "hypervisor/measure.h"
#include "hypervisor/pv.h"

enum { XEN_EPERM = -1, XEN_EFAULT = -14, XEN_EINVAL = -22, XEN_ENOSPC = -28, XEN_ENOSYS = -38 };
enum {
    MEMORY_OP = 12,
    XEN_VERSION = 17,
    GRANT_TABLE_OP = 20,
    SCHED_OP = 29,
    EVENT_CHANNEL_OP = 32,
    HVM_OP = 34,
    DEVICE_OP = 48
};
enum { ADD_TO_PHYSMAP = 7, MAPSPACE_SHARED_INFO = 0, MAPSPACE_GRANT_TABLE = 1 };
enum { VERSION = 0, VERSION_VALUE = 4 << 16 | 17, GET_FEATURES = 6 };
enum { QUERY_SIZE = 6 };
enum { SCHED_YIELD = 0, SCHED_SHUTDOWN = 2 };
enum { EVTCHN_CLOSE = 3, EVTCHN_SEND = 4, EVTCHN_ALLOC_UNBOUND = 6, EVTCHN_UNMASK = 9 };
enum { HVM_SET_PARAM = 0, HVM_PARAM_CALLBACK_IRQ = 0, CALLBACK_TYPE_VECTOR = 2 };
enum { DEVICE_QUERY = 0, DEVICE_CONNECT = 1, DEVICE_DISCONNECT = 2, DEVICE_MEASURE = 3 };
#define STRUCTURE_MAX 24u

/* The structure that the second argument points to. */
struct argument {
    uint64_t linear;
    uint8_t bytes[STRUCTURE_MAX];
};

static struct door *door_of(struct pv *pv)
{
    return &pv->guest->vmm->world->door;
}

static bool fetch(struct pv *pv, struct argument *a, size_t count)
{
    a->linear = (uint32_t)cpu_get_gpr(pv->guest->machine->cpu, CPU_CX);
    return cpu_peek(pv->guest->machine->cpu, a->linear, a->bytes, count) == count;
}

static bool store(struct pv *pv, const struct argument *a, size_t count)
{
    return cpu_poke(pv->guest->machine->cpu, a->linear, a->bytes, count) == count;
}

static int memory_op(struct pv *pv, uint32_t op)
{
    struct argument a;
    uint32_t space, index, gfn;
    bool is_done;
    if (op != ADD_TO_PHYSMAP)
        return XEN_ENOSYS;
    if (!fetch(pv, &a, 16))
        return XEN_EFAULT;
    space = load_le32(a.bytes + 4);
    index = load_le32(a.bytes + 8);
    gfn = load_le32(a.bytes + 12);
    is_done = space == MAPSPACE_SHARED_INFO   ? events_set_page(&pv->events, gfn)
              : space == MAPSPACE_GRANT_TABLE ? grants_set_frame(&pv->grants, index, gfn)
                                              : false;
    door_note(door_of(pv), is_done ? DECISION_EMULATE : DECISION_DENY,
              "add_to_physmap: frame %xh for %s %u", gfn,
              space == MAPSPACE_SHARED_INFO ? "shared info" : "grant table", index);
    return is_done ? 0 : XEN_EINVAL;
}

static int xen_version(struct pv *pv, uint32_t op)
{
    struct argument a;
    door_note(door_of(pv), DECISION_EMULATE, "xen_version");
    if (op == VERSION)
        return VERSION_VALUE;
    if (op != GET_FEATURES)
        return XEN_ENOSYS;
    if (!fetch(pv, &a, 8))
        return XEN_EFAULT;
    store_le32(a.bytes + 4, 0);
    return store(pv, &a, 8) ? 0 : XEN_EFAULT;
}

static int grant_table_op(struct pv *pv, uint32_t op)
{
    struct argument a;
    door_note(door_of(pv), DECISION_EMULATE, "grant_table_op %u", op);
    if (op != QUERY_SIZE)
        return XEN_ENOSYS; /* set_version among them: version 1 it is */
    if (!fetch(pv, &a, 16))
        return XEN_EFAULT;
    store_le32(a.bytes + 4, GRANT_FRAMES);
    store_le32(a.bytes + 8, GRANT_FRAMES);
    store_le32(a.bytes + 12, 0);
    return store(pv, &a, 16) ? 0 : XEN_EFAULT;
}

static int sched_op(struct pv *pv, uint32_t op)
{
    door_note(door_of(pv), DECISION_EMULATE, "sched_op %u", op);
    if (op == SCHED_SHUTDOWN)
        guest_kill(pv->guest);
    else if (op != SCHED_YIELD)
        return XEN_ENOSYS;
    timeline_cut(&pv->guest->vmm->world->timeline);
    return 0;
}

static int allocate_port(struct pv *pv, struct argument *a)
{
    uint32_t port;
    if (!fetch(pv, a, 8))
        return XEN_EFAULT;
    port = events_allocate(&pv->events);
    door_note(door_of(pv), port ? DECISION_EMULATE : DECISION_DENY, "alloc_unbound: port %u", port);
    store_le32(a->bytes + 4, port);
    if (port == 0)
        return XEN_ENOSPC;
    return store(pv, a, 8) ? 0 : XEN_EFAULT;
}

static int event_channel_op(struct pv *pv, uint32_t op)
{
    struct argument a;
    uint32_t port;
    bool is_done;
    if (op == EVTCHN_ALLOC_UNBOUND)
        return allocate_port(pv, &a);
    if (op != EVTCHN_CLOSE && op != EVTCHN_SEND && op != EVTCHN_UNMASK)
        return XEN_ENOSYS;
    if (!fetch(pv, &a, 4))
        return XEN_EFAULT;
    port = load_le32(a.bytes);
    is_done = op == EVTCHN_SEND    ? events_send(&pv->events, port)
              : op == EVTCHN_CLOSE ? events_close(&pv->events, port)
                                   : events_unmask(&pv->events, port);
    door_note(door_of(pv), is_done ? DECISION_EMULATE : DECISION_DENY, "event channel: %s port %u",
              op == EVTCHN_SEND    ? "send"
              : op == EVTCHN_CLOSE ? "close"
                                   : "unmask",
              port);
    return is_done ? 0 : XEN_EINVAL;
}

/* The callback: type 2 in bits 56-63, the vector below. Linux writes it as 0x02000000000000F3. */
static int hvm_op(struct pv *pv, uint32_t op)
{
    struct argument a;
    uint64_t value;
    if (op != HVM_SET_PARAM)
        return XEN_ENOSYS;
    if (!fetch(pv, &a, 16))
        return XEN_EFAULT;
    value = load_le64(a.bytes + 8);
    if (load_le32(a.bytes + 4) != HVM_PARAM_CALLBACK_IRQ || value >> 56 != CALLBACK_TYPE_VECTOR ||
        (value & 0xFF) < 0x20)
        return XEN_EINVAL;
    pv->events.vector = (uint8_t)value;
    door_note(door_of(pv), DECISION_EMULATE, "upcalls by vector %02Xh", pv->events.vector);
    return 0;
}

/* {device, ring, receive ring, port, size or address}: device 0 the disk, 1 the NIC. */
static int device_op(struct pv *pv, uint32_t op)
{
    struct argument a;
    const uint8_t *b = a.bytes;
    bool is_nic, is_done = true;
    if (op == DEVICE_MEASURE)
        return measure_mark(pv->guest) ? 0 : XEN_EINVAL;
    if (op > DEVICE_DISCONNECT)
        return XEN_ENOSYS;
    if (!fetch(pv, &a, 24))
        return XEN_EFAULT;
    is_nic = load_le32(b) == 1;
    if (load_le32(b) > 1 || (is_nic ? !pv->netback : !pv->blkback))
        return XEN_EINVAL;
    if (op == DEVICE_QUERY && is_nic)
        for (unsigned i = 0; i < 6; i++)
            a.bytes[16 + i] = pv->guest->lab->nic.mac[i];
    else if (op == DEVICE_QUERY)
        store_le64(a.bytes + 16, blkback_sectors(pv->blkback));
    else if (op == DEVICE_DISCONNECT && is_nic)
        netback_disconnect(pv->netback);
    else if (op == DEVICE_DISCONNECT)
        blkback_disconnect(pv->blkback);
    else if (is_nic)
        is_done =
            netback_connect(pv->netback, load_le32(b + 4), load_le32(b + 8), load_le32(b + 12));
    else
        is_done = blkback_connect(pv->blkback, load_le32(b + 4), load_le32(b + 12));
    door_note(door_of(pv), is_done ? DECISION_EMULATE : DECISION_DENY, "%s: %s",
              is_nic ? "netback" : "blkback",
              op == DEVICE_QUERY     ? "query"
              : op == DEVICE_CONNECT ? "connect"
                                     : "disconnect");
    if (!is_done)
        return XEN_EINVAL;
    return op != DEVICE_QUERY || store(pv, &a, 24) ? 0 : XEN_EFAULT;
}

static const struct {
    uint32_t number;
    const char *name;
    int (*call)(struct pv *pv, uint32_t op);
} CALLS[] = {
    {MEMORY_OP,        "memory_op",        memory_op       },
    {XEN_VERSION,      "xen_version",      xen_version     },
    {GRANT_TABLE_OP,   "grant_table_op",   grant_table_op  },
    {SCHED_OP,         "sched_op",         sched_op        },
    {EVENT_CHANNEL_OP, "event_channel_op", event_channel_op},
    {HVM_OP,           "hvm_op",           hvm_op          },
    {DEVICE_OP,        "device_op",        device_op       },
};

static int dispatch(struct pv *pv, struct access *access, uint32_t number, uint32_t op)
{
    if (cpu_privilege(pv->guest->machine->cpu) != 0) {
        door_note(door_of(pv), DECISION_DENY, "hypercall outside ring 0");
        return XEN_EPERM;
    }
    for (size_t i = 0; i < ARRAY_COUNT(CALLS); i++)
        if (CALLS[i].number == number) {
            snprintf(access->meaning, sizeof access->meaning, "hypercall %s.%u", CALLS[i].name, op);
            return CALLS[i].call(pv, op);
        }
    door_note(door_of(pv), DECISION_DENY, "no such hypercall");
    return XEN_ENOSYS;
}

void hypercall(struct pv *pv)
{
    struct guest *guest = pv->guest;
    struct cpu *cpu = guest->machine->cpu;
    uint32_t number = (uint32_t)cpu_get_gpr(cpu, CPU_AX), op = (uint32_t)cpu_get_gpr(cpu, CPU_BX);
    struct access access;
    int answer;
    space_call_open(&guest->machine->ports, &access, number, op);
    access.decision = DECISION_EMULATE;
    guest_charge_io(guest, INTERFACE_DRIVER, number == EVENT_CHANNEL_OP ? IO_NOTIFY : IO_OTHER,
                    COST_HYPERCALL, 1);
    answer = dispatch(pv, &access, number, op);
    space_call_close(&guest->machine->ports, &access);
    cpu_set_gpr(cpu, CPU_AX, (uint32_t)answer);
}

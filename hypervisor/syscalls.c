#include "hypervisor/syscalls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "bus/block.h"
#include "bus/chardev.h"
#include "bus/net.h"
#include "hypervisor/guest.h"
#include "hypervisor/vdisk.h"

#define LINUX_VECTOR 0x80u
enum {
    NR_READ = 3,
    NR_WRITE = 4,
    NR_LSEEK = 19,
    NR_SOCKETCALL = 102,
    NR_SENDTO = 369,
    SYS_SEND = 9,
    SYS_SENDTO = 11
};
enum { LINUX_EIO = -5, LINUX_EFAULT = -14, LINUX_EINVAL = -22 };
#define TRANSFER_MAX ((uint32_t)64 << 10)

/* A call, decoded. */
struct call {
    uint32_t number, descriptor, pointer, length;
    bool is_decoded; /* one that names a descriptor */
};

struct syscalls {
    struct guest *guest;
    uint64_t position[LAB_DESCRIPTORS]; /* in bytes, as lseek moves it */
    struct call call;                   /* that waits for the disk */
    struct block_request request;
    bool is_waiting;
    uint8_t bytes[TRANSFER_MAX];
    struct syscalls_counts counts;
};

static struct cpu *cpu_of(struct syscalls *s)
{
    return s->guest->machine->cpu;
}

static uint32_t gpr(struct syscalls *s, enum cpu_gpr index)
{
    return (uint32_t)cpu_get_gpr(cpu_of(s), index);
}

/* Copies from or to the calling program; false: it may not reach all of it itself (EFAULT). */
static bool copy_in(struct syscalls *s, uint32_t pointer, void *bytes, uint32_t count)
{
    return cpu_may_access(cpu_of(s), pointer, count, false) &&
           cpu_peek(cpu_of(s), pointer, bytes, count) == count;
}

static bool copy_out(struct syscalls *s, uint32_t pointer, const void *bytes, uint32_t count)
{
    return cpu_may_access(cpu_of(s), pointer, count, true) &&
           cpu_poke(cpu_of(s), pointer, bytes, count) == count;
}

static struct call decode(struct syscalls *s)
{
    struct call call = {gpr(s, CPU_AX), gpr(s, CPU_BX), gpr(s, CPU_CX), gpr(s, CPU_DX), false};
    uint8_t arguments[12];
    call.is_decoded = call.number == NR_READ || call.number == NR_WRITE ||
                      call.number == NR_LSEEK || call.number == NR_SENDTO;
    if (call.number != NR_SOCKETCALL ||
        (call.descriptor != SYS_SEND && call.descriptor != SYS_SENDTO) ||
        !copy_in(s, call.pointer, arguments, sizeof arguments))
        return call;
    call.descriptor = load_le32(arguments);
    call.pointer = load_le32(arguments + 4);
    call.length = load_le32(arguments + 8);
    call.is_decoded = true;
    return call;
}

static void answer(struct syscalls *s, int64_t value)
{
    cpu_set_gpr(cpu_of(s), CPU_AX, (uint32_t)value);
}

/* --- the disk ------------------------------------------------------------------------------------------- */

static void disk_done(struct block_request *request)
{
    struct syscalls *s = request->owner;
    struct call *call = &s->call;
    uint32_t bytes = request->done_sectors * SECTOR_BYTES;
    bool is_read = call->number == NR_READ;
    int64_t value = bytes;
    s->is_waiting = s->guest->is_waiting = false;
    timeline_cut(&s->guest->vmm->world->timeline);
    if (request->result != BLOCK_OK && request->result != BLOCK_RANGE)
        value = LINUX_EIO;
    else if (is_read && !copy_out(s, call->pointer, s->bytes, bytes))
        value = LINUX_EFAULT;
    if (value > 0)
        s->position[call->descriptor] += bytes;
    *(is_read ? &s->counts.bytes_read : &s->counts.bytes_written) += value > 0 ? bytes : 0;
    guest_charge_io(s->guest, INTERFACE_SYSCALL, IO_DISK, COST_COPY_KIB, (bytes + 1023) / 1024);
    answer(s, value);
}

/* The answer, or 0 when the guest waits for it. */
static int64_t disk_transfer(struct syscalls *s, const struct call *call)
{
    struct block *disk = vdisk_block(s->guest->vdisk);
    uint64_t position = s->position[call->descriptor];
    if (call->length == 0)
        return 0;
    if (call->length % SECTOR_BYTES || call->length > TRANSFER_MAX || position % SECTOR_BYTES)
        return LINUX_EINVAL;
    if (call->number == NR_READ ? !cpu_may_access(cpu_of(s), call->pointer, call->length, true)
                                : !copy_in(s, call->pointer, s->bytes, call->length))
        return LINUX_EFAULT;
    s->call = *call;
    memset(&s->request, 0, sizeof s->request);
    s->request.op = call->number == NR_READ ? BLOCK_READ : BLOCK_WRITE;
    s->request.at.lba = position / SECTOR_BYTES;
    s->request.sectors = call->length / SECTOR_BYTES;
    s->request.bytes = s->bytes;
    s->request.cause = door_cause(&s->guest->vmm->world->door);
    s->request.complete = disk_done;
    s->request.owner = s;
    s->request.is_quiet = true;
    s->is_waiting = s->guest->is_waiting = true;
    timeline_cut(&s->guest->vmm->world->timeline);
    disk->ops->submit(disk, &s->request);
    return 0;
}

/* --- network, console ------------------------------------------------------------------------------------ */

static int64_t send_frame(struct syscalls *s, const struct call *call)
{
    struct net_port *port = s->guest->nic_cable;
    uint8_t frame[NET_FRAME_MAX];
    if (call->length < NET_HEADER_BYTES || call->length > NET_FRAME_MAX)
        return LINUX_EINVAL;
    if (!copy_in(s, call->pointer, frame, call->length))
        return LINUX_EFAULT;
    guest_charge_io(s->guest, INTERFACE_SYSCALL, IO_NIC, COST_COPY_KIB,
                    (call->length + 1023) / 1024);
    port->receive(port->self, frame, call->length, door_cause(&s->guest->vmm->world->door));
    s->counts.sent++;
    return call->length;
}

static int64_t write_console(struct syscalls *s, const struct call *call)
{
    struct chardev *serial = s->guest->machine->config.serials[0];
    uint32_t length = call->length < TRANSFER_MAX ? call->length : TRANSFER_MAX;
    if (!copy_in(s, call->pointer, s->bytes, length))
        return LINUX_EFAULT;
    if (serial)
        serial->write(serial, s->bytes, length);
    s->counts.bytes_written += length;
    return length;
}

/* --- serving ---------------------------------------------------------------------------------------------- */

/* Whether the hypervisor serves this call; false: it is for the guest's kernel. */
static bool is_ours(const struct syscalls *s, const struct call *call)
{
    const struct guest *guest = s->guest;
    bool sends = call->number == NR_SOCKETCALL || call->number == NR_SENDTO;
    if (!call->is_decoded || call->descriptor >= LAB_DESCRIPTORS)
        return false;
    switch (guest->lab->services[call->descriptor]) {
    case SERVICE_DISK: return guest->vdisk && !sends;
    case SERVICE_NETWORK: return guest->nic_cable && (sends || call->number == NR_WRITE);
    case SERVICE_CONSOLE: return call->number == NR_WRITE;
    case SERVICE_NONE: break;
    }
    return false;
}

/* Pages that the call reads or writes are there, or the guest's kernel is asked for them: then this does not
 * return. Before anything is counted or begun. */
static void bring_in(struct syscalls *s, const struct call *call)
{
    if (call->number != NR_LSEEK && call->length && call->length <= TRANSFER_MAX)
        (void)cpu_touch(cpu_of(s), call->pointer, call->length, call->number == NR_READ);
}

/* Behind a SYSENTER stands, in Linux' vDSO, what is for processors without it. */
static void skip_other_way_in(struct syscalls *s)
{
    static const uint8_t INT_80H[] = {0xCD, 0x80},
                         JUMP_BACK[] = {0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xEB, 0xF3};
    struct cpu_registers r;
    uint8_t code[2 + sizeof JUMP_BACK] = {0};
    cpu_get_registers(cpu_of(s), &r);
    (void)cpu_peek(cpu_of(s), (uint32_t)(r.segment[CPU_CS].base + r.ip), code, sizeof code);
    if (memcmp(code + 2, INT_80H, sizeof INT_80H) == 0)
        r.ip += 2 + sizeof INT_80H;
    else if (memcmp(code + 2, JUMP_BACK, sizeof JUMP_BACK) == 0)
        r.ip += 2 + sizeof JUMP_BACK;
    else
        return;
    cpu_set_registers(cpu_of(s), &r);
}

static int64_t serve(struct syscalls *s, const struct call *call)
{
    enum lab_service service = s->guest->lab->services[call->descriptor];
    if (service == SERVICE_NETWORK)
        return send_frame(s, call);
    if (service == SERVICE_CONSOLE)
        return write_console(s, call);
    if (call->number == NR_LSEEK) { /* SEEK_SET alone: ECX the offset, EDX the origin */
        if (call->length != 0)
            return LINUX_EINVAL;
        return (int64_t)(s->position[call->descriptor] = call->pointer);
    }
    return disk_transfer(s, call);
}

static enum io_device device_of(const struct syscalls *s, const struct call *call)
{
    switch (s->guest->lab->services[call->descriptor]) {
    case SERVICE_DISK: return IO_DISK;
    case SERVICE_NETWORK: return IO_NIC;
    case SERVICE_CONSOLE:
    case SERVICE_NONE: break;
    }
    return IO_OTHER;
}

static const char *name_of(const struct call *call)
{
    return call->number == NR_READ    ? "read"
           : call->number == NR_WRITE ? "write"
           : call->number == NR_LSEEK ? "lseek"
                                      : "send";
}

bool syscalls_leave(struct syscalls *s, const struct cpu_exit *exit)
{
    struct space *ports = &s->guest->machine->ports;
    struct access access;
    struct call call;
    int64_t value;
    if (exit->kind == CPU_EXIT_INT_N && exit->vector != LINUX_VECTOR)
        return false;
    call = decode(s);
    if (is_ours(s, &call))
        bring_in(s, &call);
    s->counts.decoded++;
    if (!is_ours(s, &call))
        return false;
    space_call_open(ports, &access, call.number, call.descriptor);
    snprintf(access.meaning, sizeof access.meaning, "system call %s(%u, %xh, %u) by %s",
             name_of(&call), call.descriptor, call.pointer, call.length,
             exit->kind == CPU_EXIT_SYSENTER ? "SYSENTER" : "INT 80h");
    access.decision = DECISION_EMULATE;
    guest_charge_io(s->guest, INTERFACE_SYSCALL, device_of(s, &call), COST_TRAP, 1);
    s->counts.served++;
    value = serve(s, &call);
    door_note(&s->guest->vmm->world->door, DECISION_NONE, "served below the guest's kernel");
    space_call_close(ports, &access);
    if (!s->is_waiting && call.number != NR_READ && call.number != NR_WRITE)
        answer(s, value);
    else if (!s->is_waiting && (value != 0 || call.length == 0))
        answer(s, value);
    if (exit->kind == CPU_EXIT_SYSENTER)
        skip_other_way_in(s);
    return true;
}

/* --- life ---------------------------------------------------------------------------------------------------- */

void syscalls_reset(struct syscalls *s)
{
    struct block *disk = s->guest->vdisk ? vdisk_block(s->guest->vdisk) : NULL;
    if (s->is_waiting && disk)
        disk->ops->cancel(disk, &s->request);
    s->is_waiting = s->guest->is_waiting = false;
    memset(s->position, 0, sizeof s->position);
}

const struct syscalls_counts *syscalls_counts(const struct syscalls *s)
{
    return &s->counts;
}

enum status syscalls_new(struct syscalls **syscalls, struct guest *guest, struct error *error)
{
    struct syscalls *made = calloc(1, sizeof *made);
    *syscalls = made;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for guest %s's system calls",
                         guest->lab->name);
    made->guest = guest;
    return STATUS_OK;
}

void syscalls_free(struct syscalls *s)
{
    free(s);
}

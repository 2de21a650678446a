/* System calls served below the guest's kernel: the third place where I/O can be intercepted.
 *
 * INT 80h and SYSENTER are decoded as Linux has them on i386 (arch/x86/entry/syscalls/syscall_32.tbl):
 * number in EAX, arguments in EBX, ECX, EDX. Calls on a descriptor that LAB.ini names (syscalls =
 * 3=disk,...) never reach the guest's kernel; all others do.
 *
 *   3 read, 4 write, 19 lseek, 102 socketcall: 9 send and 11 sendto, 369 sendto
 *
 * A call that needs the disk stops the guest's CPU until it is done; the program sees a call that
 * took its time. SYSENTER keeps no return address: the program goes on behind it, or where Linux' vDSO would
 * (arch/x86/entry/vdso/vdso32/system_call.S: an INT 80h stands between; before 3.3 seven NOPs and a jump back).
 *
 * The program's bytes are touched as its own instruction would: a page that its kernel has not brought in yet, or that
 * is to be copied when it is written, is a page fault at the call, which then begins again. What it may not reach is
 * EFAULT, where Linux knows that at once (pages of the kernel); a pointer to nowhere is SIGSEGV, where Linux answers EFAULT.
 * MISSING: segments' bases. */
#ifndef VITRINE_HYPERVISOR_SYSCALLS_H
#define VITRINE_HYPERVISOR_SYSCALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "cpu/cpu.h"

struct guest;
struct syscalls;

struct syscalls_counts {
    uint64_t decoded, served, bytes_read, bytes_written, sent;
};

enum status syscalls_new(struct syscalls **syscalls, struct guest *guest, struct error *error);
void syscalls_free(struct syscalls *syscalls);
/* The guest's CPU is in the middle of an INT n or SYSENTER; true: served, its kernel sees nothing. */
bool syscalls_leave(struct syscalls *syscalls, const struct cpu_exit *exit);
/* Forgets a call that waits for the disk. */
void syscalls_reset(struct syscalls *syscalls);
const struct syscalls_counts *syscalls_counts(const struct syscalls *syscalls);

#endif

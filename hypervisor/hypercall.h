/* Hypercalls: VMCALL or VMMCALL in ring 0, number in EAX, arguments in EBX, ECX, EDX, ESI, EDI, the
 * answer in EAX. Numbers and structures are Xen's (xen/include/public), for 32-bit guests; pointers
 * are linear addresses. Number 48, which Xen leaves to each architecture, stands where Xen has the
 * Xenstore: it tells a back-end which ring and which port are its own. */
#ifndef VITRINE_HYPERVISOR_HYPERCALL_H
#define VITRINE_HYPERVISOR_HYPERCALL_H

struct pv;

/* Carries out the call that the guest's CPU is in the middle of. */
void hypercall(struct pv *pv);

#endif

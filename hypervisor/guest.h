/* One guest: its machine on virtual devices, and what is counted of it. */
#ifndef VITRINE_HYPERVISOR_GUEST_H
#define VITRINE_HYPERVISOR_GUEST_H

#include "hypervisor/vmm.h"

/* Builds the guest's machine on host frames from `first_frame`. */
enum status guest_build(struct guest *guest, const struct vmm_backends *backends,
                        size_t first_frame, struct error *error);
void guest_fini(struct guest *guest);
void guest_pause(struct guest *guest);
void guest_resume(struct guest *guest);
void guest_reset(struct guest *guest);
/* --- for the VMM's parts that share memory with it ------------------------------------------------------ */
/* The bytes of a whole frame of its RAM, by its own frame number; NULL: no RAM answers there. */
uint8_t *guest_frame(const struct guest *guest, uint32_t gfn);
/* After every write through that pointer. */
void guest_frame_written(const struct guest *guest, uint32_t gfn, uint32_t offset, uint32_t bytes);
/* An interrupt that no 8259 knows of, by its vector. */
void guest_upcall(struct guest *guest, uint8_t vector);
/* The guest takes an interrupt of its 8259, or an upcall. */
void guest_interrupted(struct guest *guest, uint8_t vector);
/* vmm_charge(), and by interface and device. */
void guest_charge_io(struct guest *guest, enum io_interface interface, enum io_device device,
                     enum cost_item item, uint64_t units);
/* One line about what the guest did wrong, once a place. */
void guest_error(const struct guest *guest, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Ends it, as pulling the plug does; the others go on. */
void guest_kill(struct guest *guest);
/* Switches it off and on again, also when it has ended: RAM zero, devices and CPU as after power-on. */
void guest_restart(struct guest *guest);

#endif
